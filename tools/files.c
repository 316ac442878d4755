/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "platform.h"
#include "platform/file_system.h"
#include "platform/path.h"
#include "platform/text.h"
#include "progress.h"
#include "values.h"

#define STREAM_MOST ((size_t)1 << 30)

/* What a signal must remove: set while a temporary exists. */
static char temporary_path[4096];

static void remove_temporary(void) {
    if (temporary_path[0]) {
        bd_file_remove(temporary_path);
    }
}

static bool unwritable(cli *run, const char *path, const char *why) {
    return cli_fail(run, CLI_UNWRITABLE, "%s: cannot write: %s", path, why);
}

static bool is_folder(cli *run, const char *path) {
    return cli_fail(run, CLI_UNWRITABLE, "%s: a folder, not a file; name a file in it, or give --output-dir", path);
}

/* ---- reading ---- */

bool cli_is_stream(const char *path) {
    return cli_is_dash(path) || bd_path_look(path) == BD_PATH_OTHER;
}

static bool read_all(cli *run, FILE *from, const char *name, uint8_t **data, size_t *bytes) {
    size_t room = (size_t)1 << 20, used = 0;
    uint8_t *buffer = malloc(room);
    while (buffer) {
        used += fread(buffer + used, 1, room - used, from);
        if (ferror(from)) {
            free(buffer);
            return cli_fail(run, CLI_UNREADABLE, "%s: %s", name, strerror(errno));
        }
        if (!used) {
            free(buffer);
            return cli_fail(run, CLI_NOT_AN_IMAGE, "%s: the file is empty", name);
        }
        if (used < room) {
            *data = buffer;
            *bytes = used;
            return true;
        }
        if (room == STREAM_MOST) {
            free(buffer);
            return cli_fail(run, CLI_TOO_LARGE, "%s: more than %zu MiB", name, STREAM_MOST >> 20);
        }
        uint8_t *larger = realloc(buffer, room *= 2);
        if (!larger) {
            free(buffer);
        }
        buffer = larger;
    }
    return cli_fail(run, CLI_OUT_OF_MEMORY, "%s: out of memory", name);
}

bool cli_read_stream(cli *run, const char *path, uint8_t **data, size_t *bytes) {
    const char *name = cli_input_name(path);
    FILE *from = cli_is_dash(path) ? stdin : cli_open_file(path);
    if (!from) {
        return cli_fail(run, CLI_UNREADABLE, "%s: %s", name, strerror(errno));
    }
    const bool done = cli_is_terminal(from) ? cli_fail(run, CLI_USAGE, "%s is a terminal, not a picture", name)
                                            : read_all(run, from, name, data, bytes);
    if (from != stdin) {
        (void)fclose(from);
    }
    return done;
}

/* The library knows no option that sets a limit of its own parameters. */
static void name_limit(cli *run) {
    char limit[60], copy[sizeof run->error.message];
    uint64_t most = 0;
    if (run->error.code == BD_ERR_IMAGE_TOO_LARGE && cli_value_pixels(run, &run->options.max_pixels, &most)) {
        const int length = snprintf(limit, sizeof limit, "pixels are too many: the limit is %" PRIu64, most);
        memcpy(copy, run->error.message, sizeof copy);
        const size_t all = strlen(copy);
        if (all > (size_t)length && !strcmp(copy + all - (size_t)length, limit)) {
            (void)cli_fail(run, CLI_TOO_LARGE, "%s; --max-pixels sets it", copy);
        }
    }
}

bool cli_failed_to_read(cli *run) {
    cli_failed(run);
    if (run->error.code == BD_ERR_UNSUPPORTED) {
        run->status = CLI_NOT_AN_IMAGE;
    }
    name_limit(run);
    return false;
}

static void note_warning(void *user, bd_log_level level, const char *message) {
    cli *run = user;
    (void)level;
    if (!run->options.quiet) {
        cli_note(run, "%s", message);
    }
}

/* The library knows no name of what it encodes; all results of a series have one form, and lose the same. */
static void note_written(void *user, bd_log_level level, const char *message) {
    cli *run = user;
    const char *told = strchr(message, ':');
    (void)level;
    if (!run->options.quiet && !run->said_left) {
        cli_note(run, "%s%s", cli_is_dash(run->written) ? "standard output" : run->written, told ? told : "");
    }
    run->said_left = true;
}

/* What the options say of every picture. */
static bool limit_reading(cli *run, bd_image_read_params *params) {
    params->strict = run->options.strict;
    return cli_value_pixels(run, &run->options.max_pixels, &params->max_pixels);
}

bool cli_read_picture(cli *run, const char *path, const bd_image_read_params *given, bd_image *image) {
    bd_image_read_params params = *given;
    if (!limit_reading(run, &params)) {
        return false;
    }
    if (!cli_is_stream(path)) {
        return !bd_image_read(path, &params, image, &run->error) || cli_failed_to_read(run);
    }
    uint8_t *data = NULL;
    size_t bytes = 0;
    if (!cli_read_stream(run, path, &data, &bytes)) {
        return false;
    }
    bd_result result = bd_image_decode(data, bytes, cli_input_name(path), &params, image, &run->error);
    free(data);
    return !result || cli_failed_to_read(run);
}

static bool read_image(cli *run, const char *path, const bd_image_read_params *params, bd_image *image) {
    double started = cli_now_ms();
    cli_progress_stage(run, "reading");
    bool done = cli_read_picture(run, path, params, image);
    cli_add_timing(run, "decode", started);
    return done;
}

static bd_image_read_params of_every_picture(cli *run) {
    return (bd_image_read_params){.struct_size = sizeof(bd_image_read_params),
                                  .ignore_orientation = run->options.classic,
                                  .log = note_warning,
                                  .log_user = run};
}

bool cli_read_image(cli *run, const char *path, bd_image *image) {
    const bd_image_read_params params = of_every_picture(run);
    return read_image(run, path, &params, image);
}

bool cli_reading(cli *run, bd_image_file file, bd_metadata *metadata, bd_image_read_params *params) {
    long depth = 16;
    *params = of_every_picture(run);
    bool done =
        (!run->options.depth || cli_value_integer(run, &run->options.depth, &depth)) && limit_reading(run, params);
    params->keep_depth = cli_form(file).deep && depth == 16;
    params->metadata = metadata;
    return done;
}

bool cli_read_shown(cli *run, const char *path, bd_image_file file, bd_image *image, bd_metadata *metadata) {
    bd_image_read_params params;
    if (!cli_reading(run, file, metadata, &params) || !read_image(run, path, &params, image)) {
        return false;
    }
    if (image->format == BD_FORMAT_RGBA16 && run->options.classic && !run->options.quiet) {
        cli_note(run, "%s: --classic knows 8 bits only: its 16 are rounded", cli_input_name(path));
    }
    return true;
}

/* ---- writing ---- */

/* Writes path's folder, and what a temporary's name in it begins with. */
static bool split_path(cli *run, const char *path, char *folder, char *temporary, size_t room) {
    int length = (int)(bd_path_name(path) - path);
    int wrote = snprintf(temporary, room, "%.*s.backdrop", length, path);
    if (wrote < 0 || (size_t)wrote + BD_FILE_SUFFIX >= room) {
        return unwritable(run, path, strerror(ENAMETOOLONG));
    }
    (void)snprintf(folder, room, "%.*s", length ? length : 1, length ? path : ".");
    return true;
}

bool cli_check_standard_output(cli *run) {
    const cli_options *from = &run->options;
    const char *const files[] = {from->output, from->matte_out, from->labels, from->overlay, from->logits};
    unsigned count = from->json;
    for (size_t i = 0; i < CLI_COUNT(files); i++) {
        count += cli_is_dash(files[i]);
    }
    return count < 2 || cli_fail(run, CLI_USAGE, "standard output takes one of the files or --json, not several");
}

bool cli_choose_output(cli *run) {
    cli_options *from = &run->options;
    bool named = from->output && *from->output;
    if (!named && !from->output && !from->json && !cli_is_terminal(stdout)) {
        from->output = "-";
    } else if (!named) {
        return cli_fail(run, CLI_USAGE, "no output: give -o %s", cli_value_row(run, &from->output)->value);
    }
    return cli_check_standard_output(run);
}

bool cli_check_output(cli *run, const char *path) {
    if (!path) {
        return true;
    }
    if (cli_is_dash(path)) {
        return !cli_is_terminal(stdout) ||
               cli_fail(run, CLI_USAGE, "standard output is a terminal; name a file instead");
    }
    char folder[sizeof temporary_path], temporary[sizeof temporary_path], target[sizeof temporary_path];
    bd_failure failure;
    switch (bd_path_look(path)) {
    case BD_PATH_FOLDER: return is_folder(run, path);
    case BD_PATH_OTHER: return true;
    case BD_PATH_NONE:
    case BD_PATH_FILE: break;
    }
    failure = bd_file_target(path, target, sizeof target);
    if (failure) {
        return unwritable(run, path, bd_failure_say(failure, &(bd_failure_text){0}));
    }
    return split_path(run, target, folder, temporary, sizeof folder) &&
           (cli_may_write_in(folder) || unwritable(run, path, strerror(errno)));
}

/* A device or a pipe, which is never replaced. */
static bd_failure write_device(const char *path, const void *data, size_t bytes) {
    bd_file file;
    bd_failure failure = bd_file_open_device(path, &file);
    if (!failure) {
        failure = bd_file_write(file, data, bytes);
        bd_failure closed = bd_file_close(file);
        failure = failure ? failure : closed;
    }
    return failure;
}

/* temporary: what its name begins with. */
static bd_failure replace(const char *path, char *temporary, const void *data, size_t bytes) {
    bd_file file;
    cli_before_signal(remove_temporary);
    cli_hold_signals(true);
    bd_failure failure = bd_file_open_temporary(temporary, path, &file);
    if (!failure) {
        (void)snprintf(temporary_path, sizeof temporary_path, "%s", temporary);
    }
    cli_hold_signals(false);
    if (failure) {
        return failure;
    }
    failure = bd_file_write(file, data, bytes);
    bd_failure closed = bd_file_close(file);
    failure = failure ? failure : closed;
    if (!failure) {
        failure = bd_file_rename(temporary, path);
    }
    if (failure) {
        bd_file_remove(temporary);
    }
    temporary_path[0] = '\0';
    return failure;
}

bool cli_write_data(cli *run, const char *path, const void *data, size_t bytes) {
    if (cli_is_dash(path)) {
        return (fwrite(data, 1, bytes, stdout) == bytes && !fflush(stdout)) ||
               unwritable(run, "standard output", strerror(errno));
    }
    bd_failure failure;
    if (bd_path_look(path) == BD_PATH_OTHER || bd_path_look(path) == BD_PATH_FOLDER) {
        failure = write_device(path, data, bytes);
    } else {
        char folder[sizeof temporary_path], temporary[sizeof temporary_path], target[sizeof temporary_path];
        failure = bd_file_target(path, target, sizeof target);
        if (!failure && !split_path(run, target, folder, temporary, sizeof temporary)) {
            return false;
        }
        failure = failure ? failure : replace(target, temporary, data, bytes);
    }
    run->full = run->full || bd_failure_is_full(failure);
    return !failure || unwritable(run, path, bd_failure_say(failure, &(bd_failure_text){0}));
}

/* Is ending one of those in a list? */
static bool is_among(const char *endings, const char *ending) {
    for (size_t length; endings && *endings; endings += length + (endings[length] == ' ')) {
        char one[16];
        length = strcspn(endings, " ");
        if (length < sizeof one) {
            memcpy(one, endings, length);
            one[length] = '\0';
            if (bd_text_same(one, ending)) {
                return true;
            }
        }
    }
    return false;
}

bool cli_has_ending(const char *path, const char *endings) {
    const char *name = bd_path_name(path), *dot = strrchr(name, '.');
    return dot && dot != name && is_among(endings, dot);
}

bool cli_check_extension(cli *run, const char *const *option) {
    const char *path = *option, *endings = cli_value_row(run, option)->kind->endings;
    const char *name = path ? bd_path_name(path) : NULL, *dot = name ? strrchr(name, '.') : NULL;
    return !dot || dot == name || is_among(endings, dot) ||
           cli_fail(run, CLI_USAGE, "%s: what is written is %s; give a name that ends so", path, endings);
}

bd_image_form cli_form(bd_image_file file) {
    bd_image_form form = {.struct_size = sizeof form};
    for (uint32_t i = 0; !bd_image_form_at(i, &form); i++) {
        if (form.file == file) {
            break;
        }
    }
    return form;
}

bool cli_form_holds(cli *run, const char *path, bd_image_file file, uint32_t width, uint32_t height) {
    const bd_image_form form = cli_form(file);
    return !form.most_side || (width <= form.most_side && height <= form.most_side) ||
           cli_fail(run, CLI_TOO_LARGE, "%s: %s holds sides of up to %u pixels, not %ux%u",
                    cli_is_dash(path) ? "standard output" : path, form.name, form.most_side, width, height);
}

void cli_form_ending(bd_image_file file, char ending[8]) {
    const char *endings = cli_form(file).endings;
    (void)snprintf(ending, 8, "%.*s", (int)strcspn(endings, " "), endings);
}

/* By the ending of a name; AUTO: no form has it. */
static bd_image_file file_of(const char *path) {
    const char *dot = strrchr(bd_path_name(path), '.');
    bd_image_form form = {.struct_size = sizeof form};
    for (uint32_t i = 0; dot && !bd_image_form_at(i, &form); i++) {
        if (is_among(form.endings, dot)) {
            return form.file;
        }
    }
    return BD_IMAGE_FILE_AUTO;
}

static bool no_such_ending(cli *run, const char *path) {
    if (bd_path_look(path) == BD_PATH_FOLDER) {
        return is_folder(run, path);
    }
    char known[100] = "";
    bd_image_form form = {.struct_size = sizeof form};
    for (uint32_t i = 0; !bd_image_form_at(i, &form); i++) {
        if (form.writes) {
            const size_t used = strlen(known);
            (void)snprintf(known + used, sizeof known - used, "%s%.*s", used ? ", " : "",
                           (int)strcspn(form.endings, " "), form.endings);
        }
    }
    return cli_fail(run, CLI_USAGE, "%.200s: the name ends in none of %s; use --format", path, known);
}

static bool check_form(cli *run, const char *path, bd_image_file file) {
    const bd_image_form form = cli_form(file);
    if (!form.writes) {
        return cli_fail(run, CLI_USAGE, "%.200s: %s cannot be written: this build has no %s", path, form.name,
                        form.library);
    }
    if (run->options.lossless && !form.lossless) {
        return cli_fail(run, CLI_USAGE, "%.200s: %s always loses; --lossless does not go with it", path, form.name);
    }
    return !run->options.lossless || !run->options.quality ||
           cli_fail(run, CLI_USAGE, "--lossless loses nothing; --quality does not go with it");
}

bool cli_image_file(cli *run, const char *path, bd_image_file *file) {
    unsigned format = BD_IMAGE_FILE_AUTO;
    long quality;
    if (!cli_value_choice(run, &run->options.format, &format) ||
        !cli_value_integer(run, &run->options.quality, &quality)) {
        return false;
    }
    if (format == BD_IMAGE_FILE_AUTO) {
        format = cli_is_dash(path) ? BD_IMAGE_FILE_PNG : (unsigned)file_of(path);
    }
    *file = (bd_image_file)format;
    const bd_image_form form = cli_form(*file);
    if (*file && run->options.quality && !form.lossy) {
        return cli_fail(run, CLI_USAGE, "%.200s: %s has no quality; --quality does not go with it", path, form.name);
    }
    return *file ? check_form(run, path, *file) : no_such_ending(run, path);
}

bool cli_matte_file(cli *run, const char *const *option, bd_image_file *file) {
    unsigned format = BD_IMAGE_FILE_AUTO;
    if (run->options.verb == CLI_MATTE && !cli_value_choice(run, &run->options.format, &format)) {
        return false;
    }
    const bool named = !format && *option;
    *file = named ? file_of(*option) : (bd_image_file)format;
    *file = *file ? *file : BD_IMAGE_FILE_PNG;
    return (!named || cli_check_extension(run, option)) &&
           check_form(run,
                      *option                   ? *option
                      : run->options.output_dir ? run->options.output_dir
                                                : "-",
                      *file);
}

/* Where a form has no alpha, what was transparent becomes white, as editors have it, instead of whatever colour lay there. */
static void flatten(bd_image *image) {
    for (uint32_t y = 0; y < image->height; y++) {
        uint8_t *pixel = image->pixels + y * image->stride_bytes;
        for (uint32_t x = 0; x < image->width; x++, pixel += 4) {
            for (int i = 0; i < 3; i++) {
                pixel[i] = (uint8_t)((pixel[i] * pixel[3] + 255 * (255 - pixel[3]) + 127) / 255);
            }
            pixel[3] = 255;
        }
    }
    image->has_alpha = false;
}

bool cli_writing(cli *run, bd_image_write_params *params) {
    long quality = 0;
    params->lossless = run->options.lossless;
    params->log = note_written;
    params->log_user = run;
    bool done = cli_value_integer(run, &run->options.quality, &quality);
    params->quality = (int)quality;
    return done;
}

static bool is_half_transparent(const bd_image *image) {
    for (uint32_t y = 0; image->format == BD_FORMAT_RGBA8 && image->has_alpha && y < image->height; y++) {
        const uint8_t *row = image->pixels + (ptrdiff_t)y * image->stride_bytes;
        for (size_t x = 0; x < image->width; x++) {
            if (row[4 * x + 3] > 0 && row[4 * x + 3] < 255) {
                return true;
            }
        }
    }
    return false;
}

void cli_note_hard_edges(cli *run, bd_image_file file, const bd_image *image) {
    if (file == BD_IMAGE_FILE_GIF && !run->options.quiet && !run->said_hard && is_half_transparent(image)) {
        run->said_hard = true;
        cli_note(run, "GIF holds no half transparency, so edges are hard; WebP and PNG hold it");
    }
}

static bool write_image(cli *run, const char *path, bd_image *image, bd_image_write_params params) {
    if (!cli_writing(run, &params)) {
        return false;
    }
    cli_note_hard_edges(run, params.file, image);
    const bd_image_form form = cli_form(params.file);
    const bool whitened = !form.alpha && image->format == BD_FORMAT_RGBA8 && image->has_alpha;
    if (whitened) {
        flatten(image);
    }
    double started = cli_now_ms();
    cli_progress_stage(run, "writing");
    run->written = path;
    void *data;
    size_t bytes;
    if (bd_image_encode(image, &params, &data, &bytes, &run->error)) {
        return cli_failed_to_encode(run, path);
    }
    bool done = cli_write_data(run, path, data, bytes);
    if (done && whitened && !run->options.quiet && !run->said_white) {
        run->said_white = true;
        cli_note(run, "%s: %s has no transparency: what was transparent is white", path, form.name);
    }
    bd_release(NULL, data);
    cli_add_timing(run, "encode", started);
    return done;
}

bool cli_write_image(cli *run, const char *path, bd_image_file file, bd_image *image, const uint8_t *palette,
                     uint32_t palette_count) {
    const bd_image_write_params params = {
        .struct_size = sizeof params, .file = file, .palette = palette, .palette_count = palette_count};
    return write_image(run, path, image, params);
}

bool cli_write_photo(cli *run, const char *path, bd_image_file file, bd_image *image, const bd_metadata *metadata) {
    const bd_image_write_params params = {.struct_size = sizeof params, .file = file, .metadata = metadata};
    return write_image(run, path, image, params);
}

bool cli_write_npy(cli *run, const char *path, const float *data, uint32_t h, uint32_t w, uint32_t c) {
    enum { HEADER = 128 }; /* NumPy wants a multiple of 64 */
    size_t count = (size_t)h * w * c;
    uint8_t *bytes = malloc(HEADER + count * 4);
    if (!bytes) {
        return cli_fail(run, CLI_OUT_OF_MEMORY, "%s: out of memory", path);
    }
    memset(bytes, ' ', HEADER);
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = HEADER - 10;
    bytes[9] = 0;
    char text[HEADER - 10];
    int length =
        snprintf(text, sizeof text, "{'descr': '<f4', 'fortran_order': False, 'shape': (%u, %u, %u), }", h, w, c);
    memcpy(bytes + 10, text, (size_t)length);
    bytes[HEADER - 1] = '\n';
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, data + i, sizeof bits);
        for (int b = 0; b < 4; b++) {
            bytes[HEADER + 4 * i + (size_t)b] = (uint8_t)(bits >> (8 * b));
        }
    }
    bool done = cli_write_data(run, path, bytes, HEADER + count * 4);
    free(bytes);
    return done;
}
