/* SPDX-License-Identifier: MIT */
#include "reference/ref_run.h"

#include <math.h>
#include <string.h>

#include "reference/ref_layout.h"
#include "reference/ref_operations.h"
#include "reference/ref_picture.h"
#include "reference/ref_requantise.h"

typedef struct run {
    const bd_graph *graph;
    const bd_allocator *allocator;
    bd_error *error;
    const uint8_t *photo;
    int32_t photo_h, photo_w;
    float **data;       /* per node; NULL while not computed */
    uint32_t *last_use; /* per node: the last one that reads it; BD_NO_NODE: nobody */
} run;

static bd_result refuse(run *r, uint32_t index, const char *reason) {
    const bd_node *node = &r->graph->nodes[index];
    return bd_fail(r->error, BD_ERR_MODEL_UNSUPPORTED, "%s: node '%s' (%s): the reference %s", r->graph->file,
                   node->name, bd_op_name(node->op), reason);
}

static const bd_shape *shape_of(const run *r, const bd_node *node, uint32_t i) {
    return &r->graph->nodes[node->inputs[i]].shape;
}

static const float *data_of(const run *r, const bd_node *node, uint32_t i) {
    return i < node->input_count && node->inputs[i] != BD_NO_NODE ? r->data[node->inputs[i]] : NULL;
}

static size_t elements(const bd_shape *shape) {
    return (size_t)bd_shape_elements(shape);
}

/* The count values of a constant i32 input; NULL when it is something else. */
static const int32_t *constant(const run *r, const bd_node *node, uint32_t i, size_t count) {
    if (i >= node->input_count || node->inputs[i] == BD_NO_NODE) {
        return NULL;
    }
    const bd_node *input = &r->graph->nodes[node->inputs[i]];
    bool fits = input->op == BD_OP_CONST && input->dtype == BD_I32 && elements(&input->shape) == count;
    return fits ? input->data : NULL;
}

/* How many leading inputs are data; what follows (sizes, axes, paddings, blocks) only matters as a constant. */
static uint32_t data_inputs(const bd_node *node) {
    switch (node->op) {
    case BD_OP_NONE:
    case BD_OP_INPUT:
    case BD_OP_CONST:
    case BD_OP_SHAPE:
    case BD_OP_PREPROCESS: return 0;
    case BD_OP_STRIDED_SLICE:
    case BD_OP_SLICE:
    case BD_OP_RESHAPE:
    case BD_OP_EXPAND_DIMS:
    case BD_OP_PAD:
    case BD_OP_MEAN:
    case BD_OP_RESIZE_BILINEAR:
    case BD_OP_SPACE_TO_BATCH:
    case BD_OP_BATCH_TO_SPACE:
    case BD_OP_ARGMAX: return BD_MIN(node->input_count, 1u);
    default: return node->input_count;
    }
}

/* Marks what the output needs, from the last node back, with each node's last reader. */
static void find_uses(run *r) {
    const bd_graph *graph = r->graph;
    for (uint32_t i = 0; i < graph->count; i++) {
        r->last_use[i] = BD_NO_NODE;
    }
    r->last_use[graph->output] = graph->count;
    for (uint32_t i = graph->output + 1; i-- > 0;) {
        const bd_node *node = &graph->nodes[i];
        for (uint32_t k = 0; r->last_use[i] != BD_NO_NODE && k < data_inputs(node); k++) {
            uint32_t input = node->inputs[k];
            if (input != BD_NO_NODE && r->last_use[input] == BD_NO_NODE) {
                r->last_use[input] = i;
            }
        }
    }
}

static bd_result run_input(run *r, const bd_node *node, float *y) {
    int32_t h = node->shape.dims[1], w = node->shape.dims[2];
    if (r->photo_h != h || r->photo_w != w) {
        return bd_fail(r->error, BD_ERR_INVALID_ARGUMENT, "%s: input '%s' is %dx%d, the photo %dx%d", r->graph->file,
                       node->name, (int)w, (int)h, (int)r->photo_w, (int)r->photo_h);
    }
    static const bd_preprocess_attrs bytes = {.scale = {1.0f, 1.0f, 1.0f}};
    bd_ref_preprocess(r->photo, h, w, &bytes, y, h, w);
    return BD_OK;
}

static void run_const(const bd_node *node, float *y) {
    size_t count = elements(&node->shape);
    for (size_t i = 0; i < count; i++) {
        switch (node->dtype) {
        case BD_F32: memcpy(y + i, (const uint8_t *)node->data + 4 * i, 4); break;
        case BD_I32: y[i] = (float)((const int32_t *)node->data)[i]; break;
        case BD_U8: y[i] = (float)((const uint8_t *)node->data)[i]; break;
        }
    }
}

static void run_copy(const run *r, const bd_node *node, float *y) {
    const float *x = data_of(r, node, 0);
    size_t count = elements(&node->shape);
    bool truncate = node->op == BD_OP_CAST && node->dtype != BD_F32;
    for (size_t i = 0; i < count; i++) {
        y[i] = truncate ? truncf(x[i]) : x[i];
    }
}

/* The integers that a convolution's sums are to end as. */
static void requantise_sums(const run *r, uint32_t index, float *y) {
    const bd_node *node = &r->graph->nodes[index];
    const bd_conv_attrs *a = &node->u.conv;
    int32_t channels = node->shape.dims[3];
    const int32_t *scales = r->graph->nodes[bd_graph_scales(r->graph, index)].data;
    bd_ref_requantise_rows(y, elements(&node->shape) / (size_t)channels, channels, scales, a->rounding, a->clamp_low,
                           a->clamp_high, y);
}

static void run_conv(const run *r, uint32_t index, float *y) {
    const bd_node *node = &r->graph->nodes[index];
    const bd_shape *in = shape_of(r, node, 0), *out = &node->shape;
    const float *x = data_of(r, node, 0), *weights = data_of(r, node, 1), *bias = data_of(r, node, 2);
    const float *residual = node->op == BD_OP_CONV ? data_of(r, node, 3) : NULL;
    bool integers = node->u.conv.rounding && node->op != BD_OP_POOL_AVERAGE;
    bd_conv_attrs attrs = node->u.conv;
    float *first = y;
    if (integers) {
        attrs.clamp_low = -INFINITY;
        attrs.clamp_high = INFINITY;
    }
    size_t in_step = elements(in) / (size_t)BD_MAX(in->dims[0], 1);
    size_t out_step = elements(out) / (size_t)BD_MAX(out->dims[0], 1);
    for (int32_t b = 0; b < out->dims[0]; b++, x += in_step, y += out_step) {
        if (node->op == BD_OP_CONV) {
            bd_ref_conv(x, in->dims[1], in->dims[2], in->dims[3], weights, bias, residual, &attrs, y, out->dims[1],
                        out->dims[2], out->dims[3]);
            residual = residual ? residual + out_step : NULL;
        } else if (node->op == BD_OP_DEPTHWISE) {
            bd_ref_depthwise(x, in->dims[1], in->dims[2], in->dims[3], weights, bias, &attrs, y, out->dims[1],
                             out->dims[2]);
        } else {
            bd_ref_pool(x, in->dims[1], in->dims[2], in->dims[3], &attrs, node->op == BD_OP_POOL_MAX, y, out->dims[1],
                        out->dims[2]);
        }
    }
    if (integers) {
        requantise_sums(r, index, first);
    }
}

static void run_resize(const run *r, const bd_node *node, float *y) {
    const bd_shape *in = shape_of(r, node, 0), *out = &node->shape;
    const float *x = data_of(r, node, 0);
    size_t in_step = elements(in) / (size_t)BD_MAX(in->dims[0], 1);
    size_t out_step = elements(out) / (size_t)BD_MAX(out->dims[0], 1);
    for (int32_t b = 0; b < out->dims[0]; b++) {
        bd_ref_resize(x + (size_t)b * in_step, in->dims[1], in->dims[2], in->dims[3], node->u.resize.align_corners,
                      node->u.resize.half_pixel_centers, y + (size_t)b * out_step, out->dims[1], out->dims[2]);
    }
    for (size_t i = 0; node->u.resize.round && i < elements(out); i++) {
        y[i] = bd_ref_round(y[i], node->u.resize.zero_point);
    }
}

/* ADD and REQUANTISE of integers. */
static bd_result run_integers(run *r, uint32_t index, float *y) {
    const bd_node *node = &r->graph->nodes[index];
    const bd_scale *scales = node->u.requantise.scales;
    const float *a = data_of(r, node, 0), *b = node->op == BD_OP_ADD ? data_of(r, node, 1) : NULL;
    size_t count = elements(&node->shape);
    if (elements(shape_of(r, node, 0)) != count || (b && elements(shape_of(r, node, 1)) != count)) {
        return refuse(r, index, "adds integers of one shape only");
    }
    for (size_t i = 0; i < count; i++) {
        int32_t sum = b ? bd_ref_add_integers((int32_t)a[i], (int32_t)b[i], scales, node->u.requantise.rounding)
                        : bd_ref_requantise((int64_t)a[i], scales[0], node->u.requantise.rounding);
        y[i] = fminf(fmaxf((float)sum, node->u.requantise.low), node->u.requantise.high);
    }
    return BD_OK;
}

static void run_clamp(const run *r, const bd_node *node, float *y) {
    const float *x = data_of(r, node, 0);
    for (size_t i = 0; i < elements(&node->shape); i++) {
        y[i] = fminf(fmaxf(x[i], node->u.clamp.low), node->u.clamp.high);
    }
}

static void run_activation(const run *r, const bd_node *node, float *y) {
    const float *x = data_of(r, node, 0);
    for (size_t i = 0; i < elements(&node->shape); i++) {
        y[i] = bd_ref_activation(node->op, x[i]);
    }
}

static void run_fake_quant(const run *r, const bd_node *node, float *y) {
    const float *x = data_of(r, node, 0);
    float low = node->u.quant.low, inverse = 1 / node->u.quant.step;
    for (size_t i = 0; i < elements(&node->shape); i++) {
        float held = fminf(fmaxf(x[i], low), node->u.quant.high);
        y[i] = floorf((held - low) * inverse + 0.5f) * node->u.quant.step + low;
    }
}

static void run_add_n(const run *r, const bd_node *node, float *y) {
    size_t count = elements(&node->shape);
    memset(y, 0, count * sizeof *y);
    for (uint32_t k = 0; k < node->input_count; k++) {
        const float *term = data_of(r, node, k);
        for (size_t i = 0; i < count; i++) {
            y[i] += term[i];
        }
    }
}

static void run_binary(const run *r, const bd_node *node, float *y) {
    bd_ref_binary(node->op, data_of(r, node, 0), shape_of(r, node, 0), data_of(r, node, 1), shape_of(r, node, 1), y,
                  &node->shape);
}

/* CONCAT along an axis, PACK along a new one: both append each input's chunk in turn. */
static void run_concat(const run *r, const bd_node *node, float *y) {
    size_t outer = 1;
    for (int32_t d = 0; d < node->u.axis; d++) {
        outer *= (size_t)node->shape.dims[d];
    }
    for (size_t o = 0; o < outer; o++) {
        for (uint32_t k = 0; k < node->input_count; k++) {
            size_t chunk = elements(shape_of(r, node, k)) / outer;
            memcpy(y, data_of(r, node, k) + o * chunk, chunk * sizeof *y);
            y += chunk;
        }
    }
}

static bd_result run_slice(run *r, uint32_t index, float *y) {
    const bd_node *node = &r->graph->nodes[index];
    const bd_shape *in = shape_of(r, node, 0);
    const int32_t *begins = constant(r, node, 1, in->rank);
    const int32_t *strides = node->op == BD_OP_STRIDED_SLICE ? constant(r, node, 3, in->rank) : NULL;
    if (!begins || (node->op == BD_OP_STRIDED_SLICE && !strides)) {
        return refuse(r, index, "needs constant begins and strides for every dimension");
    }
    uint32_t shrink = 0;
    int32_t begin[BD_MAX_RANK], stride[BD_MAX_RANK];
    for (uint32_t d = 0; d < in->rank; d++) {
        begin[d] = begins[d] + (begins[d] < 0 ? in->dims[d] : 0);
        stride[d] = strides ? strides[d] : 1;
    }
    if (strides) {
        if (node->u.slice.ellipsis_mask || node->u.slice.new_axis_mask) {
            return refuse(r, index, "takes no ellipsis and no new axis");
        }
        shrink = node->u.slice.shrink_axis_mask;
        for (uint32_t d = 0; d < in->rank; d++) {
            if (node->u.slice.begin_mask >> d & 1u) {
                begin[d] = stride[d] < 0 ? in->dims[d] - 1 : 0;
            }
        }
    }
    /* The window keeps every dimension; a shrunk one is 1 there. */
    bd_shape out = {.rank = in->rank};
    for (uint32_t d = 0, from = 0; d < in->rank; d++) {
        out.dims[d] = shrink >> d & 1u ? 1 : node->shape.dims[from++];
    }
    bd_ref_window(data_of(r, node, 0), in, begin, stride, y, &out);
    return BD_OK;
}

static bd_result run_pad(run *r, uint32_t index, float *y) {
    const bd_node *node = &r->graph->nodes[index];
    const bd_shape *in = shape_of(r, node, 0);
    const int32_t *paddings = constant(r, node, 1, 2 * (size_t)in->rank);
    if (!paddings) {
        return refuse(r, index, "needs constant paddings");
    }
    int32_t begin[BD_MAX_RANK], stride[BD_MAX_RANK];
    for (uint32_t d = 0; d < in->rank; d++) {
        begin[d] = -paddings[2 * d];
        stride[d] = 1;
    }
    bd_ref_window(data_of(r, node, 0), in, begin, stride, y, &node->shape);
    return BD_OK;
}

static bd_result run_batch(run *r, uint32_t index, float *y) {
    const bd_node *node = &r->graph->nodes[index];
    const int32_t *block = constant(r, node, 1, 2), *edges = constant(r, node, 2, 4);
    if (!block || !edges || shape_of(r, node, 0)->rank != 4) {
        return refuse(r, index, "needs a constant block and edges of two dimensions");
    }
    const int32_t before[2] = {edges[0], edges[2]};
    if (node->op == BD_OP_SPACE_TO_BATCH) {
        bd_ref_space_to_batch(data_of(r, node, 0), shape_of(r, node, 0), block, before, y, &node->shape);
    } else {
        bd_ref_batch_to_space(data_of(r, node, 0), shape_of(r, node, 0), block, before, y, &node->shape);
    }
    return BD_OK;
}

/* Over h and w of (n,h,w,c), the only mean these networks have. */
static bd_result run_mean(run *r, uint32_t index, float *y) {
    const bd_node *node = &r->graph->nodes[index];
    const bd_shape *in = shape_of(r, node, 0);
    const int32_t *axes = constant(r, node, 1, 2);
    int32_t first = axes ? axes[0] + (axes[0] < 0 ? 4 : 0) : 0, second = axes ? axes[1] + (axes[1] < 0 ? 4 : 0) : 0;
    if (in->rank != 4 || first + second != 3 || first * second != 2) {
        return refuse(r, index, "averages over height and width only");
    }
    bd_conv_attrs window = {.kernel_h = in->dims[1], .kernel_w = in->dims[2], .stride_h = 1, .stride_w = 1};
    window.clamp_low = -INFINITY;
    window.clamp_high = INFINITY;
    size_t step = elements(in) / (size_t)BD_MAX(in->dims[0], 1);
    for (int32_t b = 0; b < in->dims[0]; b++) {
        bd_ref_pool(data_of(r, node, 0) + (size_t)b * step, in->dims[1], in->dims[2], in->dims[3], &window, false,
                    y + (size_t)b * (size_t)in->dims[3], 1, 1);
    }
    return BD_OK;
}

static bd_result run_along_last(run *r, uint32_t index, float *y) {
    const bd_node *node = &r->graph->nodes[index];
    const bd_shape *in = shape_of(r, node, 0);
    const float *x = data_of(r, node, 0);
    int32_t c = in->rank ? in->dims[in->rank - 1] : 1;
    size_t rows = c ? elements(in) / (size_t)c : 0;
    if (node->op == BD_OP_SOFTMAX) {
        bd_ref_softmax(x, rows, c, y);
        return BD_OK;
    }
    const int32_t *axis = constant(r, node, 1, 1);
    if (axis && *axis != -1 && *axis != (int32_t)in->rank - 1) {
        return refuse(r, index, "takes the argmax along the last axis only");
    }
    for (size_t i = 0; i < rows; i++) {
        int32_t best;
        bd_ref_argmax(x + i * (size_t)c, 1, c, &best);
        y[i] = (float)best;
    }
    return BD_OK;
}

static bd_result run_preprocess(run *r, const bd_node *node, float *y) {
    int32_t h = node->shape.dims[1], w = node->shape.dims[2];
    if (r->photo_h > h || r->photo_w > w) {
        return bd_fail(r->error, BD_ERR_INVALID_ARGUMENT, "%s: the photo, %dx%d, is larger than the input, %dx%d",
                       r->graph->file, (int)r->photo_w, (int)r->photo_h, (int)w, (int)h);
    }
    bd_ref_preprocess(r->photo, r->photo_h, r->photo_w, &node->u.preprocess, y, h, w);
    return BD_OK;
}

static bd_result run_node(run *r, uint32_t index, float *y) {
    const bd_node *node = &r->graph->nodes[index];
    if (node->op == BD_OP_ADD && node->u.requantise.rounding) {
        return run_integers(r, index, y);
    }
    switch (node->op) {
    case BD_OP_INPUT: return run_input(r, node, y);
    case BD_OP_CONST: run_const(node, y); return BD_OK;
    case BD_OP_IDENTITY:
    case BD_OP_CAST:
    case BD_OP_RESHAPE:
    case BD_OP_SQUEEZE:
    case BD_OP_EXPAND_DIMS: run_copy(r, node, y); return BD_OK;
    case BD_OP_CONV:
    case BD_OP_DEPTHWISE:
    case BD_OP_POOL_AVERAGE:
    case BD_OP_POOL_MAX: run_conv(r, index, y); return BD_OK;
    case BD_OP_REQUANTISE: return run_integers(r, index, y);
    case BD_OP_RESIZE_BILINEAR: run_resize(r, node, y); return BD_OK;
    case BD_OP_ADD:
    case BD_OP_SUB:
    case BD_OP_MUL:
    case BD_OP_DIV:
    case BD_OP_MAXIMUM:
    case BD_OP_MINIMUM: run_binary(r, node, y); return BD_OK;
    case BD_OP_ADD_N: run_add_n(r, node, y); return BD_OK;
    case BD_OP_HARD_SIGMOID:
    case BD_OP_HARD_SWISH:
    case BD_OP_SIGMOID: run_activation(r, node, y); return BD_OK;
    case BD_OP_FAKE_QUANT: run_fake_quant(r, node, y); return BD_OK;
    case BD_OP_CLAMP: run_clamp(r, node, y); return BD_OK;
    case BD_OP_PACK:
    case BD_OP_CONCAT: run_concat(r, node, y); return BD_OK;
    case BD_OP_SLICE:
    case BD_OP_STRIDED_SLICE: return run_slice(r, index, y);
    case BD_OP_PAD: return run_pad(r, index, y);
    case BD_OP_SPACE_TO_BATCH:
    case BD_OP_BATCH_TO_SPACE: return run_batch(r, index, y);
    case BD_OP_MEAN: return run_mean(r, index, y);
    case BD_OP_SOFTMAX:
    case BD_OP_ARGMAX: return run_along_last(r, index, y);
    case BD_OP_PREPROCESS: return run_preprocess(r, node, y);
    default: return refuse(r, index, "has no code for it; fold the graph first");
    }
}

static void release_read(run *r, uint32_t index) {
    const bd_node *node = &r->graph->nodes[index];
    for (uint32_t k = 0; k < data_inputs(node); k++) {
        uint32_t input = node->inputs[k];
        if (input != BD_NO_NODE && r->last_use[input] == index) {
            bd_free(r->allocator, r->data[input]);
            r->data[input] = NULL;
        }
    }
}

static bd_result run_all(run *r, float *output, bd_ref_node_fn on_node, void *user) {
    const bd_graph *graph = r->graph;
    for (uint32_t i = 0; i <= graph->output; i++) {
        if (r->last_use[i] == BD_NO_NODE) {
            continue;
        }
        int64_t count = bd_shape_elements(&graph->nodes[i].shape);
        if (count < 0) {
            return refuse(r, i, "needs shapes that are inferred");
        }
        r->data[i] = bd_alloc_array(r->allocator, (size_t)count, sizeof(float));
        if (!r->data[i]) {
            return bd_fail(r->error, BD_ERR_OUT_OF_MEMORY, "no memory for node '%s'", graph->nodes[i].name);
        }
        bd_result result = run_node(r, i, r->data[i]);
        if (result) {
            return result;
        }
        if (on_node) {
            on_node(user, graph, i, r->data[i]);
        }
        release_read(r, i);
    }
    memcpy(output, r->data[graph->output], elements(&graph->nodes[graph->output].shape) * sizeof(float));
    return BD_OK;
}

bd_result bd_ref_run(const bd_graph *graph, const uint8_t *photo, int32_t photo_h, int32_t photo_w,
                     const bd_allocator *allocator, float *output, bd_ref_node_fn on_node, void *user,
                     bd_error *error) {
    run r = {
        .graph = graph, .allocator = allocator, .error = error, .photo = photo, .photo_h = photo_h, .photo_w = photo_w};
    bd_result result = BD_OK;
    r.data = bd_alloc_array(allocator, graph->count, sizeof *r.data);
    r.last_use = bd_alloc_array(allocator, graph->count, sizeof *r.last_use);
    if (!r.data || !r.last_use) {
        result = bd_fail(error, BD_ERR_OUT_OF_MEMORY, "no memory to run %u nodes", graph->count);
        goto fail;
    }
    find_uses(&r);
    result = run_all(&r, output, on_node, user);
fail:
    for (uint32_t i = 0; r.data && i < graph->count; i++) {
        bd_free(allocator, r.data[i]);
    }
    bd_free(allocator, r.data);
    bd_free(allocator, r.last_use);
    return result;
}
