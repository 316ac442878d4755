/* SPDX-License-Identifier: MIT
 * The class of the highest logit, on grids of pixels. */
#ifndef BD_LABELS_H
#define BD_LABELS_H

#include "network/looks.h"
#include "photo/recipe.h"

/* (h, w) u8 over a photo that the first network saw at `resized`. */
bd_slot bd_labels_add(bd_recipe *recipe, const bd_looks *looks, bd_slot logits, bd_size resized, bd_size size);

/* What the network saw: labels on a grid as fine as its own answer. */
bd_slot bd_seen_add(bd_recipe *recipe, const bd_looks *looks, bd_slot logits, bd_size resized);
/* Counts them. */
void bd_seen_count(const bd_slot_shape *shape, const uint8_t *labels, uint32_t class_count, bd_seen *seen);

#endif
