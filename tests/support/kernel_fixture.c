/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/reference.h"
#include "support/kernel_fixture.h"

void fixture_begin(fixture *f, check *harness) {
    bd_error error;
    f->harness = harness;
    assert_int_equal(bd_graph_init(&f->graph, NULL, "test", &error), BD_OK);
    f->graph.output = f->graph.input = BD_NO_NODE;
    f->label[0] = '\0';
    f->exact = false;
}

void fixture_finish(fixture *f) {
    bd_graph_finish(&f->graph);
}

uint32_t fixture_tensor(fixture *f, bd_op op, int32_t d0, int32_t d1, int32_t d2, int32_t d3, float low, float high) {
    uint32_t index = bd_graph_add(&f->graph, op, "tensor", NULL, 0);
    assert_int_not_equal(index, BD_NO_NODE);
    bd_node *node = &f->graph.nodes[index];
    const int32_t dims[] = {d0, d1, d2, d3};
    node->dtype = BD_F32;
    node->shape = bd_shape_make(4, dims);
    size_t count = (size_t)bd_shape_elements(&node->shape);
    float *values = bd_pool_alloc(&f->graph.pool, count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = bd_half_to_float(bd_half_from_float(check_float(f->harness, low, high)));
    }
    node->data = values;
    return index;
}

uint32_t fixture_integers(fixture *f, bd_op op, const int32_t dims[4], int32_t low, int32_t high) {
    uint32_t index = fixture_tensor(f, op, dims[0], dims[1], dims[2], dims[3], 0, 0);
    size_t count = (size_t)bd_shape_elements(&f->graph.nodes[index].shape);
    float *values = bd_pool_alloc(&f->graph.pool, count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (float)check_between(f->harness, low, high);
    }
    f->graph.nodes[index].data = values;
    return index;
}

const float *fixture_values(const fixture *f, uint32_t index) {
    return index == BD_NO_NODE ? NULL : f->graph.nodes[index].data;
}

bd_node *fixture_node(fixture *f, bd_op op, const uint32_t *inputs, uint32_t count, int32_t h, int32_t w, int32_t c) {
    uint32_t index = bd_graph_add(&f->graph, op, "node", inputs, count);
    assert_int_not_equal(index, BD_NO_NODE);
    bd_node *node = &f->graph.nodes[index];
    const int32_t dims[] = {1, h, w, c};
    node->dtype = BD_F32;
    node->shape = bd_shape_make(4, dims);
    return node;
}

float *fixture_expected(const bd_node *node) {
    float *values = calloc((size_t)bd_shape_elements(&node->shape), sizeof *values);
    assert_non_null(values);
    return values;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static size_t padded_count(const bd_node *node) {
    return (size_t)bd_shape_pixels(&node->shape) * bd_shape_c4(&node->shape) * 4;
}

static bool is_half(const fixture *f, uint32_t index, const bd_kernel_choice *choice) {
    return choice->precision == BD_PRECISION_FP16 && !bd_plan_is_f32(&f->graph, index);
}

/* What a binding reads, as the device sees it; free() it. */
static void *pack_operand(const fixture *f, const bd_kernel_choice *choice, const bd_kernel_operands *operands,
                          uint32_t b, const void *scratch, size_t *bytes) {
    uint32_t index = operands->nodes[b];
    if (index == BD_NO_NODE) {
        const bd_node *node = &f->graph.nodes[f->graph.count - 1];
        *bytes = bd_shape_c4(&node->shape) * 4 * sizeof(float);
        return b == 2 && operands->zero_bias ? calloc(1, *bytes) : NULL;
    }
    if (index == BD_KERNEL_SCRATCH) {
        *bytes = bd_kernel_scratch_bytes(&f->graph, f->graph.count - 1, choice);
        void *copy = malloc(*bytes);
        assert_non_null(copy);
        memcpy(copy, scratch, *bytes);
        return copy;
    }
    const bd_node *node = &f->graph.nodes[index];
    if (bd_kernel_is_packed(&f->graph, index, operands->packings[b])) {
        *bytes = bd_kernel_packed_bytes(&f->graph, index, operands->packings[b]);
        void *packed = check_output(*bytes);
        bd_kernel_pack(&f->graph, index, operands->packings[b], packed);
        return packed;
    }
    float *padded = check_pad(node->data, bd_shape_pixels(&node->shape), node->shape.dims[3]);
    *bytes = padded_count(node) * sizeof(float);
    if (is_half(f, index, choice)) {
        uint16_t *halves = (uint16_t *)(void *)padded;
        for (size_t i = 0; i < padded_count(node); i++) {
            halves[i] = bd_half_from_float(padded[i]);
        }
        *bytes /= 2;
    }
    return padded;
}

float *fixture_run(fixture *f, const bd_kernel_choice *choice) {
    bd_error error;
    check *harness = f->harness;
    uint32_t index = f->graph.count - 1;
    const bd_node *node = &f->graph.nodes[index];
    bool half = is_half(f, index, choice);
    size_t count = padded_count(node);
    size_t out_bytes = count * (half ? sizeof(uint16_t) : sizeof(float));
    size_t scratch_bytes = bd_kernel_scratch_bytes(&f->graph, index, choice);
    void *out = check_output(count * sizeof(float));
    void *scratch = scratch_bytes ? check_output(scratch_bytes) : NULL;
    for (uint32_t part = 0; part < bd_kernel_parts(&f->graph, index, choice); part++) {
        bd_vk_dispatch dispatch;
        bd_kernel_operands operands;
        if (bd_kernel_node(&harness->vk, &f->graph, index, part, choice, &dispatch, &operands, &error)) {
            fail_msg("%s: %s", f->label, error.message);
        }
        check_input inputs[BD_VK_BINDINGS - 1] = {0};
        void *packed[BD_VK_BINDINGS - 1];
        for (uint32_t b = 0; b + 1 < BD_VK_BINDINGS; b++) {
            size_t bytes = 0;
            packed[b] = pack_operand(f, choice, &operands, b, scratch, &bytes);
            inputs[b] = (check_input){packed[b], packed[b] ? bytes : 0};
        }
        char label[sizeof f->label + BD_KERNEL_NAME_BYTES + 2];
        (void)snprintf(label, sizeof label, "%s %s", choice->name, f->label);
        check_run(harness, &dispatch, inputs, operands.writes_scratch ? scratch : out,
                  operands.writes_scratch ? scratch_bytes : out_bytes, label,
                  (double)bd_node_multiply_adds(&f->graph, index));
        for (uint32_t b = 0; b + 1 < BD_VK_BINDINGS; b++) {
            free(packed[b]);
        }
    }
    free(scratch);
    float *values = out;
    if (half) {
        const uint16_t *halves = out;
        for (size_t i = count; i-- > 0;) {
            uint16_t value = halves[i];
            values[i] = bd_half_to_float(value);
        }
    }
    return values;
}

static double mean_square(const bd_node *node) {
    const float *values = node->data;
    double sum = 0;
    for (int64_t i = 0; i < (int64_t)bd_shape_elements(&node->shape); i++) {
        sum += (double)values[i] * (double)values[i];
    }
    return sum / (double)bd_shape_elements(&node->shape);
}

/* Roundings to 11 bits have a mean square error of at most 2^-22 / 3. In a part's sum of 16 products of any sign the
 * first of them is rounded 16 times, the last once, 8.5 on the average, and each product once more where multiply and
 * add round apart. In a block the depthwise result comes with its own 6 and is rounded itself. Behind an expansion it is
 * the sums' error and one rounding, of which an activation leaves as much where it leaves a quarter of their power. */
static double packed_error(const bd_kernel_choice *choice) {
    double rounding = ldexp(1.0, -22) / 3;
    switch (choice->family) {
    case BD_KERNEL_FAMILY_BLOCK: return (9.5 + 7) * rounding;
    case BD_KERNEL_FAMILY_EXPAND: return (9.5 + 1) * 4 * rounding;
    default: return 9.5 * rounding;
    }
}

/* What six standard deviations of it come to, in numbers of an output. */
static float packed_bound(const fixture *f, const bd_kernel_choice *choice) {
    const bd_node *node = &f->graph.nodes[f->graph.count - 1];
    const bd_node *weights = &f->graph.nodes[node->inputs[1]];
    const int32_t *d = weights->shape.dims;
    double products = (double)d[0] * d[1] * (node->op == BD_OP_CONV ? d[2] : 1);
    double power = products * mean_square(weights) * mean_square(&f->graph.nodes[node->inputs[0]]);
    return 6.0f * (float)sqrt(power * packed_error(choice));
}

void fixture_check(fixture *f, const bd_kernel_choice *choice, const float *expected, float absolute, float relative) {
    const bd_node *node = &f->graph.nodes[f->graph.count - 1];
    float *got = fixture_run(f, choice);
    char label[sizeof f->label + 120];
    (void)snprintf(label, sizeof label, "%s %s %s %s", bd_op_name(node->op), bd_column_names[f->harness->vk.column],
                   choice->name, f->label);
    bool half = choice->precision == BD_PRECISION_FP16 && !f->exact;
    /* Halves have 11 bits, are rounded either way, and may lose what is below 2^-14. */
    absolute += half ? 6.2e-5f : 0.0f;
    absolute += choice->packed ? packed_bound(f, choice) : 0.0f;
    double power = half ? 1e-6 : 1e-10;
    power += choice->packed ? packed_error(choice) : 0.0;
    check_tensor_within(label, expected, got, bd_shape_pixels(&node->shape), node->shape.dims[3], node->shape.dims[2],
                        absolute, relative + (half ? 1.0e-3f : 0.0f), power);
    free(got);
}

static void compare_column(fixture *f, bd_precision precision, const float *expected, float absolute, float relative) {
    static bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
    check *harness = f->harness;
    uint32_t count =
        bd_kernel_candidates(&harness->vk, &f->graph, f->graph.count - 1, precision, found, BD_KERNEL_MOST_CANDIDATES);
    assert_int_not_equal(count, 0);
    if (harness->bench) {
        free(fixture_run(f, &found[0]));
        return;
    }
    fixture_check(f, &found[0], expected, absolute, relative);
    uint32_t other = check_random(harness) % count;
    if (other && bd_kernel_absorbs(&f->graph, f->graph.count - 1, &found[other]) == BD_NO_NODE &&
        !strstr(found[other].name, "_softcoop")) {
        fixture_check(f, &found[other], expected, absolute, relative);
    }
}

void fixture_compare(fixture *f, float *expected, float absolute, float relative) {
    check *harness = f->harness;
    for (uint32_t column = 0; column < BD_COLUMN_COUNT; column++) {
        if ((harness->bench && column != harness->native) || !bd_column_runs(&harness->vk.traits, (bd_column)column)) {
            continue;
        }
        harness->vk.column = column;
        compare_column(f, BD_PRECISION_FP32, expected, absolute, relative);
        if (bd_kernel_has_fp16(&harness->vk) && bd_plan_can_be_half(&f->graph)) {
            compare_column(f, BD_PRECISION_FP16, expected, absolute, relative);
            bd_op op = f->graph.nodes[f->graph.count - 1].op;
            if ((op == BD_OP_CONV || op == BD_OP_DEPTHWISE) && bd_kernel_has_packed(&harness->vk)) {
                compare_column(f, BD_PRECISION_FAST16, expected, absolute, relative);
            }
        }
    }
    harness->vk.column = harness->native;
    free(expected);
}

/* ---- convolutions ------------------------------------------------------------------------------------------------ */

int32_t fixture_out_size(int32_t in, const window *a) {
    int32_t reach = (a->kernel - 1) * a->dilation + 1;
    return a->valid ? (in - reach) / a->stride + 1 : (in + a->stride - 1) / a->stride;
}

static int32_t pad_before(int32_t in, const window *a) {
    int32_t total = (fixture_out_size(in, a) - 1) * a->stride + (a->kernel - 1) * a->dilation + 1 - in;
    return a->valid ? 0 : BD_MAX(total, 0) / 2;
}

bd_conv_attrs fixture_attributes(const window *a) {
    return (bd_conv_attrs){.kernel_h = a->kernel,
                           .kernel_w = a->kernel,
                           .stride_h = a->stride,
                           .stride_w = a->stride,
                           .dilation_h = a->dilation,
                           .dilation_w = a->dilation,
                           .padding = BD_PADDING_EXPLICIT,
                           .pad_top = pad_before(a->h, a),
                           .pad_left = pad_before(a->w, a),
                           .clamp_low = a->low,
                           .clamp_high = a->high,
                           .hard_swish = a->hard_swish};
}

void fixture_describe(fixture *f, const window *a) {
    (void)snprintf(f->label, sizeof f->label, "%dx%d %d->%d k%d s%d d%d%s%s%s", a->h, a->w, a->in, a->out, a->kernel,
                   a->stride, a->dilation, a->valid ? " valid" : "", a->residual ? " residual" : "",
                   a->hard_swish ? " hard_swish" : "");
}

float *fixture_conv(fixture *f, const window *a) {
    fixture_describe(f, a);
    int32_t h = fixture_out_size(a->h, a), w = fixture_out_size(a->w, a);
    uint32_t inputs[4] = {fixture_tensor(f, BD_OP_INPUT, 1, a->h, a->w, a->in, -1.0f, 1.0f),
                          fixture_tensor(f, BD_OP_CONST, a->kernel, a->kernel, a->in, a->out, -1.0f, 1.0f), BD_NO_NODE,
                          BD_NO_NODE};
    inputs[2] = a->bias ? fixture_tensor(f, BD_OP_CONST, 1, 1, 1, a->out, -1.0f, 1.0f) : BD_NO_NODE;
    inputs[3] = a->residual ? fixture_tensor(f, BD_OP_INPUT, 1, h, w, a->out, -1.0f, 1.0f) : BD_NO_NODE;
    bd_node *node = fixture_node(f, BD_OP_CONV, inputs, 4, h, w, a->out);
    node->u.conv = fixture_attributes(a);
    float *expected = fixture_expected(node);
    if (!f->harness->bench) {
        bd_ref_conv(fixture_values(f, inputs[0]), a->h, a->w, a->in, fixture_values(f, inputs[1]),
                    fixture_values(f, inputs[2]), fixture_values(f, inputs[3]), &node->u.conv, expected, h, w, a->out);
    }
    return expected;
}

float fixture_conv_error(const window *a) {
    return 4e-6f * sqrtf((float)(a->kernel * a->kernel * a->in)) + 1e-6f;
}

float *fixture_depthwise(fixture *f, const window *a) {
    fixture_describe(f, a);
    int32_t h = fixture_out_size(a->h, a), w = fixture_out_size(a->w, a);
    uint32_t inputs[3] = {fixture_tensor(f, BD_OP_INPUT, 1, a->h, a->w, a->in, -1.0f, 1.0f),
                          fixture_tensor(f, BD_OP_CONST, a->kernel, a->kernel, a->in, 1, -1.0f, 1.0f), BD_NO_NODE};
    inputs[2] = a->bias ? fixture_tensor(f, BD_OP_CONST, 1, 1, 1, a->in, -1.0f, 1.0f) : BD_NO_NODE;
    bd_node *node = fixture_node(f, BD_OP_DEPTHWISE, inputs, 3, h, w, a->in);
    node->u.conv = fixture_attributes(a);
    float *expected = fixture_expected(node);
    if (!f->harness->bench) {
        bd_ref_depthwise(fixture_values(f, inputs[0]), a->h, a->w, a->in, fixture_values(f, inputs[1]),
                         fixture_values(f, inputs[2]), &node->u.conv, expected, h, w);
    }
    return expected;
}
