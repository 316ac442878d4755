/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_CSS_COLOR_H
#define BACKDROP_CLI_CSS_COLOR_H

#include <stdbool.h>
#include <stdint.h>

/* A name, #rgb, #rgba, #rrggbb or #rrggbbaa (# may be left out), rgb(), rgba(), hsl() or hsla(), in any case, as straight
 * RGBA in sRGB. False: it is none of these. */
bool cli_css_color(const char *text, uint8_t rgba[4]);

#endif
