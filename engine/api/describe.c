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

/* What tells backbones apart: how many convolutions of which kind they have. */
typedef struct census {
    uint32_t depthwise, swishes, dense; /* dense: 3x3 */
    uint32_t additions, basic;          /* basic: behind a 3x3 convolution */
    int32_t last;                       /* channels behind the 17th depthwise convolution */
} census;

static census count_nodes(const bd_graph *graph, uint32_t rates[8]) {
    census of = {0};
    uint32_t last = BD_NO_NODE;
    for (uint32_t n = 0; n < graph->count; n++) {
        const bd_node *node = &graph->nodes[n];
        bool conv = node->op == BD_OP_CONV;
        bool residual = conv && node->input_count > 3 && node->inputs[3] != BD_NO_NODE;
        of.depthwise += node->op == BD_OP_DEPTHWISE;
        last = of.depthwise == 17 && node->op == BD_OP_DEPTHWISE ? n : last;
        of.additions += residual || node->op == BD_OP_ADD;
        of.swishes += node->op == BD_OP_HARD_SWISH;
        if (conv || node->op == BD_OP_DEPTHWISE) {
            of.swishes += node->u.conv.hard_swish;
            of.dense += conv && node->u.conv.kernel_h == 3;
            of.basic += residual && node->u.conv.kernel_h == 3;
            of.last = conv && node->inputs[0] == last ? node->shape.dims[3] : of.last;
            add_rate(rates, (uint32_t)BD_MAX(node->u.conv.dilation_h, node->u.conv.dilation_w));
        }
    }
    return of;
}

static const char *resnet_name(const census *of) {
    switch (of->additions) {
    case 8: return of->basic == 8 ? "ResNet-18" : "unknown";
    case 16: return of->basic == 16 ? "ResNet-34" : "ResNet-50";
    case 33: return "ResNet-101";
    case 50: return "ResNet-152";
    default: return "unknown";
    }
}

/* Separable convolutions of ASPP and decoder, up to five, come on top. */
void bd_describe_backbone(const bd_graph *graph, bd_model_info *info) {
    const census of = count_nodes(graph, info->rates);
    const char *name = "unknown";
    if (of.swishes) {
        name = of.depthwise == 15 ? "MobileNetV3 large" : "MobileNetV3";
    } else if (of.depthwise >= 39) {
        name = of.depthwise >= 69 ? "Xception-71" : of.depthwise >= 63 ? "Xception-65" : "Xception-41";
    } else if (of.depthwise >= 17 && of.dense < 4) {
        (void)snprintf(info->backbone, sizeof info->backbone, "MobileNetV2, width %.3g", (double)of.last / 320);
        return;
    } else if (of.depthwise >= 8) {
        name = "MobileNet EdgeTPU";
    } else {
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
