/* SPDX-License-Identifier: MIT
 * The closed-form matte where the guided filters leave it in doubt.
 *
 * Colours of what the probabilities are sure of say what the rest may be (as Wang and Cohen's robust matting, CVPR
 * 2007, but by histograms), the matting Laplacian spreads it, and conjugate gradients solve in the tiles that are
 * unsettled, from the guided filters' matte. */
#include "photo/matte_plan.h"
#include "api/session.h"

#define TILE_BYTES(tiles) (((VkDeviceSize)(tiles)*4 + ALIGN - 1) / ALIGN * ALIGN)
enum { ALIGN = 256, STEPS = 40, TRIMAP_STEPS = 200, BINS = BD_BINS * BD_BINS * BD_BINS };
static const float eps = 1e-6f, beta = 0.75f, margin = 0.05f, level = 0.1f;
/* What a trimap alone knows holds the rest by itself: colours need say less, and it takes more steps to get there. */
static const float weight = 0.01f, trimap_weight = 0.001f;

/* Where things are in BD_MATTE_TILES. */
typedef struct layout {
    bd_matte_size tiles;
    VkDeviceSize counts, bins, flags, rows[2], lists[2], sums, steps, end;
    VkDeviceSize flag_bytes, row_bytes, list_bytes;
} layout;

static layout lay_out(const bd_matte_plan *plan) {
    bd_matte_size size = plan->grids[2];
    layout l = {.tiles = {(size.w + BD_TILE - 1) / BD_TILE, (size.h + BD_TILE - 1) / BD_TILE}};
    l.flag_bytes = TILE_BYTES((VkDeviceSize)l.tiles.w * l.tiles.h);
    l.row_bytes = TILE_BYTES(l.tiles.h);
    l.list_bytes = l.flag_bytes + BD_TILE_HEADER * 4;
    l.bins = (VkDeviceSize)BINS * 2 * 4;
    l.flags = l.bins + (VkDeviceSize)BINS * 16;
    l.rows[0] = l.flags + l.flag_bytes;
    l.rows[1] = l.rows[0] + l.row_bytes;
    l.lists[0] = l.rows[1] + l.row_bytes;
    l.lists[1] = l.lists[0] + l.list_bytes;
    l.sums = l.lists[1] + l.list_bytes;
    l.steps = l.sums + (VkDeviceSize)BD_SUMS * 16;
    l.end = l.steps + (VkDeviceSize)(plan->steps + 1) * ALIGN;
    return l;
}

static VkDeviceSize grid_bytes(bd_matte_size size) {
    return (VkDeviceSize)size.w * size.h * 16;
}

static VkDeviceSize state_bytes(bd_matte_size size) {
    return (2 * grid_bytes(size) + ALIGN - 1) / ALIGN * ALIGN;
}

uint32_t bd_closed_form_steps(const bd_session *session, const bd_matte_params *params) {
    return session->closed_form_steps ? session->closed_form_steps : bd_trimap_alone(params) ? TRIMAP_STEPS : STEPS;
}

VkDeviceSize bd_closed_form_bytes(const bd_matte_plan *plan, bd_matte_buffer buffer) {
    const layout l = lay_out(plan);
    switch (buffer) {
    case BD_MATTE_TILES: return l.end;
    case BD_MATTE_PRODUCTS: return (VkDeviceSize)l.tiles.w * l.tiles.h * BD_TILE * BD_TILE * 16;
    case BD_MATTE_SUMS: return 2 * state_bytes(plan->grids[2]);
    default: return 0;
    }
}

/* What a dispatch reads and writes. */
typedef struct part {
    bd_matte_buffer buffer;
    VkDeviceSize offset, bytes;
} part;

typedef struct recorder {
    bd_session *session;
    bd_push_closed_form push;
    layout at;
    part values, plane, targets, lines, products, states[2];
    part counts, bins, flags, rows[2], lists[2], sums;
    bd_result result;
    bd_error *error;
} recorder;

static void bind(const recorder *r, bd_vk_dispatch *dispatch, uint32_t slot, const part *with) {
    dispatch->bindings[slot].buffer = &r->session->matte[with->buffer];
    dispatch->bindings[slot].offset = with->offset;
    dispatch->bindings[slot].bytes = with->bytes;
}

static void submit(recorder *r, const bd_vk_dispatch *dispatch) {
    if (!r->result) {
        r->result = bd_vk_commands_dispatch(&r->session->after, dispatch, r->error);
        bd_vk_commands_barrier(&r->session->after);
    }
}

/* Up to three sources; list NULL: over the grid, else by list, at binding 3. */
static void run(recorder *r, bd_kernel kernel, bool flag, const part *const sources[3], const part *list,
                const part *dst) {
    bd_vk_dispatch dispatch;
    bd_kernel_closed_form(r->session->vk, kernel, &r->push, flag, 0, &dispatch);
    for (uint32_t i = 0; i < 3 && sources[i]; i++) {
        bind(r, &dispatch, i, sources[i]);
    }
    if (list) {
        bind(r, &dispatch, BD_BIND_RESIDUAL, list);
        if (kernel != BD_KERNEL_CLOSED_SUM) {
            dispatch.indirect = &r->session->matte[BD_MATTE_TILES];
            dispatch.indirect_offset = list->offset;
        }
    }
    bind(r, &dispatch, BD_BIND_DST, dst);
    submit(r, &dispatch);
}

static part small(VkDeviceSize offset, VkDeviceSize bytes) {
    return (part){BD_MATTE_TILES, offset, bytes};
}

static recorder begin(bd_session *session, const bd_matte_plan *plan, bd_matte_size size, bd_error *error) {
    const layout l = lay_out(plan);
    VkDeviceSize grid = grid_bytes(size), state = state_bytes(size);
    recorder r = {.session = session,
                  .push = {.dst_w = (int32_t)size.w,
                           .dst_h = (int32_t)size.h,
                           .eps = eps,
                           .beta = beta,
                           .weight = bd_trimap_alone(&plan->params) ? trimap_weight : weight,
                           .margin = margin,
                           .level = level},
                  .at = l,
                  .values = {BD_MATTE_VALUES, 0, grid},
                  .plane = {BD_MATTE_PLANE, 0, bd_plane_bytes(size)},
                  .targets = {BD_MATTE_SCRATCH, 0, grid},
                  .lines = {BD_MATTE_LINES, 0, grid},
                  .products = {BD_MATTE_PRODUCTS, 0, bd_closed_form_bytes(plan, BD_MATTE_PRODUCTS)},
                  .states = {{BD_MATTE_SUMS, 0, 2 * grid}, {BD_MATTE_SUMS, state, 2 * grid}},
                  .counts = small(0, l.bins),
                  .bins = small(l.bins, (VkDeviceSize)BINS * 16),
                  .flags = small(l.flags, l.flag_bytes),
                  .rows = {small(l.rows[0], l.row_bytes), small(l.rows[1], l.row_bytes)},
                  .lists = {small(l.lists[0], l.list_bytes), small(l.lists[1], l.list_bytes)},
                  .sums = small(l.sums, (VkDeviceSize)BD_SUMS * 16),
                  .error = error};
    return r;
}

static void record_targets(recorder *r, bool trimap) {
    const part *const count[3] = {&r->values, &r->plane}, *const blur[3] = {&r->counts};
    const part *const target[3] = {&r->values, &r->plane, &r->bins};
    bd_vk_commands_fill(&r->session->after, &r->session->matte[BD_MATTE_TILES], r->at.bins, 0);
    bd_vk_commands_barrier(&r->session->after);
    run(r, BD_KERNEL_COLOUR_COUNT, false, count, NULL, &r->counts);
    run(r, BD_KERNEL_COLOUR_BLUR, false, blur, NULL, &r->bins);
    run(r, BD_KERNEL_CLOSED_TARGET, trimap, target, NULL, &r->targets);
}

static void record_lists(recorder *r) {
    const part *const targets[3] = {&r->targets}, *const flags[3] = {&r->flags};
    run(r, BD_KERNEL_TILE_FLAGS, false, targets, NULL, &r->flags);
    const bd_push_closed_form nodes = r->push;
    r->push.dst_w = (int32_t)r->at.tiles.w;
    r->push.dst_h = (int32_t)r->at.tiles.h;
    for (int ring = 0; ring < 2; ring++) {
        const part *const both[3] = {&r->flags, &r->rows[ring]};
        run(r, BD_KERNEL_TILE_ROWS, ring, flags, NULL, &r->rows[ring]);
        run(r, BD_KERNEL_TILE_LIST, ring, both, NULL, &r->lists[ring]);
    }
    r->push = nodes;
    bd_vk_commands_barrier_indirect(&r->session->after);
}

/* values: the grid whose value the matrix is applied to; step 0: gives the residual. */
static void record_step(recorder *r, const part *values, uint32_t step, const part *from, const part *to) {
    bool first = step == 0;
    const part now = small(r->at.steps + (VkDeviceSize)step * ALIGN, 16);
    const part last = small(r->at.steps + (VkDeviceSize)(first ? step : step - 1) * ALIGN, 16);
    const part *const lines[3] = {values}, *const product[3] = {&r->lines, values, &r->targets};
    const part *const sum[3] = {&r->products}, *const stepped[3] = {&r->sums, &last};
    const part *const update[3] = {from, &r->products, &now};
    run(r, BD_KERNEL_CLOSED_LINES, false, lines, &r->lists[1], &r->lines);
    run(r, BD_KERNEL_CLOSED_PRODUCT, first, product, &r->lists[0], &r->products);
    if (!first) {
        run(r, BD_KERNEL_CLOSED_SUM, false, sum, &r->lists[0], &r->sums);
        run(r, BD_KERNEL_CLOSED_STEP, step == 1, stepped, NULL, &now);
    }
    run(r, BD_KERNEL_CLOSED_UPDATE, first, update, &r->lists[0], to);
}

bd_result bd_closed_form_record(bd_session *session, const bd_matte_plan *plan, bd_error *error) {
    recorder r = begin(session, plan, plan->grids[2], error);
    const part *const start[3] = {&r.values}, *const known[3] = {&r.targets};
    record_targets(&r, plan->trimap);
    if (plan->trimap) {
        run(&r, BD_KERNEL_CLOSED_PIN, false, known, NULL, &r.values);
    }
    record_lists(&r);
    for (int i = 0; i < 2; i++) {
        run(&r, BD_KERNEL_CLOSED_START, false, start, &r.lists[1], &r.states[i]);
    }
    for (uint32_t step = 0; step <= plan->steps; step++) {
        const part *from = &r.states[step % 2], *to = &r.states[(step + 1) % 2];
        const part grid = {from->buffer, from->offset, grid_bytes(plan->grids[2])};
        record_step(&r, step ? &grid : &r.values, step, from, to);
    }
    const part solution = {BD_MATTE_GRID3, 0, grid_bytes(plan->grids[2])};
    const part *const finish[3] = {&r.values, &r.states[(plan->steps + 1) % 2], &r.flags};
    run(&r, BD_KERNEL_CLOSED_FINISH, false, finish, NULL, &solution);
    return r.result;
}

bd_result bd_closed_form_record_prior(bd_session *session, const bd_matte_plan *plan, bd_error *error) {
    recorder r = begin(session, plan, plan->grids[0], error);
    const part *const targets[3] = {&r.targets};
    r.values.buffer = BD_MATTE_GRID1;
    record_targets(&r, true);
    run(&r, BD_KERNEL_CLOSED_PRIOR, false, targets, NULL, &r.plane);
    return r.result;
}
