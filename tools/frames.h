/* SPDX-License-Identifier: MIT
 * The frames of a photo that is an animation, where what is written is one, too. */
#ifndef BACKDROP_CLI_FRAMES_H
#define BACKDROP_CLI_FRAMES_H

#include "cropping.h"

/* Zeroed at first. */
typedef struct cli_frames {
    const char *path;     /* the photo's, the caller's */
    bd_animation *source; /* NULL: a still picture, of which there is nothing more to do */
    uint8_t *data;        /* a stream's, which cannot be read again */
    size_t bytes;
    bd_animation_info info;
    uint32_t read;  /* how many were */
    bd_delay delay; /* of the one that was read last */
    bd_animation_writer *writer, *mattes;
    uint32_t found; /* set by the caller: in how many the subject is, of the last of which seen tells */
    bd_seen seen;
    cli_cropping crop; /* the caller's: of all frames */
    bool cut;          /* the caller's: all have been looked at for that */
} cli_frames;

/* Reads a photo whose result is a file, and its metadata, unless options say otherwise; cli_write_photo and
 * bd_metadata_finish take that. frames: gets what follows the first frame of an animation, where files of that form hold
 * animations and no option is for one picture; else a note says that there is more. */
bool cli_read_photo(cli *run, const char *path, bd_image_file file, bd_image *image, bd_metadata *metadata,
                    cli_frames *frames);
bool cli_frames_left(const cli_frames *frames);
bool cli_frames_next(cli *run, cli_frames *frames, bd_image *image);
/* The first one once more. path and file: as of cli_read_photo. */
bool cli_frames_again(cli *run, cli_frames *frames, const char *path, bd_image_file file, bd_image *image);
/* Appends what was made of the frame that was read last; metadata is the photo's. */
bool cli_frames_add(cli *run, cli_frames *frames, bd_image_file file, const bd_image *image,
                    const bd_metadata *metadata);
/* The same for its matte, BD_FORMAT_GRAY8, which has no metadata. */
bool cli_frames_add_matte(cli *run, cli_frames *frames, bd_image_file file, const bd_image *alpha);
/* Writes all that were appended. */
bool cli_frames_write(cli *run, cli_frames *frames, const char *path);
bool cli_frames_write_mattes(cli *run, cli_frames *frames, const char *path);
void cli_frames_close(cli_frames *frames);

#endif
