/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "platform/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool bd_failure_is_missing(bd_failure failure) {
    return failure == ENOENT || failure == ENOTDIR;
}

bool bd_failure_is_full(bd_failure failure) {
    return failure == ENOSPC || failure == EDQUOT;
}

const char *bd_failure_say(bd_failure failure, bd_failure_text *buffer) {
    if (strerror_r((int)failure, buffer->text, sizeof buffer->text)) {
        (void)snprintf(buffer->text, sizeof buffer->text, "error %u", failure);
    }
    return buffer->text;
}
