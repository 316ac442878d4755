/* SPDX-License-Identifier: MIT
 * What the decoders share: the file being read, and what is said of it. */
#ifndef BD_IMAGE_SOURCE_H
#define BD_IMAGE_SOURCE_H

#include "base/base.h"

/* What is to be said of a file, once it is read: one line of a kind. */
enum { BD_IMAGE_MOST_WARNINGS = 8 };
typedef struct bd_image_warnings {
    uint32_t count, said;
    const char *formats[BD_IMAGE_MOST_WARNINGS]; /* the kinds */
    char lines[BD_IMAGE_MOST_WARNINGS][sizeof((bd_error *)NULL)->message];
} bd_image_warnings;

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
    bool strict;
    uint64_t max_pixels;
    struct bd_metadata_found *metadata; /* NULL: it is not wanted */
    bd_image_warnings *warnings;        /* NULL: nobody wants to know */
} bd_image_source;

/* A file whose pixels are all there and whose end is not: BD_ERR_FILE_CORRUPT where it is read strictly, else a warning.
 * form: for the message. */
bd_result bd_image_miss_end(const bd_image_source *source, const char *form, bd_error *error);

/* A caller's parameters, checked, with the default of max_pixels. */
bd_result bd_image_params_read(const bd_image_read_params *params, bd_image_read_params *given, bd_error *error);

/* Of parameters that were read. All stay the caller's. */
void bd_image_source_init(bd_image_source *source, const void *data, size_t bytes, const char *name,
                          const bd_image_read_params *params, bd_image_warnings *warnings);

/* A line for the caller's log, which gets it when the file has been read: of a file that cannot be, the error is all there
 * is to say. What has the format of one that is there already says nothing new. */
void bd_image_warn(const bd_image_source *source, const char *format, ...) BD_PRINTF(2, 3);

/* Gives the log of parameters what it has not got yet. */
void bd_image_warnings_say(bd_image_warnings *warnings, const bd_image_read_params *params);

/* Is what a header claims within the limits? BD_ERR_FILE_CORRUPT, BD_ERR_IMAGE_TOO_LARGE. */
bd_result bd_image_check_size(const bd_image_source *source, int64_t width, int64_t height, bd_error *error);

#endif
