/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_builder.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/torch/torch_weights.h"
#include "platform/path.h"

#define CHANNELS_MOST 65536
#define WINDOW_MOST 15

const bd_torch_window bd_torch_plain = {1, 1, false, BD_TORCH_KEEP, 0};

const char *bd_torch_print_name(bd_torch_name *to, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(to->text, sizeof to->text, format, arguments);
    va_end(arguments);
    return to->text;
}

/* ---- parameters ------------------------------------------------------------------------------------------------- */

static bd_result out_of_memory(const bd_torch_builder *b) {
    return bd_fail(b->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", b->file);
}

bd_result bd_torch_refuse(const bd_torch_builder *b, const char *sentence) {
    return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED, "%s: %s", b->file, sentence);
}

bd_torch_tensor *bd_torch_look_up(const bd_torch_builder *b, const char *layer, const char *parameter) {
    const char *const name = NAME("%s%s%s", b->prefix, layer, parameter);
    return bd_torch_state_find(b->state, name);
}

static bd_result find(bd_torch_builder *b, const char *layer, const char *parameter, bd_torch_tensor **found) {
    *found = bd_torch_look_up(b, layer, parameter);
    if (!*found) {
        return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED, "%s: parameter '%s%s%s' is missing", b->file, b->prefix,
                       layer, parameter);
    }
    (*found)->used = true;
    if ((*found)->kind == BD_TORCH_OTHER) {
        return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED,
                       "%s: parameter '%s' is not of floats (float64, float32, float16, bfloat16)", b->file,
                       (*found)->name);
    }
    int64_t elements = 1;
    for (uint32_t d = 0; d < (*found)->rank; d++) {
        int64_t dim = (*found)->dims[d];
        if (dim < 1 || dim > CHANNELS_MOST || (elements *= dim) > INT32_MAX) {
            return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED, "%s: parameter '%s' has a shape out of range", b->file,
                           (*found)->name);
        }
    }
    if (elements > b->budget) {
        return bd_fail(b->error, BD_ERR_FILE_CORRUPT, "%s: parameter '%s' shares its data with others", b->file,
                       (*found)->name);
    }
    b->budget -= elements;
    return BD_OK;
}

bd_result bd_torch_wrong_shape(const bd_torch_builder *b, const bd_torch_tensor *tensor) {
    int64_t d[4] = {0};
    memcpy(d, tensor->dims, BD_MIN(tensor->rank, 4u) * sizeof d[0]);
    return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED,
                   "%s: parameter '%s' of rank %u, (%lld,%lld,%lld,%lld), does not fit", b->file, tensor->name,
                   tensor->rank, (long long)d[0], (long long)d[1], (long long)d[2], (long long)d[3]);
}

/* A vector of `channels` values, in the graph's pool. */
static bd_result find_vector(bd_torch_builder *b, const char *layer, const char *parameter, int64_t channels,
                             float **values) {
    bd_torch_tensor *found;
    bd_result result = find(b, layer, parameter, &found);
    if (result) {
        return result;
    }
    if (found->rank != 1 || found->dims[0] != channels) {
        return bd_torch_wrong_shape(b, found);
    }
    *values = bd_pool_alloc(&b->graph->pool, (size_t)channels * sizeof **values);
    if (!*values) {
        return out_of_memory(b);
    }
    bd_torch_copy_vector(found, *values);
    return BD_OK;
}

/* A batch norm as y = x * scale + bias. */
static bd_result find_norm(bd_torch_builder *b, const char *layer, int64_t channels, float **scale, float **bias) {
    float *mean = NULL, *variance = NULL;
    bd_result result = find_vector(b, layer, ".weight", channels, scale);
    if (!result) {
        result = find_vector(b, layer, ".bias", channels, bias);
    }
    if (!result) {
        result = find_vector(b, layer, ".running_mean", channels, &mean);
    }
    if (!result) {
        result = find_vector(b, layer, ".running_var", channels, &variance);
    }
    for (int64_t c = 0; c < channels && !result; c++) {
        double factor = (double)(*scale)[c] / sqrt((double)variance[c] + (double)b->norm_epsilon);
        (*bias)[c] = (float)((double)(*bias)[c] - (double)mean[c] * factor);
        (*scale)[c] = (float)factor;
        if (!isfinite((*bias)[c]) || !isfinite((*scale)[c])) {
            result = bd_fail(b->error, BD_ERR_FILE_CORRUPT, "%s: layer '%s%s': channel %lld is not finite", b->file,
                             b->prefix, layer, (long long)c);
        }
    }
    return result;
}

/* The number after `letters` in the file's name, where it is 8 or 16 and both stand alone. */
static uint32_t stride_named(const char *file, const char *letters) {
    const char *const name = bd_path_name(file);
    for (const char *at = strstr(name, letters); at; at = strstr(at + 1, letters)) {
        const char *const number = at + strlen(letters);
        uint32_t stride = number[0] == '8' ? 8 : number[0] == '1' && number[1] == '6' ? 16 : 0;
        const char end = stride ? number[stride == 8 ? 1 : 2] : 'x';
        if ((at == name || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)end)) {
            return stride;
        }
    }
    return 0;
}

uint32_t bd_torch_output_stride(const bd_torch_builder *b, uint32_t usual) {
    uint32_t stride = b->graph->output_stride;
    if (!stride) {
        stride = stride_named(b->file, "os");
    }
    if (!stride) {
        stride = stride_named(b->file, "d");
    }
    return stride ? stride : usual;
}

/* ---- nodes ------------------------------------------------------------------------------------------------------ */

bd_result bd_torch_add(bd_torch_builder *b, bd_op op, const char *name, const uint32_t *inputs, uint32_t count,
                       uint32_t *node) {
    *node = bd_graph_add(b->graph, op, name, inputs, count);
    return *node == BD_NO_NODE ? out_of_memory(b) : BD_OK;
}

static bd_result add_constant(bd_torch_builder *b, const char *name, bd_dtype dtype, const bd_shape *shape,
                              const void *data, uint32_t *node) {
    *node = bd_graph_add_const(b->graph, name, dtype, shape, data);
    return *node == BD_NO_NODE ? out_of_memory(b) : BD_OK;
}

static bd_result add_list(bd_torch_builder *b, const char *name, const int32_t *values, int32_t count, uint32_t *node) {
    int32_t *copy = bd_pool_alloc(&b->graph->pool, (size_t)count * sizeof *copy);
    if (!copy) {
        return out_of_memory(b);
    }
    memcpy(copy, values, (size_t)count * sizeof *copy);
    const bd_shape shape = bd_shape_make(1, &count);
    return add_constant(b, name, BD_I32, &shape, copy, node);
}

bd_result bd_torch_activate(bd_torch_builder *b, const char *layer, bd_torch_activation what, bd_torch_map *x) {
    static const struct {
        bd_op op;
        const char *name;
    } kinds[] = {[BD_TORCH_RELU] = {BD_OP_CLAMP, "relu"},
                 [BD_TORCH_RELU6] = {BD_OP_CLAMP, "relu6"},
                 [BD_TORCH_HARD_SWISH] = {BD_OP_HARD_SWISH, "hard_swish"},
                 [BD_TORCH_HARD_SIGMOID] = {BD_OP_HARD_SIGMOID, "hard_sigmoid"}};
    if (what == BD_TORCH_LINEAR) {
        return BD_OK;
    }
    bd_result result = bd_torch_add(b, kinds[what].op, NAME("%s/%s", layer, kinds[what].name), &x->node, 1, &x->node);
    if (!result && kinds[what].op == BD_OP_CLAMP) {
        b->graph->nodes[x->node].u.clamp.low = 0;
        b->graph->nodes[x->node].u.clamp.high = what == BD_TORCH_RELU6 ? 6 : INFINITY;
    }
    return result;
}

/* ---- convolutions ----------------------------------------------------------------------------------------------- */

static void set_window(bd_torch_builder *b, uint32_t node, const bd_torch_window *at, int32_t side) {
    bd_conv_attrs *a = &b->graph->nodes[node].u.conv;
    a->stride_h = a->stride_w = at->stride;
    a->dilation_h = a->dilation_w = at->dilation;
    a->padding = at->padding == BD_TORCH_SAME ? BD_PADDING_SAME : BD_PADDING_EXPLICIT;
    int32_t edge = at->padding == BD_TORCH_KEEP     ? at->dilation * (side - 1) / 2
                   : at->padding == BD_TORCH_BORDER ? at->border
                                                    : 0;
    a->pad_top = a->pad_left = a->pad_bottom = a->pad_right = edge;
}

/* weights (side, side, in, out), or (side, side, out, 1) where depthwise; bias of out, or NULL. */
static bd_result add_convolution(bd_torch_builder *b, const char *layer, const bd_torch_window *at,
                                 const int32_t dims[4], const float *weights, const float *bias, bd_torch_map *x) {
    const bd_shape shape = bd_shape_make(4, dims);
    const int32_t out = at->depthwise ? dims[2] : dims[3];
    uint32_t inputs[3] = {x->node, BD_NO_NODE, BD_NO_NODE};
    bd_result result = add_constant(b, NAME("%s.weight", layer), BD_F32, &shape, weights, &inputs[1]);
    if (!result && bias) {
        const bd_shape vector = bd_shape_make(1, &out);
        result = add_constant(b, NAME("%s.bias", layer), BD_F32, &vector, bias, &inputs[2]);
    }
    if (!result) {
        result = bd_torch_add(b, at->depthwise ? BD_OP_DEPTHWISE : BD_OP_CONV, layer, inputs, bias ? 3 : 2, &x->node);
    }
    if (!result) {
        set_window(b, x->node, at, dims[0]);
        x->channels = out;
    }
    return result;
}

static bd_result find_weights(bd_torch_builder *b, const char *layer, bool depthwise, int64_t channels,
                              bd_torch_tensor **weights) {
    bd_result result = find(b, layer, ".weight", weights);
    const int64_t *d = (*weights) ? (*weights)->dims : NULL;
    if (result) {
        return result;
    }
    bool fits = (*weights)->rank == 4 && d[2] == d[3] && d[2] <= WINDOW_MOST && d[2] % 2 != 0 &&
                (depthwise ? d[0] == channels && d[1] == 1 : d[1] == channels);
    return fits ? BD_OK : bd_torch_wrong_shape(b, *weights);
}

/* layer.bias, which the norm behind it scales, onto bias. */
static bd_result add_scaled(bd_torch_builder *b, const char *layer, int64_t channels, const float *scale, float *bias) {
    float *own;
    bd_result result = find_vector(b, layer, ".bias", channels, &own);
    for (int64_t c = 0; c < channels && !result; c++) {
        bias[c] = (float)((double)bias[c] + (double)own[c] * (double)scale[c]);
    }
    return result;
}

bd_result bd_torch_convolve(bd_torch_builder *b, const char *layer, const char *norm, bd_torch_window at,
                            bd_torch_activation what, bd_torch_map *x) {
    bd_torch_tensor *weights;
    bd_result result = find_weights(b, layer, at.depthwise, x->channels, &weights);
    if (result) {
        return result;
    }
    const int64_t *d = weights->dims;
    float *scale = NULL, *bias = NULL;
    if (!norm || norm[0]) {
        result = norm ? find_norm(b, norm, d[0], &scale, &bias) : find_vector(b, layer, ".bias", d[0], &bias);
    }
    if (!result && norm && norm[0] && bd_torch_look_up(b, layer, ".bias")) {
        result = add_scaled(b, layer, d[0], scale, bias);
    }
    if (result) {
        return result;
    }
    float *copy = bd_pool_alloc(&b->graph->pool, (size_t)(d[0] * d[1] * d[2] * d[3]) * sizeof *copy);
    if (!copy) {
        return out_of_memory(b);
    }
    bd_torch_copy_conv(weights, scale, copy);
    /* Depthwise (c, 1, h, w) came out as (h, w, 1, c), and (h, w, c, 1) is the same. */
    const int32_t in = (int32_t)d[1], out = (int32_t)d[0], side = (int32_t)d[2];
    const int32_t dims[4] = {side, side, at.depthwise ? out : in, at.depthwise ? 1 : out};
    result = add_convolution(b, layer, &at, dims, copy, bias, x);
    return result ? result : bd_torch_activate(b, layer, what, x);
}

bd_result bd_torch_convolve_split(bd_torch_builder *b, const char *layer, const char *norm, bd_torch_window at,
                                  bd_torch_activation what, bd_torch_map *x) {
    const char *const body = bd_torch_look_up(b, layer, ".body.0.weight") ? ".body" : "";
    if (bd_torch_look_up(b, layer, ".weight") || !bd_torch_look_up(b, layer, NAME("%s.0.weight", body))) {
        return bd_torch_convolve(b, layer, norm, at, what, x);
    }
    at.depthwise = true;
    bd_result result = bd_torch_convolve(b, NAME("%s%s.0", layer, body), "", at, BD_TORCH_LINEAR, x);
    return result ? result : bd_torch_convolve(b, NAME("%s%s.1", layer, body), norm, bd_torch_plain, what, x);
}

bd_result bd_torch_classify(bd_torch_builder *b, const char *layer, bd_torch_map *x) {
    return bd_torch_convolve(b, layer, NULL, bd_torch_plain, BD_TORCH_LINEAR, x);
}

/* ---- maps ------------------------------------------------------------------------------------------------------- */

bd_result bd_torch_pool(bd_torch_builder *b, const char *layer, bd_torch_map *x) {
    uint32_t inputs[2] = {x->node, BD_NO_NODE};
    bd_result result = add_list(b, "axes", (const int32_t[]){1, 2}, 2, &inputs[1]);
    return result ? result : bd_torch_add(b, BD_OP_MEAN, NAME("%s/pool", layer), inputs, 2, &x->node);
}

bd_result bd_torch_pool_max(bd_torch_builder *b, const char *name, bd_torch_map *x) {
    bd_result result = bd_torch_add(b, BD_OP_POOL_MAX, name, &x->node, 1, &x->node);
    if (!result) {
        bd_conv_attrs *a = &b->graph->nodes[x->node].u.conv;
        a->kernel_h = a->kernel_w = 3;
        a->stride_h = a->stride_w = 2;
        a->padding = BD_PADDING_EXPLICIT;
        a->pad_top = a->pad_left = a->pad_bottom = a->pad_right = 1;
    }
    return result;
}

bd_result bd_torch_sum(bd_torch_builder *b, const char *name, bd_torch_map other, bd_torch_activation what,
                       bd_torch_map *x) {
    if (other.channels != x->channels) {
        return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED, "%s: layer '%s%s' adds %lld channels to %lld", b->file,
                       b->prefix, name, (long long)x->channels, (long long)other.channels);
    }
    const uint32_t inputs[2] = {x->node, other.node};
    bd_result result = bd_torch_add(b, BD_OP_ADD, NAME("%s/add", name), inputs, 2, &x->node);
    return result ? result : bd_torch_activate(b, name, what, x);
}

bd_result bd_torch_concat(bd_torch_builder *b, const char *name, const bd_torch_map *maps, uint32_t count,
                          bd_torch_map *x) {
    uint32_t inputs[8];
    count = BD_MIN(count, (uint32_t)BD_COUNT(inputs));
    x->channels = 0;
    for (uint32_t i = 0; i < count; i++) {
        inputs[i] = maps[i].node;
        x->channels += maps[i].channels;
    }
    bd_result result = bd_torch_add(b, BD_OP_CONCAT, name, inputs, count, &x->node);
    if (!result) {
        b->graph->nodes[x->node].u.axis = 3;
    }
    return result;
}

bd_result bd_torch_resize_like(bd_torch_builder *b, const char *name, uint32_t like, bool corners, bd_torch_map *x) {
    static const int32_t bounds[3][1] = {{1}, {3}, {1}};
    uint32_t slice[4], inputs[2] = {x->node, BD_NO_NODE};
    bd_result result = bd_torch_add(b, BD_OP_SHAPE, NAME("%s/shape", name), &like, 1, &slice[0]);
    for (int i = 0; i < 3 && !result; i++) {
        result = add_list(b, "bound", bounds[i], 1, &slice[1 + i]);
    }
    if (!result) {
        result = bd_torch_add(b, BD_OP_STRIDED_SLICE, NAME("%s/size", name), slice, 4, &inputs[1]);
    }
    if (!result) {
        result = bd_torch_add(b, BD_OP_RESIZE_BILINEAR, name, inputs, 2, &x->node);
    }
    if (!result) {
        b->graph->nodes[x->node].u.resize.half_pixel_centers = !corners;
        b->graph->nodes[x->node].u.resize.align_corners = corners;
    }
    return result;
}

/* ---- the photo -------------------------------------------------------------------------------------------------- */

/* The padding adds nothing: it says that what lies outside the photo is zero after the normalisation, as in
 * torchvision's batches (references/segmentation/utils.py, cat_list). */
bd_result bd_torch_photo(bd_torch_builder *b, const bd_feed *feed, bd_torch_map *x) {
    bd_result result = bd_torch_add(b, BD_OP_INPUT, "photo", NULL, 0, &b->graph->input);
    int32_t *edges = result ? NULL : bd_pool_alloc(&b->graph->pool, 8 * sizeof *edges);
    if (!edges) {
        return result ? result : out_of_memory(b);
    }
    bd_node *input = &b->graph->nodes[b->graph->input];
    input->dtype = BD_F32;
    input->shape = bd_shape_make(4, (const int32_t[]){1, -1, -1, 3});
    bd_graph_suggest_feed(b->graph, BD_INPUT_SOURCE_TRAINER, feed);
    const bd_shape shape = bd_shape_make(2, (const int32_t[]){4, 2});
    uint32_t inputs[2] = {b->graph->input, BD_NO_NODE};
    result = add_constant(b, "photo/edges", BD_I32, &shape, edges, &inputs[1]);
    x->channels = 3;
    return result ? result : bd_torch_add(b, BD_OP_PAD, "photo/outside", inputs, 2, &x->node);
}
