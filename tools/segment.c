/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "claims.h"
#include "files.h"
#include "json.h"
#include "model.h"
#include "network.h"
#include "overlay.h"
#include "platform/path.h"
#include "progress.h"
#include "report.h"
#include "segment.h"
#include "series.h"

typedef struct segmenting {
    bd_image_file overlay_file;
    bd_image photo;
    bool many;
    cli_series series; /* of many */
    cli_network network;
    bd_segmentation found;
} segmenting;

/* Where the results of one photo go; NULL: nowhere. */
typedef struct targets {
    const char *labels, *overlay, *logits;
} targets;

static bool parse_many(cli *run, segmenting *s) {
    const cli_options *from = &run->options;
    const char *const names[] = {from->labels, from->overlay, from->logits};
    static const char *const options[] = {"labels", "overlay", "logits"};
    cli_outputs *outputs = &s->series.outputs;
    outputs->folder = from->output_dir;
    for (size_t i = 0; i < CLI_COUNT(names); i++) {
        if (names[i] && bd_path_name(names[i]) != names[i]) {
            return cli_fail(run, CLI_USAGE, "--%s %.200s: with --output-dir it is a name without a folder", options[i],
                            names[i]);
        }
        if (names[i] && !strstr(names[i], CLI_NAME)) {
            return cli_fail(run, CLI_USAGE, "--%s %.200s: with --output-dir it is a name with " CLI_NAME " in it",
                            options[i], names[i]);
        }
        if (names[i]) {
            outputs->patterns[outputs->pattern_count++] = names[i];
        }
    }
    if (!outputs->pattern_count) {
        return cli_fail(run, CLI_USAGE,
                        "--output-dir needs --labels, --overlay or --logits, with names such as '" CLI_NAME ".png'");
    }
    return cli_series_check(run) && cli_outputs_plan(run, outputs);
}

static bool parse(cli *run, segmenting *s) {
    const cli_options *from = &run->options;
    s->many = from->output_dir;
    if (!from->operand_count || (!s->many && from->operand_count > 1)) {
        return cli_fail(run, CLI_USAGE,
                        "segment takes one photo, with --output-dir several; see backdrop segment --help");
    }
    if (!cli_check_standard_output(run)) {
        return false;
    }
    if (from->photo_size && !from->labels) {
        return cli_fail(run, CLI_USAGE, "--photo-size needs --labels");
    }
    if (!cli_check_extension(run, &from->labels) || !cli_check_extension(run, &from->logits) ||
        (from->overlay && !cli_image_file(run, from->overlay, &s->overlay_file))) {
        return false;
    }
    if (s->many) {
        return parse_many(run, s);
    }
    return cli_outputs_check_absent(run) && cli_check_distinct(run) && cli_check_output(run, from->labels) &&
           cli_check_output(run, from->overlay) && cli_check_output(run, from->logits);
}

/* The overlay needs labels of the photo's size: the same run of the network gives them. */
static bool segment(cli *run, segmenting *s, const bd_image *photo, const char *name) {
    const cli_options *from = &run->options;
    const bd_segment_params params = {.struct_size = sizeof params,
                                      .map_size = from->photo_size ? BD_MAP_PHOTO : BD_MAP_RESIZED,
                                      .want_logits = from->logits != NULL,
                                      .want_photo_labels = from->overlay && !from->photo_size};
    bd_segmentation_finish(&s->found);
    s->found.struct_size = sizeof s->found;
    return !bd_session_segment(s->network.session, photo, &params, &s->found, &run->error) ||
           cli_failed_with(run, name);
}

static bool write_labels(cli *run, segmenting *s, const char *path) {
    uint8_t palette[256 * 3];
    uint32_t count = s->found.class_count < 256 ? s->found.class_count : 256;
    for (uint32_t c = 0; c < count; c++) {
        bd_pascal_color(c, palette + 3 * (size_t)c);
    }
    return cli_write_image(run, path, BD_IMAGE_FILE_PNG, &s->found.labels, palette, count);
}

static bool write_overlay(cli *run, segmenting *s, const bd_image *photo, const char *path) {
    const bd_image *labels = run->options.photo_size ? &s->found.labels : &s->found.photo_labels;
    bd_image picture = {.pixels = NULL};
    bool done = cli_overlay(photo, labels, &s->found, s->network.model.model, &picture) ||
                cli_fail(run, CLI_OUT_OF_MEMORY, "%s: out of memory", path);
    done = done && cli_write_image(run, path, s->overlay_file, &picture, NULL, 0);
    free(picture.pixels);
    return done;
}

static bool write_files(cli *run, segmenting *s, const bd_image *photo, const targets *to) {
    const bd_segmentation *found = &s->found;
    return (!to->labels || write_labels(run, s, to->labels)) &&
           (!to->overlay || write_overlay(run, s, photo, to->overlay)) &&
           (!to->logits || cli_write_npy(run, to->logits, found->logits, found->logits_height, found->logits_width,
                                         found->class_count));
}

static double share(const bd_segmentation *found, uint32_t c) {
    return (double)found->pixels_of_class[c] / ((double)found->labels.width * found->labels.height);
}

/* Classes with pixels, most first. Returns how many. */
static uint32_t sort_classes(const bd_segmentation *found, uint32_t *order) {
    uint32_t count = 0;
    for (uint32_t c = 0; c < found->class_count && c < 256; c++) {
        if (found->pixels_of_class[c]) {
            uint32_t at = count++;
            for (; at > 0 && found->pixels_of_class[order[at - 1]] < found->pixels_of_class[c]; at--) {
                order[at] = order[at - 1];
            }
            order[at] = c;
        }
    }
    return count;
}

static void add_classes(cJSON *root, const segmenting *s) {
    const bd_segmentation *found = &s->found;
    cJSON *map = cJSON_AddObjectToObject(root, "map");
    cJSON_AddNumberToObject(map, "width", found->labels.width);
    cJSON_AddNumberToObject(map, "height", found->labels.height);
    cJSON *classes = cJSON_AddArrayToObject(root, "classes");
    uint32_t order[256], count = sort_classes(found, order);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = bd_model_class_name(s->network.model.model, order[i]);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "index", order[i]);
        cli_json_text(item, "name", name ? name : "");
        cJSON_AddNumberToObject(item, "pixels", (double)found->pixels_of_class[order[i]]);
        cJSON_AddNumberToObject(item, "share", share(found, order[i]));
        cJSON_AddItemToArray(classes, item);
    }
}

static bool print_json(cli *run, const segmenting *s) {
    cJSON *root = cJSON_CreateObject();
    if (s->many) {
        cli_json_series(root, &s->series);
    } else {
        cJSON *photo = cJSON_AddObjectToObject(root, "photo");
        cli_json_text(photo, "path", run->options.operands[0]);
        cJSON_AddNumberToObject(photo, "width", s->photo.width);
        cJSON_AddNumberToObject(photo, "height", s->photo.height);
        add_classes(root, s);
    }
    cli_json_run(root, run, &s->network);
    return s->many ? cli_print_json_line(run, root) : cli_print_json(run, root);
}

static bool print_classes(cli *run, const segmenting *s) {
    uint32_t order[256], count = sort_classes(&s->found, order);
    cli_path room;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = bd_model_class_name(s->network.model.model, order[i]);
        printf("%3u  %-16s %6.2f %%\n", order[i], cli_printed(name ? name : "", &room),
               100.0 * share(&s->found, order[i]));
    }
    return cli_flush(run);
}

static bool uses_stdout(const cli_options *from) {
    return cli_is_dash(from->labels) || cli_is_dash(from->overlay) || cli_is_dash(from->logits);
}

static bool begin(cli *run, void *user, cli_job *job) {
    (void)run, (void)user, (void)job;
    return true;
}

static bool end(cli *run, void *user, cli_job *job, cJSON *item) {
    segmenting *s = user;
    const cli_options *from = &run->options;
    const cli_outputs *outputs = &s->series.outputs;
    const char *const names[] = {from->labels, from->overlay, from->logits};
    static const char *const keys[] = {"labels", "overlay", "logits"};
    cli_path paths[CLI_COUNT(names)];
    bool done = segment(run, s, &job->picture, job->photo->path);
    for (size_t i = 0; i < CLI_COUNT(names); i++) {
        done = done && (!names[i] || cli_output_make(run, outputs, job->photo, names[i], &paths[i]));
    }
    const targets to = {from->labels ? paths[0].text : NULL, from->overlay ? paths[1].text : NULL,
                        from->logits ? paths[2].text : NULL};
    if (!done || !write_files(run, s, &job->picture, &to)) {
        return false;
    }
    cJSON *output = cJSON_AddObjectToObject(item, "output");
    for (size_t i = 0; i < CLI_COUNT(names) && item; i++) {
        if (names[i]) {
            cli_json_text(output, keys[i], paths[i].text);
        }
    }
    if (item) {
        add_classes(item, s);
        return true;
    }
    return from->quiet || (printf("%s\n", cli_printed(job->photo->path, &paths[0])) >= 0 && print_classes(run, s));
}

static bool segment_many(cli *run, segmenting *s) {
    const cli_work work = {.user = s,
                           .in_flight = 1,
                           .keeps_picture = true,
                           .shown = BD_IMAGE_FILE_JPEG, /* the overlay has 8 bits */
                           .begin = begin,
                           .end = end};
    return cli_series_run(run, &s->network, &s->series, &work);
}

static bool compute(cli *run, segmenting *s) {
    const cli_options *from = &run->options;
    if (s->many && !run->photo_count) {
        return segment_many(run, s); /* nothing to ask a network for */
    }
    cli_network_begin(run, &s->network);
    if ((!s->many && !cli_read_image(run, from->operands[0], &s->photo)) ||
        !cli_model_open(run, from->model, &s->network.model) || !cli_network_start(run, &s->network)) {
        return false;
    }
    if (s->many) {
        return segment_many(run, s);
    }
    const targets to = {from->labels, from->overlay, from->logits};
    if (!segment(run, s, &s->photo, from->operands[0])) {
        return false;
    }
    cli_add_session_timings(run, &s->network);
    return write_files(run, s, &s->photo, &to);
}

bool cli_segment(cli *run) {
    segmenting s = {.photo = {.pixels = NULL}};
    bool done = parse(run, &s) && compute(run, &s);
    cli_progress_stop(run);
    if (done && run->options.verbose && s.network.engine) {
        cli_print_timings(run, &s.network);
    }
    if (run->options.json && (done || cli_series_begun(&s.series))) {
        done = print_json(run, &s) && done;
    } else if (done && !s.many && !uses_stdout(&run->options) && !run->options.quiet) {
        done = print_classes(run, &s);
    }
    bd_segmentation_finish(&s.found);
    bd_image_finish(&s.photo);
    cli_network_close(&s.network);
    cli_series_finish(&s.series);
    return done;
}
