/* SPDX-License-Identifier: MIT
 * A photo's noise: see shaders/push/noise.h. Taps are those of a node, its neighbours and theirs. */
#ifndef BD_REF_NOISE_H
#define BD_REF_NOISE_H

#include "base/base.h"

/* photo (h,w,4) u8, whose patch begins at pixel (x,y) with the row and column around it. */
uint32_t bd_ref_noise_patch(const uint8_t *photo, int32_t w, int32_t x, int32_t y);
/* Sorts the medians. */
float bd_ref_noise_level(uint32_t *medians, size_t count);
/* Returns whether anything is to be blurred. */
bool bd_ref_noise_taps(float noise, float gain, float least, float taps[3]);
/* src and dst (h,w,channels). */
void bd_ref_noise_blur(const float *src, int32_t w, int32_t h, int32_t channels, const float taps[3], bool vertical,
                       float *dst);

#endif
