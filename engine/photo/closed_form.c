/* SPDX-License-Identifier: MIT */
#include "photo/closed_form.h"

enum { STEPS = 40, TRIMAP_STEPS = 200, BINS = BD_BINS * BD_BINS * BD_BINS };
static const float eps = 1e-6f, beta = 0.75f, margin = 0.05f, level = 0.1f;
/* With a trimap alone colours need less weight, and convergence takes more steps. */
static const float weight = 0.01f, trimap_weight = 0.001f;

typedef struct closed_plan {
    bd_slot values, plane, solution;
    bd_slot counts, bins, targets; /* of colours */
    bd_slot flags, lists;          /* of tiles; lists: the tiles to be solved, and those with the ring around them */
    bd_slot lines, products, sums, steps, states[2];
    bd_push_closed_form push;
    uint32_t step_count, trimap;
} closed_plan;
BD_PLAN_OF_WORDS(closed_plan, 16 + sizeof(bd_push_closed_form) / 4);

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

/* The grid that a state begins with: colours, and r. */
static range residual(const solver *s, bd_slot state) {
    return (range){state, 0, s->to->slots[state].bytes / 2};
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
        if (kernel != BD_KERNEL_CLOSED_SUM) {
            dispatch.indirect = dispatch.bindings[BD_BIND_RESIDUAL].buffer;
            dispatch.indirect_offset = dispatch.bindings[BD_BIND_RESIDUAL].offset;
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

/* values: the grid whose value the matrix is applied to; step 0: gives the residual. */
static void record_step(const solver *s, range values, uint32_t step, bd_slot from, bd_slot to) {
    const closed_plan *p = s->plan;
    const range inner = list(s, 0), ring = list(s, 1), now = scalars(s, step), products = whole(s, p->products);
    bool first = step == 0;
    run(s, BD_KERNEL_CLOSED_LINES, false, (range[3]){values}, &ring, whole(s, p->lines));
    run(s, BD_KERNEL_CLOSED_PRODUCT, first, (range[3]){whole(s, p->lines), values, whole(s, p->targets)}, &inner,
        products);
    if (!first) {
        run(s, BD_KERNEL_CLOSED_SUM, false, (range[3]){products}, &inner, whole(s, p->sums));
        run(s, BD_KERNEL_CLOSED_STEP, step == 1, (range[3]){whole(s, p->sums), scalars(s, step - 1)}, NULL, now);
    }
    run(s, BD_KERNEL_CLOSED_UPDATE, first, (range[3]){whole(s, from), products, now}, &inner, whole(s, to));
}

static void record_closed_form(bd_recorder *to, const void *plan) {
    const closed_plan *p = plan;
    const solver s = {.to = to, .plan = p, .push = p->push};
    const range values = whole(&s, p->values), ring = list(&s, 1);
    record_targets(&s);
    if (p->trimap) {
        run(&s, BD_KERNEL_CLOSED_PIN, false, (range[3]){whole(&s, p->targets)}, NULL, values);
    }
    record_lists(&s);
    for (int i = 0; i < 2; i++) {
        run(&s, BD_KERNEL_CLOSED_START, false, (range[3]){values}, &ring, whole(&s, p->states[i]));
    }
    for (uint32_t step = 0; step <= p->step_count; step++) {
        bd_slot from = p->states[step % 2], next = p->states[(step + 1) % 2];
        record_step(&s, step ? residual(&s, from) : values, step, from, next);
    }
    run(&s, BD_KERNEL_CLOSED_FINISH, false,
        (range[3]){values, whole(&s, p->states[(p->step_count + 1) % 2]), flags(&s)}, NULL, whole(&s, p->solution));
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
                                  .level = level}};
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
    plan.lines = bd_recipe_slot(recipe, "window lines", BD_SLOT_GRID, size);
    plan.products = bd_recipe_slot(recipe, "products", BD_SLOT_GRID, (bd_size){BD_TILE * BD_TILE, tiles.w * tiles.h});
    plan.sums = bd_recipe_slot(recipe, "sums of products", BD_SLOT_GRID, (bd_size){BD_SUMS, 1});
    plan.steps = bytes_slot(recipe, "steps", (VkDeviceSize)(plan.step_count + 1) * BD_SLOT_ALIGN);
    plan.states[0] = bd_recipe_slot(recipe, "state", BD_SLOT_PAIRS, size);
    plan.states[1] = bd_recipe_slot(recipe, "next state", BD_SLOT_PAIRS, size);
    plan.solution = bd_recipe_slot(recipe, "solution", BD_SLOT_GRID, size);
    const bd_slot written[] = {values,    plan.flags, plan.lists,     plan.lines,     plan.products,
                               plan.sums, plan.steps, plan.states[0], plan.states[1], plan.solution};
    bd_recipe_pass(recipe, record_closed_form, &plan, sizeof plan);
    use_targets(recipe, &plan);
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
