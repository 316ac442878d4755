/* SPDX-License-Identifier: MIT
 * backdrop-candidates: every candidate of every node of a network on a device: right or wrong, how long, how far above
 * the node's floor, and what the driver's compiler says of it. Sees the library's inside. */
#include "api/engine.h"
#include "api/model.h"
#include "kernel/kernel.h"
#include "api/session.h"
#include "bench/options.h"
#include "statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct arguments {
    option_operands operands; /* MODEL */
    const char *device, *kernels, *csv, *only;
    uint32_t size, runs, nodes;
    option_list precisions; /* numbers of PRECISIONS; none: all of them */
    bool validation;
} arguments;

static const option_verb verb = {
    NULL,
    "MODEL",
    1,
    1,
    "Tries every candidate of every distinct node, says which are wrong, times the others (microseconds",
    "of device time, the best of N readings), and writes all of it with the compiler's statistics to a\n"
    "file, which bench/nodes reads.\n"};

#define PRECISIONS "fp32|fp16|fast16"
#define AT(member) offsetof(arguments, member)
static const option options[] = {
    {"--csv", OPTION_TEXT, 1, AT(csv), "FILE", 0, 0, "where to"},
    {"--only", OPTION_TEXT, 1, AT(only), "PART", 0, 0, "candidates whose name contains PART"},
    {"--nodes", OPTION_WHOLE, 1, AT(nodes), "N", 1, 1000000, "every N-th distinct node alone"},
    {"--runs", OPTION_WHOLE, 1, AT(runs), "N", 1, 1000000, "readings of each"},
    {"--precision", OPTION_LIST, 1, AT(precisions), PRECISIONS, 0, 0, "these alone; default all"},
    {"--size", OPTION_WHOLE, 1, AT(size), "S", 1, 8192, "side of the input; default the model's, or 513"},
    {"--device", OPTION_TEXT, 1, AT(device), "D", 0, 0, "number or part of a name; default the best one"},
    {"--kernels", OPTION_TEXT, 1, AT(kernels), "SET", 0, 0, "default the device's"},
    {"--validation", OPTION_FLAG, 1, AT(validation), NULL, 0, 0, "the validation layer; what it says is a failure"},
};
static const option_program program = {
    .name = "backdrop-candidates",
    .statuses = "0 all right, 1 failed or some wrong, 2 usage, 3 no such device or precision",
    .verbs = &verb,
    .options = options,
    .verb_count = 1,
    .option_count = BD_COUNT(options),
    .operands = AT(operands)};

typedef struct sweep {
    const arguments *a;
    bd_engine *engine;
    const bd_graph *graph;
    FILE *csv;
    bd_device_peaks peaks;
    const bd_kernel_choice *defaults; /* of the precision that is tried */
    uint32_t distinct, tried, wrong;
    double least_us; /* summed over nodes: the best that absorbs nothing */
    bool refused;    /* the device has no such precision */
} sweep;

/* The least that a candidate's node takes, in microseconds, and what makes it so. */
typedef struct floors {
    double bytes, arithmetic, launches;
} floors;

/* The bytes that have to be moved at least: what is read and written, each once. */
static double bytes_of(const sweep *s, uint32_t index, uint32_t absorbed, bd_precision precision) {
    double each = precision == BD_PRECISION_FP32 ? 4 : 2;
    const bd_node *node = &s->graph->nodes[index];
    double elements = (double)bd_shape_elements(&node->shape);
    for (int part = 0; part < 2; part++) {
        const bd_node *reader = part ? &s->graph->nodes[absorbed] : node;
        for (uint32_t i = 0; i < reader->input_count; i++) {
            if (reader->inputs[i] != BD_NO_NODE && reader->inputs[i] != absorbed) {
                elements += (double)bd_shape_elements(&s->graph->nodes[reader->inputs[i]].shape);
            }
        }
        if (absorbed == BD_NO_NODE) {
            break;
        }
    }
    return elements * each;
}

static floors floors_of(const sweep *s, const bd_kernel_choice *choice, double bytes, double multiply_adds,
                        uint32_t dispatches) {
    const bd_device_peaks *peaks = &s->peaks;
    double rate = choice->matrix[0] && peaks->matrix_gflops > 0 ? peaks->matrix_gflops : peaks->fma_gflops;
    return (floors){.bytes = peaks->cached_gbytes_per_s > 0 ? 1e-3 * bytes / peaks->cached_gbytes_per_s : 0,
                    .arithmetic = rate > 0 ? 2e-3 * multiply_adds / rate : 0,
                    .launches = dispatches * peaks->launch_us};
}

/* Nodes of the network that look alike. */
static uint32_t count_alike(const sweep *s, const char *signature, bd_precision precision) {
    char other[BD_TUNING_SIGNATURE_BYTES];
    uint32_t count = 0;
    for (uint32_t n = 0; n < s->graph->count; n++) {
        if (s->graph->nodes[n].op != BD_OP_CONST && s->graph->nodes[n].op != BD_OP_NONE) {
            bd_tuning_signature(s->graph, n, precision, other);
            count += !strcmp(other, signature);
        }
    }
    return count;
}

static void compiler_says(sweep *s, uint32_t node, const bd_kernel_choice *choice, char *text, size_t room) {
    bd_vk_dispatch dispatch;
    bd_kernel_operands operands;
    VkPipeline pipeline;
    text[0] = '\0';
    if (!bd_kernel_node(&s->engine->vk, s->graph, node, 0, choice, &dispatch, &operands, NULL) &&
        !bd_vk_pipeline_get(&s->engine->vk, &dispatch, &pipeline, NULL)) {
        statistics_text(pipeline, text, room);
    }
}

static void report(sweep *s, uint32_t index, const char *signature, const bd_kernel_choice *choice,
                   const bd_kernel_verdict *verdict) {
    uint32_t absorbed = bd_kernel_absorbs(s->graph, index, choice);
    double multiply_adds = (double)bd_node_multiply_adds(s->graph, index);
    if (absorbed != BD_NO_NODE) {
        multiply_adds += (double)bd_node_multiply_adds(s->graph, absorbed);
    }
    double bytes = bytes_of(s, index, absorbed, choice->precision);
    uint32_t dispatches = bd_kernel_parts(s->graph, index, choice);
    floors f = floors_of(s, choice, bytes, multiply_adds, dispatches);
    char compiler[1024];
    char inner[BD_TUNING_SIGNATURE_BYTES] = "";
    bd_kernel_choice probed;
    const char *role = !strcmp(choice->name, s->defaults[index].name) ? "default" : "";
    compiler_says(s, index, choice, compiler, sizeof compiler);
    if (bd_kernel_probed_default(&s->engine->vk, s->graph, index, choice->precision, &probed) &&
        !strcmp(choice->name, probed.name)) {
        role = "probed";
    }
    if (absorbed != BD_NO_NODE) {
        bd_tuning_signature(s->graph, absorbed, choice->precision, inner);
    }
    if (s->csv) {
        (void)fprintf(s->csv, "\"%s\",%s,%u,%s,%s,%s,%.2f,%.2f,%.2f,%.2f,%.2f,%u,%.0f,%.0f,\"%s\",\"%s\"\n", signature,
                      s->graph->nodes[index].name, count_alike(s, signature, choice->precision), choice->name, role,
                      verdict->correct ? "right" : "WRONG", verdict->ms * 1e3, fmax(f.bytes, f.arithmetic) + f.launches,
                      f.bytes, f.arithmetic, f.launches, dispatches, multiply_adds, bytes, inner, compiler);
        (void)fflush(s->csv);
    }
    if (!verdict->correct) {
        printf("WRONG %s on %s\n", choice->name, signature);
    }
}

static bd_result try_node(sweep *s, uint32_t index, bd_precision precision, bd_tuning *seen, bd_error *error) {
    bd_kernel_choice all[BD_KERNEL_MOST_CANDIDATES];
    bd_kernel_choice some[BD_KERNEL_MOST_CANDIDATES];
    bd_kernel_verdict verdicts[BD_KERNEL_MOST_CANDIDATES];
    char signature[BD_TUNING_SIGNATURE_BYTES];
    uint32_t count = bd_kernel_candidates(&s->engine->vk, s->graph, index, precision, all, BD_COUNT(all));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!s->a->only || strstr(all[i].name, s->a->only)) {
            some[kept++] = all[i];
        }
    }
    bd_tuning_signature(s->graph, index, precision, signature);
    const bd_tuning_entry *known = bd_tuning_find(seen, signature);
    if (!kept || s->graph->nodes[index].op == BD_OP_CONCAT || known) {
        s->least_us += known ? known->us : 0;
        return BD_OK;
    }
    if (s->distinct++ % s->a->nodes) {
        return bd_tuning_put(seen, signature, "left out", 0, error);
    }
    bd_result result =
        bd_kernel_trial(&s->engine->vk, s->graph, index, some, kept, s->a->runs, INFINITY, verdicts, error);
    if (result == BD_ERR_UNSUPPORTED) {
        printf("not tried: %s: %s\n", signature, error->message);
        return bd_tuning_put(seen, signature, "not tried", 0, error);
    }
    double least = INFINITY;
    uint32_t best = 0;
    for (uint32_t i = 0; i < kept && !result; i++) {
        report(s, index, signature, &some[i], &verdicts[i]);
        s->tried++;
        s->wrong += !verdicts[i].correct;
        if (verdicts[i].correct && verdicts[i].ms * 1e3 < least &&
            bd_kernel_absorbs(s->graph, index, &some[i]) == BD_NO_NODE) {
            least = verdicts[i].ms * 1e3;
            best = i;
        }
    }
    if (!result && isfinite(least)) {
        printf("%8.2f us  %-44s %s\n", least, some[best].name, signature);
        s->least_us += least;
        result = bd_tuning_put(seen, signature, some[best].name, least, error);
    }
    return result;
}

static bd_result try_precision(sweep *s, bd_precision precision, const char *name, bd_error *error) {
    bd_tuning seen = {.allocator = NULL};
    bd_kernel_choice *defaults = calloc(s->graph->count, sizeof *defaults);
    bd_result result = defaults ? BD_OK : bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    s->least_us = 0;
    s->distinct = 0;
    s->defaults = defaults;
    if (!result) {
        bd_kernel_defaults(&s->engine->vk, s->graph, precision, true, defaults);
    }
    for (uint32_t n = 0; n < s->graph->count && !result; n++) {
        result = try_node(s, n, precision, &seen, error);
    }
    bd_tuning_finish(&seen);
    free(defaults);
    if (!result) {
        printf("%s: %u distinct nodes, one in %u tried; %u candidates so far, %u wrong; the best of each node together "
               "%.1f us\n",
               name, s->distinct, s->a->nodes, s->tried, s->wrong, s->least_us);
    }
    return result;
}

/* Whether it was asked for: number of PRECISIONS. */
static bool is_asked(const option_list *precisions, uint32_t number) {
    bool asked = !precisions->count;
    for (uint32_t i = 0; i < precisions->count; i++) {
        asked = asked || precisions->items[i] == number;
    }
    return asked;
}

static bd_result work(sweep *s, const bd_model *model, bd_error *error) {
    const bd_device_peaks *peaks = &s->peaks;
    s->peaks.struct_size = sizeof s->peaks;
    bd_result result = bd_engine_measure_peaks(s->engine, &s->peaks, error);
    printf("%s, %s\npeaks: copy %.1f GB/s, cached %.1f GB/s, multiply-adds %.0f GFLOP/s, matrix units %.0f GFLOP/s, a "
           "launch %.2f us\n",
           s->engine->vk.info.name, s->engine->vk.info.driver, peaks->copy_gbytes_per_s, peaks->cached_gbytes_per_s,
           peaks->fma_gflops, peaks->matrix_gflops, peaks->launch_us);
    for (uint32_t i = 0; i < s->engine->vk.matrix_count; i++) {
        const bd_vk_matrix *m = &s->engine->vk.matrices[i];
        printf("matrix unit: %s %ux%ux%u\n", m->extension == BD_VK_MATRIX_KHR ? "KHR" : "NV", m->m, m->n, m->k);
    }
    printf("subgroups of %u, %u KiB of shared memory a group\n", s->engine->vk.subgroup_size,
           s->engine->vk.limits.maxComputeSharedMemorySize / 1024);
    bool half = bd_kernel_has_fp16(&s->engine->vk) && bd_plan_can_be_half(&model->graph);
    const struct {
        const char *name;
        bd_precision precision;
        bool here;
    } all[] = {{"fp32", BD_PRECISION_FP32, true},
               {"fp16", BD_PRECISION_FP16, half},
               {"fast16", BD_PRECISION_FAST16, half && bd_kernel_has_packed(&s->engine->vk)}};
    bool any = false;
    for (uint32_t i = 0; i < BD_COUNT(all) && !result; i++) {
        if (is_asked(&s->a->precisions, i) && all[i].here) {
            any = true;
            result = try_precision(s, all[i].precision, all[i].name, error);
        }
    }
    if (!result && !any) {
        s->refused = true;
        result = bd_fail(error, BD_ERR_UNSUPPORTED, "%s has no kernels for that precision", s->engine->vk.info.name);
    }
    return result;
}

static void log_line(void *user, bd_log_level level, const char *message) {
    (void)user;
    (void)level;
    (void)fprintf(stderr, "%s\n", message);
}

int main(int argc, char **argv) {
    arguments a = {.runs = 5, .nodes = 1};
    uint32_t chosen;
    int status = options_read(&program, argc, argv, &chosen, &a);
    if (status != OPTIONS_READ) {
        return status;
    }
    sweep s = {.a = &a};
    bd_model *model = NULL;
    bd_error error = {0};
    const bd_model_params model_params = {.struct_size = sizeof model_params, .width = a.size, .height = a.size};
    const bd_engine_params params = {.struct_size = sizeof params,
                                     .device = a.device,
                                     .kernel_set = a.kernels,
                                     .validation = a.validation,
                                     .log = log_line,
                                     .get_instance_proc_addr = statistics_entry()};
    bd_result result = bd_model_open(a.operands.items[0], &model_params, &model, &error);
    if (!result) {
        result = bd_engine_create(&params, &s.engine, &error);
    }
    if (!result && a.csv) {
        s.csv = fopen(a.csv, "w");
        result = s.csv ? BD_OK : bd_fail(&error, BD_ERR_FILE_WRITE, "%s: cannot write", a.csv);
    }
    if (!result) {
        if (s.csv) {
            (void)fprintf(s.csv, "signature,node,alike,candidate,default,verdict,us,floor_us,floor_bytes_us,"
                                 "floor_multiply_adds_us,floor_launches_us,dispatches,multiply_adds,bytes,absorbs,"
                                 "compiler\n");
        }
        s.graph = &model->graph;
        result = work(&s, model, &error);
    }
    uint32_t messages = s.engine ? bd_engine_validation_messages(s.engine) : 0;
    bool written = !s.csv || !ferror(s.csv);
    written = (!s.csv || !fclose(s.csv)) && written;
    if (!written && !result) {
        result = bd_fail(&error, BD_ERR_FILE_WRITE, "%s: cannot write", a.csv);
    }
    bd_engine_destroy(s.engine);
    bd_model_destroy(model);
    if (result) {
        (void)fprintf(stderr, "%s: %s: %s\n", program.name, bd_result_name(result), error.message);
        return s.refused || result == BD_ERR_NO_DEVICE || result == BD_ERR_NO_VULKAN ? 3 : 1;
    }
    return s.wrong || messages ? 1 : 0;
}
