/* SPDX-License-Identifier: MIT */
#include "image/frames.h"

#include <string.h>

#include "image/pixels.h"
#include "image/rows.h"

void bd_frames_load(const bd_image *image, bd_image *copy) {
    const bool opaque = bd_image_is_opaque(image);
    for (uint32_t y = 0; y < image->height; y++) {
        uint8_t *to = copy->pixels + (ptrdiff_t)y * copy->stride_bytes;
        if (bd_format_is_rgba(image->format)) {
            bd_row_load(image, y, opaque, false, to);
            continue;
        }
        const uint8_t *from = image->pixels + (ptrdiff_t)y * image->stride_bytes;
        for (uint32_t x = 0; x < image->width; x++, to += 4) {
            memset(to, from[x], 3);
            to[3] = 255;
        }
    }
    copy->has_alpha = !opaque;
}

void bd_frames_encode(const bd_frames_writer *writer, bd_encoder *to) {
    const bd_image *image = to->image;
    bd_image frame = {0};
    void *state = NULL;
    to->result = bd_image_create(to->params.allocator, to->name, image->width, image->height, BD_FORMAT_RGBA8, &frame,
                                 to->error);
    if (!to->result) {
        bd_frames_load(image, &frame);
        to->result = writer->begin(to, 1, &state);
    }
    if (!to->result) {
        to->result = writer->add(state, &frame, (bd_delay){0, 1});
    }
    if (!to->result) {
        to->result = writer->end(state);
    }
    if (state) {
        writer->close(state);
    }
    bd_image_finish(&frame);
}
