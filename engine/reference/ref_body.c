/* SPDX-License-Identifier: MIT
 * What of the network's answer is a body: log-odds, the rule, and the crop of a second look. */
#include "reference/ref_body.h"

#include <math.h>
#include <string.h>

#include "push/crop.h"
#include "push/rule.h"

/* ---- log-odds ---------------------------------------------------------------------------------------------------- */

static double log_sum(const float *logits, int32_t classes, const bool *in_set, bool wanted) {
    double highest = -INFINITY, sum = 0.0;
    for (int32_t c = 0; c < classes; c++) {
        highest = in_set[c] == wanted ? fmax(highest, (double)logits[c]) : highest;
    }
    for (int32_t c = 0; c < classes; c++) {
        sum += in_set[c] == wanted ? exp((double)logits[c] - highest) : 0.0;
    }
    return highest + log(sum);
}

static float bounded(double value) {
    return (float)fmin(fmax(value, -(double)BD_ODDS_MOST), (double)BD_ODDS_MOST);
}

void bd_ref_odds(const float *logits, int32_t classes, const bool *in_set, int32_t background, float *o, float *n) {
    bool any = false, others = false, not_background[256];
    for (int32_t c = 0; c < classes; c++) {
        any |= in_set[c];
        others |= !in_set[c];
        not_background[c] = c != background;
    }
    double inside = any ? log_sum(logits, classes, in_set, true) : -1e30;
    double outside = others ? log_sum(logits, classes, in_set, false) : -1e30;
    *o = bounded(inside - outside);
    bool known = background >= 0 && !in_set[background];
    *n = -(float)BD_ODDS_MOST;
    if (known) {
        double all = classes > 1 ? log_sum(logits, classes, not_background, true) : -1e30;
        *n = bounded(all - (double)logits[background]);
    }
}

/* ---- the rule ---------------------------------------------------------------------------------------------------- */

typedef struct parts {
    int32_t w, h;
    uint32_t *labels; /* the part's first node; BD_RULE_NONE: in none */
    uint32_t *stack;
} parts;

static int32_t next_to(const parts *p, int32_t node, int around) {
    int32_t x = node % p->w + around % 3 - 1, y = node / p->w + around / 3 - 1;
    return x < 0 || y < 0 || x >= p->w || y >= p->h ? -1 : y * p->w + x;
}

/* Labels of what is inside; on entry those nodes are their own labels. */
static void find_parts(const parts *p) {
    enum { UNSEEN = -2 };
    for (int32_t i = 0; i < p->w * p->h; i++) {
        p->labels[i] = p->labels[i] == BD_RULE_NONE ? BD_RULE_NONE : (uint32_t)UNSEEN;
    }
    for (int32_t i = 0; i < p->w * p->h; i++) {
        if (p->labels[i] != (uint32_t)UNSEEN) {
            continue;
        }
        uint32_t count = 1;
        p->stack[0] = p->labels[i] = (uint32_t)i;
        while (count) {
            int32_t at = (int32_t)p->stack[--count];
            for (int k = 0; k < 9; k++) {
                int32_t next = next_to(p, at, k);
                if (next >= 0 && p->labels[next] == (uint32_t)UNSEEN) {
                    p->labels[next] = (uint32_t)i;
                    p->stack[count++] = (uint32_t)next;
                }
            }
        }
    }
}

static void hold(const parts *p, const float *values, uint32_t mark, uint32_t *strong, uint32_t *marks) {
    int32_t nodes = p->w * p->h;
    uint32_t winner = BD_RULE_NONE;
    bool any = false;
    float largest = -INFINITY;
    for (int32_t i = 0; i < nodes; i++) {
        p->labels[i] = values[i] > (float)BD_RULE_LOW ? (uint32_t)i : BD_RULE_NONE;
        strong[i] = 0;
    }
    find_parts(p);
    for (int32_t i = 0; i < nodes; i++) {
        if (p->labels[i] != BD_RULE_NONE && values[i] > (float)BD_RULE_HIGH) {
            strong[p->labels[i]] = 1;
            any = true;
        }
        if (p->labels[i] != BD_RULE_NONE && values[i] > largest) {
            largest = values[i];
        }
    }
    for (int32_t i = 0; i < nodes; i++) {
        if (p->labels[i] != BD_RULE_NONE && !(values[i] < largest)) {
            winner = BD_MIN(winner, p->labels[i]);
        }
    }
    for (int32_t i = 0; i < nodes; i++) {
        uint32_t root = p->labels[i];
        marks[i] |= root != BD_RULE_NONE && (any ? strong[root] != 0 : root == winner) ? mark : 0;
    }
}

/* Whether a part joins: by the ring around it, and by what the classes say of it. */
static bool is_worn(const parts *p, const float *grid, const uint32_t *marks, uint32_t root, uint32_t *seen) {
    int32_t nodes = p->w * p->h;
    uint32_t ring = 0, kept = 0;
    int64_t sum = 0;
    memset(seen, 0, (size_t)nodes * sizeof *seen);
    for (int32_t i = 0; i < nodes; i++) {
        if (p->labels[i] != root) {
            continue;
        }
        double share = 1.0 / (1.0 + exp(-(double)grid[4 * i]));
        sum += (int64_t)(share * BD_RULE_ONE + 0.5) - BD_RULE_LEAST;
        for (int k = 0; k < 9; k++) {
            int32_t next = next_to(p, i, k);
            if (next >= 0 && p->labels[next] == BD_RULE_NONE && !seen[next]) {
                seen[next] = 1;
                ring++;
                kept += marks[next] & BD_RULE_KEEP;
            }
        }
    }
    return 2 * kept > ring && sum >= 0;
}

static bool is_edge(const parts *p, int32_t node) {
    static const int sides[4] = {1, 3, 5, 7};
    bool edge = false;
    for (int k = 0; k < 4; k++) {
        int32_t next = next_to(p, node, sides[k]);
        edge |= next >= 0 && p->labels[next] == BD_RULE_NONE;
    }
    return edge;
}

static void locate(const parts *p, const float *values, uint32_t *areas, uint32_t box[6]) {
    int32_t nodes = p->w * p->h;
    uint32_t largest = 0;
    for (int32_t i = 0; i < nodes; i++) {
        p->labels[i] = values[i] > (float)BD_RULE_BOX_LEVEL ? (uint32_t)i : BD_RULE_NONE;
        areas[i] = 0;
    }
    find_parts(p);
    for (int32_t i = 0; i < nodes; i++) {
        if (p->labels[i] != BD_RULE_NONE) {
            areas[p->labels[i]]++;
            largest = BD_MAX(largest, areas[p->labels[i]]);
        }
    }
    box[0] = box[1] = BD_RULE_NONE;
    box[2] = box[3] = box[4] = box[5] = 0;
    for (int32_t i = 0; i < nodes; i++) {
        uint32_t root = p->labels[i], x = (uint32_t)(i % p->w), y = (uint32_t)(i / p->w);
        if (root != BD_RULE_NONE && BD_RULE_BOX_SHARE * areas[root] >= largest) {
            box[0] = BD_MIN(box[0], x);
            box[1] = BD_MIN(box[1], y);
            box[2] = BD_MAX(box[2], x);
            box[3] = BD_MAX(box[3], y);
            box[4]++;
            box[5] += is_edge(p, i);
        }
    }
}

void bd_ref_rule(const float *grid, int32_t w, int32_t h, bd_ref_bodies *bodies, uint32_t *room) {
    int32_t nodes = w * h;
    const parts p = {w, h, room, room + nodes};
    uint32_t *more = room + 2 * nodes, *roots = room + 3 * nodes;
    for (int32_t i = 0; i < nodes; i++) {
        bodies->values[i] = grid[4 * i];
        bodies->marks[i] = 0;
    }
    hold(&p, bodies->values, BD_RULE_KEEP, more, bodies->marks);
    for (int32_t i = 0; i < nodes; i++) {
        bool inside = grid[4 * i + 1] > 0.0f && !(bodies->marks[i] & BD_RULE_KEEP);
        p.labels[i] = inside ? (uint32_t)i : BD_RULE_NONE;
    }
    find_parts(&p);
    for (int32_t i = 0; i < nodes; i++) {
        roots[i] = p.labels[i] == (uint32_t)i && is_worn(&p, grid, bodies->marks, (uint32_t)i, more);
    }
    for (int32_t i = 0; i < nodes; i++) {
        if (p.labels[i] != BD_RULE_NONE && roots[p.labels[i]]) {
            bodies->values[i] = fmaxf(grid[4 * i], grid[4 * i + 1]);
        }
    }
    hold(&p, bodies->values, BD_RULE_KEEP2, more, bodies->marks);
    for (int32_t i = 0; i < nodes; i++) {
        bool loose = bodies->values[i] > (float)BD_RULE_LOW && !(bodies->marks[i] & BD_RULE_KEEP2);
        bodies->marks[i] |= loose ? BD_RULE_LOOSE : 0;
    }
    locate(&p, bodies->values, more, bodies->box);
}

void bd_ref_rule_apply(const bd_ref_bodies *bodies, int32_t w, int32_t h, float bias, float *plane) {
    const parts p = {.w = w, .h = h};
    for (int32_t i = 0; i < w * h; i++) {
        uint32_t marks = 0;
        for (int k = 0; k < 9; k++) {
            int32_t next = next_to(&p, i, k);
            marks |= next < 0 ? 0 : bodies->marks[next];
        }
        bool drops = (marks & BD_RULE_LOOSE) && !(marks & BD_RULE_KEEP2);
        double value = (double)(drops ? fminf(bodies->values[i], (float)BD_RULE_DROP) : bodies->values[i]);
        plane[i] = (float)(1.0 / (1.0 + exp(-BD_RULE_STEEPNESS * (value + (double)bias))));
    }
}

/* ---- the crop ---------------------------------------------------------------------------------------------------- */

bd_ref_crop bd_ref_crop_of(const uint32_t box[4], const int32_t photo[2], const int32_t nodes[2],
                           const int32_t net[2]) {
    double low[2], high[2], size[2], corner[2];
    for (int a = 0; a < 2; a++) {
        double pitch = (double)(photo[a] - 1) / BD_MAX(nodes[a] - 1, 1);
        low[a] = box[a] * pitch + 0.5;
        high[a] = box[a + 2] * pitch + 0.5;
        size[a] = high[a] - low[a];
    }
    double growth = 2.0 * BD_CROP_GROWTH * fmax(size[0], size[1]);
    double scale = fmax(fmax((size[0] + growth) / net[0], (size[1] + growth) / net[1]), 1e-3);
    double whole = fmax((double)photo[0] / net[0], (double)photo[1] / net[1]);
    for (int a = 0; a < 2; a++) {
        double most = fmax(photo[a] - scale * net[a], 0.0);
        corner[a] = fmin(fmax(0.5 * (low[a] + high[a]) - 0.5 * scale * net[a], 0.0), most);
    }
    bool found = box[0] <= box[2] && box[1] <= box[3];
    return (bd_ref_crop){(float)corner[0], (float)corner[1], (float)scale, found && whole >= BD_CROP_GAIN * scale};
}

float bd_ref_larger_share(const uint32_t box[6], float cell) {
    double cells = box[4] * (double)cell / fmax(box[5], 1e-3);
    return (float)fmin(fmax((BD_LARGER_THICK - cells) / (BD_LARGER_THICK - BD_LARGER_THIN), 0.0), 1.0);
}

static double cubic(double x) {
    double d = fabs(x);
    return d < 1.0 ? (1.5 * d - 2.5) * d * d + 1.0 : d < 2.0 ? ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0 : 0.0;
}

/* Four channels, of `count` pixels that lie `step` apart. */
static void filtered(const uint8_t *src, int32_t count, size_t step, double centre, double scale, uint8_t *y) {
    double wide = fmax(scale, 1.0), reach = BD_CROP_REACH * wide, total = 0.0, sum[4] = {0};
    int32_t from = BD_MAX((int32_t)floor(centre - reach), 0), to = BD_MIN((int32_t)ceil(centre + reach), count - 1);
    for (int32_t i = from; i <= to; i++) {
        double weight = cubic((i + 0.5 - centre) / wide);
        total += weight;
        for (size_t c = 0; c < 4; c++) {
            sum[c] += weight * src[(size_t)i * step + c];
        }
    }
    for (int c = 0; c < 4; c++) {
        y[c] = (uint8_t)fmin(fmax(sum[c] / total + 0.5, 0.0), 255.0);
    }
}

void bd_ref_crop_picture(const uint8_t *pixels, const int32_t photo[2], const int32_t net[2], const bd_ref_crop *crop,
                         uint32_t outside, uint8_t *columns, uint8_t *y) {
    double scale = (double)crop->scale;
    for (int32_t row = 0; row < photo[1]; row++) {
        for (int32_t x = 0; x < net[0]; x++) {
            double centre = (double)crop->x + (x + 0.5) * scale;
            if (centre < photo[0]) {
                filtered(pixels + (size_t)row * (size_t)photo[0] * 4, photo[0], 4, centre, scale,
                         columns + ((size_t)row * (size_t)net[0] + (size_t)x) * 4);
            }
        }
    }
    for (int32_t row = 0; row < net[1]; row++) {
        double centre = (double)crop->y + (row + 0.5) * scale;
        for (int32_t x = 0; x < net[0]; x++) {
            uint8_t *to = y + ((size_t)row * (size_t)net[0] + (size_t)x) * 4;
            if (centre >= photo[1] || (double)crop->x + (x + 0.5) * scale >= photo[0]) {
                memcpy(to, &outside, sizeof outside);
            } else {
                filtered(columns + (size_t)x * 4, photo[1], (size_t)net[0] * 4, centre, scale, to);
            }
        }
    }
}

float bd_ref_crop_fade(const bd_ref_crop *crop, const int32_t photo[2], const int32_t net[2], float x, float y) {
    const double at[2] = {(double)x, (double)y}, corner[2] = {(double)crop->x, (double)crop->y};
    double least = 1.0;
    for (int a = 0; a < 2; a++) {
        double width = BD_CROP_FADE * net[a], end = corner[a] + net[a] * (double)crop->scale;
        double low = corner[a] <= 0.0 ? 1.0 : at[a] / width;
        double high = end >= photo[a] - 1e-3 * (double)crop->scale ? 1.0 : (net[a] - at[a]) / width;
        least = fmin(least, fmin(low, high));
    }
    return (float)fmin(fmax(least, 0.0), 1.0);
}

/* ---- the band ---------------------------------------------------------------------------------------------------- */

void bd_ref_band_find(const float *plane, int32_t w, int32_t h, float inner, float outer, float *band) {
    for (int32_t i = 0; i < w * h; i++) {
        double nearest_in = INFINITY, nearest_out = INFINITY;
        for (int32_t k = 0; k < w * h; k++) {
            int32_t dx = k % w - i % w, dy = k / w - i / w;
            double distance = hypot(dx, dy);
            bool inside = plane[k] > 0.5f;
            nearest_in = inside ? fmin(nearest_in, distance) : nearest_in;
            nearest_out = inside ? nearest_out : fmin(nearest_out, distance);
        }
        bool all = inner >= 0.0f && nearest_out > (double)inner, none = outer >= 0.0f && nearest_in > (double)outer;
        band[i] = all ? 1.0f : none ? 0.0f : 0.5f;
    }
}

float bd_ref_band_at(const float *band, int32_t w, int32_t h, float x, float y) {
    int32_t left = BD_MIN((int32_t)x, w - 1), top = BD_MIN((int32_t)y, h - 1);
    int32_t right = BD_MIN(left + 1, w - 1), bottom = BD_MIN(top + 1, h - 1);
    float sum = band[top * w + left] + band[top * w + right] + band[bottom * w + left] + band[bottom * w + right];
    return sum >= 4.0f ? 1.0f : sum <= 0.0f ? 0.0f : 0.5f;
}
