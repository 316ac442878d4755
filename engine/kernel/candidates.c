/* SPDX-License-Identifier: MIT
 * Which kernels can compute a node, best guess first. */
#include <stdio.h>
#include <string.h>

#include "kernel/flat.h"
#include "kernel/gemm.h"

typedef struct list {
    const bd_vk *vk;
    const bd_graph *graph;
    uint32_t node;
    bd_precision precision;
    bd_kernel_choice *out;
    uint32_t count, room;
} list;

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

/* simt: share rows of an invocation; every invocation owns rows * columns / (4 * share * threads) vec4 columns. */
static const struct {
    uint16_t rows, columns, threads, share;
} simt_tiles[] = {
    {128, 128, 256, 8}, {128, 64, 128, 8}, {64, 64, 128, 8}, {64, 32, 64, 8},   {32, 64, 128, 4},
    {32, 32, 64, 4},    {64, 16, 64, 4},   {32, 96, 96, 8},  {32, 160, 160, 8},
};

/* Matrix units: share subgroups along the rows of a tile, the other active ones along its columns. depth 0: weights
 * by way of shared memory; else they are read directly, and a block's deep steps keep many loads in flight: more
 * subgroups load than multiply. */
static const struct {
    uint16_t rows, columns, subgroups, active, share, depth;
} matrix_tiles[] = {
    {128, 128, 8, 8, 4, 0},  {128, 64, 8, 8, 4, 0}, {64, 128, 8, 8, 2, 0},    {64, 64, 4, 4, 2, 0},
    {32, 64, 4, 4, 2, 0},    {64, 32, 4, 4, 4, 0},  {32, 32, 4, 4, 2, 0},     {64, 16, 4, 4, 4, 0},
    {32, 96, 4, 4, 2, 0},    {32, 160, 4, 4, 2, 0}, {32, 320, 8, 8, 2, 0},    {32, 64, 8, 8, 2, 64},
    {64, 64, 8, 8, 4, 64},   {32, 96, 8, 6, 2, 64}, {32, 160, 10, 10, 2, 64}, {32, 64, 16, 8, 2, 128},
    {32, 96, 16, 6, 2, 128}, {32, 32, 8, 4, 2, 64}, {32, 320, 10, 10, 2, 64},
};

/* Groups that keep a large GPU busy: an H100 has 132 processors. */
enum { BUSY_GROUPS = 192, SPLIT_GROUPS = 512, SPLIT_STEPS = 6 };

static uint32_t ceil_div(uint32_t a, uint32_t b) {
    return (a + b - 1) / b;
}

static uint32_t groups_of(const list *to, uint32_t rows, uint32_t columns) {
    const bd_shape *shape = &to->graph->nodes[to->node].shape;
    return ceil_div(bd_shape_pixels(shape), rows) * ceil_div(bd_shape_c4(shape) * 4, columns);
}

/* A tile wider than the output (in steps of 32 channels) multiplies zeros. */
static bool fits_columns(const list *to, uint32_t columns) {
    uint32_t channels = bd_shape_c4(&to->graph->nodes[to->node].shape) * 4;
    return columns <= (channels <= 16 ? 16 : ceil_div(channels, 32) * 32);
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

/* Adds a product's choice under its name, where the device has the memory and the invocations for it. */
static void add_gemm(list *to, bd_kernel_choice choice) {
    bool matrix = choice.matrix[0] != 0;
    uint32_t right = choice.direct ? 8u : choice.depth * (choice.columns + 8u);
    uint32_t shared = matrix ? 4u * (choice.rows * (choice.depth + 8u) + right) +
                                   4u * choice.active * choice.matrix[0] * (choice.matrix[1] + 4u)
                             : 8u * choice.depth * (choice.rows + choice.columns);
    if (!bd_shaders[choice.shader].words || shared > to->vk->limits.maxComputeSharedMemorySize ||
        choice.threads > to->vk->limits.maxComputeWorkGroupInvocations ||
        choice.threads > to->vk->limits.maxComputeWorkGroupSize[0]) {
        return;
    }
    char tail[32] = "";
    int used = 0;
    if (choice.width) {
        used += snprintf(tail + used, sizeof tail - (size_t)used, "_w%u", choice.width);
    }
    if (choice.direct) {
        used += snprintf(tail + used, sizeof tail - (size_t)used, "_d%u", choice.depth);
    }
    if (choice.split > 1) {
        used += snprintf(tail + used, sizeof tail - (size_t)used, "_split%u", choice.split);
    }
    if (matrix && !(choice.matrix[0] == 16 && choice.matrix[1] == 16 && choice.matrix[2] == 16)) {
        (void)snprintf(tail + used, sizeof tail - (size_t)used, "_%ux%ux%u", choice.matrix[0], choice.matrix[1],
                       choice.matrix[2]);
    }
    (void)snprintf(choice.name, sizeof choice.name, "%s_%ux%u%s", bd_shaders[choice.shader].name, choice.rows,
                   choice.columns, tail);
    add(to, &choice);
}

/* A tile as it is, and for maps that give few groups with its depth split. */
static void add_splits(list *to, bd_kernel_choice choice) {
    add_gemm(to, choice);
    uint32_t groups = groups_of(to, choice.rows, choice.columns);
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

/* Shaders of a family's source: [simt f32, simt f16, nv, khr, soft]. */
enum { SIMT_F32, SIMT_F16, MATRIX_NV, MATRIX_KHR, MATRIX_SOFT, WAYS };
#define WAYS_OF(source)                                                                                                \
    {                                                                                                                  \
        BD_SHADER_##source##_f32_simt, BD_SHADER_##source##_f16_simt, BD_SHADER_##source##_f16_nvcoop,                 \
            BD_SHADER_##source##_f16_khrcoop, BD_SHADER_##source##_f16_softcoop                                        \
    }
static const bd_shader_id conv1x1_ways[WAYS] = WAYS_OF(conv1x1);
static const bd_shader_id conv_ways[WAYS] = WAYS_OF(conv);
static const bd_shader_id block_ways[WAYS] = WAYS_OF(block);

static void add_simt_tile(list *to, bd_kernel_family family, const bd_shader_id *ways, uint32_t tile, uint32_t width) {
    const bd_kernel_choice choice = {.family = family,
                                     .precision = to->precision,
                                     .shader = ways[to->precision == BD_PRECISION_FP16 ? SIMT_F16 : SIMT_F32],
                                     .rows = simt_tiles[tile].rows,
                                     .columns = simt_tiles[tile].columns,
                                     .depth = 16,
                                     .threads = simt_tiles[tile].threads,
                                     .share = simt_tiles[tile].share,
                                     .width = (uint16_t)width,
                                     .split = 1};
    add_splits(to, choice);
}

/* The tile to try first: the largest that gives enough groups, else the one that gives most. Every column of a block
 * that is not in the tile computes the depthwise convolution anew, so there the widest goes first. */
static uint32_t first_simt_tile(const list *to, bd_kernel_family family) {
    uint32_t best = 0;
    uint32_t best_groups = 0;
    uint32_t best_columns = 0;
    for (uint32_t t = 0; t < BD_COUNT(simt_tiles); t++) {
        uint32_t columns = simt_tiles[t].columns;
        uint32_t groups = groups_of(to, simt_tiles[t].rows, columns);
        if (!fits_columns(to, columns)) {
            continue;
        }
        if (family == BD_KERNEL_FAMILY_BLOCK) {
            if (columns > best_columns ||
                (columns == best_columns && groups > best_groups && simt_tiles[t].rows >= 32)) {
                best = t;
                best_columns = columns;
                best_groups = groups;
            }
            continue;
        }
        if (groups >= BUSY_GROUPS) {
            return t;
        }
        if (groups > best_groups) {
            best = t;
            best_groups = groups;
        }
    }
    return best;
}

static void add_simt(list *to, bd_kernel_family family, const bd_shader_id *ways, uint32_t width) {
    uint32_t first = first_simt_tile(to, family);
    add_simt_tile(to, family, ways, first, width);
    for (uint32_t t = 0; t < BD_COUNT(simt_tiles); t++) {
        if (t != first && fits_columns(to, simt_tiles[t].columns) &&
            groups_of(to, simt_tiles[t].rows, simt_tiles[t].columns) * 4 >= BUSY_GROUPS) {
            add_simt_tile(to, family, ways, t, width);
        }
    }
}

static void add_matrix_shape(list *to, bd_kernel_family family, bd_shader_id shader, const uint32_t shape[3],
                             uint32_t width) {
    uint32_t depth = (uint32_t)bd_gemm_depth(to->graph, to->node);
    uint32_t subgroup = to->vk->subgroup_size;
    for (uint32_t t = 0; t < BD_COUNT(matrix_tiles); t++) {
        uint32_t rows = matrix_tiles[t].rows;
        uint32_t columns = matrix_tiles[t].columns;
        uint32_t share = matrix_tiles[t].share;
        uint32_t across = matrix_tiles[t].active / share;
        bool direct = matrix_tiles[t].depth != 0;
        uint32_t step = direct ? matrix_tiles[t].depth : (depth % 32 || columns > 160 ? 16 : 32);
        /* Weights lie in panels of 32 channels: what is read directly must not reach across. */
        if (!fits_columns(to, columns) || rows % (shape[0] * share) || columns % (shape[1] * across) || depth % step ||
            step % shape[2] || (direct && shape[1] > 32) || groups_of(to, rows, columns) * 8 < BUSY_GROUPS) {
            continue;
        }
        const bd_kernel_choice choice = {.family = family,
                                         .precision = to->precision,
                                         .shader = shader,
                                         .rows = (uint16_t)rows,
                                         .columns = (uint16_t)columns,
                                         .depth = (uint16_t)step,
                                         .threads = (uint16_t)(matrix_tiles[t].subgroups * subgroup),
                                         .share = (uint16_t)share,
                                         .width = (uint16_t)width,
                                         .split = 1,
                                         .matrix = {(uint16_t)shape[0], (uint16_t)shape[1], (uint16_t)shape[2]},
                                         .subgroup = (uint16_t)subgroup,
                                         .active = matrix_tiles[t].active,
                                         .direct = direct};
        add_splits(to, choice);
    }
}

/* Matrix units read eight channels at once. KHR's extension goes before NV's where both are there. */
static void add_matrix(list *to, bd_kernel_family family, const bd_shader_id *ways, uint32_t width) {
    const bd_node *node = &to->graph->nodes[to->node];
    const bd_vk *vk = to->vk;
    if (to->precision != BD_PRECISION_FP16 || bd_shape_c4(&to->graph->nodes[node->inputs[0]].shape) % 2) {
        return;
    }
    bool khr = false;
    for (uint32_t i = 0; i < vk->matrix_count; i++) {
        khr = khr || (vk->matrices[i].extension == BD_VK_MATRIX_KHR && bd_shaders[ways[MATRIX_KHR]].words);
    }
    for (uint32_t i = 0; i < vk->matrix_count; i++) {
        const bd_vk_matrix *m = &vk->matrices[i];
        if ((m->extension == BD_VK_MATRIX_KHR) == khr) {
            const uint32_t shape[] = {m->m, m->n, m->k};
            add_matrix_shape(to, family, ways[khr ? MATRIX_KHR : MATRIX_NV], shape, width);
        }
    }
    /* The same code without the unit, so that software devices can check it. */
    if (!vk->matrix_count && vk->info.kind == BD_DEVICE_SOFTWARE && 4 * vk->subgroup_size >= 16) {
        const uint32_t shape[] = {16, 16, 16};
        add_matrix_shape(to, family, ways[MATRIX_SOFT], shape, width);
    }
}

static void add_depthwise(list *to) {
    static const uint16_t tiles[][2] = {{1, 4}, {2, 2}, {2, 4}, {1, 2}};
    const bd_conv_attrs *a = &to->graph->nodes[to->node].u.conv;
    if (a->kernel_h != 3 || a->kernel_w != 3 || a->stride_h != a->stride_w || a->stride_h > 2) {
        return;
    }
    for (uint32_t t = 0; t < BD_COUNT(tiles); t++) {
        bd_kernel_choice choice = {.family = BD_KERNEL_FAMILY_DEPTHWISE,
                                   .precision = to->precision,
                                   .shader = to->precision == BD_PRECISION_FP16 ? BD_SHADER_conv_dw_f16_blocked
                                                                                : BD_SHADER_conv_dw_f32_blocked,
                                   .rows = tiles[t][0],
                                   .columns = tiles[t][1],
                                   .split = 1};
        (void)snprintf(choice.name, sizeof choice.name, "%s_%ux%u", bd_shaders[choice.shader].name, choice.rows,
                       choice.columns);
        add(to, &choice);
    }
}

/* Code without loops takes the driver long to compile. */
enum { FLAT_IN_C4 = 40 };

static void add_flat(list *to) {
    bd_kernel_choice choice = {.family = BD_KERNEL_FAMILY_FLAT,
                               .precision = to->precision,
                               .shader = BD_SHADER_conv1x1_flat_f32_image_wide8,
                               .split = 1};
    (void)snprintf(choice.name, sizeof choice.name, "%s", bd_shaders[choice.shader].name);
    add(to, &choice);
}

/* ---- the interface ----------------------------------------------------------------------------------------------- */

bool bd_kernel_has_fp16(const bd_vk *vk) {
    return vk->kernel_set == BD_KERNELS_STORAGE;
}

uint32_t bd_kernel_candidates(const bd_vk *vk, const bd_graph *graph, uint32_t index, bd_precision precision,
                              bd_kernel_choice *out, uint32_t room) {
    list to = {.vk = vk, .graph = graph, .node = index, .precision = precision, .out = out, .room = room};
    const bd_node *node = &graph->nodes[index];
    /* The tiled kernels end with a clamp; a hard-swish goes to the plain ones. */
    bool window = node->op == BD_OP_CONV || node->op == BD_OP_DEPTHWISE;
    bool storage = vk->kernel_set == BD_KERNELS_STORAGE && window && !node->u.conv.hard_swish;
    if (storage && node->op == BD_OP_CONV) {
        bool pointwise = bd_gemm_is_pointwise(graph, index);
        const bd_shader_id *ways = pointwise ? conv1x1_ways : conv_ways;
        uint32_t inner = bd_gemm_depthwise(graph, index);
        /* Between the two convolutions of a block there is a clamp and nothing else. */
        bool block = inner != BD_NO_NODE && !graph->nodes[inner].u.conv.hard_swish &&
                     !graph->nodes[inner].u.conv.rounding && !node->u.conv.rounding;
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
    if (bd_flat_serves(vk, graph, index, FLAT_IN_C4)) {
        add_flat(&to);
    }
    return to.count;
}

uint32_t bd_kernel_absorbs(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice) {
    return choice->family == BD_KERNEL_FAMILY_BLOCK ? graph->nodes[node].inputs[0] : BD_NO_NODE;
}

size_t bd_kernel_scratch_bytes(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice) {
    const bd_shape *shape = &graph->nodes[node].shape;
    return choice->split > 1 ? (size_t)choice->split * bd_shape_pixels(shape) * bd_shape_c4(shape) * 4 * sizeof(float)
                             : 0;
}

void bd_kernel_defaults(const bd_vk *vk, const bd_graph *graph, bd_precision precision, bool fused,
                        bd_kernel_choice *choices) {
    for (uint32_t n = 0; n < graph->count; n++) {
        bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
        uint32_t count = bd_kernel_candidates(vk, graph, n, precision, found, BD_COUNT(found));
        choices[n] = (bd_kernel_choice){.split = 1, .precision = precision};
        for (uint32_t i = 0; i < count; i++) {
            if (fused || found[i].family != BD_KERNEL_FAMILY_BLOCK) {
                choices[n] = found[i];
                break;
            }
        }
    }
}
