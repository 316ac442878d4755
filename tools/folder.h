/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_FOLDER_H
#define BACKDROP_CLI_FOLDER_H

#include "cli.h"

/* The main file of the only exported network in a folder. */
bool cli_folder_find(cli *run, const char *folder, cli_path *path);

#endif
