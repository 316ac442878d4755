/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_OPTIONS_H
#define BACKDROP_CLI_OPTIONS_H

#include "cli.h"

bool cli_parse(cli *run, int argc, char **argv);
/* The whole text as a number in low..high. */
bool cli_parse_integer(const char *text, long low, long high, long *value);
bool cli_parse_number(const char *text, float low, float high, float *value);
/* The value of option --name, a number of pixels above 0 and at most `most`; NULL passes. */
bool cli_parse_radius(cli *run, const char *name, const char *text, float most, float *pixels);
/* "N" or "WxH", each 1..8192. */
bool cli_parse_size(const char *text, uint32_t *width, uint32_t *height);
/* '#rgb', '#rrggbb', '#rrggbbaa' or one of CSS's names for the plainest. */
bool cli_parse_color(const char *text, uint8_t *rgba);
/* --precision: auto, fp32, fp16 or fast16. */
bool cli_parse_precision(cli *run, bd_precision *precision);
/* --quantised: integer or float. */
bool cli_parse_quantised(cli *run, bd_quantised *quantised);
/* Comma-separated numbers, names (any case) and "all" (every class but 0). */
bool cli_parse_classes(cli *run, const char *text, const bd_model *model, bd_class_set *set);

#endif
