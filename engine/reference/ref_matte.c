/* SPDX-License-Identifier: MIT
 * Mattes: the guided filter on a grid, planes, and the colours of the foreground. */
#include "reference/ref_matte.h"

#include <math.h>
#include <string.h>

#include "reference/ref_picture.h"

void bd_ref_block_means(const uint8_t *photo, int32_t w, int32_t h, int32_t block, float *grid) {
    for (int32_t y = 0; y < h; y += block) {
        for (int32_t x = 0; x < w; x += block, grid += 4) {
            int32_t bottom = BD_MIN(y + block, h), right = BD_MIN(x + block, w);
            double sum[3] = {0.0, 0.0, 0.0};
            for (int32_t v = y; v < bottom; v++) {
                for (int32_t u = x; u < right; u++) {
                    for (int c = 0; c < 3; c++) {
                        sum[c] += photo[((size_t)v * (size_t)w + (size_t)u) * 4 + (size_t)c];
                    }
                }
            }
            for (int c = 0; c < 3; c++) {
                grid[c] = (float)(sum[c] / (255.0 * (bottom - y) * (right - x)));
            }
            grid[3] = 0.0f;
        }
    }
}

static double window_mean(const double *values, int32_t w, int32_t h, int32_t x, int32_t y, int32_t radius) {
    double sum = 0.0;
    int32_t count = 0;
    for (int32_t v = BD_MAX(y - radius, 0); v <= BD_MIN(y + radius, h - 1); v++) {
        for (int32_t u = BD_MAX(x - radius, 0); u <= BD_MIN(x + radius, w - 1); u++, count++) {
            sum += values[(size_t)v * (size_t)w + (size_t)u];
        }
    }
    return sum / count;
}

/* Gauss' elimination; a is positive definite. */
static void solve3(double a[3][3], double b[3]) {
    for (int i = 0; i < 3; i++) {
        for (int j = i + 1; j < 3; j++) {
            double f = a[j][i] / a[i][i];
            for (int k = i; k < 3; k++) {
                a[j][k] -= f * a[i][k];
            }
            b[j] -= f * b[i];
        }
    }
    for (int i = 2; i >= 0; i--) {
        for (int k = i + 1; k < 3; k++) {
            b[i] -= a[i][k] * b[k];
        }
        b[i] /= a[i][i];
    }
}

void bd_ref_guided_lines(const float *grid, int32_t w, int32_t h, int32_t radius, float eps, double *room,
                         float *lines) {
    /* Channels 0..3 are those of the grid; room holds their ten products' planes after them. */
    size_t nodes = (size_t)w * (size_t)h;
    for (int i = 0, plane = 0; i < 5; i++) {
        for (int j = i; j < 5; j++, plane++) {
            for (size_t n = 0; n < nodes; n++) {
                double a = i < 4 ? (double)grid[4 * n + (size_t)i] : 1.0;
                double b = j < 4 ? (double)grid[4 * n + (size_t)j] : 1.0;
                room[(size_t)plane * nodes + n] = a * b;
            }
        }
    }
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < w; x++, lines += 4) {
            double mean[5][5];
            for (int i = 0, plane = 0; i < 5; i++) {
                for (int j = i; j < 5; j++, plane++) {
                    mean[i][j] = window_mean(room + (size_t)plane * nodes, w, h, x, y, radius);
                    mean[j][i] = mean[i][j];
                }
            }
            double a[3][3], b[3];
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    a[i][j] = mean[i][j] - mean[i][4] * mean[j][4] + (i == j ? (double)eps : 0.0);
                }
                b[i] = mean[i][3] - mean[i][4] * mean[3][4];
            }
            solve3(a, b);
            double rest = mean[3][4];
            for (int i = 0; i < 3; i++) {
                lines[i] = (float)b[i];
                rest -= b[i] * mean[i][4];
            }
            lines[3] = (float)rest;
        }
    }
}

void bd_ref_box(const float *src, int32_t w, int32_t h, int32_t radius, bool vertical, bool doubt, float *dst) {
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < w; x++, dst += 4) {
            int32_t at = vertical ? y : x, size = vertical ? h : w;
            int32_t first = BD_MAX(at - radius, 0), last = BD_MIN(at + radius, size - 1);
            double sum[4] = {0.0, 0.0, 0.0, 0.0};
            for (int32_t i = first; i <= last; i++) {
                const float *v = src + 4 * ((size_t)(vertical ? i : y) * (size_t)w + (size_t)(vertical ? x : i));
                for (int c = 0; c < 4; c++) {
                    sum[c] += doubt ? 4.0 * (double)v[3] * (1.0 - (double)v[3]) : (double)v[c];
                }
            }
            for (int c = 0; c < 4; c++) {
                dst[c] = (float)(sum[c] / (last - first + 1));
            }
        }
    }
}

void bd_ref_sample(const float *src, int32_t w, int32_t h, int32_t channels, float x, float y, float *values) {
    x = fminf(fmaxf(x, 0.0f), (float)(w - 1));
    y = fminf(fmaxf(y, 0.0f), (float)(h - 1));
    int32_t x0 = (int32_t)x, y0 = (int32_t)y, x1 = BD_MIN(x0 + 1, w - 1), y1 = BD_MIN(y0 + 1, h - 1);
    float fx = x - (float)x0, fy = y - (float)y0;
    for (int32_t c = 0; c < channels; c++) {
        float tl = src[((size_t)y0 * (size_t)w + (size_t)x0) * (size_t)channels + (size_t)c];
        float tr = src[((size_t)y0 * (size_t)w + (size_t)x1) * (size_t)channels + (size_t)c];
        float bl = src[((size_t)y1 * (size_t)w + (size_t)x0) * (size_t)channels + (size_t)c];
        float br = src[((size_t)y1 * (size_t)w + (size_t)x1) * (size_t)channels + (size_t)c];
        float top = tl + (tr - tl) * fx, bottom = bl + (br - bl) * fx;
        values[c] = top + (bottom - top) * fy;
    }
}

float bd_ref_line(const float line[4], const float colour[3]) {
    float value = line[0] * colour[0] + line[1] * colour[1] + line[2] * colour[2] + line[3];
    return fminf(fmaxf(value, 0.0f), 1.0f);
}

void bd_ref_foreground_step(const float *pairs, int32_t src_w, int32_t shift, const float *level, int32_t w, int32_t h,
                            float *dst) {
    static const int32_t steps[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < w; x++, dst += 8) {
            const float *centre = level + 4 * ((size_t)y * (size_t)w + (size_t)x);
            double sums[6] = {0.0}, total = 0.0, a = (double)centre[3], b = 1.0 - a;
            for (int i = 0; i < 4; i++) {
                int32_t u = BD_MIN(BD_MAX(x + steps[i][0], 0), w - 1), v = BD_MIN(BD_MAX(y + steps[i][1], 0), h - 1);
                const float *other = level + 4 * ((size_t)v * (size_t)w + (size_t)u);
                double weight = 1e-3 + 0.03 * fabs(a - (double)other[3]);
                for (size_t c = 0; c < 6; c++) {
                    size_t at = 8 * ((size_t)(v >> shift) * (size_t)src_w + (size_t)(u >> shift));
                    sums[c] += weight * (double)(pairs ? pairs[at + c % 3 + 4 * (c / 3)] : other[c % 3]);
                }
                total += weight;
            }
            memset(dst, 0, 8 * sizeof *dst);
            for (size_t c = 0; c < 3; c++) {
                double f = a * (double)centre[c] + sums[c], g = b * (double)centre[c] + sums[c + 3];
                double det = (a * a + total) * (b * b + total) - a * b * a * b;
                dst[c] = (float)fmin(fmax(((b * b + total) * f - a * b * g) / det, 0.0), 1.0);
                dst[c + 4] = (float)fmin(fmax(((a * a + total) * g - a * b * f) / det, 0.0), 1.0);
            }
        }
    }
}

void bd_ref_foreground_pixel(const float pair[8], float alpha, bool coarse, bool deep, const void *photo, void *y) {
    float most = (float)bd_ref_most(deep);
    alpha = bd_ref_settled(alpha);
    for (size_t c = 0; c < 4; c++) {
        uint32_t number = bd_ref_number(photo, deep, c);
        float front = c < 3 ? pair[c] : 0.0f, back = c < 3 ? pair[c + 4] : 0.0f, b = 1.0f - alpha;
        if (coarse) {
            front += ((float)number / most - alpha * front - b * back) * (alpha / (alpha * alpha + b * b));
        }
        bool changes = c < 3 && alpha > 0.0f && alpha < 1.0f;
        bd_ref_set_number(y, deep, c, changes ? (uint32_t)(fminf(fmaxf(front, 0.0f), 1.0f) * most + 0.5f) : number);
    }
}

void bd_ref_trimap_pin(const uint8_t *trimap, int32_t w, int32_t h, int32_t block, float low, float *plane) {
    int32_t gw = (w + block - 1) / block, gh = (h + block - 1) / block;
    for (int32_t n = 0; n < gw * gh; n++) {
        int32_t x0 = n % gw * block, y0 = n / gw * block, back = 0, front = 0, pixels = 0;
        for (int32_t y = y0; y < BD_MIN(y0 + block, h); y++) {
            for (int32_t x = x0; x < BD_MIN(x0 + block, w); x++) {
                uint8_t byte = trimap[(size_t)y * (size_t)w + (size_t)x];
                back += byte == 0;
                front += byte == 255;
                pixels++;
            }
        }
        plane[n] = back == pixels ? 0.0f : front == pixels ? 1.0f : fminf(fmaxf(plane[n], low), 1.0f - low);
    }
}

float bd_ref_levels(float alpha, float low, float high) {
    if (high <= low) {
        return alpha >= low ? 1.0f : 0.0f;
    }
    return BD_MIN(BD_MAX((alpha - low) / (high - low), 0.0f), 1.0f);
}
