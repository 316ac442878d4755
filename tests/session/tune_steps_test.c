/* SPDX-License-Identifier: MIT
 * Tuning in steps, by a clock of the test's own: what they choose is what one whole tuning chooses, however often they
 * are broken off, and whatever became of the file meanwhile. */
#include "support/tuning.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/tune.h"

static char folder[TEST_FOLDER];
static test_session t; /* the engine that is open */
static bd_model *model;
static bd_tuning expected; /* what a whole tuning keeps */

static int remove_files(void **state) {
    (void)state;
    test_empty_folder(folder);
    return 0;
}

static bd_engine *open_engine(void) {
    test_engine_open(&t, "storage", folder);
    return t.engine;
}

/* Any order will do, as long as it stays. */
static double clock_of_names(const bd_kernel_choice *choice, uint32_t network) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *c = choice ? choice->name : ""; *c; c++) {
        hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
    }
    return choice ? 0.1 + (double)(hash >> 40) * 1e-8 : network ? 1.0 : 2.0;
}

static double clock_for_defaults(const bd_kernel_choice *choice, uint32_t network) {
    return choice ? clock_of_names(choice, 0) : network ? 2.0 : 1.0;
}

static bd_tuner *begin(bd_engine *engine, double (*clock)(const bd_kernel_choice *, uint32_t)) {
    bd_tuner *tuner;
    bd_error error;
    const bd_tune_params params = {.struct_size = sizeof params, .runs = 2};
    if (bd_tuner_create(engine, model, &params, &tuner, &error)) {
        fail_msg("%s", error.message);
    }
    tuner->clock = clock;
    return tuner;
}

static bool is_done(const bd_tuner *tuner) {
    bd_tuner_state state = {.struct_size = sizeof state};
    bd_tuner_get_state(tuner, &state);
    assert_true(state.share >= 0 && state.share <= 1);
    return state.done;
}

/* Whether it is done after so many steps of the shortest kind. */
static bool take_steps(bd_tuner *tuner, uint32_t most) {
    for (uint32_t i = 0; i < most && !is_done(tuner); i++) {
        bd_error error;
        if (bd_tuner_step(tuner, 0, &error)) {
            fail_msg("%s", error.message);
        }
    }
    return is_done(tuner);
}

static uint32_t count_of(const bd_tuning *tuning, const char *prefix) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < tuning->count; i++) {
        count += !strncmp(tuning->entries[i].signature, prefix, strlen(prefix));
    }
    return count;
}

static void assert_as_expected(const bd_tuning *tuning) {
    assert_int_equal(count_of(tuning, "trial "), 0);
    assert_int_equal(tuning->count, expected.count);
    for (uint32_t i = 0; i < expected.count; i++) {
        const bd_tuning_entry *entry = bd_tuning_find(tuning, expected.entries[i].signature);
        assert_non_null(entry);
        assert_string_equal(entry->name, expected.entries[i].name);
    }
}

static void tune_whole(bd_tuning *kept) {
    bd_error error;
    bd_engine *engine = open_engine();
    bd_tuner *tuner = begin(engine, clock_of_names);
    tuner->whole = true;
    if (bd_tuner_step(tuner, INFINITY, &error)) {
        fail_msg("%s", error.message);
    }
    assert_true(is_done(tuner));
    assert_true(tuner->result.candidates > 20);
    assert_int_equal(tuner->result.rejected, 0);
    bd_tuner_destroy(tuner);
    for (uint32_t i = 0; i < engine->tuning.count; i++) {
        const bd_tuning_entry *entry = &engine->tuning.entries[i];
        assert_int_equal(bd_tuning_put(kept, entry->signature, entry->name, entry->us, &error), BD_OK);
    }
    test_session_close(&t);
}

static int set_up(void **state) {
    (void)state;
    const bd_model_params sized = {.struct_size = sizeof sized, .size = 33};
    test_make_folder(folder);
    model = test_model_open(test_source_file(TEST_SMALL_NETWORK), &sized);
    tune_whole(&expected);
    assert_true(expected.count > 6);
    assert_int_equal(count_of(&expected, "tuned storage fp"), 2);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    bd_tuning_finish(&expected);
    bd_model_destroy(model);
    test_remove_folder(folder);
    return 0;
}

static void test_steps_are_a_whole(void **state) {
    (void)state;
    bd_engine *engine = open_engine();
    bd_tuner *tuner = begin(engine, clock_of_names);
    assert_true(take_steps(tuner, UINT32_MAX));
    bd_tuner_state end = {.struct_size = sizeof end};
    bd_tuner_get_state(tuner, &end);
    assert_true(end.result.default_ms > 1.9 && end.result.tuned_ms < 1.1);
    assert_int_equal(access(end.result.path, R_OK), 0);
    bd_tuner_destroy(tuner);
    assert_as_expected(&engine->tuning);
    test_session_close(&t);

    /* Once is enough. */
    engine = open_engine();
    assert_as_expected(&engine->tuning);
    tuner = begin(engine, clock_of_names);
    assert_true(is_done(tuner));
    bd_tuner_destroy(tuner);
    test_session_close(&t);
}

/* Steps of the shortest kind that suffice for any one node. */
static uint32_t steps_of_a_node(const bd_engine *engine) {
    uint32_t most = 0;
    for (uint32_t n = 0; n < model->graph.count; n++) {
        bd_kernel_choice list[BD_KERNEL_MOST_CANDIDATES];
        uint32_t count = bd_kernel_candidates(&engine->vk, &model->graph, n, BD_PRECISION_FP16, list, BD_COUNT(list));
        most = count > most ? count : most;
    }
    return model->graph.count + 2 * most + 2;
}

/* Each engine does a little; nothing is used until all is done. */
static void test_broken_off(void **state) {
    (void)state;
    char first[4096];
    char now[4096];
    uint32_t engines = 0;
    uint32_t trials = 0;
    for (bool done = false; !done; engines++) {
        assert_true(engines < 100);
        bd_engine *engine = open_engine();
        assert_true(count_of(&engine->tuning, "trial ") >= trials || count_of(&engine->tuning, "tuned "));
        trials = count_of(&engine->tuning, "trial ");
        if (!count_of(&engine->tuning, "tuned ")) {
            test_choices(engine, model, BD_PRECISION_FP32, engines ? now : first, sizeof now);
            assert_string_equal(engines ? now : first, first);
        }
        bd_tuner *tuner = begin(engine, clock_of_names);
        done = take_steps(tuner, steps_of_a_node(engine));
        bd_tuner_destroy(tuner);
        if (done) {
            assert_as_expected(&engine->tuning);
            test_choices(engine, model, BD_PRECISION_FP32, now, sizeof now);
            assert_string_not_equal(now, first);
        }
        test_session_close(&t);
    }
    assert_true(engines > 1);
}

/* A node that was left in the middle is tried again, and only death counts against it. */
static void test_left_in_the_middle(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        bd_engine *engine = open_engine();
        assert_int_equal(engine->tuning.count, 0);
        bd_tuner *tuner = begin(engine, clock_of_names);
        while (!tuner->trial) {
            assert_false(take_steps(tuner, 1));
        }
        assert_false(take_steps(tuner, 3));
        assert_int_equal(count_of(&engine->tuning, "trial "), 1);
        bd_tuner_destroy(tuner);
        assert_int_equal(count_of(&engine->tuning, "trial "), 0);
        test_session_close(&t);
    }
}

/* A process that died twice at a node leaves it to the defaults from then on. */
static void test_deadly_node(void **state) {
    (void)state;
    char deadly[BD_TUNING_SIGNATURE_BYTES] = "";
    for (int i = 0; i < 3; i++) {
        bd_engine *engine = open_engine();
        bd_tuner *tuner = begin(engine, clock_of_names);
        while (!tuner->trial) {
            assert_false(take_steps(tuner, 1));
        }
        const bd_tuning_entry *entry = &engine->tuning.entries[engine->tuning.count - 1];
        assert_string_equal(entry->name, "unfinished");
        if (i < 2) {
            assert_true(!i || !strcmp(deadly, entry->signature));
            (void)snprintf(deadly, sizeof deadly, "%s", entry->signature);
            bd_trial_close(tuner->trial); /* as if it had died: no word to the file */
            tuner->trial = NULL;
        } else {
            assert_string_not_equal(deadly, entry->signature);
            assert_true(take_steps(tuner, UINT32_MAX));
            assert_null(bd_tuning_find(&engine->tuning, deadly + strlen("trial ")));
            assert_non_null(bd_tuning_find(&expected, deadly + strlen("trial ")));
        }
        bd_tuner_destroy(tuner);
        test_session_close(&t);
    }
}

/* What is no faster as a whole is not kept, and not tried again. */
static void test_no_faster(void **state) {
    (void)state;
    bd_engine *engine = open_engine();
    bd_tuner *tuner = begin(engine, clock_for_defaults);
    assert_true(take_steps(tuner, UINT32_MAX));
    bd_tuner_destroy(tuner);
    assert_int_equal(count_of(&engine->tuning, "tuned storage "), 2);
    assert_int_equal(count_of(&engine->tuning, "network "), 1);
    assert_int_equal(engine->tuning.count - count_of(&engine->tuning, "probe "), 3);
    test_session_close(&t);
    engine = open_engine();
    tuner = begin(engine, clock_of_names);
    assert_true(is_done(tuner));
    bd_tuner_destroy(tuner);
    test_session_close(&t);
}

/* Writes a file of which every line is damaged in its own way; returns how many there were. */
static uint32_t damage(const bd_tuning *tuning) {
    FILE *file = fopen(tuning->path, "wb");
    assert_non_null(file);
    (void)fputs("backdrop tuning 1\n", file);
    for (uint32_t i = 0; i < tuning->count; i++) {
        const bd_tuning_entry *e = &tuning->entries[i];
        switch (i % 5) {
        case 0: (void)fprintf(file, "%s\t%s", e->signature, e->name); break;
        case 1: (void)fprintf(file, "%s\tno_such_kernel\t1\n", e->signature); break;
        case 2: (void)fprintf(file, "%s\t%s\t1e999\n", e->signature, e->name); break;
        case 3: (void)fprintf(file, "%.20s\t%s\t%g\n", e->signature, e->name, e->us); break;
        default: (void)fprintf(file, "%s\tunfinished\t-3\n\1\xff%%n\t\t\t\n", e->signature); break;
        }
    }
    (void)fputs("trial \t\t\ntuned \tx\t1\ntuned storage fp32 network\ttuned\t1\ntrial trial \ttrial \t1", file);
    assert_int_equal(ferror(file), 0);
    assert_int_equal(fclose(file), 0);
    return tuning->count;
}

static void test_damaged_file(void **state) {
    (void)state;
    bd_engine *engine = open_engine();
    bd_tuner *tuner = begin(engine, clock_of_names);
    while (count_of(&engine->tuning, "trial ") < 5) {
        assert_false(take_steps(tuner, 1));
    }
    assert_true(damage(&engine->tuning) >= 5);
    bd_trial_close(tuner->trial);
    tuner->trial = NULL; /* else the whole table would be saved again */
    bd_tuner_destroy(tuner);
    test_session_close(&t);

    engine = open_engine();
    tuner = begin(engine, clock_of_names);
    assert_true(take_steps(tuner, UINT32_MAX));
    bd_tuner_destroy(tuner);
    for (uint32_t i = 0; i < expected.count; i++) {
        const bd_tuning_entry *entry = bd_tuning_find(&engine->tuning, expected.entries[i].signature);
        assert_non_null(entry);
        assert_string_equal(entry->name, expected.entries[i].name);
    }
    test_session_close(&t);
}

/* A folder that takes no file: steps go on, the end says so, and the engine has it all the same. */
static void test_nowhere_to_keep(void **state) {
    (void)state;
    bd_engine *engine = open_engine();
    bd_tuner *tuner = begin(engine, clock_of_names);
    (void)snprintf(engine->tuning.path, strlen(engine->tuning.path), "/nowhere/t");
    bd_result result = BD_OK;
    bd_error error;
    while (!is_done(tuner)) {
        assert_int_equal(result, BD_OK);
        result = bd_tuner_step(tuner, 0, &error);
    }
    assert_int_equal(result, BD_ERR_FILE_WRITE);
    assert_int_equal(bd_tuner_step(tuner, 0, &error), BD_OK);
    bd_tuner_destroy(tuner);
    assert_as_expected(&engine->tuning);
    test_session_close(&t);
}

/* Between the photos of a series, with one of them on the device: the pictures stay the same. */
static void test_between_photos(void **state) {
    (void)state;
    enum { SIDE = 40, PHOTOS = 12 };
    static uint8_t pixels[SIDE * SIDE * 4];
    static uint8_t alone[SIDE * SIDE * 4];
    bd_error error;
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = i % 4 == 3 ? 255 : (uint8_t)(i * 2654435761u >> 24);
    }
    const bd_image photo = {.width = SIDE, .height = SIDE, .stride_bytes = SIDE * 4, .pixels = pixels};
    const bd_replace_params params = {
        .struct_size = sizeof params, .background = BD_BACKGROUND_TRANSPARENT, .classes = {.words = {2}}};
    bd_engine *engine = open_engine();
    const bd_session_params many = {.struct_size = sizeof many, .many = true};
    bd_session *session = test_session_create(engine, model, &many);
    bd_tuner *tuner = begin(engine, NULL);
    bd_image result = {0};
    for (int i = 0; i <= PHOTOS; i++) {
        if (i < PHOTOS && bd_session_replace_begin(session, &photo, NULL, &params, &error)) {
            fail_msg("%s", error.message);
        }
        (void)take_steps(tuner, 30);
        if (!i) {
            continue;
        }
        if (bd_session_replace_end(session, &result, &error)) {
            fail_msg("%s", error.message);
        }
        if (i == 1) {
            memcpy(alone, result.pixels, sizeof alone);
        }
        assert_memory_equal(result.pixels, alone, sizeof alone);
    }
    bd_image_finish(&result);
    bd_tuner_destroy(tuner);
    bd_session_destroy(session);
    test_session_close(&t);
}

int main(void) {
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_steps_are_a_whole, remove_files),
                                       cmocka_unit_test_setup(test_broken_off, remove_files),
                                       cmocka_unit_test_setup(test_left_in_the_middle, remove_files),
                                       cmocka_unit_test_setup(test_deadly_node, remove_files),
                                       cmocka_unit_test_setup(test_no_faster, remove_files),
                                       cmocka_unit_test_setup(test_damaged_file, remove_files),
                                       cmocka_unit_test_setup(test_nowhere_to_keep, remove_files),
                                       cmocka_unit_test_setup(test_between_photos, remove_files)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
