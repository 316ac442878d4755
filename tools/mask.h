/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_MASK_H
#define BACKDROP_CLI_MASK_H

#include "plane.h"

/* What --matte, --coarse, --trimap, --matte-in and the options that shape the matte come to. */
typedef struct cli_matte {
    bd_matte_params params;
    cli_plane plane;
    bd_image trimap;
} cli_matte;

bool cli_matte_parse(cli *run, cli_matte *matte);
/* The name of the first of the options that shape the matte, in the order of the help; NULL: none is given. */
const char *cli_matte_shaping(const cli *run);
bool cli_matte_needs_network(const cli *run);
/* Whether a larger look at the photo is of use: to --matte best, by the rule. */
bool cli_matte_looks_closer(const cli *run);
/* Reads the files that take the network's place, if any. */
bool cli_matte_open(cli *run, const bd_image *photo, cli_matte *matte);
/* A finished matte, zeroed at first or another one's: alpha, BD_FORMAT_GRAY16 of the photo's size. */
bool cli_matte_take(cli *run, const bd_image *alpha, bool wide, cli_matte *matte);
/* BD_FORMAT_GRAY16 to _GRAY8, in place. */
void cli_matte_narrow(bd_image *alpha);
void cli_matte_close(cli_matte *matte);

#endif
