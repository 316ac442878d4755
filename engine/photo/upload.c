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

static void write_picture(const bd_slot_shape *shape, const bd_source *source, bool premultiplied, char *to) {
    const bd_image *image = source->image;
    bool deep = shape->kind == BD_SLOT_PICTURE16;
    bool opaque = source->opaque || bd_image_is_opaque(image);
    size_t row_bytes = (size_t)bd_slot_row_bytes(shape);
    bool plain = image->format == (deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8) && !source->color && !premultiplied;
    /* Alpha of an image of the library's is full where it has none. */
    if (plain && (!opaque || (image->owner && !image->has_alpha)) && image->stride_bytes == (ptrdiff_t)row_bytes) {
        memcpy(to, image->pixels, row_bytes * shape->h);
        return;
    }
    for (uint32_t y = 0; y < shape->h; y++, to += row_bytes) {
        if (source->color) {
            bd_color_pixels(source->color, image->pixels + (ptrdiff_t)y * image->stride_bytes, to, image->width);
            if (opaque) {
                bd_row_fill_alpha(to, deep, image->width);
            }
        } else {
            bd_row_load(image, y, opaque, deep, to);
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
        memcpy(to, from->pixels + (ptrdiff_t)y * from->stride_bytes, shape->w);
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
