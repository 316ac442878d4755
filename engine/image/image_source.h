/* SPDX-License-Identifier: MIT
 * What the decoders share: the file being read, and what is said of it. */
#ifndef BD_IMAGE_SOURCE_H
#define BD_IMAGE_SOURCE_H

#include "base/base.h"

/* A file in memory and how it is to be read. */
typedef struct bd_image_source {
    const uint8_t *data;
    size_t bytes;
    const char *name; /* for messages */
    const bd_allocator *allocator;
    bool ignore_orientation;
    bool indices; /* PNG only */
    bool gray16;
    bool keep_depth;
    uint64_t max_pixels;
    bd_log_fn log; /* NULL: warnings go nowhere */
    void *log_user;
} bd_image_source;

/* A caller's parameters, checked, with the default of max_pixels. */
bd_result bd_image_params_read(const bd_image_read_params *params, bd_image_read_params *given, bd_error *error);
/* A file that is not larger than any picture of so many pixels. */
bd_result bd_image_content_read(const char *path, const bd_image_read_params *given, bd_content *content,
                                bd_error *error);

/* Of parameters that were read. All stay the caller's. */
void bd_image_source_init(bd_image_source *source, const void *data, size_t bytes, const char *name,
                          const bd_image_read_params *params);

/* One line for source->log. */
void bd_image_warn(const bd_image_source *source, const char *format, ...) BD_PRINTF(2, 3);

/* Is what a header claims within the limits? BD_ERR_FILE_CORRUPT, BD_ERR_IMAGE_TOO_LARGE. */
bd_result bd_image_check_size(const bd_image_source *source, int64_t width, int64_t height, bd_error *error);

#endif
