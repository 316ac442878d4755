/* SPDX-License-Identifier: MIT
 * Numbers of a file's own depth become those of an image. */
#ifndef BD_SAMPLES_H
#define BD_SAMPLES_H

#include <string.h>

#include "image/image_source.h"

/* Is a picture of more than 8 bits to be RGBA16? For GRAY16, too, until it is made of that. */
static inline bool bd_wants_deep(const bd_image_source *source) {
    return source->keep_depth || source->gray16;
}

/* 0..most to 0..to_most, rounded; both up to 65535. More than most counts as most. */
static inline uint32_t bd_sample_scale(uint32_t value, uint32_t most, uint32_t to_most) {
    return (BD_MIN(value, most) * to_most + most / 2) / most;
}

/* A pixel of an RGBA image from numbers of its depth. */
static inline void bd_pixel_store(uint8_t *pixels, size_t index, bool deep, const uint32_t rgba[4]) {
    if (deep) {
        const uint16_t values[4] = {(uint16_t)rgba[0], (uint16_t)rgba[1], (uint16_t)rgba[2], (uint16_t)rgba[3]};
        memcpy(pixels + index * sizeof values, values, sizeof values);
    } else {
        const uint8_t values[4] = {(uint8_t)rgba[0], (uint8_t)rgba[1], (uint8_t)rgba[2], (uint8_t)rgba[3]};
        memcpy(pixels + index * sizeof values, values, sizeof values);
    }
}

#endif
