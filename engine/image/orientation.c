/* SPDX-License-Identifier: MIT */
#include "image/orientation.h"

#include <string.h>

#include <libexif/exif-data.h>

#include "image/pixels.h"

int bd_exif_orientation(const uint8_t *exif, size_t bytes) {
    int orientation = 1;
    if (bytes > 0xffff) {
        return orientation; /* no APP1 segment is longer */
    }
    ExifData *data = exif_data_new();
    if (!data) {
        return orientation;
    }
    /* Only reading: tags that a camera left out need not be made up. */
    exif_data_unset_option(data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
    exif_data_load_data(data, exif, (unsigned)bytes);
    const ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry && entry->data && entry->format == EXIF_FORMAT_SHORT && entry->components >= 1 && entry->size >= 2) {
        int value = exif_get_short(entry->data, exif_data_get_byte_order(data));
        orientation = value >= 1 && value <= 8 ? value : 1;
    }
    exif_data_unref(data);
    return orientation;
}

bd_result bd_exif_read_orientation(const bd_image_source *source, const uint8_t *block, size_t bytes, int *orientation,
                                   bd_error *error) {
    static const uint8_t header[6] = {'E', 'x', 'i', 'f', 0, 0};
    *orientation = 1;
    if (bytes > 0xffff) {
        return BD_OK;
    }
    if (bytes >= sizeof header && !memcmp(block, header, sizeof header)) {
        *orientation = bd_exif_orientation(block, bytes);
        return BD_OK;
    }
    uint8_t *whole = bd_alloc(source->allocator, sizeof header + bytes);
    if (!whole) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", source->name);
    }
    memcpy(whole, header, sizeof header);
    memcpy(whole + sizeof header, block, bytes);
    *orientation = bd_exif_orientation(whole, sizeof header + bytes);
    bd_free(source->allocator, whole);
    return BD_OK;
}

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
