/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_NEAREST_H
#define BACKDROP_CLI_NEAREST_H

#include <stddef.h>

/* How many letters of text would have to change to make it name; 1 for name's first three or more. */
unsigned cli_slips(const char *text, size_t length, const char *name);

#endif
