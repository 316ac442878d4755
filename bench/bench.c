/* SPDX-License-Identifier: MIT
 * backdrop-bench: times the network, its kernels, the start of a process, and whole photos. Nothing is timed before
 * its result was found right; the input is a picture, never zeros. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

static int usage(FILE *to, int status) {
    (void)fprintf(
        to,
        "usage: backdrop-bench network|kernels|start|e2e|serve [--runs N] [--json [FILE]] [--csv FILE]\n"
        "         [--model M] [--size S] [--device D] [--kernels SET] [--precision fp32|fp16|fast16|auto]\n"
        "         [--quantised integer|float]\n"
        "         [--reference DIR] [--cache-dir DIR] [--single] [--validation]\n"
        "network  the whole, and each dispatch by the device's clock, warm; sessions take turns\n"
        "kernels  every kernel at every shape of the network, for each kernel set and precision the device runs\n"
        "start    process start to first dispatch and first result, with empty caches and with full ones\n"
        "e2e      decode, replace, encode: made photos of --megapixels 0.26,12,1920x1080, or --photo P --background B\n"
        "serve    checks, prints one line of JSON, then runs the network once for every line that comes in;\n"
        "         --dump DIR leaves its input and logits there, for programs that are to be compared\n"
        "--json   without FILE: one JSON object on standard output and nothing else\n"
        "--reference DIR  NAME.logits.npy with its picture; default: stored ones of the default network, else\n"
        "         another kernel set\n"
        "exit status: 0 fine, 1 failed or wrong, 2 usage, 3 this device cannot do that\n");
    return status;
}

static bool take_option(bench_arguments *a, int argc, char **argv, int *i) {
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"--csv", &a->csv_path},        {"--photo", &a->photo}, {"--background", &a->background},
                   {"--reference", &a->reference}, {"--dump", &a->dump},   {"--megapixels", &a->megapixels}};
    for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
        if (!strcmp(argv[*i], options[o].name) && *i + 1 < argc) {
            *options[o].value = argv[++*i];
            return true;
        }
    }
    if (!strcmp(argv[*i], "--runs") && *i + 1 < argc) {
        a->runs = (uint32_t)strtoul(argv[++*i], NULL, 10);
        return true;
    }
    return false;
}

static bool run(bench *b, const bench_arguments *a, char **argv, cJSON *json) {
    if (!strcmp(a->what, "network")) {
        return bench_network(b, a, json);
    }
    if (!strcmp(a->what, "kernels")) {
        return bench_kernels(b, a, json);
    }
    return !strcmp(a->what, "start") ? bench_start(b, a, argv, json) : bench_e2e(b, a, json);
}

int main(int argc, char **argv) {
    static const char *const all[] = {"network", "kernels", "start", "e2e", "serve"};
    bench b = {0};
    bench_arguments a = {.runs = 10};
    for (int i = 1; i < argc; i++) {
        if (bench_option(&b, argc, argv, &i) || take_option(&a, argc, argv, &i)) {
            continue;
        }
        if (!strcmp(argv[i], "--help")) {
            return usage(stdout, 0);
        }
        if (argv[i][0] == '-' || a.what) {
            return usage(stderr, 2);
        }
        a.what = argv[i];
    }
    bool known = false;
    for (size_t w = 0; w < sizeof all / sizeof *all && a.what; w++) {
        known = known || !strcmp(a.what, all[w]);
    }
    if (!known || a.runs < 1 || a.runs > BENCH_MOST_RUNS) {
        return usage(stderr, 2);
    }
    bool ok;
    if (!strcmp(a.what, "start") && bench_start_is_child()) {
        ok = bench_start_child(&b);
    } else {
        /* Two sessions in turn: neither finds its weights and tensors as the run before left them in a cache. */
        b.session_count = !strcmp(a.what, "network") || !strcmp(a.what, "serve") ? 2 : 1;
        /* Kernel sets and precisions are opened one by one there. */
        bool all_sets = !strcmp(a.what, "kernels");
        bench first = b;
        first.precision = all_sets ? BD_PRECISION_AUTO : b.precision;
        ok = bench_open(&first);
        first.precision = b.precision;
        b = first;
        if (ok && !strcmp(a.what, "serve")) {
            ok = bench_serve(&b, &a);
        } else if (ok) {
            cJSON *json = cJSON_CreateObject();
            cJSON_AddStringToObject(json, "benchmark", a.what);
            bench_describe(&b, json);
            bench_headline(&b);
            ok = run(&b, &a, argv, json);
            if (ok) {
                ok = bench_write_json(&b, json);
            } else {
                cJSON_Delete(json);
            }
        }
    }
    uint32_t messages = b.engine ? bd_engine_validation_messages(b.engine) : 0;
    if (messages) {
        (void)fprintf(stderr, "%u validation messages\n", messages);
        ok = false;
    }
    bench_close(&b);
    return ok ? 0 : b.failure == BD_ERR_UNSUPPORTED ? 3 : 1;
}
