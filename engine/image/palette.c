/* SPDX-License-Identifier: MIT */
#include "image/palette.h"

#include <string.h>

enum { BITS = 5, SIDE = 1 << BITS, CELLS = SIDE * SIDE * SIDE, OPAQUE_FROM = 128 };

/* What the pixels in a cell sum up to. */
typedef struct cell {
    uint32_t count;
    uint64_t sums[3];
} cell;

/* Cells from..to-1 of the list of those in use. */
typedef struct box {
    uint32_t from, to;
    int axis; /* the longest */
    uint32_t length;
    uint64_t pixels;
} box;

typedef struct reducer {
    cell *cells;      /* CELLS */
    uint16_t *used;   /* their numbers */
    int16_t *nearest; /* CELLS: the colour, -1: not looked for yet */
    int *errors;      /* two rows of RGB, in 16ths, with a pixel more at either end */
    box boxes[BD_PALETTE_MOST];
    bd_palette *palette;
} reducer;

static uint32_t cell_of(const uint8_t *rgb) {
    return (uint32_t)(rgb[0] >> (8 - BITS)) << 2 * BITS | (uint32_t)(rgb[1] >> (8 - BITS)) << BITS |
           rgb[2] >> (8 - BITS);
}

static int along(uint32_t number, int axis) {
    return (int)(number >> BITS * (2 - axis) & (SIDE - 1));
}

static void measure(const reducer *r, box *b) {
    int low[3] = {SIDE, SIDE, SIDE}, high[3] = {-1, -1, -1};
    b->pixels = 0;
    for (uint32_t i = b->from; i < b->to; i++) {
        b->pixels += r->cells[r->used[i]].count;
        for (int axis = 0; axis < 3; axis++) {
            low[axis] = BD_MIN(low[axis], along(r->used[i], axis));
            high[axis] = BD_MAX(high[axis], along(r->used[i], axis));
        }
    }
    b->axis = 0;
    for (int axis = 1; axis < 3; axis++) {
        b->axis = high[axis] - low[axis] > high[b->axis] - low[b->axis] ? axis : b->axis;
    }
    b->length = (uint32_t)(high[b->axis] - low[b->axis]);
}

/* Sorts a box's cells along its axis, by counting. */
static void sort_cells(const reducer *r, const box *b, uint16_t *sorted) {
    uint32_t starts[SIDE + 1] = {0};
    for (uint32_t i = b->from; i < b->to; i++) {
        starts[along(r->used[i], b->axis) + 1]++;
    }
    for (int i = 0; i < SIDE; i++) {
        starts[i + 1] += starts[i];
    }
    for (uint32_t i = b->from; i < b->to; i++) {
        sorted[starts[along(r->used[i], b->axis)]++] = r->used[i];
    }
    memcpy(r->used + b->from, sorted, (b->to - b->from) * sizeof *sorted);
}

/* Where half of a box's pixels lie on either side, and no plane of cells is torn. */
static uint32_t middle(const reducer *r, const box *b) {
    uint64_t below = 0;
    uint32_t best = 0;
    for (uint32_t i = b->from; i + 1 < b->to; i++) {
        below += r->cells[r->used[i]].count;
        if (along(r->used[i], b->axis) == along(r->used[i + 1], b->axis)) {
            continue;
        }
        best = i + 1;
        if (below * 2 >= b->pixels) {
            break;
        }
    }
    return best;
}

/* Splits the box that has most pixels times its length until there are enough. */
static uint32_t cut(reducer *r, uint32_t used_count, uint16_t *sorted) {
    uint32_t count = 1;
    r->boxes[0] = (box){.to = used_count};
    measure(r, &r->boxes[0]);
    while (count < BD_PALETTE_MOST) {
        box *widest = NULL;
        for (uint32_t i = 0; i < count; i++) {
            box *b = &r->boxes[i];
            if (b->length && (!widest || b->pixels * b->length > widest->pixels * widest->length)) {
                widest = b;
            }
        }
        if (!widest) {
            break;
        }
        sort_cells(r, widest, sorted);
        const uint32_t at = middle(r, widest);
        r->boxes[count] = (box){.from = at, .to = widest->to};
        widest->to = at;
        measure(r, widest);
        measure(r, &r->boxes[count++]);
    }
    return count;
}

/* Each box's mean. */
static void choose_colors(const reducer *r, uint32_t count) {
    r->palette->count = count;
    for (uint32_t i = 0; i < count; i++) {
        const box *b = &r->boxes[i];
        uint64_t sums[3] = {0};
        for (uint32_t k = b->from; k < b->to; k++) {
            for (int c = 0; c < 3; c++) {
                sums[c] += r->cells[r->used[k]].sums[c];
            }
        }
        for (int c = 0; c < 3; c++) {
            r->palette->colors[i][c] = (uint8_t)((sums[c] + b->pixels / 2) / b->pixels);
        }
    }
}

/* The colour nearest to a cell's middle is that of all in it. */
static int find_nearest(const reducer *r, const uint8_t *rgb) {
    int16_t *known = &r->nearest[cell_of(rgb)];
    if (*known >= 0) {
        return *known;
    }
    int least = INT32_MAX;
    for (uint32_t i = 0; i < r->palette->count; i++) {
        int distance = 0;
        for (int c = 0; c < 3; c++) {
            const int middle_of_cell = (rgb[c] & ~((1 << (8 - BITS)) - 1)) + (1 << (7 - BITS));
            const int difference = middle_of_cell - r->palette->colors[i][c];
            distance += difference * difference;
        }
        if (distance < least) {
            least = distance;
            *known = (int16_t)i;
        }
    }
    return *known;
}

static void spread(int *errors, int *below, const int *rest) {
    for (int c = 0; c < 3; c++) {
        errors[3 + c] += rest[c] * 7;
        below[c - 3] += rest[c] * 3;
        below[c] += rest[c] * 5;
        below[c + 3] += rest[c];
    }
}

static void map_row(const reducer *r, const uint8_t *row, uint32_t width, int *errors, int *below, uint8_t *indices) {
    for (uint32_t x = 0; x < width; x++, row += 4, errors += 3, below += 3) {
        if (row[3] < OPAQUE_FROM) {
            indices[x] = (uint8_t)r->palette->count;
            continue;
        }
        uint8_t wanted[3];
        int rest[3];
        for (int c = 0; c < 3; c++) {
            wanted[c] = (uint8_t)BD_MIN(BD_MAX(row[c] + errors[c] / 16, 0), 255);
        }
        const int index = find_nearest(r, wanted);
        for (int c = 0; c < 3; c++) {
            rest[c] = wanted[c] - r->palette->colors[index][c];
        }
        spread(errors, below, rest);
        indices[x] = (uint8_t)index;
    }
}

static uint32_t count_cells(const reducer *r, const bd_image *image) {
    const size_t pixels = (size_t)image->width * image->height;
    uint32_t used = 0;
    for (size_t i = 0; i < pixels; i++) {
        const uint8_t *rgba = image->pixels + i * 4;
        if (rgba[3] >= OPAQUE_FROM) {
            cell *at = &r->cells[cell_of(rgba)];
            at->count++;
            for (int c = 0; c < 3; c++) {
                at->sums[c] += rgba[c];
            }
        }
    }
    for (uint32_t number = 0; number < CELLS; number++) {
        if (r->cells[number].count) {
            r->used[used++] = (uint16_t)number;
        }
    }
    return used;
}

static void reduce(reducer *r, const bd_image *image, uint16_t *sorted, uint8_t *indices) {
    const uint32_t used = count_cells(r, image);
    r->palette->count = 0;
    if (used) {
        choose_colors(r, cut(r, used, sorted));
    }
    memset(r->nearest, -1, CELLS * sizeof *r->nearest);
    const size_t length = ((size_t)image->width + 2) * 3;
    int *rows[2] = {r->errors, r->errors + length};
    memset(r->errors, 0, 2 * length * sizeof *r->errors);
    for (uint32_t y = 0; y < image->height; y++) {
        int *errors = rows[y % 2], *below = rows[(y + 1) % 2];
        memset(below, 0, length * sizeof *below);
        map_row(r, image->pixels + (size_t)y * image->width * 4, image->width, errors + 3, below + 3,
                indices + (size_t)y * image->width);
    }
}

bd_result bd_palette_reduce(const bd_allocator *allocator, const bd_image *image, bd_palette *palette, uint8_t *indices,
                            bd_error *error) {
    bd_pool pool = {.allocator = allocator};
    reducer *r = bd_pool_alloc(&pool, sizeof *r);
    uint16_t *sorted = bd_pool_alloc(&pool, CELLS * sizeof *sorted);
    bd_result result = BD_OK;
    if (r) {
        r->cells = bd_pool_alloc(&pool, CELLS * sizeof *r->cells);
        r->used = bd_pool_alloc(&pool, CELLS * sizeof *r->used);
        r->nearest = bd_pool_alloc(&pool, CELLS * sizeof *r->nearest);
        r->errors = bd_pool_alloc(&pool, 2 * ((size_t)image->width + 2) * 3 * sizeof *r->errors);
        r->palette = palette;
    }
    if (!r || !sorted || !r->cells || !r->used || !r->nearest || !r->errors) {
        result = bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory for a palette");
    } else {
        reduce(r, image, sorted, indices);
    }
    bd_pool_finish(&pool);
    return result;
}
