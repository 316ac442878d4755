/* SPDX-License-Identifier: MIT
 * Animated WebP. */
#ifndef BD_WEBP_FRAMES_H
#define BD_WEBP_FRAMES_H

#include "image/frames.h"

extern const bd_frames_reader bd_webp_reader;

#endif
