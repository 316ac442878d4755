/* SPDX-License-Identifier: MIT
 * Times every candidate of every node on the device, inside the whole network on the same input, and keeps the fastest
 * of those that compute the same as the plain kernels. No feature is trusted for being advertised. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

enum { DEFAULT_RUNS = 9 };

/* The candidates of one node, in the order in which they are tried. */
typedef struct trial {
    bd_kernel_choice *choices;
    double *us; /* medians; 0: not measured */
    bool *rejected;
    uint32_t count;
    uint32_t blocks_from;  /* those from here on absorb a node, */
    uint32_t blocks_round; /* and are tried from this round on, when the absorbed one is done */
} trial;

typedef struct tuner {
    bd_engine *engine;
    const bd_model *model;
    const bd_graph *graph;
    bd_precision precision;
    uint32_t runs;
    bd_pool pool;
    trial *trials; /* one per node of the graph */
    uint32_t rounds;
    uint8_t *input; /* (h, w, 3) */
    bd_kernel_choice *choices;
    bd_node_timing *nodes;
    double *samples; /* step by step, runs of each */
    bd_tune_result *result;
} tuner;

/* ---- what is tried ----------------------------------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, uint32_t count) {
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 2];
}

static bool list_node(tuner *t, uint32_t n) {
    bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
    uint32_t count = bd_kernel_candidates(&t->engine->vk, t->graph, n, t->precision, found, BD_COUNT(found));
    trial *to = &t->trials[n];
    to->count = count;
    to->choices = bd_pool_alloc(&t->pool, (count + (size_t)1) * sizeof *to->choices);
    to->us = bd_pool_alloc(&t->pool, (count + (size_t)1) * sizeof *to->us);
    to->rejected = bd_pool_alloc(&t->pool, (count + (size_t)1) * sizeof *to->rejected);
    if (!to->choices || !to->us || !to->rejected) {
        return false;
    }
    uint32_t used = 0;
    uint32_t absorbed_count = 0;
    for (int blocks = 0; blocks < 2; blocks++) {
        to->blocks_from = blocks ? used : 0;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t absorbed = bd_kernel_absorbs(t->graph, n, &found[i]);
            if ((absorbed != BD_NO_NODE) == blocks) {
                to->choices[used++] = found[i];
                absorbed_count = blocks ? t->trials[absorbed].count : 0;
            }
        }
    }
    to->blocks_round = BD_MAX(to->blocks_from, absorbed_count);
    uint32_t rounds = to->blocks_from < count ? to->blocks_round + count - to->blocks_from : count;
    t->rounds = BD_MAX(t->rounds, rounds);
    t->result->candidates += count;
    t->result->nodes += count > 1;
    return true;
}

/* What node n tries in a round: an index, or count when it has nothing new. */
static uint32_t tried(const trial *n, uint32_t round) {
    if (round < n->blocks_from) {
        return round;
    }
    if (n->blocks_from < n->count && round >= n->blocks_round && round - n->blocks_round < n->count - n->blocks_from) {
        return n->blocks_from + round - n->blocks_round;
    }
    return n->count;
}

static const bd_kernel_choice *plain(const trial *n) {
    for (uint32_t i = 0; i < n->count; i++) {
        if (n->choices[i].family == BD_KERNEL_FAMILY_PLAIN) {
            return &n->choices[i];
        }
    }
    return n->choices;
}

static void choose_plain(tuner *t) {
    for (uint32_t n = 0; n < t->graph->count; n++) {
        t->choices[n] = *plain(&t->trials[n]);
        if (!t->trials[n].count) {
            t->choices[n] = (bd_kernel_choice){.split = 1, .precision = t->precision};
        }
    }
}

static void choose_round(tuner *t, uint32_t round) {
    choose_plain(t);
    for (uint32_t n = 0; n < t->graph->count; n++) {
        const trial *from = &t->trials[n];
        uint32_t i = tried(from, round);
        if (i < from->count && !from->rejected[i]) {
            t->choices[n] = from->choices[i];
        }
    }
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static bd_result open_session(tuner *t, bool keep_all, bd_session **session, bd_error *error) {
    const bd_network_params params = {.precision = t->precision, .keep_all = keep_all, .choices = t->choices};
    return bd_session_make(t->engine, t->model, &params, t->engine->allocator, session, error);
}

static bd_result run_once(tuner *t, bd_session *session, double *ms, bd_error *error) {
    return bd_session_run_network(session, t->input, NULL, ms, NULL, NULL, error);
}

/* A tensor of a run, as floats; to has room for pixels * c4 * 4. */
static bd_result read_tensor(const bd_graph *graph, const bd_session *session, uint32_t node, float *to,
                             bd_error *error) {
    const bd_network *network = &session->network;
    const bd_shape *shape = &graph->nodes[node].shape;
    size_t elements = (size_t)bd_shape_pixels(shape) * bd_shape_c4(shape) * 4;
    bool half = network->precision == BD_PRECISION_FP16 && !bd_plan_is_wide(graph, node);
    bd_result result = bd_vk_buffer_read(network->vk, &network->arena, network->plan.tensors[node].offset_bytes, to,
                                         elements * (half ? sizeof(uint16_t) : sizeof(float)), error);
    for (size_t i = half && !result ? elements : 0; i-- > 0;) { /* widened from the back, in place */
        uint16_t bits;
        memcpy(&bits, (const char *)to + i * sizeof bits, sizeof bits);
        to[i] = bd_half_to_float(bits);
    }
    return result;
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

/* Rounding differs by the order of sums, and errors of 16 bits grow over the layers. */
static double tolerance(bd_precision precision) {
    return precision == BD_PRECISION_FP16 ? 1e-3 : 1e-8;
}

/* The first node of a run that differs from the reference though the nodes it reads do not; BD_NO_NODE: all agree. */
static bd_result first_difference(const tuner *t, const bd_session *reference, const bd_session *session,
                                  uint32_t *found, bd_error *error) {
    const bd_plan *plan = &session->network.plan;
    *found = BD_NO_NODE;
    bd_result result = BD_OK;
    for (uint32_t s = 0; s < plan->step_count && !result; s++) {
        uint32_t n = plan->steps[s].node;
        const bd_shape *shape = &t->graph->nodes[n].shape;
        size_t elements = (size_t)bd_shape_pixels(shape) * bd_shape_c4(shape) * 4;
        float *a = bd_alloc(t->engine->allocator, 2 * elements * sizeof *a);
        if (!a) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
        }
        result = read_tensor(t->graph, reference, n, a, error);
        if (!result) {
            result = read_tensor(t->graph, session, n, a + elements, error);
        }
        bool differs = !result && !(difference(a, a + elements, elements) <= tolerance(t->precision));
        bd_free(t->engine->allocator, a);
        if (differs) {
            *found = n;
            break;
        }
    }
    return result;
}

/* Rejects the candidates of a round that compute something else, one after the other. */
static bd_result check_round(tuner *t, const bd_session *reference, uint32_t round, bd_error *error) {
    for (;;) {
        bd_session *session = NULL;
        uint32_t wrong = BD_NO_NODE;
        choose_round(t, round);
        bd_result result = open_session(t, true, &session, error);
        double ms;
        if (!result) {
            result = run_once(t, session, &ms, error);
        }
        if (!result) {
            result = first_difference(t, reference, session, &wrong, error);
        }
        bd_session_destroy(session);
        if (result || wrong == BD_NO_NODE) {
            return result;
        }
        trial *n = &t->trials[wrong];
        uint32_t i = tried(n, round);
        if (i >= n->count || n->rejected[i]) {
            return bd_fail(error, BD_ERR_DEVICE, "%s: node %s: the plain kernel gives two results",
                           t->engine->vk.info.name, t->graph->nodes[wrong].name);
        }
        n->rejected[i] = true;
        t->result->rejected++;
        bd_vk_log(&t->engine->vk, BD_LOG_WARNING, "%s computes node %s wrongly here and is not used",
                  n->choices[i].name, t->graph->nodes[wrong].name);
    }
}

/* Medians of each step; the candidates of the round get theirs. */
static bd_result time_round(tuner *t, uint32_t round, bd_error *error) {
    bd_session *session = NULL;
    choose_round(t, round);
    bd_result result = open_session(t, false, &session, error);
    uint32_t steps = 0;
    for (uint32_t r = 0; r < t->runs + 1 && !result; r++) {
        steps = t->graph->count;
        double ms;
        result = bd_session_run_network(session, r ? NULL : t->input, NULL, &ms, t->nodes, &steps, error);
        for (uint32_t s = 0; s < steps && r && !result; s++) { /* the first run warms up */
            t->samples[(size_t)s * t->runs + r - 1] = t->nodes[s].device_ms * 1e3;
        }
    }
    for (uint32_t s = 0; s < steps && !result; s++) {
        trial *n = &t->trials[session->network.steps[s].index];
        uint32_t i = tried(n, round);
        if (i < n->count && !n->rejected[i]) {
            n->us[i] = median(t->samples + (size_t)s * t->runs, t->runs);
        }
    }
    bd_session_destroy(session);
    return result;
}

/* ---- choosing ---------------------------------------------------------------------------------------------------- */

/* The fastest measured of first..end-1; count when there is none. */
static uint32_t fastest(const trial *n, uint32_t first, uint32_t end) {
    uint32_t best = n->count;
    for (uint32_t i = first; i < end; i++) {
        if (n->us[i] > 0 && !n->rejected[i] && (best == n->count || n->us[i] < n->us[best])) {
            best = i;
        }
    }
    return best;
}

static bd_result keep_fastest(tuner *t, bd_error *error) {
    bd_result result = BD_OK;
    for (uint32_t n = 0; n < t->graph->count && !result; n++) {
        const trial *of = &t->trials[n];
        uint32_t best = fastest(of, 0, of->blocks_from);
        uint32_t block = fastest(of, of->blocks_from, of->count);
        if (block < of->count) {
            const trial *inner = &t->trials[bd_kernel_absorbs(t->graph, n, &of->choices[block])];
            uint32_t inner_best = fastest(inner, 0, inner->blocks_from);
            if (best == of->count || inner_best == inner->count ||
                of->us[block] < of->us[best] + inner->us[inner_best]) {
                best = block;
            }
        }
        if (of->count > 1 && best < of->count) {
            char signature[BD_TUNING_SIGNATURE_BYTES];
            bd_tuning_signature(t->graph, n, t->precision, signature);
            result = bd_tuning_put(&t->engine->tuning, signature, of->choices[best].name, of->us[best], error);
        }
    }
    return result;
}

/* Whole networks in turn: defaults, and what was chosen. */
static bd_result compare_networks(tuner *t, double *default_ms, double *tuned_ms, bd_error *error) {
    bd_session *sessions[2] = {NULL, NULL};
    bd_result result = BD_OK;
    for (int i = 0; i < 2 && !result; i++) {
        if (i) {
            bd_tuning_choose(&t->engine->tuning, &t->engine->vk, t->graph, t->precision, t->choices);
        } else {
            bd_kernel_defaults(&t->engine->vk, t->graph, t->precision, true, t->choices);
        }
        double ms;
        result = open_session(t, false, &sessions[i], error);
        if (!result) {
            result = run_once(t, sessions[i], &ms, error);
        }
    }
    double *of[2] = {t->samples, t->samples + t->runs};
    for (uint32_t r = 0; r < t->runs && !result; r++) {
        for (int i = 0; i < 2 && !result; i++) {
            result = bd_session_run_network(sessions[i], NULL, NULL, &of[i][r], NULL, NULL, error);
        }
    }
    if (!result) {
        *default_ms = median(of[0], t->runs);
        *tuned_ms = median(of[1], t->runs);
    }
    bd_session_destroy(sessions[0]);
    bd_session_destroy(sessions[1]);
    return result;
}

/* ---- one precision ----------------------------------------------------------------------------------------------- */

static bd_result prepare(tuner *t, bd_error *error) {
    size_t nodes = t->graph->count;
    size_t bytes = (size_t)t->model->input_width * t->model->input_height * 3;
    t->trials = bd_pool_alloc(&t->pool, nodes * sizeof *t->trials);
    t->choices = bd_pool_alloc(&t->pool, nodes * sizeof *t->choices);
    t->nodes = bd_pool_alloc(&t->pool, nodes * sizeof *t->nodes);
    t->samples = bd_pool_alloc(&t->pool, (nodes + 2) * t->runs * sizeof *t->samples);
    t->input = bd_pool_alloc(&t->pool, bytes);
    bool made = t->trials && t->choices && t->nodes && t->samples && t->input;
    for (uint32_t n = 0; made && n < nodes; n++) {
        made = list_node(t, n);
    }
    /* Neighbours alike, as in a photo, and some grain. */
    uint32_t seed = 1;
    for (size_t i = 0; made && i < bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        t->input[i] = (uint8_t)((i / 3 % 251 + i / 4099 % 241 + (seed >> 27)) & 255);
    }
    return made ? BD_OK : bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
}

static bd_result tune_precision(tuner *t, const bd_tune_params *params, double *ms, bd_error *error) {
    bd_session *reference = NULL;
    bd_result result = prepare(t, error);
    if (!result) {
        choose_plain(t);
        result = open_session(t, true, &reference, error);
    }
    double once;
    if (!result) {
        result = run_once(t, reference, &once, error);
    }
    t->rounds = t->result->nodes ? t->rounds : 0;
    for (uint32_t round = 0; round < t->rounds && !result; round++) {
        if (params->progress) {
            char stage[64];
            (void)snprintf(stage, sizeof stage, "tuning %s, round %u of %u",
                           t->precision == BD_PRECISION_FP16 ? "fp16" : "fp32", round + 1, t->rounds);
            params->progress(params->progress_user, stage);
        }
        result = check_round(t, reference, round, error);
        if (!result) {
            result = time_round(t, round, error);
        }
    }
    bd_session_destroy(reference);
    if (!result) {
        result = keep_fastest(t, error);
    }
    double default_ms = 0;
    if (!result) {
        result = compare_networks(t, &default_ms, ms, error);
    }
    if (!result && (!t->result->tuned_ms || *ms < t->result->tuned_ms)) {
        t->result->default_ms = default_ms;
        t->result->tuned_ms = *ms;
        t->result->precision = t->precision;
    }
    bd_pool_finish(&t->pool);
    return result;
}

bd_result bd_engine_tune(bd_engine *engine, const bd_model *model, const bd_tune_params *params, bd_tune_result *result,
                         bd_error *error) {
    bd_tune_params own;
    bd_copy_params(&own, params, sizeof own);
    *result = (bd_tune_result){0};
    bool half = bd_session_can_half(engine, model);
    if (own.precision == BD_PRECISION_FP16 && !half) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s has no kernels for half precision", engine->vk.info.name);
    }
    const bd_precision precisions[] = {BD_PRECISION_FP32, BD_PRECISION_FP16};
    double ms[2] = {0, 0};
    for (uint32_t i = 0; i < BD_COUNT(precisions); i++) {
        if ((own.precision != BD_PRECISION_AUTO && own.precision != precisions[i]) ||
            (precisions[i] == BD_PRECISION_FP16 && !half)) {
            continue;
        }
        tuner t = {.engine = engine,
                   .model = model,
                   .graph = &model->graph,
                   .precision = precisions[i],
                   .runs = own.runs ? own.runs : DEFAULT_RUNS,
                   .pool = {.allocator = engine->allocator},
                   .result = result};
        bd_result code = tune_precision(&t, &own, &ms[i], error);
        if (code) {
            bd_pool_finish(&t.pool);
            return code;
        }
    }
    if (ms[0] > 0 && ms[1] > 0) {
        char signature[BD_TUNING_SIGNATURE_BYTES];
        bool faster = ms[1] < ms[0];
        bd_tuning_network_signature(&model->graph, signature);
        bd_result code =
            bd_tuning_put(&engine->tuning, signature, faster ? "fp16" : "fp32", (faster ? ms[1] : ms[0]) * 1e3, error);
        if (code) {
            return code;
        }
    }
    if (engine->tuning.path) {
        (void)snprintf(result->path, sizeof result->path, "%s", engine->tuning.path);
    }
    return bd_tuning_save(&engine->tuning, error);
}
