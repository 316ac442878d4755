/* SPDX-License-Identifier: MIT
 * Small graphs for the passes, one at a time, built node by node. Everything asserts. */
#ifndef SUPPORT_SMALL_GRAPHS_H
#define SUPPORT_SMALL_GRAPHS_H

#include "graph/passes.h"
#include "reference/reference.h"

enum { SG_SIDE = 9 };

extern bd_graph sg_graph;
extern bd_error sg_error;
extern uint32_t sg_seed;

/* Releases nothing: bd_graph_finish(&sg_graph) does. The random numbers begin anew. */
void sg_begin(void);
/* Each returns its node. */
uint32_t sg_add_input(bd_dtype dtype, int32_t h, int32_t w);
/* -1..1 */
float sg_any_float(void);
uint32_t sg_floats(uint32_t rank, const int32_t *dims);
uint32_t sg_vector(int32_t c);
uint32_t sg_weights(int32_t k, int32_t ic, int32_t oc);
uint32_t sg_scalar(float value);
uint32_t sg_ints(uint32_t rank, const int32_t *dims, const int32_t *values);
uint32_t sg_list(int32_t count, const int32_t *values);
uint32_t sg_one(bd_op op, uint32_t x);
uint32_t sg_two(bd_op op, uint32_t a, uint32_t b);
uint32_t sg_three(bd_op op, uint32_t a, uint32_t b, uint32_t c);
uint32_t sg_cast(uint32_t x, bd_dtype dtype);
uint32_t sg_clamp(uint32_t x, float low, float high);
uint32_t sg_conv(bd_op op, uint32_t x, uint32_t w, int32_t stride, bd_padding padding);
uint32_t sg_point(uint32_t x, int32_t ic, int32_t oc);
uint32_t sg_resize(uint32_t x, int32_t side, bool align_corners);
uint32_t sg_concat(uint32_t a, uint32_t b);
/* A photo of bytes, scaled to -1..1, and a point convolution of it to 4 channels. */
uint32_t sg_stem(void);
uint32_t sg_count_op(bd_op op);
const bd_node *sg_output(void);
/* RGBA; free() releases it, and what sg_run returns, the output. */
uint8_t *sg_any_photo(int32_t side);
float *sg_run(const uint8_t *photo, int32_t side);
/* Inputs come before what they are for. */
void sg_check_valid(void);
/* Lowering fails with the message, which names a node; releases the graph. */
void sg_check_refused(const char *message);

#endif
