/* SPDX-License-Identifier: MIT
 * The photo's own background, blurred: the subject, and what is past the edges, have weight 0. */
#ifndef BD_BLUR_H
#define BD_BLUR_H

#include "photo/recipe.h"

/* sigma: of the Gaussian, in pixels. Any takes about as long. */
bd_slot bd_blur_add(bd_recipe *recipe, bd_slot photo, bd_slot mask, float sigma);

#endif
