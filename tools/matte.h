/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_MATTE_H
#define BACKDROP_CLI_MATTE_H

#include "cli.h"

bool cli_matte_verb(cli *run);

#endif
