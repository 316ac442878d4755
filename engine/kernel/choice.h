/* SPDX-License-Identifier: MIT
 * A way to compute a node, and what its dispatches read: plain data. */
#ifndef BD_KERNEL_CHOICE_H
#define BD_KERNEL_CHOICE_H

#include "graph/graph.h"
#include "vk/dispatch.h"

typedef enum bd_kernel_family {
    BD_KERNEL_FAMILY_PLAIN, /* the table's kernel for the device's column: runs everywhere */
    BD_KERNEL_FAMILY_GEMM,  /* convolutions as products of tiles, see push/conv_gemm.h */
    BD_KERNEL_FAMILY_BLOCK, /* the same, and the depthwise convolution that is input 0 computed inside */
    BD_KERNEL_FAMILY_EXPAND, /* a depthwise 3x3 with the pointwise convolution that is input 0 computed inside, likewise */
    BD_KERNEL_FAMILY_DEPTHWISE, /* depthwise 3x3, several outputs an invocation */
    BD_KERNEL_FAMILY_THIN,      /* convolutions of at most four input channels, several outputs an invocation */
    BD_KERNEL_FAMILY_VECTOR,    /* pointwise ones of a single pixel */
    BD_KERNEL_FAMILY_FLAT       /* pointwise ones, their input channels all written out: llvmpipe */
} bd_kernel_family;

enum { BD_KERNEL_NAME_BYTES = 48 };

/* One way to compute a node: plain data, equal where names are. name is stable over runs, devices and versions of
 * this library as long as the kernel means the same, and says everything ("conv1x1_f16_nvcoop_64x64"): a cache on disk
 * keeps the name and looks it up among the candidates again. */
typedef struct bd_kernel_choice {
    char name[BD_KERNEL_NAME_BYTES];
    bd_kernel_family family;
    bd_precision precision; /* FP32 or FP16, of the tensors in the arena */
    bd_shader_id shader;    /* of every family but PLAIN */
    uint16_t rows,
        columns;        /* GEMM, BLOCK, EXPAND: pixels and channels of a group's product; DEPTHWISE, THIN: the outputs
                               of an invocation along y and x */
    uint16_t depth;     /* GEMM, BLOCK, EXPAND: input channels of a step */
    uint16_t threads;   /* of a group */
    uint16_t share;     /* likewise: rows of an invocation; with matrix units: subgroups along a tile's rows */
    uint16_t width;     /* GEMM, EXPAND: pixels along x of a tile that is a rectangle; 0: runs of pixels */
    uint16_t split;     /* GEMM: the depth is summed in this many parts, then reduced; 1: it is not */
    uint16_t matrix[3]; /* of a matrix unit's product: m, n, k; 0: none is used */
    uint16_t subgroup;  /* invocations of one, for matrix units */
    uint16_t active;    /* subgroups that cover the tile, for matrix units; the others sum slices of a step */
    uint16_t buffers;   /* tiles of each operand in shared memory, for matrix units: 1 where one step is all */
    bool packed;        /* multiplies two halves at a time and sums a few products in halves */
    bool direct;        /* matrix units read the weights from their buffer, not by way of shared memory */
} bd_kernel_choice;

/* How a constant is laid out for the device (kernel/packing.h). */
typedef enum bd_packing {
    BD_PACKING_ROWS,    /* (..., c) -> [rows][ceil(c/4)] vec4, zero padding: biases, depthwise weights, operands */
    BD_PACKING_CONV,    /* (kh, kw, ic, oc) -> [kh * kw][ceil(ic/4) * 4][ceil(oc/4)] vec4, zero padding */
    BD_PACKING_PANELS,  /* (kh, kw, ic, oc) -> panels of eight vec4 columns, see push/conv.h */
    BD_PACKING_COLUMNS, /* (1, 1, ic, oc) -> panels of eight channels, see push/conv1x1_flat.h */
    BD_PACKING_ROWS_F16,
    BD_PACKING_CONV_F16,
    BD_PACKING_SCALES, /* (2, c) of integers -> [3][ceil(c/4)] ivec4, see push/types.h */
    BD_PACKING_TILES,  /* (kh, kw, ic, oc) in the order of a product's tiles, see push/conv_gemm.h */
    BD_PACKING_TILES_F16,
    BD_PACKING_FRAGMENTS, /* the same as matrix units take it, of 16 bits */
    BD_PACKING_BLOCK,     /* of a CONV node after a DEPTHWISE, or the other way round: its bias, the other's and the
                             depthwise weights, likewise */
    BD_PACKING_BLOCK_F16
} bd_packing;

#define BD_KERNEL_SCRATCH (UINT32_MAX - 1) /* as an operand: the scratch of bd_kernel_scratch_bytes */

/* What each binding 0..3 of a node's dispatch reads: a node, BD_KERNEL_SCRATCH or BD_NO_NODE. */
typedef struct bd_kernel_operands {
    uint32_t nodes[BD_VK_BINDINGS - 1];
    bd_packing packings[BD_VK_BINDINGS - 1];
    bool zero_bias;      /* binding 2 is to be zeros of the output's channels */
    bool writes_scratch; /* binding 4 is the scratch, not the node's tensor */
} bd_kernel_operands;

#endif
