/* SPDX-License-Identifier: MIT
 * Whole composites with a matte of the test's own, against sums in double precision: every kind of alpha, in light and
 * in sRGB's numbers, and colour profiles. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "api/session.h"
#include "support/profiles.h"

enum { W = 601, H = 141 }; /* wider than 513: a matte of that size is taken as it is */

static bd_session *session;
static float matte[W * H];

static uint32_t noise(void) {
    static uint32_t seed = 20171;
    seed = seed * 1664525u + 1013904223u;
    return seed >> 24;
}

/* A third of the alphas are 0, a third 255. */
static bd_image make_picture(uint32_t w, uint32_t h, bool alpha) {
    bd_image image = {0};
    assert_int_equal(bd_image_create(NULL, "made", w, h, BD_FORMAT_RGBA8, &image, NULL), BD_OK);
    for (size_t i = 0; i < (size_t)w * h * 4; i++) {
        image.pixels[i] = (uint8_t)noise();
    }
    for (size_t i = 0; i < (size_t)w * h; i++) {
        uint8_t *a = &image.pixels[4 * i + 3];
        *a = !alpha || *a > 170 ? 255 : *a < 85 ? 0 : *a;
    }
    image.has_alpha = alpha;
    return image;
}

static void make_matte(void) {
    for (int i = 0; i < W * H; i++) {
        uint32_t kind = noise();
        matte[i] = kind < 80 ? 0.0f : kind > 170 ? 1.0f : (float)noise() / 255.0f;
    }
}

static bd_image replace_with(const bd_image *photo, const bd_image *background, bd_replace_params *params) {
    const bd_matte_params given = {
        .struct_size = sizeof given, .mode = BD_MATTE_SOFT, .coarse = matte, .coarse_width = W, .coarse_height = H};
    params->struct_size = sizeof *params;
    params->matte = &given;
    bd_image result = test_replaced(session, photo, background, params);
    assert_int_equal(result.width, W);
    assert_int_equal(result.height, H);
    return result;
}

/* The photo's own colours are what the reference mixes. */
static bd_image replace(const bd_image *photo, const bd_image *background, bd_replace_params *params) {
    params->foreground = BD_FOREGROUND_OFF;
    return replace_with(photo, background, params);
}

/* ---- the reference ---- */

/* Porter and Duff's "over" with straight alpha; back NULL: nothing behind, the front's colours kept. */
static void over(const uint8_t *front, double p, const uint8_t *back, bool linear, double *y) {
    double front_share = p * front[3] / 255.0, back_share = back ? back[3] / 255.0 * (1.0 - front_share) : 0.0;
    double alpha = front_share + back_share;
    for (int c = 0; c < 3; c++) {
        double f = front[c] / 255.0, b = back ? back[c] / 255.0 : 0.0;
        if (!back || back_share <= 0.0) {
            y[c] = front[c];
        } else if (linear) {
            y[c] = 255.0 * to_srgb((to_light(f) * front_share + to_light(b) * back_share) / alpha);
        } else {
            y[c] = 255.0 * (f * front_share + b * back_share) / alpha;
        }
    }
    y[3] = 255.0 * alpha;
}

static void check(const bd_image *photo, const bd_image *background, const bd_replace_params *params,
                  const bd_image *got) {
    bool shows = false, hides = false;
    for (size_t i = 0; i < (size_t)W * H; i++) {
        double expected[4];
        const uint8_t *front = photo->pixels + 4 * i, *pixel = got->pixels + 4 * i;
        const uint8_t *back = params->background == BD_BACKGROUND_COLOR         ? params->color
                              : params->background == BD_BACKGROUND_TRANSPARENT ? NULL
                                                                                : background->pixels + 4 * i;
        over(front, matte[i], back, params->blend == BD_BLEND_LINEAR, expected);
        for (int c = 0; c < 4; c++) {
            bool hidden = c < 3 && expected[3] < 0.5;
            if (!hidden && fabs(expected[c] - pixel[c]) > 0.51) {
                fail_msg("pixel %zu, channel %d: %d, expected %f (matte %f)", i, c, pixel[c], expected[c], matte[i]);
            }
        }
        const bool unmixed = !back || matte[i] == 0.0f || !front[3];
        if (!pixel[3] && !params->keep_hidden) {
            assert_memory_equal(pixel, (const uint8_t[4]){0}, 4);
        } else if (!pixel[3] && unmixed) {
            assert_memory_equal(pixel, back ? back : front, 3);
        }
        hides |= !pixel[3];
        shows |= pixel[3] != 255;
        /* What is opaque is the photo's, and what is not there the background's, bit for bit. */
        if (matte[i] == 1.0f && front[3] == 255) {
            assert_memory_equal(pixel, front, 4);
        } else if (back && (matte[i] == 0.0f || !front[3]) && back[3]) {
            assert_memory_equal(pixel, back, 4);
        }
    }
    assert_int_equal(got->has_alpha, shows);
    assert_true(hides || params->background != BD_BACKGROUND_TRANSPARENT);
}

static void test_alpha(void **state) {
    (void)state;
    make_matte();
    for (int kind = 0; kind < 32; kind++) {
        static const bd_background backgrounds[4] = {BD_BACKGROUND_PICTURE, BD_BACKGROUND_PICTURE, BD_BACKGROUND_COLOR,
                                                     BD_BACKGROUND_TRANSPARENT};
        bd_replace_params params = {.background = backgrounds[kind >> 3],
                                    .blend = kind & 1 ? BD_BLEND_SRGB : BD_BLEND_LINEAR,
                                    .color = {30, 200, 90, kind & 4 ? kind % 3 * 100 : 255},
                                    .keep_hidden = kind % 5 > 2};
        bd_image photo = make_picture(W, H, kind & 2), background = make_picture(W, H, kind >> 3 == 1);
        bool picture = params.background == BD_BACKGROUND_PICTURE;
        bd_image result = replace(&photo, picture ? &background : NULL, &params);
        check(&photo, &background, &params, &result);
        bd_image_finish(&result);
        bd_image_finish(&background);
        bd_image_finish(&photo);
    }
}

/* A background that is resampled: the red that nobody can see must not come into the blue. */
static void test_unseen_colours(void **state) {
    (void)state;
    memset(matte, 0, sizeof matte);
    bd_image photo = make_picture(W, H, false), background = make_picture(2 * W + 5, H + 30, true);
    for (uint32_t i = 0; i < background.width * background.height; i++) {
        bool seen = (i % background.width / 7 + i / background.width / 5) % 2;
        const uint8_t red[4] = {255, 0, 0, 0}, blue[4] = {0, 0, 255, 255};
        memcpy(background.pixels + (size_t)i * 4, seen ? blue : red, 4);
    }
    static const bd_fit fits[] = {BD_FIT_COVER, BD_FIT_CONTAIN, BD_FIT_STRETCH};
    for (size_t f = 0; f < BD_COUNT(fits); f++) {
        bd_replace_params params = {.fit = fits[f], .color = {0, 0, 255, 40}};
        bd_image result = replace(&photo, &background, &params);
        int partly = 0;
        for (size_t i = 0; i < (size_t)W * H; i++) {
            const uint8_t *pixel = result.pixels + 4 * i;
            partly += pixel[3] > 60 && pixel[3] < 200;
            if (pixel[3] > 8 && (pixel[0] > 1 || pixel[1] > 1 || pixel[2] < 254)) {
                fail_msg("fit %d, pixel %zu: %d %d %d %d", (int)f, i, pixel[0], pixel[1], pixel[2], pixel[3]);
            }
        }
        assert_true(partly > W);
        bd_image_finish(&result);
    }
    bd_image_finish(&background);
    bd_image_finish(&photo);
}

/* Where red and green have changed places, what comes from sRGB must have changed them too. */
static void test_profiles(void **state) {
    (void)state;
    make_matte();
    bytes swapped = swapped_profile(0), srgb = srgb_profile();
    for (int kind = 0; kind < 12; kind++) {
        bool color = kind % 2, tagged = kind / 2 % 2;
        int photo_kind = kind / 4;
        bd_replace_params params = {.background = color ? BD_BACKGROUND_COLOR : BD_BACKGROUND_PICTURE,
                                    .color = {30, 200, 90, 255}};
        bd_image photo = make_picture(W, H, true), background = make_picture(W, H, true);
        if (photo_kind) {
            const bytes *profile = photo_kind == 1 ? &swapped : &srgb;
            assert_int_equal(bd_image_set_profile(&photo, profile->data, profile->size, NULL), BD_OK);
        }
        if (tagged) {
            assert_int_equal(bd_image_set_profile(&background, swapped.data, swapped.size, NULL), BD_OK);
        }
        bd_image result = replace(&photo, color ? NULL : &background, &params);
        bool turns = color ? photo_kind == 1 : (photo_kind == 1) != tagged;
        assert_int_equal(result.profile_bytes, photo.profile_bytes);
        assert_true(!photo.profile || !memcmp(result.profile, photo.profile, photo.profile_bytes));
        for (size_t i = 0; i < (size_t)W * H; i++) {
            double expected[4];
            const uint8_t *b = color ? params.color : background.pixels + 4 * i, *front = photo.pixels + 4 * i;
            const uint8_t back[4] = {b[turns], b[!turns], b[2], b[3]};
            over(front, matte[i], back, true, expected);
            for (int c = 0; c < 4; c++) {
                /* The background's colours were rounded on the way. */
                bool hidden = c < 3 && expected[3] < 0.5;
                if (!hidden && fabs(expected[c] - result.pixels[4 * i + (size_t)c]) > (c == 3 || !turns ? 0.51 : 1.6)) {
                    fail_msg("kind %d, pixel %zu, channel %d: %d, expected %f", kind, i, c,
                             result.pixels[4 * i + (size_t)c], expected[c]);
                }
            }
            if (matte[i] == 1.0f && front[3] == 255) {
                assert_memory_equal(result.pixels + 4 * i, front, 4);
            }
        }
        bd_image_finish(&result);
        bd_image_finish(&background);
        bd_image_finish(&photo);
    }
    /* A profile of the caller's that is none. */
    bd_image photo = make_picture(W, H, false), result = {0};
    bd_error error;
    const bd_replace_params params = {.struct_size = sizeof params, .background = BD_BACKGROUND_COLOR};
    photo.profile = swapped.data;
    photo.profile_bytes = swapped.size / 2;
    assert_int_equal(bd_session_replace(session, &photo, NULL, &params, &result, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "profile"));
    bd_image_finish(&photo);
    free(srgb.data);
    free(swapped.data);
}

/* ---- the subject's own colours ---- */

static uint8_t subject_at(int x, int y, int c) {
    return (uint8_t)(150 + 60 * sin(x / 90.0 + c) + 30 * sin(y / 25.0));
}

static double color_error(const bd_image *result) {
    double sum = 0.0, count = 0.0;
    for (int i = 0; i < W * H; i++) {
        bool partial = matte[i] > 0.0f && matte[i] < 1.0f;
        for (int c = 0; c < 3 && partial; c++) {
            sum += (double)matte[i] * abs(result->pixels[4 * i + c] - subject_at(i % W, i / W, c));
            count += (double)matte[i];
        }
    }
    return sum / count;
}

/* Soft edges over a background of another colour. Both ways take most of its light away, and opaque pixels stay. */
static void test_foreground(void **state) {
    (void)state;
    bd_image photo = make_picture(W, H, false), results[BD_FOREGROUND_OFF + 1];
    for (int i = 0; i < W * H; i++) {
        int x = i % W, y = i / W;
        double ripple = 0.5 + 0.7 * sin(x / 12.0) + 0.3 * sin(y / 7.0);
        matte[i] = (float)fmin(fmax(ripple, 0.0), 1.0);
        for (int c = 0; c < 3; c++) {
            double a = (double)matte[i], back = c == 1 ? 180.0 + 40.0 * sin(x / 70.0) : 30.0;
            photo.pixels[4 * i + c] = (uint8_t)(a * subject_at(x, y, c) + (1.0 - a) * back + 0.5);
        }
    }
    for (int way = BD_FOREGROUND_OFF; way >= 0; way--) { /* first what needs least room */
        bd_replace_params params = {.background = BD_BACKGROUND_TRANSPARENT, .foreground = (bd_foreground)way};
        results[way] = replace_with(&photo, NULL, &params);
        for (size_t i = 0; i < (size_t)W * H; i++) {
            if (matte[i] == 1.0f) {
                assert_memory_equal(results[way].pixels + 4 * i, photo.pixels + 4 * i, 4);
            }
        }
        session->band_bytes = (VkDeviceSize)W * 4;
        bd_image bands = replace_with(&photo, NULL, &params);
        session->band_bytes = 0;
        assert_memory_equal(results[way].pixels, bands.pixels, (size_t)W * H * 4);
        bd_image_finish(&bands);
    }
    double off = color_error(&results[BD_FOREGROUND_OFF]);
    for (int way = 0; way <= BD_FOREGROUND_OFF; way++) {
        double left = color_error(&results[way]);
        if (way < BD_FOREGROUND_OFF && left > off / (way == BD_FOREGROUND_MULTILEVEL ? 3.0 : 2.0)) {
            fail_msg("way %d is %f off, the photo %f", way, left, off);
        }
        bd_image_finish(&results[way]);
    }
    bd_replace_params wrong = {.struct_size = sizeof wrong, .background = BD_BACKGROUND_TRANSPARENT, .foreground = 3};
    bd_error error;
    bd_image result = {0};
    assert_int_equal(bd_session_replace(session, &photo, NULL, &wrong, &result, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "colours"));
    bd_image_finish(&photo);
}

/* ---- the photo's own background, blurred ---- */

/* Along x, then along y: sums of (r, g, b, 1) times what is seen of the background. */
static void blur(const bd_image *photo, double sigma, double *sums) {
    double *rows = calloc((size_t)W * H * 4, sizeof *rows);
    assert_non_null(rows);
    for (int i = 0; i < 2 * W * H; i++) {
        int n = i % (W * H), pass = i / (W * H), at = pass ? n / W : n % W, reach = (int)(4.0 * sigma) + 1;
        double *to = (pass ? sums : rows) + (size_t)4 * n;
        memset(to, 0, 4 * sizeof *to);
        for (int k = -BD_MIN(reach, at); k <= BD_MIN(reach, (pass ? H : W) - 1 - at); k++) {
            size_t from = (size_t)(n + (pass ? k * W : k));
            const uint8_t *pixel = photo->pixels + 4 * from;
            double share = exp(-0.5 * k * k / (sigma * sigma)), weight = (1.0 - (double)matte[from]) * pixel[3];
            for (size_t c = 0; c < 4; c++) {
                to[c] += share * (pass ? rows[4 * from + c] : weight * (c == 3 ? 1.0 : pixel[c]));
            }
        }
    }
    free(rows);
}

/* Where little of the photo is there its colours must not come apart, and what is there of it must stay. */
static void test_own_blur(void **state) {
    (void)state;
    double *sums = calloc((size_t)W * H * 4, sizeof *sums);
    assert_non_null(sums);
    bd_image photo = make_picture(W, H, true);
    for (int i = 0; i < W * H; i++) {
        int x = i % W, stripe = x / 40 % 3;
        matte[i] = x < 60 ? 1.0f : x < 360 ? 0.9f : stripe ? 0.3f : 0.0f;
        for (size_t c = 0; c < 3; c++) {
            photo.pixels[4 * (size_t)i + c] = (uint8_t)(40 + 60 * (((size_t)stripe + c) % 3) + noise() / 4);
        }
        photo.pixels[4 * (size_t)i + 3] = (uint8_t)(x < 400 ? x / 60 : BD_MIN(x - 394, 255));
    }
    photo.has_alpha = true;
    static const float sigmas[] = {1.0f, 2.9f, 3.0f, 7.0f, 30.0f, 150.0f};
    for (size_t s = 0; s < BD_COUNT(sigmas); s++) {
        const float sigma = sigmas[s];
        bd_replace_params params = {.background = BD_BACKGROUND_BLUR, .blur_sigma_px = sigma};
        bd_image result = replace(&photo, NULL, &params);
        blur(&photo, (double)sigma, sums);
        for (size_t i = 0; i < (size_t)W * H; i++) {
            const uint8_t *front = photo.pixels + 4 * i, *pixel = result.pixels + 4 * i;
            assert_int_equal(pixel[3], front[3]);
            for (size_t c = 0; c < 3 && front[3]; c++) {
                double p = (double)matte[i], f = to_light(front[c] / 255.0);
                double b = to_light(p < 1.0 ? sums[4 * i + c] / sums[4 * i + 3] / 255.0 : 0.0);
                double expected = 255.0 * to_srgb(f * p + b * (1.0 - p));
                if (fabs(expected - pixel[c]) > 2.0) {
                    fail_msg("sigma %g, pixel %zu, channel %zu: %d, expected %f (matte %f, alpha %d)", (double)sigma, i,
                             c, pixel[c], expected, p, front[3]);
                }
            }
        }
        /* In bands, the same. */
        session->band_bytes = (VkDeviceSize)W * 4;
        bd_image bands = replace(&photo, NULL, &params);
        session->band_bytes = 0;
        assert_memory_equal(result.pixels, bands.pixels, (size_t)W * H * 4);
        bd_image_finish(&bands);
        bd_image_finish(&result);
    }
    bd_image_finish(&photo);
    free(sums);
}

static int run(const char *kernel_set) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alpha),      cmocka_unit_test(test_unseen_colours), cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_foreground), cmocka_unit_test(test_own_blur),
    };
    test_session t;
    test_session_open_model(&t, NULL, kernel_set);
    session = t.session;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_session_close(&t);
    return failed;
}

int main(void) {
    int missing = test_device_skip();
    return missing ? missing : run(NULL) || run("storage");
}
