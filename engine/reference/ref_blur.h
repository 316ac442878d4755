/* SPDX-License-Identifier: MIT
 * Blurs: see shaders/push/weigh.h. Grids are (h,w,4). */
#ifndef BD_REF_BLUR_H
#define BD_REF_BLUR_H

#include "base/base.h"

void bd_ref_weigh(const void *photo, bool deep, const float *alpha, int32_t w, int32_t h, int32_t block, float *grid);
void bd_ref_gauss(const float *src, int32_t w, int32_t h, int32_t radius, float falloff, bool vertical, float *dst);
/* One pixel. */
void bd_ref_unweigh(const float sum[4], bool deep, const void *photo, void *y);

#endif
