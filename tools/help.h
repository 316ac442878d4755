/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_HELP_H
#define BACKDROP_CLI_HELP_H

#include "options.h"

/* Of the verb, or of the whole command when none was given. */
void cli_print_help(const cli_options *options);

#endif
