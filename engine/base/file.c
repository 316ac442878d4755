/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/result.h"

bd_result bd_map_file(const char *path, bd_mapping *mapping, bd_error *error) {
    *mapping = (bd_mapping){0};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer would block */
    if (file < 0) {
        bd_result code = errno == ENOENT || errno == ENOTDIR ? BD_ERR_FILE_NOT_FOUND : BD_ERR_FILE_READ;
        return bd_fail(error, code, "%s: %s", path, strerror(errno));
    }
    bd_result result = BD_OK;
    struct stat status;
    if (fstat(file, &status)) {
        result = bd_fail(error, BD_ERR_FILE_READ, "%s: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        result = bd_fail(error, BD_ERR_FILE_READ, "%s: %s", path,
                         S_ISDIR(status.st_mode) ? "a folder, not a file" : "not a regular file");
    } else if (status.st_size == 0) {
        result = bd_fail(error, BD_ERR_FILE_FORMAT, "%s: the file is empty", path);
    } else {
        void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED) {
            result = bd_fail(error, BD_ERR_FILE_READ, "%s: %s", path, strerror(errno));
        } else {
            *mapping = (bd_mapping){data, (size_t)status.st_size};
        }
    }
    close(file);
    return result;
}

void bd_unmap_file(bd_mapping *mapping) {
    if (mapping->data) {
        munmap((void *)(uintptr_t)mapping->data, mapping->bytes);
    }
    *mapping = (bd_mapping){0};
}

bd_result bd_write_file(const char *path, const void *data, size_t bytes, const bd_allocator *allocator,
                        bd_error *error) {
    static const char suffix[] = ".XXXXXX";
    size_t length = strlen(path);
    char *temporary = bd_alloc(allocator, length + sizeof suffix);
    if (!temporary) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", path);
    }
    memcpy(temporary, path, length);
    memcpy(temporary + length, suffix, sizeof suffix);

    /* A device such as /dev/null or a pipe is written to, never replaced. */
    struct stat status;
    bool replace = stat(path, &status) || S_ISREG(status.st_mode);
    int file = replace ? mkstemp(temporary) : open(path, O_WRONLY | O_CLOEXEC);
    bd_result result = BD_OK;
    if (file < 0) {
        result = bd_fail(error, BD_ERR_FILE_WRITE, "%s: cannot write: %s", path, strerror(errno));
        bd_free(allocator, temporary);
        return result;
    }
    const unsigned char *from = data;
    while (bytes) {
        ssize_t wrote = write(file, from, bytes);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            result = bd_fail(error, BD_ERR_FILE_WRITE, "%s: cannot write: %s", path,
                             wrote < 0 ? strerror(errno) : "nothing was written");
            break;
        }
        from += wrote;
        bytes -= (size_t)wrote;
    }
    if (replace && !result) {
        /* mkstemp makes it private; give it what open(2) would have given. */
        mode_t mask = umask(0);
        umask(mask);
        mode_t mode = stat(path, &status) ? (0666 & ~mask) : (status.st_mode & 07777);
        (void)fchmod(file, mode);
    }
    if (close(file) && !result) {
        result = bd_fail(error, BD_ERR_FILE_WRITE, "%s: cannot write: %s", path, strerror(errno));
    }
    if (replace && !result && rename(temporary, path)) {
        result = bd_fail(error, BD_ERR_FILE_WRITE, "%s: cannot write: %s", path, strerror(errno));
    }
    if (replace && result) {
        unlink(temporary);
    }
    bd_free(allocator, temporary);
    return result;
}
