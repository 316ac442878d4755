/* SPDX-License-Identifier: MIT
 * Pictures: the network's input, resampling, labels, masks and the composite. A picture is (h, w, 4) of u8 or, where
 * deep, of u16: rows without gaps, straight alpha. */
#ifndef BD_REF_PICTURE_H
#define BD_REF_PICTURE_H

#include "graph/graph.h"

/* photo (photo_h, photo_w, 4) u8 -> y (h, w, 3). */
void bd_ref_preprocess(const uint8_t *photo, int32_t photo_h, int32_t photo_w, const bd_preprocess_attrs *by, float *y,
                       int32_t h, int32_t w);

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

/* Pillow's resize of one pass, for 8 bits bit-exact: see engine/geometry/resample_table.h for bounds and coefficients.
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

/* sum (out_h,out_w,c) += softmax of the sampled logits (h,w,c) / runs; the last run makes log(max(sum, 1e-30)) of
 * it. */
void bd_ref_average(const float *logits, int32_t h, int32_t w, int32_t c, const bd_ref_sampling *sampling, int32_t run,
                    int32_t runs, float *sum, int32_t out_h, int32_t out_w);

/* Softmax share of the classes in set -> mask (out_h,out_w) in 0..1; threshold: 1 where the argmax is in set, else
 * 0. */
void bd_ref_mask(const float *logits, int32_t h, int32_t w, int32_t c, const bd_ref_sampling *sampling,
                 const bd_class_set *set, bool threshold, float *mask, int32_t out_h, int32_t out_w);

/* Background under pixel (x,y) of the photo: pixels (h,w,4) at (x + offset_x, y + offset_y), modulo the size when
 * wrap; fill outside. pixels NULL: fill everywhere. */
typedef struct bd_ref_background {
    const void *pixels;
    bool deep; /* all pictures are */
    int32_t w, h;
    int32_t offset_x, offset_y;
    bool wrap;
    bool premultiplied;           /* the picture's colours are; fill is straight */
    bool of_photo;                /* lies inside the photo: both share its alpha */
    bool linear;                  /* colours are mixed in light */
    bool keep_hidden;             /* else the result has no colours where its alpha is 0 */
    uint8_t fill[4], fill_low[4]; /* deep: 256 * fill + fill_low */
} bd_ref_background;

/* What lies under pixel (x,y); returns whether it is the picture's. */
bool bd_ref_behind(const bd_ref_background *background, int32_t x, int32_t y, uint32_t pixel[4]);

/* photo (h,w,4) over the background where mask (mask_h,mask_w), bilinear with half-pixel centres, lets it: straight
 * alpha, alpha of the photo times the mask. y (h,w,4), rounded to nearest. */
void bd_ref_composite(const void *photo, int32_t w, int32_t h, const float *mask, int32_t mask_w, int32_t mask_h,
                      const bd_ref_background *background, void *y);

/* 0 and 1 where a byte of alpha would be 0 and 255. */
float bd_ref_settled(float alpha);

#endif
