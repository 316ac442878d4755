/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_HELP_H
#define BACKDROP_CLI_HELP_H

#include "cli.h"

const char *cli_verb_name(cli_verb verb);
void cli_print_help(const cli_options *options);

#endif
