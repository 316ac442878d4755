/* SPDX-License-Identifier: MIT
 * What every layer stands on: failures in words, allocation through the caller's hooks, files. All of it. */
#ifndef BD_BASE_H
#define BD_BASE_H

#include "base/clock.h"
#include "base/file.h"
#include "base/half.h"
#include "base/macros.h"
#include "base/memory.h"
#include "base/params.h"
#include "base/result.h"

#endif
