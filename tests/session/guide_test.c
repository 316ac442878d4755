/* SPDX-License-Identifier: MIT
 * A photo's noise stays out of its matte, and a clean photo's matte is what it is without that, bit by bit. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"

enum { W = 417, H = 300, MOST_BAND = 130 };

static bd_session *session;

static float truth_at(uint32_t x, uint32_t y) {
    float away = hypotf((float)x - 205.3f, (float)y - 148.7f) - 90.0f + 12.0f * sinf((float)x * 0.21f);
    return fminf(fmaxf(0.5f - away / 3.0f, 0.0f), 1.0f);
}

/* A ragged disc over a slow gradient; noise of that deviation in every channel. */
static bd_image make_photo(double noise) {
    static const double front[3] = {140, 110, 90}, back[3] = {95, 100, 120};
    bd_image photo = test_new_picture(W, H);
    uint32_t seed = 12345;
    for (uint32_t i = 0; i < W * H; i++) {
        double a = (double)truth_at(i % W, i / W), slope = 30.0 * (i % W) / W;
        for (int c = 0; c < 3; c++) {
            double sum = -6.0;
            for (int k = 0; k < 12; k++) {
                seed = seed * 1664525u + 1013904223u;
                sum += (seed >> 8) / 16777216.0;
            }
            photo.pixels[4 * i + c] = (uint8_t)(a * front[c] + (1.0 - a) * (back[c] + slope) + noise * sum + 0.5);
        }
        photo.pixels[4 * i + 3] = 255;
    }
    return photo;
}

/* What a network might say: the truth in cells of eight pixels. */
static float *make_coarse(uint32_t *w, uint32_t *h) {
    *w = W / 8;
    *h = H / 8;
    float *coarse = malloc((size_t)*w * *h * sizeof *coarse);
    assert_non_null(coarse);
    for (uint32_t i = 0; i < *w * *h; i++) {
        coarse[i] = 0.0f;
        for (uint32_t p = 0; p < 64; p++) {
            coarse[i] += truth_at(i % *w * 8 + p % 8, i / *w * 8 + p / 8) / 64.0f;
        }
    }
    return coarse;
}

/* 16 bits; free() it. */
static uint16_t *matte_of(const bd_image *photo, bd_matte_mode mode, bd_guide_blur blur, bool trimap) {
    uint32_t w, h;
    float *coarse = make_coarse(&w, &h);
    bd_image known = {.width = W, .height = H, .format = BD_FORMAT_GRAY8, .stride_bytes = W}, alpha = {0};
    known.pixels = malloc(W * H);
    uint16_t *matte = malloc(W * H * sizeof *matte);
    assert_true(known.pixels && matte);
    for (uint32_t i = 0; i < W * H; i++) {
        float away = hypotf((float)(i % W) - 205.3f, (float)(i / W) - 148.7f);
        known.pixels[i] = away < 70.0f ? 255 : away > 110.0f ? 0 : 128;
    }
    const bd_matte_params params = {.struct_size = sizeof params,
                                    .mode = mode,
                                    .coarse = trimap ? NULL : coarse,
                                    .coarse_width = trimap ? 0 : w,
                                    .coarse_height = trimap ? 0 : h,
                                    .trimap = trimap ? &known : NULL,
                                    .wide = true,
                                    .guide_blur = blur};
    bd_error error;
    if (bd_session_matte(session, photo, &params, &alpha, &error)) {
        fail_msg("%s", error.message);
    }
    for (uint32_t y = 0; y < H; y++) {
        memcpy(matte + (size_t)y * W, alpha.pixels + y * alpha.stride_bytes, W * sizeof *matte);
    }
    bd_image_finish(&alpha);
    free(known.pixels);
    free(coarse);
    return matte;
}

/* From the truth. */
static double error_of(const uint16_t *matte) {
    double sum = 0.0;
    for (uint32_t i = 0; i < W * H; i++) {
        double d = (double)matte[i] / 65535.0 - (double)truth_at(i % W, i / W);
        sum += d * d;
    }
    return sqrt(sum / (W * H));
}

static const struct way {
    bd_matte_mode mode;
    bool trimap;
} ways[] = {{BD_MATTE_REFINE, false}, {BD_MATTE_BEST, false}, {BD_MATTE_REFINE, true}, {BD_MATTE_BEST, true}};

static void test_clean(void **state) {
    (void)state;
    static const double noises[] = {0.0, 0.8};
    for (size_t n = 0; n < BD_COUNT(noises); n++) {
        bd_image photo = make_photo(noises[n]);
        for (size_t i = 0; i < BD_COUNT(ways); i++) {
            uint16_t *by_noise = matte_of(&photo, ways[i].mode, BD_GUIDE_BLUR_AUTO, ways[i].trimap);
            uint16_t *off = matte_of(&photo, ways[i].mode, BD_GUIDE_BLUR_OFF, ways[i].trimap);
            assert_memory_equal(by_noise, off, (size_t)W * H * sizeof *off);
            free(off);
            free(by_noise);
        }
        free(photo.pixels);
    }
}

static void test_noisy(void **state) {
    (void)state;
    bd_image photo = make_photo(8.0);
    for (size_t i = 0; i < BD_COUNT(ways); i++) {
        uint16_t *by_noise = matte_of(&photo, ways[i].mode, BD_GUIDE_BLUR_AUTO, ways[i].trimap);
        uint16_t *off = matte_of(&photo, ways[i].mode, BD_GUIDE_BLUR_OFF, ways[i].trimap);
        double left = error_of(by_noise), all = error_of(off);
        (void)printf("%s%s: off by %.4f, not blurred %.4f\n", ways[i].mode == BD_MATTE_BEST ? "best" : "refine",
                     ways[i].trimap ? " of a trimap" : "", left, all);
        assert_true(ways[i].trimap ? left == all : left < 0.8 * all);
        free(off);
        free(by_noise);
    }
    free(photo.pixels);
}

/* A band's edge leaves no trace, though the blur takes in rows beyond it. */
static void test_bands(void **state) {
    (void)state;
    bd_image photo = make_photo(6.0);
    uint16_t *whole = matte_of(&photo, BD_MATTE_REFINE, BD_GUIDE_BLUR_AUTO, false);
    session->band_bytes = (VkDeviceSize)W * 4 * MOST_BAND;
    assert_in_range(bd_band_rows(&session->vk->limits, false, session->band_bytes, (bd_size){W, H}, 1), 64, 128);
    uint16_t *banded = matte_of(&photo, BD_MATTE_REFINE, BD_GUIDE_BLUR_AUTO, false);
    session->band_bytes = 0;
    assert_memory_equal(whole, banded, (size_t)W * H * sizeof *whole);
    free(banded);
    free(whole);
    free(photo.pixels);
}

static void test_small(void **state) {
    (void)state;
    static const uint32_t sides[][2] = {{1, 1}, {9, 300}, {300, 9}, {10, 10}, {63, 47}};
    for (size_t i = 0; i < BD_COUNT(sides); i++) {
        const float coarse[4] = {0.0f, 1.0f, 1.0f, 0.0f};
        bd_image photo = test_new_picture(sides[i][0], sides[i][1]), alpha = {0};
        memset(photo.pixels, 99, (size_t)photo.stride_bytes * photo.height);
        const bd_matte_params params = {
            .struct_size = sizeof params, .coarse = coarse, .coarse_width = 2, .coarse_height = 2};
        bd_error error;
        assert_int_equal(bd_session_matte(session, &photo, &params, &alpha, &error), BD_OK);
        bd_image_finish(&alpha);
        free(photo.pixels);
    }
}

static void test_refusal(void **state) {
    (void)state;
    const float coarse[1] = {1.0f};
    bd_image photo = test_new_picture(8, 8), alpha = {0};
    memset(photo.pixels, 99, (size_t)photo.stride_bytes * photo.height);
    const bd_matte_params params = {.struct_size = sizeof params,
                                    .coarse = coarse,
                                    .coarse_width = 1,
                                    .coarse_height = 1,
                                    .guide_blur = (bd_guide_blur)2};
    bd_error error;
    assert_int_equal(bd_session_matte(session, &photo, &params, &alpha, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "guide"));
    free(photo.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean), cmocka_unit_test(test_noisy),   cmocka_unit_test(test_bands),
        cmocka_unit_test(test_small), cmocka_unit_test(test_refusal),
    };
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    test_session t;
    test_session_open_model(&t, NULL, NULL);
    session = t.session;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_session_close(&t);
    return failed;
}
