/* SPDX-License-Identifier: MIT */
#include "api/engine.h"

#include "kernel/column.h"
#include "platform/environment.h"

bool bd_cache_folder(char *folder, size_t room) {
    const bool found = bd_own_cache_folder(folder, room);
    if (!found && room) {
        folder[0] = '\0';
    }
    return found;
}

bd_result bd_devices(const bd_engine_params *params, bd_device_info *infos, uint32_t *count, bd_error *error) {
    bd_engine_params copy;
    bd_result result = BD_PARAMS_READ(&copy, params, bd_engine_params, error);
    if (!result && *count) {
        result = bd_info_check(infos, "bd_device_info", error);
    }
    return result ? result : bd_vk_enumerate(&copy, bd_column_describe, infos, count, error);
}

bd_result bd_engine_make(const bd_engine_params *params, const bd_vulkan_import *host, bd_engine **engine,
                         bd_error *error) {
    *engine = NULL;
    bd_engine_params copy;
    bd_result result = BD_PARAMS_READ(&copy, params, bd_engine_params, error);
    if (!result) {
        result = bd_allocator_check(copy.allocator, error);
    }
    if (result) {
        return result;
    }
    bd_engine *made = bd_alloc_zero(copy.allocator, sizeof *made);
    if (!made) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    made->allocator = bd_keep_allocator(&made->hooks, copy.allocator);
    copy.allocator = made->allocator;
    atomic_init(&made->users, 1);
    bd_mutex_init(&made->tuning_lock);
    bd_weights_store_init(&made->weights);
    result = host ? bd_column_import(&made->vk, &copy, host, error) : bd_column_open(&made->vk, &copy, error);
    if (!result) {
        result = bd_tuning_init(&made->tuning, made->vk.cache_path, made->allocator, error);
    }
    if (result) {
        bd_engine_destroy(made);
        return result;
    }
    *engine = made;
    return BD_OK;
}

bd_result bd_engine_create(const bd_engine_params *params, bd_engine **engine, bd_error *error) {
    return bd_engine_make(params, NULL, engine, error);
}

void bd_engine_keep(bd_engine *engine) {
    atomic_fetch_add(&engine->users, 1);
}

void bd_engine_destroy(bd_engine *engine) {
    if (!engine || atomic_fetch_sub(&engine->users, 1) > 1) {
        return;
    }
    bd_weights_store_finish(&engine->weights);
    bd_tuning_finish(&engine->tuning);
    bd_mutex_finish(&engine->tuning_lock);
    bd_vk_finish(&engine->vk);
    bd_allocator hooks = engine->hooks;
    bd_free(engine->allocator ? &hooks : NULL, engine);
}

bd_result bd_engine_device(const bd_engine *engine, bd_device_info *info) {
    return bd_info_fill(info, &engine->vk.info, sizeof *info);
}

uint32_t bd_engine_validation_messages(const bd_engine *engine) {
    return engine->vk.validation_messages;
}
