/* SPDX-License-Identifier: MIT
 * A second look at the part of the photo that holds the subject: shaders/push/crop.h says where it lies. */
#ifndef BD_CROP_H
#define BD_CROP_H

#include "network/looks.h"
#include "photo/recipe.h"

/* What is known where the crop is cut out: the photo of 8 bits, and the words of push/rule.h, with the box, on a grid. */
typedef struct bd_crop {
    bd_slot photo, words;
    bd_push_crop push; /* sizes; the rest is 0 */
} bd_crop;

bd_crop bd_crop_of(const bd_recipe *recipe, const bd_looks *looks, bd_slot photo, bd_slot words, bd_size grid);
/* Whether a photo can have a second look: the crop's columns are as tall as the photo, and have to fit into a buffer that
 * every device can bind (Vulkan's least maxStorageBufferRange, 2^27 bytes). */
bool bd_crop_fits(const bd_looks *looks, bd_size photo);
/* The crop, of the network's size; what it holds is undefined where there is no second look. */
bd_slot bd_crop_add(bd_recipe *recipe, const bd_looks *looks, const bd_crop *crop);
/* Log-odds of both looks on a grid of that size: odds are the first one's, logits the crop's, which counts by weight. */
bd_slot bd_crop_merge_add(bd_recipe *recipe, const bd_looks *looks, const bd_crop *crop, const bd_odds_of *of,
                          bd_slot odds, bd_slot logits, float weight, bd_size size);

/* Whether mattes of that kind leave what larger networks say to where bodies are thin, and those networks do not run
 * elsewhere; else all looks are averaged. */
bool bd_larger_looks_are_gated(const bd_looks *looks, const bd_matte_params *params);
/* Log-odds of the photo and of a larger look at it, by that network, which counts by weight at most. odds are those so
 * far, on the grid that the box is told on. alone: no crop is looked at. */
bd_slot bd_larger_merge_add(bd_recipe *recipe, const bd_network *network, const bd_crop *crop, const bd_odds_of *of,
                            bd_slot odds, bd_slot logits, float weight, bool alone);

#endif
