/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "photo/upload.h"

static void premultiply(uint8_t *row, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 4) {
        for (size_t c = 0; c < 3; c++) {
            row[i + c] = (uint8_t)((row[i + c] * row[i + 3] * 2u + 255u) / 510u);
        }
    }
}

static void premultiply16(uint16_t *row, size_t bytes) {
    for (size_t i = 0; i < bytes / 2; i += 4) {
        for (size_t c = 0; c < 3; c++) {
            row[i + c] = (uint16_t)(((uint64_t)row[i + c] * row[i + 3] * 2u + 65535u) / 131070u);
        }
    }
}

/* `count` numbers, of u8 or u16 on either side. */
static void change_depth(const uint8_t *from, bool from_deep, void *to, bool to_deep, size_t count) {
    uint8_t *bytes = to;
    uint16_t *words = to;
    if (from_deep == to_deep) {
        memcpy(to, from, count * (to_deep ? 2 : 1));
        return;
    }
    for (size_t i = 0; i < count && to_deep; i++) {
        words[i] = (uint16_t)(from[i] * 257u);
    }
    for (size_t i = 0; i < count && !to_deep; i++) {
        uint16_t value;
        memcpy(&value, from + 2 * i, sizeof value);
        bytes[i] = (uint8_t)((value * 255u + 32895u) >> 16);
    }
}

static void write_picture(const bd_slot_shape *shape, const bd_source *source, bool premultiplied, char *to) {
    const bd_image *image = source->image;
    bool from_deep = image->format == BD_FORMAT_RGBA16, deep = shape->kind == BD_SLOT_PICTURE16;
    size_t row_bytes = (size_t)bd_slot_row_bytes(shape);
    if (image->stride_bytes == row_bytes && from_deep == deep && !source->color && !premultiplied) {
        memcpy(to, image->pixels, row_bytes * shape->h);
        return;
    }
    for (uint32_t y = 0; y < shape->h; y++, to += row_bytes) {
        const uint8_t *from = image->pixels + y * image->stride_bytes;
        if (source->color) {
            bd_color_pixels(source->color, from, to, image->width);
        } else {
            change_depth(from, from_deep, to, deep, (size_t)image->width * 4);
        }
        if (premultiplied && deep) {
            premultiply16((uint16_t *)(void *)to, row_bytes);
        } else if (premultiplied) {
            premultiply((uint8_t *)to, row_bytes);
        }
    }
}

static void write_probabilities(const bd_slot_shape *shape, const float *from, float *to) {
    size_t pitch = (size_t)(shape->w + 3) / 4 * 4;
    for (size_t y = 0; y < shape->h; y++) {
        for (size_t x = 0; x < pitch; x++) {
            float v = x < shape->w ? from[y * shape->w + x] : 0.0f;
            to[y * pitch + x] = v > 0.0f ? fminf(v, 1.0f) : 0.0f; /* what is no number becomes 0 */
        }
    }
}

static void write_bytes(const bd_slot_shape *shape, const bd_image *from, char *to) {
    size_t pitch = (size_t)bd_slot_row_bytes(shape);
    for (size_t y = 0; y < shape->h; y++, to += pitch) {
        memcpy(to, from->pixels + y * from->stride_bytes, shape->w);
        memset(to + shape->w, 0, pitch - shape->w);
    }
}

void bd_upload_write(bd_upload_kind kind, const bd_slot_shape *shape, const bd_source *source, void *to) {
    switch (kind) {
    case BD_UPLOAD_PICTURE: write_picture(shape, source, false, to); break;
    case BD_UPLOAD_PREMULTIPLIED: write_picture(shape, source, true, to); break;
    case BD_UPLOAD_PROBABILITIES: write_probabilities(shape, source->probabilities, to); break;
    case BD_UPLOAD_BYTES: write_bytes(shape, source->image, to); break;
    }
}
