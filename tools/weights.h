/* SPDX-License-Identifier: MIT
 * The models of a manifest, as the library finds them. */
#ifndef BACKDROP_CLI_WEIGHTS_H
#define BACKDROP_CLI_WEIGHTS_H

#include "cli.h"

/* Fails as a matter of models. */
bool cli_weights_open(cli *run, bd_weights **weights);

#endif
