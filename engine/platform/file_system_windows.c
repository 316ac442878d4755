/* SPDX-License-Identifier: MIT */
#include "platform/file_system.h"

#include <stdio.h>
#include <string.h>

#include "platform/path.h"
#include "platform/system_windows.h"

static bd_failure open_file(const char *path, DWORD how, bd_file *file) {
    bd_wide_path wide;
    if (!bd_wide_from_utf8(path, &wide)) {
        return GetLastError();
    }
    HANDLE handle = CreateFileW(wide.text, GENERIC_WRITE, FILE_SHARE_READ, NULL, how, FILE_ATTRIBUTE_NORMAL, NULL);
    file->handle = (intptr_t)handle;
    return handle == INVALID_HANDLE_VALUE ? GetLastError() : 0;
}

bd_path_kind bd_path_look(const char *path) {
    bd_wide_path wide;
    DWORD attributes = bd_wide_from_utf8(path, &wide) ? GetFileAttributesW(wide.text) : INVALID_FILE_ATTRIBUTES;
    if (attributes == INVALID_FILE_ATTRIBUTES) {
        return BD_PATH_NONE;
    }
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? BD_PATH_FOLDER
           : attributes & FILE_ATTRIBUTE_DEVICE  ? BD_PATH_OTHER
                                                 : BD_PATH_FILE;
}

bool bd_file_bytes(const char *path, uint64_t *bytes) {
    bd_wide_path wide;
    WIN32_FILE_ATTRIBUTE_DATA data;
    if (!bd_wide_from_utf8(path, &wide) || !GetFileAttributesExW(wide.text, GetFileExInfoStandard, &data) ||
        (data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
        return false;
    }
    *bytes = (uint64_t)data.nFileSizeHigh << 32 | data.nFileSizeLow;
    return true;
}

bd_failure bd_folder_make(const char *path) {
    bd_wide_path wide;
    return bd_wide_from_utf8(path, &wide) && CreateDirectoryW(wide.text, NULL) ? 0 : GetLastError();
}

void bd_folder_make_all(char *path) {
    for (char *slash = *path ? path + 1 : path; *slash; slash++) {
        if (bd_path_is_separator(*slash)) {
            const char separator = *slash;
            *slash = '\0';
            (void)bd_folder_make(path);
            *slash = separator;
        }
    }
    (void)bd_folder_make(path);
}

/* What one call is asked to move. */
static DWORD at_once(size_t bytes) {
    enum { MOST = 1 << 30 };
    return bytes < MOST ? (DWORD)bytes : MOST;
}

bd_failure bd_file_open_input(const char *path, bd_path_kind *kind, bd_file *file, uint64_t *bytes) {
    *kind = BD_PATH_NONE;
    *bytes = 0;
    bd_wide_path wide;
    if (!bd_wide_from_utf8(path, &wide)) {
        return GetLastError();
    }
    /* Without backup semantics a folder could not be told from a file that may not be read. */
    HANDLE handle = CreateFileW(wide.text, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        return GetLastError();
    }
    BY_HANDLE_FILE_INFORMATION info;
    bd_failure failure = 0;
    if (GetFileType(handle) != FILE_TYPE_DISK) {
        *kind = BD_PATH_OTHER;
    } else if (!GetFileInformationByHandle(handle, &info)) {
        failure = GetLastError();
    } else if (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
        *kind = BD_PATH_FOLDER;
    } else {
        *kind = BD_PATH_FILE;
        *bytes = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow;
    }
    file->handle = (intptr_t)handle;
    if (*kind != BD_PATH_FILE) {
        (void)CloseHandle(handle);
    }
    return failure;
}

bd_failure bd_file_read(bd_file file, void *data, size_t bytes, size_t *got) {
    unsigned char *to = data;
    *got = 0;
    while (*got < bytes) {
        DWORD count = 0;
        if (!ReadFile((HANDLE)file.handle, to + *got, at_once(bytes - *got), &count, NULL)) {
            return GetLastError();
        }
        if (!count) {
            return 0;
        }
        *got += count;
    }
    return 0;
}

/* Links are rare, and need a privilege: they are replaced. */
bd_failure bd_file_target(const char *path, char *target, size_t room) {
    bd_wide_path wide;
    size_t length = strlen(path);
    if (length >= room) {
        return ERROR_FILENAME_EXCED_RANGE;
    }
    memcpy(target, path, length + 1);
    DWORD attributes = bd_wide_from_utf8(path, &wide) ? GetFileAttributesW(wide.text) : INVALID_FILE_ATTRIBUTES;
    bool kept = attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_READONLY);
    return kept ? ERROR_ACCESS_DENIED : 0;
}

/* Files take what their folder gives them. */
bd_failure bd_file_open_temporary(char *path, const char *target, bd_file *file) {
    enum { TRIES = 100 };
    (void)target;
    char *suffix = strchr(path, '\0');
    bd_failure failure = ERROR_FILE_EXISTS;
    LARGE_INTEGER now;
    QueryPerformanceCounter(&now);
    uint32_t number = (uint32_t)now.QuadPart * 2654435761u ^ GetCurrentThreadId() * 40503u;
    for (int i = 0; i < TRIES && failure == ERROR_FILE_EXISTS; i++) {
        number = number * 1664525u + 1013904223u; /* Knuth's, as Numerical Recipes has it */
        (void)snprintf(suffix, BD_FILE_SUFFIX + 1, ".%06x", (unsigned)(number >> 8));
        failure = open_file(path, CREATE_NEW, file);
    }
    return failure;
}

bd_failure bd_file_open_device(const char *path, bd_file *file) {
    return open_file(path, OPEN_EXISTING, file);
}

bd_failure bd_file_write(bd_file file, const void *data, size_t bytes) {
    const unsigned char *from = data;
    while (bytes) {
        DWORD wrote = 0;
        if (!WriteFile((HANDLE)file.handle, from, at_once(bytes), &wrote, NULL)) {
            return GetLastError();
        }
        from += wrote;
        bytes -= wrote;
    }
    return 0;
}

bd_failure bd_file_close(bd_file file) {
    return CloseHandle((HANDLE)file.handle) ? 0 : GetLastError();
}

bd_failure bd_file_rename(const char *from, const char *to) {
    bd_wide_path wide_from, wide_to;
    bool done = bd_wide_from_utf8(from, &wide_from) && bd_wide_from_utf8(to, &wide_to) &&
                MoveFileExW(wide_from.text, wide_to.text, MOVEFILE_REPLACE_EXISTING);
    return done ? 0 : GetLastError();
}

void bd_file_remove(const char *path) {
    bd_wide_path wide;
    if (bd_wide_from_utf8(path, &wide)) {
        (void)DeleteFileW(wide.text);
    }
}
