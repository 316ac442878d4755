/* SPDX-License-Identifier: MIT
 * The arithmetic of integer networks, as TensorFlow Lite's interpreter does it: gemmlowp's rounding high multiplication
 * and division by a power of two (Jacob et al. 2017, arXiv 1712.05877, section 2.2), both by the letter in 64 bits. */
#include "reference/ref_requantise.h"

#include <math.h>

/* floor(x / 2^bits), whatever the sign. */
static int64_t shift_right(int64_t x, int32_t bits) {
    int64_t power = (int64_t)1 << bits;
    int64_t quotient = x / power;
    return quotient - (x % power < 0);
}

int32_t bd_ref_requantise(int64_t x, bd_scale scale, bd_rounding rounding) {
    int32_t left = BD_MAX(scale.shift, 0), right = BD_MAX(-scale.shift, 0);
    int64_t product = x * ((int64_t)1 << left) * scale.multiplier;
    int64_t high = shift_right(product + ((int64_t)1 << 30), 31);
    int64_t half = right ? (int64_t)1 << (right - 1) : 0;
    if (rounding == BD_ROUNDING_AWAY && high < 0) {
        return (int32_t)-shift_right(half - high, right);
    }
    return (int32_t)shift_right(high + half, right);
}

void bd_ref_requantise_rows(const float *x, size_t rows, int32_t c, const int32_t *scales, bd_rounding rounding,
                            float low, float high, float *y) {
    for (size_t r = 0; r < rows; r++, x += c, y += c) {
        for (int32_t i = 0; i < c; i++) {
            bd_scale scale = {scales[i], scales[c + i]};
            y[i] = fminf(fmaxf((float)bd_ref_requantise((int64_t)x[i], scale, rounding), low), high);
        }
    }
}

int32_t bd_ref_add_integers(int32_t a, int32_t b, const bd_scale scales[3], bd_rounding rounding) {
    int64_t sum = bd_ref_requantise((int64_t)a * (1 << 20), scales[0], rounding);
    sum += bd_ref_requantise((int64_t)b * (1 << 20), scales[1], rounding);
    return bd_ref_requantise(sum, scales[2], rounding);
}

float bd_ref_round(float q, int32_t zero_point) {
    return roundf(q + (float)zero_point) - (float)zero_point;
}
