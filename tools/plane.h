/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_PLANE_H
#define BACKDROP_CLI_PLANE_H

#include "cli.h"

/* (h, w) numbers in 0..1. */
typedef struct cli_plane {
    float *values;
    uint32_t w, h;
    bool labels; /* they were a label map's */
} cli_plane;

/* Reads what a picture means (mask_picture.h), with 16 bits where a PNG has them, or what npy.h does, from a file or a
 * stream. Upright or not, the file's rows are taken as they are. */
bool cli_read_plane(cli *run, const char *path, cli_plane *plane);
/* The values of a BD_FORMAT_GRAY16 image. */
bool cli_plane_take(cli *run, const char *path, const bd_image *image, cli_plane *plane);
void cli_plane_finish(cli_plane *plane);

#endif
