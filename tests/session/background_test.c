/* SPDX-License-Identifier: MIT
 * Where a background lies and how it is blurred, seen through a photo without a subject, and what its light does to
 * one: no weights are needed. */
#include "support/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"

static test_session t;

/* Noise over a ramp. */
static bd_image make_noise(uint32_t w, uint32_t h, uint32_t seed) {
    bd_image image = test_new_picture(w, h);
    for (uint32_t i = 0; i < w * h * 4; i++) {
        seed = seed * 1664525u + 1013904223u;
        image.pixels[i] = i % 4 == 3 ? 255 : (uint8_t)((seed >> 25) + 127 * (i / 4 % w) / w);
    }
    return image;
}

static uint8_t *pixel(const bd_image *image, uint32_t x, uint32_t y) {
    return image->pixels + y * image->stride_bytes + (size_t)x * 4;
}

/* The background alone, under a photo of w x h that is all background. */
static bd_image lay(uint32_t w, uint32_t h, const bd_image *background, const bd_replace_params *params) {
    static const float nobody = 0.0f;
    const bd_matte_params matte = {
        .struct_size = sizeof matte, .mode = BD_MATTE_SOFT, .coarse = &nobody, .coarse_width = 1, .coarse_height = 1};
    bd_replace_params own = *params;
    own.struct_size = sizeof own;
    own.matte = &matte;
    bd_image photo = make_noise(w, h, 9), result = test_replaced(t.session, &photo, background, &own);
    free(photo.pixels);
    return result;
}

static void test_places(void **state) {
    (void)state;
    enum { W = 40, H = 30 };
    bd_image wide = make_noise(100, H, 1), tile = make_noise(7, 11, 2);
    static const float places[][2] = {{0.0f, 0.0f}, {0.5f, 1.0f}, {1.0f, 0.25f}};
    for (size_t i = 0; i < 3; i++) {
        const float *p = places[i];
        const bd_replace_params cover = {.placed = true, .place = {p[0], p[1]}};
        const bd_replace_params tiled = {.fit = BD_FIT_TILE, .placed = true, .place = {p[0], p[1]}};
        bd_image a = lay(W, H, &wide, &cover), b = lay(W, H, &tile, &tiled);
        int32_t ox = (int32_t)((7 - W) * p[0]), oy = (int32_t)((11 - H) * p[1]);
        for (int32_t y = 0; y < H; y++) {
            for (int32_t x = 0; x < W; x++) {
                uint32_t column = (uint32_t)x + (uint32_t)(60.0f * p[0]);
                assert_memory_equal(pixel(&a, (uint32_t)x, (uint32_t)y), pixel(&wide, column, (uint32_t)y), 4);
                assert_memory_equal(pixel(&b, (uint32_t)x, (uint32_t)y),
                                    pixel(&tile, (uint32_t)(x + ox + 70) % 7, (uint32_t)(y + oy + 110) % 11), 4);
            }
        }
        bd_image_finish(&a);
        bd_image_finish(&b);
    }
    free(wide.pixels);
    free(tile.pixels);
}

/* A Gaussian of doubles, normalised over what lies inside. */
static double blurred(const bd_image *image, uint32_t x, uint32_t y, size_t c, double sigma) {
    double sum = 0.0, weights = 0.0;
    for (uint32_t v = 0; v < image->height; v++) {
        for (uint32_t u = 0; u < image->width; u++) {
            double dx = (double)u - x, dy = (double)v - y, w = exp(-(dx * dx + dy * dy) / (2.0 * sigma * sigma));
            sum += w * pixel(image, u, v)[c];
            weights += w;
        }
    }
    return sum / weights;
}

static void test_blur(void **state) {
    (void)state;
    bd_image scene = make_noise(120, 90, 3);
    static const float sigmas[] = {1.0f, 4.0f, 15.0f};
    for (size_t i = 0; i < 3; i++) {
        const bd_replace_params params = {.blur_sigma_px = sigmas[i]};
        bd_image result = lay(120, 90, &scene, &params);
        for (uint32_t y = 0; y < 90; y += 13) {
            for (uint32_t x = 0; x < 120; x += 17) {
                for (size_t c = 0; c < 3; c++) {
                    double expected = blurred(&scene, x, y, c, (double)sigmas[i]);
                    if (fabs(pixel(&result, x, y)[c] - expected) > 3.0) {
                        fail_msg("sigma %g, pixel %u, %u, channel %zu: %u instead of %.1f", (double)sigmas[i], x, y, c,
                                 pixel(&result, x, y)[c], expected);
                    }
                }
            }
        }
        bd_image_finish(&result);
    }
    free(scene.pixels);
}

/* The blur of tiles is that of the picture that they make; what is contained has a sharp border. */
static void test_blurred_fits(void **state) {
    (void)state;
    bd_image tile = make_noise(16, 10, 4);
    const bd_replace_params sharp = {.fit = BD_FIT_TILE, .placed = true, .place = {0.3f, 0.6f}};
    bd_replace_params params = sharp;
    params.blur_sigma_px = 5.0f;
    bd_image laid = lay(90, 70, &tile, &sharp), both = lay(90, 70, &tile, &params);
    const bd_replace_params blur = {.fit = BD_FIT_STRETCH, .blur_sigma_px = 5.0f};
    bd_image expected = lay(90, 70, &laid, &blur);
    test_assert_same(&expected, &both);
    bd_image_finish(&laid);
    bd_image_finish(&both);
    bd_image_finish(&expected);

    bd_image white = test_new_picture(50, 20);
    memset(white.pixels, 255, (size_t)50 * 20 * 4);
    const bd_replace_params inside = {.fit = BD_FIT_CONTAIN, .blur_sigma_px = 6.0f, .color = {10, 20, 30, 255}};
    bd_image result = lay(50, 60, &white, &inside);
    for (uint32_t y = 0; y < 60; y++) {
        for (uint32_t x = 0; x < 50; x++) {
            assert_memory_equal(pixel(&result, x, y), y >= 20 && y < 40 ? white.pixels : inside.color, 4);
        }
    }
    bd_image_finish(&result);
    free(white.pixels);
    free(tile.pixels);
}

static void test_bands(void **state) {
    (void)state;
    bd_image scene = make_noise(61, 45, 5);
    for (int fit = BD_FIT_COVER; fit <= BD_FIT_TILE; fit++) {
        const bd_replace_params params = {.fit = (bd_fit)fit, .blur_sigma_px = 7.0f};
        bd_image whole = lay(300, 331, &scene, &params);
        t.session->band_bytes = 300 * 4 * 70;
        bd_image bands = lay(300, 331, &scene, &params);
        t.session->band_bytes = 0;
        test_assert_same(&whole, &bands);
        bd_image_finish(&whole);
        bd_image_finish(&bands);
    }
    free(scene.pixels);
}

/* ---- the subject's light ----------------------------------------------------------------------------------------- */

enum { SIDE = 200, LEFT = 70 };

/* A photo whose left LEFT columns are the background, under the parameters given. */
static bd_image replace(const bd_image *photo, const bd_image *background, const bd_replace_params *params) {
    static float half[SIDE * SIDE];
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) {
        half[i] = i % SIDE < LEFT ? 0.0f : 1.0f;
    }
    const bd_matte_params matte = {.struct_size = sizeof matte,
                                   .mode = BD_MATTE_SOFT,
                                   .coarse = half,
                                   .coarse_width = SIDE,
                                   .coarse_height = SIDE};
    bd_replace_params own = *params;
    own.struct_size = sizeof own;
    own.matte = &matte;
    return test_replaced(t.session, photo, background, &own);
}

static double mean_of(const bd_image *image, uint32_t from, size_t c) {
    double sum = 0.0;
    for (uint32_t y = 0; y < image->height; y++) {
        for (uint32_t x = from; x < image->width; x++) {
            sum += pixel(image, x, y)[c];
        }
    }
    return sum / (image->height * (double)(image->width - from));
}

/* Grey noise under a light of that colour. */
static bd_image make_lit(uint32_t seed, double r, double g, double b) {
    bd_image image = make_noise(SIDE, SIDE, seed);
    const double light[3] = {r, g, b};
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) {
        uint8_t grey = image.pixels[4 * i];
        for (size_t c = 0; c < 3; c++) {
            image.pixels[4 * i + c] = (uint8_t)(grey * light[c]);
        }
    }
    return image;
}

static void test_harmonize(void **state) {
    (void)state;
    bd_image photo = make_lit(1, 0.9, 0.9, 0.9), warm = make_lit(2, 0.7, 0.62, 0.55);
    const bd_replace_params off = {.fit = BD_FIT_STRETCH},
                            mean = {.fit = BD_FIT_STRETCH, .harmonize = BD_HARMONIZE_MEAN};
    const bd_replace_params full = {.fit = BD_FIT_STRETCH, .harmonize = BD_HARMONIZE_FULL};
    bd_image plain = replace(&photo, &warm, &off), a = replace(&photo, &warm, &mean), b = replace(&photo, &warm, &full);
    for (uint32_t y = 0; y < SIDE; y++) {
        assert_memory_equal(pixel(&plain, LEFT, y), pixel(&photo, LEFT, y), (size_t)(SIDE - LEFT) * 4);
        assert_memory_equal(pixel(&a, 0, y), pixel(&warm, 0, y), (size_t)LEFT * 4); /* the background stays */
    }
    /* Darker and warmer, as the background is, but not by much. */
    double was = mean_of(&photo, LEFT, 1), is = mean_of(&a, LEFT, 1);
    assert_true(is < 0.97 * was && is > 0.75 * was);
    double warmth = mean_of(&a, LEFT, 0) / mean_of(&a, LEFT, 2);
    assert_true(warmth > 1.02 && warmth < 1.15);
    assert_memory_not_equal(a.pixels, b.pixels, (size_t)SIDE * SIDE * 4);
    bd_image_finish(&plain);
    bd_image_finish(&a);
    bd_image_finish(&b);
    free(photo.pixels);
    free(warm.pixels);
}

static void test_light_wrap(void **state) {
    (void)state;
    bd_image photo = make_lit(3, 0.4, 0.4, 0.4);
    const bd_replace_params white = {
        .background = BD_BACKGROUND_COLOR, .color = {255, 255, 255, 255}, .light_wrap_px = 10.0f};
    const bd_replace_params black = {
        .background = BD_BACKGROUND_COLOR, .color = {0, 0, 0, 255}, .light_wrap_px = 10.0f};
    bd_image lit = replace(&photo, NULL, &white), dark = replace(&photo, NULL, &black);
    int last = 256;
    for (uint32_t x = LEFT; x < SIDE; x += 6) {
        int gain = 0;
        for (uint32_t y = 0; y < SIDE; y++) {
            gain += pixel(&lit, x, y)[1] - pixel(&photo, x, y)[1];
            assert_memory_equal(pixel(&dark, x, y), pixel(&photo, x, y), 4); /* darkness sheds no light */
        }
        gain /= SIDE;
        assert_true(gain <= last && (x > LEFT || gain > 15)); /* falls off inwards ... */
        last = gain;
    }
    for (uint32_t y = 0; y < SIDE; y++) { /* ... and ends */
        assert_memory_equal(pixel(&lit, LEFT + 45, y), pixel(&photo, LEFT + 45, y), (size_t)(SIDE - LEFT - 45) * 4);
    }
    bd_image_finish(&lit);
    bd_image_finish(&dark);
    free(photo.pixels);
}

/* Sums of other bands round otherwise: one level. */
static void test_light_bands(void **state) {
    (void)state;
    bd_image photo = make_lit(4, 0.9, 0.8, 0.7), scene = make_noise(61, 145, 5);
    const bd_replace_params params = {.fit = BD_FIT_TILE, .harmonize = BD_HARMONIZE_FULL, .light_wrap_px = 7.0f};
    bd_image whole = replace(&photo, &scene, &params);
    t.session->band_bytes = SIDE * 4 * 70;
    bd_image bands = replace(&photo, &scene, &params);
    t.session->band_bytes = 0;
    for (size_t i = 0; i < (size_t)SIDE * SIDE * 4; i++) {
        assert_in_range(whole.pixels[i] + 1, bands.pixels[i], bands.pixels[i] + 2);
    }
    bd_image_finish(&whole);
    bd_image_finish(&bands);
    free(photo.pixels);
    free(scene.pixels);
}

/* A half-transparent background does the same to the subject whether it is resampled on its way or not. */
static void test_premultiplied_light(void **state) {
    (void)state;
    bd_image photo = test_new_picture(SIDE, SIDE), small = test_new_picture(SIDE, SIDE),
             large = test_new_picture(2 * SIDE, 2 * SIDE);
    memset(photo.pixels, 120, photo.stride_bytes * SIDE);
    memset(small.pixels, 230, small.stride_bytes * SIDE);
    memset(large.pixels, 230, large.stride_bytes * 2 * SIDE);
    for (size_t i = 0; i < (size_t)SIDE * SIDE * 4; i++) {
        photo.pixels[4 * i % ((size_t)SIDE * SIDE * 4) + 3] = 255;
        large.pixels[4 * i + 3] = 128;
        small.pixels[4 * i % ((size_t)SIDE * SIDE * 4) + 3] = 128;
    }
    small.has_alpha = large.has_alpha = true;
    const bd_replace_params ways[] = {{.harmonize = BD_HARMONIZE_MEAN}, {.light_wrap_px = 6.0f}};
    for (size_t i = 0; i < 2; i++) {
        bd_image a = replace(&photo, &small, &ways[i]), b = replace(&photo, &large, &ways[i]);
        for (uint32_t x = LEFT; x < SIDE; x++) {
            assert_in_range(pixel(&a, x, SIDE / 2)[1] + 1, pixel(&b, x, SIDE / 2)[1], pixel(&b, x, SIDE / 2)[1] + 2);
        }
        assert_true(pixel(&a, LEFT, SIDE / 2)[1] != 120);
        bd_image_finish(&a);
        bd_image_finish(&b);
    }
    free(photo.pixels);
    free(small.pixels);
    free(large.pixels);
}

static void test_refusals(void **state) {
    (void)state;
    bd_image photo = make_noise(8, 8, 6), result = {0};
    bd_error error;
    const bd_replace_params bad[] = {
        {.background = BD_BACKGROUND_COLOR, .harmonize = BD_HARMONIZE_MEAN},
        {.harmonize = (bd_harmonize)3},
        {.light_wrap_px = -1.0f},
        {.light_wrap_px = NAN},
        {.background = BD_BACKGROUND_TRANSPARENT, .light_wrap_px = 3.0f},
        {.blur_sigma_px = -1.0f},
        {.placed = true, .place = {0.5f, 1.5f}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bd_replace_params params = bad[i];
        params.struct_size = sizeof params;
        bool picture = params.background == BD_BACKGROUND_PICTURE;
        assert_int_equal(bd_session_replace(t.session, &photo, picture ? &photo : NULL, &params, &result, &error),
                         BD_ERR_INVALID_ARGUMENT);
    }
    free(photo.pixels);
}

static int set_up(void **state) {
    (void)state;
    test_session_open_model(&t, NULL, getenv("BACKDROP_KERNELS"));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    test_session_close(&t);
    return 0;
}

int main(void) {
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places),       cmocka_unit_test(test_blur),
                                       cmocka_unit_test(test_blurred_fits), cmocka_unit_test(test_bands),
                                       cmocka_unit_test(test_harmonize),    cmocka_unit_test(test_light_wrap),
                                       cmocka_unit_test(test_light_bands),  cmocka_unit_test(test_premultiplied_light),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
