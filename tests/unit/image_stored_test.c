/* SPDX-License-Identifier: MIT
 * Small files of many forms, stored in pictures/ (make_pictures.py says how they were made), number for number, and cut
 * off anywhere; AVIF out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "support/files.h"
#include "support/pictures.h"

enum { WIDTH = 16, HEIGHT = 12 };

/* What a file's pixels are made of. */
typedef enum contents { RAMPS, STRIPES, CHROMA, FIELDS } contents;

static const struct picture {
    const char *file, *form;
    contents contents;
    int bits;
    bool alpha;
    int orientation; /* 0: it has none */
    int near;        /* how far a number may be off */
    size_t spare;    /* bytes at the end that a reader does not need */
} pictures[] = {
    {"runs8.bmp", "BMP", RAMPS, .bits = 8, .spare = 2},
    {"runs4.bmp", "BMP", STRIPES, .bits = 8, .spare = 2},
    {"os2.bmp", "BMP", RAMPS, .bits = 8},
    {"fields.bmp", "BMP", FIELDS, .bits = 8},
    {"alpha.bmp", "BMP", RAMPS, .bits = 8, .alpha = true},
    {"unused.bmp", "BMP", RAMPS, .bits = 8},
    {"white.psd", "PSD", RAMPS, .bits = 8, .alpha = true, .near = 8},
    {"plain.psd", "PSD", RAMPS, .bits = 8, .alpha = true},
    {"selection.psd", "PSD", RAMPS, .bits = 8, .spare = 244},
    {"deep.psb", "PSD", RAMPS, .bits = 16},
    {"inks.psd", "PSD", RAMPS, .bits = 8},
    {"alpha.pam", "PNM", RAMPS, .bits = 8, .alpha = true},
    {"deep.pam", "PNM", RAMPS, .bits = 16, .alpha = true},
    {"alpha.jxl", "JPEG XL", RAMPS, .bits = 8, .alpha = true},
    {"deep.jxl", "JPEG XL", RAMPS, .bits = 16},
    {"alpha.jp2", "JPEG 2000", RAMPS, .bits = 8, .alpha = true},
    {"deep.j2k", "JPEG 2000", RAMPS, .bits = 16},
    {"chroma.jp2", "JPEG 2000", CHROMA, .bits = 8, .near = 1},
    {"turned6.heic", "HEIC", RAMPS, .bits = 8, .orientation = 6},
    {"alpha.heic", "HEIC", RAMPS, .bits = 8, .alpha = true},
    {"deep10.heic", "HEIC", RAMPS, .bits = 10},
    {"turned7.avif", "AVIF", RAMPS, .bits = 8, .orientation = 7},
    {"alpha.avif", "AVIF", RAMPS, .bits = 8, .alpha = true},
    {"premultiplied.avif", "AVIF", RAMPS, .bits = 8, .alpha = true, .near = 8},
    {"deep12.avif", "AVIF", RAMPS, .bits = 12},
    {"p3.avif", "AVIF", RAMPS, .bits = 8},
    {"pq.avif", "AVIF", RAMPS, .bits = 8},
};

static bytes stored(const char *name) {
    char path[100];
    (void)snprintf(path, sizeof path, "tests/unit/pictures/%s", name);
    bytes file;
    file.data = test_read_copy(test_source_file(path), &file.size);
    return file;
}

static void keep_note(void *user, bd_log_level level, const char *text) {
    (void)level;
    (void)snprintf(user, 200, "%s", text);
}

static bd_image decoded_with(bytes file, bd_image_read_params params, char *note) {
    bd_image image;
    bd_error error;
    params.struct_size = sizeof params;
    params.log = note ? keep_note : NULL;
    params.log_user = note;
    if (bd_image_decode(file.data, file.size, "stored", &params, &image, &error)) {
        fail_msg("%s", error.message);
    }
    return image;
}

/* ---- what the numbers should be ---- */

static uint32_t clamped(double value) {
    return value < 0.0 ? 0 : value > 255.0 ? 255 : (uint32_t)lrint(value);
}

static void ramps(int x, int y, int bits, uint32_t rgba[4]) {
    const uint32_t most = (1u << bits) - 1, column = (uint32_t)x, row = (uint32_t)y;
    rgba[0] = rgba[3] = column * most / (WIDTH - 1);
    rgba[1] = row * most / (HEIGHT - 1);
    rgba[2] = (column + row) * most / (WIDTH + HEIGHT - 2);
}

/* The stored pixel, of bits. */
static void stored_pixel(const struct picture *picture, int x, int y, uint32_t rgba[4]) {
    ramps(x, y, picture->bits, rgba);
    if (picture->contents == STRIPES) {
        /* The top row is stepped over but for the last four pixels, of two colours in turn. */
        const uint32_t index = y ? (uint32_t)(x / 2 + y) % 16 : x >= 12 ? 6u + (uint32_t)x % 2 : 0;
        rgba[0] = rgba[1] = rgba[2] = index * 17;
    } else if (picture->contents == FIELDS) {
        rgba[0] = ((rgba[0] >> 3) * 255 + 15) / 31;
        rgba[1] = ((rgba[1] >> 2) * 255 + 31) / 63;
        rgba[2] = ((rgba[2] >> 3) * 255 + 15) / 31;
    } else if (picture->contents == CHROMA) {
        const double luma = x * 17, blue = y / 2 * 40 - 128, red = x / 2 * 32 - 128;
        rgba[0] = clamped(luma + 1.402 * red);
        rgba[1] = clamped(luma - 0.344136 * blue - 0.714136 * red);
        rgba[2] = clamped(luma + 1.772 * blue);
    }
}

/* Where EXIF's orientation 6 and 7 take a pixel of the upright picture from. */
static void upright_pixel(const struct picture *picture, bool turned, int x, int y, uint32_t rgba[4]) {
    int from_x = x, from_y = y;
    if (turned && picture->orientation == 6) {
        from_x = y;
        from_y = HEIGHT - 1 - x;
    } else if (turned && picture->orientation == 7) {
        from_x = WIDTH - 1 - y;
        from_y = HEIGHT - 1 - x;
    }
    stored_pixel(picture, from_x, from_y, rgba);
    rgba[3] = picture->alpha ? rgba[3] : (1u << picture->bits) - 1;
}

static uint32_t number_at(const bd_image *image, size_t index) {
    uint16_t value;
    if (image->format != BD_FORMAT_RGBA16) {
        return image->pixels[index];
    }
    memcpy(&value, image->pixels + index * sizeof value, sizeof value);
    return value;
}

static void check_pixels(const struct picture *picture, const bd_image *image, bool turned) {
    const bool sideways = turned && picture->orientation >= 5;
    const uint64_t most = (1u << picture->bits) - 1, to_most = image->format == BD_FORMAT_RGBA16 ? 65535 : 255;
    assert_int_equal(image->width, sideways ? HEIGHT : WIDTH);
    assert_int_equal(image->height, sideways ? WIDTH : HEIGHT);
    assert_int_equal(image->has_alpha, picture->alpha);
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
        uint32_t expected[4];
        upright_pixel(picture, turned, (int)(i % image->width), (int)(i / image->width), expected);
        for (size_t c = 0; c < 4; c++) {
            /* What was multiplied with little alpha is not known any more. */
            if (picture->near && c < 3 && expected[3] * 12 < most) {
                continue;
            }
            int64_t wanted = (int64_t)((expected[c] * to_most + most / 2) / most), got = number_at(image, i * 4 + c);
            int near = c < 3 ? picture->near : 0;
            if (got < wanted - near || got > wanted + near) {
                fail_msg("%s: pixel %u, channel %zu: %d, not %d", picture->file, i, c, (int)got, (int)wanted);
            }
        }
    }
}

/* ---- reading ---- */

static void test_numbers(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(pictures); i++) {
        const struct picture *picture = &pictures[i];
        bytes file = stored(picture->file);
        if (form_named(picture->form).reads) {
            bd_image image = decoded_with(file, (bd_image_read_params){0}, NULL);
            assert_int_equal(image.format, BD_FORMAT_RGBA8);
            check_pixels(picture, &image, true);
            bd_image_finish(&image);
            image = decoded_with(file, (bd_image_read_params){.keep_depth = true, .ignore_orientation = true}, NULL);
            assert_int_equal(image.format, picture->bits > 8 ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8);
            check_pixels(picture, &image, false);
            bd_image_finish(&image);
        }
        free(file.data);
    }
}

/* Grey of 16 bits has all of a deep file's. */
static void test_gray16(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(pictures); i++) {
        const struct picture *picture = &pictures[i];
        if (picture->bits != 16 || !form_named(picture->form).reads) {
            continue;
        }
        bytes file = stored(picture->file);
        bd_image image = decoded_with(file, (bd_image_read_params){.gray16 = true}, NULL);
        assert_int_equal(image.format, BD_FORMAT_GRAY16);
        for (int p = 0; p < WIDTH * HEIGHT; p++) {
            uint32_t rgba[4];
            uint16_t got;
            ramps(p % WIDTH, p / WIDTH, 16, rgba);
            memcpy(&got, image.pixels + (size_t)p * 2, sizeof got);
            assert_in_range(got + 1, (rgba[0] * 13933u + rgba[1] * 46871u + rgba[2] * 4732u) >> 16,
                            ((rgba[0] * 13933u + rgba[1] * 46871u + rgba[2] * 4732u) >> 16) + 2);
        }
        bd_image_finish(&image);
        free(file.data);
    }
}

static void test_colors(void **state) {
    (void)state;
    char note[200] = "";
    if (!form_named("AVIF").reads) {
        skip();
    }
    bytes file = stored("p3.avif");
    bd_image image = decoded_with(file, (bd_image_read_params){0}, note);
    assert_non_null(image.profile);
    assert_string_equal(note, "");
    bd_image srgb = {.width = 1, .height = 1, .format = BD_FORMAT_RGBA8};
    bd_color *color;
    assert_int_equal(bd_color_create(NULL, &image, &srgb, false, &color, NULL), BD_OK);
    /* Display P3's (128, 64, 32) in sRGB, by the matrices of both. */
    const uint8_t from[4] = {128, 64, 32, 255}, wanted[3] = {138, 59, 21};
    uint8_t to[4];
    bd_color_pixels(color, from, to, 1);
    for (int c = 0; c < 3; c++) {
        assert_in_range(to[c] + 1, wanted[c], wanted[c] + 2);
    }
    bd_color_destroy(color);
    bd_image_finish(&image);
    free(file.data);
    file = stored("pq.avif");
    image = decoded_with(file, (bd_image_read_params){0}, note);
    assert_null(image.profile);
    assert_string_equal(note, "stored: high dynamic range (PQ): colours are taken for sRGB");
    bd_image_finish(&image);
    free(file.data);
}

/* Exact-size copies show reads past the end. */
static void test_truncations(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(pictures); i++) {
        const struct picture *picture = &pictures[i];
        bytes file = stored(picture->file);
        for (size_t size = 0; size < file.size - picture->spare && form_named(picture->form).reads; size++) {
            bytes part = copy_of_bytes(file.data, size);
            bd_image image;
            bd_error error;
            if (decode_small(part, &image, &error) == BD_OK) {
                fail_msg("%s: %zu bytes are enough", picture->file, size);
            }
            assert_true(is_one_line(&error));
            free(part.data);
        }
        free(file.data);
    }
}

/* What a build lacks is named. */
static void test_missing(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(pictures); i++) {
        bd_image_form form = form_named(pictures[i].form);
        if (form.reads) {
            continue;
        }
        bytes file = stored(pictures[i].file);
        bd_image image;
        bd_error error;
        assert_int_equal(decode_small(file, &image, &error), BD_ERR_UNSUPPORTED);
        assert_non_null(strstr(error.message, form.name));
        assert_non_null(strstr(error.message, form.library));
        free(file.data);
    }
}

static void test_broken_bmps(void **state) {
    (void)state;
    static const struct {
        const char *file;
        size_t at;
        uint8_t value;
        bd_result result;
    } broken[] = {
        {"runs8.bmp", 28, 4, BD_ERR_UNSUPPORTED},        {"runs8.bmp", 30, 4, BD_ERR_UNSUPPORTED},
        {"runs8.bmp", 46, 100, BD_ERR_FILE_CORRUPT}, /* fewer colours than are used */
        {"runs8.bmp", 25, 0x80, BD_ERR_IMAGE_TOO_LARGE}, {"runs8.bmp", 18, 0, BD_ERR_FILE_CORRUPT},
        {"os2.bmp", 10, 20, BD_ERR_FILE_CORRUPT},        {"os2.bmp", 14, 13, BD_ERR_FILE_CORRUPT},
    };
    for (size_t i = 0; i < BD_COUNT(broken); i++) {
        bytes file = stored(broken[i].file);
        file.data[broken[i].at] = broken[i].value;
        bd_image image;
        bd_error error;
        assert_int_equal(decode_small(file, &image, &error), broken[i].result);
        free(file.data);
    }
}

/* Two columns, three rows, in each order of rows and of pixels in a row. */
static void test_tga_orders(void **state) {
    (void)state;
    enum { HEADER = 18, DESCRIPTOR = 17, COLUMNS = 2, ROWS = 3 };
    for (int order = 0; order < 4; order++) {
        const bool right_to_left = order & 1, top_down = order & 2;
        uint8_t data[HEADER + COLUMNS * ROWS * 3] = {[2] = 2, [12] = COLUMNS, [14] = ROWS, [16] = 24};
        data[DESCRIPTOR] = (uint8_t)(order << 4);
        for (int i = 0; i < COLUMNS * ROWS; i++) {
            const int x = right_to_left ? COLUMNS - 1 - i % COLUMNS : i % COLUMNS;
            const int y = top_down ? i / COLUMNS : ROWS - 1 - i / COLUMNS;
            data[HEADER + i * 3 + 2] = (uint8_t)(10 * y + x);
        }
        bytes file = copy_of_bytes(data, sizeof data);
        bd_image image = decoded_with(file, (bd_image_read_params){.ignore_orientation = order & 1}, NULL);
        assert_int_equal(image.width, COLUMNS);
        for (int i = 0; i < COLUMNS * ROWS; i++) {
            assert_int_equal(image.pixels[i * 4], 10 * (i / COLUMNS) + i % COLUMNS);
        }
        bd_image_finish(&image);
        free(file.data);
    }
}

/* What begins like a picture and is a text; and pictures whose headers are broken. */
static void test_texts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bd_result result;
    } files[] = {
        {"BMW is a car", BD_ERR_FILE_FORMAT},
        {"BMW is a car that has a header of letters", BD_ERR_FILE_FORMAT},
        {"P1 is the first", BD_ERR_FILE_FORMAT},
        {"P2\nis the second", BD_ERR_FILE_FORMAT},
        {"P3 2 of them", BD_ERR_FILE_FORMAT},
        {"P4 # a comment\nand no number", BD_ERR_FILE_FORMAT},
        {"P5 10% of all", BD_ERR_FILE_FORMAT},
        {"P7\nis the last", BD_ERR_FILE_FORMAT},
        {"P8 2 2 255\n", BD_ERR_FILE_FORMAT},
        {"GIF8 is no version", BD_ERR_FILE_FORMAT},
        {"8BPS is Photoshop's", BD_ERR_FILE_FORMAT},
        {"P6\n# a comment\n2 2 ", BD_ERR_FILE_CORRUPT},
        {"P6\n# cut off in a comment", BD_ERR_FILE_CORRUPT},
        {"P6#\n2#\n 2 70000\n", BD_ERR_FILE_CORRUPT},
        {"P7\n# a comment\nWIDTH 2\n", BD_ERR_FILE_CORRUPT},
        {"P7\r\nHEIGHT x\n", BD_ERR_FILE_CORRUPT},
    };
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        bytes file = copy_of_bytes(files[i].text, strlen(files[i].text));
        bd_image image;
        bd_error error;
        const bd_result result = decode_small(file, &image, &error);
        if (result != files[i].result) {
            fail_msg("%s: %d, %s", files[i].text, (int)result, error.message);
        }
        free(file.data);
    }
}

/* A sequence of pictures stands in a box of its own. */
static void test_sequence(void **state) {
    (void)state;
    static const struct { const char *file, *form; } files[] = {{"alpha.avif", "AVIF"}, {"alpha.heic", "HEIC"}};
    static const uint8_t box[] = {0, 0, 0, 8, 'm', 'o', 'o', 'v'};
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        if (!form_named(files[i].form).reads) {
            continue;
        }
        char note[200] = "", wanted[200];
        (void)snprintf(wanted, sizeof wanted, "stored: %s: an animation, of which only a still picture is taken",
                       files[i].form);
        bytes file = stored(files[i].file);
        bd_image image = decoded_with(file, (bd_image_read_params){0}, note);
        assert_string_equal(note, "");
        bd_image_finish(&image);
        append_bytes(&file, box, sizeof box);
        image = decoded_with(file, (bd_image_read_params){0}, note);
        assert_string_equal(note, wanted);
        bd_image_finish(&image);
        free(file.data);
    }
}

static void test_psd_without_picture(void **state) {
    (void)state;
    static const uint8_t resource[] = {0, 0, 0, 18, '8', 'B', 'I', 'M', 4, 0x21, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0};
    bytes file = stored("plain.psd"), changed = copy_of_bytes(file.data, 30);
    append_bytes(&changed, resource, sizeof resource);
    append_bytes(&changed, file.data + 34, file.size - 34);
    bd_image image;
    bd_error error;
    assert_int_equal(decode_small(changed, &image, &error), BD_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "Maximize Compatibility"));
    free(file.data);
    free(changed.data);
}

/* Files that failed before, with what is right; mean: how far channels may be off on the mean, in hundredths. */
static void test_field(void **state) {
    (void)state;
    static const struct {
        const char *file, *expected, *form;
        uint64_t mean;
    } files[] = {
        {"field/01-modern-formats/in.heic", "field/01-modern-formats/expected.png", "HEIC", 200},
        {"field/01-modern-formats/in.avif", "field/01-modern-formats/expected.png", "AVIF", 0},
        {"field/10-bmp-rle8/in.bmp", "field/10-bmp-rle8/expected.png", "BMP", 0},
    };
    if (!test_shared_file(files[0].file)) {
        skip();
    }
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        if (!form_named(files[i].form).reads) {
            continue;
        }
        bytes file, right;
        file.data = test_read_copy(test_shared_file(files[i].file), &file.size);
        right.data = test_read_copy(test_shared_file(files[i].expected), &right.size);
        bd_image image = decoded(file), expected = decoded(right);
        assert_int_equal(image.width, expected.width);
        assert_int_equal(image.height, expected.height);
        const size_t count = (size_t)image.width * image.height * 4;
        uint64_t sum = 0;
        for (size_t p = 0; p < count; p++) {
            sum += (uint64_t)abs(image.pixels[p] - expected.pixels[p]);
        }
        assert_in_range(sum * 100 / count, 0, files[i].mean);
        bd_image_finish(&image);
        bd_image_finish(&expected);
        free(file.data);
        free(right.data);
    }
}

/* A width of 0 by 2^31 rows, and 16 channels without an order that white could be taken out of. */
static void test_hurtful(void **state) {
    (void)state;
    if (!test_shared_file("broken/w0.bmp")) {
        skip();
    }
    bytes file;
    bd_image image;
    bd_error error;
    file.data = test_read_copy(test_shared_file("broken/w0.bmp"), &file.size);
    assert_int_equal(decode_small(file, &image, &error), BD_ERR_FILE_CORRUPT);
    free(file.data);
    file.data = test_read_copy(test_shared_file("broken/d_chn16.psd"), &file.size);
    image = decoded(file);
    assert_int_equal(image.width * image.height, 256);
    bd_image_finish(&image);
    free(file.data);
}

/* ---- AVIF out ---- */

static bd_image ramp_picture(bd_format format, bool alpha) {
    bd_image image;
    assert_int_equal(bd_image_create(NULL, "ramps", WIDTH, HEIGHT, format, &image, NULL), BD_OK);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        uint32_t rgba[4];
        ramps(i % WIDTH, i / WIDTH, 8, rgba);
        if (format == BD_FORMAT_GRAY8) {
            image.pixels[i] = (uint8_t)rgba[2];
        } else {
            rgba[3] = alpha ? rgba[3] : 255;
            bd_pixel_store(image.pixels, (size_t)i, false, rgba);
        }
    }
    image.has_alpha = alpha;
    return image;
}

static void test_avif_out(void **state) {
    (void)state;
    if (!form_named("AVIF").writes) {
        skip();
    }
    for (int alpha = 0; alpha <= 1; alpha++) {
        for (int lossless = 0; lossless <= 1; lossless++) {
            bd_image image = ramp_picture(BD_FORMAT_RGBA8, alpha);
            bd_image_write_params params = {
                .struct_size = sizeof params, .file = BD_IMAGE_FILE_AVIF, .lossless = lossless};
            bytes file = encoded(&image, &params);
            bd_image back = decoded(file);
            assert_int_equal(back.has_alpha, alpha);
            assert_in_range(largest_difference(&image, &back), 0, lossless ? 0 : 16);
            for (int i = 0; i < WIDTH * HEIGHT; i++) {
                assert_int_equal(back.pixels[i * 4 + 3], image.pixels[i * 4 + 3]);
            }
            bd_image_finish(&image);
            bd_image_finish(&back);
            free(file.data);
        }
    }
    bd_image gray = ramp_picture(BD_FORMAT_GRAY8, false);
    bytes file = encoded_as(&gray, BD_IMAGE_FILE_AVIF);
    bd_image back = decoded(file);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        assert_in_range(back.pixels[i * 4] + 8, gray.pixels[i], gray.pixels[i] + 16);
    }
    bd_image_finish(&gray);
    bd_image_finish(&back);
    free(file.data);
}

static void test_avif_profile(void **state) {
    (void)state;
    if (!form_named("AVIF").writes) {
        skip();
    }
    const bd_image_source source = {.name = "made"};
    bd_image image = ramp_picture(BD_FORMAT_RGBA8, false);
    assert_int_equal(bd_image_take_gamma(&source, 1.8, NULL, &image, NULL), BD_OK);
    bd_image_write_params params = {.struct_size = sizeof params, .file = BD_IMAGE_FILE_AVIF, .lossless = true};
    bytes file = encoded(&image, &params);
    bd_image back = decoded(file);
    assert_int_equal(largest_difference(&image, &back), 0);
    assert_int_equal(back.profile_bytes, image.profile_bytes);
    assert_memory_equal(back.profile, image.profile, image.profile_bytes);
    bd_image_finish(&image);
    bd_image_finish(&back);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),    cmocka_unit_test(test_gray16),
        cmocka_unit_test(test_colors),     cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_missing),    cmocka_unit_test(test_broken_bmps),
        cmocka_unit_test(test_tga_orders), cmocka_unit_test(test_texts),
        cmocka_unit_test(test_sequence),   cmocka_unit_test(test_psd_without_picture),
        cmocka_unit_test(test_avif_out),   cmocka_unit_test(test_avif_profile),
        cmocka_unit_test(test_field),      cmocka_unit_test(test_hurtful),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
