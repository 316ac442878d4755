/* SPDX-License-Identifier: MIT
 * A background that the session keeps: the same bytes as one that each call brings, fitted only when something changes, photos
 * in flight and failures among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/session.h"
#include "image/image.h"
#include "support/session.h"

enum { W = 83, H = 61 };

static test_session t;
static float coarse[W * H];
static const bd_matte_params by_coarse = {
    .struct_size = sizeof by_coarse, .mode = BD_MATTE_SOFT, .coarse = coarse, .coarse_width = W, .coarse_height = H};

static bd_image noise(uint32_t w, uint32_t h, bd_format format, bool alpha, uint32_t seed) {
    bd_image image = {0};
    assert_int_equal(bd_image_create(NULL, "noise", w, h, format, &image, NULL), BD_OK);
    image.has_alpha = alpha;
    for (size_t i = 0; i < (size_t)h * (size_t)image.stride_bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        bool of_alpha = format == BD_FORMAT_RGBA16 ? i % 8 > 5 : i % 4 == 3;
        image.pixels[i] = of_alpha && !alpha ? 255 : (uint8_t)(seed >> 24);
    }
    return image;
}

static bd_image replaced(const bd_image *photo, const bd_image *background, const bd_replace_params *params) {
    return test_replaced(t.session, photo, background, params);
}

static void keep(const bd_image *background) {
    assert_int_equal(bd_session_set_background(t.session, background, NULL), BD_OK);
}

static bool fits_now(const bd_image *photo, const bd_replace_params *params, const bd_image *expected) {
    const bool before = t.session->is_fitted;
    const bd_fitted_for made_for = t.session->fitted.made_for;
    bd_image got = replaced(photo, NULL, params);
    test_assert_same(expected, &got);
    bd_image_finish(&got);
    assert_true(t.session->is_fitted);
    return !before || memcmp(&made_for, &t.session->fitted.made_for, sizeof made_for) != 0;
}

/* Every fit, blurred and not, with alpha and without, of 8 bits and 16: fitted at the first photo alone. */
static void test_same(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 32; i++) {
        bd_image photo = noise(W, H, i & 8 ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8, false, 1);
        bd_image behind = noise(i & 4 ? W : 50, i & 4 ? H : 70, BD_FORMAT_RGBA8, i & 16, 2);
        const bd_replace_params params = {.struct_size = sizeof params,
                                          .fit = (bd_fit)(i & 3),
                                          .color = {9, 8, 7, 255},
                                          .matte = &by_coarse,
                                          .blur_sigma_px = i % 3 ? 0.0f : 2.0f,
                                          .harmonize = i % 5 ? BD_HARMONIZE_OFF : BD_HARMONIZE_FULL};
        bd_image expected = replaced(&photo, &behind, &params);
        keep(&behind);
        assert_true(fits_now(&photo, &params, &expected));
        for (int again = 0; again < 2; again++) {
            assert_false(fits_now(&photo, &params, &expected));
        }
        bd_image_finish(&expected);
        bd_image_finish(&behind);
        bd_image_finish(&photo);
    }
}

/* Sizes and parameters in turns, with two photos in flight, and calls that bring a background of their own. */
static void test_changes(void **state) {
    (void)state;
    bd_image photos[3] = {noise(W, H, BD_FORMAT_RGBA8, false, 3), noise(40, 33, BD_FORMAT_RGBA8, false, 4),
                          noise(W, H, BD_FORMAT_RGBA8, false, 5)};
    bd_image behind = noise(120, 90, BD_FORMAT_RGBA8, false, 6), other = noise(30, 30, BD_FORMAT_RGBA8, false, 7);
    bd_replace_params params[3];
    bd_image expected[3], got = {0};
    for (int i = 0; i < 3; i++) {
        params[i] = (bd_replace_params){
            .struct_size = sizeof params[i], .matte = &by_coarse, .placed = i == 2, .place = {0.1f, 0.9f}};
        expected[i] = replaced(&photos[i], i == 1 ? &other : &behind, &params[i]);
    }
    keep(&behind);
    static const int order[] = {0, 2, 1, 0, 0, 1, 2, 2, 0};
    enum { COUNT = sizeof order / sizeof order[0] };
    for (int i = 0; i <= COUNT; i++) {
        if (i < COUNT) {
            const int k = order[i];
            assert_int_equal(bd_session_replace_begin(t.session, &photos[k], k == 1 ? &other : NULL, &params[k], NULL),
                             BD_OK);
        }
        if (i > 0) {
            assert_int_equal(bd_session_replace_end(t.session, &got, NULL), BD_OK);
            test_assert_same(&expected[order[i - 1]], &got);
        }
    }
    bd_image_finish(&got);
    for (int i = 0; i < 3; i++) {
        bd_image_finish(&expected[i]);
        bd_image_finish(&photos[i]);
    }
    bd_image_finish(&behind);
    bd_image_finish(&other);
}

/* A larger one takes other memory; one that was cancelled counts for nothing; trimming and forgetting. */
static void test_life(void **state) {
    (void)state;
    bd_image small = noise(W, H, BD_FORMAT_RGBA8, false, 8), large = noise(3 * W, 2 * H, BD_FORMAT_RGBA8, false, 9);
    bd_image behind = noise(64, 64, BD_FORMAT_RGBA8, false, 10), got = {0};
    const bd_replace_params params = {.struct_size = sizeof params, .matte = &by_coarse};
    bd_image expected = replaced(&small, &behind, &params), wide = replaced(&large, &behind, &params);
    bd_error error;
    keep(&behind);
    assert_true(fits_now(&small, &params, &expected));
    assert_true(fits_now(&large, &params, &wide));
    assert_true(fits_now(&small, &params, &expected));
    assert_int_equal(bd_session_trim(t.session, &error), BD_OK);
    assert_true(fits_now(&small, &params, &expected));
    keep(&behind);
    assert_int_equal(bd_session_replace_begin(t.session, &small, NULL, &params, &error), BD_OK);
    bd_session_cancel(t.session);
    assert_int_equal(bd_session_replace_end(t.session, &got, &error), BD_ERR_CANCELLED);
    assert_false(t.session->is_fitted);
    assert_true(fits_now(&small, &params, &expected));
    const bd_image broken = {.width = 1};
    assert_int_equal(bd_session_set_background(t.session, &broken, &error), BD_ERR_INVALID_ARGUMENT);
    assert_false(fits_now(&small, &params, &expected));
    keep(NULL);
    assert_int_equal(bd_session_replace(t.session, &small, NULL, &params, &got, &error), BD_ERR_INVALID_ARGUMENT);
    bd_image_finish(&small);
    bd_image_finish(&large);
    bd_image_finish(&behind);
    bd_image_finish(&expected);
    bd_image_finish(&wide);
}

int main(void) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_changes),
                                              cmocka_unit_test(test_life)};
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
