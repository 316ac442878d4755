/* SPDX-License-Identifier: MIT
 * The real TensorFlow Lite files of ../shared/data/models on a device. Quantised networks run in integers: their labels
 * are those of TensorFlow Lite's own library, all of them, and so are the logits that are stored
 * (make_tflite_goldens.py). Run in float they are held against the outputs of independent executors that are stored
 * beside the files: float networks in their logits; of quantised ones the stored labels come from a simulation that
 * rounds every tensor to its type's steps, which running in float does not: the least agreement is what was measured
 * less half a percent. Two simulations that round agree with each other on 96.6 % of the labels of the 256x256 network
 * and on 86.1 % of the Cityscapes network's, which sees no street here, where their inputs differ by a ten-thousandth:
 * there is little more to be had. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct golden {
    const char *model, *input, *labels;
    const char *logits; /* (side,side,classes), upsampled; NULL: none */
    int32_t side, grid, classes;
    double least_agreement;
    uint32_t stride; /* of the output */
    const char *backbone;
    const char *lite; /* TensorFlow Lite's labels in tests/golden/tflite; NULL: not quantised */
    float step;       /* of its logits, which are stored; 0: they are not */
    int32_t zero_point;
} golden;

static const golden goldens[] = {
    {"portrait_dm05/deeplab_aiseg513_dm05_float.tflite", "input_513.png", "portrait_dm05/tflite_float.labels.png",
     "portrait_dm05/tflite_float.npy", 513, 65, 2, 0.9999, 8, "MobileNetV2, width 0.5", NULL, 0, 0},
    {"mv_gpu_257/deeplabv3_257_mv_gpu.tflite", "input_257.png", "mv_gpu_257/logits.labels.png", "mv_gpu_257/logits.npy",
     257, 33, 21, 0.9999, 8, "MobileNetV2, width 0.5", NULL, 0, 0},
    {"portrait_dm05/deeplab_aiseg_quant513.tflite", "input_513.png", "portrait_dm05/tflite_quant.labels.png", NULL, 513,
     65, 2, 0.991, 8, "MobileNetV2, width 0.5", "portrait", 0.0708417f, 126},
    {"coral_quant/deeplabv3_mnv2_pascal_quant.tflite", "input_513.png", "coral_quant/mnv2.labels.png", NULL, 513, 33,
     21, 0.987, 16, "MobileNetV2, width 1", "mnv2", 0, 0},
    {"coral_quant/deeplabv3_mnv2_dm05_pascal_quant.tflite", "input_513.png", "coral_quant/dm05.labels.png", NULL, 513,
     33, 21, 0.983, 16, "MobileNetV2, width 0.5", "dm05", 0, 0},
    {"coral_quant/deeplab_mobilenet_edgetpu_slim_cityscapes_quant.tflite", "input_513.png",
     "coral_quant/cityscapes.labels.png", NULL, 513, 33, 19, 0.900, 16, "MobileNet EdgeTPU", "cityscapes", 0, 0},
    {"mlperf_ade20k/deeplabv3_mnv2_ade20k_int8.tflite", "input_512.png", "mlperf_ade20k/int8.labels.png", NULL, 512,
     128, 32, 0.978, 16, "MobileNetV2, width 1", "ade_int8", 0, 0},
    {"mlperf_ade20k/deeplabv3_mnv2_ade20k_uint8.tflite", "input_512.png", "mlperf_ade20k/uint8.labels.png", NULL, 512,
     128, 32, 0.978, 16, "MobileNetV2, width 1", "ade_uint8", 0, 0},
    {"jejunet_quant/mobilenet_v2_deeplab_v3_256_myquant.tflite", "input_256.png", "jejunet_quant/quant.labels.png",
     NULL, 256, 16, 21, 0.965, 16, "MobileNetV2, width 1", "jejunet", 0.216631f, 32},
};

static test_session t; /* its engine alone */

static const char *model_file(const char *below) {
    char path[256];
    (void)snprintf(path, sizeof path, "models/%s", below);
    return test_shared_file(path);
}

/* Logits at pixel (x,y) of the input, by aligned corners. */
static double upsampled(const golden *g, const float *logits, int32_t x, int32_t y, int32_t c) {
    double step = (double)(g->grid - 1) / (double)(g->side - 1), u = x * step, v = y * step;
    int32_t left = (int32_t)u, top = (int32_t)v;
    int32_t right = left + 1 < g->grid ? left + 1 : left, bottom = top + 1 < g->grid ? top + 1 : top;
    const float *upper = logits + (size_t)top * (size_t)(g->grid * g->classes) + c;
    const float *lower = logits + (size_t)bottom * (size_t)(g->grid * g->classes) + c;
    size_t l = (size_t)(left * g->classes), r = (size_t)(right * g->classes);
    double a = (double)upper[l] + ((double)upper[r] - (double)upper[l]) * (u - left);
    double b = (double)lower[l] + ((double)lower[r] - (double)lower[l]) * (u - left);
    return a + (b - a) * (v - top);
}

static void check_logits(const golden *g, const float *logits) {
    size_t count = (size_t)(g->side * g->side * g->classes);
    float *expected = test_read_npy(model_file(g->logits), count * sizeof *expected);
    double largest = 0;
    for (int32_t y = 0; y < g->side; y++) {
        for (int32_t x = 0; x < g->side; x++) {
            for (int32_t c = 0; c < g->classes; c++) {
                double want = (double)expected[(y * g->side + x) * g->classes + c];
                double difference = fabs(upsampled(g, logits, x, y, c) - want);
                assert_true(difference >= 0);
                largest = fmax(largest, difference);
            }
        }
    }
    (void)printf("%s: logits within %.2g\n", g->model, largest);
    assert_true(largest < 1e-3);
    free(expected);
}

/* ---- one model, one photo ---------------------------------------------------------------------------------------- */

typedef struct opened {
    bd_model *model;
    bd_session *session;
    bd_model_info info;
} opened;

static opened open_model(const char *path, bd_quantised quantised) {
    opened o = {0};
    const bd_model_params params = {.struct_size = sizeof params, .quantised = quantised};
    o.model = test_model_open(path, &params);
    o.session = test_session_create(t.engine, o.model, NULL);
    o.info.struct_size = sizeof o.info;
    bd_model_get_info(o.model, &o.info);
    return o;
}

static void close_model(opened *o) {
    bd_session_destroy(o->session);
    bd_model_destroy(o->model);
}

static bd_segmentation segment(const opened *o, const bd_image *photo) {
    bd_error error;
    bd_segmentation found = {.struct_size = sizeof found};
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    if (bd_session_segment(o->session, photo, &params, &found, &error)) {
        fail_msg("%s", error.message);
    }
    return found;
}

static size_t count_equal(const bd_segmentation *found, const bd_image *labels) {
    size_t equal = 0;
    assert_int_equal(labels->width, found->labels.width);
    assert_int_equal(labels->height, found->labels.height);
    for (uint32_t y = 0; y < labels->height; y++) {
        for (uint32_t x = 0; x < labels->width; x++) {
            equal += found->labels.pixels[y * found->labels.stride_bytes + x] ==
                     labels->pixels[y * labels->stride_bytes + 4 * (size_t)x];
        }
    }
    return equal;
}

static void check_float(const golden *g) {
    opened o = open_model(model_file(g->model), BD_QUANTISED_FLOAT);
    assert_string_equal(o.info.form, "TensorFlow Lite model");
    assert_string_equal(o.info.backbone, g->backbone);
    assert_int_equal(o.info.output_stride, g->stride);
    assert_false(o.info.integers);
    assert_null(o.info.in_float);
    bd_image photo = test_read_image(model_file(g->input));
    bd_image labels = test_read_image(model_file(g->labels));
    bd_segmentation found = segment(&o, &photo);
    assert_int_equal(found.class_count, g->classes);
    assert_int_equal(found.logits_width, g->grid);
    assert_int_equal(found.labels.width, g->side);
    double share = (double)count_equal(&found, &labels) / ((double)labels.width * labels.height);
    (void)printf("%s in float: %.2f %% of the labels\n", g->model, 100 * share);
    assert_true(share >= g->least_agreement);
    if (g->logits) {
        check_logits(g, found.logits);
    }
    bd_segmentation_finish(&found);
    bd_image_finish(&photo);
    bd_image_finish(&labels);
    close_model(&o);
}

static const char *golden_file(const char *name, const char *end) {
    char path[256];
    (void)snprintf(path, sizeof path, "tests/golden/tflite/%s.%s", name, end);
    return test_source_file(path);
}

/* Of one byte an element, against real logits. */
static void check_stored(const char *name, const bd_segmentation *found, float step, int32_t zero_point,
                         bool is_signed) {
    size_t count = (size_t)found->logits_width * found->logits_height * found->class_count;
    uint8_t *bytes = test_read_npy(golden_file(name, "npy"), count);
    for (size_t i = 0; i < count; i++) {
        int32_t stored = (is_signed ? (int8_t)bytes[i] : bytes[i]) - zero_point;
        if (!(fabsf(found->logits[i] - (float)stored * step) < step / 100)) {
            fail_msg("%s: logit %zu is %g steps, not %d", name, i, (double)(found->logits[i] / step), stored);
        }
    }
    free(bytes);
}

static void check_integers(const char *name, const char *model, const bd_image *photo, float step, int32_t zero_point,
                           bool is_signed) {
    opened o = open_model(model, BD_QUANTISED_INTEGER);
    assert_true(o.info.integers);
    assert_null(o.info.in_float);
    bd_image labels = test_read_image(golden_file(name, "png"));
    bd_segmentation found = segment(&o, photo);
    size_t equal = count_equal(&found, &labels), all = (size_t)labels.width * labels.height;
    (void)printf("%s in integers: %zu of %zu labels\n", name, equal, all);
    assert_int_equal(equal, all);
    if (step > 0) {
        check_stored(name, &found, step, zero_point, is_signed);
    }
    bd_segmentation_finish(&found);
    bd_image_finish(&labels);
    close_model(&o);
}

static void test_files(void **state) {
    const golden *g = *state;
    check_float(g);
    if (g->lite) {
        bd_image photo = test_read_image(model_file(g->input));
        check_integers(g->lite, model_file(g->model), &photo, g->step, g->zero_point, false);
        bd_image_finish(&photo);
    }
}

/* What the real files do not have: sums and zero points on both sides of 0, parts of other scales, pixel centres. */
static void test_samples(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t side;
        float step;
        int32_t zero_point;
        bool is_signed;
    } samples[] = {{"integers", 16, 0.5f, 20, true}, {"integers_uint8", 17, 0.1f, 100, false}};
    for (size_t s = 0; s < sizeof samples / sizeof samples[0]; s++) {
        char path[256];
        const size_t pixels = (size_t)samples[s].side * samples[s].side;
        uint8_t photo[17 * 17 * 4];
        for (size_t i = 0; i < 4 * pixels; i++) {
            photo[i] = i % 4 == 3 ? 255 : (uint8_t)(37 * (i / 4 * 3 + i % 4) + 11);
        }
        const bd_image image = {.pixels = photo,
                                .width = samples[s].side,
                                .height = samples[s].side,
                                .stride_bytes = 4 * samples[s].side,
                                .format = BD_FORMAT_RGBA8};
        (void)snprintf(path, sizeof path, "tests/fuzz/corpus/tflite/%s.tflite", samples[s].name);
        check_integers(samples[s].name, test_source_file(path), &image, samples[s].step, samples[s].zero_point,
                       samples[s].is_signed);
    }
}

static int set_up(void **state) {
    (void)state;
    test_engine_open(&t, NULL, NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    test_session_close(&t);
    return 0;
}

int main(void) {
    if (!model_file(goldens[0].model) || test_device_skip()) {
        (void)printf("skipped: no %s, or no device\n", goldens[0].model);
        return 77;
    }
    struct CMUnitTest tests[sizeof goldens / sizeof goldens[0] + 1];
    tests[sizeof goldens / sizeof goldens[0]] = (struct CMUnitTest)cmocka_unit_test(test_samples);
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
        tests[i] = (struct CMUnitTest){goldens[i].model, test_files, NULL, NULL, (void *)(uintptr_t)&goldens[i]};
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
