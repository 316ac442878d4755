/* SPDX-License-Identifier: MIT
 * Networks of TensorFlow's model zoo that no weights could be had of, as frozen graphs with few channels: Xception-65,
 * ResNets with multi-grid, dense and separable ASPP, the decoder. What a device makes of the lowered graph is held
 * against the scalar reference on the graph as it was imported, operation by operation: nothing folded, fused or
 * dilated, and against TensorFlow.js on the same file. The same at another size than the export's, against the scalar
 * reference on an export of that size. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "reference/reference.h"
#include "support/deeplab.h"
#include "support/graphdef.h"
#include "support/session.h"

typedef struct zoo_case {
    test_deeplab network;
    const char *backbone;
    uint32_t rates[8]; /* all that there are */
} zoo_case;

static const zoo_case cases[] = {
    {{"xception, stride 16, decoder", true, {0}, {1, 1, 1}, 16, {6, 12, 18}, false, true, true, false},
     "Xception-65",
     {2, 6, 12, 18}},
    {{"xception, stride 8, multi-grid, decoder", true, {0}, {1, 2, 4}, 8, {12, 24, 36}, false, true, true, false},
     "Xception-65",
     {2, 4, 8, 12, 16, 24, 36}},
    {{"xception, stride 16, dilations, no pooling", true, {0}, {1, 1, 1}, 16, {6, 12, 18}, true, false, false, true},
     "Xception-65",
     {2, 6, 12, 18}},
    {{"xception, stride 32, no ASPP", true, {0}, {1, 1, 1}, 32, {0}, false, false, false, false}, "Xception-65", {0}},
    {{"resnet50, stride 16, multi-grid, dense",
      false,
      {3, 4, 6, 3},
      {1, 2, 4},
      16,
      {6, 12, 18},
      true,
      true,
      false,
      false},
     "ResNet-50",
     {2, 4, 6, 8, 12, 18}},
    {{"resnet50, stride 8, multi-grid, decoder",
      false,
      {3, 4, 6, 3},
      {1, 2, 4},
      8,
      {12, 24, 36},
      true,
      true,
      true,
      true},
     "ResNet-50",
     {2, 4, 8, 12, 16, 24, 36}},
    {{"resnet101, stride 16, multi-grid, decoder",
      false,
      {3, 4, 23, 3},
      {1, 2, 1},
      16,
      {6, 12, 18},
      false,
      true,
      true,
      false},
     "ResNet-101",
     {2, 4, 6, 12, 18}},
};

enum { EXPORTED = 97 }; /* height and width of the files */

static test_session t; /* its engine alone */

static uint8_t *make_picture(int32_t height, int32_t width) {
    size_t pixels = (size_t)height * (size_t)width;
    uint8_t *rgba = malloc(pixels * 4);
    uint32_t seed = (uint32_t)pixels;
    assert_non_null(rgba);
    for (size_t i = 0; i < pixels * 4; i++) {
        seed = seed * 1664525u + 1013904223u;
        rgba[i] = i % 4 == 3 ? 255 : (uint8_t)(((i / 4 % (size_t)width) * 3 + (seed >> 26)) & 255);
    }
    return rgba;
}

/* Logits of the graph as it is; *h, *w: their grid. */
static float *run_as_imported(const test_deeplab *network, const uint8_t *photo, int32_t height, int32_t width,
                              uint32_t *h, uint32_t *w) {
    bd_error error;
    test_deeplab_write(network, height, width);
    gd_good();
    bd_graph *graph = &opened.graph;
    if (bd_graph_infer(graph, &error)) {
        fail_msg("%s", error.message);
    }
    graph->output = (uint32_t)(gd_called("logits/semantic/BiasAdd") - graph->nodes);
    const bd_shape *shape = &graph->nodes[graph->output].shape;
    float *logits = malloc((size_t)bd_shape_elements(shape) * sizeof *logits);
    assert_non_null(logits);
    if (bd_ref_run(graph, photo, height, width, NULL, logits, NULL, NULL, &error)) {
        fail_msg("%s", error.message);
    }
    *h = (uint32_t)shape->dims[1];
    *w = (uint32_t)shape->dims[2];
    gd_unload();
    return logits;
}

/* TensorFlow.js' logits of a case at the export's size (make_zoo_goldens.mjs). */
static void check_golden(const zoo_case *c, const float *logits, size_t count) {
    char path[1024];
    const char *folder = getenv("BACKDROP_SOURCE_DIR");
    bd_content map;
    bd_error error;
    (void)snprintf(path, sizeof path, "%s/tests/golden/zoo/%zu.logits", folder ? folder : ".", (size_t)(c - cases));
    if (bd_read_file(path, UINT64_MAX, NULL, &map, &error)) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(map.bytes, count * sizeof *logits);
    double most = 0, worst = 0;
    for (size_t i = 0; i < count; i++) {
        float expected;
        memcpy(&expected, map.data + i * sizeof expected, sizeof expected);
        most = fmax(most, fabs((double)expected));
        double apart = fabs((double)logits[i] - (double)expected);
        worst = apart > worst || isnan(apart) ? apart : worst;
    }
    bd_release_content(NULL, &map);
    print_message("%s: largest error against TensorFlow.js %.2g\n", c->network.name, worst);
    assert_true(worst <= 2e-5 * most);
}

static void write_file(const char *folder, const zoo_case *c, const char *ending, const void *bytes, size_t count) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%zu.%s", folder, (size_t)(c - cases), ending);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static bd_model *open_written(const zoo_case *c, int32_t height, int32_t width) {
    char path[1024];
    const char *folder = getenv("BACKDROP_BUILD_DIR");
    (void)snprintf(path, sizeof path, "%s/zoo_test.pb", folder ? folder : ".");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(written.bytes, 1, written.count, file), written.count);
    assert_int_equal(fclose(file), 0);
    bd_model *model = NULL;
    bd_error error;
    const bd_model_params params = {.struct_size = sizeof params, .width = (uint32_t)width, .height = (uint32_t)height};
    bd_result result = bd_model_open(path, &params, &model, &error);
    (void)remove(path);
    if (result) {
        fail_msg("%s: %s", c->network.name, error.message);
    }
    bd_model_info info = {.struct_size = sizeof info};
    bd_model_get_info(model, &info);
    assert_string_equal(info.backbone, c->backbone);
    assert_int_equal(info.output_stride, c->network.stride);
    assert_int_equal(info.class_count, TEST_DEEPLAB_CLASSES);
    assert_memory_equal(info.rates, c->rates, sizeof info.rates);
    return model;
}

static void check(const zoo_case *c, int32_t height, int32_t width) {
    uint8_t *photo = make_picture(height, width);
    uint32_t h, w;
    float *expected = run_as_imported(&c->network, photo, height, width, &h, &w);
    /* The model is the export of one size, whatever size it is opened at. */
    test_deeplab_write(&c->network, EXPORTED, EXPORTED);
    gd_good();
    bool exported = height == EXPORTED && width == EXPORTED;
    const char *folder = getenv("BACKDROP_ZOO_DIR");
    if (exported && folder) {
        write_file(folder, c, "pb", written.bytes, written.count);
        write_file(folder, c, "rgba", photo, (size_t)height * (size_t)width * 4);
    }
    bd_model *model = open_written(c, height, width);
    bd_session *session = NULL;
    bd_segmentation seen = {.struct_size = sizeof seen};
    bd_error error;
    const bd_session_params precise = {.struct_size = sizeof precise, .precision = BD_PRECISION_FP32};
    const bd_segment_params wants = {.struct_size = sizeof wants, .want_logits = true};
    const bd_image image = {
        .pixels = photo, .width = (uint32_t)width, .height = (uint32_t)height, .stride_bytes = (size_t)width * 4};
    if (bd_session_create(t.engine, model, &precise, &session, &error) ||
        bd_session_segment(session, &image, &wants, &seen, &error)) {
        fail_msg("%s: %s", c->network.name, error.message);
    }
    assert_int_equal(seen.logits_width, w);
    assert_int_equal(seen.logits_height, h);
    double most = 0, worst = 0;
    for (size_t i = 0; i < (size_t)h * w * TEST_DEEPLAB_CLASSES; i++) {
        most = fmax(most, fabs((double)expected[i]));
        double apart = fabs((double)seen.logits[i] - (double)expected[i]);
        worst = apart > worst || isnan(apart) ? apart : worst;
    }
    print_message("%s, %dx%d: %ux%u logits up to %.3g, largest error %.2g\n", c->network.name, (int)width, (int)height,
                  w, h, most, worst);
    assert_true(most > 0.1);
    assert_true(worst <= 2e-5 * most);
    if (exported && !folder) {
        check_golden(c, seen.logits, (size_t)h * w * TEST_DEEPLAB_CLASSES);
    }
    bd_segmentation_finish(&seen);
    bd_session_destroy(session);
    bd_model_destroy(model);
    free(expected);
    free(photo);
}

static void test_network(void **state) {
    check(*state, EXPORTED, EXPORTED);
}

static void test_other_size(void **state) {
    check(*state, 65, 129);
}

static int set_up(void **state) {
    (void)state;
    opened.until_failure = -1;
    test_engine_open(&t, getenv("BACKDROP_KERNELS"), NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    gd_unload();
    gd_end();
    test_session_close(&t);
    return 0;
}

int main(void) {
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    struct CMUnitTest tests[2 * BD_COUNT(cases)];
    for (size_t i = 0; i < BD_COUNT(tests); i++) {
        const zoo_case *c = &cases[i / 2];
        tests[i] = (struct CMUnitTest){c->network.name, i % 2 ? test_other_size : test_network, NULL, NULL,
                                       (void *)(uintptr_t)c};
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
