/* SPDX-License-Identifier: MIT
 * Where pictures of a photo come from and go to, other than the host's memory: images on the device. They are copied to
 * slots before a recipe's commands and from slots after them, by two small command buffers that are recorded for every
 * photo: the recipe, and what is recorded of it, knows slots only. */
#ifndef BD_SOURCE_H
#define BD_SOURCE_H

#include "photo/recipe.h"
#include "vk/vk_image.h"

typedef enum bd_image_role {
    BD_IMAGE_PHOTO,
    BD_IMAGE_BACKGROUND,
    BD_IMAGE_RESULT,
    BD_IMAGE_MATTE,
    BD_IMAGE_ROLES
} bd_image_role;

typedef struct bd_shared_image {
    bool given;
    bd_pixel_form form; /* but of mattes */
    bd_vk_image at;
    bd_slot slot; /* that it is copied to or from */
    uint32_t row_texels;
} bd_shared_image;

/* The images of one photo, with what is waited for before they are touched and signalled after. */
typedef struct bd_exchange {
    bd_shared_image images[BD_IMAGE_ROLES];
    bool wide_matte; /* in 16 bits */
    bd_vk_syncs syncs;
} bd_exchange;

/* A slot of a kind of picture with what an image holds; premultiplied: its colours multiplied by its alpha. */
bd_slot bd_source_add(bd_recipe *recipe, bd_exchange *exchange, bd_image_role role, bd_slot_kind kind,
                      bool premultiplied);
/* Gives an image what a slot holds after the last pass: a picture, or a packed matte. */
void bd_sink_add(bd_recipe *recipe, bd_exchange *exchange, bd_image_role role, bd_slot slot);

/* Records the copies; slots: where each lies. The device is done with both. */
bd_result bd_exchange_record(const bd_exchange *exchange, bd_vk *vk, const bd_vk_binding *slots, bd_vk_commands *before,
                             bd_vk_commands *after, bd_error *error);

#endif
