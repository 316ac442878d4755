/* SPDX-License-Identifier: MIT
 * Blur fusion: see shaders/push/fusion.h. */
#include "reference/ref_fusion.h"

#include <math.h>

static void add_weighted(const float *front, const float *back, double a, double sums[8]) {
    for (int c = 0; c < 4; c++) {
        sums[c] += a * (c == 3 ? 1.0 : (double)front[c]);
        sums[c + 4] += (1.0 - a) * (c == 3 ? 1.0 : (double)back[c]);
    }
}

void bd_ref_fusion_reduce(const float *level, int32_t w, int32_t h, int32_t block, float *pairs) {
    int32_t bw = (w + block - 1) / block, bh = (h + block - 1) / block;
    for (int32_t n = 0; n < bw * bh; n++, pairs += 8) {
        double sums[8] = {0.0}, count = 0.0;
        for (int32_t i = 0; i < block * block; i++) {
            int32_t x = n % bw * block + i % block, y = n / bw * block + i / block;
            if (x < w && y < h) {
                const float *node = level + 4 * ((size_t)y * (size_t)w + (size_t)x);
                add_weighted(node, node, (double)node[3], sums);
                count += 1.0;
            }
        }
        for (int c = 0; c < 8; c++) {
            pairs[c] = (float)(sums[c] / count);
        }
    }
}

void bd_ref_fusion_sum(const float *src, int32_t w, int32_t h, int32_t radius, bool vertical, float *dst) {
    for (int32_t n = 0; n < w * h; n++, dst += 8) {
        double sums[8] = {0.0};
        int32_t at = vertical ? n / w : n % w, size = vertical ? h : w, step = vertical ? w : 1;
        for (int32_t i = BD_MAX(at - radius, 0); i <= BD_MIN(at + radius, size - 1); i++) {
            for (int32_t c = 0; c < 8; c++) {
                sums[c] += (double)src[8 * (n + (i - at) * step) + c];
            }
        }
        for (int c = 0; c < 8; c++) {
            dst[c] = (float)sums[c];
        }
    }
}

void bd_ref_fusion_finish(const float sums[8], const float level[4], float pair[8]) {
    float a = level[3], b = 1.0f - a;
    for (int c = 0; c < 3; c++) {
        float front = sums[3] > 1e-4f ? sums[c] / sums[3] : level[c];
        float back = sums[7] > 1e-4f ? sums[c + 4] / sums[7] : level[c];
        float rest = (level[c] - a * front - b * back) * (a / (a * a + b * b));
        pair[c] = fminf(fmaxf(front + rest, 0.0f), 1.0f);
        pair[c + 4] = back;
    }
    pair[3] = 0.0f;
    pair[7] = 0.0f;
}

void bd_ref_fusion_spread(const float sums[8], const float level[4], float pair[8]) {
    float centre[8];
    double weighted[8] = {0.0};
    bd_ref_fusion_finish(sums, level, centre);
    add_weighted(centre, centre + 4, (double)level[3], weighted);
    for (int c = 0; c < 8; c++) {
        pair[c] = (float)weighted[c];
    }
}
