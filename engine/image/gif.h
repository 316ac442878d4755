/* SPDX-License-Identifier: MIT
 * GIF. */
#ifndef BD_GIF_H
#define BD_GIF_H

#include "image/frames.h"

/* Writes the first frame as an RGBA8 image on success only. */
bd_result bd_gif_decode(const bd_image_source *source, bd_image *image, bd_error *error);

extern const bd_frames_reader bd_gif_reader;

#endif
