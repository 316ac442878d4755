/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "geometry/resample_table.h"

static const double pi = 3.14159265358979323846;

typedef struct kernel {
    bd_resample_filter filter;
    double support;  /* in input pixels */
    double per_unit; /* input pixels to the filter's units */
} kernel;

static double sinc(double x) {
    if (x == 0.0) {
        return 1.0;
    }
    x = x * pi;
    return sin(x) / x;
}

static double weight(const kernel *k, double x) {
    x = x * k->per_unit;
    switch (k->filter) {
    case BD_RESAMPLE_LANCZOS: return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
    case BD_RESAMPLE_TRIANGLE: return fabs(x) < 1.0 ? 1.0 - fabs(x) : 0.0;
    case BD_RESAMPLE_BOX: return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
    case BD_RESAMPLE_GAUSSIAN: return exp(-0.5 * x * x);
    case BD_RESAMPLE_REPEAT: break;
    }
    return 0.0;
}

static kernel make_kernel(bd_resample_filter filter, double scale, float sigma) {
    double stretch = fmax(scale, 1.0);
    if (filter == BD_RESAMPLE_GAUSSIAN) {
        double deviation = fmax((double)sigma, 0.1);
        /* Half-integer, so that a pixel has as many taps before it as after it. */
        double support = fmax(floor(3.0 * deviation), 1.0) + 0.5;
        return (kernel){.filter = filter, .support = support, .per_unit = 1.0 / deviation};
    }
    double support = filter == BD_RESAMPLE_LANCZOS ? 3.0 : filter == BD_RESAMPLE_TRIANGLE ? 1.0 : 0.5;
    return (kernel){.filter = filter, .support = support * stretch, .per_unit = 1.0 / stretch};
}

static int32_t to_fixed(double value) {
    double scaled = value * (1 << BD_RESAMPLE_PRECISION_BITS);
    return (int32_t)(value < 0 ? -0.5 + scaled : 0.5 + scaled);
}

/* One output pixel around center: bounds[0..1] and the coefficients. weights has room for every tap. */
static void fill_pixel(const kernel *k, double center, int32_t in_size, double *weights, int32_t *bounds,
                       int32_t *coefficients) {
    int32_t first = (int32_t)fmax(center - k->support + 0.5, 0.0);
    int32_t count = (int32_t)fmin(center + k->support + 0.5, (double)in_size) - first;
    double sum = 0.0;
    for (int32_t t = 0; t < count; t++) {
        weights[t] = weight(k, t + first - center + 0.5);
        sum += weights[t];
    }
    for (int32_t t = 0; t < count; t++) {
        coefficients[t] = to_fixed(sum != 0.0 ? weights[t] / sum : weights[t]);
    }
    bounds[0] = first;
    bounds[1] = count;
}

bd_result bd_resample_table_init(bd_resample_table *table, const bd_allocator *allocator, bd_resample_filter filter,
                                 int32_t in_size, float box0, float box1, int32_t out_size, float sigma,
                                 bd_error *error) {
    if (in_size < 1 || out_size < 1 || !(box0 >= 0.0f && box0 < box1 && box1 <= (float)in_size)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "cannot resample [%g, %g) of %d pixels to %d", (double)box0,
                       (double)box1, (int)in_size, (int)out_size);
    }
    bool repeat = filter == BD_RESAMPLE_REPEAT;
    double scale = (double)(box1 - box0) / out_size;
    kernel k = make_kernel(filter, scale, sigma);
    /* Pillow allows for every tap of the kernel; a count never exceeds the input. */
    double taps = repeat ? 1.0 : fmin(ceil(k.support) * 2 + 1, (double)in_size);
    bd_resample_table made = {.out = out_size, .taps = (int32_t)taps, .allocator = allocator};
    double *weights = bd_alloc_array(allocator, (size_t)made.taps, sizeof *weights);
    made.bounds = bd_alloc_array(allocator, (size_t)out_size, 2 * sizeof *made.bounds);
    if ((size_t)made.taps <= SIZE_MAX / sizeof *made.coefficients / (size_t)out_size) {
        made.coefficients = bd_alloc_array(allocator, (size_t)out_size * (size_t)made.taps, sizeof *made.coefficients);
    }
    if (!weights || !made.bounds || !made.coefficients) {
        bd_free(allocator, weights);
        bd_resample_table_finish(&made);
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "no memory for a resampling table of %d pixels", (int)out_size);
    }
    for (int32_t i = 0; i < out_size && repeat; i++) {
        made.bounds[2 * (size_t)i] = (int32_t)(((int64_t)box0 + i) % in_size);
        made.bounds[2 * (size_t)i + 1] = 1;
        made.coefficients[i] = 1 << BD_RESAMPLE_PRECISION_BITS;
    }
    for (int32_t i = 0; i < out_size && !repeat; i++) {
        fill_pixel(&k, box0 + (i + 0.5) * scale, in_size, weights, made.bounds + 2 * (size_t)i,
                   made.coefficients + (size_t)i * (size_t)made.taps);
    }
    bd_free(allocator, weights);
    *table = made;
    return BD_OK;
}

void bd_resample_table_finish(bd_resample_table *table) {
    bd_free(table->allocator, table->bounds);
    bd_free(table->allocator, table->coefficients);
    memset(table, 0, sizeof *table);
}
