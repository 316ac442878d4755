/* SPDX-License-Identifier: MIT
 * A matte as integers. */
#ifndef BD_PACK_H
#define BD_PACK_H

#include "photo/recipe.h"

/* A plane becomes (h, ceil(w / 4) * 4) u8, or u16 where deep. */
bd_slot bd_pack_add(bd_recipe *recipe, bd_slot plane, bool deep);

#endif
