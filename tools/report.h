/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_REPORT_H
#define BACKDROP_CLI_REPORT_H

#include "network.h"

const char *cli_device_kind_name(bd_device_kind kind);
struct cJSON *cli_json_device(const bd_device_info *device);
/* Device, model (where a device was opened) and timings under root, which may be NULL after a failed allocation. */
void cli_json_run(struct cJSON *root, const cli *run, const cli_network *network);
/* Prints root on standard output and deletes it. root NULL: out of memory. */
bool cli_print_json(cli *run, struct cJSON *root);
/* The same in one line. */
bool cli_print_json_line(cli *run, struct cJSON *root);
/* Flushes standard output; fails when anything did not get there. */
/* text for standard output: a terminal gets no control characters. */
const char *cli_printed(const char *text, cli_path *room);
bool cli_flush(cli *run);
/* Device and timings on stderr, for -v. */
void cli_print_timings(cli *run, const cli_network *network);

#endif
