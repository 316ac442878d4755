/* SPDX-License-Identifier: MIT */
#include "network/device_weights.h"

#include <string.h>

void bd_weights_store_init(bd_weights_store *store) {
    *store = (bd_weights_store){.first = NULL};
    bd_mutex_init(&store->lock);
}

void bd_weights_store_finish(bd_weights_store *store) {
    bd_mutex_finish(&store->lock);
}

static VkDeviceSize align(VkDeviceSize bytes) {
    return (bytes + BD_PLAN_ALIGN - 1) / BD_PLAN_ALIGN * BD_PLAN_ALIGN;
}

bd_device_weights *bd_device_weights_list(const bd_allocator *allocator, uint32_t room) {
    bd_device_weights *list = bd_alloc_zero(allocator, sizeof *list);
    bd_packed_constant *constants = bd_alloc_array(allocator, room, sizeof *constants);
    if (!list || !constants) {
        bd_free(allocator, list);
        bd_free(allocator, constants);
        return NULL;
    }
    list->allocator = allocator;
    list->constants = constants;
    return list;
}

const bd_packed_constant *bd_device_weights_find(const bd_device_weights *list, uint32_t node, bd_packing packing) {
    for (uint32_t i = 0; i < list->constant_count; i++) {
        if (list->constants[i].node == node && list->constants[i].packing == packing) {
            return &list->constants[i];
        }
    }
    return NULL;
}

void bd_device_weights_add(bd_device_weights *list, const bd_graph *graph, uint32_t node, bd_packing packing) {
    if (!bd_device_weights_find(list, node, packing)) {
        const VkDeviceSize bytes = bd_kernel_packed_bytes(graph, node, packing);
        list->constants[list->constant_count++] = (bd_packed_constant){node, packing, list->constant_bytes, bytes};
        list->constant_bytes += align(bytes);
    }
}

/* Packs straight into the buffer where the host sees it, else into one host copy that is uploaded once. */
static bd_result upload(bd_device_weights *weights, bd_vk *vk, const bd_graph *graph, bd_error *error) {
    const VkDeviceSize bytes = weights->constant_bytes + weights->zeros_bytes;
    bd_result result = bd_vk_buffer_init(vk, &weights->buffer, bytes, BD_VK_MEMORY_DEVICE, error);
    if (result) {
        return result;
    }
    char *staging = NULL;
    char *to = weights->buffer.mapped;
    if (!to) {
        to = staging = bd_alloc(graph->pool.allocator, bytes);
        if (!staging) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", graph->file);
        }
    }
    for (uint32_t i = 0; i < weights->constant_count; i++) {
        const bd_packed_constant *c = &weights->constants[i];
        bd_kernel_pack(graph, c->node, c->packing, to + c->offset);
    }
    memset(to + weights->constant_bytes, 0, weights->zeros_bytes);
    if (staging) {
        result = bd_vk_buffer_write(vk, &weights->buffer, 0, staging, bytes, error);
        bd_free(graph->pool.allocator, staging);
    }
    return result;
}

static bool is_same(const bd_device_weights *a, const bd_device_weights *b) {
    bool same = a->constant_count == b->constant_count && a->zeros_bytes == b->zeros_bytes;
    for (uint32_t i = 0; i < a->constant_count && same; i++) {
        same = a->constants[i].node == b->constants[i].node && a->constants[i].packing == b->constants[i].packing;
    }
    return same;
}

static void destroy(bd_vk *vk, bd_device_weights *weights) {
    bd_vk_buffer_finish(vk, &weights->buffer);
    bd_identity_drop(weights->graph);
    bd_free(weights->allocator, weights->constants);
    bd_free(weights->allocator, weights);
}

static bd_result take(bd_weights_store *store, bd_vk *vk, const bd_graph *graph, bd_device_weights **weights,
                      bd_error *error) {
    for (bd_device_weights *w = store->first; w; w = w->next) {
        if (w->graph == graph->identity && is_same(w, *weights)) {
            destroy(vk, *weights);
            *weights = w;
            w->users++;
            return BD_OK;
        }
    }
    bd_result result = upload(*weights, vk, graph, error);
    if (!result) {
        bd_identity_keep(graph->identity);
        (*weights)->graph = graph->identity;
        (*weights)->users = 1;
        (*weights)->next = store->first;
        store->first = *weights;
    }
    return result;
}

bd_result bd_device_weights_take(bd_weights_store *store, bd_vk *vk, const bd_graph *graph, bd_device_weights **weights,
                                 bd_error *error) {
    if (!store || !graph->identity) {
        return upload(*weights, vk, graph, error);
    }
    bd_mutex_lock(&store->lock);
    bd_result result = take(store, vk, graph, weights, error);
    bd_mutex_unlock(&store->lock);
    return result;
}

void bd_device_weights_release(bd_weights_store *store, bd_vk *vk, bd_device_weights *weights) {
    if (!weights) {
        return;
    }
    bool last = true;
    if (weights->graph) {
        bd_mutex_lock(&store->lock);
        last = !--weights->users;
        bd_device_weights **at = &store->first;
        while (last && *at != weights) {
            at = &(*at)->next;
        }
        *at = last ? weights->next : *at;
        bd_mutex_unlock(&store->lock);
    }
    if (last) {
        destroy(vk, weights);
    }
}
