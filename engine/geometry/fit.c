/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "geometry/fit.h"

void bd_fit_within(uint32_t width, uint32_t height, uint32_t most_width, uint32_t most_height, uint32_t *out_width,
                   uint32_t *out_height) {
    double ratio = fmin(1.0 * most_width / width, 1.0 * most_height / height);
    *out_width = BD_MAX((uint32_t)(ratio * width), 1u);
    *out_height = BD_MAX((uint32_t)(ratio * height), 1u);
}

void bd_fit_resized(uint32_t width, uint32_t height, uint32_t side, uint32_t *out_width, uint32_t *out_height) {
    bd_fit_within(width, height, side, side, out_width, out_height);
}

static bd_fit_plan whole(uint32_t bg_width, uint32_t bg_height, uint32_t width, uint32_t height) {
    return (bd_fit_plan){
        .box = {0.0f, 0.0f, (float)bg_width, (float)bg_height},
        .width = width,
        .height = height,
    };
}

/* The part of size pixels that is length long, as [low, high); share of what is left over lies before it. */
static void cut(uint32_t size, double length, double share, float *low, float *high) {
    double start = fmax((size - length) * share, 0.0);
    *low = (float)start;
    *high = fminf((float)(start + length), (float)size);
    if (*high <= *low) { /* shorter than the spacing of floats there */
        *high = nextafterf(*low, INFINITY);
    }
}

static bd_fit_plan cover(const float *place, uint32_t bg_width, uint32_t bg_height, uint32_t width, uint32_t height) {
    bd_fit_plan plan = whole(bg_width, bg_height, width, height);
    double scale = fmax((double)width / bg_width, (double)height / bg_height);
    cut(bg_width, fmin(width / scale, bg_width), (double)place[0], &plan.box[0], &plan.box[2]);
    cut(bg_height, fmin(height / scale, bg_height), (double)place[1], &plan.box[1], &plan.box[3]);
    return plan;
}

static uint32_t scaled(uint32_t size, double scale, uint32_t most) {
    return BD_MIN(BD_MAX((uint32_t)(size * scale + 0.5), 1u), most);
}

/* What lies under the photo's first pixel: share of what one is longer than the other, negative where that is the
 * photo.
 */
static int32_t offset(uint32_t bg_size, uint32_t size, float share) {
    return (int32_t)(((double)bg_size - size) * (double)share);
}

static bd_fit_plan contain(const float *place, uint32_t bg_width, uint32_t bg_height, uint32_t width, uint32_t height) {
    double scale = fmin((double)width / bg_width, (double)height / bg_height);
    bd_fit_plan plan = whole(bg_width, bg_height, scaled(bg_width, scale, width), scaled(bg_height, scale, height));
    plan.offset_x = offset(plan.width, width, place[0]);
    plan.offset_y = offset(plan.height, height, place[1]);
    return plan;
}

bd_fit_plan bd_fit_background(bd_fit fit, const float *place, uint32_t bg_width, uint32_t bg_height,
                              uint32_t photo_width, uint32_t photo_height) {
    static const float middle[2] = {0.5f, 0.5f}, top_left[2] = {0.0f, 0.0f};
    place = place ? place : fit == BD_FIT_TILE ? top_left : middle;
    switch (fit) {
    case BD_FIT_COVER: return cover(place, bg_width, bg_height, photo_width, photo_height);
    case BD_FIT_CONTAIN: return contain(place, bg_width, bg_height, photo_width, photo_height);
    case BD_FIT_STRETCH: break;
    case BD_FIT_TILE: {
        bd_fit_plan plan = whole(bg_width, bg_height, bg_width, bg_height);
        plan.offset_x = offset(bg_width, photo_width, place[0]);
        plan.offset_y = offset(bg_height, photo_height, place[1]);
        plan.wrap = true;
        return plan;
    }
    }
    return whole(bg_width, bg_height, photo_width, photo_height);
}

bd_fit_plan bd_fit_classic(uint32_t bg_width, uint32_t bg_height, uint32_t photo_width, uint32_t photo_height) {
    bd_fit_plan plan = whole(bg_width, bg_height, bg_width, bg_height);
    plan.offset_x = bg_width < photo_width ? -(int32_t)(photo_width - bg_width) : 0;
    plan.offset_y = bg_height < photo_height ? -(int32_t)(photo_height - bg_height) : 0;
    return plan;
}
