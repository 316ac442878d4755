/* SPDX-License-Identifier: MIT
 * The exported network that a folder holds, if it is one. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"

typedef struct finds {
    cli_path first, last; /* by name */
    unsigned count;
} finds;

static bool is_file_of(cli_path *path, const char *folder, const char *name) {
    struct stat status;
    int length = snprintf(path->text, sizeof path->text, "%s/%s", folder, name);
    return length >= 0 && (size_t)length < sizeof path->text && !stat(path->text, &status) && S_ISREG(status.st_mode);
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

static void look(const char *folder, DIR *directory, finds *found) {
    cli_path path;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (!is_network(entry->d_name) || !is_file_of(&path, folder, entry->d_name)) {
            continue;
        }
        if (!found->count || strcmp(path.text, found->first.text) < 0) {
            found->first = path;
        }
        if (!found->count || strcmp(path.text, found->last.text) > 0) {
            found->last = path;
        }
        found->count++;
    }
}

bool cli_folder_find(cli *run, const char *folder, cli_path *path) {
    /* What makes the whole folder one model goes first; the library says what a SavedModel is. */
    if (is_file_of(path, folder, "model.json") || is_file_of(path, folder, "saved_model.pb")) {
        return true;
    }
    DIR *directory = opendir(folder);
    if (!directory) {
        return cli_fail(run, CLI_MODEL, "%.300s: %s", folder, strerror(errno));
    }
    finds found = {0};
    look(folder, directory, &found);
    (void)closedir(directory);
    if (!found.count) {
        return cli_fail(run, CLI_MODEL, "%.300s: a folder without an exported network", folder);
    }
    if (found.count > 1) {
        return cli_fail(run, CLI_MODEL, "%.150s: a folder of %u networks; name one, such as %.150s or %.150s", folder,
                        found.count, strrchr(found.first.text, '/') + 1, strrchr(found.last.text, '/') + 1);
    }
    *path = found.first;
    return true;
}
