/* SPDX-License-Identifier: MIT
 * Animated PNG. */
#ifndef BD_APNG_H
#define BD_APNG_H

#include "image/frames.h"

extern const bd_frames_reader bd_apng_reader;

#endif
