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
/* Of the window around a node, and of the node itself: (4, 4). flags: of tiles. */
void bd_ref_closed_window(const float *grid, const float *targets, const uint32_t *flags, int32_t w, int32_t h,
                          int32_t x, int32_t y, float eps, float window[16]);
/* A node's row of the matrix, 5 x 5; windows (4, h, w, 4). */
void bd_ref_closed_row(const float *windows, const float *grid, const float *targets, int32_t w, int32_t h, int32_t x,
                       int32_t y, float row[25]);
/* Nodes of both coarse grids over w x h. */
uint32_t bd_ref_coarse_nodes(int32_t w, int32_t h);
/* The hat of a tile's corner at a node. */
double bd_ref_coarse_hat(int32_t level, int32_t corner, int32_t x, int32_t y, uint32_t tile);
/* matrix: of the tile, (25, 8, 8). */
void bd_ref_closed_block(const float *matrix, const float *windows, int32_t w, int32_t h, uint32_t tile, int32_t level,
                         int32_t corner, float part[12]);
/* parts (th, tw, 2, 4, floats): those of a coarse node's tiles, summed up. */
void bd_ref_coarse_sum(const float *parts, size_t floats, int32_t w, int32_t h, uint32_t node, double *sums);
void bd_ref_closed_invert(const double part[12], float inverse[16]);
/* matrix: of the node's tile; plane (th * 8, tw * 8). */
double bd_ref_closed_product(const float *matrix, const float *plane, int32_t w, int32_t h, int32_t x, int32_t y);
/* The line of both coarse grids at a node; lines (nodes of both, 4). */
double bd_ref_coarse_value(const float *lines, const float colour[3], int32_t w, int32_t h, int32_t x, int32_t y);

#endif
