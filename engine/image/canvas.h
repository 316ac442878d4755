/* SPDX-License-Identifier: MIT
 * Frames that are put onto each other. */
#ifndef BD_CANVAS_H
#define BD_CANVAS_H

#include "image/image_source.h"

/* What becomes of a frame's place before the next one is drawn. */
typedef enum bd_disposal { BD_DISPOSAL_KEEP, BD_DISPOSAL_CLEAR, BD_DISPOSAL_PREVIOUS } bd_disposal;

typedef struct bd_rectangle {
    uint32_t x, y, width, height;
} bd_rectangle;

/* RGBA8 with straight alpha. */
typedef struct bd_canvas {
    const bd_allocator *allocator;
    uint32_t width, height;
    uint8_t *pixels;
    uint8_t *saved; /* for BD_DISPOSAL_PREVIOUS; NULL until one asks for it */
    bd_disposal disposal;
    bd_rectangle drawn; /* of the frame that is to be disposed of */
} bd_canvas;

/* Transparent black. Errors: BD_ERR_OUT_OF_MEMORY. */
bd_result bd_canvas_init(bd_canvas *canvas, const bd_image_source *source, uint32_t width, uint32_t height,
                         bd_error *error);
/* Disposes of the frame before, and gets ready for one at a place, of which what lies outside is cut off. */
bd_result bd_canvas_begin(bd_canvas *canvas, const bd_image_source *source, bd_rectangle place, bd_disposal disposal,
                          bd_error *error);
/* A row of the frame, whose first pixel lies at x: in the place of what is there, or over it. */
void bd_canvas_draw(bd_canvas *canvas, uint32_t x, uint32_t y, const uint8_t *row, uint32_t pixels, bool over);
/* A copy of what is there. */
bd_result bd_canvas_show(const bd_canvas *canvas, const bd_image_source *source, bd_image *image, bd_error *error);
void bd_canvas_finish(bd_canvas *canvas); /* a zeroed one is fine */

#endif
