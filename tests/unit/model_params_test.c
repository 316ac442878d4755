/* SPDX-License-Identifier: MIT
 * What bd_model_params say of a network: what it is fed, and whether one that is out of all proportion is opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backdrop.h"

enum { SIDE = 15, BORDER = SIDE / 2 }; /* of windows */

/* ---- an ONNX file in memory --------------------------------------------------------------------------------------- */

typedef struct bytes {
    uint8_t *data;
    size_t count;
} bytes;

static void put(bytes *to, const void *data, size_t count) {
    to->data = realloc(to->data, to->count + count);
    assert_non_null(to->data);
    memcpy(to->data + to->count, data, count);
    to->count += count;
}

static void put_number(bytes *to, uint64_t number) {
    do {
        uint8_t byte = (uint8_t)((number & 127) | (number > 127 ? 128 : 0));
        put(to, &byte, 1);
        number >>= 7;
    } while (number);
}

static void put_field(bytes *to, uint32_t field, uint64_t number) {
    put_number(to, field << 3);
    put_number(to, number);
}

static void put_text(bytes *to, uint32_t field, const char *text) {
    put_number(to, field << 3 | 2);
    put_number(to, strlen(text));
    put(to, text, strlen(text));
}

/* Takes the message's memory. */
static void put_message(bytes *to, uint32_t field, bytes message) {
    put_number(to, field << 3 | 2);
    put_number(to, message.count);
    put(to, message.data, message.count);
    free(message.data);
}

static bytes value_info(const char *name, const int32_t *dims, uint32_t rank) {
    bytes shape = {0}, tensor = {0}, type = {0}, info = {0};
    for (uint32_t d = 0; d < rank; d++) {
        bytes dim = {0};
        put_field(&dim, 1, (uint64_t)dims[d]);
        put_message(&shape, 1, dim);
    }
    put_field(&tensor, 1, 1);
    put_message(&tensor, 2, shape);
    put_message(&type, 1, tensor);
    put_text(&info, 1, name);
    put_message(&info, 2, type);
    return info;
}

static bytes weights(const char *name, int32_t out, int32_t in, int32_t side) {
    bytes tensor = {0}, raw = {0};
    const int32_t dims[4] = {out, in, side, side};
    for (int d = 0; d < 4; d++) {
        put_field(&tensor, 1, (uint64_t)dims[d]);
    }
    put_field(&tensor, 2, 1);
    put_text(&tensor, 8, name);
    raw.count = (size_t)out * (size_t)in * (size_t)(side * side) * sizeof(float);
    raw.data = malloc(raw.count);
    assert_non_null(raw.data);
    for (size_t i = 0; i < raw.count / sizeof(float); i++) {
        memcpy(raw.data + i * sizeof(float), &(const float){0.01f}, sizeof(float)); /* zeros would be left out */
    }
    put_message(&tensor, 9, raw);
    return tensor;
}

static bytes convolution(const char *from, const char *weight, const char *to) {
    bytes node = {0}, pads = {0};
    put_text(&node, 1, from);
    put_text(&node, 1, weight);
    put_text(&node, 2, to);
    put_text(&node, 4, "Conv");
    put_text(&pads, 1, "pads");
    for (int i = 0; i < 4; i++) {
        put_field(&pads, 8, BORDER);
    }
    put_field(&pads, 20, 7);
    put_message(&node, 5, pads);
    return node;
}

/* `layers` convolutions that share their weights, of side x side photos. */
static bytes network(int32_t side, int32_t channels, int layers) {
    bytes graph = {0}, opset = {0}, model = {0};
    put_message(&graph, 1, convolution("x", "first", "t0"));
    for (int i = 0; i < layers; i++) {
        char from[16], to[16];
        (void)snprintf(from, sizeof from, "t%d", i);
        (void)snprintf(to, sizeof to, i == layers - 1 ? "y" : "t%d", i + 1);
        put_message(&graph, 1, convolution(from, "w", to));
    }
    put_message(&graph, 5, weights("first", channels, 3, SIDE));
    put_message(&graph, 5, weights("w", channels, channels, SIDE));
    put_message(&graph, 11, value_info("x", (const int32_t[]){1, 3, side, side}, 4));
    put_message(&graph, 12, value_info("y", (const int32_t[]){1, channels, side, side}, 4));
    put_field(&model, 1, 7);
    put_message(&model, 7, graph);
    put_field(&opset, 2, 13);
    put_message(&model, 8, opset);
    return model;
}

static bd_result open_network(const bytes *file, const bd_model_params *params, bd_model_info *info, bd_error *error) {
    bd_model *model;
    bd_result result = bd_model_open_memory(file->data, file->count, "net.onnx", NULL, params, &model, error);
    if (!result) {
        *info = (bd_model_info){.struct_size = sizeof *info};
        assert_int_equal(bd_model_get_info(model, info), BD_OK);
        bd_model_destroy(model);
    }
    return result;
}

/* ---- tests --------------------------------------------------------------------------------------------------------- */

static void test_work(void **state) {
    (void)state;
    bytes file = network(4096, 64, 1);
    bd_model_info info;
    bd_error error;
    bd_model_params params = {.struct_size = sizeof params};
    assert_int_equal(open_network(&file, &params, &info, &error), BD_OK);
    assert_true(info.multiply_adds > 10000000000000 && info.multiply_adds < 100000000000000);
    free(file.data);
    file = network(4096, 64, 7);
    assert_int_equal(open_network(&file, &params, &info, &error), BD_ERR_MODEL_UNSUPPORTED);
    assert_non_null(
        strstr(error.message, "net.onnx: 1.09e+14 multiply-adds for one photo of 4096x4096, more than 10^14"));
    params.force = true;
    assert_int_equal(open_network(&file, &params, &info, &error), BD_OK);
    assert_true(info.multiply_adds > 100000000000000);
    free(file.data);
}

static void test_input(void **state) {
    (void)state;
    static const struct {
        bd_input_range range;
        float mean, deviation, low, high; /* of red, then of any */
    } ranges[] = {{BD_INPUT_RANGE_AUTO, 0.5f, 0.5f, -1, 1},
                  {BD_INPUT_RANGE_0_1, 0, 1, 0, 1},
                  {BD_INPUT_RANGE_MINUS_1_1, 0.5f, 0.5f, -1, 1},
                  {BD_INPUT_RANGE_0_255, 0, 1 / 255.0f, 0, 255},
                  {BD_INPUT_RANGE_IMAGENET, 0.485f, 0.229f, -2.117904f, 2.64f},
                  {BD_INPUT_RANGE_GIVEN, 0.25f, 0.5f, -0.5f, 4}};
    bytes file = network(16, 4, 1);
    bd_model_info info;
    bd_error error;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        for (int bgr = 0; bgr < 2; bgr++) {
            const bd_model_params params = {.struct_size = sizeof params,
                                            .input_range = ranges[i].range,
                                            .input_mean = {0.25f, 0, 0},
                                            .input_deviation = {0.5f, 1, 0.25f},
                                            .channels = bgr ? BD_CHANNELS_BGR : BD_CHANNELS_RGB};
            assert_int_equal(open_network(&file, &params, &info, &error), BD_OK);
            assert_int_equal(info.input_source, i ? BD_INPUT_SOURCE_CALLER : BD_INPUT_SOURCE_ASSUMED);
            assert_int_equal(info.channels, params.channels);
            assert_true(fabsf(info.input_mean[0] - ranges[i].mean) < 1e-6f);
            assert_true(fabsf(info.input_deviation[0] - ranges[i].deviation) < 1e-6f);
            assert_true(fabsf(info.input_low - ranges[i].low) < 1e-5f);
            assert_true(fabsf(info.input_high - ranges[i].high) < 1e-4f);
        }
    }
    free(file.data);
}

static void test_refused(void **state) {
    (void)state;
    bytes file = network(16, 4, 1);
    bd_model_info info;
    bd_error error;
    const bd_model_params wrong[] = {
        {.struct_size = sizeof wrong[0], .input_range = (bd_input_range)6},
        {.struct_size = sizeof wrong[0], .channels = (bd_channels)2},
        {.struct_size = sizeof wrong[0], .input_range = BD_INPUT_RANGE_GIVEN},
        {.struct_size = sizeof wrong[0], .input_range = BD_INPUT_RANGE_GIVEN, .input_deviation = {1, NAN, 1}},
        {.struct_size = sizeof wrong[0],
         .input_range = BD_INPUT_RANGE_GIVEN,
         .input_mean = {INFINITY, 0, 0},
         .input_deviation = {1, 1, 1}}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(open_network(&file, &wrong[i], &info, &error), BD_ERR_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, "net.onnx: "));
    }
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_work), cmocka_unit_test(test_input),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
