/* SPDX-License-Identifier: MIT
 * Sizes and places of pictures: pure arithmetic. */
#ifndef BD_FIT_H
#define BD_FIT_H

#include "base/base.h"

/* The tutorial's size for the network: side on the longest side, the other truncated as Python's int(ratio * side); at
 * least 1. */
void bd_fit_resized(uint32_t width, uint32_t height, uint32_t side, uint32_t *out_width, uint32_t *out_height);

/* The same for a network whose input is no square: the largest size of that shape that fits. A photo of exactly that
 * size stays as it is. */
void bd_fit_within(uint32_t width, uint32_t height, uint32_t most_width, uint32_t most_height, uint32_t *out_width,
                   uint32_t *out_height);

/* How a background of bg_width x bg_height goes under a photo: box of it is resampled to width x height, and photo
 * pixel (x,y) lies over (x + offset_x, y + offset_y) there. What that leaves uncovered is filled, or wraps around. */
typedef struct bd_fit_plan {
    float box[4]; /* x0, y0, x1, y1 in background pixels */
    uint32_t width, height;
    int32_t offset_x, offset_y;
    bool wrap;
} bd_fit_plan;

/* COVER and CONTAIN keep the aspect; TILE keeps the background's pixels. place (x, y), each 0..1: that point of the
 * picture lies on the same point of the photo (CSS' background-position); NULL: the middle, of TILE the top left. */
bd_fit_plan bd_fit_background(bd_fit fit, const float *place, uint32_t bg_width, uint32_t bg_height,
                              uint32_t photo_width, uint32_t photo_height);

/* The tutorial's: cropped at the top left, or padded before the top and the left where the background is smaller. Both
 * are the sizes after bd_fit_resized. */
bd_fit_plan bd_fit_classic(uint32_t bg_width, uint32_t bg_height, uint32_t photo_width, uint32_t photo_height);

#endif
