/* SPDX-License-Identifier: MIT
 * Guided filters on grids of means of the photo's colours (He, Sun, Tang, TPAMI 2013; He, Sun, arXiv 1505.00996). */
#ifndef BD_GUIDED_H
#define BD_GUIDED_H

#include "photo/recipe.h"

/* Nodes that stand for block x block pixels of the photo. */
typedef struct bd_guide {
    bd_size size;
    uint32_t block;
} bd_guide;
bd_guide bd_guide_of(bd_size photo, uint32_t block);

/* The photo's mean colours on a grid. */
bd_slot bd_guided_reduce_add(bd_recipe *recipe, bd_slot photo, const bd_guide *on);

typedef struct bd_guided_start {
    bd_slot values; /* colours, and the plane's probabilities stretched by level */
    bd_slot doubt;  /* how doubtful they are around each node */
} bd_guided_start;
bd_guided_start bd_guided_start_add(bd_recipe *recipe, bd_slot colours, bd_slot plane, uint32_t radius, float level);

typedef struct bd_guided_filter {
    bd_guide on;
    bd_slot doubt;
    bd_guide doubt_on;
    uint32_t radius; /* nodes */
    float eps;
    float level; /* stretches the result to 0 .. 1 from level .. 1 - level, where there is no doubt */
} bd_guided_filter;
/* A grid with values becomes the filter's lines over colours: (a, b). */
bd_slot bd_guided_filter_add(bd_recipe *recipe, bd_slot values, const bd_guided_filter *filter);

/* Lines of one grid give the values on another, whose colours they are applied to. */
bd_slot bd_guided_join_add(bd_recipe *recipe, bd_slot lines, const bd_guide *lines_on, bd_slot colours,
                           const bd_guide *on);

/* Lines give a plane of the photo's size. noise: of the photo (photo/noise.h), by which its
 * colours are blurred first; BD_NO_SLOT: they are not. */
bd_slot bd_guided_apply_add(bd_recipe *recipe, bd_slot lines, const bd_guide *on, bd_slot photo, bd_slot noise);

#endif
