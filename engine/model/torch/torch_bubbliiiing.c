/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_bubbliiiing.h"

#include "model/torch/torch_backbones.h"
#include "model/torch/torch_xception.h"

/* Its convolutions have biases beside their norms. */
static bd_result aspp(bd_torch_builder *b, int32_t rate, bd_torch_map *x) {
    enum { BRANCHES = 5, POOLED = 4 };
    const bd_torch_map features = *x;
    bd_torch_map branches[BRANCHES];
    bd_result result = BD_OK;
    for (int i = 0; i < POOLED && !result; i++) {
        const char *const name = NAME("aspp.branch%d", i + 1);
        const bd_torch_window at = {.stride = 1, .dilation = i ? 6 * i * rate : 1};
        branches[i] = features;
        result = bd_torch_convolve(b, NAME("%s.0", name), NAME("%s.1", name), at, BD_TORCH_RELU, &branches[i]);
    }
    branches[POOLED] = features;
    if (!result) {
        result = bd_torch_pool(b, "aspp.branch5", &branches[POOLED]);
    }
    if (!result) {
        result = bd_torch_convolve(b, "aspp.branch5_conv", "aspp.branch5_bn", bd_torch_plain, BD_TORCH_RELU,
                                   &branches[POOLED]);
    }
    if (!result) {
        result = bd_torch_resize_like(b, "aspp.branch5/resize", features.node, true, &branches[POOLED]);
    }
    if (!result) {
        result = bd_torch_concat(b, "aspp/concat", branches, BRANCHES, x);
    }
    return result ? result
                  : bd_torch_convolve(b, "aspp.conv_cat.0", "aspp.conv_cat.1", bd_torch_plain, BD_TORCH_RELU, x);
}

static bd_result decode(bd_torch_builder *b, bd_torch_map low, bd_torch_map *x) {
    bd_result result = bd_torch_convolve(b, "shortcut_conv.0", "shortcut_conv.1", bd_torch_plain, BD_TORCH_RELU, &low);
    if (!result) {
        result = bd_torch_resize_like(b, "cat_conv/resize", low.node, true, x);
    }
    if (!result) {
        const bd_torch_map both[2] = {*x, low};
        result = bd_torch_concat(b, "cat_conv/concat", both, 2, x);
    }
    for (int i = 0; i < 8 && !result; i += 4) {
        result =
            bd_torch_convolve(b, NAME("cat_conv.%d", i), NAME("cat_conv.%d", i + 1), bd_torch_plain, BD_TORCH_RELU, x);
    }
    return result ? result : bd_torch_classify(b, "cls_conv", x);
}

bd_result bd_torch_bubbliiiing(bd_torch_builder *b, bd_torch_map *x) {
    const bd_torch_dilation dilation = {.output_stride = bd_torch_output_stride(b, 16)};
    const bd_torch_window half = {.stride = 2, .dilation = 1};
    bd_torch_map low = {0};
    bd_result result = bd_torch_photo(b, &bd_feed_unit, x);
    b->graph->default_size = 512;
    if (!result && bd_torch_look_up(b, "backbone.features.0.0", ".weight")) {
        result = bd_torch_convolve(b, "backbone.features.0.0", "backbone.features.0.1", half, BD_TORCH_RELU6, x);
        if (!result) {
            result = bd_torch_mobilenet_v2(b, bd_torch_name_features, BD_TORCH_KEEP, &dilation, x, &low);
        }
    } else if (!result) {
        result = bd_torch_xception(b, BD_TORCH_XCEPTION_BUBBLIIIING, dilation.output_stride, x, &low);
    }
    if (!result) {
        result = aspp(b, dilation.output_stride == 8 ? 2 : 1, x);
    }
    if (!result) {
        result = decode(b, low, x);
    }
    return result ? result : bd_torch_resize_like(b, "resize", b->graph->input, true, x);
}
