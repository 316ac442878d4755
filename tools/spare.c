/* SPDX-License-Identifier: MIT
 * Kernels are tuned in the time that a series spends on reading and writing files: a thread of its own takes one short
 * step after the other while the series lends it the engine. What it finds is for the runs to come: this one keeps its
 * kernels, so that all its photos are made alike. */
#include <cjson/cJSON.h>

#include "json.h"
#include "progress.h"
#include "spare.h"
#include "values.h"

/* One step; its failure ends the tuning and nothing else. */
static void step(cli_spare *s) {
    if (bd_tuner_step(s->tuner, 0, &s->error)) {
        s->failed = true;
    }
}

static void tune(void *context) {
    cli_spare *s = context;
    bd_mutex_lock(&s->mutex);
    while (!s->stop && !s->state.done) {
        if (!s->lent) {
            bd_condition_wait(&s->changed, &s->mutex);
            continue;
        }
        s->busy = true;
        bd_mutex_unlock(&s->mutex);
        step(s);
        bd_mutex_lock(&s->mutex);
        s->state.struct_size = sizeof s->state;
        bd_tuner_get_state(s->tuner, &s->state);
        s->busy = false;
        bd_condition_signal(&s->changed);
    }
    bd_mutex_unlock(&s->mutex);
}

static bool start_thread(cli_spare *s) {
    bd_mutex_init(&s->mutex);
    bd_condition_init(&s->changed);
    bool started = bd_thread_start(&s->thread, tune, s);
    if (!started) {
        bd_condition_finish(&s->changed);
        bd_mutex_finish(&s->mutex);
    }
    return started;
}

bool cli_spare_parse(cli *run, cli_spare *s) {
    s->forced = run->options.tune_share != NULL;
    return cli_value_number(run, &run->options.tune_share, &s->share);
}

void cli_spare_start(cli *run, const cli_network *network, cli_spare *s) {
    bd_tune_params params = {.struct_size = sizeof params};
    bd_error error;
    unsigned precision;
    bool wanted = !run->options.no_tune && s->share > 0 && network->cache.text[0] &&
                  (s->forced || network->device.kind != BD_DEVICE_SOFTWARE);
    if (!wanted || !cli_value_choice(run, &run->options.precision, &precision)) {
        return;
    }
    params.precision = (bd_precision)precision;
    if (bd_tuner_create(network->engine, network->model.model, &params, &s->tuner, &error)) {
        return;
    }
    s->state.struct_size = sizeof s->state;
    bd_tuner_get_state(s->tuner, &s->state);
    s->started = !s->state.done && start_thread(s);
    if (!s->started) {
        bd_tuner_destroy(s->tuner);
        s->tuner = NULL;
    }
}

void cli_spare_lend(cli_spare *s) {
    if (!s->tuner || s->waited_ms * 100 > (double)s->share * (cli_now_ms() - s->begun_ms)) {
        return;
    }
    bd_mutex_lock(&s->mutex);
    s->lent = true;
    bd_condition_signal(&s->changed);
    bd_mutex_unlock(&s->mutex);
}

void cli_spare_take(cli_spare *s) {
    if (!s->tuner) {
        return;
    }
    bd_mutex_lock(&s->mutex);
    double from = cli_now_ms();
    bool waits = s->busy;
    s->lent = false;
    while (s->busy) {
        bd_condition_wait(&s->changed, &s->mutex);
    }
    s->waited_ms += waits ? cli_now_ms() - from : 0;
    bd_mutex_unlock(&s->mutex);
}

void cli_spare_stop(cli_spare *s) {
    if (!s->tuner) {
        return;
    }
    bd_mutex_lock(&s->mutex);
    s->lent = false;
    s->stop = true;
    bd_condition_signal(&s->changed);
    bd_mutex_unlock(&s->mutex);
    bd_thread_join(&s->thread);
    bd_condition_finish(&s->changed);
    bd_mutex_finish(&s->mutex);
    bd_tuner_destroy(s->tuner);
    s->tuner = NULL;
}

void cli_spare_say(cli *run, const cli_spare *s) {
    const bd_tune_result *found = &s->state.result;
    if (!s->started) {
        return;
    }
    if (s->failed) {
        cli_say(run, "tuning meanwhile ended: %s", s->error.message);
    } else if (s->state.done) {
        cli_say(run,
                "tuned meanwhile, for the next run: %u kernels tried, network %.3f ms as guessed, %.3f ms as tuned",
                found->candidates, found->default_ms, found->tuned_ms);
    } else {
        cli_say(run, "tuned meanwhile: %.0f %% done, %u kernels tried; goes on in the next run", s->state.share * 100,
                found->candidates);
    }
    cli_say(run, "%-24s %9.1f ms", "waited for the tuning", s->waited_ms);
}

void cli_spare_json(cJSON *root, const cli_spare *s) {
    const bd_tune_result *found = &s->state.result;
    if (!s->started) {
        return;
    }
    cJSON *object = cJSON_AddObjectToObject(root, "tuning");
    cJSON_AddBoolToObject(object, "done", s->state.done && !s->failed);
    cJSON_AddNumberToObject(object, "share", s->state.share);
    cJSON_AddNumberToObject(object, "candidates", found->candidates);
    cJSON_AddNumberToObject(object, "rejected", found->rejected);
    cJSON_AddNumberToObject(object, "waited_ms", s->waited_ms);
    if (s->failed) {
        cli_json_text(object, "error", s->error.message);
    } else if (s->state.done) {
        cJSON_AddNumberToObject(object, "default_ms", found->default_ms);
        cJSON_AddNumberToObject(object, "tuned_ms", found->tuned_ms);
    }
}
