/* SPDX-License-Identifier: MIT
 * Every kernel at every shape that the network has, for every kernel set and precision that the device runs. Kernels
 * are timed where they stand in the network, so their operands are where the node before left them. */
#define _POSIX_C_SOURCE 200809L
#include "kernels.h"
#include "check.h"
#include "timing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A set that is slow here (storage buffers on software devices) must not hold up the rest. */
static const double most_ms_a_set = 20000;

typedef struct group {
    bd_node_timing first; /* kernel, shape, work of one node */
    uint32_t nodes;
    double sum_ms, min_ms, max_ms; /* medians summed; least and largest single time */
} group;

static bool same_kind(const bd_node_timing *a, const bd_node_timing *b) {
    return !strcmp(a->kernel, b->kernel) && !memcmp(a->shape, b->shape, sizeof a->shape) &&
           a->multiply_adds == b->multiply_adds && a->bytes == b->bytes;
}

static int dearest_first(const void *a, const void *b) {
    double x = ((const group *)a)->sum_ms;
    double y = ((const group *)b)->sum_ms;
    return x < y ? 1 : -(x > y);
}

static uint32_t gather(const bd_node_timing *nodes, uint32_t count, const double *times, uint32_t runs, group *groups) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t g = 0;
        while (g < found && !same_kind(&groups[g].first, &nodes[i])) {
            g++;
        }
        if (g == found) {
            groups[found++] = (group){.first = nodes[i], .min_ms = times[(size_t)i * runs]};
        }
        groups[g].nodes++;
        groups[g].sum_ms += nodes[i].device_ms;
        groups[g].min_ms = fmin(groups[g].min_ms, times[(size_t)i * runs]);
        groups[g].max_ms = fmax(groups[g].max_ms, times[(size_t)i * runs + runs - 1]);
    }
    qsort(groups, found, sizeof *groups, dearest_first);
    return found;
}

static void report_group(const bench *b, const char *set, const char *precision, const group *g,
                         const bd_device_peaks *peaks, cJSON *rows, FILE *csv) {
    double gflops = bench_per(2e-6 * (double)g->first.multiply_adds * g->nodes, g->sum_ms);
    double gbytes = bench_per(1e-6 * (double)g->first.bytes * g->nodes, g->sum_ms);
    char shape[48];
    (void)snprintf(shape, sizeof shape, "%ux%ux%u", g->first.shape[1], g->first.shape[2], g->first.shape[3]);
    bench_say(b, "%-34s %-16s %3u %10.4f %9.4f %9.4f %9.1f %9.1f %6.1f%% %6.1f%%\n", g->first.kernel, shape, g->nodes,
              g->sum_ms, g->min_ms, g->max_ms, gflops, gbytes, 100 * bench_per(gflops, peaks->fma_gflops),
              100 * bench_per(gbytes, peaks->copy_gbytes_per_s));
    if (csv) {
        (void)fprintf(csv, "\"%s\",\"%s\",%s,%s,%s,%s,%u,%.5f,%.5f,%.5f,%.0f,%.0f,%.2f,%.2f,%.4f,%.4f\n",
                      b->device_info.name, b->device_info.driver, set, precision, g->first.kernel, shape, g->nodes,
                      g->sum_ms, g->min_ms, g->max_ms, (double)g->first.multiply_adds, (double)g->first.bytes, gflops,
                      gbytes, bench_per(gflops, peaks->fma_gflops), bench_per(gbytes, peaks->copy_gbytes_per_s));
    }
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "kernel", g->first.kernel);
    cJSON_AddStringToObject(row, "output", shape);
    cJSON_AddNumberToObject(row, "nodes", g->nodes);
    cJSON_AddNumberToObject(row, "total_ms", g->sum_ms);
    cJSON_AddNumberToObject(row, "ms", g->sum_ms / g->nodes);
    cJSON_AddNumberToObject(row, "min_ms", g->min_ms);
    cJSON_AddNumberToObject(row, "max_ms", g->max_ms);
    cJSON_AddNumberToObject(row, "multiply_adds", (double)g->first.multiply_adds);
    cJSON_AddNumberToObject(row, "bytes", (double)g->first.bytes);
    cJSON_AddNumberToObject(row, "gflops", gflops);
    cJSON_AddNumberToObject(row, "gbytes_per_s", gbytes);
    cJSON_AddNumberToObject(row, "fma_share", bench_per(gflops, peaks->fma_gflops));
    cJSON_AddNumberToObject(row, "copy_share", bench_per(gbytes, peaks->copy_gbytes_per_s));
    cJSON_AddItemToArray(rows, row);
}

static bool time_set(const bench *b, const bench_check *check, bd_session *session, const bd_device_peaks *peaks,
                     cJSON *entry, FILE *csv) {
    double error_of_set;
    double one_ms = 0;
    bd_node_timing *nodes = calloc(BENCH_MOST_NODES, sizeof *nodes);
    double *times = calloc((size_t)b->a.runs * BENCH_MOST_NODES, sizeof *times);
    group *groups = calloc(BENCH_MOST_NODES, sizeof *groups);
    uint32_t count = 0;
    uint32_t runs = b->a.runs;
    bd_session_info info = {.struct_size = sizeof info};
    bd_session_get_info(session, &info);
    bool ok = nodes && times && groups && bench_check_session(b, check, session, &error_of_set, &one_ms);
    /* The check was the warm-up. */
    while (runs > 1 && runs * one_ms > most_ms_a_set) {
        runs--;
    }
    ok = ok && bench_time_nodes(&session, 1, runs, nodes, &count, times);
    if (ok) {
        uint32_t found = gather(nodes, count, times, runs, groups);
        double total = 0;
        bench_say(b,
                  "\nkernels %s, %s: largest logit error %.3g, %u runs\n%-34s %-16s %3s %10s %9s %9s %9s %9s %7s %7s\n",
                  info.kernel_set, bench_precision_name(info.precision), error_of_set, runs, "kernel", "output", "n",
                  "sum ms", "least", "largest", "GFLOP/s", "GB/s", "of FMA", "of copy");
        cJSON_AddNumberToObject(entry, "max_logit_error", error_of_set);
        cJSON_AddNumberToObject(entry, "runs", runs);
        cJSON_AddNumberToObject(entry, "dispatches", info.dispatches);
        cJSON *rows = cJSON_AddArrayToObject(entry, "groups");
        for (uint32_t g = 0; g < found; g++) {
            report_group(b, info.kernel_set, bench_precision_name(info.precision), &groups[g], peaks, rows, csv);
            total += groups[g].sum_ms;
        }
        cJSON_AddNumberToObject(entry, "total_ms", total);
        bench_say(b, "all: %.3f ms\n", total);
    }
    free(nodes);
    free(times);
    free(groups);
    return ok;
}

/* BD_ERR_UNSUPPORTED is an answer, anything else a failure. */
static bool one_set(bench *b, const bench_check *check, const char *set, bd_precision precision,
                    const bd_device_peaks *peaks, cJSON *sets, FILE *csv, uint32_t *timed) {
    bd_engine *engine = NULL;
    bd_session *session = NULL;
    bd_error error = {0};
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "kernels", set);
    cJSON_AddStringToObject(entry, "precision", bench_precision_name(precision));
    cJSON_AddItemToArray(sets, entry);
    bool ok = bench_open_engine(b, set, precision, &engine, &session, &error);
    if (ok) {
        ok = time_set(b, check, session, peaks, entry, csv);
        *timed += ok;
    } else if (error.code == BD_ERR_UNSUPPORTED) {
        bench_say(b, "\nkernels %s, %s: not here: %s\n", set, bench_precision_name(precision), error.message);
        cJSON_AddStringToObject(entry, "unsupported", error.message);
        ok = true;
    } else {
        ok = bench_fail(&error);
    }
    if (!ok) {
        cJSON_AddBoolToObject(entry, "failed", true);
    }
    bd_session_destroy(session);
    bd_engine_destroy(engine);
    return ok;
}

/* NULL: it cannot be written. */
static FILE *open_csv(const char *path) {
    FILE *csv = fopen(path, "w");
    if (csv) {
        (void)fprintf(csv, "device,driver,kernels,precision,kernel,output,nodes,total_ms,min_ms,max_ms,"
                           "multiply_adds,bytes,gflops,gbytes_per_s,fma_share,copy_share\n");
    } else {
        (void)fprintf(stderr, "%s: cannot write\n", path);
    }
    return csv;
}

static bool every_set(bench *b, const bench_check *check, const bd_device_peaks *peaks, cJSON *json, FILE *csv) {
    static const bd_precision precisions[] = {BD_PRECISION_FP32, BD_PRECISION_FP16};
    const bench_arguments *a = &b->a;
    cJSON *sets = cJSON_AddArrayToObject(json, "sets");
    uint32_t timed = 0;
    uint32_t count = 0;
    bool ok = true;
    while (bd_kernel_set_name(count)) {
        count++;
    }
    /* From the last: on software devices the first set, for GPUs, is by far the slowest. */
    for (uint32_t s = count; s-- > 0;) {
        const char *set = bd_kernel_set_name(s);
        for (size_t p = 0; p < sizeof precisions / sizeof *precisions; p++) {
            if ((a->kernels && strcmp(a->kernels, set) != 0) ||
                (a->precision != BD_PRECISION_AUTO && a->precision != precisions[p])) {
                continue;
            }
            ok = one_set(b, check, set, precisions[p], peaks, sets, csv, &timed) && ok;
            /* Whoever stops this program halfway keeps what was found. */
            ok = (!a->json || !strcmp(a->json, "-") || bench_put_json(b, json)) && ok;
            ok = (!csv || !fflush(csv)) && ok;
        }
    }
    if (ok && !timed) {
        (void)fprintf(stderr, "nothing of what was asked for runs on this device\n");
        b->failure = BD_ERR_UNSUPPORTED;
        ok = false;
    }
    return ok;
}

bool bench_kernels(bench *b) {
    bd_error error;
    bench_check check = {0};
    bd_device_peaks peaks = {.struct_size = sizeof peaks};
    FILE *csv = NULL;
    /* Those that are asked for are opened one by one. */
    const uint32_t asked = b->a.precision;
    b->a.precision = BD_PRECISION_AUTO;
    cJSON *json = bench_begin(b, "kernels", 1);
    b->a.precision = asked;
    bool ok = json && bench_check_open(b, &check);
    ok = ok && (!bd_engine_measure_peaks(b->engine, &peaks, &error) || bench_fail(&error));
    if (ok && b->a.csv) {
        csv = open_csv(b->a.csv);
        ok = csv != NULL;
    }
    if (ok) {
        bench_say_peaks(b, &peaks);
        cJSON_AddItemToObject(json, "peaks", bench_peaks_json(&peaks));
        cJSON_AddStringToObject(json, "checked_against", check.against);
        ok = every_set(b, &check, &peaks, json, csv);
    }
    if (csv) {
        bool written = !ferror(csv);
        written = !fclose(csv) && written;
        if (!written) {
            (void)fprintf(stderr, "%s: cannot write\n", b->a.csv);
        }
        ok = written && ok;
    }
    bench_check_close(&check);
    return bench_end(b, json, ok);
}
