/* SPDX-License-Identifier: MIT
 * Images of a host: its formats, strides and memory, on the way in and on the way out. All give the bytes that RGBA8 without
 * gaps gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "image/image.h"
#include "support/session.h"

enum { W = 67, H = 41, GAP = 12 }; /* W: a block of the row loops and three pixels */

static test_session t;
static float coarse[W * H];

static bd_image noise_picture(uint32_t w, uint32_t h, uint32_t seed, bool alpha) {
    bd_image image = {0};
    assert_int_equal(bd_image_create(NULL, "noise", w, h, BD_FORMAT_RGBA8, &image, NULL), BD_OK);
    image.has_alpha = alpha;
    for (size_t i = 0; i < (size_t)w * h * 4; i++) {
        seed = seed * 1664525u + 1013904223u;
        image.pixels[i] = i % 4 == 3 && !alpha ? 255 : (uint8_t)(seed >> 24);
    }
    return image;
}

/* An image of W x H in memory of its own, with gaps between the rows, upside down where `up`. Its pixels are those of an
 * RGBA8 image, with nonsense in the fourth byte where the format does not have alpha. */
static bd_image hosted(const bd_image *rgba, bd_format format, bool up) {
    bd_image image = {.width = W, .height = H, .format = format, .has_alpha = rgba->has_alpha};
    ptrdiff_t stride = (ptrdiff_t)(W * bd_format_bytes(format) + GAP);
    uint8_t *memory = malloc((size_t)stride * H);
    assert_non_null(memory);
    memset(memory, 0x5c, (size_t)stride * H);
    image.pixels = up ? memory + stride * (H - 1) : memory;
    image.stride_bytes = up ? -stride : stride;
    bool swap = format == BD_FORMAT_BGRA8 || format == BD_FORMAT_BGRX8;
    bool alpha = format != BD_FORMAT_RGBX8 && format != BD_FORMAT_BGRX8;
    for (ptrdiff_t y = 0; y < H; y++) {
        for (ptrdiff_t x = 0; x < W; x++) {
            const uint8_t *from = rgba->pixels + y * rgba->stride_bytes + x * 4;
            const uint8_t four[4] = {from[swap ? 2 : 0], from[1], from[swap ? 0 : 2],
                                     alpha ? from[3] : (uint8_t)(x * y)};
            for (size_t c = 0; c < 4; c++) {
                uint8_t *to = image.pixels + y * image.stride_bytes + x * (ptrdiff_t)bd_format_bytes(format);
                const uint16_t value = (uint16_t)(four[c] * 257u);
                if (format == BD_FORMAT_RGBA16) {
                    memcpy(to + c * 2, &value, sizeof value);
                } else {
                    to[c] = four[c];
                }
            }
        }
    }
    return image;
}

static void drop(bd_image *image) {
    free(image->stride_bytes < 0 ? image->pixels + image->stride_bytes * (H - 1) : image->pixels);
    *image = (bd_image){0};
}

/* Whether a host's image holds an RGBA8 image, and its gaps what they held before. */
static void assert_holds(const bd_image *image, const bd_image *rgba) {
    bd_image expected = hosted(rgba, image->format, image->stride_bytes < 0);
    bool alpha = image->format != BD_FORMAT_RGBX8 && image->format != BD_FORMAT_BGRX8;
    for (ptrdiff_t y = 0; y < H; y++) {
        uint8_t *want = expected.pixels + y * expected.stride_bytes;
        for (ptrdiff_t x = 0; !alpha && x < W; x++) {
            want[x * 4 + 3] = 255;
        }
        const size_t bytes = (size_t)(y == (image->stride_bytes < 0 ? 0 : H - 1) ? W * bd_format_bytes(image->format)
                                                                                 : (size_t)llabs(image->stride_bytes));
        assert_memory_equal(image->pixels + y * image->stride_bytes, want, bytes);
    }
    drop(&expected);
}

static bd_replace_params params_of(bd_background background, const bd_matte_params *matte) {
    return (bd_replace_params){.struct_size = sizeof(bd_replace_params),
                               .background = background,
                               .color = {10, 200, 90, 255},
                               .blur_sigma_px = background == BD_BACKGROUND_BLUR ? 3.0f : 0.0f,
                               .matte = matte};
}

static const bd_matte_params by_coarse = {
    .struct_size = sizeof by_coarse, .mode = BD_MATTE_SOFT, .coarse = coarse, .coarse_width = W, .coarse_height = H};
static const bd_format formats[] = {BD_FORMAT_RGBA8, BD_FORMAT_BGRA8, BD_FORMAT_RGBX8, BD_FORMAT_BGRX8};

static bd_image replaced(const bd_image *photo, const bd_image *background, const bd_replace_params *params) {
    bd_image result = {0};
    bd_error error;
    if (bd_session_replace(t.session, photo, background, params, &result, &error)) {
        fail_msg("%s", error.message);
    }
    return result;
}

/* Photo and background of every format and direction. */
static void test_in(void **state) {
    (void)state;
    for (size_t f = 0; f < 2 * BD_COUNT(formats); f++) {
        bool alpha = f / 2 < 2;
        bd_image photo = noise_picture(W, H, 1, alpha), behind = noise_picture(W, H, 2, false);
        bd_image own = hosted(&photo, formats[f / 2], f % 2), own_behind = hosted(&behind, formats[f / 2], f % 2);
        for (int b = BD_BACKGROUND_PICTURE; b <= BD_BACKGROUND_BLUR; b++) {
            const bd_replace_params params = params_of((bd_background)b, &by_coarse);
            bool picture = b == BD_BACKGROUND_PICTURE;
            bd_image expected = replaced(&photo, picture ? &behind : NULL, &params);
            bd_image got = replaced(&own, picture ? &own_behind : NULL, &params);
            bool swapped = own.format == BD_FORMAT_BGRA8 || own.format == BD_FORMAT_BGRX8;
            assert_int_equal(got.format, swapped ? BD_FORMAT_BGRA8 : BD_FORMAT_RGBA8);
            assert_int_equal(got.has_alpha, expected.has_alpha);
            for (size_t i = 0; i < (size_t)W * H * 4; i++) {
                size_t at = swapped && i % 4 != 3 ? i / 4 * 4 + (i % 4 == 1 ? 1 : 2 - i % 4) : i;
                assert_int_equal(got.pixels[i], expected.pixels[at]);
            }
            bd_image_finish(&got);
            bd_image_finish(&expected);
        }
        drop(&own);
        drop(&own_behind);
        bd_image_finish(&photo);
        bd_image_finish(&behind);
    }
}

/* A photo without alpha, whatever its fourth byte holds; and one whose alpha is not to be looked at. */
static void test_alpha_that_counts_for_nothing(void **state) {
    (void)state;
    bd_image photo = noise_picture(W, H, 3, true), opaque = noise_picture(W, H, 3, false);
    bd_replace_params params = params_of(BD_BACKGROUND_TRANSPARENT, &by_coarse);
    bd_image expected = replaced(&opaque, NULL, &params);
    bd_image own = hosted(&photo, BD_FORMAT_RGBA8, false);
    own.has_alpha = false;
    bd_image got = replaced(&own, NULL, &params);
    test_assert_same(&expected, &got);
    bd_image_finish(&got);
    params.ignore_alpha = true;
    got = replaced(&photo, NULL, &params);
    test_assert_same(&expected, &got);
    bd_image_finish(&got);
    bd_image_finish(&expected);
    bd_image_finish(&photo);
    bd_image_finish(&opaque);
    drop(&own);
}

/* Composites and mattes into memory of the host's, of every format and direction. */
static void test_out(void **state) {
    (void)state;
    bd_image photo = noise_picture(W, H, 4, false);
    const bd_replace_params params = params_of(BD_BACKGROUND_COLOR, &by_coarse);
    bd_image expected = replaced(&photo, NULL, &params);
    bd_error error;
    for (size_t f = 0; f < 2 * BD_COUNT(formats) + 2; f++) {
        const bd_format format = f / 2 < BD_COUNT(formats) ? formats[f / 2] : BD_FORMAT_RGBA16;
        bd_image own = hosted(&photo, format, f % 2);
        const bd_image before = own;
        assert_int_equal(bd_session_replace(t.session, &photo, NULL, &params, &own, &error), BD_OK);
        assert_ptr_equal(own.pixels, before.pixels);
        assert_int_equal(own.stride_bytes, before.stride_bytes);
        assert_int_equal(own.format, format);
        assert_holds(&own, &expected);
        drop(&own);
    }
    bd_matte_params deep = by_coarse;
    deep.wide = true;
    bd_image alpha = {0}, alpha16 = {0};
    assert_int_equal(bd_session_matte(t.session, &photo, &by_coarse, &alpha, &error), BD_OK);
    assert_int_equal(bd_session_matte(t.session, &photo, &deep, &alpha16, &error), BD_OK);
    uint8_t memory[H][W + 5];
    bd_image own = {
        .width = W, .height = H, .format = BD_FORMAT_GRAY8, .stride_bytes = -(W + 5), .pixels = memory[H - 1]};
    assert_int_equal(bd_session_matte(t.session, &photo, &by_coarse, &own, &error), BD_OK);
    for (size_t y = 0; y < H; y++) {
        assert_memory_equal(memory[H - 1 - y], alpha.pixels + y * (size_t)alpha.stride_bytes, W);
    }
    bd_image_finish(&alpha);
    bd_image_finish(&alpha16);
    bd_image_finish(&expected);
    bd_image_finish(&photo);
}

/* An image of an earlier call is filled again where it fits. */
static void test_again(void **state) {
    (void)state;
    bd_image photo = noise_picture(W, H, 5, false), small = noise_picture(W / 2, H, 5, false);
    const bd_replace_params params = params_of(BD_BACKGROUND_TRANSPARENT, &by_coarse);
    bd_image result = replaced(&photo, NULL, &params);
    const uint8_t *pixels = result.pixels;
    assert_int_equal(bd_session_replace(t.session, &photo, NULL, &params, &result, NULL), BD_OK);
    assert_ptr_equal(result.pixels, pixels);
    assert_int_equal(bd_session_replace(t.session, &small, NULL, &params, &result, NULL), BD_OK);
    assert_int_equal(result.width, W / 2);
    bd_image_finish(&result);
    bd_image_finish(&photo);
    bd_image_finish(&small);
}

static void refuse_as(bd_result expected, bd_image *photo, bd_image *result, const char *words) {
    bd_error error;
    const bd_replace_params params = params_of(BD_BACKGROUND_TRANSPARENT, &by_coarse);
    assert_int_equal(bd_session_replace(t.session, photo, NULL, &params, result, &error), expected);
    if (!strstr(error.message, words)) {
        fail_msg("no '%s' in: %s", words, error.message);
    }
}

static void refuse(bd_image *photo, bd_image *result, const char *words) {
    refuse_as(BD_ERR_INVALID_ARGUMENT, photo, result, words);
}

static void test_refusals(void **state) {
    (void)state;
    bd_image photo = noise_picture(W, H, 6, false);
    bd_image own = hosted(&photo, BD_FORMAT_BGRA8, true), broken = own, result = {0};
    broken.stride_bytes = -(W * 4 - 1);
    refuse(&broken, &result, "rows of 268 bytes that lie -267 apart");
    broken.stride_bytes = PTRDIFF_MAX / 2;
    refuse(&broken, &result, "bytes that lie");
    broken.stride_bytes = PTRDIFF_MIN;
    refuse(&broken, &result, "bytes that lie");
    broken = own;
    broken.width = 1u << 30;
    refuse_as(BD_ERR_IMAGE_TOO_LARGE, &broken, &result,
              "the photo has 1073741824x41 pixels, and a side may have 1048576");
    broken = own;
    broken.format = BD_FORMAT_RGBA16;
    broken.width /= 2;
    broken.pixels++;
    refuse(&broken, &result, "numbers of 16 bits at odd addresses");
    broken = own;
    broken.format = (bd_format)7;
    refuse(&broken, &result, "no format that is known");
    broken = own;
    broken.format = BD_FORMAT_GRAY8;
    refuse(&broken, &result, "the photo is grey");
    broken = own;
    broken.height--;
    refuse(&photo, &broken, "the result has 67x41 pixels and does not fit into an image of 67x40");
    broken = own;
    broken.format = BD_FORMAT_GRAY8;
    refuse(&photo, &broken, "has colours, and is to go into");
    assert_null(result.pixels);
    drop(&own);
    bd_image_finish(&photo);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in),       cmocka_unit_test(test_alpha_that_counts_for_nothing),
        cmocka_unit_test(test_out),      cmocka_unit_test(test_again),
        cmocka_unit_test(test_refusals),
    };
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    for (int i = 0; i < W * H; i++) {
        coarse[i] = (float)(i % W) / (W - 1);
    }
    test_session_open_model(&t, NULL, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_session_close(&t);
    return failed;
}
