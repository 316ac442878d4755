/* SPDX-License-Identifier: MIT */
#include "graph/infer_window.h"

static bd_result infer_window_dim(const bd_inference *of, const bd_conv_attrs *a, int32_t in, int32_t kernel,
                                  int32_t stride, int32_t dilation, int32_t *before, int32_t *after, int32_t *out) {
    int64_t extent = ((int64_t)kernel - 1) * dilation + 1;
    if (kernel < 1 || stride < 1 || dilation < 1 || extent > BD_INFER_WINDOW_MOST || stride > BD_INFER_WINDOW_MOST) {
        return BD_INFER_FAIL(of, "has a window of %d with stride %d and dilation %d", kernel, stride, dilation);
    }
    if (a->padding == BD_PADDING_SAME) {
        int64_t same = ((int64_t)in + stride - 1) / stride;
        int64_t total = BD_MAX((same - 1) * stride + extent - in, (int64_t)0);
        *before = (int32_t)(total / 2);
        *after = (int32_t)(total - total / 2);
    } else if (a->padding == BD_PADDING_VALID) {
        *before = *after = 0;
    }
    if (*before < 0 || *after < 0 || *before > BD_INFER_WINDOW_MOST || *after > BD_INFER_WINDOW_MOST) {
        return BD_INFER_FAIL(of, "has paddings of %d and %d", *before, *after);
    }
    int64_t room = (int64_t)in + *before + *after - extent;
    if (in < 1 || room < 0) {
        return BD_INFER_FAIL(of, "has a window of %lld over %d elements", (long long)extent, in);
    }
    int64_t size = room / stride + 1;
    if (size > INT32_MAX) {
        return BD_INFER_FAIL(of, "makes a tensor of more than 2^31-1 elements");
    }
    *out = (int32_t)size;
    return BD_OK;
}

static bd_result infer_window(const bd_inference *of, int32_t channels) {
    const bd_node *x = bd_infer_input(of, 0);
    bd_conv_attrs *a = &of->node->u.conv;
    bd_shape shape = {4, {x->shape.dims[0], 0, 0, channels}};
    bd_result result = infer_window_dim(of, a, x->shape.dims[1], a->kernel_h, a->stride_h, a->dilation_h, &a->pad_top,
                                        &a->pad_bottom, &shape.dims[1]);
    if (!result) {
        result = infer_window_dim(of, a, x->shape.dims[2], a->kernel_w, a->stride_w, a->dilation_w, &a->pad_left,
                                  &a->pad_right, &shape.dims[2]);
    }
    if (result) {
        return result;
    }
    a->same = a->same || a->padding == BD_PADDING_SAME;
    a->padding = BD_PADDING_EXPLICIT;
    return bd_infer_finish(of, &shape, BD_F32);
}

static bd_result need_map(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
    if (x->dtype != BD_F32 || x->shape.rank != 4) {
        return BD_INFER_FAIL(of, "needs a float input of rank 4");
    }
    return BD_OK;
}

static bd_result check_scales(const bd_inference *of, int32_t channels) {
    const bd_conv_attrs *a = &of->node->u.conv;
    uint32_t index = bd_graph_scales(of->graph, of->index);
    const bd_node *scales = index == BD_NO_NODE ? NULL : &of->graph->nodes[index];
    if (!a->rounding && !scales) {
        return BD_OK;
    }
    if (!a->rounding || a->rounding > BD_ROUNDING_AWAY || a->hard_swish ||
        !bd_infer_fits_limits(a->clamp_low, a->clamp_high)) {
        return BD_INFER_FAIL(of, "has limits or a rounding that do not go with scales");
    }
    if (!scales || scales->op != BD_OP_CONST || scales->dtype != BD_I32 || scales->shape.rank != 2 ||
        scales->shape.dims[0] != 2 || scales->shape.dims[1] != channels) {
        return BD_INFER_FAIL(of, "needs constant scales of (2,%d)", channels);
    }
    const int32_t *values = scales->data;
    for (int32_t c = 0; c < channels; c++) {
        if (!bd_infer_fits_scale(values[c], values[channels + c], BD_SHIFT_MOST)) {
            return BD_INFER_FAIL(of, "has a scale of %d and shift %d", values[c], values[channels + c]);
        }
    }
    return BD_OK;
}

bd_result bd_infer_conv(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0), *weights = bd_infer_input(of, 1);
    const bd_node *bias = bd_infer_input(of, 2);
    const bd_node *residual = of->node->op == BD_OP_CONV ? bd_infer_input(of, 3) : NULL;
    bd_result result = need_map(of);
    if (result) {
        return result;
    }
    const int32_t *w = weights->shape.dims, channels = x->shape.dims[3];
    bool depthwise = of->node->op == BD_OP_DEPTHWISE;
    if (weights->dtype != BD_F32 || weights->shape.rank != 4) {
        return BD_INFER_FAIL(of, "needs float weights of rank 4");
    }
    if (w[2] != channels || w[3] < 1 || (depthwise && w[3] != 1)) {
        return BD_INFER_FAIL(of, "has weights of (%d,%d,%d,%d) for %d channels", w[0], w[1], w[2], w[3], channels);
    }
    of->node->u.conv.kernel_h = w[0];
    of->node->u.conv.kernel_w = w[1];
    int32_t out = depthwise ? channels : w[3];
    if (bias && (bias->dtype != BD_F32 || bd_shape_elements(&bias->shape) != out)) {
        return BD_INFER_FAIL(of, "has a bias that is not of %d channels", out);
    }
    result = infer_window(of, out);
    if (!result) {
        result = check_scales(of, out);
    }
    if (!result && residual && of->node->u.conv.rounding) {
        return BD_INFER_FAIL(of, "has scales and a residual");
    }
    if (!result && residual && (residual->dtype != BD_F32 || !bd_shape_equal(&residual->shape, &of->node->shape))) {
        return BD_INFER_FAIL(of, "has a residual of another shape");
    }
    return result;
}

bd_result bd_infer_pool(const bd_inference *of) {
    bd_result result = need_map(of);
    return result ? result : infer_window(of, bd_infer_input(of, 0)->shape.dims[3]);
}

bd_result bd_infer_mean(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
    int32_t axes[BD_MAX_RANK];
    bd_shape shape = x->shape;
    int32_t count = bd_graph_read_i32(of->graph, of->node->inputs[1], axes, BD_MAX_RANK);
    if (count < 0 || x->dtype != BD_F32) {
        return BD_INFER_FAIL(of, "needs a float input and constant axes");
    }
    for (int32_t i = 0; i < count; i++) {
        if (!bd_infer_wrap_axis(&axes[i], x->shape.rank)) {
            return BD_INFER_FAIL(of, "has an axis past its rank %u", x->shape.rank);
        }
        shape.dims[axes[i]] = 1;
    }
    return bd_infer_finish(of, &shape, BD_F32);
}

bd_result bd_infer_resize(const bd_inference *of) {
    bd_result result = need_map(of);
    if (result) {
        return result;
    }
    bd_shape shape = bd_infer_input(of, 0)->shape;
    int32_t size[2] = {of->node->shape.dims[1], of->node->shape.dims[2]};
    if (bd_infer_input(of, 1)) {
        if (bd_graph_read_i32(of->graph, of->node->inputs[1], size, 2) != 2) {
            return BD_INFER_FAIL(of, "needs a constant size");
        }
    } else if (of->node->shape.rank != 4) {
        return BD_INFER_FAIL(of, "needs a size");
    }
    if (size[0] < 1 || size[1] < 1 || shape.dims[1] < 1 || shape.dims[2] < 1) {
        return BD_INFER_FAIL(of, "resizes (%d,%d) to (%d,%d)", shape.dims[1], shape.dims[2], size[0], size[1]);
    }
    if (of->node->u.resize.align_corners && of->node->u.resize.half_pixel_centers) {
        return BD_INFER_FAIL(of, "has both aligned corners and half-pixel centres");
    }
    shape.dims[1] = size[0];
    shape.dims[2] = size[1];
    return bd_infer_finish(of, &shape, BD_F32);
}

/* Of any type: this is how labels are enlarged. */
bd_result bd_infer_resize_nearest(const bd_inference *of) {
    bd_shape shape = bd_infer_input(of, 0)->shape;
    int32_t size[2];
    if (shape.rank != 4 || bd_graph_read_i32(of->graph, of->node->inputs[1], size, 2) != 2 || size[0] < 1 ||
        size[1] < 1) {
        return BD_INFER_FAIL(of, "needs an input of rank 4 and a constant size");
    }
    shape.dims[1] = size[0];
    shape.dims[2] = size[1];
    return bd_infer_finish(of, &shape, bd_infer_input(of, 0)->dtype);
}
