/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "model.h"
#include "platform.h"
#include "platform/file_system.h"
#include "platform/path.h"
#include "progress.h"
#include "values.h"
#include "weights.h"

enum { CLASSES_MOST = 256 };

static bool is_folder(const char *path) {
    return bd_path_look(path) == BD_PATH_FOLDER;
}

static bool has_separator(const char *text) {
    while (*text && !bd_path_is_separator(*text)) {
        text++;
    }
    return *text;
}

/* Names that do not fit the model would name the wrong classes. */
static bool check_names(cli *run, uint32_t names, const cli_model *model) {
    return names == model->info.class_count ||
           cli_fail(run, CLI_USAGE, "--class-names %.200s: %u names, the model has %u classes", run->options.names,
                    names, model->info.class_count);
}

static bool check_set(cli *run, const char *set, const cli_model *model) {
    enum { BENCHMARK = 150 }; /* of ADE20K: models of other counts have a background in front or a part of it */
    const char *usual = bd_class_set_guess(model->info.class_count);
    uint32_t names = 0;
    while (bd_class_name(set, names, BENCHMARK)) {
        names++;
    }
    return (usual && !strcmp(set, usual)) || check_names(run, names, model);
}

/* Class names, one a line. */
static bool read_names(cli *run, const char *path, char **text, const char ***names, uint32_t *count) {
    FILE *file = cli_open_file(path);
    if (!file) {
        return cli_fail(run, CLI_UNREADABLE, "%s: %s", path, strerror(errno));
    }
    enum { MOST = 1 << 16 };
    char *all = calloc(1, MOST + 1);
    const char **list = calloc(CLASSES_MOST, sizeof *list);
    size_t bytes = all ? fread(all, 1, MOST, file) : 0;
    bool ok = all && list && !ferror(file);
    (void)fclose(file);
    *count = 0;
    for (char *at = all, *end; ok && at < all + bytes; at = end + 1) {
        end = at + strcspn(at, "\r\n");
        *end = '\0';
        if (*at && *count < CLASSES_MOST) {
            list[(*count)++] = at;
        }
    }
    if (!ok || !*count) {
        free(all);
        free((void *)list);
        return cli_fail(run, CLI_USAGE, "%s: no class names, one a line", path);
    }
    *text = all;
    *names = list;
    return true;
}

/* Its colours differ, as no range's do. */
static bool is_imagenet(const bd_model_info *info) {
    return fabsf(info->input_mean[0] - 0.485f) < 1e-4f && fabsf(info->input_deviation[0] - 0.229f) < 1e-4f;
}

static void say_notes(cli *run, const char *path, const bd_model_info *info) {
    if (run->options.quiet) {
        return;
    }
    if (info->in_float) {
        cli_note(run, "%s runs in float: %s", path, info->in_float);
    }
    if (info->note) {
        cli_note(run, "%s", info->note);
    }
    if (info->input_source == BD_INPUT_SOURCE_ASSUMED) {
        char assumed[60] = "ImageNet's mean and deviation are";
        if (!is_imagenet(info)) {
            (void)snprintf(assumed, sizeof assumed, "%g..%g is", (double)info->input_low, (double)info->input_high);
        }
        cli_note(run, "%s: does not tell what it is fed; %s assumed; where that is wrong, give --input-range", path,
                 assumed);
    }
}

/* --size, unless params have a size. */
static bool open_named(cli *run, const char *path, const bd_model_params *params, cli_model *model) {
    bd_model_params copy = *params;
    const cli_options *from = &run->options;
    unsigned quantised, stride = 0, channels = 0;
    if ((!copy.width && !cli_value_size(run, &from->size, &copy.width, &copy.height)) ||
        !cli_value_choice(run, &from->quantised, &quantised) || !cli_value_choice(run, &from->output_stride, &stride) ||
        !cli_value_scaling(run, &from->input_range, &copy) || !cli_value_choice(run, &from->channels, &channels)) {
        return false;
    }
    copy.quantised = (bd_quantised)quantised;
    copy.output_stride = stride;
    copy.channels = (bd_channels)channels;
    copy.force = from->force;
    if (bd_model_open(path, &copy, &model->model, &run->error)) {
        cli_failed(run);
        const bool range = from->input_range && run->error.code == BD_ERR_INVALID_ARGUMENT;
        if (run->status != CLI_OUT_OF_MEMORY && !range) {
            run->status = CLI_MODEL;
        }
        return false;
    }
    model->info.struct_size = sizeof model->info;
    bd_model_get_info(model->model, &model->info);
    say_notes(run, path, &model->info);
    return true;
}

/* --class-names goes before what the manifest says. */
static bool open_path(cli *run, const char *path, const bd_model_params *params, cli_model *model) {
    if (!cli_join(&model->path, path, "", "", "")) {
        return cli_fail(run, CLI_MODEL, "the path of the model is too long");
    }
    const char *given = run->options.names;
    if (!given) {
        return open_named(run, path, params, model);
    }
    bd_model_params copy = params ? *params : (bd_model_params){.struct_size = sizeof copy};
    copy.class_names = NULL;
    copy.class_set = given;
    if (bd_class_name(given, 0, 0)) {
        return open_named(run, path, &copy, model) && check_set(run, given, model);
    }
    if (!has_separator(given) && !cli_is_there(given)) {
        return cli_fail(run, CLI_USAGE,
                        "--class-names is voc, ade20k, cityscapes, person, or a file with a name a line, not '%s'",
                        given);
    }
    char *text = NULL;
    const char **names = NULL;
    bool done = read_names(run, given, &text, &names, &copy.class_name_count);
    copy.class_set = NULL;
    copy.class_names = names;
    done = done && open_named(run, path, &copy, model) && check_names(run, copy.class_name_count, model);
    free(text);
    free((void *)names);
    return done;
}

static bool open_name(cli *run, const char *name, cli_model *model) {
    bd_weights *weights;
    bd_weights_info found = {.struct_size = sizeof found};
    if (!cli_weights_open(run, &weights)) {
        return false;
    }
    bool done = !bd_weights_find(weights, name, &found, &run->error);
    if (done) {
        const bd_model_params params = {.struct_size = sizeof params,
                                        .size = found.size,
                                        .class_names = found.class_names,
                                        .class_name_count = found.class_name_count};
        (void)snprintf(model->name, sizeof model->name, "%s", found.name);
        done = open_path(run, found.path, &params, model);
    } else {
        cli_failed(run);
        run->status = CLI_MODEL;
    }
    bd_weights_close(weights);
    return done;
}

bool cli_model_open(cli *run, const char *text, cli_model *model) {
    double started = cli_now_ms();
    cli_progress_stage(run, "opening the model");
    *model = (cli_model){0};
    bool done;
    /* A link that leads nowhere is not taken for a name: the library says what is wrong with it. */
    if (text && (has_separator(text) || (*text && cli_is_there(text)))) {
        cli_path path;
        bool fits = cli_join(&path, text, "", "", "");
        (void)snprintf(model->name, sizeof model->name, "%s", text);
        const bd_model_params params = {.struct_size = sizeof params};
        done = fits || cli_fail(run, CLI_MODEL, "the path of the model is too long");
        done = done && (!is_folder(text) || cli_folder_find(run, text, &path));
        done = done && open_path(run, path.text, &params, model);
    } else {
        done = open_name(run, text, model);
    }
    cli_add_timing(run, "import", started);
    return done;
}

bool cli_model_open_sized(cli *run, const cli_model *from, uint32_t width, uint32_t height, cli_model *model) {
    const bd_model_params params = {.struct_size = sizeof params, .width = width, .height = height};
    *model = (cli_model){.path = from->path};
    return open_named(run, from->path.text, &params, model);
}

void cli_model_close(cli_model *model) {
    bd_model_destroy(model->model);
    model->model = NULL;
}

bool cli_classes(cli *run, const bd_model *model, bd_class_set *set) {
    bd_error error;
    return !bd_class_set_parse(model, cli_value_text(run, &run->options.classes), set, &error) ||
           cli_fail(run, CLI_USAGE, "%s", error.message);
}
