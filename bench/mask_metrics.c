/* SPDX-License-Identifier: MIT */
#include "mask_metrics.h"

#include <math.h>
#include <stdlib.h>

#define FAR UINT32_MAX
static const double inner_share = 0.012, wide_share = 0.008, ghost_least = 0.05, ghost_most = 0.95;

/* ---- distances --------------------------------------------------------------------------------------------------- */

/* Squared distance of each pixel of a row from the next one that is set. */
static void row_distances(const uint8_t *set, uint32_t w, uint32_t *squared) {
    uint32_t run = FAR;
    for (uint32_t x = 0; x < w; x++) {
        run = set[x] ? 0 : run == FAR ? FAR : run + 1;
        squared[x] = run;
    }
    run = FAR;
    for (uint32_t x = w; x-- > 0;) {
        run = set[x] ? 0 : run == FAR ? FAR : run + 1;
        run = run < squared[x] ? run : squared[x];
        squared[x] = run == FAR ? FAR : run * run;
    }
}

/* A column of the lower envelope's parabolas. */
typedef struct envelope {
    uint32_t *tops, *heights; /* where a parabola has its least, and how much that is */
    double *starts;           /* from where on it is the lowest */
} envelope;

static void column_distances(const envelope *e, uint32_t *squared, uint32_t w, uint32_t h) {
    uint32_t count = 0;
    for (uint32_t y = 0; y < h; y++) {
        uint32_t height = squared[(size_t)y * w];
        double start = -INFINITY;
        if (height == FAR) {
            continue;
        }
        for (; count; count--) {
            uint32_t top = e->tops[count - 1];
            double own = height + (double)y * y, other = e->heights[count - 1] + (double)top * top;
            start = (own - other) / (2.0 * (y - top));
            if (start > e->starts[count - 1]) {
                break;
            }
            start = -INFINITY;
        }
        e->tops[count] = y;
        e->heights[count] = height;
        e->starts[count++] = start;
    }
    for (uint32_t y = 0, at = 0; y < h && count; y++) {
        while (at + 1 < count && e->starts[at + 1] < y) {
            at++;
        }
        uint32_t away = y > e->tops[at] ? y - e->tops[at] : e->tops[at] - y;
        squared[(size_t)y * w] = e->heights[at] + away * away;
    }
}

/* Squared distance of every pixel from the nearest one that is set; FAR where none is. Felzenszwalb, Huttenlocher,
 * Distance transforms of sampled functions, 2012. False: out of memory. */
static bool distances(const uint8_t *set, uint32_t w, uint32_t h, uint32_t *squared) {
    size_t room = (size_t)h + 1;
    envelope e = {malloc(room * sizeof *e.tops), malloc(room * sizeof *e.heights), malloc(room * sizeof *e.starts)};
    bool done = e.tops && e.heights && e.starts;
    for (uint32_t y = 0; y < h && done; y++) {
        row_distances(set + (size_t)y * w, w, squared + (size_t)y * w);
    }
    for (uint32_t x = 0; x < w && done; x++) {
        column_distances(&e, squared + x, w, h);
    }
    free(e.tops);
    free(e.heights);
    free(e.starts);
    return done;
}

/* ---- masks ------------------------------------------------------------------------------------------------------- */

static void find_edge(const uint8_t *mask, uint32_t w, uint32_t h, uint8_t *edge) {
    for (uint32_t y = 0; y < h; y++) {
        for (uint32_t x = 0; x < w; x++) {
            const uint8_t *at = mask + (size_t)y * w + x;
            bool beside = (x && at[-1]) || (x + 1 < w && at[1]) || (y && at[-(ptrdiff_t)w]) || (y + 1 < h && at[w]);
            edge[at - mask] = beside && !*at;
        }
    }
}

bool mask_truth_make(uint8_t *mask, uint32_t w, uint32_t h, mask_truth *truth) {
    size_t pixels = (size_t)w * h;
    *truth = (mask_truth){.w = w,
                          .h = h,
                          .mask = mask,
                          .edge = malloc(pixels + 1),
                          .to_edge = malloc((pixels + 1) * sizeof(uint32_t)),
                          .to_back = malloc((pixels + 1) * sizeof(uint32_t)),
                          .to_front = malloc((pixels + 1) * sizeof(uint32_t))};
    uint8_t *back = malloc(pixels + 1);
    bool done = mask && back && truth->edge && truth->to_edge && truth->to_back && truth->to_front;
    for (size_t i = 0; i < pixels && done; i++) {
        back[i] = !mask[i];
    }
    if (done) {
        find_edge(mask, w, h, truth->edge);
        done = distances(truth->edge, w, h, truth->to_edge) && distances(back, w, h, truth->to_back) &&
               distances(mask, w, h, truth->to_front);
    }
    free(back);
    return done;
}

void mask_truth_finish(mask_truth *truth) {
    free(truth->mask);
    free(truth->edge);
    free(truth->to_edge);
    free(truth->to_back);
    free(truth->to_front);
    *truth = (mask_truth){.w = 0};
}

/* ---- scores ------------------------------------------------------------------------------------------------------ */

/* Share of an edge's pixels within the tolerance of what the distances are from; 1 of none. */
static double share_within(const uint8_t *edge, const uint32_t *squared, size_t pixels, double tolerance) {
    size_t all = 0, near = 0;
    for (size_t i = 0; i < pixels; i++) {
        all += edge[i];
        near += edge[i] && squared[i] != FAR && squared[i] <= tolerance * tolerance;
    }
    return all ? (double)near / (double)all : 1.0;
}

static double boundary_f(const mask_truth *truth, const uint8_t *edge, const uint32_t *to_edge, double tolerance) {
    size_t pixels = (size_t)truth->w * truth->h;
    double precision = share_within(edge, truth->to_edge, pixels, tolerance);
    double recall = share_within(truth->edge, to_edge, pixels, tolerance);
    return precision + recall > 0.0 ? 2.0 * precision * recall / (precision + recall) : 0.0;
}

static void score_alpha(const mask_truth *truth, const float *matte, mask_scores *result) {
    size_t pixels = (size_t)truth->w * truth->h;
    double margin = floor(inner_share * hypot(truth->w, truth->h) + 0.5), inside = 0.0, area = 0.0;
    for (size_t i = 0; i < pixels; i++) {
        double alpha = (double)matte[i], mask = truth->mask[i];
        bool found = alpha >= 0.5;
        result->both += found && truth->mask[i];
        result->any += found || truth->mask[i];
        result->sad += fabs(alpha - mask) / 1000.0;
        area += mask;
        if (truth->to_back[i] > margin * margin) {
            inside += 1.0;
            result->ghost += alpha >= ghost_least && alpha <= ghost_most;
            result->lost += 1.0 - alpha;
        }
        result->stray += truth->to_front[i] > margin * margin ? alpha : 0.0;
    }
    result->iou = result->any > 0.0 ? result->both / result->any : 1.0;
    result->ghost = inside > 0.0 ? 100.0 * result->ghost / inside : NAN;
    result->lost = inside > 0.0 ? 100.0 * result->lost / inside : NAN;
    result->stray = area > 0.0 ? 100.0 * result->stray / area : NAN;
}

bool mask_metrics_score(const mask_truth *truth, const float *matte, mask_scores *result) {
    size_t pixels = (size_t)truth->w * truth->h;
    uint8_t *mask = malloc(pixels + 1), *edge = malloc(pixels + 1);
    uint32_t *to_edge = malloc((pixels + 1) * sizeof *to_edge);
    bool done = mask && edge && to_edge;
    *result = (mask_scores){0};
    for (size_t i = 0; i < pixels && done; i++) {
        mask[i] = matte[i] >= 0.5f;
    }
    if (done) {
        find_edge(mask, truth->w, truth->h, edge);
        done = distances(edge, truth->w, truth->h, to_edge);
    }
    if (done) {
        score_alpha(truth, matte, result);
        result->bf2 = boundary_f(truth, edge, to_edge, 2.0);
        result->bf8 = boundary_f(truth, edge, to_edge, wide_share * hypot(truth->w, truth->h));
    }
    free(mask);
    free(edge);
    free(to_edge);
    return done;
}
