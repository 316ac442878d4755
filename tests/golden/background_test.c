/* SPDX-License-Identifier: MIT
 * Where a background lies and how it is blurred, seen through a photo without a subject: no weights are needed. */
#include "support/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

static test_session t;

static bd_image make_picture(uint32_t w, uint32_t h) {
    bd_image image = {.width = w, .height = h, .stride_bytes = (size_t)w * 4, .pixels = malloc((size_t)w * h * 4)};
    assert_non_null(image.pixels);
    return image;
}

/* Noise over a ramp. */
static bd_image make_noise(uint32_t w, uint32_t h, uint32_t seed) {
    bd_image image = make_picture(w, h);
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
    bd_image photo = make_noise(w, h, 9), result;
    bd_error error;
    if (bd_session_replace(t.session, &photo, background, &own, &result, &error)) {
        fail_msg("%s", error.message);
    }
    free(photo.pixels);
    return result;
}

static void assert_same(const bd_image *a, const bd_image *b) {
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_memory_equal(a->pixels, b->pixels, a->stride_bytes * a->height);
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
    assert_same(&expected, &both);
    bd_image_finish(&laid);
    bd_image_finish(&both);
    bd_image_finish(&expected);

    bd_image white = make_picture(50, 20);
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
        bd_frame_forget(t.session);
        bd_image bands = lay(300, 331, &scene, &params);
        t.session->band_bytes = 0;
        assert_same(&whole, &bands);
        bd_image_finish(&whole);
        bd_image_finish(&bands);
    }
    free(scene.pixels);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places), cmocka_unit_test(test_blur),
                                       cmocka_unit_test(test_blurred_fits), cmocka_unit_test(test_bands)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
