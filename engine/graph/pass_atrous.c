/* SPDX-License-Identifier: MIT
 * TensorFlow 1 exports atrous convolution as SpaceToBatchND, a VALID convolution, BatchToSpaceND: the same taps,
 * `block` apart, over the padded input. Padding nodes in front of a convolution become its own padding. */
#include "graph/pass_atrous.h"

#include "graph/pass_compact.h"

#define EDGE_MOST (1 << 20)

static bool is_conv(const bd_node *node) {
    return node->op == BD_OP_CONV || node->op == BD_OP_DEPTHWISE;
}

/* What a window of that extent and stride still misses past the end to give out elements. */
static int32_t missing_after(int32_t in, int32_t before, int32_t out, int32_t stride, int64_t extent) {
    int64_t after = (int64_t)(out - 1) * stride + extent - before - in;
    return (int32_t)BD_MAX(after, (int64_t)0);
}

static bool is_plain(const bd_conv_attrs *a) {
    return a->stride_h == 1 && a->stride_w == 1 && a->dilation_h == 1 && a->dilation_w == 1 && !a->pad_top &&
           !a->pad_left && !a->pad_bottom && !a->pad_right;
}

/* The convolution moves to BatchToSpace's place. Anything unusual is left as it is. */
static void dilate(bd_graph *graph, uint32_t index, const uint32_t *uses) {
    bd_node *after = &graph->nodes[index];
    bd_node *conv = &graph->nodes[after->inputs[0]];
    if (!is_conv(conv) || uses[after->inputs[0]] != 1 || !is_plain(&conv->u.conv) ||
        (conv->op == BD_OP_CONV && bd_graph_input(graph, after->inputs[0], 3) != BD_NO_NODE)) {
        return;
    }
    const bd_node *before = &graph->nodes[conv->inputs[0]];
    int32_t block[2], pads[4], other[2], crops[4];
    if (before->op != BD_OP_SPACE_TO_BATCH || bd_graph_read_i32(graph, before->inputs[1], block, 2) != 2 ||
        bd_graph_read_i32(graph, before->inputs[2], pads, 4) != 4 ||
        bd_graph_read_i32(graph, after->inputs[1], other, 2) != 2 ||
        bd_graph_read_i32(graph, after->inputs[2], crops, 4) != 4) {
        return;
    }
    const bd_node *x = &graph->nodes[before->inputs[0]];
    bd_conv_attrs a = conv->u.conv;
    int64_t extent_h = (int64_t)(a.kernel_h - 1) * block[0] + 1, extent_w = (int64_t)(a.kernel_w - 1) * block[1] + 1;
    if (block[0] != other[0] || block[1] != other[1] || pads[0] < crops[0] || pads[2] < crops[2] ||
        pads[0] > EDGE_MOST || pads[2] > EDGE_MOST || extent_h > EDGE_MOST || extent_w > EDGE_MOST ||
        after->shape.dims[0] != x->shape.dims[0] || after->shape.dims[1] < 1 || after->shape.dims[2] < 1) {
        return;
    }
    /* All taps of what the crops leave lie inside the padded input, so past x there are zeros. */
    a.dilation_h = block[0];
    a.dilation_w = block[1];
    a.pad_top = pads[0] - crops[0];
    a.pad_left = pads[2] - crops[2];
    a.pad_bottom = missing_after(x->shape.dims[1], a.pad_top, after->shape.dims[1], 1, extent_h);
    a.pad_right = missing_after(x->shape.dims[2], a.pad_left, after->shape.dims[2], 1, extent_w);
    if (x->shape.dims[1] + a.pad_top + a.pad_bottom - extent_h + 1 != after->shape.dims[1] ||
        x->shape.dims[2] + a.pad_left + a.pad_right - extent_w + 1 != after->shape.dims[2]) {
        return;
    }
    conv->inputs[0] = before->inputs[0];
    after->op = conv->op;
    after->inputs = conv->inputs;
    after->input_count = conv->input_count;
    after->u.conv = a;
    conv->op = BD_OP_NONE;
    conv->input_count = 0;
}

static void absorb_pad(bd_graph *graph, uint32_t index) {
    bd_node *conv = &graph->nodes[index];
    const bd_node *pad = &graph->nodes[conv->inputs[0]];
    int32_t pads[8];
    if (pad->op != BD_OP_PAD || bd_graph_read_i32(graph, pad->inputs[1], pads, 8) != 8 || pads[0] || pads[1] ||
        pads[6] || pads[7]) {
        return;
    }
    bd_conv_attrs *a = &conv->u.conv;
    for (int i = 2; i < 6; i++) {
        if (pads[i] > EDGE_MOST || a->pad_top > EDGE_MOST || a->pad_left > EDGE_MOST || a->pad_bottom > EDGE_MOST ||
            a->pad_right > EDGE_MOST) {
            return;
        }
    }
    a->pad_top += pads[2];
    a->pad_bottom += pads[3];
    a->pad_left += pads[4];
    a->pad_right += pads[5];
    a->same = false;
    conv->inputs[0] = pad->inputs[0];
}

bd_result bd_pass_atrous(bd_graph *graph, bd_error *error) {
    uint32_t *uses = bd_graph_count_uses(graph);
    if (!uses) {
        return bd_graph_fail_memory(graph, error);
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        if (graph->nodes[i].op == BD_OP_BATCH_TO_SPACE && uses[i]) {
            dilate(graph, i, uses);
        }
        if (is_conv(&graph->nodes[i])) {
            absorb_pad(graph, i);
        }
    }
    bd_free(graph->pool.allocator, uses);
    return bd_pass_compact(graph, error);
}
