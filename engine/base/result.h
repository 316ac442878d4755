/* SPDX-License-Identifier: MIT
 * Failures in words. */
#ifndef BD_RESULT_H
#define BD_RESULT_H

#include "backdrop.h"

/* Writes the failure (error may be NULL) and returns code: `return bd_fail(error, BD_ERR_..., "...")`. */
bd_result bd_fail(bd_error *error, bd_result code, const char *format, ...) BD_PRINTF(3, 4);

/* The same failure under another code, for who knows better what it means to the caller. Returns code. */
bd_result bd_fail_as(bd_error *error, bd_result code);

#endif
