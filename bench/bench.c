/* SPDX-License-Identifier: MIT
 * backdrop-bench: times the network node by node, start-up, and end to end. Prints a table; --csv and --json write
 * files. The network's output is checked against itself before and after the timed runs, and its input is a picture,
 * never zeros. */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MOST_NODES = 1024, MOST_RUNS = 1000, MOST_STAGES = 32 };

typedef struct arguments {
    const char *what, *csv_path, *photo, *background;
    uint32_t runs;
} arguments;

/* ---- network ----------------------------------------------------------------------------------------------------- */

/* A picture's worth of structure from a fixed seed: gradients with noise. */
static void fill_input(uint8_t *input, uint32_t w, uint32_t h) {
    uint32_t state = 1;
    for (uint32_t y = 0; y < h; y++) {
        for (uint32_t x = 0; x < w; x++) {
            for (uint32_t c = 0; c < 3; c++) {
                state = state * 1664525u + 1013904223u;
                uint32_t slope = c == 0 ? x * 200 / w : (c == 1 ? y * 200 / h : (x + y) * 100 / (w + h));
                *input++ = (uint8_t)(slope + (state >> 24) % 56);
            }
        }
    }
}

static cJSON *summary(double *values, uint32_t count) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "min", bench_least(values, count));
    cJSON_AddNumberToObject(object, "max", bench_largest(values, count));
    cJSON_AddNumberToObject(object, "median", bench_median(values, count));
    cJSON_AddNumberToObject(object, "runs", count);
    return object;
}

static bool write_csv(const bench *b, const char *path, const bd_node_timing *nodes, uint32_t count) {
    FILE *file = fopen(path, "w");
    if (!file) {
        (void)fprintf(stderr, "%s: cannot write\n", path);
        return false;
    }
    (void)fprintf(file, "device,driver,kernels,precision,node,kernel,height,width,channels,ms,gflops,gbytes_per_s\n");
    for (uint32_t i = 0; i < count; i++) {
        const bd_node_timing *n = &nodes[i];
        (void)fprintf(file, "\"%s\",\"%s\",%s,fp32,%s,%s,%u,%u,%u,%.4f,%.2f,%.2f\n", b->device_info.name,
                      b->device_info.driver, b->device_info.kernel_set, n->node, n->kernel, n->shape[1], n->shape[2],
                      n->shape[3], n->device_ms, 2e-6 * (double)n->multiply_adds / n->device_ms,
                      1e-6 * (double)n->bytes / n->device_ms);
    }
    return !fclose(file);
}

/* Median of each node over the runs. */
static bool time_nodes(bench *b, uint32_t runs, bd_node_timing *nodes, uint32_t *count) {
    bd_error error;
    double *times = calloc((size_t)runs * MOST_NODES, sizeof *times);
    bool ok = times != NULL;
    for (uint32_t r = 0; r < runs && ok; r++) {
        *count = MOST_NODES;
        ok = !bd_session_run_network(b->session, NULL, NULL, NULL, nodes, count, &error) || bench_fail(&error);
        for (uint32_t i = 0; i < *count && ok; i++) {
            times[(size_t)i * runs + r] = nodes[i].device_ms;
        }
    }
    for (uint32_t i = 0; i < *count && ok; i++) {
        nodes[i].device_ms = bench_median(times + (size_t)i * runs, runs);
    }
    free(times);
    return ok;
}

static bool bench_network(bench *b, const arguments *a, cJSON *json) {
    bd_error error;
    size_t logits_count = (size_t)b->info.logits_width * b->info.logits_height * b->info.class_count;
    uint8_t *input = malloc((size_t)b->info.input_width * b->info.input_height * 3);
    float *first = malloc(logits_count * sizeof *first);
    float *last = malloc(logits_count * sizeof *last);
    bd_node_timing *nodes = calloc(MOST_NODES, sizeof *nodes);
    double times[MOST_RUNS];
    uint32_t count = 0;
    bool ok = input && first && last && nodes;
    if (ok) {
        fill_input(input, b->info.input_width, b->info.input_height);
        ok = !bd_session_run_network(b->session, input, first, &times[0], NULL, NULL, &error) || bench_fail(&error);
    }
    for (uint32_t r = 0; r < a->runs && ok; r++) {
        ok = !bd_session_run_network(b->session, NULL, last, &times[r], NULL, NULL, &error) || bench_fail(&error);
    }
    if (ok && memcmp(first, last, logits_count * sizeof *first) != 0) {
        (void)fprintf(stderr, "the logits changed between runs of one input\n");
        ok = false;
    }
    ok = ok && time_nodes(b, a->runs, nodes, &count);
    if (ok) {
        double median = bench_median(times, a->runs);
        double flops = 2.0 * (double)b->info.multiply_adds;
        cJSON_AddNumberToObject(json, "dispatches", count);
        cJSON_AddItemToObject(json, "network_ms", summary(times, a->runs));
        cJSON_AddNumberToObject(json, "gflops", flops / median * 1e-6);
        cJSON *rows = cJSON_AddArrayToObject(json, "nodes");
        printf("%10s %9s %9s  %-16s %-34s %s\n", "ms", "GFLOP/s", "GB/s", "output", "kernel", "node");
        for (uint32_t i = 0; i < count; i++) {
            const bd_node_timing *n = &nodes[i];
            char shape[48];
            (void)snprintf(shape, sizeof shape, "%ux%ux%u", n->shape[1], n->shape[2], n->shape[3]);
            printf("%10.3f %9.1f %9.1f  %-16s %-34s %s\n", n->device_ms, 2e-6 * (double)n->multiply_adds / n->device_ms,
                   1e-6 * (double)n->bytes / n->device_ms, shape, n->kernel, n->node);
            cJSON *row = cJSON_CreateObject();
            cJSON_AddStringToObject(row, "node", n->node);
            cJSON_AddStringToObject(row, "kernel", n->kernel);
            cJSON_AddStringToObject(row, "output", shape);
            cJSON_AddNumberToObject(row, "ms", n->device_ms);
            cJSON_AddNumberToObject(row, "multiply_adds", (double)n->multiply_adds);
            cJSON_AddNumberToObject(row, "bytes", (double)n->bytes);
            cJSON_AddItemToArray(rows, row);
        }
        printf("network: median %.1f ms of %u runs (%.1f .. %.1f), %.1f GFLOP/s, %u dispatches\n", median, a->runs,
               bench_least(times, a->runs), bench_largest(times, a->runs), flops / median * 1e-6, count);
        ok = !a->csv_path || write_csv(b, a->csv_path, nodes, count);
    }
    free(input);
    free(first);
    free(last);
    free(nodes);
    return ok;
}

/* ---- start ------------------------------------------------------------------------------------------------------- */

/* Opens everything a->runs times in this process; the first is cold as far as the given --cache-dir is. */
static bool bench_start(bench *b, const arguments *a, cJSON *json) {
    bd_error error;
    double import[MOST_RUNS];
    double engine[MOST_RUNS];
    double session[MOST_RUNS];
    double first_run[MOST_RUNS];
    uint8_t *input = calloc((size_t)b->info.input_width * b->info.input_height, 3);
    bool ok = input != NULL;
    cJSON *runs = cJSON_AddArrayToObject(json, "starts");
    for (uint32_t r = 0; r < a->runs && ok; r++) {
        if (r) {
            bench_close(b);
            ok = bench_open(b);
        }
        import[r] = b->import_ms;
        engine[r] = b->engine_ms;
        session[r] = b->session_ms;
        if (ok) {
            fill_input(input, b->info.input_width, b->info.input_height);
            ok = !bd_session_run_network(b->session, input, NULL, &first_run[r], NULL, NULL, &error) ||
                 bench_fail(&error);
        }
        if (ok) {
            printf("start %u: import %.1f ms, device %.1f ms, weights and pipelines %.1f ms, first network %.1f ms\n",
                   r, import[r], engine[r], session[r], first_run[r]);
            cJSON *row = cJSON_CreateObject();
            cJSON_AddNumberToObject(row, "import_ms", import[r]);
            cJSON_AddNumberToObject(row, "device_ms", engine[r]);
            cJSON_AddNumberToObject(row, "session_ms", session[r]);
            cJSON_AddNumberToObject(row, "first_network_ms", first_run[r]);
            cJSON_AddItemToArray(runs, row);
        }
    }
    free(input);
    return ok;
}

/* ---- end to end -------------------------------------------------------------------------------------------------- */

static bool bench_e2e(bench *b, const arguments *a, cJSON *json) {
    if (!a->photo || !a->background) {
        (void)fprintf(stderr, "e2e needs --photo and --background\n");
        return false;
    }
    bd_error error;
    double decode[MOST_RUNS];
    double replace[MOST_RUNS];
    double encode[MOST_RUNS];
    double total[MOST_RUNS];
    bool ok = true;
    for (uint32_t r = 0; r < a->runs && ok; r++) {
        bd_image photo = {0};
        bd_image background = {0};
        bd_image result = {0};
        void *data = NULL;
        size_t bytes = 0;
        double start = bench_now_ms();
        ok = !bd_image_read(a->photo, NULL, &photo, &error) && !bd_image_read(a->background, NULL, &background, &error);
        double decoded = bench_now_ms();
        ok = ok && !bd_session_replace(b->session, &photo, &background, NULL, &result, &error);
        double replaced = bench_now_ms();
        ok = ok && !bd_image_encode(&result, NULL, &data, &bytes, &error);
        double end = bench_now_ms();
        ok = ok || bench_fail(&error);
        decode[r] = decoded - start;
        replace[r] = replaced - decoded;
        encode[r] = end - replaced;
        total[r] = end - start;
        bd_release(NULL, data);
        bd_image_finish(&photo);
        bd_image_finish(&background);
        bd_image_finish(&result);
    }
    if (!ok) {
        return false;
    }
    bd_timing stages[MOST_STAGES];
    uint32_t stage_count = bd_session_timings(b->session, stages, MOST_STAGES);
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    cJSON_AddItemToObject(json, "decode_ms", summary(decode, a->runs));
    cJSON_AddItemToObject(json, "replace_ms", summary(replace, a->runs));
    cJSON_AddItemToObject(json, "encode_ms", summary(encode, a->runs));
    cJSON_AddItemToObject(json, "total_ms", summary(total, a->runs));
    cJSON_AddNumberToObject(json, "peak_resident_mb", (double)usage.ru_maxrss / 1024);
    cJSON *rows = cJSON_AddArrayToObject(json, "stages");
    for (uint32_t i = 0; i < stage_count && i < MOST_STAGES; i++) {
        printf("  %-24s %9.2f ms%s\n", stages[i].name, stages[i].ms, stages[i].device ? " on the device" : "");
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "name", stages[i].name);
        cJSON_AddNumberToObject(row, "ms", stages[i].ms);
        cJSON_AddItemToArray(rows, row);
    }
    printf("median of %u: decode %.1f ms, replace %.1f ms, encode %.1f ms, total %.1f ms; peak resident %.0f MB\n",
           a->runs, bench_median(decode, a->runs), bench_median(replace, a->runs), bench_median(encode, a->runs),
           bench_median(total, a->runs), (double)usage.ru_maxrss / 1024);
    return true;
}

/* ---- main -------------------------------------------------------------------------------------------------------- */

static int usage(FILE *to, int status) {
    (void)fprintf(to, "usage: backdrop-bench network|start|e2e [--runs N] [--json FILE] [--csv FILE (network)]\n"
                      "         [--photo FILE --background FILE (e2e)]\n"
                      "         [--model FILE] [--device D] [--kernels SET] [--cache-dir DIR] [--validation]\n"
                      "network  each node (device time stamps) and the whole (wall time), warm\n"
                      "start    import, device, weights and pipelines, first network\n"
                      "e2e      decode, replace, encode\n");
    return status;
}

int main(int argc, char **argv) {
    bench b = {0};
    arguments a = {.runs = 10};
    for (int i = 1; i < argc; i++) {
        const struct {
            const char *name;
            const char **value;
        } options[] = {{"--csv", &a.csv_path}, {"--photo", &a.photo}, {"--background", &a.background}};
        bool taken = bench_option(&b, argc, argv, &i);
        for (size_t o = 0; o < sizeof options / sizeof *options && !taken; o++) {
            if (!strcmp(argv[i], options[o].name) && i + 1 < argc) {
                *options[o].value = argv[++i];
                taken = true;
            }
        }
        if (taken) {
            continue;
        }
        if (!strcmp(argv[i], "--runs") && i + 1 < argc) {
            a.runs = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else if (!strcmp(argv[i], "--help")) {
            return usage(stdout, 0);
        } else if (argv[i][0] == '-' || a.what) {
            return usage(stderr, 2);
        } else {
            a.what = argv[i];
        }
    }
    if (!a.what || a.runs < 1 || a.runs > MOST_RUNS) {
        return usage(stderr, 2);
    }
    bool ok = bench_open(&b);
    if (ok) {
        cJSON *json = cJSON_CreateObject();
        bench_describe(&b, json);
        (void)printf("%s, %s, kernels %s, fp32, %ux%u, output stride %u\n", b.device_info.name, b.device_info.driver,
                     b.device_info.kernel_set, b.info.input_width, b.info.input_height, b.info.output_stride);
        if (!strcmp(a.what, "network")) {
            ok = bench_network(&b, &a, json);
        } else if (!strcmp(a.what, "start")) {
            ok = bench_start(&b, &a, json);
        } else if (!strcmp(a.what, "e2e")) {
            ok = bench_e2e(&b, &a, json);
        } else {
            ok = usage(stderr, 0) != 0;
        }
        ok = bench_write_json(&b, json) && ok;
    }
    bench_close(&b);
    return ok ? 0 : 1;
}
