/* SPDX-License-Identifier: MIT */
#include "platform/system_windows.h"

bool bd_wide_from_utf8(const char *text, bd_wide_path *wide) {
    const int room = (int)(sizeof wide->text / sizeof wide->text[0]);
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide->text, room) > 0;
}

bool bd_wide_to_utf8(const wchar_t *wide, char *text, int room) {
    return WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, room, NULL, NULL) > 0;
}
