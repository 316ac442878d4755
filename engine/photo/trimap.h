/* SPDX-License-Identifier: MIT
 * What the caller knows of a matte beforehand: a byte per pixel of the photo. */
#ifndef BD_TRIMAP_H
#define BD_TRIMAP_H

#include "photo/recipe.h"

bd_result bd_trimap_check(const bd_matte_params *params, bd_size photo, bd_error *error);
/* Nothing else is known. */
bool bd_trimap_alone(const bd_matte_params *params);

/* What a trimap knows of a plane, whose nodes are block x block pixels each, becomes 0 or 1 in it, the rest is clamped
 * to low .. 1 - low. */
void bd_trimap_pin_add(bd_recipe *recipe, bd_slot trimap, bd_slot plane, uint32_t block, float low);

#endif
