/* SPDX-License-Identifier: MIT */
#include "canvas.h"
#include "picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_easy_font.h>

bool bench_canvas(uint32_t w, uint32_t h, bd_image *image) {
    *image = (bd_image){.width = w, .height = h, .stride_bytes = (size_t)w * 4};
    image->pixels = malloc(image->stride_bytes * h);
    if (image->pixels) {
        memset(image->pixels, 255, image->stride_bytes * h);
    }
    return image->pixels != NULL;
}

void bench_fill(bd_image *canvas, uint32_t x, uint32_t y, uint32_t w, uint32_t h, const uint8_t rgb[3]) {
    for (uint32_t row = y; row < y + h && row < canvas->height; row++) {
        for (uint32_t column = x; column < x + w && column < canvas->width; column++) {
            memcpy(canvas->pixels + row * canvas->stride_bytes + (size_t)column * 4, rgb, 3);
        }
    }
}

void bench_draw_text(bd_image *canvas, uint32_t x, uint32_t y, const char *text) {
    static const uint8_t ink[3] = {40, 40, 40};
    struct vertex {
        float x, y, z;
        uint8_t color[4];
    } quads[4 * 1024];
    char own[128];
    (void)snprintf(own, sizeof own, "%s", text);
    int count = stb_easy_font_print(0.0f, 0.0f, own, NULL, quads, (int)sizeof quads);
    for (int q = 0; q < count; q++) {
        const struct vertex *from = &quads[4 * q], *to = &quads[4 * q + 2];
        bench_fill(canvas, x + (uint32_t)from->x, y + (uint32_t)from->y, (uint32_t)(to->x - from->x),
                   (uint32_t)(to->y - from->y), ink);
    }
}

double bench_value_at(const bd_image *image, uint32_t x, uint32_t y, int c) {
    const uint8_t *row = image->pixels + y * image->stride_bytes;
    if (image->format == BD_FORMAT_GRAY16) {
        uint16_t wide;
        memcpy(&wide, row + 2 * (size_t)x, sizeof wide);
        return wide / 257.0;
    }
    return row[(size_t)x * 4 + (size_t)c];
}

void bench_draw(bd_image *canvas, uint32_t left, uint32_t top, uint32_t w, uint32_t h, const bd_image *image) {
    double sx = (double)image->width / w, sy = (double)image->height / h;
    for (uint32_t y = 0; y < h; y++) {
        for (uint32_t x = 0; x < w; x++) {
            double sums[3] = {0.0, 0.0, 0.0}, total = 0.0;
            for (uint32_t v = (uint32_t)(y * sy); v < image->height && v < (y + 1) * sy; v++) {
                for (uint32_t u = (uint32_t)(x * sx); u < image->width && u < (x + 1) * sx; u++) {
                    double weight = bench_overlap(x * sx, (x + 1) * sx, u) * bench_overlap(y * sy, (y + 1) * sy, v);
                    for (int c = 0; c < 3; c++) {
                        sums[c] += weight * bench_value_at(image, u, v, c);
                    }
                    total += weight;
                }
            }
            uint8_t *to = canvas->pixels + (top + y) * canvas->stride_bytes + (size_t)(left + x) * 4;
            for (int c = 0; c < 3; c++) {
                to[c] = (uint8_t)(total > 0.0 ? sums[c] / total + 0.5 : 0.0);
            }
        }
    }
}
