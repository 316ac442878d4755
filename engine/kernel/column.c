/* SPDX-License-Identifier: MIT */
#include "kernel/column.h"

#include <stdio.h>
#include <string.h>

#include "vk/device.h"
#include "vk/features.h"
#include "vk/host.h"

/* Texel buffers may be as small as 65536 elements (SwiftShader's are); a 16-megapixel photo needs as many as it has
 * pixels. */
enum { TEXEL_ELEMENTS = 1 << 24 };

bool bd_column_runs(const bd_vk_traits *traits, bd_column column) {
    switch (column) {
    case BD_COLUMN_STORAGE: return true;
    case BD_COLUMN_TEXEL: return traits->texel_elements >= TEXEL_ELEMENTS;
    case BD_COLUMN_WIDE8: return bd_column_runs(traits, BD_COLUMN_TEXEL) && traits->shuffle_lanes == 8 && traits->int64;
    default: return false;
    }
}

/* GPUs read storage; software devices take the last column that they can run. */
static bd_column column_for(const bd_vk_traits *traits, bd_device_kind kind) {
    uint32_t column = kind == BD_DEVICE_SOFTWARE ? BD_COLUMN_COUNT - 1 : BD_COLUMN_STORAGE;
    while (!bd_column_runs(traits, (bd_column)column)) {
        column--;
    }
    return (bd_column)column;
}

const char *bd_kernel_set_name(uint32_t index) {
    return index < BD_COLUMN_COUNT ? bd_column_names[index] : NULL;
}

static void name_column(bd_device_info *info, const char *name) {
    (void)snprintf(info->kernel_set, sizeof info->kernel_set, "%s", name);
}

void bd_column_describe(const bd_vk_traits *traits, bd_device_info *info) {
    name_column(info, info->usable ? bd_column_names[column_for(traits, info->kind)] : "none");
}

static bd_result find_column(const bd_vk *vk, const char *name, uint32_t *column, bd_error *error) {
    char list[128] = "";
    for (*column = 0; *column < BD_COLUMN_COUNT && strcmp(name, bd_column_names[*column]) != 0; ++*column) {
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", *column ? ", " : "", bd_column_names[*column]);
    }
    if (*column == BD_COLUMN_COUNT) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no kernel set %s; there is: %s", name, list);
    }
    if (!bd_column_runs(&vk->traits, (bd_column)*column)) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s cannot run kernel set %s", vk->info.name, name);
    }
    return BD_OK;
}

static bd_result choose(bd_vk *vk, const bd_engine_params *params, bd_error *error) {
    bd_result result = BD_OK;
    vk->column = column_for(&vk->traits, vk->info.kind);
    if (params->kernel_set) {
        result = find_column(vk, params->kernel_set, &vk->column, error);
    }
    if (result) {
        bd_vk_finish(vk);
        return result;
    }
    name_column(&vk->info, bd_column_names[vk->column]);
    return BD_OK;
}

/* Whatever was chosen: tests change the column of an open device. */
static void want(bd_vk *vk) {
    bool wide = bd_column_runs(&vk->traits, BD_COLUMN_WIDE8);
    bd_vk_features_want(vk, wide, wide);
}

bd_result bd_column_open(bd_vk *vk, const bd_engine_params *params, bd_error *error) {
    bd_result result = bd_vk_find(vk, params, error);
    if (!result) {
        result = choose(vk, params, error);
    }
    if (result) {
        return result;
    }
    want(vk);
    return bd_vk_start(vk, params, error);
}

bd_result bd_column_import(bd_vk *vk, const bd_engine_params *params, const bd_vulkan_import *host, bd_error *error) {
    bd_result result = bd_vk_host_find(vk, params, host, error);
    if (!result) {
        result = bd_vk_host_take(vk, host, error);
    }
    if (!result) {
        result = choose(vk, params, error);
    }
    if (result) {
        return result;
    }
    vk->addresses = vk->addresses && bd_column_runs(&vk->traits, BD_COLUMN_WIDE8);
    return bd_vk_start(vk, params, error);
}

bd_result bd_column_want(bd_vk *vk, const bd_vulkan_import *host, bd_error *error) {
    const bd_engine_params params = {.struct_size = sizeof params};
    bd_result result = bd_vk_host_find(vk, &params, host, error);
    if (!result) {
        want(vk);
    }
    return result;
}
