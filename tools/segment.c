/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "files.h"
#include "model.h"
#include "network.h"
#include "overlay.h"
#include "progress.h"
#include "report.h"
#include "segment.h"

typedef struct segmenting {
    bd_image_file overlay_file;
    bd_image photo;
    cli_network network;
    bd_segmentation found;
} segmenting;

static bool parse(cli *run, segmenting *s) {
    const cli_options *from = &run->options;
    if (from->operand_count != 1) {
        return cli_fail(run, CLI_USAGE, "segment takes one photo; see backdrop segment --help");
    }
    int dashes = cli_is_dash(from->labels) + cli_is_dash(from->overlay) + cli_is_dash(from->logits) + from->json;
    if (dashes > 1) {
        return cli_fail(run, CLI_USAGE, "standard output takes one of the files or --json, not several");
    }
    if (from->photo_size && !from->labels) {
        return cli_fail(run, CLI_USAGE, "--photo-size needs --labels");
    }
    return cli_check_distinct(run) && cli_check_extension(run, &from->labels) &&
           cli_check_extension(run, &from->logits) &&
           (!from->overlay || cli_image_file(run, from->overlay, &s->overlay_file)) &&
           cli_check_output(run, from->labels) && cli_check_output(run, from->overlay) &&
           cli_check_output(run, from->logits);
}

/* The overlay needs labels of the photo's size: the same run of the network gives them. */
static bool segment(cli *run, segmenting *s) {
    const cli_options *from = &run->options;
    const bd_segment_params params = {.struct_size = sizeof params,
                                      .map_size = from->photo_size ? BD_MAP_PHOTO : BD_MAP_RESIZED,
                                      .want_logits = from->logits != NULL,
                                      .want_photo_labels = from->overlay && !from->photo_size};
    s->found.struct_size = sizeof s->found;
    if (bd_session_segment(s->network.session, &s->photo, &params, &s->found, &run->error)) {
        return cli_failed_with(run, run->options.operands[0]);
    }
    cli_add_session_timings(run, &s->network);
    return true;
}

static bool write_labels(cli *run, segmenting *s) {
    uint8_t palette[256 * 3];
    uint32_t count = s->found.class_count < 256 ? s->found.class_count : 256;
    for (uint32_t c = 0; c < count; c++) {
        bd_pascal_color(c, palette + 3 * (size_t)c);
    }
    return cli_write_image(run, run->options.labels, BD_IMAGE_FILE_PNG, &s->found.labels, palette, count);
}

static bool write_overlay(cli *run, segmenting *s) {
    const bd_image *labels = run->options.photo_size ? &s->found.labels : &s->found.photo_labels;
    bd_image picture = {.pixels = NULL};
    bool done = cli_overlay(&s->photo, labels, &s->found, s->network.model.model, &picture) ||
                cli_fail(run, CLI_OUT_OF_MEMORY, "%s: out of memory", run->options.overlay);
    done = done && cli_write_image(run, run->options.overlay, s->overlay_file, &picture, NULL, 0);
    free(picture.pixels);
    return done;
}

static bool write_files(cli *run, segmenting *s) {
    const cli_options *from = &run->options;
    const bd_segmentation *found = &s->found;
    return (!from->labels || write_labels(run, s)) && (!from->overlay || write_overlay(run, s)) &&
           (!from->logits || cli_write_npy(run, from->logits, found->logits, found->logits_height, found->logits_width,
                                           found->class_count));
}

static bool compute(cli *run, segmenting *s) {
    cli_network_begin(run, &s->network);
    return cli_read_image(run, run->options.operands[0], &s->photo) &&
           cli_model_open(run, run->options.model, &s->network.model) && cli_network_start(run, &s->network) &&
           segment(run, s);
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

static bool print_json(cli *run, const segmenting *s) {
    const bd_segmentation *found = &s->found;
    cJSON *root = cJSON_CreateObject();
    cJSON *photo = cJSON_AddObjectToObject(root, "photo");
    cJSON_AddStringToObject(photo, "path", run->options.operands[0]);
    cJSON_AddNumberToObject(photo, "width", s->photo.width);
    cJSON_AddNumberToObject(photo, "height", s->photo.height);
    cJSON *map = cJSON_AddObjectToObject(root, "map");
    cJSON_AddNumberToObject(map, "width", found->labels.width);
    cJSON_AddNumberToObject(map, "height", found->labels.height);
    cJSON *classes = cJSON_AddArrayToObject(root, "classes");
    uint32_t order[256], count = sort_classes(found, order);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = bd_model_class_name(s->network.model.model, order[i]);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "index", order[i]);
        cJSON_AddStringToObject(item, "name", name ? name : "");
        cJSON_AddNumberToObject(item, "pixels", (double)found->pixels_of_class[order[i]]);
        cJSON_AddNumberToObject(item, "share", share(found, order[i]));
        cJSON_AddItemToArray(classes, item);
    }
    cli_json_run(root, run, &s->network);
    return cli_print_json(run, root);
}

static bool print_classes(cli *run, const segmenting *s) {
    uint32_t order[256], count = sort_classes(&s->found, order);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = bd_model_class_name(s->network.model.model, order[i]);
        printf("%3u  %-16s %6.2f %%\n", order[i], name ? name : "", 100.0 * share(&s->found, order[i]));
    }
    return cli_flush(run);
}

static bool uses_stdout(const cli_options *from) {
    return cli_is_dash(from->labels) || cli_is_dash(from->overlay) || cli_is_dash(from->logits);
}

bool cli_segment(cli *run) {
    segmenting s = {.photo = {.pixels = NULL}};
    bool done = parse(run, &s) && compute(run, &s) && write_files(run, &s);
    cli_progress_stop(run);
    if (done && run->options.verbose) {
        cli_print_timings(run, &s.network);
    }
    if (done && run->options.json) {
        done = print_json(run, &s);
    } else if (done && !uses_stdout(&run->options) && !run->options.quiet) {
        done = print_classes(run, &s);
    }
    bd_segmentation_finish(&s.found);
    bd_image_finish(&s.photo);
    cli_network_close(&s.network);
    return done;
}
