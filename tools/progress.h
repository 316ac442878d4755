/* SPDX-License-Identifier: MIT
 * Lines on stderr: how far the run is, on a terminal and once it takes over half a second; notes. */
#ifndef BACKDROP_CLI_PROGRESS_H
#define BACKDROP_CLI_PROGRESS_H

#include "cli.h"

bool cli_progress_start(cli *run);
/* Do nothing without progress; the latter is a bd_progress_fn. */
void cli_progress_stage(cli *run, const char *stage);
bool cli_progress_report(void *run, const char *stage, uint32_t done, uint32_t total);
/* Clears the line; further stages show nothing. */
void cli_progress_stop(cli *run);
/* A line on stderr that does not run into the progress line. */
void cli_say(cli *run, const char *format, ...) BD_PRINTF(2, 3);

/* A line that is said once the photo, or the run, is done: where that fails, its one line is all there is to say. */
void cli_note(cli *run, const char *format, ...) BD_PRINTF(2, 3);
void cli_notes_say(cli *run);
void cli_notes_drop(cli *run);

#endif
