/* SPDX-License-Identifier: MIT
 * What the photos of a series become: the names of their results, and which of them are to be done. */
#ifndef BACKDROP_CLI_OUTPUTS_H
#define BACKDROP_CLI_OUTPUTS_H

#include "photos.h"

typedef struct cli_outputs {
    cli_photos photos;
    const char *folder;      /* --output-dir */
    const char *patterns[3]; /* names in the folder, with {name}, that every photo has a result of */
    unsigned pattern_count;
    const char *background; /* a file each, with {name}; NULL: none */
    unsigned twice;         /* photos that were named again */
    bool one;               /* one photo that was named: nothing is to be summed up */
    bool folds;             /* the folder makes no difference between a and A, and names differ by that alone */
} cli_outputs;

/* Lists the photos and says what is to be done with each, before anything is: the folder, patterns and background are the
 * caller's. Fails where a result would overwrite what is read, or another one. Makes the folder. */
bool cli_outputs_plan(cli *run, cli_outputs *outputs);
/* A pattern's file for a photo. */
bool cli_output_path(cli *run, const cli_outputs *outputs, const cli_photo *photo, const char *pattern, cli_path *path);
/* The same with the folders that it needs. */
bool cli_output_make(cli *run, const cli_outputs *outputs, const cli_photo *photo, const char *pattern, cli_path *path);
/* pattern with a photo's name without folder and ending for {name}. */
bool cli_fill_name(cli *run, const char *pattern, const char *photo, cli_path *path);
/* Fails where one of the options that go with --output-dir is given without it. */
bool cli_outputs_check_absent(cli *run);

#endif
