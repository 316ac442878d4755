/* SPDX-License-Identifier: MIT
 * Rewrites of a graph, one file each, run in this order by bd_graph_lower. Every pass keeps the graph valid:
 * topological order, shapes inferred, and the same function up to rounding. A pass that appends nodes or leaves some
 * unreached ends with bd_pass_compact, so indices do not outlive a pass. */
#ifndef BD_PASSES_H
#define BD_PASSES_H

#include "graph/graph.h"

typedef bd_result (*bd_pass_fn)(bd_graph *graph, bd_error *error);

bd_result bd_pass_fold(bd_graph *graph,
                       bd_error *error); /* fold.c: evaluates what depends on constants and shapes only */
bd_result bd_pass_preprocess(bd_graph *graph,
                             bd_error *error); /* preprocess.c: photo arithmetic -> one PREPROCESS node */
bd_result bd_pass_tail(bd_graph *graph,
                       bd_error *error); /* tail.c: cuts resize/argmax/softmax/slice after the logits */
bd_result bd_pass_atrous(bd_graph *graph,
                         bd_error *error); /* atrous.c: SpaceToBatch/conv/BatchToSpace -> dilation; PAD -> conv */
bd_result bd_pass_unstuff(bd_graph *graph, bd_error *error); /* unstuff.c: kernels written out with zeros -> dilation */
bd_result bd_pass_activate(bd_graph *graph,
                           bd_error *error); /* activate.c: hard-swish and hard-sigmoid spelt out -> one node */
bd_result bd_pass_fuse(bd_graph *graph,
                       bd_error *error); /* fuse.c: mul, bias, activation, residual -> CONV/DEPTHWISE */
bd_result bd_pass_pool(bd_graph *graph, bd_error *error);    /* pool.c: image pooling -> the projection's bias */
bd_result bd_pass_compact(bd_graph *graph, bd_error *error); /* compact.c: drops unreachable nodes, sorts, renumbers */

/* ---- what the passes share ---- */

/* What STRIDED_SLICE and SLICE take of each of x's dimensions: count elements from start, stride apart. shape is the
 * output's. */
typedef struct bd_slice_range {
    int32_t start[BD_MAX_RANK], stride[BD_MAX_RANK], count[BD_MAX_RANK];
    bd_shape shape;
} bd_slice_range;
bd_result bd_graph_slice_range(const bd_graph *graph, uint32_t index, bd_slice_range *range, bd_error *error);

/* Infers one node and, when all it depends on is constant, makes it a CONST. budget: elements that may still be
 * written; a node beyond it is left as it is. */
bd_result bd_fold_node(bd_graph *graph, uint32_t index, int64_t *budget, bd_error *error);

/* Gives a folded graph whose atrous convolutions are dilated another size of input: windows over whole maps and resizes
 * to maps' sizes follow, SAME padding is computed anew, other padding stays. Runs between the passes (resize.c). Fails
 * with BD_ERR_MODEL_UNSUPPORTED naming the first node whose constants do not say how they follow. */
bd_result bd_graph_change_size(bd_graph *graph, int32_t height, int32_t width, bd_error *error);

/* All of them, to kernels only; output is then the logits. Fails with BD_ERR_MODEL_UNSUPPORTED naming the first node
 * that has no kernel. size: side of the network's input where the export leaves it open. */
bd_result bd_graph_lower(bd_graph *graph, uint32_t size, bd_error *error);
/* The same for an input of height x width, whatever the export says; 0 and 0: the export's. */
bd_result bd_graph_lower_to(bd_graph *graph, uint32_t size, uint32_t height, uint32_t width, bd_error *error);

#endif
