/* SPDX-License-Identifier: MIT
 * Foreground and background colours by blurs, which is quick (Forte and Pitie, ICIP 2021); see push/fusion.h. */
#ifndef BD_FUSION_H
#define BD_FUSION_H

#include "photo/recipe.h"

/* A picture of colours and alpha of that size, (h, w) vec4 at the beginning of a slot, becomes pairs of foreground and
 * background. */
bd_slot bd_fusion_add(bd_recipe *recipe, bd_slot colours, bd_size size);

#endif
