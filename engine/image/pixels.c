/* SPDX-License-Identifier: MIT */
#include "image/pixels.h"

#include <inttypes.h>
#include <string.h>

typedef struct image_owner {
    bd_allocator allocator; /* zero: the C library's */
    void *profile;
} image_owner;

_Static_assert(sizeof(image_owner) <= BD_IMAGE_ROOM, "the owner must fit in front of the pixels");

void bd_image_adopt(const bd_allocator *allocator, void *memory, uint32_t width, uint32_t height, bd_format format,
                    bd_image *image) {
    image_owner owner = {0};
    if (allocator) {
        owner.allocator = *allocator;
    }
    memcpy(memory, &owner, sizeof owner);
    *image = (bd_image){
        .width = width,
        .height = height,
        .format = format,
        .stride_bytes = (ptrdiff_t)(width * bd_format_bytes(format)),
        .pixels = (uint8_t *)memory + BD_IMAGE_ROOM,
        .owner = memory,
    };
}

bd_result bd_image_create(const bd_allocator *allocator, const char *name, uint32_t width, uint32_t height,
                          bd_format format, bd_image *image, bd_error *error) {
    uint64_t bytes = (uint64_t)width * height; /* cannot overflow, unlike the next line */
    void *memory = NULL;
    if (bytes <= (SIZE_MAX - BD_IMAGE_ROOM) / 8) {
        memory = bd_alloc(allocator, BD_IMAGE_ROOM + (size_t)bytes * bd_format_bytes(format));
    }
    if (!memory) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory for %" PRIu32 "x%" PRIu32 " pixels", name, width,
                       height);
    }
    bd_image_adopt(allocator, memory, width, height, format, image);
    return BD_OK;
}

void bd_image_finish(bd_image *image) {
    if (!image) {
        return;
    }
    if (image->owner) {
        image_owner owner;
        memcpy(&owner, image->owner, sizeof owner);
        bd_free(&owner.allocator, owner.profile);
        bd_free(&owner.allocator, (void *)(uintptr_t)image->owner);
    }
    *image = (bd_image){0};
}

bd_result bd_image_set_profile(bd_image *image, const void *profile, size_t bytes, bd_error *error) {
    image_owner owner;
    memcpy(&owner, image->owner, sizeof owner);
    void *copy = NULL;
    if (bytes) {
        copy = bd_alloc(&owner.allocator, bytes);
        if (!copy) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory for a colour profile");
        }
        memcpy(copy, profile, bytes);
    }
    bd_free(&owner.allocator, owner.profile);
    owner.profile = copy;
    memcpy((void *)(uintptr_t)image->owner, &owner, sizeof owner);
    image->profile = copy;
    image->profile_bytes = bytes;
    return BD_OK;
}

static uint16_t luminance(const uint8_t *pixel, bool deep) {
    uint16_t rgb[3];
    if (deep) {
        memcpy(rgb, pixel, sizeof rgb);
    } else {
        for (int c = 0; c < 3; c++) {
            rgb[c] = pixel[c] * 257u;
        }
    }
    return (uint16_t)((rgb[0] * 13933u + rgb[1] * 46871u + rgb[2] * 4732u + 32896u) >> 16);
}

bd_result bd_image_to_gray16(const bd_image_source *source, bd_image *image, bd_error *error) {
    bd_image gray;
    bd_result result =
        bd_image_create(source->allocator, source->name, image->width, image->height, BD_FORMAT_GRAY16, &gray, error);
    const bool deep = image->format == BD_FORMAT_RGBA16;
    const size_t step = bd_format_bytes(image->format);
    for (uint32_t y = 0; y < image->height && !result; y++) {
        const uint8_t *from = image->pixels + y * image->stride_bytes;
        uint8_t *to = gray.pixels + y * gray.stride_bytes;
        for (uint32_t x = 0; x < image->width; x++, from += step, to += 2) {
            const uint16_t value = luminance(from, deep);
            memcpy(to, &value, sizeof value);
        }
    }
    bd_image_finish(image);
    if (!result) {
        *image = gray;
    }
    return result;
}

/* Is an alpha of the row less than full? All bits of 255 and of 65535 are ones, and pixels of one place in a block are
 * looked at together. */
static bool has_less(const uint8_t *row, size_t pixel_bytes, uint32_t pixels) {
    enum { WORDS = 8 };
    uint64_t every[WORDS], some[WORDS];
    uint8_t folded[sizeof every];
    const size_t bytes = pixels * pixel_bytes;
    size_t at = 0;
    memset(every, 255, sizeof every);
    for (; at + sizeof some <= bytes; at += sizeof some) {
        memcpy(some, row + at, sizeof some);
        for (size_t i = 0; i < WORDS; i++) {
            every[i] &= some[i];
        }
    }
    memcpy(folded, every, sizeof folded);
    for (size_t i = 0; at + i < bytes; i++) {
        folded[i] &= row[at + i];
    }
    uint8_t all = 255;
    for (size_t i = pixel_bytes; i <= sizeof folded; i += pixel_bytes) {
        all &= folded[i - 1] & folded[i - pixel_bytes / 4];
    }
    return all != 255;
}

void bd_image_find_alpha(bd_image *image) {
    image->has_alpha = false;
    for (uint32_t y = 0; y < image->height && !image->has_alpha; y++) {
        const uint8_t *row = image->pixels + (ptrdiff_t)y * image->stride_bytes;
        image->has_alpha = has_less(row, bd_format_bytes(image->format), image->width);
    }
}
