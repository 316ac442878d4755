// SPDX-License-Identifier: MIT
// Tiled product on matrix units: 16-bit operands in shared memory, float32 sums. ACTIVE subgroups cover a tile, SHARE of
// them along its rows, the others along its columns; each owns a block of FRAGMENTS_M x FRAGMENTS_N products. Where a
// group has more subgroups, each ACTIVE of them sum another slice of every step, and the slices are added at the end, in
// order. Sums leave through shared memory, as their place in registers is the device's own affair: all of a tile's at
// once, in the operands' place. Leaving fragment by fragment, with barriers in between, kept NVIDIA's compiler from
// holding sums in registers at all (three times slower). Rows of the left tile, columns of the right one and rows of sums
// are padded by 16 bytes, so that those of a fragment do not fall on the same banks.
//
// The layer below is all that differs between the extensions. Offsets and strides count 16-byte units of tile. The right
// operand lies column by column, as matrix units take it.

layout(constant_id = BD_GEMM_M) const int M = 16;
layout(constant_id = BD_GEMM_N) const int N = 16;
layout(constant_id = BD_GEMM_K) const int K = 16;
layout(constant_id = BD_GEMM_SUBGROUP) const int SUBGROUP = 32;
layout(constant_id = BD_GEMM_ACTIVE) const int ACTIVE = 4;
layout(constant_id = BD_GEMM_BUFFERS) const int BUFFERS = 2;

const int FRAGMENTS_M = TILE_ROWS / (M * SHARE);
const int FRAGMENTS_N = TILE_COLUMNS * SHARE / (N * ACTIVE);
const int SLICES = THREADS / (SUBGROUP * ACTIVE);
const int A_STRIDE = A_LANES + 1;
const int B_STRIDE = B_LANES + 1;
const int A_SIZE = TILE_ROWS * A_STRIDE;
const int B_SIZE = DIRECT ? 0 : TILE_COLUMNS * B_STRIDE;
const int B_BEGIN = BUFFERS * A_SIZE;
const int WEIGHTS_STRIDE = 2; // of the right operand's columns in the buffer
const int SUMS_STRIDE = TILE_COLUMNS / 4 + 1;
const int OPERANDS_SIZE = BUFFERS * (A_SIZE + B_SIZE);
const int SUMS_SIZE = SLICES * TILE_ROWS * SUMS_STRIDE;

shared uvec4 tile[OPERANDS_SIZE > SUMS_SIZE ? OPERANDS_SIZE : SUMS_SIZE];

#if MATRIX == 1
#define MATRIX_A fcoopmatNV<16, gl_ScopeSubgroup, M, K>
#define MATRIX_B fcoopmatNV<16, gl_ScopeSubgroup, K, N>
#define MATRIX_SUM fcoopmatNV<32, gl_ScopeSubgroup, M, N>
#define MATRIX_CLEAR(fragment) sums[fragment] = MATRIX_SUM(0.0)
#define MATRIX_LOAD_A(to, at) coopMatLoadNV(to, tile, at, A_STRIDE, false)
#define MATRIX_LOAD_B(to, at) coopMatLoadNV(to, tile, at, B_STRIDE, true)
#define MATRIX_LOAD_WEIGHTS(to, at) coopMatLoadNV(to, weights_data, at, WEIGHTS_STRIDE, true)
#define MATRIX_ADD(fragment, a, b) sums[fragment] = coopMatMulAddNV(a, b, sums[fragment])
#define MATRIX_STORE(fragment, at) coopMatStoreNV(sums[fragment], tile, at, SUMS_STRIDE, false)
#elif MATRIX == 2
#define MATRIX_A coopmat<float16_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA>
#define MATRIX_B coopmat<float16_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB>
#define MATRIX_SUM coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>
#define MATRIX_CLEAR(fragment) sums[fragment] = MATRIX_SUM(0.0)
#define MATRIX_LOAD_A(to, at) coopMatLoad(to, tile, at, A_STRIDE, gl_CooperativeMatrixLayoutRowMajor)
#define MATRIX_LOAD_B(to, at) coopMatLoad(to, tile, at, B_STRIDE, gl_CooperativeMatrixLayoutColumnMajor)
#define MATRIX_LOAD_WEIGHTS(to, at)                                                                                    \
    coopMatLoad(to, weights_data, at, WEIGHTS_STRIDE, gl_CooperativeMatrixLayoutColumnMajor)
#define MATRIX_ADD(fragment, a, b) sums[fragment] = coopMatMulAdd(a, b, sums[fragment])
#define MATRIX_STORE(fragment, at) coopMatStore(sums[fragment], tile, at, SUMS_STRIDE, gl_CooperativeMatrixLayoutRowMajor)
#else
// A fragment of an operand is where it lies; a lane owns every SUBGROUP-th sum. Loops stay loops: unrolled they would be
// far more than a software device compiles in any time.
const int OWNED = M * N / SUBGROUP;
float owned_sums[FRAGMENTS_M * FRAGMENTS_N * OWNED];

float matrix_half(uvec4 unit, int index) {
    const uint low = (index & 2) == 0 ? unit.x : unit.y;
    const uint high = (index & 2) == 0 ? unit.z : unit.w;
    const vec2 pair = unpackHalf2x16((index & 4) == 0 ? low : high);
    return (index & 1) == 0 ? pair.x : pair.y;
}

void matrix_add(int fragment, int a, int b) {
    [[dont_unroll]] for (int i = 0; i < OWNED; i++) {
        const int at = i * SUBGROUP + int(gl_SubgroupInvocationID);
        const int row = a + at / N * A_STRIDE;
        const int column = at % N;
        float sum = owned_sums[fragment * OWNED + i];
        [[dont_unroll]] for (int k = 0; k < K; k++) {
            const uvec4 right = DIRECT ? read_weights(uint(b + column * WEIGHTS_STRIDE + (k >> 3)))
                                       : tile[DIRECT ? 0 : b + column * B_STRIDE + (k >> 3)];
            sum += matrix_half(tile[row + (k >> 3)], k & 7) * matrix_half(right, k & 7);
        }
        owned_sums[fragment * OWNED + i] = sum;
    }
}

void matrix_store(int fragment, int to) {
    [[dont_unroll]] for (int i = 0; i < OWNED; i++) {
        const int at = i * SUBGROUP + int(gl_SubgroupInvocationID);
        tile[to + at / N * SUMS_STRIDE + at % N / 4][at % 4] = floatBitsToUint(owned_sums[fragment * OWNED + i]);
    }
}

void matrix_clear(int fragment) {
    [[dont_unroll]] for (int i = 0; i < OWNED; i++) {
        owned_sums[fragment * OWNED + i] = 0.0;
    }
}

#define MATRIX_A int
#define MATRIX_B int
#define MATRIX_LOAD_A(to, at) to = at
#define MATRIX_LOAD_B(to, at) to = at
#define MATRIX_LOAD_WEIGHTS(to, at) to = at
#define MATRIX_CLEAR(fragment) matrix_clear(fragment)
#define MATRIX_ADD(fragment, a, b) matrix_add(fragment, a, b)
#define MATRIX_STORE(fragment, at) matrix_store(fragment, at)
#define EACH_FRAGMENT [[dont_unroll]]
#endif

#if MATRIX != 3
#define EACH_FRAGMENT [[unroll]]
#endif

uvec4 gemm_left_unit(int j) {
#if SOURCE == SOURCE_DEPTHWISE
    return uvec4(bd_pack_half(gemm_left(j, 0)), bd_pack_half(gemm_left(j, 1)));
#else
    return gemm_left_raw(j);
#endif
}

void gemm_put(int buffer_index) {
    [[unroll]] for (int j = 0; j < A_EACH; j++) {
        const uint item = uint(j * THREADS) + gl_LocalInvocationIndex;
        if (A_ITEMS % THREADS == 0 || item < uint(A_ITEMS)) {
            tile[uint(buffer_index * A_SIZE) + item / uint(A_LANES) * uint(A_STRIDE) + item % uint(A_LANES)] =
                gemm_left_unit(j);
        }
    }
    [[unroll]] for (int j = 0; j < B_EACH && !DIRECT; j++) {
        const uint item = uint(j * THREADS) + gl_LocalInvocationIndex;
        if (B_ITEMS % THREADS == 0 || item < uint(B_ITEMS)) {
            tile[uint(B_BEGIN + buffer_index * B_SIZE) + item / uint(B_LANES) * uint(B_STRIDE) + item % uint(B_LANES)] =
                b_next[j];
        }
    }
}

vec4 gemm_sum(int row, int column4) {
    vec4 sum = vec4(0.0);
    [[unroll]] for (int s = 0; s < SLICES; s++) {
        sum += uintBitsToFloat(tile[(s * TILE_ROWS + row) * SUMS_STRIDE + column4]);
    }
    return sum;
}

#if SOURCE == SOURCE_EXPANSION
vec4 gemm_expanded(int row, int column4) {
    return uintBitsToFloat(tile[row * SUMS_STRIDE + column4]);
}

void gemm_leave() {
    const int column4 = window_column4();
    for (int row = int(gl_LocalInvocationIndex / uint(WINDOW_COLUMNS4)); row < TILE_ROWS; row += WINDOW_LANES) {
        tile[row * SUMS_STRIDE + column4] = floatBitsToUint(gemm_middle(row, column4, gemm_sum(row, column4)));
    }
    barrier();
    gemm_leave_window();
}
#else
// The tile's sums to the output, eight channels an invocation.
void gemm_leave_item(int j) {
    const int across = TILE_COLUMNS / 8;
    const int items = TILE_ROWS * across;
    const int item = j * THREADS + int(gl_LocalInvocationIndex);
    const int row = item / across;
    const int column4 = (THREADS % across == 0 ? int(gl_LocalInvocationIndex) : item) % across * 2;
    int pixel, oy, ox;
    if ((items % THREADS == 0 || item < items) && gemm_place(row, pixel, oy, ox)) {
        gemm_finish_pair(pixel, int(gl_WorkGroupID.y) * (TILE_COLUMNS / 4) + column4, gemm_sum(row, column4),
                         gemm_sum(row, column4 + 1));
    }
}

void gemm_leave() {
    const int each = (TILE_ROWS * TILE_COLUMNS / 8 + THREADS - 1) / THREADS;
    if (each <= 8) {
        EACH_FRAGMENT for (int j = 0; j < each; j++) {
            gemm_leave_item(j);
        }
    } else { // of small subgroups: written out it would take llvmpipe minutes
        [[dont_unroll]] for (int j = 0; j < each; j++) {
            gemm_leave_item(j);
        }
    }
}
#endif

void gemm() {
    const int subgroup = int(gl_SubgroupID);
    const int place = subgroup % ACTIVE;
    const int slice = subgroup / ACTIVE;
    const int first_row = place % SHARE * (FRAGMENTS_M * M);
    const int first_column = place / SHARE * (FRAGMENTS_N * N);
#if MATRIX != 3
    MATRIX_SUM sums[FRAGMENTS_M * FRAGMENTS_N];
#endif
    EACH_FRAGMENT for (int i = 0; i < FRAGMENTS_M * FRAGMENTS_N; i++) {
        MATRIX_CLEAR(i);
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
        const int b_row = b_first;
        step = gemm_live(step + 1, end);
        if (BUFFERS > 1 && step < end) {
            gemm_load(step);
        }
        EACH_FRAGMENT for (int i = 0; i < TILE_DEPTH / (K * SLICES); i++) {
            const int k = (i * SLICES + slice) * K;
            MATRIX_B right[FRAGMENTS_N];
            EACH_FRAGMENT for (int n = 0; n < FRAGMENTS_N; n++) {
                const int column = first_column + n * N;
                if (DIRECT) {
                    const uint first = weights_unit(uint(b_row + k), gl_WorkGroupID.y * uint(TILE_COLUMNS) + uint(column));
                    MATRIX_LOAD_WEIGHTS(right[n], int(first));
                } else {
                    MATRIX_LOAD_B(right[n], B_BEGIN + at * B_SIZE + column * B_STRIDE + k / 8);
                }
            }
            EACH_FRAGMENT for (int m = 0; m < FRAGMENTS_M; m++) {
                MATRIX_A left;
                MATRIX_LOAD_A(left, at * A_SIZE + (first_row + m * M) * A_STRIDE + k / 8);
                EACH_FRAGMENT for (int n = 0; n < FRAGMENTS_N; n++) {
                    MATRIX_ADD(m * FRAGMENTS_N + n, left, right[n]);
                }
            }
        }
        if (BUFFERS > 1) {
            at ^= 1;
            if (step < end) {
                gemm_put(at);
            }
        }
        barrier();
    }
#if SOURCE == SOURCE_EXPANSION
    gemm_load_window();
#endif
    EACH_FRAGMENT for (int m = 0; m < FRAGMENTS_M; m++) {
        EACH_FRAGMENT for (int n = 0; n < FRAGMENTS_N; n++) {
            const int row = slice * TILE_ROWS + first_row + m * M;
            MATRIX_STORE(m * FRAGMENTS_N + n, row * SUMS_STRIDE + (first_column + n * N) / 4);
        }
    }
    barrier();
    gemm_leave();
}
