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

/* Of (red, green, blue), the first row of the factor alone, then the second: 00; 10, 11; 20, 21, 22. */
static void whitening(const double covariance[3][3], double factor[3][3]) {
    double lower[3][3] = {{0}};
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = covariance[i][j];
            for (int k = 0; k < j; k++) {
                sum -= lower[i][k] * lower[j][k];
            }
            lower[i][j] = i == j ? sqrt(sum) : sum / lower[j][j];
        }
    }
    for (int j = 0; j < 3; j++) {
        for (int i = j; i < 3; i++) {
            double sum = i == j ? 1.0 : 0.0;
            for (int k = j; k < i; k++) {
                sum -= lower[i][k] * factor[k][j];
            }
            factor[i][j] = sum / lower[i][i];
        }
    }
}

void bd_ref_closed_window(const float *grid, const float *targets, const uint32_t *flags, int32_t w, int32_t h,
                          int32_t x, int32_t y, float eps, float window[16]) {
    const size_t node = (size_t)y * (size_t)w + (size_t)x, tw = ((size_t)w + TILE - 1) / TILE;
    double mean[3] = {0.0, 0.0, 0.0}, covariance[3][3] = {{0}}, factor[3][3] = {{0}}, count = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t v = BD_MAX(y - 1, 0); v <= BD_MIN(y + 1, h - 1); v++) {
            for (int32_t u = BD_MAX(x - 1, 0); u <= BD_MIN(x + 1, w - 1); u++) {
                const float *c = grid + 4 * ((size_t)v * (size_t)w + (size_t)u);
                count += pass ? 0.0 : 1.0;
                for (int i = 0; i < 3; i++) {
                    mean[i] += pass ? 0.0 : (double)c[i];
                    for (int j = 0; j < 3 && pass; j++) {
                        covariance[i][j] += ((double)c[i] - mean[i]) * ((double)c[j] - mean[j]) / count;
                    }
                }
            }
        }
        for (int i = 0; i < 3 && !pass; i++) {
            mean[i] /= count;
            covariance[i][i] = (double)eps / count;
        }
    }
    whitening(covariance, factor);
    bool solved = flags[(size_t)y / TILE * tw + (size_t)x / TILE] && targets[4 * node + 3] <= 0.0f;
    const double made[12] = {mean[0],      mean[1],      mean[2],      factor[0][0], factor[1][0], factor[1][1],
                             factor[2][0], factor[2][1], factor[2][2], 1.0 / count,  0.0,          0.0};
    for (int i = 0; i < 16; i++) {
        window[i] = i < 12 ? (float)made[i] : !solved ? 0.0f : i < 15 ? grid[4 * node + (size_t)(i - 12)] - 0.5f : 1.0f;
    }
}

static void whiten(const float *windows, size_t window, size_t nodes, const float *colour, double result[3]) {
    const float *a = windows + 4 * window, *b = a + 4 * nodes, *c = b + 4 * nodes;
    double d[3];
    for (int i = 0; i < 3; i++) {
        d[i] = (double)colour[i] - (double)a[i];
    }
    result[0] = (double)a[3] * d[0];
    result[1] = (double)b[0] * d[0] + (double)b[1] * d[1];
    result[2] = (double)b[2] * d[0] + (double)b[3] * d[1] + (double)c[0] * d[2];
}

void bd_ref_closed_row(const float *windows, const float *grid, const float *targets, int32_t w, int32_t h, int32_t x,
                       int32_t y, float row[25]) {
    const size_t nodes = (size_t)w * (size_t)h, node = (size_t)y * (size_t)w + (size_t)x;
    double taps[25] = {0.0}, sum = 0.0, own[3], other[3];
    memset(row, 0, 25 * sizeof *row);
    if (targets[4 * node + 3] > 0.0f) {
        return;
    }
    for (int32_t v = BD_MAX(y - 1, 0); v <= BD_MIN(y + 1, h - 1); v++) {
        for (int32_t u = BD_MAX(x - 1, 0); u <= BD_MIN(x + 1, w - 1); u++) {
            const size_t window = (size_t)v * (size_t)w + (size_t)u;
            whiten(windows, window, nodes, grid + 4 * node, own);
            for (int32_t t = BD_MAX(v - 1, 0); t <= BD_MIN(v + 1, h - 1); t++) {
                for (int32_t s = BD_MAX(u - 1, 0); s <= BD_MIN(u + 1, w - 1); s++) {
                    whiten(windows, window, nodes, grid + 4 * ((size_t)t * (size_t)w + (size_t)s), other);
                    taps[(t - y + 2) * 5 + s - x + 2] -=
                        (1.0 + own[0] * other[0] + own[1] * other[1] + own[2] * other[2]) *
                        (double)windows[4 * (2 * nodes + window) + 1];
                }
            }
        }
    }
    for (int i = 0; i < 25; i++) {
        row[i] = (float)taps[i];
        sum += i == 12 ? 0.0 : taps[i];
    }
    row[12] = (float)((double)targets[4 * node + 1] - sum);
}

/* ---- coarse grids ------------------------------------------------------------------------------------------------ */

static int32_t spread_of(int32_t level) {
    return level ? 4 : 1;
}

/* Nodes along an axis of so many. */
static int32_t coarse_side(int32_t level, int32_t side) {
    int32_t tiles = (side + TILE - 1) / TILE;
    return (tiles + spread_of(level) - 1) / spread_of(level) + 1;
}

uint32_t bd_ref_coarse_nodes(int32_t w, int32_t h) {
    return (uint32_t)(coarse_side(0, w) * coarse_side(0, h) + coarse_side(1, w) * coarse_side(1, h));
}

double bd_ref_coarse_hat(int32_t level, int32_t corner, int32_t x, int32_t y, uint32_t tile) {
    const double spacing = spread_of(level) * TILE;
    const int32_t tx = (int32_t)(tile & 0xffffu) / spread_of(level), ty = (int32_t)(tile >> 16) / spread_of(level);
    double away_x = fabs((x + 0.5) / spacing - (tx + (corner & 1)));
    double away_y = fabs((y + 0.5) / spacing - (ty + (corner >> 1)));
    return fmax(1.0 - away_x, 0.0) * fmax(1.0 - away_y, 0.0);
}

void bd_ref_closed_block(const float *matrix, const float *windows, int32_t w, int32_t h, uint32_t tile, int32_t level,
                         int32_t corner, float part[12]) {
    static const int places[10][2] = {{0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 1}, {1, 2}, {1, 3}, {3, 3}, {2, 2}, {2, 3}};
    const float *lines = windows + 12 * (size_t)w * (size_t)h;
    double sums[10] = {0.0};
    for (int32_t lane = 0; lane < TILE * TILE; lane++) {
        int32_t x = (int32_t)(tile & 0xffffu) * TILE + lane % TILE, y = (int32_t)(tile >> 16) * TILE + lane / TILE;
        for (int32_t tap = 0; tap < 25 && x < w && y < h; tap++) {
            int32_t u = x + tap % 5 - 2, v = y + tap / 5 - 2;
            if (u < 0 || v < 0 || u >= w || v >= h) {
                continue;
            }
            const float *own = lines + 4 * ((size_t)y * (size_t)w + (size_t)x);
            const float *other = lines + 4 * ((size_t)v * (size_t)w + (size_t)u);
            double weight = bd_ref_coarse_hat(level, corner, x, y, tile) *
                            bd_ref_coarse_hat(level, corner, u, v, tile) * (double)matrix[tap * TILE * TILE + lane];
            for (int i = 0; i < 10; i++) {
                sums[i] += weight * (double)own[places[i][0]] * (double)other[places[i][1]];
            }
        }
    }
    for (int i = 0; i < 12; i++) {
        part[i] = i < 10 ? (float)sums[i] : 0.0f;
    }
}

/* Which level, and where. */
static int32_t place_of(int32_t w, int32_t h, uint32_t node, int32_t *x, int32_t *y) {
    int32_t at = (int32_t)node, first = coarse_side(0, w) * coarse_side(0, h), level = at >= first;
    at -= level ? first : 0;
    *x = at % coarse_side(level, w);
    *y = at / coarse_side(level, w);
    return level;
}

void bd_ref_coarse_sum(const float *parts, size_t floats, int32_t w, int32_t h, uint32_t node, double *sums) {
    int32_t x, y, level = place_of(w, h, node, &x, &y), spread = spread_of(level);
    int32_t tw = (w + TILE - 1) / TILE, th = (h + TILE - 1) / TILE;
    memset(sums, 0, floats * sizeof *sums);
    for (int32_t tile = 0; tile < tw * th; tile++) {
        int32_t right = x - tile % tw / spread, down = y - tile / tw / spread;
        for (size_t i = 0; i < floats && right >= 0 && right < 2 && down >= 0 && down < 2; i++) {
            sums[i] += (double)parts[((size_t)(tile * 2 + level) * 4 + (size_t)(down * 2 + right)) * floats + i];
        }
    }
}

void bd_ref_closed_invert(const double part[12], float inverse[16]) {
    static const int places[4][4] = {{0, 1, 2, 3}, {1, 4, 5, 6}, {2, 5, 8, 9}, {3, 6, 9, 7}};
    double rows[4][8] = {{0.0}};
    memset(inverse, 0, 16 * sizeof *inverse);
    if (part[7] <= 1e-12) {
        return;
    }
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
            rows[i][j] = part[places[i][j]] + (i == j && i < 3 ? 1e-4 * part[7] : 0.0);
        }
        rows[i][4 + i] = 1.0;
    }
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < 4; i++) {
            double share = i == k ? 1.0 - 1.0 / rows[k][k] : rows[i][k] / rows[k][k];
            for (int j = 7; j >= k; j--) {
                rows[i][j] -= share * rows[k][j];
            }
        }
        for (int i = k + 1; i < 4; i++) {
            rows[i][k] = 0.0;
        }
    }
    for (int i = 0; i < 16; i++) {
        inverse[i] = (float)rows[i / 4][4 + i % 4];
    }
}

double bd_ref_coarse_value(const float *lines, const float colour[3], int32_t w, int32_t h, int32_t x, int32_t y) {
    double value = 0.0;
    for (uint32_t node = 0; node < bd_ref_coarse_nodes(w, h); node++) {
        int32_t cx, cy, level = place_of(w, h, node, &cx, &cy);
        double spacing = spread_of(level) * TILE;
        double weight =
            fmax(1.0 - fabs((x + 0.5) / spacing - cx), 0.0) * fmax(1.0 - fabs((y + 0.5) / spacing - cy), 0.0);
        double line = (double)lines[4 * (size_t)node + 3];
        for (size_t c = 0; c < 3; c++) {
            line += (double)lines[4 * (size_t)node + c] * ((double)colour[c] - 0.5);
        }
        value += weight * line;
    }
    return value;
}

double bd_ref_closed_product(const float *matrix, const float *plane, int32_t w, int32_t h, int32_t x, int32_t y) {
    const int32_t pitch = (w + TILE - 1) / TILE * TILE, rows = (h + TILE - 1) / TILE * TILE;
    double sum = 0.0;
    for (int32_t tap = 0; tap < 25; tap++) {
        int32_t u = x + tap % 5 - 2, v = y + tap / 5 - 2;
        if (u >= 0 && v >= 0 && u < pitch && v < rows) {
            sum += (double)matrix[tap * TILE * TILE + y % TILE * TILE + x % TILE] *
                   (double)plane[(size_t)v * (size_t)pitch + (size_t)u];
        }
    }
    return sum;
}
