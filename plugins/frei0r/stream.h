/* SPDX-License-Identifier: MIT
 * What belongs to the frames of one instance: its session with the background that it keeps, and what has been said. What a
 * frame leaves for the next one belongs here. */
#ifndef BACKDROP_FREI0R_STREAM_H
#define BACKDROP_FREI0R_STREAM_H

#include "settings.h"
#include "shared.h"

typedef struct stream {
    uint32_t width, height;
    unsigned stale; /* bits of what the settings have to be read for once more */
    unsigned wrong; /* bits of what could not be made of them */
    shared_model *model;
    shared_engine *engine;
    bd_session *session;
    bool closer; /* the session has the network that the best mattes look with, too */
    bd_replace_params params;
    bd_matte_params matte; /* params.matte */
    char said[sizeof((bd_error *)0)->message];
} stream;

/* Opens nothing: that happens with the first frame. A stream does not move. */
void stream_init(stream *s, uint32_t width, uint32_t height);
void stream_finish(stream *s);

/* A setting has changed, by its number. */
void stream_change(stream *s, int setting);

/* Replaces the background of a frame: (height, width, 4) u8 RGBA without gaps between rows. False: result was not
 * written, and stderr says why, once. */
bool stream_replace(stream *s, const settings *from, const uint8_t *frame, uint8_t *result);

#endif
