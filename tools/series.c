/* SPDX-License-Identifier: MIT
 * Several photos: while the device works on one, the one before is encoded and the next decoded. */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "claims.h"
#include "files.h"
#include "json.h"
#include "progress.h"
#include "report.h"
#include "series.h"

/* From this photo on kernels are tuned meanwhile: fewer photos leave no time worth the device's memory and the files'
 * room that it takes, and by then all buffers of the series' own have been made. */
enum { TUNED_FROM = 8 };

/* Photos that were begun, oldest first; those that failed keep their place, so that all are told of in their order. */
typedef struct queue {
    cli_job jobs[2];
    unsigned count;
} queue;

bool cli_series_check(cli *run) {
    const cli_options *from = &run->options;
    if (from->output) {
        return cli_fail(run, CLI_USAGE, "-o is for one photo, --output-dir for several");
    }
    if (!*from->output_dir) {
        return cli_fail(run, CLI_USAGE, "--output-dir: the folder's name is empty");
    }
    const char *of_one = from->coarse      ? "--coarse"
                         : from->trimap    ? "--trimap"
                         : from->matte_in  ? "--matte-in"
                         : from->matte_out ? "--matte-out"
                                           : NULL;
    if (of_one) {
        return cli_fail(run, CLI_USAGE, "%s is of one photo and does not go with --output-dir", of_one);
    }
    return cli_check_inputs(run);
}

/* ---- what is said ---- */

/* Its object; NULL: none is wanted. */
static cJSON *report_photo(const cli *run, const cli_job *job) {
    cJSON *item = run->options.json ? cJSON_CreateObject() : NULL;
    cJSON *photo = cJSON_AddObjectToObject(item, "photo");
    cli_json_text(photo, "path", job->photo->path);
    if (job->picture.width) {
        cJSON_AddNumberToObject(photo, "width", job->picture.width);
        cJSON_AddNumberToObject(photo, "height", job->picture.height);
    }
    return item;
}

static void print_item(cli *run, cli_series *s, cJSON *item) {
    if (run->options.json && !s->unreported) {
        s->unreported = !cli_print_json_line(run, item);
    } else {
        cJSON_Delete(item);
    }
}

static void note_skipped(cli *run, cli_series *s, cli_photo *photo, const char *why) {
    const cli_job job = {.photo = photo};
    cJSON *item = report_photo(run, &job);
    cli_json_text(item, "skipped", why);
    print_item(run, s, item);
}

/* The others are done all the same. */
static void note_failure(cli *run, cli_series *s, const cli_job *job, cJSON *item) {
    if (s->outputs.one) {
        run->error = job->error; /* main says it */
        run->status = job->status;
    } else {
        cli_say(run, "%s", job->error.message);
    }
    if (!s->failed++) {
        s->status = job->status;
    }
    cli_json_text(item, "error", job->error.message);
    cJSON_AddNumberToObject(item, "status", job->status);
}

/* One note for all photos of a state, with the names of the first. */
static void note_state(cli *run, const cli_series *s, unsigned count, cli_photo_state state, const char *one,
                       const char *more) {
    enum { MOST_NAMES = 4 };
    char names[400] = "";
    unsigned named = 0;
    if (!count || run->options.quiet) {
        return;
    }
    for (size_t i = 0; i < s->outputs.photos.count && named < MOST_NAMES; i++) {
        const cli_photo *photo = &s->outputs.photos.items[i];
        if (photo->state == state) {
            size_t used = strlen(names);
            (void)snprintf(names + used, sizeof names - used, "%s%.80s", named++ ? ", " : "", photo->path + photo->key);
        }
    }
    cli_say(run, "%u %s: %s%s", count, count == 1 ? one : more, names, count > named ? ", ..." : "");
}

static void append(char *text, size_t room, unsigned count, const char *what) {
    size_t used = strlen(text);
    if (count) {
        (void)snprintf(text + used, room - used, ", %u %s", count, what);
    }
}

/* What main prints of a failure is the last line; of a photo that is alone, what its failure says. */
static bool sum_up(cli *run, cli_series *s) {
    const unsigned skipped = s->existing + s->clashes + s->no_pictures;
    char text[200];
    note_state(run, s, s->no_pictures, CLI_PHOTO_NO_PICTURE, "file is no picture and was skipped",
               "files are no pictures and were skipped");
    note_state(run, s, s->clashes, CLI_PHOTO_CLASH, "photo was skipped, whose name another one has",
               "photos were skipped, whose names others have");
    const unsigned files = s->done + skipped + s->failed;
    (void)snprintf(text, sizeof text, "%u file%s: %u done", files, files == 1 ? "" : "s", s->done);
    append(text, sizeof text, skipped, "skipped");
    append(text, sizeof text, s->failed, "failed");
    append(text, sizeof text, s->without, "without the subject");
    append(text, sizeof text, s->left, "not begun, as there is no room for more");
    if (s->unreported) {
        return cli_fail(run, CLI_UNWRITABLE, "standard output: cannot write the lines of --json");
    }
    if (!s->failed && !s->outputs.one && !run->options.quiet) {
        cli_say(run, "%s", text);
    }
    if (s->failed && !s->outputs.one) {
        cli_fail(run, s->status, "%s", run->options.quiet ? "" : text);
    }
    return !s->failed;
}

void cli_json_series(cJSON *root, const cli_series *s) {
    cJSON *object = cJSON_AddObjectToObject(root, "summary");
    const struct {
        const char *key;
        unsigned value;
    } numbers[] = {{"files", s->done + s->existing + s->clashes + s->no_pictures + s->failed},
                   {"done", s->done},
                   {"skipped", s->existing + s->clashes + s->no_pictures},
                   {"existing", s->existing},
                   {"clashes", s->clashes},
                   {"no_pictures", s->no_pictures},
                   {"failed", s->failed},
                   {"not_begun", s->left},
                   {"without_subject", s->without}};
    for (size_t i = 0; i < CLI_COUNT(numbers); i++) {
        cJSON_AddNumberToObject(object, numbers[i].key, numbers[i].value);
    }
    cli_json_text(root, "output_dir", s->outputs.folder);
}

/* ---- the photos ---- */

static void keep_failure(const cli *run, cli_job *job) {
    job->failed = true;
    job->error = run->error;
    job->status = run->status;
}

static void drop_pixels(bd_image *image) {
    const uint32_t size[2] = {image->width, image->height};
    bd_image_finish(image);
    image->width = size[0];
    image->height = size[1];
}

static void begin(cli *run, cli_series *s, const cli_work *work, cli_job *job) {
    bool done = true;
    run->turn = job->turn;
    run->error = (bd_error){.code = BD_OK};
    if (!job->pass) {
        cli_spare_lend(&s->spare);
        done = work->keeps_metadata
                   ? cli_read_photo(run, job->photo->path, work->shown, &job->picture, &job->metadata, &job->frames)
                   : cli_read_shown(run, job->photo->path, work->shown, &job->picture, NULL);
        cli_spare_take(&s->spare);
        job->not_a_picture =
            !done && job->photo->listed && run->error.code == BD_ERR_FILE_FORMAT && !cli_photo_is_named_so(job->photo);
    }
    if (!done || !work->begin(run, work->user, job)) {
        keep_failure(run, job);
    }
    if (job->failed || !work->keeps_picture) {
        drop_pixels(&job->picture);
    }
}

/* Whether the photo is done with. */
static bool end(cli *run, cli_series *s, const cli_work *work, cli_job *job) {
    cJSON *item = report_photo(run, job);
    job->again = false;
    run->turn = job->turn;
    run->error = (bd_error){.code = BD_OK};
    if (!job->failed && !work->end(run, work->user, job, item)) {
        keep_failure(run, job);
    }
    if (job->again && !job->failed) { /* with another frame, or for another class */
        cJSON_Delete(item);
        return false;
    }
    s->without += job->without;
    if (job->failed) {
        cli_notes_drop(run);
        note_failure(run, s, job, item);
    } else {
        cli_notes_say(run);
        s->done++;
    }
    print_item(run, s, item);
    drop_pixels(&job->picture);
    bd_metadata_finish(&job->metadata);
    cli_frames_close(&job->frames);
    return true;
}

/* A photo that is not even begun. */
static void pass_over(cli *run, cli_series *s, cli_photo *photo) {
    switch (photo->state) {
    case CLI_PHOTO_TO_DO:
    case CLI_PHOTO_LEFT_OUT: break;
    case CLI_PHOTO_EXISTING:
        s->existing++;
        note_skipped(run, s, photo, "existing");
        break;
    case CLI_PHOTO_CLASH:
        s->clashes++;
        note_skipped(run, s, photo, "clash");
        break;
    case CLI_PHOTO_NO_PICTURE:
        s->no_pictures++;
        note_skipped(run, s, photo, "no picture");
        break;
    case CLI_PHOTO_UNREADABLE: {
        cli_job job = {.photo = photo};
        cli_fail(run, CLI_UNREADABLE, "%s: %s", photo->path, strerror(photo->failure));
        keep_failure(run, &job);
        cJSON *item = report_photo(run, &job);
        note_failure(run, s, &job, item);
        print_item(run, s, item);
        break;
    }
    }
}

/* The oldest leaves the queue, or goes to its end to be done again. */
static void finish_oldest(cli *run, cli_series *s, const cli_work *work, queue *q) {
    cli_job *oldest = &q->jobs[0];
    if (oldest->not_a_picture) {
        run->turn = oldest->turn;
        cli_notes_drop(run);
        oldest->photo->state = CLI_PHOTO_NO_PICTURE;
        pass_over(run, s, oldest->photo);
    } else if (!end(run, s, work, oldest)) {
        cli_job job = *oldest;
        q->jobs[0] = q->jobs[1];
        q->jobs[q->count - 1] = job;
        oldest = &q->jobs[q->count - 1];
        oldest->pass++;
        begin(run, s, work, oldest);
        return;
    }
    q->count--;
    q->jobs[0] = q->jobs[1];
}

bool cli_series_run(cli *run, cli_network *network, cli_series *s, const cli_work *work) {
    queue q = {.count = 0};
    unsigned begun = 0;
    s->spare.begun_ms = cli_now_ms();
    cli_notes_say(run); /* the background's */
    size_t i = 0;
    while ((i < s->outputs.photos.count && !s->unreported && !run->full) || q.count) {
        const bool more = i < s->outputs.photos.count && !s->unreported && !run->full;
        cli_photo *photo = more ? &s->outputs.photos.items[i] : NULL;
        if (photo && photo->state != CLI_PHOTO_TO_DO) {
            pass_over(run, s, photo);
            i++;
        } else if (photo && q.count < work->in_flight) {
            if (++begun == TUNED_FROM && s->tunes) {
                cli_spare_start(run, network, &s->spare);
            }
            cli_job *job = &q.jobs[q.count];
            *job = (cli_job){.photo = photo, .turn = q.count ? !q.jobs[0].turn : 0};
            q.count++;
            begin(run, s, work, job);
            i++;
        } else {
            finish_oldest(run, s, work, &q);
        }
    }
    for (; i < s->outputs.photos.count && run->full; i++) {
        s->left += s->outputs.photos.items[i].state == CLI_PHOTO_TO_DO;
    }
    cli_spare_stop(&s->spare);
    run->turn = 0;
    return sum_up(run, s);
}

bool cli_series_begun(const cli_series *s) {
    return s->spare.begun_ms > 0;
}

void cli_series_finish(cli_series *s) {
    cli_photos_finish(&s->outputs.photos);
}
