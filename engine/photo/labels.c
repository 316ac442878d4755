/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "photo/labels.h"

typedef struct labels_plan {
    bd_slot logits, labels;
    uint32_t network; /* given */
    bd_axis_map x, y;
    uint32_t rounded;
} labels_plan;
BD_PLAN_OF_WORDS(labels_plan, 10);

static void record_labels(bd_recorder *to, const void *plan) {
    const labels_plan *p = plan;
    const bd_network *network = to->given[p->network];
    const bd_size size = bd_recorder_size(to, p->labels);
    for (bd_band band = bd_bands(to, size, 1); band.rows; bd_band_next(&band)) {
        bd_vk_dispatch dispatch;
        bd_kernel_labels(to->vk, &network->logits_shape, size.w, band.first, band.rows, p->x, p->y,
                         p->rounded ? network->logits_step : 0.0f, network->logits_zero_point, &dispatch);
        bd_bind(to, &dispatch, 0, p->logits);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->labels, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_labels_add(bd_recipe *recipe, const bd_looks *looks, bd_slot logits, bd_size resized, bd_size size) {
    const labels_plan plan = {
        .logits = logits,
        .labels = bd_recipe_slot(recipe, "labels", BD_SLOT_BYTES, size),
        .network = bd_recipe_give(recipe, &looks->network),
        .x = bd_looks_pixel_map(&looks->network, 2, resized.w, size.w),
        .y = bd_looks_pixel_map(&looks->network, 1, resized.h, size.h),
        /* On the network's own grid labels are the export's; elsewhere rounding would only blur what is between. */
        .rounded = size.w == resized.w && size.h == resized.h && looks->count < 2};
    bd_recipe_pass(recipe, record_labels, &plan, sizeof plan);
    bd_recipe_reads(recipe, logits);
    bd_recipe_writes(recipe, plan.labels);
    return plan.labels;
}

static uint32_t points_along(const bd_network *network, int axis, uint32_t resized) {
    double step = (double)network->logits_shape.dims[axis] / (double)network->preprocess.shape.dims[axis];
    return (uint32_t)BD_MAX(lround(resized * step), 1);
}

bd_slot bd_seen_add(bd_recipe *recipe, const bd_looks *looks, bd_slot logits, bd_size resized) {
    const bd_size points = {points_along(&looks->network, 2, resized.w), points_along(&looks->network, 1, resized.h)};
    return bd_labels_add(recipe, looks, logits, resized, points);
}

void bd_seen_count(const bd_slot_shape *shape, const uint8_t *labels, uint32_t class_count, bd_seen *seen) {
    *seen = (bd_seen){.class_count = class_count, .points = (uint64_t)shape->w * shape->h};
    size_t pitch = (size_t)bd_slot_row_bytes(shape);
    for (size_t y = 0; y < shape->h; y++) {
        for (size_t x = 0; x < shape->w; x++) {
            seen->points_of_class[labels[y * pitch + x]]++;
        }
    }
}
