/* SPDX-License-Identifier: MIT
 * The passes that settle a graph's two ends, its input and what follows the logits; and all of them short of memory. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/small_graphs.h"

/* ---- preprocess ------------------------------------------------------------------------------------------------- */

static uint32_t at(uint32_t shape, int32_t i) {
    uint32_t index = bd_graph_add(&sg_graph, BD_OP_STRIDED_SLICE, "at",
                                  (const uint32_t[]){shape, sg_list(1, &i), sg_list(1, (const int32_t[]){i + 1}),
                                                     sg_list(1, (const int32_t[]){1})},
                                  4);
    sg_graph.nodes[index].u.slice.shrink_axis_mask = 1;
    return index;
}

static uint32_t pack(uint32_t a, uint32_t b) {
    return sg_two(BD_OP_PACK, a, b);
}

/* As DeepLab's export: cast, a resize to the same size, mean subtracted, padded to side, mean added, scaled. */
static uint32_t deeplab_input(int32_t open, int32_t side) {
    const int32_t zero = 0;
    uint32_t x = sg_add_input(BD_U8, open, open), nothing = sg_ints(0, NULL, &zero), target = sg_ints(0, NULL, &side);
    x = sg_cast(sg_one(BD_OP_SQUEEZE, x), BD_F32);
    sg_graph.nodes[sg_graph.nodes[x].inputs[0]].u.axes.count = 1;
    uint32_t shape = sg_one(BD_OP_SHAPE, x), size = pack(at(shape, 0), at(shape, 1));
    size = sg_cast(sg_cast(size, BD_F32), BD_I32);
    x = sg_two(BD_OP_RESIZE_BILINEAR, sg_two(BD_OP_EXPAND_DIMS, x, nothing), size);
    sg_graph.nodes[x].u.resize.align_corners = true;
    x = sg_one(BD_OP_SQUEEZE, x);
    sg_graph.nodes[x].u.axes.count = 1;
    uint32_t grey = sg_floats(3, (const int32_t[]){1, 1, 3});
    float *mean = bd_pool_alloc(&sg_graph.pool, 3 * sizeof *mean);
    mean[0] = mean[1] = mean[2] = 127.5f;
    sg_graph.nodes[grey].data = mean;
    x = sg_two(BD_OP_SUB, x, grey);
    shape = sg_one(BD_OP_SHAPE, x);
    uint32_t grow[2];
    for (int32_t i = 0; i < 2; i++) {
        grow[i] = pack(nothing, sg_two(BD_OP_MAXIMUM, sg_two(BD_OP_SUB, target, at(shape, i)), nothing));
    }
    x = sg_two(BD_OP_PAD, x, sg_three(BD_OP_PACK, grow[0], grow[1], pack(nothing, nothing)));
    x = sg_two(BD_OP_EXPAND_DIMS, sg_two(BD_OP_ADD, x, grey), nothing);
    return sg_two(BD_OP_SUB, sg_two(BD_OP_MUL, sg_scalar(0.007843137718737125f), x), sg_scalar(1));
}

static void test_deeplab_input(void **state) {
    (void)state;
    sg_begin();
    sg_graph.output = sg_point(deeplab_input(-1, 17), 3, 4);
    assert_int_equal(bd_graph_lower(&sg_graph, 33, &sg_error), BD_OK);
    sg_check_valid();
    assert_int_equal(sg_graph.count, 4);
    assert_int_equal(sg_count_op(BD_OP_PREPROCESS), 1);
    const bd_node *input = &sg_graph.nodes[sg_graph.input], *made = &sg_graph.nodes[sg_output()->inputs[0]];
    assert_int_equal(made->op, BD_OP_PREPROCESS);
    assert_int_equal(made->inputs[0], sg_graph.input);
    for (int i = 0; i < 3; i++) {
        const float scale = 0.007843137718737125f;
        volatile float product = 127.5f * scale;
        assert_true(made->u.preprocess.scale[i] == scale);
        assert_true(made->u.preprocess.offset[i] == -1.0f);
        assert_true(made->u.preprocess.outside[i] == product - 1.0f);
    }
    /* 17 from the padding, whatever size was asked for. */
    assert_memory_equal(input->shape.dims, ((const int32_t[]){1, 17, 17, 3}), 4 * sizeof(int32_t));
    assert_memory_equal(made->shape.dims, input->shape.dims, 4 * sizeof(int32_t));
    bd_graph_finish(&sg_graph);
}

/* A small photo through the whole export against the same photo at the top left of the lowered network's input. */
static void test_small_photo(void **state) {
    (void)state;
    sg_begin();
    sg_graph.output = sg_conv(BD_OP_CONV, deeplab_input(6, 17), sg_weights(3, 3, 4), 2, BD_PADDING_SAME);
    assert_int_equal(bd_pass_fold(&sg_graph, &sg_error), BD_OK);
    uint8_t *photo = sg_any_photo(6);
    float *expected = sg_run(photo, 6);
    size_t count = (size_t)bd_shape_elements(&sg_output()->shape);
    bd_graph_finish(&sg_graph);
    sg_begin();
    sg_graph.output = sg_conv(BD_OP_CONV, deeplab_input(-1, 17), sg_weights(3, 3, 4), 2, BD_PADDING_SAME);
    assert_int_equal(bd_graph_lower(&sg_graph, 33, &sg_error), BD_OK);
    assert_int_equal(bd_shape_elements(&sg_output()->shape), count);
    float *got = sg_run(photo, 6);
    for (size_t i = 0; i < count; i++) {
        assert_true(fabsf(got[i] - expected[i]) < 1e-5f);
    }
    bd_graph_finish(&sg_graph);
    free(photo);
    free(expected);
    free(got);
}

/* A padding by a fixed amount is the convolution's and decides no size. */
static void test_open_without_pad(void **state) {
    (void)state;
    sg_begin();
    const int32_t values[8] = {0, 0, 0, 1, 0, 1, 0, 0};
    uint32_t x = sg_two(BD_OP_DIV, sg_cast(sg_add_input(BD_U8, -1, -1), BD_F32), sg_scalar(255));
    x = sg_two(BD_OP_PAD, x, sg_ints(2, (const int32_t[]){4, 2}, values));
    sg_graph.output = sg_conv(BD_OP_CONV, x, sg_weights(3, 3, 4), 2, BD_PADDING_VALID);
    assert_int_equal(bd_graph_lower(&sg_graph, 20, &sg_error), BD_OK);
    assert_int_equal(sg_graph.nodes[sg_graph.input].shape.dims[1], 20);
    assert_int_equal(sg_output()->shape.dims[1], 10);
    assert_int_equal(sg_output()->u.conv.pad_top, 0);
    const bd_node *made = &sg_graph.nodes[sg_output()->inputs[0]];
    assert_int_equal(made->op, BD_OP_PREPROCESS);
    assert_true(made->u.preprocess.offset[0] == 0 && made->u.preprocess.outside[0] == 0.5f);
    bd_graph_finish(&sg_graph);
}

static void test_core(void **state) {
    (void)state;
    sg_begin();
    sg_graph.output = sg_point(sg_add_input(BD_F32, -1, -1), 3, 4);
    assert_int_equal(bd_graph_lower(&sg_graph, 21, &sg_error), BD_OK);
    sg_check_valid();
    const bd_node *made = &sg_graph.nodes[sg_output()->inputs[0]];
    assert_int_equal(made->op, BD_OP_PREPROCESS);
    assert_int_equal(made->shape.dims[2], 21);
    assert_true(made->u.preprocess.scale[2] == (float)(2.0 / 255) && made->u.preprocess.offset[2] == -1);
    assert_true(made->u.preprocess.outside[2] == 0);
    bd_graph_finish(&sg_graph);
}

/* ---- tail ------------------------------------------------------------------------------------------------------- */

static uint32_t argmax(uint32_t x, int32_t axis) {
    return sg_two(BD_OP_ARGMAX, x, sg_ints(0, NULL, &axis));
}

static void test_tail(void **state) {
    (void)state;
    sg_begin();
    uint32_t logits = sg_conv(BD_OP_CONV, sg_stem(), sg_weights(1, 4, 5), 2, BD_PADDING_SAME);
    uint32_t x = sg_one(BD_OP_SOFTMAX, sg_resize(sg_resize(logits, 5, true), SG_SIDE, true));
    x = sg_cast(argmax(sg_one(BD_OP_IDENTITY, x), 3), BD_U8);
    x = sg_three(BD_OP_SLICE, x, sg_list(3, (const int32_t[]){0, 0, 0}), sg_list(3, (const int32_t[]){1, 4, 6}));
    sg_graph.output = sg_one(BD_OP_SQUEEZE, x);
    assert_int_equal(bd_graph_lower(&sg_graph, SG_SIDE, &sg_error), BD_OK);
    assert_int_equal(sg_output()->op, BD_OP_CONV);
    assert_memory_equal(sg_output()->shape.dims, ((const int32_t[]){1, 5, 5, 5}), 4 * sizeof(int32_t));
    assert_int_equal(sg_count_op(BD_OP_RESIZE_BILINEAR) + sg_count_op(BD_OP_SOFTMAX) + sg_count_op(BD_OP_ARGMAX), 0);
    bd_graph_finish(&sg_graph);
}

/* The last resize says where the logits lie under the photo. */
static void test_tail_upsampling(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        sg_begin();
        sg_graph.output = sg_conv(BD_OP_CONV, sg_stem(), sg_weights(1, 4, 5), 2, BD_PADDING_SAME);
        if (i) {
            sg_graph.output = sg_resize(sg_graph.output, SG_SIDE, i == 1);
            sg_graph.nodes[sg_graph.output].u.resize.half_pixel_centers = i == 2;
            sg_graph.output =
                argmax(sg_resize(sg_graph.output, SG_SIDE, false), 3); /* one that does nothing says nothing */
        }
        assert_int_equal(bd_graph_lower(&sg_graph, SG_SIDE, &sg_error), BD_OK);
        static const bd_upsampling expected[] = {BD_UPSAMPLING_CORNERS, BD_UPSAMPLING_CORNERS, BD_UPSAMPLING_CENTERS,
                                                 BD_UPSAMPLING_LEGACY};
        assert_int_equal(sg_graph.upsampling, expected[i]);
        bd_graph_finish(&sg_graph);
    }
}

/* Of two resizes the first makes the logits. */
static void test_tail_two_resizes(void **state) {
    (void)state;
    sg_begin();
    uint32_t x = sg_conv(BD_OP_CONV, sg_stem(), sg_weights(1, 4, 5), 2, BD_PADDING_SAME);
    x = sg_resize(sg_resize(x, SG_SIDE - 1, false), SG_SIDE, true);
    sg_graph.output = argmax(x, 3);
    assert_int_equal(bd_graph_lower(&sg_graph, SG_SIDE, &sg_error), BD_OK);
    assert_int_equal(sg_output()->op, BD_OP_RESIZE_BILINEAR);
    assert_false(sg_output()->u.resize.align_corners);
    assert_int_equal(sg_output()->shape.dims[1], SG_SIDE - 1);
    assert_int_equal(sg_graph.upsampling, BD_UPSAMPLING_CORNERS);
    bd_graph_finish(&sg_graph);
}

static void test_tail_refused(void **state) {
    (void)state;
    enum { CASES = 4 };
    for (int i = 0; i < CASES; i++) {
        sg_begin();
        uint32_t x = sg_conv(BD_OP_CONV, sg_stem(), sg_weights(1, 4, 5), 2, BD_PADDING_SAME);
        switch (i) {
        case 0: sg_graph.output = argmax(sg_resize(sg_resize(x, SG_SIDE, true), SG_SIDE + 1, true), 3); break;
        case 1: sg_graph.output = argmax(sg_resize(x, SG_SIDE - 1, true), 3); break;
        case 2: sg_graph.output = argmax(sg_resize(sg_one(BD_OP_SOFTMAX, x), SG_SIDE, true), 3); break;
        default: sg_graph.output = argmax(sg_resize(x, SG_SIDE, true), 1); break;
        }
        static const char *const says[CASES] = {"does not resize to the", "does not resize to the",
                                                "before the logits' resize", "is not over the classes"};
        sg_check_refused(says[i]);
    }
}

/* ---- short memory ----------------------------------------------------------------------------------------------- */

static int64_t until_failure, live;

static void *take(void *user, size_t bytes) {
    (void)user;
    void *memory = until_failure-- > 0 ? malloc(bytes) : NULL;
    live += memory != NULL;
    return memory;
}

static void *retake(void *user, void *memory, size_t bytes) {
    (void)user;
    void *moved = until_failure-- > 0 ? realloc(memory, bytes) : NULL;
    live += !memory && moved;
    return moved;
}

static void release(void *user, void *memory) {
    (void)user;
    live--;
    free(memory);
}

static void test_short_memory(void **state) {
    (void)state;
    static const bd_allocator allocator = {NULL, take, retake, release};
    bd_result result = BD_ERR_OUT_OF_MEMORY;
    int64_t room = 0;
    for (; result == BD_ERR_OUT_OF_MEMORY && room < 1000; room++) {
        until_failure = INT64_MAX;
        live = 0;
        sg_seed = 1;
        assert_int_equal(bd_graph_init(&sg_graph, &allocator, "p.json", &sg_error), BD_OK);
        uint32_t x = deeplab_input(-1, 17), y = sg_clamp(sg_point(x, 3, 4), 0, 6);
        uint32_t map = sg_two(BD_OP_MEAN, y, sg_list(2, (const int32_t[]){1, 2}));
        y = sg_concat(y, sg_resize(sg_point(map, 4, 4), 17, true));
        sg_graph.output =
            argmax(sg_two(BD_OP_MUL, sg_two(BD_OP_ADD, sg_point(y, 8, 5), sg_vector(5)), sg_vector(5)), 3);
        until_failure = room;
        result = bd_graph_lower(&sg_graph, 17, &sg_error);
        bd_graph_finish(&sg_graph);
        assert_int_equal(live, 0);
    }
    assert_int_equal(result, BD_OK);
    assert_true(room > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deeplab_input),
        cmocka_unit_test(test_small_photo),
        cmocka_unit_test(test_open_without_pad),
        cmocka_unit_test(test_core),
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_tail_upsampling),
        cmocka_unit_test(test_tail_two_resizes),
        cmocka_unit_test(test_tail_refused),
        cmocka_unit_test(test_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
