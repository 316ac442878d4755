/* SPDX-License-Identifier: MIT
 * The verb tune: the fastest kernels for this device. */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "json.h"
#include "model.h"
#include "network.h"
#include "progress.h"
#include "report.h"
#include "tune.h"
#include "values.h"

static bool print_json(cli *run, const cli_network *network, const bd_tune_result *found) {
    cJSON *root = cJSON_CreateObject();
    cli_json_text(root, "precision", cli_precision_name(found->precision));
    cJSON_AddNumberToObject(root, "nodes", found->nodes);
    cJSON_AddNumberToObject(root, "candidates", found->candidates);
    cJSON_AddNumberToObject(root, "rejected", found->rejected);
    cJSON_AddNumberToObject(root, "default_ms", found->default_ms);
    cJSON_AddNumberToObject(root, "tuned_ms", found->tuned_ms);
    cli_json_text(root, "path", found->path);
    cli_json_run(root, run, network);
    return cli_print_json(run, root);
}

static bool tune(cli *run, cli_network *network, bd_tune_result *found) {
    bd_tune_params params = {.struct_size = sizeof params, .progress = cli_progress_report, .progress_user = run};
    if (run->options.operand_count) {
        return cli_fail(run, CLI_USAGE, "too many arguments: %s; see backdrop tune --help", run->options.operands[0]);
    }
    unsigned precision;
    if (!cli_value_choice(run, &run->options.precision, &precision)) {
        return false;
    }
    params.precision = (bd_precision)precision;
    cli_network_begin(run, network);
    if (!cli_model_open(run, run->options.model, &network->model) || !cli_network_device(run, network)) {
        return false;
    }
    double started = cli_now_ms();
    if (bd_engine_tune(network->engine, network->model.model, &params, found, &run->error)) {
        return cli_failed_to_fit(run);
    }
    cli_add_timing(run, "tune", started);
    return true;
}

bool cli_tune(cli *run) {
    cli_network network = {.engine = NULL};
    bd_tune_result found = {.struct_size = sizeof found};
    bool done = tune(run, &network, &found);
    cli_progress_stop(run);
    if (done && run->options.verbose) {
        cli_print_timings(run, &network);
    }
    if (done && run->options.json) {
        done = print_json(run, &network, &found);
    } else if (done) {
        printf("%s, %s: %u of the network's operations have a choice, %u kernels tried, %u of them wrong here\n",
               network.device.name, network.device.driver, found.nodes, found.candidates, found.rejected);
        printf("network %.3f ms as guessed, %.3f ms as tuned, %s\n", found.default_ms, found.tuned_ms,
               cli_precision_name(found.precision));
        printf("%s\n", found.path[0] ? found.path : "no cache folder: nothing is kept");
        done = cli_flush(run);
    }
    cli_network_close(&network);
    return done;
}
