/* SPDX-License-Identifier: MIT
 * What of the network's answer is a body: shaders/push/odds.h and rule.h have the formulas. */
#ifndef BD_RULE_H
#define BD_RULE_H

#include "network/looks.h"
#include "photo/recipe.h"

bd_result bd_rule_check(const bd_matte_params *params, bd_error *error);

/* A grid over a photo whose corner nodes lie on the middles of its corner pixels: as fine as the finest logits of
 * the first `count` looks; at most BD_RULE_MOST_SIDE nodes on its longer side. */
bd_size bd_rule_grid(const bd_looks *looks, uint32_t count, bd_size photo);
/* The same with so many nodes on its longer side. */
bd_size bd_rule_grid_of(bd_size photo, uint32_t nodes);

/* Where its nodes lie on the logits of a network; axis 2: x, 1: y. */
bd_axis_map bd_rule_map(const bd_network *network, int axis, bd_size photo, bd_size grid);

/* How many looks there are whose logits are still there. Mirrored looks leave only their average. */
uint32_t bd_rule_looks(const bd_looks *looks);

/* Log-odds (o, n, 0, 0) of the classes on such a grid, right behind bd_look_add, which returned logits: of the first
 * `count` looks, each on its own logits, averaged; of those logits where looks are mirrored, and count is 1. */
bd_slot bd_odds_add(bd_recipe *recipe, const bd_looks *looks, bd_slot logits, const bd_odds_of *of, bd_size photo,
                    bd_size grid, uint32_t count);

/* The rule on log-odds. Returns the words of push/rule.h, with the box of the subject where `locates`. */
bd_slot bd_rule_add(bd_recipe *recipe, bd_slot odds, bool locates);
/* Probabilities of what it says: a plane of the grid. */
bd_slot bd_rule_apply_add(bd_recipe *recipe, bd_slot words, bd_size grid, float bias);

#endif
