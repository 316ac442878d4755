/* SPDX-License-Identifier: MIT
 * Pages of memory. */
#ifndef BD_MEMORY_PAGES_H
#define BD_MEMORY_PAGES_H

#include <stddef.h>

/* Asks for large pages where the system gives them for the asking. A hint, which may fail; memory may be NULL. */
void bd_memory_pages_prefer_large(void *memory, size_t bytes);

#endif
