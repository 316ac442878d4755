/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_transformers.h"

#include "model/torch/torch_backbones.h"

#define NORM_EPSILON 0.001f
#define HEAD_EPSILON 1e-5f

static void name_both(bd_torch_name *conv, bd_torch_name *norm, const char *folder, const char *part) {
    (void)bd_torch_print_name(conv, "%s.%s.convolution", folder, part);
    (void)bd_torch_print_name(norm, "%s.%s.normalization", folder, part);
}

static void name_block(int block, bd_torch_inverted *names) {
    const char *const folder = block > 1 ? NAME("mobilenet_v2.layer.%d", block - 2) : "mobilenet_v2.conv_stem";
    if (block > 1) {
        name_both(&names->expand, &names->expand_norm, folder, "expand_1x1");
    }
    name_both(&names->depthwise, &names->depthwise_norm, folder, "conv_3x3");
    name_both(&names->project, &names->project_norm, folder, "reduce_1x1");
}

static bd_result add_layer(bd_torch_builder *b, const char *layer, bd_torch_window at, bd_torch_activation what,
                           bd_torch_map *x) {
    return bd_torch_convolve(b, NAME("%s.convolution", layer), NAME("%s.normalization", layer), at, what, x);
}

static bd_result head(bd_torch_builder *b, bd_torch_map *x) {
    bd_torch_map branches[2] = {*x, *x};
    bd_result result = bd_torch_pool(b, "segmentation_head", &branches[0]);
    if (!result) {
        result = add_layer(b, "segmentation_head.conv_pool", bd_torch_plain, BD_TORCH_RELU, &branches[0]);
    }
    if (!result) {
        result = bd_torch_resize_like(b, "segmentation_head/resize", x->node, true, &branches[0]);
    }
    if (!result) {
        result = add_layer(b, "segmentation_head.conv_aspp", bd_torch_plain, BD_TORCH_RELU, &branches[1]);
    }
    if (!result) {
        result = bd_torch_concat(b, "segmentation_head/concat", branches, 2, x);
    }
    if (!result) {
        result = add_layer(b, "segmentation_head.conv_projection", bd_torch_plain, BD_TORCH_RELU, x);
    }
    return result ? result : bd_torch_classify(b, "segmentation_head.classifier.convolution", x);
}

bd_result bd_torch_transformers(bd_torch_builder *b, bd_torch_map *x) {
    const bd_torch_dilation dilation = {.output_stride = bd_torch_output_stride(b, 8)};
    const bd_torch_window half = {.stride = 2, .dilation = 1, .padding = BD_TORCH_SAME};
    bd_result result = bd_torch_photo(b, &bd_feed_symmetric, x);
    b->graph->default_size = 513;
    b->norm_epsilon = NORM_EPSILON;
    if (!result) {
        result = add_layer(b, "mobilenet_v2.conv_stem.first_conv", half, BD_TORCH_RELU6, x);
    }
    if (!result) {
        result = bd_torch_mobilenet_v2(b, name_block, BD_TORCH_SAME, &dilation, x, NULL);
    }
    b->norm_epsilon = HEAD_EPSILON;
    if (!result) {
        result = head(b, x);
    }
    return result ? result : bd_torch_resize_like(b, "resize", b->graph->input, false, x);
}
