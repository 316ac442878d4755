/* SPDX-License-Identifier: MIT
 * Pictures at another size. */
#ifndef BD_RESAMPLE_STEP_H
#define BD_RESAMPLE_STEP_H

#include "photo/recipe.h"

typedef struct bd_resampling {
    const char *label;
    bd_resample_filter filter;
    float sigma;  /* of BD_RESAMPLE_GAUSSIAN */
    float box[4]; /* x0, y0, x1, y1 of the picture's pixels */
    bd_size size; /* that it becomes */
} bd_resampling;

/* A picture becomes another of the same depth in at most two passes: an axis that keeps its size is skipped, and with
 * both the picture itself is returned. */
bd_slot bd_resample_add(bd_recipe *recipe, bd_slot picture, const bd_resampling *to);

/* A picture of 16 bits becomes one of 8; one of 8 is returned as it is. */
bd_slot bd_narrow_add(bd_recipe *recipe, bd_slot picture);

#endif
