/* SPDX-License-Identifier: MIT */
#include "reference/ref_operations.h"

#include <math.h>

/* Output channels summed at once: a constant count of independent sums is what compilers vectorise at -O2. */
enum { BLOCK = 16 };

float bd_ref_activation(bd_op op, float x) {
    float gate = fminf(fmaxf(x + 3.0f, 0.0f), 6.0f) / 6.0f;
    switch (op) {
    case BD_OP_HARD_SIGMOID: return gate;
    case BD_OP_HARD_SWISH: return x * gate;
    case BD_OP_SIGMOID: return (float)(1.0 / (1.0 + exp(-(double)x)));
    default: return NAN;
    }
}

static float activate(double value, const bd_conv_attrs *attrs) {
    float rounded = (float)value;
    if (attrs->hard_swish) {
        return bd_ref_activation(BD_OP_HARD_SWISH, rounded);
    }
    return fminf(fmaxf(rounded, attrs->clamp_low), attrs->clamp_high);
}

static void add_products(double *sums, float x, const float *weights, int32_t count) {
    double factor = (double)x;
    if (count == BLOCK) {
        for (int o = 0; o < BLOCK; o++) {
            sums[o] += factor * (double)weights[o];
        }
    } else {
        for (int o = 0; o < count; o++) {
            sums[o] += factor * (double)weights[o];
        }
    }
}

/* Sums of count output channels, from first on, at output pixel (oy,ox). */
static void convolve_pixel(const float *x, int32_t h, int32_t w, int32_t ic, const float *weights,
                           const bd_conv_attrs *attrs, int32_t oy, int32_t ox, int32_t oc, int32_t count,
                           double *sums) {
    for (int o = 0; o < BLOCK; o++) {
        sums[o] = 0.0;
    }
    for (int32_t ky = 0; ky < attrs->kernel_h; ky++) {
        int32_t iy = oy * attrs->stride_h - attrs->pad_top + ky * attrs->dilation_h;
        if (iy < 0 || iy >= h) {
            continue;
        }
        for (int32_t kx = 0; kx < attrs->kernel_w; kx++) {
            int32_t ix = ox * attrs->stride_w - attrs->pad_left + kx * attrs->dilation_w;
            if (ix < 0 || ix >= w) {
                continue;
            }
            const float *pixel = x + ((size_t)iy * (size_t)w + (size_t)ix) * (size_t)ic;
            const float *row = weights + (size_t)(ky * attrs->kernel_w + kx) * (size_t)ic * (size_t)oc;
            for (int32_t i = 0; i < ic; i++, row += oc) {
                add_products(sums, pixel[i], row, count);
            }
        }
    }
}

void bd_ref_conv(const float *x, int32_t h, int32_t w, int32_t ic, const float *weights, const float *bias,
                 const float *residual, const bd_conv_attrs *attrs, float *y, int32_t out_h, int32_t out_w,
                 int32_t oc) {
    /* Blocks of channels outermost: a block's weights stay in the cache over all pixels. */
    for (int32_t first = 0; first < oc; first += BLOCK) {
        int32_t count = BD_MIN((int32_t)BLOCK, oc - first);
        for (int32_t oy = 0; oy < out_h; oy++) {
            for (int32_t ox = 0; ox < out_w; ox++) {
                double sums[BLOCK];
                convolve_pixel(x, h, w, ic, weights + first, attrs, oy, ox, oc, count, sums);
                size_t at = ((size_t)oy * (size_t)out_w + (size_t)ox) * (size_t)oc + (size_t)first;
                for (int32_t o = 0; o < count; o++) {
                    double sum = sums[o] + (bias ? (double)bias[first + o] : 0.0);
                    sum += residual ? (double)residual[at + (size_t)o] : 0.0;
                    y[at + (size_t)o] = activate(sum, attrs);
                }
            }
        }
    }
}

void bd_ref_depthwise(const float *x, int32_t h, int32_t w, int32_t c, const float *weights, const float *bias,
                      const bd_conv_attrs *attrs, float *y, int32_t out_h, int32_t out_w) {
    for (int32_t oy = 0; oy < out_h; oy++) {
        for (int32_t ox = 0; ox < out_w; ox++) {
            for (int32_t i = 0; i < c; i++) {
                double sum = bias ? (double)bias[i] : 0.0;
                for (int32_t ky = 0; ky < attrs->kernel_h; ky++) {
                    for (int32_t kx = 0; kx < attrs->kernel_w; kx++) {
                        int32_t iy = oy * attrs->stride_h - attrs->pad_top + ky * attrs->dilation_h;
                        int32_t ix = ox * attrs->stride_w - attrs->pad_left + kx * attrs->dilation_w;
                        if (iy >= 0 && iy < h && ix >= 0 && ix < w) {
                            sum += (double)x[((size_t)iy * (size_t)w + (size_t)ix) * (size_t)c + (size_t)i] *
                                   (double)weights[(size_t)(ky * attrs->kernel_w + kx) * (size_t)c + (size_t)i];
                        }
                    }
                }
                y[((size_t)oy * (size_t)out_w + (size_t)ox) * (size_t)c + (size_t)i] = activate(sum, attrs);
            }
        }
    }
}

void bd_ref_pool(const float *x, int32_t h, int32_t w, int32_t c, const bd_conv_attrs *attrs, bool max, float *y,
                 int32_t out_h, int32_t out_w) {
    for (int32_t oy = 0; oy < out_h; oy++) {
        for (int32_t ox = 0; ox < out_w; ox++) {
            int32_t top = oy * attrs->stride_h - attrs->pad_top, left = ox * attrs->stride_w - attrs->pad_left;
            int32_t y0 = BD_MAX(top, 0), y1 = BD_MIN(top + attrs->kernel_h, h);
            int32_t x0 = BD_MAX(left, 0), x1 = BD_MIN(left + attrs->kernel_w, w);
            for (int32_t i = 0; i < c; i++) {
                double sum = 0.0;
                float most = -INFINITY;
                for (int32_t iy = y0; iy < y1; iy++) {
                    for (int32_t ix = x0; ix < x1; ix++) {
                        float value = x[((size_t)iy * (size_t)w + (size_t)ix) * (size_t)c + (size_t)i];
                        sum += (double)value;
                        most = fmaxf(most, value);
                    }
                }
                double count = (double)(y1 - y0) * (double)(x1 - x0);
                double mean = sum / count;
                if (attrs->rounding) {
                    mean = round((sum + count * attrs->zero_point) / count) - attrs->zero_point;
                }
                y[((size_t)oy * (size_t)out_w + (size_t)ox) * (size_t)c + (size_t)i] =
                    activate(max ? (double)most : mean, attrs);
            }
        }
    }
}

typedef struct tap {
    int32_t low, high;
    float share; /* of high */
} tap;

/* TensorFlow's resize_bilinear_op: scale and coordinate in float. */
static tap resize_tap(int32_t out_at, int32_t in, int32_t out, bool align_corners, bool half_pixel_centers) {
    float scale = align_corners && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
    float at = half_pixel_centers ? ((float)out_at + 0.5f) * scale - 0.5f : (float)out_at * scale;
    float low = floorf(at);
    return (tap){
        .low = BD_MIN(BD_MAX((int32_t)low, 0), in - 1),
        .high = BD_MIN(BD_MAX((int32_t)ceilf(at), 0), in - 1),
        .share = at - low,
    };
}

void bd_ref_resize(const float *x, int32_t h, int32_t w, int32_t c, bool align_corners, bool half_pixel_centers,
                   float *y, int32_t out_h, int32_t out_w) {
    for (int32_t oy = 0; oy < out_h; oy++) {
        tap v = resize_tap(oy, h, out_h, align_corners, half_pixel_centers);
        for (int32_t ox = 0; ox < out_w; ox++) {
            tap u = resize_tap(ox, w, out_w, align_corners, half_pixel_centers);
            const float *top_left = x + ((size_t)v.low * (size_t)w + (size_t)u.low) * (size_t)c;
            const float *top_right = x + ((size_t)v.low * (size_t)w + (size_t)u.high) * (size_t)c;
            const float *bottom_left = x + ((size_t)v.high * (size_t)w + (size_t)u.low) * (size_t)c;
            const float *bottom_right = x + ((size_t)v.high * (size_t)w + (size_t)u.high) * (size_t)c;
            float *out = y + ((size_t)oy * (size_t)out_w + (size_t)ox) * (size_t)c;
            for (int32_t i = 0; i < c; i++) {
                float top = top_left[i] + (top_right[i] - top_left[i]) * u.share;
                float bottom = bottom_left[i] + (bottom_right[i] - bottom_left[i]) * u.share;
                out[i] = top + (bottom - top) * v.share;
            }
        }
    }
}

void bd_ref_softmax(const float *x, size_t rows, int32_t c, float *y) {
    for (size_t r = 0; r < rows; r++, x += c, y += c) {
        float most = -INFINITY;
        for (int32_t i = 0; i < c; i++) {
            most = fmaxf(most, x[i]);
        }
        double sum = 0.0;
        for (int32_t i = 0; i < c; i++) {
            sum += exp((double)x[i] - (double)most);
        }
        for (int32_t i = 0; i < c; i++) {
            y[i] = (float)(exp((double)x[i] - (double)most) / sum);
        }
    }
}

void bd_ref_argmax(const float *x, size_t rows, int32_t c, int32_t *y) {
    for (size_t r = 0; r < rows; r++, x += c) {
        int32_t best = 0;
        for (int32_t i = 1; i < c; i++) {
            best = x[i] > x[best] ? i : best;
        }
        y[r] = best;
    }
}
