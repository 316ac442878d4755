/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_xception.h"

enum { BLOCKS = 20, CONVOLUTIONS = 3 };

typedef struct block {
    int number;
    int32_t stride;
    int32_t rates[CONVOLUTIONS];
} block;

/* Depthwise and pointwise, with a norm each; between: what follows the first of them, behind: the second. */
static bd_result separable(bd_torch_builder *b, bd_torch_xception_kind kind, const char *layer, const char *norm,
                           bd_torch_window at, bd_torch_activation between, bd_torch_activation behind,
                           bd_torch_map *x) {
    const bool aligned = kind == BD_TORCH_XCEPTION_JFZHANG95;
    at.depthwise = true;
    bd_result result = bd_torch_convolve(b, NAME("%s.%s", layer, aligned ? "conv1" : "depthwise"),
                                         NAME("%s.%s", layer, aligned ? "bn" : "bn1"), at, between, x);
    return result ? result
                  : bd_torch_convolve(b, NAME("%s.pointwise", layer), aligned ? norm : NAME("%s.bn2", layer),
                                      bd_torch_plain, behind, x);
}

/* Both trainers activate in place, so what goes around a block is activated, too; but bubbliiiing's not where a
 * convolution lies on the way around. AlignedXception's first two blocks begin with a convolution, behind a relu. */
static bd_result add_block(bd_torch_builder *b, bd_torch_xception_kind kind, const block *of, bd_torch_map *x,
                           bd_torch_map *before_last) {
    const bool aligned = kind == BD_TORCH_XCEPTION_JFZHANG95;
    const char *const name = NAME("backbone.block%d", of->number);
    const bool projects = bd_torch_look_up(b, name, ".skip.weight");
    bd_torch_map around = *x;
    bd_result result = of->number == 1 || (aligned && of->number == 2)
                           ? BD_OK
                           : bd_torch_activate(b, NAME("%s/entry", name), BD_TORCH_RELU, x);
    around = aligned || !projects ? *x : around;
    for (int i = 0; i < CONVOLUTIONS && !result; i++) {
        const bool last = i == CONVOLUTIONS - 1;
        const int place = 3 * i + (of->number > 2 ? 1 : 0);
        const bd_torch_window at = {.stride = last ? of->stride : 1, .dilation = of->rates[i]};
        if (last && before_last) {
            *before_last = *x;
        }
        if (i) {
            result = bd_torch_activate(b, NAME("%s/%d", name, i), BD_TORCH_RELU, x);
        }
        if (!result) {
            result = separable(b, kind, aligned ? NAME("%s.rep.%d", name, place) : NAME("%s.sepconv%d", name, i + 1),
                               NAME("%s.rep.%d", name, place + 1), at, BD_TORCH_LINEAR, BD_TORCH_LINEAR, x);
        }
    }
    if (!result && projects) {
        const bd_torch_window at = {.stride = of->stride, .dilation = 1};
        result = bd_torch_convolve(b, NAME("%s.skip", name), NAME("%s.skipbn", name), at, BD_TORCH_LINEAR, &around);
    }
    return result ? result : bd_torch_sum(b, name, around, BD_TORCH_LINEAR, x);
}

static block plan_block(bd_torch_xception_kind kind, int number, int32_t rate) {
    block of = {number, 1, {1, 1, 1}};
    if (number < 3 || (number == 3 && rate == 1)) {
        of.stride = 2;
    }
    for (int i = 0; i < CONVOLUTIONS && number > 3; i++) {
        const bool exit = kind == BD_TORCH_XCEPTION_JFZHANG95 && number == BLOCKS && i == CONVOLUTIONS - 1;
        of.rates[i] = exit ? 1 : rate;
    }
    return of;
}

bd_result bd_torch_xception(bd_torch_builder *b, bd_torch_xception_kind kind, uint32_t output_stride, bd_torch_map *x,
                            bd_torch_map *low) {
    const bool aligned = kind == BD_TORCH_XCEPTION_JFZHANG95;
    const int32_t rate = output_stride == 8 ? 2 : 1;
    const bd_torch_window half = {.stride = 2, .dilation = 1};
    const bd_torch_window last = {.stride = 1, .dilation = aligned ? 2 * rate : rate};
    bd_result result = bd_torch_convolve(b, "backbone.conv1", "backbone.bn1", half, BD_TORCH_RELU, x);
    if (!result) {
        result = bd_torch_convolve(b, "backbone.conv2", "backbone.bn2", bd_torch_plain, BD_TORCH_RELU, x);
    }
    for (int n = 1; n <= BLOCKS && !result; n++) {
        const block of = plan_block(kind, n, rate);
        result = add_block(b, kind, &of, x, !aligned && n == 2 ? low : NULL);
        if (!result && aligned && (n == 1 || n == BLOCKS)) {
            result = bd_torch_activate(b, NAME("backbone.block%d/relu", n), BD_TORCH_RELU, x);
            *low = n == 1 ? *x : *low;
        }
    }
    for (int n = 3; n <= 5 && !result; n++) {
        result = separable(b, kind, NAME("backbone.conv%d", n), NAME("backbone.bn%d", n), last,
                           aligned ? BD_TORCH_LINEAR : BD_TORCH_RELU, BD_TORCH_RELU, x);
    }
    return result;
}
