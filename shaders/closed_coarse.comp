// SPDX-License-Identifier: MIT
// The residual on the coarse grids times the inverted blocks; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/coarse.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, parts)
BD_READ_F32(BD_BIND_WEIGHTS, inverses)
BD_WRITE(BD_BIND_DST, dst, vec4)

#include "include/coarse_at.glsl"

void main() {
    const int node = int(gl_GlobalInvocationID.x);
    const bd_coarse at = bd_coarse_at(node);
    if (at.level > 1) {
        return;
    }
    vec4 sum = vec4(0.0);
    for (int y = at.first.y; y < at.end.y; y++) {
        for (int x = at.first.x; x < at.end.x; x++) {
            sum += parts(bd_coarse_part(at, ivec2(x, y)));
        }
    }
    dst[node] = bd_fma4(sum, inverses(node * 4), inverses(node * 4 + 1), inverses(node * 4 + 2),
                        inverses(node * 4 + 3), vec4(0.0));
}
