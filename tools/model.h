/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_MODEL_H
#define BACKDROP_CLI_MODEL_H

#include "cli.h"

typedef struct cli_model {
    bd_model *model;
    bd_model_info info;
    char name[256];
    cli_path path;
} cli_model;

/* text: a path (of a folder too), a name of the manifest, or NULL for the manifest's default. */
bool cli_model_open(cli *run, const char *text, cli_model *model);
void cli_model_close(cli_model *model);
/* Opens a model again at another size. */
bool cli_model_open_sized(cli *run, const cli_model *from, uint32_t width, uint32_t height, cli_model *model);

/* --class. */
bool cli_classes(cli *run, const bd_model *model, bd_class_set *set);

#endif
