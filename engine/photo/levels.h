/* SPDX-License-Identifier: MIT
 * A matte made harder: levels, or a threshold. */
#ifndef BD_LEVELS_H
#define BD_LEVELS_H

#include "photo/recipe.h"

bd_result bd_levels_check(const bd_matte_params *params, bd_error *error);
/* In place, where params ask for it. */
void bd_levels_add(bd_recipe *recipe, const bd_matte_params *params, bd_slot plane);

#endif
