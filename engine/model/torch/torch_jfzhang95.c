/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_jfzhang95.h"

#include "model/torch/torch_backbones.h"
#include "model/torch/torch_xception.h"

/* ---- DRN-D (Yu et al. 2017, arXiv 1705.09914): plain convolutions around bottlenecks, output stride 8 -------------- */

static bd_result drn_layer(bd_torch_builder *b, int number, int32_t stride, int32_t rate, bd_torch_map *x) {
    bd_result result = BD_OK;
    for (int n = 0; n < BD_TORCH_MAX_BLOCKS && !result; n++) {
        const char *const block = NAME("backbone.layer%d.%d", number, n);
        if (n && !bd_torch_look_up(b, block, ".conv1.weight")) {
            break;
        }
        result = bd_torch_bottleneck(b, block, n ? 1 : stride, rate, x);
    }
    return result;
}

static bd_result drn(bd_torch_builder *b, bd_torch_map *x, bd_torch_map *low) {
    static const struct {
        int32_t stride, rate;
        bool plain; /* one convolution, not bottlenecks */
    } layers[] = {{1, 1, true},  {1, 1, true},  {2, 1, true}, {2, 1, false}, {2, 1, false},
                  {1, 2, false}, {1, 4, false}, {1, 2, true}, {1, 1, true}};
    bd_result result = BD_OK;
    for (int i = 0; i < (int)BD_COUNT(layers) && !result; i++) {
        const bd_torch_window at = {.stride = layers[i].stride, .dilation = layers[i].rate};
        result = layers[i].plain ? bd_torch_convolve(b, NAME("backbone.layer%d.0", i), NAME("backbone.layer%d.1", i),
                                                     at, BD_TORCH_RELU, x)
                                 : drn_layer(b, i, layers[i].stride, layers[i].rate, x);
        *low = i == 3 ? *x : *low;
    }
    return result;
}

/* ---- the others -------------------------------------------------------------------------------------------------- */

static bd_result backbone(bd_torch_builder *b, uint32_t stride, bd_torch_map *x, bd_torch_map *low) {
    const bd_torch_dilation stages = {.output_stride = stride, .every = true, .multi_grid = true, .multiplied = true};
    const bd_torch_dilation inverted = {.output_stride = stride, .late = true};
    const bd_torch_window half = {.stride = 2, .dilation = 1};
    if (bd_torch_look_up(b, "backbone.layer0.0", ".weight")) {
        return drn(b, x, low);
    }
    if (bd_torch_look_up(b, "backbone.layer1.0.conv1", ".weight")) {
        return bd_torch_resnet(b, "backbone.", &stages, x, low);
    }
    if (bd_torch_look_up(b, "backbone.features.0.0", ".weight")) {
        bd_result result =
            bd_torch_convolve(b, "backbone.features.0.0", "backbone.features.0.1", half, BD_TORCH_RELU6, x);
        return result ? result : bd_torch_mobilenet_v2(b, bd_torch_name_features, BD_TORCH_BORDER, &inverted, x, low);
    }
    return bd_torch_xception(b, BD_TORCH_XCEPTION_JFZHANG95, stride, x, low);
}

static bd_result aspp(bd_torch_builder *b, const int32_t rates[4], bd_torch_map *x) {
    enum { BRANCHES = 5, POOLED = 4 };
    const bd_torch_map features = *x;
    bd_torch_map branches[BRANCHES];
    bd_result result = BD_OK;
    for (int i = 0; i < POOLED && !result; i++) {
        const char *const name = NAME("aspp.aspp%d", i + 1);
        const bd_torch_window at = {.stride = 1, .dilation = rates[i]};
        branches[i] = features;
        result =
            bd_torch_convolve(b, NAME("%s.atrous_conv", name), NAME("%s.bn", name), at, BD_TORCH_RELU, &branches[i]);
    }
    branches[POOLED] = features;
    if (!result) {
        result = bd_torch_pool(b, "aspp.global_avg_pool", &branches[POOLED]);
    }
    if (!result) {
        result = bd_torch_convolve(b, "aspp.global_avg_pool.1", "aspp.global_avg_pool.2", bd_torch_plain, BD_TORCH_RELU,
                                   &branches[POOLED]);
    }
    if (!result) {
        result = bd_torch_resize_like(b, "aspp.global_avg_pool/resize", features.node, true, &branches[POOLED]);
    }
    if (!result) {
        result = bd_torch_concat(b, "aspp/concat", branches, BRANCHES, x);
    }
    return result ? result : bd_torch_convolve(b, "aspp.conv1", "aspp.bn1", bd_torch_plain, BD_TORCH_RELU, x);
}

/* Newer versions count two dropouts. */
static bd_result decode(bd_torch_builder *b, bd_torch_map low, bd_torch_map *x) {
    const int step = bd_torch_look_up(b, "decoder.last_conv.8", ".weight") ? 4 : 3;
    bd_result result = bd_torch_convolve(b, "decoder.conv1", "decoder.bn1", bd_torch_plain, BD_TORCH_RELU, &low);
    if (!result) {
        result = bd_torch_resize_like(b, "decoder/resize", low.node, true, x);
    }
    if (!result) {
        const bd_torch_map both[2] = {*x, low};
        result = bd_torch_concat(b, "decoder/concat", both, 2, x);
    }
    for (int i = 0; i < 2 * step && !result; i += step) {
        result = bd_torch_convolve(b, NAME("decoder.last_conv.%d", i), NAME("decoder.last_conv.%d", i + 1),
                                   bd_torch_plain, BD_TORCH_RELU, x);
    }
    return result ? result : bd_torch_classify(b, NAME("decoder.last_conv.%d", 2 * step), x);
}

bd_result bd_torch_jfzhang95(bd_torch_builder *b, bd_torch_map *x) {
    static const int32_t near[4] = {1, 6, 12, 18}, far[4] = {1, 12, 24, 36};
    const bool eight = bd_torch_look_up(b, "backbone.layer0.0", ".weight");
    const uint32_t stride = eight ? 8 : bd_torch_output_stride(b, 16);
    bd_torch_map low = {0};
    bd_result result = bd_torch_photo(b, &bd_feed_imagenet, x);
    b->graph->default_size = 513;
    if (!result) {
        result = backbone(b, stride, x, &low);
    }
    if (!result) {
        result = aspp(b, stride == 16 ? near : far, x);
    }
    if (!result) {
        result = decode(b, low, x);
    }
    return result ? result : bd_torch_resize_like(b, "resize", b->graph->input, true, x);
}
