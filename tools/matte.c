/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>

#include "cropping.h"
#include "files.h"
#include "key.h"
#include "mask.h"
#include "matte.h"
#include "model.h"
#include "network.h"
#include "progress.h"
#include "report.h"
#include "seen.h"

typedef struct matting {
    cli_matte matte;
    cli_cropping crop;
    bd_image photo, alpha;
    bd_image written; /* what is cut out of alpha */
    bd_image_file file;
    cli_network network;
} matting;

static bool parse(cli *run, matting *m) {
    const cli_options *from = &run->options;
    if (from->operand_count != 1) {
        return cli_fail(run, CLI_USAGE, "matte takes one photo; see backdrop matte --help");
    }
    if (!from->output || !*from->output) {
        return cli_fail(run, CLI_USAGE, "no output: give -o ALPHA.png");
    }
    if (from->json && cli_is_dash(from->output)) {
        return cli_fail(run, CLI_USAGE, "standard output takes the matte or --json, not both");
    }
    return cli_check_inputs(run) && cli_matte_parse(run, &m->matte) && cli_cropping_parse(run, &m->crop) &&
           cli_matte_file(run, &from->output, &m->file) && cli_check_output(run, from->output);
}

static bool compute(cli *run, matting *m) {
    cli_network_begin(run, &m->network);
    bd_matte_params *params = &m->matte.params;
    if (!cli_read_image(run, run->options.operands[0], &m->photo) || !cli_matte_open(run, &m->photo, &m->matte)) {
        return false;
    }
    if (cli_matte_needs_network(run) && (!cli_model_open(run, run->options.model, &m->network.model) ||
                                         !cli_classes(run, m->network.model.model, &params->classes))) {
        return false;
    }
    if (!cli_network_start(run, &m->network)) {
        return false;
    }
    if (bd_session_matte(m->network.session, &m->photo, params, &m->alpha, &run->error)) {
        return cli_failed_with(run, run->options.operands[0]);
    }
    cli_add_session_timings(run, &m->network);
    cli_note_seen(run, &m->network, &params->classes, run->options.operands[0]);
    cli_note_key(run, &m->network, run->options.operands[0]);
    if (m->crop.wanted) {
        cli_cropping_find(run, &m->crop, &m->alpha, run->options.operands[0]);
    }
    m->written = cli_cropping_view(&m->crop, &m->alpha);
    return true;
}

static bool print_json(cli *run, const matting *m) {
    cJSON *root = cJSON_CreateObject(), *output = cJSON_AddObjectToObject(root, "output");
    cJSON_AddStringToObject(output, "path", run->options.output);
    cJSON_AddNumberToObject(output, "width", m->written.width);
    cJSON_AddNumberToObject(output, "height", m->written.height);
    cJSON_AddNumberToObject(output, "depth", m->matte.params.wide ? 16 : 8);
    cli_cropping_json(output, &m->crop);
    cli_json_seen(root, &m->network, &m->matte.params.classes);
    cli_json_key(root, &m->network);
    cli_json_run(root, run, &m->network);
    return cli_print_json(run, root);
}

bool cli_matte_verb(cli *run) {
    matting m = {.photo = {.pixels = NULL}};
    bool done =
        parse(run, &m) && compute(run, &m) && cli_write_image(run, run->options.output, m.file, &m.written, NULL, 0);
    cli_progress_stop(run);
    if (done && run->options.verbose) {
        cli_print_timings(run, &m.network);
    }
    if (done && run->options.json) {
        done = print_json(run, &m);
    }
    bd_image_finish(&m.alpha);
    bd_image_finish(&m.photo);
    cli_matte_close(&m.matte);
    cli_network_close(&m.network);
    return done;
}
