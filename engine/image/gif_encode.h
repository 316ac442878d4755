/* SPDX-License-Identifier: MIT
 * GIF out. */
#ifndef BD_GIF_ENCODE_H
#define BD_GIF_ENCODE_H

#include "image/frames.h"

/* A picture of one frame. */
void bd_gif_encode(bd_encoder *to);

extern const bd_frames_writer bd_gif_writer;

#endif
