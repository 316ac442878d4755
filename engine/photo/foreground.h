/* SPDX-License-Identifier: MIT
 * The subject's own colours under a matte, instead of those that the old background mixed in. */
#ifndef BD_FOREGROUND_H
#define BD_FOREGROUND_H

#include "photo/recipe.h"

/* The photo with the subject's colours; BD_FOREGROUND_OFF: the photo. */
bd_slot bd_foreground_add(bd_recipe *recipe, bd_foreground way, bd_slot photo, bd_slot mask);

#endif
