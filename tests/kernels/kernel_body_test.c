/* SPDX-License-Identifier: MIT
 * What of the network's answer is a body, and the crop of a second look: every variant against its scalar reference. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "reference/reference.h"
#include "support/kernel_check.h"

static check harness;

static void *make(size_t bytes) {
    void *memory = calloc(bytes + 1, 1);
    assert_non_null(memory);
    return memory;
}

/* ---- log-odds ---------------------------------------------------------------------------------------------------- */

typedef enum choice { ONE, SOME, ALL_BUT_BACKGROUND, ALL, NONE, CHOICES } choice;

static bd_odds_of choose(choice kind, int32_t classes, bool in_set[256]) {
    bd_odds_of of = {.background = kind == SOME ? -1 : check_between(&harness, 0, classes - 1)};
    int32_t one = check_between(&harness, 0, classes - 1);
    for (int32_t c = 0; c < classes; c++) {
        in_set[c] = kind == ONE    ? c == one
                    : kind == SOME ? check_between(&harness, 0, 1) == 1
                    : kind == ALL  ? true
                    : kind == NONE ? false
                                   : c != of.background;
        of.classes.words[c / 32] |= in_set[c] ? 1u << c % 32 : 0u;
    }
    return of;
}

/* Interpolated in floats as the shader does, since logits far apart leave little of a rounding error. */
static void logits_at(const float *logits, const int32_t dims[3], float x, float y, float *values) {
    bd_ref_sample(logits, dims[0], dims[1], dims[2], x, y, values);
}

static void check_odds(choice kind, const int32_t dims[3], int32_t w, int32_t h) {
    bool in_set[256];
    const bd_odds_of of = choose(kind, dims[2], in_set);
    const bd_shape shape = {.rank = 4, .dims = {1, dims[1], dims[0], dims[2]}};
    const bd_axis_map x = {.scale = (float)(dims[0] - 1) / (float)BD_MAX(w - 1, 1), .max = (float)(dims[0] - 1)};
    const bd_axis_map y = {.scale = (float)dims[1] / (float)h, .bias = -0.2f, .max = (float)(dims[1] - 1)};
    size_t count = (size_t)dims[0] * (size_t)dims[1] * (size_t)dims[2];
    float *logits = check_floats(&harness, count, -12.0f, 12.0f);
    float *padded = check_pad(logits, (size_t)dims[0] * (size_t)dims[1], dims[2]);
    const check_input inputs[4] = {{padded, (size_t)dims[0] * (size_t)dims[1] * (size_t)((dims[2] + 3) / 4) * 16}};
    float *expected = make((size_t)w * (size_t)h * 4 * sizeof *expected);
    for (int32_t i = 0; i < w * h; i++) {
        float values[256];
        int32_t row = i / w;
        float at_x = fminf(fmaxf((float)(i % w) * x.scale + x.bias, 0.0f), x.max);
        float at_y = fminf(fmaxf((float)row * y.scale + y.bias, 0.0f), y.max);
        logits_at(logits, dims, at_x, at_y, values);
        bd_ref_odds(values, dims[2], in_set, of.background, &expected[4 * i], &expected[4 * i + 1]);
    }
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_odds(&harness.vk, &shape, &of, (uint32_t)w, (uint32_t)h, x, y, 0, 1, &dispatch);
        size_t bytes = (size_t)w * (size_t)h * 16;
        float *got = check_output(bytes);
        check_run(&harness, &dispatch, inputs, got, bytes, "odds", 0.0);
        check_tensor("odds", expected, got, (size_t)w * (size_t)h, 4, w, 1e-4f, 1e-5f);
        free(got);
    }
    free(expected);
    free(padded);
    free(logits);
}

static void test_odds(void **state) {
    (void)state;
    static const int32_t logits[][3] = {{1, 1, 2}, {5, 3, 21}, {9, 9, 1}, {3, 7, 151}, {4, 2, 256}};
    for (size_t i = 0; i < BD_COUNT(logits); i++) {
        for (int kind = 0; kind < CHOICES; kind++) {
            check_odds((choice)kind, logits[i], 1 + (int32_t)i * 17, 19 - (int32_t)i * 4);
        }
    }
}

/* ---- the rule ---------------------------------------------------------------------------------------------------- */

typedef enum picture { NOISE, TIES, SPARSE, DENSE, BLOBS, NOBODY, EVERYWHERE, SPIRAL, PICTURES } picture;

/* Whole parts of one level with holes of another class, as bodies are. */
static void fill_blobs(float *grid, int32_t w, int32_t h) {
    for (int32_t i = 0; i < w * h; i++) {
        grid[4 * i] = -6.0f;
        grid[4 * i + 1] = -5.0f;
    }
    for (int blob = 0; blob < 9; blob++) {
        int32_t cx = check_between(&harness, 0, w - 1), cy = check_between(&harness, 0, h - 1);
        int32_t r = check_between(&harness, 1, BD_MAX(w, h) / 3 + 1);
        float o = check_float(&harness, -3.0f, 4.0f), n = check_float(&harness, -2.0f, 5.0f);
        for (int32_t i = 0; i < w * h; i++) {
            int32_t dx = i % w - cx, dy = i / w - cy;
            if (dx * dx + dy * dy <= r * r) {
                grid[4 * i] = blob % 3 ? o : BD_MAX(o, grid[4 * i]);
                grid[4 * i + 1] = n;
            }
        }
    }
}

/* A line two nodes wide that winds inwards, with gaps of two: the longest tree that labels can make. */
static bool on_spiral(int32_t w, int32_t h, int32_t x, int32_t y) {
    int32_t ring = BD_MIN(BD_MIN(x, w - 1 - x), BD_MIN(y, h - 1 - y));
    bool seam = x == ring && y == ring + 2 && ring % 4 < 2 && ring > 0;
    return ring % 4 < 2 && !seam;
}

static float *make_grid(picture kind, int32_t w, int32_t h) {
    float *grid = make((size_t)w * (size_t)h * 4 * sizeof *grid);
    for (int32_t i = 0; i < w * h; i++) {
        float o = check_float(&harness, -5.0f, 5.0f), n = check_float(&harness, -5.0f, 5.0f);
        grid[4 * i] = kind == TIES         ? roundf(o / 2.0f)
                      : kind == SPARSE     ? o - 4.0f
                      : kind == DENSE      ? o + 3.0f
                      : kind == NOBODY     ? -5.0f + 0.1f * o
                      : kind == EVERYWHERE ? 6.0f
                      : kind == SPIRAL ? (on_spiral(w, h, i % w, i / w) ? 0.0f : -9.0f) + (i == w * h / 2 ? 3.0f : 0.0f)
                                       : o;
        grid[4 * i + 1] = kind == TIES ? roundf(n / 3.0f) : kind == NOBODY ? -1.0f : n;
    }
    if (kind == BLOBS) {
        fill_blobs(grid, w, h);
    }
    return grid;
}

static void check_words(const char *what, const uint32_t *expected, const uint32_t *got, uint32_t count, int32_t w) {
    for (uint32_t i = 0; i < count; i++) {
        if (expected[i] != got[i]) {
            fail_msg("%s at %u,%u of a row of %d: %x, expected %x", what, i % (uint32_t)w, i / (uint32_t)w, w, got[i],
                     expected[i]);
        }
    }
}

static void check_apply(const bd_ref_bodies *bodies, const uint32_t *words, int32_t w, int32_t h, float bias) {
    uint32_t nodes = (uint32_t)(w * h);
    const bd_push_rule push = {.w = w, .h = h, .bias = bias};
    const check_input inputs[4] = {{words, BD_RULE_WORDS(nodes) * sizeof *words}};
    float *expected = make(nodes * sizeof *expected);
    bd_ref_rule_apply(bodies, w, h, bias, expected);
    size_t bytes = (size_t)(w + 3) / 4 * 16 * (size_t)h;
    float *got = check_output(bytes), *padded = check_pad(expected, (size_t)h, w);
    bd_vk_dispatch dispatch;
    bd_kernel_rule_apply(&harness.vk, &push, &dispatch);
    check_run(&harness, &dispatch, inputs, got, bytes, "rule_apply", 0.0);
    check_tensor("rule_apply", padded, got, bytes / 16, 4, (w + 3) / 4, 1e-6f, 1e-5f);
    free(padded);
    free(got);
    free(expected);
}

static void check_rule(picture kind, int32_t w, int32_t h) {
    uint32_t nodes = (uint32_t)(w * h);
    float *grid = make_grid(kind, w, h);
    uint32_t *room = make(4 * nodes * sizeof *room);
    bd_ref_bodies bodies = {.marks = make(nodes * sizeof(uint32_t)), .values = make(nodes * sizeof(float))};
    bd_ref_rule(grid, w, h, &bodies, room);
    const check_input inputs[4] = {{grid, (size_t)nodes * 16}};
    const bd_push_rule push = {.w = w, .h = h};
    size_t bytes = BD_RULE_WORDS(nodes) * sizeof(uint32_t);
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        uint32_t *words = check_output(bytes);
        bd_kernel_rule(&harness.vk, &push, true, &dispatch);
        check_run(&harness, &dispatch, inputs, words, bytes, "rule", 0.0);
        check_words("marks", bodies.marks, words + BD_RULE_MARKS(nodes), nodes, w);
        check_words("values", (const uint32_t *)(const void *)bodies.values, words + BD_RULE_VALUES(nodes), nodes, w);
        check_words("box", bodies.box, words, BD_COUNT(bodies.box), 6);
        check_apply(&bodies, words, w, h, 0.5f);
        free(words);
        words = check_output(bytes);
        bd_kernel_rule(&harness.vk, &push, false, &dispatch);
        check_run(&harness, &dispatch, inputs, words, bytes, "rule", 0.0);
        check_words("values", (const uint32_t *)(const void *)bodies.values, words + BD_RULE_VALUES(nodes), nodes, w);
        free(words);
    }
    free(bodies.values);
    free(bodies.marks);
    free(room);
    free(grid);
}

static void test_rule(void **state) {
    (void)state;
    static const int32_t sizes[][2] = {{1, 1}, {3, 2}, {1, 40}, {33, 21}, {65, 65}, {130, 37}, {255, 255}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int kind = 0; kind < PICTURES; kind++) {
            int times = kind == BLOBS && sizes[i][0] < 100 ? 6 : 1;
            for (int k = 0; k < times; k++) {
                check_rule((picture)kind, sizes[i][0], sizes[i][1]);
            }
        }
    }
}

/* ---- the crop ---------------------------------------------------------------------------------------------------- */

typedef struct crop_case {
    int32_t photo[2], nodes[2], net[2];
    uint32_t box[4];
} crop_case;

static const crop_case crops[] = {
    {{100, 60}, {33, 20}, {65, 65}, {5, 4, 12, 15}},                    /* enlarged */
    {{300, 200}, {33, 22}, {33, 33}, {20, 2, 32, 21}},                  /* reduced, at two sides of the photo */
    {{40, 300}, {5, 33}, {65, 65}, {0, 10, 4, 20}},                     /* wider than the photo */
    {{200, 200}, {33, 33}, {65, 33}, {9, 9, 9, 9}},                     /* one node; a network that is not square */
    {{80, 80}, {33, 33}, {65, 65}, {1, 1, 31, 31}},                     /* nothing to gain */
    {{80, 80}, {33, 33}, {65, 65}, {BD_RULE_NONE, BD_RULE_NONE, 0, 0}}, /* no box */
};

static bd_push_crop push_of(const crop_case *c) {
    return (bd_push_crop){.photo_w = c->photo[0],
                          .photo_h = c->photo[1],
                          .nodes_w = c->nodes[0],
                          .nodes_h = c->nodes[1],
                          .net_w = c->net[0],
                          .net_h = c->net[1],
                          .src_h = c->photo[1],
                          .outside = 0xff112233u};
}

static void check_gate(const crop_case *c, const check_input *words, bool larger, bool alone, bool taken) {
    const uint32_t groups[7] = {3, 1, 1, 90, 2, 1, 5};
    bd_push_crop push = push_of(c);
    push.count = BD_COUNT(groups);
    push.cell = 0.5f;
    const check_input inputs[4] = {*words, {groups, sizeof groups}};
    bd_vk_dispatch dispatch;
    bd_kernel_crop_gate(&harness.vk, &push, larger, alone, &dispatch);
    uint32_t *got = check_output(sizeof groups);
    check_run(&harness, &dispatch, inputs, got, sizeof groups, "crop_gate", 0.0);
    for (size_t i = 0; i < BD_COUNT(groups); i++) {
        assert_int_equal(got[i], taken ? groups[i] : 0);
    }
    free(got);
}

/* In two bands of rows, then columns of what the reference has for them. */
static void check_picture_of(const crop_case *c, const check_input *words, const bd_ref_crop *crop) {
    size_t photo_bytes = (size_t)c->photo[0] * (size_t)c->photo[1] * 4,
           net_bytes = (size_t)c->net[0] * (size_t)c->net[1] * 4;
    size_t column_bytes = (size_t)c->net[0] * (size_t)c->photo[1] * 4;
    uint8_t *photo = check_bytes(&harness, photo_bytes), *columns = make(column_bytes), *expected = make(net_bytes);
    bd_push_crop push = push_of(c);
    bd_ref_crop_picture(photo, c->photo, c->net, crop, push.outside, columns, expected);
    uint8_t *all = make(column_bytes);
    for (int32_t first = 0, half = c->photo[1] / 2; first < c->photo[1]; first += half) {
        push.first = first;
        push.src_h = half = first ? c->photo[1] - first : half;
        const check_input inputs[4] = {
            {photo + (size_t)first * (size_t)c->photo[0] * 4, (size_t)half * (size_t)c->photo[0] * 4}, *words};
        size_t bytes = (size_t)half * (size_t)c->net[0] * 4;
        bd_vk_dispatch dispatch;
        bd_kernel_crop(&harness.vk, BD_KERNEL_CROP_ROWS, &push, &dispatch);
        uint8_t *got = check_output(bytes);
        check_run(&harness, &dispatch, inputs, got, bytes, "crop_rows", 0.0);
        memcpy(all + (size_t)first * (size_t)c->net[0] * 4, got, bytes);
        free(got);
    }
    double reach = BD_CROP_REACH * fmax((double)crop->scale, 1.0);
    for (int32_t row = 0; row < c->photo[1]; row++) {
        double down = row + 0.5 - (double)crop->y;
        bool read = down > -reach + 0.01 && down < c->net[1] * (double)crop->scale + reach - 0.01;
        for (int32_t x = 0; x < c->net[0] && read; x++) {
            if ((double)crop->x + (x + 0.5) * (double)crop->scale < c->photo[0] - 0.01) {
                size_t at = ((size_t)row * (size_t)c->net[0] + (size_t)x) * 4;
                for (size_t k = 0; k < 4; k++) {
                    assert_in_range((int)all[at + k] - (int)columns[at + k] + 1, 0, 2);
                }
            }
        }
    }
    const check_input inputs[4] = {{columns, column_bytes}, *words};
    bd_vk_dispatch dispatch;
    bd_kernel_crop(&harness.vk, BD_KERNEL_CROP_COLUMNS, &push, &dispatch);
    uint8_t *got = check_output(net_bytes);
    check_run(&harness, &dispatch, inputs, got, net_bytes, "crop_columns", 0.0);
    check_picture("crop_columns", expected, got, net_bytes, (size_t)c->net[0] * 4, 1);
    free(got);
    free(all);
    free(expected);
    free(columns);
    free(photo);
}

static void check_merge(const crop_case *c, const check_input *words, const bd_ref_crop *crop) {
    enum { CLASSES = 6, OUT_W = 29, OUT_H = 17 };
    const int32_t dims[3] = {9, 9, CLASSES};
    bool in_set[256];
    const bd_odds_of of = choose(ONE, CLASSES, in_set);
    const bd_shape shape = {.rank = 4, .dims = {1, dims[1], dims[0], CLASSES}};
    float *logits = check_floats(&harness, 81 * CLASSES, -9.0f, 9.0f), *padded = check_pad(logits, 81, CLASSES);
    size_t nodes = (size_t)c->nodes[0] * (size_t)c->nodes[1];
    float *first = check_floats(&harness, nodes * 4, -9.0f, 9.0f), *expected = make(sizeof(float[OUT_W * OUT_H * 4]));
    const bd_push_crop_merge push = {.out_w = OUT_W,
                                     .out_h = OUT_H,
                                     .photo_w = c->photo[0],
                                     .photo_h = c->photo[1],
                                     .nodes_w = c->nodes[0],
                                     .nodes_h = c->nodes[1],
                                     .net_w = c->net[0],
                                     .net_h = c->net[1],
                                     .scale_x = 8.0f / (float)(c->net[0] - 1),
                                     .scale_y = 8.0f / (float)(c->net[1] - 1),
                                     .max_x = 8.0f,
                                     .max_y = 8.0f,
                                     .weight = 0.6f};
    for (int32_t i = 0; i < OUT_W * OUT_H; i++) {
        int32_t row = i / OUT_W;
        float share_x = (float)(i % OUT_W) / (OUT_W - 1), share_y = (float)row / (OUT_H - 1);
        float *to = expected + 4 * i, values[CLASSES], o, n;
        bd_ref_sample(first, c->nodes[0], c->nodes[1], 4, share_x * (float)(c->nodes[0] - 1),
                      share_y * (float)(c->nodes[1] - 1), to);
        float x = (share_x * (float)(c->photo[0] - 1) + 0.5f - crop->x) / crop->scale;
        float y = (share_y * (float)(c->photo[1] - 1) + 0.5f - crop->y) / crop->scale;
        float weight = crop->taken ? push.weight * bd_ref_crop_fade(crop, c->photo, c->net, x, y) : 0.0f;
        logits_at(logits, dims, fminf(fmaxf((x - 0.5f) * push.scale_x, 0.0f), 8.0f),
                  fminf(fmaxf((y - 0.5f) * push.scale_y, 0.0f), 8.0f), values);
        bd_ref_odds(values, CLASSES, in_set, of.background, &o, &n);
        to[0] += weight * (o - to[0]);
        to[1] += weight * (n - to[1]);
    }
    const check_input inputs[4] = {{padded, 81 * 32}, *words, {first, nodes * 16}};
    bd_vk_dispatch dispatch;
    bd_kernel_crop_merge(&harness.vk, &shape, &of, &push, &dispatch);
    float *got = check_output(sizeof(float[OUT_W * OUT_H * 4]));
    check_run(&harness, &dispatch, inputs, got, sizeof(float[OUT_W * OUT_H * 4]), "crop_merge", 0.0);
    check_tensor_within("crop_merge", expected, got, (size_t)OUT_W * OUT_H, 4, OUT_W, 2e-2f, 1e-4f, 1e-6);
    free(got);
    free(expected);
    free(first);
    free(padded);
    free(logits);
}

/* A larger look at the whole photo, of bodies of that area and edge. */
static void check_larger(const crop_case *c, const bd_ref_crop *crop, uint32_t area, uint32_t edge, bool alone) {
    enum { CLASSES = 6 };
    const int32_t dims[3] = {17, 17, CLASSES};
    bool in_set[256];
    const bd_odds_of of = choose(ONE, CLASSES, in_set);
    const bd_shape shape = {.rank = 4, .dims = {1, dims[1], dims[0], CLASSES}};
    const size_t nodes = (size_t)c->nodes[0] * (size_t)c->nodes[1];
    float *logits = check_floats(&harness, 17 * 17 * CLASSES, -9.0f, 9.0f);
    float *padded = check_pad(logits, 17 * 17, CLASSES);
    float *first = check_floats(&harness, nodes * 4, -9.0f, 9.0f), *expected = make(nodes * 16);
    uint32_t words[BD_BOX_WORDS] = {c->box[0], c->box[1], c->box[2], c->box[3], area, edge};
    const bd_push_crop_merge push = {.out_w = c->nodes[0],
                                     .out_h = c->nodes[1],
                                     .photo_w = c->photo[0],
                                     .photo_h = c->photo[1],
                                     .nodes_w = c->nodes[0],
                                     .nodes_h = c->nodes[1],
                                     .net_w = c->net[0],
                                     .net_h = c->net[1],
                                     .scale_x = 16.0f / (float)c->nodes[0],
                                     .bias_x = 0.25f,
                                     .max_x = 16.0f,
                                     .scale_y = 13.0f / (float)c->nodes[1],
                                     .max_y = 16.0f,
                                     .weight = 0.5f,
                                     .cell = 0.5f};
    const float weight = alone || !crop->taken ? push.weight * bd_ref_larger_share(words, push.cell) : 0.0f;
    for (size_t i = 0; i < nodes; i++) {
        float x = (float)(i % (size_t)c->nodes[0]), y = (float)(i / (size_t)c->nodes[0]), values[CLASSES], o, n;
        logits_at(logits, dims, fminf(x * push.scale_x + push.bias_x, push.max_x), fminf(y * push.scale_y, push.max_y),
                  values);
        bd_ref_odds(values, CLASSES, in_set, of.background, &o, &n);
        memcpy(expected + 4 * i, first + 4 * i, 16);
        expected[4 * i] += weight * (o - first[4 * i]);
        expected[4 * i + 1] += weight * (n - first[4 * i + 1]);
    }
    const check_input inputs[4] = {{padded, 17 * 17 * 32}, {words, sizeof words}, {first, nodes * 16}};
    check_gate(c, &inputs[1], true, alone, weight > 0.0f);
    bd_vk_dispatch dispatch;
    bd_kernel_larger_merge(&harness.vk, &shape, &of, &push, alone, &dispatch);
    float *got = check_output(nodes * 16);
    check_run(&harness, &dispatch, inputs, got, nodes * 16, "larger_merge", 0.0);
    check_tensor("larger_merge", expected, got, nodes, 4, c->nodes[0], 1e-4f, 1e-5f);
    free(got);
    free(expected);
    free(first);
    free(padded);
    free(logits);
}

static void test_crop(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(crops); i++) {
        const crop_case *c = &crops[i];
        uint32_t words[BD_BOX_WORDS] = {0};
        memcpy(words, c->box, sizeof c->box);
        const check_input input = {words, sizeof words};
        const bd_ref_crop crop = bd_ref_crop_of(c->box, c->photo, c->nodes, c->net);
        assert_int_equal(crop.taken, i < 4);
        CHECK_EACH_COLUMN(&harness) {
            check_gate(c, &input, false, false, crop.taken);
            check_merge(c, &input, &crop);
            check_larger(c, &crop, 60, 6, false);
            check_larger(c, &crop, 60, 6, true);
            check_larger(c, &crop, 84, 6, true);
            check_larger(c, &crop, 84, 6, false);
            check_larger(c, &crop, 100, 6, true);
            check_larger(c, &crop, 100, 0, true);
            check_larger(c, &crop, 0, 0, true);
            if (crop.taken) {
                check_picture_of(c, &input, &crop);
            }
        }
    }
}

/* ---- the band ---------------------------------------------------------------------------------------------------- */

static void check_band_on(const float *band, int32_t w, int32_t h, bool lines) {
    enum { DST_W = 37, DST_H = 22, COUNT = DST_W * DST_H };
    bd_push_band push = {.src_w = w,
                         .src_h = h,
                         .dst_w = DST_W,
                         .dst_h = DST_H,
                         .scale_x = (float)w / 30.0f,
                         .bias_x = -0.3f,
                         .scale_y = (float)h / 25.0f,
                         .bias_y = 0.2f,
                         .low = 0.125f};
    int32_t channels = lines ? 4 : 1;
    float *before = check_floats(&harness, (size_t)COUNT * 4, 0.0f, 1.0f), *expected = make(sizeof(float[COUNT * 4]));
    for (int32_t i = 0; i < COUNT; i++) {
        float x = fminf(fmaxf((float)(i % DST_W) * push.scale_x + push.bias_x, 0.0f), (float)(w - 1));
        int32_t row = i / DST_W;
        float y = fminf(fmaxf((float)row * push.scale_y + push.bias_y, 0.0f), (float)(h - 1));
        float known = bd_ref_band_at(band, w, h, x, y);
        bool certain = known < 0.25f || known > 0.75f;
        for (int32_t c = 0; c < channels; c++) {
            float *to = &expected[i * channels + c], from = before[i * channels + c];
            *to = !certain ? (lines ? from : fminf(fmaxf(from, push.low), 1.0f - push.low))
                           : (c == channels - 1 ? known : 0.0f);
        }
    }
    float *plane = check_pad(band, (size_t)h, w);
    float *got = lines ? check_pad(before, COUNT, 4) : check_pad(before, DST_H, DST_W);
    float *padded = lines ? check_pad(expected, COUNT, 4) : check_pad(expected, DST_H, DST_W);
    size_t bytes = (size_t)(lines ? COUNT : (DST_W + 3) / 4 * DST_H) * 16;
    const check_input inputs[4] = {{plane, (size_t)(w + 3) / 4 * 16 * (size_t)h}};
    bd_vk_dispatch dispatch;
    bd_kernel_band(&harness.vk, lines ? BD_KERNEL_BAND_LINES : BD_KERNEL_BAND_PLANE, &push, &dispatch);
    check_run(&harness, &dispatch, inputs, got, bytes, "band", 0.0);
    assert_memory_equal(padded, got, bytes);
    free(padded);
    free(got);
    free(plane);
    free(expected);
    free(before);
}

static void check_band(int32_t w, int32_t h, float inner, float outer, float foreground) {
    float *mask = check_floats(&harness, (size_t)w * (size_t)h, foreground - 0.5f, foreground + 0.5f);
    float *padded = check_pad(mask, (size_t)h, w), *expected = make((size_t)w * (size_t)h * sizeof *expected);
    bd_ref_band_find(mask, w, h, inner, outer, expected);
    const bd_push_band push = {.src_w = w, .src_h = h, .inner = inner, .outer = outer};
    size_t bytes = (size_t)(w + 3) / 4 * 16 * (size_t)h;
    const check_input inputs[4] = {{padded, bytes}};
    float *wanted = check_pad(expected, (size_t)h, w);
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_band(&harness.vk, BD_KERNEL_BAND_FIND, &push, &dispatch);
        float *got = check_output(bytes);
        check_run(&harness, &dispatch, inputs, got, bytes, "band_find", 0.0);
        assert_memory_equal(wanted, got, bytes);
        free(got);
        check_band_on(expected, w, h, true);
        check_band_on(expected, w, h, false);
    }
    free(wanted);
    free(expected);
    free(padded);
    free(mask);
}

static void test_band(void **state) {
    (void)state;
    static const int32_t sizes[][2] = {{1, 1}, {3, 9}, {33, 22}};
    static const float reaches[][2] = {{1.0f, 1.5f}, {2.5f, -1.0f}, {0.0f, 0.0f}, {-1.0f, 2.0f}};
    static const float foregrounds[] = {0.1f, 0.5f, 0.97f, 1.6f};
    for (size_t i = 0; i < BD_COUNT(sizes) * BD_COUNT(reaches) * BD_COUNT(foregrounds); i++) {
        const int32_t *size = sizes[i % BD_COUNT(sizes)];
        const float *reach = reaches[i / BD_COUNT(sizes) % BD_COUNT(reaches)];
        check_band(size[0], size[1], reach[0], reach[1], foregrounds[i / BD_COUNT(sizes) / BD_COUNT(reaches)]);
    }
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_odds), cmocka_unit_test(test_rule),
                                              cmocka_unit_test(test_crop), cmocka_unit_test(test_band)};
    int status = check_open(&harness, argc, argv);
    return status ? status : check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}
