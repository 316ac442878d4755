/* SPDX-License-Identifier: MIT
 * One scalar C function per operation: what every shader is checked against. Plain loops, double accumulation where a
 * sum is long, no padding of channels: tensors are dense NHWC float32. */
#ifndef BD_REFERENCE_H
#define BD_REFERENCE_H

#include "graph/graph.h"

/* x (h,w,c), weights (kh,kw,ic,oc), bias (oc) or NULL, residual like y or NULL -> y (out_h,out_w,oc). */
void bd_ref_conv(const float *x, int32_t h, int32_t w, int32_t ic, const float *weights, const float *bias,
                 const float *residual, const bd_conv_attrs *attrs, float *y, int32_t out_h, int32_t out_w, int32_t oc);
/* weights (kh,kw,c). */
void bd_ref_depthwise(const float *x, int32_t h, int32_t w, int32_t c, const float *weights, const float *bias,
                      const bd_conv_attrs *attrs, float *y, int32_t out_h, int32_t out_w);
/* Averages count only what lies inside x. */
void bd_ref_pool(const float *x, int32_t h, int32_t w, int32_t c, const bd_conv_attrs *attrs, bool max, float *y,
                 int32_t out_h, int32_t out_w);
void bd_ref_resize(const float *x, int32_t h, int32_t w, int32_t c, bool align_corners, bool half_pixel_centers,
                   float *y, int32_t out_h, int32_t out_w);
/* Integers, see bd_rounding. */
int32_t bd_ref_requantise(int64_t x, bd_scale scale, bd_rounding rounding);
/* x (rows,c) of integers, scales (2,c) -> y (rows,c); y may be x. */
void bd_ref_requantise_rows(const float *x, size_t rows, int32_t c, const int32_t *scales, bd_rounding rounding,
                            float low, float high, float *y);
/* One value of an ADD of integers; scales: of a, b and the sum. */
int32_t bd_ref_add_integers(int32_t a, int32_t b, const bd_scale scales[3], bd_rounding rounding);
/* q + zero_point to the nearest integer, halves away from zero, - zero_point. */
float bd_ref_round(float q, int32_t zero_point);
/* op is HARD_SIGMOID, HARD_SWISH or SIGMOID. */
float bd_ref_activation(bd_op op, float x);
void bd_ref_softmax(const float *x, size_t rows, int32_t c, float *y);
/* First of equal maxima, as TensorFlow. */
void bd_ref_argmax(const float *x, size_t rows, int32_t c, int32_t *y);
/* op is ADD, SUB, MUL, DIV, MAXIMUM or MINIMUM; a and b are broadcast to out's shape. */
void bd_ref_binary(bd_op op, const float *a, const bd_shape *a_shape, const float *b, const bd_shape *b_shape, float *y,
                   const bd_shape *out);
/* y[i] = x[begin + i * stride] in each of shape's dimensions; the caller checked the bounds. A negative begin with
 * stride 1 pads: what lies outside x is zero. */
void bd_ref_window(const float *x, const bd_shape *shape, const int32_t *begin, const int32_t *stride, float *y,
                   const bd_shape *out);
/* x (n,h,w,c) -> (n*block_h*block_w, out_h, out_w, c); zero outside x. pad: top, left. */
void bd_ref_space_to_batch(const float *x, const bd_shape *shape, const int32_t block[2], const int32_t pad[2],
                           float *y, const bd_shape *out);
/* The inverse; crop: top, left. */
void bd_ref_batch_to_space(const float *x, const bd_shape *shape, const int32_t block[2], const int32_t crop[2],
                           float *y, const bd_shape *out);

/* photo (photo_h, photo_w, 4) u8 -> y (h, w, 3). */
void bd_ref_preprocess(const uint8_t *photo, int32_t photo_h, int32_t photo_w, const float scale[3],
                       const float offset[3], const float outside[3], float *y, int32_t h, int32_t w);

/* ---- pictures (h, w, 4) of u8 or, where deep, of u16: rows without gaps, straight alpha ---- */

static inline uint32_t bd_ref_most(bool deep) {
    return deep ? 65535 : 255;
}

/* Number i of a picture. */
static inline uint32_t bd_ref_number(const void *picture, bool deep, size_t i) {
    return deep ? ((const uint16_t *)picture)[i] : ((const uint8_t *)picture)[i];
}

static inline void bd_ref_set_number(void *picture, bool deep, size_t i, uint32_t value) {
    if (deep) {
        ((uint16_t *)picture)[i] = (uint16_t)value;
    } else {
        ((uint8_t *)picture)[i] = (uint8_t)value;
    }
}

/* u16 to u8, rounded. */
void bd_ref_narrow(const uint16_t *picture, size_t numbers, uint8_t *y);

/* Pillow's resize of one pass, for 8 bits bit-exact: see engine/geometry/resample.h for bounds and coefficients.
 * src (h, w, 4) -> dst (h, out_w, 4) (horizontal) or (out_h, w, 4) (vertical). */
void bd_ref_resample_horizontal(const void *src, bool deep, int32_t w, int32_t h, const int32_t *bounds,
                                const int32_t *coefficients, int32_t taps, void *dst, int32_t out_w);
void bd_ref_resample_vertical(const void *src, bool deep, int32_t w, int32_t h, const int32_t *bounds,
                              const int32_t *coefficients, int32_t taps, void *dst, int32_t out_h);

/* Where the tail reads the logits: the source coordinate of output x is clamp(x * scale + bias, 0, max), in float.
 * Index 0 is x, 1 is y. */
typedef struct bd_ref_sampling {
    float scale[2], bias[2], max[2];
} bd_ref_sampling;

/* Logits that are whole multiples of step: these are interpolated, and rounded as bd_ref_round does. step 0: floats. */
typedef struct bd_ref_steps {
    float step;
    int32_t zero_point;
} bd_ref_steps;

/* Argmax of the bilinearly upsampled logits (h,w,c) -> labels (out_h,out_w); first of equal maxima. c <= 256. */
void bd_ref_labels(const float *logits, int32_t h, int32_t w, int32_t c, const bd_ref_sampling *sampling,
                   bd_ref_steps steps, uint8_t *labels, int32_t out_h, int32_t out_w);

/* sum (out_h,out_w,c) += softmax of the sampled logits (h,w,c) / runs; the last run makes log(max(sum, 1e-30)) of it.
 */
void bd_ref_average(const float *logits, int32_t h, int32_t w, int32_t c, const bd_ref_sampling *sampling, int32_t run,
                    int32_t runs, float *sum, int32_t out_h, int32_t out_w);

/* Softmax share of the classes in set -> mask (out_h,out_w) in 0..1; hard: 1 where the argmax is in set, else 0. */
void bd_ref_mask(const float *logits, int32_t h, int32_t w, int32_t c, const bd_ref_sampling *sampling,
                 const bd_class_set *set, bool hard, float *mask, int32_t out_h, int32_t out_w);

/* Background under pixel (x,y) of the photo: pixels (h,w,4) at (x + offset_x, y + offset_y), modulo the size when
 * wrap; fill outside. pixels NULL: fill everywhere. */
typedef struct bd_ref_background {
    const void *pixels;
    bool deep; /* all pictures are */
    int32_t w, h;
    int32_t offset_x, offset_y;
    bool wrap;
    bool premultiplied;           /* the picture's colours are; fill is straight */
    bool own;                     /* lies inside the photo: both share its alpha */
    bool linear;                  /* colours are mixed in light */
    uint8_t fill[4], fill_low[4]; /* deep: 256 * fill + fill_low */
} bd_ref_background;

/* What lies under pixel (x,y); returns whether it is the picture's. */
bool bd_ref_behind(const bd_ref_background *background, int32_t x, int32_t y, uint32_t pixel[4]);

/* photo (h,w,4) over the background where mask (mask_h,mask_w), bilinear with half-pixel centres, lets it: straight
 * alpha, alpha of the photo times the mask. y (h,w,4), rounded to nearest. */
void bd_ref_composite(const void *photo, int32_t w, int32_t h, const float *mask, int32_t mask_w, int32_t mask_h,
                      const bd_ref_background *background, void *y);

/* ---- mattes: see shaders/push/guided.h and foreground.h; grids are (h,w,4), pairs (h,w,8): F, 0, B, 0 ---- */

/* photo (h,w,4) u8 -> grid of means, w 0. */
void bd_ref_block_means(const uint8_t *photo, int32_t w, int32_t h, int32_t block, float *grid);
/* room: 15 * w * h. */
void bd_ref_guided_lines(const float *grid, int32_t w, int32_t h, int32_t radius, float eps, double *room,
                         float *lines);
void bd_ref_box(const float *src, int32_t w, int32_t h, int32_t radius, bool vertical, bool doubt, float *dst);
/* (h,w,channels) at (x,y), clamped, bilinear. */
void bd_ref_sample(const float *src, int32_t w, int32_t h, int32_t channels, float x, float y, float *values);
float bd_ref_line(const float line[4], const float colour[3]);
/* pairs NULL: F and B start as the colour. */
void bd_ref_foreground_step(const float *pairs, int32_t src_w, int32_t shift, const float *level, int32_t w, int32_t h,
                            float *dst);
void bd_ref_foreground_pixel(const float pair[8], float alpha, bool coarse, bool deep, const void *photo, void *y);
/* trimap (h, w), plane (ceil(h / block), ceil(w / block)) both dense; see push/trimap.h. */
void bd_ref_trimap_pin(const uint8_t *trimap, int32_t w, int32_t h, int32_t block, float low, float *plane);

/* ---- blur fusion: see shaders/push/fusion.h; pairs are (h,w,8) ---- */

void bd_ref_fusion_reduce(const float *level, int32_t w, int32_t h, int32_t block, float *pairs);
void bd_ref_fusion_sum(const float *src, int32_t w, int32_t h, int32_t radius, bool vertical, float *dst);
/* One node, from its sums. */
void bd_ref_fusion_finish(const float sums[8], const float level[4], float pair[8]);
void bd_ref_fusion_spread(const float sums[8], const float level[4], float pair[8]);

/* ---- blurs: see shaders/push/weigh.h; grids are (h,w,4) ---- */

void bd_ref_weigh(const void *photo, bool deep, const float *alpha, int32_t w, int32_t h, int32_t block, float *grid);
void bd_ref_gauss(const float *src, int32_t w, int32_t h, int32_t radius, float falloff, bool vertical, float *dst);
/* One pixel. */
void bd_ref_unweigh(const float sum[4], bool deep, const void *photo, void *y);

/* ---- light.c: push/harmonize.h and push/light.h -------------------------------------------------------------------
 */

/* The sums of push/harmonize.h over samples `block` pixels apart; alpha NULL: w is the picture's. */
void bd_ref_statistics(const void *picture, bool deep, int32_t w, int32_t h, const float *alpha, bool premultiplied,
                       int32_t block, float sums[8]);
/* The map, (3, 4), that draws the one's colours towards the other's. */
void bd_ref_harmonize(const float subject[8], const float background[8], bool full, float map[12]);
/* grid (ceil(h / block), ceil(w / block), 4). */
void bd_ref_light_reduce(const bd_ref_background *background, const float *alpha, int32_t w, int32_t h, int32_t block,
                         float *grid);
/* One pixel; map NULL: colours stay; light (4 floats) NULL: none wraps around. */
void bd_ref_relight(const void *front, bool deep, float alpha, const float *map, const float *light, void *y);

/* The closed-form matte, see push/closed_form.h. values: dense. counts (2, bins), which is added to. */
void bd_ref_colour_count(const float *grid, const float *values, size_t nodes, uint32_t *counts);
void bd_ref_colour_blur(const uint32_t *counts, float *bins);
void bd_ref_closed_target(const float node[4], float value, const float *bins, float beta, float weight, float margin,
                          bool trimap, float *target);
/* list: room for every tile; returns how many it holds. */
uint32_t bd_ref_tiles(const float *targets, int32_t w, int32_t h, bool ring, uint32_t *list);
/* Lines over colour - 0.5. */
float bd_ref_closed_product(const float *lines, const float *grid, const float target[4], int32_t w, int32_t h,
                            int32_t x, int32_t y);

/* ---- shapes: see shaders/push/components.h and plane_step.h ---- */

/* plane (h,w) -> of its nodes: labels (the first node of their component; UINT32_MAX outside) and, of those first
 * nodes, areas (background: 1 where the component meets the edge), else 0. room: one per node. */
void bd_ref_components(const float *plane, int32_t w, int32_t h, int32_t block, float level, bool background,
                       uint32_t *labels, uint32_t *areas, uint32_t *room);
/* One step of jump flooding between packed nearest nodes (h,w); UINT32_MAX: none is known. */
void bd_ref_spread(const uint32_t *from, int32_t w, int32_t h, int32_t step, uint32_t *to);

typedef enum bd_ref_step { BD_REF_MEAN, BD_REF_MAX, BD_REF_MIN } bd_ref_step;
/* (h,w) and itself `step` along (dx,dy) on both sides. */
void bd_ref_plane_step(const float *src, int32_t w, int32_t h, int32_t dx, int32_t dy, int32_t step, bd_ref_step kind,
                       float amount, float *dst);

/* 0 and 1 where a byte of alpha would be 0 and 255. */
float bd_ref_settled(float alpha);

/* Runs a lowered or unlowered graph node by node on the CPU. Shapes are inferred; sizes, axes, paddings and blocks are
 * constant. Tensors of every dtype are computed as float.
 *
 * photo    (photo_h, photo_w, 4) u8: of at most the network's input where a PREPROCESS node reads it, else of exactly
 *          the input's size.
 * output   graph->output's elements.
 * on_node  sees every computed tensor (batch included); may be NULL.
 * Errors   BD_ERR_INVALID_ARGUMENT (photo), BD_ERR_MODEL_UNSUPPORTED (names the node), BD_ERR_OUT_OF_MEMORY.
 */
typedef void (*bd_ref_node_fn)(void *user, const bd_graph *graph, uint32_t node, const float *data);
bd_result bd_ref_run(const bd_graph *graph, const uint8_t *photo, int32_t photo_h, int32_t photo_w,
                     const bd_allocator *allocator, float *output, bd_ref_node_fn on_node, void *user, bd_error *error);

#endif
