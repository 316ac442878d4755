// SPDX-License-Identifier: MIT
// How rough patches of the photo are; see push/noise.h. An invocation owns a pixel of its group's patch.
#version 450
#include "include/tensor.glsl"
#include "push/noise.h"

const int SIDE = BD_NOISE_SIDE + 2, PIXELS = BD_NOISE_SIDE * BD_NOISE_SIDE, SEEN = SIDE * SIDE;
const int SATURATED = 1 << 24; // beside luma times 256

layout(local_size_x = BD_NOISE_SIDE, local_size_y = BD_NOISE_SIDE) in;
BD_READ_U32(BD_BIND_SRC, photo)
BD_WRITE(BD_BIND_DST, dst, uint)

shared int seen[SEEN];
shared int found[PIXELS];

int read_pixel(int index) {
    const ivec2 at = ivec2(gl_WorkGroupID.xy) * push.block + ivec2(index % SIDE, index / SIDE);
    const ivec3 c = ivec3(bd_unpack_u8(photo(at.y * push.src_w + at.x)).xyz);
    const bool saturated = any(equal(c, ivec3(0))) || any(equal(c, ivec3(255)));
    return 77 * c.x + 150 * c.y + 29 * c.z + (saturated ? SATURATED : 0);
}

void main() {
    const int own = int(gl_LocalInvocationIndex);
    for (int i = own; i < SEEN; i += PIXELS) {
        seen[i] = read_pixel(i);
    }
    barrier();
    int sum = 0, flags = 0;
    for (int i = 0; i < 9; i++) {
        const int value = seen[(int(gl_LocalInvocationID.y) + i / 3) * SIDE + int(gl_LocalInvocationID.x) + i % 3];
        const int weight = (i / 3 == 1 ? 2 : 1) * (i % 3 == 1 ? 2 : 1);
        sum += (i % 2 == 1 ? -weight : weight) * (value & (SATURATED - 1));
        flags |= value;
    }
    const int mine = flags >= SATURATED ? BD_NOISE_NONE : min(abs(sum) >> 4, BD_NOISE_NONE - 1);
    const int place = mine * PIXELS + own; // no two are alike
    found[own] = place;
    barrier();
    int valid = 0, below = 0;
    for (int i = 0; i < PIXELS; i++) {
        valid += found[i] < BD_NOISE_NONE * PIXELS ? 1 : 0;
        below += found[i] < place ? 1 : 0;
    }
    // The one in the middle, or any where too few are left.
    const bool told = valid >= PIXELS / 2;
    if (below == (told ? valid / 2 : 0)) {
        dst[(push.first + int(gl_WorkGroupID.y)) * push.dst_w + int(gl_WorkGroupID.x)] = uint(told ? mine : BD_NOISE_NONE);
    }
}
