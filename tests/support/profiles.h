/* SPDX-License-Identifier: MIT
 * ICC profiles for tests, made on the spot. Released with free(). Everything asserts. */
#ifndef SUPPORT_PROFILES_H
#define SUPPORT_PROFILES_H

#include "support/pictures.h"

/* sRGB with red and green swapped: (r, g, b) there is (g, r, b) in sRGB. `spare` bytes of padding make it long. */
bytes swapped_profile(size_t spare);
/* sRGB's primaries, light = value to the power gamma. */
bytes gamma_profile(double gamma);
/* sRGB as lcms2 writes it. */
bytes srgb_profile(void);
/* Of grey, light = value to the power gamma. */
bytes gray_profile(double gamma);
/* Inks that are none: Lab is (100 (1 - black) (1 - cyan), 100 magenta - 50, 100 yellow - 50) out of 0 .. 1. */
bytes ink_profile(void);
/* sRGB with conversions of floats (ICC.1:2010, 10.14) of so many stages, all of which lie at one place. */
bytes stages_profile(uint32_t count);
/* The XYZ profile of class "abstract", which no picture may have. */
bytes abstract_profile(void);

/* sRGB's curve and back, of numbers in 0..1. */
double to_light(double value);
double to_srgb(double value);

#endif
