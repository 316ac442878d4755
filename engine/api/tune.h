/* SPDX-License-Identifier: MIT
 * Tuning as a row of short steps. What each leaves is kept in the tuning file at once, under names of its own:
 *
 *   "trial SIGNATURE"             what the trials of a node chose: not used before the whole network was compared
 *                                 ("unfinished": they were begun; in us how often)
 *   "tuned SET PRECISION NETWORK" it was compared: "tuned" or "default" is faster, "failed": not to be tried again;
 *                                 in us the whole network's time
 */
#ifndef BD_TUNE_H
#define BD_TUNE_H

#include "api/session.h"

/* Defaults, and what the trials chose. */
typedef struct bd_rivals {
    bd_session *sessions[2];
    float *logits[2];
    double *ms[2]; /* of each run */
    uint8_t *input;
    bd_kernel_choice *choices;
    size_t logit_count;
    uint32_t opened, ran;
} bd_rivals;

struct bd_tuner {
    bd_engine *engine;
    const bd_model *model;
    const bd_graph *graph;
    bd_tune_params params;
    uint32_t runs;
    bool whole; /* bd_engine_tune: everything anew, and pipelines side by side */
    bool done;
    bd_tune_result result;
    bd_precision precisions[2];
    uint32_t precision_count, at; /* precisions[at] is being tuned */
    double best_ms[3];            /* of the network by bd_precision - BD_PRECISION_FP32; 0: not known */
    /* of the precision */
    enum { BD_TUNE_NODES, BD_TUNE_RIVALS, BD_TUNE_RUNS } stage;
    bd_tuning found; /* what the trials say; path NULL */
    uint32_t node;
    uint32_t nodes, candidates, rejected;
    bd_rivals rivals;
    /* of the node */
    bd_trial *trial; /* NULL: it has not been begun */
    bd_kernel_choice list[BD_KERNEL_MOST_CANDIDATES];
    bd_kernel_verdict verdicts[BD_KERNEL_MOST_CANDIDATES];
    uint32_t count, candidate; /* from count on candidates are timed */
    bool prepared;             /* the candidate's pipelines */
    /* Tests take the place of the clock: of a candidate, or with NULL of a network (0: the defaults'). */
    double (*clock)(const bd_kernel_choice *choice, uint32_t network);
};

#endif
