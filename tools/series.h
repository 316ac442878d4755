/* SPDX-License-Identifier: MIT
 * Several photos into a folder. */
#ifndef BACKDROP_CLI_SERIES_H
#define BACKDROP_CLI_SERIES_H

#include "frames.h"
#include "outputs.h"
#include "spare.h"

struct cJSON;

/* A photo of a series on its way. */
typedef struct cli_job {
    cli_photo *photo;
    bd_image picture; /* as read; its size stays when its pixels are gone */
    bd_metadata metadata;
    cli_frames frames; /* of an animation; end reads the next one and asks to begin again */
    bd_class_set classes;
    unsigned turn; /* whose notes are its own */
    unsigned pass; /* 0: the first */
    bool again;    /* set by end: it is to be begun once more */
    bool without;  /* set by end: the subject is not in it */
    bool failed;   /* as error and status say */
    bool not_a_picture;
    bd_error error;
    cli_status status;
} cli_job;

/* What a verb does with a photo. */
typedef struct cli_work {
    void *user;
    unsigned in_flight;  /* 1 or 2: photos that may be begun and not ended */
    bool keeps_picture;  /* until the end; else its pixels are gone then */
    bool keeps_metadata; /* until the end, and frames; else they are not read */
    bd_image_file shown; /* as of cli_read_shown */
    /* Gives it to the device. */
    bool (*begin)(cli *run, void *user, cli_job *job);
    /* Takes the result of the one that was begun first, and writes it. item: its object of --json, or NULL. */
    bool (*end)(cli *run, void *user, cli_job *job, struct cJSON *item);
} cli_work;

typedef struct cli_series {
    cli_outputs outputs;
    unsigned done, existing, clashes, no_pictures, failed, without;
    unsigned left;     /* not even begun, where there is no room for more results */
    cli_status status; /* of the first that failed */
    bool unreported;   /* a line of --json could not be written */
    bool tunes;        /* whether spare is to be used */
    cli_spare spare;
} cli_series;

/* Fails where an option does not go with several photos. */
bool cli_series_check(cli *run);
/* Each photo that is to be done; with --json a line for each. A line on stderr for each that fails, then a summary; false
 * when one failed. A photo that is the only one has no summary. */
bool cli_series_run(cli *run, cli_network *network, cli_series *series, const cli_work *work);
/* "summary" and "output_dir". */
void cli_json_series(struct cJSON *root, const cli_series *series);
/* Whether cli_series_run was called, after which there is something to sum up. */
bool cli_series_begun(const cli_series *series);
void cli_series_finish(cli_series *series);

#endif
