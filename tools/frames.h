/* SPDX-License-Identifier: MIT
 * The frames of a photo that is an animation, where what is written is one, too. */
#ifndef BACKDROP_CLI_FRAMES_H
#define BACKDROP_CLI_FRAMES_H

#include "cli.h"

/* Zeroed at first. */
typedef struct cli_frames {
    bd_animation *source; /* NULL: a still picture, of which there is nothing more to do */
    uint8_t *data;        /* standard input's */
    bd_animation_info info;
    uint32_t read;  /* how many were */
    bd_delay delay; /* of the one that was read last */
    bd_animation_writer *writer;
    bool found; /* set by the caller: the subject is in one of them, of which seen tells */
    bd_seen seen;
} cli_frames;

/* Opens a photo, and reads the first frame, or the still picture. */
bool cli_frames_open(cli *run, const char *path, const bd_image_read_params *params, cli_frames *frames,
                     bd_image *image);
bool cli_frames_left(const cli_frames *frames);
bool cli_frames_next(cli *run, cli_frames *frames, bd_image *image);
/* Appends what was made of the frame that was read last. */
bool cli_frames_add(cli *run, cli_frames *frames, const bd_image_write_params *params, const bd_image *image);
/* Writes all that were appended. */
bool cli_frames_write(cli *run, cli_frames *frames, const char *path);
void cli_frames_close(cli_frames *frames);

#endif
