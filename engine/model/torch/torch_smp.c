/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_smp.h"

#include "model/torch/torch_aspp.h"
#include "model/torch/torch_backbones.h"

static void name_block(int block, bd_torch_inverted *names) {
    int next = 0;
    if (block > 1) {
        (void)bd_torch_print_name(&names->expand, "encoder.features.%d.conv.0.0", block);
        (void)bd_torch_print_name(&names->expand_norm, "encoder.features.%d.conv.0.1", block);
        next++;
    }
    (void)bd_torch_print_name(&names->depthwise, "encoder.features.%d.conv.%d.0", block, next);
    (void)bd_torch_print_name(&names->depthwise_norm, "encoder.features.%d.conv.%d.1", block, next);
    (void)bd_torch_print_name(&names->project, "encoder.features.%d.conv.%d", block, next + 1);
    (void)bd_torch_print_name(&names->project_norm, "encoder.features.%d.conv.%d", block, next + 2);
}

/* torchvision's, up to its last 1x1 convolution. */
static bd_result mobilenet(bd_torch_builder *b, const bd_torch_dilation *dilation, bd_torch_map *x, bd_torch_map *low) {
    const bd_torch_window half = {.stride = 2, .dilation = 1};
    bd_result result = bd_torch_convolve(b, "encoder.features.0.0", "encoder.features.0.1", half, BD_TORCH_RELU6, x);
    if (!result) {
        result = bd_torch_mobilenet_v2(b, name_block, BD_TORCH_KEEP, dilation, x, low);
    }
    return result ? result
                  : bd_torch_convolve(b, "encoder.features.18.0", "encoder.features.18.1", bd_torch_plain,
                                      BD_TORCH_RELU6, x);
}

static bd_result encode(bd_torch_builder *b, uint32_t usual_stride, bd_torch_map *x, bd_torch_map *low) {
    const bd_torch_dilation dilation = {.output_stride = bd_torch_output_stride(b, usual_stride), .every = true};
    bd_result result = bd_torch_photo(b, &bd_feed_imagenet, x);
    b->graph->default_size = 512;
    if (result) {
        return result;
    }
    if (bd_torch_look_up(b, "encoder.conv1", ".weight")) {
        return bd_torch_resnet(b, "encoder.", &dilation, x, low);
    }
    if (bd_torch_look_up(b, "encoder.features.0.0", ".weight")) {
        return mobilenet(b, &dilation, x, low);
    }
    return bd_torch_refuse(b,
                           "a DeepLab of segmentation_models.pytorch on an encoder that is not supported; resnet18 to "
                           "resnet152 and mobilenet_v2 are");
}

/* Versions differ in what the parts are called: decoder.0, .1, .2 or decoder.aspp, .conv, .bn. */
static bd_result deeplabv3(bd_torch_builder *b, bd_torch_map *x) {
    static const int32_t rates[3] = {12, 24, 36};
    bool numbers = bd_torch_look_up(b, "decoder.0.convs.0.0", ".weight");
    bd_result result = encode(b, 8, x, NULL);
    if (!result) {
        result = bd_torch_aspp(b, numbers ? "decoder.0" : "decoder.aspp", rates, x);
    }
    return result ? result
                  : bd_torch_convolve(b, numbers ? "decoder.1" : "decoder.conv", numbers ? "decoder.2" : "decoder.bn",
                                      bd_torch_plain, BD_TORCH_RELU, x);
}

static bd_result deeplabv3plus(bd_torch_builder *b, bd_torch_map *x) {
    static const int32_t rates[3] = {12, 24, 36};
    bd_torch_map low = {0};
    bd_result result = encode(b, 16, x, &low);
    if (!result) {
        result = bd_torch_aspp(b, "decoder.aspp.0", rates, x);
    }
    if (!result) {
        result = bd_torch_convolve_split(b, "decoder.aspp.1", "decoder.aspp.2", bd_torch_plain, BD_TORCH_RELU, x);
    }
    if (!result) {
        result = bd_torch_resize_like(b, "decoder.up", low.node, true, x);
    }
    if (!result) {
        result = bd_torch_convolve(b, "decoder.block1.0", "decoder.block1.1", bd_torch_plain, BD_TORCH_RELU, &low);
    }
    if (!result) {
        const bd_torch_map both[2] = {*x, low};
        result = bd_torch_concat(b, "decoder/concat", both, 2, x);
    }
    return result
               ? result
               : bd_torch_convolve_split(b, "decoder.block2.0", "decoder.block2.1", bd_torch_plain, BD_TORCH_RELU, x);
}

bd_result bd_torch_smp(bd_torch_builder *b, bd_torch_map *x) {
    bool plus = bd_torch_look_up(b, "decoder.block1.0", ".weight");
    bd_result result = plus ? deeplabv3plus(b, x) : deeplabv3(b, x);
    if (!result) {
        result = bd_torch_classify(b, "segmentation_head.0", x);
    }
    return result ? result : bd_torch_resize_like(b, "resize", b->graph->input, true, x);
}
