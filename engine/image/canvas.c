/* SPDX-License-Identifier: MIT */
#include "image/canvas.h"

#include <string.h>

#include "image/pixels.h"

enum { PIXEL = 4 };

static uint8_t *pixel_at(const bd_canvas *canvas, uint32_t x, uint32_t y) {
    return canvas->pixels + ((size_t)y * canvas->width + x) * PIXEL;
}

static size_t canvas_bytes(const bd_canvas *canvas) {
    return (size_t)canvas->width * canvas->height * PIXEL;
}

static bd_result no_memory(const bd_image_source *source, bd_error *error) {
    return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", source->name);
}

bd_result bd_canvas_init(bd_canvas *canvas, const bd_image_source *source, uint32_t width, uint32_t height,
                         bd_error *error) {
    *canvas = (bd_canvas){.allocator = source->allocator, .width = width, .height = height};
    canvas->pixels = bd_alloc_zero(source->allocator, canvas_bytes(canvas));
    return canvas->pixels ? BD_OK : no_memory(source, error);
}

static void dispose(bd_canvas *canvas) {
    const bd_rectangle *drawn = &canvas->drawn;
    for (uint32_t y = drawn->y; y < drawn->y + drawn->height; y++) {
        uint8_t *row = pixel_at(canvas, drawn->x, y);
        const size_t bytes = (size_t)drawn->width * PIXEL;
        if (canvas->disposal == BD_DISPOSAL_CLEAR) {
            memset(row, 0, bytes);
        } else if (canvas->disposal == BD_DISPOSAL_PREVIOUS) {
            memcpy(row, canvas->saved + (row - canvas->pixels), bytes);
        }
    }
}

bd_result bd_canvas_begin(bd_canvas *canvas, const bd_image_source *source, bd_rectangle place, bd_disposal disposal,
                          bd_error *error) {
    dispose(canvas);
    place.x = BD_MIN(place.x, canvas->width);
    place.y = BD_MIN(place.y, canvas->height);
    place.width = BD_MIN(place.width, canvas->width - place.x);
    place.height = BD_MIN(place.height, canvas->height - place.y);
    canvas->drawn = place;
    canvas->disposal = BD_DISPOSAL_KEEP;
    if (disposal == BD_DISPOSAL_PREVIOUS) {
        canvas->saved = canvas->saved ? canvas->saved : bd_alloc(canvas->allocator, canvas_bytes(canvas));
        if (!canvas->saved) {
            return no_memory(source, error);
        }
        memcpy(canvas->saved, canvas->pixels, canvas_bytes(canvas));
    }
    canvas->disposal = disposal;
    return BD_OK;
}

/* Porter and Duff's over on straight alpha (PNG 3rd edition, 13.16), rounded to nearest. */
static void draw_over(uint8_t *to, const uint8_t *from) {
    const uint32_t over = from[3], under = to[3];
    if (over == 255 || (over && !under)) {
        memcpy(to, from, PIXEL);
    } else if (over) {
        const uint32_t left = under * (255 - over), alpha = over * 255 + left; /* of 255 * 255 */
        for (int c = 0; c < 3; c++) {
            to[c] = (uint8_t)((from[c] * over * 255 + to[c] * left + alpha / 2) / alpha);
        }
        to[3] = (uint8_t)((alpha + 127) / 255);
    }
}

void bd_canvas_draw(bd_canvas *canvas, uint32_t x, uint32_t y, const uint8_t *row, uint32_t pixels, bool over) {
    if (x >= canvas->width || y >= canvas->height) {
        return;
    }
    pixels = BD_MIN(pixels, canvas->width - x);
    uint8_t *to = pixel_at(canvas, x, y);
    if (!over) {
        memcpy(to, row, (size_t)pixels * PIXEL);
        return;
    }
    for (; pixels; pixels--, to += PIXEL, row += PIXEL) {
        draw_over(to, row);
    }
}

bd_result bd_canvas_show(const bd_canvas *canvas, const bd_image_source *source, bd_image *image, bd_error *error) {
    bd_result result =
        bd_image_create(canvas->allocator, source->name, canvas->width, canvas->height, BD_FORMAT_RGBA8, image, error);
    if (!result) {
        memcpy(image->pixels, canvas->pixels, canvas_bytes(canvas));
        bd_image_find_alpha(image);
    }
    return result;
}

void bd_canvas_finish(bd_canvas *canvas) {
    bd_free(canvas->allocator, canvas->pixels);
    bd_free(canvas->allocator, canvas->saved);
    *canvas = (bd_canvas){0};
}
