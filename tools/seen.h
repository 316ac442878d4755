/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_SEEN_H
#define BACKDROP_CLI_SEEN_H

#include "network.h"

/* --class; with auto network->choose is set, and set has the person, or whatever is no background where the model knows
 * none. */
bool cli_classes_parse(cli *run, cli_network *network, bd_class_set *set);
/* Keeps what the network saw in the photo whose result was returned last. With --class auto: whether the photo is to be
 * done again, with the class that classes then has; first: it has not been yet. */
bool cli_seen_again(cli_network *network, bool first, bd_class_set *classes);
/* Whether the subject is not there, or too small to be kept. */
bool cli_seen_none(const cli_network *network, const bd_class_set *classes);
/* Says so on stderr; with --fail-empty fails with it. */
bool cli_seen_note(cli *run, const cli_network *network, const bd_class_set *classes, const char *photo);
/* "found", "empty", and with a network the share of the photo that was labelled as these classes, as "foreground_share";
 * with --class auto the one that was taken, as "class". */
void cli_json_seen(struct cJSON *object, const cli_network *network, const bd_class_set *classes);

#endif
