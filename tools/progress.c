/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

enum { PATIENCE_MS = 500, PERIOD_MS = 100 };

typedef struct cli_progress {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
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

static void *draw(void *user) {
    cli_progress *progress = user;
    pthread_mutex_lock(&progress->mutex);
    while (!progress->stop) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += PERIOD_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&progress->wake, &progress->mutex, &until);
        double elapsed_ms = cli_now_ms() - progress->started_ms;
        if (!progress->stop && elapsed_ms >= PATIENCE_MS) {
            show_line(progress, elapsed_ms);
        }
    }
    clear_line(progress);
    pthread_mutex_unlock(&progress->mutex);
    return NULL;
}

bool cli_progress_start(cli *run) {
    if (run->options.quiet || !isatty(STDERR_FILENO)) {
        return true;
    }
    cli_progress *progress = calloc(1, sizeof *progress);
    if (!progress) {
        return cli_fail(run, CLI_OUT_OF_MEMORY, "out of memory");
    }
    strcpy(progress->stage, "starting");
    progress->started_ms = run->started_ms;
    pthread_mutex_init(&progress->mutex, NULL);
    pthread_cond_init(&progress->wake, NULL);
    /* Signals are the main thread's. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&progress->thread, NULL, draw, progress);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
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
        pthread_mutex_lock(&progress->mutex);
        (void)snprintf(progress->stage, sizeof progress->stage, "%s", stage);
        pthread_mutex_unlock(&progress->mutex);
    }
}

void cli_progress_stop(cli *run) {
    cli_progress *progress = run->progress;
    if (!progress) {
        return;
    }
    run->progress = NULL;
    pthread_mutex_lock(&progress->mutex);
    progress->stop = true;
    pthread_cond_signal(&progress->wake);
    pthread_mutex_unlock(&progress->mutex);
    pthread_join(progress->thread, NULL);
    pthread_cond_destroy(&progress->wake);
    pthread_mutex_destroy(&progress->mutex);
    free(progress);
}

void cli_say(cli *run, const char *format, ...) {
    cli_progress *progress = run->progress;
    if (progress) {
        pthread_mutex_lock(&progress->mutex);
        clear_line(progress);
    }
    char line[1000];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    cli_make_line(line);
    fprintf(stderr, "backdrop: %s\n", line);
    if (progress) {
        pthread_mutex_unlock(&progress->mutex);
    }
}
