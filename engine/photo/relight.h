/* SPDX-License-Identifier: MIT
 * The subject in the new background's light: a map of colours, and light that spills over its edge. */
#ifndef BD_RELIGHT_H
#define BD_RELIGHT_H

#include "photo/light_wrap.h"

/* front (the subject's colours) through a map of bd_harmonize_add and under a light; with neither front itself. */
bd_slot bd_relight_add(bd_recipe *recipe, bd_slot front, bd_slot mask, bd_slot map, bd_light light);

#endif
