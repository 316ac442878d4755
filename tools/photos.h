/* SPDX-License-Identifier: MIT
 * The photos of a series: files that were named, and those in folders that were. */
#ifndef BACKDROP_CLI_PHOTOS_H
#define BACKDROP_CLI_PHOTOS_H

#include "cli.h"
#include "platform.h"

typedef enum cli_photo_state {
    CLI_PHOTO_TO_DO,
    CLI_PHOTO_LEFT_OUT,   /* of another shard, a result of an earlier run, or named twice: as if it were not there */
    CLI_PHOTO_EXISTING,   /* skipped: its results are there */
    CLI_PHOTO_CLASH,      /* skipped: another one has its name */
    CLI_PHOTO_NO_PICTURE, /* skipped: a file of a folder that is none */
    CLI_PHOTO_UNREADABLE, /* a folder in a folder, which cannot be listed */
} cli_photo_state;

typedef struct cli_photo {
    char *path;
    size_t
        key; /* where in path begins what is the same wherever the folder lies: all of it where it was named itself */
    bool listed;    /* found in a folder */
    char *name;     /* of its results, in which --suffix is; see outputs.c */
    bool clashed;   /* the name has the file's ending, as another photo would have had it without */
    bool uncertain; /* the name can be another one when files come and go */
    cli_file_id id; /* of one that takes a name that others would have; volume and index 0: it is not there */
    cli_photo_state state;
    int failure; /* errno of CLI_PHOTO_UNREADABLE */
} cli_photo;

typedef struct cli_photos {
    cli_photo *items;
    size_t count, room;
} cli_photos;

/* Lists the run's operands: a folder's files by name, byte by byte, without hidden ones, with --recursive those of its
 * folders, too, but not of --output-dir. */
bool cli_photos_list(cli *run, cli_photos *photos);
/* Whether the file's name says that it is a picture, so that it is none to be passed over. */
bool cli_photo_is_named_so(const cli_photo *photo);
void cli_photos_finish(cli_photos *photos);

#endif
