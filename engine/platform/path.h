/* SPDX-License-Identifier: MIT
 * Paths as text: UTF-8 on every system. Windows takes both slashes. */
#ifndef BD_PATH_H
#define BD_PATH_H

#include <stdbool.h>

bool bd_path_is_separator(char c);
/* What follows the last separator, or the drive. */
const char *bd_path_name(const char *path);
/* Whether it begins elsewhere than in the current folder. */
bool bd_path_is_absolute(const char *path);

#endif
