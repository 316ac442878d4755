/* SPDX-License-Identifier: MIT
 * Before and after the network: pixels to tensors, logits to labels, masks and pictures. */
#include "reference/ref_picture.h"

#include <math.h>

#include "reference/ref_requantise.h"

enum { PRECISION_BITS = 22, MAX_CLASSES = 256 };

void bd_ref_preprocess(const uint8_t *photo, int32_t photo_h, int32_t photo_w, const bd_preprocess_attrs *by, float *y,
                       int32_t h, int32_t w) {
    for (int32_t row = 0; row < h; row++) {
        for (int32_t column = 0; column < w; column++, y += 3) {
            const uint8_t *pixel = photo + ((size_t)row * (size_t)photo_w + (size_t)column) * 4;
            for (int i = 0; i < 3; i++) {
                bool inside = row < photo_h && column < photo_w;
                y[i] = inside ? (float)pixel[by->bgr ? 2 - i : i] * by->scale[i] + by->offset[i] : by->outside[i];
            }
        }
    }
}

void bd_ref_narrow(const uint16_t *picture, size_t numbers, uint8_t *y) {
    for (size_t i = 0; i < numbers; i++) {
        y[i] = (uint8_t)((picture[i] * 255u + 32767u) / 65535u);
    }
}

/* Output pixel `to` from count pixels that lie step pixels apart, from `from` on. */
static void resample_pixel(const void *src, bool deep, size_t from, size_t step, int32_t count,
                           const int32_t *coefficients, void *dst, size_t to) {
    for (size_t i = 0; i < 4; i++) {
        int64_t sum = 1 << (PRECISION_BITS - 1);
        for (int32_t t = 0; t < count; t++) {
            sum += (int64_t)bd_ref_number(src, deep, 4 * (from + (size_t)t * step) + i) * coefficients[t];
        }
        /* Floor of a possibly negative sum, then the clip. */
        int64_t value = sum < 0 ? 0 : sum >> PRECISION_BITS;
        bd_ref_set_number(dst, deep, 4 * to + i, (uint32_t)BD_MIN(value, (int64_t)bd_ref_most(deep)));
    }
}

void bd_ref_resample_horizontal(const void *src, bool deep, int32_t w, int32_t h, const int32_t *bounds,
                                const int32_t *coefficients, int32_t taps, void *dst, int32_t out_w) {
    size_t to = 0;
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < out_w; x++) {
            resample_pixel(src, deep, (size_t)y * (size_t)w + (size_t)bounds[2 * x], 1, bounds[2 * x + 1],
                           coefficients + (size_t)x * (size_t)taps, dst, to++);
        }
    }
}

void bd_ref_resample_vertical(const void *src, bool deep, int32_t w, int32_t h, const int32_t *bounds,
                              const int32_t *coefficients, int32_t taps, void *dst, int32_t out_h) {
    size_t to = 0;
    (void)h;
    for (int32_t y = 0; y < out_h; y++) {
        for (int32_t x = 0; x < w; x++) {
            resample_pixel(src, deep, (size_t)bounds[2 * y] * (size_t)w + (size_t)x, (size_t)w, bounds[2 * y + 1],
                           coefficients + (size_t)y * (size_t)taps, dst, to++);
        }
    }
}

typedef struct tap {
    int32_t low, high;
    float share; /* of high */
} tap;

static tap make_tap(float at, int32_t size) {
    float low = floorf(at);
    return (tap){.low = (int32_t)low, .high = BD_MIN((int32_t)low + 1, size - 1), .share = at - low};
}

static tap sampling_tap(const bd_ref_sampling *sampling, int axis, int32_t out_at, int32_t size) {
    float at = (float)out_at * sampling->scale[axis] + sampling->bias[axis];
    return make_tap(fminf(fmaxf(at, 0.0f), sampling->max[axis]), size);
}

static float blend(float top_left, float top_right, float bottom_left, float bottom_right, tap v, tap u) {
    float top = top_left + (top_right - top_left) * u.share;
    float bottom = bottom_left + (bottom_right - bottom_left) * u.share;
    return top + (bottom - top) * v.share;
}

static float value_at(const float *x, int32_t w, int32_t c, int32_t row, int32_t column, int32_t i) {
    return x[((size_t)row * (size_t)w + (size_t)column) * (size_t)c + (size_t)i];
}

static float interpolate(const float *x, int32_t w, int32_t c, tap v, tap u, int32_t i) {
    return blend(value_at(x, w, c, v.low, u.low, i), value_at(x, w, c, v.low, u.high, i),
                 value_at(x, w, c, v.high, u.low, i), value_at(x, w, c, v.high, u.high, i), v, u);
}

static float interpolate_steps(const float *x, int32_t w, int32_t c, tap v, tap u, int32_t i, bd_ref_steps steps) {
    float by = steps.step;
    if (!(by > 0)) {
        return interpolate(x, w, c, v, u, i);
    }
    return bd_ref_round(blend(roundf(value_at(x, w, c, v.low, u.low, i) / by),
                              roundf(value_at(x, w, c, v.low, u.high, i) / by),
                              roundf(value_at(x, w, c, v.high, u.low, i) / by),
                              roundf(value_at(x, w, c, v.high, u.high, i) / by), v, u),
                        steps.zero_point);
}

void bd_ref_labels(const float *logits, int32_t h, int32_t w, int32_t c, const bd_ref_sampling *sampling,
                   bd_ref_steps steps, uint8_t *labels, int32_t out_h, int32_t out_w) {
    for (int32_t y = 0; y < out_h; y++) {
        tap v = sampling_tap(sampling, 1, y, h);
        for (int32_t x = 0; x < out_w; x++) {
            tap u = sampling_tap(sampling, 0, x, w);
            int32_t best = 0;
            float most = interpolate_steps(logits, w, c, v, u, 0, steps);
            for (int32_t i = 1; i < c; i++) {
                float value = interpolate_steps(logits, w, c, v, u, i, steps);
                if (value > most) {
                    most = value;
                    best = i;
                }
            }
            *labels++ = (uint8_t)best;
        }
    }
}

void bd_ref_average(const float *logits, int32_t h, int32_t w, int32_t c, const bd_ref_sampling *sampling, int32_t run,
                    int32_t runs, float *sum, int32_t out_h, int32_t out_w) {
    for (int32_t y = 0; y < out_h; y++) {
        tap v = sampling_tap(sampling, 1, y, h);
        for (int32_t x = 0; x < out_w; x++, sum += c) {
            tap u = sampling_tap(sampling, 0, x, w);
            double values[MAX_CLASSES];
            double highest = -INFINITY;
            double total = 0;
            for (int32_t i = 0; i < c; i++) {
                values[i] = (double)interpolate(logits, w, c, v, u, i);
                highest = fmax(highest, values[i]);
            }
            for (int32_t i = 0; i < c; i++) {
                values[i] = exp(values[i] - highest);
                total += values[i];
            }
            for (int32_t i = 0; i < c; i++) {
                double value = values[i] / total / runs + (run ? (double)sum[i] : 0);
                sum[i] = (float)(run + 1 == runs ? log(fmax(value, 1e-30)) : value);
            }
        }
    }
}

static bool set_has(const bd_class_set *set, int32_t c) {
    return (set->words[c / 32] >> (c % 32)) & 1u;
}

static float share_of_set(const float *values, int32_t c, const bd_class_set *set, bool threshold) {
    int32_t best = 0;
    for (int32_t i = 1; i < c; i++) {
        best = values[i] > values[best] ? i : best;
    }
    if (threshold) {
        return set_has(set, best) ? 1.0f : 0.0f;
    }
    double sum = 0.0, chosen = 0.0;
    for (int32_t i = 0; i < c; i++) {
        double e = exp((double)values[i] - (double)values[best]);
        sum += e;
        chosen += set_has(set, i) ? e : 0.0;
    }
    return (float)(chosen / sum);
}

void bd_ref_mask(const float *logits, int32_t h, int32_t w, int32_t c, const bd_ref_sampling *sampling,
                 const bd_class_set *set, bool threshold, float *mask, int32_t out_h, int32_t out_w) {
    for (int32_t y = 0; y < out_h; y++) {
        tap v = sampling_tap(sampling, 1, y, h);
        for (int32_t x = 0; x < out_w; x++) {
            tap u = sampling_tap(sampling, 0, x, w);
            float values[MAX_CLASSES];
            for (int32_t i = 0; i < c; i++) {
                values[i] = interpolate(logits, w, c, v, u, i);
            }
            *mask++ = share_of_set(values, c, set, threshold);
        }
    }
}

bool bd_ref_behind(const bd_ref_background *background, int32_t x, int32_t y, uint32_t pixel[4]) {
    for (int i = 0; i < 4; i++) {
        pixel[i] = background->deep ? background->fill[i] * 256u + background->fill_low[i] : background->fill[i];
    }
    if (!background->pixels) {
        return false;
    }
    x += background->offset_x;
    y += background->offset_y;
    if (background->wrap) {
        x = (x % background->w + background->w) % background->w;
        y = (y % background->h + background->h) % background->h;
    }
    if (x < 0 || x >= background->w || y < 0 || y >= background->h) {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        pixel[i] = bd_ref_number(background->pixels, background->deep,
                                 4 * ((size_t)y * (size_t)background->w + (size_t)x) + i);
    }
    return true;
}

static float to_light(float v) {
    return v <= 0.04045f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
}

static float to_srgb(float v) {
    return v <= 0.0031308f ? v * 12.92f : 1.055f * powf(v, 1.0f / 2.4f) - 0.055f;
}

float bd_ref_settled(float alpha) {
    return alpha < 0.5f / 255.0f ? 0.0f : alpha > 254.5f / 255.0f ? 1.0f : alpha;
}

static uint32_t rounded(float value, float most) {
    return (uint32_t)fminf(floorf(value + 0.5f), most);
}

/* Source-over with straight alpha; p scales the front's alpha. */
static void over(const uint32_t front[4], float p, const uint32_t back[4], bool of_photo, bool linear, float most,
                 uint32_t y[4]) {
    float front_alpha = p * ((float)front[3] / most);
    float back_share = (float)back[3] / most * (1.0f - (of_photo ? p : front_alpha));
    float alpha = front_alpha + back_share;
    for (int i = 0; linear && i < 3; i++) {
        float light = to_light((float)front[i] / most) * front_alpha + to_light((float)back[i] / most) * back_share;
        y[i] = rounded(to_srgb(alpha > 0.0f ? fminf(light / alpha, 1.0f) : 0.0f) * most, most);
    }
    for (int i = 0; !linear && i < 3; i++) {
        float sum = (float)front[i] * front_alpha + (float)back[i] * back_share;
        y[i] = alpha > 0.0f ? rounded(sum / alpha, most) : 0;
    }
    y[3] = rounded(alpha * most, most);
}

static tap centre_tap(int32_t at, int32_t size, int32_t out) {
    float source = ((float)at + 0.5f) * ((float)size / (float)out) - 0.5f;
    return make_tap(fminf(fmaxf(source, 0.0f), (float)(size - 1)), size);
}

void bd_ref_composite(const void *photo, int32_t w, int32_t h, const float *mask, int32_t mask_w, int32_t mask_h,
                      const bd_ref_background *background, void *y) {
    bool deep = background->deep;
    double most = bd_ref_most(deep);
    size_t at = 0;
    for (int32_t row = 0; row < h; row++) {
        tap v = centre_tap(row, mask_h, h);
        for (int32_t column = 0; column < w; column++, at += 4) {
            tap u = centre_tap(column, mask_w, w);
            uint32_t back[4], front[4], result[4];
            bool straight = !bd_ref_behind(background, column, row, back) || !background->premultiplied;
            for (int i = 0; i < 3 && !straight && back[3]; i++) {
                back[i] = (uint32_t)fmin(floor(back[i] * most / back[3] + 0.5), most);
            }
            for (size_t i = 0; i < 4; i++) {
                front[i] = bd_ref_number(photo, deep, at + i);
            }
            over(front, bd_ref_settled(interpolate(mask, mask_w, 1, v, u, 0)), back, background->of_photo,
                 background->linear, (float)most, result);
            for (size_t i = 0; i < 4; i++) {
                bd_ref_set_number(y, deep, at + i, result[3] || background->keep_hidden ? result[i] : 0);
            }
        }
    }
}
