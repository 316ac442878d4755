/* SPDX-License-Identifier: MIT
 * What the parts of the command line share. Nothing below the public header is used here, but for platform/. */
#ifndef BACKDROP_CLI_H
#define BACKDROP_CLI_H

#include "backdrop.h"
#include "options.h"

#define CLI_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Exit statuses; --help lists them. */
typedef enum cli_status {
    CLI_OK = 0,
    CLI_USAGE = 2,
    CLI_UNREADABLE = 3,
    CLI_NOT_AN_IMAGE = 4,
    CLI_TOO_LARGE = 5,
    CLI_MODEL = 6,
    CLI_UNWRITABLE = 7,
    CLI_NO_DEVICE = 8,
    CLI_DEVICE_FAILED = 9,
    CLI_OUT_OF_MEMORY = 10,
    CLI_NO_SUBJECT = 11 /* with --fail-empty */
} cli_status;

/* One run of the command. Functions that can fail return false after cli_fail or cli_failed. */
typedef struct cli {
    cli_options options;
    const char *given[sizeof(cli_options)]; /* an option's value, at its member; "" of a flag; NULL: not given */
    bd_error error;
    cli_status status;
    bool said_white, said_hard, said_left; /* one note is enough for several photos */
    const char *written;                   /* the picture that is being written */
    bool full;                             /* there is no room for results any more */
    size_t photo_count;                    /* of a series, once they are listed */
    struct cli_progress *progress;         /* NULL: none is shown */
    struct {
        char *text; /* lines */
        size_t bytes;
    } notes[2];            /* of a photo of even number and of one of odd number, which are in work at once */
    unsigned turn;         /* whose notes are taken */
    bd_timing timings[64]; /* stages so far, for -v and --json */
    uint32_t timing_count;
    double started_ms;
} cli;

/* Room for a path that is put together here. */
typedef struct cli_path {
    char text[4096];
} cli_path;

double cli_now_ms(void);
/* Keeps the failure in one line; returns false. */
bool cli_fail(cli *run, cli_status status, const char *format, ...) BD_PRINTF(3, 4);
/* The same for a failure of the library, in run->error; the status follows from its code. */
bool cli_failed(cli *run);
/* The same for a picture that could not be encoded; the message then begins with its path, "-": standard output. */
bool cli_failed_to_encode(cli *run, const char *path);
/* The same for a network that the device does not take: its size is too large where the command line gave it, else the
 * model is. */
bool cli_failed_to_fit(cli *run);
/* The same for a session's error, which does not name the photo; what the device has no memory for is the photo. */
bool cli_failed_with(cli *run, const char *photo);
/* Notes that a stage that began at started_ms has ended; those of one name are added up. */
void cli_add_timing(cli *run, const char *name, double started_ms);
/* a + b + c + d; false when it does not fit. */
bool cli_join(cli_path *path, const char *a, const char *b, const char *c, const char *d);
/* "-": standard input or output. */
bool cli_is_dash(const char *path);
/* What an input is called in messages. */
const char *cli_input_name(const char *path);

#endif
