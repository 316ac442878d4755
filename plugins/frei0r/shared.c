/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "shared.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct shared_engine {
    shared_engine *next;
    unsigned users;
    bool lost;
    char *device;
    bd_engine *engine;
};

struct shared_model {
    shared_model *next;
    unsigned users;
    char *name;
    bd_model *model;
};

/* Held while one is opened, too, so that none is opened twice. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static shared_engine *engines;
static shared_model *models;

static void out_of_memory(bd_error *error) {
    *error = (bd_error){.code = BD_ERR_OUT_OF_MEMORY, .message = "out of memory"};
}

/* ---- engines ------------------------------------------------------------------------------------------------------ */

static shared_engine *create_engine(const char *device, bd_error *error) {
    char cache[4096];
    /* The command's, so that what `backdrop tune` found serves here, too. */
    const bool cached = bd_cache_folder(cache, sizeof cache);
    const bd_engine_params params = {
        .struct_size = sizeof params, .device = *device ? device : NULL, .cache_dir = cached ? cache : NULL};
    shared_engine *made = calloc(1, sizeof *made);
    char *name = strdup(device);
    if (!made || !name) {
        out_of_memory(error);
    } else if (!bd_engine_create(&params, &made->engine, error)) {
        made->device = name;
        made->next = engines;
        engines = made;
        return made;
    }
    free(name);
    free(made);
    return NULL;
}

shared_engine *shared_engine_take(const char *device, bd_error *error) {
    (void)pthread_mutex_lock(&lock);
    shared_engine *found = engines;
    while (found && (found->lost || strcmp(found->device, device) != 0)) {
        found = found->next;
    }
    found = found ? found : create_engine(device, error);
    if (found) {
        found->users++;
    }
    (void)pthread_mutex_unlock(&lock);
    return found;
}

void shared_engine_release(shared_engine *engine) {
    if (!engine) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    if (!--engine->users) {
        shared_engine **at = &engines;
        while (*at != engine) {
            at = &(*at)->next;
        }
        *at = engine->next;
        bd_engine_destroy(engine->engine);
        free(engine->device);
        free(engine);
    }
    (void)pthread_mutex_unlock(&lock);
}

bd_engine *shared_engine_get(const shared_engine *engine) {
    return engine->engine;
}

void shared_engine_lost(shared_engine *engine) {
    (void)pthread_mutex_lock(&lock);
    engine->lost = true;
    (void)pthread_mutex_unlock(&lock);
}

/* ---- models ------------------------------------------------------------------------------------------------------- */

static shared_model *create_model(const char *name, bd_error *error) {
    shared_model *made = calloc(1, sizeof *made);
    char *copy = strdup(name);
    if (!made || !copy) {
        out_of_memory(error);
    } else if (!bd_weights_open_model(NULL, *name ? name : NULL, NULL, &made->model, error)) {
        made->name = copy;
        made->next = models;
        models = made;
        return made;
    }
    free(copy);
    free(made);
    return NULL;
}

shared_model *shared_model_take(const char *name, bd_error *error) {
    (void)pthread_mutex_lock(&lock);
    shared_model *found = models;
    while (found && strcmp(found->name, name) != 0) {
        found = found->next;
    }
    found = found ? found : create_model(name, error);
    if (found) {
        found->users++;
    }
    (void)pthread_mutex_unlock(&lock);
    return found;
}

void shared_model_release(shared_model *model) {
    if (!model) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    if (!--model->users) {
        shared_model **at = &models;
        while (*at != model) {
            at = &(*at)->next;
        }
        *at = model->next;
        bd_model_destroy(model->model);
        free(model->name);
        free(model);
    }
    (void)pthread_mutex_unlock(&lock);
}

const bd_model *shared_model_get(const shared_model *model) {
    return model->model;
}
