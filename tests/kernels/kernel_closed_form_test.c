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
    s.push = (bd_push_closed_form){.dst_w = w,
                                   .dst_h = h,
                                   .eps = 1e-3f,
                                   .beta = 0.75f,
                                   .weight = 0.3f,
                                   .margin = 0.05f,
                                   .level = 0.1f,
                                   .share = 0.7f};
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

static size_t tiles_of(const scene *s) {
    return (((size_t)s->w + BD_TILE - 1) / BD_TILE) * (((size_t)s->h + BD_TILE - 1) / BD_TILE);
}

/* The n-th node of the tiles that are listed; false: outside of the picture. */
static bool node_of(const scene *s, size_t n, int32_t *x, int32_t *y) {
    uint32_t tile = s->list[BD_TILE_HEADER + n / NODES_A_TILE];
    *x = (int32_t)((tile & 0xffffu) * BD_TILE + n % BD_TILE);
    *y = (int32_t)((tile >> 16) * BD_TILE + n % NODES_A_TILE / BD_TILE);
    return *x < s->w && *y < s->h;
}

/* Where the parts of a listed tile begin, in vec4 of so many a tile. */
static size_t part_of(const scene *s, uint32_t entry, size_t parts) {
    uint32_t tile = s->list[BD_TILE_HEADER + entry], tw = ((uint32_t)s->w + BD_TILE - 1) / BD_TILE;
    return ((size_t)(tile >> 16) * tw + (tile & 0xffffu)) * parts;
}

static void make_flags(const scene *s, uint32_t flags[MOST_TILES]) {
    uint32_t alone[MOST_TILES], count = bd_ref_tiles(s->targets, s->w, s->h, false, alone);
    assert_true(tiles_of(s) <= MOST_TILES);
    memset(flags, 0, MOST_TILES * sizeof *flags);
    for (uint32_t i = 0; i < count; i++) {
        flags[(alone[i] >> 16) * (((size_t)s->w + BD_TILE - 1) / BD_TILE) + (alone[i] & 0xffffu)] = 1;
    }
}

static float *zeros(size_t floats) {
    float *values = calloc(BD_MAX(floats, (size_t)1), sizeof *values);
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

/* Runs a kernel over zeros, or what is given; what it does not touch stays so. */
static void check_onto(bd_kernel kernel, const scene *s, bool flag, const check_input inputs[4], const float *before,
                       const float *expected, size_t rows, float absolute, float relative, const char *label) {
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_closed_form(&harness.vk, kernel, &s->push, flag, s->count, &dispatch);
        float *got = zeros(rows * 4);
        if (before) {
            memcpy(got, before, rows * 16);
        }
        check_run(&harness, &dispatch, inputs, got, rows * 16, label, 0.0);
        /* Where the bounds are wide, the inverse of a window's colours multiplies roundings by its condition number. */
        double nmse = relative > 1e-3f ? 1e-7 : 1e-10;
        check_tensor_within(label, expected, got, rows, 4, s->w, absolute, relative, nmse);
        free(got);
    }
}

static void check_kernel(bd_kernel kernel, const scene *s, bool flag, const check_input inputs[4],
                         const float *expected, size_t rows, float absolute, float relative, const char *label) {
    check_onto(kernel, s, flag, inputs, NULL, expected, rows, absolute, relative, label);
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
    uint32_t flags[MOST_TILES], rows[MOST_TILES] = {0};
    make_flags(&s, flags);
    for (uint32_t i = 0; i < s.count; i++) {
        rows[s.list[BD_TILE_HEADER + i] >> 16]++;
    }
    bd_push_closed_form tiles = s.push;
    tiles.dst_w = (int32_t)tw;
    tiles.dst_h = (int32_t)th;
    uint32_t expected[BD_TILE_HEADER + MOST_TILES] = {
        s.count, 1, 1, [BD_TILE_FOURS] = (s.count + BD_TILES_A_GROUP - 1) / BD_TILES_A_GROUP, 1, 1};
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

/* ---- the matrix -------------------------------------------------------------------------------------------------- */

static float *make_windows(const scene *s, const uint32_t *flags, bool all) {
    float *windows = zeros(s->nodes * 16), window[16];
    for (size_t i = 0; i < (all ? s->nodes : (size_t)s->count * NODES_A_TILE); i++) {
        int32_t x = (int32_t)(i % (size_t)s->w), y = (int32_t)(i / (size_t)s->w);
        if (!all && !node_of(s, i, &x, &y)) {
            continue;
        }
        bd_ref_closed_window(s->grid, s->targets, flags, s->w, s->h, x, y, s->push.eps, window);
        for (size_t k = 0; k < 4; k++) {
            memcpy(windows + 4 * (k * s->nodes + (size_t)y * (size_t)s->w + (size_t)x), window + 4 * k, 16);
        }
    }
    return windows;
}

/* Random rows that, as the real ones, leave out what lies outside of the picture. */
static float *make_matrix(const scene *s) {
    float *matrix = check_floats(&harness, (size_t)s->count * BD_TAPS * NODES_A_TILE, -1.0f, 1.0f);
    for (size_t n = 0; n < (size_t)s->count * NODES_A_TILE; n++) {
        int32_t x, y;
        bool inside = node_of(s, n, &x, &y);
        for (int32_t tap = 0; tap < BD_TAPS; tap++) {
            int32_t u = x + tap % 5 - 2, v = y + tap / 5 - 2;
            if (!inside || u < 0 || v < 0 || u >= s->w || v >= s->h) {
                matrix[(n / NODES_A_TILE * BD_TAPS + (size_t)tap) * NODES_A_TILE + n % NODES_A_TILE] = 0.0f;
            }
        }
    }
    return matrix;
}

static void check_matrix(int32_t w, int32_t h, bool ring) {
    scene s = make_scene(w, h, ring);
    uint32_t flags[MOST_TILES];
    make_flags(&s, flags);
    float *windows = make_windows(&s, flags, false), *all = make_windows(&s, flags, true), row[BD_TAPS];
    const size_t floats = (size_t)s.count * BD_TAPS * NODES_A_TILE;
    float *matrix = zeros(floats), *parts = zeros(tiles_of(&s) * 96), *random = make_matrix(&s);
    for (size_t n = 0; n < (size_t)s.count * NODES_A_TILE; n++) {
        int32_t x, y;
        if (node_of(&s, n, &x, &y)) {
            bd_ref_closed_row(all, s.grid, s.targets, w, h, x, y, row);
            for (size_t tap = 0; tap < BD_TAPS; tap++) {
                matrix[(n / NODES_A_TILE * BD_TAPS + tap) * NODES_A_TILE + n % NODES_A_TILE] = row[tap];
            }
        }
    }
    for (uint32_t i = 0; i < s.count * 8; i++) {
        bd_ref_closed_block(random + (size_t)(i / 8) * BD_TAPS * NODES_A_TILE, all, w, h,
                            s.list[BD_TILE_HEADER + i / 8], (int32_t)(i % 8 / 4), (int32_t)(i % 4),
                            parts + 4 * part_of(&s, i / 8, 24) + 12 * (i % 8));
    }
    const check_input list = {s.list, sizeof s.list}, grid = {s.grid, s.nodes * 16},
                      targets = {s.targets, s.nodes * 16};
    const check_input of_windows[4] = {grid, targets, {flags, tiles_of(&s) * 4}, list};
    const check_input of_matrix[4] = {{all, s.nodes * 64}, grid, targets, list};
    const check_input of_blocks[4] = {{random, floats * 4}, {all, s.nodes * 64}, [3] = list};
    check_kernel(BD_KERNEL_CLOSED_WINDOWS, &s, false, of_windows, windows, s.nodes * 4, 2e-3f, 2e-3f, "windows");
    check_kernel(BD_KERNEL_CLOSED_MATRIX, &s, false, of_matrix, matrix, floats / 4, 1e-4f, 1e-4f, "matrix");
    check_kernel(BD_KERNEL_CLOSED_BLOCKS, &s, false, of_blocks, parts, tiles_of(&s) * 24, 2e-4f, 1e-4f, "blocks");
    free(random);
    free(parts);
    free(matrix);
    free(all);
    free(windows);
    drop_scene(&s);
}

static void test_matrix(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * BD_COUNT(sizes); i++) {
        check_matrix(sizes[i / 2][0], sizes[i / 2][1], i % 2);
    }
}

/* ---- the coarse grids -------------------------------------------------------------------------------------------- */

/* Parts whose sums are positive definite; of every fifth tile nothing, as of those that are not listed. */
static float *make_parts(size_t tiles) {
    float *parts = zeros(tiles * 96);
    for (size_t i = 0; i < tiles * 8; i++) {
        float *part = parts + 12 * i;
        for (int line = 0; line < 4 && i / 8 % 5; line++) {
            float v[4] = {check_float(&harness, -0.5f, 0.5f), check_float(&harness, -0.5f, 0.5f),
                          check_float(&harness, -0.5f, 0.5f), 1.0f};
            const float products[10] = {v[0] * v[0], v[0] * v[1], v[0] * v[2], v[0] * v[3], v[1] * v[1],
                                        v[1] * v[2], v[1] * v[3], v[3] * v[3], v[2] * v[2], v[2] * v[3]};
            for (int k = 0; k < 10; k++) {
                part[k] += products[k];
            }
        }
    }
    return parts;
}

static void check_coarse(int32_t w, int32_t h) {
    scene s = make_scene(w, h, false);
    const size_t tiles = tiles_of(&s), nodes = bd_ref_coarse_nodes(w, h), fours = (size_t)s.count * NODES_A_TILE / 4;
    assert_int_equal(nodes, bd_closed_coarse_nodes((uint32_t)w, (uint32_t)h));
    float *parts = make_parts(tiles), *inverses = zeros(nodes * 16), *lines = zeros(nodes * 4);
    float *residuals = check_floats(&harness, tiles * 32, -1.0f, 1.0f);
    float *state = check_floats(&harness, fours * BD_STATES * 4, 0.1f, 1.0f), *sums = zeros(tiles * 32);
    float *plane = zeros(tiles * NODES_A_TILE);
    for (uint32_t n = 0; n < nodes; n++) {
        double sum[12];
        bd_ref_coarse_sum(parts, 12, w, h, n, sum);
        bd_ref_closed_invert(sum, inverses + 16 * (size_t)n);
        bd_ref_coarse_sum(residuals, 4, w, h, n, sum);
        for (size_t i = 0; i < 16; i++) {
            lines[4 * (size_t)n + i % 4] += inverses[16 * (size_t)n + i] * (float)sum[i / 4];
        }
    }
    const size_t pitch = ((size_t)w + BD_TILE - 1) / BD_TILE * BD_TILE;
    for (size_t n = 0; n < (size_t)s.count * NODES_A_TILE; n++) {
        int32_t x, y;
        float *own = state + n / NODES_A_TILE * BD_STATES * NODES_A_TILE + n % NODES_A_TILE;
        bool inside = node_of(&s, n, &x, &y);
        const float *colour = s.grid + 4 * ((size_t)BD_MIN(y, h - 1) * (size_t)w + (size_t)BD_MIN(x, w - 1));
        if (!inside) {
            own[BD_STATE_R * NODES_A_TILE] = own[BD_STATE_D * NODES_A_TILE] = 0.0f;
        } else if (check_random(&harness) % 4 == 0) {
            own[BD_STATE_D * NODES_A_TILE] = 0.0f;
        }
        float r = own[BD_STATE_R * NODES_A_TILE], d = own[BD_STATE_D * NODES_A_TILE];
        uint32_t entry = (uint32_t)(n / NODES_A_TILE);
        for (int32_t k = 0; k < 8; k++) {
            float *sum = sums + 4 * (part_of(&s, entry, 8) + (size_t)k);
            double weight = bd_ref_coarse_hat(k / 4, k % 4, x, y, s.list[BD_TILE_HEADER + entry]);
            for (size_t c = 0; c < 4; c++) {
                sum[c] += r * (float)weight * (c < 3 ? colour[c] - 0.5f : 1.0f);
            }
        }
        plane[(size_t)y * pitch + (size_t)x] =
            d > 0.0f ? r * d + (float)bd_ref_coarse_value(lines, colour, w, h, x, y) : 0.0f;
    }
    const check_input list = {s.list, sizeof s.list}, grid = {s.grid, s.nodes * 16};
    const check_input of_invert[4] = {{parts, tiles * 384}};
    const check_input of_coarse[4] = {{residuals, tiles * 128}, {inverses, nodes * 64}};
    const check_input of_restrict[4] = {{state, fours * BD_STATES * 16}, grid, [3] = list};
    const check_input of_prolong[4] = {{state, fours * BD_STATES * 16}, {lines, nodes * 16}, grid, list};
    check_kernel(BD_KERNEL_CLOSED_INVERT, &s, false, of_invert, inverses, nodes * 4, 2e-3f, 2e-3f, "invert");
    check_kernel(BD_KERNEL_CLOSED_COARSE, &s, false, of_coarse, lines, nodes, 1e-3f, 1e-4f, "coarse");
    check_kernel(BD_KERNEL_CLOSED_RESTRICT, &s, false, of_restrict, sums, tiles * 8, 1e-4f, 1e-4f, "restrict");
    check_kernel(BD_KERNEL_CLOSED_PROLONG, &s, false, of_prolong, plane, tiles * NODES_A_TILE / 4, 1e-3f, 1e-4f,
                 "prolong");
    free(plane);
    free(sums);
    free(state);
    free(residuals);
    free(lines);
    free(inverses);
    free(parts);
    drop_scene(&s);
}

static void test_coarse(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        check_coarse(sizes[i][0], sizes[i][1]);
    }
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static void test_steps(void **state) {
    (void)state;
    scene s = make_scene(70, 33, true);
    size_t rows = (size_t)s.count * BD_PRODUCTS;
    float *products = check_floats(&harness, rows * 4, 0.0f, 1.0f);
    double gamma = 0.0, delta = 0.0;
    for (size_t i = BD_PRODUCTS - 1; i < rows; i += BD_PRODUCTS) {
        gamma += (double)products[4 * i];
        delta += (double)products[4 * i + 1];
    }
    const check_input list = {s.list, sizeof s.list};
    const float last[4] = {(float)gamma * 4.0f, 0.5f, 0.25f, 0.0f};
    const check_input both[4] = {{products, rows * 16}, {last, sizeof last}, [3] = list};
    for (int first = 0; first < 2; first++) {
        double beta = first ? 0.0 : 0.25, curvature = delta - (first ? 0.0 : beta * gamma / 0.5);
        const float expected[4] = {(float)gamma, (float)(gamma / curvature), (float)beta, 0.0f};
        check_kernel(BD_KERNEL_CLOSED_STEP, &s, first, both, expected, 1, 1e-4f, 1e-4f, "step");
    }
    /* A step that came to nothing: the next goes along the residual alone. */
    const float stopped[4] = {(float)gamma, 0.0f, 0.25f, 0.0f};
    const check_input again[4] = {{products, rows * 16}, {stopped, sizeof stopped}, [3] = list};
    const float fresh[4] = {(float)gamma, (float)(gamma / delta), 0.0f, 0.0f};
    check_kernel(BD_KERNEL_CLOSED_STEP, &s, false, again, fresh, 1, 1e-4f, 1e-4f, "step after none");
    free(products);
    drop_scene(&s);
}

static void check_product(int32_t w, int32_t h, bool first) {
    scene s = make_scene(w, h, false);
    const size_t fours = (size_t)s.count * NODES_A_TILE / 4, pitch = ((size_t)w + BD_TILE - 1) / BD_TILE * BD_TILE;
    float *matrix = make_matrix(&s), *plane = check_floats(&harness, tiles_of(&s) * NODES_A_TILE, -1.0f, 1.0f);
    float *state = check_floats(&harness, fours * BD_STATES * 4, -1.0f, 1.0f);
    float *products = zeros((size_t)s.count * BD_PRODUCTS * 4);
    for (size_t n = 0; n < (size_t)s.count * NODES_A_TILE; n++) {
        int32_t x, y;
        size_t entry = n / NODES_A_TILE, lane = n % NODES_A_TILE;
        const float *rows = matrix + entry * BD_TAPS * NODES_A_TILE;
        float *tile = products + entry * BD_PRODUCTS * 4;
        bool inside = node_of(&s, n, &x, &y);
        float q = (float)bd_ref_closed_product(rows, plane, w, h, x, y), u = plane[(size_t)y * pitch + (size_t)x];
        if (first) {
            const float *target = s.targets + 4 * ((size_t)y * (size_t)w + (size_t)x);
            tile[lane] = inside && rows[12 * NODES_A_TILE + lane] > 0.0f ? target[0] * target[1] - q : 0.0f;
        } else {
            tile[lane] = q;
            tile[NODES_A_TILE] += u * state[(entry * BD_STATES + BD_STATE_R) * NODES_A_TILE + lane];
            tile[NODES_A_TILE + 1] += u * q;
        }
    }
    const check_input other =
        first ? (check_input){s.targets, s.nodes * 16} : (check_input){state, fours * BD_STATES * 16};
    const check_input inputs[4] = {
        {matrix, fours * BD_TAPS * 16}, {plane, tiles_of(&s) * NODES_A_TILE * 4}, other, {s.list, sizeof s.list}};
    check_kernel(BD_KERNEL_CLOSED_PRODUCT, &s, first, inputs, products, (size_t)s.count * BD_PRODUCTS, 1e-4f, 1e-4f,
                 "product");
    free(products);
    free(state);
    free(plane);
    free(matrix);
    drop_scene(&s);
}

/* A state's beginning, its steps, and what is made of the last one. */
static void check_states(int32_t w, int32_t h, bool first) {
    scene s = make_scene(w, h, false);
    const float by[4] = {1.0f, 0.3f, 0.7f, 0.0f};
    const size_t fours = (size_t)s.count * NODES_A_TILE / 4, pitch = ((size_t)w + BD_TILE - 1) / BD_TILE * BD_TILE;
    float *state = check_floats(&harness, fours * BD_STATES * 4, -1.0f, 1.0f), *next = zeros(fours * BD_STATES * 4);
    float *products = check_floats(&harness, (size_t)s.count * BD_PRODUCTS * 4, -1.0f, 1.0f), *matrix = make_matrix(&s);
    float *plane = check_floats(&harness, tiles_of(&s) * NODES_A_TILE, -1.0f, 1.0f), *done = zeros(s.nodes * 4);
    memcpy(done, s.grid, s.nodes * 16);
    for (size_t n = 0; n < (size_t)s.count * NODES_A_TILE; n++) {
        int32_t x, y;
        size_t entry = n / NODES_A_TILE, lane = n % NODES_A_TILE;
        const float *own = state + entry * BD_STATES * NODES_A_TILE + lane;
        float *to = next + entry * BD_STATES * NODES_A_TILE + lane, q = products[entry * BD_PRODUCTS * 4 + lane];
        bool inside = node_of(&s, n, &x, &y);
        float u = plane[(size_t)y * pitch + (size_t)x];
        float diagonal = matrix[(entry * BD_TAPS + BD_TAPS / 2) * NODES_A_TILE + lane];
        float p = u + by[2] * own[BD_STATE_P * NODES_A_TILE], d = q + by[2] * own[BD_STATE_S * NODES_A_TILE];
        if (!first) {
            to[BD_STATE_X * NODES_A_TILE] = own[BD_STATE_X * NODES_A_TILE] + by[1] * p;
            to[BD_STATE_P * NODES_A_TILE] = p;
            to[BD_STATE_S * NODES_A_TILE] = d;
        }
        to[BD_STATE_R * NODES_A_TILE] = first ? q : own[BD_STATE_R * NODES_A_TILE] - by[1] * d;
        to[BD_STATE_D * NODES_A_TILE] = !first            ? own[BD_STATE_D * NODES_A_TILE]
                                        : diagonal > 0.0f ? 1.0f / fmaxf(diagonal, 1e-6f)
                                                          : 0.0f;
        if (inside) {
            float *value = done + 4 * ((size_t)y * (size_t)w + (size_t)x) + 3;
            *value = fminf(fmaxf((*value + 0.7f * own[BD_STATE_X * NODES_A_TILE] - 0.1f) / 0.8f, 0.0f), 1.0f);
        }
    }
    const check_input list = {s.list, sizeof s.list};
    const check_input other = first ? (check_input){matrix, fours * BD_TAPS * 16} : (check_input){by, sizeof by};
    const check_input update[4] = {
        {plane, tiles_of(&s) * NODES_A_TILE * 4}, {products, (size_t)s.count * BD_PRODUCTS * 16}, other, list};
    const check_input finish[4] = {{state, fours * BD_STATES * 16}, [3] = list};
    check_onto(BD_KERNEL_CLOSED_UPDATE, &s, first, update, state, next, fours * BD_STATES, 1e-5f, 1e-5f, "update");
    check_onto(BD_KERNEL_CLOSED_FINISH, &s, false, finish, s.grid, done, s.nodes, 1e-5f, 0.0f, "finish");
    free(done);
    free(plane);
    free(matrix);
    free(products);
    free(next);
    free(state);
    drop_scene(&s);
}

static void test_states(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * BD_COUNT(sizes); i++) {
        check_product(sizes[i / 2][0], sizes[i / 2][1], i % 2);
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
        float *plane = check_pad(dense, (size_t)s.h, s.w), *start = zeros(tiles_of(&s) * NODES_A_TILE);
        const size_t pitch = ((size_t)s.w + BD_TILE - 1) / BD_TILE * BD_TILE;
        for (size_t n = 0; n < tiles_of(&s) * NODES_A_TILE; n++) {
            size_t x = BD_MIN(n % pitch, (size_t)s.w - 1), y = BD_MIN(n / pitch, (size_t)s.h - 1);
            start[n] = s.grid[4 * (y * (size_t)s.w + x) + 3];
        }
        const check_input targets[4] = {{s.targets, s.nodes * 16}}, grid[4] = {{s.grid, s.nodes * 16}};
        check_kernel(BD_KERNEL_CLOSED_START, &s, false, grid, start, tiles_of(&s) * NODES_A_TILE / 4, 0.0f, 0.0f,
                     "start");
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
        free(start);
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
                                              cmocka_unit_test(test_matrix),  cmocka_unit_test(test_coarse),
                                              cmocka_unit_test(test_steps),   cmocka_unit_test(test_states),
                                              cmocka_unit_test(test_known),   cmocka_unit_test(test_trimap)};
    int status = check_open(&harness, argc, argv);
    return status ? status : check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}
