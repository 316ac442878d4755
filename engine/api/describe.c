/* SPDX-License-Identifier: MIT
 * What a lowered graph is: its backbone, its output stride, its atrous rates. */
#include <math.h>
#include <stdio.h>

#include "graph/passes.h"
#include "api/describe.h"

static void add_rate(uint32_t rates[8], uint32_t rate) {
    uint32_t at = 0;
    while (at < 8 && rates[at] && rates[at] < rate) {
        at++;
    }
    if (rate < 2 || at == 8 || rates[at] == rate) {
        return;
    }
    for (uint32_t i = 7; i > at; i--) {
        rates[i] = rates[i - 1];
    }
    rates[at] = rate;
}

/* Pixels of the input from one pixel of each node's map to the next, before anything is enlarged again; 0: a vector, or
 * behind a resize. The most is the output stride of the backbone (Chen et al. 2017, arXiv 1706.05587, section 3). */
static uint32_t step_of(const bd_graph *graph, uint32_t index, const uint32_t *steps) {
    const bd_node *node = &graph->nodes[index];
    bool window = bd_op_has_window(node->op);
    uint32_t step = 0;
    if (node->op == BD_OP_PREPROCESS) {
        return 1;
    }
    if (node->op == BD_OP_RESIZE_BILINEAR || node->shape.rank != 4 || node->shape.dims[1] * node->shape.dims[2] == 1) {
        return 0;
    }
    for (uint32_t k = 0; k < (window ? 1 : node->input_count); k++) {
        step = node->inputs[k] == BD_NO_NODE ? step : BD_MAX(step, steps[node->inputs[k]]);
    }
    return window && step < UINT16_MAX ? step * (uint32_t)node->u.conv.stride_h : step;
}

bd_result bd_describe_stride(const bd_graph *graph, uint32_t *stride, bd_error *error) {
    uint32_t *steps = bd_alloc_array(graph->pool.allocator, graph->count, sizeof *steps);
    if (!steps) {
        return bd_graph_fail_memory(graph, error);
    }
    *stride = 1;
    for (uint32_t n = 0; n < graph->count; n++) {
        steps[n] = step_of(graph, n, steps);
        *stride = BD_MAX(*stride, steps[n]);
    }
    bd_free(graph->pool.allocator, steps);
    return BD_OK;
}

/* ---- the backbone ------------------------------------------------------------------------------------------------ */

/* What tells backbones apart: how many convolutions of which kind they have, and how wide they are. */
typedef struct census {
    uint32_t depthwise, swishes;
    uint32_t fused;            /* 3x3 convolutions in front of the first depthwise one, without the stem's */
    uint32_t additions, basic; /* basic: behind a 3x3 convolution */
    uint32_t pools;            /* of the largest */
    uint32_t inverted;         /* of the leading depthwise convolutions, those between an expansion and a projection */
    int32_t projections[17];   /* channels that these make */
} census;

static bool is_pointwise(const bd_node *node) {
    return node->op == BD_OP_CONV && node->u.conv.kernel_h == 1 && node->u.conv.kernel_w == 1;
}

/* The channels of the convolution that alone reads a depthwise one; 0: there is none. */
static int32_t projection_of(const bd_graph *graph, uint32_t index) {
    for (uint32_t n = index + 1; n < graph->count; n++) {
        const bd_node *node = &graph->nodes[n];
        if (node->input_count && node->inputs[0] == index) {
            return is_pointwise(node) ? node->shape.dims[3] : 0;
        }
    }
    return 0;
}

/* MobileNetV2's blocks (Sandler et al. 2018, arXiv 1801.04381, table 2): a depthwise convolution of six times the block's
 * channels, but of as many in the first. */
static void count_inverted(const bd_graph *graph, uint32_t index, census *of) {
    enum { RATIO = 6 };
    const bd_node *node = &graph->nodes[index];
    const bd_node *expansion = &graph->nodes[node->inputs[0]];
    bool first = !of->inverted, expands = is_pointwise(expansion);
    if (of->depthwise != of->inverted + 1 || of->inverted == BD_COUNT(of->projections) || node->u.conv.kernel_h != 3 ||
        (!first && (!expands || node->shape.dims[3] != RATIO * graph->nodes[expansion->inputs[0]].shape.dims[3]))) {
        return;
    }
    of->projections[of->inverted] = projection_of(graph, index);
    of->inverted += of->projections[of->inverted] > 0;
}

static census count_nodes(const bd_graph *graph, uint32_t rates[8]) {
    census of = {0};
    uint32_t dense = 0;
    for (uint32_t n = 0; n < graph->count; n++) {
        const bd_node *node = &graph->nodes[n];
        bool conv = node->op == BD_OP_CONV;
        bool residual = conv && node->input_count > 3 && node->inputs[3] != BD_NO_NODE;
        of.additions += residual || node->op == BD_OP_ADD;
        of.swishes += node->op == BD_OP_HARD_SWISH;
        of.pools += node->op == BD_OP_POOL_MAX;
        if (!conv && node->op != BD_OP_DEPTHWISE) {
            continue;
        }
        of.swishes += node->u.conv.hard_swish;
        dense += conv && node->u.conv.kernel_h == 3;
        of.basic += residual && node->u.conv.kernel_h == 3;
        add_rate(rates, (uint32_t)BD_MAX(node->u.conv.dilation_h, node->u.conv.dilation_w));
        if (node->op == BD_OP_DEPTHWISE) {
            of.fused = of.depthwise++ ? of.fused : dense - BD_MIN(dense, 1u);
            count_inverted(graph, n, &of);
        }
    }
    return of;
}

/* The width that so many projections are of; 0: they are not MobileNetV2's. */
static double width_of(const int32_t *projections, uint32_t count) {
    enum { MULTIPLE = 8 };
    static const int32_t widths[] = {16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320};
    const double width = (double)projections[count - 1] / widths[count - 1];
    for (uint32_t i = 0; i < count; i++) {
        if (fabs(projections[i] - widths[i] * width) > MULTIPLE) {
            return 0;
        }
    }
    return width;
}

/* Some networks leave out the last blocks, and a separable convolution of their head looks like one. */
static double mobilenet_v2_width(const census *of) {
    enum { LEAST = 10 };
    double width = 0;
    for (uint32_t count = of->inverted; width == 0 && count >= LEAST; count--) {
        width = width_of(of->projections, count);
    }
    return width;
}

static const char *resnet_name(const census *of) {
    switch (of->additions) {
    case 8: return of->basic == 8 ? "ResNet-18" : "unknown";
    case 16: return of->basic == 16 ? "ResNet-34" : of->pools ? "ResNet-50" : "DRN-D-54";
    case 33: return "ResNet-101";
    case 50: return "ResNet-152";
    default: return "unknown";
    }
}

/* Separable convolutions of ASPP and decoder, up to five, come on top. */
void bd_describe_backbone(const bd_graph *graph, bd_model_info *info) {
    const census of = count_nodes(graph, info->rates);
    const double width = mobilenet_v2_width(&of);
    const char *name = "unknown";
    if (of.swishes) {
        name = of.depthwise == 15 ? "MobileNetV3 large" : "MobileNetV3";
    } else if (width > 0) {
        (void)snprintf(info->backbone, sizeof info->backbone, "MobileNetV2, width %.3g", width);
        return;
    } else if (of.depthwise >= 39) {
        name = of.depthwise >= 69 ? "Xception-71" : of.depthwise >= 63 ? "Xception-65" : "Xception-41";
    } else if (of.depthwise >= 8 && of.fused >= 2) {
        name = "MobileNet EdgeTPU";
    } else if (of.depthwise < 8) {
        name = resnet_name(&of);
    }
    (void)snprintf(info->backbone, sizeof info->backbone, "%s", name);
}

void bd_describe_input(const bd_graph *graph, bd_model_info *info) {
    const bd_preprocess_attrs *by = NULL;
    for (uint32_t n = 0; n < graph->count; n++) {
        by = graph->nodes[n].op == BD_OP_PREPROCESS ? &graph->nodes[n].u.preprocess : by;
    }
    info->input_source = graph->feed.source;
    info->channels = graph->feed.bgr ? BD_CHANNELS_BGR : BD_CHANNELS_RGB;
    info->input_low = INFINITY;
    info->input_high = -INFINITY;
    for (int c = 0; by && c < 3; c++) {
        const int from = by->bgr ? 2 - c : c;
        const double scale = (double)by->scale[c] * (double)graph->input_step;
        const double offset = (double)by->offset[c] * (double)graph->input_step;
        const float ends[2] = {(float)offset, (float)(offset + 255 * scale)};
        info->input_deviation[from] = scale != 0 ? (float)(1 / (255 * scale)) : INFINITY;
        info->input_mean[from] = scale != 0 ? (float)(0 - offset / (255 * scale)) : 0;
        info->input_low = fminf(info->input_low, fminf(ends[0], ends[1]));
        info->input_high = fmaxf(info->input_high, fmaxf(ends[0], ends[1]));
    }
}
