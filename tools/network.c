/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mask.h"
#include "network.h"
#include "platform.h"
#include "progress.h"
#include "values.h"

static void print_log(void *user, bd_log_level level, const char *message) {
    if (level <= BD_LOG_INFO) {
        cli_say(user, "%s", message);
    }
}

void cli_engine_params(cli *run, bd_engine_params *params) {
    *params = (bd_engine_params){.struct_size = sizeof *params};
    params->device = run->options.device;
    params->kernel_set = run->options.kernels;
    if (run->options.verbose) {
        params->log = print_log;
        params->log_user = run;
    }
}

/* The first session for many photos times kernels for seconds, once a driver: fewer photos do not gain that. */
enum { MANY_PHOTOS = 16 };

static void open_engine(void *context) {
    cli_network *network = context;
    network->opened = bd_engine_create(&network->engine_params, &network->engine, &network->open_error);
}

void cli_network_begin(cli *run, cli_network *network) {
    cli_engine_params(run, &network->engine_params);
    const bool cached = bd_cache_folder(network->cache.text, sizeof network->cache.text);
    network->engine_params.cache_dir = cached ? network->cache.text : NULL;
    network->opening = bd_thread_start(&network->thread, open_engine, network);
}

static void await_engine(cli_network *network) {
    if (network->opening) {
        bd_thread_join(&network->thread);
        network->opening = false;
    } else if (!network->engine) {
        open_engine(network);
    }
}

bool cli_network_device(cli *run, cli_network *network) {
    cli_progress_stage(run, "opening the device");
    double started = cli_now_ms();
    await_engine(network);
    if (network->opened) {
        run->error = network->open_error;
        return cli_failed(run);
    }
    network->device.struct_size = sizeof network->device;
    bd_engine_device(network->engine, &network->device);
    /* What remains of it after the files are read. */
    cli_add_timing(run, "device", started);
    return true;
}

const char *cli_precision_name(bd_precision precision) {
    return precision == BD_PRECISION_FAST16 ? "fast16" : precision == BD_PRECISION_FP16 ? "fp16" : "fp32";
}

/* A network's size times a factor, as far from its multiples of 16 as it is: 513 becomes 257, 385, 641, 769. */
static uint32_t scaled(uint32_t size, double factor) {
    double blocks = round((double)(size - 1) * factor / 16);
    return (uint32_t)(blocks < 1 ? 1 : blocks) * 16 + (size - 1) % 16 + 1;
}

/* --tta */
static bool open_sizes(cli *run, cli_network *network) {
    const bd_model_info *info = &network->model.info;
    const char *text = run->options.tta;
    while (text && *text) {
        double factor;
        if (!cli_value_look(run, &run->options.tta, &text, &factor)) {
            return false;
        }
        if (factor == 0.0) {
            network->flip = true;
        } else if (network->size_count == CLI_COUNT(network->sizes)) {
            return cli_fail(run, CLI_USAGE, "--tta takes at most %zu factors", CLI_COUNT(network->sizes));
        } else if (factor < 0.999 || factor > 1.001) {
            if (!cli_model_open_sized(run, &network->model, scaled(info->input_width, factor),
                                      scaled(info->input_height, factor), &network->sizes[network->size_count++])) {
                return false;
            }
        }
    }
    return true;
}

bool cli_network_start(cli *run, cli_network *network) {
    unsigned precision;
    if (!cli_value_choice(run, &run->options.precision, &precision) || !open_sizes(run, network) ||
        !cli_network_device(run, network)) {
        return false;
    }
    const bd_model *sizes[CLI_COUNT(network->sizes)];
    for (uint32_t i = 0; i < network->size_count; i++) {
        sizes[i] = network->sizes[i].model;
    }
    double started = cli_now_ms();
    cli_progress_stage(run, "preparing the network");
    bd_session_params session = {.struct_size = sizeof session,
                                 .progress = cli_progress_report,
                                 .progress_user = run,
                                 .precision = (bd_precision)precision,
                                 .sizes = sizes,
                                 .size_count = network->size_count,
                                 .flip = network->flip,
                                 .closer = !run->options.tta && cli_matte_looks_closer(run),
                                 .many = run->photo_count >= MANY_PHOTOS};
    if (bd_session_create(network->engine, network->model.model, &session, &network->session, &run->error)) {
        return cli_failed_to_fit(run);
    }
    cli_add_timing(run, "session", started);
    return true;
}

void cli_network_close(cli_network *network) {
    if (network->opening) {
        await_engine(network);
    }
    bd_session_destroy(network->session);
    bd_engine_destroy(network->engine);
    for (uint32_t i = 0; i < network->size_count; i++) {
        cli_model_close(&network->sizes[i]);
    }
    cli_model_close(&network->model);
    network->session = NULL;
    network->engine = NULL;
}

void cli_add_session_timings(cli *run, const cli_network *network) {
    uint32_t room = (uint32_t)CLI_COUNT(run->timings) - run->timing_count;
    uint32_t count = bd_session_timings(network->session, run->timings + run->timing_count, room);
    run->timing_count += count < room ? count : room;
}
