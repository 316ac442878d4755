/* SPDX-License-Identifier: MIT
 * The kernels that shape masks: every variant against its scalar reference. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "reference/reference.h"
#include "support/kernel_check.h"

static check harness;

#define LEVEL 0.5f

static const int32_t sizes[][2] = {{1, 1}, {3, 2}, {70, 33}, {5, 130}, {257, 9}, {129, 130}};

static size_t plane_bytes(int32_t w, int32_t h) {
    return (size_t)(w + 3) / 4 * 16 * (size_t)h;
}

static void *make(size_t bytes) {
    void *memory = calloc(bytes + 1, 1);
    assert_non_null(memory);
    return memory;
}

/* ---- components -------------------------------------------------------------------------------------------------- */

typedef enum picture { NOISE, SPARSE, DENSE, SPIRAL, FULL, EMPTY, PICTURES } picture;

/* A line two pixels wide that winds inwards, with gaps of two: the longest tree that labels can make. */
static bool on_spiral(int32_t w, int32_t h, int32_t x, int32_t y) {
    int32_t ring = BD_MIN(BD_MIN(x, w - 1 - x), BD_MIN(y, h - 1 - y));
    bool seam = x == ring && y == ring + 2 && ring % 4 < 2 && ring > 0;
    return ring % 4 < 2 && !seam;
}

static float *make_mask(picture kind, int32_t w, int32_t h) {
    float *plane = check_floats(&harness, (size_t)w * (size_t)h, 0.0f, 1.0f);
    for (int32_t i = 0; i < w * h; i++) {
        float v = plane[i];
        plane[i] = kind == SPARSE   ? v * 0.6f
                   : kind == DENSE  ? 1.0f - v * 0.6f
                   : kind == SPIRAL ? (on_spiral(w, h, i % w, i / w) ? 0.5f + 0.5f * v : 0.49f * v)
                   : kind == FULL   ? 1.0f
                   : kind == EMPTY  ? 0.0f
                                    : v;
    }
    return plane;
}

/* The buffer as kernels leave it, and what the reference says. */
typedef struct trial {
    int32_t w, h, gw, gh;
    bool background;
    bd_push_components push;
    uint32_t nodes;
    float *dense, *plane;
    uint32_t *state, *labels, *areas, *nearest[2];
    size_t state_bytes;
} trial;

static trial open_trial(picture kind, int32_t w, int32_t h, int32_t block, bool background) {
    trial t = {.w = w, .h = h, .background = background};
    t.gw = (w + block - 1) / block;
    t.gh = (h + block - 1) / block;
    t.nodes = (uint32_t)(t.gw * t.gh);
    t.push =
        (bd_push_components){.src_w = w, .src_h = h, .grid_w = t.gw, .grid_h = t.gh, .block = block, .level = LEVEL};
    t.dense = make_mask(kind, w, h);
    t.plane = check_pad(t.dense, (size_t)h, w);
    t.state_bytes = BD_COMPONENTS_WORDS(t.nodes) * sizeof(uint32_t);
    t.state = check_output(t.state_bytes);
    t.labels = make(t.nodes * sizeof(uint32_t));
    t.areas = make(t.nodes * sizeof(uint32_t));
    t.nearest[0] = make(t.nodes * sizeof(uint32_t));
    t.nearest[1] = make(t.nodes * sizeof(uint32_t));
    bd_ref_components(t.dense, w, h, block, LEVEL, background, t.labels, t.areas, t.nearest[0]);
    return t;
}

static void close_trial(trial *t) {
    void *all[] = {t->dense, t->plane, t->state, t->labels, t->areas, t->nearest[0], t->nearest[1]};
    for (size_t i = 0; i < BD_COUNT(all); i++) {
        free(all[i]);
    }
}

static void run_state(trial *t, bd_kernel kernel, uint32_t stage) {
    bd_vk_dispatch dispatch;
    bd_kernel_components(&harness.vk, kernel, &t->push, t->background, stage, &dispatch);
    /* Only start reads it; a binding that is not used holds something all the same. */
    const check_input inputs[4] = {{t->plane, plane_bytes(t->w, t->h)}};
    check_run(&harness, &dispatch, inputs, t->state, t->state_bytes, "components", 0.0);
}

static void compare(const char *what, const uint32_t *expected, const uint32_t *got, uint32_t count, int32_t width) {
    for (uint32_t i = 0; i < count; i++) {
        if (expected[i] != got[i]) {
            fail_msg("%s at %u,%u of a row of %d: %u, expected %u", what, i % (uint32_t)width, i / (uint32_t)width,
                     width, got[i], expected[i]);
        }
    }
}

/* The reference's choice, into its areas; returns whether any component goes. */
static bool choose(trial *t) {
    uint32_t largest = 0, winner = BD_COMPONENTS_NONE;
    bool removed = false;
    for (uint32_t n = 0; n < t->nodes; n++) {
        if (t->labels[n] == n && t->areas[n] > largest) {
            largest = t->areas[n];
            winner = n;
        }
    }
    for (uint32_t n = 0; n < t->nodes; n++) {
        bool kept = t->push.keep == BD_COMPONENTS_LARGEST ? n == winner
                    : t->push.keep == BD_COMPONENTS_AT    ? n == t->labels[t->push.point]
                    : t->push.keep == BD_COMPONENTS_EDGE  ? t->areas[n] > 0
                                                          : (float)t->areas[n] >= t->push.share * (float)largest;
        if (t->labels[n] == n && kept) {
            t->areas[n] |= BD_COMPONENTS_KEPT;
        }
        removed |= t->labels[n] == n && !kept;
    }
    return removed;
}

static void seed(const trial *t, uint32_t *nearest) {
    for (uint32_t n = 0; n < t->nodes; n++) {
        uint32_t label = t->labels[n], x = n % (uint32_t)t->gw, y = n / (uint32_t)t->gw;
        nearest[n] = label == BD_COMPONENTS_NONE
                         ? BD_COMPONENTS_NONE
                         : (y << 16 | x << 1 | (t->areas[label] & BD_COMPONENTS_KEPT ? 1u : 0u));
    }
}

static void check_apply(trial *t, const uint32_t *nearest) {
    size_t bytes = plane_bytes(t->w, t->h), pitch = (size_t)(t->w + 3) / 4 * 4;
    float *expected = check_pad(t->dense, (size_t)t->h, t->w), *got = check_pad(t->dense, (size_t)t->h, t->w);
    for (int32_t y = 0; y < t->h; y++) {
        for (int32_t x = 0; x < t->w; x++) {
            if (!(nearest[y / t->push.block * t->gw + x / t->push.block] & 1u)) {
                expected[(size_t)y * pitch + (size_t)x] = t->background ? 1.0f : 0.0f;
            }
        }
    }
    bd_vk_dispatch dispatch;
    bd_kernel_components(&harness.vk, BD_KERNEL_COMPONENTS_APPLY, &t->push, t->background, 0, &dispatch);
    const check_input inputs[4] = {{t->state, t->state_bytes}};
    check_run(&harness, &dispatch, inputs, got, bytes, "apply", 0.0);
    assert_memory_equal(expected, got, bytes);
    free(got);
    free(expected);
}

static void check_spread(trial *t) {
    int32_t step = 1;
    while (2 * step < BD_MAX(t->gw, t->gh)) {
        step *= 2;
    }
    int from = 0;
    seed(t, t->nearest[0]);
    for (bool fresh = true; step > 0; step /= 2, fresh = false) {
        t->push.step = step;
        t->push.from = from;
        t->push.to = 1 - from;
        run_state(t, BD_KERNEL_COMPONENTS_SPREAD, fresh);
        bd_ref_spread(t->nearest[from], t->gw, t->gh, step, t->nearest[1 - from]);
        from = 1 - from;
        compare("nearest", t->nearest[from], t->state + BD_COMPONENTS_NEAREST(t->nodes, (uint32_t)from), t->nodes,
                t->gw);
    }
    t->push.from = from;
    check_apply(t, t->nearest[from]);
}

static void check_components(picture kind, int32_t w, int32_t h, int32_t block, bool background, int32_t keep) {
    trial t = open_trial(kind, w, h, block, background);
    t.push.keep = keep;
    t.push.share = 0.3f;
    t.push.point = check_between(&harness, 0, t.gw * t.gh - 1);
    run_state(&t, BD_KERNEL_COMPONENTS_START, 0);
    run_state(&t, BD_KERNEL_COMPONENTS_JOIN, 0);
    run_state(&t, BD_KERNEL_COMPONENTS_COUNT, 0);
    compare("label", t.labels, t.state + BD_COMPONENTS_LABELS(t.nodes), t.nodes, t.gw);
    compare("area", t.areas, t.state + BD_COMPONENTS_AREAS(t.nodes), t.nodes, t.gw);
    run_state(&t, BD_KERNEL_COMPONENTS_CHOOSE, BD_COMPONENTS_RANK);
    run_state(&t, BD_KERNEL_COMPONENTS_CHOOSE, BD_COMPONENTS_ELECT);
    run_state(&t, BD_KERNEL_COMPONENTS_CHOOSE, BD_COMPONENTS_JUDGE);
    bool removed = choose(&t);
    compare("choice", t.areas, t.state + BD_COMPONENTS_AREAS(t.nodes), t.nodes, t.gw);
    assert_int_equal(t.state[BD_COMPONENTS_REMOVED], removed);
    uint32_t largest = 0;
    for (uint32_t i = 0; i < t.nodes; i++) {
        largest = BD_MAX(largest, t.areas[i] & ~BD_COMPONENTS_KEPT);
    }
    if (!background) {
        uint32_t there = t.labels[t.push.point] != BD_COMPONENTS_NONE;
        assert_int_equal(t.state[BD_COMPONENTS_FOUND], keep == BD_COMPONENTS_AT ? there : largest);
    }
    if (removed) {
        check_spread(&t);
    }
    close_trial(&t);
}

static void test_components(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int kind = 0; kind < PICTURES; kind++) {
            int32_t block = 1 + (int32_t)(i + (size_t)kind) % 3;
            CHECK_EACH_COLUMN(&harness) {
                for (int32_t keep = BD_COMPONENTS_SHARE; keep <= BD_COMPONENTS_AT; keep++) {
                    check_components((picture)kind, sizes[i][0], sizes[i][1], block, false, keep);
                }
                check_components((picture)kind, sizes[i][0], sizes[i][1], block, true, BD_COMPONENTS_EDGE);
            }
        }
    }
}

/* Planes in two parts give the labels of the whole. */
static void test_parts(void **state) {
    (void)state;
    enum { W = 70, H = 33, BLOCK = 3, ROWS = 5 };
    CHECK_EACH_COLUMN(&harness) {
        trial t = open_trial(NOISE, W, H, BLOCK, false);
        bd_push_components whole = t.push;
        float *plane = t.plane;
        for (int32_t first = 0; first < t.gh; first += ROWS) {
            t.push.first = first;
            t.h = BD_MIN(ROWS * BLOCK, H - first * BLOCK);
            t.push.src_h = t.h;
            t.plane = plane + (size_t)first * BLOCK * ((W + 3) / 4) * 4;
            run_state(&t, BD_KERNEL_COMPONENTS_START, 0);
        }
        t.push = whole;
        t.h = H;
        t.plane = plane;
        run_state(&t, BD_KERNEL_COMPONENTS_JOIN, 0);
        run_state(&t, BD_KERNEL_COMPONENTS_COUNT, 0);
        compare("label", t.labels, t.state + BD_COMPONENTS_LABELS(t.nodes), t.nodes, t.gw);
        close_trial(&t);
    }
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* The bound part of the source begins and ends with what the rows need, as bands do. */
static void check_step(int32_t w, int32_t h, int32_t dx, int32_t dy, int32_t step, uint32_t kind, float amount) {
    float *dense = check_floats(&harness, (size_t)w * (size_t)h, 0.0f, 1.0f), *plane = check_pad(dense, (size_t)h, w);
    float *whole = make((size_t)w * (size_t)h * sizeof *whole);
    bd_ref_plane_step(dense, w, h, dx, dy, step, (bd_ref_step)kind, amount, whole);
    float *expected = check_pad(whole, (size_t)h, w);
    size_t row = plane_bytes(w, 1);
    for (int32_t first = 0, rows = (h + 1) / 2; first < h; first += rows) {
        int32_t count = BD_MIN(rows, h - first), reach = dy ? step : 0;
        int32_t from = BD_MAX(first - reach, 0), to = BD_MIN(first + count + reach, h);
        const bd_push_plane_step push = {.w = w,
                                         .h = h,
                                         .first = first,
                                         .rows = count,
                                         .src_first = from,
                                         .dir_x = dx,
                                         .dir_y = dy,
                                         .step = step,
                                         .amount = amount};
        const check_input inputs[4] = {{(char *)plane + (size_t)from * row, (size_t)(to - from) * row}};
        size_t bytes = (size_t)count * row;
        CHECK_EACH_COLUMN(&harness) {
            bd_vk_dispatch dispatch;
            bd_kernel_plane_step(&harness.vk, &push, kind, &dispatch);
            float *got = check_output(bytes);
            check_run(&harness, &dispatch, inputs, got, bytes, "step", 0.0);
            check_tensor("step", (float *)((char *)expected + (size_t)first * row), got, bytes / 16, 4, (w + 3) / 4,
                         1e-6f, 0.0f);
            free(got);
        }
    }
    free(expected);
    free(whole);
    free(plane);
    free(dense);
}

static void test_steps(void **state) {
    (void)state;
    static const int32_t ways[][2] = {{1, 0}, {0, 1}, {1, 1}, {1, -1}};
    static const int32_t steps[] = {1, 2, 3, 7, 64};
    for (size_t i = 0; i < BD_COUNT(sizes) * BD_COUNT(ways); i++) {
        const int32_t *size = sizes[i / BD_COUNT(ways)], *way = ways[i % BD_COUNT(ways)];
        for (size_t s = 0; s < BD_COUNT(steps); s++) {
            uint32_t kind = (uint32_t)(i + s) % 3;
            check_step(size[0], size[1], way[0], way[1], steps[s], kind, s % 2 ? 1.0f : 0.3f);
        }
    }
}

/* ---- levels ------------------------------------------------------------------------------------------------------ */

static void test_levels(void **state) {
    (void)state;
    enum { W = 70, H = 33 };
    static const float levels[][2] = {{0.0f, 1.0f}, {0.2f, 0.7f}, {0.5f, 0.5f}, {0.0f, 0.25f}, {1.0f, 1.0f}};
    for (size_t i = 0; i < BD_COUNT(levels); i++) {
        float *dense = check_floats(&harness, (size_t)W * H, 0.0f, 1.0f), *expected = make(sizeof(float[W * H]));
        for (size_t k = 0; k < (size_t)W * H; k++) {
            dense[k] = k % 7 ? dense[k] : levels[i][k % 2];
            expected[k] = bd_ref_levels(dense[k], levels[i][0], levels[i][1]);
        }
        float *wanted = check_pad(expected, H, W);
        const bd_push_levels push = {.w = W, .h = H, .low = levels[i][0], .high = levels[i][1]};
        CHECK_EACH_COLUMN(&harness) {
            bd_vk_dispatch dispatch;
            bd_kernel_levels(&harness.vk, &push, &dispatch);
            float *got = check_pad(dense, H, W);
            const check_input inputs[4] = {{dense, 16}}; /* not read */
            check_run(&harness, &dispatch, inputs, got, plane_bytes(W, H), "levels", 0.0);
            check_tensor("levels", wanted, got, plane_bytes(W, H) / 16, 4, (W + 3) / 4, 1e-6f, 0.0f);
            free(got);
        }
        free(wanted);
        free(expected);
        free(dense);
    }
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_components), cmocka_unit_test(test_parts),
                                              cmocka_unit_test(test_steps), cmocka_unit_test(test_levels)};
    int status = check_open(&harness, argc, argv);
    return status ? status : check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}
