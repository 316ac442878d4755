/* SPDX-License-Identifier: MIT
 * Where the edges of a matte run, and how soft they are. */
#ifndef BD_EDGES_H
#define BD_EDGES_H

#include "photo/recipe.h"

bd_result bd_edges_check(const bd_matte_params *params, bd_error *error);

/* A plane of the photo's size with its edges moved and softened by grow_px and feather_px. */
bd_slot bd_edges_add(bd_recipe *recipe, const bd_matte_params *params, bd_slot plane);

#endif
