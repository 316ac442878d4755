// SPDX-License-Identifier: MIT
// SOURCE_EXPANSION: the product's tile is a piece of the expanded map with the pixels around it, and stays in shared
// memory, where the depthwise convolution reads it. An invocation has one vec4 column of the tile, and of its outputs
// STRIP side by side at a time.

layout(constant_id = BD_GEMM_SWISH) const bool ends_in_swish = false;

const int STRIP = 3;
const int STRIPS_ACROSS = (OUT_WIDTH + STRIP - 1) / STRIP;
const int WINDOW_COLUMNS4 = TILE_COLUMNS / 4;
const int WINDOW_LANES = THREADS / WINDOW_COLUMNS4;

int window_column4() {
    return int(gl_LocalInvocationIndex % uint(WINDOW_COLUMNS4));
}

// The channels of a vec4 column of the tile; past the last those are the last.
int window_channel4(int column4) {
    return min(int(gl_WorkGroupID.y) * WINDOW_COLUMNS4 + column4, push.out_c4 - 1);
}

// Loaded before the sums are put away, so that the window does not wait for them.
BD_RAW window[9];
void gemm_load_window() {
    [[unroll]] for (int tap = 0; tap < 9; tap++) {
        window[tap] = window_weights(tap, window_channel4(window_column4()));
    }
}

// What gemm_middle said of a row and a vec4 column of the tile.
vec4 gemm_expanded(int row, int column4);

// The expanded map from a sum. The window's padding is zeros of that map, not of its input.
vec4 gemm_middle(int row, int column4, vec4 sum) {
    bool inside;
    gemm_row_pixel(row, inside);
    const vec4 v = sum + bias(push.out_c4 + window_channel4(column4));
    const vec4 activated = ends_in_swish ? v * bd_hard_sigmoid(v) : clamp(v, push.mid_lo, push.mid_hi);
    return inside ? activated : vec4(0.0);
}

void gemm_leave_window() {
    const int column4 = window_column4();
    const int channel4 = int(gl_WorkGroupID.y) * WINDOW_COLUMNS4 + column4;
    if (channel4 >= push.out_c4) {
        return;
    }
    for (int strip = int(gl_LocalInvocationIndex / uint(WINDOW_COLUMNS4)); strip < STRIPS_ACROSS * OUT_HEIGHT;
         strip += WINDOW_LANES) {
        const int y = int(uint(strip) / uint(STRIPS_ACROSS));
        const int x = (strip - y * STRIPS_ACROSS) * STRIP;
        vec4 sum[STRIP];
        [[unroll]] for (int o = 0; o < STRIP; o++) {
            sum[o] = vec4(0.0);
        }
        [[unroll]] for (int ky = 0; ky < 3; ky++) {
            vec4 seen[(STRIP - 1) * STRIDE + 3];
            [[unroll]] for (int i = 0; i < (STRIP - 1) * STRIDE + 3; i++) {
                // A strip may reach past the tile; what it makes of that is not stored.
                seen[i] = gemm_expanded((y * STRIDE + ky) * WIDTH + min(x * STRIDE + i, WIDTH - 1), column4);
            }
            [[unroll]] for (int o = 0; o < STRIP; o++) {
                [[unroll]] for (int kx = 0; kx < 3; kx++) {
                    sum[o] = fma(seen[o * STRIDE + kx], bd_unraw(window[ky * 3 + kx], 0), sum[o]);
                }
            }
        }
        const int oy = first_oy + y * push.dilation_y;
        [[unroll]] for (int o = 0; o < STRIP; o++) {
            const int ox = first_ox + (x + o) * push.dilation_x;
            if (x + o < OUT_WIDTH && oy < push.out_h && ox < push.out_w) {
                gemm_finish(oy * push.out_w + ox, channel4, sum[o]);
            }
        }
    }
}
