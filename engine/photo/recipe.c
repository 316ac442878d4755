/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "photo/recipe.h"

void bd_recipe_begin(bd_recipe *recipe, bd_vk *vk, bd_tables *axes, bd_error *error) {
    *recipe = (bd_recipe){.vk = vk, .axes = axes, .slot_count = 1, .error = error};
}

bool bd_recipe_failed(bd_recipe *recipe, bd_result result) {
    if (!recipe->result) {
        recipe->result = result;
    }
    return recipe->result != BD_OK;
}

static bool has_room(bd_recipe *recipe, uint32_t count, uint32_t more, uint32_t room, const char *what) {
    if (recipe->result) {
        return false;
    }
    bool fits = more <= room && count <= room - more;
    return !bd_recipe_failed(
        recipe,
        fits ? BD_OK : bd_fail(recipe->error, BD_ERR_IMAGE_TOO_LARGE, "a photo takes more than %u %s", room, what));
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

bd_slot bd_recipe_slot(bd_recipe *recipe, const char *name, bd_slot_kind kind, bd_size size) {
    if (!has_room(recipe, recipe->slot_count - 1, 1, BD_MOST_SLOTS - 1, "pictures and tables")) {
        return BD_NO_SLOT;
    }
    bd_slot slot = recipe->slot_count++;
    recipe->shapes[slot] = (bd_slot_shape){.kind = kind, .w = size.w, .h = size.h, .owner = BD_SLOT_SHARED};
    recipe->uses[slot] = (bd_slot_use){.first = UINT32_MAX, .last = 0};
    recipe->names[slot] = name;
    return slot;
}

static bool same_binding(const bd_vk_binding *a, const bd_vk_binding *b) {
    return a->buffer == b->buffer && a->offset == b->offset && a->bytes == b->bytes && a->format == b->format;
}

bd_slot bd_recipe_outside(bd_recipe *recipe, const char *name, const bd_vk_binding *at) {
    for (bd_slot s = 1; s < recipe->slot_count; s++) {
        if (recipe->shapes[s].kind == BD_SLOT_OUTSIDE && same_binding(&recipe->outside[s], at)) {
            return s;
        }
    }
    bd_slot slot = bd_recipe_slot(recipe, name, BD_SLOT_OUTSIDE, (bd_size){0, 0});
    if (slot != BD_NO_SLOT) {
        recipe->outside[slot] = *at;
        recipe->written[slot] = true;
    }
    return slot;
}

bd_slot bd_recipe_kept(bd_recipe *recipe, const char *name, bd_slot_kind kind, bd_size size, const bd_vk_buffer *at,
                       bool holds) {
    bd_slot slot = bd_recipe_slot(recipe, name, kind, size);
    if (slot != BD_NO_SLOT) {
        recipe->shapes[slot].owner = BD_SLOT_KEPT;
        recipe->outside[slot] = (bd_vk_binding){.buffer = at, .bytes = bd_slot_bytes(&recipe->shapes[slot])};
        recipe->written[slot] = holds;
    }
    return slot;
}

bd_size bd_recipe_size(const bd_recipe *recipe, bd_slot slot) {
    return slot == BD_NO_SLOT ? (bd_size){1, 1} : (bd_size){recipe->shapes[slot].w, recipe->shapes[slot].h};
}

bd_slot_kind bd_recipe_kind(const bd_recipe *recipe, bd_slot slot) {
    return (bd_slot_kind)recipe->shapes[slot].kind;
}

bd_slot_kind bd_recipe_picture(const bd_recipe *recipe) {
    return recipe->deep ? BD_SLOT_PICTURE16 : BD_SLOT_PICTURE;
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

void bd_recipe_pass(bd_recipe *recipe, bd_record_fn record, const void *plan, size_t bytes) {
    uint32_t words = (uint32_t)(bytes / sizeof(uint32_t));
    if (!has_room(recipe, recipe->pass_count, 1, BD_MOST_PASSES, "passes") ||
        !has_room(recipe, recipe->plan_words, words, BD_MOST_PLAN_WORDS, "words of plans")) {
        return;
    }
    recipe->passes[recipe->pass_count++] = (bd_pass){.record = record, .plan = recipe->plan_words, .plan_words = words};
    memcpy(recipe->plans + recipe->plan_words, plan, bytes);
    recipe->plan_words += words;
}

static void use(bd_recipe *recipe, bd_slot slot) {
    if (!recipe->pass_count) {
        recipe->result =
            bd_fail(recipe->error, BD_ERR_INVALID_ARGUMENT, "%s is used before there is a pass", recipe->names[slot]);
        return;
    }
    uint32_t pass = recipe->pass_count - 1;
    bd_slot_use *u = &recipe->uses[slot];
    u->first = BD_MIN(u->first, pass);
    u->last = BD_MAX(u->last, pass);
}

void bd_recipe_reads(bd_recipe *recipe, bd_slot slot) {
    if (recipe->result || slot == BD_NO_SLOT) {
        return;
    }
    if (!recipe->written[slot]) {
        recipe->result =
            bd_fail(recipe->error, BD_ERR_INVALID_ARGUMENT, "%s is read before it is written", recipe->names[slot]);
        return;
    }
    use(recipe, slot);
}

void bd_recipe_writes(bd_recipe *recipe, bd_slot slot) {
    if (recipe->result || slot == BD_NO_SLOT) {
        return;
    }
    recipe->written[slot] = true;
    use(recipe, slot);
}

void bd_recipe_stamp(bd_recipe *recipe, const char *label) {
    if (!recipe->result && recipe->pass_count) {
        recipe->passes[recipe->pass_count - 1].label = label;
    }
}

uint32_t bd_recipe_give(bd_recipe *recipe, const void *thing) {
    for (uint32_t i = 0; i < recipe->given_count; i++) {
        if (recipe->given[i] == thing) {
            return i;
        }
    }
    if (!has_room(recipe, recipe->given_count, 1, BD_MOST_GIVEN, "networks and commands")) {
        return 0;
    }
    recipe->given[recipe->given_count] = thing;
    return recipe->given_count++;
}

/* ---- the host's part --------------------------------------------------------------------------------------------- */

bd_slot bd_recipe_enter(bd_recipe *recipe, const char *name, bd_slot_kind kind, bd_size size) {
    bd_slot slot = bd_recipe_slot(recipe, name, kind, size);
    if (slot != BD_NO_SLOT) {
        recipe->shapes[slot].owner = BD_SLOT_FRAME;
        recipe->uses[slot].first = 0;
        recipe->written[slot] = true;
    }
    return slot;
}

bd_slot bd_recipe_upload(bd_recipe *recipe, const char *name, bd_upload_kind kind, bd_slot_kind slot_kind,
                         bd_size size) {
    if (!has_room(recipe, recipe->upload_count, 1, BD_MOST_UPLOADS, "uploads")) {
        return BD_NO_SLOT;
    }
    bd_slot slot = bd_recipe_enter(recipe, name, slot_kind, size);
    if (slot != BD_NO_SLOT) {
        recipe->uploads[recipe->upload_count++] = (bd_upload){slot, (uint32_t)kind};
    }
    return slot;
}

void bd_recipe_leave(bd_recipe *recipe, bd_slot slot) {
    if (recipe->result) {
        return;
    }
    if (slot == BD_NO_SLOT || !recipe->written[slot]) {
        recipe->result = bd_fail(recipe->error, BD_ERR_INVALID_ARGUMENT, "a result that nothing writes");
        return;
    }
    recipe->shapes[slot].owner = BD_SLOT_FRAME;
    recipe->uses[slot].last = BD_MOST_PASSES;
}

uint32_t bd_recipe_return(bd_recipe *recipe, bd_slot slot) {
    if (!has_room(recipe, recipe->return_count, 1, BD_MOST_RETURNS, "results")) {
        return 0;
    }
    bd_recipe_leave(recipe, slot);
    if (recipe->result) {
        return 0;
    }
    recipe->returns[recipe->return_count] = slot;
    return recipe->return_count++;
}

void bd_recipe_add_table(bd_recipe *recipe, const bd_resample_table *table, VkDeviceSize at[BD_TABLE_PARTS]) {
    for (uint32_t part = 0; part < BD_TABLE_PARTS; part++) {
        at[part] = 0;
    }
    if (!has_room(recipe, recipe->resampled_count, 1, BD_MOST_RESAMPLED_AXES, "resampled axes")) {
        return;
    }
    if (!recipe->table_slot) {
        recipe->table_slot = bd_recipe_slot(recipe, "tables", BD_SLOT_BYTES, (bd_size){BD_SLOT_ALIGN, 0});
    }
    if (recipe->result) {
        return;
    }
    /* Written once, so nothing else may lie there. */
    recipe->shapes[recipe->table_slot].owner = BD_SLOT_FRAME;
    recipe->uses[recipe->table_slot] = (bd_slot_use){.first = 0, .last = BD_MOST_PASSES};
    recipe->written[recipe->table_slot] = true;
    recipe->resampled[recipe->resampled_count++] = table;
    for (uint32_t part = 0; part < BD_TABLE_PARTS; part++) {
        at[part] = recipe->table_bytes;
        recipe->table_bytes += bd_slot_align(bd_table_bytes(table, part));
    }
    recipe->shapes[recipe->table_slot].h = (uint32_t)(recipe->table_bytes / BD_SLOT_ALIGN);
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static bool equal_passes(const bd_recipe *a, const bd_recipe *b) {
    if (a->pass_count != b->pass_count || a->plan_words != b->plan_words ||
        memcmp(a->plans, b->plans, a->plan_words * sizeof a->plans[0]) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < a->pass_count; i++) {
        const bd_pass *p = &a->passes[i], *q = &b->passes[i];
        if (p->record != q->record || p->label != q->label || p->plan != q->plan || p->plan_words != q->plan_words) {
            return false;
        }
    }
    return true;
}

static bool equal_slots(const bd_recipe *a, const bd_recipe *b) {
    if (a->slot_count != b->slot_count || a->table_slot != b->table_slot) {
        return false;
    }
    for (uint32_t s = 0; s < a->slot_count; s++) {
        const bd_slot_shape *p = &a->shapes[s], *q = &b->shapes[s];
        if (p->kind != q->kind || p->w != q->w || p->h != q->h || p->owner != q->owner ||
            !same_binding(&a->outside[s], &b->outside[s]) || a->uses[s].first != b->uses[s].first ||
            a->uses[s].last != b->uses[s].last) {
            return false;
        }
    }
    return true;
}

static bool equal_host(const bd_recipe *a, const bd_recipe *b) {
    if (a->upload_count != b->upload_count || a->return_count != b->return_count || a->given_count != b->given_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->upload_count; i++) {
        if (a->uploads[i].slot != b->uploads[i].slot || a->uploads[i].kind != b->uploads[i].kind) {
            return false;
        }
    }
    for (uint32_t i = 0; i < a->return_count; i++) {
        if (a->returns[i] != b->returns[i]) {
            return false;
        }
    }
    for (uint32_t i = 0; i < a->given_count; i++) {
        if (a->given[i] != b->given[i]) {
            return false;
        }
    }
    return true;
}

bool bd_recipe_equal(const bd_recipe *a, const bd_recipe *b) {
    return a->deep == b->deep && a->band_bytes == b->band_bytes && a->apart == b->apart && equal_passes(a, b) &&
           equal_slots(a, b) && equal_host(a, b);
}
