/* SPDX-License-Identifier: MIT
 * Options' values, of the types that options.c gives them. Each function takes an option by its member of run->options.
 * Where the option is not given and has no default, what is asked for stays as it is. False: the value is none of the
 * option's, and the failure is kept. */
#ifndef BACKDROP_CLI_VALUES_H
#define BACKDROP_CLI_VALUES_H

#include "cli.h"

/* The row of an option with the run's verb. */
const cli_option *cli_value_row(const cli *run, const char *const *option);
/* Whether the command line has the option that fills a member of run->options. */
bool cli_value_given(const cli *run, const void *member);
/* Fills the parameters of the library that the verb's rows set, from the values given. */
bool cli_values_set(cli *run);
/* The text, or the default's. */
const char *cli_value_text(const cli *run, const char *const *option);
bool cli_value_choice(cli *run, const char *const *option, unsigned *number);
bool cli_value_integer(cli *run, const char *const *option, long *value);
bool cli_value_number(cli *run, const char *const *option, float *value);
/* 0: UINT64_MAX. */
bool cli_value_pixels(cli *run, const char *const *option, uint64_t *value);
bool cli_value_size(cli *run, const char *const *option, uint32_t *width, uint32_t *height);
bool cli_value_color(cli *run, const char *const *option, uint8_t rgba[4]);
/* Shares of the free width and height. */
bool cli_value_margin(cli *run, const char *const *option, float *margin, bool *percent);
bool cli_value_levels(cli *run, const char *const *option, float levels[2]);
bool cli_value_place(cli *run, const char *const *option, float place[2]);
/* What a network is fed, into the parameters of a model. */
bool cli_value_scaling(cli *run, const char *const *option, bd_model_params *params);
bool cli_value_part(cli *run, const char *const *option, bd_keep *keep, uint32_t point[2]);
/* The part and how many there are; as they were where the option is not given. */
bool cli_value_shard(cli *run, const char *const *option, unsigned shard[2]);
/* One of several looks: text points at it, and then at the next or at the end. factor 0: flip. */
bool cli_value_look(cli *run, const char *const *option, const char **text, double *factor);

#endif
