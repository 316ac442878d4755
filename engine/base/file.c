/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <string.h>

#include "base/memory.h"
#include "base/result.h"
#include "platform/file_mapping.h"

bd_result bd_map_file(const char *path, bd_mapping *mapping, bd_error *error) {
    *mapping = (bd_mapping){0};
    bd_path_kind kind;
    bd_failure failure = bd_file_map(path, &kind, &mapping->data, &mapping->bytes);
    if (failure) {
        bd_result code = bd_failure_is_missing(failure) ? BD_ERR_FILE_NOT_FOUND : BD_ERR_FILE_READ;
        return bd_fail(error, code, "%s: %s", path, bd_failure_say(failure, &(bd_failure_text){0}));
    }
    if (kind != BD_PATH_FILE) {
        return bd_fail(error, BD_ERR_FILE_READ, "%s: %s", path,
                       kind == BD_PATH_FOLDER ? "a folder, not a file" : "not a regular file");
    }
    return mapping->data ? BD_OK : bd_fail(error, BD_ERR_FILE_FORMAT, "%s: the file is empty", path);
}

void bd_unmap_file(bd_mapping *mapping) {
    bd_file_unmap(mapping->data, mapping->bytes);
    *mapping = (bd_mapping){0};
}

static bd_failure write_to(const char *path, char *temporary, const void *data, size_t bytes) {
    /* A device such as /dev/null or a pipe is written to, never replaced. */
    bd_path_kind kind = bd_path_look(path);
    bool replace = kind == BD_PATH_NONE || kind == BD_PATH_FILE;
    bd_file file;
    bd_failure failure = replace ? bd_file_open_temporary(temporary, &file) : bd_file_open_device(path, &file);
    if (failure) {
        return failure;
    }
    failure = bd_file_write(file, data, bytes);
    if (replace && !failure) {
        bd_file_take_mode(file, path);
    }
    bd_failure closed = bd_file_close(file);
    failure = failure ? failure : closed;
    if (replace && !failure) {
        failure = bd_file_rename(temporary, path);
    }
    if (replace && failure) {
        bd_file_remove(temporary);
    }
    return failure;
}

bd_result bd_write_file(const char *path, const void *data, size_t bytes, const bd_allocator *allocator,
                        bd_error *error) {
    size_t length = strlen(path);
    char *temporary = bd_alloc(allocator, length + BD_FILE_SUFFIX + 1);
    if (!temporary) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", path);
    }
    memcpy(temporary, path, length + 1);
    bd_failure failure = write_to(path, temporary, data, bytes);
    bd_free(allocator, temporary);
    return failure ? bd_fail(error, BD_ERR_FILE_WRITE, "%s: cannot write: %s", path,
                             bd_failure_say(failure, &(bd_failure_text){0}))
                   : BD_OK;
}
