/* SPDX-License-Identifier: MIT */
#include "platform/file_mapping.h"

#include "platform/system_windows.h"

static bd_failure map(HANDLE file, const uint8_t **data, size_t *bytes) {
    LARGE_INTEGER size;
    if (!GetFileSizeEx(file, &size)) {
        return GetLastError();
    }
    if (!size.QuadPart) {
        return 0;
    }
    if ((uint64_t)size.QuadPart > SIZE_MAX) {
        return ERROR_FILE_TOO_LARGE;
    }
    HANDLE mapping = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
    if (!mapping) {
        return GetLastError();
    }
    *data = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
    bd_failure failure = *data ? 0 : GetLastError();
    *bytes = *data ? (size_t)size.QuadPart : 0;
    (void)CloseHandle(mapping); /* the view keeps it */
    return failure;
}

bd_failure bd_file_map(const char *path, bd_path_kind *kind, const uint8_t **data, size_t *bytes) {
    *kind = BD_PATH_NONE;
    *data = NULL;
    *bytes = 0;
    bd_wide_path wide;
    if (!bd_wide_from_utf8(path, &wide)) {
        return GetLastError();
    }
    /* Without backup semantics a folder could not be told from a file that may not be read. */
    HANDLE file = CreateFileW(wide.text, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return GetLastError();
    }
    BY_HANDLE_FILE_INFORMATION info;
    bd_failure failure = 0;
    if (GetFileType(file) != FILE_TYPE_DISK) {
        *kind = BD_PATH_OTHER;
    } else if (!GetFileInformationByHandle(file, &info)) {
        failure = GetLastError();
    } else if (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
        *kind = BD_PATH_FOLDER;
    } else {
        *kind = BD_PATH_FILE;
        failure = map(file, data, bytes);
    }
    (void)CloseHandle(file);
    return failure;
}

void bd_file_unmap(const uint8_t *data, size_t bytes) {
    (void)bytes;
    if (data) {
        (void)UnmapViewOfFile(data);
    }
}
