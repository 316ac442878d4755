/* SPDX-License-Identifier: MIT
 * The guided filter and the foreground's colours: see shaders/push/guided.h and foreground.h. Grids are (h,w,4), pairs
 * (h,w,8): F, 0, B, 0. */
#ifndef BD_REF_MATTE_H
#define BD_REF_MATTE_H

#include "base/base.h"

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
float bd_ref_levels(float alpha, float low, float high);

#endif
