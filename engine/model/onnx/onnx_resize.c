/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_resize.h"

#include <math.h>

#include "model/onnx/onnx_builder.h"
#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_tensor.h"
#include "model/onnx/onnx_views.h"

static bd_result add_resize(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *x, const int32_t size[2],
                            bool align_corners, bool half_pixel) {
    const bd_shape pair = {1, {2}};
    uint32_t inputs[2] = {x->index, 0}, index;
    bd_result result = bd_onnx_append_ints(onnx, node, "size", &pair, size, &inputs[1]);
    result = result ? result : bd_onnx_append(onnx, node, "", BD_OP_RESIZE_BILINEAR, inputs, 2, &index);
    if (!result) {
        onnx->graph->nodes[index].u.resize.align_corners = align_corners;
        onnx->graph->nodes[index].u.resize.half_pixel_centers = half_pixel;
        result = bd_onnx_infer(onnx, index);
    }
    if (!result) {
        bd_onnx_set_map(onnx, node, index);
    }
    return result;
}

typedef struct resize_plan {
    int32_t size[2]; /* height, width */
    bool exact;      /* size is what scales say, not rounded */
} resize_plan;

/* Input or attribute of factors for all axes, or for those that attribute axes names (opset 18). */
static bd_result read_factors(const bd_onnx *onnx, const bd_onnx_node *node, const int64_t in[4], resize_plan *plan) {
    bool upsample = bd_pb_equals(node->op, "Upsample");
    uint32_t scales = upsample || onnx->opset < 11 ? 1 : 2;
    const bd_onnx_tensor *sizes = scales == 2 ? bd_onnx_constant(onnx, node, 3) : NULL;
    const bd_onnx_tensor *factors = bd_onnx_constant(onnx, node, scales);
    int64_t axes[BD_MAX_RANK] = {0, 1, 2, 3};
    int32_t axis_count;
    float attribute[BD_MAX_RANK];
    int32_t count;
    bd_result result = bd_onnx_attr_ints(onnx, node, "axes", axes, BD_MAX_RANK, &axis_count);
    result = result ? result : bd_onnx_attr_floats(onnx, node, "scales", attribute, BD_MAX_RANK, &count);
    if (result) {
        return result;
    }
    axis_count = axis_count < 0 ? 4 : axis_count;
    const bd_onnx_tensor *given = sizes && sizes->elements ? sizes : factors && factors->elements ? factors : NULL;
    if (given ? given->elements != axis_count || bd_onnx_is_float(given->type) != (given == factors)
              : count != axis_count) {
        return bd_onnx_refuse(onnx, node, "its sizes or scales are not constants, one a dimension");
    }
    int64_t out[4] = {in[0], in[1], in[2], in[3]};
    plan->exact = true;
    for (int32_t i = 0; i < axis_count; i++) {
        if (!bd_onnx_normalise_axis(&axes[i], 4)) {
            return bd_onnx_refuse(onnx, node, "an axis past its input's");
        }
        int64_t from = in[axes[i]];
        if (given && given == sizes) {
            out[axes[i]] = bd_onnx_integer(sizes, i);
            continue;
        }
        double factor = given ? bd_onnx_number(factors, i) : (double)attribute[i];
        double size = (double)from * factor;
        if (!(size >= 0 && size < INT32_MAX)) {
            return bd_onnx_refuse(onnx, node, "a scale is out of range");
        }
        /* Scales are floats: 65 * 7.8923 is meant to be 513, whichever side of it the product lies. */
        double nearest = rint(size);
        bool near = fabs(size - nearest) <= nearest * 1e-6;
        out[axes[i]] = (int64_t)(near ? nearest : floor(size));
        plan->exact = plan->exact && near;
    }
    out[0] = onnx->batch && out[0] == onnx->batch ? in[0] : out[0];
    if (out[0] != in[0] || out[1] != in[1] || out[2] < 1 || out[3] < 1 || out[2] > INT32_MAX || out[3] > INT32_MAX) {
        return bd_onnx_refuse(onnx, node, "of something other than height and width");
    }
    plan->size[0] = (int32_t)out[2];
    plan->size[1] = (int32_t)out[3];
    return BD_OK;
}

/* Where the source of output x lies; *known is false for a way that the graph does not have. */
static bd_result read_corners(const bd_onnx *onnx, const bd_onnx_node *node, bool *align, bool *half, bool *known) {
    static const struct {
        const char *name;
        bool align, half;
    } ways[] = {{"half_pixel", false, true},
                {"pytorch_half_pixel", false, true},
                {"half_pixel_symmetric", false, true},
                {"align_corners", true, false},
                {"asymmetric", false, false}};
    bd_pb mode;
    bd_result result = bd_onnx_attr_bytes(onnx, node, "coordinate_transformation_mode", &mode);
    *align = false;
    *half = onnx->opset >= 11 && !bd_pb_equals(node->op, "Upsample") && !mode.at;
    *known = !mode.at;
    for (size_t i = 0; mode.at && i < BD_COUNT(ways); i++) {
        if (bd_pb_equals(mode, ways[i].name)) {
            *align = ways[i].align;
            *half = ways[i].half;
            *known = true;
        }
    }
    return result;
}

bd_result bd_onnx_convert_resize(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    bool align, half, known;
    int64_t antialias = 0, in[4];
    bd_pb mode;
    resize_plan plan;
    bd_result result = bd_onnx_need_map(onnx, node, x);
    for (uint32_t i = 0; !result && i < 4; i++) {
        in[i] = bd_onnx_dim(onnx, x, i);
    }
    result = result ? result : read_factors(onnx, node, in, &plan);
    result = result ? result : read_corners(onnx, node, &align, &half, &known);
    result = result ? result : bd_onnx_attr_bytes(onnx, node, "mode", &mode);
    result = result ? result : bd_onnx_attr_int(onnx, node, "antialias", 0, 1, &antialias);
    if (result) {
        return result;
    }
    /* To spread one pixel, or to change nothing, is the same in every mode. */
    bool plain = (in[2] == 1 && in[3] == 1) || (plan.size[0] == in[2] && plan.size[1] == in[3]);
    bool linear = mode.at && (bd_pb_equals(mode, "linear") || bd_pb_equals(mode, "bilinear"));
    if (!plain && !linear) {
        return bd_onnx_refuse(onnx, node, "its mode is not linear");
    }
    if (!plain && (!known || (antialias && (plan.size[0] < in[2] || plan.size[1] < in[3])))) {
        return bd_onnx_refuse(onnx, node, "its coordinates or its antialiasing are not supported");
    }
    if (!plain && !plan.exact && !align) {
        return bd_onnx_refuse(onnx, node, "its scales do not lead to whole sizes");
    }
    return add_resize(onnx, node, x, plan.size, align, half);
}

/* A vector of channels spread over a plane: exporters write the resize of image pooling so. */
bd_result bd_onnx_convert_expand(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int64_t dims[BD_MAX_RANK];
    uint32_t rank;
    bd_result result = bd_onnx_new_shape(onnx, node, dims, &rank);
    bool same = !result && rank == x->rank;
    for (uint32_t i = 0; same && i < rank; i++) {
        same = dims[i] == bd_onnx_dim(onnx, x, i);
    }
    if (result || same) {
        if (same) {
            bd_onnx_set_like(onnx, node, x->index, x);
        }
        return result;
    }
    result = bd_onnx_need_map(onnx, node, x);
    if (result) {
        return result;
    }
    if (rank != 4 || dims[0] != 1 || dims[1] != bd_onnx_dim(onnx, x, 1) || bd_onnx_dim(onnx, x, 2) != 1 ||
        bd_onnx_dim(onnx, x, 3) != 1 || dims[2] < 1 || dims[3] < 1) {
        return bd_onnx_refuse(onnx, node, "of something other than one pixel over height and width");
    }
    const int32_t size[2] = {(int32_t)dims[2], (int32_t)dims[3]};
    return add_resize(onnx, node, x, size, true, false);
}
