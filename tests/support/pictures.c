/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "support/pictures.h"

static void *count_allocate(void *user, size_t size) {
    counter *count = user;
    void *memory = ++count->requests == count->fail_at ? NULL : malloc(size);
    count->alive += memory != NULL;
    return memory;
}

static void *count_reallocate(void *user, void *memory, size_t size) {
    counter *count = user;
    if (++count->requests == count->fail_at) {
        return NULL;
    }
    count->alive += memory == NULL;
    return realloc(memory, size);
}

static void count_release(void *user, void *memory) {
    counter *count = user;
    count->alive -= memory != NULL;
    free(memory);
}

bd_allocator counting_allocator(counter *count) {
    return (bd_allocator){count, count_allocate, count_reallocate, count_release};
}

bool is_one_line(const bd_error *error) {
    return error->message[0] && !strchr(error->message, '\n');
}

bd_result decode_small(bytes from, bd_image *image, bd_error *error) {
    const bd_image_read_params params = {.struct_size = sizeof params, .max_pixels = 1 << 20};
    return bd_image_decode(from.data, from.size, "sample", &params, image, error);
}

bd_image decoded(bytes from) {
    bd_image image = {0};
    bd_error error;
    if (decode_small(from, &image, &error)) {
        fail_msg("%s", error.message);
    }
    return image;
}

bd_image smooth_picture(uint32_t width, uint32_t height, bd_format format, bool alpha) {
    bd_image image = {0};
    assert_int_equal(bd_image_create(NULL, "smooth", width, height, format, &image, NULL), BD_OK);
    image.has_alpha = alpha;
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            uint8_t red = (uint8_t)(x * 255 / width), green = (uint8_t)(y * 255 / height);
            if (format == BD_FORMAT_GRAY8) {
                image.pixels[y * image.stride_bytes + x] = red;
                continue;
            }
            uint8_t *pixel = image.pixels + y * image.stride_bytes + (size_t)x * 4;
            pixel[0] = red;
            pixel[1] = green;
            pixel[2] = (uint8_t)((red + green) / 2);
            pixel[3] = alpha ? (uint8_t)(255 - red) : 255;
        }
    }
    return image;
}

bytes encoded(const bd_image *image, const bd_image_write_params *params) {
    void *data = NULL;
    size_t size = 0;
    bd_error error;
    if (bd_image_encode(image, params, &data, &size, &error)) {
        fail_msg("%s", error.message);
    }
    return (bytes){data, size};
}

bytes encoded_as(const bd_image *image, bd_image_file file) {
    const bd_image_write_params params = {.struct_size = sizeof params, .file = file};
    return encoded(image, &params);
}

bytes copy_of_bytes(const void *data, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    return (bytes){copy, size};
}

void append_bytes(bytes *to, const void *data, size_t size) {
    if (!size) { /* data may be NULL */
        return;
    }
    to->data = realloc(to->data, to->size + size);
    assert_non_null(to->data);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

int largest_difference(const bd_image *a, const bd_image *b) {
    int largest = 0;
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (uint32_t y = 0; y < a->height; y++) {
        for (size_t i = 0; i < (size_t)a->width * 4; i++) {
            int difference = abs(a->pixels[y * a->stride_bytes + i] - b->pixels[y * b->stride_bytes + i]);
            largest = BD_MAX(largest, difference);
        }
    }
    return largest;
}

bd_image_form form_named(const char *name) {
    bd_image_form form = {.struct_size = sizeof form};
    for (uint32_t i = 0; i < bd_image_form_count(); i++) {
        assert_int_equal(bd_image_form_at(i, &form), BD_OK);
        if (!strcmp(form.name, name)) {
            return form;
        }
    }
    fail_msg("there is no form %s", name);
    return form;
}
