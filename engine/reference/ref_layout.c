/* SPDX-License-Identifier: MIT
 * Operations that move elements or combine them one by one. */
#include "reference/ref_layout.h"

#include <math.h>

static size_t elements(const bd_shape *shape) {
    size_t count = 1;
    for (uint32_t d = 0; d < shape->rank; d++) {
        count *= (size_t)shape->dims[d];
    }
    return count;
}

/* Steps index to the next element in row-major order. */
static void advance(int32_t *index, const bd_shape *shape) {
    for (uint32_t d = shape->rank; d-- > 0;) {
        if (++index[d] < shape->dims[d]) {
            return;
        }
        index[d] = 0;
    }
}

/* Where index of out lies in a tensor of shape that was broadcast to out: aligned at the last dimension. */
static size_t broadcast_at(const int32_t *index, const bd_shape *out, const bd_shape *shape) {
    size_t at = 0;
    for (uint32_t d = 0; d < shape->rank; d++) {
        int32_t i = index[d + out->rank - shape->rank];
        at = at * (size_t)shape->dims[d] + (shape->dims[d] == 1 ? 0 : (size_t)i);
    }
    return at;
}

static float combine(bd_op op, float a, float b) {
    switch (op) {
    case BD_OP_ADD: return a + b;
    case BD_OP_SUB: return a - b;
    case BD_OP_MUL: return a * b;
    case BD_OP_DIV: return a / b;
    case BD_OP_MAXIMUM: return fmaxf(a, b);
    case BD_OP_MINIMUM: return fminf(a, b);
    default: return NAN;
    }
}

void bd_ref_binary(bd_op op, const float *a, const bd_shape *a_shape, const float *b, const bd_shape *b_shape, float *y,
                   const bd_shape *out) {
    size_t count = elements(out);
    int32_t index[BD_MAX_RANK] = {0};
    for (size_t i = 0; i < count; i++) {
        y[i] = combine(op, a[broadcast_at(index, out, a_shape)], b[broadcast_at(index, out, b_shape)]);
        advance(index, out);
    }
}

void bd_ref_window(const float *x, const bd_shape *shape, const int32_t *begin, const int32_t *stride, float *y,
                   const bd_shape *out) {
    size_t count = elements(out);
    int32_t index[BD_MAX_RANK] = {0};
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        bool inside = true;
        for (uint32_t d = 0; d < shape->rank; d++) {
            int32_t source = begin[d] + index[d] * stride[d];
            inside = inside && source >= 0 && source < shape->dims[d];
            at = at * (size_t)shape->dims[d] + (inside ? (size_t)source : 0);
        }
        y[i] = inside ? x[at] : 0.0f;
        advance(index, out);
    }
}

void bd_ref_space_to_batch(const float *x, const bd_shape *shape, const int32_t block[2], const int32_t pad[2],
                           float *y, const bd_shape *out) {
    int32_t n = shape->dims[0], h = shape->dims[1], w = shape->dims[2], c = shape->dims[3];
    for (int32_t ob = 0; ob < out->dims[0]; ob++) {
        int32_t phase = ob / n;
        for (int32_t oy = 0; oy < out->dims[1]; oy++) {
            for (int32_t ox = 0; ox < out->dims[2]; ox++) {
                int32_t iy = oy * block[0] + phase / block[1] - pad[0];
                int32_t ix = ox * block[1] + phase % block[1] - pad[1];
                bool inside = iy >= 0 && iy < h && ix >= 0 && ix < w;
                size_t at = (((size_t)(ob % n) * (size_t)h + (size_t)iy) * (size_t)w + (size_t)ix) * (size_t)c;
                for (int32_t i = 0; i < c; i++) {
                    *y++ = inside ? x[at + (size_t)i] : 0.0f;
                }
            }
        }
    }
}

void bd_ref_batch_to_space(const float *x, const bd_shape *shape, const int32_t block[2], const int32_t crop[2],
                           float *y, const bd_shape *out) {
    int32_t n = out->dims[0], h = shape->dims[1], w = shape->dims[2], c = shape->dims[3];
    for (int32_t ob = 0; ob < n; ob++) {
        for (int32_t oy = 0; oy < out->dims[1]; oy++) {
            for (int32_t ox = 0; ox < out->dims[2]; ox++) {
                int32_t sy = oy + crop[0], sx = ox + crop[1];
                int32_t batch = (sy % block[0] * block[1] + sx % block[1]) * n + ob;
                size_t at =
                    (((size_t)batch * (size_t)h + (size_t)(sy / block[0])) * (size_t)w + (size_t)(sx / block[1])) *
                    (size_t)c;
                for (int32_t i = 0; i < c; i++) {
                    *y++ = x[at + (size_t)i];
                }
            }
        }
    }
}
