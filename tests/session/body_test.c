/* SPDX-License-Identifier: MIT
 * From the network's logits to whole bodies, and a second look: what a session makes of a photo is what the references
 * make of the logits, look by look. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/reference.h"

enum { SIDE = 257, CLASSES = 21, PERSON = 15, NODES = 33, FINER = 129, CELL = 8 };
#define BIAS 0.5f
#define WEIGHT 0.6f

typedef struct fixture {
    test_session base;
    bd_image person, small; /* the latter: a photo with the subject in a corner */
} fixture;

static bd_image paste_small(const bd_image *from) {
    bd_image photo = test_new_picture(from->width * 2, from->height * 2 - 100);
    for (uint32_t y = 0; y < photo.height; y++) {
        for (uint32_t x = 0; x < photo.width; x++) {
            uint8_t *to = photo.pixels + ((size_t)y * photo.width + x) * 4;
            uint32_t u = x - photo.width / 3, v = y - (photo.height - from->height);
            bool inside = x >= photo.width / 3 && y >= photo.height - from->height && u < from->width;
            const uint8_t *at = from->pixels + (size_t)v * from->stride_bytes + (size_t)u * 4;
            const uint8_t wall[4] = {205, 190, 175, 255};
            memcpy(to, inside ? at : wall, 4);
        }
    }
    return photo;
}

static int open_all(void **state) {
    static fixture f;
    test_session_open_side(&f.base, SIDE);
    f.person = test_read_image(test_source_file("tools/samples/person.jpg"));
    f.small = paste_small(&f.person);
    *state = &f;
    return 0;
}

static int close_all(void **state) {
    fixture *f = *state;
    free(f->small.pixels);
    bd_image_finish(&f->person);
    test_session_close(&f->base);
    return 0;
}

/* ---- what is expected -------------------------------------------------------------------------------------------- */

static void odds_at(const bd_segmentation *seen, float x, float y, float odds[4]) {
    float values[CLASSES];
    bool in_set[CLASSES] = {false};
    in_set[PERSON] = true;
    float most_x = (float)(seen->labels.width - 1) / CELL, most_y = (float)(seen->labels.height - 1) / CELL;
    bd_ref_sample(seen->logits, (int32_t)seen->logits_width, (int32_t)seen->logits_height, CLASSES,
                  fminf(fmaxf(x, 0.0f), most_x), fminf(fmaxf(y, 0.0f), most_y), values);
    bd_ref_odds(values, CLASSES, in_set, 0, &odds[0], &odds[1]);
    odds[2] = odds[3] = 0.0f;
}

static bd_segmentation look_at(const fixture *f, const bd_image *photo) {
    bd_error error;
    bd_segmentation seen = {.struct_size = sizeof seen};
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    if (bd_session_segment(f->base.session, photo, &params, &seen, &error)) {
        fail_msg("%s", error.message);
    }
    return seen;
}

static void *make(size_t bytes) {
    void *memory = calloc(bytes, 1);
    assert_non_null(memory);
    return memory;
}

typedef struct grid {
    int32_t w, h;
    float *odds;
    bd_ref_bodies bodies;
} grid;

static grid make_grid(const bd_image *photo, int32_t along) {
    uint32_t longest = photo->width > photo->height ? photo->width : photo->height;
    grid g = {.w = (int32_t)lround((double)(along - 1) * (photo->width - 1) / (longest - 1)) + 1,
              .h = (int32_t)lround((double)(along - 1) * (photo->height - 1) / (longest - 1)) + 1};
    size_t nodes = (size_t)g.w * (size_t)g.h;
    g.odds = make(nodes * 4 * sizeof *g.odds);
    g.bodies = (bd_ref_bodies){.marks = make(nodes * sizeof(uint32_t)), .values = make(nodes * sizeof(float))};
    return g;
}

static void free_grid(grid *g) {
    free(g->odds);
    free(g->bodies.marks);
    free(g->bodies.values);
}

static void fill_grid(grid *g, const bd_image *photo, const bd_segmentation *seen) {
    for (int32_t i = 0; i < g->w * g->h; i++) {
        int32_t row = i / g->w;
        float x = (float)(i % g->w) * (float)(photo->width - 1) / (float)(g->w - 1) + 0.5f;
        float y = (float)row * (float)(photo->height - 1) / (float)(g->h - 1) + 0.5f;
        odds_at(seen, (x * (float)seen->labels.width / (float)photo->width - 0.5f) / CELL,
                (y * (float)seen->labels.height / (float)photo->height - 0.5f) / CELL, g->odds + 4 * i);
    }
}

static void rule_on(grid *g) {
    uint32_t *room = make((size_t)g->w * (size_t)g->h * 4 * sizeof *room);
    bd_ref_rule(g->odds, g->w, g->h, &g->bodies, room);
    free(room);
}

/* The matte of BD_MATTE_SOFT: probabilities at the network's size, enlarged. */
static float *soft_matte(const grid *g, const bd_image *photo, uint32_t small_w, uint32_t small_h) {
    float *plane = make((size_t)g->w * (size_t)g->h * sizeof *plane), *small = make((size_t)small_w * small_h * 4);
    float *alpha = make((size_t)photo->width * photo->height * sizeof *alpha);
    bd_ref_rule_apply(&g->bodies, g->w, g->h, BIAS, plane);
    float block_x = (float)photo->width / (float)small_w, block_y = (float)photo->height / (float)small_h;
    for (uint32_t i = 0; i < small_w * small_h; i++) {
        uint32_t row = i / small_w;
        float x = ((float)(i % small_w) + 0.5f) * block_x - 0.5f, y = ((float)row + 0.5f) * block_y - 0.5f;
        x = fminf(fmaxf(x * (float)(g->w - 1) / (float)(photo->width - 1), 0.0f), (float)(g->w - 1));
        y = fminf(fmaxf(y * (float)(g->h - 1) / (float)(photo->height - 1), 0.0f), (float)(g->h - 1));
        bd_ref_sample(plane, g->w, g->h, 1, x, y, small + i);
    }
    for (uint32_t i = 0; i < photo->width * photo->height; i++) {
        uint32_t row = i / photo->width;
        float x = ((float)(i % photo->width) + 0.5f) / block_x - 0.5f;
        float y = ((float)row + 0.5f) / block_y - 0.5f;
        bd_ref_sample(small, (int32_t)small_w, (int32_t)small_h, 1, fminf(fmaxf(x, 0.0f), (float)(small_w - 1)),
                      fminf(fmaxf(y, 0.0f), (float)(small_h - 1)), alpha + i);
    }
    free(plane);
    free(small);
    return alpha;
}

static bd_image matte_of(const fixture *f, const bd_image *photo, bd_matte_params params) {
    bd_error error;
    bd_image alpha = {0};
    params.struct_size = sizeof params;
    params.island_share = -1.0f;
    if (bd_session_matte(f->base.session, photo, &params, &alpha, &error)) {
        fail_msg("%s", error.message);
    }
    return alpha;
}

static void check_soft(const fixture *f, const bd_image *photo, const grid *g, const bd_segmentation *seen,
                       uint32_t looks) {
    float *expected = soft_matte(g, photo, seen->labels.width, seen->labels.height);
    bd_image alpha = matte_of(f, photo, (bd_matte_params){.mode = BD_MATTE_SOFT, .looks = looks});
    float largest = 0.0f, covered = 0.0f;
    for (uint32_t i = 0; i < photo->width * photo->height; i++) {
        const uint8_t *row = alpha.pixels + (size_t)(i / photo->width) * alpha.stride_bytes;
        largest = fmaxf(largest, fabsf((float)row[i % photo->width] / 255.0f - expected[i]));
        covered += expected[i];
    }
    (void)printf("%u looks: largest difference %g, %.1f %% foreground\n", looks, (double)largest,
                 100.0 * (double)covered / photo->width / photo->height);
    assert_true(largest < 0.02f);
    assert_true(covered > 0.05f * (float)(photo->width * photo->height));
    bd_image_finish(&alpha);
    free(expected);
}

static void test_rule(void **state) {
    const fixture *f = *state;
    const bd_image *photos[] = {&f->person, &f->small};
    for (int i = 0; i < 2; i++) {
        bd_segmentation seen = look_at(f, photos[i]);
        grid g = make_grid(photos[i], NODES);
        fill_grid(&g, photos[i], &seen);
        rule_on(&g);
        check_soft(f, photos[i], &g, &seen, 1);
        free_grid(&g);
        bd_segmentation_finish(&seen);
    }
}

/* ---- the second look --------------------------------------------------------------------------------------------- */

static void merge_crop(grid *finer, const grid *g, const bd_image *photo, const bd_ref_crop *crop,
                       const bd_segmentation *seen) {
    const int32_t size[2] = {(int32_t)photo->width, (int32_t)photo->height}, net[2] = {SIDE, SIDE};
    for (int32_t i = 0; i < finer->w * finer->h; i++) {
        int32_t row = i / finer->w;
        float share_x = (float)(i % finer->w) / (float)(finer->w - 1);
        float share_y = (float)row / (float)(finer->h - 1);
        float *to = finer->odds + 4 * i, other[4];
        bd_ref_sample(g->odds, g->w, g->h, 4, share_x * (float)(g->w - 1), share_y * (float)(g->h - 1), to);
        float x = (share_x * (float)(size[0] - 1) + 0.5f - crop->x) / crop->scale;
        float y = (share_y * (float)(size[1] - 1) + 0.5f - crop->y) / crop->scale;
        float weight = WEIGHT * bd_ref_crop_fade(crop, size, net, x, y);
        if (weight > 0.0f) {
            odds_at(seen, (x - 0.5f) / CELL, (y - 0.5f) / CELL, other);
            to[0] += weight * (other[0] - to[0]);
            to[1] += weight * (other[1] - to[1]);
        }
    }
}

static void test_second_look(void **state) {
    const fixture *f = *state;
    const bd_image *photo = &f->small;
    const int32_t size[2] = {(int32_t)photo->width, (int32_t)photo->height}, net[2] = {SIDE, SIDE};
    bd_segmentation seen = look_at(f, photo);
    grid g = make_grid(photo, NODES), finer = make_grid(photo, FINER);
    fill_grid(&g, photo, &seen);
    rule_on(&g);
    const bd_ref_crop crop = bd_ref_crop_of(g.bodies.box, size, (int32_t[2]){g.w, g.h}, net);
    (void)printf("crop at %.1f,%.1f, %.3f photo pixels each\n", (double)crop.x, (double)crop.y, (double)crop.scale);
    assert_true(crop.taken);

    bd_image picture = test_new_picture(SIDE, SIDE);
    uint8_t *columns = make((size_t)SIDE * photo->height * 4);
    bd_ref_crop_picture(photo->pixels, size, net, &crop, 0xff808080u, columns, picture.pixels);
    bd_segmentation again = look_at(f, &picture);
    merge_crop(&finer, &g, photo, &crop, &again);
    rule_on(&finer);
    check_soft(f, photo, &finer, &seen, 2);

    free(columns);
    free(picture.pixels);
    bd_segmentation_finish(&again);
    bd_segmentation_finish(&seen);
    free_grid(&finer);
    free_grid(&g);
}

static double time_of(bd_session *session, const char *name) {
    bd_timing timings[64];
    uint32_t count = bd_session_timings(session, timings, 64);
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(timings[i].name, name)) {
            return timings[i].ms;
        }
    }
    return -1.0;
}

/* Where nothing is gained the network does not run again. */
static void test_no_gain(void **state) {
    const fixture *f = *state;
    bd_image taken = matte_of(f, &f->small, (bd_matte_params){.looks = 2});
    double long_ms = time_of(f->base.session, "second look");
    bd_image alpha = matte_of(f, &f->person, (bd_matte_params){.looks = 2});
    double short_ms = time_of(f->base.session, "second look");
    (void)printf("second look: %.1f ms, and %.1f ms where it is not taken\n", long_ms, short_ms);
    assert_true(short_ms >= 0.0 && short_ms < 0.5 * long_ms);
    bd_image_finish(&taken);
    bd_image_finish(&alpha);
}

/* ---- in flight --------------------------------------------------------------------------------------------------- */

/* Photos in flight share the networks, and what lets them run. */
static void check_flight(bd_session *session, const bd_image *const photos[3], bd_matte_params matte) {
    matte.struct_size = sizeof matte;
    const bd_replace_params params = {
        .struct_size = sizeof params, .background = BD_BACKGROUND_COLOR, .color = {1, 2, 3, 255}, .matte = &matte};
    bd_image alone[3], got[3] = {{0}};
    bd_error error;
    for (int i = 0; i < 3; i++) {
        alone[i] = test_replaced(session, photos[i], NULL, &params);
    }
    assert_int_equal(bd_session_replace_begin(session, photos[0], NULL, &params, &error), BD_OK);
    for (int i = 0; i < 3; i++) {
        if (i < 2) {
            assert_int_equal(bd_session_replace_begin(session, photos[i + 1], NULL, &params, &error), BD_OK);
        }
        assert_int_equal(bd_session_replace_end(session, &got[i], &error), BD_OK);
        test_assert_same(&alone[i], &got[i]);
    }
    for (int i = 0; i < 3; i++) {
        bd_image_finish(&alone[i]);
        bd_image_finish(&got[i]);
    }
}

static void test_flights(void **state) {
    const fixture *f = *state;
    check_flight(f->base.session, (const bd_image *const[3]){&f->small, &f->person, &f->small},
                 (bd_matte_params){.looks = 2});
}

/* ---- larger looks ------------------------------------------------------------------------------------------------ */

/* `times` by `times` copies of a part of a photo. */
static bd_image tile(const bd_image *from, uint32_t left, uint32_t top, uint32_t side, uint32_t times) {
    bd_image photo = test_new_picture(side * times, side * times);
    for (uint32_t y = 0; y < photo.height; y++) {
        for (uint32_t x = 0; x < photo.width; x++) {
            const uint8_t *at = from->pixels + (size_t)(top + y % side) * from->stride_bytes + (left + x % side) * 4;
            memcpy(photo.pixels + ((size_t)y * photo.width + x) * 4, at, 4);
        }
    }
    return photo;
}

/* How long the larger network took of a matte; -1: it was not asked about. */
static double larger_look(bd_session *session, const bd_image *photo, bd_matte_mode mode) {
    const bd_matte_params params = {.struct_size = sizeof params, .mode = mode};
    bd_image alpha = {0};
    bd_error error;
    if (bd_session_matte(session, photo, &params, &alpha, &error)) {
        fail_msg("%s", error.message);
    }
    bd_image_finish(&alpha);
    return time_of(session, "larger look");
}

/* Many small bodies are looked at in a larger picture; one that fills the photo is not. */
static void test_larger_look(void **state) {
    enum { LARGER = 385, PART = 200 };
    const fixture *f = *state;
    const bd_model_params sized = {.struct_size = sizeof sized, .width = LARGER, .height = LARGER};
    bd_model *larger = test_model_open(test_model_path(), &sized);
    const bd_model *sizes[] = {larger};
    const bd_session_params params = {.struct_size = sizeof params, .sizes = sizes, .size_count = 1};
    bd_session *session = test_session_create(f->base.engine, f->base.model, &params);
    bd_image many = tile(&f->person, 0, 0, f->person.width, 3), one = tile(&f->person, 60, 260, PART, 1);
    double long_ms = larger_look(session, &many, BD_MATTE_BEST), short_ms = larger_look(session, &one, BD_MATTE_BEST);
    (void)printf("larger look: %.1f ms, and %.1f ms where it is not taken\n", long_ms, short_ms);
    assert_true(short_ms >= 0.0 && short_ms < 0.2 * long_ms);
    assert_true(larger_look(session, &many, BD_MATTE_REFINE) < 0.0);
    check_flight(session, (const bd_image *const[3]){&many, &one, &many}, (bd_matte_params){.mode = BD_MATTE_BEST});
    free(many.pixels);
    free(one.pixels);
    bd_session_destroy(session);
    bd_model_destroy(larger);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static void test_refused(void **state) {
    const fixture *f = *state;
    static const bd_matte_params wrong[] = {
        {.rule = (bd_rule)7}, {.looks = 3},        {.bias = 21.0f},
        {.bias = NAN},        {.level_low = 0.5f}, {.level_high = 1.5f},
        {.level_low = -0.1f}, {.level_low = NAN},  {.level_low = 0.6f, .level_high = 0.4f}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bd_matte_params params = wrong[i];
        bd_image alpha = {0};
        bd_error error;
        params.struct_size = sizeof params;
        if (bd_session_matte(f->base.session, &f->person, &params, &alpha, &error) != BD_ERR_INVALID_ARGUMENT) {
            fail_msg("case %zu was taken", i);
        }
    }
}

static void test_levels(void **state) {
    const fixture *f = *state;
    bd_image plain = matte_of(f, &f->person, (bd_matte_params){.wide = true});
    bd_image levels = matte_of(f, &f->person, (bd_matte_params){.wide = true, .level_low = 0.2f, .level_high = 0.6f});
    bd_image cut = matte_of(f, &f->person, (bd_matte_params){.wide = true, .level_low = 0.5f, .level_high = 0.5f});
    for (uint32_t y = 0; y < plain.height; y++) {
        for (uint32_t x = 0; x < plain.width; x++) {
            uint16_t a, b, c;
            memcpy(&a, plain.pixels + y * plain.stride_bytes + 2 * x, 2);
            memcpy(&b, levels.pixels + y * levels.stride_bytes + 2 * x, 2);
            memcpy(&c, cut.pixels + y * cut.stride_bytes + 2 * x, 2);
            float expected = 65535.0f * bd_ref_levels((float)a / 65535.0f, 0.2f, 0.6f);
            assert_true(fabsf(expected - (float)b) <= 3.0f);
            assert_true(a == 32767 || a == 32768 || c == (a < 32768 ? 0 : 65535));
        }
    }
    bd_image_finish(&plain);
    bd_image_finish(&levels);
    bd_image_finish(&cut);
}

/* A crop's columns of so tall a photo go into no buffer: one look is all that it gets, and the matte is that look's. */
static void test_too_tall(void **state) {
    const fixture *f = *state;
    bd_image tall = test_new_picture(2, (1u << 25) / SIDE + 1), wide = test_new_picture(tall.height, 2);
    bd_image across = matte_of(f, &wide, (bd_matte_params){.mode = BD_MATTE_SOFT, .looks = 2});
    assert_true(time_of(f->base.session, "second look") >= 0.0);
    bd_image twice = matte_of(f, &tall, (bd_matte_params){.mode = BD_MATTE_SOFT, .looks = 2});
    assert_true(time_of(f->base.session, "second look") < 0.0);
    bd_image once = matte_of(f, &tall, (bd_matte_params){.mode = BD_MATTE_SOFT, .looks = 1});
    for (uint32_t y = 0; y < tall.height; y++) {
        assert_memory_equal(twice.pixels + y * twice.stride_bytes, once.pixels + y * once.stride_bytes, tall.width);
    }
    bd_image_finish(&across);
    bd_image_finish(&twice);
    bd_image_finish(&once);
    free(tall.pixels);
    free(wide.pixels);
}

int main(void) {
    int skip = test_session_skip();
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_rule),        cmocka_unit_test(test_second_look),
                                              cmocka_unit_test(test_no_gain),     cmocka_unit_test(test_flights),
                                              cmocka_unit_test(test_refused),     cmocka_unit_test(test_levels),
                                              cmocka_unit_test(test_larger_look), cmocka_unit_test(test_too_tall)};
    return skip ? skip : cmocka_run_group_tests(tests, open_all, close_all);
}
