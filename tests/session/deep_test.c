/* SPDX-License-Identifier: MIT
 * Photos and backgrounds of 16 bits: against sums in double precision, against the same pictures of 8 bits, in bands,
 * in flight beside 8 bits, and in a caller's own memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"
#include "support/profiles.h"
#include "support/session.h"

enum { W = 601, H = 41 }; /* wider than 513: a matte of that size is taken as it is */

static test_session t;
static float matte[W * H];

static uint32_t noise(void) {
    static uint32_t seed = 20171;
    seed = seed * 1664525u + 1013904223u;
    return seed >> 16;
}

static uint16_t *numbers(const bd_image *image) {
    return (uint16_t *)(void *)image->pixels;
}

/* A third of the alphas are 0, a third full. coarse: numbers that 8 bits have, too. */
static bd_image make_picture(uint32_t w, uint32_t h, bool alpha, bool coarse) {
    bd_image image = {0};
    assert_int_equal(bd_image_create(NULL, "made", w, h, BD_FORMAT_RGBA16, &image, NULL), BD_OK);
    for (size_t i = 0; i < (size_t)w * h * 4; i++) {
        uint16_t *number = numbers(&image) + i;
        *number = (uint16_t)(coarse ? (noise() >> 8) * 257 : noise());
        if (i % 4 == 3) {
            *number = !alpha || *number > 43690 ? 65535 : *number < 21845 ? 0 : *number;
        }
    }
    image.has_alpha = alpha;
    return image;
}

/* Smooth, as pictures are. */
static bd_image make_scene(uint32_t w, uint32_t h, double phase) {
    bd_image image = make_picture(w, h, false, true);
    for (size_t i = 0; i < (size_t)w * h * 4; i++) {
        double x = (double)(i / 4 % w), y = (double)(i / 4 / w), c = (double)(i % 4);
        double value = 127.0 + 120.0 * sin(x * 0.05 + c + phase) * cos(y * 0.09 - c);
        if (i % 4 < 3) {
            numbers(&image)[i] = (uint16_t)((int)value * 257);
        }
    }
    return image;
}

static bd_image narrowed(const bd_image *image) {
    bd_image narrow = {0};
    assert_int_equal(bd_image_create(NULL, "narrow", image->width, image->height, BD_FORMAT_RGBA8, &narrow, NULL),
                     BD_OK);
    for (size_t i = 0; i < (size_t)image->width * image->height * 4; i++) {
        narrow.pixels[i] = (uint8_t)((numbers(image)[i] * 255u + 32767u) / 65535u);
    }
    narrow.has_alpha = image->has_alpha;
    return narrow;
}

static void make_matte(void) {
    for (int i = 0; i < W * H; i++) {
        uint32_t kind = noise() >> 8;
        matte[i] = kind < 80 ? 0.0f : kind > 170 ? 1.0f : (float)noise() / 65535.0f;
    }
}

/* A subject in the middle with an edge of some pixels. */
static void make_subject(void) {
    for (int i = 0; i < W * H; i++) {
        double x = i % W - W / 2, y = i / W - H / 2;
        matte[i] = (float)fmin(fmax((150.0 - hypot(x, 6.0 * y)) / 30.0, 0.0), 1.0);
    }
}

static bd_image replace(const bd_image *photo, const bd_image *background, const bd_replace_params *params,
                        bd_matte_mode mode) {
    const bd_matte_params given = {
        .struct_size = sizeof given, .mode = mode, .coarse = matte, .coarse_width = W, .coarse_height = H};
    bd_replace_params own = *params;
    bd_image result = {0};
    bd_error error;
    own.struct_size = sizeof own;
    own.matte = &given;
    if (bd_session_replace(t.session, photo, background, &own, &result, &error)) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(result.width, photo->width);
    assert_int_equal(result.height, photo->height);
    return result;
}

/* ---- against double precision ---- */

/* Porter and Duff's "over" with straight alpha; back NULL: nothing behind, the front's colours kept. */
static void over(const double front[4], double p, const double *back, bool linear, double y[4]) {
    double front_share = p * front[3], back_share = back ? back[3] * (1.0 - front_share) : 0.0;
    y[3] = front_share + back_share;
    for (int c = 0; c < 3; c++) {
        if (!back || back_share <= 0.0) {
            y[c] = front[c];
        } else if (linear) {
            y[c] = to_srgb((to_light(front[c]) * front_share + to_light(back[c]) * back_share) / y[3]);
        } else {
            y[c] = (front[c] * front_share + back[c] * back_share) / y[3];
        }
    }
}

static void pixel_at(const bd_image *image, size_t i, double pixel[4]) {
    for (size_t c = 0; c < 4; c++) {
        pixel[c] =
            image->format == BD_FORMAT_RGBA16 ? numbers(image)[4 * i + c] / 65535.0 : image->pixels[4 * i + c] / 255.0;
    }
}

static void check(const bd_image *photo, const bd_image *background, const bd_replace_params *params,
                  const bd_image *got) {
    bool shows = false;
    assert_int_equal(got->format, BD_FORMAT_RGBA16);
    for (size_t i = 0; i < (size_t)W * H; i++) {
        double expected[4], front[4], back[4];
        bool nothing = params->background == BD_BACKGROUND_TRANSPARENT;
        pixel_at(photo, i, front);
        if (params->background == BD_BACKGROUND_PICTURE) {
            pixel_at(background, i, back);
        } else {
            for (int c = 0; c < 4; c++) {
                back[c] = params->color[c] / 255.0;
            }
        }
        double p = matte[i] * 255.0f < 0.5f ? 0.0 : matte[i] * 255.0f > 254.5f ? 1.0 : (double)matte[i];
        over(front, p, nothing ? NULL : back, params->blend == BD_BLEND_LINEAR, expected);
        const uint16_t *pixel = numbers(got) + 4 * i;
        /* What is opaque is the photo's, and what is not there the background's, bit for bit. */
        bool exact = (p == 1.0 && front[3] == 1.0) || (!nothing && (p == 0.0 || front[3] == 0.0) && back[3] == 1.0);
        for (int c = 0; c < 4; c++) {
            bool hidden = c < 3 && expected[3] * 65535.0 < 0.5;
            if (!hidden && fabs(expected[c] * 65535.0 - pixel[c]) > (exact ? 0.01 : 1.5)) {
                fail_msg("pixel %zu, channel %d: %d, expected %f (matte %f)", i, c, pixel[c], expected[c] * 65535.0, p);
            }
            const double kept = !params->keep_hidden ? 0.0 : nothing ? front[c] : back[c];
            assert_true(c == 3 || pixel[3] || fabs(pixel[c] - kept * 65535.0) < 0.01);
        }
        shows |= pixel[3] != 65535;
    }
    assert_int_equal(got->has_alpha, shows);
}

static void test_numbers(void **state) {
    (void)state;
    static const bd_background backgrounds[4] = {BD_BACKGROUND_PICTURE, BD_BACKGROUND_PICTURE, BD_BACKGROUND_COLOR,
                                                 BD_BACKGROUND_TRANSPARENT};
    make_matte();
    for (int kind = 0; kind < 64; kind++) {
        bd_replace_params params = {.background = backgrounds[kind >> 3 & 3],
                                    .blend = kind & 1 ? BD_BLEND_SRGB : BD_BLEND_LINEAR,
                                    .color = {30, 200, 90, kind & 4 ? kind % 3 * 100 : 255},
                                    .foreground = BD_FOREGROUND_OFF,
                                    .keep_hidden = kind % 5 > 2};
        bool picture = params.background == BD_BACKGROUND_PICTURE;
        bd_image photo = make_picture(W, H, kind & 2, false), background = make_picture(W, H, kind >> 3 & 1, false);
        if (kind >> 5) { /* only one of the two has 16 bits */
            bd_image *shallow = picture && kind & 4 ? &photo : &background;
            bd_image narrow = narrowed(shallow);
            bd_image_finish(shallow);
            *shallow = narrow;
        }
        bd_image result = replace(&photo, picture ? &background : NULL, &params, BD_MATTE_SOFT);
        check(&photo, &background, &params, &result);
        bd_image_finish(&result);
        bd_image_finish(&background);
        bd_image_finish(&photo);
    }
}

/* ---- against 8 bits ---- */

/* The most that a number is away from the one of 8 bits, in 1 / 255; *unequal: how many round to another. */
static double distance(const bd_image *deep, const bd_image *narrow, size_t *unequal) {
    double most = 0.0;
    assert_int_equal(deep->format, BD_FORMAT_RGBA16);
    assert_int_equal(narrow->format, BD_FORMAT_RGBA8);
    *unequal = 0;
    for (size_t i = 0; i < (size_t)deep->width * deep->height * 4; i++) {
        double number = numbers(deep)[i] / 257.0;
        most = fmax(most, fabs(number - narrow->pixels[i]));
        *unequal += floor(number + 0.5) != (double)narrow->pixels[i];
    }
    return most;
}

static void test_as_8_bits(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bd_replace_params params;
        double most;
        double unequal; /* share */
    } cases[] = {
        /* The photo's or the tile's numbers, but for the subject's colours, which 8 bits round once more. */
        {"colour", {.background = BD_BACKGROUND_COLOR, .color = {10, 250, 30, 255}}, 1.0, 0.02},
        {"nothing", {.background = BD_BACKGROUND_TRANSPARENT}, 0.51, 0.001},
        {"tile", {.fit = BD_FIT_TILE, .blend = BD_BLEND_SRGB}, 1.0, 0.02},
        /* 8 bits round between the passes of a resampling, and after. */
        {"cover", {.fit = BD_FIT_COVER}, 1.5, 0.15},
        {"contain", {.fit = BD_FIT_CONTAIN, .color = {1, 2, 3, 200}}, 1.5, 0.15},
        {"stretch", {.fit = BD_FIT_STRETCH, .foreground = BD_FOREGROUND_OFF}, 1.5, 0.15},
        {"mean", {.harmonize = BD_HARMONIZE_MEAN}, 1.5, 0.15},
        {"full", {.harmonize = BD_HARMONIZE_FULL}, 1.5, 0.15},
        /* And the background's light over the subject's edge. */
        {"wrap", {.light_wrap_px = 6.0f}, 1.6, 0.15},
        {"colour's light",
         {.background = BD_BACKGROUND_COLOR, .color = {250, 240, 200, 255}, .light_wrap_px = 3.0f},
         1.5,
         0.02},
        {"blurred", {.blur_sigma_px = 6.0f}, 2.0, 0.2},
        {"own blur", {.background = BD_BACKGROUND_BLUR, .blur_sigma_px = 5.0f}, 1.0, 0.03},
    };
    make_subject();
    bd_image photo = make_scene(W, H, 0.0), background = make_scene(W + 91, 2 * H, 1.0);
    bd_image narrow_photo = narrowed(&photo), narrow_background = narrowed(&background);
    for (size_t i = 0; i < 2 * BD_COUNT(cases); i++) {
        bool picture = cases[i / 2].params.background == BD_BACKGROUND_PICTURE;
        bd_matte_mode mode = i % 2 ? BD_MATTE_REFINE : BD_MATTE_SOFT;
        bd_image deep = replace(&photo, picture ? &background : NULL, &cases[i / 2].params, mode);
        bd_image narrow = replace(&narrow_photo, picture ? &narrow_background : NULL, &cases[i / 2].params, mode);
        size_t unequal;
        double most = distance(&deep, &narrow, &unequal), share = (double)unequal / (W * H * 4);
        if (most > cases[i / 2].most || share > cases[i / 2].unequal) {
            fail_msg("%s, matte %d: %f levels apart, %f round to others", cases[i / 2].name, (int)mode, most, share);
        }
        assert_int_equal(deep.has_alpha, narrow.has_alpha);
        bd_image_finish(&deep);
        bd_image_finish(&narrow);
    }
    bd_image_finish(&photo);
    bd_image_finish(&background);
    bd_image_finish(&narrow_photo);
    bd_image_finish(&narrow_background);
}

/* The matte is that of the photo's 8 bits, and alpha shows all 16 of it. */
static void test_matte(void **state) {
    (void)state;
    make_subject();
    bd_image photo = make_scene(W, H, 2.0), narrow = narrowed(&photo), alphas[2] = {{0}};
    const bd_matte_params params = {
        .struct_size = sizeof params, .coarse = matte, .coarse_width = W, .coarse_height = H, .wide = true};
    bd_error error;
    assert_int_equal(bd_session_matte(t.session, &photo, &params, &alphas[0], &error), BD_OK);
    assert_int_equal(bd_session_matte(t.session, &narrow, &params, &alphas[1], &error), BD_OK);
    assert_memory_equal(alphas[0].pixels, alphas[1].pixels, H * alphas[0].stride_bytes);
    bd_image cut =
        replace(&photo, NULL, &(bd_replace_params){.background = BD_BACKGROUND_TRANSPARENT}, BD_MATTE_REFINE);
    size_t between = 0;
    for (size_t i = 0; i < (size_t)W * H; i++) {
        int wide = numbers(&alphas[0])[i], got = numbers(&cut)[4 * i + 3];
        bool settled = wide < 129 || wide > 65535 - 129;
        assert_true(settled ? got == (wide < 129 ? 0 : 65535) || got == wide : abs(got - wide) <= 1);
        between += got % 257 != 0;
    }
    assert_true(between > W); /* more than 8 bits have */
    bd_image_finish(&cut);
    bd_image_finish(&alphas[0]);
    bd_image_finish(&alphas[1]);
    bd_image_finish(&narrow);
    bd_image_finish(&photo);
}

/* ---- bands, flights, memory ---- */

static void test_bands(void **state) {
    (void)state;
    enum { BW = 300, BH = 331 };
    bd_image photo = make_scene(BW, BH, 3.0), background = make_scene(77, 191, 4.0);
    make_subject();
    for (int kind = 0; kind < 6; kind++) {
        const bd_replace_params params = {.background = kind == 4   ? BD_BACKGROUND_BLUR
                                                        : kind == 5 ? BD_BACKGROUND_COLOR
                                                                    : BD_BACKGROUND_PICTURE,
                                          .fit = (bd_fit)(kind % 4),
                                          .color = {9, 99, 200, 255},
                                          .blur_sigma_px = kind == 1 || kind == 4 ? 4.0f : 0.0f,
                                          .harmonize = kind == 2 ? BD_HARMONIZE_FULL : BD_HARMONIZE_OFF,
                                          .light_wrap_px = kind % 2 ? 5.0f : 0.0f};
        const bd_image *behind = params.background == BD_BACKGROUND_PICTURE ? &background : NULL;
        bd_image whole = replace(&photo, behind, &params, BD_MATTE_REFINE);
        t.session->band_bytes = BW * 8 * 70;
        bd_image bands = replace(&photo, behind, &params, BD_MATTE_REFINE);
        t.session->band_bytes = 0;
        for (size_t i = 0; i < (size_t)BW * BH * 4; i++) {
            /* Statistics add up in another order. */
            if (abs(numbers(&whole)[i] - numbers(&bands)[i]) > (kind == 2 ? 4 : 0)) {
                fail_msg("kind %d: number %zu is %d whole, %d in bands", kind, i, numbers(&whole)[i],
                         numbers(&bands)[i]);
            }
        }
        bd_image_finish(&whole);
        bd_image_finish(&bands);
    }
    bd_image_finish(&photo);
    bd_image_finish(&background);
}

/* Photos of both depths in turns, two at a time, into one result. */
static void test_flight(void **state) {
    (void)state;
    const bd_matte_params given = {
        .struct_size = sizeof given, .mode = BD_MATTE_SOFT, .coarse = matte, .coarse_width = W, .coarse_height = H};
    const bd_replace_params params = {
        .struct_size = sizeof params, .background = BD_BACKGROUND_COLOR, .color = {1, 2, 3, 255}, .matte = &given};
    make_matte();
    bd_image photos[2] = {make_picture(W, H, true, false), {0}}, alone[2] = {{0}}, result = {0};
    photos[1] = narrowed(&photos[0]);
    bd_error error;
    for (int i = 0; i < 2; i++) {
        alone[i] = replace(&photos[i], NULL, &params, BD_MATTE_SOFT);
    }
    static const int order[7] = {0, 1, 1, 0, 0, 1, 0};
    assert_int_equal(bd_session_replace_begin(t.session, &photos[order[0]], NULL, &params, &error), BD_OK);
    for (int i = 0; i < 7; i++) {
        if (i + 1 < 7) {
            assert_int_equal(bd_session_replace_begin(t.session, &photos[order[i + 1]], NULL, &params, &error), BD_OK);
        }
        assert_int_equal(bd_session_replace_end(t.session, &result, &error), BD_OK);
        const bd_image *expected = &alone[order[i]];
        assert_int_equal(result.format, expected->format);
        assert_memory_equal(result.pixels, expected->pixels, H * expected->stride_bytes);
    }
    bd_image_finish(&result);
    for (int i = 0; i < 2; i++) {
        bd_image_finish(&alone[i]);
        bd_image_finish(&photos[i]);
    }
}

/* Rows with gaps, in memory of the caller's; and what is refused. */
static void test_own_memory(void **state) {
    (void)state;
    enum { STRIDE = W * 8 + 10 };
    static uint16_t memory[STRIDE / 2 * H];
    const bd_replace_params params = {.background = BD_BACKGROUND_PICTURE, .foreground = BD_FOREGROUND_OFF};
    make_matte();
    bd_image photo = make_picture(W, H, true, false), background = make_picture(W, H, true, false);
    memset(memory, 0xa5, sizeof memory);
    for (size_t y = 0; y < H; y++) {
        memcpy((uint8_t *)memory + y * STRIDE, photo.pixels + y * photo.stride_bytes, W * 8);
    }
    bd_image own = {.width = W,
                    .height = H,
                    .format = BD_FORMAT_RGBA16,
                    .has_alpha = true,
                    .stride_bytes = STRIDE,
                    .pixels = (uint8_t *)memory};
    bd_image first = replace(&photo, &background, &params, BD_MATTE_SOFT);
    bd_image second = replace(&own, &background, &params, BD_MATTE_SOFT);
    assert_memory_equal(first.pixels, second.pixels, H * first.stride_bytes);
    bd_image_finish(&first);
    bd_image_finish(&second);
    bd_error error;
    own.stride_bytes = W * 8 - 2;
    assert_int_equal(bd_session_replace(t.session, &own, &background, &params, &first, &error),
                     BD_ERR_INVALID_ARGUMENT);
    own.stride_bytes = W * 8 + 1;
    assert_int_equal(bd_session_replace(t.session, &own, &background, &params, &first, &error),
                     BD_ERR_INVALID_ARGUMENT);
    own.stride_bytes = STRIDE;
    own.format = BD_FORMAT_GRAY16;
    assert_int_equal(bd_session_replace(t.session, &own, &background, &params, &first, &error),
                     BD_ERR_INVALID_ARGUMENT);
    bd_image_finish(&photo);
    bd_image_finish(&background);
}

/* ---- colours ---- */

/* Light to the power 1.8 behind a photo in sRGB, and a colour in front of nothing of that light. */
static void test_profiles(void **state) {
    (void)state;
    memset(matte, 0, sizeof matte);
    bytes gamma = gamma_profile(1.8);
    bd_image photo = make_picture(W, H, false, false), background = make_picture(W, H, false, false);
    assert_int_equal(bd_image_set_profile(&background, gamma.data, gamma.size, NULL), BD_OK);
    /* Greys: profiles have their primaries in 16 bits. */
    for (size_t i = 0; i < (size_t)W * H * 4; i++) {
        numbers(&background)[i] = i % 4 == 3 ? 65535 : numbers(&background)[i / 4 * 4];
    }
    bd_image result =
        replace(&photo, &background, &(bd_replace_params){.foreground = BD_FOREGROUND_OFF}, BD_MATTE_SOFT);
    for (size_t i = 0; i < (size_t)W * H * 4; i++) {
        double value = numbers(&background)[i] / 65535.0;
        double expected = 65535.0 * (i % 4 == 3 ? value : to_srgb(pow(value, 1.8)));
        if (fabs(expected - numbers(&result)[i]) > 3.0) {
            fail_msg("number %zu of %f: %d, expected %f", i, value, numbers(&result)[i], expected);
        }
    }
    bd_image_finish(&result);
    assert_int_equal(bd_image_set_profile(&photo, gamma.data, gamma.size, NULL), BD_OK);
    const bd_replace_params color = {.background = BD_BACKGROUND_COLOR, .color = {40, 200, 90, 77}};
    result = replace(&photo, NULL, &color, BD_MATTE_SOFT);
    for (size_t c = 0; c < 4; c++) {
        double value = color.color[c] / 255.0, expected = 65535.0 * (c == 3 ? value : pow(to_light(value), 1 / 1.8));
        assert_true(fabs(expected - numbers(&result)[c]) <= 3.0);
    }
    bd_image_finish(&result);
    bd_image_finish(&background);
    bd_image_finish(&photo);
    free(gamma.data);
}

static int run(const char *kernel_set) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_as_8_bits), cmocka_unit_test(test_matte),
        cmocka_unit_test(test_bands),    cmocka_unit_test(test_flight),    cmocka_unit_test(test_own_memory),
        cmocka_unit_test(test_profiles),
    };
    test_session_open_model(&t, NULL, kernel_set);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_session_close(&t);
    return failed;
}

int main(void) {
    int missing = test_device_skip();
    return missing ? missing : run(NULL) || run("storage");
}
