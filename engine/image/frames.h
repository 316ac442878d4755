/* SPDX-License-Identifier: MIT
 * What readers of animations and their writers offer: one of each for every form that holds several frames. */
#ifndef BD_FRAMES_H
#define BD_FRAMES_H

#include "image/encoder.h"
#include "image/image_source.h"

typedef struct bd_frames_reader {
    /* How many frames a file has, and how often they are played, without decoding any; false: it is a still picture, or
     * broken so that decoding it as one will say how. */
    bool (*count)(const bd_image_source *source, bd_animation_info *info);
    /* Of a file with frames: the orientation that EXIF says of them, and its metadata where that is wanted.
     * BD_ERR_OUT_OF_MEMORY. */
    bd_result (*describe)(const bd_image_source *source, int *orientation, bd_error *error);
    /* source stays where it is. *state is closed by the caller, after a failure too. */
    bd_result (*open)(const bd_image_source *source, void **state, bd_error *error);
    /* Is called once for each frame that was counted. */
    bd_result (*next)(void *state, bd_image *frame, bd_delay *delay, bd_error *error);
    void (*close)(void *state); /* NULL is fine */
} bd_frames_reader;

typedef struct bd_frames_writer {
    /* to->image is the first frame, whose size and profile all have. *state as above. */
    bd_result (*begin)(bd_encoder *to, uint32_t play_count, void **state);
    /* An RGBA8 picture without gaps, alpha included. */
    bd_result (*add)(void *state, const bd_image *frame, bd_delay delay);
    /* Leaves the file in to. */
    bd_result (*end)(void *state);
    void (*close)(void *state);
} bd_frames_writer;

/* An image of 8 bits as writers take it. copy: an RGBA8 image of its size without gaps. */
void bd_frames_load(const bd_image *image, bd_image *copy);
/* A file of one frame, to->image. */
void bd_frames_encode(const bd_frames_writer *writer, bd_encoder *to);

#endif
