/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_PAGES_MAN_H
#define BACKDROP_PAGES_MAN_H

#include "tools/options.h"

/* backdrop-VERB(1), or backdrop(1) for CLI_VERB_COUNT. */
void pages_print_man(cli_verb verb);

#endif
