/* SPDX-License-Identifier: MIT
 * How a matte is scored against a binary mask of its size. Distances are Euclidean, between the middles of pixels; what
 * lies outside the picture is neither foreground nor background.
 *
 * Edge        pixels outside a mask with one of their four neighbours in it; the matte's mask is where it is at least 0.5.
 * Boundary F  2 P R / (P + R): P the share of the matte's edge within the tolerance of the mask's, R that of the mask's
 *             within the tolerance of the matte's (Martin et al., TPAMI 2004, without one-to-one matching).
 * Interior    the mask eroded by a disc of 1.2 % of the picture's diagonal, rounded to whole pixels. */
#ifndef BD_BENCH_MASK_METRICS_H
#define BD_BENCH_MASK_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mask_scores {
    double both, any; /* pixels of the intersection and of the union of the two masks */
    double iou;       /* both / any; 1 where there are none */
    double bf2, bf8;  /* boundary F within 2 pixels, and within 0.8 % of the diagonal; 1 where neither has an edge */
    double ghost;     /* % of the interior's pixels with alpha in 0.05..0.95; NAN without an interior */
    double lost;      /* % of alpha missing in the interior: the mean of 1 - alpha; NAN without one */
    double stray;     /* alpha beyond the mask dilated by as much, as % of the mask's pixels; NAN without a mask */
    double sad;       /* sum of absolute differences / 1000 */
} mask_scores;

/* What is known of a mask, for every matte that is held against it. Squared distances. */
typedef struct mask_truth {
    uint32_t w, h;
    uint8_t *mask, *edge; /* 0 or 1 */
    uint32_t *to_edge, *to_back, *to_front;
} mask_truth;

/* Takes w * h bytes, 0 or 1, which it frees in the end. False: out of memory; mask_truth_finish all the same. */
bool mask_truth_make(uint8_t *mask, uint32_t w, uint32_t h, mask_truth *truth);
void mask_truth_finish(mask_truth *truth);
/* matte: (h, w) floats in 0..1. False: out of memory. */
bool mask_metrics_score(const mask_truth *truth, const float *matte, mask_scores *result);

#endif
