/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/result.h"
#include "platform/file_system.h"
#include "platform/memory_pages.h"

enum { HEAD = 64 << 10, FEW = 16 << 20 };

/* The next bytes of a file that has `bytes` in all. */
static bd_result read_on(bd_file file, const char *path, uint64_t bytes, uint8_t *data, size_t from, size_t to,
                         bd_error *error) {
    size_t got;
    bd_failure failure = bd_file_read(file, data + from, to - from, &got);
    if (failure) {
        return bd_fail(error, BD_ERR_FILE_READ, "%s: %s", path, bd_failure_say(failure, &(bd_failure_text){0}));
    }
    return got == to - from ? BD_OK
                            : bd_fail(error, BD_ERR_FILE_READ, "%s: cut short while it was read: %zu bytes of %" PRIu64,
                                      path, from + got, bytes);
}

static bd_result read_all(bd_file file, const char *path, uint64_t bytes, bd_wanted_fn *wanted,
                          const bd_allocator *allocator, bd_content *content, bd_error *error) {
    size_t head = wanted && bytes > FEW ? HEAD : 0;
    bd_result result = BD_OK;
    if (head) {
        content->data = bd_alloc(allocator, head);
        result = content->data ? read_on(file, path, bytes, (uint8_t *)(uintptr_t)content->data, 0, head, error)
                               : bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", path);
        content->bytes = head;
        if (result || !wanted(content->data, head)) {
            return result;
        }
    }
    void *data = bytes < SIZE_MAX ? bd_realloc(allocator, (void *)(uintptr_t)content->data, (size_t)bytes) : NULL;
    if (!data) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", path);
    }
    *content = (bd_content){.data = data, .bytes = (size_t)bytes};
    if (!(allocator && allocator->allocate)) {
        bd_memory_pages_prefer_large(data, (size_t)bytes);
    }
    return read_on(file, path, bytes, data, head, (size_t)bytes, error);
}

bd_result bd_read_file(const char *path, uint64_t most, const bd_allocator *allocator, bd_content *content,
                       bd_error *error) {
    return bd_read_wanted_file(path, most, NULL, allocator, content, error);
}

bd_result bd_read_wanted_file(const char *path, uint64_t most, bd_wanted_fn *wanted, const bd_allocator *allocator,
                              bd_content *content, bd_error *error) {
    *content = (bd_content){0};
    bd_path_kind kind;
    bd_file file;
    uint64_t bytes;
    bd_failure failure = bd_file_open_input(path, &kind, &file, &bytes);
    if (failure) {
        bd_result code = bd_failure_is_missing(failure) ? BD_ERR_FILE_NOT_FOUND : BD_ERR_FILE_READ;
        return bd_fail(error, code, "%s: %s", path, bd_failure_say(failure, &(bd_failure_text){0}));
    }
    if (kind != BD_PATH_FILE) {
        return bd_fail(error, BD_ERR_FILE_READ, "%s: %s", path,
                       kind == BD_PATH_FOLDER ? "a folder, not a file" : "not a regular file");
    }
    bd_result result = !bytes ? bd_fail(error, BD_ERR_FILE_FORMAT, "%s: the file is empty", path)
                       : bytes > most
                           ? bd_fail(error, BD_ERR_IMAGE_TOO_LARGE,
                                     "%s: %" PRIu64 " bytes are too many: the limit is %" PRIu64, path, bytes, most)
                           : read_all(file, path, bytes, wanted, allocator, content, error);
    (void)bd_file_close(file); /* nothing was written */
    if (result) {
        bd_release_content(allocator, content);
    }
    return result;
}

void bd_release_content(const bd_allocator *allocator, bd_content *content) {
    bd_free(allocator, (void *)(uintptr_t)content->data);
    *content = (bd_content){0};
}

enum { PATH_ROOM = 4096 };

/* By way of a temporary in the same folder. */
static bd_failure replace(const char *path, const void *data, size_t bytes) {
    char target[PATH_ROOM], temporary[PATH_ROOM + BD_FILE_SUFFIX];
    bd_file file;
    bd_failure failure = bd_file_target(path, target, sizeof target);
    if (!failure) {
        memcpy(temporary, target, strlen(target) + 1);
        failure = bd_file_open_temporary(temporary, target, &file);
    }
    if (failure) {
        return failure;
    }
    failure = bd_file_write(file, data, bytes);
    bd_failure closed = bd_file_close(file);
    failure = failure ? failure : closed;
    if (!failure) {
        failure = bd_file_rename(temporary, target);
    }
    if (failure) {
        bd_file_remove(temporary);
    }
    return failure;
}

static bd_failure write_device(const char *path, const void *data, size_t bytes) {
    bd_file file;
    bd_failure failure = bd_file_open_device(path, &file);
    if (failure) {
        return failure;
    }
    failure = bd_file_write(file, data, bytes);
    bd_failure closed = bd_file_close(file);
    return failure ? failure : closed;
}

bd_result bd_write_file(const char *path, const void *data, size_t bytes, bd_error *error) {
    /* A device such as /dev/null or a pipe is written to, never replaced. */
    bd_path_kind kind = bd_path_look(path);
    bool file = kind == BD_PATH_NONE || kind == BD_PATH_FILE;
    bd_failure failure = file ? replace(path, data, bytes) : write_device(path, data, bytes);
    return failure ? bd_fail(error, BD_ERR_FILE_WRITE, "%s: cannot write: %s", path,
                             bd_failure_say(failure, &(bd_failure_text){0}))
                   : BD_OK;
}
