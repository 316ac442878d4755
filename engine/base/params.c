/* SPDX-License-Identifier: MIT */
#include "base/params.h"

#include <string.h>

#include "base/macros.h"

void bd_copy_params(void *to, const void *from, size_t size) {
    memset(to, 0, size);
    if (from) {
        size_t given;
        memcpy(&given, from, sizeof given);
        memcpy(to, from, BD_MIN(given, size));
    }
}
