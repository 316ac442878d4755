/* SPDX-License-Identifier: MIT
 * The kernels of the closed-form matte: every variant against its scalar reference. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "reference/reference.h"
#include "support/kernel_check.h"

static check harness;

enum { BINS = BD_BINS * BD_BINS * BD_BINS, NODES_A_TILE = BD_TILE * BD_TILE, MOST_TILES = 512 };
static const int32_t sizes[][2] = {{1, 1}, {9, 2}, {70, 33}, {5, 130}, {257, 9}};

/* Random nodes; every other tile of both directions is unsettled. */
typedef struct scene {
    int32_t w, h;
    size_t nodes;
    float *grid, *targets;
    uint32_t list[BD_TILE_HEADER + MOST_TILES], count;
    bd_push_closed_form push;
} scene;

static scene make_scene(int32_t w, int32_t h, bool ring) {
    scene s = {.w = w, .h = h, .nodes = (size_t)w * (size_t)h};
    s.push = (bd_push_closed_form){
        .dst_w = w, .dst_h = h, .eps = 1e-3f, .beta = 0.75f, .weight = 0.3f, .margin = 0.05f, .level = 0.1f};
    s.grid = check_floats(&harness, s.nodes * 4, 0.0f, 1.0f);
    s.targets = check_floats(&harness, s.nodes * 4, 0.0f, 1.0f);
    for (size_t n = 0; n < s.nodes; n++) {
        size_t x = n % (size_t)w / BD_TILE, y = n / (size_t)w / BD_TILE;
        s.targets[4 * n + 2] = x % 3 == 0 && y % 3 == 0 && check_random(&harness) % 16 == 0 ? 1.0f : 0.0f;
    }
    for (size_t n = 0; n < s.nodes; n++) {
        s.targets[4 * n + 3] = check_random(&harness) % 4 ? 0.0f : 1.0f; /* known */
    }
    s.targets[2] = 1.0f;
    s.count = bd_ref_tiles(s.targets, w, h, ring, s.list + BD_TILE_HEADER);
    s.list[0] = s.count;
    return s;
}

static void drop_scene(scene *s) {
    free(s->grid);
    free(s->targets);
}

static bool listed(const scene *s, size_t node) {
    uint32_t tile = (uint32_t)(node / (size_t)s->w / BD_TILE) << 16 | (uint32_t)(node % (size_t)s->w / BD_TILE);
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->list[BD_TILE_HEADER + i] == tile) {
            return true;
        }
    }
    return false;
}

static float *zeros(size_t floats) {
    float *values = calloc(floats, sizeof *values);
    assert_non_null(values);
    return values;
}

/* In 0 .. 1, both ends of it often. */
static float *pinned_floats(size_t count) {
    float *values = check_floats(&harness, count, 0.0f, 1.0f);
    for (size_t i = 0; i < count; i++) {
        uint32_t kind = check_random(&harness) % 4;
        values[i] = kind > 1 ? values[i] : (float)kind;
    }
    return values;
}

/* Runs a kernel over zeros; what it does not touch stays zero. */
static void check_kernel(bd_kernel kernel, const scene *s, bool flag, const check_input inputs[4],
                         const float *expected, size_t rows, float absolute, float relative, const char *label) {
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_closed_form(&harness.vk, kernel, &s->push, flag, s->count, &dispatch);
        float *got = zeros(rows * 4);
        check_run(&harness, &dispatch, inputs, got, rows * 16, label, 0.0);
        /* Where the bounds are wide, the inverse of a window's colours multiplies roundings by its condition number. */
        double nmse = relative > 1e-3f ? 1e-7 : 1e-10;
        check_tensor_within(label, expected, got, rows, 4, s->w, absolute, relative, nmse);
        free(got);
    }
}

static void check_words(bd_kernel kernel, const bd_push_closed_form *push, bool flag, const check_input inputs[4],
                        const uint32_t *expected, size_t words, const char *label) {
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_closed_form(&harness.vk, kernel, push, flag, 0, &dispatch);
        uint32_t *got = calloc(words, sizeof *got);
        assert_non_null(got);
        check_run(&harness, &dispatch, inputs, got, words * 4, label, 0.0);
        for (size_t i = 0; i < words; i++) {
            if (got[i] != expected[i]) {
                fail_msg("%s: word %zu: got %u, expected %u", label, i, got[i], expected[i]);
            }
        }
        free(got);
    }
}

static void test_colours(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        scene s = make_scene(sizes[i][0], sizes[i][1], false);
        float *dense = pinned_floats(s.nodes), *plane = check_pad(dense, (size_t)s.h, s.w);
        uint32_t *counts = calloc((size_t)BINS * 2, sizeof *counts);
        float *bins = zeros((size_t)BINS * 4), *expected = zeros(s.nodes * 4);
        assert_non_null(counts);
        bd_ref_colour_count(s.grid, dense, s.nodes, counts);
        const check_input nodes[4] = {{s.grid, s.nodes * 16}, {plane, (size_t)(s.w + 3) / 4 * 16 * (size_t)s.h}};
        check_words(BD_KERNEL_COLOUR_COUNT, &s.push, false, nodes, counts, (size_t)BINS * 2, "count");
        for (size_t n = 0; n < (size_t)BINS * 2; n++) {
            counts[n] += check_random(&harness) % 7 ? 0 : check_random(&harness) % 100000;
        }
        bd_ref_colour_blur(counts, bins);
        const check_input counted[4] = {{counts, (size_t)BINS * 8}};
        check_kernel(BD_KERNEL_COLOUR_BLUR, &s, false, counted, bins, BINS, 1e-4f, 1e-4f, "blur");
        const check_input sources[4] = {nodes[0], nodes[1], {bins, (size_t)BINS * 16}};
        for (int trimap = 0; trimap < 2; trimap++) {
            for (size_t n = 0; n < s.nodes; n++) {
                bd_ref_closed_target(s.grid + 4 * n, dense[n], bins, s.push.beta, s.push.weight, s.push.margin, trimap,
                                     expected + 4 * n);
            }
            check_kernel(BD_KERNEL_CLOSED_TARGET, &s, trimap, sources, expected, s.nodes, 1e-5f, 1e-4f, "target");
        }
        free(expected);
        free(bins);
        free(counts);
        free(plane);
        free(dense);
        drop_scene(&s);
    }
}

static void check_lists(int32_t w, int32_t h, bool ring) {
    scene s = make_scene(w, h, ring);
    const size_t tw = ((size_t)w + BD_TILE - 1) / BD_TILE, th = ((size_t)h + BD_TILE - 1) / BD_TILE;
    uint32_t flags[MOST_TILES] = {0}, rows[MOST_TILES] = {0}, alone[MOST_TILES];
    uint32_t count = bd_ref_tiles(s.targets, w, h, false, alone);
    assert_true(tw * th <= MOST_TILES);
    for (uint32_t i = 0; i < count; i++) {
        flags[(alone[i] >> 16) * tw + (alone[i] & 0xffffu)] = 1;
    }
    for (uint32_t i = 0; i < s.count; i++) {
        rows[s.list[BD_TILE_HEADER + i] >> 16]++;
    }
    bd_push_closed_form tiles = s.push;
    tiles.dst_w = (int32_t)tw;
    tiles.dst_h = (int32_t)th;
    uint32_t expected[BD_TILE_HEADER + MOST_TILES] = {s.count, 1, 1};
    memcpy(expected + BD_TILE_HEADER, s.list + BD_TILE_HEADER, s.count * sizeof *expected);
    const check_input targets[4] = {{s.targets, s.nodes * 16}};
    const check_input both[4] = {{flags, tw * th * 4}, {rows, th * 4}};
    check_words(BD_KERNEL_TILE_FLAGS, &s.push, false, targets, flags, tw * th, "flags");
    check_words(BD_KERNEL_TILE_ROWS, &tiles, ring, both, rows, th, "rows");
    check_words(BD_KERNEL_TILE_LIST, &tiles, ring, both, expected, BD_TILE_HEADER + tw * th, "list");
    drop_scene(&s);
}

static void test_lists(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * BD_COUNT(sizes); i++) {
        check_lists(sizes[i / 2][0], sizes[i / 2][1], i % 2);
    }
}

/* Lines of listed windows, and the matrix times the grid's values. */
static void check_matrix(int32_t w, int32_t h, bool first) {
    scene s = make_scene(w, h, first);
    float *lines = zeros(s.nodes * 4), *expected = zeros(s.nodes * 4),
          *products = zeros((size_t)s.count * NODES_A_TILE * 4);
    double *room = malloc(s.nodes * 15 * sizeof *room);
    assert_non_null(room);
    /* eps is shared out over the nodes of a window. */
    static const int32_t window_sizes[] = {9, 6, 4, 3, 2, 1};
    for (size_t k = 0; k < BD_COUNT(window_sizes); k++) {
        bd_ref_guided_lines(s.grid, w, h, 1, s.push.eps / (float)window_sizes[k], room, expected);
        for (int32_t y = 0; y < h; y++) {
            for (int32_t x = 0; x < w; x++) {
                int32_t rows = BD_MIN(y + 1, h - 1) - BD_MAX(y - 1, 0) + 1;
                int32_t columns = BD_MIN(x + 1, w - 1) - BD_MAX(x - 1, 0) + 1;
                if (rows * columns == window_sizes[k]) {
                    size_t n = (size_t)y * (size_t)w + (size_t)x;
                    memcpy(lines + 4 * n, expected + 4 * n, 16);
                }
            }
        }
    }
    for (size_t n = 0; n < s.nodes; n++) {
        lines[4 * n + 3] += 0.5f * (lines[4 * n] + lines[4 * n + 1] + lines[4 * n + 2]);
        for (size_t c = 0; c < 4; c++) {
            expected[4 * n + c] = listed(&s, n) ? lines[4 * n + c] : 0.0f;
        }
    }
    for (uint32_t i = 0; i < s.count * NODES_A_TILE; i++) {
        uint32_t tile = s.list[BD_TILE_HEADER + i / NODES_A_TILE], lane = i % NODES_A_TILE;
        int32_t x = (int32_t)((tile & 0xffffu) * BD_TILE + lane % BD_TILE);
        int32_t y = (int32_t)((tile >> 16) * BD_TILE + lane / BD_TILE);
        if (x >= w || y >= h) {
            continue;
        }
        size_t n = (size_t)y * (size_t)w + (size_t)x;
        float q = bd_ref_closed_product(lines, s.grid, s.targets + 4 * n, w, h, x, y), r = s.grid[4 * n + 3];
        if (s.targets[4 * n + 3] > 0.0f) {
            continue;
        }
        products[4 * (size_t)i] = first ? s.targets[4 * n] * s.targets[4 * n + 1] - q : q;
        products[4 * (size_t)i + 1] = first ? 0.0f : r * r;
        products[4 * (size_t)i + 2] = first ? 0.0f : q * r;
    }
    const check_input grid[4] = {{s.grid, s.nodes * 16}, [3] = {s.list, sizeof s.list}};
    const check_input all[4] = {
        {lines, s.nodes * 16}, {s.grid, s.nodes * 16}, {s.targets, s.nodes * 16}, {s.list, sizeof s.list}};
    check_kernel(BD_KERNEL_CLOSED_LINES, &s, false, grid, expected, s.nodes, 2e-3f, 2e-3f, "lines");
    check_kernel(BD_KERNEL_CLOSED_PRODUCT, &s, first, all, products, (size_t)s.count * NODES_A_TILE, 2e-4f, 1e-4f,
                 "product");
    free(room);
    free(products);
    free(expected);
    free(lines);
    drop_scene(&s);
}

static void test_matrix(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * BD_COUNT(sizes); i++) {
        check_matrix(sizes[i / 2][0], sizes[i / 2][1], i % 2);
    }
}

static void test_steps(void **state) {
    (void)state;
    scene s = make_scene(70, 33, true);
    size_t rows = (size_t)s.count * NODES_A_TILE;
    float *products = check_floats(&harness, rows * 4, 0.0f, 1.0f), *sums = zeros((size_t)BD_SUMS * 4);
    double gamma = 0.0, delta = 0.0;
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < 4; c++) {
            sums[4 * (i % BD_SUMS) + c] += products[4 * i + c];
        }
        gamma += (double)products[4 * i + 1];
        delta += (double)products[4 * i + 2];
    }
    const check_input source[4] = {{products, rows * 16}, [3] = {s.list, sizeof s.list}};
    check_kernel(BD_KERNEL_CLOSED_SUM, &s, false, source, sums, BD_SUMS, 1e-5f, 1e-5f, "sum");
    const float last[4] = {(float)gamma * 4.0f, 0.5f, 0.25f, 0.0f};
    const check_input both[4] = {{sums, (size_t)BD_SUMS * 16}, {last, sizeof last}};
    for (int first = 0; first < 2; first++) {
        double beta = first ? 0.0 : 0.25, curvature = delta - (first ? 0.0 : beta * gamma / 0.5);
        const float expected[4] = {(float)gamma, (float)(gamma / curvature), (float)beta, 0.0f};
        check_kernel(BD_KERNEL_CLOSED_STEP, &s, first, both, expected, 1, 1e-4f, 1e-4f, "step");
    }
    /* A step that came to nothing: the next goes along the residual alone. */
    const float stopped[4] = {(float)gamma, 0.0f, 0.25f, 0.0f};
    const check_input again[4] = {{sums, (size_t)BD_SUMS * 16}, {stopped, sizeof stopped}};
    const float fresh[4] = {(float)gamma, (float)(gamma / delta), 0.0f, 0.0f};
    check_kernel(BD_KERNEL_CLOSED_STEP, &s, false, again, fresh, 1, 1e-4f, 1e-4f, "step after none");
    free(sums);
    free(products);
    drop_scene(&s);
}

/* A state's beginning, its steps, and what is made of the last one. */
static void check_states(int32_t w, int32_t h, bool first) {
    scene s = make_scene(w, h, false);
    const float by[4] = {1.0f, 0.3f, 0.7f, 0.0f};
    size_t tw = ((size_t)w + BD_TILE - 1) / BD_TILE, th = ((size_t)h + BD_TILE - 1) / BD_TILE;
    float *state = check_floats(&harness, s.nodes * 8, -1.0f, 1.0f), *next = zeros(s.nodes * 8);
    float *begun = zeros(s.nodes * 8), *done = zeros(s.nodes * 4);
    float *products = check_floats(&harness, (size_t)s.count * NODES_A_TILE * 4, -1.0f, 1.0f);
    uint32_t flags[MOST_TILES] = {0};
    for (uint32_t i = 0; i < s.count; i++) {
        uint32_t tile = s.list[BD_TILE_HEADER + i];
        flags[(tile >> 16) * tw + (tile & 0xffffu)] = 1;
    }
    for (uint32_t i = 0; i < s.count * NODES_A_TILE; i++) {
        uint32_t tile = s.list[BD_TILE_HEADER + i / NODES_A_TILE], lane = i % NODES_A_TILE;
        size_t x = (size_t)(tile & 0xffffu) * BD_TILE + lane % BD_TILE,
               y = (size_t)(tile >> 16) * BD_TILE + lane / BD_TILE;
        if (x >= (size_t)w || y >= (size_t)h) {
            continue;
        }
        size_t n = 4 * (y * (size_t)w + x), m = n + 4 * s.nodes;
        memcpy(begun + n, s.grid + n, 12);
        begun[m] = s.grid[n + 3];
        memcpy(next + n, state + n, 16);
        memcpy(next + m, state + m, 16);
        if (first) {
            next[n + 3] = products[4 * (size_t)i];
        } else {
            next[m + 1] = state[n + 3] + by[2] * state[m + 1];
            next[m + 2] = products[4 * (size_t)i] + by[2] * state[m + 2];
            next[m] = state[m] + by[1] * next[m + 1];
            next[n + 3] = state[n + 3] - by[1] * next[m + 2];
        }
    }
    for (size_t n = 0; n < s.nodes; n++) {
        float solved = fminf(fmaxf((state[4 * (s.nodes + n)] - 0.1f) / 0.8f, 0.0f), 1.0f);
        memcpy(done + 4 * n, s.grid + 4 * n, 16);
        done[4 * n + 3] = listed(&s, n) ? solved : s.grid[4 * n + 3];
    }
    const check_input start[4] = {{s.grid, s.nodes * 16}, [3] = {s.list, sizeof s.list}};
    const check_input update[4] = {{state, s.nodes * 32},
                                   {products, (size_t)s.count * NODES_A_TILE * 16},
                                   {by, sizeof by},
                                   {s.list, sizeof s.list}};
    const check_input finish[4] = {{s.grid, s.nodes * 16}, {state, s.nodes * 32}, {flags, tw * th * 4}};
    check_kernel(BD_KERNEL_CLOSED_START, &s, false, start, begun, s.nodes * 2, 0.0f, 0.0f, "start");
    check_kernel(BD_KERNEL_CLOSED_UPDATE, &s, first, update, next, s.nodes * 2, 1e-5f, 0.0f, "update");
    check_kernel(BD_KERNEL_CLOSED_FINISH, &s, false, finish, done, s.nodes, 1e-6f, 0.0f, "finish");
    free(products);
    free(done);
    free(begun);
    free(next);
    free(state);
    drop_scene(&s);
}

static void test_states(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * BD_COUNT(sizes); i++) {
        check_states(sizes[i / 2][0], sizes[i / 2][1], i % 2);
    }
}

/* What is known of the nodes, as a plane and in a grid. */
static void test_known(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        scene s = make_scene(sizes[i][0], sizes[i][1], false);
        float *dense = zeros(s.nodes), *pinned = zeros(s.nodes * 4);
        for (size_t n = 0; n < s.nodes; n++) {
            dense[n] = s.targets[4 * n];
            memcpy(pinned + 4 * n, s.grid + 4 * n, 16);
            pinned[4 * n + 3] = s.targets[4 * n + 3] > 0.0f ? dense[n] : s.grid[4 * n + 3];
        }
        float *plane = check_pad(dense, (size_t)s.h, s.w);
        const check_input targets[4] = {{s.targets, s.nodes * 16}};
        check_kernel(BD_KERNEL_CLOSED_PRIOR, &s, false, targets, plane, (size_t)(s.w + 3) / 4 * (size_t)s.h, 0.0f, 0.0f,
                     "prior");
        CHECK_EACH_COLUMN(&harness) {
            bd_vk_dispatch dispatch;
            bd_kernel_closed_form(&harness.vk, BD_KERNEL_CLOSED_PIN, &s.push, false, 0, &dispatch);
            float *got = zeros(s.nodes * 4);
            memcpy(got, s.grid, s.nodes * 16);
            check_run(&harness, &dispatch, targets, got, s.nodes * 16, "pin", 0.0);
            assert_memory_equal(got, pinned, s.nodes * 16);
            free(got);
        }
        free(plane);
        free(pinned);
        free(dense);
        drop_scene(&s);
    }
}

/* A trimap of areas larger than a block, and specks. */
static uint8_t *make_trimap(int32_t w, int32_t h) {
    uint8_t *trimap = check_bytes(&harness, (size_t)w * (size_t)h);
    int32_t split = check_between(&harness, 0, w), line = check_between(&harness, 0, h);
    for (int32_t i = 0; i < w * h; i++) {
        if (check_random(&harness) % 64) {
            trimap[i] = i % w >= split ? 255 : i / w < line ? 0 : trimap[i];
        }
    }
    return trimap;
}

static void check_trimap(int32_t w, int32_t h, int32_t block, float low) {
    int32_t gw = (w + block - 1) / block, gh = (h + block - 1) / block;
    size_t pitch = (size_t)(w + 3) / 4 * 4, values = (size_t)(gw + 3) / 4 * 4 * (size_t)gh;
    uint8_t *trimap = make_trimap(w, h), *rows = calloc(pitch, (size_t)h);
    float *dense = pinned_floats((size_t)gw * (size_t)gh), *plane = check_pad(dense, (size_t)gh, gw);
    assert_non_null(rows);
    for (size_t y = 0; y < (size_t)h; y++) {
        memcpy(rows + y * pitch, trimap + y * (size_t)w, (size_t)w);
    }
    bd_ref_trimap_pin(trimap, w, h, block, low, dense);
    float *expected = check_pad(dense, (size_t)gh, gw);
    const bd_push_trimap push = {.src_w = w, .src_h = h, .dst_w = gw, .dst_h = gh, .block = block, .low = low};
    const check_input inputs[4] = {{rows, pitch * (size_t)h}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_trimap(&harness.vk, &push, &dispatch);
        float *got = zeros(values);
        memcpy(got, plane, values * sizeof *got);
        check_run(&harness, &dispatch, inputs, got, values * sizeof *got, "trimap", 0.0);
        for (size_t n = 0; n < values; n++) {
            if (got[n] < expected[n] || got[n] > expected[n]) {
                fail_msg("%dx%d in blocks of %d, value %zu: %g, expected %g", w, h, block, n, (double)got[n],
                         (double)expected[n]);
            }
        }
        free(got);
    }
    free(expected);
    free(plane);
    free(dense);
    free(rows);
    free(trimap);
}

static void test_trimap(void **state) {
    (void)state;
    static const float lows[] = {0.0f, 1.0f / 1024.0f, 0.5f};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int32_t block = 1; block < 5; block++) {
            check_trimap(sizes[i][0], sizes[i][1], block, lows[check_random(&harness) % BD_COUNT(lows)]);
        }
    }
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_colours), cmocka_unit_test(test_lists),
                                              cmocka_unit_test(test_matrix),  cmocka_unit_test(test_steps),
                                              cmocka_unit_test(test_states),  cmocka_unit_test(test_known),
                                              cmocka_unit_test(test_trimap)};
    int status = check_open(&harness, argc, argv);
    return status ? status : check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}
