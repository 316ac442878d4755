/* SPDX-License-Identifier: MIT
 * The photo over its new background. */
#ifndef BD_COMPOSITE_H
#define BD_COMPOSITE_H

#include "photo/background.h"

typedef struct bd_blending {
    bool transparent; /* the front's colours stay, the mask becomes its alpha */
    bool linear;      /* in light instead of sRGB's numbers */
    bool keep_hidden; /* colours stay where the result's alpha is 0 */
} bd_blending;

/* front: the subject's colours, of the mask's size. */
bd_slot bd_composite_add(bd_recipe *recipe, bd_slot mask, bd_slot front, const bd_backdrop *background,
                         bd_blending blending);

#endif
