/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "platform/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/path.h"

static bd_path_kind kind_of(const struct stat *status) {
    return S_ISREG(status->st_mode) ? BD_PATH_FILE : S_ISDIR(status->st_mode) ? BD_PATH_FOLDER : BD_PATH_OTHER;
}

bd_path_kind bd_path_look(const char *path) {
    struct stat status;
    return stat(path, &status) ? BD_PATH_NONE : kind_of(&status);
}

bool bd_file_bytes(const char *path, uint64_t *bytes) {
    struct stat status;
    if (stat(path, &status) || !S_ISREG(status.st_mode)) {
        return false;
    }
    *bytes = (uint64_t)status.st_size;
    return true;
}

bd_failure bd_folder_make(const char *path) {
    return mkdir(path, 0777) ? (bd_failure)errno : 0;
}

void bd_folder_make_all(char *path) {
    for (char *slash = *path ? path + 1 : path; *slash; slash++) {
        if (*slash == '/') {
            *slash = '\0';
            (void)mkdir(path, 0777);
            *slash = '/';
        }
    }
    (void)mkdir(path, 0777);
}

bd_failure bd_file_open_input(const char *path, bd_path_kind *kind, bd_file *file, uint64_t *bytes) {
    *kind = BD_PATH_NONE;
    *bytes = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer would block */
    if (descriptor < 0) {
        return (bd_failure)errno;
    }
    struct stat status;
    bd_failure failure = fstat(descriptor, &status) ? (bd_failure)errno : 0;
    if (!failure) {
        *kind = kind_of(&status);
        *bytes = (uint64_t)status.st_size;
    }
    file->handle = descriptor;
    if (*kind != BD_PATH_FILE) {
        (void)close(descriptor);
    }
    return failure;
}

bd_failure bd_file_read(bd_file file, void *data, size_t bytes, size_t *got) {
    enum { MOST = 1 << 30 };
    unsigned char *to = data;
    *got = 0;
    while (*got < bytes) {
        size_t left = bytes - *got;
        ssize_t count = read((int)file.handle, to + *got, left < MOST ? left : MOST);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count < 0 ? (bd_failure)errno : 0;
        }
        *got += (size_t)count;
    }
    return 0;
}

/* Where the link at target leads, from its folder. */
static bd_failure follow(char *target, size_t room) {
    char link[4096];
    ssize_t length = readlink(target, link, sizeof link);
    size_t folder = length > 0 && link[0] == '/' ? 0 : (size_t)(bd_path_name(target) - target);
    if (length < 0) {
        return (bd_failure)errno;
    }
    if (folder + (size_t)length >= room || (size_t)length == sizeof link) {
        return ENAMETOOLONG;
    }
    memcpy(target + folder, link, (size_t)length);
    target[folder + (size_t)length] = '\0';
    return 0;
}

bd_failure bd_file_target(const char *path, char *target, size_t room) {
    enum { MOST_LINKS = 40 }; /* as Linux follows */
    struct stat status;
    size_t length = strlen(path);
    if (length >= room) {
        return ENAMETOOLONG;
    }
    memcpy(target, path, length + 1);
    for (int i = 0; !lstat(target, &status); i++) {
        if (!S_ISLNK(status.st_mode)) {
            return faccessat(AT_FDCWD, target, W_OK, AT_EACCESS) ? (bd_failure)errno : 0;
        }
        /* The kernel may refuse to follow other users' links in folders that all may write to (Linux's
         * fs.protected_symlinks): then they are not followed here. */
        struct stat behind;
        if (stat(target, &behind) && errno == EACCES) {
            return EACCES;
        }
        bd_failure failure = i < MOST_LINKS ? follow(target, room) : ELOOP;
        if (failure) {
            return failure;
        }
    }
    return 0;
}

/* Not mkstemp: its files are private, and what a new file's mode is could only be asked by changing it for all threads. */
bd_failure bd_file_open_temporary(char *path, const char *target, bd_file *file) {
    enum { TRIES = 100 };
    char *suffix = strchr(path, '\0');
    struct stat status;
    const bool replaces = !stat(target, &status);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint32_t number = (uint32_t)now.tv_nsec * 2654435761u ^ (uint32_t)getpid() * 40503u ^ (uint32_t)(uintptr_t)&now;
    file->handle = -1;
    errno = EEXIST;
    for (int i = 0; i < TRIES && file->handle < 0 && errno == EEXIST; i++) {
        number = number * 1664525u + 1013904223u; /* Knuth's, as Numerical Recipes has it */
        (void)snprintf(suffix, BD_FILE_SUFFIX + 1, ".%06x", (unsigned)(number >> 8));
        file->handle = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replaces ? 0600 : 0666);
    }
    if (file->handle < 0) {
        return (bd_failure)errno;
    }
    if (replaces) {
        (void)fchmod((int)file->handle, status.st_mode & 0777);
    }
    return 0;
}

bd_failure bd_file_open_device(const char *path, bd_file *file) {
    file->handle = open(path, O_WRONLY | O_CLOEXEC);
    return file->handle < 0 ? (bd_failure)errno : 0;
}

bd_failure bd_file_write(bd_file file, const void *data, size_t bytes) {
    const unsigned char *from = data;
    while (bytes) {
        ssize_t wrote = write((int)file.handle, from, bytes);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return wrote < 0 ? (bd_failure)errno : EIO;
        }
        from += wrote;
        bytes -= (size_t)wrote;
    }
    return 0;
}

bd_failure bd_file_close(bd_file file) {
    return close((int)file.handle) ? (bd_failure)errno : 0;
}

bd_failure bd_file_rename(const char *from, const char *to) {
    return rename(from, to) ? (bd_failure)errno : 0;
}

void bd_file_remove(const char *path) {
    (void)unlink(path);
}
