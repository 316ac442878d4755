/* SPDX-License-Identifier: MIT
 * A blur of the background alone: see shaders/push/weigh.h. */
#include "reference/ref_blur.h"

#include <math.h>
#include <string.h>

#include "reference/ref_picture.h"

void bd_ref_weigh(const void *photo, bool deep, const float *alpha, int32_t w, int32_t h, int32_t block, float *grid) {
    double most = bd_ref_most(deep);
    int32_t gw = (w + block - 1) / block, gh = (h + block - 1) / block;
    for (int32_t n = 0; n < gw * gh; n++, grid += 4) {
        double sum[4] = {0.0, 0.0, 0.0, 0.0};
        for (int32_t i = 0; i < block * block; i++) {
            int32_t x = n % gw * block + i % block, y = n / gw * block + i / block;
            if (x >= w || y >= h) {
                continue;
            }
            size_t at = (size_t)y * (size_t)w + (size_t)x;
            double share = bd_ref_number(photo, deep, 4 * at + 3) / most * (1.0 - (double)bd_ref_settled(alpha[at]));
            for (size_t c = 0; c < 4; c++) {
                sum[c] += share * (c == 3 ? 1.0 : bd_ref_number(photo, deep, 4 * at + c) / most);
            }
        }
        for (int c = 0; c < 4; c++) {
            grid[c] = (float)(sum[c] / (block * block));
        }
    }
}

void bd_ref_gauss(const float *src, int32_t w, int32_t h, int32_t radius, float falloff, bool vertical, float *dst) {
    for (int32_t n = 0; n < w * h; n++, dst += 4) {
        double sum[4] = {0.0, 0.0, 0.0, 0.0};
        int32_t at = vertical ? n / w : n % w, size = vertical ? h : w, step = vertical ? w : 1;
        for (int32_t i = BD_MAX(at - radius, 0); i <= BD_MIN(at + radius, size - 1); i++) {
            double weight = exp2((double)falloff * (i - at) * (i - at));
            for (int32_t c = 0; c < 4; c++) {
                sum[c] += weight * (double)src[4 * (n + (i - at) * step) + c];
            }
        }
        for (int c = 0; c < 4; c++) {
            dst[c] = (float)sum[c];
        }
    }
}

void bd_ref_unweigh(const float sum[4], bool deep, const void *photo, void *y) {
    float most = (float)bd_ref_most(deep);
    memcpy(y, photo, deep ? 8 : 4);
    for (size_t c = 0; c < 3 && sum[3] > 0.0f; c++) {
        bd_ref_set_number(y, deep, c, (uint32_t)(fminf(fmaxf(sum[c] / sum[3], 0.0f), 1.0f) * most + 0.5f));
    }
}
