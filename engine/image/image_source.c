/* SPDX-License-Identifier: MIT */
#include "image/image_source.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/params.h"
#include "platform/message.h"

bd_result bd_image_params_read(const bd_image_read_params *params, bd_image_read_params *given, bd_error *error) {
    bd_result result = BD_PARAMS_READ(given, params, bd_image_read_params, error);
    if (!result) {
        result = bd_allocator_check(given->allocator, error);
    }
    given->max_pixels = given->max_pixels ? given->max_pixels : 200u * 1000 * 1000;
    return result;
}

void bd_image_source_init(bd_image_source *source, const void *data, size_t bytes, const char *name,
                          const bd_image_read_params *params, bd_image_warnings *warnings) {
    *source = (bd_image_source){
        .data = data,
        .bytes = bytes,
        .name = name,
        .allocator = params->allocator,
        .ignore_orientation = params->ignore_orientation || params->indices,
        .indices = params->indices,
        .gray16 = params->gray16 && !params->indices,
        .keep_depth = params->keep_depth && !params->indices && !params->gray16,
        .strict = params->strict,
        .max_pixels = params->max_pixels,
        .warnings = params->log ? warnings : NULL,
    };
}

void bd_image_warn(const bd_image_source *source, const char *format, ...) {
    bd_image_warnings *to = source->warnings;
    for (uint32_t i = 0; to && i < to->count; i++) {
        if (!strcmp(to->formats[i], format)) {
            return;
        }
    }
    if (!to || to->count == BD_IMAGE_MOST_WARNINGS) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    bd_message_write(to->lines[to->count], sizeof to->lines[0], format, arguments);
    va_end(arguments);
    to->formats[to->count++] = format;
}

bd_result bd_image_miss_end(const bd_image_source *source, const char *form, bd_error *error) {
    if (source->strict) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: %s: the file's end is missing", source->name, form);
    }
    bd_image_warn(source, "%s: %s: the file's end is missing; all its pixels are there", source->name, form);
    return BD_OK;
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

void bd_image_warnings_say(bd_image_warnings *warnings, const bd_image_read_params *params) {
    for (; warnings->said < warnings->count; warnings->said++) {
        params->log(params->log_user, BD_LOG_WARNING, warnings->lines[warnings->said]);
    }
}
