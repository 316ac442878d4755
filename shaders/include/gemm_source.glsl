// SPDX-License-Identifier: MIT
// Operands of a tiled product: where a group's tile lies, which steps it takes along the depth, and loading of one
// step's operands into registers. A unit is what one load moves: 4 channels as vec4 (simt), 8 as packed halves (matrix).

layout(local_size_x_id = 0) in;
layout(constant_id = BD_GEMM_THREADS) const int THREADS = 128;
layout(constant_id = BD_GEMM_TILE_ROWS) const int TILE_ROWS = 64;
layout(constant_id = BD_GEMM_TILE_COLUMNS) const int TILE_COLUMNS = 64;
layout(constant_id = BD_GEMM_TILE_DEPTH) const int TILE_DEPTH = 16;
layout(constant_id = BD_GEMM_TILE_WIDTH) const int TILE_WIDTH = 0;
layout(constant_id = BD_GEMM_RESIDUAL) const bool has_residual = false;
layout(constant_id = BD_GEMM_SPLIT) const bool is_split = false;
layout(constant_id = BD_GEMM_SHARE) const int SHARE = 8;

#if MATRIX
#define UNIT uvec4
#define UNIT_C4 2
layout(set = 0, binding = BD_BIND_SRC, std430) readonly restrict buffer x_block { uvec4 x_data[]; };
layout(set = 0, binding = BD_BIND_WEIGHTS, std430) readonly restrict buffer weights_block { uvec4 weights_data[]; };
uvec4 read_x(int index4) { return x_data[index4 >> 1]; }
uvec4 read_weights(int unit) { return weights_data[unit]; }
#else
#define UNIT vec4
#define UNIT_C4 1
BD_READ_TENSOR(BD_BIND_SRC, read_x)
BD_READ_TENSOR(BD_BIND_WEIGHTS, read_weights)
#endif
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE_TENSOR(BD_BIND_DST, y)

const int WIDTH = TILE_WIDTH > 0 ? TILE_WIDTH : 1;
const int HEIGHT = TILE_ROWS / WIDTH;
const int DEPTH4 = TILE_DEPTH / 4;
const int A_LANES = DEPTH4 / UNIT_C4; // units of a row of the left tile; divides THREADS
const int A_ITEMS = TILE_ROWS * A_LANES;
const int A_EACH = (A_ITEMS + THREADS - 1) / THREADS;
const int B_LANES = TILE_COLUMNS / (4 * UNIT_C4);
const int B_ITEMS = TILE_DEPTH * B_LANES;
const int B_EACH = (B_ITEMS + THREADS - 1) / THREADS;
const int PANEL_UNITS = 8 / UNIT_C4;

// The pixel of a row of the group's tile; false: there is none.
bool gemm_place(int row, out int pixel, out int oy, out int ox) {
    const int tile = int(gl_WorkGroupID.x);
    if (TILE_WIDTH == 0) {
        pixel = tile * TILE_ROWS + row;
        oy = pixel / push.out_w;
        ox = pixel - oy * push.out_w;
        return pixel < push.out_w * push.out_h;
    }
    const int across = (push.out_w + WIDTH - 1) / WIDTH;
    const int ty = tile / across;
    oy = ty * HEIGHT + row / WIDTH;
    ox = (tile - ty * across) * WIDTH + row % WIDTH;
    pixel = oy * push.out_w + ox;
    return oy < push.out_h && ox < push.out_w;
}

#if SOURCE == SOURCE_ROWS
int a_base[A_EACH];
#else
int a_y[A_EACH], a_x[A_EACH];
#endif
#if SOURCE == SOURCE_TAPS
int tile_top, tile_bottom, tile_left, tile_right; // the input's rows and columns under tap (0, 0)
#endif
#if MATRIX
// The right operand goes straight from the buffer to the matrix unit, so that deep steps fit into shared memory.
layout(constant_id = BD_GEMM_DIRECT) const bool DIRECT = false;
int b_first; // its first row in the step that was loaded last
#else
const bool DIRECT = false;
#endif
UNIT a_next[A_EACH];
UNIT b_next[B_EACH];

int a_item(int j) {
    return min(j * THREADS + int(gl_LocalInvocationIndex), A_ITEMS - 1);
}

void gemm_begin() {
    [[unroll]] for (int j = 0; j < A_EACH; j++) {
        int pixel, oy, ox;
        const bool there = gemm_place(a_item(j) / A_LANES, pixel, oy, ox);
#if SOURCE == SOURCE_ROWS
        a_base[j] = there ? pixel * push.in_c4 : -1;
#else
        // Far outside: every tap sees padding.
        a_y[j] = there ? oy * push.stride_y - push.pad_top : -(1 << 28);
        a_x[j] = ox * push.stride_x - push.pad_left;
#endif
    }
#if SOURCE == SOURCE_TAPS
    int pixel, top, left, bottom, right;
    gemm_place(0, pixel, top, left);
    gemm_place(TILE_ROWS - 1, pixel, bottom, right);
    // A run that goes on in the next row, or past the last, has seen both ends.
    const bool wraps = TILE_WIDTH == 0 && bottom != top;
    bottom = min(bottom, push.out_h - 1);
    left = wraps ? 0 : left;
    right = wraps ? push.out_w - 1 : min(right, push.out_w - 1);
    tile_top = top * push.stride_y - push.pad_top;
    tile_bottom = bottom * push.stride_y - push.pad_top;
    tile_left = left * push.stride_x - push.pad_left;
    tile_right = right * push.stride_x - push.pad_left;
#endif
}

// ---- steps along the depth: TILE_DEPTH channels of one tap each ----

int gemm_tap_steps() {
    return push.depth / TILE_DEPTH;
}

int gemm_steps() {
#if SOURCE == SOURCE_TAPS
    return gemm_tap_steps() * push.kernel_w * push.kernel_h;
#else
    return gemm_tap_steps();
#endif
}

// The first step from `step` on whose tap sees some of the input; the same for the whole group.
int gemm_live(int step, int end) {
#if SOURCE == SOURCE_TAPS
    const int each = gemm_tap_steps();
    while (step < end) {
        const int tap = step / each;
        const int dy = tap / push.kernel_w * push.dilation_y;
        const int dx = tap % push.kernel_w * push.dilation_x;
        if (tile_bottom + dy >= 0 && tile_top + dy < push.in_h && tile_right + dx >= 0 && tile_left + dx < push.in_w) {
            break;
        }
        step = (tap + 1) * each;
    }
#endif
    return min(step, end);
}

#if SOURCE == SOURCE_DEPTHWISE
// Four channels of the depthwise convolution from what one read brings.
vec4 depthwise_part(UNIT from, int part) {
#if MATRIX
    return bd_unpack_half(part == 0 ? from.xy : from.zw);
#else
    return from;
#endif
}

// 3x3, all taps in flight at once: a loop of unknown length would wait for each.
void gemm_load_depthwise(int c4) {
    const int dw_bias = push.out_c4;
    const int dw_weights = dw_bias + push.in_c4;
    vec4 w[9 * UNIT_C4];
    [[unroll]] for (int i = 0; i < 9 * UNIT_C4; i++) {
        w[i] = bias(dw_weights + i / UNIT_C4 * push.in_c4 + c4 + i % UNIT_C4);
    }
    vec4 start[UNIT_C4];
    [[unroll]] for (int u = 0; u < UNIT_C4; u++) {
        start[u] = bias(dw_bias + c4 + u);
    }
    [[unroll]] for (int j = 0; j < A_EACH; j++) {
        UNIT from[9];
        [[unroll]] for (int tap = 0; tap < 9; tap++) {
            const int iy = a_y[j] + tap / 3 * push.dilation_y;
            const int ix = a_x[j] + tap % 3 * push.dilation_x;
            const bool inside = iy >= 0 && iy < push.in_h && ix >= 0 && ix < push.in_w;
            const int at = clamp(iy, 0, push.in_h - 1) * push.in_w + clamp(ix, 0, push.in_w - 1);
            from[tap] = read_x(at * push.in_c4 + c4);
            from[tap] = inside ? from[tap] : UNIT(0);
        }
        vec4 sum[UNIT_C4];
        [[unroll]] for (int u = 0; u < UNIT_C4; u++) {
            sum[u] = start[u];
            [[unroll]] for (int tap = 0; tap < 9; tap++) {
                sum[u] += depthwise_part(from[tap], u) * w[tap * UNIT_C4 + u];
            }
            sum[u] = clamp(sum[u], push.mid_lo, push.mid_hi);
        }
#if MATRIX
        a_next[j] = uvec4(bd_pack_half(sum[0]), bd_pack_half(sum[1]));
#else
        a_next[j] = sum[0];
#endif
    }
}
#endif

// Rows of the weights: all taps, each rounded up.
int weights_depth() {
#if SOURCE == SOURCE_TAPS
    return push.kernel_w * push.kernel_h * push.depth;
#else
    return push.depth;
#endif
}

void gemm_load_weights(int b_depth) {
    const int depth_all = weights_depth();
    const int unit = int(gl_WorkGroupID.y) * B_LANES;
    const int last_panel = (push.out_c4 + 7) / 8 - 1;
    [[unroll]] for (int j = 0; j < B_EACH; j++) {
        const int item = min(j * THREADS + int(gl_LocalInvocationIndex), B_ITEMS - 1);
        const int k = item / B_LANES;
        const int u = unit + item % B_LANES;
        const int panel = min(u / PANEL_UNITS, last_panel);
        b_next[j] = read_weights((panel * depth_all + b_depth + k) * PANEL_UNITS + u % PANEL_UNITS);
    }
}

void gemm_load(int step) {
#if SOURCE == SOURCE_TAPS
    const int tap = step / gemm_tap_steps();
    const int dy = tap / push.kernel_w * push.dilation_y;
    const int dx = tap % push.kernel_w * push.dilation_x;
    const int first = (step - tap * gemm_tap_steps()) * TILE_DEPTH;
    const int b_depth = tap * push.depth + first;
#else
    const int first = step * TILE_DEPTH;
    const int b_depth = first;
#endif
#if MATRIX
    b_first = b_depth;
#endif
    if (!DIRECT) {
        gemm_load_weights(b_depth);
    }
    // THREADS is a multiple of A_LANES: an invocation's units all lie at the same depth.
    const int c4 = first / 4 + int(gl_LocalInvocationIndex) % A_LANES * UNIT_C4;
    if (c4 >= push.in_c4) {
        [[unroll]] for (int j = 0; j < A_EACH; j++) {
            a_next[j] = UNIT(0);
        }
        return;
    }
#if SOURCE == SOURCE_DEPTHWISE
    gemm_load_depthwise(c4);
#else
    [[unroll]] for (int j = 0; j < A_EACH; j++) {
#if SOURCE == SOURCE_ROWS
        a_next[j] = a_base[j] >= 0 ? read_x(a_base[j] + c4) : UNIT(0);
#else
        const int iy = a_y[j] + dy;
        const int ix = a_x[j] + dx;
        const bool inside = iy >= 0 && iy < push.in_h && ix >= 0 && ix < push.in_w;
        a_next[j] = inside ? read_x((iy * push.in_w + ix) * push.in_c4 + c4) : UNIT(0);
#endif
    }
#endif
}

// One vec4 of the output from its sum.
void gemm_finish(int pixel, int column4, vec4 sum) {
    if (is_split) {
        y_store((int(gl_WorkGroupID.z) * push.out_w * push.out_h + pixel) * push.out_c4 + column4, sum);
        return;
    }
    const int to = pixel * push.out_c4 + column4;
    BD_SCALE(scale, residual_words, column4, push.out_c4)
    y_store(to, bd_activate(sum + bias(column4) + (has_residual ? residual(to) : vec4(0.0)), push.lo, push.hi, scale));
}
