/* SPDX-License-Identifier: MIT */
#include "image/image_source.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void bd_image_source_init(bd_image_source *source, const void *data, size_t bytes, const char *name,
                          const bd_image_read_params *params) {
    *source = (bd_image_source){
        .data = data,
        .bytes = bytes,
        .name = name,
        .allocator = params->allocator,
        .ignore_orientation = params->ignore_orientation || params->indices,
        .indices = params->indices,
        .gray16 = params->gray16 && !params->indices,
        .keep_depth = params->keep_depth && !params->indices && !params->gray16,
        .max_pixels = params->max_pixels ? params->max_pixels : 200u * 1000 * 1000,
        .log = params->log,
        .log_user = params->log_user,
    };
}

void bd_image_warn(const bd_image_source *source, const char *format, ...) {
    if (!source->log) {
        return;
    }
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    source->log(source->log_user, BD_LOG_WARNING, text);
}

bd_result bd_image_check_size(const bd_image_source *source, int64_t width, int64_t height, bd_error *error) {
    enum { SIDE_MAX = 1 << 20 };
    if (width <= 0 || height <= 0) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: broken: a picture of %" PRId64 "x%" PRId64 " pixels",
                       source->name, width, height);
    }
    if (width > SIDE_MAX || height > SIDE_MAX) {
        return bd_fail(error, BD_ERR_IMAGE_TOO_LARGE,
                       "%s: %" PRId64 "x%" PRId64 " pixels are too many: a side may have %d", source->name, width,
                       height, SIDE_MAX);
    }
    if ((uint64_t)width * (uint64_t)height > source->max_pixels) {
        return bd_fail(error, BD_ERR_IMAGE_TOO_LARGE,
                       "%s: %" PRId64 "x%" PRId64 " pixels are too many: the limit is %" PRIu64, source->name, width,
                       height, source->max_pixels);
    }
    return BD_OK;
}
