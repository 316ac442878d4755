/* SPDX-License-Identifier: MIT */
#include "platform/environment.h"

#include <stdlib.h>
#include <string.h>

#include "platform/system_windows.h"

bool bd_environment_get(const char *name, char *value, size_t room) {
    bd_wide_path wide_name;
    const wchar_t *wide = bd_wide_from_utf8(name, &wide_name) ? _wgetenv(wide_name.text) : NULL;
    return wide && *wide && bd_wide_to_utf8(wide, value, (int)room);
}

bool bd_own_cache_folder(char *folder, size_t room) {
    static const char below[] = "/backdrop/cache";
    if (room <= sizeof below || !bd_environment_get("LOCALAPPDATA", folder, room - sizeof below)) {
        return false;
    }
    memcpy(folder + strlen(folder), below, sizeof below);
    return true;
}

static bool folder_of(HMODULE module, char *folder, size_t room) {
    bd_wide_path wide;
    const DWORD most = (DWORD)(sizeof wide.text / sizeof wide.text[0]);
    DWORD length = GetModuleFileNameW(module, wide.text, most);
    if (!length || length == most || !bd_wide_to_utf8(wide.text, folder, (int)room)) {
        return false;
    }
    char *slash = strrchr(folder, '\\');
    if (slash) {
        *slash = '\0';
    }
    return slash;
}

bool bd_program_folder(char *folder, size_t room) {
    return folder_of(NULL, folder, room);
}

bool bd_library_folder(char *folder, size_t room) {
    static const char here = 0;
    HMODULE module;
    const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    return GetModuleHandleExW(flags, (LPCWSTR)(const void *)&here, &module) && folder_of(module, folder, room);
}
