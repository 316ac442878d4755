/* SPDX-License-Identifier: MIT */
#include "reference/ref_noise.h"

#include <math.h>
#include <stdlib.h>

#include "push/noise.h"

static int by_size(const void *a, const void *b) {
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

uint32_t bd_ref_noise_patch(const uint8_t *photo, int32_t w, int32_t x, int32_t y) {
    static const int32_t mask[3][3] = {{1, -2, 1}, {-2, 4, -2}, {1, -2, 1}};
    uint32_t found[BD_NOISE_SIDE * BD_NOISE_SIDE];
    size_t count = 0;
    for (int32_t i = 0; i < BD_NOISE_SIDE * BD_NOISE_SIDE; i++) {
        int32_t sum = 0;
        bool saturated = false;
        for (int32_t n = 0; n < 9; n++) {
            int32_t u = x + i % BD_NOISE_SIDE + n % 3, v = y + i / BD_NOISE_SIDE + n / 3;
            const uint8_t *c = photo + 4 * ((size_t)v * (size_t)w + (size_t)u);
            for (int k = 0; k < 3; k++) {
                saturated = saturated || c[k] == 0 || c[k] == 255;
            }
            sum += mask[n / 3][n % 3] * (77 * c[0] + 150 * c[1] + 29 * c[2]);
        }
        if (!saturated) {
            found[count++] = (uint32_t)BD_MIN(abs(sum) / 16, BD_NOISE_NONE - 1);
        }
    }
    qsort(found, count, sizeof *found, by_size);
    return count < BD_NOISE_SIDE * BD_NOISE_SIDE / 2 ? BD_NOISE_NONE : found[count / 2];
}

float bd_ref_noise_level(uint32_t *medians, size_t count) {
    qsort(medians, count, sizeof *medians, by_size);
    while (count && medians[count - 1] == BD_NOISE_NONE) {
        count--;
    }
    size_t quartile = count / 4;
    return count < BD_NOISE_LEAST ? 0.0f : (float)(medians[quartile] / BD_NOISE_SCALE);
}

bool bd_ref_noise_taps(float noise, float gain, float least, float taps[3]) {
    static const double levels[] = {BD_NOISE_LEVELS}, sigmas[] = {BD_NOISE_SIGMAS};
    size_t last = BD_COUNT(levels) - 1, i = 1;
    while (i < last && (double)noise > levels[i]) {
        i++;
    }
    double share = fmin(fmax(((double)noise - levels[i - 1]) / (levels[i] - levels[i - 1]), 0.0), 1.0);
    double sigma = (double)gain * (sigmas[i - 1] + share * (sigmas[i] - sigmas[i - 1])), sum = 0.0;
    sigma = fmax(sigma, (double)least);
    for (int t = 0; t < 3; t++) {
        taps[t] = (float)exp(-0.5 * t * t / fmax(sigma * sigma, 0.01));
        sum += (t ? 2.0 : 1.0) * (double)taps[t];
    }
    for (int t = 0; t < 3; t++) {
        taps[t] = (float)((double)taps[t] / sum);
    }
    return (double)taps[1] >= BD_NOISE_TAP;
}

void bd_ref_noise_blur(const float *src, int32_t w, int32_t h, int32_t channels, const float taps[3], bool vertical,
                       float *dst) {
    for (int32_t n = 0; n < w * h; n++) {
        int32_t x = n % w, y = n / w;
        for (int32_t c = 0; c < channels; c++) {
            double sum = 0.0;
            for (int32_t t = -2; t <= 2; t++) {
                int32_t u = vertical ? x : BD_MIN(BD_MAX(x + t, 0), w - 1);
                int32_t v = vertical ? BD_MIN(BD_MAX(y + t, 0), h - 1) : y;
                sum += (double)taps[abs(t)] *
                       (double)src[((size_t)v * (size_t)w + (size_t)u) * (size_t)channels + (size_t)c];
            }
            dst[(size_t)n * (size_t)channels + (size_t)c] = (float)sum;
        }
    }
}
