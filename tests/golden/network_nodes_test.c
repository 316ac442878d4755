/* SPDX-License-Identifier: MIT
 * The default network node by node: every tensor that the device computes against the scalar reference run of the same
 * lowered graph, with every kernel set of the device; and the lowered graph against the exported one. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/passes.h"
#include "api/model.h"
#include "network/network.h"
#include "reference/reference.h"

typedef struct tensors {
    float **data; /* by node */
    uint32_t count;
} tensors;

static void keep(void *user, const bd_graph *graph, uint32_t node, const float *data) {
    tensors *kept = user;
    size_t count = (size_t)bd_shape_elements(&graph->nodes[node].shape);
    kept->data[node] = malloc(count * sizeof(float));
    assert_non_null(kept->data[node]);
    memcpy(kept->data[node], data, count * sizeof(float));
}

static void check_node(bd_network *network, const bd_model *model, uint32_t index, const float *expected) {
    const bd_node *node = &model->graph.nodes[index];
    size_t rows = bd_shape_pixels(&node->shape);
    size_t channels = (size_t)node->shape.dims[node->shape.rank - 1];
    size_t padded = (size_t)bd_shape_c4(&node->shape) * 4;
    float *got = malloc(rows * padded * sizeof *got);
    bd_error error;
    assert_non_null(got);
    assert_int_equal(bd_vk_buffer_read(network->vk, &network->arena, network->plan.tensors[index].offset_bytes, got,
                                       rows * padded * sizeof *got, &error),
                     BD_OK);
    /* Sums are taken in another order, so errors scale with what was summed, not with what came out. */
    float largest = 0;
    for (size_t i = 0; i < rows * channels; i++) {
        largest = fmaxf(largest, fabsf(expected[i]));
    }
    double squares = 0;
    double error_squares = 0;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < padded; c++) {
            float want = c < channels ? expected[r * channels + c] : 0;
            float difference = got[r * padded + c] - want;
            squares += (double)want * (double)want;
            error_squares += (double)difference * (double)difference;
            if (!(fabsf(difference) <= 5e-5f * largest)) {
                fail_msg("node %s (%s), pixel %zu, channel %zu: %g, expected %g", node->name, bd_op_name(node->op), r,
                         c, (double)got[r * padded + c], (double)want);
            }
        }
    }
    assert_true(error_squares <= 1e-9 * squares);
    free(got);
}

/* Runs the network once on a device with a plan in which every tensor stays. */
static void check_column(const bd_model *model, const char *column, const bd_image *photo, const tensors *expected) {
    bd_error error;
    const bd_engine_params params = {
        .struct_size = sizeof params, .kernel_set = column, .device = getenv("BACKDROP_DEVICE"), .validation = true};
    bd_vk vk;
    bd_result opened = bd_column_open(&vk, &params, &error);
    if (opened == BD_ERR_UNSUPPORTED) {
        (void)printf("%s: %s\n", column, error.message);
        return;
    }
    assert_int_equal(opened, BD_OK);
    bd_network network;
    bd_vk_commands commands;
    bd_vk_buffer input;
    size_t bytes = (size_t)photo->width * photo->height * 4;
    const bd_network_params stay = {.keep_all = true};
    assert_int_equal(bd_network_init(&network, &vk, &model->graph, &stay, &error), BD_OK);
    assert_int_equal(bd_vk_commands_init(&vk, &commands, 0, &error), BD_OK);
    assert_int_equal(bd_vk_buffer_init(&vk, &input, bytes, BD_VK_MEMORY_DEVICE, &error), BD_OK);
    assert_int_equal(bd_vk_buffer_write(&vk, &input, 0, photo->pixels, bytes, &error), BD_OK);
    bd_vk_dispatch dispatch;
    bd_kernel_preprocess(&vk, &network.preprocess, BD_PRECISION_FP32, false, photo->width, photo->height, &dispatch);
    dispatch.bindings[0].buffer = &input;
    dispatch.bindings[0].bytes = bytes;
    dispatch.bindings[4] = network.input;
    assert_int_equal(bd_vk_commands_begin(&commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, &error), BD_OK);
    assert_int_equal(bd_vk_commands_dispatch(&commands, &dispatch, &error), BD_OK);
    bd_vk_commands_barrier(&commands);
    assert_int_equal(bd_vk_commands_end(&commands, &error), BD_OK);
    const bd_vk_commands *list[] = {&commands, &network.commands};
    assert_int_equal(bd_vk_submit(&vk, list, 2, &error), BD_OK);
    uint32_t checked = 0;
    for (uint32_t n = 0; n < model->graph.count; n++) {
        if (expected->data[n] && network.plan.tensors[n].offset_bytes != BD_PLAN_NO_OFFSET) {
            check_node(&network, model, n, expected->data[n]);
            checked++;
        }
    }
    (void)printf("%s, %s: %u nodes agree\n", vk.info.name, column, checked);
    assert_int_equal(checked, network.plan.step_count);
    assert_int_equal(vk.validation_messages, 0);
    bd_vk_buffer_finish(&vk, &input);
    bd_vk_commands_finish(&commands);
    bd_network_finish(&network);
    bd_vk_finish(&vk);
}

static void test_every_node(void **state) {
    (void)state;
    bd_error error;
    bd_model *model;
    assert_int_equal(bd_model_open(test_model_path(), NULL, &model, &error), BD_OK);
    /* The sample at 512x512: rows and columns of padding on two sides. */
    bd_image photo = test_read_image(test_source_file("tools/samples/person.jpg"));
    tensors expected = {calloc(model->graph.count, sizeof(float *)), model->graph.count};
    float *logits = malloc((size_t)bd_shape_elements(&model->graph.nodes[model->graph.output].shape) * sizeof *logits);
    assert_non_null(expected.data);
    assert_non_null(logits);
    if (bd_ref_run(&model->graph, photo.pixels, (int32_t)photo.height, (int32_t)photo.width, NULL, logits, keep,
                   &expected, &error)) {
        fail_msg("%s", error.message);
    }
    for (uint32_t i = 0; bd_kernel_set_name(i); i++) {
        check_column(model, bd_kernel_set_name(i), &photo, &expected);
    }
    for (uint32_t n = 0; n < expected.count; n++) {
        free(expected.data[n]);
    }
    free(expected.data);
    free(logits);
    bd_image_finish(&photo);
    bd_model_destroy(model);
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_node)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
