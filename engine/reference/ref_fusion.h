/* SPDX-License-Identifier: MIT
 * Blur fusion: see shaders/push/fusion.h. Pairs are (h,w,8). */
#ifndef BD_REF_FUSION_H
#define BD_REF_FUSION_H

#include "base/base.h"

void bd_ref_fusion_reduce(const float *level, int32_t w, int32_t h, int32_t block, float *pairs);
void bd_ref_fusion_sum(const float *src, int32_t w, int32_t h, int32_t radius, bool vertical, float *dst);
/* One node, from its sums. */
void bd_ref_fusion_finish(const float sums[8], const float level[4], float pair[8]);
void bd_ref_fusion_spread(const float sums[8], const float level[4], float pair[8]);

#endif
