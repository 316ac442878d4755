// SPDX-License-Identifier: MIT
// Operands of a tiled product: where a group's tile lies, which steps it takes along the depth, and loading of one
// step's operands into registers. They stay there as they were loaded until gemm_put unpacks them into shared memory,
// so that nothing waits for them while the step before is multiplied. Addresses are clamped rather than branched
// around; what lies outside is made zero when it is put, or meets weights that are zero.

layout(local_size_x_id = 0) in;
layout(constant_id = BD_GEMM_THREADS) const int THREADS = 128;
layout(constant_id = BD_GEMM_TILE_ROWS) const int TILE_ROWS = 64;
layout(constant_id = BD_GEMM_TILE_COLUMNS) const int TILE_COLUMNS = 64;
layout(constant_id = BD_GEMM_TILE_DEPTH) const int TILE_DEPTH = 16;
layout(constant_id = BD_GEMM_TILE_WIDTH) const int TILE_WIDTH = 0;
layout(constant_id = BD_GEMM_RESIDUAL) const bool has_residual = false;
layout(constant_id = BD_GEMM_SPLIT) const bool is_split = false;
layout(constant_id = BD_GEMM_SHARE) const int SHARE = 8;

// A unit is what one load moves: of 16 bits eight channels where they come in eights, else four.
#if MATRIX
const bool PAIRED = true;
const int UNIT_C4 = 2;
#elif HALF
layout(constant_id = BD_GEMM_PAIRED) const bool PAIRED = true;
const int UNIT_C4 = PAIRED ? 2 : 1;
#else
const int UNIT_C4 = 1;
#endif
BD_READ_RAW(BD_BIND_SRC, read_x)
#if HALF
#define B_UNIT_C4 2
layout(set = 0, binding = BD_BIND_WEIGHTS, std430) readonly restrict buffer weights_block { uvec4 weights_data[]; };
BD_RAW read_weights(uint unit) { return weights_data[unit]; }
#else
#define B_UNIT_C4 1
BD_READ_F32(BD_BIND_WEIGHTS, weights)
BD_RAW read_weights(uint unit) { return weights(int(unit)); }
#endif
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE_TENSOR(BD_BIND_DST, y)

const int WIDTH = TILE_WIDTH > 0 ? TILE_WIDTH : 1;
const int HEIGHT = TILE_ROWS / WIDTH;
const int DEPTH4 = TILE_DEPTH / 4;
const int A_LANES = DEPTH4 / UNIT_C4; // units of a row of the left tile
const int A_ITEMS = TILE_ROWS * A_LANES;
const int A_EACH = (A_ITEMS + THREADS - 1) / THREADS;
#if MATRIX
const int B_LANES = TILE_DEPTH / 8; // units of a column of the right tile
const int B_ITEMS = TILE_COLUMNS * B_LANES;
// The right operand goes straight from the buffer to the matrix unit, so that deep steps fit into shared memory.
layout(constant_id = BD_GEMM_DIRECT) const bool DIRECT = false;
#else
const int B_LANES = TILE_COLUMNS / (4 * B_UNIT_C4); // units of a row of the right tile
const int B_ITEMS = TILE_DEPTH * B_LANES;
const bool DIRECT = false;
#endif
const int B_EACH = (B_ITEMS + THREADS - 1) / THREADS;

#if SOURCE == SOURCE_EXPANSION
// The first output of the group's tile, and the pixel of the map that the first row of the tile is. Outputs of a tile lie
// a dilation apart, and so do rows of it: a rectangle of WIDTH x HEIGHT, whatever the dilation.
layout(constant_id = BD_GEMM_STRIDE) const int STRIDE = 1;
const int OUT_WIDTH = (WIDTH - 3) / STRIDE + 1;
const int OUT_HEIGHT = (HEIGHT - 3) / STRIDE + 1;
int first_oy, first_ox, first_y, first_x;

void gemm_begin_tile() {
    const uint dy = uint(push.dilation_y);
    const uint dx = uint(push.dilation_x);
    const uint across = (uint(push.out_w) + uint(OUT_WIDTH) * dx - 1u) / (uint(OUT_WIDTH) * dx) * dx;
    const uint ty = gl_WorkGroupID.x / across;
    const uint tx = gl_WorkGroupID.x - ty * across;
    first_oy = int(ty / dy * (uint(OUT_HEIGHT) * dy) + ty % dy);
    first_ox = int(tx / dx * (uint(OUT_WIDTH) * dx) + tx % dx);
    first_y = first_oy * STRIDE - push.pad_top;
    first_x = first_ox * STRIDE - push.pad_left;
}
#else
// The pixel of a row of the group's tile; false: there is none.
bool gemm_place(int row, out int pixel, out int oy, out int ox) {
    const uint tile = gl_WorkGroupID.x;
    if (TILE_WIDTH == 0) {
        pixel = int(tile) * TILE_ROWS + row;
        oy = int(uint(pixel) / uint(push.out_w));
        ox = pixel - oy * push.out_w;
        return pixel < push.out_w * push.out_h;
    }
    const uint across = uint(push.out_w + WIDTH - 1) / uint(WIDTH);
    const uint ty = tile / across;
    oy = int(ty) * HEIGHT + int(uint(row) / uint(WIDTH));
    ox = int(tile - ty * across) * WIDTH + int(uint(row) % uint(WIDTH));
    pixel = oy * push.out_w + ox;
    return oy < push.out_h && ox < push.out_w;
}
#endif

#if SOURCE == SOURCE_ROWS || SOURCE == SOURCE_EXPANSION
int a_base[A_EACH];
#else
int a_y[A_EACH], a_x[A_EACH];
#endif
#if SOURCE == SOURCE_TAPS
int tile_top, tile_bottom, tile_left, tile_right; // the input's rows and columns under tap (0, 0)
bool a_inside[A_EACH];
#endif
#if SOURCE == SOURCE_DEPTHWISE
BD_FOUR a_value[A_EACH * UNIT_C4];
#else
BD_RAW a_next[A_EACH];
#endif
uint b_base[B_EACH]; // the unit of each load in the first step
BD_RAW b_next[B_EACH];
int b_first; // the weights' first row in the step that was loaded last

int a_item(int j) {
    return min(j * THREADS + int(gl_LocalInvocationIndex), A_ITEMS - 1);
}

// Where a unit lies along the depth. As a rule THREADS is a multiple of A_LANES, so all of an invocation's lie at the
// same; of the depthwise convolution they have to.
int a_c4(int j, int first) {
    const uint item = THREADS % A_LANES == 0 ? gl_LocalInvocationIndex : uint(a_item(j));
    return min(first / 4 + int(item % uint(A_LANES)) * UNIT_C4, push.in_c4 - UNIT_C4);
}

// Rows of the weights: all taps, each rounded up.
uint weights_depth() {
#if SOURCE == SOURCE_TAPS
    return uint(push.kernel_w * push.kernel_h * push.depth);
#else
    return uint(push.depth);
#endif
}

// The unit of eight columns and a row, or with MATRIX of eight rows and a column. Columns past the last panel read the
// last one and are not stored.
uint weights_unit(uint row, uint column) {
    const uint panel = min(column / 32u, (uint(push.out_c4) + 7u) / 8u - 1u);
#if MATRIX
    return ((panel * weights_depth() + row) / 16u * 32u + column % 32u) * 2u + row / 8u % 2u;
#else
    return ((panel * weights_depth() + row) * 8u + column % 32u / 4u) / uint(B_UNIT_C4);
#endif
}

#if SOURCE != SOURCE_ROWS
// The nearest pixel of the input, in vec4s.
int gemm_pixel(int iy, int ix, out bool inside) {
    const int y = clamp(iy, 0, push.in_h - 1);
    const int x = clamp(ix, 0, push.in_w - 1);
    inside = y == iy && x == ix;
    return (y * push.in_w + x) * push.in_c4;
}
#endif

#if SOURCE == SOURCE_EXPANSION
int gemm_row_pixel(int row, out bool inside) {
    const int y = int(uint(row) / uint(WIDTH));
    return gemm_pixel(first_y + y * push.dilation_y, first_x + (row - y * WIDTH) * push.dilation_x, inside);
}
#endif

void gemm_begin() {
#if SOURCE == SOURCE_EXPANSION
    gemm_begin_tile();
#endif
    [[unroll]] for (int j = 0; j < A_EACH; j++) {
#if SOURCE == SOURCE_EXPANSION
        bool inside;
        a_base[j] = gemm_row_pixel(int(uint(a_item(j)) / uint(A_LANES)), inside);
#else
        int pixel, oy, ox;
        const bool there = gemm_place(int(uint(a_item(j)) / uint(A_LANES)), pixel, oy, ox);
#if SOURCE == SOURCE_ROWS
        a_base[j] = min(pixel, push.out_w * push.out_h - 1) * push.in_c4;
#else
        // Far outside: every tap sees padding.
        a_y[j] = there ? oy * push.stride_y - push.pad_top : -(1 << 28);
        a_x[j] = ox * push.stride_x - push.pad_left;
#endif
#endif
    }
    [[unroll]] for (int j = 0; j < B_EACH && !DIRECT; j++) {
        const uint item = min(uint(j * THREADS) + gl_LocalInvocationIndex, uint(B_ITEMS - 1));
        const uint first = gl_WorkGroupID.y * uint(TILE_COLUMNS);
#if MATRIX
        b_base[j] = weights_unit(item % uint(B_LANES) * 8u, first + item / uint(B_LANES));
#else
        b_base[j] = weights_unit(item / uint(B_LANES), first + item % uint(B_LANES) * uint(4 * B_UNIT_C4));
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
    return int(uint(push.depth) / uint(TILE_DEPTH));
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
        const uint tap = uint(step) / uint(each);
        const int dy = int(tap / uint(push.kernel_w)) * push.dilation_y;
        const int dx = int(tap % uint(push.kernel_w)) * push.dilation_x;
        if (tile_bottom + dy >= 0 && tile_top + dy < push.in_h && tile_right + dx >= 0 && tile_left + dx < push.in_w) {
            break;
        }
        step = (int(tap) + 1) * each;
    }
#endif
    return min(step, end);
}

#if SOURCE == SOURCE_DEPTHWISE || SOURCE == SOURCE_EXPANSION
// The depthwise weights of a tap, after both biases, as many channels as a unit has (of an expansion four).
BD_RAW window_weights(int tap, int c4) {
#if SOURCE == SOURCE_DEPTHWISE
    const int channels4 = push.in_c4;
    const bool paired = UNIT_C4 == 2;
#else
    const int channels4 = push.out_c4;
    const bool paired = false;
#endif
    const int first = push.out_c4 + channels4;
    const int at = tap * channels4 + c4;
#if HALF
    const uvec4 pair = floatBitsToUint(bias(first + (at >> 1)));
    return paired || (at & 1) == 0 ? pair : pair.zwzw;
#else
    return bias(first + at);
#endif
}
#endif

#if SOURCE == SOURCE_DEPTHWISE
// 3x3, all taps in flight at once: a loop of unknown length would wait for each.
void gemm_load_depthwise(int c4) {
    BD_RAW w[9];
    [[unroll]] for (int tap = 0; tap < 9; tap++) {
        w[tap] = window_weights(tap, c4);
    }
    [[unroll]] for (int j = 0; j < A_EACH; j++) {
        BD_RAW from[9];
        bool inside[9];
        [[unroll]] for (int tap = 0; tap < 9; tap++) {
            const int iy = a_y[j] + tap / 3 * push.dilation_y;
            const int ix = a_x[j] + tap % 3 * push.dilation_x;
            from[tap] = read_x(gemm_pixel(iy, ix, inside[tap]) + c4);
        }
        [[unroll]] for (int u = 0; u < UNIT_C4; u++) {
            const vec4 first = bias(push.out_c4 + c4 + u);
#if PACKED
            f16vec4 sum = f16vec4(0.0);
            [[unroll]] for (int tap = 0; tap < 9; tap++) {
                const f16vec4 v = bd_halves(bd_four(inside[tap] ? from[tap] : BD_RAW(0), u));
                const f16vec4 window = bd_halves(bd_four(w[tap], u));
                sum = tap == 0 ? v * window : fma(v, window, sum);
            }
            a_value[j * UNIT_C4 + u] = bd_pack_half(clamp(vec4(sum) + first, push.mid_lo, push.mid_hi));
#else
            vec4 sum = first;
            [[unroll]] for (int tap = 0; tap < 9; tap++) {
                sum = fma(bd_unraw(inside[tap] ? from[tap] : BD_RAW(0), u), bd_unraw(w[tap], u), sum);
            }
            a_value[j * UNIT_C4 + u] = clamp(sum, push.mid_lo, push.mid_hi);
#endif
        }
    }
}
#endif

void gemm_load(int step) {
#if SOURCE == SOURCE_TAPS
    const uint tap = uint(step) / uint(gemm_tap_steps());
    const int dy = int(tap / uint(push.kernel_w)) * push.dilation_y;
    const int dx = int(tap % uint(push.kernel_w)) * push.dilation_x;
    const int first = (step - int(tap) * gemm_tap_steps()) * TILE_DEPTH;
    b_first = int(tap) * push.depth + first;
#else
    const int first = step * TILE_DEPTH;
    b_first = first;
#endif
    [[unroll]] for (int j = 0; j < B_EACH && !DIRECT; j++) {
        // A row of a panel is 32 columns.
        b_next[j] = read_weights(b_base[j] + uint(b_first) * uint(8 / B_UNIT_C4));
    }
#if SOURCE == SOURCE_DEPTHWISE
    gemm_load_depthwise(a_c4(0, first));
#else
    [[unroll]] for (int j = 0; j < A_EACH; j++) {
        const int c4 = a_c4(j, first);
#if SOURCE == SOURCE_ROWS || SOURCE == SOURCE_EXPANSION
        a_next[j] = read_x(a_base[j] + c4);
#else
        a_next[j] = read_x(gemm_pixel(a_y[j] + dy, a_x[j] + dx, a_inside[j]) + c4);
#endif
    }
#endif
}

#if SOURCE != SOURCE_DEPTHWISE
BD_RAW gemm_left_raw(int j) {
#if SOURCE == SOURCE_TAPS
    return a_inside[j] ? a_next[j] : BD_RAW(0);
#else
    return a_next[j];
#endif
}
#endif

// Four channels of what was loaded of the left operand.
BD_FOUR gemm_left(int j, int part) {
#if SOURCE == SOURCE_DEPTHWISE
    return a_value[j * UNIT_C4 + part];
#else
    return bd_four(gemm_left_raw(j), part);
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

#if MATRIX && SOURCE != SOURCE_EXPANSION
// Two vec4s side by side, column4 even. Past the last channel nothing is stored.
void gemm_finish_pair(int pixel, int column4, vec4 first, vec4 second) {
    if (is_split || push.out_c4 % 2 != 0) {
        if (column4 < push.out_c4) {
            gemm_finish(pixel, column4, first);
        }
        if (column4 + 1 < push.out_c4) {
            gemm_finish(pixel, column4 + 1, second);
        }
    } else if (column4 < push.out_c4) {
        const int to = pixel * push.out_c4 + column4;
        BD_SCALE(scale, residual_words, column4, push.out_c4)
        BD_SCALE(second_scale, residual_words, column4 + 1, push.out_c4)
        first += bias(column4) + (has_residual ? residual(to) : vec4(0.0));
        second += bias(column4 + 1) + (has_residual ? residual(to + 1) : vec4(0.0));
        y_store_pair(to, bd_activate(first, push.lo, push.hi, scale),
                     bd_activate(second, push.lo, push.hi, second_scale));
    }
}
#endif
