/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "json.h"
#include "platform.h"
#include "platform/message.h"
#include "progress.h"
#include "report.h"

const char *cli_device_kind_name(bd_device_kind kind) {
    switch (kind) {
    case BD_DEVICE_INTEGRATED: return "integrated";
    case BD_DEVICE_DISCRETE: return "discrete";
    case BD_DEVICE_VIRTUAL: return "virtual";
    case BD_DEVICE_SOFTWARE: return "software";
    case BD_DEVICE_OTHER: break;
    }
    return "other";
}

cJSON *cli_json_device(const bd_device_info *device) {
    cJSON *object = cJSON_CreateObject();
    char version[32];
    (void)snprintf(version, sizeof version, "%u.%u.%u", device->api_version >> 22, device->api_version >> 12 & 0x3ffu,
                   device->api_version & 0xfffu);
    cJSON_AddNumberToObject(object, "index", device->index);
    cli_json_text(object, "name", device->name);
    cli_json_text(object, "driver", device->driver);
    cli_json_text(object, "kind", cli_device_kind_name(device->kind));
    cli_json_text(object, "vulkan", version);
    cli_json_text(object, "kernels", device->kernel_set);
    cJSON_AddNumberToObject(object, "memory_bytes", (double)device->memory_bytes);
    cJSON_AddBoolToObject(object, "usable", device->usable);
    cJSON_AddNumberToObject(object, "score", device->score);
    return object;
}

void cli_json_run(cJSON *root, const cli *run, const cli_network *network) {
    if (network->engine) {
        cJSON_AddItemToObject(root, "device", cli_json_device(&network->device));
        cJSON *model = cJSON_AddObjectToObject(root, "model");
        cli_json_text(model, "name", network->model.name);
        cli_json_text(model, "path", network->model.path.text);
    }
    cJSON *timings = cJSON_AddArrayToObject(root, "timings");
    for (uint32_t i = 0; i < run->timing_count; i++) {
        cJSON *timing = cJSON_CreateObject();
        cli_json_text(timing, "name", run->timings[i].name);
        cJSON_AddNumberToObject(timing, "ms", run->timings[i].ms);
        cJSON_AddBoolToObject(timing, "on_device", run->timings[i].device);
        cJSON_AddItemToArray(timings, timing);
    }
    cJSON_AddNumberToObject(root, "total_ms", cli_now_ms() - run->started_ms);
}

const char *cli_printed(const char *text, cli_path *room) {
    if (!cli_is_terminal(stdout)) {
        return text;
    }
    (void)snprintf(room->text, sizeof room->text, "%s", text);
    bd_message_make_line(room->text);
    return room->text;
}

bool cli_flush(cli *run) {
    if (fflush(stdout) || ferror(stdout)) {
        return cli_fail(run, CLI_UNWRITABLE, "standard output: cannot write: %s", strerror(errno));
    }
    return true;
}

static bool print(cli *run, cJSON *root, bool line) {
    char *text = !root ? NULL : line ? cJSON_PrintUnformatted(root) : cJSON_Print(root);
    cJSON_Delete(root);
    if (!text) {
        return cli_fail(run, CLI_OUT_OF_MEMORY, "out of memory");
    }
    printf("%s\n", text);
    cJSON_free(text);
    return cli_flush(run);
}

bool cli_print_json(cli *run, cJSON *root) {
    return print(run, root, false);
}

bool cli_print_json_line(cli *run, cJSON *root) {
    return print(run, root, true);
}

void cli_print_timings(cli *run, const cli_network *network) {
    const bd_device_info *device = &network->device;
    cli_say(run, "device %u: %s (%s), driver %s, %s kernels", device->index, device->name,
            cli_device_kind_name(device->kind), device->driver, device->kernel_set);
    cli_say(run, "model %s", network->model.name);
    for (uint32_t i = 0; i < run->timing_count; i++) {
        cli_say(run, "%-24s %9.1f ms%s", run->timings[i].name, run->timings[i].ms,
                run->timings[i].device ? " on the device" : "");
    }
    cli_say(run, "%-24s %9.1f ms", "total", cli_now_ms() - run->started_ms);
}
