/* SPDX-License-Identifier: MIT
 * The coarse mask: probabilities of the foreground, from the network or from the caller. */
#ifndef BD_COARSE_H
#define BD_COARSE_H

#include "network/looks.h"
#include "photo/recipe.h"

/* Levels in front of the first filter that make probabilities, interpolated between their nodes, as steep as logits
 * that are interpolated themselves. */
#define BD_COARSE_LEVEL 0.2f

/* Where they come from. */
typedef struct bd_coarse {
    bd_slot map; /* (h, w) the caller's; BD_NO_SLOT: the logits */
    bd_slot logits;
    const bd_looks *looks;
    bd_class_set classes;
    bd_size photo;
    bd_size resized; /* the photo as the network saw it */
} bd_coarse;

/* Pixels or nodes i of the one seen at i * scale + bias of the other. */
typedef struct bd_axes {
    float scale_x, bias_x, scale_y, bias_y;
} bd_axes;

/* A plane of `size` nodes, block_x x block_y pixels of the photo each; threshold: 0 or 1 by the highest logit, or at
 * one half. */
bd_slot bd_coarse_add(bd_recipe *recipe, const bd_coarse *from, bd_size size, float block_x, float block_y,
                      bool threshold);

/* A plane of zeros. */
bd_slot bd_plane_zero_add(bd_recipe *recipe, const char *name, bd_size size);
/* Another plane of the same values. */
bd_slot bd_plane_copy_add(bd_recipe *recipe, const char *name, bd_slot plane);

/* A plane at another size. */
bd_slot bd_plane_sample_add(bd_recipe *recipe, const char *name, bd_slot plane, bd_size size, bd_axes at, bool nearest);

/* How far apart the nodes of the caller's probabilities are, in photo pixels; and how steep levels in front of the
 * first pass make them like a network's. */
void bd_coarse_cell(const bd_matte_params *params, bd_size photo, float *cell_px, float *start_level);
/* The same of a network's logits. */
float bd_coarse_network_cell(const bd_network *network, bd_size photo, bd_size resized);

#endif
