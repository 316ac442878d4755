// SPDX-License-Identifier: MIT
// SOURCE_EXPANSION: the product's tile is a piece of the expanded map with the pixels around it, and stays in shared
// memory, where the depthwise convolution reads it. An invocation has one vec4 column of the tile, and of its outputs
// STRIP_Y x STRIP_X at a time, whose windows share what is read.

layout(constant_id = BD_GEMM_SWISH) const bool ends_in_swish = false;

const int STRIP_Y = STRIDE == 1 ? 2 : 1;
const int STRIP_X = 3;
const int STRIPS_DOWN = (OUT_HEIGHT + STRIP_Y - 1) / STRIP_Y;
const int STRIPS_ACROSS = (OUT_WIDTH + STRIP_X - 1) / STRIP_X;
const int SEEN_Y = (STRIP_Y - 1) * STRIDE + 3;
const int SEEN_X = (STRIP_X - 1) * STRIDE + 3;
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
    for (int strip = int(gl_LocalInvocationIndex / uint(WINDOW_COLUMNS4)); strip < STRIPS_ACROSS * STRIPS_DOWN;
         strip += WINDOW_LANES) {
        const int down = int(uint(strip) / uint(STRIPS_ACROSS));
        const int y = down * STRIP_Y;
        const int x = (strip - down * STRIPS_ACROSS) * STRIP_X;
        vec4 sum[STRIP_Y * STRIP_X];
        [[unroll]] for (int o = 0; o < STRIP_Y * STRIP_X; o++) {
            sum[o] = vec4(0.0);
        }
        [[unroll]] for (int i = 0; i < SEEN_Y; i++) {
            // A strip may reach past the tile; what it makes of that is not stored.
            const int line = min(y * STRIDE + i, HEIGHT - 1) * WIDTH;
            vec4 seen[SEEN_X];
            [[unroll]] for (int j = 0; j < SEEN_X; j++) {
                seen[j] = gemm_expanded(line + min(x * STRIDE + j, WIDTH - 1), column4);
            }
            [[unroll]] for (int r = 0; r < STRIP_Y; r++) {
                const int ky = i - r * STRIDE;
                if (ky >= 0 && ky < 3) {
                    [[unroll]] for (int q = 0; q < STRIP_X; q++) {
                        [[unroll]] for (int kx = 0; kx < 3; kx++) {
                            const vec4 weight = bd_unraw(window[clamp(ky, 0, 2) * 3 + kx], 0);
                            sum[r * STRIP_X + q] = fma(seen[q * STRIDE + kx], weight, sum[r * STRIP_X + q]);
                        }
                    }
                }
            }
        }
        [[unroll]] for (int o = 0; o < STRIP_Y * STRIP_X; o++) {
            const int oy = first_oy + (y + o / STRIP_X) * push.dilation_y;
            const int ox = first_ox + (x + o % STRIP_X) * push.dilation_x;
            if (y + o / STRIP_X < OUT_HEIGHT && x + o % STRIP_X < OUT_WIDTH && oy < push.out_h && ox < push.out_w) {
                gemm_finish(oy * push.out_w + ox, channel4, sum[o]);
            }
        }
    }
}
