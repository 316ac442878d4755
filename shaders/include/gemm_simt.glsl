// SPDX-License-Identifier: MIT
// Tiled product on ordinary lanes: an invocation owns SHARE rows (LANES_Y apart) of VECTORS vec4 columns (LANES_X apart).
// Two buffers in shared memory: one barrier a step, and the next step's loads are in flight while this one is multiplied.

const int VECTORS = TILE_ROWS * TILE_COLUMNS / (4 * SHARE * THREADS);
const int LANES_X = TILE_COLUMNS / (4 * VECTORS);
const int LANES_Y = TILE_ROWS / SHARE;
const int COLUMNS4 = TILE_COLUMNS / 4;
const int A_SIZE = TILE_ROWS * DEPTH4;
const int B_SIZE = TILE_DEPTH * COLUMNS4;

#if SOURCE == SOURCE_EXPANSION
// The expanded map lies where the operands lay.
const int OPERANDS_SIZE = 2 * (A_SIZE + B_SIZE);
const int MIDDLE_SIZE = TILE_ROWS * COLUMNS4;
shared BD_FOUR tile[OPERANDS_SIZE > MIDDLE_SIZE ? OPERANDS_SIZE : MIDDLE_SIZE];
#define TILE_A(at) tile[at]
#define TILE_B(at) tile[2 * A_SIZE + (at)]
#else
shared BD_FOUR tile_a[2 * A_SIZE];
shared BD_FOUR tile_b[2 * B_SIZE];
#define TILE_A(at) tile_a[at]
#define TILE_B(at) tile_b[at]
#endif

void gemm_put(int buffer_index) {
    [[unroll]] for (int j = 0; j < A_EACH; j++) {
        const int item = j * THREADS + int(gl_LocalInvocationIndex);
        if (A_ITEMS % THREADS == 0 || item < A_ITEMS) {
            [[unroll]] for (int u = 0; u < UNIT_C4; u++) {
                TILE_A(buffer_index * A_SIZE + item * UNIT_C4 + u) = gemm_left(j, u);
            }
        }
    }
    [[unroll]] for (int j = 0; j < B_EACH; j++) {
        const int item = j * THREADS + int(gl_LocalInvocationIndex);
        if (B_ITEMS % THREADS == 0 || item < B_ITEMS) {
            [[unroll]] for (int u = 0; u < B_UNIT_C4; u++) {
                TILE_B(buffer_index * B_SIZE + item * B_UNIT_C4 + u) = bd_four(b_next[j], u);
            }
        }
    }
}

#if SOURCE == SOURCE_EXPANSION
vec4 gemm_expanded(int row, int column4) {
    return bd_from_four(tile[row * COLUMNS4 + column4]);
}
#endif

#if PACKED
// Channels whose products are summed in halves, divided by four: two for four cost 9 % of the network's cycles (navi21).
const int PART4 = 4;
#endif

void gemm() {
    const int lane_x = int(gl_LocalInvocationIndex % uint(LANES_X));
    const int lane_y = int(gl_LocalInvocationIndex / uint(LANES_X));
    vec4 sum[SHARE * VECTORS];
    [[unroll]] for (int i = 0; i < SHARE * VECTORS; i++) {
        sum[i] = vec4(0.0);
    }
    gemm_begin();
    const int begin = is_split ? int(gl_WorkGroupID.z) * push.split_steps : 0;
    const int end = is_split ? min(begin + push.split_steps, gemm_steps()) : gemm_steps();
    int step = gemm_live(begin, end);
    int at = 0;
    if (step < end) {
        gemm_load(step);
        gemm_put(0);
        barrier();
    }
    while (step < end) {
        step = gemm_live(step + 1, end);
        if (step < end) {
            gemm_load(step);
        }
#if PACKED
        [[unroll]] for (int k = 0; k < DEPTH4; k += PART4) {
            f16vec4 w[4 * PART4 * VECTORS];
            [[unroll]] for (int i = 0; i < 4 * PART4 * VECTORS; i++) {
                w[i] = bd_halves(TILE_B(at * B_SIZE + (k * 4 + i / VECTORS) * COLUMNS4 + i % VECTORS * LANES_X + lane_x));
            }
            [[unroll]] for (int r = 0; r < SHARE; r++) {
                f16vec4 part[VECTORS];
                [[unroll]] for (int p = 0; p < PART4; p++) {
                    const f16vec4 v = bd_halves(TILE_A(at * A_SIZE + (r * LANES_Y + lane_y) * DEPTH4 + k + p));
                    [[unroll]] for (int i = 0; i < 4; i++) {
                        [[unroll]] for (int c = 0; c < VECTORS; c++) {
                            const f16vec4 row = w[(p * 4 + i) * VECTORS + c];
                            part[c] = p + i == 0 ? f16vec4(v[i]) * row : fma(f16vec4(v[i]), row, part[c]);
                        }
                    }
                }
                [[unroll]] for (int c = 0; c < VECTORS; c++) {
                    sum[r * VECTORS + c] += vec4(part[c]);
                }
            }
        }
#else
        [[unroll]] for (int k = 0; k < DEPTH4; k++) {
            vec4 w[4 * VECTORS];
            [[unroll]] for (int i = 0; i < 4 * VECTORS; i++) {
                w[i] = TILE_B(at * B_SIZE + (k * 4 + i / VECTORS) * COLUMNS4 + i % VECTORS * LANES_X + lane_x);
            }
            [[unroll]] for (int r = 0; r < SHARE; r++) {
                const vec4 v = TILE_A(at * A_SIZE + (r * LANES_Y + lane_y) * DEPTH4 + k);
                [[unroll]] for (int c = 0; c < VECTORS; c++) {
                    sum[r * VECTORS + c] =
                        bd_fma4(v, w[c], w[VECTORS + c], w[2 * VECTORS + c], w[3 * VECTORS + c], sum[r * VECTORS + c]);
                }
            }
        }
#endif
        at ^= 1;
        if (step < end) {
            gemm_put(at);
        }
        barrier();
    }
#if SOURCE == SOURCE_EXPANSION
    gemm_load_window();
    [[unroll]] for (int r = 0; r < SHARE; r++) {
        [[unroll]] for (int c = 0; c < VECTORS; c++) {
            const int row = r * LANES_Y + lane_y;
            const int column4 = c * LANES_X + lane_x;
            tile[row * COLUMNS4 + column4] = bd_as_four(gemm_middle(row, column4, sum[r * VECTORS + c]));
        }
    }
    barrier();
    gemm_leave_window();
#else
    [[unroll]] for (int r = 0; r < SHARE; r++) {
        int pixel, oy, ox;
        if (gemm_place(r * LANES_Y + lane_y, pixel, oy, ox)) {
            [[unroll]] for (int c = 0; c < VECTORS; c++) {
                const int column4 = int(gl_WorkGroupID.y) * COLUMNS4 + c * LANES_X + lane_x;
                if (column4 < push.out_c4) {
                    gemm_finish(pixel, column4, sum[r * VECTORS + c]);
                }
            }
        }
    }
#endif
}
