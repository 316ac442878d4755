/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "platform.h"
#include "platform/file_system.h"
#include "weights.h"

enum { MANIFEST_MOST = 1 << 20 };

static bool is_file(const char *path) {
    return bd_path_look(path) == BD_PATH_FILE;
}

static bool has_manifest(const char *folder) {
    cli_path path;
    return cli_join(&path, folder, "/manifest.json", "", "") && is_file(path.text);
}

static bool try_folder(cli_path *folder, const char *base, const char *below) {
    return base && *base && cli_join(folder, base, below, "", "") && has_manifest(folder->text);
}

/* Where backdrop-fetch-weights puts what a manifest lists that lies where users may not write; "" when there is none. */
static void find_users(cli_path *folder) {
    const char *data = cli_environment("XDG_DATA_HOME");
    bool found = data && *data && cli_join(folder, data, "/backdrop", "", "");
    if (!data || !*data) {
        const char *home = cli_environment("HOME");
        found = home && *home && cli_join(folder, home, "/.local/share/backdrop", "", "");
    }
    if (!found) {
        folder->text[0] = '\0';
    }
}

static bool find_folder(cli_path *folder) {
    static const char *const beside[] = {"/weights", "/../weights", "/../../weights", "/../share/backdrop"};
    cli_path program;
    if (cli_program_folder(&program)) {
        for (size_t i = 0; i < CLI_COUNT(beside); i++) {
            if (try_folder(folder, program.text, beside[i])) {
                return true;
            }
        }
    }
    return try_folder(folder, cli_environment("XDG_DATA_HOME"), "/backdrop") ||
           try_folder(folder, cli_environment("HOME"), "/.local/share/backdrop") ||
           try_folder(folder, "/usr/local/share", "/backdrop") || try_folder(folder, "/usr/share", "/backdrop");
}

static char *read_text(const char *path) {
    FILE *file = cli_open_file(path);
    char *text = file ? malloc(MANIFEST_MOST + 1) : NULL;
    size_t bytes = text ? fread(text, 1, MANIFEST_MOST + 1, file) : 0;
    bool whole = text && !ferror(file) && bytes <= MANIFEST_MOST;
    if (file) {
        fclose(file);
    }
    if (!whole) {
        free(text);
        return NULL;
    }
    text[bytes] = '\0';
    return text;
}

const char *cli_weights_text(const cJSON *object, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* Names of the manifest become paths: one plain component. */
static bool is_plain(const char *name) {
    return name && *name && *name != '.' && !strpbrk(name, "/\\:") && strlen(name) < 200;
}

bool cli_weights_open(cli *run, cli_weights *weights) {
    *weights = (cli_weights){0};
    const char *given = cli_environment("BACKDROP_WEIGHTS");
    if (given && *given) {
        if (!try_folder(&weights->folder, given, "")) {
            return cli_fail(run, CLI_MODEL, "BACKDROP_WEIGHTS is %s, which has no manifest.json", given);
        }
    } else if (find_folder(&weights->folder)) {
        find_users(&weights->users);
    } else {
        return cli_fail(run, CLI_MODEL,
                        "no manifest.json of weights beside the program or in the data folders; give --model PATH, or "
                        "BACKDROP_WEIGHTS, a folder that has one");
    }
    cli_path path;
    char *text = cli_join(&path, weights->folder.text, "/manifest.json", "", "") ? read_text(path.text) : NULL;
    weights->manifest = text ? cJSON_Parse(text) : NULL;
    free(text);
    weights->default_name = cli_weights_text(weights->manifest, "default");
    if (!weights->default_name || !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(weights->manifest, "models"))) {
        cli_weights_close(weights);
        return cli_fail(run, CLI_MODEL, "%s: not a manifest of models", path.text);
    }
    return true;
}

void cli_weights_close(cli_weights *weights) {
    cJSON_Delete(weights->manifest);
    weights->manifest = NULL;
}

/* In FOLDER/cache. *path is "" when the manifest has no usable name. */
static bool locate(const char *in, const cJSON *model, cli_path *path) {
    const char *name = cli_weights_text(model, "name"), *file = cli_weights_text(model, "file");
    cli_path folder;
    if (!is_plain(name) || !is_plain(file) || !cli_join(&folder, in, "/cache/", name, "") ||
        !cli_join(path, folder.text, "/", file, "")) {
        path->text[0] = '\0';
        return false;
    }
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(model, "files")) {
        const char *part = cli_weights_text(entry, "path");
        double bytes = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(entry, "bytes"));
        cli_path part_path;
        uint64_t found;
        if (!is_plain(part) || !cli_join(&part_path, folder.text, "/", part, "") ||
            !cli_file_bytes(part_path.text, &found) || (double)found != bytes) {
            return false;
        }
    }
    return is_file(path->text);
}

bool cli_weights_locate(const cli_weights *weights, const cJSON *model, cli_path *path) {
    cli_path other;
    bool whole = locate(weights->folder.text, model, path);
    if (whole || !*weights->users.text) {
        return whole;
    }
    whole = locate(weights->users.text, model, &other);
    if (whole || (is_file(other.text) && !is_file(path->text))) {
        *path = other;
    }
    return whole;
}

const char *cli_weights_fetcher(const cli_weights *weights) {
    cli_path script;
    bool beside = cli_join(&script, weights->folder.text, "/fetch", "", "") && is_file(script.text);
    return beside ? "weights/fetch" : "backdrop-fetch-weights";
}
