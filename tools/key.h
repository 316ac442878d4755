/* SPDX-License-Identifier: MIT
 * --key and what goes with it. */
#ifndef BACKDROP_CLI_KEY_H
#define BACKDROP_CLI_KEY_H

#include "network.h"

struct cJSON;

bool cli_key_parse(cli *run, bd_matte_params *params);
/* Keeps what was found in the photo whose result was returned last, and says it with -v, or where the colour is on so
 * little of the border that one may doubt it. */
void cli_note_key(cli *run, cli_network *network, const char *photo);
/* As "key"; nothing where no colour was looked for. */
void cli_json_key(struct cJSON *object, const cli_network *network);

#endif
