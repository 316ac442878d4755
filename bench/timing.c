/* SPDX-License-Identifier: MIT */
#include "timing.h"

cJSON *bench_peaks_json(const bd_device_peaks *peaks) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "copy_gbytes_per_s", peaks->copy_gbytes_per_s);
    cJSON_AddNumberToObject(object, "fma_gflops", peaks->fma_gflops);
    cJSON_AddNumberToObject(object, "cached_gbytes_per_s", peaks->cached_gbytes_per_s);
    cJSON_AddNumberToObject(object, "matrix_gflops", peaks->matrix_gflops);
    cJSON_AddNumberToObject(object, "launch_us", peaks->launch_us);
    return object;
}

void bench_say_peaks(const bench *b, const bd_device_peaks *peaks) {
    bench_say(b, "peaks: copy %.1f GB/s, cached %.1f GB/s, multiply-adds %.0f GFLOP/s, ", peaks->copy_gbytes_per_s,
              peaks->cached_gbytes_per_s, peaks->fma_gflops);
    if (peaks->matrix_gflops > 0) {
        bench_say(b, "matrix units %.0f GFLOP/s, ", peaks->matrix_gflops);
    }
    bench_say(b, "a launch %.2f us\n", peaks->launch_us);
}

bool bench_time_nodes(bd_session *const *sessions, uint32_t session_count, uint32_t runs, bd_node_timing *nodes,
                      uint32_t *count, double *times) {
    bd_error error;
    for (uint32_t r = 0; r < runs; r++) {
        *count = BENCH_MOST_NODES;
        nodes->struct_size = sizeof *nodes;
        if (bd_session_run_network(sessions[r % session_count], NULL, NULL, NULL, nodes, count, &error)) {
            return bench_fail(&error);
        }
        if (*count > BENCH_MOST_NODES) {
            (void)fprintf(stderr, "more than %d nodes\n", BENCH_MOST_NODES);
            return false;
        }
        for (uint32_t i = 0; i < *count; i++) {
            times[(size_t)i * runs + r] = nodes[i].device_ms;
        }
    }
    for (uint32_t i = 0; i < *count; i++) {
        nodes[i].device_ms = bench_median(times + (size_t)i * runs, runs);
    }
    return true;
}

double bench_per(double amount, double ms) {
    return ms > 0 ? amount / ms : 0;
}
