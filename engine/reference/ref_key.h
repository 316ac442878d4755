/* SPDX-License-Identifier: MIT
 * A uniform backdrop's colour: see shaders/push/key.h. */
#ifndef BD_REF_KEY_H
#define BD_REF_KEY_H

#include "push/key.h"
#include "reference/ref_picture.h"

/* counts (BD_KEY_BINS, 4), zero before; photo (h,w,4) u8, the whole of it. */
void bd_ref_key_count(const uint8_t *photo, int32_t w, int32_t h, int32_t spacing, int32_t border, uint32_t *counts);
/* counts NULL: of color, red in the low byte. */
void bd_ref_key_choose(const uint32_t *counts, uint32_t color, float key[4 * BD_KEY_VECTORS]);
/* grid (ceil(h / block), ceil(w / block), 4). */
void bd_ref_key_reduce(const uint8_t *photo, int32_t w, int32_t h, int32_t block, const float *key, bool front,
                       float tolerance, float *grid);
/* One node: pair (8). */
void bd_ref_key_pair(const float back[4], const float front[4], const float wide[4], const float *key, float gain_back,
                     float gain_front, float pair[8]);
/* One pixel's alpha. */
float bd_ref_key_matte(const uint8_t pixel[4], const float pair[8], const float *key, float tolerance, float softness,
                       bool shadow);
/* plane (h,w) -> grid (h,w,4). */
void bd_ref_key_reach(const float *plane, int32_t w, int32_t h, int32_t radius, float *grid);
/* One pixel's alpha after; reach: the largest and the smallest there. */
float bd_ref_key_gate(float alpha, const float reach[4]);
/* How the subject's colours are found; see push/key.h. */
typedef struct bd_ref_key_way {
    bool deep, shadow, unmix, network;
    float spill;
} bd_ref_key_way;
/* One pixel. */
void bd_ref_key_front(const void *photo, const bd_ref_key_way *way, const float pair[8], const float *key, float keyed,
                      float alpha, void *y);

#endif
