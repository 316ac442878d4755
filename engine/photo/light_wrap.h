/* SPDX-License-Identifier: MIT
 * The background's light past the subject, blurred: what spills over the subject's edge. See push/light.h. */
#ifndef BD_LIGHT_WRAP_H
#define BD_LIGHT_WRAP_H

#include "photo/background.h"

typedef struct bd_light {
    bd_slot grid;   /* (h, w) vec4; BD_NO_SLOT: none spills over */
    uint32_t block; /* pixels between nodes */
} bd_light;

/* sigma: of the Gaussian, in pixels; 0: none. pixels: the photo, of which a row is bound where there is no picture. */
bd_light bd_light_wrap_add(bd_recipe *recipe, float sigma, bd_slot pixels, bd_slot mask, const bd_backdrop *background);

#endif
