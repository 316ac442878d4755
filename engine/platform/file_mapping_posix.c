/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "platform/file_mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bd_failure bd_file_map(const char *path, bd_path_kind *kind, const uint8_t **data, size_t *bytes) {
    *kind = BD_PATH_NONE;
    *data = NULL;
    *bytes = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer would block */
    if (file < 0) {
        return (bd_failure)errno;
    }
    bd_failure failure = 0;
    struct stat status;
    if (fstat(file, &status)) {
        failure = (bd_failure)errno;
    } else {
        *kind = S_ISREG(status.st_mode) ? BD_PATH_FILE : S_ISDIR(status.st_mode) ? BD_PATH_FOLDER : BD_PATH_OTHER;
    }
    if (!failure && *kind == BD_PATH_FILE && status.st_size) {
        void *mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (mapped == MAP_FAILED) {
            failure = (bd_failure)errno;
        } else {
            *data = mapped;
            *bytes = (size_t)status.st_size;
        }
    }
    close(file);
    return failure;
}

void bd_file_unmap(const uint8_t *data, size_t bytes) {
    if (data) {
        munmap((void *)(uintptr_t)data, bytes);
    }
}
