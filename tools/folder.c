/* SPDX-License-Identifier: MIT
 * The exported network that a folder holds, if it is one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "folder.h"
#include "platform.h"
#include "platform/file_system.h"
#include "platform/path.h"

typedef struct finds {
    const char *folder;
    cli_path first, last; /* by name */
    unsigned count;
} finds;

static bool is_file_of(cli_path *path, const char *folder, const char *name) {
    return cli_join(path, folder, "/", name, "") && bd_path_look(path->text) == BD_PATH_FILE;
}

static bool is_network(const char *name) {
    static const char *const ends[] = {".pb", ".tflite", ".onnx", ".pth", ".pt", ".safetensors"};
    for (size_t i = 0; i < CLI_COUNT(ends); i++) {
        size_t length = strlen(name), tail = strlen(ends[i]);
        if (name[0] != '.' && length > tail && !strcmp(name + length - tail, ends[i])) {
            return true;
        }
    }
    return false;
}

static void look(void *user, const char *name) {
    finds *found = user;
    cli_path path;
    if (!is_network(name) || !is_file_of(&path, found->folder, name)) {
        return;
    }
    if (!found->count || strcmp(path.text, found->first.text) < 0) {
        found->first = path;
    }
    if (!found->count || strcmp(path.text, found->last.text) > 0) {
        found->last = path;
    }
    found->count++;
}

bool cli_folder_find(cli *run, const char *folder, cli_path *path) {
    /* What makes the whole folder one model goes first; the library says what a SavedModel is. */
    if (is_file_of(path, folder, "model.json") || is_file_of(path, folder, "saved_model.pb")) {
        return true;
    }
    finds found = {.folder = folder};
    if (!cli_list_folder(folder, look, &found)) {
        return cli_fail(run, CLI_MODEL, "%s: %s", folder, strerror(errno));
    }
    if (!found.count) {
        return cli_fail(run, CLI_MODEL, "%s: a folder without an exported network", folder);
    }
    if (found.count > 1) {
        return cli_fail(run, CLI_MODEL, "%.150s: a folder of %u networks; name one, such as %.150s or %.150s", folder,
                        found.count, bd_path_name(found.first.text), bd_path_name(found.last.text));
    }
    *path = found.first;
    return true;
}
