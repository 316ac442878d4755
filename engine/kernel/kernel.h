/* SPDX-License-Identifier: MIT
 * The kernels: which shader computes an operation on a device (shaders/variants.txt), with its push constants,
 * specialisation constants and grid, and how its weights are packed.
 *
 * These functions fill everything of a bd_vk_dispatch but its bindings' buffers. */
#ifndef BD_KERNEL_H
#define BD_KERNEL_H

#include "graph/plan.h"
#include "kernel/column.h"
#include "push/closed_form.h"
#include "push/components.h"
#include "push/foreground.h"
#include "push/fusion.h"
#include "push/guided.h"
#include "push/harmonize.h"
#include "push/light.h"
#include "push/plane.h"
#include "push/plane_step.h"
#include "push/trimap.h"
#include "push/weigh.h"
#include "vk/vk.h"

/* ---- the table (table.c) ----------------------------------------------------------------------------------------- */

/* The shader that serves a kernel on a device; BD_SHADER_COUNT: the kernel does not exist there. */
bd_shader_id bd_kernel_shader(const bd_vk *vk, bd_kernel kernel);
/* The shader for tensors of 16 bits in place of one; BD_SHADER_COUNT: there is none. */
bd_shader_id bd_kernel_half_shader(bd_shader_id shader);
/* Makes a dispatch over pictures of 8 bits the same over pictures of 16. Kernels that have no shader for these stay. */
void bd_kernel_deepen(bd_vk_dispatch *dispatch);

/* ---- ways to compute a node (candidates.c) ------------------------------------------------------------------------
 */

typedef enum bd_kernel_family {
    BD_KERNEL_FAMILY_PLAIN,     /* the table's kernel for the device's kernel set: runs everywhere */
    BD_KERNEL_FAMILY_GEMM,      /* convolutions as products of tiles, see push/conv_gemm.h */
    BD_KERNEL_FAMILY_BLOCK,     /* the same, and the depthwise convolution that is input 0 computed inside */
    BD_KERNEL_FAMILY_DEPTHWISE, /* depthwise 3x3, several outputs an invocation */
    BD_KERNEL_FAMILY_FLAT       /* pointwise ones of few input channels, all written out: llvmpipe */
} bd_kernel_family;

enum { BD_KERNEL_NAME_BYTES = 48, BD_KERNEL_MOST_CANDIDATES = 96 };

/* One way to compute a node: plain data, equal where names are. name is stable over runs, devices and versions of
 * this library as long as the kernel means the same, and says everything ("conv1x1_f16_nvcoop_64x64"): a cache on disk
 * keeps the name and looks it up among the candidates again. */
typedef struct bd_kernel_choice {
    char name[BD_KERNEL_NAME_BYTES];
    bd_kernel_family family;
    bd_precision precision; /* FP32 or FP16, of the tensors in the arena */
    bd_shader_id shader;    /* of every family but PLAIN */
    uint16_t rows, columns; /* GEMM, BLOCK: pixels and channels of a group's tile; DEPTHWISE: the outputs of an
                               invocation along y and x */
    uint16_t depth;         /* GEMM, BLOCK: input channels of a step */
    uint16_t threads;       /* of a group */
    uint16_t share;         /* GEMM, BLOCK: rows of an invocation; with matrix units: subgroups along a tile's rows */
    uint16_t width;         /* GEMM: pixels along x of a tile that is a rectangle; 0: runs of pixels */
    uint16_t split;         /* GEMM: the depth is summed in this many parts, then reduced; 1: it is not */
    uint16_t matrix[3];     /* of a matrix unit's product: m, n, k; 0: none is used */
    uint16_t subgroup;      /* invocations of one, for matrix units */
    uint16_t active;        /* subgroups that cover the tile, for matrix units; the others sum slices of a step */
    bool packed;            /* multiplies two halves at a time and sums a few products in halves */
    bool direct;            /* matrix units read the weights from their buffer, not by way of shared memory */
} bd_kernel_choice;

/* Whether tensors in the arena can be of 16 bits on this device with its kernel set. */
bool bd_kernel_has_fp16(const bd_vk *vk);
/* Whether it can compute with them, too: FAST16. */
bool bd_kernel_has_packed(const bd_vk *vk);

/* Every way to compute a node on this device. The first is a sane default. Returns how many were written, at most
 * room; at least one for an operation that has a kernel. PREPROCESS and nodes outside the arena have none.
 *
 * FAST16 has FP16's candidates, but that on ordinary lanes products are packed where numbers are no integers.
 *
 * What makes the sums in another order gives other last digits; precision is the same for all nodes of a network.
 *
 * A BLOCK candidate replaces the dispatch of bd_kernel_absorbs too: weigh it against the sum of both nodes' best other
 * candidates. */
uint32_t bd_kernel_candidates(const bd_vk *vk, const bd_graph *graph, uint32_t node, bd_precision precision,
                              bd_kernel_choice *out, uint32_t room);

/* The node that a choice for `node` computes inside itself, so that it has no step and no tensor; BD_NO_NODE: none. */
uint32_t bd_kernel_absorbs(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice);

/* Bytes of scratch in the arena that a choice needs while the node is computed; 0: none. */
size_t bd_kernel_scratch_bytes(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice);

/* The candidate of 16 bits for matrix units that is the best guess, by the node's shape; false: there is none. It must
 * have passed a trial before it is used. */
bool bd_kernel_matrix_default(const bd_vk *vk, const bd_graph *graph, uint32_t node, bd_kernel_choice *choice);

/* choices[n] = the default of every node n of the graph, on ordinary lanes. fused false: no choice absorbs a node. */
void bd_kernel_defaults(const bd_vk *vk, const bd_graph *graph, bd_precision precision, bool fused,
                        bd_kernel_choice *choices);

/* ---- nodes of a graph (network.c) -------------------------------------------------------------------------------- */

#define BD_KERNEL_SCRATCH (UINT32_MAX - 1) /* as an operand: the scratch of bd_kernel_scratch_bytes */

/* How a constant is laid out for the device; see bd_kernel_pack. */
typedef enum bd_packing {
    BD_PACKING_ROWS,    /* (..., c) -> [rows][ceil(c/4)] vec4, zero padding: biases, depthwise weights, operands */
    BD_PACKING_CONV,    /* (kh, kw, ic, oc) -> [kh * kw][ceil(ic/4) * 4][ceil(oc/4)] vec4, zero padding */
    BD_PACKING_PANELS,  /* (kh, kw, ic, oc) -> panels of eight vec4 columns, see push/conv.h */
    BD_PACKING_COLUMNS, /* (1, 1, ic, oc) -> panels of four vec4 columns, see push/conv1x1_flat.h */
    BD_PACKING_ROWS_F16,
    BD_PACKING_CONV_F16,
    BD_PACKING_SCALES, /* (2, c) of integers -> [3][ceil(c/4)] ivec4, see push/types.h */
    BD_PACKING_TILES,  /* (kh, kw, ic, oc) in the order of a product's tiles, see push/conv_gemm.h */
    BD_PACKING_TILES_F16,
    BD_PACKING_FRAGMENTS, /* the same as matrix units take it, of 16 bits */
    BD_PACKING_BLOCK,     /* of a CONV node after a DEPTHWISE: both biases and the depthwise weights, ibid. */
    BD_PACKING_BLOCK_F16
} bd_packing;

/* What each binding 0..3 of a node's dispatch reads: a node, BD_KERNEL_SCRATCH or BD_NO_NODE. */
typedef struct bd_kernel_operands {
    uint32_t nodes[BD_VK_BINDINGS - 1];
    bd_packing packings[BD_VK_BINDINGS - 1];
    bool zero_bias;      /* binding 2 is to be zeros of the output's channels */
    bool writes_scratch; /* binding 4 is the scratch, not the node's tensor */
} bd_kernel_operands;

/* Dispatches that a node takes, with a barrier between them: one, one per input of a concatenation, or two where the
 * depth is split. */
uint32_t bd_kernel_parts(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice);

/* Fills part number part of a node's computation by one of its candidates; PREPROCESS is not among them
 * (bd_kernel_preprocess). dispatch->name points into choice. */
bd_result bd_kernel_node(const bd_vk *vk, const bd_graph *graph, uint32_t node, uint32_t part,
                         const bd_kernel_choice *choice, bd_vk_dispatch *dispatch, bd_kernel_operands *operands,
                         bd_error *error);

/* Tells the 16-bit variant of a shader whether the node's tensor is of 32 bits all the same. */
void bd_kernel_set_wide(const bd_graph *graph, uint32_t node, bd_vk_dispatch *dispatch);

/* Whether an operand is made on the host once: a constant, or for BD_PACKING_BLOCK several of a node's. */
bool bd_kernel_is_packed(const bd_graph *graph, uint32_t node, bd_packing packing);
/* Bytes of a packed constant, and the packing itself. */
size_t bd_kernel_packed_bytes(const bd_graph *graph, uint32_t node, bd_packing packing);
void bd_kernel_pack(const bd_graph *graph, uint32_t node, bd_packing packing, void *packed);

/* ---- trials (trial.c) -------------------------------------------------------------------------------------------- */

typedef struct bd_kernel_verdict {
    bool correct; /* agrees with the plain kernels within what its precision and order of sums allow, or to the bit
                     where the node ends with integers */
    double ms;    /* device time of a run in the best reading, all parts and the barriers between them; 0: no timers */
} bd_kernel_verdict;

/* Runs candidates of a node, all of one precision, `repeats` times each on random tensors of the node's shapes, with
 * the node's own weights, and compares what each left with the plain kernels. verdicts: one a candidate. One that uses
 * matrix units must not be chosen before it was found correct here; one whose pipelines the driver cannot make is not.
 * The device must be idle; submits and waits. Errors are the device's and memory's: a wrong result is none. Not for
 * concatenations. */
bd_result bd_kernel_trial(bd_vk *vk, const bd_graph *graph, uint32_t node, const bd_kernel_choice *choices,
                          uint32_t count, uint32_t repeats, bd_kernel_verdict *verdicts, bd_error *error);

/* The same in parts, for who has little time at once. Between them the device keeps the node's tensors and may do other
 * work; what it is still at when a part begins is not timed. */
typedef struct bd_trial bd_trial;
/* The node's tensors and what the plain kernels make of them. */
bd_result bd_trial_open(bd_vk *vk, const bd_graph *graph, uint32_t node, const bd_kernel_choice *choices,
                        uint32_t count, bd_trial **opened, bd_error *error);
void bd_trial_close(bd_trial *trial);
/* Pipelines. can: of a single candidate, whether the driver makes them; several are made side by side, which tells
 * nothing of one. */
bd_result bd_trial_prepare(bd_trial *trial, const bd_kernel_choice *choices, uint32_t count, bool *can,
                           bd_error *error);
/* Runs one that can. patience_ms: roughly the longest time on the device, with fewer runs where they are long; at least
 * two. INFINITY: all of them. */
bd_result bd_trial_judge(bd_trial *trial, const bd_kernel_choice *choice, uint32_t repeats, double patience_ms,
                         bd_kernel_verdict *verdict, bd_error *error);

/* ---- pictures (picture.c) ---------------------------------------------------------------------------------------- */

/* Maps output pixels of one axis to coordinates on the logits: clamp(x * scale + bias, 0, max). */
typedef struct bd_axis_map {
    float scale, bias, max;
} bd_axis_map;

/* mirrored: left and right of the photo change places. */
void bd_kernel_preprocess(const bd_vk *vk, const bd_node *node, bd_precision precision, bool mirrored, uint32_t photo_w,
                          uint32_t photo_h, bd_vk_dispatch *dispatch);
/* One pass of a resampling (geometry/resample.h): horizontal keeps the height, vertical the width. */
void bd_kernel_resample(const bd_vk *vk, bool horizontal, uint32_t src_w, uint32_t src_h, uint32_t dst_w,
                        uint32_t dst_h, uint32_t taps, uint32_t first_row, bd_vk_dispatch *dispatch);
/* w x h pixels of 16 bits to 8. */
void bd_kernel_narrow(const bd_vk *vk, uint32_t w, uint32_t h, bd_vk_dispatch *dispatch);
/* step: logits are whole multiples of it, and what is interpolated is rounded (push/labels.h); 0: they are not. */
void bd_kernel_labels(const bd_vk *vk, const bd_shape *logits, uint32_t out_w, uint32_t out_h, bd_axis_map x,
                      bd_axis_map y, float step, int32_t zero_point, bd_vk_dispatch *dispatch);
/* One of `runs` runs on the grid of out: number `run` adds to the sum, the last one makes logits of it. */
void bd_kernel_average(const bd_vk *vk, const bd_shape *logits, uint32_t out_w, uint32_t out_h, bd_axis_map x,
                       bd_axis_map y, uint32_t run, uint32_t runs, bd_vk_dispatch *dispatch);
void bd_kernel_mask(const bd_vk *vk, const bd_shape *logits, const bd_class_set *classes, bool hard, uint32_t out_w,
                    uint32_t out_h, bd_axis_map x, bd_axis_map y, bd_vk_dispatch *dispatch);

typedef struct bd_composite {
    uint32_t mask_w, mask_h;
    uint32_t photo_w, photo_h;
    uint32_t background_w, background_h; /* of a picture; 0: colour */
    int32_t offset_x, offset_y;          /* photo pixel (x, y) sees the background's (x + offset_x, y + offset_y) */
    bool tile;
    bool premultiplied;           /* the background's colours are */
    bool own;                     /* the background lies inside the photo: both share its alpha, which stays */
    bool linear;                  /* blend in light instead of sRGB's numbers */
    bool transparent;             /* keep the photo's colours, put the mask into alpha */
    uint8_t fill[4], fill_low[4]; /* the latter: what 16 bits have below the former */
} bd_composite;
/* Four bytes as push constants take them. */
static inline uint32_t bd_kernel_fill(const uint8_t f[4]) {
    return (uint32_t)f[0] | (uint32_t)f[1] << 8 | (uint32_t)f[2] << 16 | (uint32_t)f[3] << 24;
}
void bd_kernel_composite(const bd_vk *vk, const bd_composite *composite, bd_vk_dispatch *dispatch);

/* ---- mattes (matte.c) -------------------------------------------------------------------------------------------- */

/* The kernels of push/guided.h, push/plane.h and push/foreground.h; flags: the specialisation constants, of which a
 * kernel takes as many as its header says. */
void bd_kernel_guided(const bd_vk *vk, bd_kernel kernel, const bd_push_guided *push, bool flag,
                      bd_vk_dispatch *dispatch);
void bd_kernel_plane(const bd_vk *vk, bd_kernel kernel, const bd_push_plane *push, bool flag, bool second_flag,
                     bd_vk_dispatch *dispatch);
void bd_kernel_trimap(const bd_vk *vk, const bd_push_trimap *push, bd_vk_dispatch *dispatch);
void bd_kernel_foreground(const bd_vk *vk, bd_kernel kernel, const bd_push_foreground *push, bool flag,
                          bd_vk_dispatch *dispatch);

/* ---- colours (fusion.c) ------------------------------------------------------------------------------------------ */

/* The kernels of push/fusion.h; finish: of BD_KERNEL_FUSION_COLUMNS. */
void bd_kernel_fusion(const bd_vk *vk, bd_kernel kernel, const bd_push_fusion *push, bool finish,
                      bd_vk_dispatch *dispatch);

/* ---- blurs (blur.c) ---------------------------------------------------------------------------------------------- */

/* The kernels of push/weigh.h; vertical: of BD_KERNEL_GAUSS. */
void bd_kernel_blur(const bd_vk *vk, bd_kernel kernel, const bd_push_weigh *push, bool vertical,
                    bd_vk_dispatch *dispatch);

/* ---- light (light.c) --------------------------------------------------------------------------------------------- */

/* The kernels of push/harmonize.h. */
void bd_kernel_statistics(const bd_vk *vk, const bd_push_harmonize *push, bool subject, bool premultiplied,
                          bd_vk_dispatch *dispatch);
void bd_kernel_statistics_sum(const bd_vk *vk, uint32_t count, bd_vk_dispatch *dispatch);
void bd_kernel_harmonize_solve(const bd_vk *vk, bool full, bd_vk_dispatch *dispatch);
/* The kernels of push/light.h. */
void bd_kernel_light_reduce(const bd_vk *vk, const bd_push_light *push, bool picture, bool tile, bool premultiplied,
                            bd_vk_dispatch *dispatch);
void bd_kernel_relight(const bd_vk *vk, const bd_push_light *push, bool harmonize, bool wrap, bd_vk_dispatch *dispatch);

/* ---- closed form (closed_form.c) --------------------------------------------------------------------------------- */

/* The kernels of push/closed_form.h. tiles: how many workgroups those take that work by list, for the caller that does
 * not dispatch them indirectly; flag as above. */
void bd_kernel_closed_form(const bd_vk *vk, bd_kernel kernel, const bd_push_closed_form *push, bool flag,
                           uint32_t tiles, bd_vk_dispatch *dispatch);

/* ---- shapes (shape.c): push/components.h and push/plane_step.h ---- */

/* stage: of BD_KERNEL_COMPONENTS_CHOOSE; of _SPREAD: fresh; else unused. */
void bd_kernel_components(const bd_vk *vk, bd_kernel kernel, const bd_push_components *push, bool background,
                          uint32_t stage, bd_vk_dispatch *dispatch);
/* kind: BD_PLANE_STEP_*. */
void bd_kernel_plane_step(const bd_vk *vk, const bd_push_plane_step *push, uint32_t kind, bd_vk_dispatch *dispatch);

#endif
