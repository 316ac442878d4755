/* SPDX-License-Identifier: MIT
 * Allocation through the caller's hooks. */
#ifndef BD_MEMORY_H
#define BD_MEMORY_H

#include "backdrop.h"

/* Fails where some of its functions are missing. */
bd_result bd_allocator_check(const bd_allocator *allocator, bd_error *error);

/* allocator NULL: the C library's. bytes 0 yields a valid pointer. All return NULL when memory is short. */
void *bd_alloc(const bd_allocator *allocator, size_t bytes);
void *bd_alloc_zero(const bd_allocator *allocator, size_t bytes);
void *bd_alloc_array(const bd_allocator *allocator, size_t count, size_t item_bytes); /* zeroed; NULL on overflow too */
void *bd_realloc(const bd_allocator *allocator, void *memory, size_t bytes);
void bd_free(const bd_allocator *allocator, void *memory);

/* Many small allocations released together. Zero-initialise with the allocator set; bd_pool_finish is NULL-safe on
 * zeroed pools. */
typedef struct bd_pool_block bd_pool_block;
typedef struct bd_pool {
    const bd_allocator *allocator;
    bd_pool_block *blocks;
} bd_pool;
void *bd_pool_alloc(bd_pool *pool, size_t bytes); /* zeroed, 16-byte aligned; NULL when memory is short */
char *bd_pool_strdup(bd_pool *pool, const char *text);
void bd_pool_finish(bd_pool *pool);

#endif
