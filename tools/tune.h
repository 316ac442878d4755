/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_TUNE_H
#define BACKDROP_CLI_TUNE_H

#include "cli.h"

bool cli_tune(cli *run);

#endif
