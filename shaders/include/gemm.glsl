// SPDX-License-Identifier: MIT
// Tiled matrix product in shared memory: BD_GEMM_ROWS rows x BD_GEMM_C4 vec4 columns a group, 16 deep a step. An
// invocation owns 8 rows (GEMM_LANES_Y apart) of one vec4 column. 8 KiB shared.
//
// The includer defines GEMM_DEPTH4 (vec4s along the depth), GEMM_ROWS, GEMM_LO, GEMM_HI, the readers weights, bias and
// residual, the writer y, has_residual, and:
vec4 gemm_x(int row, int depth4); // row < GEMM_ROWS, depth4 < GEMM_DEPTH4

#define GEMM_LANES_Y 8
#define GEMM_STEP4 4
layout(local_size_x = BD_GEMM_C4, local_size_y = GEMM_LANES_Y) in;

shared vec4 tile_x[BD_GEMM_ROWS * GEMM_STEP4];
shared vec4 tile_w[GEMM_STEP4 * 4 * BD_GEMM_C4];

vec4 gemm_load_x(int item, int depth4) {
    const int row = int(gl_WorkGroupID.x) * BD_GEMM_ROWS + item / GEMM_STEP4;
    depth4 += item % GEMM_STEP4;
    return depth4 < GEMM_DEPTH4 ? gemm_x(min(row, GEMM_ROWS - 1), depth4) : vec4(0.0);
}

vec4 gemm_load_w(int item, int depth4) {
    const int column = int(gl_WorkGroupID.y) * BD_GEMM_C4 + item % BD_GEMM_C4;
    const int depth = depth4 * 4 + item / BD_GEMM_C4;
    return weights(min(depth, GEMM_DEPTH4 * 4 - 1) * push.out_c4 + min(column, push.out_c4 - 1));
}

void gemm() {
    const int lane_x = int(gl_LocalInvocationID.x);
    const int lane_y = int(gl_LocalInvocationID.y);
    const int item = lane_y * BD_GEMM_C4 + lane_x;
    const int second = item + BD_GEMM_C4 * GEMM_LANES_Y;
    vec4 sum[8];
    for (int r = 0; r < 8; r++) {
        sum[r] = vec4(0.0);
    }
    // The next step's loads are in flight while this one is multiplied.
    vec4 x0 = gemm_load_x(item, 0), x1 = gemm_load_x(second, 0);
    vec4 w0 = gemm_load_w(item, 0), w1 = gemm_load_w(second, 0);
    for (int depth4 = 0; depth4 < GEMM_DEPTH4; depth4 += GEMM_STEP4) {
        barrier();
        tile_x[item] = x0;
        tile_x[second] = x1;
        tile_w[item] = w0;
        tile_w[second] = w1;
        barrier();
        const int next = depth4 + GEMM_STEP4;
        if (next < GEMM_DEPTH4) {
            x0 = gemm_load_x(item, next);
            x1 = gemm_load_x(second, next);
            w0 = gemm_load_w(item, next);
            w1 = gemm_load_w(second, next);
        }
        for (int k = 0; k < GEMM_STEP4; k++) {
            const vec4 a = tile_w[(k * 4 + 0) * BD_GEMM_C4 + lane_x];
            const vec4 b = tile_w[(k * 4 + 1) * BD_GEMM_C4 + lane_x];
            const vec4 c = tile_w[(k * 4 + 2) * BD_GEMM_C4 + lane_x];
            const vec4 d = tile_w[(k * 4 + 3) * BD_GEMM_C4 + lane_x];
            for (int r = 0; r < 8; r++) {
                const vec4 v = tile_x[(r * GEMM_LANES_Y + lane_y) * GEMM_STEP4 + k];
                sum[r] = bd_fma4(v, a, b, c, d, sum[r]);
            }
        }
    }
    const int column = int(gl_WorkGroupID.y) * BD_GEMM_C4 + lane_x;
    if (column >= push.out_c4) {
        return;
    }
    const vec4 start = bias(column);
    BD_SCALE(scale, residual_words, column, push.out_c4)
    for (int r = 0; r < 8; r++) {
        const int row = int(gl_WorkGroupID.x) * BD_GEMM_ROWS + r * GEMM_LANES_Y + lane_y;
        if (row < GEMM_ROWS) {
            const int to = row * push.out_c4 + column;
            y_store(to, bd_activate(sum[r] + start + (has_residual ? residual(to) : vec4(0.0)), GEMM_LO, GEMM_HI,
                                    scale));
        }
    }
}
