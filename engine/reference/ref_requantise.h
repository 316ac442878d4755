/* SPDX-License-Identifier: MIT
 * Operations of integer networks. */
#ifndef BD_REF_REQUANTISE_H
#define BD_REF_REQUANTISE_H

#include "graph/graph.h"

/* Integers, see bd_rounding. */
int32_t bd_ref_requantise(int64_t x, bd_scale scale, bd_rounding rounding);
/* x (rows,c) of integers, scales (2,c) -> y (rows,c); y may be x. */
void bd_ref_requantise_rows(const float *x, size_t rows, int32_t c, const int32_t *scales, bd_rounding rounding,
                            float low, float high, float *y);
/* One value of an ADD of integers; scales: of a, b and the sum. */
int32_t bd_ref_add_integers(int32_t a, int32_t b, const bd_scale scales[3], bd_rounding rounding);
/* q + zero_point to the nearest integer, halves away from zero, - zero_point. */
float bd_ref_round(float q, int32_t zero_point);

#endif
