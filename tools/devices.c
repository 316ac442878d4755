/* SPDX-License-Identifier: MIT
 * The verb devices. */
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "devices.h"
#include "network.h"
#include "progress.h"
#include "report.h"

enum { DEVICES_MOST = 64 };

/* The default: the usable one with the highest score; count when there is none. */
static uint32_t best_device(const bd_device_info *devices, uint32_t count) {
    uint32_t best = count;
    for (uint32_t i = 0; i < count; i++) {
        if (devices[i].usable && (best == count || devices[i].score > devices[best].score)) {
            best = i;
        }
    }
    return best;
}

static void print_devices(const bd_device_info *devices, uint32_t count, uint32_t best) {
    for (uint32_t i = 0; i < count; i++) {
        const bd_device_info *device = &devices[i];
        printf("%c %u  %s\n       %s, Vulkan %u.%u.%u, driver %s, %.1f GiB, %s\n", i == best ? '*' : ' ', device->index,
               device->name, cli_device_kind_name(device->kind), device->api_version >> 22,
               device->api_version >> 12 & 0x3ffu, device->api_version & 0xfffu, device->driver,
               (double)device->memory_bytes / (1024.0 * 1024.0 * 1024.0),
               device->usable ? device->kernel_set : "not usable");
    }
}

bool cli_devices(cli *run) {
    if (run->options.operand_count) {
        return cli_fail(run, CLI_USAGE, "devices takes no arguments: %s", run->options.operands[0]);
    }
    bd_device_info *devices = calloc(DEVICES_MOST, sizeof *devices);
    if (!devices) {
        return cli_fail(run, CLI_OUT_OF_MEMORY, "out of memory");
    }
    bd_engine_params params;
    cli_engine_params(run, &params);
    uint32_t count = DEVICES_MOST;
    devices->struct_size = sizeof *devices;
    bd_result result = bd_devices(&params, devices, &count, &run->error);
    cli_progress_stop(run);
    if (result) {
        free(devices);
        return cli_failed(run);
    }
    count = count < DEVICES_MOST ? count : DEVICES_MOST;
    uint32_t best = best_device(devices, count);
    bool done;
    if (run->options.json) {
        cJSON *root = cJSON_CreateObject();
        cJSON *list = cJSON_AddArrayToObject(root, "devices");
        for (uint32_t i = 0; i < count; i++) {
            cJSON *item = cli_json_device(&devices[i]);
            cJSON_AddBoolToObject(item, "default", i == best);
            cJSON_AddItemToArray(list, item);
        }
        done = cli_print_json(run, root);
    } else {
        print_devices(devices, count, best);
        done = cli_flush(run);
    }
    free(devices);
    return done && (best < count || cli_fail(run, CLI_NO_DEVICE, "no Vulkan device that can be used"));
}
