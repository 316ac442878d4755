/* SPDX-License-Identifier: MIT
 * What the tests of picture files share. Everything asserts. */
#ifndef SUPPORT_PICTURES_H
#define SUPPORT_PICTURES_H

#include "base/base.h"

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes; /* data is released with free() */

/* Counts what is alive and fails the Nth request. */
typedef struct counter {
    long alive, requests, fail_at;
} counter;

/* An allocator over count, which it borrows. */
bd_allocator counting_allocator(counter *count);

/* Is there a message, on one line? */
bool is_one_line(const bd_error *error);

/* What this build does with a form that it knows. */
bd_image_form form_named(const char *name);

/* Decodes up to 2^20 pixels; decoded fails the test when that fails. */
bd_result decode_small(bytes from, bd_image *image, bd_error *error);
bd_image decoded(bytes from);

/* A smooth picture, so that JPEG stays close to it. */
bd_image smooth_picture(uint32_t width, uint32_t height, bd_format format, bool alpha);

bytes encoded(const bd_image *image, const bd_image_write_params *params);
bytes encoded_as(const bd_image *image, bd_image_file file);

bytes copy_of_bytes(const void *data, size_t size);
void append_bytes(bytes *to, const void *data, size_t size);

/* Between two RGBA8 pictures of one size, over all channels. */
int largest_difference(const bd_image *a, const bd_image *b);

#endif
