/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "progress.h"
#include "values.h"

#define STDIN_MOST ((size_t)1 << 30)

/* What a signal must remove: set while a temporary exists. */
static char temporary_path[4096];

static void remove_temporary(int number) {
    if (temporary_path[0]) {
        unlink(temporary_path);
    }
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_signals(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < CLI_COUNT(numbers); i++) {
        struct sigaction before;
        if (!sigaction(numbers[i], NULL, &before) && before.sa_handler == SIG_DFL) {
            struct sigaction action = {.sa_handler = remove_temporary};
            sigaction(numbers[i], &action, NULL);
        }
    }
}

/* The member of an option of the run's verb that names a file of a kind and was given; NULL: it is none. */
static const char *const *path_of(const cli *run, const cli_option *option, cli_type type) {
    const char *const *path = (const char *const *)(const void *)((const char *)&run->options + option->member);
    return option->kind->type == type && cli_option_takes(option, run->options.verb) && *path ? path : NULL;
}

static bool unwritable(cli *run, const char *path) {
    return cli_fail(run, CLI_UNWRITABLE, "%s: cannot write: %s", path, strerror(errno));
}

/* ---- reading ---- */

bool cli_read_stdin(cli *run, uint8_t **data, size_t *bytes) {
    if (isatty(STDIN_FILENO)) {
        return cli_fail(run, CLI_USAGE, "standard input is a terminal, not a picture");
    }
    size_t room = (size_t)1 << 20, used = 0;
    uint8_t *buffer = malloc(room);
    while (buffer) {
        ssize_t got = read(STDIN_FILENO, buffer + used, room - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            free(buffer);
            return cli_fail(run, CLI_UNREADABLE, "standard input: %s", strerror(errno));
        }
        if (!got) {
            *data = buffer;
            *bytes = used;
            return true;
        }
        used += (size_t)got;
        if (used == room && room == STDIN_MOST) {
            free(buffer);
            return cli_fail(run, CLI_TOO_LARGE, "standard input: more than %zu MiB", STDIN_MOST >> 20);
        }
        if (used == room) {
            uint8_t *larger = realloc(buffer, room *= 2);
            if (!larger) {
                free(buffer);
            }
            buffer = larger;
        }
    }
    return cli_fail(run, CLI_OUT_OF_MEMORY, "standard input: out of memory");
}

static void say_warning(void *user, bd_log_level level, const char *message) {
    cli *run = user;
    (void)level;
    if (!run->options.quiet) {
        cli_say(run, "%s", message);
    }
}

bool cli_read_picture(cli *run, const char *path, const bd_image_read_params *params, bd_image *image) {
    if (!cli_is_dash(path)) {
        return !bd_image_read(path, params, image, &run->error) || cli_failed(run);
    }
    uint8_t *data = NULL;
    size_t bytes = 0;
    if (!cli_read_stdin(run, &data, &bytes)) {
        return false;
    }
    bd_result result = bd_image_decode(data, bytes, "standard input", params, image, &run->error);
    free(data);
    return !result || cli_failed(run);
}

static bool read_image(cli *run, const char *path, bool keep_depth, bd_image *image) {
    const bd_image_read_params params = {.struct_size = sizeof params,
                                         .ignore_orientation = run->options.classic,
                                         .log = say_warning,
                                         .log_user = run,
                                         .keep_depth = keep_depth};
    double started = cli_now_ms();
    cli_progress_stage(run, "reading");
    bool done = cli_read_picture(run, path, &params, image);
    cli_add_timing(run, "decode", started);
    return done;
}

bool cli_read_image(cli *run, const char *path, bd_image *image) {
    return read_image(run, path, false, image);
}

bool cli_read_shown(cli *run, const char *path, bd_image_file file, bd_image *image) {
    if (!read_image(run, path, file == BD_IMAGE_FILE_PNG, image)) {
        return false;
    }
    if (image->format == BD_FORMAT_RGBA16 && run->options.classic) {
        char text[300];
        (void)snprintf(text, sizeof text, "%.200s: --classic knows 8 bits only: its 16 are rounded",
                       cli_is_dash(path) ? "standard input" : path);
        say_warning(run, BD_LOG_WARNING, text);
    }
    return true;
}

bool cli_check_inputs(cli *run) {
    const cli_options *from = &run->options;
    unsigned dashes = 0;
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    for (unsigned i = 0; i < from->operand_count; i++) {
        dashes += cli_is_dash(from->operands[i]);
    }
    for (size_t i = 0; i < count; i++) {
        const char *const *path = path_of(run, &rows[i], CLI_FILE_IN);
        dashes += path && cli_is_dash(*path);
    }
    return dashes < 2 || cli_fail(run, CLI_USAGE, "only one input can be standard input");
}

/* ---- writing ---- */

/* Writes path's folder, and the template of a temporary in it. */
static bool split_path(cli *run, const char *path, char *folder, char *temporary, size_t room) {
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 0;
    int wrote = snprintf(temporary, room, "%.*s.backdrop.XXXXXX", length, path);
    if (wrote < 0 || (size_t)wrote >= room) {
        errno = ENAMETOOLONG;
        return unwritable(run, path);
    }
    (void)snprintf(folder, room, "%.*s", length ? length : 1, length ? path : ".");
    return true;
}

bool cli_check_distinct(cli *run) {
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const char *const *one = path_of(run, &rows[i], CLI_FILE_OUT);
        for (size_t k = 0; one && k < i; k++) {
            const char *const *other = path_of(run, &rows[k], CLI_FILE_OUT);
            if (other && !cli_is_dash(*one) && !strcmp(*one, *other)) {
                return cli_fail(run, CLI_USAGE, "%s: two results would be written to it", *one);
            }
        }
    }
    return true;
}

bool cli_check_output(cli *run, const char *path) {
    if (!path) {
        return true;
    }
    if (cli_is_dash(path)) {
        return !isatty(STDOUT_FILENO) || cli_fail(run, CLI_USAGE, "standard output is a terminal; name a file instead");
    }
    char folder[sizeof temporary_path], temporary[sizeof temporary_path];
    struct stat status;
    if (!stat(path, &status) && !S_ISREG(status.st_mode)) {
        if (S_ISDIR(status.st_mode)) {
            errno = EISDIR;
            return unwritable(run, path);
        }
        return true;
    }
    return split_path(run, path, folder, temporary, sizeof folder) &&
           (!access(folder, W_OK | X_OK) || unwritable(run, path));
}

static bool write_all(int file, const uint8_t *data, size_t bytes) {
    while (bytes) {
        ssize_t wrote = write(file, data, bytes);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        data += wrote > 0 ? wrote : 0;
        bytes -= wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

/* To a device or a pipe, which is never replaced. */
static bool write_special(cli *run, const char *path, const void *data, size_t bytes) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool done = file >= 0 && write_all(file, data, bytes);
    if (!done) {
        unwritable(run, path);
    }
    if (file >= 0 && close(file) && done) {
        return unwritable(run, path);
    }
    return done;
}

/* mkstemp makes it private; this is what open(2) would have given, or what the old file had. */
static void set_mode(int file, const struct stat *old) {
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(file, old ? old->st_mode & 07777 : 0666 & ~mask);
}

bool cli_write_data(cli *run, const char *path, const void *data, size_t bytes) {
    if (cli_is_dash(path)) {
        return write_all(STDOUT_FILENO, data, bytes) || unwritable(run, "standard output");
    }
    struct stat status;
    bool exists = !stat(path, &status);
    if (exists && !S_ISREG(status.st_mode)) {
        return write_special(run, path, data, bytes);
    }
    char folder[sizeof temporary_path], temporary[sizeof temporary_path];
    if (!split_path(run, path, folder, temporary, sizeof temporary)) {
        return false;
    }
    catch_signals();
    int file = mkstemp(temporary);
    if (file < 0) {
        return unwritable(run, path);
    }
    memcpy(temporary_path, temporary, sizeof temporary);
    set_mode(file, exists ? &status : NULL);
    bool done = write_all(file, data, bytes) || unwritable(run, path);
    if (close(file) && done) {
        done = unwritable(run, path);
    }
    if (done && rename(temporary, path)) {
        done = unwritable(run, path);
    }
    if (!done) {
        unlink(temporary);
    }
    temporary_path[0] = '\0';
    return done;
}

static bool ends_with(const char *path, const char *extension) {
    size_t length = strlen(path), bytes = strlen(extension);
    return length > bytes && !strcasecmp(path + length - bytes, extension);
}

bool cli_check_extension(cli *run, const char *const *option) {
    const char *path = *option, *ending = cli_value_row(run, option)->kind->ending;
    const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;
    const char *dot = path ? strrchr(name, '.') : NULL;
    return !dot || dot == name || !strcasecmp(dot, ending) ||
           cli_fail(run, CLI_USAGE, "%s: what is written is %s; give a name that ends so", path, ending);
}

bool cli_image_file(cli *run, const char *path, bd_image_file *file) {
    unsigned format = BD_IMAGE_FILE_AUTO;
    long quality;
    if (!cli_value_choice(run, &run->options.format, &format) ||
        !cli_value_integer(run, &run->options.quality, &quality)) {
        return false;
    }
    if (format != BD_IMAGE_FILE_AUTO) {
        *file = (bd_image_file)format;
    } else if (cli_is_dash(path) || ends_with(path, ".png")) {
        *file = BD_IMAGE_FILE_PNG;
    } else if (ends_with(path, ".jpg") || ends_with(path, ".jpeg")) {
        *file = BD_IMAGE_FILE_JPEG;
    } else {
        return cli_fail(run, CLI_USAGE, "%s: the name ends neither in .png nor in .jpg; use --format", path);
    }
    return true;
}

/* JPEG drops alpha: what was transparent becomes white, as editors have it, instead of whatever colour lay there. */
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

bool cli_write_image(cli *run, const char *path, bd_image_file file, bd_image *image, const uint8_t *palette,
                     uint32_t palette_count) {
    bd_image_write_params params = {
        .struct_size = sizeof params, .file = file, .palette = palette, .palette_count = palette_count};
    long quality = 0;
    if (!cli_value_integer(run, &run->options.quality, &quality)) {
        return false;
    }
    params.jpeg_quality = (int)quality;
    if (file == BD_IMAGE_FILE_JPEG && image->format == BD_FORMAT_RGBA8 && image->has_alpha) {
        flatten(image);
        if (!run->options.quiet && !run->said_white) {
            run->said_white = true;
            cli_say(run, "%s: JPEG has no transparency: what was transparent is white", path);
        }
    }
    double started = cli_now_ms();
    cli_progress_stage(run, "writing");
    void *data;
    size_t bytes;
    if (bd_image_encode(image, &params, &data, &bytes, &run->error)) {
        return cli_failed(run);
    }
    bool done = cli_write_data(run, path, data, bytes);
    bd_release(NULL, data);
    cli_add_timing(run, "encode", started);
    return done;
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
