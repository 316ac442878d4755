/* SPDX-License-Identifier: MIT
 * Windows, whose calls take UTF-16 where ours take UTF-8. */
#ifndef BD_SYSTEM_WINDOWS_H
#define BD_SYSTEM_WINDOWS_H

#include <stdbool.h>

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

/* Room for a path of UTF-16. */
typedef struct bd_wide_path {
    wchar_t text[2048];
} bd_wide_path;

/* false: not UTF-8, or too long; GetLastError says which. */
bool bd_wide_from_utf8(const char *text, bd_wide_path *wide);
/* false: too long for room bytes. */
bool bd_wide_to_utf8(const wchar_t *wide, char *text, int room);

#endif
