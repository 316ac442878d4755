/* SPDX-License-Identifier: MIT
 * A picture's colours as few. */
#ifndef BD_PALETTE_H
#define BD_PALETTE_H

#include "base/base.h"

enum { BD_PALETTE_MOST = 255 }; /* leaves an index for transparency */

typedef struct bd_palette {
    uint8_t colors[BD_PALETTE_MOST][3];
    uint32_t count;
} bd_palette;

/* Finds count colours at most for the opaque pixels of an RGBA8 picture without gaps, by median cut (Heckbert 1982) in
 * cells of 5 bits a channel, and the index of each pixel, with the error of each spread over those to come (Floyd and
 * Steinberg 1976). Pixels of an alpha below 128 become index `count`.
 *
 * indices  (h, w) u8
 * Errors   BD_ERR_OUT_OF_MEMORY.
 */
bd_result bd_palette_reduce(const bd_allocator *allocator, const bd_image *image, bd_palette *palette, uint8_t *indices,
                            bd_error *error);

#endif
