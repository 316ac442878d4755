/* SPDX-License-Identifier: MIT
 * From the network's coarse mask, or the caller's, to a matte at the photo's own size.
 *
 * Everything but the first and the last step runs on grids of at most 1024 nodes a side, whatever the photo's size;
 * those two take the photo in bands of rows that the device can bind. */
#ifndef BD_MATTING_H
#define BD_MATTING_H

#include "network/looks.h"
#include "photo/key.h"
#include "photo/upload.h"

/* What a matte is made from. */
typedef struct bd_matte_input {
    const bd_matte_params *params; /* classes are set */
    const bd_looks *looks;
    bd_slot photo;              /* of 8 bits */
    bd_slot map, trimap;        /* of bd_matte_upload */
    bd_slot logits;             /* where bd_matte_needs_network */
    bd_size resized;            /* the photo as the network saw it, likewise */
    uint32_t person;            /* the class, likewise */
    int32_t background;         /* likewise; -1: there is none */
    bool second_look;           /* likewise: the first network's gate has been made; the photo may still be too tall */
    uint32_t closed_form_steps; /* 0: as many as are usual */
} bd_matte_input;

typedef struct bd_matte {
    bd_slot plane;  /* (h, w) of the photo */
    bd_slot coarse; /* probabilities on the rule's grid; BD_NO_SLOT: the rule was not asked */
    bd_slot found;  /* a word: there is foreground (components.h) */
    bd_keyed keyed; /* of a key */
} bd_matte;

/* Whether a matte needs the network's logits: not with probabilities or a trimap of the caller's, nor
 * with a key alone. */
bool bd_matte_needs_network(const bd_matte_params *params);
bd_result bd_matte_check(const bd_matte_params *params, bd_size photo, bool has_network, bd_error *error);

/* Where it does: the network looks at input->photo, and stores what it says there. Returns what it saw: labels. */
bd_slot bd_matte_look_add(bd_recipe *recipe, bd_matte_input *input);

enum { BD_MATTE_MOST_SOURCES = 2 };
/* Adds uploads for the caller's probabilities and trimap, in this order, and stores their slots in input. */
void bd_matte_upload(bd_recipe *recipe, const bd_matte_params *params, bd_matte_input *input);
/* The sources of those uploads, in the same order; returns how many. */
uint32_t bd_matte_sources(const bd_matte_params *params, bd_source sources[BD_MATTE_MOST_SOURCES]);

bd_matte bd_matte_add(bd_recipe *recipe, const bd_matte_input *input);

#endif
