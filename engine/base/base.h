/* SPDX-License-Identifier: MIT
 * What every layer stands on: failures in words, allocation through the caller's hooks, files. All of it. */
#ifndef BD_BASE_H
#define BD_BASE_H

#include "base/file.h"
#include "base/half.h"
#include "base/hash.h"
#include "base/identity.h"
#include "base/macros.h"
#include "base/memory.h"
#include "base/params.h"
#include "base/result.h"
#include "platform/clock.h"

/* Keeps a caller's allocator alive: copies it to hooks and returns that, or NULL for none. */
static inline const bd_allocator *bd_keep_allocator(bd_allocator *hooks, const bd_allocator *given) {
    if (!given) {
        return NULL;
    }
    *hooks = *given;
    return hooks;
}

#endif
