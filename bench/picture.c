/* SPDX-License-Identifier: MIT */
#include "picture.h"
#include "common.h"

#include <math.h>

void bench_fill_picture(uint8_t *pixels, uint32_t w, uint32_t h, uint32_t channels) {
    uint32_t state = 1;
    for (uint32_t y = 0; y < h; y++) {
        for (uint32_t x = 0; x < w; x++) {
            for (uint32_t c = 0; c < 3; c++) {
                state = state * 1664525u + 1013904223u;
                uint32_t slope = c == 0 ? x * 200 / w : (c == 1 ? y * 200 / h : (x + y) * 100 / (w + h));
                *pixels++ = (uint8_t)(slope + (state >> 24) % 56);
            }
            if (channels == 4) {
                *pixels++ = 255;
            }
        }
    }
}

bool bench_read_image(const char *path, bool as_stored, bd_image *image) {
    bd_error error;
    const bd_image_read_params params = {.struct_size = sizeof params, .ignore_orientation = as_stored};
    return !bd_image_read(path, &params, image, &error) || bench_fail(&error);
}

double bench_overlap(double from, double to, uint32_t i) {
    return fmax(fmin(to, i + 1.0) - fmax(from, (double)i), 0.0);
}
