/* SPDX-License-Identifier: MIT */
#include "image/rows.h"

#include <string.h>

#include "image/pixels.h"

/* Pixels; loops of a constant length become vectors, and the few stay in registers. */
enum { BLOCK = 64, FEW = 4 };

static bool is_swapped(bd_format format) {
    return format == BD_FORMAT_BGRA8 || format == BD_FORMAT_BGRX8;
}

static bool has_no_alpha(bd_format format) {
    return format == BD_FORMAT_RGBX8 || format == BD_FORMAT_BGRX8;
}

bool bd_image_is_opaque(const bd_image *image) {
    return has_no_alpha(image->format) || !image->has_alpha;
}

/* ---- pixels ------------------------------------------------------------------------------------------------------ */

/* Bytes of a pixel that stay, and bits that are set. */
typedef struct arrangement {
    uint32_t keep, fill;
} arrangement;

/* A word turned by half has each byte in the place of the next but one, whatever the order of bytes. */
static inline uint32_t arranged(const arrangement *a, uint32_t pixel) {
    return (pixel & a->keep) | ((pixel << 16 | pixel >> 16) & ~a->keep) | a->fill;
}

/* Swaps the first and the third byte of pixels, and sets the bits of the fourth that `alpha` has. */
static void arrange(const uint8_t *from, uint8_t *to, size_t pixels, bool swap, uint8_t alpha) {
    const uint8_t kept[4] = {swap ? 0 : 255, 255, swap ? 0 : 255, 255}, filled[4] = {0, 0, 0, alpha};
    arrangement a;
    memcpy(&a.keep, kept, sizeof a.keep);
    memcpy(&a.fill, filled, sizeof a.fill);
    for (; pixels >= FEW; pixels -= FEW, from += sizeof(uint32_t[FEW]), to += sizeof(uint32_t[FEW])) {
        uint32_t few[FEW];
        memcpy(few, from, sizeof few);
        for (size_t i = 0; i < FEW; i++) {
            few[i] = arranged(&a, few[i]);
        }
        memcpy(to, few, sizeof few);
    }
    for (; pixels; pixels--, from += sizeof(uint32_t), to += sizeof(uint32_t)) {
        uint32_t pixel;
        memcpy(&pixel, from, sizeof pixel);
        pixel = arranged(&a, pixel);
        memcpy(to, &pixel, sizeof pixel);
    }
}

static void widen(const uint8_t *from, uint8_t *to, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint16_t value = (uint16_t)(from[i] * 257u);
        memcpy(to + 2 * i, &value, sizeof value);
    }
}

static void narrow(const uint8_t *from, uint8_t *to, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint16_t value;
        memcpy(&value, from + 2 * i, sizeof value);
        to[i] = (uint8_t)((value * 255u + 32895u) >> 16);
    }
}

void bd_row_fill_alpha(void *row, bool deep, size_t pixels) {
    uint8_t *bytes = row;
    size_t step = deep ? 8 : 4, size = deep ? 2 : 1;
    for (size_t i = 0; i < pixels; i++) {
        memset(bytes + (i + 1) * step - size, 255, size);
    }
}

void bd_row_load(const bd_image *image, uint32_t y, bool opaque, bool deep, void *to) {
    const uint8_t *from = image->pixels + (ptrdiff_t)y * image->stride_bytes;
    const bool from_deep = image->format == BD_FORMAT_RGBA16, swap = is_swapped(image->format);
    const size_t pixels = image->width;
    if (!from_deep && !deep && (swap || opaque)) {
        arrange(from, to, pixels, swap, opaque ? 255 : 0);
        return;
    }
    if (from_deep == deep) {
        memcpy(to, from, pixels * (deep ? 8 : 4));
    } else if (from_deep) {
        narrow(from, to, pixels * 4);
    } else {
        for (size_t at = 0; at < pixels; at += BLOCK) {
            uint8_t block[BLOCK * 4];
            const size_t count = BD_MIN(pixels - at, (size_t)BLOCK);
            arrange(from + at * 4, block, count, swap, 0);
            widen(block, (uint8_t *)to + at * 8, count * 4);
        }
    }
    if (opaque) {
        bd_row_fill_alpha(to, deep, pixels);
    }
}

static void store_row(const uint8_t *from, bool deep, const bd_image *image, uint8_t *to) {
    const bool to_deep = image->format == BD_FORMAT_RGBA16, swap = is_swapped(image->format);
    const uint8_t alpha = has_no_alpha(image->format) ? 255 : 0;
    const size_t pixels = image->width;
    if (to_deep == deep && !swap && !alpha) {
        memcpy(to, from, pixels * (deep ? 8 : 4));
    } else if (to_deep) {
        widen(from, to, pixels * 4);
    } else if (!deep) {
        arrange(from, to, pixels, swap, alpha);
    } else {
        narrow(from, to, pixels * 4);
        arrange(to, to, pixels, swap, alpha);
    }
}

void bd_rows_store(const void *rows, bool deep, const bd_image *image) {
    const uint8_t *from = rows;
    const size_t row_bytes = (size_t)image->width * (deep ? 8 : 4);
    const bd_format same = deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8;
    if (image->format == same && image->stride_bytes == (ptrdiff_t)row_bytes) {
        memcpy(image->pixels, from, row_bytes * image->height);
        return;
    }
    for (uint32_t y = 0; y < image->height; y++, from += row_bytes) {
        store_row(from, deep, image, image->pixels + (ptrdiff_t)y * image->stride_bytes);
    }
}

void bd_image_narrow(bd_image *image) {
    image->format = BD_FORMAT_RGBA8;
    image->stride_bytes /= 2;
    bd_rows_store(image->pixels, true, image); /* no row before the one that it came from */
}

void bd_rows_store_gray(const void *rows, size_t stride, bool deep, const bd_image *image) {
    const uint8_t *from = rows;
    const bool to_deep = image->format == BD_FORMAT_GRAY16;
    for (uint32_t y = 0; y < image->height; y++, from += stride) {
        uint8_t *to = image->pixels + (ptrdiff_t)y * image->stride_bytes;
        if (to_deep == deep) {
            memcpy(to, from, (size_t)image->width * (deep ? 2 : 1));
        } else if (deep) {
            narrow(from, to, image->width);
        } else {
            widen(from, to, image->width);
        }
    }
}

/* ---- a caller's images ------------------------------------------------------------------------------------------- */

bd_result bd_image_check(const bd_image *image, const char *what, bd_error *error) {
    enum { LONGEST_SIDE = 1 << 20 };
    if (!image || !image->pixels || !image->width || !image->height || (unsigned)image->format > BD_FORMAT_BGRX8) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s has no pixels, or no format that is known", what);
    }
    if (image->width > LONGEST_SIDE || image->height > LONGEST_SIDE) {
        return bd_fail(error, BD_ERR_IMAGE_TOO_LARGE, "the %s has %ux%u pixels, and a side may have %d", what,
                       image->width, image->height, (int)LONGEST_SIDE);
    }
    const ptrdiff_t stride = image->stride_bytes, row = (ptrdiff_t)(image->width * bd_format_bytes(image->format));
    const bool deep = image->format == BD_FORMAT_RGBA16 || image->format == BD_FORMAT_GRAY16;
    if (deep && (stride % 2 || (uintptr_t)image->pixels % 2)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s has numbers of 16 bits at odd addresses", what);
    }
    /* Less than any memory, and the last row's address can be computed. */
    const ptrdiff_t most = PTRDIFF_MAX / (ptrdiff_t)image->height;
    if ((stride < row && stride > -row) || stride > most || stride < -most) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s has rows of %td bytes that lie %td apart", what, row,
                       stride);
    }
    return BD_OK;
}

bd_result bd_image_check_room(const char *name, uint32_t width, uint32_t height, bd_format format,
                              const bd_image *result, bd_error *error) {
    bd_result code = bd_image_check(result, name, error);
    if (!code && bd_format_is_rgba(result->format) != bd_format_is_rgba(format)) {
        code = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s %s, and is to go into an image that %s", name,
                       bd_format_is_rgba(format) ? "has colours" : "is grey",
                       bd_format_is_rgba(format) ? "is grey" : "has colours");
    }
    if (!code && (result->width != width || result->height != height)) {
        code =
            bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s has %ux%u pixels and does not fit into an image of %ux%u",
                    name, width, height, result->width, result->height);
    }
    return code;
}

bd_result bd_image_make_room(const bd_allocator *allocator, const char *name, uint32_t width, uint32_t height,
                             bd_format format, bd_image *result, bd_error *error) {
    bool fits = result->width == width && result->height == height;
    if (result->pixels && !result->owner) {
        return bd_image_check_room(name, width, height, format, result, error);
    }
    if (result->pixels && fits && result->format == format) {
        return BD_OK;
    }
    bd_image_finish(result);
    return bd_image_create(allocator, name, width, height, format, result, error);
}
