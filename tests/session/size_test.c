/* SPDX-License-Identifier: MIT
 * Inputs of other sizes than the export's: one network in two forms gives the same logits, a device agrees with the
 * scalar reference, photos of the network's size reach it as they are, and inputs that are no squares work throughout.
 * The default model is exported with an open size that it pads to 513, the ONNX file with 513 in every constant. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/engine.h"
#include "api/model.h"
#include "reference/reference.h"

static test_session t; /* its engine alone */

static const char onnx[] = "models/mnv2_pascal/deeplabv3_mnv2_pascal_trainval_core_513.onnx";

static bd_model *open_model(const char *path, uint32_t width, uint32_t height) {
    const bd_model_params params = {.struct_size = sizeof params, .width = width, .height = height};
    bd_model *model = test_model_open(path, &params);
    bd_model_info info = {.struct_size = sizeof info};
    bd_model_get_info(model, &info);
    assert_int_equal(info.input_width, width);
    assert_int_equal(info.input_height, height);
    assert_int_equal(info.logits_width, (width - 1) / 8 + 1);
    assert_int_equal(info.logits_height, (height - 1) / 8 + 1);
    return model;
}

static bd_session *open_session(const bd_model *model) {
    const bd_session_params params = {.struct_size = sizeof params, .precision = BD_PRECISION_FP32};
    return test_session_create(t.engine, model, &params);
}

static bd_image make_picture(uint32_t w, uint32_t h) {
    bd_image picture = test_new_picture(w, h);
    uint8_t *pixels = picture.pixels;
    uint32_t seed = w * 7919 + h;
    for (size_t i = 0; i < (size_t)w * h; i++) {
        for (size_t c = 0; c < 3; c++) {
            seed = seed * 1664525u + 1013904223u;
            pixels[4 * i + c] = (uint8_t)((i * (c + 1) / w + (seed >> 27)) & 255);
        }
        pixels[4 * i + 3] = 255;
    }
    return picture;
}

static bd_segmentation segment(bd_session *session, const bd_image *photo) {
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    bd_segmentation seen = {.struct_size = sizeof seen};
    bd_error error;
    if (bd_session_segment(session, photo, &params, &seen, &error)) {
        fail_msg("%s", error.message);
    }
    return seen;
}

static void check_forms(uint32_t width, uint32_t height) {
    bd_image photo = make_picture(width, height);
    bd_segmentation seen[2];
    const char *paths[2] = {test_model_path(), test_shared_file(onnx)};
    for (int form = 0; form < 2; form++) {
        bd_model *model = open_model(paths[form], width, height);
        bd_session *session = open_session(model);
        seen[form] = segment(session, &photo);
        bd_session_destroy(session);
        bd_model_destroy(model);
        assert_int_equal(seen[form].labels.width, width);
        assert_int_equal(seen[form].labels.height, height);
    }
    size_t count = (size_t)seen[0].logits_width * seen[0].logits_height * 21;
    double largest = test_largest_difference(seen[0].logits, seen[1].logits, count);
    print_message("%ux%u: largest difference of logits %g\n", width, height, largest);
    assert_true(largest <= 1e-3);
    assert_memory_equal(seen[0].pixels_of_class, seen[1].pixels_of_class, sizeof seen[0].pixels_of_class);
    bd_segmentation_finish(&seen[0]);
    bd_segmentation_finish(&seen[1]);
    free(photo.pixels);
}

static void test_forms(void **state) {
    (void)state;
    check_forms(257, 257);
    check_forms(321, 513);
    check_forms(769, 769);
}

/* A size that is no multiple of anything, too: the forms were exported with other paddings for it. */
static void check_reference(const char *path, uint32_t width, uint32_t height) {
    bd_model *model = open_model(path, width, height);
    bd_session *session = open_session(model);
    bd_image photo = make_picture(width, height);
    bd_segmentation seen = segment(session, &photo);
    size_t count = (size_t)seen.logits_width * seen.logits_height * 21;
    float *expected = malloc(count * sizeof *expected);
    assert_non_null(expected);
    bd_error error;
    assert_int_equal(
        bd_ref_run(&model->graph, photo.pixels, (int32_t)height, (int32_t)width, NULL, expected, NULL, NULL, &error),
        BD_OK);
    double largest = test_largest_difference(seen.logits, expected, count);
    print_message("%ux%u: largest difference from the reference %g\n", width, height, largest);
    assert_true(largest <= 1e-3);
    free(expected);
    free(photo.pixels);
    bd_segmentation_finish(&seen);
    bd_session_destroy(session);
    bd_model_destroy(model);
}

static void test_reference(void **state) {
    (void)state;
    check_reference(test_model_path(), 97, 65);
    check_reference(test_shared_file(onnx), 70, 111);
}

/* A photo of exactly the network's size goes in byte for byte: the logits are those of its bytes put in directly. */
static void test_not_resampled(void **state) {
    (void)state;
    enum { W = 161, H = 97 };
    bd_model *model = open_model(test_model_path(), W, H);
    bd_session *session = open_session(model);
    bd_image photo = make_picture(W, H);
    bd_segmentation seen = segment(session, &photo);
    size_t count = (size_t)seen.logits_width * seen.logits_height * 21;
    float *direct = malloc(count * sizeof *direct);
    uint8_t *bytes = malloc((size_t)W * H * 3);
    assert_non_null(direct);
    assert_non_null(bytes);
    for (size_t i = 0; i < (size_t)W * H * 3; i++) {
        bytes[i] = photo.pixels[i / 3 * 4 + i % 3];
    }
    bd_error error;
    assert_int_equal(bd_session_run_network(session, bytes, direct, NULL, NULL, NULL, &error), BD_OK);
    assert_memory_equal(direct, seen.logits, count * sizeof *direct);
    free(direct);
    free(bytes);
    bd_segmentation_finish(&seen);

    /* Others are fitted into it, and come out at their own size. */
    static const uint32_t sizes[][4] = {{322, 194, 161, 97}, {97, 161, 58, 97}, {640, 97, 161, 24}, {40, 24, 161, 96}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        bd_image other = make_picture(sizes[i][0], sizes[i][1]);
        seen = segment(session, &other);
        assert_int_equal(seen.labels.width, sizes[i][2]);
        assert_int_equal(seen.labels.height, sizes[i][3]);
        bd_segmentation_finish(&seen);
        const bd_replace_params ways[] = {
            {.struct_size = sizeof ways[0]},
            {.struct_size = sizeof ways[0], .classic = true},
            {.struct_size = sizeof ways[0], .background = BD_BACKGROUND_BLUR, .blur_sigma_px = 2}};
        for (size_t w = 0; w < BD_COUNT(ways); w++) {
            bd_image result = {0};
            const bd_image *background = ways[w].background == BD_BACKGROUND_PICTURE ? &photo : NULL;
            if (bd_session_replace(session, &other, background, &ways[w], &result, &error)) {
                fail_msg("%s", error.message);
            }
            assert_int_equal(result.width, ways[w].classic ? sizes[i][2] : sizes[i][0]);
            assert_int_equal(result.height, ways[w].classic ? sizes[i][3] : sizes[i][1]);
            bd_image_finish(&result);
        }
        free(other.pixels);
    }
    free(photo.pixels);
    bd_session_destroy(session);
    bd_model_destroy(model);
}

static void test_refusals(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{0, 5}, {5, 0}, {8193, 64}, {64, UINT32_MAX}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        const bd_model_params params = {.struct_size = sizeof params, .width = sizes[i][0], .height = sizes[i][1]};
        bd_model *model = NULL;
        bd_error error = {0};
        assert_int_equal(bd_model_open(test_model_path(), &params, &model, &error), BD_ERR_INVALID_ARGUMENT);
        assert_null(model);
        assert_non_null(strstr(error.message, "is not in 1..8192"));
    }
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
    int skip = test_session_skip();
    if (skip || !test_shared_file(onnx)) {
        (void)printf("skipped: no %s\n", skip ? "weights or device" : onnx);
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_reference),
                                       cmocka_unit_test(test_not_resampled), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
