/* SPDX-License-Identifier: MIT */
#include "platform/failure.h"

#include <stdio.h>
#include <string.h>

#include "platform/system_windows.h"

bool bd_failure_is_missing(bd_failure failure) {
    return failure == ERROR_FILE_NOT_FOUND || failure == ERROR_PATH_NOT_FOUND;
}

bool bd_failure_is_full(bd_failure failure) {
    return failure == ERROR_DISK_FULL || failure == ERROR_HANDLE_DISK_FULL;
}

const char *bd_failure_say(bd_failure failure, bd_failure_text *buffer) {
    const DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    wchar_t wide[128];
    DWORD length = FormatMessageW(flags, NULL, failure, 0, wide, (DWORD)(sizeof wide / sizeof wide[0]), NULL);
    if (!length || !bd_wide_to_utf8(wide, buffer->text, (int)sizeof buffer->text)) {
        (void)snprintf(buffer->text, sizeof buffer->text, "error %lu", (unsigned long)failure);
    }
    size_t used = strlen(buffer->text);
    while (used && (buffer->text[used - 1] == ' ' || buffer->text[used - 1] == '.')) {
        buffer->text[--used] = '\0';
    }
    return buffer->text;
}
