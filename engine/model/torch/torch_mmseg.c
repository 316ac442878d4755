/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_mmseg.h"

#include "model/torch/torch_backbones.h"

static void name_block(int block, bd_torch_inverted *names) {
    static const int lasts[] = {1, 3, 6, 10, 13, 16, 17}; /* block of layer 1..7 */
    int layer = 0, next = 0;
    while (block > lasts[layer]) {
        layer++;
    }
    const int number = block - 1 - (layer ? lasts[layer - 1] : 0);
    const char *const folder = NAME("backbone.layer%d.%d.conv", layer + 1, number);
    if (block > 1) {
        (void)bd_torch_print_name(&names->expand, "%s.0.conv", folder);
        (void)bd_torch_print_name(&names->expand_norm, "%s.0.bn", folder);
        next++;
    }
    (void)bd_torch_print_name(&names->depthwise, "%s.%d.conv", folder, next);
    (void)bd_torch_print_name(&names->depthwise_norm, "%s.%d.bn", folder, next);
    (void)bd_torch_print_name(&names->project, "%s.%d.conv", folder, next + 1);
    (void)bd_torch_print_name(&names->project_norm, "%s.%d.bn", folder, next + 1);
}

/* A convolution module: layer.conv and layer.bn. */
static bd_result add_module(bd_torch_builder *b, const char *layer, bd_torch_window at, bd_torch_map *x) {
    return bd_torch_convolve(b, NAME("%s.conv", layer), NAME("%s.bn", layer), at, BD_TORCH_RELU, x);
}

/* The same, or depthwise_conv and pointwise_conv, each with a norm and an activation. */
static bd_result add_separable(bd_torch_builder *b, const char *layer, bd_torch_window at, bd_torch_map *x) {
    if (!bd_torch_look_up(b, layer, ".depthwise_conv.conv.weight")) {
        return add_module(b, layer, at, x);
    }
    at.depthwise = true;
    bd_result result = add_module(b, NAME("%s.depthwise_conv", layer), at, x);
    return result ? result : add_module(b, NAME("%s.pointwise_conv", layer), bd_torch_plain, x);
}

static bd_result backbone(bd_torch_builder *b, uint32_t stride, bd_torch_map *x, bd_torch_map *low) {
    const bd_torch_dilation stages = {.output_stride = stride, .multi_grid = stride == 16};
    const bd_torch_dilation inverted = {.output_stride = stride, .every = true};
    const bd_torch_window half = {.stride = 2, .dilation = 1};
    if (bd_torch_look_up(b, "backbone.layer1.0.conv1", ".weight")) {
        return bd_torch_resnet(b, "backbone.", &stages, x, low);
    }
    if (bd_torch_look_up(b, "backbone.layer1.0.conv.0.conv", ".weight")) {
        bd_result result = bd_torch_convolve(b, "backbone.conv1.conv", "backbone.conv1.bn", half, BD_TORCH_RELU6, x);
        return result ? result : bd_torch_mobilenet_v2(b, name_block, BD_TORCH_KEEP, &inverted, x, low);
    }
    return bd_torch_refuse(b, "a DeepLab of mmsegmentation on a backbone that is not supported; ResNet and MobileNetV2 "
                              "are");
}

/* Image pooling first, then 1x1 and the dilated ones; a 3x3 convolution over all. */
static bd_result aspp(bd_torch_builder *b, const int32_t rates[4], bd_torch_map *x) {
    const bd_torch_map features = *x;
    bd_torch_map branches[5] = {features};
    bd_result result = bd_torch_pool(b, "decode_head.image_pool", &branches[0]);
    if (!result) {
        result = add_module(b, "decode_head.image_pool.1", bd_torch_plain, &branches[0]);
    }
    if (!result) {
        result = bd_torch_resize_like(b, "decode_head.image_pool/resize", features.node, false, &branches[0]);
    }
    for (int i = 0; i < 4 && !result; i++) {
        const bd_torch_window at = {.stride = 1, .dilation = rates[i]};
        branches[i + 1] = features;
        result = add_separable(b, NAME("decode_head.aspp_modules.%d", i), at, &branches[i + 1]);
    }
    if (!result) {
        result = bd_torch_concat(b, "decode_head/concat", branches, 5, x);
    }
    return result ? result : add_separable(b, "decode_head.bottleneck", bd_torch_plain, x);
}

static bd_result decode(bd_torch_builder *b, bd_torch_map low, bd_torch_map *x) {
    bd_result result = BD_OK;
    if (bd_torch_look_up(b, "decode_head.c1_bottleneck", ".conv.weight")) {
        result = add_module(b, "decode_head.c1_bottleneck", bd_torch_plain, &low);
        if (!result) {
            result = bd_torch_resize_like(b, "decode_head/resize", low.node, false, x);
        }
        if (!result) {
            const bd_torch_map both[2] = {*x, low};
            result = bd_torch_concat(b, "decode_head/both", both, 2, x);
        }
    }
    for (int i = 0; i < 2 && !result; i++) {
        result = add_separable(b, NAME("decode_head.sep_bottleneck.%d", i), bd_torch_plain, x);
    }
    return result;
}

bd_result bd_torch_mmseg(bd_torch_builder *b, bd_torch_map *x) {
    static const int32_t near[4] = {1, 6, 12, 18}, far[4] = {1, 12, 24, 36};
    const uint32_t stride = bd_torch_output_stride(b, 8);
    bd_torch_map low = {0};
    bd_result result = bd_torch_photo(b, &bd_feed_imagenet, x);
    b->graph->default_size = 512;
    if (!result) {
        result = backbone(b, stride, x, &low);
    }
    if (!result) {
        result = aspp(b, stride == 16 ? near : far, x);
    }
    if (!result && bd_torch_look_up(b, "decode_head.sep_bottleneck.0", ".pointwise_conv.conv.weight")) {
        result = decode(b, low, x);
    }
    if (!result) {
        result = bd_torch_classify(b, "decode_head.conv_seg", x);
    }
    return result ? result : bd_torch_resize_like(b, "resize", b->graph->input, false, x);
}
