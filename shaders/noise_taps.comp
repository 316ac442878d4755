// SPDX-License-Identifier: MIT
// The Gaussian for a grid's noise; see push/noise.h.
#version 450
#include "include/tensor.glsl"
#include "push/noise.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, level)
BD_WRITE(BD_BIND_DST, dst, uvec4)

void main() {
    if (gl_GlobalInvocationID.x != 0u) {
        return;
    }
    const vec4 levels = vec4(BD_NOISE_LEVELS), sigmas = vec4(BD_NOISE_SIGMAS);
    const float noise = level(0).x * push.share;
    float sigma = sigmas.x;
    for (int i = 1; i < 4; i++) {
        const float share = clamp((noise - levels[i - 1]) / (levels[i] - levels[i - 1]), 0.0, 1.0);
        sigma += share * (sigmas[i] - sigmas[i - 1]);
    }
    sigma = max(sigma * push.gain, push.least);
    const float falloff = -0.5 / max(sigma * sigma, 0.01);
    const vec3 shares = vec3(1.0, exp(falloff), exp(4.0 * falloff));
    const vec3 taps = shares / (shares.x + 2.0 * (shares.y + shares.z));
    const bool blurs = taps.y >= float(BD_NOISE_TAP);
    const uvec4 groups = uvec4(push.wide, push.high, push.deep, 0);
    dst[0] = floatBitsToUint(vec4(taps, 0.0));
    dst[1] = blurs ? groups : uvec4(0u);
    dst[2] = blurs ? uvec4(0u) : groups;
}
