/* SPDX-License-Identifier: MIT */
#include "image/orientation.h"

#include <string.h>

#include "image/pixels.h"

/* EXIF 2.32, tag 0x0112: where the stored row 0 and column 0 belong in the upright picture. */
void bd_image_place_rows(bd_image *image, int orientation, const uint8_t *rows, uint32_t width, uint32_t first,
                         uint32_t count) {
    /* Per orientation: do stored columns run backwards, do stored rows? */
    static const bool columns_back[9] = {0, 0, 1, 1, 0, 0, 0, 1, 1};
    static const bool rows_back[9] = {0, 0, 0, 1, 1, 0, 1, 1, 0};
    bool turns = bd_orientation_turns(orientation);
    uint32_t height = turns ? image->width : image->height;
    size_t bytes = bd_format_bytes(image->format);
    size_t step = turns ? (size_t)image->stride_bytes : bytes; /* from a stored column to the next */
    size_t line = turns ? bytes : (size_t)image->stride_bytes; /* from a stored row to the next */

    /* Column by column, so that a strip of rows fills whole cache lines when it is turned. */
    for (uint32_t x = 0; x < width; x++) {
        uint32_t column = columns_back[orientation] ? width - 1 - x : x;
        uint8_t *to = image->pixels + column * step;
        for (uint32_t y = 0; y < count; y++) {
            uint32_t row = rows_back[orientation] ? height - 1 - (first + y) : first + y;
            memcpy(to + row * line, rows + ((size_t)y * width + x) * bytes, bytes);
        }
    }
}

bd_result bd_image_orient(const bd_image_source *source, int orientation, bd_image *image, bd_error *error) {
    if (orientation == 1) {
        return BD_OK;
    }
    enum { STRIP = 16 };
    bool turns = bd_orientation_turns(orientation);
    bd_image upright;
    bd_result result = bd_image_create(source->allocator, source->name, turns ? image->height : image->width,
                                       turns ? image->width : image->height, image->format, &upright, error);
    if (!result) {
        result = bd_image_set_profile(&upright, image->profile, image->profile_bytes, error);
        if (result) {
            bd_image_finish(&upright);
        }
    }
    if (result) {
        return result;
    }
    upright.has_alpha = image->has_alpha;
    for (uint32_t y = 0; y < image->height; y += STRIP) {
        bd_image_place_rows(&upright, orientation, image->pixels + y * image->stride_bytes, image->width, y,
                            BD_MIN(image->height - y, (uint32_t)STRIP));
    }
    bd_image_finish(image);
    *image = upright;
    return BD_OK;
}
