// SPDX-License-Identifier: MIT
// How rough patches of the photo are; see push/noise.h.
#version 450
#include "include/tensor.glsl"
#include "push/noise.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_U32(BD_BIND_SRC, photo)
BD_WRITE(BD_BIND_DST, dst, uint)

const int SIDE = BD_NOISE_SIDE + 2, PIXELS = BD_NOISE_SIDE * BD_NOISE_SIDE;

// Luma times 256, and whether a channel is saturated, of three pixels of a row.
int luma[SIDE * 3];
bool saturated[SIDE * 3];
int found[PIXELS];

void read_row(ivec2 from, int y) {
    for (int x = 0; x < SIDE; x++) {
        const ivec3 c = ivec3(bd_unpack_u8(photo((from.y + y) * push.src_w + from.x + x)).xyz);
        const int at = y % 3 * SIDE + x;
        luma[at] = 77 * c.x + 150 * c.y + 29 * c.z;
        saturated[at] = any(equal(c, ivec3(0))) || any(equal(c, ivec3(255)));
    }
}

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const ivec2 from = at * push.block;
    read_row(from, 0);
    read_row(from, 1);
    int count = 0;
    for (int y = 1; y <= BD_NOISE_SIDE; y++) {
        read_row(from, y + 1);
        const int above = (y - 1) % 3 * SIDE, own = y % 3 * SIDE, below = (y + 1) % 3 * SIDE;
        for (int x = 1; x <= BD_NOISE_SIDE; x++) {
            int sum = 0;
            bool left_out = false;
            for (int u = x - 1; u <= x + 1; u++) {
                const int column = luma[above + u] - 2 * luma[own + u] + luma[below + u];
                sum += u == x ? -2 * column : column;
                left_out = left_out || saturated[above + u] || saturated[own + u] || saturated[below + u];
            }
            found[(y - 1) * BD_NOISE_SIDE + x - 1] = left_out ? BD_NOISE_NONE : min(abs(sum) >> 4, BD_NOISE_NONE - 1);
            count += left_out ? 0 : 1;
        }
    }
    // The largest value that at most half of them are below is their median.
    int median = 0;
    for (int bit = BD_NOISE_NONE / 2; bit > 0; bit /= 2) {
        int below = 0;
        for (int i = 0; i < PIXELS; i++) {
            below += found[i] < median + bit ? 1 : 0;
        }
        median += below <= count / 2 ? bit : 0;
    }
    dst[(push.first + at.y) * push.dst_w + at.x] = uint(count < PIXELS / 2 ? BD_NOISE_NONE : median);
}
