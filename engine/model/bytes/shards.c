/* SPDX-License-Identifier: MIT */
#include "model/bytes/shards.h"

#include <string.h>

#include "platform/path.h"

static bool path_stays_below(const char *path) {
    if (!*path || bd_path_is_absolute(path) || strchr(path, '\\')) {
        return false;
    }
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t length = strcspn(part, "/");
        if (length == 2 && part[0] == '.' && part[1] == '.') {
            return false;
        }
    }
    return true;
}

static bd_result read_one(bd_content *content, const bd_allocator *allocator, const char *model_path, const char *path,
                          bd_error *error) {
    size_t folder = (size_t)(bd_path_name(model_path) - model_path);
    size_t length = strlen(path);
    char *full = bd_alloc(allocator, folder + length + 1);
    if (!full) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", model_path);
    }
    memcpy(full, model_path, folder);
    memcpy(full + folder, path, length + 1);
    bd_result result = bd_read_file(full, UINT64_MAX, allocator, content, error);
    if (result == BD_ERR_FILE_FORMAT) {
        result = bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: the shard is empty", full);
    }
    bd_free(allocator, full);
    return result;
}

/* A file of the caller's. */
static bd_result ask_for_one(bd_content *content, const bd_model_files *files, const char *model_path, const char *path,
                             bd_error *error) {
    const void *data = NULL;
    if (!files->open || !files->open(files->user, path, &data, &content->bytes)) {
        return bd_fail(error, BD_ERR_FILE_NOT_FOUND, "%s: the caller has no file \"%.120s\" beside it", model_path,
                       path);
    }
    content->data = data;
    return content->bytes && data
               ? BD_OK
               : bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: the file \"%.120s\" beside it is empty", model_path, path);
}

static bd_result open_one(bd_shards *shards, uint32_t index, const char *model_path, const char *path,
                          bd_error *error) {
    bd_content *content = &shards->contents[index];
    if (!path_stays_below(path)) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: shard path \"%.120s\" leaves the model's folder", model_path,
                       path);
    }
    if (shards->opened) {
        *content = shards->opened->contents[index]; /* the same main file names the same */
        return BD_OK;
    }
    return shards->files ? ask_for_one(content, shards->files, model_path, path, error)
                         : read_one(content, shards->allocator, model_path, path, error);
}

void bd_shards_begin(bd_shards *shards, const bd_allocator *allocator) {
    *shards = (bd_shards){.allocator = allocator, .files = shards->files, .opened = shards->opened};
}

bd_result bd_shards_open(bd_shards *shards, const char *model_path, const char *const *paths, uint32_t count,
                         bd_error *error) {
    if (count > BD_MODEL_MAX_SHARDS) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: %u shards, the most is %d", model_path, count,
                       BD_MODEL_MAX_SHARDS);
    }
    shards->contents = bd_alloc_array(shards->allocator, count, sizeof *shards->contents);
    if (!shards->contents) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", model_path);
    }
    for (uint32_t i = 0; i < count; i++) {
        bd_result result = open_one(shards, i, model_path, paths[i], error);
        if (result) {
            bd_shards_finish(shards);
            return result;
        }
        shards->count++;
    }
    return BD_OK;
}

bd_result bd_shards_keep(bd_shards *shards, const bd_content *content, bd_error *error) {
    bd_content *contents =
        bd_realloc(shards->allocator, shards->contents, (shards->count + (size_t)1) * sizeof *contents);
    if (!contents) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    shards->contents = contents;
    contents[shards->count++] = *content;
    return BD_OK;
}

const bd_content *bd_shards_main(const bd_shards *shards) {
    return &shards->contents[shards->count - 1];
}

void bd_shards_finish(bd_shards *shards) {
    for (uint32_t i = 0; i < shards->count && !shards->files && !shards->opened; i++) {
        bd_release_content(shards->allocator, &shards->contents[i]);
    }
    bd_free(shards->allocator, shards->contents);
    bd_shards_begin(shards, shards->allocator);
}
