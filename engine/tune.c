/* SPDX-License-Identifier: MIT
 * Times every candidate of every node on the device and keeps the fastest of those that compute what the plain kernels
 * do. No feature is trusted for being advertised, and no choice that does not make the whole network faster. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

enum { DEFAULT_RUNS = 9 };

typedef struct tuner {
    bd_engine *engine;
    const bd_model *model;
    const bd_graph *graph;
    bd_precision precision;
    uint32_t runs;
    bd_tuning found; /* what this precision's trials say; path NULL */
    uint32_t nodes, candidates, rejected;
} tuner;

/* ---- trials ------------------------------------------------------------------------------------------------------ */

static bd_result try_candidates(tuner *t, uint32_t node, const bd_kernel_choice *list, uint32_t count,
                                bd_kernel_verdict *verdicts, bd_error *error) {
    bd_result result = bd_kernel_trial(&t->engine->vk, t->graph, node, list, count, t->runs, verdicts, error);
    for (uint32_t i = 0; i < count && !result; i++) {
        if (!verdicts[i].correct) {
            t->rejected++;
            bd_vk_log(&t->engine->vk, BD_LOG_WARNING, "%s computes node %s wrongly here and is not used", list[i].name,
                      t->graph->nodes[node].name);
        }
    }
    t->candidates += count;
    return result;
}

/* The fastest that absorbs no node, and the fastest that does; shapes that were seen before are not tried again. */
static bd_result tune_node(tuner *t, uint32_t node, bd_error *error) {
    bd_kernel_choice list[BD_KERNEL_MOST_CANDIDATES];
    char signature[BD_TUNING_SIGNATURE_BYTES];
    uint32_t count = bd_kernel_candidates(&t->engine->vk, t->graph, node, t->precision, list, BD_COUNT(list));
    bd_tuning_signature(t->graph, node, t->precision, signature);
    if (t->graph->nodes[node].op == BD_OP_CONCAT || !count || bd_tuning_find(&t->found, signature)) {
        return BD_OK;
    }
    bool inner = t->graph->nodes[node].op == BD_OP_DEPTHWISE; /* a block is weighed against it */
    if (count < 2 && !inner) {
        return BD_OK;
    }
    t->nodes += count > 1;
    uint32_t best[2] = {count, count}; /* [absorbs a node] */
    double least[2] = {INFINITY, INFINITY};
    bd_kernel_verdict verdicts[BD_KERNEL_MOST_CANDIDATES];
    bd_result result = try_candidates(t, node, list, count, verdicts, error);
    if (result) {
        return result;
    }
    for (uint32_t i = 0; i < count; i++) {
        double us = verdicts[i].correct ? verdicts[i].ms * 1e3 : 0;
        bool absorbs = bd_kernel_absorbs(t->graph, node, &list[i]) != BD_NO_NODE;
        if (us > 0 && us < least[absorbs]) {
            least[absorbs] = us;
            best[absorbs] = i;
        }
    }
    bool block = false;
    if (best[1] < count) {
        char other[BD_TUNING_SIGNATURE_BYTES];
        bd_tuning_signature(t->graph, bd_kernel_absorbs(t->graph, node, &list[best[1]]), t->precision, other);
        const bd_tuning_entry *apart = bd_tuning_find(&t->found, other); /* inputs come first */
        block = !apart || least[1] < least[0] + apart->us;
    }
    return best[block] < count ? bd_tuning_put(&t->found, signature, list[best[block]].name, least[block], error)
                               : BD_OK;
}

/* ---- whole networks ---------------------------------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, uint32_t count) {
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 2];
}

/* Normalised mean square of the difference; not a number counts as different. */
static double difference(const float *a, const float *b, size_t count) {
    double squares = 0;
    double errors = 0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)a[i] - (double)b[i];
        squares += (double)a[i] * (double)a[i];
        errors += d * d;
    }
    return errors > 0 ? errors / (squares > 0 ? squares : 1e-30) : errors;
}

typedef struct rivals {
    bd_session *sessions[2]; /* defaults, and what the trials chose */
    float *logits[2];
    double *ms[2]; /* of each run */
    uint8_t *input;
    bd_kernel_choice *choices;
    size_t logit_count;
} rivals;

static bd_result open_rivals(tuner *t, rivals *r, bd_error *error) {
    const bd_allocator *allocator = t->engine->allocator;
    r->logit_count = (size_t)bd_shape_elements(&t->graph->nodes[t->graph->output].shape);
    size_t bytes = (size_t)t->model->input_width * t->model->input_height * 3;
    r->input = bd_alloc(allocator, bytes);
    r->choices = bd_alloc_array(allocator, t->graph->count, sizeof *r->choices);
    bool made = r->input && r->choices;
    for (int i = 0; i < 2; i++) {
        r->logits[i] = bd_alloc_array(allocator, r->logit_count, sizeof(float));
        r->ms[i] = bd_alloc_array(allocator, t->runs, sizeof(double));
        made = made && r->logits[i] && r->ms[i];
    }
    if (!made) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    /* Neighbours alike, as in a photo, and some grain. */
    uint32_t seed = 1;
    for (size_t i = 0; i < bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        r->input[i] = (uint8_t)((i / 3 % 251 + i / 4099 % 241 + (seed >> 27)) & 255);
    }
    bd_result result = BD_OK;
    for (int i = 0; i < 2 && !result; i++) {
        const bd_network_params params = {.precision = t->precision, .choices = r->choices};
        if (i) {
            bd_tuning_choose(&t->found, &t->engine->vk, t->graph, t->precision, true, r->choices);
        } else {
            bd_kernel_defaults(&t->engine->vk, t->graph, t->precision, true, r->choices);
        }
        result = bd_session_make(t->engine, t->model, &params, allocator, &r->sessions[i], error);
        double ms;
        if (!result) { /* which warms up, too */
            result = bd_session_run_network(r->sessions[i], r->input, r->logits[i], &ms, NULL, NULL, error);
        }
    }
    return result;
}

static void close_rivals(const tuner *t, rivals *r) {
    const bd_allocator *allocator = t->engine->allocator;
    for (int i = 0; i < 2; i++) {
        bd_session_destroy(r->sessions[i]);
        bd_free(allocator, r->logits[i]);
        bd_free(allocator, r->ms[i]);
    }
    bd_free(allocator, r->input);
    bd_free(allocator, r->choices);
}

/* Both networks in turn. What the trials chose is kept when the network computes the same with it, no slower. */
static bd_result compare_networks(tuner *t, double ms[2], bool *better, bd_error *error) {
    rivals r = {.logit_count = 0};
    bd_result result = open_rivals(t, &r, error);
    for (uint32_t i = 0; i < 2 * t->runs && !result; i++) {
        result = bd_session_run_network(r.sessions[i % 2], NULL, NULL, &r.ms[i % 2][i / 2], NULL, NULL, error);
    }
    if (!result) {
        ms[0] = median(r.ms[0], t->runs);
        ms[1] = median(r.ms[1], t->runs);
        double limit = bd_precision_is_half(t->precision) ? 1e-3 : 1e-8;
        *better = ms[1] <= ms[0] && difference(r.logits[0], r.logits[1], r.logit_count) <= limit;
    }
    close_rivals(t, &r);
    return result;
}

/* ---- one precision ----------------------------------------------------------------------------------------------- */

static bd_result keep(tuner *t, bd_error *error) {
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < t->found.count && !result; i++) {
        const bd_tuning_entry *entry = &t->found.entries[i];
        result = bd_tuning_put(&t->engine->tuning, entry->signature, entry->name, entry->us, error);
    }
    return result;
}

static const char *const precision_names[] = {
    [BD_PRECISION_FP32] = "fp32", [BD_PRECISION_FP16] = "fp16", [BD_PRECISION_FAST16] = "fast16"};

static bd_result tune_precision(tuner *t, const bd_tune_params *params, bd_tune_result *out, double *best_ms,
                                bd_error *error) {
    bd_result result = BD_OK;
    for (uint32_t n = 0; n < t->graph->count && !result; n++) {
        if (params->progress) {
            char stage[64];
            (void)snprintf(stage, sizeof stage, "tuning %s, %u of %u", precision_names[t->precision], n + 1,
                           t->graph->count);
            params->progress(params->progress_user, stage);
        }
        result = tune_node(t, n, error);
    }
    double ms[2] = {0, 0};
    bool better = false;
    if (!result) {
        result = compare_networks(t, ms, &better, error);
    }
    if (!result && better) {
        result = keep(t, error);
    }
    if (result) {
        return result;
    }
    *best_ms = better ? ms[1] : ms[0];
    out->nodes += t->nodes;
    out->candidates += t->candidates;
    out->rejected += t->rejected;
    if (!out->tuned_ms || *best_ms < out->tuned_ms) {
        out->default_ms = ms[0];
        out->tuned_ms = *best_ms;
        out->precision = t->precision;
    }
    return BD_OK;
}

/* Which precision is faster for this network, where both were tried. */
static bd_result keep_precision(bd_engine *engine, const bd_model *model, const double ms[2], bd_error *error) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    if (!(ms[0] > 0 && ms[1] > 0)) {
        return BD_OK;
    }
    bd_tuning_network_signature(&model->graph, signature);
    return bd_tuning_put(&engine->tuning, signature, ms[1] < ms[0] ? "fp16" : "fp32", BD_MIN(ms[0], ms[1]) * 1e3,
                         error);
}

bd_result bd_engine_tune(bd_engine *engine, const bd_model *model, const bd_tune_params *params, bd_tune_result *result,
                         bd_error *error) {
    bd_tune_params own;
    bd_copy_params(&own, params, sizeof own);
    *result = (bd_tune_result){0};
    bool half = bd_session_can_half(engine, model);
    if (bd_precision_is_half(own.precision) && !half) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s has no kernels for half precision", engine->vk.info.name);
    }
    const bd_precision precisions[] = {BD_PRECISION_FP32, BD_PRECISION_FP16, BD_PRECISION_FAST16};
    double ms[BD_COUNT(precisions)] = {0};
    for (uint32_t i = 0; i < BD_COUNT(precisions); i++) {
        bool automatic = precisions[i] == BD_PRECISION_FP32 || (precisions[i] == BD_PRECISION_FP16 && half);
        if (own.precision == BD_PRECISION_AUTO ? !automatic : own.precision != precisions[i]) {
            continue;
        }
        tuner t = {.engine = engine,
                   .model = model,
                   .graph = &model->graph,
                   .precision = precisions[i],
                   .runs = own.runs ? own.runs : DEFAULT_RUNS,
                   .found = {.allocator = engine->allocator}};
        bd_result code = tune_precision(&t, &own, result, &ms[i], error);
        bd_tuning_finish(&t.found);
        if (code) {
            return code;
        }
    }
    bd_result code = keep_precision(engine, model, ms, error);
    if (code) {
        return code;
    }
    if (engine->tuning.path) {
        (void)snprintf(result->path, sizeof result->path, "%s", engine->tuning.path);
    }
    return bd_tuning_save(&engine->tuning, error);
}
