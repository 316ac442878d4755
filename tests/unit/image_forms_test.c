/* SPDX-License-Identifier: MIT
 * WebP and TIFF there and back, from every format and layout of pixels; cut short, changed and without memory. Which forms
 * there are, and what is said of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "support/profiles.h"

enum { WIDTH = 53, HEIGHT = 37 };

/* Whatever this build both reads and writes without a loss. */
static const struct {
    bd_image_file file;
    const char *name;
} kinds[] = {{BD_IMAGE_FILE_WEBP, "WebP"}, {BD_IMAGE_FILE_TIFF, "TIFF"}};

static bool is_there(bd_image_file file) {
    const bd_form *form = bd_form_of_file(file);
    return form->decode && form->encode;
}

static bytes lossless(const bd_image *image, bd_image_file file) {
    const bd_image_write_params params = {.struct_size = sizeof params, .file = file, .lossless = true};
    return encoded(image, &params);
}

static void test_table(void **state) {
    (void)state;
    bd_image_form form = {.struct_size = sizeof form};
    assert_int_equal(bd_image_form_at(bd_image_form_count(), &form), BD_ERR_INVALID_ARGUMENT);
    for (uint32_t i = 0; i < bd_image_form_count(); i++) {
        assert_int_equal(bd_image_form_at(i, &form), BD_OK);
        assert_non_null(form.name);
        assert_int_equal(form.endings[0], '.');
        /* GIF has colours to choose from, and no quality. */
        const bool plain = form.file == BD_IMAGE_FILE_AUTO || form.file == BD_IMAGE_FILE_GIF;
        assert_int_equal(form.lossy || form.lossless, !plain);
        assert_true(!form.writes || form.file != BD_IMAGE_FILE_AUTO);
        assert_true(form.library || form.reads);
    }
    static const struct {
        const char *path, *name;
    } paths[] = {
        {"a.jpg", "JPEG"},           {"a.JPE", "JPEG"},  {"a.jfif", "JPEG"}, {"b/a.png", "PNG"}, {"a.webp", "WebP"},
        {"a.tif", "TIFF"},           {"a.TIFF", "TIFF"}, {"a.avif", "AVIF"}, {"a.gif", "GIF"},   {"png", NULL},
        {"a.webp/photograph", NULL}, {"a.", NULL},       {"a.apng", "PNG"},  {"a.heic", NULL},   {"a.bmp", NULL}};
    for (size_t i = 0; i < BD_COUNT(paths); i++) {
        const bd_form *found = bd_form_of_path(paths[i].path);
        assert_true(found ? paths[i].name && !strcmp(found->name, paths[i].name) : !paths[i].name);
    }
}

/* What a build lacks it names. */
static void test_missing(void **state) {
    (void)state;
    static const char *const files[] = {"RIFF\0\0\0\0WEBPVP8 ", "II*\0\0\0\0\0        ",
                                        ("\0\0\0\x0c"
                                         "ftypavif    ")};
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        bd_error error;
        bd_image image;
        const bd_image_source source = {.data = (const uint8_t *)files[i], .bytes = 16};
        const bd_form *form = bd_form_of_source(&source);
        assert_non_null(form);
        bd_result result = bd_image_decode(files[i], 16, "sample", NULL, &image, &error);
        assert_int_equal(result, form->decode ? BD_ERR_FILE_CORRUPT : BD_ERR_UNSUPPORTED);
        assert_true(is_one_line(&error));
        assert_true(form->decode || strstr(error.message, form->library));
    }
}

/* Alpha of a picture that is opaque may hold anything. */
static bd_image picture_in(bd_format format, bool alpha) {
    bd_image rgba = smooth_picture(WIDTH, HEIGHT, BD_FORMAT_RGBA8, true), image;
    assert_int_equal(bd_image_create(NULL, "picture", WIDTH, HEIGHT, format, &image, NULL), BD_OK);
    bd_rows_store(rgba.pixels, false, &image);
    image.has_alpha = alpha;
    bd_image_finish(&rgba);
    return image;
}

static void test_formats(void **state) {
    (void)state;
    static const bd_format formats[] = {BD_FORMAT_RGBA8, BD_FORMAT_BGRA8, BD_FORMAT_RGBX8, BD_FORMAT_BGRX8,
                                        BD_FORMAT_RGBA16};
    for (size_t i = 0; i < BD_COUNT(kinds) * BD_COUNT(formats) * 2; i++) {
        const bd_image_file file = kinds[i % BD_COUNT(kinds)].file;
        const bd_format format = formats[i / BD_COUNT(kinds) % BD_COUNT(formats)];
        const bool alpha = i / BD_COUNT(kinds) / BD_COUNT(formats) != 0;
        if (!is_there(file) || (format == BD_FORMAT_RGBA16 && !bd_form_of_file(file)->deep)) {
            continue;
        }
        bd_image image = picture_in(format, alpha), flipped = image;
        flipped.owner = NULL; /* bottom up */
        flipped.pixels += (HEIGHT - 1) * image.stride_bytes;
        flipped.stride_bytes = -image.stride_bytes;
        bytes profile = srgb_profile();
        image.profile = flipped.profile = profile.data;
        image.profile_bytes = flipped.profile_bytes = profile.size;
        const bd_image *each[] = {&image, &flipped};
        for (size_t k = 0; k < BD_COUNT(each); k++) {
            bytes made = lossless(each[k], file);
            bd_image back = decoded(made);
            assert_int_equal(back.has_alpha, !bd_image_is_opaque(each[k]));
            assert_int_equal(back.profile_bytes, profile.size);
            assert_memory_equal(back.profile, profile.data, profile.size);
            for (uint32_t y = 0; y < HEIGHT; y++) {
                uint8_t row[WIDTH * 4];
                bd_row_load(each[k], y, bd_image_is_opaque(each[k]), false, row);
                assert_memory_equal(back.pixels + y * back.stride_bytes, row, sizeof row);
            }
            bd_image_finish(&back);
            free(made.data);
        }
        bd_image_finish(&image);
        free(profile.data);
    }
}

static void test_gray(void **state) {
    (void)state;
    bd_image gray = smooth_picture(WIDTH, HEIGHT, BD_FORMAT_GRAY8, false);
    for (size_t i = 0; i < BD_COUNT(kinds); i++) {
        if (!is_there(kinds[i].file)) {
            continue;
        }
        bytes made = lossless(&gray, kinds[i].file);
        bd_image back = decoded(made);
        for (int p = 0; p < WIDTH * HEIGHT; p++) {
            const uint8_t expected[4] = {gray.pixels[p], gray.pixels[p], gray.pixels[p], 255};
            assert_memory_equal(back.pixels + (size_t)p * 4, expected, 4);
        }
        bd_image_finish(&back);
        free(made.data);
    }
    bd_image_finish(&gray);
}

static void refuse(bd_result expected, const bd_image *image, const bd_image_write_params *params, const char *text) {
    void *data = NULL;
    size_t size = 0;
    bd_error error;
    assert_int_equal(bd_image_encode(image, params, &data, &size, &error), expected);
    assert_non_null(strstr(error.message, text));
    assert_null(data);
}

static void test_refused(void **state) {
    (void)state;
    bd_image image = smooth_picture(4, 4, BD_FORMAT_RGBA8, false), deep = picture_in(BD_FORMAT_RGBA16, false);
    const bd_image_write_params jpeg = {.struct_size = sizeof jpeg, .file = BD_IMAGE_FILE_JPEG, .lossless = true};
    refuse(BD_ERR_INVALID_ARGUMENT, &image, &jpeg, "always loses");
    if (is_there(BD_IMAGE_FILE_WEBP)) {
        const bd_image_write_params webp = {.struct_size = sizeof webp, .file = BD_IMAGE_FILE_WEBP};
        refuse(BD_ERR_INVALID_ARGUMENT, &deep, &webp, "16 bits");
    }
    static const struct {
        bd_image_file file;
        uint32_t most;
    } sides[] = {{BD_IMAGE_FILE_JPEG, 65500},
                 {BD_IMAGE_FILE_WEBP, 16383},
                 {BD_IMAGE_FILE_AVIF, 65536},
                 {BD_IMAGE_FILE_GIF, 65535}};
    for (size_t i = 0; i < BD_COUNT(sides); i++) {
        if (is_there(sides[i].file)) {
            const bd_image_write_params params = {.struct_size = sizeof params, .file = sides[i].file};
            bd_image wide = image, tall = image; /* refused before a pixel is read */
            wide.owner = tall.owner = NULL;
            wide.width = tall.height = sides[i].most + 1;
            wide.stride_bytes = (ptrdiff_t)wide.width * 4;
            char words[16];
            (void)snprintf(words, sizeof words, "%u", sides[i].most);
            refuse(BD_ERR_IMAGE_TOO_LARGE, &wide, &params, words);
            refuse(BD_ERR_IMAGE_TOO_LARGE, &tall, &params, words);
        }
    }
    bd_image_finish(&image);
    bd_image_finish(&deep);
}

/* One of each kind of data that files of these forms hold. */
static bytes sample(size_t index) {
    static const struct {
        bd_image_file file;
        bd_format format;
        bool alpha, lossless, profile;
    } samples[] = {{BD_IMAGE_FILE_WEBP, BD_FORMAT_RGBA8, false, false, false},
                   {BD_IMAGE_FILE_WEBP, BD_FORMAT_RGBA8, true, false, true},
                   {BD_IMAGE_FILE_WEBP, BD_FORMAT_RGBA8, true, true, false},
                   {BD_IMAGE_FILE_TIFF, BD_FORMAT_RGBA8, true, false, true},
                   {BD_IMAGE_FILE_TIFF, BD_FORMAT_RGBA16, false, false, false}};
    if (index >= BD_COUNT(samples) || !is_there(samples[index].file)) {
        return (bytes){0};
    }
    bd_image image = picture_in(samples[index].format, samples[index].alpha);
    bytes profile = {0};
    if (samples[index].profile) {
        profile = srgb_profile();
        image.profile = profile.data;
        image.profile_bytes = profile.size;
    }
    const bd_image_write_params params = {
        .struct_size = sizeof params, .file = samples[index].file, .lossless = samples[index].lossless};
    bytes made = encoded(&image, &params);
    bd_image_finish(&image);
    free(profile.data);
    return made;
}

enum { SAMPLES = 5 };

static void count_note(void *user, bd_log_level level, const char *text) {
    (void)level;
    assert_non_null(strstr(text, "truncated"));
    ++*(int *)user;
}

/* Whatever lacks a byte is an error in a line, or a note where all pixels are there; from memory of exactly that size, so
 * that a read past it is seen. */
static void test_truncated(void **state) {
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        bytes file = sample(i);
        bd_image whole = file.data ? decoded(file) : (bd_image){0};
        for (size_t size = 0; size < file.size; size++) {
            bytes part = copy_of_bytes(file.data, size);
            int notes = 0;
            const bd_image_read_params params = {.struct_size = sizeof params, .log = count_note, .log_user = &notes};
            bd_image image;
            bd_error error;
            if (bd_image_decode(part.data, part.size, "sample", &params, &image, &error)) {
                assert_true(is_one_line(&error));
            } else {
                assert_int_equal(notes, 1);
                assert_int_equal(largest_difference(&whole, &image), 0);
                bd_image_finish(&image);
            }
            free(part.data);
        }
        bd_image_finish(&whole);
        free(file.data);
    }
}

static void test_changed(void **state) {
    (void)state;
    enum { CHANGES = 3000 };
    uint32_t seed = 1;
    for (size_t i = 0; i < SAMPLES; i++) {
        bytes file = sample(i);
        for (int n = 0; n < CHANGES && file.size; n++) {
            bytes changed = copy_of_bytes(file.data, file.size);
            for (int k = 0; k <= n % 3; k++) {
                seed = seed * 1664525u + 1013904223u;
                /* Mostly where headers and tags are. */
                size_t most = n % 2 ? file.size : BD_MIN(file.size, (size_t)400);
                size_t at = (seed >> 8) % most;
                at = n % 4 == 2 ? file.size - 1 - at : at;
                changed.data[at] = (uint8_t)(seed >> 24);
            }
            bd_image image;
            bd_error error;
            if (decode_small(changed, &image, &error)) {
                assert_true(is_one_line(&error));
            } else {
                bd_image_finish(&image);
            }
            free(changed.data);
        }
        free(file.data);
    }
}

static void test_too_large(void **state) {
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        bytes file = sample(i);
        const bd_image_read_params params = {.struct_size = sizeof params, .max_pixels = WIDTH * HEIGHT - 1};
        bd_image image;
        bd_error error;
        if (file.data) {
            assert_int_equal(bd_image_decode(file.data, file.size, "sample", &params, &image, &error),
                             BD_ERR_IMAGE_TOO_LARGE);
        }
        free(file.data);
    }
}

static void test_decode_without_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        bytes file = sample(i);
        for (long n = 1; file.data; n++) {
            counter count = {.fail_at = n};
            bd_allocator allocator = counting_allocator(&count);
            const bd_image_read_params params = {.struct_size = sizeof params, .allocator = &allocator};
            bd_image image = {0};
            bd_error error = {0};
            bd_result result = bd_image_decode(file.data, file.size, "sample", &params, &image, &error);
            bd_image_finish(&image);
            assert_int_equal(count.alive, 0);
            if (count.requests < n) {
                assert_int_equal(result, BD_OK);
                assert_true(n > 1);
                break;
            }
            assert_int_equal(result, BD_ERR_OUT_OF_MEMORY);
        }
        free(file.data);
    }
}

static void test_encode_without_memory(void **state) {
    (void)state;
    bd_image image = smooth_picture(400, 300, BD_FORMAT_RGBA8, false);
    uint32_t seed = 1;
    for (size_t i = 0; i < (size_t)image.stride_bytes * image.height; i++) { /* noise fills buffers */
        seed = seed * 1664525u + 1013904223u;
        image.pixels[i] = (uint8_t)(seed >> 24);
    }
    for (size_t i = 0; i < BD_COUNT(kinds); i++) {
        for (long n = 1; is_there(kinds[i].file); n++) {
            counter count = {.fail_at = n};
            bd_allocator allocator = counting_allocator(&count);
            const bd_image_write_params params = {
                .struct_size = sizeof params, .allocator = &allocator, .file = kinds[i].file};
            void *data = NULL;
            size_t size = 0;
            bd_error error = {0};
            bd_result result = bd_image_encode(&image, &params, &data, &size, &error);
            bd_release(&allocator, data);
            assert_int_equal(count.alive, 0);
            if (count.requests < n) {
                assert_int_equal(result, BD_OK);
                assert_true(n > 2);
                break;
            }
            assert_int_equal(result, BD_ERR_OUT_OF_MEMORY);
        }
    }
    bd_image_finish(&image);
}

int main(void) {
    for (size_t i = 0; i < BD_COUNT(kinds); i++) {
        if (!is_there(kinds[i].file)) {
            print_message("left out: this build has no %s\n", kinds[i].name);
        }
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_gray),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_decode_without_memory),
        cmocka_unit_test(test_encode_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
