/* SPDX-License-Identifier: MIT
 * The closed-form matte: see push/closed_form.h. */
#include "reference/ref_closed_form.h"

#include <math.h>
#include <string.h>

enum { TILE = 8, SIDE = 16, BINS = SIDE * SIDE * SIDE };

void bd_ref_colour_count(const float *grid, const float *values, size_t nodes, uint32_t *counts) {
    for (size_t n = 0; n < nodes; n++) {
        int32_t bin = 0;
        for (size_t c = 0; c < 3; c++) {
            bin = bin * SIDE + (int32_t)(fminf(fmaxf(grid[4 * n + c], 0.0f), 1.0f) * (SIDE - 1) + 0.5f);
        }
        float v = values[n], sure = (2.0f * v - 1.0f) * (2.0f * v - 1.0f), weight = 256.0f * sure * sure * sure;
        counts[bin] += (uint32_t)(weight * v + 0.5f);
        counts[BINS + bin] += (uint32_t)(weight * (1.0f - v) + 0.5f);
    }
}

void bd_ref_colour_blur(const uint32_t *counts, float *bins) {
    double total = 0.0;
    for (int32_t i = -3; i <= 3; i++) {
        total += exp(-0.5 * i * i);
    }
    for (int32_t n = 0; n < BINS; n++) {
        double sums[2] = {0.0, 0.0};
        for (int32_t m = 0; m < BINS; m++) {
            int32_t x = m / (SIDE * SIDE) - n / (SIDE * SIDE);
            int32_t y = m / SIDE % SIDE - n / SIDE % SIDE, z = m % SIDE - n % SIDE;
            if (x < -3 || x > 3 || y < -3 || y > 3 || z < -3 || z > 3) {
                continue;
            }
            double share = exp(-0.5 * (x * x + y * y + z * z)) / (total * total * total * 256.0);
            sums[0] += share * counts[m];
            sums[1] += share * counts[BINS + m];
        }
        const float bin[4] = {(float)sums[0], (float)sums[1], 0.0f, 0.0f};
        memcpy(bins + 4 * (size_t)n, bin, sizeof bin);
    }
}

void bd_ref_closed_target(const float node[4], float value, const float *bins, float beta, float weight, float margin,
                          bool trimap, float *target) {
    if (trimap && (value <= 0.0f || value >= 1.0f)) {
        const float known[4] = {value, 0.0f, 0.0f, 1.0f};
        memcpy(target, known, sizeof known);
        return;
    }
    double counts[2] = {10.0, 10.0};
    for (int32_t corner = 0; corner < 8; corner++) {
        int32_t bin = 0;
        double share = 1.0;
        for (int32_t c = 0; c < 3; c++) {
            double place = (double)node[c] * (SIDE - 1);
            int32_t low = BD_MIN((int32_t)place, SIDE - 2), step = corner >> c & 1;
            bin = bin * SIDE + low + step;
            share *= step ? place - low : 1.0 - (place - low);
        }
        counts[0] += share * (double)bins[4 * (size_t)bin];
        counts[1] += share * (double)bins[4 * (size_t)bin + 1];
    }
    double odds =
        log(((double)value + 1e-3) / (1.0 - (double)value + 1e-3)) + (double)beta * log(counts[0] / counts[1]);
    double t = 1.0 / (1.0 + exp(-odds));
    target[0] = (float)t;
    target[1] = (float)((double)weight * pow(2.0 * t - 1.0, 4.0));
    bool doubtful = fmaxf(fminf(value, 1.0f - value), fminf(node[3], 1.0f - node[3])) > margin;
    target[2] = trimap || doubtful ? 1.0f : 0.0f;
    target[3] = 0.0f;
}

static bool unsettled(const float *targets, int32_t w, int32_t h, int32_t tx, int32_t ty) {
    for (int32_t y = ty * TILE; y < BD_MIN((ty + 1) * TILE, h); y++) {
        for (int32_t x = tx * TILE; x < BD_MIN((tx + 1) * TILE, w); x++) {
            if (targets[4 * ((size_t)y * (size_t)w + (size_t)x) + 2] > 0.0f) {
                return true;
            }
        }
    }
    return false;
}

uint32_t bd_ref_tiles(const float *targets, int32_t w, int32_t h, bool ring, uint32_t *list) {
    int32_t tw = (w + TILE - 1) / TILE, th = (h + TILE - 1) / TILE, reach = ring;
    uint32_t count = 0;
    for (int32_t y = 0; y < th; y++) {
        for (int32_t x = 0; x < tw; x++) {
            bool any = false;
            for (int32_t v = BD_MAX(y - reach, 0); v <= BD_MIN(y + reach, th - 1) && !any; v++) {
                for (int32_t u = BD_MAX(x - reach, 0); u <= BD_MIN(x + reach, tw - 1) && !any; u++) {
                    any = unsettled(targets, w, h, u, v);
                }
            }
            if (any) {
                list[count++] = (uint32_t)y << 16 | (uint32_t)x;
            }
        }
    }
    return count;
}

float bd_ref_closed_product(const float *lines, const float *grid, const float target[4], int32_t w, int32_t h,
                            int32_t x, int32_t y) {
    const float *centre = grid + 4 * ((size_t)y * (size_t)w + (size_t)x);
    if (target[3] > 0.0f) {
        return 0.0f;
    }
    double sum = (double)target[1] * (double)centre[3];
    for (int32_t v = BD_MAX(y - 1, 0); v <= BD_MIN(y + 1, h - 1); v++) {
        for (int32_t u = BD_MAX(x - 1, 0); u <= BD_MIN(x + 1, w - 1); u++) {
            const float *line = lines + 4 * ((size_t)v * (size_t)w + (size_t)u);
            sum += (double)centre[3] - (double)line[3];
            for (int c = 0; c < 3; c++) {
                sum -= (double)line[c] * ((double)centre[c] - 0.5);
            }
        }
    }
    return (float)sum;
}
