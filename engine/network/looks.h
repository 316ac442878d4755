/* SPDX-License-Identifier: MIT
 * The networks of one session: one, or several looks at a photo, at other sizes and mirrored, whose probabilities are
 * averaged on the first network's grid (Chen et al. 2017, arXiv 1706.05587, section 4). */
#ifndef BD_LOOKS_H
#define BD_LOOKS_H

#include "network/network.h"

enum { BD_MOST_SIZES = 6, BD_MOST_LOOKS = 2 * (BD_MOST_SIZES + 1) };

typedef struct bd_looks {
    bd_vk *vk;
    uint32_t count; /* how often a network runs for one photo, the closer one apart; 0: there is none */
    bool flip;      /* every other look is of the mirrored photo */
    bd_network network;
    bd_network sizes[BD_MOST_SIZES]; /* the same network at other sizes */
    uint32_t size_count;
    bool closer;          /* they are for the best mattes alone, and not averaged */
    bd_vk_buffer sums[2]; /* of probabilities, taken in turns; the first network's logits in shape */
} bd_looks;

/* One look with one network. params as bd_network_init's. */
bd_result bd_looks_init(bd_looks *looks, bd_vk *vk, const bd_graph *graph, const bd_network_params *params,
                        bd_error *error);
/* More of them: the same network opened at other sizes, and each of them mirrored. */
bd_result bd_looks_add(bd_looks *looks, const bd_graph *const *sizes, uint32_t size_count, bool flip, bd_error *error);
/* The same network at a larger size, for the best mattes alone. */
bd_result bd_looks_add_closer(bd_looks *looks, const bd_graph *larger, bd_error *error);
void bd_looks_finish(bd_looks *looks); /* safe on a zeroed one */

const bd_network *bd_looks_network(const bd_looks *looks, uint32_t look);
/* Of device memory that all of them take. */
VkDeviceSize bd_looks_bytes(const bd_looks *looks);
bool bd_looks_is_mirrored(const bd_looks *looks, uint32_t look);
/* What labels and masks read: the network's logits, or the average of all looks, of the first network's shape. */
bd_vk_binding bd_looks_logits(const bd_looks *looks);
/* Where the sum is after a look. */
bd_vk_binding bd_looks_sum(const bd_looks *looks, uint32_t look);

/* Size that a photo is resized to for a network. */
void bd_looks_photo_size(const bd_network *network, uint32_t photo_w, uint32_t photo_h, uint32_t *w, uint32_t *h);
/* Pixels of a map of `size` pixels over the resized photo of `resized` pixels, on a network's logits; axis 2: x, 1: y. */
bd_axis_map bd_looks_pixel_map(const bd_network *network, int axis, uint32_t resized, double size);
/* From pixels of a network's input to its logits; axis as above. */
bd_axis_map bd_looks_input_map(const bd_network *network, int axis);
/* From the first network's logits to those of a look; first, other: pixels of the photo as the two see it. */
bd_axis_map bd_looks_look_map(const bd_looks *looks, uint32_t look, int axis, uint32_t first, uint32_t other);

#endif
