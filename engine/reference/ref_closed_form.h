/* SPDX-License-Identifier: MIT
 * The matte in closed form: see shaders/push/closed_form.h. */
#ifndef BD_REF_CLOSED_FORM_H
#define BD_REF_CLOSED_FORM_H

#include "base/base.h"

/* values: dense. counts (2, bins), which is added to. */
void bd_ref_colour_count(const float *grid, const float *values, size_t nodes, uint32_t *counts);
void bd_ref_colour_blur(const uint32_t *counts, float *bins);
void bd_ref_closed_target(const float node[4], float value, const float *bins, float beta, float weight, float margin,
                          bool trimap, float *target);
/* list: room for every tile; returns how many it holds. */
uint32_t bd_ref_tiles(const float *targets, int32_t w, int32_t h, bool ring, uint32_t *list);
/* Lines over colour - 0.5. */
float bd_ref_closed_product(const float *lines, const float *grid, const float target[4], int32_t w, int32_t h,
                            int32_t x, int32_t y);

#endif
