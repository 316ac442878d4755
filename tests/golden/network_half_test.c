/* SPDX-License-Identifier: MIT
 * The whole network in 16 bits with the GPUs' kernels, packed products too, and its number of dispatches. */
#include "support/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/engine.h"
#include "api/model.h"
#include "api/session.h"

/* most: one in so many may differ. */
static void count_labels(bd_session *session, size_t most) {
    bd_image photo = test_read_image(test_source_file("tools/samples/person.jpg"));
    bd_image expected = test_read_image(test_source_file("tests/golden/network/person.labels.png"));
    bd_segmentation got = {.struct_size = sizeof got};
    bd_error error;
    if (bd_session_segment(session, &photo, NULL, &got, &error)) {
        fail_msg("%s", error.message);
    }
    size_t pixels = (size_t)expected.width * expected.height;
    size_t wrong = 0;
    assert_int_equal(got.labels.width, expected.width);
    assert_int_equal(got.labels.height, expected.height);
    for (size_t i = 0; i < pixels; i++) {
        wrong += got.labels.pixels[i] != expected.pixels[4 * i];
    }
    (void)printf("%zu of %zu labels differ from float32's\n", wrong, pixels);
    assert_true(wrong * most <= pixels);
    assert_true(got.pixels_of_class[15] > 100000);
    bd_segmentation_finish(&got);
    bd_image_finish(&photo);
    bd_image_finish(&expected);
}

enum { HALF_MOST = 500, FAST_MOST = 200 }; /* 99.8 % and 99.5 % are equal */

static void test_half(void **state) {
    (void)state;
    test_session t;
    bd_error error;
    bd_session_info info = {.struct_size = sizeof info};
    test_session_open(&t, "storage");
    bd_session_get_info(t.session, &info);
    assert_int_equal(info.precision, BD_PRECISION_FP32); /* AUTO on a software device */
    bd_session_destroy(t.session);
    const bd_session_params params = {.struct_size = sizeof params, .precision = BD_PRECISION_FP16};
    if (bd_session_create(t.engine, t.model, &params, &t.session, &error)) {
        fail_msg("%s", error.message);
    }
    bd_session_get_info(t.session, &info);
    (void)printf("%u dispatches\n", info.dispatches);
    assert_int_equal(info.precision, BD_PRECISION_FP16);
    assert_in_range(info.dispatches, 30, 45);
    count_labels(t.session, HALF_MOST);
    test_session_close(&t);
}

static bd_session *open_fast(const test_session *t) {
    bd_session *session = NULL;
    bd_error error;
    bd_session_info info = {.struct_size = sizeof info};
    const bd_session_params params = {.struct_size = sizeof params, .precision = BD_PRECISION_FAST16};
    if (bd_session_create(t->engine, t->model, &params, &session, &error)) {
        fail_msg("%s", error.message);
    }
    bd_session_get_info(session, &info);
    assert_int_equal(info.precision, BD_PRECISION_FAST16);
    return session;
}

static void test_fast(void **state) {
    (void)state;
    test_session t;
    bd_error error;
    bd_session *refused = NULL;
    test_session_open(&t, "storage");
    if (!t.engine->vk.half) {
        test_session_close(&t);
        skip();
    }
    bd_session *fast = open_fast(&t);
    count_labels(fast, FAST_MOST);
    bd_session_destroy(fast);
    t.engine->vk.half = false;
    const bd_session_params params = {.struct_size = sizeof params, .precision = BD_PRECISION_FAST16};
    assert_int_equal(bd_session_create(t.engine, t.model, &params, &refused, &error), BD_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "shaderFloat16"));
    assert_null(refused);
    test_session_close(&t);
}

enum { PHOTOS = 6, PHOTO_SIDE = 257 };

static bd_segmentation segment(bd_session *session, const char *path) {
    bd_image photo = test_read_image(path);
    bd_segmentation seen = {.struct_size = sizeof seen};
    bd_error error;
    if (bd_session_segment(session, &photo, NULL, &seen, &error)) {
        fail_msg("%s", error.message);
    }
    bd_image_finish(&photo);
    return seen;
}

/* The stored photos, at a size that software has time for. */
static void test_fast_photos(void **state) {
    (void)state;
    static const char *const photos[PHOTOS] = {"astronaut_512", "chelsea_cat", "coffee",
                                               "grace_hopper",  "ibm_stc",     "rocket"};
    const char *shared = getenv("BACKDROP_SHARED_DIR");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/data/photos/rocket.jpg", shared ? shared : "../shared");
    FILE *file = fopen(path, "rb");
    if (!file) {
        print_message("skipped: no photos in BACKDROP_SHARED_DIR\n");
        skip();
    }
    (void)fclose(file);
    test_session t;
    bd_segmentation expected[PHOTOS];
    test_session_open_side(&t, PHOTO_SIDE);
    if (!t.engine->vk.half) {
        test_session_close(&t);
        skip();
    }
    for (uint32_t i = 0; i < PHOTOS; i++) {
        (void)snprintf(path, sizeof path, "%s/data/photos/%s.jpg", shared ? shared : "../shared", photos[i]);
        expected[i] = segment(t.session, path);
    }
    t.engine->vk.column = BD_COLUMN_STORAGE;
    bd_session *fast = open_fast(&t);
    for (uint32_t i = 0; i < PHOTOS; i++) {
        (void)snprintf(path, sizeof path, "%s/data/photos/%s.jpg", shared ? shared : "../shared", photos[i]);
        bd_segmentation got = segment(fast, path);
        size_t pixels = (size_t)got.labels.width * got.labels.height;
        size_t wrong = 0;
        for (size_t p = 0; p < pixels; p++) {
            wrong += got.labels.pixels[p] != expected[i].labels.pixels[p];
        }
        (void)printf("%s: %zu of %zu labels differ from float32's\n", photos[i], wrong, pixels);
        assert_true(wrong * FAST_MOST <= pixels);
        bd_segmentation_finish(&got);
        bd_segmentation_finish(&expected[i]);
    }
    bd_session_destroy(fast);
    test_session_close(&t);
}

/* Steps of the network by kernels of a family. */
static uint32_t steps_by(const bd_network *network, bd_kernel_family family) {
    uint32_t count = 0;
    for (uint32_t s = 0; s < network->plan.step_count; s++) {
        count += network->choices[network->plan.steps[s].node].family == family;
    }
    return count;
}

/* Any mix of candidates is a network: split depths, blocks and expansions with their windows beside what is not fused,
 * nodes that would absorb another but are absorbed themselves, every tile. */
static void test_mixed_candidates(void **state) {
    (void)state;
    test_session t;
    bd_error error;
    test_session_open(&t, "storage");
    const bd_graph *graph = &t.model->graph;
    bd_vk *vk = &t.engine->vk;
    bd_kernel_choice *choices = calloc(graph->count, sizeof *choices);
    assert_non_null(choices);
    bd_kernel_defaults(vk, graph, BD_PRECISION_FP16, false, choices);
    uint32_t splits = 0;
    uint32_t expansions = 0;
    for (uint32_t n = 0; n < graph->count; n++) {
        static bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
        uint32_t count = bd_kernel_candidates(vk, graph, n, BD_PRECISION_FP16, found, BD_COUNT(found));
        uint32_t wanted = count;
        for (uint32_t i = 0; i < count; i++) {
            /* By turns a split, one that absorbs another node, and whatever comes third; every other projection leaves the
             * depthwise node to the expansion. */
            bool absorbs = bd_kernel_absorbs(graph, n, &found[i]) != BD_NO_NODE &&
                           (graph->nodes[n].op == BD_OP_DEPTHWISE || n % 2 == 1);
            bool fits = n % 3 == 0 ? found[i].split > 1 : (n % 3 == 1 ? absorbs : i == 2);
            if (fits && !found[i].matrix[0]) {
                wanted = i;
            }
        }
        if (wanted < count) {
            choices[n] = found[wanted];
            splits += choices[n].split > 1;
            expansions += choices[n].family == BD_KERNEL_FAMILY_EXPAND;
        }
    }
    const bd_network_params params = {.precision = BD_PRECISION_FP16, .choices = choices};
    bd_network_finish(&t.session->looks.network);
    if (bd_network_init(&t.session->looks.network, vk, &t.model->graph, &params, &error)) {
        fail_msg("%s", error.message);
    }
    const bd_network *network = &t.session->looks.network;
    uint32_t blocks = steps_by(network, BD_KERNEL_FAMILY_BLOCK), windows = steps_by(network, BD_KERNEL_FAMILY_EXPAND);
    (void)printf("%u split, %u blocks, %u of %u expansions with their windows, %u dispatches\n", splits, blocks,
                 windows, expansions, network->dispatch_count);
    assert_true(splits > 0 && blocks > 3 && windows > 3 && windows < expansions);
    count_labels(t.session, HALF_MOST);
    free(choices);
    test_session_close(&t);
}

/* The other sets have no kernels for 16 bits. */
static void test_refusal(void **state) {
    (void)state;
    test_session t;
    bd_error error;
    bd_session *session = NULL;
    test_session_open(&t, NULL);
    const bd_session_params params = {.struct_size = sizeof params, .precision = BD_PRECISION_FP16};
    bd_session_info info = {.struct_size = sizeof info};
    bd_session_get_info(t.session, &info);
    if (strcmp(info.kernel_set, "storage") != 0) {
        assert_int_equal(bd_session_create(t.engine, t.model, &params, &session, &error), BD_ERR_UNSUPPORTED);
        assert_null(session);
    }
    test_session_close(&t);
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_half), cmocka_unit_test(test_mixed_candidates),
                                              cmocka_unit_test(test_fast), cmocka_unit_test(test_fast_photos),
                                              cmocka_unit_test(test_refusal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
