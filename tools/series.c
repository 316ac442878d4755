/* SPDX-License-Identifier: MIT
 * Several photos: while the device works on one, the one before is encoded and the next decoded. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "files.h"
#include "key.h"
#include "platform.h"
#include "platform/file_system.h"
#include "platform/path.h"
#include "progress.h"
#include "seen.h"
#include "series.h"

/* From this photo on kernels are tuned meanwhile: fewer photos leave no time worth the device's memory and the files'
 * room that it takes, and by then all buffers of the series' own have been made. */
enum { TUNED_FROM = 8 };

/* DIR/NAME.png of DIR2/NAME.jpg. */
static bool output_path(cli *run, const cli_series *s, const char *photo, cli_path *path) {
    const char *name = bd_path_name(photo);
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    const char *end = strchr(s->folder, '\0');
    char ending[8];
    cli_form_ending(s->file, ending);
    int wrote = length < INT_MAX
                    ? snprintf(path->text, sizeof path->text, "%s%s%.*s%s", s->folder,
                               end != s->folder && bd_path_is_separator(end[-1]) ? "" : "/", (int)length, name, ending)
                    : -1;
    return (wrote >= 0 && (size_t)wrote < sizeof path->text) ||
           cli_fail(run, CLI_UNWRITABLE, "%s: the name is too long", photo);
}

bool cli_series_check(cli *run, const cli_series *s) {
    bd_failure failure = bd_path_look(s->folder) ? 0 : bd_folder_make(s->folder);
    if (failure) {
        return cli_fail(run, CLI_UNWRITABLE, "%s: cannot make the folder: %s", s->folder,
                        bd_failure_say(failure, &(bd_failure_text){0}));
    }
    for (unsigned i = 0; i < s->count; i++) {
        cli_path path, other;
        if (cli_is_dash(s->photos[i])) {
            return cli_fail(run, CLI_USAGE, "with --output-dir photos are files, not standard input");
        }
        if (!output_path(run, s, s->photos[i], &path) || !cli_check_output(run, path.text)) {
            return false;
        }
        if (cli_one_file(path.text, s->photos[i])) {
            return cli_fail(run, CLI_USAGE, "%s would be overwritten; give another --output-dir", s->photos[i]);
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

/* The photo's object in the report: that of the one after may be there already. */
static cJSON *report_photo(const cli_series *s, unsigned i) {
    cJSON *item = s->report ? cJSON_CreateObject() : NULL;
    if (item) {
        cJSON_AddStringToObject(item, "path", s->photos[i]);
        (void)cJSON_InsertItemInArray(s->report, (int)i, item);
    }
    return item;
}

/* One line for a photo that could not be done; the others are done all the same. from_session: the message does not
 * begin with a file's name. */
static void note_failure(cli *run, cli_series *s, unsigned i, bool from_session) {
    cli_notes_drop(run);
    cli_say(run, "%s%s%s", from_session ? s->photos[i] : "", from_session ? ": " : "", run->error.message);
    if (!s->failed++) {
        s->status = run->status;
    }
    cJSON *item = report_photo(s, i);
    cJSON_AddStringToObject(item, "error", run->error.message);
    cJSON_AddNumberToObject(item, "status", run->status);
}

static void note_success(cli *run, cli_network *network, cli_series *s, unsigned i, const char *path,
                         const bd_image *result) {
    cli_note_seen(run, network, &s->params->classes, s->photos[i]);
    cli_note_key(run, network, s->photos[i]);
    cJSON *item = report_photo(s, i);
    cJSON *output = cJSON_AddObjectToObject(item, "output");
    cJSON_AddStringToObject(output, "path", path);
    cJSON_AddNumberToObject(output, "width", result->width);
    cJSON_AddNumberToObject(output, "height", result->height);
    cli_cropping_json(output, &s->crop);
    if (item) {
        cli_json_seen(item, network, &s->params->classes);
        cli_json_key(item, network);
    }
    cli_notes_say(run);
    s->done++;
}

static bool begin(cli *run, const cli_network *network, cli_series *s, unsigned i) {
    bd_image photo = {0};
    run->turn = i % 2;
    cli_spare_lend(&s->spare);
    bool read = cli_read_photo(run, s->photos[i], s->file, &photo, &s->metadata[i % 2]);
    cli_spare_take(&s->spare);
    bool done = read;
    if (read && bd_session_replace_begin(network->session, &photo, s->background, s->params, &run->error)) {
        done = cli_failed(run);
    }
    bd_image_finish(&photo);
    if (!done) {
        bd_metadata_finish(&s->metadata[i % 2]);
        note_failure(run, s, i, read);
    }
    return done;
}

static void end(cli *run, cli_network *network, cli_series *s, unsigned i, bd_image *result) {
    cli_path path;
    run->turn = i % 2;
    bool made = !bd_session_replace_end(network->session, result, &run->error) || cli_failed(run);
    cli_spare_lend(&s->spare);
    bool done = made && (!s->crop.wanted || cli_cropping_take(run, &s->crop, network->session, s->photos[i]));
    bd_image written = cli_cropping_view(&s->crop, result);
    done = done && output_path(run, s, s->photos[i], &path) &&
           cli_write_photo(run, path.text, s->file, &written, &s->metadata[i % 2]);
    bd_metadata_finish(&s->metadata[i % 2]);
    cli_spare_take(&s->spare);
    if (done) {
        note_success(run, network, s, i, path.text, &written);
    } else {
        note_failure(run, s, i, !made);
    }
}

bool cli_series_run(cli *run, cli_network *network, cli_series *s) {
    bd_image result = {0};
    bool begun = false; /* the photo before */
    s->spare.begun_ms = cli_now_ms();
    cli_notes_say(run); /* the background's */
    for (unsigned i = 0; i <= s->count; i++) {
        if (i + 1 == TUNED_FROM && i < s->count) {
            cli_spare_start(run, network, &s->spare);
        }
        bool now = i < s->count && begin(run, network, s, i);
        if (begun) {
            end(run, network, s, i - 1, &result);
        }
        begun = now;
    }
    cli_spare_stop(&s->spare);
    bd_image_finish(&result);
    return !s->failed || cli_fail(run, s->status, "%u of %u photos failed", s->failed, s->count);
}
