/* SPDX-License-Identifier: MIT
 * What only a command needs of the operating system; the rest is in engine/platform. Paths are UTF-8. */
#ifndef BACKDROP_CLI_PLATFORM_H
#define BACKDROP_CLI_PLATFORM_H

#include <stdio.h>

#include "cli.h"

/* To be called first: main's arguments become UTF-8, standard input and output are bytes, and writing past a limit of
 * files' sizes or to a pipe that nobody reads fails instead of ending the program. false: out of memory. */
bool cli_platform_start(int *argc, char ***argv);
bool cli_is_terminal(FILE *stream);
/* act is called before a signal ends the program. */
void cli_before_signal(void (*act)(void));
/* Signals that end the program wait as long as they are held. */
void cli_hold_signals(bool hold);

/* fopen of a file to read; errno says why there is none. */
FILE *cli_open_file(const char *path);
/* Links that lead nowhere are there, too. */
bool cli_is_there(const char *path);
/* What tells a file or a folder that is there from all others, whatever path leads to it. */
typedef struct cli_file_id {
    uint64_t volume, index;
} cli_file_id;

/* Links are followed; false: there is none. */
bool cli_identify(const char *path, cli_file_id *id);
/* Whether files can be made in a folder; errno says why not. */
bool cli_may_write_in(const char *folder);
/* Calls each with the names in a folder; false: it cannot be read, as errno says. */
bool cli_list_folder(const char *folder, void (*each)(void *user, const char *name), void *user);

#endif
