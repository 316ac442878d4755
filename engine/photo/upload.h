/* SPDX-License-Identifier: MIT
 * Writes the host's pictures, planes and bytes into a recipe's uploads. */
#ifndef BD_UPLOAD_H
#define BD_UPLOAD_H

#include "image/image.h"
#include "photo/recipe.h"

/* Of one upload. Borrowed until the photo is submitted. */
typedef struct bd_source {
    const bd_image *image;
    bool opaque;                /* its alpha is not looked at */
    const bd_color *color;      /* how its colours change on the way; NULL: not at all */
    const float *probabilities; /* of BD_UPLOAD_PROBABILITIES: (h, w) of the slot, without padding */
} bd_source;

/* Writes the rows of a slot of that shape to `to`. */
void bd_upload_write(bd_upload_kind kind, const bd_slot_shape *shape, const bd_source *source, void *to);

#endif
