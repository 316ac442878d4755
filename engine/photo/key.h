/* SPDX-License-Identifier: MIT
 * A matte from the colour of a uniform backdrop; see push/key.h. */
#ifndef BD_KEY_H
#define BD_KEY_H

#include "photo/recipe.h"

bd_result bd_key_check(const bd_matte_params *params, bd_error *error);

typedef struct bd_keyed {
    bd_slot plane;  /* (h, w) of the photo: alpha by the key alone */
    bd_slot pairs;  /* with the key behind them */
    bd_size nodes;  /* of pairs */
    uint32_t block; /* pixels between them */
    bd_slot key;    /* its vectors, to be read back by bd_key_take */
} bd_keyed;

/* photo has 8 bits. */
bd_keyed bd_key_add(bd_recipe *recipe, const bd_matte_params *params, bd_slot photo);
/* plane, of a network's probabilities at nodes of block pixels, says where `keyed`, a plane of the photo's size, is
 * wrong for sure, radius nodes away and more from where it is in doubt; in place. */
void bd_key_gate_add(bd_recipe *recipe, bd_slot plane, uint32_t block, uint32_t radius, bd_slot keyed);
/* The photo, of any depth, with the subject's colours; mask: the matte in the end. */
bd_slot bd_key_front_add(bd_recipe *recipe, const bd_matte_params *params, bool unmix, const bd_keyed *by,
                         bd_slot photo, bd_slot mask);

/* What was found, from vectors that were read back. Fails where no colour was asked for and none is there. */
bd_result bd_key_take(const bd_matte_params *params, const float *vectors, bd_key_color *color, bd_error *error);

#endif
