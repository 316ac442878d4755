/* SPDX-License-Identifier: MIT
 * What can be asked of backdrop-bench; bench.c has the table that fills it. */
#ifndef BD_BENCH_ARGUMENTS_H
#define BD_BENCH_ARGUMENTS_H

#include "backdrop.h"
#include "options.h"

typedef struct bench_arguments {
    option_operands operands;
    /* what runs, and where: every verb */
    const char *model, *device, *kernels, *cache_dir;
    uint32_t size;     /* 0: the model's, or 513 */
    const char *sizes; /* more of them, with commas between, that every photo is seen at */
    uint32_t precision, quantised;
    bool single; /* sessions for one photo: bd_session_params.many is false */
    bool validation;
    /* what comes out */
    const char *json; /* NULL: none; "-": standard output, which gets nothing else then */
    const char *csv, *out;
    /* network, kernels, start, e2e, serve */
    const char *reference, *dump, *megapixels, *photo;
    uint32_t runs;
    /* frames */
    const char *frame_size;
    uint32_t frames, path, vary, in_flight; /* in_flight: 0: the library's, as of every other verb */
    bool coarse, soft;
    /* e2e, sheet */
    const char *background;
    /* compare */
    const char *list, *root;
    double logits_tolerance, labels_share;
    uint32_t composite_tolerance;
    /* matte */
    uint32_t simulate, trimap_px;
    option_list modes;
    const char *masks, *mattes, *save_mattes, *sheet; /* folders */
    uint32_t every, from;                             /* which photos of the sorted list: from, from + every, ... */
    bd_matte_params matte;                            /* of every mode but hard; options set its members */
    /* sheet */
    option_list tiles;
    uint32_t width, columns;
    double blur;
    /* miou */
    bool nearest;
} bench_arguments;

#endif
