/* SPDX-License-Identifier: MIT
 * What a picture means that takes the network's place: a matte, a cut-out, a mask of 0 and 1, or a label map. */
#ifndef BACKDROP_CLI_MASK_PICTURE_H
#define BACKDROP_CLI_MASK_PICTURE_H

#include "plane.h"

typedef struct cli_mask_source {
    const char *path; /* or what stands for it in messages */
    const void *data; /* NULL: the file is read */
    size_t bytes;
} cli_mask_source;

/* Of a cut-out the alpha, of a label map in Pascal VOC's colours 1 where a class of --class is and else 0, of a mask of 0
 * and 1 these, else the luminance. What is neither grey nor one of these is refused. */
bool cli_mask_picture_read(cli *run, const cli_mask_source *source, cli_plane *plane);
/* Of whole numbers over all of their type's range: those of a mask of 0 and 1 become 0 and the most; a label map is
 * refused. */
bool cli_mask_settle(cli *run, const char *path, cli_plane *plane);

#endif
