/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_DEVICES_H
#define BACKDROP_CLI_DEVICES_H

#include "cli.h"

bool cli_devices(cli *run);

#endif
