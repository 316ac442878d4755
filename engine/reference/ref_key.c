/* SPDX-License-Identifier: MIT
 * A uniform backdrop's colour: the key, what is around, alpha and the subject's colours. */
#include "reference/ref_key.h"

#include <math.h>
#include <string.h>

#include "reference/ref_blur.h"
#include "reference/ref_light.h"

typedef struct colour {
    double light[3], lab[3];
} colour;

static const double luminance[3] = {0.2126, 0.7152, 0.0722};

static double dot(const double a[3], const double b[3]) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static double within(double value, double low, double high) {
    return fmin(fmax(value, low), high);
}

static double smooth(double value, double low, double high) {
    double t = within((value - low) / (high - low), 0.0, 1.0);
    return t * t * (3.0 - 2.0 * t);
}

static double mix(double a, double b, double share) {
    return a + (b - a) * share;
}

static colour colour_of(const void *photo, bool deep, size_t at) {
    colour c;
    for (size_t i = 0; i < 3; i++) {
        c.light[i] = bd_ref_to_light((double)bd_ref_number(photo, deep, 4 * at + i) / (double)bd_ref_most(deep));
    }
    bd_ref_oklab(c.light, c.lab);
    return c;
}

/* ---- the key ----------------------------------------------------------------------------------------------------- */

void bd_ref_key_count(const uint8_t *photo, int32_t w, int32_t h, int32_t spacing, int32_t border, uint32_t *counts) {
    for (int32_t y = 0; y < h; y += spacing) {
        for (int32_t x = 0; x < w; x += spacing) {
            if (BD_MIN(BD_MIN(x, w - 1 - x), BD_MIN(y, h - 1 - y)) >= border) {
                continue;
            }
            size_t at = (size_t)y * (size_t)w + (size_t)x;
            const colour c = colour_of(photo, false, at);
            int32_t bin[3];
            for (int i = 0; i < 2; i++) {
                double hue = c.lab[1 + i] / fmax(c.lab[0], 0.1);
                bin[i] = (int32_t)within(floor((hue - BD_KEY_LOW) / BD_KEY_STEP_HUE), 0.0, BD_KEY_HUES - 1);
            }
            bin[2] = (int32_t)within(floor(c.lab[0] / BD_KEY_STEP_L), 0.0, BD_KEY_LEVELS - 1);
            uint32_t *own = counts + 4 * ((bin[2] * BD_KEY_HUES + bin[1]) * BD_KEY_HUES + bin[0]);
            own[0]++;
            for (int i = 0; i < 3; i++) {
                own[1 + i] += photo[4 * at + (size_t)i];
            }
        }
    }
}

static void add_window(const uint32_t *counts, int32_t x, int32_t y, int32_t z, uint32_t sum[4]) {
    memset(sum, 0, 4 * sizeof *sum);
    for (int32_t k = BD_MAX(z - 2, 0); k <= BD_MIN(z + 2, BD_KEY_LEVELS - 1); k++) {
        for (int32_t j = BD_MAX(y - 1, 0); j <= BD_MIN(y + 1, BD_KEY_HUES - 1); j++) {
            for (int32_t i = BD_MAX(x - 1, 0); i <= BD_MIN(x + 1, BD_KEY_HUES - 1); i++) {
                for (int c = 0; c < 4; c++) {
                    sum[c] += counts[4 * ((k * BD_KEY_HUES + j) * BD_KEY_HUES + i) + c];
                }
            }
        }
    }
}

/* srgb, and the share. */
static void find(const uint32_t *counts, double found[4]) {
    uint32_t best[4] = {0}, total = 0;
    for (int32_t bin = 0; bin < BD_KEY_BINS; bin++) {
        uint32_t sum[4];
        total += counts[4 * bin];
        if (!counts[4 * bin]) {
            continue;
        }
        add_window(counts, bin % BD_KEY_HUES, bin / BD_KEY_HUES % BD_KEY_HUES, bin / (BD_KEY_HUES * BD_KEY_HUES), sum);
        if (sum[0] > best[0]) {
            memcpy(best, sum, sizeof best);
        }
    }
    for (int c = 0; c < 3; c++) {
        found[c] = best[1 + c] / (255.0 * BD_MAX(best[0], 1));
    }
    found[3] = (double)best[0] / BD_MAX(total, 1);
}

void bd_ref_key_choose(const uint32_t *counts, uint32_t color, float key[4 * BD_KEY_VECTORS]) {
    double srgb[4] = {0.0}, light[3], lab[3];
    for (int c = 0; c < 3; c++) {
        srgb[c] = (color >> 8 * c & 255u) / 255.0;
    }
    if (counts) {
        find(counts, srgb);
    }
    for (int c = 0; c < 3; c++) {
        light[c] = bd_ref_to_light(srgb[c]);
    }
    bd_ref_oklab(light, lab);
    double grey = (light[0] + light[1] + light[2]) / 3.0;
    double u[3] = {light[0] - grey, light[1] - grey, light[2] - grey}, much = sqrt(dot(u, u));
    for (int c = 0; c < 3; c++) {
        u[c] = much > 1e-5 ? u[c] / much : (c == 1 ? 2.0 : -1.0) / sqrt(6.0);
    }
    double third = 1.0 / sqrt(3.0);
    const double v[3] = {third * (u[2] - u[1]), third * (u[0] - u[2]), third * (u[1] - u[0])};
    for (int c = 0; c < 3; c++) {
        key[c] = (float)light[c];
        key[4 + c] = (float)lab[c];
        key[8 + c] = (float)u[c];
        key[12 + c] = (float)v[c];
    }
    key[3] = (float)srgb[3];
    key[7] = (float)smooth(sqrt(lab[1] * lab[1] + lab[2] * lab[2]), BD_KEY_GREY, BD_KEY_COLOURFUL);
    key[11] = key[15] = 0.0f;
}

typedef struct key {
    colour of;
    double u[3], v[3], colourful;
} key;

static key key_of(const float *vectors) {
    key k = {.colourful = (double)vectors[7]};
    for (int c = 0; c < 3; c++) {
        k.of.light[c] = (double)vectors[c];
        k.of.lab[c] = (double)vectors[4 + c];
        k.u[c] = (double)vectors[8 + c];
        k.v[c] = (double)vectors[12 + c];
    }
    return k;
}

static double excess(const key *k, const double light[3]) {
    return dot(light, k->u) - fabs(dot(light, k->v)) / sqrt(3.0);
}

static double place(const double lab[3], const double of[3]) {
    return dot(lab, of) / fmax(dot(of, of), 1e-6);
}

static double distance(const double lab[3], const double of[3], double low, double high) {
    double t = within(place(lab, of), low, high);
    const double away[3] = {lab[0] - t * of[0], lab[1] - t * of[1], lab[2] - t * of[2]};
    return sqrt(dot(away, away));
}

static double far_from(const key *k, const double lab[3]) {
    return distance(lab, k->of.lab, 0.93 - 0.33 * k->colourful, 1.08 + 0.1 * k->colourful);
}

static double difference(const key *k, const double light[3], const double back[3]) {
    return within(1.0 - excess(k, light) / fmax(excess(k, back), 1e-4), 0.0, 1.0);
}

static double lit(const key *k, const double back[3]) {
    return within(dot(back, luminance) / (BD_KEY_LIT * fmax(dot(k->of.light, luminance), 1e-4)), 0.02, 1.0);
}

/* ---- what is around ---------------------------------------------------------------------------------------------- */

static double weight_of(const key *k, const colour *c, bool front, double tolerance) {
    double away = far_from(k, c->lab), edge = 2.0 * tolerance;
    if (front) {
        double share = smooth(difference(k, c->light, k->of.light), 0.9, 1.0);
        return smooth(away, edge + 0.05, edge + 0.125) * mix(1.0, share, k->colourful);
    }
    return fmax(1.0 - away / edge, 0.0) * exp2(BD_KEY_BRIGHT * (fmin(place(c->lab, k->of.lab), 1.2) - 1.0));
}

void bd_ref_key_reduce(const uint8_t *photo, int32_t w, int32_t h, int32_t block, const float *vectors, bool front,
                       float tolerance, float *grid) {
    const key k = key_of(vectors);
    for (int32_t y = 0; y < h; y += block) {
        for (int32_t x = 0; x < w; x += block, grid += 4) {
            double sum[4] = {0.0};
            for (int32_t j = y; j < BD_MIN(y + block, h); j++) {
                for (int32_t i = x; i < BD_MIN(x + block, w); i++) {
                    const colour c = colour_of(photo, false, (size_t)j * (size_t)w + (size_t)i);
                    double share = weight_of(&k, &c, front, (double)tolerance);
                    for (int n = 0; n < 4; n++) {
                        sum[n] += share * (n < 3 ? c.light[n] : 1.0);
                    }
                }
            }
            for (int n = 0; n < 4; n++) {
                grid[n] = (float)(sum[n] / (block * block));
            }
        }
    }
}

void bd_ref_key_pair(const float back[4], const float front[4], const float wide[4], const float *vectors,
                     float gain_back, float gain_front, float pair[8]) {
    double behind = (double)back[3] * (double)gain_back, own = (double)front[3] * (double)gain_front;
    for (int c = 0; c < 3; c++) {
        double around = (double)wide[c] / fmax((double)wide[3], 1e-6);
        pair[c] = (float)(((double)front[c] * (double)gain_front + 1e-2 * around) / (own + 1e-2));
        pair[4 + c] = (float)(((double)back[c] * (double)gain_back + 1e-4 * (double)vectors[c]) / (behind + 1e-4));
    }
    pair[3] = 0.0f;
    pair[7] = (float)behind;
}

/* ---- alpha ------------------------------------------------------------------------------------------------------- */

static double unmixed(const key *k, const double light[3], const double front[3], const double back[3]) {
    double prior = BD_KEY_PRIOR;
    double ff = dot(front, front) + prior, fb = dot(front, back) + prior, bb = dot(back, back) + prior;
    double fi = dot(front, light) + prior, bi = dot(back, light) + prior, whole = fmax(ff * bb - fb * fb, 1e-9);
    double p = (bb * fi - fb * bi) / whole, q = p < 0.0 ? bi / bb : (ff * bi - fb * fi) / whole;
    double rest[3];
    for (int c = 0; c < 3; c++) {
        rest[c] = light[c] - fmax(p, 0.0) * front[c] - q * back[c];
    }
    double sure = exp2(-dot(rest, rest) / (BD_KEY_REST * BD_KEY_REST));
    return mix(mix(1.0, difference(k, light, back), k->colourful), within(1.0 - q, 0.0, 1.0), sure);
}

float bd_ref_key_matte(const uint8_t pixel[4], const float pair[8], const float *vectors, float tolerance,
                       float softness, bool shadow) {
    const key k = key_of(vectors);
    const colour c = colour_of(pixel, false, 0);
    double front[3], back[3], lab[3];
    for (int i = 0; i < 3; i++) {
        front[i] = (double)pair[i];
        back[i] = (double)pair[4 + i];
    }
    bd_ref_oklab(back, lab);
    double away = distance(c.lab, lab, 0.96 - 0.06 * k.colourful, 1.06 + 0.08 * k.colourful);
    double ramp = within((away - (double)tolerance) / fmax((double)softness, 1e-4), 0.0, 1.0);
    double a = ramp * unmixed(&k, c.light, front, back), edge = 2.0 * (double)tolerance;
    a += (1.0 - a) * (1.0 - smooth((double)pair[7], 0.0, 0.05)) * smooth(far_from(&k, c.lab), edge, edge + 0.02);
    if (shadow) {
        a = 1.0 - (1.0 - a) * mix(lit(&k, c.light), lit(&k, back), ramp);
    }
    return (float)a;
}

void bd_ref_key_reach(const float *plane, int32_t w, int32_t h, int32_t radius, float *grid) {
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < w; x++, grid += 4) {
            float largest = 0.0f, smallest = 1.0f;
            for (int32_t j = BD_MAX(y - radius, 0); j <= BD_MIN(y + radius, h - 1); j++) {
                for (int32_t i = BD_MAX(x - radius, 0); i <= BD_MIN(x + radius, w - 1); i++) {
                    float value = plane[(size_t)j * (size_t)w + (size_t)i];
                    largest = fmaxf(largest, value);
                    smallest = fminf(smallest, value);
                }
            }
            grid[0] = largest;
            grid[1] = smallest;
            grid[2] = grid[3] = 0.0f;
        }
    }
}

float bd_ref_key_gate(float alpha, const float reach[4]) {
    double least = smooth((double)reach[1], BD_KEY_INSIDE_LOW, BD_KEY_INSIDE_HIGH);
    double most = smooth((double)reach[0], BD_KEY_OUTSIDE_LOW, BD_KEY_OUTSIDE_HIGH);
    return (float)fmax(fmin((double)alpha, most), least);
}

/* ---- the subject's colours --------------------------------------------------------------------------------------- */

void bd_ref_key_front(const void *photo, const bd_ref_key_way *way, const float pair[8], const float *vectors,
                      float keyed, float alpha, void *y) {
    const key k = key_of(vectors);
    colour c = colour_of(photo, way->deep, 0);
    double own = (double)bd_ref_settled(keyed), final = (double)bd_ref_settled(alpha), a = fmax(own, final);
    bool mixed = way->unmix && a < 1.0;
    memcpy(y, photo, way->deep ? 8 : 4);
    if (!(final > 0.0)) {
        return;
    }
    double back[3] = {(double)pair[4], (double)pair[5], (double)pair[6]}, shade = way->shadow ? lit(&k, back) : 1.0;
    for (int i = 0; i < 3 && mixed; i++) {
        c.light[i] = within((c.light[i] - (1.0 - a) * back[i] / shade) / a, 0.0, 1.0);
        c.light[i] = mix(c.light[i], (double)pair[i], way->shadow ? 0.0 : BD_KEY_GUESS / (BD_KEY_GUESS + a * a));
    }
    double share = (double)way->spill * k.colourful * (way->network ? 1.0 - fmax(final - own, 0.0) : 1.0);
    double over = share * fmax(excess(&k, c.light), 0.0), level = dot(k.u, luminance);
    for (int i = 0; i < 3 && (mixed || over > 0.0); i++) {
        double value = within(c.light[i] + over * (level - k.u[i]), 0.0, 1.0);
        bd_ref_set_number(y, way->deep, (size_t)i,
                          (uint32_t)(within(bd_ref_to_srgb(value), 0.0, 1.0) * (double)bd_ref_most(way->deep) + 0.5));
    }
}
