/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"
#include "platform/message.h"
#include "platform/thread.h"
#include "progress.h"

enum { PATIENCE_MS = 500, PERIOD_MS = 100, MOST_LINE = 1000 };

typedef struct cli_progress {
    bd_thread thread;
    bd_mutex mutex;
    bd_condition wake;
    char stage[64];
    double started_ms;
    bool stop, shown;
} cli_progress;

/* With the mutex held. */
static void clear_line(cli_progress *progress) {
    if (progress->shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        progress->shown = false;
    }
}

static void show_line(cli_progress *progress, double elapsed_ms) {
    fprintf(stderr, "\r\033[K%s %.1f s", progress->stage, elapsed_ms / 1e3);
    fflush(stderr);
    progress->shown = true;
}

static void draw(void *user) {
    cli_progress *progress = user;
    bd_mutex_lock(&progress->mutex);
    while (!progress->stop) {
        bd_condition_wait_ms(&progress->wake, &progress->mutex, PERIOD_MS);
        double elapsed_ms = cli_now_ms() - progress->started_ms;
        if (!progress->stop && elapsed_ms >= PATIENCE_MS) {
            show_line(progress, elapsed_ms);
        }
    }
    clear_line(progress);
    bd_mutex_unlock(&progress->mutex);
}

bool cli_progress_start(cli *run) {
    if (run->options.quiet || !cli_is_terminal(stderr)) {
        return true;
    }
    cli_progress *progress = calloc(1, sizeof *progress);
    if (!progress) {
        return cli_fail(run, CLI_OUT_OF_MEMORY, "out of memory");
    }
    strcpy(progress->stage, "starting");
    progress->started_ms = run->started_ms;
    bd_mutex_init(&progress->mutex);
    bd_condition_init(&progress->wake);
    if (!bd_thread_start(&progress->thread, draw, progress)) {
        free(progress);
        return true;
    }
    run->progress = progress;
    return true;
}

bool cli_progress_report(void *run, const char *stage, uint32_t done, uint32_t total) {
    char text[sizeof((cli_progress *)NULL)->stage];
    (void)snprintf(text, sizeof text, done ? "%.60s, %u %%" : "%.60s", stage, (unsigned)(100ull * done / total));
    cli_progress_stage(run, text);
    return true;
}

void cli_progress_stage(cli *run, const char *stage) {
    cli_progress *progress = run->progress;
    if (progress) {
        bd_mutex_lock(&progress->mutex);
        (void)snprintf(progress->stage, sizeof progress->stage, "%s", stage);
        bd_mutex_unlock(&progress->mutex);
    }
}

void cli_progress_stop(cli *run) {
    cli_progress *progress = run->progress;
    if (!progress) {
        return;
    }
    run->progress = NULL;
    bd_mutex_lock(&progress->mutex);
    progress->stop = true;
    bd_condition_signal(&progress->wake);
    bd_mutex_unlock(&progress->mutex);
    bd_thread_join(&progress->thread);
    bd_condition_finish(&progress->wake);
    bd_mutex_finish(&progress->mutex);
    free(progress);
}

static void say_line(cli *run, const char *line) {
    cli_progress *progress = run->progress;
    if (progress) {
        bd_mutex_lock(&progress->mutex);
        clear_line(progress);
    }
    fprintf(stderr, "backdrop: %s\n", line);
    if (progress) {
        bd_mutex_unlock(&progress->mutex);
    }
}

void cli_say(cli *run, const char *format, ...) {
    char line[MOST_LINE];
    va_list arguments;
    va_start(arguments, format);
    bd_message_write(line, sizeof line, format, arguments);
    va_end(arguments);
    say_line(run, line);
}

void cli_note(cli *run, const char *format, ...) {
    char line[MOST_LINE];
    va_list arguments;
    va_start(arguments, format);
    bd_message_write(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t length = strlen(line) + 1, bytes = run->notes[run->turn].bytes;
    char *text = realloc(run->notes[run->turn].text, bytes + length);
    if (text) { /* else it is lost */
        memcpy(text + bytes, line, length);
        run->notes[run->turn].text = text;
        run->notes[run->turn].bytes = bytes + length;
    }
}

void cli_notes_say(cli *run) {
    const char *text = run->notes[run->turn].text;
    for (size_t at = 0; at < run->notes[run->turn].bytes; at += strlen(text + at) + 1) {
        say_line(run, text + at);
    }
    cli_notes_drop(run);
}

void cli_notes_drop(cli *run) {
    free(run->notes[run->turn].text);
    run->notes[run->turn].text = NULL;
    run->notes[run->turn].bytes = 0;
}
