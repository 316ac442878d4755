/* SPDX-License-Identifier: MIT
 * Times every candidate of every node on the device and keeps the fastest of those that compute what the plain kernels
 * do. No feature is trusted for being advertised, and no choice that does not make the whole network faster. */
#include "api/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network/probe.h"
#include "network/tuned_kernels.h"

enum { DEFAULT_RUNS = 9, MOST_ATTEMPTS = 2 };
#define PATIENCE_MS 20.0 /* on the device, of a step's runs */
#define WARM_MS 40.0
#define UNFINISHED "unfinished"

static const char *precision_name(bd_precision precision) {
    static const char *const names[] = {
        [BD_PRECISION_FP32] = "fp32", [BD_PRECISION_FP16] = "fp16", [BD_PRECISION_FAST16] = "fast16"};
    return names[precision];
}

/* ---- what is kept ------------------------------------------------------------------------------------------------ */

static void name_trial(const bd_tuner *t, uint32_t node, char *signature, char name[BD_TUNING_SIGNATURE_BYTES]) {
    static const char prefix[] = "trial ";
    bd_tuning_signature(t->graph, node, t->precisions[t->at], signature);
    (void)snprintf(name, BD_TUNING_SIGNATURE_BYTES, "%s%.*s", prefix, (int)(BD_TUNING_SIGNATURE_BYTES - sizeof prefix),
                   signature);
}

static void name_network(const bd_tuner *t, char name[BD_TUNING_SIGNATURE_BYTES]) {
    char network[BD_TUNING_SIGNATURE_BYTES];
    bd_tuning_network_signature(t->graph, network);
    (void)snprintf(name, BD_TUNING_SIGNATURE_BYTES, "tuned %.31s %s %.64s", t->engine->vk.info.kernel_set,
                   precision_name(t->precisions[t->at]), network);
}

/* A folder that cannot be written to is an error at the end, not after every node. */
static bd_result save_progress(bd_tuner *t, bd_error *error) {
    bd_result result = t->whole ? BD_OK : bd_tuning_save(&t->engine->tuning, error);
    return result == BD_ERR_FILE_WRITE ? BD_OK : result;
}

/* Notes that a node's trials have begun: a driver that does not survive them must not be given them in every job. */
static bd_result note_attempt(bd_tuner *t, const char *name, bd_error *error) {
    const bd_tuning_entry *before = bd_tuning_find(&t->engine->tuning, name);
    double attempts = before && !strcmp(before->name, UNFINISHED) ? before->us : 0;
    bd_result result = bd_tuning_put(&t->engine->tuning, name, UNFINISHED, attempts + 1, error);
    return result ? result : save_progress(t, error);
}

static void forgive_attempt(bd_tuner *t) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    char name[BD_TUNING_SIGNATURE_BYTES];
    name_trial(t, t->node, signature, name);
    const bd_tuning_entry *entry = bd_tuning_find(&t->engine->tuning, name);
    if (!entry || strcmp(entry->name, UNFINISHED) != 0) {
        return;
    }
    if (entry->us < 2) {
        bd_tuning_drop(&t->engine->tuning, name);
    } else {
        (void)bd_tuning_put(&t->engine->tuning, name, UNFINISHED, entry->us - 1, NULL);
    }
    (void)save_progress(t, NULL);
}

/* Takes over what an earlier job found of a node, after checking it: *known when there is nothing left to try. */
static bd_result recall(bd_tuner *t, const char *signature, const char *name, bool *known, bd_error *error) {
    const bd_tuning_entry *entry = bd_tuning_find(&t->engine->tuning, name);
    *known = entry && !strcmp(entry->name, UNFINISHED) && entry->us >= MOST_ATTEMPTS;
    for (uint32_t i = 0; i < t->count && entry && !*known; i++) {
        if (!strcmp(t->list[i].name, entry->name)) {
            *known = true;
            return bd_tuning_put(&t->found, signature, entry->name, entry->us, error);
        }
    }
    return BD_OK;
}

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

static bd_result report(const bd_tuner *t, bd_error *error) {
    char stage[64];
    (void)snprintf(stage, sizeof stage, "tuning %s", precision_name(t->precisions[t->at]));
    bool go_on = !t->params.progress || t->params.progress(t->params.progress_user, stage, t->node, t->graph->count);
    return go_on ? BD_OK : bd_fail(error, BD_ERR_CANCELLED, "stopped by the caller");
}

/* Shapes that were seen before are not tried again. */
static bd_result begin_node(bd_tuner *t, bd_error *error) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    char name[BD_TUNING_SIGNATURE_BYTES];
    bd_op op = t->graph->nodes[t->node].op;
    bd_result result = report(t, error);
    if (result) {
        return result;
    }
    t->count =
        bd_kernel_candidates(&t->engine->vk, t->graph, t->node, t->precisions[t->at], t->list, BD_COUNT(t->list));
    name_trial(t, t->node, signature, name);
    bool choice = t->count > 1 || (t->count && op == BD_OP_DEPTHWISE); /* a block is weighed against it */
    if (!choice || op == BD_OP_CONCAT || bd_tuning_find(&t->found, signature)) {
        t->node++;
        return BD_OK;
    }
    bool known = false;
    if (!t->whole) {
        result = recall(t, signature, name, &known, error);
        if (!result && !known) {
            result = note_attempt(t, name, error);
        }
    }
    if (result || known) {
        t->nodes += t->count > 1;
        t->node++;
        return result;
    }
    bool can;
    t->candidate = 0;
    t->prepared = false;
    memset(t->verdicts, 0, sizeof t->verdicts);
    result = bd_trial_open(&t->engine->vk, t->graph, t->node, t->list, t->count, &t->trial, error);
    return result || !t->whole ? result : bd_trial_prepare(t->trial, t->list, t->count, &can, error);
}

/* Its pipelines, then one run that is checked; once all are through that, the runs that are timed. */
static bd_result try_candidate(bd_tuner *t, bd_error *error) {
    const bd_kernel_choice *choice = &t->list[t->candidate % t->count];
    bd_kernel_verdict *verdict = &t->verdicts[t->candidate % t->count];
    if (t->candidate >= t->count) {
        uint32_t runs = t->whole ? t->runs : BD_MAX(t->runs, 2u);
        t->candidate++;
        if (!verdict->correct) {
            return BD_OK;
        }
        bd_result result = bd_trial_time(t->trial, choice, runs, t->whole ? INFINITY : PATIENCE_MS, verdict, error);
        verdict->ms = t->clock ? t->clock(choice, 0) : verdict->ms;
        return result;
    }
    if (!t->prepared) {
        bd_result result = bd_trial_prepare(t->trial, choice, 1, &t->prepared, error);
        t->candidate += !result && !t->prepared;
        return result;
    }
    bd_result result = bd_trial_check(t->trial, choice, verdict, error);
    t->candidate++;
    t->prepared = false;
    return result;
}

static void count_verdicts(bd_tuner *t) {
    t->nodes += t->count > 1;
    t->candidates += t->count;
    for (uint32_t i = 0; i < t->count; i++) {
        if (!t->verdicts[i].correct) {
            t->rejected++;
            bd_vk_log(&t->engine->vk, BD_LOG_WARNING, "%s computes node %s wrongly here and is not used",
                      t->list[i].name, t->graph->nodes[t->node].name);
        }
    }
}

/* What the nodes before cost that a choice of this one absorbs, in microseconds: the one before may absorb one itself, and
 * no longer does when it is absorbed. false: that was not measured. */
static bool absorbed_us(const bd_tuner *t, const bd_kernel_choice *choice, double *us) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    bd_precision precision = t->precisions[t->at];
    uint32_t inner = bd_kernel_absorbs(t->graph, t->node, choice);
    bd_tuning_signature(t->graph, inner, precision, signature);
    const bd_tuning_entry *apart = bd_tuning_find(&t->found, signature); /* inputs come first */
    bd_kernel_choice of_inner;
    *us = apart ? apart->us : 0;
    if (apart && bd_tuning_choice(&t->found, &t->engine->vk, t->graph, inner, precision, &of_inner)) {
        uint32_t innermost = bd_kernel_absorbs(t->graph, inner, &of_inner);
        if (innermost != BD_NO_NODE) {
            bd_tuning_signature(t->graph, innermost, precision, signature);
            const bd_tuning_entry *first = bd_tuning_find(&t->found, signature);
            *us -= first ? first->us : 0;
        }
    }
    return apart != NULL;
}

/* The fastest that absorbs no node, and the fastest that does, are weighed; t->count: there is none. */
static uint32_t fastest(const bd_tuner *t, double *us) {
    uint32_t best[2] = {t->count, t->count}; /* [absorbs a node] */
    double least[2] = {INFINITY, INFINITY};
    for (uint32_t i = 0; i < t->count; i++) {
        double one = t->verdicts[i].correct ? t->verdicts[i].ms * 1e3 : 0;
        bool absorbs = bd_kernel_absorbs(t->graph, t->node, &t->list[i]) != BD_NO_NODE;
        if (one > 0 && one < least[absorbs]) {
            least[absorbs] = one;
            best[absorbs] = i;
        }
    }
    bool block = false;
    if (best[1] < t->count) {
        double apart;
        block = !absorbed_us(t, &t->list[best[1]], &apart) || least[1] < least[0] + apart;
    }
    *us = least[block];
    return best[block];
}

static bd_result end_node(bd_tuner *t, bd_error *error) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    char name[BD_TUNING_SIGNATURE_BYTES];
    double us;
    uint32_t best = fastest(t, &us);
    count_verdicts(t);
    bd_trial_close(t->trial);
    t->trial = NULL;
    name_trial(t, t->node, signature, name);
    t->node++;
    if (best == t->count) {
        return BD_OK;
    }
    bd_result result = bd_tuning_put(&t->found, signature, t->list[best].name, us, error);
    if (!result && !t->whole) {
        result = bd_tuning_put(&t->engine->tuning, name, t->list[best].name, us, error);
    }
    return result ? result : save_progress(t, error);
}

static bd_result step_node(bd_tuner *t, bd_error *error) {
    if (t->trial) {
        return t->candidate < 2 * t->count ? try_candidate(t, error) : end_node(t, error);
    }
    if (t->node < t->graph->count) {
        return begin_node(t, error);
    }
    t->stage = BD_TUNE_RIVALS;
    return BD_OK;
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

/* The input of both networks: smooth, as a photo, with some noise. */
static void paint(uint8_t *input, size_t bytes) {
    uint32_t seed = 1;
    for (size_t i = 0; i < bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        input[i] = (uint8_t)((i / 3 % 251 + i / 4099 % 241 + (seed >> 27)) & 255);
    }
}

static bd_result prepare_rivals(bd_tuner *t, bd_error *error) {
    const bd_allocator *allocator = t->engine->allocator;
    bd_rivals *r = &t->rivals;
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
    paint(r->input, bytes);
    return BD_OK;
}

/* What runs without any tuning, what passed the probe included. */
static bd_result choose_defaults(bd_tuner *t, bd_kernel_choice *choices, bd_error *error) {
    bd_vk *vk = &t->engine->vk;
    bd_kernel_defaults(vk, t->graph, t->precisions[t->at], true, choices);
    if (!bd_probe_serves(vk, t->precisions[t->at])) {
        return BD_OK;
    }
    bd_result result = bd_probe(&t->engine->tuning, vk, t->graph, t->precisions[t->at], error);
    if (!result) {
        bd_probe_choose(&t->engine->tuning, vk, t->graph, t->precisions[t->at], true, choices);
    }
    return result;
}

static bd_result open_rival(bd_tuner *t, bd_error *error) {
    bd_rivals *r = &t->rivals;
    bd_result result = r->input ? BD_OK : prepare_rivals(t, error);
    if (result) {
        return result;
    }
    bd_precision precision = t->precisions[t->at];
    const bd_network_params params = {.precision = precision, .choices = r->choices};
    if (r->opened) {
        bd_tuning_choose(&t->found, &t->engine->vk, t->graph, precision, true, r->choices);
    } else {
        result = choose_defaults(t, r->choices, error);
    }
    bd_session **session = &r->sessions[r->opened];
    if (!result) {
        result = bd_session_make(t->engine, t->model, &params, t->engine->allocator, session, error);
    }
    double ms;
    if (!result) { /* which warms up, too */
        result = bd_session_run_network(*session, r->input, r->logits[r->opened], &ms, NULL, NULL, error);
    }
    t->stage = ++r->opened == 2 ? BD_TUNE_RUNS : BD_TUNE_RIVALS;
    return result;
}

static void close_rivals(bd_tuner *t) {
    const bd_allocator *allocator = t->engine->allocator;
    bd_rivals *r = &t->rivals;
    for (int i = 0; i < 2; i++) {
        bd_session_destroy(r->sessions[i]);
        bd_free(allocator, r->logits[i]);
        bd_free(allocator, r->ms[i]);
    }
    bd_free(allocator, r->input);
    bd_free(allocator, r->choices);
    *r = (bd_rivals){.logit_count = 0};
}

/* ---- one precision ----------------------------------------------------------------------------------------------- */

static void close_precision(bd_tuner *t) {
    bd_trial_close(t->trial);
    t->trial = NULL;
    close_rivals(t);
    bd_tuning_finish(&t->found);
}

/* The next precision that has not been tuned by an earlier job. */
static void begin_precision(bd_tuner *t) {
    char name[BD_TUNING_SIGNATURE_BYTES];
    for (; t->at < t->precision_count; t->at++) {
        name_network(t, name);
        const bd_tuning_entry *entry = t->whole ? NULL : bd_tuning_find(&t->engine->tuning, name);
        if (!entry) {
            break;
        }
        if (strcmp(entry->name, "failed") != 0) {
            t->best_ms[t->precisions[t->at] - BD_PRECISION_FP32] = entry->us * 1e-3;
        }
    }
    t->done = t->at == t->precision_count;
    t->stage = BD_TUNE_NODES;
    t->node = t->nodes = t->candidates = t->rejected = 0;
}

static bd_result keep(bd_tuner *t, bool better, double best_ms, bd_error *error) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    char name[BD_TUNING_SIGNATURE_BYTES];
    bd_tuning *tuning = &t->engine->tuning;
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < t->found.count && better && !result; i++) {
        const bd_tuning_entry *entry = &t->found.entries[i];
        result = bd_tuning_put(tuning, entry->signature, entry->name, entry->us, error);
    }
    for (uint32_t n = 0; n < t->graph->count && !result; n++) {
        name_trial(t, n, signature, name);
        bd_tuning_drop(tuning, name);
    }
    name_network(t, name);
    return result ? result : bd_tuning_put(tuning, name, better ? "tuned" : "default", best_ms * 1e3, error);
}

/* Which precision is faster for this network, where both were tried. */
static bd_result keep_precision(bd_tuner *t, bd_error *error) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    const double *ms = t->best_ms;
    if (!(ms[0] > 0 && ms[1] > 0)) {
        return BD_OK;
    }
    bd_tuning_network_signature(t->graph, signature);
    return bd_tuning_put(&t->engine->tuning, signature, ms[1] < ms[0] ? "fp16" : "fp32", BD_MIN(ms[0], ms[1]) * 1e3,
                         error);
}

static void add_counts(const bd_tuner *t, bd_tune_result *to) {
    to->nodes += t->nodes;
    to->candidates += t->candidates;
    to->rejected += t->rejected;
}

static void add_result(bd_tuner *t, const double ms[2], double best_ms) {
    bd_tune_result *out = &t->result;
    add_counts(t, out);
    if (!out->tuned_ms || best_ms < out->tuned_ms) {
        out->default_ms = ms[0];
        out->tuned_ms = best_ms;
        out->precision = t->precisions[t->at];
    }
    t->best_ms[t->precisions[t->at] - BD_PRECISION_FP32] = best_ms;
}

/* What the trials chose is kept when the network computes the same with it, no slower. */
static bd_result end_precision(bd_tuner *t, bd_error *error) {
    bd_rivals *r = &t->rivals;
    const double ms[] = {median(r->ms[0], t->runs), median(r->ms[1], t->runs)};
    double limit = bd_precision_is_half(t->precisions[t->at]) ? 1e-3 : 1e-8;
    bool better = ms[1] <= ms[0] && difference(r->logits[0], r->logits[1], r->logit_count) <= limit;
    double best_ms = better ? ms[1] : ms[0];
    bd_result result = keep(t, better, best_ms, error);
    if (result) {
        return result;
    }
    add_result(t, ms, best_ms);
    close_precision(t);
    t->at++;
    begin_precision(t);
    if (!t->done) {
        return save_progress(t, error);
    }
    result = keep_precision(t, error);
    return result ? result : bd_tuning_save(&t->engine->tuning, error);
}

/* A GPU that was idle is slow for some time (kernel/trial.c): one precision would be measured then, and the other not. */
static bd_result warm_up(bd_tuner *t, bd_error *error) {
    const double least = t->whole ? WARM_MS : PATIENCE_MS / 2;
    double spent = 0;
    bd_result result = BD_OK;
    for (uint32_t i = 0; spent < least && t->engine->vk.info.kind != BD_DEVICE_SOFTWARE && !result; i++) {
        double ms;
        result = bd_session_run_network(t->rivals.sessions[i % 2], NULL, NULL, &ms, NULL, NULL, error);
        spent += fmax(ms, 0.1);
    }
    return result;
}

/* Both networks in turn. */
static bd_result run_rival(bd_tuner *t, bd_error *error) {
    bd_rivals *r = &t->rivals;
    uint32_t i = r->ran % 2;
    double *ms = &r->ms[i][r->ran / 2];
    bd_result result = r->ran ? BD_OK : warm_up(t, error);
    if (result) {
        return result;
    }
    result = bd_session_run_network(r->sessions[i], NULL, NULL, ms, NULL, NULL, error);
    *ms = t->clock ? t->clock(NULL, i) : *ms;
    r->ran++;
    return result || r->ran < 2 * t->runs ? result : end_precision(t, error);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* A device that fails at it would do so in the next job, too; short memory and a full disk are temporary, so they are
 * not recorded. */
static void give_up(bd_tuner *t, bd_result why) {
    bool temporary = why == BD_ERR_OUT_OF_MEMORY || why == BD_ERR_OUT_OF_DEVICE_MEMORY || why == BD_ERR_FILE_WRITE ||
                     why == BD_ERR_CANCELLED;
    char name[BD_TUNING_SIGNATURE_BYTES];
    if (!t->whole && !temporary && t->at < t->precision_count) {
        name_network(t, name);
        (void)bd_tuning_put(&t->engine->tuning, name, "failed", 1, NULL);
        (void)save_progress(t, NULL);
    } else if (!t->whole && t->trial) {
        forgive_attempt(t);
    }
    close_precision(t);
    t->done = true;
}

bd_result bd_tuner_step(bd_tuner *t, double budget_ms, bd_error *error) {
    double until = bd_now_ms() + budget_ms;
    bd_result result = BD_OK;
    bd_mutex_lock(&t->engine->tuning_lock);
    while (!t->done && !result) {
        switch (t->stage) {
        case BD_TUNE_NODES: result = step_node(t, error); break;
        case BD_TUNE_RIVALS: result = open_rival(t, error); break;
        case BD_TUNE_RUNS: result = run_rival(t, error); break;
        }
        if (!(bd_now_ms() < until)) {
            break;
        }
    }
    if (result) {
        give_up(t, result);
    }
    bd_mutex_unlock(&t->engine->tuning_lock);
    return result;
}

bd_result bd_tuner_create(bd_engine *engine, const bd_model *model, const bd_tune_params *params, bd_tuner **tuner,
                          bd_error *error) {
    *tuner = NULL;
    bd_tune_params copy;
    bd_result result = BD_PARAMS_READ(&copy, params, bd_tune_params, error);
    if (result) {
        return result;
    }
    bool half = bd_session_can_half(engine, model);
    if (bd_precision_is_half(copy.precision) && !half) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s has no kernels for half precision", engine->vk.info.name);
    }
    bd_tuner *t = bd_alloc_zero(engine->allocator, sizeof *t);
    if (!t) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    t->engine = engine;
    bd_engine_keep(engine);
    t->model = model;
    t->graph = &model->graph;
    t->params = copy;
    t->runs = copy.runs ? copy.runs : DEFAULT_RUNS;
    t->found.allocator = engine->allocator;
    if (copy.precision != BD_PRECISION_AUTO) {
        t->precisions[t->precision_count++] = copy.precision;
    } else {
        t->precisions[t->precision_count++] = BD_PRECISION_FP32;
        t->precisions[t->precision_count] = BD_PRECISION_FP16;
        t->precision_count += half;
    }
    if (engine->tuning.path) {
        (void)snprintf(t->result.path, sizeof t->result.path, "%s", engine->tuning.path);
    }
    bd_mutex_lock(&engine->tuning_lock);
    begin_precision(t);
    bd_mutex_unlock(&engine->tuning_lock);
    *tuner = t;
    return BD_OK;
}

void bd_tuner_destroy(bd_tuner *t) {
    if (!t) {
        return;
    }
    bd_engine *engine = t->engine;
    bd_mutex_lock(&engine->tuning_lock);
    if (!t->whole && t->trial) {
        forgive_attempt(t);
    }
    close_precision(t);
    bd_mutex_unlock(&engine->tuning_lock);
    bd_free(engine->allocator, t);
    bd_engine_destroy(engine);
}

bd_result bd_tuner_get_state(const bd_tuner *t, bd_tuner_state *state) {
    double all = (double)t->precision_count * t->graph->count;
    bd_tuner_state now = {.done = t->done, .share = 1, .result = t->result};
    if (!t->done) {
        now.share = ((double)t->at * t->graph->count + t->node) / all;
        add_counts(t, &now.result);
    }
    now.result.struct_size = sizeof now.result;
    return bd_info_fill(state, &now, sizeof now);
}

bd_result bd_engine_tune(bd_engine *engine, const bd_model *model, const bd_tune_params *params, bd_tune_result *result,
                         bd_error *error) {
    bd_tuner *t;
    bd_result code = bd_info_check(result, "bd_tune_result", error);
    if (!code) {
        code = bd_tuner_create(engine, model, params, &t, error);
    }
    if (code) {
        return code;
    }
    t->whole = true;
    t->at = 0;
    bd_mutex_lock(&engine->tuning_lock);
    begin_precision(t);
    bd_mutex_unlock(&engine->tuning_lock);
    code = bd_tuner_step(t, INFINITY, error);
    bd_info_give(result, &t->result, sizeof t->result);
    bd_tuner_destroy(t);
    return code;
}
