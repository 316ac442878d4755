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

static bd_result map_one(bd_mapping *map, const bd_allocator *allocator, const char *model_path, const char *path,
                         bd_error *error) {
    size_t folder = (size_t)(bd_path_name(model_path) - model_path);
    size_t length = strlen(path);
    char *full = bd_alloc(allocator, folder + length + 1);
    if (!full) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", model_path);
    }
    memcpy(full, model_path, folder);
    memcpy(full + folder, path, length + 1);
    bd_result result = bd_map_file(full, map, error);
    if (result == BD_ERR_FILE_FORMAT) {
        result = bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: the shard is empty", full);
    }
    bd_free(allocator, full);
    return result;
}

/* A file of the caller's. */
static bd_result ask_for_one(bd_mapping *map, const bd_model_files *files, const char *model_path, const char *path,
                             bd_error *error) {
    const void *data = NULL;
    if (!files->open || !files->open(files->user, path, &data, &map->bytes)) {
        return bd_fail(error, BD_ERR_FILE_NOT_FOUND, "%s: the caller has no file \"%.120s\" beside it", model_path,
                       path);
    }
    map->data = data;
    return map->bytes && data
               ? BD_OK
               : bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: the file \"%.120s\" beside it is empty", model_path, path);
}

static bd_result open_one(bd_shards *shards, bd_mapping *map, const char *model_path, const char *path,
                          bd_error *error) {
    if (!path_stays_below(path)) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: shard path \"%.120s\" leaves the model's folder", model_path,
                       path);
    }
    return shards->files ? ask_for_one(map, shards->files, model_path, path, error)
                         : map_one(map, shards->allocator, model_path, path, error);
}

bd_result bd_shards_open(bd_shards *shards, const char *model_path, const char *const *paths, uint32_t count,
                         bd_error *error) {
    if (count > BD_MODEL_MAX_SHARDS) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: %u shards, the most is %d", model_path, count,
                       BD_MODEL_MAX_SHARDS);
    }
    shards->maps = bd_alloc_array(shards->allocator, count, sizeof *shards->maps);
    if (!shards->maps) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", model_path);
    }
    for (uint32_t i = 0; i < count; i++) {
        bd_result result = open_one(shards, &shards->maps[i], model_path, paths[i], error);
        if (result) {
            bd_shards_finish(shards);
            return result;
        }
        shards->count++;
    }
    return BD_OK;
}

bd_result bd_shards_keep(bd_shards *shards, const bd_mapping *map, bd_error *error) {
    bd_mapping *maps = bd_realloc(shards->allocator, shards->maps, (shards->count + (size_t)1) * sizeof *maps);
    if (!maps) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    shards->maps = maps;
    maps[shards->count++] = *map;
    return BD_OK;
}

void bd_shards_finish(bd_shards *shards) {
    for (uint32_t i = 0; i < shards->count && !shards->files; i++) {
        bd_unmap_file(&shards->maps[i]);
    }
    bd_free(shards->allocator, shards->maps);
    *shards = (bd_shards){.allocator = shards->allocator, .files = shards->files};
}
