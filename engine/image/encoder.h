/* SPDX-License-Identifier: MIT
 * What the encoders share: the image being written, and the bytes that it becomes. */
#ifndef BD_ENCODER_H
#define BD_ENCODER_H

#include "image/metadata.h"

/* Bytes that grow as the encoder goes. */
typedef struct bd_encoder {
    const bd_image *image; /* checked */
    bd_image_write_params params;
    bd_metadata metadata; /* what is to be written of it, of the image's size */
    const char *name;     /* for messages */
    bd_error *error;
    bd_result result;
    unsigned dropped;   /* metadata that the form cannot hold, 1 << bd_metadata_kind */
    char parts[100];    /* where that is a part of a kind: which, for the message */
    bool out_of_memory; /* set by an encoder whose library only says that it failed */
    uint8_t *data;      /* from the parameters' allocator; released by the caller, after failures too */
    size_t used, room;
} bd_encoder;

/* Room for some bytes more behind those in use; false: out of memory. */
bool bd_encoder_grow(bd_encoder *encoder, size_t bytes);
/* Appends bytes; false: out of memory. */
bool bd_encoder_put(bd_encoder *encoder, const void *data, size_t bytes);
/* A part of a kind of metadata is dropped, such as the text of a key. */
void bd_encoder_drop(bd_encoder *encoder, bd_metadata_kind kind, const char *part);
/* The row y, from the top. */
uint8_t *bd_encoder_row(const bd_encoder *encoder, uint32_t y);
/* Is the image of 16 bits? */
bool bd_encoder_is_deep(const bd_encoder *encoder);
/* Does blue come first in memory? */
bool bd_encoder_is_swapped(const bd_encoder *encoder);
/* What the caller gives of metadata, made to fit the image, and which kinds of it are dropped by a form that holds those
 * in held, 1 << bd_metadata_kind. Errors: BD_ERR_INVALID_ARGUMENT, BD_ERR_OUT_OF_MEMORY. */
bd_result bd_encoder_take_metadata(bd_encoder *encoder, unsigned held);
/* A warning, where something was. */
void bd_encoder_say_dropped(const bd_encoder *encoder, const char *form);

#endif
