/* SPDX-License-Identifier: MIT
 * Which parts of a coarse mask stay, and its holes. */
#ifndef BD_COMPONENTS_H
#define BD_COMPONENTS_H

#include "photo/recipe.h"

bd_result bd_components_check(const bd_matte_params *params, bd_size photo, bd_error *error);

/* A plane over the whole photo loses the parts that are not kept and its holes, in place. Its nodes are block pixels of
 * the photo apart; 0: as many as its size says. Returns a word: the nodes of the largest part, for BD_KEEP_POINT whether there
 * was foreground at the point; BD_NO_SLOT where no parts are looked for. */
bd_slot bd_components_add(bd_recipe *recipe, const bd_matte_params *params, bd_size photo, bd_slot plane,
                          uint32_t block);
/* The nodes of the largest part of a finished matte's plane, which stays as it is. */
bd_slot bd_components_look_add(bd_recipe *recipe, bd_slot plane);
/* Says whether that word, read back, stands for more than specks of a photo of that size, and fails where there is no
 * foreground at the point. */
bd_result bd_components_take_found(const bd_matte_params *params, bd_size photo, const void *found, bool *empty,
                                   bd_error *error);

#endif
