// SPDX-License-Identifier: MIT
// The key's colour, and what all else needs to know of it; see push/key.h.
#version 450
#include "include/tensor.glsl"
#include "include/light.glsl"
#include "include/oklab.glsl"
#include "push/key.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool given = false;
BD_READ_U32(BD_BIND_SRC, counts)
BD_WRITE(BD_BIND_DST, key, vec4)
shared uint most_of[BD_LINEAR_GROUP], bin_of[BD_LINEAR_GROUP], total_of[BD_LINEAR_GROUP];

uvec4 window(int bin) {
    const ivec3 at = ivec3(bin % BD_KEY_HUES, bin / BD_KEY_HUES % BD_KEY_HUES, bin / (BD_KEY_HUES * BD_KEY_HUES));
    const ivec3 low = max(at - ivec3(1, 1, 2), ivec3(0));
    const ivec3 high = min(at + ivec3(1, 1, 2), ivec3(BD_KEY_HUES, BD_KEY_HUES, BD_KEY_LEVELS) - 1);
    uvec4 sum = uvec4(0u);
    for (int z = low.z; z <= high.z; z++) {
        for (int y = low.y; y <= high.y; y++) {
            for (int x = low.x; x <= high.x; x++) {
                const int own = 4 * ((z * BD_KEY_HUES + y) * BD_KEY_HUES + x);
                sum += uvec4(counts(own), counts(own + 1), counts(own + 2), counts(own + 3));
            }
        }
    }
    return sum;
}

void find(int lane) {
    uint most = 0u, best = 0u, total = 0u;
    for (int bin = lane; bin < BD_KEY_BINS; bin += BD_LINEAR_GROUP) {
        const uint own = counts(4 * bin);
        total += own;
        const uint pixels = own > 0u ? window(bin).x : 0u;
        best = pixels > most ? uint(bin) : best;
        most = max(most, pixels);
    }
    most_of[lane] = most;
    bin_of[lane] = best;
    total_of[lane] = total;
}

vec4 found() {
    uint most = 0u, best = 0u, total = 0u;
    for (int i = 0; i < BD_LINEAR_GROUP; i++) {
        total += total_of[i];
        if (most_of[i] > most || (most_of[i] == most && bin_of[i] < best)) {
            most = most_of[i];
            best = bin_of[i];
        }
    }
    const uvec4 sum = window(int(best));
    const float pixels = float(max(sum.x, 1u));
    return vec4(vec3(sum.yzw) / (255.0 * pixels), float(sum.x) / float(max(total, 1u)));
}

void main() {
    const int lane = int(gl_LocalInvocationID.x);
    if (!given) {
        find(lane);
    }
    barrier();
    if (lane > 0) {
        return;
    }
    const vec4 srgb = given ? vec4(vec3(bd_unpack_u8(push.color).xyz) / 255.0, 0.0) : found();
    const vec3 light = bd_light(srgb.xyz), lab = bd_oklab(light), grey = vec3(0.57735027);
    const vec3 hue = light - dot(light, vec3(1.0 / 3.0));
    const float much = sqrt(dot(hue, hue));
    const vec3 u = much > 1e-5 ? hue / much : vec3(-0.40824829, 0.81649658, -0.40824829);
    key[0] = vec4(light, srgb.w);
    key[1] = vec4(lab, smoothstep(BD_KEY_GREY, BD_KEY_COLOURFUL, length(lab.yz)));
    key[2] = vec4(u, 0.0);
    key[3] = vec4(cross(grey, u), 0.0);
}
