/* SPDX-License-Identifier: MIT */
#include "photo/resample.h"

typedef struct axis_plan {
    bd_slot src, dst, tables;
    uint32_t horizontal;
    uint32_t first_row;    /* of src that the pass begins at */
    uint32_t out, taps;    /* of the table */
    uint32_t coefficients; /* where they lie in the tables, in units of four bytes */
    uint32_t bounds;       /* likewise */
    uint32_t table;        /* of the recipe, its number */
    uint32_t filter, in;   /* what it is made of */
    float box0, box1, sigma;
} axis_plan;
BD_PLAN_OF_WORDS(axis_plan, 15);

/* The rows of src that rows of dst are made of. */
static bd_rows rows_needed(const bd_recorder *to, const axis_plan *p, bd_band band) {
    const bd_resample_table *table = to->tables[p->table];
    if (p->horizontal) {
        return bd_rows_from(p->first_row + band.first, p->first_row + band.first + band.rows);
    }
    if (p->filter == BD_RESAMPLE_REPEAT) {
        return (bd_rows){0, bd_recorder_size(to, p->src).h};
    }
    const int32_t *first = table->bounds + 2 * (size_t)band.first, *last = first + 2 * (size_t)(band.rows - 1);
    return bd_rows_from((uint32_t)first[0] - p->first_row, (uint32_t)(last[0] + last[1]) - p->first_row);
}

/* In bands of output rows for which the device can bind these and those that they are made of. */
static void record_axis(bd_recorder *to, const void *plan) {
    const axis_plan *p = plan;
    const bd_size src = bd_recorder_size(to, p->src), dst = bd_recorder_size(to, p->dst);
    const bd_size widest = {BD_MAX(src.w, dst.w), dst.h};
    const uint32_t most = bd_bands(to, (bd_size){src.w, src.h}, 1).most;
    for (bd_band band = p->horizontal ? bd_bands_apart(to, widest) : bd_bands(to, widest, 1); band.rows;
         bd_band_next(&band)) {
        bd_rows from = rows_needed(to, p, band);
        while (from.count > most && band.rows > BD_BAND_AROUND) {
            band.rows = (band.rows / 2 + BD_BAND_AROUND - 1) / BD_BAND_AROUND * BD_BAND_AROUND;
            from = rows_needed(to, p, band);
        }
        /* Columns share their table, each row has its part of it: bands begin at multiples of 64 rows. */
        VkDeviceSize skipped = p->horizontal ? 0 : band.first, used = p->horizontal ? p->out : band.rows;
        VkDeviceSize row = (VkDeviceSize)p->taps * sizeof(int32_t), bound = 2 * sizeof(int32_t);
        bd_vk_dispatch dispatch;
        bd_kernel_resample(to->vk, p->horizontal, src.w, from.count, dst.w, band.rows, p->taps,
                           p->horizontal ? p->first_row + band.first - from.first : p->first_row + from.first,
                           &dispatch);
        bd_match_depth(to, &dispatch, p->src);
        bd_bind_rows(to, &dispatch, 0, p->src, from.first, from.count);
        bd_bind_bytes(to, &dispatch, 1, p->tables, (VkDeviceSize)p->coefficients * 4 + skipped * row, used * row);
        bd_bind_bytes(to, &dispatch, 2, p->tables, (VkDeviceSize)p->bounds * 4 + skipped * bound, used * bound);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->dst, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

static void add_axis(bd_recipe *recipe, axis_plan *plan, const bd_table_key *key, const bd_resample_table *table) {
    VkDeviceSize at[BD_TABLE_PARTS];
    bd_recipe_add_table(recipe, table, at);
    plan->tables = recipe->table_slot;
    plan->out = (uint32_t)table->out;
    plan->taps = (uint32_t)table->taps;
    plan->coefficients = (uint32_t)(at[BD_TABLE_COEFFICIENTS] / 4);
    plan->bounds = (uint32_t)(at[BD_TABLE_BOUNDS] / 4);
    plan->table = recipe->resampled_count - 1;
    plan->filter = key->filter;
    plan->in = key->in;
    plan->box0 = key->box[0];
    plan->box1 = key->box[1];
    plan->sigma = key->sigma;
    bd_recipe_pass(recipe, record_axis, plan, sizeof *plan);
    bd_recipe_reads(recipe, plan->src);
    bd_recipe_reads(recipe, plan->tables);
    bd_recipe_writes(recipe, plan->dst);
}

/* NULL: the axis keeps its size. */
static const bd_resample_table *find_table(bd_recipe *recipe, const bd_table_key *key) {
    const bd_resample_table *table = NULL;
    bool same = key->in == key->out && key->box[0] == 0.0f && key->box[1] == (float)key->in &&
                key->filter != BD_RESAMPLE_GAUSSIAN;
    if (!same && !recipe->result) {
        (void)bd_recipe_failed(recipe, bd_tables_get(recipe->axes, key, &table, recipe->error));
    }
    return recipe->result ? NULL : table;
}

bd_slot bd_resample_add(bd_recipe *recipe, bd_slot picture, const bd_resampling *to) {
    const bd_size src = bd_recipe_size(recipe, picture);
    const bd_slot_kind kind = bd_recipe_kind(recipe, picture);
    const bd_table_key key_x = {to->filter, src.w, to->size.w, {to->box[0], to->box[2]}, to->sigma};
    const bd_table_key key_y = {to->filter, src.h, to->size.h, {to->box[1], to->box[3]}, to->sigma};
    const bd_resample_table *x = find_table(recipe, &key_x), *y = find_table(recipe, &key_y);
    if (recipe->result || (!x && !y)) {
        return picture;
    }
    uint32_t first_row = 0, rows = src.h;
    if (y && to->filter != BD_RESAMPLE_REPEAT) {
        /* Pillow filters only the rows that the vertical pass will read. */
        const int32_t *last = y->bounds + 2 * (size_t)(y->out - 1);
        first_row = (uint32_t)y->bounds[0];
        rows = (uint32_t)(last[0] + last[1]) - first_row;
    }
    bd_slot between = picture;
    if (x) {
        const bd_size size = y ? (bd_size){to->size.w, rows} : to->size;
        between = bd_recipe_slot(recipe, "resampled rows", kind, size);
        axis_plan plan = {.src = picture, .dst = between, .horizontal = 1, .first_row = y ? first_row : 0};
        add_axis(recipe, &plan, &key_x, x);
    }
    bd_slot dst = between;
    if (y) {
        dst = bd_recipe_slot(recipe, "resampled", kind, to->size);
        axis_plan plan = {.src = between, .dst = dst, .first_row = x ? first_row : 0};
        add_axis(recipe, &plan, &key_y, y);
    }
    bd_recipe_stamp(recipe, to->label);
    return dst;
}

typedef struct narrow_plan {
    bd_slot src, dst;
} narrow_plan;
BD_PLAN_OF_WORDS(narrow_plan, 2);

static void record_narrow(bd_recorder *to, const void *plan) {
    const narrow_plan *p = plan;
    const bd_size size = bd_recorder_size(to, p->src);
    for (bd_band band = bd_bands(to, size, 1); band.rows; bd_band_next(&band)) {
        bd_vk_dispatch dispatch;
        bd_kernel_narrow(to->vk, size.w, band.rows, &dispatch);
        bd_bind_rows(to, &dispatch, 0, p->src, band.first, band.rows);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->dst, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_narrow_add(bd_recipe *recipe, bd_slot picture) {
    if (bd_recipe_kind(recipe, picture) != BD_SLOT_PICTURE16) {
        return picture;
    }
    const narrow_plan plan = {
        .src = picture,
        .dst = bd_recipe_slot(recipe, "photo of 8 bits", BD_SLOT_PICTURE, bd_recipe_size(recipe, picture))};
    bd_recipe_pass(recipe, record_narrow, &plan, sizeof plan);
    bd_recipe_reads(recipe, plan.src);
    bd_recipe_writes(recipe, plan.dst);
    bd_recipe_stamp(recipe, "narrow");
    return plan.dst;
}
