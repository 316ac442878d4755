/* SPDX-License-Identifier: MIT
 * Photos in flight: begun and ended in turns they come out as one by one, byte for byte, whatever changes between them,
 * with memory that the host writes to directly and by way of staging buffers. */
#include "support/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/engine.h"
#include "api/model.h"

enum { SIDE = 65, PHOTOS = 5 };

typedef struct fixture {
    test_session base;
    bd_image photos[PHOTOS], background;
} fixture;

/* A subject in front of stripes; no two seeds look alike. */
static bd_image make_picture(uint32_t w, uint32_t h, uint32_t seed) {
    bd_image picture = test_new_picture(w, h);
    for (uint32_t y = 0; y < h; y++) {
        for (uint32_t x = 0; x < w; x++) {
            uint8_t *p = picture.pixels + ((size_t)y * w + x) * 4;
            p[0] = (uint8_t)(128 + 100 * sin((x + 9.0 * seed) * 0.11) * cos(y * 0.05));
            p[1] = (uint8_t)(x > w / 3 && x < w / 2 + 5 * seed && y > h / 4 ? 200 : 60);
            p[2] = (uint8_t)((x + 31 * seed) * 255 / w);
            p[3] = 255;
        }
    }
    return picture;
}

static int open_all(void **state) {
    static fixture f;
    test_session_open_side(&f.base, SIDE);
    for (uint32_t i = 0; i < PHOTOS; i++) {
        /* One of them is larger than what came before: shared buffers grow while a photo is in flight. */
        f.photos[i] = i == 3 ? make_picture(171, 140, i) : make_picture(130, 91, i);
    }
    f.background = make_picture(77, 88, 11);
    *state = &f;
    return 0;
}

static int close_all(void **state) {
    fixture *f = *state;
    for (uint32_t i = 0; i < PHOTOS; i++) {
        free(f->photos[i].pixels);
    }
    free(f->background.pixels);
    test_session_close(&f->base);
    return 0;
}

static bd_session *open_session(const fixture *f, bool flip) {
    const bd_session_params params = {.struct_size = sizeof params, .flip = flip};
    return test_session_create(f->base.engine, f->base.model, &params);
}

/* What the network takes for background, by one of several backgrounds. */
static bd_replace_params params_of(bd_background background) {
    return (bd_replace_params){.struct_size = sizeof(bd_replace_params),
                               .classes = {{1}},
                               .background = background,
                               .color = {10, 200, 30, 255},
                               .blur_sigma_px = background == BD_BACKGROUND_BLUR ? 3.0f : 0.0f};
}

static const bd_image *picture_of(const fixture *f, const bd_replace_params *params) {
    return params->background == BD_BACKGROUND_PICTURE ? &f->background : NULL;
}

static void begin(bd_session *session, const fixture *f, uint32_t photo, const bd_replace_params *params) {
    bd_error error;
    if (bd_session_replace_begin(session, &f->photos[photo], picture_of(f, params), params, &error)) {
        fail_msg("photo %u: %s", photo, error.message);
    }
}

static void end(bd_session *session, bd_image *result) {
    bd_error error;
    if (bd_session_replace_end(session, result, &error)) {
        fail_msg("%s", error.message);
    }
}

/* Of the 9x9 logits those on the photo. */
static void check_seen(const bd_seen *seen) {
    uint64_t sum = 0;
    for (uint32_t c = 0; c < 256; c++) {
        sum += seen->points_of_class[c];
        assert_true(c < seen->class_count || !seen->points_of_class[c]);
    }
    assert_int_equal(sum, seen->points);
    assert_in_range(seen->points, 9 * 5, 9 * 8);
}

static void check_series(const fixture *f, bool flip, bd_background background) {
    bd_replace_params params = params_of(background);
    bd_session *session = open_session(f, flip);
    bd_image expected[PHOTOS] = {{0}};
    bd_seen seen[PHOTOS];
    bd_error error;
    for (uint32_t i = 0; i < PHOTOS; i++) {
        if (bd_session_replace(session, &f->photos[i], picture_of(f, &params), &params, &expected[i], &error)) {
            fail_msg("%s", error.message);
        }
        seen[i].struct_size = sizeof seen[i];
        bd_session_seen(session, &seen[i]);
        check_seen(&seen[i]);
    }
    /* In turns, twice over: the second time everything is recorded. */
    bd_image result = {0};
    begin(session, f, 0, &params);
    for (uint32_t i = 0; i < 2 * PHOTOS; i++) {
        if (i + 1 < 2 * PHOTOS) {
            begin(session, f, (i + 1) % PHOTOS, &params);
        }
        end(session, &result);
        const bd_image *wanted = &expected[i % PHOTOS];
        assert_int_equal(result.width, wanted->width);
        assert_int_equal(result.height, wanted->height);
        assert_memory_equal(result.pixels, wanted->pixels, (size_t)wanted->width * wanted->height * 4);
        bd_seen now = {.struct_size = sizeof now};
        bd_session_seen(session, &now);
        assert_memory_equal(now.points_of_class, seen[i % PHOTOS].points_of_class, sizeof now.points_of_class);
    }
    bd_image_finish(&result);
    for (uint32_t i = 0; i < PHOTOS; i++) {
        bd_image_finish(&expected[i]);
    }
    bd_session_destroy(session);
}

static void test_series(void **state) {
    const fixture *f = *state;
    check_series(f, false, BD_BACKGROUND_COLOR);
    check_series(f, false, BD_BACKGROUND_PICTURE);
    check_series(f, false, BD_BACKGROUND_BLUR);
    check_series(f, true, BD_BACKGROUND_PICTURE);
}

/* As on devices whose memory the host cannot reach. */
static void test_staging(void **state) {
    const fixture *f = *state;
    bool unified = f->base.engine->vk.unified;
    f->base.engine->vk.unified = false;
    check_series(f, false, BD_BACKGROUND_PICTURE);
    check_series(f, true, BD_BACKGROUND_BLUR);
    f->base.engine->vk.unified = unified;
}

/* Backgrounds that change from photo to photo. */
static void test_mixed(void **state) {
    const fixture *f = *state;
    static const bd_background order[] = {BD_BACKGROUND_PICTURE, BD_BACKGROUND_BLUR, BD_BACKGROUND_COLOR,
                                          BD_BACKGROUND_PICTURE, BD_BACKGROUND_TRANSPARENT};
    bd_session *session = open_session(f, false);
    bd_image one = {0};
    bd_image both[PHOTOS] = {{0}};
    bd_error error;
    for (uint32_t i = 0; i <= PHOTOS; i++) {
        if (i < PHOTOS) {
            const bd_replace_params params = params_of(order[i]);
            begin(session, f, i, &params);
        }
        if (i) {
            end(session, &both[i - 1]);
        }
    }
    for (uint32_t i = 0; i < PHOTOS; i++) {
        const bd_replace_params params = params_of(order[i]);
        assert_int_equal(bd_session_replace(session, &f->photos[i], picture_of(f, &params), &params, &one, &error),
                         BD_OK);
        assert_memory_equal(one.pixels, both[i].pixels, (size_t)one.width * one.height * 4);
        bd_image_finish(&one);
        bd_image_finish(&both[i]);
    }
    bd_session_destroy(session);
}

static void test_order(void **state) {
    const fixture *f = *state;
    const bd_replace_params params = params_of(BD_BACKGROUND_COLOR);
    bd_replace_params wrong = params_of(BD_BACKGROUND_BLUR);
    wrong.blur_sigma_px = -1;
    bd_session *session = open_session(f, false);
    bd_image first = {0};
    bd_image second = {0};
    bd_image other = {0};
    bd_segmentation map = {.struct_size = sizeof map};
    bd_error error;
    double ms;
    assert_int_equal(bd_session_replace_end(session, &other, &error), BD_ERR_INVALID_ARGUMENT);
    begin(session, f, 0, &params);
    /* A photo that cannot be begun leaves the others alone. */
    assert_int_equal(bd_session_replace_begin(session, &f->photos[1], NULL, &wrong, &error), BD_ERR_INVALID_ARGUMENT);
    begin(session, f, 1, &params);
    assert_int_equal(bd_session_replace_begin(session, &f->photos[2], NULL, &params, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_replace(session, &f->photos[2], NULL, &params, &other, &error),
                     BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_segment(session, &f->photos[2], NULL, &map, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_matte(session, &f->photos[2], NULL, &other, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_run_network(session, NULL, NULL, &ms, NULL, NULL, &error), BD_ERR_INVALID_ARGUMENT);
    end(session, &first);
    end(session, &second);
    assert_int_equal(bd_session_replace(session, &f->photos[0], NULL, &params, &other, &error), BD_OK);
    assert_memory_equal(other.pixels, first.pixels, (size_t)130 * 91 * 4);
    assert_memory_not_equal(other.pixels, second.pixels, (size_t)130 * 91 * 4);
    bd_image_finish(&first);
    bd_image_finish(&second);
    bd_image_finish(&other);
    /* Photos may be given up. */
    begin(session, f, 0, &params);
    begin(session, f, 1, &params);
    bd_session_destroy(session);
}

/* As many as the session was made for, in the order that they were begun in. */
static void test_ring(void **state) {
    const fixture *f = *state;
    const bd_replace_params params = params_of(BD_BACKGROUND_PICTURE);
    bd_session *one = open_session(f, false), *session;
    bd_image expected[PHOTOS], result = {0};
    bd_error error;
    for (uint32_t i = 0; i < PHOTOS; i++) {
        expected[i] = test_replaced(one, &f->photos[i], &f->background, &params);
    }
    for (uint32_t most = 1; most <= 8; most += most == 1 ? 2 : 5) {
        const bd_session_params with = {.struct_size = sizeof with, .in_flight = most};
        session = test_session_create(f->base.engine, f->base.model, &with);
        for (uint32_t ended = 0, begun = 0; ended < 3 * most; ended++) {
            for (; begun < ended + most; begun++) {
                begin(session, f, begun % PHOTOS, &params);
            }
            assert_int_equal(bd_session_replace_begin(session, &f->photos[0], &f->background, &params, &error),
                             BD_ERR_INVALID_ARGUMENT);
            end(session, &result);
            test_assert_same(&expected[ended % PHOTOS], &result);
            bd_image_finish(&result);
        }
        bd_session_destroy(session);
    }
    const bd_session_params nine = {.struct_size = sizeof nine, .in_flight = 9};
    assert_int_equal(bd_session_create(f->base.engine, f->base.model, &nine, &session, &error),
                     BD_ERR_INVALID_ARGUMENT);
    for (uint32_t i = 0; i < PHOTOS; i++) {
        bd_image_finish(&expected[i]);
    }
    bd_session_destroy(one);
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_series), cmocka_unit_test(test_staging),
                                       cmocka_unit_test(test_mixed), cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_ring)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
