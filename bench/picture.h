/* SPDX-License-Identifier: MIT
 * Pictures that are read, and made. */
#ifndef BD_BENCH_PICTURE_H
#define BD_BENCH_PICTURE_H

#include "backdrop.h"

/* A picture's worth of structure from a fixed seed: gradients with noise. channels: 3, or 4 with an opaque alpha. */
void bench_fill_picture(uint8_t *pixels, uint32_t w, uint32_t h, uint32_t channels);
/* Prints what failed. as_stored: as its pixels lie in the file, whatever its orientation. */
bool bench_read_image(const char *path, bool as_stored, bd_image *image);
/* Share of [from, to) that pixel i covers, in pixels. */
double bench_overlap(double from, double to, uint32_t i);

#endif
