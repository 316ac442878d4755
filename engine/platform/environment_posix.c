/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* dladdr */
#include "platform/environment.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool copy(const char *text, char *to, size_t room) {
    size_t length = strlen(text);
    if (!length || length >= room) {
        return false;
    }
    memcpy(to, text, length + 1);
    return true;
}

/* Drops the last part of a path. */
static bool keep_folder(char *path) {
    char *slash = strrchr(path, '/');
    if (slash) {
        *slash = '\0';
    }
    return slash;
}

bool bd_environment_get(const char *name, char *value, size_t room) {
    const char *text = getenv(name);
    return text && copy(text, value, room);
}

/* XDG Base Directory Specification 0.8: relative paths count for nothing. */
bool bd_own_cache_folder(char *folder, size_t room) {
    const char *base = getenv("XDG_CACHE_HOME"), *below = "/backdrop";
    if (!base || base[0] != '/') {
        base = getenv("HOME");
        below = "/.cache/backdrop";
    }
    if (!base || base[0] != '/' || !copy(base, folder, room)) {
        return false;
    }
    const size_t length = strlen(folder);
    return copy(below, folder + length, room - length);
}

bool bd_program_folder(char *folder, size_t room) {
    ssize_t length = readlink("/proc/self/exe", folder, room - 1);
    if (length <= 0) {
        return false;
    }
    folder[length] = '\0';
    return keep_folder(folder);
}

bool bd_library_folder(char *folder, size_t room) {
    static const char here = 0;
    Dl_info info;
    return dladdr(&here, &info) && info.dli_fname && copy(info.dli_fname, folder, room) && keep_folder(folder);
}
