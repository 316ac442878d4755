/* SPDX-License-Identifier: MIT */
#include "kernel/packing.h"

#include <string.h>

#include "graph/plan.h"
#include "kernel/flat.h"
#include "kernel/gemm.h"
#include "kernel/integers.h"

static size_t packed_rows(const bd_node *constant, bd_packing packing) {
    if (packing == BD_PACKING_CONV) {
        const int32_t *d = constant->shape.dims;
        return (size_t)(d[0] * d[1]) * (size_t)((d[2] + 3) / 4) * 4;
    }
    if (constant->op == BD_OP_CONST && constant->shape.rank == 4 && constant->shape.dims[3] == 1) {
        return bd_shape_pixels(&constant->shape) / (uint32_t)constant->shape.dims[2]; /* depthwise (kh, kw, c, 1) */
    }
    return bd_shape_pixels(&constant->shape);
}

/* Channels of a row: depthwise weights come as (kh, kw, c, 1). */
static uint32_t row_channels(const bd_node *constant) {
    const bd_shape *shape = &constant->shape;
    if (shape->rank == 4 && shape->dims[3] == 1) {
        return (uint32_t)shape->dims[2];
    }
    return shape->rank ? (uint32_t)shape->dims[shape->rank - 1] : 1;
}

/* Floats in a panel of eight vec4 columns: four input channels of a tap make a step, and steps go in pairs. */
static size_t panel_floats(const int32_t *d) {
    size_t steps = (size_t)(d[0] * d[1]) * (size_t)((d[2] + 3) / 4);
    return (steps + 1) / 2 * 2 * 4 * 32;
}

static void pack_panels(const float *from, const int32_t *d, float *to) {
    size_t taps = (size_t)(d[0] * d[1]);
    size_t in = (size_t)d[2];
    size_t in_padded = (in + 3) / 4 * 4;
    size_t out = (size_t)d[3];
    memset(to, 0, panel_floats(d) * ((out + 31) / 32) * sizeof *to);
    for (size_t first = 0; first < out; first += 32) {
        size_t columns = BD_MIN(out - first, (size_t)32);
        for (size_t k = 0; k < taps * in; k++) {
            memcpy(to + (k / in * in_padded + k % in) * 32, from + k * out + first, columns * sizeof *to);
        }
        to += panel_floats(d);
    }
}

bool bd_kernel_is_packed(const bd_graph *graph, uint32_t node, bd_packing packing) {
    return packing >= BD_PACKING_BLOCK || graph->nodes[node].op == BD_OP_CONST;
}

static bd_packing full_packing(bd_packing packing) {
    switch (packing) {
    case BD_PACKING_ROWS_F16: return BD_PACKING_ROWS;
    case BD_PACKING_CONV_F16: return BD_PACKING_CONV;
    default: return packing;
    }
}

size_t bd_kernel_packed_bytes(const bd_graph *graph, uint32_t node, bd_packing packing) {
    const bd_node *constant = &graph->nodes[node];
    if (packing >= BD_PACKING_TILES) {
        return bd_gemm_packed_bytes(graph, node, packing);
    }
    if (full_packing(packing) != packing) {
        return bd_kernel_packed_bytes(graph, node, full_packing(packing)) / 2;
    }
    if (packing == BD_PACKING_COLUMNS) {
        return bd_flat_packed_bytes(constant);
    }
    if (packing == BD_PACKING_SCALES) {
        return bd_scales_packed_bytes(constant);
    }
    uint32_t channels = packing == BD_PACKING_CONV ? (uint32_t)constant->shape.dims[3] : row_channels(constant);
    if (packing == BD_PACKING_PANELS) {
        const int32_t *d = constant->shape.dims;
        return panel_floats(d) * (size_t)((d[3] + 31) / 32) * sizeof(float);
    }
    return packed_rows(constant, packing) * ((channels + 3) / 4) * 4 * sizeof(float);
}

static void pack_rows(const float *from, size_t rows, uint32_t channels, float *to) {
    size_t padded = (size_t)(channels + 3) / 4 * 4;
    for (size_t r = 0; r < rows; r++) {
        memcpy(to + r * padded, from + r * channels, channels * sizeof(float));
        memset(to + r * padded + channels, 0, (padded - channels) * sizeof(float));
    }
}

/* Packs as 32 bits a row of the output after the other, so that no second copy of the weights is needed. */
static void pack_half(const bd_node *constant, bd_packing packing, uint16_t *to) {
    bool conv = packing == BD_PACKING_CONV_F16;
    const int32_t *d = constant->shape.dims;
    size_t channels = conv ? (size_t)d[3] : row_channels(constant);
    size_t padded = (channels + 3) / 4 * 4;
    size_t in = conv ? (size_t)d[2] : 1;
    size_t in_padded = conv ? (in + 3) / 4 * 4 : 1;
    size_t groups = conv ? (size_t)(d[0] * d[1]) : packed_rows(constant, BD_PACKING_ROWS);
    const float *from = constant->data;
    for (size_t g = 0; g < groups; g++) {
        for (size_t i = 0; i < in_padded; i++) {
            for (size_t c = 0; c < padded; c++) {
                *to++ = i < in && c < channels ? bd_half_from_float(from[(g * in + i) * channels + c]) : 0;
            }
        }
    }
}

void bd_kernel_pack(const bd_graph *graph, uint32_t node, bd_packing packing, void *to) {
    const bd_node *constant = &graph->nodes[node];
    const float *from = constant->data;
    float *packed = to;
    if (packing >= BD_PACKING_TILES) {
        bd_gemm_pack(graph, node, packing, to);
        return;
    }
    if (full_packing(packing) != packing) {
        pack_half(constant, packing, to);
        return;
    }
    if (packing == BD_PACKING_PANELS) {
        pack_panels(from, constant->shape.dims, packed);
        return;
    }
    if (packing == BD_PACKING_COLUMNS) {
        bd_flat_pack(constant, packed);
        return;
    }
    if (packing == BD_PACKING_SCALES) {
        bd_scales_pack(constant, to);
        return;
    }
    if (packing == BD_PACKING_ROWS) {
        pack_rows(from, packed_rows(constant, packing), row_channels(constant), packed);
        return;
    }
    const int32_t *d = constant->shape.dims;
    size_t in = (size_t)d[2];
    size_t in_padded = (in + 3) / 4 * 4;
    size_t out = (size_t)d[3];
    size_t out_padded = (out + 3) / 4 * 4;
    for (size_t tap = 0; tap < (size_t)(d[0] * d[1]); tap++) {
        pack_rows(from + tap * in * out, in, (uint32_t)out, packed);
        memset(packed + in * out_padded, 0, (in_padded - in) * out_padded * sizeof(float));
        packed += in_padded * out_padded;
    }
}
