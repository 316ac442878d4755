/* SPDX-License-Identifier: MIT */
#include "platform/dynamic_library.h"

#include <dlfcn.h>

void *bd_dynamic_library_open(const char *name) {
    return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

void *bd_dynamic_library_find(void *library, const char *function) {
    return dlsym(library, function);
}
