/* SPDX-License-Identifier: MIT
 * Mattes of uniform backdrops in made pictures of known alpha, through the public calls: no weights needed. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"
#include "reference/reference.h"

static test_session t;

enum { W = 320, H = 240 };

static const uint8_t green[3] = {32, 176, 64}, white[3] = {240, 240, 240};
static const uint8_t skin[3] = {224, 172, 140}, hair[3] = {150, 112, 80}, grey[3] = {140, 140, 140};

static uint8_t to_byte(double light) {
    return (uint8_t)(255.0 * bd_ref_to_srgb(fmin(fmax(light, 0.0), 1.0)) + 0.5);
}

/* A head with a soft edge and strands of hair, over a backdrop. */
static float cover(uint32_t x, uint32_t y) {
    float dx = (float)x - 160.0f, dy = (float)y - 130.0f, away = hypotf(dx, 0.8f * dy);
    float head = fminf(fmaxf((70.0f - away) / 5.0f, 0.0f), 1.0f);
    float strand = 0.5f + 0.5f * cosf(40.0f * atan2f(dy, dx));
    return away < 95.0f && dy < 0.0f ? fmaxf(head, 0.6f * powf(strand, 20.0f)) : head;
}

/* Light of a shadow on the backdrop, below the head. */
static double shade(uint32_t x, uint32_t y) {
    double away = hypot(((double)x - 160.0) / 60.0, ((double)y - 215.0) / 12.0);
    return 1.0 - 0.5 * fmin(fmax(2.0 - 1.3 * away, 0.0), 1.0);
}

typedef struct scene {
    const uint8_t *backdrop;
    bool shadow;
    float noise, gradient;
    uint8_t cast; /* of green on the subject */
} scene;

static bd_image make_photo(const scene *s) {
    bd_image photo = test_new_picture(W, H);
    uint32_t seed = 7;
    for (uint32_t i = 0; i < W * H; i++) {
        uint32_t x = i % W, y = i / W;
        double a = (double)cover(x, y), light = 1.0 - (double)s->gradient * x / W;
        light *= s->shadow ? shade(x, y) : 1.0;
        const uint8_t *own = s->cast                                                         ? grey
                             : hypotf((float)x - 160.0f, 0.8f * ((float)y - 130.0f)) < 50.0f ? skin
                                                                                             : hair;
        for (uint32_t c = 0; c < 3; c++) {
            double front = bd_ref_to_light((own[c] + (c == 1 ? s->cast : 0)) / 255.0);
            double back = light * bd_ref_to_light(s->backdrop[c] / 255.0);
            seed = seed * 1664525u + 1013904223u;
            double noise = (double)s->noise * ((double)(seed >> 8) / 8388608.0 - 1.0);
            double value = (double)to_byte(a * front + (1.0 - a) * back) + noise;
            photo.pixels[4 * i + c] = (uint8_t)(fmin(fmax(value, 0.0), 255.0) + 0.5);
        }
        photo.pixels[4 * i + 3] = 255;
    }
    return photo;
}

static bd_matte_params key_of(const uint8_t *color) {
    bd_matte_params params = {.struct_size = sizeof params, .key = color ? BD_KEY_COLOR : BD_KEY_AUTO};
    if (color) {
        memcpy(params.key_color, color, 3);
    }
    return params;
}

static bd_image matte_of(const bd_image *photo, const bd_matte_params *params) {
    bd_image alpha = {0};
    bd_error error;
    if (bd_session_matte(t.session, photo, params, &alpha, &error)) {
        fail_msg("%s", error.message);
    }
    return alpha;
}

/* Mean over the picture, in alpha; shadows apart. */
static double error_of(const bd_image *alpha) {
    double sum = 0.0;
    for (uint32_t i = 0; i < W * H; i++) {
        sum += fabs((double)alpha->pixels[i / W * alpha->stride_bytes + i % W] / 255.0 - (double)cover(i % W, i / W));
    }
    return sum / (W * H);
}

static double check_error(const scene *s, const uint8_t *color, double most) {
    bd_image photo = make_photo(s);
    const bd_matte_params params = key_of(color);
    bd_image alpha = matte_of(&photo, &params);
    double error = error_of(&alpha);
    if (!(error <= most)) {
        fail_msg("alpha is wrong by %g, not at most %g", error, most);
    }
    bd_image_finish(&alpha);
    free(photo.pixels);
    return error;
}

static void test_alpha(void **state) {
    (void)state;
    const scene plain = {.backdrop = green}, noisy = {.backdrop = green, .noise = 7.0f, .gradient = 0.3f};
    const scene pale = {.backdrop = white}, noisy_pale = {.backdrop = white, .noise = 7.0f, .gradient = 0.1f};
    printf("mean errors of alpha: green %.5f", check_error(&plain, green, 0.009));
    printf(", by itself %.5f", check_error(&plain, NULL, 0.009));
    printf(", under noise and uneven light %.5f", check_error(&noisy, NULL, 0.01));
    printf("; white %.5f", check_error(&pale, NULL, 0.012));
    printf(", under noise and uneven light %.5f\n", check_error(&noisy_pale, NULL, 0.013));
}

static void test_bands(void **state) {
    (void)state;
    const scene s = {.backdrop = green, .noise = 5.0f};
    bd_image photo = make_photo(&s);
    bd_matte_params params = key_of(NULL);
    bd_image whole = matte_of(&photo, &params);
    t.session->band_bytes = W * 4 * 64;
    bd_image parts = matte_of(&photo, &params);
    t.session->band_bytes = 0;
    test_assert_same(&whole, &parts);
    bd_image_finish(&whole);
    bd_image_finish(&parts);
    free(photo.pixels);
}

static void test_found(void **state) {
    (void)state;
    const scene s = {.backdrop = green, .noise = 5.0f};
    bd_image photo = make_photo(&s), alpha = {0};
    bd_matte_params params = key_of(NULL);
    bd_key_color key;
    bd_error error;
    bd_image made = matte_of(&photo, &params);
    bd_image_finish(&made);
    bd_session_key(t.session, &key);
    assert_true(key.found && key.share > 0.95f);
    for (int c = 0; c < 3; c++) {
        assert_true(abs((int)key.rgb[c] - (int)green[c]) <= 2);
    }
    params = key_of(green);
    made = matte_of(&photo, &params);
    bd_image_finish(&made);
    bd_session_key(t.session, &key);
    assert_false(key.found);
    /* Four colours share the border. */
    for (uint32_t i = 0; i < W * H; i++) {
        uint32_t part = (i % W * 2 / W) + 2 * (i / W * 2 / H);
        const uint8_t colors[4][3] = {{200, 40, 40}, {40, 40, 200}, {230, 230, 230}, {20, 20, 20}};
        memcpy(photo.pixels + 4 * i, colors[part], 3);
    }
    params = key_of(NULL);
    assert_int_equal(bd_session_matte(t.session, &photo, &params, &alpha, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "no uniform background: only 25 % of the border"));
    assert_null(alpha.pixels);
    const bd_replace_params replace = {
        .struct_size = sizeof replace, .background = BD_BACKGROUND_TRANSPARENT, .matte = &params};
    assert_int_equal(bd_session_replace(t.session, &photo, NULL, &replace, &alpha, &error), BD_ERR_INVALID_ARGUMENT);
    bd_session_key(t.session, &key);
    assert_true(key.found && key.share < 0.3f);
    free(photo.pixels);
}

static uint8_t at(const bd_image *alpha, uint32_t x, uint32_t y) {
    return alpha->pixels[y * alpha->stride_bytes + x];
}

static void test_shadow(void **state) {
    (void)state;
    const scene s = {.backdrop = green, .shadow = true};
    bd_image photo = make_photo(&s);
    bd_matte_params params = key_of(green);
    bd_image dropped = matte_of(&photo, &params);
    params.key_shadow = BD_KEY_SHADOW_KEEP;
    bd_image kept = matte_of(&photo, &params);
    /* Half the light: 1 - 0.5 / 0.9. */
    assert_true(at(&dropped, 215, 215) < 5 && at(&dropped, 160, 222) < 5);
    assert_true(abs((int)at(&kept, 160, 222) - 113) < 8);
    assert_true(at(&kept, 20, 20) < 5 && at(&kept, 160, 130) == 255);
    const bd_replace_params replace = {
        .struct_size = sizeof replace, .background = BD_BACKGROUND_TRANSPARENT, .matte = &params};
    bd_image result = test_replaced(t.session, &photo, NULL, &replace);
    const uint8_t *shadow = result.pixels + 222 * result.stride_bytes + (size_t)4 * 160;
    assert_true(shadow[0] < 40 && shadow[1] < 40 && shadow[2] < 40);
    bd_image_finish(&result);
    bd_image_finish(&dropped);
    bd_image_finish(&kept);
    free(photo.pixels);
}

static void test_spill(void **state) {
    (void)state;
    const scene s = {.backdrop = green, .cast = 60};
    bd_image photo = make_photo(&s);
    bd_matte_params params = key_of(green);
    const bd_replace_params replace = {
        .struct_size = sizeof replace, .background = BD_BACKGROUND_TRANSPARENT, .matte = &params};
    bd_image full = test_replaced(t.session, &photo, NULL, &replace);
    params.key_spill = -1.0f;
    bd_image none = test_replaced(t.session, &photo, NULL, &replace);
    params.key_spill = 0.5f;
    bd_image half = test_replaced(t.session, &photo, NULL, &replace);
    size_t middle = 130 * full.stride_bytes + (size_t)4 * 160;
    const uint8_t *before = photo.pixels + (size_t)4 * (130 * W + 160);
    assert_memory_equal(none.pixels + middle, before, 4);
    const uint8_t *after = full.pixels + middle;
    printf("spill: %u %u %u became %u %u %u\n", before[0], before[1], before[2], after[0], after[1], after[2]);
    assert_true(after[1] <= (after[0] > after[2] ? after[0] : after[2]) + 2 && after[1] < before[1]);
    assert_true(half.pixels[middle + 1] < before[1] && half.pixels[middle + 1] > after[1]);
    assert_true(before[1] > before[0]);
    bd_image_finish(&full);
    bd_image_finish(&none);
    bd_image_finish(&half);
    free(photo.pixels);
}

/* What shapes a matte shapes this one, too. */
static void test_shaped(void **state) {
    (void)state;
    const scene s = {.backdrop = green};
    bd_image photo = make_photo(&s);
    for (uint32_t i = 0; i < 20 * 20; i++) { /* a prop in the corner */
        memcpy(photo.pixels + (size_t)4 * ((10 + i / 20) * W + 10 + i % 20), skin, 3);
    }
    bd_matte_params params = key_of(green);
    bd_image plain = matte_of(&photo, &params);
    assert_true(at(&plain, 20, 20) > 250);
    params.keep = BD_KEEP_LARGEST;
    params.grow_px = -3.0f;
    bd_image shaped = matte_of(&photo, &params);
    assert_true(at(&shaped, 20, 20) == 0 && at(&shaped, 160, 130) == 255);
    uint64_t sums[2] = {0, 0};
    for (uint32_t i = 0; i < W * H; i++) {
        sums[0] += at(&plain, i % W, i / W);
        sums[1] += at(&shaped, i % W, i / W);
    }
    assert_true(sums[1] < sums[0]);
    bd_image_finish(&plain);
    bd_image_finish(&shaped);
    free(photo.pixels);
}

static void test_refusals(void **state) {
    (void)state;
    const scene s = {.backdrop = green};
    bd_image photo = make_photo(&s), alpha = {0};
    bd_error error;
    float coarse = 1.0f;
    bd_matte_params params[5];
    for (size_t i = 0; i < BD_COUNT(params); i++) {
        params[i] = key_of(green);
    }
    params[0].key = (bd_key)3;
    params[1].key_tolerance = -1.0f;
    params[2].coarse = &coarse;
    params[2].coarse_width = params[2].coarse_height = 1;
    params[3].key_with_network = true; /* there is none */
    params[4].key = BD_KEY_OFF;
    for (size_t i = 0; i < BD_COUNT(params); i++) {
        assert_int_equal(bd_session_matte(t.session, &photo, &params[i], &alpha, &error), BD_ERR_INVALID_ARGUMENT);
    }
    free(photo.pixels);
}

int main(void) {
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    test_engine_open(&t, NULL, NULL);
    t.session = test_session_create(t.engine, NULL, NULL);
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_alpha),   cmocka_unit_test(test_bands),
                                              cmocka_unit_test(test_found),   cmocka_unit_test(test_shadow),
                                              cmocka_unit_test(test_spill),   cmocka_unit_test(test_shaped),
                                              cmocka_unit_test(test_refusals)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_session_close(&t);
    return failed;
}
