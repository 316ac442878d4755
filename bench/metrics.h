/* SPDX-License-Identifier: MIT
 * How the matting literature scores a matte against the true one. Planes are (h, w) floats in 0..1. */
#ifndef BD_BENCH_METRICS_H
#define BD_BENCH_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct scores {
    double sad;  /* sum of absolute differences / 1000 */
    double mse;  /* mean squared difference * 1000 */
    double grad; /* squared differences of gradient magnitudes, Gaussian derivatives of sigma 1.4, / 1000 */
    double conn; /* differences of connectedness, step 0.1, / 1000 */
} scores;

/* Rhemann et al., A perceptually motivated online benchmark for image matting, CVPR 2009. False: out of memory. */
bool metrics_score(const float *matte, const float *truth, uint32_t w, uint32_t h, scores *result);

#endif
