/* SPDX-License-Identifier: MIT
 * The back-end table: which shader variant computes an operation on a device, with its push constants, specialisation
 * constants and grid, and how its weights are packed. A new device kind adds a column to the table in table.c.
 *
 * These functions fill everything of a bd_vk_dispatch but its bindings' buffers. */
#ifndef BD_KERNEL_H
#define BD_KERNEL_H

#include "graph/plan.h"
#include "vk/vk.h"

typedef enum bd_kernel {
    BD_KERNEL_CONV1X1,
    BD_KERNEL_CONV,
    BD_KERNEL_CONV_DW,
    BD_KERNEL_CONV_DW_STRIDE1, /* 3x3, wide8 only */
    BD_KERNEL_CONV_DW_STRIDE2, /* 3x3, dilation 1, wide8 only */
    BD_KERNEL_POOL,
    BD_KERNEL_POOL_MAP,
    BD_KERNEL_RESIZE,
    BD_KERNEL_ELEMENTWISE,
    BD_KERNEL_SOFTMAX,
    BD_KERNEL_CONCAT,
    BD_KERNEL_CONCAT_SCALAR,
    BD_KERNEL_PREPROCESS,
    BD_KERNEL_RESAMPLE_HORIZONTAL,
    BD_KERNEL_RESAMPLE_VERTICAL,
    BD_KERNEL_LABELS,
    BD_KERNEL_MASK,
    BD_KERNEL_COMPOSITE,
    BD_KERNEL_COUNT
} bd_kernel;

/* The variant that serves a kernel on a device (table.c). */
bd_shader_id bd_kernel_shader(const bd_vk *vk, bd_kernel kernel);

/* ---- nodes of a graph (network.c) -------------------------------------------------------------------------------- */

/* How a constant is laid out for the device; see bd_kernel_pack. */
typedef enum bd_packing {
    BD_PACKING_ROWS,  /* (..., c) -> [rows][ceil(c/4)] vec4, zero padding: biases, depthwise weights, operands */
    BD_PACKING_CONV,  /* (kh, kw, ic, oc) -> [kh * kw][ceil(ic/4) * 4][ceil(oc/4)] vec4, zero padding */
    BD_PACKING_PANELS /* (1, 1, ic, oc) -> panels of eight columns, see push/conv1x1.h */
} bd_packing;

/* What each binding 0..3 of a node's dispatch reads: a node, or BD_NO_NODE. */
typedef struct bd_kernel_operands {
    uint32_t nodes[BD_VK_BINDINGS - 1];
    bd_packing packings[BD_VK_BINDINGS - 1];
    bool zero_bias; /* binding 2 is to be zeros of the output's channels */
} bd_kernel_operands;

/* Dispatches that a node takes: one, or one per input of a concatenation. */
uint32_t bd_kernel_parts(const bd_graph *graph, uint32_t node);

/* Fills part number part of a node's computation; PREPROCESS is not among them (bd_kernel_preprocess). */
bd_result bd_kernel_node(const bd_vk *vk, const bd_graph *graph, uint32_t node, uint32_t part, bd_vk_dispatch *dispatch,
                         bd_kernel_operands *operands, bd_error *error);

/* Bytes of a packed constant, and the packing itself. */
size_t bd_kernel_packed_bytes(const bd_node *constant, bd_packing packing);
void bd_kernel_pack(const bd_node *constant, bd_packing packing, float *packed);

/* ---- pictures (picture.c) ---------------------------------------------------------------------------------------- */

/* Maps output pixels of one axis to coordinates on the logits: clamp(x * scale + bias, 0, max). */
typedef struct bd_axis_map {
    float scale, bias, max;
} bd_axis_map;

void bd_kernel_preprocess(const bd_vk *vk, const bd_node *node, uint32_t photo_w, uint32_t photo_h,
                          bd_vk_dispatch *dispatch);
/* One pass of a resampling (geometry/resample.h): horizontal keeps the height, vertical the width. */
void bd_kernel_resample(const bd_vk *vk, bool horizontal, uint32_t src_w, uint32_t src_h, uint32_t dst_w,
                        uint32_t dst_h, uint32_t taps, uint32_t first_row, bd_vk_dispatch *dispatch);
void bd_kernel_labels(const bd_vk *vk, const bd_shape *logits, uint32_t out_w, uint32_t out_h, bd_axis_map x,
                      bd_axis_map y, bd_vk_dispatch *dispatch);
void bd_kernel_mask(const bd_vk *vk, const bd_shape *logits, const bd_class_set *classes, bool hard, uint32_t out_w,
                    uint32_t out_h, bd_axis_map x, bd_axis_map y, bd_vk_dispatch *dispatch);

typedef struct bd_composite {
    uint32_t mask_w, mask_h;
    uint32_t photo_w, photo_h;
    uint32_t background_w, background_h; /* of a picture; 0: colour */
    int32_t offset_x, offset_y;          /* photo pixel (x, y) sees the background's (x + offset_x, y + offset_y) */
    bool tile;
    bool transparent; /* keep the photo's colours, put the mask into alpha */
    uint8_t fill[4];
} bd_composite;
void bd_kernel_composite(const bd_vk *vk, const bd_composite *composite, bd_vk_dispatch *dispatch);

#endif
