/* SPDX-License-Identifier: MIT
 * The photo's noise, measured on the device, and what takes it out of the colours that guide a matte. Neither the photo
 * nor what is made of it changes. A photo without
 * noise keeps its guide to the last bit, but where a least blur is asked for. */
#ifndef BD_NOISE_H
#define BD_NOISE_H

#include "photo/recipe.h"

/* The standard deviation of luma's noise. */
bd_slot bd_noise_add(bd_recipe *recipe, bd_slot photo);
/* Blurs colours on a grid: share of the noise is left in them, and the sigma is gain times what that takes, and at least least. noise
 * BD_NO_SLOT: not at all. */
void bd_noise_blur_add(bd_recipe *recipe, bd_slot noise, bd_slot colours, float share, float gain, float least);

#endif
