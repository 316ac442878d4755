/* SPDX-License-Identifier: MIT
 * Several photos: while the device works on one, the one before is encoded and the next decoded. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* DIR/NAME.png of DIR2/NAME.jpg. */
static bool output_path(cli *run, const cli_series *s, const char *photo, cli_path *path) {
    const char *slash = strrchr(photo, '/');
    const char *name = slash ? slash + 1 : photo;
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    const char *end = strchr(s->folder, '\0');
    int wrote = length < INT_MAX ? snprintf(path->text, sizeof path->text, "%s%s%.*s%s", s->folder,
                                            end != s->folder && end[-1] == '/' ? "" : "/", (int)length, name,
                                            s->file == BD_IMAGE_FILE_JPEG ? ".jpg" : ".png")
                                 : -1;
    return (wrote >= 0 && (size_t)wrote < sizeof path->text) ||
           cli_fail(run, CLI_UNWRITABLE, "%s: the name is too long", photo);
}

bool cli_series_check(cli *run, const cli_series *s) {
    for (unsigned i = 0; i < s->count; i++) {
        cli_path path, other;
        if (cli_is_dash(s->photos[i])) {
            return cli_fail(run, CLI_USAGE, "with --output-dir photos are files, not standard input");
        }
        if (!output_path(run, s, s->photos[i], &path) || !cli_check_output(run, path.text)) {
            return false;
        }
        for (unsigned k = 0; k < i; k++) {
            if (!output_path(run, s, s->photos[k], &other)) {
                return false;
            }
            if (!strcmp(path.text, other.text)) {
                return cli_fail(run, CLI_USAGE, "%s and %s would both become %s", s->photos[k], s->photos[i],
                                path.text);
            }
        }
    }
    return true;
}

/* One line for a photo that could not be done; the others are done all the same. */
static void note_failure(cli *run, cli_series *s) {
    cli_say(run, "%s", run->error.message);
    if (!s->failed++) {
        s->status = run->status;
    }
}

static bool begin(cli *run, const cli_network *network, cli_series *s, unsigned i) {
    bd_image photo = {0};
    bool done = cli_read_image(run, s->photos[i], &photo);
    if (done && bd_session_replace_begin(network->session, &photo, s->background, s->params, &run->error)) {
        done = cli_failed(run);
    }
    bd_image_finish(&photo);
    if (!done) {
        note_failure(run, s);
    }
    return done;
}

static void end(cli *run, const cli_network *network, cli_series *s, unsigned i, bd_image *result) {
    cli_path path;
    bool done = !bd_session_replace_end(network->session, result, &run->error) || cli_failed(run);
    done =
        done && output_path(run, s, s->photos[i], &path) && cli_write_image(run, path.text, s->file, result, NULL, 0);
    if (!done) {
        note_failure(run, s);
    }
    s->done += done;
}

bool cli_series_run(cli *run, const cli_network *network, cli_series *s) {
    bd_image result = {0};
    bool begun = false; /* the photo before */
    for (unsigned i = 0; i <= s->count; i++) {
        bool now = i < s->count && begin(run, network, s, i);
        if (begun) {
            end(run, network, s, i - 1, &result);
        }
        begun = now;
    }
    bd_image_finish(&result);
    return !s->failed || cli_fail(run, s->status, "%u of %u photos failed", s->failed, s->count);
}
