/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* madvise */
#include "platform/memory_pages.h"

#include <stdint.h>
#include <sys/mman.h>

void bd_memory_pages_prefer_large(void *memory, size_t bytes) {
#ifdef MADV_HUGEPAGE
    enum { PAGE = 4096, LARGE = 1 << 20 }; /* neighbours of large blocks are large: a huge page may span several */
    size_t skip = PAGE - (uintptr_t)memory % PAGE;
    if (memory && bytes >= LARGE) {
        (void)madvise((char *)memory + skip, bytes - skip, MADV_HUGEPAGE);
    }
#else
    (void)memory;
    (void)bytes;
#endif
}
