/* SPDX-License-Identifier: MIT
 * Where models are, by weights/manifest.json. */
#ifndef BACKDROP_CLI_WEIGHTS_H
#define BACKDROP_CLI_WEIGHTS_H

#include "cli.h"

struct cJSON;
typedef struct cli_weights {
    cli_path folder; /* holds manifest.json and cache/NAME/ */
    cli_path users;  /* may hold cache/NAME/, too; "": none */
    struct cJSON *manifest;
    const char *default_name;
} cli_weights;

bool cli_weights_open(cli *run, cli_weights *weights);
void cli_weights_close(cli_weights *weights);
/* A text of the manifest; NULL: there is none. */
const char *cli_weights_text(const struct cJSON *object, const char *key);
/* Whether every file of a model is there with the manifest's size; *path is its main file. */
bool cli_weights_locate(const cli_weights *weights, const struct cJSON *model, cli_path *path);
/* The script that brings the weights. */
const char *cli_weights_fetcher(const cli_weights *weights);

#endif
