/* SPDX-License-Identifier: MIT
 * Pictures of 16 bits: every number in and out, whatever the PNG's kind, and what has only 8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <png.h>

#include "image/image.h"
#include "support/pictures.h"

enum { WIDTH = 37, HEIGHT = 23 };

static bd_image decoded_deep(bytes from) {
    const bd_image_read_params params = {.struct_size = sizeof params, .keep_depth = true};
    bd_image image;
    bd_error error;
    if (bd_image_decode(from.data, from.size, "deep", &params, &image, &error)) {
        fail_msg("%s", error.message);
    }
    return image;
}

static uint16_t value_at(const bd_image *image, uint32_t x, uint32_t y, uint32_t c) {
    uint16_t value;
    memcpy(&value, image->pixels + y * image->stride_bytes + 8 * (size_t)x + 2 * (size_t)c, sizeof value);
    return value;
}

/* Of every pixel and channel other bits, in both bytes. */
static uint16_t sample(uint32_t x, uint32_t y, uint32_t c) {
    return (uint16_t)((y * WIDTH + x) * 977u + c * 20011u + 3u);
}

static bd_image deep_picture(bool alpha) {
    bd_image image;
    assert_int_equal(bd_image_create(NULL, "deep", WIDTH, HEIGHT, BD_FORMAT_RGBA16, &image, NULL), BD_OK);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x++) {
            for (uint32_t c = 0; c < 4; c++) {
                uint16_t value = c == 3 && !alpha ? 65535 : sample(x, y, c);
                memcpy(image.pixels + y * image.stride_bytes + 8 * (size_t)x + 2 * (size_t)c, &value, sizeof value);
            }
        }
    }
    image.has_alpha = alpha;
    return image;
}

static void test_round_trip(void **state) {
    (void)state;
    for (int alpha = 0; alpha <= 1; alpha++) {
        bd_image image = deep_picture(alpha);
        bytes file = encoded_as(&image, BD_IMAGE_FILE_PNG);
        assert_int_equal(file.data[24], 16);
        assert_int_equal(file.data[25], alpha ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB);
        bd_image back = decoded_deep(file), narrow = decoded(file);
        assert_int_equal(back.format, BD_FORMAT_RGBA16);
        assert_int_equal(back.has_alpha, alpha);
        assert_memory_equal(back.pixels, image.pixels, HEIGHT * image.stride_bytes);
        assert_int_equal(narrow.format, BD_FORMAT_RGBA8);
        for (uint32_t i = 0; i < WIDTH * HEIGHT * 4; i++) {
            uint16_t value;
            memcpy(&value, image.pixels + (size_t)i * 2, sizeof value);
            assert_int_equal(narrow.pixels[i], (value * 255 + 32767) / 65535);
        }
        bd_image_finish(&image);
        bd_image_finish(&back);
        bd_image_finish(&narrow);
        free(file.data);
    }
}

static void collect(png_structp png, png_bytep from, size_t size) {
    append_bytes(png_get_io_ptr(png), from, size);
}

static void flush_none(png_structp png) {
    (void)png;
}

/* A PNG as another program writes it: big-endian samples of `channels`. */
static bytes written(int kind, int channels, int interlace, int orientation, const uint16_t *transparent) {
    bytes file = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &file, collect, flush_none);
    png_set_IHDR(png, info, WIDTH, HEIGHT, 16, kind, interlace, 0, 0);
    uint8_t exif[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, (uint8_t)orientation,
                      0,   0,   0, 0,  0, 0};
    if (orientation > 1) {
        png_set_eXIf_1(png, info, sizeof exif, exif);
    }
    if (transparent) {
        const png_color_16 color = {
            .red = transparent[0], .green = transparent[1], .blue = transparent[2], .gray = transparent[0]};
        png_set_tRNS(png, info, NULL, 0, &color);
    }
    png_write_info(png, info);
    for (int passes = png_set_interlace_handling(png); passes; passes--) {
        for (uint32_t y = 0; y < HEIGHT; y++) {
            uint8_t row[WIDTH * 8];
            for (uint32_t i = 0; i < WIDTH * (uint32_t)channels; i++) {
                uint16_t value = sample(i / (uint32_t)channels, y, i % (uint32_t)channels);
                row[2 * i] = (uint8_t)(value >> 8);
                row[2 * i + 1] = (uint8_t)value;
            }
            png_write_row(png, row);
        }
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return file;
}

static void test_kinds(void **state) {
    (void)state;
    static const struct {
        int kind, channels;
        bool gray, alpha;
    } kinds[] = {{PNG_COLOR_TYPE_GRAY, 1, true, false},
                 {PNG_COLOR_TYPE_GRAY_ALPHA, 2, true, true},
                 {PNG_COLOR_TYPE_RGB, 3, false, false},
                 {PNG_COLOR_TYPE_RGBA, 4, false, true}};
    for (size_t i = 0; i < 2 * BD_COUNT(kinds); i++) {
        const int kind = kinds[i / 2].kind, channels = kinds[i / 2].channels;
        bool alpha = kinds[i / 2].alpha;
        bytes file = written(kind, channels, i % 2 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 1, NULL);
        bd_image image = decoded_deep(file);
        assert_int_equal(image.format, BD_FORMAT_RGBA16);
        assert_int_equal(image.has_alpha, alpha);
        for (uint32_t y = 0; y < HEIGHT; y++) {
            for (uint32_t x = 0; x < WIDTH; x++) {
                for (uint32_t c = 0; c < 3; c++) {
                    assert_int_equal(value_at(&image, x, y, c), sample(x, y, kinds[i / 2].gray ? 0 : c));
                }
                uint16_t full = alpha ? sample(x, y, (uint32_t)channels - 1) : 65535;
                assert_int_equal(value_at(&image, x, y, 3), full);
            }
        }
        bd_image_finish(&image);
        free(file.data);
    }
}

/* One colour is see-through: all 16 bits of it must match. */
static void test_transparent_colour(void **state) {
    (void)state;
    const uint16_t color[3] = {sample(5, 7, 0), sample(5, 7, 1), sample(5, 7, 2)};
    for (int gray = 0; gray <= 1; gray++) {
        bytes file =
            written(gray ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, gray ? 1 : 3, PNG_INTERLACE_NONE, 1, color);
        bd_image image = decoded_deep(file);
        assert_true(image.has_alpha);
        for (uint32_t y = 0; y < HEIGHT; y++) {
            for (uint32_t x = 0; x < WIDTH; x++) {
                assert_int_equal(value_at(&image, x, y, 3), x == 5 && y == 7 ? 0 : 65535);
            }
        }
        bd_image_finish(&image);
        free(file.data);
    }
}

/* As the same picture of 8 bits is turned. */
static void test_orientation(void **state) {
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        bytes file = written(PNG_COLOR_TYPE_RGBA, 4, PNG_INTERLACE_NONE, orientation, NULL);
        bd_image image = decoded_deep(file), narrow = decoded(file);
        assert_int_equal(image.width, orientation >= 5 ? HEIGHT : WIDTH);
        assert_int_equal(image.width, narrow.width);
        for (uint32_t y = 0; y < image.height; y++) {
            for (uint32_t x = 0; x < image.width * 4; x++) {
                int value = value_at(&image, x / 4, y, x % 4);
                assert_int_equal(narrow.pixels[y * narrow.stride_bytes + x], (value * 255 + 32767) / 65535);
            }
        }
        bd_image_finish(&image);
        bd_image_finish(&narrow);
        free(file.data);
    }
}

/* Every bit of alpha counts, and nothing else. */
static void test_alpha_is_found(void **state) {
    (void)state;
    bd_image image = deep_picture(false);
    bd_image_find_alpha(&image);
    assert_false(image.has_alpha);
    for (int bit = 0; bit < 16; bit++) {
        uint16_t value = (uint16_t)(65535 & ~(1 << bit));
        memcpy(image.pixels + 11 * image.stride_bytes + 8 * 36 + 6, &value, sizeof value);
        bd_image_find_alpha(&image);
        assert_true(image.has_alpha);
    }
    bd_image_finish(&image);
}

static void test_where_there_are_8_bits(void **state) {
    (void)state;
    bd_image image = smooth_picture(WIDTH, HEIGHT, BD_FORMAT_RGBA8, true);
    for (int jpeg = 0; jpeg <= 1; jpeg++) {
        bytes file = encoded_as(&image, jpeg ? BD_IMAGE_FILE_JPEG : BD_IMAGE_FILE_PNG);
        bd_image kept = decoded_deep(file), plain = decoded(file);
        assert_int_equal(kept.format, BD_FORMAT_RGBA8);
        assert_int_equal(largest_difference(&kept, &plain), 0);
        bd_image_finish(&kept);
        bd_image_finish(&plain);
        free(file.data);
    }
    bd_image_finish(&image);
    image = deep_picture(false);
    const bd_image_write_params params = {.struct_size = sizeof params, .file = BD_IMAGE_FILE_JPEG};
    void *data;
    size_t size;
    bd_error error;
    assert_int_equal(bd_image_encode(&image, &params, &data, &size, &error), BD_ERR_INVALID_ARGUMENT);
    assert_true(is_one_line(&error));
    bd_image_finish(&image);
}

static void test_memory_runs_out(void **state) {
    (void)state;
    bytes file = written(PNG_COLOR_TYPE_RGB, 3, PNG_INTERLACE_ADAM7, 6, NULL);
    bd_result result = BD_ERR_OUT_OF_MEMORY;
    for (long n = 1; result; n++) {
        counter count = {.fail_at = n};
        const bd_allocator allocator = counting_allocator(&count);
        const bd_image_read_params params = {.struct_size = sizeof params, .allocator = &allocator, .keep_depth = true};
        bd_image image;
        bd_error error;
        result = bd_image_decode(file.data, file.size, "deep", &params, &image, &error);
        if (result) {
            assert_int_equal(result, BD_ERR_OUT_OF_MEMORY);
        } else {
            bd_image_finish(&image);
        }
        assert_int_equal(count.alive, 0);
    }
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),         cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_transparent_colour), cmocka_unit_test(test_orientation),
        cmocka_unit_test(test_alpha_is_found),     cmocka_unit_test(test_where_there_are_8_bits),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
