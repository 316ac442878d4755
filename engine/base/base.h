/* SPDX-License-Identifier: MIT
 * What every layer stands on: failures in words, allocation through the caller's hooks, files. */
#ifndef BD_BASE_H
#define BD_BASE_H

#include "backdrop.h"

#define BD_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BD_MIN(a, b) ((a) < (b) ? (a) : (b))
#define BD_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Writes the failure (error may be NULL) and returns code: `return bd_fail(error, BD_ERR_..., "...")`. */
bd_result bd_fail(bd_error *error, bd_result code, const char *format, ...) BD_PRINTF(3, 4);

/* Allocation. allocator NULL: the C library's. bytes 0 yields a valid pointer. All return NULL when memory is short. */
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

/* A file mapped read-only. */
typedef struct bd_mapping {
    const uint8_t *data;
    size_t bytes;
} bd_mapping;
bd_result bd_map_file(const char *path, bd_mapping *mapping, bd_error *error);
void bd_unmap_file(bd_mapping *mapping);

/* Writes path by way of a temporary in the same folder and rename(2). */
bd_result bd_write_file(const char *path, const void *data, size_t bytes, const bd_allocator *allocator,
                        bd_error *error);

/* Reads a parameter struct of any age: copies the smaller of struct_size and size over zeros. NULL yields zeros. */
void bd_copy_params(void *to, const void *from, size_t size);

double bd_now_ms(void); /* monotonic */

float bd_half_to_float(uint16_t half);
uint16_t bd_half_from_float(float value); /* to nearest, ties to even; too large: infinity */

/* Keeps a caller's allocator alive: copies it to hooks and returns that, or NULL for none. */
static inline const bd_allocator *bd_keep_allocator(bd_allocator *hooks, const bd_allocator *given) {
    if (!given) {
        return NULL;
    }
    *hooks = *given;
    return hooks;
}

#endif
