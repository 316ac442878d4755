/* SPDX-License-Identifier: MIT
 * The new background: how it comes to lie under the photo. */
#ifndef BD_BACKGROUND_H
#define BD_BACKGROUND_H

#include "geometry/fit.h"
#include "photo/recipe.h"

typedef struct bd_backdrop {
    bd_slot picture; /* BD_NO_SLOT: a colour, or transparency */
    int32_t offset_x, offset_y;
    bool tile;
    bool premultiplied;
    bool of_photo;           /* the photo's, inside its alpha */
    uint32_t fill, fill_low; /* around it, or instead of it: four bytes; the latter: what 16 bits have below them */
} bd_backdrop;

/* A picture that the host uploads, and how it is fitted. */
typedef struct bd_backdrop_picture {
    bd_size size;
    bool alpha; /* it may not be opaque, and that counts */
    bd_fit_plan fit;
    float blur_sigma_px; /* 0: it stays sharp */
} bd_backdrop_picture;

/* Its upload; it is fitted by: */
bd_slot bd_background_upload(bd_recipe *recipe, const bd_backdrop_picture *picture);
/* Sets what of a backdrop is the picture's. photo: the size that it goes under. */
void bd_background_add(bd_recipe *recipe, const bd_backdrop_picture *picture, bd_slot upload, bd_size photo,
                       bd_backdrop *backdrop);

#endif
