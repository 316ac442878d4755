/* SPDX-License-Identifier: MIT
 * The closer look that a session takes by itself: the same bytes as with a model of twice the size that the caller opens,
 * and for the best mattes alone. */
#define _DEFAULT_SOURCE /* mkdtemp */
#include "support/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 129, TWICE = 257 };

typedef struct fixture {
    test_session base;
    bd_session *closer, *given; /* by itself, and with a model of the caller's */
    bd_image people;
} fixture;

/* Several small bodies: what a closer look is taken at. */
static bd_image four_times(const bd_image *from) {
    bd_image photo = test_new_picture(from->width * 2, from->height * 2);
    for (uint32_t y = 0; y < photo.height; y++) {
        for (uint32_t x = 0; x < photo.width; x++) {
            memcpy(photo.pixels + ((size_t)y * photo.width + x) * 4,
                   from->pixels + (size_t)(y % from->height) * from->stride_bytes + (size_t)(x % from->width) * 4, 4);
        }
    }
    return photo;
}

static int open_all(void **state) {
    static fixture f;
    test_session_open_side(&f.base, SIDE);
    const bd_model_params sized = {.struct_size = sizeof sized, .size = TWICE, .width = TWICE, .height = TWICE};
    bd_model *twice = test_model_open(test_model_path(), &sized);
    const bd_model *sizes[] = {twice};
    const bd_session_params given = {.struct_size = sizeof given, .sizes = sizes, .size_count = 1};
    const bd_session_params closer = {.struct_size = sizeof closer, .closer = true};
    f.given = test_session_create(f.base.engine, f.base.model, &given);
    f.closer = test_session_create(f.base.engine, f.base.model, &closer);
    bd_model_destroy(twice);
    bd_image person = test_read_image(test_source_file("tools/samples/person.jpg"));
    f.people = four_times(&person);
    bd_image_finish(&person);
    *state = &f;
    return 0;
}

static int close_all(void **state) {
    fixture *f = *state;
    free(f->people.pixels);
    bd_session_destroy(f->closer);
    bd_session_destroy(f->given);
    test_session_close(&f->base);
    return 0;
}

static bd_image matte_of(bd_session *session, const bd_image *photo, bd_matte_params params) {
    bd_image alpha = {0};
    bd_error error;
    params.struct_size = sizeof params;
    if (bd_session_matte(session, photo, &params, &alpha, &error)) {
        fail_msg("%s", error.message);
    }
    return alpha;
}

/* Whether two sessions make the same matte of the photo. */
static bool alike(bd_session *a, bd_session *b, const bd_image *photo, bd_matte_params params) {
    bd_image first = matte_of(a, photo, params), second = matte_of(b, photo, params);
    bool same = true;
    for (uint32_t y = 0; y < first.height; y++) {
        same = same && !memcmp(first.pixels + (ptrdiff_t)y * first.stride_bytes,
                               second.pixels + (ptrdiff_t)y * second.stride_bytes, first.width);
    }
    bd_image_finish(&first);
    bd_image_finish(&second);
    return same;
}

static bool has_closer(const bd_session *session) {
    bd_session_info info = {.struct_size = sizeof info};
    assert_int_equal(bd_session_get_info(session, &info), BD_OK);
    return info.closer;
}

static void test_best_takes_it(void **state) {
    const fixture *f = *state;
    assert_true(has_closer(f->closer));
    assert_false(has_closer(f->given));
    assert_true(alike(f->closer, f->given, &f->people, (bd_matte_params){.mode = BD_MATTE_BEST}));
    assert_false(alike(f->closer, f->base.session, &f->people, (bd_matte_params){.mode = BD_MATTE_BEST}));
}

static void test_others_do_not(void **state) {
    const fixture *f = *state;
    static const bd_matte_params others[] = {{.mode = BD_MATTE_REFINE},
                                             {.mode = BD_MATTE_SOFT},
                                             {.mode = BD_MATTE_HARD},
                                             {.mode = BD_MATTE_BEST, .looks = 1},
                                             {.mode = BD_MATTE_BEST, .rule = BD_RULE_OFF}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!alike(f->closer, f->base.session, &f->people, others[i])) {
            fail_msg("case %zu is another matte than without a closer look", i);
        }
    }
    bd_segmentation with = {.struct_size = sizeof with}, without = {.struct_size = sizeof without};
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    bd_error error;
    if (bd_session_segment(f->closer, &f->people, &params, &with, &error) ||
        bd_session_segment(f->base.session, &f->people, &params, &without, &error)) {
        fail_msg("%s", error.message);
    }
    test_assert_same(&with.labels, &without.labels);
    assert_memory_equal(with.logits, without.logits,
                        (size_t)with.logits_width * with.logits_height * with.class_count * sizeof *with.logits);
    bd_segmentation_finish(&with);
    bd_segmentation_finish(&without);
}

/* What the session's memory limit allows must hold for the larger network, too. */
static void test_it_counts(void **state) {
    const fixture *f = *state;
    const bd_session_params tight = {.struct_size = sizeof tight, .closer = true, .memory_budget = 12000000};
    const bd_session_params plain = {.struct_size = sizeof plain, .memory_budget = 12000000};
    bd_session *session;
    bd_error error;
    bd_session_destroy(test_session_create(f->base.engine, f->base.model, &plain));
    assert_int_equal(bd_session_create(f->base.engine, f->base.model, &tight, &session, &error),
                     BD_ERR_OUT_OF_DEVICE_MEMORY);
    assert_null(session);
}

static void test_left_out(void **state) {
    const fixture *f = *state;
    const bd_model_params large = {.struct_size = sizeof large, .width = 1041, .height = 65};
    const bd_session_params closer = {.struct_size = sizeof closer, .closer = true};
    bd_model *model = test_model_open(test_model_path(), &large);
    bd_session *session = test_session_create(f->base.engine, model, &closer);
    assert_false(has_closer(session));
    bd_session_destroy(session);
    bd_model_destroy(model);
    session = test_session_create(f->base.engine, NULL, &closer); /* there is no network to be larger */
    assert_false(has_closer(session));
    bd_session_destroy(session);
}

/* The larger network is made of what the model has read: its files may be gone. */
static void test_files_gone(void **state) {
    const fixture *f = *state;
    const bd_session_params closer = {.struct_size = sizeof closer, .closer = true};
    char moved[] = "closer_test.XXXXXX", command[4096];
    assert_non_null(mkdtemp(moved));
    (void)snprintf(command, sizeof command, "cp -r \"$(dirname \"%s\")\"/. %s", test_model_path(), moved);
    assert_int_equal(system(command), 0);
    (void)snprintf(command, sizeof command, "%s/model.json", moved);
    bd_model *model =
        test_model_open(command, &(bd_model_params){.struct_size = sizeof(bd_model_params), .size = SIDE});
    (void)snprintf(command, sizeof command, "rm -r %s", moved);
    assert_int_equal(system(command), 0);
    bd_session *session = test_session_create(f->base.engine, model, &closer);
    assert_true(has_closer(session));
    bd_session_destroy(session);
    bd_model_destroy(model);
}

static void test_refused(void **state) {
    const fixture *f = *state;
    const bd_model *sizes[] = {f->base.model};
    const bd_session_params wrong[] = {{.struct_size = sizeof *wrong, .closer = true, .flip = true},
                                       {.struct_size = sizeof *wrong, .closer = true, .sizes = sizes, .size_count = 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bd_session *session;
        bd_error error;
        assert_int_equal(bd_session_create(f->base.engine, f->base.model, &wrong[i], &session, &error),
                         BD_ERR_INVALID_ARGUMENT);
    }
}

int main(void) {
    int skip = test_session_skip();
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_takes_it), cmocka_unit_test(test_others_do_not), cmocka_unit_test(test_it_counts),
        cmocka_unit_test(test_left_out),      cmocka_unit_test(test_files_gone),    cmocka_unit_test(test_refused)};
    return skip ? skip : cmocka_run_group_tests(tests, open_all, close_all);
}
