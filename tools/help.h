/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_HELP_H
#define BACKDROP_CLI_HELP_H

#include "options.h"

/* Of the verb, or of the whole command when none was given. */
void cli_print_help(const cli_options *options);

/* What it is made of besides the options, which the man pages have, too. Lines with a line feed each. */
/* "usage: ", the command's forms, an empty line, what it does. */
const char *cli_overview(void);
/* The same of a verb. */
const char *cli_verb_usage(cli_verb verb);
/* A verb in a few words. */
const char *cli_verb_summary(cli_verb verb);
/* "exit status: " and the statuses. */
const char *cli_statuses(void);

#endif
