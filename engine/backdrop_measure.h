/* SPDX-License-Identifier: MIT
 *
 * Tuning and measuring: which kernels are fastest on a device, how fast it is, how long each node of a network takes.
 * A part of backdrop.h, which includes it; conventions are explained there. */
#ifndef BACKDROP_MEASURE_H
#define BACKDROP_MEASURE_H

#include "backdrop_session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- tuning ------------------------------------------------------------------------------------------------------ */

typedef struct bd_tune_params {
    size_t struct_size;
    bd_precision precision; /* AUTO: FP32 and FP16, those that the device has */
    uint32_t runs;          /* of every candidate; 0: 9 */
    bd_progress_fn progress;
    void *progress_user;
} bd_tune_params;

typedef struct bd_tune_result {
    size_t struct_size;
    uint32_t nodes;                /* with more than one candidate */
    uint32_t candidates, rejected; /* rejected: they computed something else than the plain kernels */
    double default_ms, tuned_ms;   /* the whole network by wall time, in turn, medians; of the faster precision */
    bd_precision precision;
    char path[1024]; /* where it is kept; empty: nowhere */
} bd_tune_result;

/* Times every kernel that can compute a node of this network on the device, checks each against the plain kernels, and
 * keeps the fastest, in this engine and in its cache folder, under the device's, the driver's and this library's
 * versions. Sessions created later use them; given that file, they always choose alike.
 *
 * Blocks   seconds on a GPU; on software devices as long as rounds of whole networks take. One call at a time per
 * engine; no session of it may run meanwhile.
 * Errors   BD_ERR_UNSUPPORTED (no such precision), BD_ERR_FILE_WRITE (the engine keeps the result all the same),
 * as bd_session_create.
 */
BD_API BD_CHECK bd_result bd_engine_tune(bd_engine *engine, const bd_model *model, const bd_tune_params *params,
                                         bd_tune_result *result, bd_error *error);

/* The same in short steps, for callers with little time at once: between the photos of a long job, or when an application is
 * idle. Nothing that was tuned before, by either way, is tuned again. What each step found is kept in the cache folder;
 * a later tuner, of another process too, goes on from there. None of it is used before the whole network was compared,
 * and then by sessions created later. */
typedef struct bd_tuner bd_tuner;

typedef struct bd_tuner_state {
    size_t struct_size;
    bool done;             /* nothing is left: all is tuned, at once where that was so before, or a step failed */
    double share;          /* of the network's nodes that were seen to, in all precisions, 0..1 */
    bd_tune_result result; /* by this tuner, so far; default_ms and tuned_ms are 0 until a comparison */
} bd_tuner_state;

/* Begins, or goes on.
 *
 * model    as long as the tuner lives.
 * params   as of bd_engine_tune, copied; runs, at least 2, become fewer where a kernel takes milliseconds.
 * Errors   BD_ERR_UNSUPPORTED (no such precision), BD_ERR_OUT_OF_MEMORY.
 */
BD_API BD_CHECK bd_result bd_tuner_create(bd_engine *engine, const bd_model *model, const bd_tune_params *params,
                                          bd_tuner **tuner, bd_error *error);

/* Takes parts of the work until budget_ms of wall time are over; at least one part. A part is one kernel's pipeline, or
 * its runs, some 20 ms on the device, or at the end one network: made, or run once. It waits for the device, which may
 * be at photos that were begun; nothing that is timed overlaps them. Does nothing once done.
 *
 * Threads  one tuner's step at a time on an engine, others wait, and so do sessions that are to be created. Photos may have
 *          been begun and not ended; photos that other threads begin meanwhile disturb what is timed.
 * Memory   between steps the device keeps a node's tensors, at the end two networks beside the session's.
 * Errors   BD_ERR_FILE_WRITE (the engine keeps the result all the same), as bd_engine_tune. The tuner is done then, and
 * after BD_ERR_DEVICE and the like this network is not tuned by steps again.
 */
BD_API BD_CHECK bd_result bd_tuner_step(bd_tuner *tuner, double budget_ms, bd_error *error);

BD_API bd_result bd_tuner_get_state(const bd_tuner *tuner, bd_tuner_state *state);

/* At any time, before the engine and the model go: only the node that was being tried is lost. NULL is fine. */
BD_API void bd_tuner_destroy(bd_tuner *tuner);

/* ---- measuring --------------------------------------------------------------------------------------------------- */

/* What a device does at most, measured: the yardstick of benchmarks. */
typedef struct bd_device_peaks {
    size_t struct_size;
    double copy_gbytes_per_s;   /* bytes read plus bytes written, buffers beyond the caches; 1e9 bytes */
    double fma_gflops;          /* float32 multiply-adds in registers, two operations each; no matrix units */
    double cached_gbytes_per_s; /* as copy, of 8 to 32 MB together, launch taken off; at least copy */
    double matrix_gflops;       /* 16-bit products, float32 sums, on matrix units; 0: none, or wrong ones */
    double launch_us;           /* a dispatch of one group and the barrier after it, one of a chain; 0: no timers */
} bd_device_peaks;

/* Measures them: the best of several short runs, some seconds at most. Takes up to 512 MB of device memory while it
 * runs. Sessions of the engine should be idle.
 *
 * Errors   BD_ERR_OUT_OF_MEMORY, BD_ERR_OUT_OF_DEVICE_MEMORY, BD_ERR_DEVICE (also: what was computed is wrong),
 *          BD_ERR_DEVICE_LOST.
 */
BD_API BD_CHECK bd_result bd_engine_measure_peaks(bd_engine *engine, bd_device_peaks *peaks, bd_error *error);

/* One timed node of the network. */
typedef struct bd_node_timing {
    size_t struct_size;
    char node[128];
    char kernel[48];
    uint32_t shape[4]; /* output, NHWC */
    double device_ms;
    uint64_t multiply_adds;
    uint64_t bytes; /* read and written, each tensor once */
} bd_node_timing;

/* Runs the recorded network once on a (input_height, input_width, 3) u8 input and times it. For benchmarks: input may
 * be NULL to keep the last one; nodes may be NULL. *count: room in, nodes out; the first of nodes has its struct_size,
 * which is how far apart they lie. logits may be NULL, else (logits_height,
 * logits_width, class_count). total_ms is wall time from submission to completion. Without nodes
 * bd_session_timings then holds one stage, "network": the same span by the device's clock, where it has one. */
BD_API BD_CHECK bd_result bd_session_run_network(bd_session *session, const uint8_t *input, float *logits,
                                                 double *total_ms, bd_node_timing *nodes, uint32_t *count,
                                                 bd_error *error);

#ifdef __cplusplus
}
#endif
#endif
