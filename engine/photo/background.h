/* SPDX-License-Identifier: MIT
 * The new background, fitted to the photo. */
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
    uint32_t fill, fill_low; /* rgba around it, or instead of it; fill_low: the low bytes in a photo of 16 bits */
} bd_backdrop;

/* A picture that the host uploads, and how it is fitted. */
typedef struct bd_backdrop_picture {
    bd_size size;
    bool alpha; /* it has alpha that counts */
    bd_fit_plan fit;
    float blur_sigma_px; /* 0: it stays sharp */
    bd_slot given;       /* holds it, its colours multiplied by alpha where bd_background_premultiplies; BD_NO_SLOT: the
                            host uploads it */
} bd_backdrop_picture;

/* Whether the picture's colours are multiplied by its alpha before anything else is done to it. */
bool bd_background_premultiplies(const bd_backdrop_picture *picture);

/* Adds the picture's upload, fits it to a photo of that size, blurs it, and sets the picture's members of backdrop. */
void bd_background_add(bd_recipe *recipe, const bd_backdrop_picture *picture, bd_size photo, bd_backdrop *backdrop);

/* Copies a fitted picture to memory that outlives the photo, and makes backdrop that copy. */
void bd_background_keep(bd_recipe *recipe, bd_backdrop *backdrop, const bd_vk_buffer *to);

#endif
