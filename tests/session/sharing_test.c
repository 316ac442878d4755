/* SPDX-License-Identifier: MIT
 * Sessions that share an engine: its pipelines, a model's weights, and threads that use them at the same time. */
#define _POSIX_C_SOURCE 200809L
#include "support/session.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/model.h"
#include "api/session.h"

enum { SIDE = 65, THREADS = 3, PHOTOS = 2, ROUNDS = 4 };

typedef struct fixture {
    test_session base;
    bd_image photos[PHOTOS], background;
} fixture;

static bd_image make_picture(uint32_t w, uint32_t h, uint32_t seed) {
    bd_image picture = test_new_picture(w, h);
    for (uint32_t i = 0; i < w * h * 4; i++) {
        seed = seed * 1664525u + 1013904223u;
        picture.pixels[i] = i % 4 == 3 ? 255 : (uint8_t)((i / w * 3 + (seed >> 28)) & 255);
    }
    return picture;
}

static int open_all(void **state) {
    static fixture f;
    test_session_open_side(&f.base, SIDE);
    f.photos[0] = make_picture(130, 91, 1);
    f.photos[1] = make_picture(77, 120, 2);
    f.background = make_picture(60, 50, 3);
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

static void must(bd_result result, const bd_error *error) {
    if (result) {
        fail_msg("%s", error->message);
    }
}

/* Of each way a background can be replaced by, in turns. */
static bd_replace_params params_of(uint32_t round) {
    static const bd_background backgrounds[] = {BD_BACKGROUND_PICTURE, BD_BACKGROUND_BLUR, BD_BACKGROUND_COLOR};
    bd_background background = backgrounds[round % 3];
    return (bd_replace_params){.struct_size = sizeof(bd_replace_params),
                               .classes = {{1}},
                               .background = background,
                               .color = {10, 200, 30, 255},
                               .blur_sigma_px = background == BD_BACKGROUND_BLUR ? 3.0f : 0.0f};
}

static const bd_image *picture_of(const fixture *f, const bd_replace_params *params) {
    return params->background == BD_BACKGROUND_PICTURE ? &f->background : NULL;
}

static bool is_same_picture(const bd_image *a, const bd_image *b) {
    bool same = a->width == b->width && a->height == b->height;
    for (uint32_t y = 0; y < a->height && same; y++) {
        same = !memcmp(a->pixels + (ptrdiff_t)y * a->stride_bytes, b->pixels + (ptrdiff_t)y * b->stride_bytes,
                       (size_t)a->width * 4);
    }
    return same;
}

/* ---- weights ----------------------------------------------------------------------------------------------------- */

static bd_model *open_model(const fixture *f) {
    return test_model_open(f->base.model->graph.file,
                           &(bd_model_params){.struct_size = sizeof(bd_model_params), .width = SIDE, .height = SIDE});
}

static void test_sessions_of_a_model_have_its_weights_once(void **state) {
    const fixture *f = *state;
    bd_device_weights *const *first = &f->base.engine->weights.first;
    assert_int_equal((*first)->users, 1); /* the fixture's */
    bd_session *a = test_session_create(f->base.engine, f->base.model, NULL);
    bd_session *b = test_session_create(f->base.engine, f->base.model, NULL);
    assert_null((*first)->next);
    assert_int_equal((*first)->users, 3);
    assert_ptr_equal(a->looks.network.weights, b->looks.network.weights);
    bd_model *other = open_model(f);
    bd_session *c = test_session_create(f->base.engine, other, NULL);
    assert_ptr_not_equal(a->looks.network.weights, c->looks.network.weights);
    /* What lies where a model lay is not that model. */
    bd_model_destroy(other);
    other = open_model(f);
    bd_session *d = test_session_create(f->base.engine, other, NULL);
    assert_ptr_not_equal(c->looks.network.weights, d->looks.network.weights);
    bd_model_destroy(other);

    bd_image expected = {0}, result = {0};
    bd_error error;
    const bd_replace_params params = params_of(0);
    must(bd_session_replace(a, &f->photos[0], &f->background, &params, &expected, &error), &error);
    bd_session_destroy(a);
    bd_session *const left[] = {b, c, d};
    for (uint32_t i = 0; i < 3; i++) {
        must(bd_session_replace(left[i], &f->photos[0], &f->background, &params, &result, &error), &error);
        test_assert_same(&expected, &result);
        bd_session_destroy(left[i]);
    }
    assert_null((*first)->next);
    assert_int_equal((*first)->users, 1);
    bd_image_finish(&expected);
    bd_image_finish(&result);
}

/* Kernels that read weights in another order have them to themselves. */
static void test_other_packings_are_other_weights(void **state) {
    const fixture *f = *state;
    bd_session *a = test_session_create(f->base.engine, f->base.model, NULL);
    bd_kernel_choice *choices = calloc(f->base.model->graph.count, sizeof *choices);
    assert_non_null(choices);
    bd_kernel_defaults(&f->base.engine->vk, &f->base.model->graph, BD_PRECISION_FP32, false, choices);
    bool changed = false;
    for (uint32_t n = 0; n < f->base.model->graph.count; n++) {
        bd_kernel_choice list[BD_KERNEL_MOST_CANDIDATES];
        uint32_t count = bd_kernel_candidates(&f->base.engine->vk, &f->base.model->graph, n, BD_PRECISION_FP32, list,
                                              BD_KERNEL_MOST_CANDIDATES);
        for (uint32_t i = 0; i < count && !changed; i++) {
            changed = list[i].family != choices[n].family;
            choices[n] = changed ? list[i] : choices[n];
        }
    }
    bd_session *b;
    bd_error error;
    const bd_network_params params = {.precision = BD_PRECISION_FP32, .choices = choices};
    must(bd_session_make(f->base.engine, f->base.model, &params, NULL, &b, &error), &error);
    bool same_list = a->looks.network.weights->constant_count == b->looks.network.weights->constant_count;
    for (uint32_t i = 0; i < a->looks.network.weights->constant_count && same_list; i++) {
        const bd_packed_constant *x = &a->looks.network.weights->constants[i],
                                 *y = &b->looks.network.weights->constants[i];
        same_list = x->node == y->node && x->packing == y->packing;
    }
    assert_true(changed);
    assert_int_equal(same_list, a->looks.network.weights == b->looks.network.weights);
    free(choices);
    bd_session_destroy(a);
    bd_session_destroy(b);
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

typedef struct job {
    const fixture *f;
    const bd_image *expected; /* [ROUNDS][PHOTOS] */
    uint32_t number, wrong;
    bd_error error;
    bd_thread thread;
} job;

static bd_result run_round(const job *j, bd_session *session, uint32_t round, bd_image *result, uint32_t *wrong,
                           bd_error *error) {
    const bd_replace_params params = params_of(round);
    const bd_image *picture = picture_of(j->f, &params);
    bd_result code = BD_OK;
    if (j->number % 2) {
        for (uint32_t p = 0; p < PHOTOS && !code; p++) {
            code = bd_session_replace(session, &j->f->photos[p], picture, &params, &result[p], error);
        }
    } else {
        uint32_t begun = 0;
        for (; begun < PHOTOS && !code; begun++) {
            code = bd_session_replace_begin(session, &j->f->photos[begun], picture, &params, error);
        }
        for (uint32_t p = 0; p < begun && !code; p++) {
            code = bd_session_replace_end(session, &result[p], error);
        }
    }
    for (uint32_t p = 0; p < PHOTOS && !code; p++) {
        *wrong += !is_same_picture(&j->expected[round * PHOTOS + p], &result[p]);
    }
    return code;
}

/* A session's whole life, twice. */
static void work(void *context) {
    job *j = context;
    bd_image result[PHOTOS] = {{0}};
    bd_result code = BD_OK;
    for (uint32_t life = 0; life < 2 && !code; life++) {
        bd_session *session = NULL;
        const bd_session_params params = {.struct_size = sizeof params, .flip = j->number == 2};
        code = bd_session_create(j->f->base.engine, j->f->base.model, &params, &session, &j->error);
        for (uint32_t round = 0; round < ROUNDS && !code; round++) {
            uint32_t wrong = 0;
            code = run_round(j, session, round, result, &wrong, &j->error);
            j->wrong += j->number == 2 ? 0 : wrong; /* that one looks twice: it is there for its own networks */
        }
        bd_session_destroy(session);
    }
    for (uint32_t p = 0; p < PHOTOS; p++) {
        bd_image_finish(&result[p]);
    }
    j->wrong += code ? 1 : 0;
}

static void test_threads_share_an_engine(void **state) {
    const fixture *f = *state;
    bd_image expected[ROUNDS * PHOTOS] = {{0}};
    bd_error error;
    bd_session *session = test_session_create(f->base.engine, f->base.model, NULL);
    for (uint32_t i = 0; i < ROUNDS * PHOTOS; i++) {
        const bd_replace_params params = params_of(i / PHOTOS);
        must(bd_session_replace(session, &f->photos[i % PHOTOS], picture_of(f, &params), &params, &expected[i], &error),
             &error);
    }
    bd_session_destroy(session);
    job jobs[THREADS] = {0};
    for (uint32_t i = 0; i < THREADS; i++) {
        jobs[i].f = f;
        jobs[i].expected = expected;
        jobs[i].number = i;
        assert_true(bd_thread_start(&jobs[i].thread, work, &jobs[i]));
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        bd_thread_join(&jobs[i].thread);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        if (jobs[i].wrong) {
            fail_msg("thread %u: %u wrong results; %s", i, jobs[i].wrong, jobs[i].error.message);
        }
    }
    for (uint32_t i = 0; i < ROUNDS * PHOTOS; i++) {
        bd_image_finish(&expected[i]);
    }
}

/* ---- being told -------------------------------------------------------------------------------------------------- */

static void count_one(void *user) {
    atomic_fetch_add((atomic_uint *)user, 1);
}

static void test_whoever_wants_is_told_of_each_photo(void **state) {
    const fixture *f = *state;
    atomic_uint told = 0;
    const bd_session_params params = {
        .struct_size = sizeof params, .in_flight = 3, .done = count_one, .done_user = &told};
    bd_session *session = test_session_create(f->base.engine, f->base.model, &params);
    const bd_replace_params replace = params_of(2);
    bd_image result = {0};
    bd_error error;
    uint32_t begun = 0, ended = 0;
    for (uint32_t i = 0; i < 9; i++) {
        must(bd_session_replace_begin(session, &f->photos[i % PHOTOS], NULL, &replace, &error), &error);
        begun++;
        if (i % 3 == 2) {
            /* Without a call that waits: the device is done some time. */
            while (atomic_load(&told) < begun) {
                (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
            }
        }
        while (ended < begun && (i % 3 == 2 || begun - ended == 3)) {
            must(bd_session_replace_end(session, &result, &error), &error);
            ended++;
            assert_in_range(atomic_load(&told), ended, begun);
        }
    }
    must(bd_session_replace(session, &f->photos[0], NULL, &replace, &result, &error), &error);
    assert_int_equal(atomic_load(&told), begun); /* of what was begun only */
    must(bd_session_replace_begin(session, &f->photos[0], NULL, &replace, &error), &error);
    bd_session_destroy(session); /* waits for it, and tells */
    assert_int_equal(atomic_load(&told), begun + 1);
    bd_image_finish(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions_of_a_model_have_its_weights_once),
        cmocka_unit_test(test_other_packings_are_other_weights),
        cmocka_unit_test(test_threads_share_an_engine),
        cmocka_unit_test(test_whoever_wants_is_told_of_each_photo),
    };
    int skip = test_session_skip();
    return skip ? skip : cmocka_run_group_tests(tests, open_all, close_all);
}
