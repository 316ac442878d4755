/* SPDX-License-Identifier: MIT
 * Where weights are, by a manifest. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "backdrop_weights.h"
#include "base/base.h"
#include "platform/environment.h"
#include "platform/file_system.h"

enum { MANIFEST_MOST = 1 << 20, PATH_ROOM = 4096, NAME_MOST = 200, CLASSES_MOST = 256 };

typedef struct path {
    char text[PATH_ROOM];
} path;

struct bd_weights {
    const bd_allocator *allocator; /* NULL or &hooks */
    bd_allocator hooks;
    bd_pool pool;
    path folder; /* holds manifest.json and cache/NAME/ */
    path users;  /* may hold cache/NAME/, too; "": none */
    char *manifest;
    bd_weights_info *models;
    uint32_t count, usual; /* the default's number */
};

/* ---- folders ----------------------------------------------------------------------------------------------------- */

static bool join(path *to, const char *a, const char *b, const char *c) {
    int length = snprintf(to->text, sizeof to->text, "%s%s%s", a, b, c);
    return length >= 0 && (size_t)length < sizeof to->text;
}

static bool is_file(const char *text) {
    return bd_path_look(text) == BD_PATH_FILE;
}

static bool try_folder(path *folder, const char *base, const char *below) {
    path manifest;
    return join(folder, base, below, "") && join(&manifest, folder->text, "/manifest.json", "") &&
           is_file(manifest.text);
}

static bool try_beside(path *folder, const char *base) {
    static const char *const beside[] = {"/weights", "/../weights", "/../../weights", "/../share/backdrop",
                                         "/../../share/backdrop"};
    for (size_t i = 0; i < BD_COUNT(beside); i++) {
        if (try_folder(folder, base, beside[i])) {
            return true;
        }
    }
    return false;
}

/* Where users may write; "" where the environment does not say. */
static void find_users(path *folder) {
    path base;
    bool found = bd_environment_get("XDG_DATA_HOME", base.text, sizeof base.text)
                     ? join(folder, base.text, "/backdrop", "")
                     : bd_environment_get("HOME", base.text, sizeof base.text) &&
                           join(folder, base.text, "/.local/share/backdrop", "");
    if (!found) {
        folder->text[0] = '\0';
    }
}

static bool find_folder(bd_weights *weights) {
    path base, *const to = &weights->folder;
    find_users(&weights->users);
    return (bd_library_folder(base.text, sizeof base.text) && try_beside(to, base.text)) ||
           (bd_program_folder(base.text, sizeof base.text) && try_beside(to, base.text)) ||
           (*weights->users.text && try_folder(to, weights->users.text, "")) ||
           try_folder(to, "/usr/local/share", "/backdrop") || try_folder(to, "/usr/share", "/backdrop");
}

static bd_result choose_folder(bd_weights *weights, const char *given, bd_error *error) {
    path variable;
    bool by_variable = !given && bd_environment_get("BACKDROP_WEIGHTS", variable.text, sizeof variable.text);
    given = by_variable ? variable.text : given;
    if (given) {
        return try_folder(&weights->folder, given, "")
                   ? BD_OK
                   : bd_fail(error, BD_ERR_FILE_NOT_FOUND, "%s%.300s, which has no manifest.json",
                             by_variable ? "BACKDROP_WEIGHTS is " : "the folder of weights is ", given);
    }
    return find_folder(weights)
               ? BD_OK
               : bd_fail(error, BD_ERR_FILE_NOT_FOUND,
                         "no manifest.json of weights beside the program or in the data folders; give the path of a "
                         "model, or BACKDROP_WEIGHTS, a folder that has one");
}

/* ---- the manifest ------------------------------------------------------------------------------------------------ */

/* Names of the manifest become paths: one plain component. */
static bool is_plain(const char *name) {
    return name && *name && *name != '.' && !strpbrk(name, "/\\:") && strlen(name) < NAME_MOST;
}

static const char *text_of(const cJSON *object, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* In FOLDER/cache; whether all files are there. */
static bool locate(const char *in, const cJSON *model, path *main_file) {
    path folder;
    if (!join(&folder, in, "/cache/", text_of(model, "name")) ||
        !join(main_file, folder.text, "/", text_of(model, "file"))) {
        main_file->text[0] = '\0';
        return false;
    }
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(model, "files")) {
        const char *part = text_of(entry, "path");
        double bytes = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(entry, "bytes"));
        path part_path;
        uint64_t found;
        if (!is_plain(part) || !join(&part_path, folder.text, "/", part) || !bd_file_bytes(part_path.text, &found) ||
            (double)found != bytes) {
            return false;
        }
    }
    return is_file(main_file->text);
}

static bool locate_anywhere(const bd_weights *weights, const cJSON *model, path *main_file) {
    path other;
    bool whole = locate(weights->folder.text, model, main_file);
    if (whole || !*weights->users.text) {
        return whole;
    }
    whole = locate(weights->users.text, model, &other);
    if (whole || (is_file(other.text) && !is_file(main_file->text))) {
        *main_file = other;
    }
    return whole;
}

static bd_result fail_memory(bd_error *error) {
    return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory for a manifest of models");
}

static bd_result fail_manifest(const bd_weights *weights, const char *what, bd_error *error) {
    return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s/manifest.json: %s", weights->folder.text, what);
}

static bd_result take_class_names(bd_weights *weights, const cJSON *names, bd_weights_info *to, bd_error *error) {
    int count = cJSON_GetArraySize(names);
    const char **list = bd_pool_alloc(&weights->pool, ((size_t)count + 1) * sizeof *list);
    const cJSON *name;
    if (!list) {
        return fail_memory(error);
    }
    cJSON_ArrayForEach(name, names) {
        const char *text = cJSON_GetStringValue(name);
        if (!text || to->class_name_count == CLASSES_MOST) {
            return fail_manifest(weights, "class_names are not names", error);
        }
        list[to->class_name_count] = bd_pool_strdup(&weights->pool, text);
        if (!list[to->class_name_count++]) {
            return fail_memory(error);
        }
    }
    to->class_names = to->class_name_count ? list : NULL;
    return BD_OK;
}

static bd_result take_model(bd_weights *weights, const cJSON *model, bd_weights_info *to, bd_error *error) {
    const char *name = text_of(model, "name"), *licence = text_of(model, "licence");
    path main_file;
    if (!is_plain(name) || !is_plain(text_of(model, "file"))) {
        return fail_manifest(weights, "a model without a plain name and file", error);
    }
    to->struct_size = sizeof *to;
    to->fetched = locate_anywhere(weights, model, &main_file);
    to->name = bd_pool_strdup(&weights->pool, name);
    to->path = bd_pool_strdup(&weights->pool, main_file.text);
    to->licence = bd_pool_strdup(&weights->pool, licence ? licence : "");
    const cJSON *input = cJSON_GetObjectItemCaseSensitive(model, "input");
    double width = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(input, "width"));
    to->size = width >= 1.0 && width <= 65536.0 ? (uint32_t)width : 0;
    if (!to->name || !to->path || !to->licence) {
        return fail_memory(error);
    }
    return take_class_names(weights, cJSON_GetObjectItemCaseSensitive(model, "class_names"), to, error);
}

static bd_result take_models(bd_weights *weights, const cJSON *manifest, bd_error *error) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(manifest, "models"), *model;
    const char *usual = text_of(manifest, "default");
    int count = cJSON_GetArraySize(list);
    if (!usual || !cJSON_IsArray(list)) {
        return fail_manifest(weights, "not a manifest of models", error);
    }
    weights->models = bd_pool_alloc(&weights->pool, ((size_t)count + 1) * sizeof *weights->models);
    if (!weights->models) {
        return fail_memory(error);
    }
    weights->usual = UINT32_MAX;
    cJSON_ArrayForEach(model, list) {
        bd_result result = take_model(weights, model, &weights->models[weights->count], error);
        if (result) {
            return result;
        }
        if (!strcmp(weights->models[weights->count].name, usual)) {
            weights->usual = weights->count;
        }
        weights->count++;
    }
    return weights->usual < weights->count ? BD_OK : fail_manifest(weights, "the default is none of its models", error);
}

static bd_result read_manifest(bd_weights *weights, bd_error *error) {
    path name;
    bd_content file;
    if (!join(&name, weights->folder.text, "/manifest.json", "")) {
        return fail_manifest(weights, "the path is too long", error);
    }
    bd_result result = bd_read_file(name.text, MANIFEST_MOST, weights->allocator, &file, error);
    if (result) {
        return result == BD_ERR_IMAGE_TOO_LARGE ? fail_manifest(weights, "too long", error) : result;
    }
    weights->manifest = bd_pool_alloc(&weights->pool, file.bytes + 1);
    if (weights->manifest) {
        memcpy(weights->manifest, file.data, file.bytes);
    } else {
        result = fail_memory(error);
    }
    cJSON *manifest = result ? NULL : cJSON_ParseWithLength(weights->manifest, file.bytes);
    bd_release_content(weights->allocator, &file);
    if (!result) {
        result = take_models(weights, manifest, error);
    }
    cJSON_Delete(manifest);
    return result;
}

bd_result bd_weights_open(const bd_weights_params *params, bd_weights **weights, bd_error *error) {
    bd_weights_params copy;
    *weights = NULL;
    bd_result result = BD_PARAMS_READ(&copy, params, bd_weights_params, error);
    if (!result) {
        result = bd_allocator_check(copy.allocator, error);
    }
    if (result) {
        return result;
    }
    bd_weights *made = bd_alloc_zero(copy.allocator, sizeof *made);
    if (!made) {
        return fail_memory(error);
    }
    made->allocator = bd_keep_allocator(&made->hooks, copy.allocator);
    made->pool.allocator = made->allocator;
    result = choose_folder(made, copy.folder, error);
    if (!result) {
        result = read_manifest(made, error);
    }
    if (result) {
        bd_weights_close(made);
        return result;
    }
    *weights = made;
    return BD_OK;
}

void bd_weights_close(bd_weights *weights) {
    if (weights) {
        bd_allocator hooks = weights->hooks;
        bd_pool_finish(&weights->pool);
        bd_free(weights->allocator ? &hooks : NULL, weights);
    }
}

/* ---- models ------------------------------------------------------------------------------------------------------ */

const char *bd_weights_folder(const bd_weights *weights) {
    return weights->folder.text;
}

const char *bd_weights_manifest(const bd_weights *weights) {
    return weights->manifest;
}

const char *bd_weights_fetcher(const bd_weights *weights) {
    path script;
    bool beside = join(&script, weights->folder.text, "/fetch", "") && is_file(script.text);
    return beside ? "weights/fetch" : "backdrop-fetch-weights";
}

bd_result bd_weights_get(const bd_weights *weights, uint32_t index, bd_weights_info *info) {
    return index < weights->count ? bd_info_fill(info, &weights->models[index], sizeof *info) : BD_ERR_INVALID_ARGUMENT;
}

static bd_result fail_name(const bd_weights *weights, const char *name, bd_error *error) {
    char known[300] = "";
    for (uint32_t i = 0; i < weights->count; i++) {
        size_t used = strlen(known);
        (void)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", weights->models[i].name);
    }
    return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                   "no model '%.60s', neither a file nor in the manifest, which has: %s", name, known);
}

bd_result bd_weights_find(const bd_weights *weights, const char *name, bd_weights_info *info, bd_error *error) {
    uint32_t at = name ? 0 : weights->usual;
    while (name && at < weights->count && strcmp(weights->models[at].name, name) != 0) {
        at++;
    }
    bd_result result =
        at < weights->count ? bd_info_check(info, "bd_weights_info", error) : fail_name(weights, name, error);
    if (result) {
        return result;
    }
    const bd_weights_info *found = &weights->models[at];
    bd_info_give(info, found, sizeof *found);
    if (found->fetched) {
        return BD_OK;
    }
    if (is_file(found->path)) {
        return bd_fail(
            error, BD_ERR_FILE_NOT_FOUND,
            "the weights of %.100s are not whole: beside %.200s a file is missing or has another size; run %s "
            "%.100s",
            found->name, found->path, bd_weights_fetcher(weights), found->name);
    }
    return bd_fail(error, BD_ERR_FILE_NOT_FOUND, "the weights of %.100s are not in %.200s/cache; run %s %.100s",
                   found->name, *weights->users.text ? weights->users.text : weights->folder.text,
                   bd_weights_fetcher(weights), found->name);
}
