/* SPDX-License-Identifier: MIT
 * What of the network's mask is a body, and a second look at it. */
#ifndef BD_KERNEL_BODY_KERNELS_H
#define BD_KERNEL_BODY_KERNELS_H

#include "kernel/picture_kernels.h"
#include "push/band.h"
#include "push/crop.h"
#include "push/crop_merge.h"
#include "push/odds.h"
#include "push/rule.h"

/* Classes of the foreground; background: the class that is none, -1: there is none. */
typedef struct bd_odds_of {
    bd_class_set classes;
    int32_t background;
} bd_odds_of;

/* One of `looks`, number `look`. */
void bd_kernel_odds(const bd_vk *vk, const bd_shape *logits, const bd_odds_of *of, uint32_t out_w, uint32_t out_h,
                    bd_axis_map x, bd_axis_map y, uint32_t look, uint32_t looks, bd_vk_dispatch *dispatch);
void bd_kernel_rule(const bd_vk *vk, const bd_push_rule *push, bool locates, bd_vk_dispatch *dispatch);
void bd_kernel_rule_apply(const bd_vk *vk, const bd_push_rule *push, bd_vk_dispatch *dispatch);
/* Of the second look, or of a larger one; alone: no crop is looked at. */
void bd_kernel_crop_gate(const bd_vk *vk, const bd_push_crop *push, bool larger, bool alone, bd_vk_dispatch *dispatch);
/* BD_KERNEL_CROP_ROWS and _COLUMNS. */
void bd_kernel_crop(const bd_vk *vk, bd_kernel kernel, const bd_push_crop *push, bd_vk_dispatch *dispatch);
/* push: all but what logits and of say. */
void bd_kernel_crop_merge(const bd_vk *vk, const bd_shape *logits, const bd_odds_of *of, const bd_push_crop_merge *push,
                          bd_vk_dispatch *dispatch);
/* Likewise. alone: no crop is looked at. */
void bd_kernel_larger_merge(const bd_vk *vk, const bd_shape *logits, const bd_odds_of *of,
                            const bd_push_crop_merge *push, bool alone, bd_vk_dispatch *dispatch);
/* BD_KERNEL_BAND_FIND, _LINES and _PLANE. */
void bd_kernel_band(const bd_vk *vk, bd_kernel kernel, const bd_push_band *push, bd_vk_dispatch *dispatch);

#endif
