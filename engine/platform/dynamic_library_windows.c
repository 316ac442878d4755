/* SPDX-License-Identifier: MIT */
#include "platform/dynamic_library.h"

#include <string.h>

#include "platform/system_windows.h"

void *bd_dynamic_library_open(const char *name) {
    bd_wide_path wide;
    return bd_wide_from_utf8(name, &wide) ? LoadLibraryExW(wide.text, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32) : NULL;
}

void *bd_dynamic_library_find(void *library, const char *function) {
    FARPROC found = GetProcAddress(library, function);
    void *address = NULL;
    /* ISO C has no cast from a function to an object pointer. */
    memcpy(&address, &found, sizeof address);
    return address;
}
