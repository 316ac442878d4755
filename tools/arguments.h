/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_ARGUMENTS_H
#define BACKDROP_CLI_ARGUMENTS_H

#include "cli.h"

/* Fills run->options; values stay text. */
bool cli_parse(cli *run, int argc, char **argv);

#endif
