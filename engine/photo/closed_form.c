/* SPDX-License-Identifier: MIT */
#include "photo/closed_form.h"

enum { STEPS = 5, TRIMAP_STEPS = 20, BINS = BD_BINS * BD_BINS * BD_BINS };
static const float eps = 1e-6f, beta = 0.75f, margin = 0.05f, level = 0.1f;
/* With a trimap alone colours need less weight, and convergence is worth more steps. Without one it is not: where colours
 * are alike it leaks. */
static const float weight = 0.01f, trimap_weight = 0.001f;

typedef struct closed_plan {
    bd_slot values, plane, solution;
    bd_slot counts, bins, targets; /* of colours */
    bd_slot flags, lists;          /* of tiles; lists: the tiles to be solved, and those with the ring around them */
    bd_slot windows, matrix, block_parts, blocks;
    bd_slot state, products, planes[2], residual_parts, lines, steps;
    bd_push_closed_form push;
    uint32_t step_count, trimap;
} closed_plan;
BD_PLAN_OF_WORDS(closed_plan, 21 + sizeof(bd_push_closed_form) / 4);

/* What a dispatch reads and writes: bytes of a slot. */
typedef struct range {
    bd_slot slot;
    VkDeviceSize offset, bytes;
} range;

static bd_size tiles_of(bd_size size) {
    return (bd_size){(size.w + BD_TILE - 1) / BD_TILE, (size.h + BD_TILE - 1) / BD_TILE};
}

static VkDeviceSize list_bytes(bd_size tiles) {
    return bd_slot_align((VkDeviceSize)tiles.w * tiles.h * 4) + BD_TILE_HEADER * 4;
}

/* ---- recording --------------------------------------------------------------------------------------------------- */

typedef struct solver {
    bd_recorder *to;
    const closed_plan *plan;
    bd_push_closed_form push;
} solver;

static range whole(const solver *s, bd_slot slot) {
    return (range){slot, 0, s->to->slots[slot].bytes};
}

static range list(const solver *s, int ring) {
    VkDeviceSize bytes = s->to->slots[s->plan->lists].bytes / 2;
    return (range){s->plan->lists, bytes * (VkDeviceSize)ring, bytes};
}

static range row_counts(const solver *s, int ring) {
    VkDeviceSize tiles = s->to->slots[s->plan->flags].bytes / 3;
    return (range){s->plan->flags, tiles * (VkDeviceSize)(1 + ring), tiles};
}

static range flags(const solver *s) {
    return (range){s->plan->flags, 0, s->to->slots[s->plan->flags].bytes / 3};
}

static range scalars(const solver *s, uint32_t step) {
    return (range){s->plan->steps, (VkDeviceSize)step * BD_SLOT_ALIGN, 16};
}

/* Up to three sources, of slots but BD_NO_SLOT; tiles NULL: over the grid, else by list, at binding 3. */
static void run(const solver *s, bd_kernel kernel, bool flag, const range sources[3], const range *tiles, range dst) {
    bd_vk_dispatch dispatch;
    bd_kernel_closed_form(s->to->vk, kernel, &s->push, flag, 0, &dispatch);
    for (uint32_t i = 0; i < 3 && sources[i].slot; i++) {
        bd_bind_bytes(s->to, &dispatch, i, sources[i].slot, sources[i].offset, sources[i].bytes);
    }
    if (tiles) {
        bd_bind_bytes(s->to, &dispatch, BD_BIND_RESIDUAL, tiles->slot, tiles->offset, tiles->bytes);
        if (kernel != BD_KERNEL_CLOSED_STEP) {
            dispatch.indirect = dispatch.bindings[BD_BIND_RESIDUAL].buffer;
            dispatch.indirect_offset = dispatch.bindings[BD_BIND_RESIDUAL].offset;
            dispatch.indirect_offset += bd_closed_by_fours(kernel) ? BD_TILE_FOURS * 4 : 0;
        }
    }
    bd_bind_bytes(s->to, &dispatch, BD_BIND_DST, dst.slot, dst.offset, dst.bytes);
    bd_recorder_dispatch(s->to, &dispatch);
}

static void record_targets(const solver *s) {
    const closed_plan *p = s->plan;
    const range values = whole(s, p->values), plane = whole(s, p->plane);
    bd_recorder_fill(s->to, p->counts, s->to->slots[p->counts].bytes, 0);
    run(s, BD_KERNEL_COLOUR_COUNT, false, (range[3]){values, plane}, NULL, whole(s, p->counts));
    run(s, BD_KERNEL_COLOUR_BLUR, false, (range[3]){whole(s, p->counts)}, NULL, whole(s, p->bins));
    run(s, BD_KERNEL_CLOSED_TARGET, p->trimap, (range[3]){values, plane, whole(s, p->bins)}, NULL,
        whole(s, p->targets));
}

static void record_lists(const solver *s) {
    const closed_plan *p = s->plan;
    run(s, BD_KERNEL_TILE_FLAGS, false, (range[3]){whole(s, p->targets)}, NULL, flags(s));
    solver over_tiles = *s;
    const bd_size tiles = tiles_of(bd_recorder_size(s->to, p->values));
    over_tiles.push.dst_w = (int32_t)tiles.w;
    over_tiles.push.dst_h = (int32_t)tiles.h;
    for (int ring = 0; ring < 2; ring++) {
        run(&over_tiles, BD_KERNEL_TILE_ROWS, ring, (range[3]){flags(s)}, NULL, row_counts(s, ring));
        run(&over_tiles, BD_KERNEL_TILE_LIST, ring, (range[3]){flags(s), row_counts(s, ring)}, NULL, list(s, ring));
    }
    bd_recorder_barrier_indirect(s->to);
}

static void record_matrix(bd_recorder *to, const void *plan) {
    const closed_plan *p = plan;
    const solver s = {.to = to, .plan = p, .push = p->push};
    const range values = whole(&s, p->values), targets = whole(&s, p->targets), windows = whole(&s, p->windows);
    const range matrix = whole(&s, p->matrix), parts = whole(&s, p->block_parts);
    const range inner = list(&s, 0), ring = list(&s, 1);
    record_targets(&s);
    if (p->trimap) {
        run(&s, BD_KERNEL_CLOSED_PIN, false, (range[3]){targets}, NULL, values);
    }
    record_lists(&s);
    run(&s, BD_KERNEL_CLOSED_WINDOWS, false, (range[3]){values, targets, flags(&s)}, &ring, windows);
    run(&s, BD_KERNEL_CLOSED_MATRIX, false, (range[3]){windows, values, targets}, &inner, matrix);
    bd_recorder_fill(to, p->block_parts, parts.bytes, 0);
    run(&s, BD_KERNEL_CLOSED_BLOCKS, false, (range[3]){matrix, windows}, &inner, parts);
    run(&s, BD_KERNEL_CLOSED_INVERT, false, (range[3]){parts}, NULL, whole(&s, p->blocks));
}

/* From the residual of a state to the step along it. */
static void record_step(const solver *s, uint32_t step) {
    const closed_plan *p = s->plan;
    const range inner = list(s, 0), now = scalars(s, step), products = whole(s, p->products);
    const range state = whole(s, p->state), values = whole(s, p->values), plane = whole(s, p->planes[1]);
    const range parts = whole(s, p->residual_parts), lines = whole(s, p->lines), matrix = whole(s, p->matrix);
    run(s, BD_KERNEL_CLOSED_RESTRICT, false, (range[3]){state, values}, &inner, parts);
    run(s, BD_KERNEL_CLOSED_COARSE, false, (range[3]){parts, whole(s, p->blocks)}, NULL, lines);
    run(s, BD_KERNEL_CLOSED_PROLONG, false, (range[3]){state, lines, values}, &inner, plane);
    run(s, BD_KERNEL_CLOSED_PRODUCT, false, (range[3]){matrix, plane, state}, &inner, products);
    run(s, BD_KERNEL_CLOSED_STEP, step == 0, (range[3]){products, scalars(s, step ? step - 1 : 1)}, &inner, now);
    run(s, BD_KERNEL_CLOSED_UPDATE, false, (range[3]){plane, products, now}, &inner, state);
}

static void record_closed_form(bd_recorder *to, const void *plan) {
    const closed_plan *p = plan;
    const solver s = {.to = to, .plan = p, .push = p->push};
    const range inner = list(&s, 0), values = whole(&s, p->values), matrix = whole(&s, p->matrix);
    const range first = whole(&s, p->planes[0]), products = whole(&s, p->products), state = whole(&s, p->state);
    bd_recorder_fill(to, p->planes[1], whole(&s, p->planes[1]).bytes, 0);
    bd_recorder_fill(to, p->residual_parts, whole(&s, p->residual_parts).bytes, 0);
    run(&s, BD_KERNEL_CLOSED_START, false, (range[3]){values}, NULL, first);
    run(&s, BD_KERNEL_CLOSED_PRODUCT, true, (range[3]){matrix, first, whole(&s, p->targets)}, &inner, products);
    run(&s, BD_KERNEL_CLOSED_UPDATE, true, (range[3]){first, products, matrix}, &inner, state);
    for (uint32_t step = 0; step < p->step_count; step++) {
        record_step(&s, step);
    }
    bd_recorder_copy(to, &to->slots[p->values], &to->slots[p->solution]);
    run(&s, BD_KERNEL_CLOSED_FINISH, false, (range[3]){state}, &inner, whole(&s, p->solution));
}

static void record_prior(bd_recorder *to, const void *plan) {
    const closed_plan *p = plan;
    const solver s = {.to = to, .plan = p, .push = p->push};
    record_targets(&s);
    run(&s, BD_KERNEL_CLOSED_PRIOR, false, (range[3]){whole(&s, p->targets)}, NULL, whole(&s, p->plane));
}

/* ---- planning ---------------------------------------------------------------------------------------------------- */

static closed_plan plan_targets(bd_recipe *recipe, bd_slot values, bd_slot plane, const bd_closed_form *params) {
    const bd_size size = bd_recipe_size(recipe, values);
    return (closed_plan){.values = values,
                         .plane = plane,
                         .counts = bd_recipe_slot(recipe, "colour counts", BD_SLOT_BYTES, (bd_size){8, BINS}),
                         .bins = bd_recipe_slot(recipe, "colour bins", BD_SLOT_GRID, (bd_size){BINS, 1}),
                         .targets = bd_recipe_slot(recipe, "targets", BD_SLOT_GRID, size),
                         .push = {.dst_w = (int32_t)size.w,
                                  .dst_h = (int32_t)size.h,
                                  .eps = eps,
                                  .beta = beta,
                                  .weight = params->alone ? trimap_weight : weight,
                                  .margin = margin,
                                  .level = level,
                                  .share = params->share > 0.0f ? params->share : 1.0f}};
}

static void use_targets(bd_recipe *recipe, const closed_plan *plan) {
    bd_recipe_reads(recipe, plan->values);
    bd_recipe_reads(recipe, plan->plane);
    bd_recipe_writes(recipe, plan->counts);
    bd_recipe_writes(recipe, plan->bins);
    bd_recipe_writes(recipe, plan->targets);
}

static bd_slot bytes_slot(bd_recipe *recipe, const char *name, VkDeviceSize bytes) {
    return bd_recipe_slot(recipe, name, BD_SLOT_BYTES,
                          (bd_size){BD_SLOT_ALIGN, (uint32_t)(bd_slot_align(bytes) / BD_SLOT_ALIGN)});
}

bd_slot bd_closed_form_add(bd_recipe *recipe, bd_slot values, bd_slot plane, const bd_closed_form *params) {
    const bd_size size = bd_recipe_size(recipe, values), tiles = tiles_of(size);
    closed_plan plan = plan_targets(recipe, values, plane, params);
    plan.step_count = params->steps ? params->steps : params->alone ? TRIMAP_STEPS : STEPS;
    plan.trimap = params->trimap;
    plan.flags = bytes_slot(recipe, "tile flags", 3 * bd_slot_align((VkDeviceSize)tiles.w * tiles.h * 4));
    plan.lists = bytes_slot(recipe, "tile lists", 2 * list_bytes(tiles));
    const VkDeviceSize tile_count = (VkDeviceSize)tiles.w * tiles.h, four = 16, fours = BD_TILE * BD_TILE / 4 * four;
    const uint32_t coarse = bd_closed_coarse_nodes(size.w, size.h);
    plan.windows = bd_recipe_slot(recipe, "windows", BD_SLOT_GRID, (bd_size){size.w, 4 * size.h});
    plan.matrix = bytes_slot(recipe, "matrix", tile_count * BD_TAPS * fours);
    plan.block_parts = bytes_slot(recipe, "parts of blocks", tile_count * 24 * four);
    plan.blocks = bytes_slot(recipe, "blocks", (VkDeviceSize)coarse * 4 * four);
    plan.state = bytes_slot(recipe, "state", tile_count * BD_STATES * fours);
    plan.products = bytes_slot(recipe, "products", tile_count * BD_PRODUCTS * four);
    plan.planes[0] = bytes_slot(recipe, "start", tile_count * fours);
    plan.planes[1] = bytes_slot(recipe, "preconditioned", tile_count * fours);
    plan.residual_parts = bytes_slot(recipe, "parts of the residual", tile_count * 8 * four);
    plan.lines = bytes_slot(recipe, "coarse lines", (VkDeviceSize)coarse * four);
    plan.steps = bytes_slot(recipe, "steps", (VkDeviceSize)(plan.step_count + 1) * BD_SLOT_ALIGN);
    plan.solution = bd_recipe_slot(recipe, "solution", BD_SLOT_GRID, size);
    bd_recipe_pass(recipe, record_matrix, &plan, sizeof plan);
    use_targets(recipe, &plan);
    const bd_slot made[] = {values, plan.flags, plan.lists, plan.windows, plan.matrix, plan.block_parts, plan.blocks};
    for (uint32_t i = 0; i < BD_COUNT(made); i++) {
        bd_recipe_writes(recipe, made[i]);
    }
    bd_recipe_pass(recipe, record_closed_form, &plan, sizeof plan);
    const bd_slot read[] = {values, plan.targets, plan.lists, plan.matrix, plan.blocks};
    const bd_slot written[] = {plan.state,          plan.products, plan.planes[0], plan.planes[1],
                               plan.residual_parts, plan.lines,    plan.steps,     plan.solution};
    for (uint32_t i = 0; i < BD_COUNT(read); i++) {
        bd_recipe_reads(recipe, read[i]);
    }
    for (uint32_t i = 0; i < BD_COUNT(written); i++) {
        bd_recipe_writes(recipe, written[i]);
    }
    return plan.solution;
}

void bd_closed_prior_add(bd_recipe *recipe, bd_slot colours, bd_slot plane, const bd_closed_form *params) {
    closed_plan plan = plan_targets(recipe, colours, plane, params);
    plan.trimap = true;
    bd_recipe_pass(recipe, record_prior, &plan, sizeof plan);
    use_targets(recipe, &plan);
    bd_recipe_writes(recipe, plane);
}
