/* SPDX-License-Identifier: MIT
 * Engines and their devices, as Vulkan knows them. */
#include "api/engine.h"
#include "backdrop_vulkan.h"
#include "kernel/column.h"
#include "vk/vk.h"

bd_result bd_engine_import(const bd_engine_params *params, const bd_vulkan_import *host, bd_engine **engine,
                           bd_error *error) {
    bd_vulkan_import copy;
    bd_result result = BD_PARAMS_READ(&copy, host, bd_vulkan_import, error);
    *engine = NULL;
    return result ? result : bd_engine_make(params, &copy, engine, error);
}

bd_result bd_vulkan_get_wanted(const bd_vulkan_import *host, bd_vulkan_wanted *wanted, bd_error *error) {
    bd_vulkan_import copy;
    bd_result result = BD_PARAMS_READ(&copy, host, bd_vulkan_import, error);
    /* Its chain points into itself, so that it does not grow. */
    if (!result && wanted->struct_size != sizeof *wanted) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                         "struct_size of bd_vulkan_wanted must be %zu, not %zu: this struct does not grow",
                         sizeof *wanted, wanted->struct_size);
    }
    if (result) {
        return result;
    }
    bd_vk vk;
    result = bd_column_want(&vk, &copy, error);
    if (!result) {
        bd_vk_features_write(&vk, wanted);
        bd_vk_finish(&vk);
    }
    return result;
}

bd_result bd_engine_vulkan(const bd_engine *engine, bd_vulkan_import *handles) {
    bd_vulkan_import all;
    bd_vk_host_handles(&engine->vk, &all);
    return bd_info_fill(handles, &all, sizeof all);
}
