/* SPDX-License-Identifier: MIT
 * Colour profiles: kept from file to file, converted as they mean, ignored in words when they make no sense. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

#include "image/image.h"
#include "support/pictures.h"
#include "support/profiles.h"

/* ---- files ---- */

static bd_image with_profile(uint32_t width, uint32_t height, bytes profile) {
    bd_image image = smooth_picture(width, height, BD_FORMAT_RGBA8, false);
    assert_int_equal(bd_image_set_profile(&image, profile.data, profile.size, NULL), BD_OK);
    return image;
}

static bytes file_with(bytes profile, bd_image_file form) {
    bd_image image = with_profile(24, 16, profile);
    bytes file = encoded_as(&image, form);
    bd_image_finish(&image);
    return file;
}

typedef struct said_lines {
    int lines;
    char last[400];
} said_lines;

static void keep_line(void *user, bd_log_level level, const char *message) {
    said_lines *kept = user;
    assert_int_equal(level, BD_LOG_WARNING);
    assert_null(strchr(message, '\n'));
    kept->lines++;
    (void)snprintf(kept->last, sizeof kept->last, "%s", message);
}

/* Decodes; what is said goes to kept. */
static bd_result read_with_log(bytes file, bd_image *image, said_lines *kept, bd_error *error) {
    *kept = (said_lines){0};
    const bd_image_read_params params = {
        .struct_size = sizeof params, .max_pixels = 1 << 20, .log = keep_line, .log_user = kept};
    return bd_image_decode(file.data, file.size, "sample", &params, image, error);
}

static void test_kept(void **state) {
    (void)state;
    static const size_t spares[] = {0, 200000}; /* the latter takes four segments of a JPEG */
    for (size_t i = 0; i < BD_COUNT(spares); i++) {
        bytes profile = swapped_profile(spares[i]);
        for (int form = BD_IMAGE_FILE_PNG; form <= BD_IMAGE_FILE_JPEG; form++) {
            bytes file = file_with(profile, (bd_image_file)form);
            bd_image back = decoded(file);
            assert_int_equal(back.profile_bytes, profile.size);
            assert_memory_equal(back.profile, profile.data, profile.size);
            bd_image plain = smooth_picture(24, 16, BD_FORMAT_RGBA8, false);
            assert_in_range(largest_difference(&plain, &back), 0, form == BD_IMAGE_FILE_PNG ? 0 : 8);
            bd_image_finish(&plain);
            bd_image_finish(&back);
            free(file.data);
        }
        free(profile.data);
    }
}

/* The segments of a long profile may come in any order; a missing one makes it useless. */
static void test_segments(void **state) {
    (void)state;
    bytes profile = swapped_profile(100000), file = file_with(profile, BD_IMAGE_FILE_JPEG);
    size_t at = 2, starts[2] = {0}, sizes[2] = {0}, count = 0;
    while (count < 2) {
        size_t size = 2 + ((size_t)file.data[at + 2] << 8 | file.data[at + 3]);
        if (file.data[at + 1] == 0xe2) {
            starts[count] = at;
            sizes[count++] = size;
        }
        at += size;
    }
    bytes turned = copy_of_bytes(file.data, starts[0]);
    append_bytes(&turned, file.data + starts[1], sizes[1]);
    append_bytes(&turned, file.data + starts[0], sizes[0]);
    append_bytes(&turned, file.data + at, file.size - at);
    bd_image image = decoded(turned);
    assert_int_equal(image.profile_bytes, profile.size);
    assert_memory_equal(image.profile, profile.data, profile.size);
    bd_image_finish(&image);
    bytes lacking = copy_of_bytes(file.data, starts[0]);
    append_bytes(&lacking, file.data + starts[1], file.size - starts[1]);
    said_lines kept;
    bd_error error;
    assert_int_equal(read_with_log(lacking, &image, &kept, &error), BD_OK);
    assert_null(image.profile);
    assert_int_equal(kept.lines, 1);
    bd_image_finish(&image);
    free(lacking.data);
    free(turned.data);
    free(file.data);
    free(profile.data);
}

static void png_collect(png_structp png, png_bytep from, size_t size) {
    append_bytes(png_get_io_ptr(png), from, size);
}

static void png_flush_none(png_structp png) {
    (void)png;
}

typedef struct said {
    bytes profile;
    double gamma; /* gAMA's number, 0: none */
    bool srgb;
    const double *points;
} said;

/* One pixel of this value in all channels. */
static bytes png_that_says(const said *what, int color, uint8_t value) {
    bytes file = {0};
    const uint8_t row[3] = {value, value, value};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    const double *p = what->points;
    png_set_write_fn(png, &file, png_collect, png_flush_none);
    png_set_IHDR(png, info, 1, 1, 8, color, PNG_INTERLACE_NONE, 0, 0);
    if (what->profile.size) {
        png_set_iCCP(png, info, "x", 0, what->profile.data, (png_uint_32)what->profile.size);
    }
    if (what->srgb) {
        png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    }
    if (what->gamma > 0) {
        png_set_gAMA(png, info, what->gamma);
    }
    if (p) {
        png_set_cHRM(png, info, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]);
    }
    png_write_info(png, info);
    png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return file;
}

/* One pixel, as sRGB. */
static void pixels_to_srgb(const bd_image *image, const uint8_t *from, uint8_t *to) {
    const bd_image srgb = {.width = 1};
    bd_color *color;
    bd_error error;
    if (bd_color_create(NULL, image, &srgb, false, &color, &error)) {
        fail_msg("%s", error.message);
    }
    memcpy(to, from, 4);
    if (color) {
        bd_color_pixels(color, from, to, 1);
    }
    bd_color_destroy(color);
}

/* IEC 61966-2-1. */
static double srgb_of(double light) {
    return 255.0 * (light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1.0 / 2.4) - 0.055);
}

static void assert_close(double expected, int got, double tolerance) {
    if (fabs(expected - got) > tolerance) {
        fail_msg("%d is not within %g of %g", got, tolerance, expected);
    }
}

static void test_png_chunks(void **state) {
    (void)state;
    static const double rec709[8] = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};
    static const double p3[8] = {0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060};
    bytes profile = gamma_profile(1.5);
    const struct {
        said what;
        double exponent; /* of light; 0: the picture has no profile */
    } files[] = {
        {{.gamma = 0}, 0},
        {{.srgb = true}, 0},
        {{.srgb = true, .gamma = 0.45455, .points = rec709}, 0},
        {{.gamma = 0.45455}, 0},
        {{.gamma = 0.45455, .points = rec709}, 0},
        {{.gamma = 1.0}, 1.0},
        {{.gamma = 1.0, .points = p3}, 1.0},
        {{.gamma = 1.0 / 1.8, .points = rec709}, 1.8},
        {{.profile = profile}, 1.5},
        {{.gamma = 0.001}, 0},
    };
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        for (int color = PNG_COLOR_TYPE_GRAY; color <= PNG_COLOR_TYPE_RGB; color += PNG_COLOR_TYPE_RGB) {
            if (files[i].what.profile.size && color == PNG_COLOR_TYPE_GRAY) {
                continue; /* libpng writes no such file */
            }
            bytes file = png_that_says(&files[i].what, color, 100);
            bd_image image = decoded(file);
            assert_int_equal(image.profile != NULL, files[i].exponent > 0);
            assert_int_equal(image.pixels[1], 100);
            uint8_t got[4];
            pixels_to_srgb(&image, image.pixels, got);
            double expected = files[i].exponent > 0 ? srgb_of(pow(100.0 / 255.0, files[i].exponent)) : 100.0;
            for (int c = 0; c < 3; c++) {
                assert_close(expected, got[c], 1.0);
            }
            /* Through another file the picture says the same. */
            bytes again = encoded_as(&image, BD_IMAGE_FILE_PNG);
            bd_image back = decoded(again);
            assert_int_equal(back.profile_bytes, image.profile_bytes);
            bd_image_finish(&back);
            bd_image_finish(&image);
            free(again.data);
            free(file.data);
        }
    }
    /* Primaries alone: Display P3's red, brought to sRGB, leaves it. */
    bytes file = png_that_says(&(said){.points = p3}, PNG_COLOR_TYPE_RGB, 100);
    bd_image image = decoded(file);
    const uint8_t red[4] = {200, 0, 0, 255};
    uint8_t got[4];
    pixels_to_srgb(&image, red, got);
    assert_true(got[0] > 210);
    bd_image_finish(&image);
    free(file.data);
    free(profile.data);
}

/* ---- meaning ---- */

/* With cICP behind IHDR. */
static bytes with_cicp(bytes png, const uint8_t numbers[4]) {
    enum { BEFORE = 33, TYPED = 8 };
    uint8_t chunk[16] = {0, 0, 0, 4, 'c', 'I', 'C', 'P'};
    memcpy(chunk + TYPED, numbers, 4);
    const uint32_t sum = (uint32_t)crc32(0, chunk + 4, TYPED);
    for (int i = 0; i < 4; i++) {
        chunk[12 + i] = (uint8_t)(sum >> (24 - 8 * i));
    }
    bytes file = copy_of_bytes(png.data, BEFORE);
    append_bytes(&file, chunk, sizeof chunk);
    append_bytes(&file, png.data + BEFORE, png.size - BEFORE);
    free(png.data);
    return file;
}

static void test_cicp(void **state) {
    (void)state;
    enum { SRGB_PROFILE, P3_PROFILE, OWN_PROFILE };
    bytes profile = gamma_profile(1.5);
    const struct {
        uint8_t numbers[4];
        said what;
        int wanted;
        const char *note;
    } files[] = {
        {{12, 13, 0, 1}, {.gamma = 0}, P3_PROFILE, NULL},
        {{12, 13, 0, 1}, {.profile = profile}, P3_PROFILE, NULL},
        {{12, 13, 0, 1}, {.srgb = true}, P3_PROFILE, NULL},
        {{1, 13, 0, 1}, {.profile = profile}, SRGB_PROFILE, NULL},
        {{1, 13, 0, 1}, {.gamma = 1.0}, SRGB_PROFILE, NULL},
        {{9, 16, 0, 1}, {.gamma = 0}, SRGB_PROFILE, "high dynamic range (PQ)"},
        {{9, 18, 0, 1}, {.gamma = 0}, SRGB_PROFILE, "high dynamic range (HLG)"},
        {{9, 16, 0, 1}, {.profile = profile}, OWN_PROFILE, NULL},
        {{2, 2, 0, 1}, {.profile = profile}, OWN_PROFILE, NULL},
        {{12, 13, 1, 1}, {.profile = profile}, OWN_PROFILE, "cICP is ignored"},
        {{12, 13, 0, 0}, {.gamma = 0}, SRGB_PROFILE, "cICP is ignored"},
    };
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        bytes file = with_cicp(png_that_says(&files[i].what, PNG_COLOR_TYPE_RGB, 100), files[i].numbers);
        bd_image image;
        bd_error error;
        said_lines kept;
        if (read_with_log(file, &image, &kept, &error)) {
            fail_msg("%s", error.message);
        }
        assert_int_equal(kept.lines, files[i].note != NULL);
        assert_true(!files[i].note || strstr(kept.last, files[i].note));
        assert_int_equal(image.profile != NULL, files[i].wanted != SRGB_PROFILE);
        if (files[i].wanted == P3_PROFILE) {
            /* Display P3's (128, 64, 32) in sRGB, by the matrices of both. */
            static const uint8_t from[4] = {128, 64, 32, 255}, wanted[3] = {138, 59, 21};
            uint8_t to[4];
            pixels_to_srgb(&image, from, to);
            for (int c = 0; c < 3; c++) {
                assert_close(wanted[c], to[c], 1.0);
            }
        } else if (files[i].wanted == OWN_PROFILE) {
            assert_int_equal(image.profile_bytes, profile.size);
            assert_memory_equal(image.profile, profile.data, profile.size);
        }
        bd_image_finish(&image);
        free(file.data);
    }
    /* A damaged one says nothing. */
    bytes file = with_cicp(png_that_says(&(said){.gamma = 0}, PNG_COLOR_TYPE_RGB, 100), files[0].numbers);
    file.data[41] ^= 1;
    bd_image image = decoded(file);
    assert_null(image.profile);
    bd_image_finish(&image);
    free(file.data);
    free(profile.data);
}

static void test_conversion(void **state) {
    (void)state;
    bytes swapped = swapped_profile(0), srgb = srgb_profile(), gamma = gamma_profile(1.8);
    const bd_image as_swapped = {.profile = swapped.data, .profile_bytes = swapped.size};
    const bd_image as_srgb = {.profile = srgb.data, .profile_bytes = srgb.size};
    const bd_image as_gamma = {.profile = gamma.data, .profile_bytes = gamma.size};
    const bd_image plain = {.width = 0};
    bd_color *color;
    bd_error error;
    assert_int_equal(bd_color_create(NULL, &plain, &plain, false, &color, &error), BD_OK);
    assert_null(color);
    assert_int_equal(bd_color_create(NULL, &as_swapped, &as_swapped, false, &color, &error), BD_OK);
    assert_null(color);
    assert_int_equal(bd_color_create(NULL, &as_srgb, &plain, false, &color, &error), BD_OK);
    assert_null(color); /* two spellings of one thing */
    uint8_t got[4];
    for (int i = 0; i < 512; i++) {
        const uint8_t from[4] = {(uint8_t)(i % 8 * 36), (uint8_t)(i / 8 % 8 * 36), (uint8_t)(i / 64 * 36),
                                 (uint8_t)(i / 2)};
        const int order[4] = {1, 0, 2, 3};
        pixels_to_srgb(&as_swapped, from, got);
        for (int c = 0; c < 4; c++) {
            assert_close(from[order[c]], got[c], c == 3 ? 0.0 : 1.0);
        }
        pixels_to_srgb(&as_gamma, from, got);
        for (int c = 0; c < 3; c++) {
            assert_close(srgb_of(pow(from[c] / 255.0, 1.8)), got[c], 1.5);
        }
    }
    const bd_image junk = {.profile = "no profile at all", .profile_bytes = 17};
    assert_int_equal(bd_color_create(NULL, &plain, &junk, false, &color, &error), BD_ERR_INVALID_ARGUMENT);
    assert_true(is_one_line(&error));
    assert_null(color);
    free(gamma.data);
    free(srgb.data);
    free(swapped.data);
}

/* A JPEG of one value a component. */
static bytes flat_jpeg(J_COLOR_SPACE space, int components, const uint8_t *value, bytes profile) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    uint8_t row[32];
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = jpeg.image_height = 8;
    jpeg.input_components = components;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    if (profile.size) {
        jpeg_write_icc_profile(&jpeg, profile.data, (unsigned)profile.size);
    }
    for (int i = 0; i < 8 * components; i++) {
        row[i] = value[i % components];
    }
    for (int y = 0; y < 8; y++) {
        JSAMPROW rows = row;
        jpeg_write_scanlines(&jpeg, &rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (bytes){data, size};
}

static void test_gray(void **state) {
    (void)state;
    bytes profile = gray_profile(1.8), file = flat_jpeg(JCS_GRAYSCALE, 1, (const uint8_t[]){90}, profile);
    bd_image image = decoded(file);
    uint8_t got[4];
    assert_int_equal(image.pixels[0], 90);
    assert_int_equal(memcmp((const uint8_t *)image.profile + 16, "RGB ", 4), 0);
    pixels_to_srgb(&image, image.pixels, got);
    for (int c = 0; c < 3; c++) {
        assert_close(srgb_of(pow(90.0 / 255.0, 1.8)), got[c], 1.0);
    }
    /* Of a grey PNG, with alpha too, it is the same. */
    for (int color = PNG_COLOR_TYPE_GRAY; color <= PNG_COLOR_TYPE_GRAY_ALPHA; color += PNG_COLOR_MASK_ALPHA) {
        bytes gray = png_that_says(&(said){.profile = profile}, color, 90);
        bd_image of_png = decoded(gray);
        assert_int_equal(of_png.pixels[0], 90);
        assert_int_equal(of_png.profile_bytes, image.profile_bytes);
        assert_memory_equal(of_png.profile, image.profile, image.profile_bytes);
        bd_image_finish(&of_png);
        free(gray.data);
    }
    /* Made twice it is the same, and a PNG can hold it. */
    bd_image second = decoded(file);
    assert_int_equal(second.profile_bytes, image.profile_bytes);
    assert_memory_equal(second.profile, image.profile, image.profile_bytes);
    bytes png = encoded_as(&image, BD_IMAGE_FILE_PNG);
    bd_image back = decoded(png);
    assert_memory_equal(back.profile, image.profile, image.profile_bytes);
    bd_image_finish(&back);
    bd_image_finish(&second);
    bd_image_finish(&image);
    free(png.data);
    free(file.data);
    free(profile.data);
}

/* L*a*b* of D50 to sRGB: CIE 15, and Bradford's matrix from D50 to sRGB (ICC's PCS). */
static void lab_to_srgb(double l, double a, double b, double *rgb) {
    static const double white[3] = {0.9642, 1.0, 0.8249};
    static const double matrix[3][3] = {
        {3.1338561, -1.6168667, -0.4906146}, {-0.9787684, 1.9161415, 0.0334540}, {0.0719453, -0.2289914, 1.4052427}};
    const double f[3] = {(l + 16) / 116 + a / 500, (l + 16) / 116, (l + 16) / 116 - b / 200};
    double xyz[3];
    for (int i = 0; i < 3; i++) {
        xyz[i] = white[i] * (f[i] > 6.0 / 29 ? f[i] * f[i] * f[i] : (f[i] - 16.0 / 116) * 3 * 36 / 841);
    }
    for (int i = 0; i < 3; i++) {
        double light = matrix[i][0] * xyz[0] + matrix[i][1] * xyz[1] + matrix[i][2] * xyz[2];
        rgb[i] = srgb_of(fmin(fmax(light, 0.0), 1.0));
    }
}

static void test_inks(void **state) {
    (void)state;
    /* As stored: 255 less the ink. Black is a node of the profile's table, so that interpolation is exact. */
    static const uint8_t stored[4] = {180, 153, 102, 191};
    bytes profile = ink_profile(), file = flat_jpeg(JCS_CMYK, 4, stored, profile);
    bd_image image = decoded(file);
    double expected[3];
    lab_to_srgb(100.0 * stored[0] / 255 * stored[3] / 255, 100.0 * (255 - stored[1]) / 255 - 50,
                100.0 * (255 - stored[2]) / 255 - 50, expected);
    assert_null(image.profile);
    for (int c = 0; c < 3; c++) {
        assert_close(expected[c], image.pixels[c], 3.0);
    }
    assert_int_equal(image.pixels[3], 255);
    bd_image_finish(&image);
    free(file.data);
    /* A profile of other colours: as without one. */
    bytes other = swapped_profile(0), plain = flat_jpeg(JCS_CMYK, 4, stored, (bytes){0});
    file = flat_jpeg(JCS_CMYK, 4, stored, other);
    said_lines kept;
    bd_error error;
    bd_image without = decoded(plain);
    assert_int_equal(read_with_log(file, &image, &kept, &error), BD_OK);
    assert_int_equal(kept.lines, 1);
    assert_int_equal(largest_difference(&image, &without), 0);
    bd_image_finish(&without);
    bd_image_finish(&image);
    free(plain.data);
    free(other.data);
    free(file.data);
    free(profile.data);
}

/* ---- hostile ---- */

static void test_senseless(void **state) {
    (void)state;
    bytes profiles[] = {abstract_profile(), ink_profile(), gray_profile(2.0), swapped_profile(0)};
    memset(profiles[3].data + 128, 0xff, 4); /* tags beyond counting */
    static const uint8_t value[3] = {10, 20, 30};
    for (size_t i = 0; i < BD_COUNT(profiles); i++) {
        bytes file = flat_jpeg(JCS_RGB, 3, value, profiles[i]);
        bd_image image;
        bd_error error;
        said_lines kept;
        if (read_with_log(file, &image, &kept, &error)) {
            fail_msg("%s", error.message);
        }
        assert_null(image.profile);
        assert_int_equal(kept.lines, 1);
        assert_non_null(strstr(kept.last, "sample: the colour profile is ignored"));
        bd_image_finish(&image);
        bd_image hand = smooth_picture(4, 4, BD_FORMAT_RGBA8, false);
        void *data;
        size_t size;
        hand.profile = profiles[i].data;
        hand.profile_bytes = profiles[i].size;
        bd_result result = bd_image_encode(&hand, NULL, &data, &size, &error);
        assert_int_equal(result, BD_ERR_INVALID_ARGUMENT);
        assert_true(is_one_line(&error));
        hand.profile_bytes = 100;
        assert_int_equal(bd_image_encode(&hand, NULL, &data, &size, &error), BD_ERR_INVALID_ARGUMENT);
        bd_image_finish(&hand);
        free(file.data);
        free(profiles[i].data);
    }
}

/* A file with many chunks that make no sense is said to be so once; where it cannot be read, that is all there is to say. */
static void test_many_warnings(void **state) {
    (void)state;
    enum { CHUNKS = 1000, SIGNATURE = 8, HEADER = 25 };
    static const uint8_t chunk[] = {0, 0, 0, 3, 'i', 'C', 'C', 'P', 'x', 0, 0, 0x84, 0x32, 0xba, 0x59};
    bytes plain = png_that_says(&(said){.gamma = 0}, PNG_COLOR_TYPE_RGB, 7);
    bytes file = copy_of_bytes(plain.data, SIGNATURE + HEADER);
    for (int i = 0; i < CHUNKS; i++) {
        append_bytes(&file, chunk, sizeof chunk);
    }
    append_bytes(&file, plain.data + SIGNATURE + HEADER, plain.size - SIGNATURE - HEADER);
    bd_image image;
    bd_error error;
    said_lines kept;
    if (read_with_log(file, &image, &kept, &error)) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(kept.lines, 1);
    bd_image_finish(&image);
    file.size -= 30;
    assert_int_equal(read_with_log(file, &image, &kept, &error), BD_ERR_FILE_CORRUPT);
    assert_int_equal(kept.lines, 0);
    free(file.data);
    free(plain.data);
}

/* Whatever is in a profile, the picture is read; what is kept can be written and converted, or is refused in words. */
static void check_hostile(bytes profile) {
    static const uint8_t value[3] = {10, 20, 30};
    bytes file = flat_jpeg(JCS_RGB, 3, value, profile);
    bd_image image;
    bd_error error = {0};
    said_lines kept;
    if (read_with_log(file, &image, &kept, &error)) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(kept.lines, image.profile == NULL);
    uint8_t got[4];
    pixels_to_srgb(&image, image.pixels, got);
    bytes png = encoded_as(&image, BD_IMAGE_FILE_PNG);
    bd_image_finish(&image);
    free(png.data);
    free(file.data);
}

static void test_hostile(void **state) {
    (void)state;
    static const uint8_t values[] = {0x00, 0xff};
    bytes profile = gamma_profile(2.0);
    for (size_t at = 0; at < profile.size; at += at < 260 ? 1 : 5) {
        uint8_t before = profile.data[at];
        for (size_t v = 0; v < BD_COUNT(values); v++) {
            profile.data[at] = values[v];
            check_hostile(profile);
        }
        profile.data[at] = before;
    }
    for (size_t size = 1; size < profile.size; size += 23) {
        check_hostile((bytes){profile.data, size});
    }
    free(profile.data);
    /* Tables in four inks, which reach lcms2's interpolation. */
    profile = ink_profile();
    static const uint8_t inks[4] = {1, 2, 3, 4};
    for (size_t at = 0; at < profile.size; at += at < 400 ? 13 : 401) {
        uint8_t before = profile.data[at];
        profile.data[at] = 0xff;
        bytes file = flat_jpeg(JCS_CMYK, 4, inks, profile);
        bd_image image = decoded(file);
        bd_image_finish(&image);
        free(file.data);
        profile.data[at] = before;
    }
    free(profile.data);
}

/* ---- memory ---- */

static void test_without_memory(void **state) {
    (void)state;
    bytes rgb = swapped_profile(0), gray = gray_profile(2.0), inks = ink_profile();
    static const uint8_t value[4] = {10, 20, 30, 40};
    static const said linear = {.gamma = 1.0};
    bytes files[] = {file_with(rgb, BD_IMAGE_FILE_PNG), file_with(rgb, BD_IMAGE_FILE_JPEG),
                     flat_jpeg(JCS_GRAYSCALE, 1, value, gray), flat_jpeg(JCS_CMYK, 4, value, inks),
                     png_that_says(&linear, PNG_COLOR_TYPE_RGB, 7)};
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        for (long n = 1;; n++) {
            counter count = {.fail_at = n};
            bd_allocator allocator = counting_allocator(&count);
            const bd_image_read_params params = {.struct_size = sizeof params, .allocator = &allocator};
            bd_image image;
            bd_error error = {0};
            bd_result result = bd_image_decode(files[i].data, files[i].size, "file", &params, &image, &error);
            if (!result) {
                bd_image_finish(&image);
            }
            assert_int_equal(count.alive, 0);
            if (count.requests < n) {
                assert_int_equal(result, BD_OK);
                break;
            }
            if (result && result != BD_ERR_OUT_OF_MEMORY) {
                fail_msg("file %zu, allocation %ld: %s", i, n, error.message);
            }
        }
        free(files[i].data);
    }
    free(inks.data);
    free(gray.data);
    free(rgb.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),           cmocka_unit_test(test_segments),      cmocka_unit_test(test_png_chunks),
        cmocka_unit_test(test_conversion),     cmocka_unit_test(test_gray),          cmocka_unit_test(test_inks),
        cmocka_unit_test(test_senseless),      cmocka_unit_test(test_many_warnings), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_without_memory), cmocka_unit_test(test_cicp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
