/* SPDX-License-Identifier: MIT */
#include "kernel/candidates.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "graph/plan.h"
#include "kernel/fill.h"
#include "kernel/flat.h"
#include "kernel/gemm.h"
#include "kernel/node.h"
#include "kernel/table.h"

typedef struct list {
    const bd_vk *vk;
    const bd_graph *graph;
    uint32_t node;
    bd_precision precision; /* of tensors: FP32 or FP16 */
    bool packed;
    bd_kernel_choice *out;
    uint32_t count, room;
} list;

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

/* simt: share rows of an invocation; every invocation owns rows * columns / (4 * share * threads) vec4 columns. */
typedef struct simt_tile {
    uint16_t rows, columns, threads, share;
} simt_tile;

static const simt_tile simt_tiles[] = {
    {128, 128, 256, 8}, {128, 64, 128, 8}, {64, 64, 128, 8}, {64, 32, 64, 8},   {32, 64, 128, 4},
    {32, 32, 64, 4},    {64, 16, 64, 4},   {32, 96, 96, 8},  {32, 160, 160, 8},
};

/* Blocks have the nine taps of all that an invocation loads in registers: more invocations, one or two loads each. */
static const simt_tile block_tiles[] = {
    {128, 64, 256, 8}, {64, 64, 256, 4}, {64, 64, 128, 8}, {64, 32, 128, 4}, {32, 64, 128, 4},  {32, 32, 128, 2},
    {32, 32, 64, 4},   {64, 16, 128, 2}, {64, 16, 64, 4},  {32, 96, 192, 4}, {32, 160, 160, 8}, {16, 320, 320, 4},
};

enum { BLOCK_MOST_LOADS = 2 };

/* Matrix units: `active` subgroups cover a tile, share of them along its rows; as many again sum another slice of each
 * step. depth 0: 32 where that divides the input channels, else 16. direct: weights do not go through shared memory. */
enum { WHOLE = UINT16_MAX, WHOLE_MOST = 192 }; /* as depth: all of it in one step, where it is no more than that */
typedef struct matrix_tile {
    uint16_t rows, columns, active, share, slices, depth;
    bool direct;
} matrix_tile;

static const matrix_tile matrix_tiles[] = {
    {128, 128, 8, 4, 1, 0, false},   {128, 64, 8, 4, 1, 0, false},     {64, 128, 8, 2, 1, 0, false},
    {64, 64, 4, 2, 1, 0, false},     {32, 64, 4, 2, 1, 0, false},      {64, 32, 4, 4, 1, 0, false},
    {32, 32, 4, 2, 1, 0, false},     {64, 16, 4, 4, 1, 0, false},      {32, 96, 4, 2, 1, 0, false},
    {32, 160, 4, 2, 1, 0, false},    {32, 320, 8, 2, 1, 16, false},    {64, 160, 10, 2, 1, 0, false},
    {128, 64, 8, 4, 1, 64, false},   {64, 64, 4, 2, 1, 64, false},     {64, 64, 4, 2, 2, 64, false},
    {64, 32, 4, 4, 1, 64, false},    {32, 64, 4, 2, 1, 64, false},     {32, 64, 4, 2, 2, 64, false},
    {32, 32, 4, 2, 1, 64, false},    {32, 32, 4, 2, 2, 64, false},     {32, 96, 4, 2, 2, 64, false},
    {64, 96, 6, 2, 1, 64, false},    {32, 64, 8, 2, 1, 64, true},      {64, 64, 8, 4, 1, 64, true},
    {32, 96, 6, 2, 2, 64, true},     {32, 160, 10, 2, 1, 64, true},    {32, 64, 8, 2, 2, 128, true},
    {32, 96, 6, 2, 2, 128, true},    {32, 32, 4, 2, 2, 64, true},      {32, 32, 4, 2, 4, 128, true},
    {32, 320, 10, 2, 1, 64, true},   {128, 64, 8, 4, 1, WHOLE, false}, {64, 128, 8, 2, 1, WHOLE, false},
    {64, 96, 6, 2, 1, WHOLE, false}, {64, 64, 8, 4, 1, WHOLE, false},  {64, 64, 4, 2, 1, WHOLE, false},
    {64, 32, 4, 4, 1, WHOLE, false}, {32, 64, 4, 2, 1, WHOLE, false},  {32, 32, 4, 2, 1, WHOLE, false},
};

/* Expansions with the window behind them: rows are pixels of the expanded map, and what lies at a tile's edges is computed
 * by its neighbours, too. */
static const simt_tile expand_tiles[] = {
    {64, 64, 128, 8}, {64, 32, 64, 8}, {128, 64, 256, 8}, {128, 64, 128, 8}, {128, 32, 128, 8}, {256, 32, 256, 8},
};
static const matrix_tile expand_matrix_tiles[] = {
    {64, 64, 4, 2, 1, 0, false},      {64, 64, 4, 2, 1, WHOLE, false}, {128, 64, 8, 4, 1, 0, false},
    {128, 64, 8, 4, 1, WHOLE, false}, {128, 64, 8, 4, 1, WHOLE, true}, {128, 32, 4, 4, 1, 0, false},
    {128, 32, 4, 4, 1, WHOLE, false}, {256, 32, 8, 8, 1, 0, false},
};

/* Groups that keep a large GPU busy: an H100 has 132 processors. */
enum { BUSY_GROUPS = 192, SPLIT_GROUPS = 512, SPLIT_STEPS = 6 };

/* Pixels along x of an expansion's tile: as many as make the fewest tiles of the map. */
static uint32_t window_width(const list *to, uint32_t rows) {
    const bd_node *node = &to->graph->nodes[to->node];
    uint32_t best = 3;
    for (uint32_t width = 4; width <= rows / 3; width++) {
        bool fewer = bd_gemm_window_tiles(node, rows, width) < bd_gemm_window_tiles(node, rows, best);
        best = fewer ? width : best;
    }
    return best;
}

/* A tile wider than the output (in steps of 32 channels) multiplies zeros. */
static bool fits_columns(const list *to, uint32_t columns) {
    uint32_t channels = bd_shape_c4(&to->graph->nodes[to->node].shape) * 4;
    return columns <= (channels <= 16 ? 16 : bd_ceil_div(channels, 32) * 32);
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

static void add(list *to, const bd_kernel_choice *choice) {
    if (to->count < to->room) {
        to->out[to->count++] = *choice;
    }
}

static void add_plain(list *to) {
    bd_kernel_choice choice = {.family = BD_KERNEL_FAMILY_PLAIN, .precision = to->precision, .split = 1};
    bd_vk_dispatch dispatch;
    bd_kernel_operands operands;
    if (bd_kernel_node(to->vk, to->graph, to->node, 0, &choice, &dispatch, &operands, NULL)) {
        return;
    }
    choice.shader = dispatch.shader;
    (void)snprintf(choice.name, sizeof choice.name, "%s", bd_shaders[dispatch.shader].name);
    add(to, &choice);
}

/* Bytes of shared memory, as push/conv_gemm.h says. */
static uint32_t shared_of(const bd_kernel_choice *c) {
    if (!c->matrix[0]) {
        uint32_t operands = 2u * c->depth * (c->rows + c->columns);
        bool stays = c->family == BD_KERNEL_FAMILY_EXPAND;
        return (c->packed ? 2u : 4u) * (stays ? BD_MAX(operands, (uint32_t)c->rows * c->columns) : operands);
    }
    uint32_t operands = 2u * c->buffers * (c->depth + 8u) * (c->rows + (c->direct ? 0u : c->columns));
    uint32_t slices = c->threads / (c->subgroup * c->active);
    return BD_MAX(operands, 4u * slices * c->rows * (c->columns + 4u));
}

static void append(bd_kernel_choice *choice, const char *format, ...) BD_PRINTF(2, 3);
static void append(bd_kernel_choice *choice, const char *format, ...) {
    size_t used = strlen(choice->name);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(choice->name + used, sizeof choice->name - used, format, arguments);
    va_end(arguments);
}

static void name_gemm(bd_kernel_choice *choice) {
    const uint16_t *m = choice->matrix;
    choice->name[0] = '\0';
    append(choice, "%s_%ux%u", bd_shaders[choice->shader].name, choice->rows, choice->columns);
    if (!m[0] && choice->family != BD_KERNEL_FAMILY_GEMM) {
        append(choice, "_t%u", choice->threads);
    }
    if (choice->width) {
        append(choice, "_w%u", choice->width);
    }
    if (m[0] && choice->depth > 32) {
        append(choice, "_k%u", choice->depth);
    }
    if (m[0] && !choice->direct && choice->active > 4 && choice->rows * choice->columns <= 4096) {
        append(choice, "_a%u", choice->active); /* the same tile is there with four */
    }
    if (m[0] && choice->threads > choice->active * choice->subgroup) {
        append(choice, "_s%u", choice->threads / (choice->active * choice->subgroup));
    }
    if (choice->direct) {
        append(choice, "_direct");
    }
    if (choice->split > 1) {
        append(choice, "_split%u", choice->split);
    }
    if (m[0] && !(m[0] == 16 && m[1] == 16 && m[2] == 16)) {
        append(choice, "_%ux%ux%u", m[0], m[1], m[2]);
    }
}

/* Whether the device has the memory and the invocations for a product. */
static bool device_has_room(const list *to, const bd_kernel_choice *choice) {
    const VkPhysicalDeviceLimits *limits = &to->vk->limits;
    return shared_of(choice) <= limits->maxComputeSharedMemorySize &&
           choice->threads <= limits->maxComputeWorkGroupInvocations &&
           choice->threads <= limits->maxComputeWorkGroupSize[0];
}

/* Adds a product's choice under its name, unless it is there: the whole depth can be a step that is tried anyway. */
static void add_gemm(list *to, bd_kernel_choice choice) {
    if (!bd_shaders[choice.shader].words || !device_has_room(to, &choice)) {
        return;
    }
    name_gemm(&choice);
    for (uint32_t i = 0; i < to->count; i++) {
        if (!strcmp(to->out[i].name, choice.name)) {
            return;
        }
    }
    add(to, &choice);
}

/* A tile as it is, and for maps that give few groups with its depth split. */
static void add_splits(list *to, bd_kernel_choice choice) {
    add_gemm(to, choice);
    uint32_t groups = bd_gemm_tiles(to->graph, to->node, choice.rows, choice.columns);
    const bd_conv_attrs *a = &to->graph->nodes[to->node].u.conv;
    uint32_t steps =
        (uint32_t)(a->kernel_h * a->kernel_w) * (uint32_t)bd_gemm_depth(to->graph, to->node) / choice.depth;
    for (uint32_t split = 2; split <= 8 && choice.family == BD_KERNEL_FAMILY_GEMM; split *= 2) {
        if (groups * split <= SPLIT_GROUPS && steps >= split * SPLIT_STEPS) {
            choice.split = (uint16_t)split;
            add_gemm(to, choice);
        }
    }
}

/* ---- families ---------------------------------------------------------------------------------------------------- */

/* Shaders of a family's source: [simt f32, simt f16, packed, nv, khr, soft]. */
enum { SIMT_F32, SIMT_F16, SIMT_PACKED, MATRIX_NV, MATRIX_KHR, MATRIX_SOFT, WAYS };
#define WAYS_OF(source)                                                                                                \
    {                                                                                                                  \
        BD_SHADER_##source##_f32_simt, BD_SHADER_##source##_f16_simt, BD_SHADER_##source##_f16_packed,                 \
            BD_SHADER_##source##_f16_nvcoop, BD_SHADER_##source##_f16_khrcoop, BD_SHADER_##source##_f16_softcoop       \
    }
static const bd_shader_id conv1x1_ways[WAYS] = WAYS_OF(conv1x1);
static const bd_shader_id conv_ways[WAYS] = WAYS_OF(conv);
static const bd_shader_id block_ways[WAYS] = WAYS_OF(block);
static const bd_shader_id expand_ways[WAYS] = WAYS_OF(expand);

static bd_kernel_choice simt_choice(const list *to, bd_kernel_family family, const bd_shader_id *ways,
                                    const simt_tile *tile, uint32_t width) {
    bool half = to->precision == BD_PRECISION_FP16;
    return (bd_kernel_choice){.family = family,
                              .precision = to->precision,
                              .shader = ways[to->packed ? SIMT_PACKED
                                             : half     ? SIMT_F16
                                                        : SIMT_F32],
                              .packed = to->packed,
                              .rows = tile->rows,
                              .columns = tile->columns,
                              .depth = 16,
                              .threads = tile->threads,
                              .share = tile->share,
                              .width = (uint16_t)width,
                              .split = 1};
}

/* Units that an invocation loads of the left tile a step (include/gemm_source.glsl). */
static uint32_t loads_of(const list *to, const bd_kernel_choice *choice) {
    const bd_node *node = &to->graph->nodes[to->node];
    bool paired = to->precision == BD_PRECISION_FP16 && bd_shape_c4(&to->graph->nodes[node->inputs[0]].shape) % 2 == 0;
    return bd_ceil_div((uint32_t)choice->rows * choice->depth / (paired ? 8 : 4), choice->threads);
}

static bool simt_fits(const list *to, const bd_kernel_choice *choice) {
    return fits_columns(to, choice->columns) && device_has_room(to, choice) &&
           (choice->family != BD_KERNEL_FAMILY_BLOCK || loads_of(to, choice) <= BLOCK_MOST_LOADS);
}

/* Whether a tile goes before the best so far: the largest that gives enough groups, else the one that gives most. Every
 * column of a block that is not in the tile computes the depthwise convolution anew, so there the widest goes first,
 * but for low ones, which read the weights too often. */
static bool goes_first(const list *to, const bd_kernel_choice *tile, const bd_kernel_choice *best) {
    uint32_t groups = bd_gemm_tiles(to->graph, to->node, tile->rows, tile->columns);
    uint32_t most = bd_gemm_tiles(to->graph, to->node, best->rows, best->columns);
    if (tile->family == BD_KERNEL_FAMILY_BLOCK && tile->columns != best->columns) {
        return tile->rows >= 32 && tile->columns > best->columns;
    }
    return groups > most && most < BUSY_GROUPS;
}

static void add_simt(list *to, bd_kernel_family family, const bd_shader_id *ways, uint32_t width) {
    bool block = family == BD_KERNEL_FAMILY_BLOCK;
    const simt_tile *tiles = block ? block_tiles : simt_tiles;
    uint32_t count = block ? BD_COUNT(block_tiles) : BD_COUNT(simt_tiles);
    bd_kernel_choice fitting[BD_COUNT(block_tiles)];
    uint32_t found = 0;
    uint32_t first = 0;
    _Static_assert(BD_COUNT(block_tiles) >= BD_COUNT(simt_tiles), "room for either");
    for (uint32_t t = 0; t < count; t++) {
        fitting[found] = simt_choice(to, family, ways, &tiles[t], width);
        if (simt_fits(to, &fitting[found])) {
            first = goes_first(to, &fitting[found], &fitting[first]) ? found : first;
            found++;
        }
    }
    if (found) {
        add_splits(to, fitting[first]);
    }
    for (uint32_t t = 0; t < found; t++) {
        if (t != first && bd_gemm_tiles(to->graph, to->node, fitting[t].rows, fitting[t].columns) * 4 >= BUSY_GROUPS) {
            add_splits(to, fitting[t]);
        }
    }
}

static void add_matrix_size(list *to, bd_kernel_family family, bd_shader_id shader, const uint32_t size[3],
                            uint32_t width) {
    bool expand = family == BD_KERNEL_FAMILY_EXPAND;
    uint32_t product = bd_gemm_product(to->graph, to->node, family);
    uint32_t depth = (uint32_t)bd_gemm_depth(to->graph, product);
    uint32_t subgroup = to->vk->matrix_subgroup_size;
    bool pointwise = bd_gemm_is_pointwise(to->graph, product);
    const matrix_tile *tiles = expand ? expand_matrix_tiles : matrix_tiles;
    uint32_t count = expand ? BD_COUNT(expand_matrix_tiles) : BD_COUNT(matrix_tiles);
    for (uint32_t t = 0; t < count; t++) {
        uint32_t rows = tiles[t].rows;
        uint32_t columns = tiles[t].columns;
        uint32_t share = tiles[t].share;
        uint32_t across = tiles[t].active / share;
        uint32_t slices = tiles[t].slices;
        bool direct = tiles[t].direct;
        uint32_t usual = depth % 32 ? 16 : 32;
        uint32_t step = tiles[t].depth == WHOLE ? depth : tiles[t].depth ? tiles[t].depth : usual;
        uint32_t threads = tiles[t].active * slices * subgroup;
        bool whole = tiles[t].depth != WHOLE ||
                     (pointwise && family != BD_KERNEL_FAMILY_BLOCK && depth > usual && depth <= WHOLE_MOST);
        width = expand ? window_width(to, rows) : width;
        /* Weights lie in panels of 32 channels: what is read directly must not reach across. */
        if (!fits_columns(to, columns) || rows % (size[0] * share) || columns % (size[1] * across) || depth % step ||
            step % (size[2] * slices) || (direct && size[1] > 32) || !whole ||
            (family == BD_KERNEL_FAMILY_BLOCK && threads % (step / 8)) || (expand && threads % (columns / 4)) ||
            (!expand && bd_gemm_tiles(to->graph, to->node, rows, columns) * 8 < BUSY_GROUPS)) {
            continue;
        }
        const bd_kernel_choice choice = {.family = family,
                                         .precision = to->precision,
                                         .shader = shader,
                                         .rows = (uint16_t)rows,
                                         .columns = (uint16_t)columns,
                                         .depth = (uint16_t)step,
                                         .threads = (uint16_t)threads,
                                         .share = (uint16_t)share,
                                         .width = (uint16_t)width,
                                         .split = 1,
                                         .matrix = {(uint16_t)size[0], (uint16_t)size[1], (uint16_t)size[2]},
                                         .subgroup = (uint16_t)subgroup,
                                         .active = tiles[t].active,
                                         .buffers = pointwise && step == depth ? 1 : 2,
                                         .direct = direct};
        add_splits(to, choice);
    }
}

/* Matrix units read eight channels at once. KHR's extension goes before NV's where both are there, and 16 x 16 x 16
 * alone is tried where it is there: of a thousand candidates of other sizes none was faster on an H200. */
static void add_matrix(list *to, bd_kernel_family family, const bd_shader_id *ways, uint32_t width) {
    const bd_node *product = &to->graph->nodes[bd_gemm_product(to->graph, to->node, family)];
    const bd_vk *vk = to->vk;
    if (to->precision != BD_PRECISION_FP16 || bd_shape_c4(&to->graph->nodes[product->inputs[0]].shape) % 2) {
        return;
    }
    bool khr = false;
    for (uint32_t i = 0; i < vk->matrix_count; i++) {
        khr = khr || (vk->matrices[i].extension == BD_VK_MATRIX_KHR && bd_shaders[ways[MATRIX_KHR]].words);
    }
    bool all = false;
    for (uint32_t i = 0; i < vk->matrix_count && !all; i++) {
        const bd_vk_matrix *m = &vk->matrices[i];
        if ((m->extension == BD_VK_MATRIX_KHR) == khr) {
            const uint32_t size[] = {m->m, m->n, m->k};
            add_matrix_size(to, family, ways[khr ? MATRIX_KHR : MATRIX_NV], size, width);
            all = m->m == 16 && m->n == 16 && m->k == 16;
        }
    }
    /* The same code without the unit, so that software devices can check it. */
    if (!vk->matrix_count && vk->info.kind == BD_DEVICE_SOFTWARE && 4 * vk->matrix_subgroup_size >= 16) {
        const uint32_t size[] = {16, 16, 16};
        add_matrix_size(to, family, ways[MATRIX_SOFT], size, width);
    }
}

static void add_expand(list *to) {
    for (uint32_t t = 0; t < BD_COUNT(expand_tiles); t++) {
        const simt_tile *tile = &expand_tiles[t];
        if (fits_columns(to, tile->columns)) {
            add_gemm(to, simt_choice(to, BD_KERNEL_FAMILY_EXPAND, expand_ways, tile, window_width(to, tile->rows)));
        }
    }
    add_matrix(to, BD_KERNEL_FAMILY_EXPAND, expand_ways, 0);
}

static void add_depthwise(list *to) {
    static const bd_shader_id ways[] = {[SIMT_F32] = BD_SHADER_conv_dw_f32_blocked,
                                        [SIMT_F16] = BD_SHADER_conv_dw_f16_blocked,
                                        [SIMT_PACKED] = BD_SHADER_conv_dw_f16_blocked_packed};
    static const uint16_t tiles[][2] = {{2, 2}, {1, 4}, {1, 2}, {2, 4}};
    /* Eight outputs of eight channels take too many registers. */
    bool half = to->precision == BD_PRECISION_FP16;
    bool paired = half && bd_shape_c4(&to->graph->nodes[to->node].shape) % 2 == 0;
    const bd_conv_attrs *a = &to->graph->nodes[to->node].u.conv;
    if (a->kernel_h != 3 || a->kernel_w != 3 || a->stride_h != a->stride_w || a->stride_h > 2) {
        return;
    }
    for (uint32_t t = 0; t < BD_COUNT(tiles) - paired; t++) {
        bd_kernel_choice choice = {.family = BD_KERNEL_FAMILY_DEPTHWISE,
                                   .precision = to->precision,
                                   .shader = ways[to->packed ? SIMT_PACKED
                                                  : half     ? SIMT_F16
                                                             : SIMT_F32],
                                   .packed = to->packed,
                                   .rows = tiles[t][0],
                                   .columns = tiles[t][1],
                                   .split = 1};
        (void)snprintf(choice.name, sizeof choice.name, "%s_%ux%u", bd_shaders[choice.shader].name, choice.rows,
                       choice.columns);
        add(to, &choice);
    }
}

static void add_thin(list *to) {
    static const uint16_t tiles[] = {4, 2, 1};
    bool half = to->precision == BD_PRECISION_FP16;
    if (bd_shape_c4(&to->graph->nodes[to->graph->nodes[to->node].inputs[0]].shape) != 1) {
        return;
    }
    for (uint32_t t = 0; t < BD_COUNT(tiles); t++) {
        bd_kernel_choice choice = {.family = BD_KERNEL_FAMILY_THIN,
                                   .precision = to->precision,
                                   .shader = half ? BD_SHADER_conv_f16_thin : BD_SHADER_conv_f32_thin,
                                   .rows = 1,
                                   .columns = tiles[t],
                                   .split = 1};
        (void)snprintf(choice.name, sizeof choice.name, "%s_x%u", bd_shaders[choice.shader].name, choice.columns);
        add(to, &choice);
    }
}

static void add_vector(list *to) {
    bool half = to->precision == BD_PRECISION_FP16;
    bd_kernel_choice choice = {.family = BD_KERNEL_FAMILY_VECTOR,
                               .precision = to->precision,
                               .shader = half ? BD_SHADER_conv1x1_f16_vector : BD_SHADER_conv1x1_f32_vector,
                               .split = 1};
    if (bd_shape_pixels(&to->graph->nodes[to->node].shape) == 1) {
        (void)snprintf(choice.name, sizeof choice.name, "%s", bd_shaders[choice.shader].name);
        add(to, &choice);
    }
}

static void add_flat(list *to) {
    bd_kernel_choice choice = {.family = BD_KERNEL_FAMILY_FLAT,
                               .precision = to->precision,
                               .shader = BD_SHADER_conv1x1_flat_f32_storage_wide8,
                               .split = 1};
    (void)snprintf(choice.name, sizeof choice.name, "%s", bd_shaders[choice.shader].name);
    add(to, &choice);
}

/* ---- the interface ----------------------------------------------------------------------------------------------- */

bool bd_kernel_has_fp16(const bd_vk *vk) {
    return bd_kernel_half_shader(bd_kernel_shader(vk, BD_KERNEL_CONV)) != BD_SHADER_COUNT;
}

bool bd_kernel_has_packed(const bd_vk *vk) {
    return bd_kernel_has_fp16(vk) && vk->half;
}

bd_precision bd_kernel_stored_as(bd_precision precision) {
    return precision == BD_PRECISION_FAST16 ? BD_PRECISION_FP16 : precision;
}

uint32_t bd_kernel_candidates(const bd_vk *vk, const bd_graph *graph, uint32_t index, bd_precision precision,
                              bd_kernel_choice *out, uint32_t room) {
    list to = {
        .vk = vk, .graph = graph, .node = index, .precision = bd_kernel_stored_as(precision), .out = out, .room = room};
    const bd_node *node = &graph->nodes[index];
    /* The tiled kernels end with a clamp; a hard-swish goes to the plain ones. */
    bool window = node->op == BD_OP_CONV || node->op == BD_OP_DEPTHWISE;
    to.packed = precision == BD_PRECISION_FAST16 && vk->half && window && !node->u.conv.rounding;
    bool storage = bd_kernel_column(vk, BD_KERNEL_CONV) == BD_COLUMN_STORAGE && window && !node->u.conv.hard_swish;
    if (storage && node->op == BD_OP_CONV) {
        bool pointwise = bd_gemm_is_pointwise(graph, index);
        const bd_shader_id *ways = pointwise ? conv1x1_ways : conv_ways;
        bool block = bd_gemm_inner(graph, index) != BD_NO_NODE;
        if (pointwise) {
            add_vector(&to);
        } else {
            add_thin(&to);
        }
        if (block) {
            add_simt(&to, BD_KERNEL_FAMILY_BLOCK, block_ways, 0);
        }
        add_simt(&to, BD_KERNEL_FAMILY_GEMM, ways, 0);
        add_plain(&to);
        if (block) {
            add_matrix(&to, BD_KERNEL_FAMILY_BLOCK, block_ways, 0);
        }
        add_matrix(&to, BD_KERNEL_FAMILY_GEMM, ways, 0);
        if (!pointwise) {
            /* Rectangles see fewer taps outside the input on both axes. */
            add_simt(&to, BD_KERNEL_FAMILY_GEMM, ways, 8);
            add_matrix(&to, BD_KERNEL_FAMILY_GEMM, ways, 8);
        }
        return to.count;
    }
    if (storage && node->op == BD_OP_DEPTHWISE) {
        add_depthwise(&to);
    }
    add_plain(&to);
    /* Of any activation; after the plain one, so that it is chosen where it was measured and nowhere else. */
    if (bd_kernel_column(vk, BD_KERNEL_CONV) == BD_COLUMN_STORAGE && node->op == BD_OP_DEPTHWISE &&
        bd_gemm_inner(graph, index) != BD_NO_NODE) {
        add_expand(&to);
    }
    if (bd_flat_serves(vk, graph, index)) {
        add_flat(&to);
    }
    return to.count;
}

uint32_t bd_kernel_absorbs(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice) {
    bool absorbs = choice->family == BD_KERNEL_FAMILY_BLOCK || choice->family == BD_KERNEL_FAMILY_EXPAND;
    return absorbs ? graph->nodes[node].inputs[0] : BD_NO_NODE;
}

size_t bd_kernel_scratch_bytes(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice) {
    const bd_shape *shape = &graph->nodes[node].shape;
    return choice->split > 1 ? (size_t)choice->split * bd_shape_pixels(shape) * bd_shape_c4(shape) * 4 * sizeof(float)
                             : 0;
}
