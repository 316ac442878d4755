/* SPDX-License-Identifier: MIT
 * Which files a run reads and which it writes. */
#ifndef BACKDROP_CLI_CLAIMS_H
#define BACKDROP_CLI_CLAIMS_H

#include "cli.h"
#include "platform.h"

/* A file as such, not as a path: one that is there, or what is missing below a folder that is there. */
typedef struct cli_claim {
    cli_file_id id;
    char *path;   /* as it was named; another text stands behind it */
    size_t rest;  /* where in path that text begins: what is missing below the folder; "" where the file is there */
    size_t owner; /* the caller's; where all is alike, those of a lower one come first */
    bool written;
} cli_claim;

/* Zeroed before. */
typedef struct cli_claims {
    cli_claim *items;
    size_t count, room;
    bool folds; /* the caller's: of what is written a and A are one name, which a folder knows once it is there alone */
} cli_claims;

/* The folder that is there and nearest above a path; returns where in the path that ends. */
size_t cli_folder_above(const char *path, cli_file_id *id);
/* Devices, pipes and "-" are nobody's, nor is a file that is read and not there; NULL passes. */
bool cli_claims_add(cli *run, cli_claims *claims, const char *path, bool written, size_t owner);
/* The files that the run's options name, with owner 0; not what has {name} in it with --output-dir. */
bool cli_claims_add_options(cli *run, cli_claims *claims);
/* To be called once all is claimed. */
void cli_claims_sort(cli_claims *claims);
/* Whether a and b are one file. */
bool cli_claims_same(const cli_claim *a, const cli_claim *b);
/* Whether a file that would be written is among what has been sorted. */
bool cli_claims_have(cli *run, const cli_claims *claims, const char *path);
/* The next two claims of one file that one of them writes; *at is 0 at first. */
bool cli_claims_conflict(const cli_claims *claims, size_t *at, const cli_claim **writer, const cli_claim **other);
bool cli_claims_fail(cli *run, const cli_claim *writer, const cli_claim *other);
void cli_claims_finish(cli_claims *claims);

/* Fails where standard input, or another stream, would be read more than once, by operands and options. */
bool cli_check_inputs(cli *run);
/* Fails where something that is written is an input, too, or the same file as something else that is. Of a run of one
 * photo. */
bool cli_check_distinct(cli *run);

#endif
