/* SPDX-License-Identifier: MIT
 * The ONNX files of ../shared/data/models on a device against independent engines' stored outputs, by way of the public
 * header; truncations of one of them. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "model/onnx/onnx.h"

static test_session t; /* its engine alone */

static bd_segmentation segment(const char *model_path, const bd_image *photo) {
    bd_error error = {0};
    bd_model *model = NULL;
    bd_session *session = NULL;
    bd_segmentation seen = {.struct_size = sizeof seen};
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    if (bd_model_open(model_path, NULL, &model, &error) || bd_session_create(t.engine, model, NULL, &session, &error) ||
        bd_session_segment(session, photo, &params, &seen, &error)) {
        fail_msg("%s", error.message);
    }
    bd_model_info info = {.struct_size = sizeof info};
    bd_model_get_info(model, &info);
    assert_string_equal(info.form, "ONNX");
    bd_session_destroy(session);
    bd_model_destroy(model);
    return seen;
}

static size_t count_wrong(const bd_segmentation *seen, const char *path) {
    bd_image expected = test_read_image(path);
    assert_int_equal(seen->labels.width, expected.width);
    assert_int_equal(seen->labels.height, expected.height);
    size_t wrong = 0;
    for (size_t i = 0; i < (size_t)expected.width * expected.height; i++) {
        wrong += seen->labels.pixels[i] != expected.pixels[4 * i];
    }
    bd_image_finish(&expected);
    return wrong;
}

/* Pascal's network: logits before the last resize, of an independent engine. */
static void test_pascal(void **state) {
    (void)state;
    bd_image photo = test_read_image(test_shared_file("golden/mnv2_pascal/astronaut_512.resized.png"));
    bd_segmentation seen =
        segment(test_shared_file("models/mnv2_pascal/deeplabv3_mnv2_pascal_trainval_core_513.onnx"), &photo);
    size_t count = (size_t)65 * 65 * 21;
    float *expected =
        test_read_npy(test_shared_file("golden/mnv2_pascal/astronaut_512.logits.npy"), count * sizeof *expected);
    assert_int_equal(seen.logits_width, 65);
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)seen.logits[i] - (double)expected[i]));
    }
    size_t wrong = count_wrong(&seen, test_shared_file("golden/mnv2_pascal/astronaut_512.labels.png"));
    print_message("largest logit error %g, %zu labels differ\n", largest, wrong);
    assert_true(largest <= 1e-3);
    assert_true(wrong * 10000 <= (size_t)513 * 513);
    free(expected);
    bd_segmentation_finish(&seen);
    bd_image_finish(&photo);
}

/* What the export's last resize makes of the logits: pixel x of 513 lies at x * 65 / 513. */
static float upsampled(const float *logits, uint32_t x, uint32_t y, uint32_t c) {
    enum { SIDE = 65, FULL = 513, CLASSES = 2 };
    double at[2] = {fmin(x * (double)SIDE / FULL, SIDE - 1), fmin(y * (double)SIDE / FULL, SIDE - 1)};
    size_t low[2] = {(size_t)at[0], (size_t)at[1]};
    size_t high[2] = {BD_MIN(low[0] + 1, (size_t)SIDE - 1), BD_MIN(low[1] + 1, (size_t)SIDE - 1)};
    double f[2] = {at[0] - (double)low[0], at[1] - (double)low[1]};
    double rows[2];
    for (int i = 0; i < 2; i++) {
        const float *row = logits + (i ? high[1] : low[1]) * SIDE * CLASSES + c;
        rows[i] = (double)row[low[0] * CLASSES] * (1 - f[0]) + (double)row[high[0] * CLASSES] * f[0];
    }
    return (float)(rows[0] * (1 - f[1]) + rows[1] * f[1]);
}

static void check_portrait(const char *model) {
    bd_image photo = test_read_image(test_shared_file("models/input_513.png"));
    bd_segmentation seen = segment(test_shared_file(model), &photo);
    size_t count = (size_t)513 * 513 * 2;
    float *expected =
        test_read_npy(test_shared_file("models/portrait_dm05/onnx_deeplab_nchw.npy"), count * sizeof *expected);
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        float got = upsampled(seen.logits, (uint32_t)(i / 2 % 513), (uint32_t)(i / 1026), (uint32_t)(i % 2));
        largest = fmax(largest, fabs((double)got - (double)expected[i]));
    }
    size_t wrong = count_wrong(&seen, test_shared_file("models/portrait_dm05/onnx_deeplab_nchw.labels.png"));
    print_message("largest logit error %g, %zu labels differ\n", largest, wrong);
    assert_true(largest <= 1e-3);
    assert_true(wrong * 10000 <= (size_t)513 * 513);
    free(expected);
    bd_segmentation_finish(&seen);
    bd_image_finish(&photo);
}

/* Opset 8, batch normalisation unfolded. */
static void test_portrait(void **state) {
    (void)state;
    check_portrait("models/portrait_dm05/deeplab_nchw.onnx");
}

static void test_portrait_folded(void **state) {
    (void)state;
    check_portrait("models/portrait_dm05/deepstream_deeplab_nchw.onnx");
}

/* A file cut off anywhere is refused, without reading past its end. */
static void test_truncated(void **state) {
    (void)state;
    bd_content map;
    bd_error error;
    assert_int_equal(bd_read_file(test_shared_file("models/portrait_dm05/deepstream_deeplab_nchw.onnx"), UINT64_MAX,
                                  NULL, &map, &error),
                     BD_OK);
    for (size_t i = 0; i < 64; i++) {
        size_t bytes = i < 32 ? map.bytes - 1 - i * i : map.bytes / 64 * i;
        uint8_t *part = malloc(bytes);
        assert_non_null(part);
        memcpy(part, map.data, bytes);
        bd_graph graph;
        bd_shards shards = {0};
        assert_int_equal(bd_graph_init(&graph, NULL, "cut.onnx", &error), BD_OK);
        bd_result result = bd_model_import_onnx(part, bytes, "cut.onnx", &graph, &shards, &error);
        if (result != BD_ERR_FILE_CORRUPT && result != BD_ERR_MODEL_UNSUPPORTED) {
            fail_msg("%zu bytes: %s", bytes, bd_result_name(result));
        }
        bd_graph_finish(&graph);
        bd_shards_finish(&shards);
        free(part);
    }
    bd_release_content(NULL, &map);
}

static int set_up(void **state) {
    (void)state;
    test_engine_open(&t, getenv("BACKDROP_KERNELS"), NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    test_session_close(&t);
    return 0;
}

int main(void) {
    if (!test_shared_file("models/portrait_dm05/deeplab_nchw.onnx")) {
        (void)printf("skipped: no models in BACKDROP_SHARED_DIR\n");
        return 77;
    }
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pascal), cmocka_unit_test(test_portrait),
                                       cmocka_unit_test(test_portrait_folded), cmocka_unit_test(test_truncated)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
