/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_MODELS_H
#define BACKDROP_CLI_MODELS_H

#include "cli.h"

bool cli_models(cli *run);

#endif
