/* SPDX-License-Identifier: MIT
 * What is certain of a coarse mask, far from its edge: shaders/push/band.h. */
#ifndef BD_BAND_H
#define BD_BAND_H

#include "photo/coarse.h"

/* 1, 0 or 1/2 of a coarse mask, on its grid; inner and outer in its nodes, below 0: never. */
bd_slot bd_band_add(bd_recipe *recipe, bd_slot mask, float inner, float outer);
/* Lines of a grid, or values of a plane, where the band is certain, in place. at: their nodes on the band's. low: what is
 * uncertain stays as far from 0 and 1. */
void bd_band_lines_add(bd_recipe *recipe, bd_slot band, bd_slot lines, bd_axes at);
void bd_band_plane_add(bd_recipe *recipe, bd_slot band, bd_slot plane, bd_axes at, float low);

#endif
