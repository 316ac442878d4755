/* SPDX-License-Identifier: MIT
 * Backbones are told by their structure, whatever head they have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/describe.h"

static bd_graph graph;
static bd_error error;

static void begin(void) {
    assert_int_equal(bd_graph_init(&graph, NULL, "test", &error), BD_OK);
    graph.input = bd_graph_add(&graph, BD_OP_PREPROCESS, "photo", NULL, 0);
    graph.nodes[graph.input].shape = bd_shape_make(4, (const int32_t[]){1, 256, 256, 3});
}

static void check_name(const char *name) {
    bd_model_info info = {0};
    bd_describe_backbone(&graph, &info);
    assert_string_equal(info.backbone, name);
    bd_graph_finish(&graph);
}

static uint32_t add(bd_op op, uint32_t from, int32_t side, int32_t channels) {
    uint32_t node = bd_graph_add(&graph, op, "conv", &from, 1);
    assert_true(node != BD_NO_NODE);
    graph.nodes[node].u.conv.kernel_h = graph.nodes[node].u.conv.kernel_w = side;
    graph.nodes[node].shape = bd_shape_make(4, (const int32_t[]){1, 16, 16, channels});
    return node;
}

static int32_t channels_of(uint32_t node) {
    return graph.nodes[node].shape.dims[3];
}

static uint32_t inverted(uint32_t from, int32_t ratio, int32_t channels) {
    int32_t wide = ratio * channels_of(from);
    uint32_t x = ratio > 1 ? add(BD_OP_CONV, from, 1, wide) : from;
    return add(BD_OP_CONV, add(BD_OP_DEPTHWISE, x, 3, wide), 1, channels);
}

/* Keras' rule: a multiple of 8, near the width's share. */
static int32_t divisible(double channels) {
    int32_t near = ((int32_t)(channels + 4)) / 8 * 8;
    near = near < 8 ? 8 : near;
    return near < 0.9 * channels ? near + 8 : near;
}

static uint32_t mobilenet_v2(double width, int blocks) {
    static const int32_t widths[] = {16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320};
    uint32_t x = add(BD_OP_CONV, graph.input, 3, divisible(32 * width));
    for (int i = 0; i < blocks; i++) {
        x = inverted(x, i ? 6 : 1, divisible(widths[i] * width));
    }
    return x;
}

/* Dense convolutions of 3x3 in the head, as the STM32 model zoo's DeepLab has. */
static void dense_head(uint32_t from) {
    for (int i = 0; i < 4; i++) {
        (void)add(BD_OP_CONV, from, 3, 256);
    }
}

static void test_mobilenet_v2(void **state) {
    (void)state;
    static const struct {
        double width;
        const char *name;
    } widths[] = {{0.5, "MobileNetV2, width 0.5"}, {1, "MobileNetV2, width 1"}, {1.4, "MobileNetV2, width 1.4"}};
    for (size_t i = 0; i < BD_COUNT(widths); i++) {
        begin();
        dense_head(mobilenet_v2(widths[i].width, 17));
        check_name(widths[i].name);
    }
    begin();
    (void)mobilenet_v2(0.5, 17);
    check_name("MobileNetV2, width 0.5");
}

/* Without its last blocks, and with a separable head that looks like one more. */
static void test_cut_short(void **state) {
    (void)state;
    begin();
    dense_head(mobilenet_v2(0.5, 13));
    check_name("MobileNetV2, width 0.5");
    begin();
    (void)inverted(mobilenet_v2(1, 13), 6, 256);
    check_name("MobileNetV2, width 1");
}

/* Its first blocks expand by 3x3 convolutions. */
static void test_edgetpu(void **state) {
    (void)state;
    begin();
    uint32_t x = add(BD_OP_CONV, graph.input, 3, 32);
    for (int i = 0; i < 4; i++) {
        x = add(BD_OP_CONV, add(BD_OP_CONV, x, 3, 8 * channels_of(x)), 1, 32);
    }
    for (int i = 0; i < 12; i++) {
        x = inverted(x, 8, 96);
    }
    check_name("MobileNet EdgeTPU");
}

static void test_unknown(void **state) {
    (void)state;
    begin();
    uint32_t x = add(BD_OP_CONV, graph.input, 3, 32);
    for (int i = 0; i < 17; i++) {
        x = inverted(x, 6, 48);
    }
    dense_head(x);
    check_name("unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mobilenet_v2), cmocka_unit_test(test_cut_short),
                                       cmocka_unit_test(test_edgetpu), cmocka_unit_test(test_unknown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
