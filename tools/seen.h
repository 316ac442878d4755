/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_SEEN_H
#define BACKDROP_CLI_SEEN_H

#include "network.h"

/* Keeps what the network saw in the photo whose result was returned last; says so on stderr when that is none of the
 * classes. */
void cli_note_seen(cli *run, cli_network *network, const bd_class_set *classes, const char *photo);
/* The share of the photo that was labelled as these classes, as "foreground_share"; nothing without a network. */
void cli_json_seen(struct cJSON *object, const cli_network *network, const bd_class_set *classes);

#endif
