/* SPDX-License-Identifier: MIT
 * The constants of a graph on the device, packed as kernels read them: one copy for all networks that read the same ones
 * of the same graph. */
#ifndef BD_DEVICE_WEIGHTS_H
#define BD_DEVICE_WEIGHTS_H

#include "kernel/kernel.h"
#include "platform/thread.h"

/* Where a constant lies. */
typedef struct bd_packed_constant {
    uint32_t node;
    bd_packing packing;
    VkDeviceSize offset, bytes;
} bd_packed_constant;

typedef struct bd_device_weights {
    struct bd_device_weights *next; /* in the store */
    const bd_allocator *allocator;  /* of this and of the list */
    bd_identity *graph;             /* NULL: nobody else shares them */
    uint32_t users;
    bd_packed_constant *constants; /* in the order of their offsets */
    uint32_t constant_count;
    VkDeviceSize constant_bytes, zeros_bytes; /* zeros lie behind the constants */
    bd_vk_buffer buffer;
} bd_device_weights;

/* All that are in use on an engine. */
typedef struct bd_weights_store {
    bd_mutex lock; /* held where the next one is looked at, uploads included */
    bd_device_weights *first;
} bd_weights_store;

void bd_weights_store_init(bd_weights_store *store);
void bd_weights_store_finish(bd_weights_store *store); /* nothing is in use any more */

/* Room in a list of constants that is yet to be made, for as many; NULL when memory is short. allocator must live as long
 * as the device. */
bd_device_weights *bd_device_weights_list(const bd_allocator *allocator, uint32_t room);
/* Adds a constant, unless it is there. */
void bd_device_weights_add(bd_device_weights *list, const bd_graph *graph, uint32_t node, bd_packing packing);
/* NULL: it is not among them. */
const bd_packed_constant *bd_device_weights_find(const bd_device_weights *list, uint32_t node, bd_packing packing);

/* Puts a list's constants on the device, or becomes what is there already: *weights, a list, is replaced by weights that
 * are to be released. store NULL: they are not shared. On failure the list is still to be released. */
bd_result bd_device_weights_take(bd_weights_store *store, bd_vk *vk, const bd_graph *graph, bd_device_weights **weights,
                                 bd_error *error);
/* One user less. NULL is fine. */
void bd_device_weights_release(bd_weights_store *store, bd_vk *vk, bd_device_weights *weights);

#endif
