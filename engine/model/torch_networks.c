/* SPDX-License-Identifier: MIT
 * torchvision's DeepLabv3 (torchvision/models/segmentation/deeplabv3.py, models/resnet.py, models/mobilenetv3.py) from
 * its state dict: layers are found by the names of their parameters, channels and windows by their shapes; strides,
 * dilations and activations, which a state dict does not have, are torchvision's. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/torch.h"

#define BLOCKS_MOST 64
#define CHANNELS_MOST 65536
#define WINDOW_MOST 15

typedef struct builder {
    const char *file;
    bd_torch_state *state;
    char prefix[BD_TORCH_MAX_NAME + 1]; /* of every parameter's name */
    bd_graph *graph;
    int64_t budget; /* elements that may still be copied: tensors may share their data */
    float norm_epsilon;
    bd_error *error;
} builder;

/* A tensor of the graph. */
typedef struct map {
    uint32_t node;
    int64_t channels;
} map;

typedef enum activation { LINEAR, RELU, HARD_SWISH, HARD_SIGMOID } activation;

/* A name in the state dict or of a node. */
typedef struct label {
    char text[BD_TORCH_MAX_NAME + 1];
} label;

static const char *print_name(label *to, const char *format, ...) BD_PRINTF(2, 3);
static const char *print_name(label *to, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(to->text, sizeof to->text, format, arguments);
    va_end(arguments);
    return to->text;
}

/* Good until the end of the block. */
#define NAME(...) print_name(&(label){{0}}, __VA_ARGS__)

/* ---- parameters ------------------------------------------------------------------------------------------------- */

static bd_result out_of_memory(const builder *b) {
    return bd_fail(b->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", b->file);
}

static bd_torch_tensor *look_up(const builder *b, const char *layer, const char *parameter) {
    const char *const name = NAME("%s%s%s", b->prefix, layer, parameter);
    return bd_torch_state_find(b->state, name);
}

static bd_result find(builder *b, const char *layer, const char *parameter, bd_torch_tensor **found) {
    *found = look_up(b, layer, parameter);
    if (!*found) {
        return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED, "%s: parameter '%s%s%s' is missing", b->file, b->prefix,
                       layer, parameter);
    }
    (*found)->used = true;
    if ((*found)->kind == BD_TORCH_OTHER) {
        return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED, "%s: parameter '%s' is not float32, float16 or bfloat16",
                       b->file, (*found)->name);
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

static bd_result wrong_shape(const builder *b, const bd_torch_tensor *tensor) {
    int64_t d[4] = {0};
    memcpy(d, tensor->dims, BD_MIN(tensor->rank, 4u) * sizeof d[0]);
    return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED,
                   "%s: parameter '%s' of rank %u, (%lld,%lld,%lld,%lld), does not fit", b->file, tensor->name,
                   tensor->rank, (long long)d[0], (long long)d[1], (long long)d[2], (long long)d[3]);
}

/* A vector of `channels` values, in the graph's pool. */
static bd_result find_vector(builder *b, const char *layer, const char *parameter, int64_t channels, float **values) {
    bd_torch_tensor *found;
    bd_result result = find(b, layer, parameter, &found);
    if (result) {
        return result;
    }
    if (found->rank != 1 || found->dims[0] != channels) {
        return wrong_shape(b, found);
    }
    *values = bd_pool_alloc(&b->graph->pool, (size_t)channels * sizeof **values);
    if (!*values) {
        return out_of_memory(b);
    }
    bd_torch_copy_vector(found, *values);
    return BD_OK;
}

/* A batch norm as y = x * scale + bias. */
static bd_result find_norm(builder *b, const char *layer, int64_t channels, float **scale, float **bias) {
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

/* ---- nodes ------------------------------------------------------------------------------------------------------ */

static bd_result add(builder *b, bd_op op, const char *name, const uint32_t *inputs, uint32_t count, uint32_t *node) {
    *node = bd_graph_add(b->graph, op, name, inputs, count);
    return *node == BD_NO_NODE ? out_of_memory(b) : BD_OK;
}

static bd_result add_constant(builder *b, const char *name, bd_dtype dtype, const bd_shape *shape, const void *data,
                              uint32_t *node) {
    *node = bd_graph_add_const(b->graph, name, dtype, shape, data);
    return *node == BD_NO_NODE ? out_of_memory(b) : BD_OK;
}

static bd_result add_list(builder *b, const char *name, const int32_t *values, int32_t count, uint32_t *node) {
    int32_t *copy = bd_pool_alloc(&b->graph->pool, (size_t)count * sizeof *copy);
    if (!copy) {
        return out_of_memory(b);
    }
    memcpy(copy, values, (size_t)count * sizeof *copy);
    const bd_shape shape = bd_shape_make(1, &count);
    return add_constant(b, name, BD_I32, &shape, copy, node);
}

static bd_result activate(builder *b, const char *layer, activation what, map *x) {
    static const bd_op ops[] = {
        [RELU] = BD_OP_CLAMP, [HARD_SWISH] = BD_OP_HARD_SWISH, [HARD_SIGMOID] = BD_OP_HARD_SIGMOID};
    if (what == LINEAR) {
        return BD_OK;
    }
    const char *const name = NAME("%s/%s", layer, what == RELU ? "relu" : bd_op_name(ops[what]));
    bd_result result = add(b, ops[what], name, &x->node, 1, &x->node);
    if (!result && what == RELU) {
        b->graph->nodes[x->node].u.clamp.low = 0;
        b->graph->nodes[x->node].u.clamp.high = INFINITY;
    }
    return result;
}

typedef struct window {
    int32_t stride, dilation;
    bool depthwise;
} window;

/* Appends the convolution whose weights are layer.weight, padded to keep the size, with what follows it: the batch norm
 * `norm` or, where that is NULL, layer.bias. */
static bd_result convolve(builder *b, const char *layer, const char *norm, window at, activation what, map *x) {
    bd_torch_tensor *weights;
    bd_result result = find(b, layer, ".weight", &weights);
    if (result) {
        return result;
    }
    const int64_t *d = weights->dims;
    if (weights->rank != 4 || d[2] != d[3] || d[2] > WINDOW_MOST || d[2] % 2 == 0 ||
        (at.depthwise ? d[0] != x->channels || d[1] != 1 : d[1] != x->channels)) {
        return wrong_shape(b, weights);
    }
    float *scale = NULL, *bias = NULL;
    result = norm ? find_norm(b, norm, d[0], &scale, &bias) : find_vector(b, layer, ".bias", d[0], &bias);
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
    const bd_shape shape =
        bd_shape_make(4, (const int32_t[]){side, side, at.depthwise ? out : in, at.depthwise ? 1 : out});
    uint32_t inputs[3] = {x->node, BD_NO_NODE, BD_NO_NODE};
    result = add_constant(b, NAME("%s.weight", layer), BD_F32, &shape, copy, &inputs[1]);
    if (!result) {
        const bd_shape vector = bd_shape_make(1, &out);
        result = add_constant(b, NAME("%s.bias", layer), BD_F32, &vector, bias, &inputs[2]);
    }
    if (!result) {
        result = add(b, at.depthwise ? BD_OP_DEPTHWISE : BD_OP_CONV, layer, inputs, 3, &x->node);
    }
    if (result) {
        return result;
    }
    bd_conv_attrs *a = &b->graph->nodes[x->node].u.conv;
    a->stride_h = a->stride_w = at.stride;
    a->dilation_h = a->dilation_w = at.dilation;
    a->padding = BD_PADDING_EXPLICIT;
    a->pad_top = a->pad_left = a->pad_bottom = a->pad_right = at.dilation * (side - 1) / 2;
    x->channels = d[0];
    return activate(b, layer, what, x);
}

static const window plain = {1, 1, false};

static bd_result pool_map(builder *b, const char *layer, map *x) {
    uint32_t inputs[2] = {x->node, BD_NO_NODE};
    bd_result result = add_list(b, "axes", (const int32_t[]){1, 2}, 2, &inputs[1]);
    return result ? result : add(b, BD_OP_MEAN, NAME("%s/pool", layer), inputs, 2, &x->node);
}

/* Resizes x to the height and width of `like`, by pixel centres. */
static bd_result resize_like(builder *b, const char *name, uint32_t like, map *x) {
    static const int32_t bounds[3][1] = {{1}, {3}, {1}};
    uint32_t slice[4], inputs[2] = {x->node, BD_NO_NODE};
    bd_result result = add(b, BD_OP_SHAPE, NAME("%s/shape", name), &like, 1, &slice[0]);
    for (int i = 0; i < 3 && !result; i++) {
        result = add_list(b, "bound", bounds[i], 1, &slice[1 + i]);
    }
    if (!result) {
        result = add(b, BD_OP_STRIDED_SLICE, NAME("%s/size", name), slice, 4, &inputs[1]);
    }
    if (!result) {
        result = add(b, BD_OP_RESIZE_BILINEAR, name, inputs, 2, &x->node);
    }
    if (!result) {
        b->graph->nodes[x->node].u.resize.half_pixel_centers = true;
    }
    return result;
}

/* ---- the photo -------------------------------------------------------------------------------------------------- */

static bd_result add_three(builder *b, bd_op op, const char *name, const double values[3], uint32_t *x) {
    const int32_t three = 3;
    const bd_shape shape = bd_shape_make(1, &three);
    uint32_t inputs[2] = {*x, BD_NO_NODE};
    float *copy = bd_pool_alloc(&b->graph->pool, 3 * sizeof *copy);
    if (!copy) {
        return out_of_memory(b);
    }
    for (int c = 0; c < 3; c++) {
        copy[c] = (float)values[c];
    }
    bd_result result = add_constant(b, name, BD_F32, &shape, copy, &inputs[1]);
    return result ? result : add(b, op, name, inputs, 2, x);
}

/* (photo / 255 - mean) / deviation, ImageNet's. The padding adds nothing: it says that what lies outside the photo is
 * zero behind the normalisation, as in torchvision's batches (references/segmentation/utils.py, cat_list). */
static bd_result add_photo(builder *b, map *x) {
    static const double byte[3] = {255, 255, 255};
    static const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
    bd_result result = add(b, BD_OP_INPUT, "photo", NULL, 0, &b->graph->input);
    if (result) {
        return result;
    }
    bd_node *input = &b->graph->nodes[b->graph->input];
    input->dtype = BD_U8;
    input->shape = bd_shape_make(4, (const int32_t[]){1, -1, -1, 3});
    result = add(b, BD_OP_CAST, "photo/float", &b->graph->input, 1, &x->node);
    if (!result) {
        b->graph->nodes[x->node].dtype = BD_F32;
        result = add_three(b, BD_OP_DIV, "photo/byte", byte, &x->node);
    }
    if (!result) {
        result = add_three(b, BD_OP_SUB, "photo/mean", mean, &x->node);
    }
    if (!result) {
        result = add_three(b, BD_OP_DIV, "photo/deviation", deviation, &x->node);
    }
    int32_t *edges = result ? NULL : bd_pool_alloc(&b->graph->pool, 8 * sizeof *edges);
    if (!edges) {
        return result ? result : out_of_memory(b);
    }
    const bd_shape shape = bd_shape_make(2, (const int32_t[]){4, 2});
    uint32_t inputs[2] = {x->node, BD_NO_NODE};
    result = add_constant(b, "photo/edges", BD_I32, &shape, edges, &inputs[1]);
    x->channels = 3;
    return result ? result : add(b, BD_OP_PAD, "photo/outside", inputs, 2, &x->node);
}

/* ---- ResNet ----------------------------------------------------------------------------------------------------- */

static bd_result add_sum(builder *b, const char *name, map other, activation what, map *x) {
    if (other.channels != x->channels) {
        return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED, "%s: layer '%s%s' adds %lld channels to %lld", b->file,
                       b->prefix, name, (long long)x->channels, (long long)other.channels);
    }
    const uint32_t inputs[2] = {x->node, other.node};
    bd_result result = add(b, BD_OP_ADD, NAME("%s/add", name), inputs, 2, &x->node);
    return result ? result : activate(b, name, what, x);
}

/* Bottleneck, stride and dilation in the 3x3 convolution. */
static bd_result bottleneck(builder *b, const char *block, window at, map *x) {
    map shortcut = *x;
    bd_result result = convolve(b, NAME("%s.conv1", block), NAME("%s.bn1", block), plain, RELU, x);
    if (!result) {
        result = convolve(b, NAME("%s.conv2", block), NAME("%s.bn2", block), at, RELU, x);
    }
    if (!result) {
        result = convolve(b, NAME("%s.conv3", block), NAME("%s.bn3", block), plain, LINEAR, x);
    }
    if (!result && look_up(b, block, ".downsample.0.weight")) {
        const window narrow = {at.stride, 1, false};
        result = convolve(b, NAME("%s.downsample.0", block), NAME("%s.downsample.1", block), narrow, LINEAR, &shortcut);
    }
    return result ? result : add_sum(b, block, shortcut, RELU, x);
}

/* replace_stride_with_dilation = (False, True, True): the strides of the last two stages are dilations behind their
 * first block. */
static bd_result resnet(builder *b, map *x) {
    static const struct {
        int32_t stride, first, rest; /* dilations */
    } stages[] = {{1, 1, 1}, {2, 1, 1}, {1, 1, 2}, {1, 2, 4}};
    bd_result result = convolve(b, "backbone.conv1", "backbone.bn1", (window){2, 1, false}, RELU, x);
    if (!result) {
        result = add(b, BD_OP_POOL_MAX, "backbone.maxpool", &x->node, 1, &x->node);
    }
    if (result) {
        return result;
    }
    bd_conv_attrs *a = &b->graph->nodes[x->node].u.conv;
    a->kernel_h = a->kernel_w = 3;
    a->stride_h = a->stride_w = 2;
    a->padding = BD_PADDING_EXPLICIT;
    a->pad_top = a->pad_left = a->pad_bottom = a->pad_right = 1;
    for (int s = 0; s < (int)BD_COUNT(stages); s++) {
        for (int n = 0; !result && n < BLOCKS_MOST; n++) {
            const char *const block = NAME("backbone.layer%d.%d", s + 1, n);
            if (n && !look_up(b, block, ".conv1.weight")) {
                break;
            }
            const window at = {n ? 1 : stages[s].stride, n ? stages[s].rest : stages[s].first, false};
            result = bottleneck(b, block, at, x);
        }
    }
    return result;
}

/* ---- MobileNetV3 large, dilated --------------------------------------------------------------------------------- */

typedef struct inverted {
    int32_t stride, dilation; /* a dilation above 1 stands in for the stride */
    activation what;
} inverted;

static const inverted mobilenet_blocks[] = {
    {1, 1, RELU},       {2, 1, RELU},       {1, 1, RELU},       {2, 1, RELU},       {1, 1, RELU},
    {1, 1, RELU},       {2, 1, HARD_SWISH}, {1, 1, HARD_SWISH}, {1, 1, HARD_SWISH}, {1, 1, HARD_SWISH},
    {1, 1, HARD_SWISH}, {1, 1, HARD_SWISH}, {2, 2, HARD_SWISH}, {1, 2, HARD_SWISH}, {1, 2, HARD_SWISH},
};

/* Each channel times what the whole map says of it. */
static bd_result squeeze(builder *b, const char *layer, map *x) {
    map share = *x;
    bd_result result = pool_map(b, layer, &share);
    if (!result) {
        result = convolve(b, NAME("%s.fc1", layer), NULL, plain, RELU, &share);
    }
    if (!result) {
        result = convolve(b, NAME("%s.fc2", layer), NULL, plain, HARD_SIGMOID, &share);
    }
    if (result) {
        return result;
    }
    if (share.channels != x->channels) {
        return wrong_shape(b, look_up(b, layer, ".fc2.weight"));
    }
    const uint32_t inputs[2] = {x->node, share.node};
    return add(b, BD_OP_MUL, NAME("%s/scale", layer), inputs, 2, &x->node);
}

/* block.0 widens where there are three convolutions, then come the depthwise one, a squeeze where there is one, and the
 * projection. */
static bd_result inverted_residual(builder *b, const char *block, const inverted *at, map *x) {
    const map shortcut = *x;
    const bd_torch_tensor *first = look_up(b, block, ".block.0.0.weight");
    bool widens = first && first->rank == 4 && first->dims[2] == 1;
    int part = 0;
    bd_result result = BD_OK;
    if (widens) {
        result = convolve(b, NAME("%s.block.0.0", block), NAME("%s.block.0.1", block), plain, at->what, x);
        part++;
    }
    if (!result) {
        const window deep = {at->dilation > 1 ? 1 : at->stride, at->dilation, true};
        result = convolve(b, NAME("%s.block.%d.0", block, part), NAME("%s.block.%d.1", block, part), deep, at->what, x);
        part++;
    }
    const char *const inner = NAME("%s.block.%d", block, part);
    if (!result && look_up(b, inner, ".fc1.weight")) {
        result = squeeze(b, inner, x);
        part++;
    }
    if (!result) {
        result = convolve(b, NAME("%s.block.%d.0", block, part), NAME("%s.block.%d.1", block, part), plain, LINEAR, x);
    }
    if (result || at->stride != 1 || x->channels != shortcut.channels) {
        return result;
    }
    return add_sum(b, block, shortcut, LINEAR, x);
}

static bd_result mobilenet(builder *b, map *x) {
    const int last = (int)BD_COUNT(mobilenet_blocks) + 1;
    b->norm_epsilon = 0.001f;
    bd_result result = convolve(b, "backbone.0.0", "backbone.0.1", (window){2, 1, false}, HARD_SWISH, x);
    for (int n = 1; n < last && !result; n++) {
        result = inverted_residual(b, NAME("backbone.%d", n), &mobilenet_blocks[n - 1], x);
    }
    if (!result) {
        result = convolve(b, NAME("backbone.%d.0", last), NAME("backbone.%d.1", last), plain, HARD_SWISH, x);
    }
    b->norm_epsilon = 1e-5f;
    return result;
}

/* ---- the head --------------------------------------------------------------------------------------------------- */

/* ASPP of rates 12, 24 and 36, dense, with image pooling; a 3x3 convolution; the classes. */
static bd_result head(builder *b, map *x) {
    static const int32_t rates[] = {1, 12, 24, 36};
    uint32_t branches[5];
    const map features = *x;
    bd_result result = BD_OK;
    int64_t channels = 0;
    for (int i = 0; i < 5 && !result; i++) {
        const int conv = i == 4 ? 1 : 0;
        const char *const layer = NAME("classifier.0.convs.%d.%d", i, conv);
        const char *const norm = NAME("classifier.0.convs.%d.%d", i, conv + 1);
        *x = features;
        if (i == 4) {
            result = pool_map(b, layer, x);
        }
        if (!result) {
            const window at = {1, i == 4 ? 1 : rates[i], false};
            result = convolve(b, layer, norm, at, RELU, x);
        }
        if (!result && i == 4) {
            result = resize_like(b, "classifier.0.convs.4/resize", features.node, x);
        }
        branches[i] = x->node;
        channels += x->channels;
    }
    if (!result) {
        result = add(b, BD_OP_CONCAT, "classifier.0/concat", branches, 5, &x->node);
    }
    if (!result) {
        b->graph->nodes[x->node].u.axis = 3;
        x->channels = channels;
        result = convolve(b, "classifier.0.project.0", "classifier.0.project.1", plain, RELU, x);
    }
    if (!result) {
        result = convolve(b, "classifier.1", "classifier.2", plain, RELU, x);
    }
    if (!result) {
        result = convolve(b, "classifier.4", NULL, plain, LINEAR, x);
    }
    return result ? result : resize_like(b, "resize", b->graph->input, x);
}

/* ---- which network ---------------------------------------------------------------------------------------------- */

/* Of the parameters whose names end so, the one with the shortest name; its prefix is the network's. */
static bool find_prefix(builder *b, const char *ending) {
    size_t length = strlen(ending), best = SIZE_MAX;
    for (size_t i = 0; i < b->state->count; i++) {
        const char *name = b->state->items[i].name;
        size_t bytes = strlen(name);
        if (bytes >= length && bytes < best && !strcmp(name + bytes - length, ending) &&
            (bytes == length || name[bytes - length - 1] == '.')) {
            best = bytes;
            (void)snprintf(b->prefix, sizeof b->prefix, "%.*s", (int)(bytes - length), name);
        }
    }
    return best != SIZE_MAX;
}

static bool ends_with(const char *text, const char *ending) {
    size_t bytes = strlen(text), length = strlen(ending);
    return bytes >= length && !strcmp(text + bytes - length, ending);
}

/* A parameter without a place belongs to some other network. */
static bd_result check_used(const builder *b) {
    const char *const auxiliary = NAME("%saux_classifier.", b->prefix);
    for (size_t i = 0; i < b->state->count; i++) {
        const bd_torch_tensor *tensor = &b->state->items[i];
        if (!tensor->used && strncmp(tensor->name, auxiliary, strlen(auxiliary)) &&
            !ends_with(tensor->name, ".num_batches_tracked")) {
            return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED,
                           "%s: parameter '%s' has no place in torchvision's DeepLabv3", b->file, tensor->name);
        }
    }
    return BD_OK;
}

bd_result bd_torch_build(bd_torch_state *state, const char *file, size_t file_bytes, bd_graph *graph, bd_error *error) {
    builder b = {.file = file,
                 .state = state,
                 .graph = graph,
                 .budget = (int64_t)(file_bytes / 2),
                 .norm_epsilon = 1e-5f,
                 .error = error};
    bd_result (*backbone)(builder *, map *) = find_prefix(&b, "backbone.conv1.weight") ? resnet : mobilenet;
    if (backbone == mobilenet && !find_prefix(&b, "backbone.0.0.weight")) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED,
                       "%s: its parameters are not those of torchvision's deeplabv3_resnet50, _resnet101 or "
                       "_mobilenet_v3_large",
                       file);
    }
    map x;
    bd_result result = add_photo(&b, &x);
    if (!result) {
        result = backbone(&b, &x);
    }
    if (!result) {
        result = head(&b, &x);
    }
    if (!result) {
        result = check_used(&b);
    }
    graph->output = result ? BD_NO_NODE : x.node;
    graph->default_size = 520;
    return result;
}
