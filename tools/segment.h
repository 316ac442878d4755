/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_SEGMENT_H
#define BACKDROP_CLI_SEGMENT_H

#include "cli.h"

bool cli_segment(cli *run);

#endif
