/* SPDX-License-Identifier: MIT
 * The closed-form matte as a whole against a direct solution, and what a trimap knows, through the public calls: no
 * weights needed. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/reference.h"
#include "api/session.h"

static test_session t;

static void *make(size_t bytes) {
    void *memory = calloc(bytes, 1);
    assert_non_null(memory);
    return memory;
}

/* A disc with an edge EDGE pixels wide, in two colours under noise. */
#define EDGE 4.0f

typedef struct scene {
    uint32_t w, h;
    bd_image photo, trimap;
    float *truth, *coarse;
    uint32_t coarse_w, coarse_h;
} scene;

static float cover(const scene *s, float x, float y) {
    float away = hypotf(x - 0.4f * (float)s->w, y - 0.5f * (float)s->h) - 0.35f * (float)s->h;
    return fminf(fmaxf(0.5f - away / EDGE, 0.0f), 1.0f);
}

static scene make_scene(uint32_t w, uint32_t h, uint32_t cell, float noise) {
    scene s = {.w = w, .h = h, .coarse_w = (w - 1) / cell + 2, .coarse_h = (h - 1) / cell + 2};
    static const float front[3] = {190, 120, 60}, back[3] = {50, 90, 170};
    s.photo = test_new_picture(w, h);
    s.trimap = (bd_image){
        .width = w, .height = h, .format = BD_FORMAT_GRAY8, .stride_bytes = w + 5, .pixels = make((size_t)(w + 5) * h)};
    s.truth = make((size_t)w * h * sizeof *s.truth);
    s.coarse = make((size_t)s.coarse_w * s.coarse_h * sizeof *s.coarse);
    uint32_t seed = w * 31 + h;
    for (uint32_t i = 0; i < w * h; i++) {
        float a = cover(&s, (float)(i % w), (float)(i / w));
        s.truth[i] = a;
        for (uint32_t c = 0; c < 4; c++) {
            seed = seed * 1664525u + 1013904223u;
            float v =
                c < 3 ? a * front[c] + (1.0f - a) * back[c] + noise * ((float)(seed >> 8) / 8388608.0f - 1.0f) : 255.0f;
            s.photo.pixels[4 * i + c] = (uint8_t)(v + 0.5f);
        }
        float in = cover(&s, (float)(i % w), (float)(i / w) - 3.0f),
              out = cover(&s, (float)(i % w), (float)(i / w) + 3.0f);
        float least = fminf(a, fminf(in, out)), most = fmaxf(a, fmaxf(in, out));
        s.trimap.pixels[i / w * (w + 5) + i % w] = least >= 1.0f ? 255 : most <= 0.0f ? 0 : (uint8_t)(1 + i % 254);
    }
    for (uint32_t i = 0; i < s.coarse_w * s.coarse_h; i++) {
        float x = (float)(i % s.coarse_w) * (float)(w - 1) / (float)(s.coarse_w - 1);
        float y = (float)(i / s.coarse_w) * (float)(h - 1) / (float)(s.coarse_h - 1);
        s.coarse[i] = 0.02f + 0.96f * cover(&s, x, y);
    }
    return s;
}

static void drop_scene(scene *s) {
    free(s->photo.pixels);
    free(s->trimap.pixels);
    free(s->truth);
    free(s->coarse);
}

static bd_matte_params params_of(const scene *s, bd_matte_mode mode, bool coarse, bool trimap) {
    return (bd_matte_params){.struct_size = sizeof(bd_matte_params),
                             .mode = mode,
                             .coarse = coarse ? s->coarse : NULL,
                             .coarse_width = s->coarse_w,
                             .coarse_height = s->coarse_h,
                             .trimap = trimap ? &s->trimap : NULL};
}

static bd_image matte_of(const scene *s, const bd_matte_params *params) {
    bd_image alpha = {0};
    bd_error error;
    if (bd_session_matte(t.session, &s->photo, params, &alpha, &error)) {
        fail_msg("%s", error.message);
    }
    return alpha;
}

/* ---- against a direct solution ----------------------------------------------------------------------------------- */

/* (A | b), n rows of n + 1, by Gaussian elimination with the largest pivot; the solution ends up in column n. */
static void eliminate(double *rows, size_t n) {
    size_t pitch = n + 1;
    for (size_t k = 0; k < n; k++) {
        size_t best = k;
        for (size_t i = k + 1; i < n; i++) {
            best = fabs(rows[i * pitch + k]) > fabs(rows[best * pitch + k]) ? i : best;
        }
        for (size_t j = 0; j <= n; j++) {
            double kept = rows[k * pitch + j];
            rows[k * pitch + j] = rows[best * pitch + j];
            rows[best * pitch + j] = kept;
        }
        double pivot = rows[k * pitch + k];
        assert_true(fabs(pivot) > 1e-12);
        for (size_t i = 0; i < n; i++) {
            double share = rows[i * pitch + k] / pivot;
            for (size_t j = k; j <= n && i != k && share != 0.0; j++) {
                rows[i * pitch + j] -= share * rows[k * pitch + j];
            }
        }
    }
    for (size_t k = 0; k < n; k++) {
        rows[k * pitch + n] /= rows[k * pitch + k];
    }
}

/* The matting Laplacian by Levin's formula, equation 12: of each window w, delta_ij - (1 + (c_i - mean)' (covariance +
 * eps / |w|)^-1 (c_j - mean)) / |w|. grid (h, w, 4); matrix n x n, n = w * h. */
static void add_window(const float *grid, int32_t w, int32_t h, int32_t x, int32_t y, double eps, double *matrix) {
    size_t nodes[9], count = 0, n = (size_t)w * (size_t)h;
    for (int32_t v = BD_MAX(y - 1, 0); v <= BD_MIN(y + 1, h - 1); v++) {
        for (int32_t u = BD_MAX(x - 1, 0); u <= BD_MIN(x + 1, w - 1); u++) {
            nodes[count++] = (size_t)v * (size_t)w + (size_t)u;
        }
    }
    double mean[3] = {0}, moved[9][3];
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < 3; c++) {
            mean[c] += (double)grid[4 * nodes[i] + c] / (double)count;
        }
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < 3; c++) {
            moved[i][c] = (double)grid[4 * nodes[i] + c] - mean[c];
        }
    }
    for (size_t j = 0; j < count; j++) {
        double solve[12];
        for (size_t r = 0; r < 3; r++) {
            for (size_t c = 0; c < 3; c++) {
                double sum = r == c ? eps : 0.0;
                for (size_t i = 0; i < count; i++) {
                    sum += moved[i][r] * moved[i][c];
                }
                solve[r * 4 + c] = sum / (double)count;
            }
            solve[r * 4 + 3] = moved[j][r];
        }
        eliminate(solve, 3);
        for (size_t i = 0; i < count; i++) {
            double like = 1.0 + moved[i][0] * solve[3] + moved[i][1] * solve[7] + moved[i][2] * solve[11];
            matrix[nodes[i] * n + nodes[j]] += (i == j ? 1.0 : 0.0) - like / (double)count;
        }
    }
}

/* What the last photo left in the slot of that name that was added last. */
static float *read_slot(const char *name, size_t bytes) {
    const bd_frame *frame = t.session->frames.ring[0];
    bd_slot slot = frame->now->recipe.slot_count;
    while (slot-- > 0 && (!frame->now->recipe.names[slot] || strcmp(frame->now->recipe.names[slot], name) != 0)) {
    }
    assert_true(slot < frame->now->recipe.slot_count && frame->now->slots[slot].bytes >= bytes);
    float *data = make(bytes);
    bd_error error;
    if (bd_vk_buffer_read(t.session->vk, frame->now->slots[slot].buffer, frame->now->slots[slot].offset, data, bytes,
                          &error)) {
        fail_msg("%s", error.message);
    }
    return data;
}

/* What the solver was given is read back; all that it made of that is made again here. */
static void check_direct(const scene *s, bool coarse, bool trimap) {
    enum { BINS = BD_BINS * BD_BINS * BD_BINS };
    size_t n = (size_t)s->w * s->h, pitch = (size_t)(s->w + 3) / 4 * 4;
    int32_t w = (int32_t)s->w, h = (int32_t)s->h;
    const bd_matte_params params = params_of(s, BD_MATTE_BEST, coarse, trimap);
    bd_image alpha = matte_of(s, &params);
    bd_image_finish(&alpha);
    float *grid = read_slot("values", n * 16), *got = read_slot("solution", n * 16);
    float *plane = read_slot("coarse mask", pitch * s->h * 4), *values = make(n * 4);
    float *targets = make(n * 16), *bins = make((size_t)BINS * 16);
    uint32_t *counts = make((size_t)BINS * 8), *list = make(n * 4);
    for (size_t i = 0; i < n; i++) {
        values[i] = plane[i / s->w * pitch + i % s->w];
    }
    bd_ref_colour_count(grid, values, n, counts);
    bd_ref_colour_blur(counts, bins);
    for (size_t i = 0; i < n; i++) {
        bd_ref_closed_target(grid + 4 * i, values[i], bins, 0.75f, trimap && !coarse ? 0.001f : 0.01f, 0.05f, trimap,
                             targets + 4 * i);
    }
    bool *solved = make(n * sizeof *solved);
    uint32_t tiles = bd_ref_tiles(targets, w, h, false, list);
    for (uint32_t i = 0; i < tiles * BD_TILE * BD_TILE; i++) {
        uint32_t x = (list[i / (BD_TILE * BD_TILE)] & 0xffffu) * BD_TILE + i % BD_TILE;
        uint32_t y = (list[i / (BD_TILE * BD_TILE)] >> 16) * BD_TILE + i / BD_TILE % BD_TILE;
        if (x < s->w && y < s->h) {
            solved[y * s->w + x] = targets[4 * (y * s->w + x) + 3] <= 0.0f;
        }
    }
    double *matrix = make(n * n * sizeof *matrix), *rows = make(n * (n + 1) * sizeof *rows);
    for (int32_t i = 0; i < w * h; i++) {
        add_window(grid, w, h, i % w, i / w, 1e-6, matrix);
    }
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        double *row = rows + i * (n + 1);
        count += solved[i];
        row[i] = 1.0;
        row[n] = (double)grid[4 * i + 3]; /* as the filters left it */
        if (solved[i]) {
            memcpy(row, matrix + i * n, n * sizeof *row);
            row[i] += (double)targets[4 * i + 1];
            row[n] = (double)targets[4 * i] * (double)targets[4 * i + 1];
        }
    }
    eliminate(rows, n);
    double worst = 0.0, moved = 0.0;
    for (size_t i = 0; i < n; i++) {
        double x = rows[i * (n + 1) + n], stretched = fmin(fmax((x - 0.1) / 0.8, 0.0), 1.0);
        bool in_tile = solved[i] || (trimap && targets[4 * i + 3] > 0.0f);
        double expected = in_tile ? stretched : (double)grid[4 * i + 3];
        worst = fmax(worst, fabs(expected - (double)got[4 * i + 3]));
        moved += fabs(expected - (double)grid[4 * i + 3]);
    }
    if (worst > 2e-4 || moved / (double)n < 2e-3 || count < n / 4) {
        fail_msg("coarse %d, trimap %d: %zu of %zu nodes solved, the worst off by %g, moved by %g on average", coarse,
                 trimap, count, n, worst, moved / (double)n);
    }
    free(rows);
    free(matrix);
    free(solved);
    free(list);
    free(counts);
    free(bins);
    free(targets);
    free(values);
    free(plane);
    free(got);
    free(grid);
}

static void test_direct(void **state) {
    (void)state;
    static const char *const sets[] = {"storage", "texel"};
    for (size_t i = 0; i < BD_COUNT(sets); i++) {
        test_session_open_model(&t, NULL, sets[i]);
        t.session->closed_form_steps = 60;
        t.session->apart = true;
        for (float noise = 4.0f; noise < 50.0f; noise *= 3.0f) {
            scene s = make_scene(24, 17, 4, noise);
            check_direct(&s, true, false);
            check_direct(&s, true, true);
            check_direct(&s, false, true);
            drop_scene(&s);
        }
        test_session_close(&t);
    }
}

/* ---- what a trimap knows ----------------------------------------------------------------------------------------- */

static uint8_t known(const scene *s, uint32_t x, uint32_t y) {
    return s->trimap.pixels[y * s->trimap.stride_bytes + x];
}

/* Known pixels are exactly so; the mean error of the others. */
static double error_of(const scene *s, const bd_image *alpha) {
    double sum = 0.0, count = 0.0;
    for (uint32_t i = 0; i < s->w * s->h; i++) {
        uint8_t value = alpha->pixels[i / s->w * alpha->stride_bytes + i % s->w], given = known(s, i % s->w, i / s->w);
        if (given == 0 || given == 255) {
            assert_int_equal(value, given);
        } else {
            sum += fabs((double)value / 255.0 - (double)s->truth[i]);
            count++;
        }
    }
    assert_true(count > 0.0);
    return sum / count;
}

static void test_known(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {121, 90}, {1100, 130}, {70, 2060}};
    test_session_open_model(&t, NULL, NULL);
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        scene s = make_scene(sizes[i][0], sizes[i][1], 8, 6.0f);
        for (int way = 0; way < 4; way++) {
            bool best = way & 1, coarse = way & 2;
            const bd_matte_params params = params_of(&s, best ? BD_MATTE_BEST : BD_MATTE_REFINE, coarse, true);
            bd_image alpha = matte_of(&s, &params);
            double off = error_of(&s, &alpha);
            if (i > 0 && off > (best ? 0.03 : 0.06)) {
                fail_msg("%ux%u, best %d, coarse %d: unknown pixels are off by %.4f", s.w, s.h, best, coarse, off);
            }
            bd_image_finish(&alpha);
        }
        drop_scene(&s);
    }
    test_session_close(&t);
}

static bd_replace_params cut_out(const bd_matte_params *matte) {
    return (bd_replace_params){
        .struct_size = sizeof(bd_replace_params), .background = BD_BACKGROUND_TRANSPARENT, .matte = matte};
}

static bd_image replaced(const scene *s, const bd_matte_params *matte) {
    const bd_replace_params params = cut_out(matte);
    return test_replaced(t.session, &s->photo, NULL, &params);
}

/* What is surely foreground keeps the photo's bytes, what is surely background is gone; bands leave no trace. */
static void test_composite(void **state) {
    (void)state;
    test_session_open_model(&t, NULL, NULL);
    scene s = make_scene(1101, 290, 8, 6.0f);
    const bd_matte_params matte = params_of(&s, BD_MATTE_BEST, false, true);
    bd_image whole = replaced(&s, &matte);
    for (uint32_t i = 0; i < s.w * s.h; i++) {
        uint8_t given = known(&s, i % s.w, i / s.w);
        if (given == 255) {
            assert_memory_equal(whole.pixels + 4 * (size_t)i, s.photo.pixels + 4 * (size_t)i, 4);
        } else if (given == 0) {
            assert_int_equal(whole.pixels[4 * (size_t)i + 3], 0);
        }
    }
    t.session->band_bytes = (VkDeviceSize)s.w * 4 * 130;
    /* Another call in between, so that commands are recorded anew. */
    bd_image other = matte_of(&s, &matte), banded = replaced(&s, &matte);
    test_assert_same(&whole, &banded);
    bd_image_finish(&banded);
    bd_image_finish(&other);
    bd_image_finish(&whole);
    drop_scene(&s);
    test_session_close(&t);
}

/* Two photos under way, each with a trimap of its own, which may be gone once its photo is begun. */
static void test_flight(void **state) {
    (void)state;
    test_session_open_model(&t, NULL, NULL);
    scene scenes[2] = {make_scene(61, 50, 8, 6.0f), make_scene(61, 50, 8, 6.0f)};
    for (uint32_t y = 0; y < 50; y++) {
        memset(scenes[1].trimap.pixels + y * scenes[1].trimap.stride_bytes, y < 25 ? 0 : 77, 61);
    }
    bd_image alone[2], results[2] = {{0}};
    for (int i = 0; i < 2; i++) {
        const bd_matte_params matte = params_of(&scenes[i], BD_MATTE_REFINE, true, true);
        alone[i] = replaced(&scenes[i], &matte);
    }
    assert_true(memcmp(alone[0].pixels, alone[1].pixels, alone[0].stride_bytes * 50) != 0);
    for (int i = 0; i < 2; i++) {
        const bd_matte_params matte = params_of(&scenes[i], BD_MATTE_REFINE, true, true);
        const bd_replace_params params = cut_out(&matte);
        assert_int_equal(bd_session_replace_begin(t.session, &scenes[i].photo, NULL, &params, NULL), BD_OK);
        drop_scene(&scenes[i]);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bd_session_replace_end(t.session, &results[i], NULL), BD_OK);
        test_assert_same(&alone[i], &results[i]);
        bd_image_finish(&results[i]);
        bd_image_finish(&alone[i]);
    }
    test_session_close(&t);
}

static void refuse(const scene *s, const bd_matte_params *params, const char *words) {
    bd_image alpha = {0};
    bd_error error;
    assert_int_equal(bd_session_matte(t.session, &s->photo, params, &alpha, &error), BD_ERR_INVALID_ARGUMENT);
    if (!strstr(error.message, words)) {
        fail_msg("no '%s' in: %s", words, error.message);
    }
}

static void test_refusals(void **state) {
    (void)state;
    test_session_open_model(&t, NULL, NULL);
    scene s = make_scene(30, 20, 8, 6.0f);
    const bd_matte_params sound = params_of(&s, BD_MATTE_BEST, true, true);
    bd_matte_params p = sound;
    p.mode = BD_MATTE_HARD;
    refuse(&s, &p, "takes no trimap");
    p.mode = BD_MATTE_SOFT;
    refuse(&s, &p, "takes no trimap");
    p = sound;
    p.keep = BD_KEEP_LARGEST;
    refuse(&s, &p, "which parts");
    p = sound;
    p.island_share = 0.5f;
    refuse(&s, &p, "which parts");
    p = sound;
    p.fill_holes = true;
    refuse(&s, &p, "which parts");
    p = sound;
    p.trimap = &s.photo;
    refuse(&s, &p, "one byte per pixel");
    bd_image other = s.trimap;
    p.trimap = &other;
    other.width--;
    refuse(&s, &p, "29x20 for a photo of 30x20");
    other.width = other.stride_bytes = 31;
    refuse(&s, &p, "31x20 for a photo of 30x20");
    other.width = 30;
    other.stride_bytes = 29;
    refuse(&s, &p, "one byte per pixel");
    p.trimap = NULL;
    p.coarse = NULL;
    refuse(&s, &p, "without a model");
    drop_scene(&s);
    test_session_close(&t);
}

int main(void) {
    int skip = test_device_skip();
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_direct), cmocka_unit_test(test_known),
                                              cmocka_unit_test(test_composite), cmocka_unit_test(test_flight),
                                              cmocka_unit_test(test_refusals)};
    return skip ? skip : cmocka_run_group_tests(tests, NULL, NULL);
}
