/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_backbones.h"

/* ---- ResNet ----------------------------------------------------------------------------------------------------- */

typedef struct block_window {
    int32_t stride, dilation;
    int32_t second; /* dilation of a basic block's second convolution */
} block_window;

/* conv1 and conv2, and conv3 in a bottleneck, which has its stride and dilation in conv2; a basic block has them in
 * conv1. */
static bd_result add_block(bd_torch_builder *b, const char *block, const block_window *at, bd_torch_map *x) {
    bd_torch_map shortcut = *x;
    bool basic = !bd_torch_look_up(b, block, ".conv3.weight");
    const bd_torch_window strided = {.stride = at->stride, .dilation = at->dilation};
    const bd_torch_window second = {.stride = 1, .dilation = at->second};
    bd_result result = bd_torch_convolve(b, NAME("%s.conv1", block), NAME("%s.bn1", block),
                                         basic ? strided : bd_torch_plain, BD_TORCH_RELU, x);
    if (!result) {
        result = bd_torch_convolve(b, NAME("%s.conv2", block), NAME("%s.bn2", block), basic ? second : strided,
                                   basic ? BD_TORCH_LINEAR : BD_TORCH_RELU, x);
    }
    if (!result && !basic) {
        result =
            bd_torch_convolve(b, NAME("%s.conv3", block), NAME("%s.bn3", block), bd_torch_plain, BD_TORCH_LINEAR, x);
    }
    if (!result && bd_torch_look_up(b, block, ".downsample.0.weight")) {
        const bd_torch_window projection = {.stride = at->stride, .dilation = 1};
        result = bd_torch_convolve(b, NAME("%s.downsample.0", block), NAME("%s.downsample.1", block), projection,
                                   BD_TORCH_LINEAR, &shortcut);
    }
    return result ? result : bd_torch_sum(b, block, shortcut, BD_TORCH_RELU, x);
}

bd_result bd_torch_bottleneck(bd_torch_builder *b, const char *block, int32_t stride, int32_t dilation,
                              bd_torch_map *x) {
    const block_window at = {stride, dilation, dilation};
    return add_block(b, block, &at, x);
}

/* One 7x7 convolution, or three of 3x3 (He et al. 2018, arXiv 1812.01187, ResNet-C). */
static bd_result add_stem(bd_torch_builder *b, const char *folder, bd_torch_map *x) {
    const bd_torch_window half = {.stride = 2, .dilation = 1};
    bd_result result = BD_OK;
    if (bd_torch_look_up(b, folder, "stem.0.weight")) {
        for (int i = 0; i < 9 && !result; i += 3) {
            result = bd_torch_convolve(b, NAME("%sstem.%d", folder, i), NAME("%sstem.%d", folder, i + 1),
                                       i ? bd_torch_plain : half, BD_TORCH_RELU, x);
        }
    } else {
        result = bd_torch_convolve(b, NAME("%sconv1", folder), NAME("%sbn1", folder), half, BD_TORCH_RELU, x);
    }
    return result ? result : bd_torch_pool_max(b, NAME("%smaxpool", folder), x);
}

bd_result bd_torch_resnet(bd_torch_builder *b, const char *folder, const bd_torch_dilation *dilation, bd_torch_map *x,
                          bd_torch_map *low) {
    static const int32_t grid[] = {1, 2, 4};
    uint32_t reached = 4;
    int32_t before, now = 1;
    bd_result result = add_stem(b, folder, x);
    for (int s = 1; s <= 4 && !result; s++) {
        int32_t stride = s > 1 && reached < dilation->output_stride ? 2 : 1;
        before = now;
        now *= s > 1 && stride == 1 ? 2 : 1;
        reached *= (uint32_t)stride;
        for (int n = 0; !result && n < BD_TORCH_MAX_BLOCKS; n++) {
            const char *const block = NAME("%slayer%d.%d", folder, s, n);
            if (n && !bd_torch_look_up(b, block, ".conv1.weight")) {
                break;
            }
            block_window at = {n ? 1 : stride, n || dilation->every ? now : before, dilation->every ? now : 1};
            if (s == 4 && dilation->multi_grid) {
                at.dilation = grid[BD_MIN(n, 2)] * (dilation->multiplied ? now : 1);
            }
            result = add_block(b, block, &at, x);
        }
        if (s == 1 && low) {
            *low = *x;
        }
    }
    return result;
}

/* ---- MobileNetV2 ------------------------------------------------------------------------------------------------ */

static bd_result add_inverted(bd_torch_builder *b, const bd_torch_inverted *names, bd_torch_window window, bool adds,
                              bd_torch_map *x) {
    const bd_torch_map shortcut = *x;
    bd_result result = BD_OK;
    if (names->expand.text[0]) {
        const bd_torch_window expand = {1, 1, false, window.padding, window.dilation};
        result = bd_torch_convolve(b, names->expand.text, names->expand_norm.text, expand, BD_TORCH_RELU6, x);
    } else if (window.padding == BD_TORCH_BORDER) {
        window.padding = BD_TORCH_KEEP;
    }
    if (!result) {
        window.depthwise = true;
        result = bd_torch_convolve(b, names->depthwise.text, names->depthwise_norm.text, window, BD_TORCH_RELU6, x);
    }
    if (!result) {
        result =
            bd_torch_convolve(b, names->project.text, names->project_norm.text, bd_torch_plain, BD_TORCH_LINEAR, x);
    }
    if (result || !adds || shortcut.channels != x->channels) {
        return result;
    }
    return bd_torch_sum(b, names->project.text, shortcut, BD_TORCH_LINEAR, x);
}

void bd_torch_name_features(int block, bd_torch_inverted *names) {
    bd_torch_name *const convs[3] = {&names->expand, &names->depthwise, &names->project};
    bd_torch_name *const norms[3] = {&names->expand_norm, &names->depthwise_norm, &names->project_norm};
    const int first = block > 1 ? 0 : 1;
    for (int i = first; i < 3; i++) {
        (void)bd_torch_print_name(convs[i], "backbone.features.%d.conv.%d", block, 3 * (i - first));
        (void)bd_torch_print_name(norms[i], "backbone.features.%d.conv.%d", block, 3 * (i - first) + 1);
    }
}

bd_result bd_torch_mobilenet_v2(bd_torch_builder *b, void (*name)(int block, bd_torch_inverted *names),
                                bd_torch_padding padding, const bd_torch_dilation *dilation, bd_torch_map *x,
                                bd_torch_map *low) {
    static const bool halves[17] = {[1] = true, [3] = true, [6] = true, [13] = true};
    static const bool starts[17] = {[1] = true, [3] = true, [6] = true, [10] = true, [13] = true, [16] = true};
    uint32_t reached = 2;
    int32_t now = 1, late = 1;
    bd_result result = BD_OK;
    for (int n = 0; n < (int)BD_COUNT(halves) && !result; n++) {
        bd_torch_inverted names = {0};
        int32_t before = now, stride = halves[n] && reached < dilation->output_stride ? 2 : 1;
        now *= halves[n] && stride == 1 ? 2 : 1;
        reached *= (uint32_t)stride;
        late = starts[n] ? before : late;
        name(n + 1, &names);
        const int32_t rate = dilation->late ? late : dilation->every ? now : before;
        const bd_torch_window window = {stride, rate, false, padding, 0};
        result = add_inverted(b, &names, window, !halves[n], x);
        if (n == 2 && low) {
            *low = *x;
        }
    }
    return result;
}
