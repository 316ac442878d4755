// SPDX-License-Identifier: MIT
// Loose ends go, log-odds become probabilities: an invocation owns four nodes. See push/rule.h.
#version 450
#include "include/tensor.glsl"
#include "push/rule.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_U32(BD_BIND_SRC, state)
BD_WRITE(BD_BIND_DST, plane, vec4)

float probability(ivec2 at) {
    const int nodes = push.w * push.h;
    uint marks = 0u;
    for (int i = 0; i < 9; i++) {
        const ivec2 next = at + ivec2(i % 3, i / 3) - 1;
        if (next.x >= 0 && next.y >= 0 && next.x < push.w && next.y < push.h) {
            marks |= state(BD_RULE_MARKS(nodes) + next.y * push.w + next.x);
        }
    }
    float value = uintBitsToFloat(state(BD_RULE_VALUES(nodes) + at.y * push.w + at.x));
    if ((marks & (BD_RULE_LOOSE | BD_RULE_KEEP2)) == BD_RULE_LOOSE) {
        value = min(value, BD_RULE_DROP);
    }
    return 1.0 / (1.0 + exp(-BD_RULE_STEEPNESS * (value + push.bias)));
}

void main() {
    const int pitch = (push.w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.h) {
        return;
    }
    vec4 values;
    for (int i = 0; i < 4; i++) {
        const int x = group * 4 + i;
        values = vec4(values.yzw, x < push.w ? probability(ivec2(x, row)) : 0.0);
    }
    plane[row * pitch + group] = values;
}
