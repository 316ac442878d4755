/* SPDX-License-Identifier: MIT
 * The real frozen graphs of ../shared/data/models on a device, against outputs of independent executors that are stored
 * beside them; and that cut anywhere they are refused or read as the shorter graph that they then are. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/passes.h"
#include "model/bytes/protobuf.h"
#include "support/graphdef.h"

enum { SIDE = 513, GRID = 65 };

/* A file of the test data; NULL when it is not there. The buffer is good until the next but 15 calls. */
typedef struct outcome {
    bd_segmentation result;
    bd_model_info info;
} outcome;

static outcome run(const char *model, const char *picture) {
    test_session t;
    outcome got = {0};
    bd_error error;
    assert_non_null(model);
    test_session_open_model(&t, model, NULL);
    got.info.struct_size = sizeof got.info;
    got.result.struct_size = sizeof got.result;
    bd_model_get_info(t.model, &got.info);
    bd_image photo = test_read_image(picture);
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    if (bd_session_segment(t.session, &photo, &params, &got.result, &error)) {
        fail_msg("%s", error.message);
    }
    bd_image_finish(&photo);
    test_session_close(&t);
    return got;
}

static void release(outcome *got) {
    bd_segmentation_finish(&got->result);
}

static double wrong_labels(const bd_segmentation *got, const char *path) {
    assert_non_null(path);
    bd_image expected = test_read_image(path);
    assert_int_equal(expected.width, SIDE);
    assert_int_equal(expected.height, SIDE);
    assert_int_equal(got->labels.width, SIDE);
    assert_int_equal(got->labels.height, SIDE);
    /* Grey pictures of indices, or indexed with the index as their colour. */
    size_t wrong = 0;
    for (size_t y = 0; y < SIDE; y++) {
        for (size_t x = 0; x < SIDE; x++) {
            wrong += got->labels.pixels[y * got->labels.stride_bytes + x] !=
                     expected.pixels[y * expected.stride_bytes + 4 * x];
        }
    }
    bd_image_finish(&expected);
    return (double)wrong / (SIDE * SIDE);
}

#define PORTRAIT "models/portrait_dm05/"

/* The same network as the TensorFlow.js package: its logits, and those of onnxruntime. */
static void test_pascal(void **state) {
    (void)state;
    const char *picture = test_shared_file("golden/mnv2_pascal/astronaut_512.resized.png");
    outcome got = run(test_shared_file("models/mnv2_pascal/deeplabv3_mnv2_pascal_trainval_from_tfjs.pb"), picture);
    assert_string_equal(got.info.form, "TensorFlow frozen graph");
    assert_int_equal(got.info.class_count, 21);
    const size_t count = (size_t)GRID * GRID * 21;
    float *stored =
        test_read_npy(test_shared_file("golden/mnv2_pascal/astronaut_512.logits.npy"), count * sizeof(float));
    double apart = test_largest_difference(got.result.logits, stored, count);
    print_message("logits: %.2g from the reference\n", apart);
    assert_true(apart < 1e-3);
    free(stored);
    if (test_model_path()) {
        outcome tfjs = run(test_model_path(), picture);
        apart = test_largest_difference(got.result.logits, tfjs.result.logits, count);
        print_message("logits: %.2g from the TensorFlow.js form\n", apart);
        assert_true(apart < 1e-3);
        release(&tfjs);
    }
    release(&got);
}

/* The stored probabilities are behind the upsampling with aligned corners: softmax of what that makes of the logits. */
static double probabilities_apart(const float *logits, const float *stored) {
    double apart = 0;
    for (size_t y = 0; y < SIDE; y++) {
        for (size_t x = 0; x < SIDE; x++) {
            size_t y0 = y / 8, x0 = x / 8, y1 = y0 + (y0 < GRID - 1), x1 = x0 + (x0 < GRID - 1);
            double fy = (double)(y % 8) / 8, fx = (double)(x % 8) / 8, value[2];
            for (size_t c = 0; c < 2; c++) {
                double top = logits[(y0 * GRID + x0) * 2 + c] * (1 - fx) + logits[(y0 * GRID + x1) * 2 + c] * fx;
                double low = logits[(y1 * GRID + x0) * 2 + c] * (1 - fx) + logits[(y1 * GRID + x1) * 2 + c] * fx;
                value[c] = top * (1 - fy) + low * fy;
            }
            double person = 1 / (1 + exp(value[0] - value[1]));
            apart = fmax(apart, fabs(person - (double)stored[(y * SIDE + x) * 2 + 1]));
        }
    }
    return apart;
}

static void test_portrait(void **state) {
    (void)state;
    const char *picture = test_shared_file("models/input_513.png");
    outcome frozen = run(test_shared_file(PORTRAIT "frozen_inference_graph.pb"), picture);
    double wrong = wrong_labels(&frozen.result, test_shared_file(PORTRAIT "pb_frozen_inference_graph.labels.png"));
    float *stored = test_read_npy(test_shared_file(PORTRAIT "pb_frozen_inference_graph.prob.npy"),
                                  (size_t)SIDE * SIDE * 2 * sizeof(float));
    double apart = probabilities_apart(frozen.result.logits, stored);
    print_message("frozen: %.4f %% of labels differ, probabilities by %.2g\n", 100 * wrong, apart);
    assert_true(wrong <= 1e-4);
    assert_true(apart < 1e-3);
    free(stored);

    /* Its kernels written out with zeros cost what the dilated ones do. */
    outcome core = run(test_shared_file(PORTRAIT "deeplab_nchw.pb"), picture);
    wrong = wrong_labels(&core.result, test_shared_file(PORTRAIT "pb_deeplab_nchw.labels.png"));
    apart = test_largest_difference(core.result.logits, frozen.result.logits, (size_t)GRID * GRID * 2);
    print_message("core: %.4f %% of labels differ, logits from the frozen graph's by %.2g\n", 100 * wrong, apart);
    assert_true(wrong <= 1e-4);
    assert_true(apart < 1e-3);
    assert_int_equal(core.info.multiply_adds, frozen.info.multiply_adds);
    assert_int_equal(core.info.node_count, frozen.info.node_count);
    release(&core);

    /* Simulated quantisation, of which the rounding of activations is left out. */
    outcome quantised = run(test_shared_file(PORTRAIT "frozen_quant_inference_graph.pb"), picture);
    wrong = wrong_labels(&quantised.result, test_shared_file(PORTRAIT "pb_frozen_quant_inference_graph.labels.png"));
    print_message("quantised: %.4f %% of labels differ\n", 100 * wrong);
    assert_true(wrong <= 0.005);
    assert_int_equal(quantised.info.node_count, frozen.info.node_count);
    release(&quantised);
    release(&frozen);
}

/* Behind whole nodes a cut file is a file again. What is still taken for a network must be this one, without what
 * stands behind its logits. */
static void check_whole_nodes(const bd_content *map, const char *logits) {
    bd_pb file = {map->data, map->data + map->bytes};
    bd_pb_field field;
    uint32_t taken = 0;
    for (uint32_t n = 1; bd_pb_next(&file, &field) == BD_PB_FIELD; n++) {
        bd_error error;
        size_t left = map->bytes - (size_t)(file.at - map->data);
        if (!left || (n % 16 && left > 16384) || gd_import(map->data, (size_t)(file.at - map->data)) ||
            bd_graph_lower(&opened.graph, SIDE, &error)) {
            continue;
        }
        assert_string_equal(opened.graph.nodes[opened.graph.output].name, logits);
        taken++;
    }
    print_message("%u cuts leave the network whole\n", taken);
    assert_true(taken > 0);
}

/* Cut at many places, from a copy of exactly that size: all but the rare one behind a whole node are refused. */
static void test_cut(void **state) {
    (void)state;
    static const char *const names[] = {"models/mnv2_pascal/deeplabv3_mnv2_pascal_trainval_from_tfjs.pb",
                                        PORTRAIT "frozen_inference_graph.pb",
                                        PORTRAIT "frozen_quant_inference_graph.pb", PORTRAIT "deeplab_nchw.pb"};
    enum { CUTS = 61 };
    opened.until_failure = -1;
    for (size_t i = 0; i < BD_COUNT(names); i++) {
        bd_content map;
        bd_error error;
        assert_int_equal(bd_read_file(test_shared_file(names[i]), UINT64_MAX, NULL, &map, &error), BD_OK);
        assert_int_equal(gd_import(map.data, map.bytes), BD_OK);
        print_message("%zu bytes in %zu\n", opened.most_bytes, map.bytes);
        assert_in_range(opened.most_bytes, 0, 2 * map.bytes);
        uint32_t refused = 0;
        for (size_t k = 0; k < CUTS; k++) {
            size_t bytes = k < 40 ? map.bytes - 1 - k * 3 : map.bytes / (CUTS - 39) * (k - 39);
            uint8_t *copy = malloc(bytes);
            assert_non_null(copy);
            memcpy(copy, map.data, bytes);
            bd_result result = gd_import(copy, bytes);
            refused += result == BD_ERR_FILE_CORRUPT;
            assert_true(!result || result == BD_ERR_FILE_CORRUPT || result == BD_ERR_MODEL_UNSUPPORTED);
            gd_unload();
            free(copy);
        }
        assert_in_range(refused, CUTS - 5, CUTS);
        check_whole_nodes(&map, "logits/semantic/BiasAdd");
        gd_unload();
        bd_release_content(NULL, &map);
    }
}

int main(void) {
    if (!test_shared_file(PORTRAIT "frozen_inference_graph.pb")) {
        (void)printf("skipped: no ../shared/data/models\n");
        return 77;
    }
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pascal),
        cmocka_unit_test(test_portrait),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
