/* SPDX-License-Identifier: MIT
 * The parts of backdrop-bench. Each function returns whether it went well and has printed why not. */
#ifndef BD_BENCH_BENCH_H
#define BD_BENCH_BENCH_H

#include "common.h"

typedef struct bench_arguments {
    const char *what, *csv_path, *photo, *background, *reference, *dump, *megapixels;
    uint32_t runs;
} bench_arguments;

enum { BENCH_MOST_NODES = 1024 };

/* A picture's worth of structure from a fixed seed: gradients with noise. channels: 3, or 4 with an opaque alpha. */
void bench_fill_picture(uint8_t *pixels, uint32_t w, uint32_t h, uint32_t channels);

/* ---- check.c ---- */

/* What the network is fed and what it is held against. */
typedef struct bench_check {
    uint8_t *input;      /* (h, w, 3), owned */
    float *logits;       /* of input, from the first session; owned */
    size_t logits_count; /* (h, w, classes) */
    char against[512];   /* "stored logits ...", "kernel set ..." */
    double max_error;    /* largest absolute difference of a logit */
    size_t compared;     /* how many were */
} bench_check;

/* Largest absolute error that is let through; figures of wrong results are worth nothing. */
double bench_logit_tolerance(bd_precision precision);

/* Chooses the input, runs it on every session, and compares before anything is timed: against the stored logits of
 * a->reference (a folder with NAME.logits.npy and NAME.resized.png, NAME.png or NAME.jpg), else those that belong to
 * the default network, else another kernel set of the same device. */
bool bench_check_open(bench *b, const bench_arguments *a, bench_check *check);
/* The same stored logits, or check's own, for another session of the model. run_ms: how long its last run took. */
bool bench_check_session(const bench *b, const bench_arguments *a, const bench_check *check, bd_session *session,
                         double *max_error, double *run_ms);
/* Every session still gives the logits that it gave first. */
bool bench_check_again(bench *b, const bench_check *check);
void bench_check_close(bench_check *check);

/* ---- network.c, kernels.c, start.c, e2e.c ---- */

cJSON *bench_peaks_json(const bd_device_peaks *peaks);
void bench_say_peaks(const bench *b, const bd_device_peaks *peaks);
/* ms from median run of node i over the runs; nodes[i].device_ms is the median. times: runs per node, sorted. */
bool bench_time_nodes(bd_session *const *sessions, uint32_t session_count, uint32_t runs, bd_node_timing *nodes,
                      uint32_t *count, double *times);

bool bench_network(bench *b, const bench_arguments *a, cJSON *json);
bool bench_serve(bench *b, const bench_arguments *a);
bool bench_kernels(bench *b, const bench_arguments *a, cJSON *json);
bool bench_e2e(bench *b, const bench_arguments *a, cJSON *json);
bool bench_start(bench *b, const bench_arguments *a, char **argv, cJSON *json);
/* Whether this process is one that bench_start started; then it does its part and leaves. */
bool bench_start_is_child(void);
bool bench_start_child(bench *b);

#endif
