/* SPDX-License-Identifier: MIT
 * Coefficient tables of separable resampling, as integers for 8-bit pixels. With one table per axis, applied
 * horizontally then vertically with 8 bits in between, the result equals Pillow's bit for bit.
 * Source: Pillow 9.4, src/libImaging/Resample.c (precompute_coeffs, normalize_coeffs_8bpc). */
#ifndef BD_RESAMPLE_H
#define BD_RESAMPLE_H

#include "base/base.h"

#define BD_RESAMPLE_PRECISION_BITS 22

typedef enum bd_resample_filter {
    BD_RESAMPLE_LANCZOS, /* a = 3 */
    BD_RESAMPLE_TRIANGLE,
    BD_RESAMPLE_BOX,
    BD_RESAMPLE_GAUSSIAN, /* cut at 3 sigma; not widened when shrinking */
    BD_RESAMPLE_REPEAT    /* pixel i is pixel box0 + i of the input repeated without end; box0 whole */
} bd_resample_filter;

/* Output pixel i = clip8((2^21 + sum over t < bounds[2i+1] of in[bounds[2i] + t] * coefficients[i * taps + t]) >> 22).
 */
typedef struct bd_resample_table {
    int32_t out;
    int32_t taps;          /* stride of coefficients, at least every count; those past the count are zero */
    int32_t *bounds;       /* (out, 2): first input pixel, count */
    int32_t *coefficients; /* (out, taps) */
    const bd_allocator *allocator;
} bd_resample_table;

/* Table that maps [box0, box1) of in_size pixels to out_size pixels.
 *
 * sigma    of BD_RESAMPLE_GAUSSIAN, in input pixels, taken as at least 0.1; ignored otherwise.
 * table    written on success only; release with bd_resample_table_finish.
 * Errors   BD_ERR_INVALID_ARGUMENT (sizes, or a box that is empty or leaves the input), BD_ERR_OUT_OF_MEMORY.
 */
bd_result bd_resample_table_init(bd_resample_table *table, const bd_allocator *allocator, bd_resample_filter filter,
                                 int32_t in_size, float box0, float box1, int32_t out_size, float sigma,
                                 bd_error *error);
/* Zeroed tables are fine. */
void bd_resample_table_finish(bd_resample_table *table);

#endif
