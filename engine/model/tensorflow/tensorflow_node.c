/* SPDX-License-Identifier: MIT */
#include "model/tensorflow/tensorflow_node.h"

#include <stdio.h>
#include <string.h>

/* ---- attributes ------------------------------------------------------------------------------------------------- */

bd_result bd_tf_read_integer(const bd_tf *tf, const bd_tf_node *node, const char *name, int32_t low, int32_t high,
                             int32_t *value) {
    int64_t number = 0;
    bd_tf_found found = tf->form->integer(node, name, &number);
    if (found == BD_TF_ABSENT) {
        return BD_OK;
    }
    if (found != BD_TF_FOUND || number < low || number > high) {
        return bd_tf_fail_attribute(tf, node, name, "is out of range");
    }
    *value = (int32_t)number;
    return BD_OK;
}

bd_result bd_tf_read_integers(const bd_tf *tf, const bd_tf_node *node, const char *name, int32_t low, int32_t high,
                              int32_t *values, uint32_t room, uint32_t *count) {
    int64_t numbers[8];
    bd_tf_found found = tf->form->integers(node, name, numbers, room, count);
    bool fits = found != BD_TF_OTHER;
    for (uint32_t i = 0; fits && i < BD_MIN(*count, room); i++) {
        fits = numbers[i] >= low && numbers[i] <= high;
        values[i] = fits ? (int32_t)numbers[i] : 0;
    }
    if (!fits || *count > room) {
        return bd_tf_fail_attribute(tf, node, name, fits ? "has too many entries" : "is out of range");
    }
    return BD_OK;
}

bool bd_tf_text_is(const bd_tf *tf, const bd_tf_node *node, const char *name, const char *expected) {
    return tf->form->text(node, name, -1, expected) == BD_TF_FOUND;
}

/* Numbers are those of TensorFlow's types.proto. */
bool bd_tf_read_type(const bd_tf *tf, const bd_tf_node *node, const char *name, bd_dtype *dtype) {
    switch (tf->form->type(node, name)) {
    case 1:
    case 19: *dtype = BD_F32; return true; /* float16 is computed as float32 */
    case 3:
    case 9: *dtype = BD_I32; return true;
    case 4: *dtype = BD_U8; return true;
    default: return false;
    }
}

/* ---- building --------------------------------------------------------------------------------------------------- */

bd_result bd_tf_append(const bd_tf *tf, const bd_tf_node *node, const char *suffix, bd_op op, const uint32_t *inputs,
                       uint32_t input_count, uint32_t *index) {
    char short_name[256];
    const char *name = node->name;
    if (*suffix) {
        snprintf(short_name, sizeof short_name, "%.200s/%s", node->name, suffix);
        name = short_name;
    }
    *index = bd_graph_add(tf->graph, op, name, inputs, input_count);
    return *index == BD_NO_NODE ? bd_tf_fail_memory(tf, node) : BD_OK;
}

const bd_tf_node *bd_tf_input_node(const bd_tf *tf, const bd_tf_node *node, uint32_t input) {
    return &tf->nodes[node->inputs[input].node];
}

uint32_t bd_tf_input_index(const bd_tf *tf, const bd_tf_node *node, uint32_t input) {
    return bd_tf_input_node(tf, node, input)->index + node->inputs[input].port;
}

const bd_node *bd_tf_input_constant(const bd_tf *tf, const bd_tf_node *node, uint32_t input) {
    uint32_t index = node->inputs[input].port ? BD_NO_NODE : bd_tf_input_node(tf, node, input)->constant;
    return index == BD_NO_NODE ? NULL : &tf->graph->nodes[index];
}

/* The graph's indices of node's inputs first..first+count-1, in the import's pool; NULL when memory is short. */
static uint32_t *map_inputs(bd_tf *tf, const bd_tf_node *node, uint32_t first, uint32_t count) {
    uint32_t *mapped = bd_pool_alloc(&tf->pool, count * sizeof *mapped);
    for (uint32_t i = 0; mapped && i < count; i++) {
        mapped[i] = bd_tf_input_index(tf, node, first + i);
    }
    return mapped;
}

bd_result bd_tf_append_all(bd_tf *tf, bd_tf_node *node, bd_op op, uint32_t first, uint32_t count) {
    const uint32_t *inputs = map_inputs(tf, node, first, count);
    return inputs ? bd_tf_append(tf, node, "", op, inputs, count, &node->index) : bd_tf_fail_memory(tf, node);
}

bool bd_tf_scalar_float(const bd_node *constant, float *value) {
    if (!constant || constant->dtype != BD_F32 || bd_shape_elements(&constant->shape) != 1) {
        return false;
    }
    memcpy(value, constant->data, sizeof *value);
    return true;
}
