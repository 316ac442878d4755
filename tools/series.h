/* SPDX-License-Identifier: MIT
 * Several photos into a folder. */
#ifndef BACKDROP_CLI_SERIES_H
#define BACKDROP_CLI_SERIES_H

#include "cropping.h"
#include "spare.h"

typedef struct cli_series {
    char **photos; /* paths */
    unsigned count;
    const char *folder;
    bd_image_file file;
    const bd_image *background; /* NULL without a picture */
    const bd_replace_params *params;
    cli_cropping crop;       /* of the photo that was ended last */
    bd_metadata metadata[2]; /* of the photos of even and of odd numbers that are under way */
    unsigned done, failed;
    cli_status status;    /* of the first that failed */
    struct cJSON *report; /* an object for every photo is added, in their order; NULL: none is wanted */
    cli_spare spare;
} cli_series;

/* Whether every photo has an output of its own that can be written. */
bool cli_series_check(cli *run, const cli_series *series);
/* A line on stderr for each photo that fails; false when one did. The report is made all the same. */
bool cli_series_run(cli *run, cli_network *network, cli_series *series);

#endif
