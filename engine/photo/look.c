/* SPDX-License-Identifier: MIT */
#include "photo/look.h"
#include "photo/resample.h"

_Static_assert((int)BD_MOST_COMMANDS > (int)BD_MOST_LOOKS, "commands in front of the first look and behind each");

static bd_slot add_resize(bd_recipe *recipe, const bd_network *network, bd_slot photo, const char *label) {
    const bd_size size = bd_recipe_size(recipe, photo);
    bd_resampling to = {.label = label, .filter = BD_RESAMPLE_LANCZOS, .box = {0, 0, (float)size.w, (float)size.h}};
    bd_looks_photo_size(network, size.w, size.h, &to.size.w, &to.size.h);
    return bd_resample_add(recipe, photo, &to);
}

bd_slot bd_look_resize(bd_recipe *recipe, const bd_network *network, bd_slot photo) {
    return add_resize(recipe, network, photo, "resize photo");
}

/* ---- preprocessing ----------------------------------------------------------------------------------------------- */

typedef struct preprocess_plan {
    bd_slot resized, input;
    uint32_t network; /* given */
    uint32_t mirrored;
} preprocess_plan;
BD_PLAN_OF_WORDS(preprocess_plan, 4);

static void record_preprocess(bd_recorder *to, const void *plan) {
    const preprocess_plan *p = plan;
    const bd_network *network = to->given[p->network];
    const bd_size size = bd_recorder_size(to, p->resized);
    bd_vk_dispatch dispatch;
    bd_kernel_preprocess(to->vk, &network->preprocess, network->precision, p->mirrored, size.w, size.h, &dispatch);
    bd_bind(to, &dispatch, 0, p->resized);
    bd_bind(to, &dispatch, BD_BIND_DST, p->input);
    bd_recorder_dispatch(to, &dispatch);
}

void bd_preprocess_add(bd_recipe *recipe, const bd_network *network, bd_slot resized, bool mirrored) {
    const preprocess_plan plan = {.resized = resized,
                                  .input = bd_recipe_outside(recipe, "input", &network->input),
                                  .network = bd_recipe_give(recipe, network),
                                  .mirrored = mirrored};
    bd_recipe_pass(recipe, record_preprocess, &plan, sizeof plan);
    bd_recipe_reads(recipe, resized);
    bd_recipe_writes(recipe, plan.input);
}

/* ---- networks ---------------------------------------------------------------------------------------------------- */

typedef struct network_plan {
    uint32_t commands; /* given */
} network_plan;
BD_PLAN_OF_WORDS(network_plan, 1);

static void record_network(bd_recorder *to, const void *plan) {
    const network_plan *p = plan;
    bd_recorder_run(to, (bd_vk_commands *)(uintptr_t)to->given[p->commands]);
}

static void add_network(bd_recipe *recipe, const bd_network *network) {
    const network_plan plan = {.commands = bd_recipe_give(recipe, &network->commands)};
    bd_recipe_pass(recipe, record_network, &plan, sizeof plan);
}

typedef struct average_plan {
    bd_slot logits, before, sum;
    uint32_t first, network; /* given: the first network, and the look's */
    uint32_t look, count;
    bd_axis_map x, y;
} average_plan;
BD_PLAN_OF_WORDS(average_plan, 13);

static void record_average(bd_recorder *to, const void *plan) {
    const average_plan *p = plan;
    const bd_network *first = to->given[p->first], *network = to->given[p->network];
    const int32_t *out = first->logits_shape.dims;
    bd_vk_dispatch dispatch;
    bd_kernel_average(to->vk, &network->logits_shape, (uint32_t)out[2], (uint32_t)out[1], p->x, p->y, p->look, p->count,
                      &dispatch);
    bd_bind(to, &dispatch, 0, p->logits);
    bd_bind(to, &dispatch, 3, p->before);
    bd_bind(to, &dispatch, BD_BIND_DST, p->sum);
    bd_recorder_dispatch(to, &dispatch);
}

static bd_slot add_average(bd_recipe *recipe, const bd_looks *looks, uint32_t look, bd_size first, bd_size other) {
    const bd_network *network = bd_looks_network(looks, look);
    /* Sums go to and fro; the first look reads none. */
    const bd_vk_binding before = bd_looks_sum(looks, look + 1), sum = bd_looks_sum(looks, look);
    const average_plan plan = {.logits = bd_recipe_outside(recipe, "logits of a look", &network->logits),
                               .before = bd_recipe_outside(recipe, "sum before", &before),
                               .sum = bd_recipe_outside(recipe, "sum", &sum),
                               .first = bd_recipe_give(recipe, &looks->network),
                               .network = bd_recipe_give(recipe, network),
                               .look = look,
                               .count = looks->count,
                               .x = bd_looks_look_map(looks, look, 2, first.w, other.w),
                               .y = bd_looks_look_map(looks, look, 1, first.h, other.h)};
    bd_recipe_pass(recipe, record_average, &plan, sizeof plan);
    bd_recipe_reads(recipe, plan.logits);
    bd_recipe_reads(recipe, plan.before);
    bd_recipe_writes(recipe, plan.sum);
    return plan.sum;
}

bd_slot bd_look_add(bd_recipe *recipe, const bd_looks *looks, bd_slot photo, bd_slot resized, bool first_alone) {
    bd_preprocess_add(recipe, &looks->network, resized, false);
    bd_recipe_stamp(recipe, "preprocess");
    add_network(recipe, &looks->network);
    if (looks->count < 2 || first_alone) {
        return bd_recipe_outside(recipe, "logits", &looks->network.logits);
    }
    const bd_size first = bd_recipe_size(recipe, resized);
    bd_slot sum = add_average(recipe, looks, 0, first, first), other = resized;
    for (uint32_t look = 1; look < looks->count; look++) {
        const bd_network *network = bd_looks_network(looks, look);
        if (network != bd_looks_network(looks, look - 1)) {
            other = add_resize(recipe, network, photo, NULL);
        }
        bd_preprocess_add(recipe, network, other, bd_looks_is_mirrored(looks, look));
        add_network(recipe, network);
        sum = add_average(recipe, looks, look, first, bd_recipe_size(recipe, other));
    }
    return sum;
}

/* ---- another look ------------------------------------------------------------------------------------------------ */

typedef struct gate_plan {
    bd_slot words, groups, gated;
    uint32_t larger, alone;
    bd_push_crop push;
} gate_plan;
BD_PLAN_OF_WORDS(gate_plan, 5 + sizeof(bd_push_crop) / 4);

static void record_gate(bd_recorder *to, const void *plan) {
    const gate_plan *p = plan;
    bd_vk_dispatch dispatch;
    bd_kernel_crop_gate(to->vk, &p->push, p->larger, p->alone, &dispatch);
    bd_bind_bytes(to, &dispatch, 0, p->words, 0, BD_BOX_WORDS * sizeof(uint32_t));
    bd_bind(to, &dispatch, 1, p->groups);
    bd_bind(to, &dispatch, BD_BIND_DST, p->gated);
    bd_recorder_dispatch(to, &dispatch);
    bd_recorder_barrier_indirect(to);
}

bd_slot bd_look_again_add(bd_recipe *recipe, const bd_network *network, bd_slot picture, const bd_look_gate *gate) {
    const bd_vk_binding groups = {
        .buffer = &network->gate.groups, .bytes = network->gate.groups.bytes, .format = VK_FORMAT_R32_UINT};
    const bd_vk_binding gated = {
        .buffer = &network->gate.gated, .bytes = network->gate.gated.bytes, .format = VK_FORMAT_R32_UINT};
    gate_plan plan = {.words = gate->words,
                      .groups = bd_recipe_outside(recipe, "groups", &groups),
                      .gated = bd_recipe_outside(recipe, "gated groups", &gated),
                      .larger = gate->larger,
                      .alone = gate->alone,
                      .push = gate->push};
    plan.push.count = (int32_t)network->dispatch_count * 3;
    bd_recipe_pass(recipe, record_gate, &plan, sizeof plan);
    bd_recipe_reads(recipe, gate->words);
    bd_recipe_reads(recipe, plan.groups);
    bd_recipe_writes(recipe, plan.gated);
    bd_preprocess_add(recipe, network, picture, false);
    const network_plan again = {.commands = bd_recipe_give(recipe, &network->gate.commands)};
    bd_recipe_pass(recipe, record_network, &again, sizeof again);
    return bd_recipe_outside(recipe, "logits of another look", &network->logits);
}
