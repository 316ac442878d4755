/* SPDX-License-Identifier: MIT
 * The network's logits of a photo, of one look at it or several. */
#ifndef BD_LOOK_H
#define BD_LOOK_H

#include "network/looks.h"
#include "photo/recipe.h"

/* A photo of 8 bits, as the network sees it: at its size. */
bd_slot bd_look_resize(bd_recipe *recipe, const bd_network *network, bd_slot photo);

/* A resized photo becomes the network's input. mirrored: left and right change places. */
void bd_preprocess_add(bd_recipe *recipe, const bd_network *network, bd_slot resized, bool mirrored);

/* Runs the networks, or the first one alone; resized: of bd_look_resize, for the first. Returns the logits, or the average
 * of all looks, which lie in the session's memory. */
bd_slot bd_look_add(bd_recipe *recipe, const bd_looks *looks, bd_slot photo, bd_slot resized, bool first_alone);

/* Whether another look is taken: push/crop.h's crop_gate says. */
typedef struct bd_look_gate {
    bd_slot words; /* of push/rule.h */
    bd_push_crop push;
    bool larger, alone;
} bd_look_gate;

/* A network on a picture of its input's size, unless the gate says that there is no such look. network->gate has been
 * made. Returns its logits, which in that case are those of the look before. */
bd_slot bd_look_again_add(bd_recipe *recipe, const bd_network *network, bd_slot picture, const bd_look_gate *gate);

#endif
