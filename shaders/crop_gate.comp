// SPDX-License-Identifier: MIT
// Groups of another look's dispatches: none where it is not taken. An invocation owns one word. See push/crop.h.
#version 450
#include "include/tensor.glsl"
#include "push/crop.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool larger = false;
layout(constant_id = 1) const bool alone = false;
BD_READ_U32(BD_BIND_SRC, words)
BD_READ_U32(BD_BIND_WEIGHTS, groups)
BD_WRITE(BD_BIND_DST, gated, uint)
#include "include/crop.glsl"

void main() {
    const int i = int(gl_GlobalInvocationID.x);
    if (i < push.count) {
        const bool taken = larger ? bd_larger_share(alone) > 0.0 : bd_crop_of_box().taken;
        gated[i] = taken ? groups(i) : 0u;
    }
}
