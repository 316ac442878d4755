/* SPDX-License-Identifier: MIT
 * The subject in the light of its background: see shaders/push/harmonize.h and light.h. */
#ifndef BD_REF_LIGHT_H
#define BD_REF_LIGHT_H

#include "reference/ref_picture.h"

/* sRGB's numbers in 0..1 as light, and back; linear light in Oklab. */
double bd_ref_to_light(double srgb);
double bd_ref_to_srgb(double light);
void bd_ref_oklab(const double light[3], double lab[3]);

/* The sums of push/harmonize.h over samples `block` pixels apart; alpha NULL: w is the picture's. */
void bd_ref_statistics(const void *picture, bool deep, int32_t w, int32_t h, const float *alpha, bool premultiplied,
                       int32_t block, float sums[8]);
/* The map, (3, 4), that draws the one's colours towards the other's. */
void bd_ref_harmonize(const float subject[8], const float background[8], bool full, float map[12]);
/* grid (ceil(h / block), ceil(w / block), 4). */
void bd_ref_light_reduce(const bd_ref_background *background, const float *alpha, int32_t w, int32_t h, int32_t block,
                         float *grid);
/* One pixel; map NULL: colours stay; light (4 floats) NULL: none wraps around. */
void bd_ref_relight(const void *front, bool deep, float alpha, const float *map, const float *light, void *y);

#endif
