/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_vainf.h"

#include "model/torch/torch_aspp.h"
#include "model/torch/torch_backbones.h"

static void name_block(int block, bd_torch_inverted *names) {
    const bd_torch_name part = {{0}};
    const char *const folder = NAME("backbone.%s_level_features.%d.conv", block < 4 ? "low" : "high", block);
    int next = 0;
    *names = (bd_torch_inverted){part, part, part, part, part, part};
    if (block > 1) {
        (void)bd_torch_print_name(&names->expand, "%s.0.0", folder);
        (void)bd_torch_print_name(&names->expand_norm, "%s.0.1", folder);
        next++;
    }
    (void)bd_torch_print_name(&names->depthwise, "%s.%d.0", folder, next);
    (void)bd_torch_print_name(&names->depthwise_norm, "%s.%d.1", folder, next);
    (void)bd_torch_print_name(&names->project, "%s.%d", folder, next + 1);
    (void)bd_torch_print_name(&names->project_norm, "%s.%d", folder, next + 2);
}

/* The zeros around a block's input go through its widening convolution, and the first convolution has none. */
static bd_result mobilenet(bd_torch_builder *b, const bd_torch_dilation *dilation, bd_torch_map *x, bd_torch_map *low) {
    const bd_torch_window half = {2, 1, false, BD_TORCH_BORDER, 0};
    bd_result result = bd_torch_convolve(b, "backbone.low_level_features.0.0", "backbone.low_level_features.0.1", half,
                                         BD_TORCH_RELU6, x);
    return result ? result : bd_torch_mobilenet_v2(b, name_block, BD_TORCH_BORDER, dilation, x, low);
}

/* DeepLabv3+: the pyramid's output, resized, beside a projection of the first stage's map (Chen et al. 2018, arXiv
 * 1802.02611, section 3.1). */
static bd_result decode(bd_torch_builder *b, const int32_t rates[3], bd_torch_map low, bd_torch_map *x) {
    bd_result result =
        bd_torch_convolve(b, "classifier.project.0", "classifier.project.1", bd_torch_plain, BD_TORCH_RELU, &low);
    if (!result) {
        result = bd_torch_aspp(b, "classifier.aspp", rates, x);
    }
    if (!result) {
        result = bd_torch_resize_like(b, "classifier.aspp/resize", low.node, false, x);
    }
    if (!result) {
        const bd_torch_map both[2] = {low, *x};
        result = bd_torch_concat(b, "classifier/concat", both, 2, x);
    }
    if (!result) {
        result = bd_torch_convolve_split(b, "classifier.classifier.0", "classifier.classifier.1", bd_torch_plain,
                                         BD_TORCH_RELU, x);
    }
    return result ? result : bd_torch_classify(b, "classifier.classifier.3", x);
}

static bd_result decide(bd_torch_builder *b, const int32_t rates[3], bd_torch_map *x) {
    bd_result result = bd_torch_aspp(b, "classifier.classifier.0", rates, x);
    if (!result) {
        result = bd_torch_convolve_split(b, "classifier.classifier.1", "classifier.classifier.2", bd_torch_plain,
                                         BD_TORCH_RELU, x);
    }
    return result ? result : bd_torch_classify(b, "classifier.classifier.4", x);
}

bd_result bd_torch_vainf(bd_torch_builder *b, bd_torch_map *x) {
    static const int32_t near[3] = {6, 12, 18}, far[3] = {12, 24, 36};
    const bd_torch_dilation dilation = {.output_stride = bd_torch_output_stride(b, 16)};
    const int32_t *const rates = dilation.output_stride == 8 ? far : near;
    bd_torch_map low = {0};
    bd_result result = bd_torch_photo(b, &bd_feed_imagenet, x);
    b->graph->default_size = 513;
    if (!result) {
        if (bd_torch_look_up(b, "backbone.conv1", ".weight")) {
            result = bd_torch_resnet(b, "backbone.", &dilation, x, &low);
        } else if (bd_torch_look_up(b, "backbone.low_level_features.0.0", ".weight")) {
            result = mobilenet(b, &dilation, x, &low);
        } else {
            result =
                bd_torch_refuse(b, "a DeepLab of VainF's DeepLabV3Plus-Pytorch on a backbone that is not supported; "
                                   "ResNet and MobileNetV2 are");
        }
    }
    if (!result) {
        result =
            bd_torch_look_up(b, "classifier.project.0", ".weight") ? decode(b, rates, low, x) : decide(b, rates, x);
    }
    return result ? result : bd_torch_resize_like(b, "resize", b->graph->input, false, x);
}
