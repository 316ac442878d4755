/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"
#include "platform/system_windows.h"

#include <shellapi.h>

/* The arguments once more, and in UTF-8; they live as long as the program. */
bool cli_platform_start(int *argc, char ***argv) {
    (void)_setmode(_fileno(stdin), _O_BINARY);
    (void)_setmode(_fileno(stdout), _O_BINARY);
    (void)SetConsoleOutputCP(CP_UTF8);
    int count = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    char **all = wide ? calloc((size_t)count + 1, sizeof *all) : NULL;
    bool done = all;
    for (int i = 0; i < count && done; i++) {
        int bytes = WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, NULL, 0, NULL, NULL);
        all[i] = bytes > 0 ? malloc((size_t)bytes) : NULL;
        done = all[i] && bd_wide_to_utf8(wide[i], all[i], bytes);
    }
    (void)LocalFree(wide);
    if (done) {
        *argc = count;
        *argv = all;
    }
    return done;
}

bool cli_is_terminal(FILE *stream) {
    return _isatty(_fileno(stream));
}

static void (*before_signal)(void);

static BOOL WINAPI end(DWORD kind) {
    (void)kind;
    before_signal();
    return FALSE; /* whoever is next, the system at last, ends the program */
}

void cli_before_signal(void (*act)(void)) {
    if (!before_signal) {
        before_signal = act;
        (void)SetConsoleCtrlHandler(end, TRUE);
    }
}

/* What ends the program runs in a thread of its own, which cannot be held. */
void cli_hold_signals(bool hold) {
    (void)hold;
}

FILE *cli_open_file(const char *path) {
    bd_wide_path wide;
    if (!bd_wide_from_utf8(path, &wide)) {
        errno = EINVAL;
        return NULL;
    }
    return _wfopen(wide.text, L"rb");
}

bool cli_is_there(const char *path) {
    bd_wide_path wide;
    return bd_wide_from_utf8(path, &wide) && GetFileAttributesW(wide.text) != INVALID_FILE_ATTRIBUTES;
}

bool cli_identify(const char *path, cli_file_id *id) {
    BY_HANDLE_FILE_INFORMATION info;
    bd_wide_path wide;
    if (!bd_wide_from_utf8(path, &wide)) {
        return false;
    }
    HANDLE file = CreateFileW(wide.text, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS, NULL);
    bool done = file != INVALID_HANDLE_VALUE && GetFileInformationByHandle(file, &info);
    if (file != INVALID_HANDLE_VALUE) {
        (void)CloseHandle(file);
    }
    if (done) {
        *id = (cli_file_id){info.dwVolumeSerialNumber, (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow};
    }
    return done;
}

/* Who may write is in access lists: what there is to ask is whether there is a folder. */
bool cli_may_write_in(const char *folder) {
    bd_wide_path wide;
    DWORD attributes = bd_wide_from_utf8(folder, &wide) ? GetFileAttributesW(wide.text) : INVALID_FILE_ATTRIBUTES;
    bool is_folder = attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY);
    if (!is_folder) {
        errno = ENOENT;
    }
    return is_folder;
}

bool cli_list_folder(const char *folder, void (*each)(void *user, const char *name), void *user) {
    cli_path pattern, name;
    bd_wide_path wide;
    WIN32_FIND_DATAW found;
    if (!cli_join(&pattern, folder, "/*", "", "") || !bd_wide_from_utf8(pattern.text, &wide)) {
        errno = EINVAL;
        return false;
    }
    HANDLE search = FindFirstFileW(wide.text, &found);
    if (search == INVALID_HANDLE_VALUE) {
        errno = ENOENT;
        return false;
    }
    bool done = true;
    do {
        done = bd_wide_to_utf8(found.cFileName, name.text, (int)sizeof name.text);
        if (done) {
            each(user, name.text);
        }
    } while (done && FindNextFileW(search, &found));
    done = done && GetLastError() == ERROR_NO_MORE_FILES;
    (void)FindClose(search);
    errno = done ? 0 : EIO;
    return done;
}
