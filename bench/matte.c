/* SPDX-License-Identifier: MIT
 * Scores mattes of a folder of NAME.photo.png (or NAME.ANY.photo.png) with NAME.alpha.png, and with NAME.foreground.png
 * the colours under the true matte. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "masks.h"
#include "matte.h"
#include "matte_options.h"
#include "metrics.h"
#include "picture.h"

enum { MODES = BENCH_MATTE_COUNT, MOST_PHOTOS = 512, SIDE = 513, STRIDE = 8 };

enum { SIMULATE_NOTHING, SIMULATE_PROBABILITIES, SIMULATE_LOGITS };

/* One photo with what is known about it, and the sums over all. */
typedef struct subject {
    char name[256];
    bd_image photo, foreground;
    float *alpha;
    uint32_t w, h;
    float *coarse;
    uint32_t coarse_w, coarse_h;
    bd_image trimap;
} subject;

/* bd_foreground's ways: the last one leaves the photo as it is. */
enum { COLORS = BD_FOREGROUND_OFF + 1 };
static const char *const color_names[COLORS] = {"color_error_foreground", "color_error_blur", "color_error_photo"};

typedef struct totals {
    scores sums[MODES];
    double worst[MODES]; /* SAD over hard's */
    double color_errors[COLORS];
    uint32_t photos, colors;
} totals;

/* ---- input ------------------------------------------------------------------------------------------------------- */

/* NAME.ANY.photo.png -> NAME.alpha.png, where NAME.ANY.alpha.png is not there. */
static bool find_beside(const char *folder, const char *name, const char *kind, char *path, size_t room) {
    char stem[256];
    (void)snprintf(stem, sizeof stem, "%s", name);
    for (char *dot = stem + strlen(stem); dot; dot = strrchr(stem, '.')) {
        *dot = '\0';
        (void)snprintf(path, room, "%s/%s.%s.png", folder, stem, kind);
        if (bench_exists(path)) {
            return true;
        }
    }
    return false;
}

static float *plane_of(const bd_image *image) {
    float *plane = malloc((size_t)image->width * image->height * sizeof *plane);
    for (size_t y = 0; y < image->height && plane; y++) {
        for (size_t x = 0; x < image->width; x++) {
            plane[y * image->width + x] = (float)image->pixels[y * image->stride_bytes + 4 * x] / 255.0f;
        }
    }
    return plane;
}

static float mean_of(const subject *s, double x0, double x1, double y0, double y1) {
    double sum = 0.0;
    for (uint32_t y = (uint32_t)y0; y < y1 && y < s->h; y++) {
        for (uint32_t x = (uint32_t)x0; x < x1 && x < s->w; x++) {
            sum += bench_overlap(x0, x1, x) * bench_overlap(y0, y1, y) * (double)s->alpha[(size_t)y * s->w + x];
        }
    }
    return (float)(sum / ((x1 - x0) * (y1 - y0)));
}

static float between_corners(const float *grid, uint32_t w, uint32_t h, double x, double y) {
    uint32_t x0 = (uint32_t)x, y0 = (uint32_t)y, x1 = x0 + 1 < w ? x0 + 1 : x0, y1 = y0 + 1 < h ? y0 + 1 : y0;
    double fx = x - x0, fy = y - y0;
    double top = (double)grid[(size_t)y0 * w + x0] * (1.0 - fx) + (double)grid[(size_t)y0 * w + x1] * fx;
    double bottom = (double)grid[(size_t)y1 * w + x0] * (1.0 - fx) + (double)grid[(size_t)y1 * w + x1] * fx;
    return (float)(top * (1.0 - fy) + bottom * fy);
}

/* The true matte, averaged over the nodes that a network of output stride 8 has on the photo fitted to 513 pixels. As
 * logits: 6 where a node is all foreground, -6 where it is none, interpolated to 513 pixels, then the sigmoid. */
static bool simulate(subject *s, bool logits) {
    double scale = (double)SIDE / (s->w > s->h ? s->w : s->h);
    uint32_t w = (uint32_t)fmax(s->w * scale, 1.0), h = (uint32_t)fmax(s->h * scale, 1.0);
    uint32_t gw = (w + STRIDE - 2) / STRIDE + 1, gh = (h + STRIDE - 2) / STRIDE + 1;
    float *grid = malloc((size_t)gw * gh * sizeof *grid);
    for (uint32_t y = 0; y < gh && grid; y++) {
        for (uint32_t x = 0; x < gw; x++) {
            grid[(size_t)y * gw + x] =
                mean_of(s, (double)x * s->w / gw, (x + 1.0) * s->w / gw, (double)y * s->h / gh, (y + 1.0) * s->h / gh);
        }
    }
    s->coarse = grid;
    s->coarse_w = gw;
    s->coarse_h = gh;
    if (!logits || !grid) {
        return grid != NULL;
    }
    s->coarse = malloc((size_t)w * h * sizeof *s->coarse);
    for (uint32_t y = 0; y < h && s->coarse; y++) {
        for (uint32_t x = 0; x < w; x++) {
            double u = w > 1 ? x * (gw - 1.0) / (w - 1.0) : 0.0, v = h > 1 ? y * (gh - 1.0) / (h - 1.0) : 0.0;
            double logit = 12.0 * ((double)between_corners(grid, gw, gh, u, v) - 0.5);
            s->coarse[(size_t)y * w + x] = (float)(1.0 / (1.0 + exp(-logit)));
        }
    }
    free(grid);
    s->coarse_w = w;
    s->coarse_h = h;
    return s->coarse != NULL;
}

/* Measured mattes are off by a little where there is nothing, or all. */
#define TRIMAP_NOISE (5.5f / 255.0f)

/* What the true matte has within px of a pixel, in squares: between 0 and 1, or both of them, is unknown. Along rows,
 * then along columns. */
static bool make_trimap(subject *s, long px) {
    uint8_t *rows = malloc((size_t)s->w * s->h), *pixels = malloc((size_t)s->w * s->h);
    for (int pass = 0; pass < 2 && rows && pixels; pass++) {
        long sizes[2] = {s->w, s->h}, length = sizes[pass], step = pass ? (long)s->w : 1;
        for (long i = 0; i < (long)s->w * s->h; i++) {
            long at = pass ? i / s->w : i % s->w;
            long from = at < px ? at : px, to = length - 1 - at < px ? length - 1 - at : px;
            bool back = true, front = true;
            for (long d = -from; d <= to; d++) {
                float own = pass ? (float)rows[i + d * step] / 255.0f : s->alpha[i + d * step];
                back = back && own <= TRIMAP_NOISE;
                front = front && own >= 1.0f - TRIMAP_NOISE;
            }
            (pass ? pixels : rows)[i] = back ? 0 : front ? 255 : 128;
        }
    }
    free(rows);
    s->trimap =
        (bd_image){.width = s->w, .height = s->h, .format = BD_FORMAT_GRAY8, .stride_bytes = s->w, .pixels = pixels};
    return pixels != NULL;
}

static void close_subject(subject *s) {
    bd_image_finish(&s->photo);
    bd_image_finish(&s->foreground);
    free(s->alpha);
    free(s->coarse);
    free(s->trimap.pixels);
    *s = (subject){.coarse = NULL};
}

static bool open_subject(const bench *b, const char *name, subject *s) {
    const bench_arguments *a = &b->a;
    const char *folder = a->operands.items[0];
    char path[4096];
    *s = (subject){.coarse = NULL};
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    (void)snprintf(path, sizeof path, "%s/%s.photo.png", folder, name);
    bool done = bench_read_image(path, false, &s->photo);
    if (done && !find_beside(folder, name, "alpha", path, sizeof path)) {
        (void)fprintf(stderr, "%s/%s: no alpha beside the photo\n", folder, name);
        done = false;
    }
    bd_image alpha = {0};
    done = done && bench_read_image(path, false, &alpha);
    s->w = s->photo.width;
    s->h = s->photo.height;
    if (done && (alpha.width != s->w || alpha.height != s->h)) {
        (void)fprintf(stderr, "%s: not the photo's size\n", path);
        done = false;
    }
    done = done && (s->alpha = plane_of(&alpha));
    bd_image_finish(&alpha);
    if (done && find_beside(folder, name, "foreground", path, sizeof path)) {
        done = bench_read_image(path, false, &s->foreground) && s->foreground.width == s->w &&
               s->foreground.height == s->h;
    }
    done = done && (!a->trimap_px || make_trimap(s, (long)a->trimap_px));
    return done && (a->simulate == SIMULATE_NOTHING || simulate(s, a->simulate == SIMULATE_LOGITS));
}

/* ---- scores ------------------------------------------------------------------------------------------------------ */

static bool score_mode(const bench *b, const subject *s, int mode, scores *result) {
    bd_matte_params params = bench_matte_params(b, mode);
    params.coarse = s->coarse;
    params.coarse_width = s->coarse_w;
    params.coarse_height = s->coarse_h;
    if (s->trimap.pixels && (mode == BENCH_MATTE_REFINE || mode == BENCH_MATTE_BEST)) {
        params.trimap = &s->trimap;
    }
    bd_error error;
    bd_image alpha = {0};
    if (bd_session_matte(b->session, &s->photo, &params, &alpha, &error)) {
        return bench_fail(&error);
    }
    float *matte = malloc((size_t)s->w * s->h * sizeof *matte);
    for (size_t y = 0; y < s->h && matte; y++) {
        for (size_t x = 0; x < s->w; x++) {
            uint16_t value;
            memcpy(&value, alpha.pixels + y * alpha.stride_bytes + 2 * x, sizeof value);
            matte[y * s->w + x] = (float)value / 65535.0f;
        }
    }
    bd_image_finish(&alpha);
    bool done = matte && metrics_score(matte, s->alpha, s->w, s->h, result);
    free(matte);
    return done;
}

/* Mean distance of colours from the true foreground where the true matte is partial, weighted by it, when the library
 * is given the true matte. */
static bool score_colors(const bench *b, const subject *s, bd_foreground way, double *score) {
    const bd_matte_params matte = {.struct_size = sizeof matte,
                                   .mode = BD_MATTE_SOFT,
                                   .coarse = s->alpha,
                                   .coarse_width = s->w,
                                   .coarse_height = s->h};
    const bd_replace_params params = {
        .struct_size = sizeof params, .background = BD_BACKGROUND_TRANSPARENT, .matte = &matte, .foreground = way};
    bd_error error;
    bd_image cut = {0};
    if (bd_session_replace(b->session, &s->photo, NULL, &params, &cut, &error)) {
        return bench_fail(&error);
    }
    double sum = 0.0, count = 0.0;
    for (size_t y = 0; y < s->h; y++) {
        for (size_t x = 0; x < s->w; x++) {
            float a = s->alpha[y * s->w + x];
            if (a <= 0.0f || a >= 1.0f) {
                continue;
            }
            for (size_t c = 0; c < 3; c++) {
                int truth = s->foreground.pixels[y * s->foreground.stride_bytes + 4 * x + c];
                sum += (double)a * abs(cut.pixels[y * cut.stride_bytes + 4 * x + c] - truth);
                count += (double)a;
            }
        }
    }
    bd_image_finish(&cut);
    *score = count > 0.0 ? sum / count : 0.0;
    return true;
}

static cJSON *scores_to_json(const scores *s) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "sad", s->sad);
    cJSON_AddNumberToObject(object, "mse", s->mse);
    cJSON_AddNumberToObject(object, "grad", s->grad);
    cJSON_AddNumberToObject(object, "conn", s->conn);
    return object;
}

static void print_scores(const bench *b, const char *name, const char *mode, const scores *s, const scores *hard) {
    bench_say(b, "%-16s %-7s %8.2f %8.2f %8.2f %8.2f   %6.3f %6.3f %6.3f %6.3f\n", name, mode, s->sad, s->mse, s->grad,
              s->conn, s->sad / hard->sad, s->mse / hard->mse, s->grad / hard->grad, s->conn / hard->conn);
}

static void add(scores *to, const scores *from) {
    to->sad += from->sad;
    to->mse += from->mse;
    to->grad += from->grad;
    to->conn += from->conn;
}

static bool score_subject(const bench *b, const bool wanted[MODES], const subject *s, totals *sums, cJSON *json) {
    scores found[MODES];
    for (int m = 0; m < MODES; m++) {
        if (!wanted[m]) {
            continue;
        }
        if (!score_mode(b, s, m, &found[m])) {
            return false;
        }
        add(&sums->sums[m], &found[m]);
        print_scores(b, s->name, bench_matte_names[m], &found[m], &found[0]);
        cJSON_AddItemToObject(json, bench_matte_names[m], scores_to_json(&found[m]));
        sums->worst[m] = fmax(sums->worst[m], found[m].sad / found[0].sad);
    }
    sums->photos++;
    for (int way = 0; s->foreground.pixels && way < COLORS; way++) {
        double score = 0.0;
        if (!score_colors(b, s, (bd_foreground)way, &score)) {
            return false;
        }
        cJSON_AddNumberToObject(json, color_names[way], score);
        sums->color_errors[way] += score;
    }
    sums->colors += s->foreground.pixels != NULL;
    return true;
}

static void report(const bench *b, const bool wanted[MODES], totals *sums, cJSON *json) {
    cJSON *mean = cJSON_AddObjectToObject(json, "mean");
    for (int m = 0; m < MODES; m++) {
        scores *s = &sums->sums[m];
        double n = sums->photos ? sums->photos : 1;
        *s = (scores){s->sad / n, s->mse / n, s->grad / n, s->conn / n};
        if (wanted[m]) {
            print_scores(b, "mean", bench_matte_names[m], s, &sums->sums[0]);
            cJSON_AddItemToObject(mean, bench_matte_names[m], scores_to_json(s));
        }
    }
    for (int m = 1; m < MODES; m++) {
        if (wanted[m]) {
            bench_say(b, "%s's SAD over hard's, worst photo: %.3f\n", bench_matte_names[m], sums->worst[m]);
        }
    }
    if (sums->colors) {
        const double *error = sums->color_errors, n = sums->colors;
        bench_say(b,
                  "colour error in the edge band, true matte: photo %.2f, foreground %.2f, blur fusion %.2f (of 255)\n",
                  error[BD_FOREGROUND_OFF] / n, error[BD_FOREGROUND_MULTILEVEL] / n, error[BD_FOREGROUND_BLUR] / n);
    }
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static uint32_t list_photos(const char *folder, char **names) {
    static const char ending[] = ".photo.png";
    DIR *dir = opendir(folder);
    uint32_t count = 0;
    if (!dir) {
        perror(folder);
        return 0;
    }
    for (const struct dirent *entry = readdir(dir); entry && count < MOST_PHOTOS; entry = readdir(dir)) {
        size_t length = strlen(entry->d_name), tail = sizeof ending - 1;
        if (length > tail && !strcmp(entry->d_name + length - tail, ending)) {
            names[count] = strdup(entry->d_name);
            if (names[count]) {
                names[count++][length - tail] = '\0';
            }
        }
    }
    (void)closedir(dir);
    qsort(names, count, sizeof *names, by_name);
    return count;
}

static bool score_alphas(bench *b) {
    char *names[MOST_PHOTOS];
    bool wanted[MODES];
    bench_matte_wanted(b, wanted);
    wanted[BENCH_MATTE_HARD] = true; /* the others are shares of it */
    uint32_t count = list_photos(b->a.operands.items[0], names);
    bool ok = count > 0 && bench_open(b, 1);
    totals sums = {.photos = 0};
    cJSON *json = cJSON_CreateObject(), *photos = cJSON_AddArrayToObject(json, "photos");
    if (ok) {
        bench_describe(b, json);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (bench_matte_takes(b, i)) {
            subject s;
            cJSON *row = cJSON_CreateObject();
            cJSON_AddStringToObject(row, "name", names[i]);
            if (ok) {
                ok = open_subject(b, names[i], &s) && score_subject(b, wanted, &s, &sums, row);
                close_subject(&s);
            }
            cJSON_AddItemToArray(photos, row);
        }
        free(names[i]);
    }
    if (ok && !sums.photos) {
        (void)fprintf(stderr, "%s: %u photos, and --from %u is none of them\n", b->a.operands.items[0], count,
                      b->a.from);
        ok = false;
    } else {
        report(b, wanted, &sums, json);
    }
    return bench_write_json(b, json) && ok;
}

bool bench_matte(bench *b) {
    return !bench_masks_refuse(b) && (b->a.masks ? bench_masks(b) : score_alphas(b));
}
