/* SPDX-License-Identifier: MIT
 * Pictures in: every form, every way of being broken, orientation, memory that runs out. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jpeglib.h>
#include <png.h>

#include "image/image.h"
#include "support/pictures.h"

static const char *shared(void) {
    const char *folder = getenv("BACKDROP_SHARED_DIR");
    if (!folder || access(folder, R_OK)) {
        print_message("skipped: BACKDROP_SHARED_DIR is not there\n");
        skip();
    }
    return folder;
}

/* ---- samples: one small file of each form ---- */

enum { SAMPLE_WIDTH = 5, SAMPLE_HEIGHT = 4 };

static uint8_t sample_value(int x, int y, int c) {
    return (uint8_t)(x * 40 + y * 10 + c);
}

static bytes sample_png(void) {
    bd_image image = smooth_picture(SAMPLE_WIDTH, SAMPLE_HEIGHT, BD_FORMAT_RGBA8, true);
    bytes file = encoded_as(&image, BD_IMAGE_FILE_PNG);
    bd_image_finish(&image);
    return file;
}

static bytes sample_jpeg(void) {
    bd_image image = smooth_picture(40, 24, BD_FORMAT_RGBA8, false);
    bytes file = encoded_as(&image, BD_IMAGE_FILE_JPEG);
    bd_image_finish(&image);
    return file;
}

static bytes sample_gif(void) {
    static const uint8_t file[] = {0x47, 0x49, 0x46, 0x38, 0x37, 0x61, 0x05, 0x00, 0x04, 0x00, 0x81, 0x00, 0x00, 0xff,
                                   0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x00, 0xff, 0x09, 0x09, 0x09, 0x2c, 0x00, 0x00,
                                   0x00, 0x00, 0x05, 0x00, 0x04, 0x00, 0x00, 0x08, 0x0e, 0x00, 0x01, 0x04, 0x10, 0x20,
                                   0x90, 0xe0, 0xc0, 0x82, 0x08, 0x0f, 0x06, 0x08, 0x08, 0x00, 0x3b};
    return copy_of_bytes(file, sizeof file);
}

/* 24 bits; rows from the top when height is negative. */
static bytes sample_bmp(int height) {
    uint8_t header[54] = {
        'B', 'M', [10] = 54, [14] = 40, [18] = SAMPLE_WIDTH, [22] = (uint8_t)height, [26] = 1, [28] = 24};
    memset(header + 23, height < 0 ? 0xff : 0, 3);
    bytes file = copy_of_bytes(header, sizeof header);
    for (int i = 0; i < SAMPLE_HEIGHT; i++) {
        int y = height < 0 ? i : SAMPLE_HEIGHT - 1 - i;
        uint8_t row[16] = {0};
        for (int x = 0; x < SAMPLE_WIDTH; x++) {
            for (int c = 0; c < 3; c++) {
                row[x * 3 + 2 - c] = sample_value(x, y, c);
            }
        }
        append_bytes(&file, row, sizeof row);
    }
    return file;
}

static bytes sample_bmp_bottom_up(void) {
    return sample_bmp(SAMPLE_HEIGHT);
}

static bytes sample_bmp_top_down(void) {
    return sample_bmp(-SAMPLE_HEIGHT);
}

/* 8 bits with a palette of colors entries; the pixels use the first three. */
static bytes sample_bmp_palette(uint8_t colors) {
    uint8_t header[54] = {
        'B', 'M', [10] = (uint8_t)(54 + 4 * colors), [14] = 40, [18] = 4, [22] = 2, [26] = 1, [28] = 8};
    bytes file = copy_of_bytes(header, sizeof header);
    for (uint8_t i = 0; i < colors; i++) {
        append_bytes(&file, (const uint8_t[]){i, (uint8_t)(i + 10), (uint8_t)(i + 20), 0}, 4);
    }
    append_bytes(&file, (const uint8_t[]){0, 1, 2, 0, 2, 2, 1, 0}, 8);
    return file;
}

static bytes sample_tga(void) {
    uint8_t header[18] = {[2] = 2, [12] = SAMPLE_WIDTH, [14] = SAMPLE_HEIGHT, [16] = 24, [17] = 0x20};
    bytes file = copy_of_bytes(header, sizeof header);
    for (int i = 0; i < SAMPLE_WIDTH * SAMPLE_HEIGHT; i++) {
        for (int c = 2; c >= 0; c--) {
            uint8_t value = sample_value(i % SAMPLE_WIDTH, i / SAMPLE_WIDTH, c);
            append_bytes(&file, &value, 1);
        }
    }
    return file;
}

static bytes sample_psd(void) {
    uint8_t header[40] = {
        '8', 'B', 'P', 'S', 0, 1, [13] = 3, [17] = SAMPLE_HEIGHT, [21] = SAMPLE_WIDTH, [23] = 8, [25] = 3};
    bytes file = copy_of_bytes(header, sizeof header);
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < SAMPLE_WIDTH * SAMPLE_HEIGHT; i++) {
            uint8_t value = sample_value(i % SAMPLE_WIDTH, i / SAMPLE_WIDTH, c);
            append_bytes(&file, &value, 1);
        }
    }
    return file;
}

static bytes sample_hdr(void) {
    static const char header[] = "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 4 +X 5\n";
    bytes file = copy_of_bytes(header, sizeof header - 1);
    for (int i = 0; i < SAMPLE_WIDTH * SAMPLE_HEIGHT; i++) {
        append_bytes(&file, (const uint8_t[]){128, 64, (uint8_t)i, 129}, 4);
    }
    return file;
}

static bytes sample_ppm(void) {
    static const char header[] = "P6\n# a comment\n5 4\n255\n";
    bytes file = copy_of_bytes(header, sizeof header - 1);
    for (int i = 0; i < SAMPLE_WIDTH * SAMPLE_HEIGHT * 3; i++) {
        uint8_t value = sample_value(i / 3 % SAMPLE_WIDTH, i / 3 / SAMPLE_WIDTH, i % 3);
        append_bytes(&file, &value, 1);
    }
    return file;
}

static const struct sample {
    const char *name;
    bytes (*make)(void);
    size_t spare; /* bytes at the end that a reader of the first picture does not need */
    bool graded;  /* holds sample_value */
} samples[] = {
    {"png", sample_png, 0, false},
    {"jpeg", sample_jpeg, 0, false},
    {"gif", sample_gif, 1, false},
    {"bmp", sample_bmp_bottom_up, 1, true},
    {"bmp from the top", sample_bmp_top_down, 1, true},
    {"tga", sample_tga, 0, true},
    {"psd", sample_psd, 0, true},
    {"hdr", sample_hdr, 0, false},
    {"ppm", sample_ppm, 0, true},
};

/* ---- reading ---- */

static void test_graded_samples(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(samples); i++) {
        bytes file = samples[i].make();
        bd_image image = decoded(file);
        if (samples[i].graded) {
            assert_int_equal(image.width, SAMPLE_WIDTH);
            assert_int_equal(image.height, SAMPLE_HEIGHT);
            assert_false(image.has_alpha);
            for (int p = 0; p < SAMPLE_WIDTH * SAMPLE_HEIGHT; p++) {
                for (int c = 0; c < 4; c++) {
                    int expected = c == 3 ? 255 : sample_value(p % SAMPLE_WIDTH, p / SAMPLE_WIDTH, c);
                    assert_int_equal(image.pixels[p * 4 + c], expected);
                }
            }
        }
        bd_image_finish(&image);
        free(file.data);
    }
}

static void test_gif_colors(void **state) {
    (void)state;
    bytes file = sample_gif();
    bd_image image = decoded(file);
    for (int p = 0; p < SAMPLE_WIDTH * SAMPLE_HEIGHT; p++) {
        for (int c = 0; c < 4; c++) {
            assert_int_equal(image.pixels[p * 4 + c], c == p % 3 || c == 3 ? 255 : 0);
        }
    }
    bd_image_finish(&image);
    free(file.data);
}

static void test_bmp_palette(void **state) {
    (void)state;
    bytes whole = sample_bmp_palette(3), lacking = sample_bmp_palette(2);
    bd_image image = decoded(whole);
    const uint8_t bottom_left[4] = {20, 10, 0, 255}, top_left[4] = {22, 12, 2, 255};
    assert_memory_equal(image.pixels, top_left, 4);
    assert_memory_equal(image.pixels + image.stride_bytes, bottom_left, 4);
    bd_image_finish(&image);
    bd_error error;
    assert_int_equal(decode_small(lacking, &image, &error), BD_ERR_FILE_CORRUPT);
    free(whole.data);
    free(lacking.data);
}

static void test_netpbm(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t size; /* 0: all of text */
        int first, second;
    } files[] = {
        {"P1\n2 1\n10", 0, 0, 255},           {"P2 2 1 15\n0 15\n", 0, 0, 255},
        {"P3 2 1 255 7 7 7 9 9 9 ", 0, 7, 9}, {"P4 2 1\n\x80", 0, 0, 255},
        {"P5 2 1 3\n\x01\x02", 0, 85, 170},   {"P5 2 1 65535\n\x80\x80\xff\xff", 0, 128, 255},
    };
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        bytes file = copy_of_bytes(files[i].text, strlen(files[i].text));
        bd_image image = decoded(file);
        for (int c = 0; c < 3; c++) {
            assert_int_equal(image.pixels[c], files[i].first);
            assert_int_equal(image.pixels[4 + c], files[i].second);
        }
        bd_image_finish(&image);
        free(file.data);
    }
    static const char *const broken[] = {"P5 2 1 0\n  ", "P5 99999999999 1 255\n  ", "P6 0 1 255\n ", "P5 2 1 70000\n ",
                                         "P2 2 1 15\n0 x\n"};
    for (size_t i = 0; i < BD_COUNT(broken); i++) {
        bytes file = copy_of_bytes(broken[i], strlen(broken[i]));
        bd_image image;
        bd_error error;
        assert_int_equal(decode_small(file, &image, &error), BD_ERR_FILE_CORRUPT);
        free(file.data);
    }
}

static void png_collect(png_structp png, png_bytep from, size_t size) {
    append_bytes(png_get_io_ptr(png), from, size);
}

static void png_flush_none(png_structp png) {
    (void)png;
}

/* All 65536 values of 16 bits, rounded. */
static void test_png_16_bits(void **state) {
    (void)state;
    bytes file = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &file, png_collect, png_flush_none);
    png_set_IHDR(png, info, 256, 256, 16, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_ADAM7, 0, 0);
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (; passes; passes--) {
        for (int y = 0; y < 256; y++) {
            uint8_t row[512];
            for (int x = 0; x < 256; x++) {
                row[2 * x] = (uint8_t)y;
                row[2 * x + 1] = (uint8_t)x;
            }
            png_write_row(png, row);
        }
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    bd_image image = decoded(file);
    for (int v = 0; v < 65536; v++) {
        assert_int_equal(image.pixels[v * 4], (v * 255 + 32767) / 65535);
    }
    bd_image_finish(&image);
    free(file.data);
}

/* Four inks, stored inverted with Adobe's marker as everybody does; transform 2 is YCCK. */
static void check_four_inks(J_COLOR_SPACE stored) {
    static const uint8_t inks[4] = {200, 100, 50, 220}; /* 255-c, 255-m, 255-y, 255-k */
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = jpeg.image_height = 8;
    jpeg.input_components = 4;
    jpeg.in_color_space = JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, stored);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    uint8_t row[32];
    for (int i = 0; i < 32; i++) {
        row[i] = inks[i % 4];
    }
    for (int y = 0; y < 8; y++) {
        JSAMPROW rows = row;
        jpeg_write_scanlines(&jpeg, &rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    bd_image image = decoded((bytes){data, size});
    for (int c = 0; c < 3; c++) {
        assert_in_range(image.pixels[c] + 3, inks[c] * inks[3] / 255, inks[c] * inks[3] / 255 + 6);
    }
    assert_int_equal(image.pixels[3], 255);
    bd_image_finish(&image);
    free(data);
}

static void test_cmyk_jpeg(void **state) {
    (void)state;
    check_four_inks(JCS_CMYK);
    check_four_inks(JCS_YCCK);
}

/* A decoder must refuse a file that ends before its last pixel, and never do worse; image_end_test looks at those that
 * end behind it. Exact-size copies show reads past the end. */
static void test_truncations(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(samples); i++) {
        bytes file = samples[i].make();
        for (size_t size = 0; size < file.size; size++) {
            bytes part = copy_of_bytes(file.data, size);
            bd_image image;
            bd_error error = {0};
            const bd_image_read_params params = {.struct_size = sizeof params, .max_pixels = 1 << 20, .strict = true};
            bd_result result = bd_image_decode(part.data, part.size, "sample", &params, &image, &error);
            if (!result) {
                bd_image_finish(&image);
            }
            free(part.data);
            if (size < file.size - samples[i].spare && !result) {
                fail_msg("%s: %zu of %zu bytes decode", samples[i].name, size, file.size);
            }
            assert_true(!result || is_one_line(&error));
        }
        free(file.data);
    }
}

static void test_flipped_bytes(void **state) {
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < BD_COUNT(samples); i++) {
        bytes file = samples[i].make();
        for (size_t at = 0; at < file.size; at++) {
            uint8_t kept = file.data[at];
            for (size_t v = 0; v < BD_COUNT(values); v++) {
                file.data[at] = values[v];
                bd_image image;
                bd_error error = {0};
                if (!decode_small(file, &image, &error)) {
                    bd_image_finish(&image);
                } else {
                    assert_true(is_one_line(&error));
                }
            }
            file.data[at] = kept;
        }
        free(file.data);
    }
}

static void test_too_large(void **state) {
    (void)state;
    bd_image image;
    bd_error error;
    for (size_t i = 0; i < BD_COUNT(samples); i++) {
        bytes file = samples[i].make();
        const bd_image_read_params params = {.struct_size = sizeof params, .max_pixels = 19};
        assert_int_equal(bd_image_decode(file.data, file.size, "sample", &params, &image, &error),
                         BD_ERR_IMAGE_TOO_LARGE);
        assert_non_null(strstr(error.message, !strcmp(samples[i].name, "jpeg") ? "40x24" : "5x4"));
        free(file.data);
    }
}

static void test_not_images(void **state) {
    (void)state;
    bd_image image;
    bd_error error;
    assert_int_equal(bd_image_decode("hello, world: not a picture", 27, "x.txt", NULL, &image, &error),
                     BD_ERR_FILE_FORMAT);
    assert_memory_equal(error.message, "x.txt: not an image that can be read (JPEG, PNG, ", 49);
    assert_non_null(strstr(error.message, "PNM, BMP, GIF, PSD, HDR, TGA)"));
    assert_int_equal(bd_image_read("/does/not/exist.png", NULL, &image, &error), BD_ERR_FILE_NOT_FOUND);
    assert_non_null(strstr(error.message, "/does/not/exist.png"));
    bd_image zero = {0};
    bd_image_finish(&zero);
    bd_image_finish(NULL);
}

/* ---- orientation ---- */

static const uint8_t exif_template[] = {'E',  'x',  'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0,
                                        0x12, 0x01, 3,   0,   1, 0, 0,   0,   1,  0, 0, 0, 0, 0, 0, 0};
enum { EXIF_ORIENTATION_AT = 24 };

/* The JPEG with an APP1 segment behind its start. */
static bytes with_exif(bytes jpeg, const uint8_t *exif, size_t size) {
    bytes file = copy_of_bytes(jpeg.data, 2);
    append_bytes(&file, (const uint8_t[]){0xff, 0xe1, (uint8_t)((size + 2) >> 8), (uint8_t)(size + 2)}, 4);
    append_bytes(&file, exif, size);
    append_bytes(&file, jpeg.data + 2, jpeg.size - 2);
    return file;
}

/* EXIF 2.32, tag 0x0112: which stored pixel is shown at (x, y)? */
static const uint8_t *stored_pixel(const bd_image *stored, int orientation, uint32_t x, uint32_t y) {
    uint32_t right = stored->width - 1, bottom = stored->height - 1, column = x, row = y;
    switch (orientation) {
    case 2: column = right - x; break;
    case 3: column = right - x, row = bottom - y; break;
    case 4: row = bottom - y; break;
    case 5: column = y, row = x; break;
    case 6: column = y, row = bottom - x; break;
    case 7: column = right - y, row = bottom - x; break;
    case 8: column = right - y, row = x; break;
    default: break;
    }
    return stored->pixels + row * stored->stride_bytes + (size_t)column * 4;
}

static void check_orientation(bytes file, int orientation) {
    const bd_image_read_params raw = {.struct_size = sizeof raw, .ignore_orientation = true};
    bd_image stored, upright = decoded(file);
    assert_int_equal(bd_image_decode(file.data, file.size, "raw", &raw, &stored, NULL), BD_OK);
    bool turned = orientation >= 5;
    assert_int_equal(upright.width, turned ? stored.height : stored.width);
    assert_int_equal(upright.height, turned ? stored.width : stored.height);
    for (uint32_t y = 0; y < upright.height; y++) {
        for (uint32_t x = 0; x < upright.width; x++) {
            const uint8_t *pixel = upright.pixels + y * upright.stride_bytes + (size_t)x * 4;
            assert_memory_equal(pixel, stored_pixel(&stored, orientation, x, y), 4);
        }
    }
    bd_image_finish(&upright);
    bd_image_finish(&stored);
}

static void test_orientation_of_jpeg(void **state) {
    (void)state;
    bytes jpeg = sample_jpeg();
    for (int orientation = 0; orientation <= 9; orientation++) {
        uint8_t exif[sizeof exif_template];
        memcpy(exif, exif_template, sizeof exif);
        exif[EXIF_ORIENTATION_AT] = (uint8_t)orientation;
        bytes file = with_exif(jpeg, exif, sizeof exif);
        check_orientation(file, orientation % 9 ? orientation : 1);
        free(file.data);
    }
    free(jpeg.data);
}

static void test_orientation_of_png(void **state) {
    (void)state;
    bytes png = sample_png();
    for (int orientation = 1; orientation <= 8; orientation++) {
        enum { IHDR_END = 33 };
        uint8_t chunk[12 + sizeof exif_template - 6] = {[3] = sizeof exif_template - 6, [4] = 'e', 'X', 'I', 'f'};
        memcpy(chunk + 8, exif_template + 6, sizeof exif_template - 6);
        chunk[8 + EXIF_ORIENTATION_AT - 6] = (uint8_t)orientation;
        uint32_t crc = 0xffffffffu;
        for (size_t i = 4; i < sizeof chunk - 4; i++) {
            crc ^= chunk[i];
            for (int bit = 0; bit < 8; bit++) {
                crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
            }
        }
        for (int i = 0; i < 4; i++) {
            chunk[sizeof chunk - 4 + (size_t)i] = (uint8_t)(~crc >> (24 - 8 * i));
        }
        bytes file = copy_of_bytes(png.data, IHDR_END);
        append_bytes(&file, chunk, sizeof chunk);
        append_bytes(&file, png.data + IHDR_END, png.size - IHDR_END);
        check_orientation(file, orientation);
        free(file.data);
    }
    free(png.data);
}

static void test_hostile_exif(void **state) {
    (void)state;
    for (size_t size = 0; size <= sizeof exif_template; size++) {
        for (size_t at = 0; at < size; at++) {
            static const uint8_t values[] = {0x00, 0x01, 0x4d, 0x80, 0xff};
            for (size_t v = 0; v < BD_COUNT(values); v++) {
                bytes exif = copy_of_bytes(exif_template, size);
                exif.data[at] = values[v];
                int orientation = bd_exif_orientation(exif.data, exif.size);
                assert_in_range(orientation, 1, 8);
                free(exif.data);
            }
        }
    }
}

static void test_shared_portraits(void **state) {
    (void)state;
    const char *folder = shared();
    bd_image first = {0};
    for (int i = 1; i <= 8; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/data/exif/Portrait_%d.jpg", folder, i);
        bd_image image;
        bd_error error;
        if (bd_image_read(path, NULL, &image, &error)) {
            fail_msg("%s", error.message);
        }
        if (i == 1) {
            first = image;
            continue;
        }
        assert_int_equal(image.width, first.width);
        assert_int_equal(image.height, first.height);
        /* They were compressed one by one. */
        uint64_t sum = 0, count = (uint64_t)image.stride_bytes * image.height;
        for (uint64_t b = 0; b < count; b++) {
            sum += (uint64_t)abs(image.pixels[b] - first.pixels[b]);
        }
        assert_true(sum < count * 4);
        bd_image_finish(&image);
    }
    bd_image_finish(&first);
}

/* ---- shared files ---- */

/* CRC-32 of the RGB bytes. */
static uint32_t crc_of(const bd_image *image) {
    uint32_t table[256], crc = 0xffffffffu;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++) {
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
        }
    }
    for (size_t i = 0; i < (size_t)image->width * image->height * 4; i++) {
        if (i % 4 != 3) {
            crc = crc >> 8 ^ table[(crc ^ image->pixels[i]) & 255];
        }
    }
    return ~crc;
}

static void test_photos_equal_pillow(void **state) {
    (void)state;
    /* zlib.crc32(Image.open(photo).convert('RGB').tobytes()), Pillow 9.4 on libjpeg-turbo 2.1 */
    static const struct {
        const char *name;
        uint32_t width, height, crc;
    } photos[] = {
        {"astronaut_512.jpg", 512, 512, 0xacb4b476},
        {"chelsea_cat.jpg", 451, 300, 0xa5503f98},
        {"coffee.jpg", 600, 400, 0xd256f070},
        {"grace_hopper.jpg", 512, 600, 0x66679618},
        {"ibm_stc-brownbag.jpg", 1000, 750, 0xaa196ad8},
        {"ibm_stc.jpg", 1024, 512, 0x066ddcdd},
        {"rocket.jpg", 640, 427, 0x70cf9a76},
    };
    const char *folder = shared();
    for (size_t i = 0; i < BD_COUNT(photos); i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/data/photos/%s", folder, photos[i].name);
        bd_image image;
        bd_error error;
        if (bd_image_read(path, NULL, &image, &error)) {
            fail_msg("%s", error.message);
        }
        assert_int_equal(image.width, photos[i].width);
        assert_int_equal(image.height, photos[i].height);
        assert_int_equal(crc_of(&image), photos[i].crc);
        bd_image_finish(&image);
    }
}

/* Reads every file of a folder: all must decode (sound), or all must fail in one line that names the file. Returns how
 * many. */
static int read_folder(const char *folder, const char *extension, bool sound) {
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(listing));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (entry->d_name[0] == '.' || !dot || (extension && strcmp(dot, extension) != 0)) {
            continue;
        }
        char path[2048];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        bd_image image;
        bd_error error = {0};
        bd_result result = bd_image_read(path, NULL, &image, &error);
        if (!result) {
            bd_image_finish(&image);
        } else {
            assert_true(is_one_line(&error) && strstr(error.message, path));
        }
        /* empty_ancillary_chunks.png is odd but whole. */
        if (!result != (sound || !strcmp(entry->d_name, "empty_ancillary_chunks.png"))) {
            fail_msg("%s: %s", path, result ? error.message : "decodes");
        }
        count++;
    }
    closedir(listing);
    return count;
}

static void test_robustness_files(void **state) {
    (void)state;
    static const struct {
        const char *folder, *extension;
        bool sound;
    } folders[] = {{"png", ".png", true},
                   {"png/interlaced", ".png", true},
                   {"png/crashers", ".png", false},
                   {"jpeg", NULL, false},
                   {"models", NULL, false}};
    const char *root = shared();
    for (size_t i = 0; i < BD_COUNT(folders); i++) {
        char path[900];
        snprintf(path, sizeof path, "%s/data/robustness/%s", root, folders[i].folder);
        assert_true(read_folder(path, folders[i].extension, folders[i].sound) > 0);
    }
}

/* ---- memory ---- */

static void check_decode_without_memory(const char *name, bytes file) {
    for (long n = 1;; n++) {
        counter count = {.fail_at = n};
        bd_allocator allocator = counting_allocator(&count);
        const bd_image_read_params params = {.struct_size = sizeof params, .allocator = &allocator};
        bd_image image;
        bd_error error = {0};
        bd_result result = bd_image_decode(file.data, file.size, name, &params, &image, &error);
        if (!result) {
            allocator = (bd_allocator){0}; /* the image keeps its own copy */
            bd_image_finish(&image);
        }
        assert_int_equal(count.alive, 0);
        if (count.requests < n) {
            assert_int_equal(result, BD_OK);
            assert_true(n > 1);
            return;
        }
        if (result && result != BD_ERR_OUT_OF_MEMORY) {
            fail_msg("%s, allocation %ld: %s", name, n, error.message);
        }
    }
}

static void test_decode_without_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(samples); i++) {
        bytes file = samples[i].make();
        check_decode_without_memory(samples[i].name, file);
        free(file.data);
    }
    uint8_t exif[sizeof exif_template];
    memcpy(exif, exif_template, sizeof exif);
    exif[EXIF_ORIENTATION_AT] = 6;
    bytes jpeg = sample_jpeg(), file = with_exif(jpeg, exif, sizeof exif);
    check_decode_without_memory("turned jpeg", file);
    free(jpeg.data);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graded_samples),
        cmocka_unit_test(test_gif_colors),
        cmocka_unit_test(test_bmp_palette),
        cmocka_unit_test(test_netpbm),
        cmocka_unit_test(test_png_16_bits),
        cmocka_unit_test(test_cmyk_jpeg),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_not_images),
        cmocka_unit_test(test_orientation_of_jpeg),
        cmocka_unit_test(test_orientation_of_png),
        cmocka_unit_test(test_hostile_exif),
        cmocka_unit_test(test_shared_portraits),
        cmocka_unit_test(test_photos_equal_pillow),
        cmocka_unit_test(test_robustness_files),
        cmocka_unit_test(test_decode_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
