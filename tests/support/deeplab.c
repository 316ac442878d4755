/* SPDX-License-Identifier: MIT */
#include "support/deeplab.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/graphdef.h"

enum { NAME = 160 };

/* A map in the graph in hand. */
typedef struct map {
    char name[NAME];
    int32_t h, w, channels;
} map;

typedef struct writer {
    const test_deeplab *network;
    uint32_t seed;
    uint32_t made; /* nodes, for names */
} writer;

static float uniform(writer *w) {
    w->seed = w->seed * 1664525u + 1013904223u;
    return (float)(w->seed >> 8) / 16777216.0f;
}

static void add_values(writer *w, const char *name, uint32_t rank, const int64_t *dims, float low, float high) {
    size_t count = 1;
    for (uint32_t d = 0; d < rank; d++) {
        count *= (size_t)dims[d];
    }
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = low + (high - low) * uniform(w);
    }
    gd_floats(name, dims, rank, values);
    free(values);
}

static void add_pairs(const char *name, const int32_t *values, int64_t rows) {
    gd_node(name, "Const", NULL);
    gd_type("dtype", GD_INT32);
    gd_content("value", GD_INT32, (const int64_t[]){rows, 2}, 2, values, (size_t)rows * 2 * sizeof *values);
}

/* Appends the node that makes x from x and the inputs that follow. */
static void apply(writer *w, const char *op, map *x, const char *more) {
    char inputs[9 * NAME];
    (void)snprintf(inputs, sizeof inputs, "%s%s%s", x->name, more ? " " : "", more ? more : "");
    (void)snprintf(x->name, sizeof x->name, "%s_%u", op, w->made++);
    gd_node(x->name, op, inputs);
}

static void relu(writer *w, map *x) {
    apply(w, "Relu", x, NULL);
}

static void norm(writer *w, map *x, float gain) {
    static const char *const parts[4] = {"gamma", "beta", "mean", "variance"};
    const float low[4] = {0.8f * gain, -0.1f, -0.1f, 0.8f}, high[4] = {1.2f * gain, 0.1f, 0.1f, 1.2f};
    const int64_t dims[1] = {x->channels};
    char names[4][32], inputs[4 * 33];
    for (int i = 0; i < 4; i++) {
        (void)snprintf(names[i], sizeof names[i], "%s_%u", parts[i], w->made++);
        add_values(w, names[i], 1, dims, low[i], high[i]);
    }
    (void)snprintf(inputs, sizeof inputs, "%s %s %s %s", names[0], names[1], names[2], names[3]);
    apply(w, "FusedBatchNormV3", x, inputs);
    gd_real("epsilon", 0.001f);
    gd_flag("is_training", false);
    gd_text("data_format", "NHWC");
}

static int32_t out_size(int32_t in, int32_t stride) {
    return (in + stride - 1) / stride;
}

static void window(writer *w, const char *op, map *x, const char *weights, int32_t stride, int32_t dilation,
                   const char *padding) {
    const int64_t strides[4] = {1, stride, stride, 1}, dilations[4] = {1, dilation, dilation, 1};
    apply(w, op, x, weights);
    gd_integers("strides", strides, 4, true);
    gd_integers("dilations", dilations, 4, true);
    gd_text("padding", padding);
    gd_text("data_format", "NHWC");
}

/* Between SpaceToBatchND and BatchToSpaceND, with what tf.nn.with_space_to_batch computes of the size. */
static void atrous(writer *w, const char *op, map *x, const char *weights, int32_t k, int32_t rate) {
    const int32_t before = (k - 1) * rate / 2, both = (k - 1) * rate;
    const int32_t more_h = (rate - (x->h + both) % rate) % rate, more_w = (rate - (x->w + both) % rate) % rate;
    const int32_t pads[4] = {before, both - before + more_h, before, both - before + more_w};
    const int32_t crops[4] = {0, more_h, 0, more_w}, block[2] = {rate, rate};
    char names[3][32], inputs[3 * 33];
    for (int i = 0; i < 3; i++) {
        (void)snprintf(names[i], sizeof names[i], "block_%u", w->made++);
    }
    gd_int32s(names[0], block, 2);
    add_pairs(names[1], pads, 2);
    add_pairs(names[2], crops, 2);
    (void)snprintf(inputs, sizeof inputs, "%s %s", names[0], names[1]);
    apply(w, "SpaceToBatchND", x, inputs);
    window(w, op, x, weights, 1, 1, "VALID");
    (void)snprintf(inputs, sizeof inputs, "%s %s", names[0], names[2]);
    apply(w, "BatchToSpaceND", x, inputs);
}

/* conv2d_same: before a stride the padding does not depend on the size. */
static void convolve(writer *w, map *x, const char *op, int32_t out, int32_t k, int32_t stride, int32_t rate) {
    const bool deep = !strcmp(op, "DepthwiseConv2dNative");
    const int64_t dims[4] = {k, k, x->channels, deep ? 1 : out};
    const float limit = sqrtf(6.0f / (float)(k * k * (deep ? 1 : x->channels)));
    char weights[32];
    (void)snprintf(weights, sizeof weights, "weights_%u", w->made++);
    add_values(w, weights, 4, dims, -limit, limit);
    if (stride > 1 && k > 1) {
        const int32_t extent = (k - 1) * rate, before = extent / 2;
        const int32_t pads[8] = {0, 0, before, extent - before, before, extent - before, 0, 0};
        char name[32];
        (void)snprintf(name, sizeof name, "paddings_%u", w->made++);
        add_pairs(name, pads, 4);
        apply(w, "Pad", x, name);
        window(w, op, x, weights, stride, rate, "VALID");
    } else if (rate > 1 && !w->network->dilations) {
        atrous(w, op, x, weights, k, rate);
    } else {
        window(w, op, x, weights, stride, rate, "SAME");
    }
    x->h = out_size(x->h, stride);
    x->w = out_size(x->w, stride);
    x->channels = deep ? x->channels : out;
}

static void dense(writer *w, map *x, int32_t out, int32_t k, int32_t stride, int32_t rate, float gain) {
    convolve(w, x, "Conv2D", out, k, stride, rate);
    norm(w, x, gain);
}

/* inside: an activation behind each of its two convolutions. */
static void separable(writer *w, map *x, int32_t out, int32_t stride, int32_t rate, bool inside, float gain) {
    convolve(w, x, "DepthwiseConv2dNative", 0, 3, stride, rate);
    norm(w, x, 1);
    if (inside) {
        relu(w, x);
    }
    dense(w, x, out, 1, 1, 1, gain);
    if (inside) {
        relu(w, x);
    }
}

static void add_maps(writer *w, map *x, const map *other) {
    apply(w, "AddV2", x, other->name);
}

/* ---- backbones --------------------------------------------------------------------------------------------------- */

/* What is left of the strides once the output stride is reached becomes the rate of what follows. */
typedef struct reach {
    int32_t limit, stride, rate;
} reach;

static int32_t take_stride(reach *at, int32_t stride, int32_t *rate) {
    *rate = at->rate;
    if (at->stride == at->limit) {
        at->rate *= stride;
        return 1;
    }
    at->stride *= stride;
    return stride;
}

typedef enum shortcut { SHORTCUT_CONV, SHORTCUT_SUM, SHORTCUT_NONE } shortcut;

/* Three separable convolutions; skip: the map behind the second one, for a decoder. */
static void xception_module(writer *w, reach *at, map *x, const int32_t depths[3], shortcut kind, int32_t stride,
                            const int32_t *grid, map *skip) {
    map other = *x;
    int32_t rate;
    stride = take_stride(at, stride, &rate);
    for (int i = 0; i < 3; i++) {
        bool inside = kind == SHORTCUT_NONE;
        if (!inside) {
            relu(w, x);
        }
        separable(w, x, depths[i], i == 2 ? stride : 1, rate * (grid ? grid[i] : 1), inside,
                  kind == SHORTCUT_SUM && i == 2 ? 0.3f : 1);
        if (skip && i == 1) {
            *skip = *x;
        }
    }
    if (kind == SHORTCUT_CONV) {
        dense(w, &other, depths[2], 1, stride, 1, 1);
    }
    if (kind != SHORTCUT_NONE) {
        add_maps(w, x, &other);
    }
}

static void xception(writer *w, map *x, map *skip) {
    reach at = {w->network->stride, 2, 1};
    dense(w, x, 4, 3, 2, 1, 1);
    relu(w, x);
    dense(w, x, 8, 3, 1, 1, 1);
    relu(w, x);
    xception_module(w, &at, x, (const int32_t[]){8, 8, 8}, SHORTCUT_CONV, 2, NULL, NULL);
    xception_module(w, &at, x, (const int32_t[]){12, 12, 12}, SHORTCUT_CONV, 2, NULL, skip);
    xception_module(w, &at, x, (const int32_t[]){16, 16, 16}, SHORTCUT_CONV, 2, NULL, NULL);
    for (int i = 0; i < 16; i++) {
        xception_module(w, &at, x, (const int32_t[]){16, 16, 16}, SHORTCUT_SUM, 1, NULL, NULL);
    }
    xception_module(w, &at, x, (const int32_t[]){16, 20, 20}, SHORTCUT_CONV, 2, NULL, NULL);
    xception_module(w, &at, x, (const int32_t[]){24, 24, 32}, SHORTCUT_NONE, 1, w->network->grid, NULL);
}

static void max_pool(writer *w, map *x, int32_t k, int32_t stride) {
    const int64_t size[4] = {1, k, k, 1}, strides[4] = {1, stride, stride, 1};
    apply(w, "MaxPool", x, NULL);
    gd_integers("ksize", size, 4, true);
    gd_integers("strides", strides, 4, true);
    gd_text("padding", k > 1 ? "SAME" : "VALID");
    gd_text("data_format", "NHWC");
    x->h = out_size(x->h, stride);
    x->w = out_size(x->w, stride);
}

/* The stride is in a block's last unit, whose shortcut is then a pooling of one pixel. */
static void bottleneck(writer *w, reach *at, map *x, int32_t out, int32_t stride, int32_t unit_rate) {
    map other = *x;
    int32_t rate;
    stride = take_stride(at, stride, &rate);
    if (x->channels != out) {
        dense(w, &other, out, 1, stride, 1, 1);
    } else if (stride > 1) {
        max_pool(w, &other, 1, stride);
    }
    dense(w, x, out / 4, 1, 1, 1, 1);
    relu(w, x);
    dense(w, x, out / 4, 3, stride, rate * unit_rate, 1);
    relu(w, x);
    dense(w, x, out, 1, 1, 1, 0.3f);
    add_maps(w, x, &other);
    relu(w, x);
}

static void resnet(writer *w, map *x, map *skip) {
    const test_deeplab *network = w->network;
    reach at = {network->stride, 4, 1};
    for (int i = 0; i < 3; i++) {
        dense(w, x, i == 2 ? 8 : 4, 3, i ? 1 : 2, 1, 1);
        relu(w, x);
    }
    max_pool(w, x, 3, 2);
    for (int b = 0; b < 4; b++) {
        for (int u = 0; u < network->units[b]; u++) {
            bool last = u + 1 == network->units[b];
            bottleneck(w, &at, x, 12 + 4 * b, last && b < 3 ? 2 : 1, b == 3 && u < 3 ? network->grid[u] : 1);
            if (b == 0 && u == 1) {
                *skip = *x;
            }
        }
    }
}

/* ---- head and decoder -------------------------------------------------------------------------------------------- */

static void resize(writer *w, map *x, int32_t height, int32_t width) {
    char name[32];
    (void)snprintf(name, sizeof name, "size_%u", w->made++);
    gd_int32s(name, (const int32_t[]){height, width}, 2);
    apply(w, "ResizeBilinear", x, name);
    gd_flag("align_corners", true);
    x->h = height;
    x->w = width;
}

static void join(writer *w, const map *maps, uint32_t count, map *x) {
    char inputs[8 * NAME] = "";
    *x = maps[0];
    x->channels = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t used = strlen(inputs);
        (void)snprintf(inputs + used, sizeof inputs - used, "%s ", maps[i].name);
        x->channels += maps[i].channels;
    }
    char axis[32];
    (void)snprintf(axis, sizeof axis, "axis_%u", w->made++);
    gd_node(axis, "Const", NULL);
    gd_type("dtype", GD_INT32);
    gd_single("value", GD_INT32, NULL, 0, 3);
    (void)snprintf(inputs + strlen(inputs), sizeof inputs - strlen(inputs), "%s", axis);
    (void)snprintf(x->name, sizeof x->name, "concat_%u", w->made++);
    gd_node(x->name, "ConcatV2", inputs);
}

static void pool_image(writer *w, map *x) {
    const int32_t h = x->h, width = x->w;
    const int64_t size[4] = {1, h, width, 1}, strides[4] = {1, h, width, 1};
    apply(w, "AvgPool", x, NULL);
    gd_integers("ksize", size, 4, true);
    gd_integers("strides", strides, 4, true);
    gd_text("padding", "VALID");
    gd_text("data_format", "NHWC");
    x->h = x->w = 1;
    dense(w, x, 16, 1, 1, 1, 1);
    relu(w, x);
    resize(w, x, h, width);
}

static void wide(writer *w, map *x, int32_t out, int32_t rate) {
    if (w->network->dense) {
        dense(w, x, out, 3, 1, rate, 1);
        relu(w, x);
    } else {
        separable(w, x, out, 1, rate, true, 1);
    }
}

static void head(writer *w, map *x) {
    const test_deeplab *network = w->network;
    const map features = *x;
    map branches[5];
    uint32_t count = 0;
    if (network->pooling) {
        branches[count] = features;
        pool_image(w, &branches[count++]);
    }
    branches[count] = features;
    dense(w, &branches[count], 16, 1, 1, 1, 1);
    relu(w, &branches[count++]);
    for (int i = 0; i < 3; i++) {
        if (network->rates[i]) {
            branches[count] = features;
            wide(w, &branches[count++], 16, network->rates[i]);
        }
    }
    if (count > 1) {
        join(w, branches, count, x);
        dense(w, x, 16, 1, 1, 1, 1);
        relu(w, x);
    } else {
        *x = branches[0];
    }
}

static void decode(writer *w, map *x, map skip, int32_t height, int32_t width) {
    const int32_t h = (height - 1) / 4 + 1, wide_w = (width - 1) / 4 + 1;
    dense(w, &skip, 6, 1, 1, 1, 1);
    relu(w, &skip);
    map parts[2] = {*x, skip};
    resize(w, &parts[0], h, wide_w);
    resize(w, &parts[1], h, wide_w); /* to the size that it has */
    join(w, parts, 2, x);
    wide(w, x, 16, 1);
    wide(w, x, 16, 1);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void vector(const char *name, const float values[3]) {
    gd_floats(name, (const int64_t[]){3}, 1, values);
}

/* Xception's -1..1, ResNet's photo less ImageNet's mean. */
static void normalise(writer *w, map *x) {
    static const float scale[3] = {2 / 255.0f, 2 / 255.0f, 2 / 255.0f}, one[3] = {1, 1, 1};
    static const float mean[3] = {123.15f, 115.90f, 103.06f};
    apply(w, "Cast", x, NULL);
    gd_type("SrcT", GD_UINT8);
    gd_type("DstT", GD_FLOAT);
    if (w->network->xception) {
        vector("scale", scale);
        apply(w, "Mul", x, "scale");
    }
    vector("mean", w->network->xception ? one : mean);
    apply(w, "Sub", x, "mean");
}

void test_deeplab_write(const test_deeplab *network, int32_t height, int32_t width) {
    writer w = {.network = network, .seed = 7};
    map x = {.name = "ImageTensor", .h = height, .w = width, .channels = 3}, skip = {.h = 0};
    gd_begin();
    gd_photo(x.name, GD_UINT8, height, width);
    normalise(&w, &x);
    if (network->xception) {
        xception(&w, &x, &skip);
    } else {
        resnet(&w, &x, &skip);
    }
    head(&w, &x);
    if (network->decoder) {
        decode(&w, &x, skip, height, width);
    }
    convolve(&w, &x, "Conv2D", TEST_DEEPLAB_CLASSES, 1, 1, 1);
    add_values(&w, "biases", 1, (const int64_t[]){TEST_DEEPLAB_CLASSES}, -0.1f, 0.1f);
    char inputs[2 * NAME];
    (void)snprintf(inputs, sizeof inputs, "%s biases", x.name);
    (void)snprintf(x.name, sizeof x.name, "logits/semantic/BiasAdd");
    gd_node(x.name, "BiasAdd", inputs);
    resize(&w, &x, height, width);
    gd_node("dimension", "Const", NULL);
    gd_type("dtype", GD_INT32);
    gd_single("value", GD_INT32, NULL, 0, 3);
    (void)snprintf(inputs, sizeof inputs, "%s dimension", x.name);
    gd_node("SemanticPredictions", "ArgMax", inputs);
}
