/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_aspp.h"

bd_result bd_torch_aspp(bd_torch_builder *b, const char *layer, const int32_t rates[3], bd_torch_map *x) {
    enum { BRANCHES = 5, POOLED = 4 };
    const bd_torch_map features = *x;
    bd_torch_map branches[BRANCHES];
    bd_result result = BD_OK;
    for (int i = 0; i < BRANCHES && !result; i++) {
        const int conv = i == POOLED ? 1 : 0;
        const char *const part = NAME("%s.convs.%d.%d", layer, i, conv);
        const char *const norm = NAME("%s.convs.%d.%d", layer, i, conv + 1);
        const bd_torch_window at = {.stride = 1, .dilation = i && i != POOLED ? rates[i - 1] : 1};
        branches[i] = features;
        if (i == POOLED) {
            result = bd_torch_pool(b, part, &branches[i]);
        }
        if (!result) {
            result = bd_torch_convolve_split(b, part, norm, at, BD_TORCH_RELU, &branches[i]);
        }
        if (!result && i == POOLED) {
            result = bd_torch_resize_like(b, NAME("%s/resize", part), features.node, false, &branches[i]);
        }
    }
    if (!result) {
        result = bd_torch_concat(b, NAME("%s/concat", layer), branches, BRANCHES, x);
    }
    return result ? result
                  : bd_torch_convolve(b, NAME("%s.project.0", layer), NAME("%s.project.1", layer), bd_torch_plain,
                                      BD_TORCH_RELU, x);
}
