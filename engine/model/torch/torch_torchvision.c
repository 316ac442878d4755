/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_torchvision.h"

#include "model/torch/torch_aspp.h"
#include "model/torch/torch_backbones.h"

/* ---- MobileNetV3 large, dilated --------------------------------------------------------------------------------- */

typedef struct inverted {
    int32_t stride, dilation; /* a dilation above 1 replaces the stride */
    bd_torch_activation what;
} inverted;

static const inverted mobilenet_blocks[] = {
    {1, 1, BD_TORCH_RELU},       {2, 1, BD_TORCH_RELU},       {1, 1, BD_TORCH_RELU},       {2, 1, BD_TORCH_RELU},
    {1, 1, BD_TORCH_RELU},       {1, 1, BD_TORCH_RELU},       {2, 1, BD_TORCH_HARD_SWISH}, {1, 1, BD_TORCH_HARD_SWISH},
    {1, 1, BD_TORCH_HARD_SWISH}, {1, 1, BD_TORCH_HARD_SWISH}, {1, 1, BD_TORCH_HARD_SWISH}, {1, 1, BD_TORCH_HARD_SWISH},
    {2, 2, BD_TORCH_HARD_SWISH}, {1, 2, BD_TORCH_HARD_SWISH}, {1, 2, BD_TORCH_HARD_SWISH},
};

/* Each channel times a factor that is computed from the means of all channels. */
static bd_result squeeze(bd_torch_builder *b, const char *layer, bd_torch_map *x) {
    bd_torch_map share = *x;
    bd_result result = bd_torch_pool(b, layer, &share);
    if (!result) {
        result = bd_torch_convolve(b, NAME("%s.fc1", layer), NULL, bd_torch_plain, BD_TORCH_RELU, &share);
    }
    if (!result) {
        result = bd_torch_convolve(b, NAME("%s.fc2", layer), NULL, bd_torch_plain, BD_TORCH_HARD_SIGMOID, &share);
    }
    if (result) {
        return result;
    }
    if (share.channels != x->channels) {
        return bd_torch_wrong_shape(b, bd_torch_look_up(b, layer, ".fc2.weight"));
    }
    const uint32_t inputs[2] = {x->node, share.node};
    return bd_torch_add(b, BD_OP_MUL, NAME("%s/scale", layer), inputs, 2, &x->node);
}

/* block.0 widens where there are three convolutions; then follow the depthwise one, in some blocks a squeeze, and the
 * projection. */
static bd_result inverted_residual(bd_torch_builder *b, const char *block, const inverted *at, bd_torch_map *x) {
    const bd_torch_map shortcut = *x;
    const bd_torch_tensor *first = bd_torch_look_up(b, block, ".block.0.0.weight");
    bool widens = first && first->rank == 4 && first->dims[2] == 1;
    int part = 0;
    bd_result result = BD_OK;
    if (widens) {
        result =
            bd_torch_convolve(b, NAME("%s.block.0.0", block), NAME("%s.block.0.1", block), bd_torch_plain, at->what, x);
        part++;
    }
    if (!result) {
        const bd_torch_window window = {
            .stride = at->dilation > 1 ? 1 : at->stride, .dilation = at->dilation, .depthwise = true};
        result = bd_torch_convolve(b, NAME("%s.block.%d.0", block, part), NAME("%s.block.%d.1", block, part), window,
                                   at->what, x);
        part++;
    }
    const char *const inner = NAME("%s.block.%d", block, part);
    if (!result && bd_torch_look_up(b, inner, ".fc1.weight")) {
        result = squeeze(b, inner, x);
        part++;
    }
    if (!result) {
        result = bd_torch_convolve(b, NAME("%s.block.%d.0", block, part), NAME("%s.block.%d.1", block, part),
                                   bd_torch_plain, BD_TORCH_LINEAR, x);
    }
    if (result || at->stride != 1 || x->channels != shortcut.channels) {
        return result;
    }
    return bd_torch_sum(b, block, shortcut, BD_TORCH_LINEAR, x);
}

static bd_result mobilenet(bd_torch_builder *b, bd_torch_map *x) {
    const int last = (int)BD_COUNT(mobilenet_blocks) + 1;
    b->norm_epsilon = 0.001f;
    bd_result result = bd_torch_convolve(b, "backbone.0.0", "backbone.0.1",
                                         (bd_torch_window){.stride = 2, .dilation = 1}, BD_TORCH_HARD_SWISH, x);
    for (int n = 1; n < last && !result; n++) {
        result = inverted_residual(b, NAME("backbone.%d", n), &mobilenet_blocks[n - 1], x);
    }
    if (!result) {
        result = bd_torch_convolve(b, NAME("backbone.%d.0", last), NAME("backbone.%d.1", last), bd_torch_plain,
                                   BD_TORCH_HARD_SWISH, x);
    }
    b->norm_epsilon = 1e-5f;
    return result;
}

/* ---- the network ------------------------------------------------------------------------------------------------ */

/* replace_stride_with_dilation = (False, True, True): the strides of the last two stages are dilations. Its MobileNet's
 * are in the table. */
bd_result bd_torch_torchvision(bd_torch_builder *b, bd_torch_map *x) {
    const bd_torch_dilation dilation = {.output_stride = bd_torch_output_stride(b, 8)};
    static const int32_t rates[3] = {12, 24, 36};
    bd_result result = bd_torch_photo(b, &bd_feed_imagenet, x);
    b->graph->default_size = 520;
    if (!result) {
        if (bd_torch_look_up(b, "backbone.0.0", ".weight")) {
            result = mobilenet(b, x);
        } else {
            result = bd_torch_resnet(b, "backbone.", &dilation, x, NULL);
        }
    }
    if (!result) {
        result = bd_torch_aspp(b, "classifier.0", rates, x);
    }
    if (!result) {
        result = bd_torch_convolve(b, "classifier.1", "classifier.2", bd_torch_plain, BD_TORCH_RELU, x);
    }
    if (!result) {
        result = bd_torch_classify(b, "classifier.4", x);
    }
    return result ? result : bd_torch_resize_like(b, "resize", b->graph->input, false, x);
}
