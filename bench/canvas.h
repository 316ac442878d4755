/* SPDX-License-Identifier: MIT
 * What contact sheets are drawn with. */
#ifndef BD_BENCH_CANVAS_H
#define BD_BENCH_CANVAS_H

#include "backdrop.h"

enum { BENCH_GAP = 8, BENCH_CAPTION = 16 }; /* between tiles; a line of text under one */

/* White, RGBA8; its pixels are free()d by the caller. False: out of memory. */
bool bench_canvas(uint32_t w, uint32_t h, bd_image *image);
void bench_fill(bd_image *canvas, uint32_t x, uint32_t y, uint32_t w, uint32_t h, const uint8_t rgb[3]);
void bench_draw_text(bd_image *canvas, uint32_t x, uint32_t y, const char *text);
/* Each pixel of w x h at (left, top) is the mean of what it covers of the picture, which is RGBA8 or GRAY16. */
void bench_draw(bd_image *canvas, uint32_t left, uint32_t top, uint32_t w, uint32_t h, const bd_image *image);
/* Channel c of a picture of RGBA8 or GRAY16 as a byte. */
double bench_value_at(const bd_image *image, uint32_t x, uint32_t y, int c);

#endif
