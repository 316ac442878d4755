/* SPDX-License-Identifier: MIT
 * From a lowered graph to a list of steps and one arena: pure CPU, no device.
 *
 * A tensor in the arena is (pixels, ceil(c/4), 4) of 32-bit or 16-bit floats: NHWC with channels padded to whole vec4s,
 * the padding zero. Those that bd_plan_is_f32 names are of 32 bits in any case. Tensors that are never alive together
 * share memory. Offsets are multiples of BD_PLAN_ALIGN, which satisfies every Vulkan offset alignment. */
#ifndef BD_PLAN_H
#define BD_PLAN_H

#include "graph/graph.h"

#define BD_PLAN_ALIGN 256
#define BD_PLAN_NO_OFFSET SIZE_MAX

typedef struct bd_plan_tensor {
    size_t offset_bytes; /* BD_PLAN_NO_OFFSET: not in the arena (constants, the photo) */
    size_t bytes;
    uint32_t first_step, last_step; /* written by, last read by */
} bd_plan_tensor;

typedef struct bd_plan_step {
    uint32_t node;
    bool barrier; /* before this step: it touches a range that a step since the last barrier wrote, or writes one it
                     read */
} bd_plan_step;

/* What a device and its kernels ask of a plan. Zeroed: float32, a step per node. */
typedef struct bd_plan_options {
    bool keep_all;               /* every tensor stays alive to the end, so that each can be looked at after a run */
    bool half;                   /* tensors are of 16 bits, but for those of bd_plan_is_f32 */
    const uint32_t *absorbs;     /* one per graph node: the input that the node computes inside itself (it has no step
                                    then, and computes none itself), or BD_NO_NODE; NULL: none does */
    const size_t *scratch_bytes; /* one per graph node: memory that only its step uses; NULL: none */
} bd_plan_options;

typedef struct bd_plan {
    const bd_allocator *allocator;
    bd_plan_tensor *tensors; /* one per graph node, then one per graph node for its scratch */
    uint32_t node_count;
    bd_plan_step *steps;
    uint32_t step_count;
    size_t arena_bytes;
    uint64_t multiply_adds;
} bd_plan;

/* graph must be lowered. The output stays alive to the end; keep_all: every tensor does, so that each can be looked at
 * after a run. */
bd_result bd_plan_init(bd_plan *plan, const bd_graph *graph, bool keep_all, const bd_allocator *allocator,
                       bd_error *error);
bd_result bd_plan_init_with(bd_plan *plan, const bd_graph *graph, const bd_plan_options *options,
                            const bd_allocator *allocator, bd_error *error);
void bd_plan_finish(bd_plan *plan);
/* Whether a tensor is float32 whatever the others are: the output, and what a convolution reads as its bias. */
bool bd_plan_is_f32(const bd_graph *graph, uint32_t node);
/* Whether tensors can be of 16 bits: false where one of float32 is read as an ordinary one as well. */
bool bd_plan_can_be_half(const bd_graph *graph);
/* Whether a precision keeps them so. */
static inline bool bd_precision_is_half(bd_precision precision) {
    return precision == BD_PRECISION_FP16 || precision == BD_PRECISION_FAST16;
}
/* The scratch of a node's step; bytes 0: it has none. */
const bd_plan_tensor *bd_plan_scratch(const bd_plan *plan, uint32_t node);

/* Pixels and vec4s per pixel of a tensor: everything but the last dimension, and ceil(last / 4). */
uint32_t bd_shape_pixels(const bd_shape *shape);
uint32_t bd_shape_c4(const bd_shape *shape);

/* Multiply-adds of one node, and bytes it reads and writes (each tensor once, weights included). */
uint64_t bd_node_multiply_adds(const bd_graph *graph, uint32_t node);
uint64_t bd_node_bytes(const bd_graph *graph, uint32_t node);

#endif
