/* SPDX-License-Identifier: MIT
 * Animated WebP out. */
#ifndef BD_WEBP_FRAMES_ENCODE_H
#define BD_WEBP_FRAMES_ENCODE_H

#include "image/frames.h"

extern const bd_frames_writer bd_webp_writer;

#endif
