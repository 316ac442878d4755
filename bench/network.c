/* SPDX-License-Identifier: MIT
 * The network as a whole and dispatch by dispatch; and a server of single runs, for programs that take turns. */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

cJSON *bench_peaks_json(const bd_device_peaks *peaks) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "copy_gbytes_per_s", peaks->copy_gbytes_per_s);
    cJSON_AddNumberToObject(object, "fma_gflops", peaks->fma_gflops);
    return object;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

bool bench_time_nodes(bd_session *const *sessions, uint32_t session_count, uint32_t runs, bd_node_timing *nodes,
                      uint32_t *count, double *times) {
    bd_error error;
    for (uint32_t r = 0; r < runs; r++) {
        *count = BENCH_MOST_NODES;
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
        double *own = times + (size_t)i * runs;
        nodes[i].device_ms = bench_median(own, runs);
        qsort(own, runs, sizeof *own, ascending);
    }
    return true;
}

static double per(double amount, double ms) {
    return ms > 0 ? amount / ms : 0;
}

/* The least time that a node could take: its arithmetic or its memory traffic at the device's best. */
static double ideal_ms(const bd_node_timing *n, const bd_device_peaks *peaks) {
    double arithmetic = peaks->fma_gflops > 0 ? 2e-6 * (double)n->multiply_adds / peaks->fma_gflops : 0;
    double memory = peaks->copy_gbytes_per_s > 0 ? 1e-6 * (double)n->bytes / peaks->copy_gbytes_per_s : 0;
    return fmax(arithmetic, memory);
}

static void shape_text(const bd_node_timing *n, char text[48]) {
    (void)snprintf(text, 48, "%ux%ux%u", n->shape[1], n->shape[2], n->shape[3]);
}

static cJSON *node_json(const bd_node_timing *n, const double *sorted, uint32_t runs, const bd_device_peaks *peaks) {
    char shape[48];
    shape_text(n, shape);
    double gflops = per(2e-6 * (double)n->multiply_adds, n->device_ms);
    double gbytes = per(1e-6 * (double)n->bytes, n->device_ms);
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "node", n->node);
    cJSON_AddStringToObject(row, "kernel", n->kernel);
    cJSON_AddStringToObject(row, "output", shape);
    cJSON_AddNumberToObject(row, "ms", n->device_ms);
    cJSON_AddNumberToObject(row, "min_ms", sorted[0]);
    cJSON_AddNumberToObject(row, "max_ms", sorted[runs - 1]);
    cJSON_AddNumberToObject(row, "multiply_adds", (double)n->multiply_adds);
    cJSON_AddNumberToObject(row, "bytes", (double)n->bytes);
    cJSON_AddNumberToObject(row, "gflops", gflops);
    cJSON_AddNumberToObject(row, "gbytes_per_s", gbytes);
    cJSON_AddNumberToObject(row, "fma_share", per(gflops, peaks->fma_gflops));
    cJSON_AddNumberToObject(row, "copy_share", per(gbytes, peaks->copy_gbytes_per_s));
    return row;
}

static bool write_csv(const bench *b, const char *path, const bd_node_timing *nodes, uint32_t count,
                      const double *times, uint32_t runs) {
    FILE *file = fopen(path, "w");
    if (!file) {
        (void)fprintf(stderr, "%s: cannot write\n", path);
        return false;
    }
    (void)fprintf(file, "device,driver,kernels,precision,node,kernel,height,width,channels,ms,min_ms,max_ms,gflops,"
                        "gbytes_per_s\n");
    for (uint32_t i = 0; i < count; i++) {
        const bd_node_timing *n = &nodes[i];
        (void)fprintf(file, "\"%s\",\"%s\",%s,%s,%s,%s,%u,%u,%u,%.4f,%.4f,%.4f,%.2f,%.2f\n", b->device_info.name,
                      b->device_info.driver, b->session_info.kernel_set,
                      bench_precision_name(b->session_info.precision), n->node, n->kernel, n->shape[1], n->shape[2],
                      n->shape[3], n->device_ms, times[(size_t)i * runs], times[(size_t)i * runs + runs - 1],
                      per(2e-6 * (double)n->multiply_adds, n->device_ms), per(1e-6 * (double)n->bytes, n->device_ms));
    }
    return !fclose(file);
}

/* One run as it is in use: one submission, one wait. device_ms stays 0 where the device has no clock. */
static bool run_once(bd_session *session, double *wall_ms, double *device_ms) {
    bd_error error;
    bd_timing stage = {.ms = 0};
    if (bd_session_run_network(session, NULL, NULL, wall_ms, NULL, NULL, &error)) {
        return bench_fail(&error);
    }
    *device_ms = bd_session_timings(session, &stage, 1) ? stage.ms : 0;
    return true;
}

static void print_nodes(const bench *b, const bd_node_timing *nodes, uint32_t count, const bd_device_peaks *peaks) {
    bench_say(b, "%10s %9s %9s %7s %7s  %-16s %-34s %s\n", "ms", "GFLOP/s", "GB/s", "of FMA", "of copy", "output",
              "kernel", "node");
    for (uint32_t i = 0; i < count; i++) {
        const bd_node_timing *n = &nodes[i];
        char shape[48];
        shape_text(n, shape);
        double gflops = per(2e-6 * (double)n->multiply_adds, n->device_ms);
        double gbytes = per(1e-6 * (double)n->bytes, n->device_ms);
        bench_say(b, "%10.4f %9.1f %9.1f %6.1f%% %6.1f%%  %-16s %-34s %s\n", n->device_ms, gflops, gbytes,
                  100 * per(gflops, peaks->fma_gflops), 100 * per(gbytes, peaks->copy_gbytes_per_s), shape, n->kernel,
                  n->node);
    }
}

static void report(const bench *b, cJSON *json, const bench_check *check, const bd_device_peaks *peaks, double *wall,
                   double *device, uint32_t runs, const bd_node_timing *nodes, uint32_t count, const double *times) {
    double median = bench_median(wall, runs);
    double on_device = bench_median(device, runs);
    double gflops = per(2e-6 * (double)b->info.multiply_adds, median);
    double ideal = 0;
    double bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        ideal += ideal_ms(&nodes[i], peaks);
        bytes += (double)nodes[i].bytes;
    }
    cJSON_AddNumberToObject(json, "nodes_timed", count);
    cJSON_AddNumberToObject(json, "rotating_sessions", b->session_count);
    cJSON_AddStringToObject(json, "checked_against", check->against);
    cJSON_AddNumberToObject(json, "max_logit_error", check->max_error);
    cJSON_AddNumberToObject(json, "logits_compared", (double)check->compared);
    cJSON_AddItemToObject(json, "peaks", bench_peaks_json(peaks));
    cJSON_AddItemToObject(json, "network_ms", bench_summary(wall, runs));
    if (on_device > 0) {
        cJSON_AddItemToObject(json, "network_device_ms", bench_summary(device, runs));
    }
    cJSON_AddNumberToObject(json, "gflops", gflops);
    cJSON_AddNumberToObject(json, "bytes", bytes);
    cJSON_AddNumberToObject(json, "gbytes_per_s", per(1e-6 * bytes, median));
    cJSON_AddNumberToObject(json, "peak_share", per(gflops, peaks->fma_gflops));
    cJSON_AddNumberToObject(json, "roofline_share", per(ideal, median));
    cJSON *rows = cJSON_AddArrayToObject(json, "nodes");
    for (uint32_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(rows, node_json(&nodes[i], times + (size_t)i * runs, runs, peaks));
    }
    print_nodes(b, nodes, count, peaks);
    bench_say(b,
              "peaks: copy %.1f GB/s, multiply-adds %.0f GFLOP/s\n"
              "network: median %.3f ms of %u runs (%.3f .. %.3f), %.3f ms on the device, %.1f GFLOP/s, %.1f %% of the "
              "device's multiply-adds, %u dispatches\n",
              peaks->copy_gbytes_per_s, peaks->fma_gflops, median, runs, wall[0], wall[runs - 1], on_device, gflops,
              100 * per(gflops, peaks->fma_gflops), b->session_info.dispatches);
}

bool bench_network(bench *b, const bench_arguments *a, cJSON *json) {
    bd_error error;
    bench_check check;
    bd_device_peaks peaks;
    bd_node_timing *nodes = calloc(BENCH_MOST_NODES, sizeof *nodes);
    double *times = calloc((size_t)a->runs * BENCH_MOST_NODES, sizeof *times);
    double wall[BENCH_MOST_RUNS];
    double device[BENCH_MOST_RUNS];
    uint32_t count = 0;
    bool ok = bench_check_open(b, a, &check) && nodes && times;
    ok = ok && (!bd_engine_measure_peaks(b->engine, &peaks, &error) || bench_fail(&error));
    for (uint32_t s = 0; s < b->session_count && ok; s++) {
        double ignored;
        ok = run_once(b->sessions[s], &ignored, &ignored);
    }
    for (uint32_t r = 0; r < a->runs && ok; r++) {
        ok = run_once(b->sessions[r % b->session_count], &wall[r], &device[r]);
    }
    ok = ok && bench_check_again(b, &check);
    ok = ok && bench_time_nodes(b->sessions, b->session_count, a->runs, nodes, &count, times);
    if (ok) {
        report(b, json, &check, &peaks, wall, device, a->runs, nodes, count, times);
        ok = !a->csv_path || write_csv(b, a->csv_path, nodes, count, times, a->runs);
    }
    bench_check_close(&check);
    free(nodes);
    free(times);
    return ok;
}

/* ---- serve ------------------------------------------------------------------------------------------------------- */

static bool dump(const char *folder, const char *name, const void *data, size_t bytes) {
    char path[BENCH_PATH];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    bool ok = file && fwrite(data, 1, bytes, file) == bytes;
    if (file) {
        ok = !fclose(file) && ok;
    }
    if (!ok) {
        (void)fprintf(stderr, "%s: cannot write\n", path);
    }
    return ok;
}

bool bench_serve(bench *b, const bench_arguments *a) {
    bench_check check;
    b->text = NULL;
    bool ok = bench_check_open(b, a, &check);
    if (ok && a->dump) {
        size_t bytes = (size_t)b->info.input_width * b->info.input_height * 3;
        ok = dump(a->dump, "input.u8", check.input, bytes) &&
             dump(a->dump, "logits.f32", check.logits, check.logits_count * sizeof(float));
    }
    if (ok) {
        cJSON *json = cJSON_CreateObject();
        bench_describe(b, json);
        cJSON_AddNumberToObject(json, "logits_height", b->info.logits_height);
        cJSON_AddNumberToObject(json, "logits_width", b->info.logits_width);
        cJSON_AddNumberToObject(json, "classes", b->info.class_count);
        cJSON_AddNumberToObject(json, "rotating_sessions", b->session_count);
        cJSON_AddStringToObject(json, "checked_against", check.against);
        cJSON_AddNumberToObject(json, "max_logit_error", check.max_error);
        char *text = cJSON_PrintUnformatted(json);
        ok = text && printf("%s\n", text) > 0 && !fflush(stdout);
        free(text);
        cJSON_Delete(json);
    }
    char line[64];
    for (uint32_t r = 0; ok && fgets(line, sizeof line, stdin); r++) {
        double wall = 0;
        double device = 0;
        if (!strcmp(line, "quit\n")) {
            break;
        }
        ok = run_once(b->sessions[r % b->session_count], &wall, &device);
        ok = ok && printf("{\"wall_ms\":%.6f,\"device_ms\":%.6f}\n", wall, device) > 0 && !fflush(stdout);
    }
    ok = ok && bench_check_again(b, &check);
    bench_check_close(&check);
    return ok;
}
