/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

/* ---- gradients --------------------------------------------------------------------------------------------------- */

enum { MAX_HALF = 16 };

typedef struct filter {
    int half;
    double smooth[2 * MAX_HALF + 1], slope[2 * MAX_HALF + 1];
} filter;

/* As the benchmark's own code: cut where the Gaussian falls below 0.01, the product of both normalised to length 1. */
static filter make_filter(double sigma) {
    const double pi = 3.14159265358979323846;
    filter f = {.half = (int)ceil(sigma * sqrt(-2.0 * log(sqrt(2.0 * pi) * sigma * 0.01)))};
    double squares[2] = {0.0, 0.0};
    for (int i = -f.half; i <= f.half; i++) {
        double g = exp(-i * i / (2.0 * sigma * sigma)) / (sigma * sqrt(2.0 * pi));
        f.smooth[i + f.half] = g;
        f.slope[i + f.half] = -i * g / (sigma * sigma);
        squares[0] += g * g;
        squares[1] += f.slope[i + f.half] * f.slope[i + f.half];
    }
    double length = sqrt(squares[0] * squares[1]);
    for (int i = 0; i <= 2 * f.half; i++) {
        f.slope[i] /= length;
    }
    return f;
}

static void convolve(const double *src, const double *taps, int half, int w, int h, bool vertical, double *dst) {
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            double sum = 0.0;
            for (int i = -half; i <= half; i++) {
                int column = vertical ? x : x + i, row = vertical ? y + i : y;
                column = column < 0 ? 0 : column >= w ? w - 1 : column;
                row = row < 0 ? 0 : row >= h ? h - 1 : row;
                sum += taps[i + half] * src[(size_t)row * (size_t)w + (size_t)column];
            }
            dst[(size_t)y * (size_t)w + (size_t)x] = sum;
        }
    }
}

/* room: 4 planes. The result lies in the first. */
static void gradient(const float *plane, const filter *f, int w, int h, double *room) {
    size_t pixels = (size_t)w * (size_t)h;
    double *result = room, *source = room + pixels, *between = source + pixels, *other = between + pixels;
    for (size_t i = 0; i < pixels; i++) {
        source[i] = (double)plane[i];
    }
    convolve(source, f->smooth, f->half, w, h, true, between);
    convolve(between, f->slope, f->half, w, h, false, result);
    convolve(source, f->slope, f->half, w, h, true, between);
    convolve(between, f->smooth, f->half, w, h, false, other);
    for (size_t i = 0; i < pixels; i++) {
        result[i] = sqrt(result[i] * result[i] + other[i] * other[i]);
    }
}

static bool score_gradient(const float *matte, const float *truth, int w, int h, double *score) {
    size_t pixels = (size_t)w * (size_t)h;
    double *room = malloc((pixels * 5 + 1) * sizeof *room);
    if (!room) {
        return false;
    }
    filter f = make_filter(1.4);
    gradient(truth, &f, w, h, room + pixels);
    memcpy(room, room + pixels, pixels * sizeof *room);
    gradient(matte, &f, w, h, room + pixels);
    *score = 0.0;
    for (size_t i = 0; i < pixels; i++) {
        double d = room[i] - room[pixels + i];
        *score += d * d;
    }
    *score /= 1000.0;
    free(room);
    return true;
}

/* ---- connectivity ------------------------------------------------------------------------------------------------ */

/* Marks in `in` the largest 4-connected part of the pixels where both planes reach the threshold. */
static void largest_part(const float *a, const float *b, float threshold, int w, int h, uint8_t *in, uint32_t *stack) {
    size_t pixels = (size_t)w * (size_t)h, best = 0, best_at = 0;
    for (int turn = 0; turn < 2; turn++) {
        memset(in, 0, pixels);
        for (size_t start = turn ? best_at : 0; start < pixels; start++) {
            if (in[start] || a[start] < threshold || b[start] < threshold) {
                continue;
            }
            size_t count = 0, left = 1;
            stack[0] = (uint32_t)start;
            in[start] = 1;
            while (left) {
                size_t at = stack[--left], x = at % (size_t)w;
                const size_t near[4] = {x ? at - 1 : at, x + 1 < (size_t)w ? at + 1 : at,
                                        at >= (size_t)w ? at - (size_t)w : at,
                                        at + (size_t)w < pixels ? at + (size_t)w : at};
                count++;
                for (int i = 0; i < 4; i++) {
                    if (!in[near[i]] && a[near[i]] >= threshold && b[near[i]] >= threshold) {
                        in[near[i]] = 1;
                        stack[left++] = (uint32_t)near[i];
                    }
                }
            }
            if (turn) {
                break; /* only the best one is marked now */
            }
            best_at = count > best ? start : best_at;
            best = count > best ? count : best;
        }
        if (!best) {
            memset(in, 0, pixels);
            return;
        }
    }
}

static bool score_connectivity(const float *matte, const float *truth, int w, int h, double *score) {
    enum { STEPS = 10 };
    size_t pixels = (size_t)w * (size_t)h;
    uint8_t *in = malloc(pixels ? pixels : 1);
    uint32_t *stack = malloc((pixels + 1) * sizeof *stack);
    float *level = malloc((pixels + 1) * sizeof *level); /* where a pixel leaves the largest part; below 0: not yet */
    bool done = in && stack && level;
    for (size_t i = 0; i < pixels && done; i++) {
        level[i] = -1.0f;
    }
    for (int step = 1; step <= STEPS && done; step++) {
        largest_part(matte, truth, (float)step / STEPS, w, h, in, stack);
        for (size_t i = 0; i < pixels; i++) {
            level[i] = level[i] < 0.0f && !in[i] ? (float)(step - 1) / STEPS : level[i];
        }
    }
    *score = 0.0;
    for (size_t i = 0; i < pixels && done; i++) {
        float from = level[i] < 0.0f ? 1.0f : level[i], a = matte[i] - from, b = truth[i] - from;
        a = a >= 0.15f ? a : 0.0f;
        b = b >= 0.15f ? b : 0.0f;
        *score += fabs((double)a - (double)b) / 1000.0;
    }
    free(level);
    free(stack);
    free(in);
    return done;
}

bool metrics_score(const float *matte, const float *truth, uint32_t w, uint32_t h, scores *result) {
    size_t pixels = (size_t)w * h;
    *result = (scores){0};
    for (size_t i = 0; i < pixels; i++) {
        double d = (double)matte[i] - (double)truth[i];
        result->sad += fabs(d) / 1000.0;
        result->mse += d * d * 1000.0 / (double)pixels;
    }
    return score_gradient(matte, truth, (int)w, (int)h, &result->grad) &&
           score_connectivity(matte, truth, (int)w, (int)h, &result->conn);
}
