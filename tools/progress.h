/* SPDX-License-Identifier: MIT
 * A line on the terminal's stderr once the run takes over half a second. */
#ifndef BACKDROP_CLI_PROGRESS_H
#define BACKDROP_CLI_PROGRESS_H

#include "cli.h"

bool cli_progress_start(cli *run);
void cli_progress_stage(void *run, const char *stage); /* a bd_progress_fn; does nothing without progress */
/* Clears the line; further stages show nothing. */
void cli_progress_stop(cli *run);
/* A line on stderr that does not run into the progress line. */
void cli_say(cli *run, const char *format, ...) BD_PRINTF(2, 3);

#endif
