/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "claims.h"
#include "cropping.h"
#include "css_color.h"
#include "files.h"
#include "frames.h"
#include "json.h"
#include "key.h"
#include "mask.h"
#include "model.h"
#include "network.h"
#include "platform.h"
#include "progress.h"
#include "replace.h"
#include "report.h"
#include "seen.h"
#include "series.h"
#include "spare.h"
#include "values.h"

typedef struct replacement {
    const char *photo_path, *background_path; /* the latter NULL without a picture */
    bd_replace_params params;
    cli_matte matte;
    cli_matte made;    /* what --matte-out has of the photo that was done last */
    cli_cropping crop; /* of it */
    bd_image_file file, matte_file;
    bd_image photo, background, result, alpha;
    bd_image written;     /* what is cut out of result */
    bd_metadata metadata; /* of the photo, of one, as these */
    cli_frames frames;
    bool many;
    cli_series series; /* of many */
    char pattern[20];  /* of its results */
    cli_path background_of_name;
    cli_network network;
} replacement;

static bool parse_gravity(cli *run, const char *picture, bd_replace_params *params) {
    params->placed = run->options.gravity != NULL;
    if (params->placed && (!picture || params->fit == BD_FIT_STRETCH || params->classic)) {
        return cli_fail(run, CLI_USAGE, "--gravity needs a background picture that is not stretched, and no --classic");
    }
    return cli_value_place(run, &run->options.gravity, params->place);
}

static bool parse_blurs(cli *run, replacement *r) {
    const cli_options *from = &run->options;
    if (from->blur_background && (!r->background_path || from->classic)) {
        return cli_fail(run, CLI_USAGE, "--blur-background needs a background picture and no --classic");
    }
    return cli_value_number(run, &from->blur, &r->params.blur_sigma_px) &&
           cli_value_number(run, &from->blur_background, &r->params.blur_sigma_px);
}

static bool check_light(cli *run, const replacement *r) {
    const cli_options *from = &run->options;
    bool picture = r->background_path && !from->classic;
    if (cli_value_given(run, &from->replace_params.harmonize) && !picture) {
        return cli_fail(run, CLI_USAGE, "--harmonize needs a background picture and no --classic");
    }
    if (cli_value_given(run, &from->replace_params.light_wrap_px) && !picture && (!from->color || from->classic)) {
        return cli_fail(run, CLI_USAGE, "--light-wrap needs a background picture or colour and no --classic");
    }
    return true;
}

/* The classic way knows no matte. */
static bool parse_matte(cli *run, replacement *r) {
    const cli_options *from = &run->options;
    const char *given = from->matte       ? "matte"
                        : from->coarse    ? "coarse"
                        : from->trimap    ? "trimap"
                        : from->matte_in  ? "matte-in"
                        : from->matte_out ? "matte-out"
                        : from->key       ? "key"
                                          : cli_matte_shaping(run);
    if (from->classic && given) {
        return cli_fail(run, CLI_USAGE, "--classic has the tutorial's mask; --%s does not go with it", given);
    }
    return cli_matte_parse(run, &r->matte) && cli_cropping_parse(run, &r->crop) &&
           cli_matte_file(run, &from->matte_out, &r->matte_file) && cli_check_output(run, from->matte_out);
}

static bool choose_background(cli *run, replacement *r) {
    const cli_options *from = &run->options;
    bool contain = r->params.fit == BD_FIT_CONTAIN && r->background_path;
    int ways = !!r->background_path + (from->color && !contain) + from->transparent + !!from->blur;
    if (!ways) {
        return cli_fail(run, CLI_USAGE, "no background: give a picture, --color, --transparent or --blur");
    }
    if (ways > 1) {
        return cli_fail(run, CLI_USAGE, "more than one background: a picture, --color, --transparent or --blur");
    }
    bool fit = cli_value_given(run, &from->replace_params.fit);
    if (fit && !r->background_path) {
        return cli_fail(run, CLI_USAGE, "--fit needs a background picture");
    }
    if (fit && from->classic) {
        return cli_fail(run, CLI_USAGE,
                        "--classic places the background as the tutorial does; --fit does not go with it");
    }
    r->params.color[3] = 255;
    if (!cli_value_color(run, &from->color, r->params.color)) {
        return false;
    }
    r->params.background = r->background_path  ? BD_BACKGROUND_PICTURE
                           : from->color       ? BD_BACKGROUND_COLOR
                           : from->transparent ? BD_BACKGROUND_TRANSPARENT
                                               : BD_BACKGROUND_BLUR;
    return parse_blurs(run, r);
}

static bool check_output(cli *run, replacement *r) {
    cli_options *from = &run->options;
    if (!r->many && !cli_choose_output(run)) {
        return false;
    }
    if (!cli_image_file(run, r->many ? "photo.png" : from->output, &r->file)) {
        return false;
    }
    const bd_image_form form = cli_form(r->file);
    const char *path = r->many ? from->output_dir : from->output;
    long depth = 8;
    if (!cli_value_integer(run, &from->depth, &depth)) {
        return false;
    }
    if (depth == 16 && !form.deep && !from->matte_out) {
        return cli_fail(run, CLI_USAGE, "%.200s: %s has 8 bits; --depth 16 does not go with it", path, form.name);
    }
    if (r->params.keep_hidden && (!form.alpha || r->file == BD_IMAGE_FILE_GIF)) {
        return cli_fail(run, CLI_USAGE, "%.200s: %s has no colours where alpha is 0; --keep-hidden does not go with it",
                        path, form.name);
    }
    if (!form.alpha && (from->transparent || (from->color && r->params.color[3] < 255))) {
        return cli_fail(run, CLI_USAGE, "%s: %s has no transparency; write a PNG", path, form.name);
    }
    if (r->many) {
        cli_outputs *outputs = &r->series.outputs;
        outputs->folder = from->output_dir;
        char ending[8];
        cli_form_ending(r->file, ending);
        (void)snprintf(r->pattern, sizeof r->pattern, CLI_NAME "%s", ending);
        outputs->patterns[0] = r->pattern;
        outputs->pattern_count = 1;
        outputs->background = r->background_path && strstr(r->background_path, CLI_NAME) ? r->background_path : NULL;
        return cli_outputs_plan(run, outputs);
    }
    return cli_check_output(run, from->output) && cli_check_distinct(run);
}

static bool parse_rest(cli *run, replacement *r) {
    return parse_gravity(run, r->background_path, &r->params) && check_light(run, r) && parse_matte(run, r) &&
           choose_background(run, r) && check_output(run, r);
}

/* Whether an operand looks like the result, whose -o was left out. */
static bool is_result(const cli *run, const char *path) {
    bd_image_form form = {.struct_size = sizeof form};
    bool writes = false;
    for (uint32_t i = 0; !bd_image_form_at(i, &form) && !writes; i++) {
        writes = form.writes && cli_has_ending(path, form.endings);
    }
    return writes && !run->options.output && !cli_is_there(path);
}

/* Of one photo. */
static bool check_operands(cli *run) {
    const cli_options *from = &run->options;
    char **operands = from->operands;
    const bool contain = from->color && cli_value_given(run, &from->replace_params.fit);
    const char *way = from->transparent         ? "--transparent"
                      : from->color && !contain ? "--color"
                      : from->blur              ? "--blur"
                      : from->background        ? "--background"
                                                : NULL;
    const unsigned most = from->background ? 1 : 2, count = from->operand_count;
    if (count == 3 && !way && is_result(run, operands[2])) {
        return cli_fail(run, CLI_USAGE, "write the result with -o: backdrop %.200s %.200s -o %.200s", operands[0],
                        operands[1], operands[2]);
    }
    if (count == 2 && way && is_result(run, operands[1])) {
        return cli_fail(run, CLI_USAGE, "%.200s: write the result with -o, as in: backdrop %.200s %s%s -o %.200s",
                        operands[1], operands[0], way, from->transparent ? "" : " ...", operands[1]);
    }
    return count <= most || cli_fail(run, CLI_USAGE,
                                     "too many arguments: %.200s; replace takes one photo and its background, with "
                                     "--output-dir several photos; see backdrop replace --help",
                                     operands[most]);
}

static bool check_background(cli *run, const char *path) {
    uint8_t rgba[4];
    return !path || cli_is_dash(path) || cli_is_there(path) || !cli_css_color(path, rgba) ||
           cli_fail(run, CLI_USAGE, "no file '%s'; is it --color '%s'?", path, path);
}

static bool parse(cli *run, replacement *r) {
    cli_options *from = &run->options;
    r->params = from->replace_params;
    r->params.struct_size = sizeof r->params;
    r->params.classic = from->classic;
    if (!from->operand_count) {
        return cli_fail(run, CLI_USAGE, "no photo given; see backdrop --help");
    }
    r->many = from->output_dir;
    if (r->many) { /* every operand is a photo */
        r->background_path = from->background;
        return check_background(run, r->background_path) && cli_series_check(run) &&
               cli_spare_parse(run, &r->series.spare) && parse_rest(run, r);
    }
    if (!check_operands(run)) {
        return false;
    }
    r->photo_path = from->operands[0];
    if (from->background && strstr(from->background, CLI_NAME)) {
        if (!cli_fill_name(run, from->background, r->photo_path, &r->background_of_name)) {
            return false;
        }
        from->background = r->background_of_name.text;
    }
    r->background_path = from->operand_count > 1 ? from->operands[1] : from->background;
    return check_background(run, r->background_path) && cli_outputs_check_absent(run) && cli_check_inputs(run) &&
           parse_rest(run, r);
}

/* In r->alpha, as --matte-out has it. It is made once: replace then takes it instead of the network's answer. A key, which
 * says more than a matte does, is quickly found again. first: --class auto is not settled yet. */
static bool make_matte(cli *run, replacement *r, bool first) {
    const bool wide = r->matte.params.wide;
    bd_matte_params params = r->matte.params;
    params.wide = true;
    bool again = false;
    do {
        params.classes = r->params.classes;
        bd_image_finish(&r->alpha);
        if (bd_session_matte(r->network.session, &r->photo, &params, &r->alpha, &run->error)) {
            return cli_failed_with(run, r->photo_path);
        }
        again = cli_seen_again(&r->network, first && !again, &r->params.classes);
    } while (again);
    if (!run->options.key) {
        if (!cli_matte_take(run, &r->alpha, wide, &r->made)) {
            return false;
        }
        r->params.matte = &r->made.params;
    }
    if (!wide || r->frames.source) {
        cli_matte_narrow(&r->alpha);
    }
    return true;
}

static bool write_matte(cli *run, replacement *r) {
    if (!make_matte(run, r, true)) {
        return false;
    }
    cli_add_session_timings(run, &r->network);
    bool done = cli_seen_note(run, &r->network, &r->params.classes, r->photo_path);
    if (r->crop.wanted) {
        cli_cropping_find(run, &r->crop, &r->alpha, r->photo_path);
    }
    bd_image written = cli_cropping_view(&r->crop, &r->alpha);
    /* No half of what was asked for. */
    done = done && cli_form_holds(run, run->options.output, r->file, written.width, written.height) &&
           cli_write_image(run, run->options.matte_out, r->matte_file, &written, NULL, 0);
    bd_image_finish(&r->alpha);
    if (!run->options.key) {
        cli_matte_close(&r->matte);
    }
    return done;
}

/* Of the result that the session returned last. */
static bool find_crop(cli *run, replacement *r, const char *name) {
    r->crop.found = false;
    if (!cli_cropping_see_result(run, &r->crop, r->network.session, name)) {
        return false;
    }
    cli_cropping_settle(run, &r->crop, name);
    return true;
}

/* Only the size is kept, for --json. */
static void drop_pixels(bd_image *image) {
    const uint32_t size[2] = {image->width, image->height};
    bd_image_finish(image);
    image->width = size[0];
    image->height = size[1];
}

/* In halves: what the device has been given need not lie here too. */
static bool replace_one(cli *run, replacement *r) {
    const bool noted = run->options.matte_out; /* by write_matte */
    bool again = false;
    do {
        if (bd_session_replace_begin(r->network.session, &r->photo, r->background_path ? &r->background : NULL,
                                     &r->params, &run->error)) {
            return cli_failed_with(run, r->photo_path);
        }
        if (again || noted || !r->network.choose) {
            drop_pixels(&r->photo);
            drop_pixels(&r->background);
        }
        if (bd_session_replace_end(r->network.session, &r->result, &run->error)) {
            return cli_failed_with(run, r->photo_path);
        }
        again = !noted && cli_seen_again(&r->network, !again, &r->params.classes);
    } while (again);
    drop_pixels(&r->photo);
    drop_pixels(&r->background);
    cli_add_session_timings(run, &r->network);
    cli_note_key(run, &r->network, r->photo_path);
    bool done = (noted || cli_seen_note(run, &r->network, &r->params.classes, r->photo_path)) &&
                (!r->params.want_alpha || find_crop(run, r, r->photo_path));
    r->written = cli_cropping_view(&r->crop, &r->result);
    /* Freed first, so that the encoder can have that memory. */
    bd_session_destroy(r->network.session);
    r->network.session = NULL;
    return done;
}

/* What is told of an animation is of the last frame that has the subject, or of the very last one. */
static void see_frame(cli_network *network, const bd_class_set *classes, cli_frames *frames) {
    if (!cli_seen_none(network, classes)) {
        frames->found++;
        frames->seen = network->seen;
    } else if (frames->found) {
        network->seen = frames->seen;
    }
}

/* Takes what was made of a frame: while it is looked for what is cut, only its matte. */
static bool take_frame(cli *run, replacement *r, cli_frames *frames, const char *name, const bd_metadata *metadata) {
    if (r->crop.wanted && !frames->cut) {
        if (!r->alpha.pixels) {
            return cli_cropping_see_result(run, &frames->crop, r->network.session, name);
        }
        cli_cropping_see(&frames->crop, &r->alpha);
        return true;
    }
    const bd_image written = cli_cropping_view(&frames->crop, &r->result);
    if (!cli_frames_add(run, frames, r->file, &written, metadata)) {
        return false;
    }
    if (!r->alpha.pixels) {
        return true;
    }
    const bd_image alpha = cli_cropping_view(&frames->crop, &r->alpha);
    return cli_frames_add_matte(run, frames, r->matte_file, &alpha);
}

/* Reads the next frame that is to be done, with --crop all of them twice: what is cut is known when all were seen.
 * *done: there is none. */
static bool next_frame(cli *run, const replacement *r, cli_frames *frames, const char *name, bd_image *photo,
                       bool *done) {
    const bool left = cli_frames_left(frames);
    *done = !left && (!r->crop.wanted || frames->cut);
    if (*done) {
        return true;
    }
    bd_image_finish(photo);
    if (left) {
        return cli_frames_next(run, frames, photo);
    }
    cli_cropping_settle(run, &frames->crop, name);
    frames->cut = true;
    frames->found = 0; /* they are counted again */
    return cli_frames_again(run, frames, name, r->file, photo);
}

/* Every frame as a photo of its own. */
static bool replace_frames(cli *run, replacement *r) {
    const bool with_matte = run->options.matte_out;
    bool first = true, done = false;
    r->frames.crop = r->crop;
    while (!done) {
        if (with_matte && !make_matte(run, r, first)) {
            return false;
        }
        if (bd_session_replace_begin(r->network.session, &r->photo, r->background_path ? &r->background : NULL,
                                     &r->params, &run->error) ||
            bd_session_replace_end(r->network.session, &r->result, &run->error)) {
            return cli_failed_with(run, r->photo_path);
        }
        const bool again = !with_matte && cli_seen_again(&r->network, first, &r->params.classes);
        first = false;
        if (again) {
            continue;
        }
        see_frame(&r->network, &r->params.classes, &r->frames);
        if (!take_frame(run, r, &r->frames, r->photo_path, &r->metadata) ||
            !next_frame(run, r, &r->frames, r->photo_path, &r->photo, &done)) {
            return false;
        }
    }
    drop_pixels(&r->photo);
    drop_pixels(&r->background);
    cli_add_session_timings(run, &r->network);
    cli_note_key(run, &r->network, r->photo_path);
    r->crop = r->frames.crop;
    r->written = cli_cropping_view(&r->crop, &r->result);
    return cli_seen_note(run, &r->network, &r->params.classes, r->photo_path) &&
           (!with_matte || cli_frames_write_mattes(run, &r->frames, run->options.matte_out));
}

/* ---- many ---- */

static bool begin(cli *run, void *user, cli_job *job) {
    replacement *r = user;
    const char *pattern = r->series.outputs.background;
    bd_image own = {0};
    cli_path path;
    if (!job->pass) {
        job->classes = r->params.classes;
        job->frames.crop = r->crop;
        job->frames.crop.found = false;
    }
    if (pattern && (!cli_fill_name(run, pattern, job->photo->path, &path) ||
                    !cli_read_shown(run, path.text, r->file, &own, NULL))) {
        return false;
    }
    bd_replace_params params = r->params;
    params.classes = job->classes;
    const bd_image *background = pattern ? &own : r->background_path ? &r->background : NULL;
    bool done = !bd_session_replace_begin(r->network.session, &job->picture, background, &params, &run->error) ||
                cli_failed_with(run, job->photo->path);
    bd_image_finish(&own);
    return done;
}

static cJSON *add_size(cJSON *root, const char *key, const char *path, const bd_image *image) {
    cJSON *object = cJSON_AddObjectToObject(root, key);
    cli_json_text(object, "path", path);
    cJSON_AddNumberToObject(object, "width", image->width);
    cJSON_AddNumberToObject(object, "height", image->height);
    return object;
}

static void add_frames(cJSON *output, const cli_frames *frames) {
    if (frames->source) {
        cJSON_AddNumberToObject(output, "frames", frames->info.frame_count);
        cJSON_AddNumberToObject(output, "frames_found", frames->found);
    }
}

static bool end(cli *run, void *user, cli_job *job, cJSON *item) {
    replacement *r = user;
    const cli_outputs *outputs = &r->series.outputs;
    const char *name = job->photo->path;
    cli_path path;
    if (bd_session_replace_end(r->network.session, &r->result, &run->error)) {
        return cli_failed_with(run, name);
    }
    job->again = cli_seen_again(&r->network, !job->pass, &job->classes);
    if (job->again) {
        return true;
    }
    if (job->frames.source) {
        bool done;
        see_frame(&r->network, &job->classes, &job->frames);
        if (!take_frame(run, r, &job->frames, name, &job->metadata) ||
            !next_frame(run, r, &job->frames, name, &job->picture, &done)) {
            return false;
        }
        if (!done) {
            job->again = true;
            return true;
        }
    }
    job->without = cli_seen_none(&r->network, &job->classes);
    cli_note_key(run, &r->network, name);
    cli_json_seen(item, &r->network, &job->classes);
    cli_json_key(item, &r->network);
    if (!cli_seen_note(run, &r->network, &job->classes, name)) {
        return false;
    }
    if (job->frames.source) {
        r->crop = job->frames.crop;
    } else if (r->params.want_alpha && !find_crop(run, r, name)) {
        return false;
    }
    r->written = cli_cropping_view(&r->crop, &r->result);
    cli_spare_lend(&r->series.spare);
    bool done = cli_output_make(run, outputs, job->photo, outputs->patterns[0], &path) &&
                (job->frames.source ? cli_frames_write(run, &job->frames, path.text)
                                    : cli_write_photo(run, path.text, r->file, &r->written, &job->metadata));
    cli_spare_take(&r->series.spare);
    if (done) {
        cJSON *output = add_size(item, "output", path.text, &r->written);
        cli_cropping_json(output, &r->crop);
        add_frames(output, &job->frames);
    }
    return done;
}

static bool replace_many(cli *run, replacement *r) {
    const cli_work work = {.user = r,
                           .in_flight = 2,
                           .keeps_picture = r->network.choose,
                           .keeps_metadata = true,
                           .shown = r->file,
                           .begin = begin,
                           .end = end};
    r->series.tunes = true;
    return cli_series_run(run, &r->network, &r->series, &work);
}

static bool compute(cli *run, replacement *r) {
    if (r->many && !run->photo_count) {
        return replace_many(run, r); /* nothing to ask a network for */
    }
    cli_network_begin(run, &r->network);
    bool fixed = r->background_path && !r->series.outputs.background;
    if ((!r->many && !cli_read_photo(run, r->photo_path, r->file, &r->photo, &r->metadata, &r->frames)) ||
        (fixed && !cli_read_shown(run, r->background_path, r->frames.source ? BD_IMAGE_FILE_GIF : r->file,
                                  &r->background, NULL)) ||
        !cli_matte_open(run, &r->photo, &r->matte)) {
        return false;
    }
    if (cli_matte_needs_network(run) && (!cli_model_open(run, run->options.model, &r->network.model) ||
                                         !cli_classes_parse(run, &r->network, &r->params.classes))) {
        return false;
    }
    r->params.matte = &r->matte.params;
    if (!cli_network_start(run, &r->network) || (run->options.matte_out && !r->frames.source && !write_matte(run, r))) {
        return false;
    }
    r->params.want_alpha = r->crop.wanted && !run->options.matte_out;
    return r->many ? replace_many(run, r) : r->frames.source ? replace_frames(run, r) : replace_one(run, r);
}

static void add_foreground(cJSON *root, const replacement *r) {
    cJSON *classes = cJSON_AddArrayToObject(root, "foreground");
    for (uint32_t c = 0; c < r->network.model.info.class_count && c < 256; c++) {
        if (r->params.classes.words[c / 32] >> c % 32 & 1u) {
            cJSON_AddItemToArray(classes, cli_json_string(bd_model_class_name(r->network.model.model, c)));
        }
    }
}

static bool print_json(cli *run, replacement *r) {
    cJSON *root = cJSON_CreateObject();
    if (r->many) {
        cli_json_series(root, &r->series);
        cli_spare_json(root, &r->series.spare);
    } else {
        cJSON *output = add_size(root, "output", run->options.output, &r->written);
        cli_cropping_json(output, &r->crop);
        add_frames(output, &r->frames);
        add_size(root, "photo", r->photo_path, &r->photo);
        cli_json_seen(root, &r->network, &r->params.classes);
        cli_json_key(root, &r->network);
    }
    if (r->background.width) {
        add_size(root, "background", r->background_path, &r->background);
    }
    if (!r->many || !r->network.choose) { /* else it is each photo's */
        add_foreground(root, r);
    }
    cli_json_run(root, run, &r->network);
    return r->many ? cli_print_json_line(run, root) : cli_print_json(run, root);
}

bool cli_replace(cli *run) {
    replacement r = {.photo_path = NULL};
    bool parsed = parse(run, &r);
    bool done =
        parsed && compute(run, &r) &&
        (r.many || (r.frames.source ? cli_frames_write(run, &r.frames, run->options.output)
                                    : cli_write_photo(run, run->options.output, r.file, &r.written, &r.metadata)));
    cli_progress_stop(run);
    if (done && run->options.verbose && r.network.engine) {
        cli_print_timings(run, &r.network);
        cli_spare_say(run, &r.series.spare);
    }
    if (run->options.json && (done || cli_series_begun(&r.series))) {
        done = print_json(run, &r) && done;
    }
    bd_image_finish(&r.alpha);
    bd_image_finish(&r.result);
    bd_image_finish(&r.background);
    bd_image_finish(&r.photo);
    bd_metadata_finish(&r.metadata);
    cli_frames_close(&r.frames);
    cli_matte_close(&r.made);
    cli_matte_close(&r.matte);
    cli_network_close(&r.network);
    cli_series_finish(&r.series);
    return done;
}
