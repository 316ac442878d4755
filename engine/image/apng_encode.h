/* SPDX-License-Identifier: MIT
 * Animated PNG out. */
#ifndef BD_APNG_ENCODE_H
#define BD_APNG_ENCODE_H

#include "image/frames.h"

extern const bd_frames_writer bd_apng_writer;

#endif
