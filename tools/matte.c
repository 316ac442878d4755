/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <cjson/cJSON.h>

#include "claims.h"
#include "cropping.h"
#include "files.h"
#include "json.h"
#include "key.h"
#include "mask.h"
#include "matte.h"
#include "model.h"
#include "network.h"
#include "progress.h"
#include "report.h"
#include "seen.h"
#include "series.h"

typedef struct matting {
    cli_matte matte;
    cli_cropping crop;
    bd_image photo, alpha;
    bd_image written; /* what is cut out of alpha */
    bd_image_file file;
    bool many;
    cli_series series; /* of many */
    char pattern[20];  /* of its results */
    cli_network network;
} matting;

static bool parse(cli *run, matting *m) {
    const cli_options *from = &run->options;
    m->many = from->output_dir;
    if (!from->operand_count || (!m->many && from->operand_count > 1)) {
        return cli_fail(run, CLI_USAGE, "matte takes one photo, with --output-dir several; see backdrop matte --help");
    }
    if (!cli_matte_parse(run, &m->matte) || !cli_cropping_parse(run, &m->crop)) {
        return false;
    }
    if (m->many) {
        char ending[8];
        if (!cli_matte_file(run, &from->output, &m->file)) {
            return false;
        }
        cli_form_ending(m->file, ending);
        (void)snprintf(m->pattern, sizeof m->pattern, CLI_NAME "%s", ending);
        m->series.outputs.folder = from->output_dir;
        m->series.outputs.patterns[0] = m->pattern;
        m->series.outputs.pattern_count = 1;
        return cli_series_check(run) && cli_outputs_plan(run, &m->series.outputs);
    }
    return cli_outputs_check_absent(run) && cli_choose_output(run) && cli_check_inputs(run) &&
           cli_matte_file(run, &from->output, &m->file) && cli_check_output(run, from->output) &&
           cli_check_distinct(run);
}

/* The matte of a photo, in m->written; classes follows --class auto. */
static bool make(cli *run, matting *m, const bd_image *photo, const char *name, bd_class_set *classes) {
    bd_matte_params params = m->matte.params;
    bool again = false;
    do {
        params.classes = *classes;
        if (bd_session_matte(m->network.session, photo, &params, &m->alpha, &run->error)) {
            return cli_failed_with(run, name);
        }
        again = cli_seen_again(&m->network, !again, classes);
    } while (again);
    cli_note_key(run, &m->network, name);
    if (m->crop.wanted) {
        cli_cropping_find(run, &m->crop, &m->alpha, name);
    }
    m->written = cli_cropping_view(&m->crop, &m->alpha);
    return true;
}

static void add_output(cJSON *object, const matting *m, const char *path) {
    cJSON *output = cJSON_AddObjectToObject(object, "output");
    cli_json_text(output, "path", path);
    cJSON_AddNumberToObject(output, "width", m->written.width);
    cJSON_AddNumberToObject(output, "height", m->written.height);
    cJSON_AddNumberToObject(output, "depth", m->matte.params.wide ? 16 : 8);
    cli_cropping_json(output, &m->crop);
}

static bool begin(cli *run, void *user, cli_job *job) {
    (void)run;
    job->classes = ((const matting *)user)->matte.params.classes;
    return true;
}

static bool end(cli *run, void *user, cli_job *job, cJSON *item) {
    matting *m = user;
    const cli_outputs *outputs = &m->series.outputs;
    const char *name = job->photo->path;
    cli_path path;
    if (!make(run, m, &job->picture, name, &job->classes)) {
        return false;
    }
    job->without = cli_seen_none(&m->network, &job->classes);
    cli_json_seen(item, &m->network, &job->classes);
    cli_json_key(item, &m->network);
    bool done = cli_seen_note(run, &m->network, &job->classes, name) &&
                cli_output_make(run, outputs, job->photo, outputs->patterns[0], &path) &&
                cli_write_image(run, path.text, m->file, &m->written, NULL, 0);
    if (done) {
        add_output(item, m, path.text);
    }
    return done;
}

static bool matte_many(cli *run, matting *m) {
    const cli_work work = {.user = m,
                           .in_flight = 1,
                           .keeps_picture = true,
                           .shown = BD_IMAGE_FILE_JPEG, /* a matte looks at 8 bits */
                           .begin = begin,
                           .end = end};
    return cli_series_run(run, &m->network, &m->series, &work);
}

static bool compute(cli *run, matting *m) {
    bd_class_set *classes = &m->matte.params.classes;
    if (m->many && !run->photo_count) {
        return matte_many(run, m); /* nothing to ask a network for */
    }
    const char *name = run->options.operands[0];
    cli_network_begin(run, &m->network);
    if ((!m->many && !cli_read_image(run, name, &m->photo)) || !cli_matte_open(run, &m->photo, &m->matte)) {
        return false;
    }
    if (cli_matte_needs_network(run) && (!cli_model_open(run, run->options.model, &m->network.model) ||
                                         !cli_classes_parse(run, &m->network, classes))) {
        return false;
    }
    if (!cli_network_start(run, &m->network)) {
        return false;
    }
    if (m->many) {
        return matte_many(run, m);
    }
    if (!make(run, m, &m->photo, name, classes)) {
        return false;
    }
    cli_add_session_timings(run, &m->network);
    return cli_seen_note(run, &m->network, classes, name) &&
           cli_write_image(run, run->options.output, m->file, &m->written, NULL, 0);
}

static bool print_json(cli *run, const matting *m) {
    cJSON *root = cJSON_CreateObject();
    if (m->many) {
        cli_json_series(root, &m->series);
    } else {
        add_output(root, m, run->options.output);
        cli_json_seen(root, &m->network, &m->matte.params.classes);
        cli_json_key(root, &m->network);
    }
    cli_json_run(root, run, &m->network);
    return m->many ? cli_print_json_line(run, root) : cli_print_json(run, root);
}

bool cli_matte_verb(cli *run) {
    matting m = {.photo = {.pixels = NULL}};
    bool done = parse(run, &m) && compute(run, &m);
    cli_progress_stop(run);
    if (done && run->options.verbose && m.network.engine) {
        cli_print_timings(run, &m.network);
    }
    if (run->options.json && (done || cli_series_begun(&m.series))) {
        done = print_json(run, &m) && done;
    }
    bd_image_finish(&m.alpha);
    bd_image_finish(&m.photo);
    cli_matte_close(&m.matte);
    cli_network_close(&m.network);
    cli_series_finish(&m.series);
    return done;
}
