// SPDX-License-Identifier: MIT
// The noise that patches agree on; see push/noise.h.
#version 450
#include "include/tensor.glsl"
#include "push/noise.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_U32(BD_BIND_SRC, medians)
BD_WRITE(BD_BIND_DST, dst, vec4)

shared uint counts[BD_LINEAR_GROUP];

// How many medians are below a bound; all invocations ask.
uint count_below(uint bound) {
    const int lane = int(gl_LocalInvocationID.x);
    uint own = 0u;
    for (int i = lane; i < push.count; i += BD_LINEAR_GROUP) {
        own += medians(i) < bound ? 1u : 0u;
    }
    counts[lane] = own;
    barrier();
    uint sum = 0u;
    for (int i = 0; i < BD_LINEAR_GROUP; i++) {
        sum += counts[i];
    }
    barrier();
    return sum;
}

void main() {
    const uint valid = count_below(uint(BD_NOISE_NONE));
    uint quartile = 0u;
    for (uint bit = uint(BD_NOISE_NONE) / 2u; bit > 0u; bit /= 2u) {
        quartile += count_below(quartile + bit) <= valid / 4u ? bit : 0u;
    }
    if (gl_LocalInvocationID.x == 0u) {
        const bool told = valid >= uint(BD_NOISE_LEAST);
        dst[0] = vec4(told ? float(quartile) / float(BD_NOISE_SCALE) : 0.0, 0.0, 0.0, 0.0);
    }
}
