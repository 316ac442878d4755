/* SPDX-License-Identifier: MIT
 * The network as a whole and dispatch by dispatch; and a server of single runs, for programs that take turns. */
#define _POSIX_C_SOURCE 200809L
#include "network.h"
#include "check.h"
#include "timing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What bounds a node from below, each in milliseconds, at the device's best. */
typedef struct floors {
    double bytes, arithmetic, launch;
} floors;

/* Matrix units, where there are any, take 16 bits. */
static floors floors_of(const bench *b, const bd_node_timing *n, const bd_device_peaks *peaks) {
    bool matrix = b->session_info.precision == BD_PRECISION_FP16 && peaks->matrix_gflops > peaks->fma_gflops;
    return (floors){.bytes = bench_per(1e-6 * (double)n->bytes, peaks->cached_gbytes_per_s),
                    .arithmetic =
                        bench_per(2e-6 * (double)n->multiply_adds, matrix ? peaks->matrix_gflops : peaks->fma_gflops),
                    .launch = 1e-3 * peaks->launch_us};
}

/* A launch overlaps with nothing, as the dispatch before has to be through; arithmetic and traffic overlap. */
static double floor_ms(floors f) {
    return fmax(f.bytes, f.arithmetic) + f.launch;
}

/* Of a whole network: where its time has to go, and where it went. */
static floors sum_floors(const bench *b, const bd_device_peaks *peaks, const bd_node_timing *nodes, uint32_t count,
                         double *least, double *above) {
    floors sum = {0};
    *least = *above = 0;
    for (uint32_t i = 0; i < count; i++) {
        floors f = floors_of(b, &nodes[i], peaks);
        sum.bytes += f.bytes;
        sum.arithmetic += f.arithmetic;
        sum.launch += f.launch;
        *least += floor_ms(f);
        *above += fmax(0, nodes[i].device_ms - floor_ms(f));
    }
    return sum;
}

static void add_floors(cJSON *object, floors f) {
    cJSON_AddNumberToObject(object, "floor_bytes_ms", f.bytes);
    cJSON_AddNumberToObject(object, "floor_multiply_adds_ms", f.arithmetic);
    cJSON_AddNumberToObject(object, "floor_launches_ms", f.launch);
}

static void shape_text(const bd_node_timing *n, char text[48]) {
    (void)snprintf(text, 48, "%ux%ux%u", n->shape[1], n->shape[2], n->shape[3]);
}

static cJSON *node_json(const bench *b, const bd_node_timing *n, const double *sorted, uint32_t runs,
                        const bd_device_peaks *peaks) {
    floors f = floors_of(b, n, peaks);
    char shape[48];
    shape_text(n, shape);
    double gflops = bench_per(2e-6 * (double)n->multiply_adds, n->device_ms);
    double gbytes = bench_per(1e-6 * (double)n->bytes, n->device_ms);
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
    cJSON_AddNumberToObject(row, "fma_share", bench_per(gflops, peaks->fma_gflops));
    cJSON_AddNumberToObject(row, "copy_share", bench_per(gbytes, peaks->copy_gbytes_per_s));
    cJSON_AddNumberToObject(row, "floor_ms", floor_ms(f));
    add_floors(row, f);
    return row;
}

static bool write_csv(const bench *b, const char *path, const bd_device_peaks *peaks, const bd_node_timing *nodes,
                      uint32_t count, const double *times, uint32_t runs) {
    FILE *file = fopen(path, "w");
    if (!file) {
        (void)fprintf(stderr, "%s: cannot write\n", path);
        return false;
    }
    (void)fprintf(file, "device,driver,kernels,precision,node,kernel,height,width,channels,ms,min_ms,max_ms,gflops,"
                        "gbytes_per_s,floor_ms,floor_bytes_ms,floor_multiply_adds_ms,floor_launches_ms\n");
    for (uint32_t i = 0; i < count; i++) {
        const bd_node_timing *n = &nodes[i];
        floors f = floors_of(b, n, peaks);
        (void)fprintf(file, "\"%s\",\"%s\",%s,%s,%s,%s,%u,%u,%u,%.5f,%.5f,%.5f,%.2f,%.2f,%.5f,%.5f,%.5f,%.5f\n",
                      b->device_info.name, b->device_info.driver, b->session_info.kernel_set,
                      bench_precision_name(b->session_info.precision), n->node, n->kernel, n->shape[1], n->shape[2],
                      n->shape[3], n->device_ms, times[(size_t)i * runs], times[(size_t)i * runs + runs - 1],
                      bench_per(2e-6 * (double)n->multiply_adds, n->device_ms),
                      bench_per(1e-6 * (double)n->bytes, n->device_ms), floor_ms(f), f.bytes, f.arithmetic, f.launch);
    }
    bool ok = !ferror(file);
    ok = !fclose(file) && ok;
    if (!ok) {
        (void)fprintf(stderr, "%s: cannot write\n", path);
    }
    return ok;
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
    bench_say(b, "%10s %9s %9s %9s %9s %7s %7s  %-16s %-34s %s\n", "ms", "floor", "above", "GFLOP/s", "GB/s", "of FMA",
              "of copy", "output", "kernel", "node");
    for (uint32_t i = 0; i < count; i++) {
        const bd_node_timing *n = &nodes[i];
        char shape[48];
        shape_text(n, shape);
        double gflops = bench_per(2e-6 * (double)n->multiply_adds, n->device_ms);
        double gbytes = bench_per(1e-6 * (double)n->bytes, n->device_ms);
        double least = floor_ms(floors_of(b, n, peaks));
        bench_say(b, "%10.4f %9.4f %9.4f %9.1f %9.1f %6.1f%% %6.1f%%  %-16s %-34s %s\n", n->device_ms, least,
                  n->device_ms - least, gflops, gbytes, 100 * bench_per(gflops, peaks->fma_gflops),
                  100 * bench_per(gbytes, peaks->copy_gbytes_per_s), shape, n->kernel, n->node);
    }
}

static void report(const bench *b, cJSON *json, const bench_check *check, const bd_device_peaks *peaks, double *wall,
                   double *device, uint32_t runs, const bd_node_timing *nodes, uint32_t count, const double *times) {
    double median = bench_median(wall, runs);
    double on_device = bench_median(device, runs);
    double gflops = bench_per(2e-6 * (double)b->info.multiply_adds, median);
    double least;
    double above;
    floors sum = sum_floors(b, peaks, nodes, count, &least, &above);
    double apart = 0;
    double bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        apart += nodes[i].device_ms;
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
    cJSON_AddNumberToObject(json, "gbytes_per_s", bench_per(1e-6 * bytes, median));
    cJSON_AddNumberToObject(json, "peak_share", bench_per(gflops, peaks->fma_gflops));
    cJSON_AddNumberToObject(json, "roofline_share", bench_per(least, median));
    cJSON_AddNumberToObject(json, "nodes_ms", apart);
    cJSON_AddNumberToObject(json, "floor_ms", least);
    add_floors(json, sum);
    cJSON *rows = cJSON_AddArrayToObject(json, "nodes");
    for (uint32_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(rows, node_json(b, &nodes[i], times + (size_t)i * runs, runs, peaks));
    }
    print_nodes(b, nodes, count, peaks);
    bench_say_peaks(b, peaks);
    bench_say(b,
              "floor: %.4f ms: bytes %.4f or multiply-adds %.4f, the larger in each node, and launches %.4f; nodes one "
              "by one %.4f ms, above their floors %.4f\n"
              "network: median %.3f ms of %u runs (%.3f .. %.3f), %.3f ms on the device, %.1f GFLOP/s, %.1f %% of the "
              "device's multiply-adds, %u dispatches\n",
              least, sum.bytes, sum.arithmetic, sum.launch, apart, above, median, runs, wall[0], wall[runs - 1],
              on_device, gflops, 100 * bench_per(gflops, peaks->fma_gflops), b->session_info.dispatches);
}

bool bench_network(bench *b) {
    bd_error error;
    bench_check check = {0};
    bd_device_peaks peaks = {.struct_size = sizeof peaks};
    const uint32_t runs = b->a.runs;
    bd_node_timing *nodes = calloc(BENCH_MOST_NODES, sizeof *nodes);
    double *times = calloc((size_t)runs * BENCH_MOST_NODES, sizeof *times);
    double wall[BENCH_MOST_RUNS];
    double device[BENCH_MOST_RUNS];
    uint32_t count = 0;
    /* Two sessions in turn: neither finds its weights and tensors as the run before left them in a cache. */
    cJSON *json = bench_begin(b, "network", 2);
    bool ok = json && nodes && times && bench_check_open(b, &check);
    ok = ok && (!bd_engine_measure_peaks(b->engine, &peaks, &error) || bench_fail(&error));
    for (uint32_t s = 0; s < b->session_count && ok; s++) {
        double ignored;
        ok = run_once(b->sessions[s], &ignored, &ignored);
    }
    for (uint32_t r = 0; r < runs && ok; r++) {
        ok = run_once(b->sessions[r % b->session_count], &wall[r], &device[r]);
    }
    ok = ok && bench_check_again(b, &check);
    ok = ok && bench_time_nodes(b->sessions, b->session_count, runs, nodes, &count, times);
    if (ok) {
        report(b, json, &check, &peaks, wall, device, runs, nodes, count, times);
        ok = !b->a.csv || write_csv(b, b->a.csv, &peaks, nodes, count, times, runs);
    }
    bench_check_close(&check);
    free(nodes);
    free(times);
    return bench_end(b, json, ok);
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

bool bench_serve(bench *b) {
    bench_check check = {0};
    const char *folder = b->a.dump;
    b->text = NULL;
    bool ok = bench_open(b, 2) && bench_check_open(b, &check);
    if (ok && folder) {
        size_t bytes = (size_t)b->info.input_width * b->info.input_height * 3;
        ok = dump(folder, "input.u8", check.input, bytes) &&
             dump(folder, "logits.f32", check.logits, check.logits_count * sizeof(float));
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
