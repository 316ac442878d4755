// SPDX-License-Identifier: MIT
// Blocks of the matrix on the coarse grids, inverted; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/coarse.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, parts)
BD_WRITE(BD_BIND_DST, dst, vec4)

#include "include/coarse_at.glsl"

void main() {
    const bd_coarse at = bd_coarse_at(int(gl_GlobalInvocationID.x));
    if (at.level > 1) {
        return;
    }
    vec4 rows[3] = vec4[](vec4(0.0), vec4(0.0), vec4(0.0));
    for (int y = at.first.y; y < at.end.y; y++) {
        for (int x = at.first.x; x < at.end.x; x++) {
            const int part = bd_coarse_part(at, ivec2(x, y)) * 3;
            rows[0] += parts(part);
            rows[1] += parts(part + 1);
            rows[2] += parts(part + 2);
        }
    }
    // Where colours are alike, lines of them are: the constant one counts.
    const float whole = rows[1].w, least = whole * 1e-4;
    const int to = int(gl_GlobalInvocationID.x) * 4;
    if (whole <= 1e-12) {
        for (int i = 0; i < 4; i++) {
            dst[to + i] = vec4(0.0);
        }
        return;
    }
    // Constant first: its pivot is the surest.
    const float l00 = sqrt(whole);
    const vec3 l0 = vec3(rows[0].w, rows[1].z, rows[2].y) / l00;
    const float l11 = sqrt(max(rows[0].x + least - l0.x * l0.x, least));
    const float l21 = (rows[0].y - l0.y * l0.x) / l11, l31 = (rows[0].z - l0.z * l0.x) / l11;
    const float l22 = sqrt(max(rows[1].x + least - l0.y * l0.y - l21 * l21, least));
    const float l32 = (rows[1].y - l0.z * l0.y - l31 * l21) / l22;
    const float l33 = sqrt(max(rows[2].x + least - l0.z * l0.z - l31 * l31 - l32 * l32, least));
    // Columns of the factor's inverse, in the order constant, red, green, blue.
    const float i00 = 1.0 / l00, i11 = 1.0 / l11, i22 = 1.0 / l22, i33 = 1.0 / l33;
    const float i10 = -l0.x * i00 * i11;
    const float i20 = -(l0.y * i00 + l21 * i10) * i22, i21 = -l21 * i11 * i22;
    const float i30 = -(l0.z * i00 + l31 * i10 + l32 * i20) * i33, i31 = -(l31 * i11 + l32 * i21) * i33;
    const float i32 = -l32 * i22 * i33;
    const vec4 red = vec4(i11, i21, i31, 0.0), green = vec4(0.0, i22, i32, 0.0), blue = vec4(0.0, 0.0, i33, 0.0);
    const vec4 one = vec4(i10, i20, i30, i00);
    const mat4 factors = mat4(red, green, blue, one);
    for (int i = 0; i < 4; i++) {
        dst[to + i] = factors[i] * factors;
    }
}
