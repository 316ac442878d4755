/* SPDX-License-Identifier: MIT */
#include "platform/descriptor.h"

#include "platform/system_windows.h"

/* Vulkan's drivers know none here. */
bd_failure bd_descriptor_copy(int from, int *copy) {
    (void)from;
    *copy = -1;
    return ERROR_NOT_SUPPORTED;
}

void bd_descriptor_close(int descriptor) {
    (void)descriptor;
}
