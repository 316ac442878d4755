// SPDX-License-Identifier: MIT
// F and B of a node from their sums; see push/fusion.h.
#ifndef BD_FUSION_GLSL
#define BD_FUSION_GLSL

// Running sums leave up to 1e-5 where there was more.
vec3 bd_over_weight(vec4 sum, vec3 own) {
    return sum.w > 1e-4 ? sum.xyz / sum.w : own;
}

vec3 bd_fused_front(vec3 front, vec3 back, vec4 own) {
    const float a = own.w, b = 1.0 - own.w;
    return clamp(front + (own.xyz - a * front - b * back) * (a / (a * a + b * b)), 0.0, 1.0);
}

#endif
