// SPDX-License-Identifier: MIT
// Counts of near colours; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/bins.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_U32(BD_BIND_SRC, counts)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const int bin = int(gl_GlobalInvocationID.x);
    const ivec3 at = ivec3(bin / (BD_BINS * BD_BINS), bin / BD_BINS % BD_BINS, bin % BD_BINS);
    // exp(-x^2 / 2) over its sum.
    const float taps[4] = float[](0.39905028, 0.24203623, 0.05400558, 0.00443305);
    vec2 sum = vec2(0.0);
    for (int x = max(at.x - 3, 0); x <= min(at.x + 3, BD_BINS - 1); x++) {
        for (int y = max(at.y - 3, 0); y <= min(at.y + 3, BD_BINS - 1); y++) {
            for (int z = max(at.z - 3, 0); z <= min(at.z + 3, BD_BINS - 1); z++) {
                const int near = bd_bin(ivec3(x, y, z));
                sum += taps[abs(x - at.x)] * taps[abs(y - at.y)] * taps[abs(z - at.z)] *
                       vec2(float(counts(near)), float(counts(BD_BINS * BD_BINS * BD_BINS + near)));
            }
        }
    }
    dst[bin] = vec4(sum / 256.0, 0.0, 0.0);
}
