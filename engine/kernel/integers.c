/* SPDX-License-Identifier: MIT */
#include "kernel/integers.h"

#include "push/types.h"

bd_scale_words bd_scale_words_of(bd_scale scale, int32_t bits) {
    int32_t left = BD_MAX(scale.shift, 0), right = BD_MAX(-scale.shift, 0);
    /* What is shifted is below 2^(30 - bits): the result is 0, and the second half would overflow. */
    if (right > 30 - bits) {
        return (bd_scale_words){0, 0, 0};
    }
    int32_t shift = bits - left + right;
    return (bd_scale_words){
        .multiplier = scale.multiplier,
        .addend = (1 << (bits - left - 1)) + (right ? 1 << (shift - 1) : 0),
        .shift = shift,
    };
}

uint32_t bd_kernel_activation(const bd_conv_attrs *attrs) {
    switch (attrs->rounding) {
    case BD_ROUNDING_UP: return BD_ACTIVATION_ROUND_UP;
    case BD_ROUNDING_AWAY: return BD_ACTIVATION_ROUND_AWAY;
    default: return attrs->hard_swish ? BD_ACTIVATION_HARD_SWISH : BD_ACTIVATION_CLAMP;
    }
}

bool bd_residual_or_scales(const bd_graph *graph, uint32_t index, bd_packing packing, bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    uint32_t scales = bd_graph_scales(graph, index);
    if (scales != BD_NO_NODE) {
        operands->nodes[3] = scales;
        operands->packings[3] = BD_PACKING_SCALES;
        return false;
    }
    operands->nodes[3] = node->op == BD_OP_CONV && node->input_count > 3 ? node->inputs[3] : BD_NO_NODE;
    operands->packings[3] = packing;
    return operands->nodes[3] != BD_NO_NODE;
}

size_t bd_scales_packed_bytes(const bd_node *scales) {
    size_t padded = ((size_t)scales->shape.dims[1] + 3) / 4 * 4;
    return 3 * padded * sizeof(int32_t);
}

void bd_scales_pack(const bd_node *scales, int32_t *to) {
    const int32_t *from = scales->data;
    int32_t channels = scales->shape.dims[1], padded = (channels + 3) / 4 * 4;
    for (int32_t c = 0; c < padded; c++) {
        bd_scale_words words = {0, 0, 0};
        if (c < channels) {
            words = bd_scale_words_of((bd_scale){from[c], from[channels + c]}, BD_SCALE_BITS);
        }
        to[c] = words.multiplier;
        to[padded + c] = words.addend;
        to[2 * padded + c] = words.shift;
    }
}
