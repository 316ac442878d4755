/* SPDX-License-Identifier: MIT
 * The subject in the new background's light: statistics in Oklab, the map made of them, and light over an edge. */
#include "reference/ref_light.h"

#include <math.h>
#include <string.h>

#include "push/harmonize.h"
#include "push/light.h"

double bd_ref_to_light(double srgb) {
    return srgb <= 0.04045 ? srgb / 12.92 : pow((srgb + 0.055) / 1.055, 2.4);
}

double bd_ref_to_srgb(double light) {
    return light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1.0 / 2.4) - 0.055;
}

static void transform(const double m[3][3], const double v[3], double to[3]) {
    for (int i = 0; i < 3; i++) {
        to[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
    }
}

/* Ottosson's four matrices. */
static const double cones_of_light[3][3] = {{0.4122214708, 0.5363325363, 0.0514459929},
                                            {0.2119034982, 0.6806995451, 0.1073969566},
                                            {0.0883024619, 0.2817188376, 0.6299787005}};
static const double lab_of_cones[3][3] = {{0.2104542553, 0.7936177850, -0.0040720468},
                                          {1.9779984951, -2.4285922050, 0.4505937099},
                                          {0.0259040371, 0.7827717662, -0.8086757660}};
static const double cones_of_lab[3][3] = {
    {1.0, 0.3963377774, 0.2158037573}, {1.0, -0.1055613458, -0.0638541728}, {1.0, -0.0894841775, -1.2914855480}};
static const double light_of_cones[3][3] = {{4.0767416621, -3.3077115913, 0.2309699292},
                                            {-1.2684380046, 2.6097574011, -0.3413193965},
                                            {-0.0041960863, -0.7034186147, 1.7076147010}};

void bd_ref_oklab(const double light[3], double lab[3]) {
    double cones[3];
    transform(cones_of_light, light, cones);
    for (int i = 0; i < 3; i++) {
        cones[i] = cbrt(cones[i]);
    }
    transform(lab_of_cones, cones, lab);
}

/* A picture's pixel as light and alpha. */
static double light_of(const uint32_t pixel[4], bool deep, bool premultiplied, double light[3]) {
    double most = bd_ref_most(deep), a = pixel[3] / most;
    for (int c = 0; c < 3; c++) {
        double v = pixel[c] / most;
        light[c] = bd_ref_to_light(premultiplied ? fmin(v / fmax(a, 1e-6), 1.0) : v);
    }
    return a;
}

static void get_pixel(const void *picture, bool deep, size_t at, uint32_t pixel[4]) {
    for (size_t c = 0; c < 4; c++) {
        pixel[c] = bd_ref_number(picture, deep, 4 * at + c);
    }
}

void bd_ref_statistics(const void *picture, bool deep, int32_t w, int32_t h, const float *alpha, bool premultiplied,
                       int32_t block, float sums[8]) {
    double totals[8] = {0.0};
    for (int32_t y = 0; y < h; y += block) {
        for (int32_t x = 0; x < w; x += block) {
            size_t at = (size_t)BD_MIN(y + block / 2, h - 1) * (size_t)w + (size_t)BD_MIN(x + block / 2, w - 1);
            uint32_t pixel[4];
            get_pixel(picture, deep, at, pixel);
            double light[3], lab[3], weight = light_of(pixel, deep, premultiplied, light);
            bd_ref_oklab(light, lab);
            weight *= alpha ? (double)alpha[at] : 1.0;
            double chroma = lab[1] * lab[1] + lab[2] * lab[2];
            double gray = weight * lab[0] * fmax(1.0 - chroma / (BD_HARMONIZE_GRAY * BD_HARMONIZE_GRAY), 0.0);
            const double terms[8] = {weight * lab[0], weight * lab[0] * lab[0],
                                     weight * chroma, weight,
                                     gray * lab[0],   gray * lab[1],
                                     gray * lab[2],   gray};
            for (int i = 0; i < 8; i++) {
                totals[i] += terms[i];
            }
        }
    }
    for (int i = 0; i < 8; i++) {
        sums[i] = (float)totals[i];
    }
}

static double within(double value, double low, double high) {
    return fmin(fmax(value, low), high);
}

static double ratio(double to, double from, double share) {
    return pow(fmax(to, 1e-3) / fmax(from, 1e-3), share);
}

typedef struct moments {
    double lightness, deviation, chroma; /* mean, standard deviation, root mean square */
    double gray[3], sure;                /* (L, a, b) where things are nearly grey; their share */
} moments;

static moments moments_of(const float sums[8]) {
    double weight = fmax((double)sums[3], 1e-6), gray = fmax((double)sums[7], 1e-6);
    moments m = {.lightness = (double)sums[0] / weight, .sure = (double)sums[7] / weight};
    m.deviation = sqrt(fmax((double)sums[1] / weight - m.lightness * m.lightness, 0.0));
    m.chroma = sqrt((double)sums[2] / weight);
    for (int i = 0; i < 3; i++) {
        m.gray[i] = (double)sums[4 + i] / gray;
    }
    return m;
}

void bd_ref_harmonize(const float subject[8], const float background[8], bool full, float map[12]) {
    const moments from = moments_of(subject), to = moments_of(background);
    double from_cones[3], to_cones[3], gain[3], share = BD_HARMONIZE_SHARE;
    transform(cones_of_lab, from.gray, from_cones);
    transform(cones_of_lab, to.gray, to_cones);
    double exposure = within(ratio(to.lightness, from.lightness, share), BD_HARMONIZE_DARKER, BD_HARMONIZE_BRIGHTER);
    double sure = within(fmin(from.sure, to.sure) / BD_HARMONIZE_SURE, 0.0, 1.0);
    for (int i = 0; i < 3; i++) {
        double tint =
            ratio(to_cones[i] * fmax(from.gray[0], 1e-3), from_cones[i] * fmax(to.gray[0], 1e-3), share * sure);
        gain[i] = exposure * within(tint, 1.0 - BD_HARMONIZE_TINT, 1.0 + BD_HARMONIZE_TINT);
    }
    double spread[3] = {1.0, 1.0, 1.0};
    if (full) {
        spread[0] = within(ratio(to.deviation, from.deviation, share), 1.0 - BD_HARMONIZE_CONTRAST,
                           1.0 + BD_HARMONIZE_CONTRAST);
        spread[1] = within(ratio(to.chroma, from.chroma, share), 1.0 - BD_HARMONIZE_COLOR, 1.0 + BD_HARMONIZE_COLOR);
        spread[2] = spread[1];
    }
    bool some = subject[3] > 0.5f && background[3] > 0.5f;
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            double sum = 0.0;
            for (int k = 0; k < 3; k++) {
                sum += lab_of_cones[i][k] * gain[k] * cones_of_lab[k][j];
            }
            map[4 * i + j] = some ? (float)(spread[i] * sum) : (float)(i == j);
        }
        map[4 * i + 3] = some && i == 0 ? (float)(exposure * from.lightness * (1.0 - spread[0])) : 0.0f;
    }
}

void bd_ref_light_reduce(const bd_ref_background *background, const float *alpha, int32_t w, int32_t h, int32_t block,
                         float *grid) {
    int32_t step = (block + BD_LIGHT_SAMPLES - 1) / BD_LIGHT_SAMPLES;
    for (int32_t y = 0; y < h; y += block) {
        for (int32_t x = 0; x < w; x += block, grid += 4) {
            double sums[3] = {0.0, 0.0, 0.0}, count = 0.0;
            for (int32_t v = y; v < BD_MIN(y + block, h); v += step) {
                for (int32_t u = x; u < BD_MIN(x + block, w); u += step) {
                    uint32_t pixel[4];
                    bool covered = bd_ref_behind(background, u, v, pixel);
                    double light[3];
                    double share = light_of(pixel, background->deep, covered && background->premultiplied, light);
                    share *= 1.0 - (double)bd_ref_settled(alpha[(size_t)v * (size_t)w + (size_t)u]);
                    for (int c = 0; c < 3; c++) {
                        sums[c] += share * light[c];
                    }
                    count += 1.0;
                }
            }
            for (int c = 0; c < 3; c++) {
                grid[c] = (float)(sums[c] / count);
            }
            grid[3] = 0.0f;
        }
    }
}

void bd_ref_relight(const void *front, bool deep, float alpha, const float *map, const float *light, void *y) {
    double most = bd_ref_most(deep);
    uint32_t pixel[4];
    get_pixel(front, deep, 0, pixel);
    memcpy(y, front, deep ? 8 : 4);
    bool lit = light && (light[0] > 0.0f || light[1] > 0.0f || light[2] > 0.0f);
    if (!(bd_ref_settled(alpha) > 0.0f) || !(map || lit)) {
        return;
    }
    double color[3];
    (void)light_of(pixel, deep, false, color);
    if (map) {
        double lab[3], mapped[3], cones[3];
        bd_ref_oklab(color, lab);
        for (int i = 0; i < 3; i++) {
            mapped[i] = (double)map[4 * i] * lab[0] + (double)map[4 * i + 1] * lab[1] +
                        (double)map[4 * i + 2] * lab[2] + (double)map[4 * i + 3];
        }
        transform(cones_of_lab, mapped, cones);
        for (int i = 0; i < 3; i++) {
            cones[i] = cones[i] * cones[i] * cones[i];
        }
        transform(light_of_cones, cones, color);
    }
    for (int c = 0; c < 3; c++) {
        double veil = light ? BD_LIGHT_WRAP * (double)light[c] : 0.0;
        double value = 1.0 - (1.0 - within(color[c], 0.0, 1.0)) * (1.0 - veil);
        bd_ref_set_number(y, deep, (size_t)c, (uint32_t)(within(bd_ref_to_srgb(value), 0.0, 1.0) * most + 0.5));
    }
}
