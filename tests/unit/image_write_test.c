/* SPDX-License-Identifier: MIT
 * Pictures out: PNG of every kind, JPEG, arguments refused, files that cannot be written, memory that runs out. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>

#include "support/pictures.h"

static void test_png_round_trip(void **state) {
    (void)state;
    for (int alpha = 0; alpha <= 1; alpha++) {
        bd_image image = smooth_picture(37, 23, BD_FORMAT_RGBA8, alpha);
        bytes file = encoded_as(&image, BD_IMAGE_FILE_AUTO);
        assert_int_equal(file.data[25], alpha ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB);
        bd_image back = decoded(file);
        assert_int_equal(back.has_alpha, alpha);
        assert_int_equal(largest_difference(&image, &back), 0);
        bd_image_finish(&image);
        bd_image_finish(&back);
        free(file.data);
    }
}

static void test_png_of_a_part(void **state) {
    (void)state;
    bd_image whole = smooth_picture(37, 23, BD_FORMAT_RGBA8, true);
    bd_image part = whole;
    part.pixels += 3 * whole.stride_bytes + (size_t)5 * 4;
    part.width = 20;
    part.height = 9;
    part.owner = NULL;
    bytes file = encoded_as(&part, BD_IMAGE_FILE_PNG);
    bd_image back = decoded(file);
    assert_int_equal(largest_difference(&part, &back), 0);
    bd_image_finish(&back);
    bd_image_finish(&part); /* not the library's: must leave the pixels alone */
    bd_image_finish(&whole);
    free(file.data);
}

static void test_grey_and_palette(void **state) {
    (void)state;
    bd_image image = smooth_picture(21, 5, BD_FORMAT_GRAY8, false);
    bytes file = encoded_as(&image, BD_IMAGE_FILE_PNG);
    assert_int_equal(file.data[25], PNG_COLOR_TYPE_GRAY);
    bd_image back = decoded(file);
    for (int x = 0; x < 21; x++) {
        assert_int_equal(back.pixels[x * 4 + 2], image.pixels[x]);
    }
    bd_image_finish(&back);
    free(file.data);

    uint8_t palette[256][3];
    for (int i = 0; i < 256; i++) {
        bd_pascal_color((uint32_t)i, palette[i]);
    }
    for (int i = 0; i < 21 * 5; i++) {
        image.pixels[i] = (uint8_t)(i % 21);
    }
    bd_image_write_params params = {.struct_size = sizeof params, .palette = &palette[0][0], .palette_count = 21};
    file = encoded(&image, &params);
    assert_int_equal(file.data[25], PNG_COLOR_TYPE_PALETTE);
    assert_int_equal(file.data[24], 8);
    assert_memory_equal(file.data + 33, ((const uint8_t[]){0, 0, 0, 63, 'P', 'L', 'T', 'E'}), 8);
    back = decoded(file);
    for (int i = 0; i < 21 * 5; i++) {
        assert_memory_equal(back.pixels + (size_t)i * 4, palette[i % 21], 3);
    }
    bd_image_finish(&back);
    free(file.data);

    void *data = NULL;
    size_t size = 0;
    bd_error error;
    params.palette_count = 20;
    assert_int_equal(bd_image_encode(&image, &params, &data, &size, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "20"));
    params.palette_count = 257;
    assert_int_equal(bd_image_encode(&image, &params, &data, &size, &error), BD_ERR_INVALID_ARGUMENT);
    bd_image_finish(&image);
}

/* What a PNG says about its colours, as those that are written do, changes no luminance. */
static void test_luminance_of_colours(void **state) {
    (void)state;
    uint8_t red[4] = {255, 0, 0, 255};
    const bd_image picture = {.width = 1, .height = 1, .stride_bytes = 4, .pixels = red};
    const bd_image_read_params params = {.struct_size = sizeof params, .gray16 = true};
    void *data;
    size_t length;
    bd_image gray;
    bd_error error;
    assert_int_equal(bd_image_encode(&picture, NULL, &data, &length, &error), BD_OK);
    assert_int_equal(bd_image_decode(data, length, "red.png", &params, &gray, &error), BD_OK);
    uint16_t value;
    memcpy(&value, gray.pixels, sizeof value);
    assert_in_range(value, 54 * 257, 55 * 257); /* BT.709: 0.2126 */
    bd_image_finish(&gray);
    bd_release(NULL, data);
}

static void test_jpeg_round_trip(void **state) {
    (void)state;
    static const struct {
        int quality, tolerance;
        uint8_t sampling;
    } cases[] = {{0, 8, 0x11}, {100, 3, 0x11}, {85, 24, 0x22}};
    bd_image image = smooth_picture(64, 48, BD_FORMAT_RGBA8, false);
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        const bd_image_write_params params = {
            .struct_size = sizeof params, .file = BD_IMAGE_FILE_JPEG, .quality = cases[i].quality};
        bytes file = encoded(&image, &params);
        size_t at = 0;
        while (at + 12 < file.size && (file.data[at] != 0xff || file.data[at + 1] != 0xc0)) {
            at++;
        }
        assert_int_equal(file.data[at + 11], cases[i].sampling);
        bd_image back = decoded(file);
        assert_in_range(largest_difference(&image, &back), 0, cases[i].tolerance);
        bd_image_finish(&back);
        free(file.data);
    }
    bd_image_finish(&image);
    image = smooth_picture(64, 48, BD_FORMAT_GRAY8, false);
    bytes file = encoded_as(&image, BD_IMAGE_FILE_JPEG);
    bd_image back = decoded(file);
    for (int x = 0; x < 64; x++) {
        assert_in_range(back.pixels[x * 4 + 1] + 4, image.pixels[x], image.pixels[x] + 8);
    }
    bd_image_finish(&image);
    bd_image_finish(&back);
    free(file.data);
}

static void test_refused_arguments(void **state) {
    (void)state;
    bd_image image = smooth_picture(4, 4, BD_FORMAT_RGBA8, false), bad = image;
    bd_error error;
    void *data = NULL;
    size_t size = 0;
    assert_int_equal(bd_image_write("result.xcf", &image, NULL, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, ".xcf"));
    assert_int_equal(bd_image_write("folder.png/result", &image, NULL, &error), BD_ERR_INVALID_ARGUMENT);
    bad.stride_bytes = 15;
    assert_int_equal(bd_image_encode(&bad, NULL, &data, &size, &error), BD_ERR_INVALID_ARGUMENT);
    bad = (bd_image){0};
    assert_int_equal(bd_image_encode(&bad, NULL, &data, &size, &error), BD_ERR_INVALID_ARGUMENT);
    const bd_image_write_params loud = {.struct_size = sizeof loud, .file = BD_IMAGE_FILE_JPEG, .quality = 101};
    assert_int_equal(bd_image_encode(&image, &loud, &data, &size, &error), BD_ERR_INVALID_ARGUMENT);
    bd_image_finish(&image);
}

static int files_in(const char *folder) {
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    int count = -2; /* . and .. */
    while (readdir(listing)) {
        count++;
    }
    closedir(listing);
    return count;
}

static void test_files(void **state) {
    (void)state;
    const char *build = getenv("BACKDROP_BUILD_DIR");
    char folder[1024], path[1100];
    snprintf(folder, sizeof folder, "%s/image_write_XXXXXX", build ? build : ".");
    assert_non_null(mkdtemp(folder));
    bd_image image = smooth_picture(33, 17, BD_FORMAT_RGBA8, false), back;
    bd_error error;
    static const char *const names[] = {"a.PNG", "b.JpG", "c.jpeg"};
    for (size_t i = 0; i < BD_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(bd_image_write(path, &image, NULL, &error), BD_OK);
        assert_int_equal(bd_image_write(path, &image, NULL, &error), BD_OK); /* over the old one */
        assert_int_equal(files_in(folder), 1);
        assert_int_equal(bd_image_read(path, NULL, &back, &error), BD_OK);
        assert_in_range(largest_difference(&image, &back), 0, i ? 12 : 0);
        bd_image_finish(&back);
        unlink(path);
    }
    /* Nothing may be left where writing fails. */
    snprintf(path, sizeof path, "%s/taken.png", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(bd_image_write(path, &image, NULL, &error), BD_ERR_FILE_WRITE);
    assert_int_equal(files_in(folder), 1);
    assert_int_equal(rmdir(path), 0);
    snprintf(path, sizeof path, "%s/missing/a.png", folder);
    assert_int_equal(bd_image_write(path, &image, NULL, &error), BD_ERR_FILE_WRITE);
    assert_non_null(strstr(error.message, path));
    if (geteuid() != 0) { /* root writes anywhere */
        snprintf(path, sizeof path, "%s/a.png", folder);
        assert_int_equal(chmod(folder, 0500), 0);
        assert_int_equal(bd_image_write(path, &image, NULL, &error), BD_ERR_FILE_WRITE);
        assert_int_equal(chmod(folder, 0700), 0);
    }
    assert_int_equal(files_in(folder), 0);
    assert_int_equal(rmdir(folder), 0);
    if (!access("/dev/full", W_OK)) {
        const bd_image_write_params params = {.struct_size = sizeof params, .file = BD_IMAGE_FILE_PNG};
        assert_int_equal(bd_image_write("/dev/full", &image, &params, &error), BD_ERR_FILE_WRITE);
        assert_non_null(strstr(error.message, "/dev/full"));
        struct stat status;
        assert_int_equal(stat("/dev/full", &status), 0);
        assert_true(S_ISCHR(status.st_mode));
    }
    bd_image_finish(&image);
}

static void test_encode_without_memory(void **state) {
    (void)state;
    bd_image image = smooth_picture(256, 256, BD_FORMAT_RGBA8, false);
    uint32_t seed = 1;
    for (size_t i = 0; i < (size_t)image.stride_bytes * image.height; i++) { /* noise fills buffers */
        seed = seed * 1664525u + 1013904223u;
        image.pixels[i] = (uint8_t)(seed >> 24);
    }
    for (int file = BD_IMAGE_FILE_PNG; file <= BD_IMAGE_FILE_JPEG; file++) {
        for (long n = 1;; n++) {
            counter count = {.fail_at = n};
            bd_allocator allocator = counting_allocator(&count);
            const bd_image_write_params params = {
                .struct_size = sizeof params, .allocator = &allocator, .file = (bd_image_file)file};
            void *data = NULL;
            size_t size = 0;
            bd_error error = {0};
            bd_result result = bd_image_encode(&image, &params, &data, &size, &error);
            bd_release(&allocator, data);
            assert_int_equal(count.alive, 0);
            if (count.requests < n) {
                assert_int_equal(result, BD_OK);
                break;
            }
            assert_int_equal(result, BD_ERR_OUT_OF_MEMORY);
        }
    }
    bd_image_finish(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_round_trip),
        cmocka_unit_test(test_png_of_a_part),
        cmocka_unit_test(test_grey_and_palette),
        cmocka_unit_test(test_luminance_of_colours),
        cmocka_unit_test(test_jpeg_round_trip),
        cmocka_unit_test(test_refused_arguments),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_encode_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
