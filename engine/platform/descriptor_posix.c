/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "platform/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bd_failure bd_descriptor_copy(int from, int *copy) {
    *copy = fcntl(from, F_DUPFD_CLOEXEC, 0);
    return *copy < 0 ? (bd_failure)errno : 0;
}

void bd_descriptor_close(int descriptor) {
    (void)close(descriptor);
}
