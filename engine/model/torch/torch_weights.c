/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_weights.h"

#include <string.h>

enum { TILE_OUT = 16, TILE_IN = 64 };

static uint32_t kind_bytes(bd_torch_kind kind) {
    switch (kind) {
    case BD_TORCH_F64: return 8;
    case BD_TORCH_F32: return 4;
    case BD_TORCH_OTHER: return 0;
    default: return 2;
    }
}

static float load(bd_torch_kind kind, const uint8_t *at) {
    uint32_t bits;
    float value;
    if (kind == BD_TORCH_F32) {
        memcpy(&value, at, sizeof value);
        return value;
    }
    if (kind == BD_TORCH_F64) {
        double exact;
        memcpy(&exact, at, sizeof exact);
        return (float)exact;
    }
    uint16_t half;
    memcpy(&half, at, sizeof half);
    if (kind == BD_TORCH_F16) {
        return bd_half_to_float(half);
    }
    bits = (uint32_t)half << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void load_run(const bd_torch_tensor *from, int64_t element, int64_t stride, size_t count, float *to) {
    size_t bytes = kind_bytes(from->kind);
    const uint8_t *at = from->data + (size_t)element * bytes;
    if (from->kind == BD_TORCH_F32 && stride == 1) {
        memcpy(to, at, count * sizeof *to);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        to[i] = load(from->kind, at + i * (size_t)stride * bytes);
    }
}

void bd_torch_copy_vector(const bd_torch_tensor *tensor, float *to) {
    int64_t count = tensor->rank ? tensor->dims[0] : 1;
    load_run(tensor, 0, tensor->rank ? tensor->strides[0] : 1, (size_t)count, to);
}

/* Loads count values of output channel o from number `first` on, in the order (i, h, w). */
static void load_channel(const bd_torch_tensor *from, int64_t o, int64_t first, size_t count, float *to) {
    const int64_t *d = from->dims, *s = from->strides;
    int64_t base = o * s[0];
    bool dense = s[3] == 1 && s[2] == d[3] && s[1] == d[2] * d[3];
    if (dense || (d[2] == 1 && d[3] == 1)) {
        load_run(from, base + first * s[1] / (d[2] * d[3]), dense ? 1 : s[1], count, to);
        return;
    }
    size_t bytes = kind_bytes(from->kind);
    for (size_t n = 0; n < count; n++) {
        int64_t at = first + (int64_t)n, x = at % d[3], y = at / d[3] % d[2], i = at / d[3] / d[2];
        to[n] = load(from->kind, from->data + (size_t)(base + i * s[1] + y * s[2] + x * s[3]) * bytes);
    }
}

/* In tiles: both sides are read and written a cache line at a time. */
void bd_torch_copy_conv(const bd_torch_tensor *weights, const float *scale, float *to) {
    const size_t out = (size_t)weights->dims[0], in = (size_t)weights->dims[1];
    const size_t taps = (size_t)(weights->dims[2] * weights->dims[3]), depth = in * taps;
    for (size_t o0 = 0; o0 < out; o0 += TILE_OUT) {
        size_t columns = BD_MIN(out - o0, (size_t)TILE_OUT);
        for (size_t r0 = 0; r0 < depth; r0 += TILE_IN) {
            float tile[TILE_OUT][TILE_IN];
            size_t rows = BD_MIN(depth - r0, (size_t)TILE_IN);
            for (size_t o = 0; o < columns; o++) {
                load_channel(weights, (int64_t)(o0 + o), (int64_t)r0, rows, tile[o]);
            }
            for (size_t r = 0; r < rows; r++) {
                size_t i = (r0 + r) / taps, tap = (r0 + r) % taps;
                float *row = to + (tap * in + i) * out + o0;
                for (size_t o = 0; o < columns; o++) {
                    row[o] = scale ? tile[o][r] * scale[o0 + o] : tile[o][r];
                }
            }
        }
    }
}
