// SPDX-License-Identifier: MIT
// From statistics to a map of colours; see push/harmonize.h.
#version 450
#include "include/tensor.glsl"
#include "include/oklab.glsl"
#include "push/harmonize.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool full = false;
BD_READ_F32(BD_BIND_SRC, subject)
BD_READ_F32(BD_BIND_WEIGHTS, background)
BD_WRITE(BD_BIND_DST, dst, vec4)

float ratio(float to, float from, float share) {
    return pow(max(to, 1e-3) / max(from, 1e-3), share);
}

// Of lightness, from (L, L^2).
float deviation(vec3 means) {
    return sqrt(max(means.y - means.x * means.x, 0.0));
}

void main() {
    if (gl_GlobalInvocationID.x > 0u) {
        return;
    }
    vec4 own = vec4(0.0), own_gray = vec4(0.0), other = vec4(0.0), other_gray = vec4(0.0);
    for (int i = 0; i < BD_STATISTICS_SUMS; i++) {
        own += subject(2 * i);
        own_gray += subject(2 * i + 1);
        other += background(2 * i);
        other_gray += background(2 * i + 1);
    }
    const bool some = own.w > 0.5 && other.w > 0.5;
    const vec3 mean = own.xyz / max(own.w, 1e-6), target = other.xyz / max(other.w, 1e-6);
    const float exposure = clamp(ratio(target.x, mean.x, BD_HARMONIZE_SHARE), BD_HARMONIZE_DARKER, BD_HARMONIZE_BRIGHTER);
    const vec3 from = own_gray.xyz / max(own_gray.w, 1e-6), to = other_gray.xyz / max(other_gray.w, 1e-6);
    const float sure = clamp(min(own_gray.w / max(own.w, 1e-6), other_gray.w / max(other.w, 1e-6)) / BD_HARMONIZE_SURE,
                             0.0, 1.0);
    const vec3 from_cones = bd_cones_of_lab(from), to_cones = bd_cones_of_lab(to);
    vec3 gain;
    for (int i = 0; i < 3; i++) {
        const float tint = ratio(to_cones[i] * max(from.x, 1e-3), from_cones[i] * max(to.x, 1e-3),
                                 BD_HARMONIZE_SHARE * sure);
        gain[i] = exposure * clamp(tint, 1.0 - BD_HARMONIZE_TINT, 1.0 + BD_HARMONIZE_TINT);
    }
    float contrast = 1.0, color = 1.0;
    if (full) {
        contrast = clamp(ratio(deviation(target), deviation(mean), BD_HARMONIZE_SHARE), 1.0 - BD_HARMONIZE_CONTRAST,
                         1.0 + BD_HARMONIZE_CONTRAST);
        color = clamp(ratio(sqrt(target.z), sqrt(mean.z), BD_HARMONIZE_SHARE), 1.0 - BD_HARMONIZE_COLOR,
                      1.0 + BD_HARMONIZE_COLOR);
    }
    // Columns of the map: what becomes of a unit of L, of a and of b.
    const vec3 spread = vec3(contrast, color, color);
    vec3 columns[3];
    for (int i = 0; i < 3; i++) {
        const vec3 unit = vec3(i == 0 ? 1.0 : 0.0, i == 1 ? 1.0 : 0.0, i == 2 ? 1.0 : 0.0);
        columns[i] = some ? spread * bd_lab_of_cones(gain * bd_cones_of_lab(unit)) : unit;
    }
    const float middle = exposure * mean.x;
    dst[0] = vec4(columns[0].x, columns[1].x, columns[2].x, some ? middle * (1.0 - contrast) : 0.0);
    dst[1] = vec4(columns[0].y, columns[1].y, columns[2].y, 0.0);
    dst[2] = vec4(columns[0].z, columns[1].z, columns[2].z, 0.0);
}
