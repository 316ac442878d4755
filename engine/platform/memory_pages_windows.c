/* SPDX-License-Identifier: MIT */
#include "platform/memory_pages.h"

/* Large pages take a privilege and an allocator of their own. */
void bd_memory_pages_prefer_large(void *memory, size_t bytes) {
    (void)memory;
    (void)bytes;
}
