/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_REPLACE_H
#define BACKDROP_CLI_REPLACE_H

#include "cli.h"

bool cli_replace(cli *run);

#endif
