/* SPDX-License-Identifier: MIT */
#include "kernel/body_kernels.h"

#include <string.h>

#include "graph/plan.h"
#include "kernel/fill.h"

void bd_kernel_odds(const bd_vk *vk, const bd_shape *logits, const bd_odds_of *of, uint32_t out_w, uint32_t out_h,
                    bd_axis_map x, bd_axis_map y, uint32_t look, uint32_t looks, bd_vk_dispatch *dispatch) {
    bd_push_odds push = {.logits_w = logits->dims[2],
                         .logits_h = logits->dims[1],
                         .c4 = (int32_t)bd_shape_c4(logits),
                         .class_count = logits->dims[3],
                         .out_w = (int32_t)out_w,
                         .out_h = (int32_t)out_h,
                         .scale_x = x.scale,
                         .bias_x = x.bias,
                         .max_x = x.max,
                         .scale_y = y.scale,
                         .bias_y = y.bias,
                         .max_y = y.max,
                         .background = of->background,
                         .share = 1.0f / (float)looks};
    memcpy(&push.classes_low, of->classes.words, sizeof push.classes_low);
    memcpy(&push.classes_high, of->classes.words + 4, sizeof push.classes_high);
    bd_fill_kernel(dispatch, vk, BD_KERNEL_ODDS, &push, sizeof push);
    bd_fill_constant(dispatch, look == 0);
    bd_fill_rows(dispatch, out_w, out_h);
}

/* One group takes the whole grid. Many invocations hide a GPU's waits; a software device runs them one after the
 * other, and changes between them at every barrier. There llvmpipe ends the loops of an invocation after 65535 turns in
 * all, of which a node takes a hundred or so. */
static uint32_t rule_group(const bd_vk *vk, uint32_t nodes) {
    enum { MOST = 1024, NODES_EACH = 80 };
    uint32_t most = BD_MIN(vk->limits.maxComputeWorkGroupInvocations, vk->limits.maxComputeWorkGroupSize[0]);
    uint32_t group = vk->info.kind == BD_DEVICE_SOFTWARE ? BD_LINEAR_GROUP : MOST;
    while (group < MOST && group * NODES_EACH < nodes) {
        group *= 2;
    }
    return BD_MIN(group, most);
}

void bd_kernel_rule(const bd_vk *vk, const bd_push_rule *push, bool locates, bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_RULE, push, sizeof *push);
    bd_fill_constant(dispatch, rule_group(vk, (uint32_t)(push->w * push->h)));
    bd_fill_constant(dispatch, locates);
    bd_fill_groups(dispatch, 1, 1, 1);
}

void bd_kernel_rule_apply(const bd_vk *vk, const bd_push_rule *push, bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_RULE_APPLY, push, sizeof *push);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    bd_fill_rows(dispatch, bd_ceil_div((uint32_t)push->w, 4), (uint32_t)push->h);
}

void bd_kernel_crop_gate(const bd_vk *vk, const bd_push_crop *push, bool larger, bool alone, bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_CROP_GATE, push, sizeof *push);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
    bd_fill_constant(dispatch, larger);
    bd_fill_constant(dispatch, alone);
    bd_fill_rows(dispatch, (uint32_t)push->count, 1);
}

void bd_kernel_crop(const bd_vk *vk, bd_kernel kernel, const bd_push_crop *push, bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, kernel, push, sizeof *push);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
    bool rows = kernel == BD_KERNEL_CROP_ROWS;
    bd_fill_rows(dispatch, (uint32_t)push->net_w, (uint32_t)(rows ? push->src_h : push->net_h));
}

static void fill_merge(const bd_vk *vk, bd_kernel kernel, const bd_shape *logits, const bd_odds_of *of,
                       const bd_push_crop_merge *push, bd_vk_dispatch *dispatch) {
    bd_push_crop_merge all = *push;
    memcpy(&all.classes_low, of->classes.words, sizeof all.classes_low);
    memcpy(&all.classes_high, of->classes.words + 4, sizeof all.classes_high);
    all.background = of->background;
    all.logits_w = logits->dims[2];
    all.logits_h = logits->dims[1];
    all.c4 = (int32_t)bd_shape_c4(logits);
    all.class_count = logits->dims[3];
    bd_fill_kernel(dispatch, vk, kernel, &all, sizeof all);
    dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
}

void bd_kernel_crop_merge(const bd_vk *vk, const bd_shape *logits, const bd_odds_of *of, const bd_push_crop_merge *push,
                          bd_vk_dispatch *dispatch) {
    fill_merge(vk, BD_KERNEL_CROP_MERGE, logits, of, push, dispatch);
    bd_fill_rows(dispatch, (uint32_t)push->out_w, (uint32_t)push->out_h);
}

void bd_kernel_larger_merge(const bd_vk *vk, const bd_shape *logits, const bd_odds_of *of,
                            const bd_push_crop_merge *push, bool alone, bd_vk_dispatch *dispatch) {
    fill_merge(vk, BD_KERNEL_LARGER_MERGE, logits, of, push, dispatch);
    bd_fill_constant(dispatch, alone);
    bd_fill_rows(dispatch, (uint32_t)push->out_w, (uint32_t)push->out_h);
}

void bd_kernel_band(const bd_vk *vk, bd_kernel kernel, const bd_push_band *push, bd_vk_dispatch *dispatch) {
    bool finds = kernel == BD_KERNEL_BAND_FIND;
    uint32_t columns = (uint32_t)(finds ? push->src_w : push->dst_w);
    bd_fill_kernel(dispatch, vk, kernel, push, sizeof *push);
    bd_fill_rows(dispatch, kernel == BD_KERNEL_BAND_LINES ? columns : bd_ceil_div(columns, 4),
                 (uint32_t)(finds ? push->src_h : push->dst_h));
}
