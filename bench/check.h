/* SPDX-License-Identifier: MIT
 * Correctness before time: what the network is fed, and what its logits are held against. */
#ifndef BD_BENCH_CHECK_H
#define BD_BENCH_CHECK_H

#include "common.h"

typedef struct bench_check {
    uint8_t *input;      /* (h, w, 3), owned */
    float *logits;       /* of input, from the first session; owned */
    size_t logits_count; /* (h, w, classes) */
    char against[512];   /* "stored logits ...", "kernel set ..." */
    double max_error;    /* largest absolute difference of a logit */
    size_t compared;     /* how many were */
} bench_check;

/* Chooses the input, runs it on every session, and compares before anything is timed: against the stored logits of
 * --reference (a folder with NAME.logits.npy and NAME.resized.png, NAME.png or NAME.jpg), else those that belong to
 * the default network, else another kernel set of the same device. */
bool bench_check_open(bench *b, bench_check *check);
/* The same stored logits, or check's own, for another session of the model. run_ms: how long its last run took. */
bool bench_check_session(const bench *b, const bench_check *check, bd_session *session, double *max_error,
                         double *run_ms);
/* Every session still gives the logits that it gave first. */
bool bench_check_again(bench *b, const bench_check *check);
void bench_check_close(bench_check *check);

#endif
