/* SPDX-License-Identifier: MIT */
#include "network/bands.h"

#include <string.h>

/* Rows of the output, and those of the first input that its window sees. */
typedef struct band_rows {
    uint32_t first, count, input_first, input_count;
} band_rows;

bd_result bd_bands_init(bd_bands *bands, bd_error *error) {
    const bd_graph *graph = bands->graph;
    bands->band = *graph;
    bands->band.nodes = bd_alloc_array(bands->vk->allocator, graph->count, sizeof *graph->nodes);
    if (!bands->band.nodes) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", graph->file);
    }
    memcpy(bands->band.nodes, graph->nodes, graph->count * sizeof *graph->nodes);
    return BD_OK;
}

void bd_bands_finish(bd_bands *bands) {
    if (bands->vk) {
        bd_free(bands->vk->allocator, bands->band.nodes);
    }
    *bands = (bd_bands){0};
}

/* A resize has its scale by its whole height; what fuses nodes is for devices that bind more than any network has. */
static bool can_split(const bd_bands *bands, uint32_t node) {
    const bd_node *n = &bands->graph->nodes[node];
    bd_kernel_family family = bands->choices[node].family;
    return n->shape.rank == 4 && n->shape.dims[0] == 1 && n->shape.dims[1] > 1 && n->op != BD_OP_RESIZE_BILINEAR &&
           (family == BD_KERNEL_FAMILY_PLAIN || family == BD_KERNEL_FAMILY_FLAT);
}

/* Whether an input is a tensor of the output's rows. */
static bool goes_along(const bd_bands *bands, uint32_t node, uint32_t input) {
    const bd_shape *out = &bands->graph->nodes[node].shape;
    if (input == BD_NO_NODE || input == BD_KERNEL_SCRATCH || bands->graph->nodes[input].op == BD_OP_CONST) {
        return false;
    }
    const bd_shape *in = &bands->graph->nodes[input].shape;
    return in->rank == 4 && in->dims[1] == out->dims[1] && in->dims[2] == out->dims[2];
}

static uint64_t row_bytes(const bd_bands *bands, uint32_t node) {
    const bd_shape *shape = &bands->graph->nodes[node].shape;
    bool half = bands->half && !bd_plan_is_f32(bands->graph, node);
    return (uint64_t)shape->dims[2] * bd_shape_c4(shape) * (half ? 8 : 16);
}

/* So many rows begin where a binding may. */
static uint32_t aligned_rows(const bd_bands *bands, uint32_t node) {
    uint32_t count = 1;
    while (row_bytes(bands, node) * count % BD_PLAN_ALIGN) {
        count *= 2;
    }
    return count;
}

static uint32_t step_of(const bd_bands *bands, uint32_t node) {
    const bd_node *n = &bands->graph->nodes[node];
    uint32_t step = aligned_rows(bands, node);
    for (uint32_t i = 0; i < n->input_count; i++) {
        if ((bd_op_has_window(n->op) && i == 0) || goes_along(bands, node, n->inputs[i])) {
            step = BD_MAX(step, aligned_rows(bands, n->inputs[i]));
        }
    }
    return step;
}

static band_rows rows_at(const bd_bands *bands, uint32_t node, uint32_t first, uint32_t count) {
    const bd_node *n = &bands->graph->nodes[node];
    band_rows r = {.first = first, .count = BD_MIN(count, (uint32_t)n->shape.dims[1] - first)};
    if (bd_op_has_window(n->op)) {
        const bd_conv_attrs *attrs = &n->u.conv;
        int32_t height = bands->graph->nodes[n->inputs[0]].shape.dims[1];
        int32_t dilation = BD_MAX(attrs->dilation_h, 1); /* a pool has none */
        int32_t from = (int32_t)first * attrs->stride_h - attrs->pad_top;
        int32_t to = from + (int32_t)(r.count - 1) * attrs->stride_h + (attrs->kernel_h - 1) * dilation + 1;
        int32_t step = (int32_t)aligned_rows(bands, n->inputs[0]);
        from = BD_MIN(BD_MAX(from, 0), height - 1) / step * step;
        to = BD_MIN(BD_MAX(to, from + 1), height);
        r.input_first = (uint32_t)from;
        r.input_count = (uint32_t)(to - from);
    }
    return r;
}

static bd_result describe(bd_bands *bands, uint32_t node, uint32_t part, const band_rows *r, bd_vk_dispatch *dispatch,
                          bd_kernel_operands *operands, bd_error *error) {
    const bd_node *whole = &bands->graph->nodes[node];
    bd_node *nodes = bands->band.nodes;
    for (uint32_t i = 0; i < whole->input_count; i++) {
        if (goes_along(bands, node, whole->inputs[i])) {
            nodes[whole->inputs[i]].shape.dims[1] = (int32_t)r->count;
        }
    }
    if (bd_op_has_window(whole->op)) {
        nodes[whole->inputs[0]].shape.dims[1] = (int32_t)r->input_count;
        nodes[node].u.conv.pad_top += (int32_t)r->input_first - (int32_t)r->first * whole->u.conv.stride_h;
    }
    nodes[node].shape.dims[1] = (int32_t)r->count;
    bd_result result =
        bd_kernel_node(bands->vk, &bands->band, node, part, &bands->choices[node], dispatch, operands, error);
    for (uint32_t i = 0; i < whole->input_count; i++) {
        if (whole->inputs[i] != BD_NO_NODE) {
            nodes[whole->inputs[i]] = bands->graph->nodes[whole->inputs[i]];
        }
    }
    nodes[node] = *whole;
    return result;
}

/* Bytes of the rows that a binding needs; 0: it stays as it is. *at: where they begin. */
static uint64_t bytes_of(const bd_bands *bands, uint32_t node, const band_rows *r, const bd_kernel_operands *operands,
                         uint32_t b, uint64_t *at) {
    bool output = b + 1 == BD_VK_BINDINGS;
    uint32_t from = output ? node : operands->nodes[b];
    if (b == 0 && bd_op_has_window(bands->graph->nodes[node].op)) {
        *at = r->input_first * row_bytes(bands, from);
        return r->input_count * row_bytes(bands, from);
    }
    if (!output && !goes_along(bands, node, from)) {
        return 0;
    }
    *at = r->first * row_bytes(bands, from);
    return r->count * row_bytes(bands, from);
}

static bool fits(bd_bands *bands, uint32_t node, uint32_t part, const band_rows *r) {
    const VkPhysicalDeviceLimits *limits = &bands->vk->limits;
    bd_vk_dispatch dispatch;
    bd_kernel_operands operands;
    if (describe(bands, node, part, r, &dispatch, &operands, NULL)) {
        return true; /* not a matter of size */
    }
    bool texel = bd_shaders[dispatch.shader].reads != BD_READ_STORAGE;
    for (uint32_t b = 0; b < BD_VK_BINDINGS; b++) {
        uint64_t at, most = texel && b + 1 < BD_VK_BINDINGS ? (uint64_t)limits->maxTexelBufferElements * 16
                                                            : limits->maxStorageBufferRange;
        most = bands->most_bytes ? bands->most_bytes : most;
        if (bytes_of(bands, node, r, &operands, b, &at) > most) {
            return false;
        }
    }
    for (uint32_t i = 0; i < 3; i++) {
        if (dispatch.groups[i] > limits->maxComputeWorkGroupCount[i]) {
            return false;
        }
    }
    return true;
}

static bool all_fit(bd_bands *bands, uint32_t node, uint32_t part, uint32_t height, uint32_t count) {
    bool fit = true;
    for (uint32_t first = 0; first < height && fit; first += count) {
        const band_rows r = rows_at(bands, node, first, count);
        fit = fits(bands, node, part, &r);
    }
    return fit;
}

uint32_t bd_bands_of(bd_bands *bands, uint32_t node, uint32_t part, uint32_t *rows) {
    if (!can_split(bands, node)) {
        *rows = 0;
        return 1;
    }
    uint32_t height = (uint32_t)bands->graph->nodes[node].shape.dims[1], step = step_of(bands, node);
    bool fit = all_fit(bands, node, part, height, height);
    *rows = height;
    for (uint32_t count = 2; !fit && *rows > step; count *= 2) {
        *rows = ((height + count - 1) / count + step - 1) / step * step;
        fit = all_fit(bands, node, part, height, *rows);
    }
    *rows = fit ? *rows : height; /* no band is small enough: recording says so of the whole */
    return (height + *rows - 1) / *rows;
}

bd_result bd_bands_describe(bd_bands *bands, uint32_t node, uint32_t part, uint32_t band, bd_vk_dispatch *dispatch,
                            bd_kernel_operands *operands, bd_error *error) {
    uint32_t count;
    if (bd_bands_of(bands, node, part, &count) < 2) {
        return bd_kernel_node(bands->vk, bands->graph, node, part, &bands->choices[node], dispatch, operands, error);
    }
    const band_rows r = rows_at(bands, node, band * count, count);
    return describe(bands, node, part, &r, dispatch, operands, error);
}

void bd_bands_narrow(bd_bands *bands, uint32_t node, uint32_t part, uint32_t band, const bd_kernel_operands *operands,
                     bd_vk_dispatch *dispatch) {
    uint32_t count;
    if (bd_bands_of(bands, node, part, &count) < 2) {
        return;
    }
    const band_rows r = rows_at(bands, node, band * count, count);
    for (uint32_t b = 0; b < BD_VK_BINDINGS; b++) {
        uint64_t at = 0, bytes = bytes_of(bands, node, &r, operands, b, &at);
        if (bytes) {
            dispatch->bindings[b].offset += at;
            dispatch->bindings[b].bytes = bytes;
        }
    }
    for (uint32_t b = 1; b + 1 < BD_VK_BINDINGS; b++) {
        if (operands->nodes[b] == BD_NO_NODE && !(b == 2 && operands->zero_bias)) {
            dispatch->bindings[b] = dispatch->bindings[0]; /* never read */
        }
    }
}
