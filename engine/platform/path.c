/* SPDX-License-Identifier: MIT */
#include "platform/path.h"

bool bd_path_is_separator(char c) {
#ifdef _WIN32
    return c == '/' || c == '\\';
#else
    return c == '/';
#endif
}

/* Where what names a drive ends. */
static const char *skip_drive(const char *path) {
#ifdef _WIN32
    return path[0] && path[1] == ':' ? path + 2 : path;
#else
    return path;
#endif
}

const char *bd_path_name(const char *path) {
    const char *name = skip_drive(path);
    for (const char *at = name; *at; at++) {
        if (bd_path_is_separator(*at)) {
            name = at + 1;
        }
    }
    return name;
}

bool bd_path_is_absolute(const char *path) {
    return skip_drive(path) != path || bd_path_is_separator(*path);
}
