/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/result.h"
#include "platform/memory_pages.h"

bd_result bd_allocator_check(const bd_allocator *allocator, bd_error *error) {
    bool any = allocator && (allocator->allocate || allocator->reallocate || allocator->release);
    return any && !(allocator->allocate && allocator->reallocate && allocator->release)
               ? bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a bd_allocator has all three functions or none")
               : BD_OK;
}

void *bd_alloc(const bd_allocator *allocator, size_t bytes) {
    bytes = BD_MAX(bytes, (size_t)1);
    return allocator && allocator->allocate ? allocator->allocate(allocator->user, bytes) : malloc(bytes);
}

void *bd_alloc_zero(const bd_allocator *allocator, size_t bytes) {
    if (!(allocator && allocator->allocate)) {
        void *zeros = calloc(1, BD_MAX(bytes, (size_t)1));
        /* Weights are written once, in strides: with small pages most of their import is page faults. */
        bd_memory_pages_prefer_large(zeros, bytes);
        return zeros;
    }
    void *memory = bd_alloc(allocator, bytes);
    if (memory) {
        memset(memory, 0, bytes);
    }
    return memory;
}

void *bd_alloc_array(const bd_allocator *allocator, size_t count, size_t item_bytes) {
    if (item_bytes && count > SIZE_MAX / item_bytes) {
        return NULL;
    }
    return bd_alloc_zero(allocator, count * item_bytes);
}

void *bd_realloc(const bd_allocator *allocator, void *memory, size_t bytes) {
    bytes = BD_MAX(bytes, (size_t)1);
    return allocator && allocator->reallocate ? allocator->reallocate(allocator->user, memory, bytes)
                                              : realloc(memory, bytes);
}

void bd_free(const bd_allocator *allocator, void *memory) {
    if (!memory) {
        return;
    }
    if (allocator && allocator->release) {
        allocator->release(allocator->user, memory);
    } else {
        free(memory);
    }
}

void bd_release(const bd_allocator *allocator, void *memory) {
    bd_free(allocator, memory);
}

struct bd_pool_block {
    bd_pool_block *next;
    size_t used, bytes;
    size_t pad; /* keeps data 16-byte aligned */
    _Alignas(16) unsigned char data[];
};

void *bd_pool_alloc(bd_pool *pool, size_t bytes) {
    enum { BLOCK = 64 << 10 };
    if (bytes > SIZE_MAX / 2) {
        return NULL;
    }
    bytes = (bytes + 15) & ~(size_t)15;
    bd_pool_block *block = pool->blocks;
    if (!block || block->bytes - block->used < bytes) {
        size_t room = BD_MAX(bytes, (size_t)BLOCK);
        bd_pool_block *fresh = bd_alloc_zero(pool->allocator, sizeof *fresh + room);
        if (!fresh) {
            return NULL;
        }
        fresh->bytes = room;
        if (block && bytes > BLOCK / 4) {
            /* A large one goes behind the current block, which still has room for small ones. */
            fresh->next = block->next;
            block->next = fresh;
        } else {
            fresh->next = block;
            pool->blocks = fresh;
        }
        block = fresh;
    }
    void *memory = block->data + block->used;
    block->used += bytes;
    return memory;
}

char *bd_pool_strdup(bd_pool *pool, const char *text) {
    size_t bytes = strlen(text) + 1;
    char *copy = bd_pool_alloc(pool, bytes);
    if (copy) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

void bd_pool_finish(bd_pool *pool) {
    while (pool->blocks) {
        bd_pool_block *next = pool->blocks->next;
        bd_free(pool->allocator, pool->blocks);
        pool->blocks = next;
    }
}
