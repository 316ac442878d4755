/* SPDX-License-Identifier: MIT
 * Folders and files. Paths are UTF-8. What returns a bd_failure returns 0 when it is done. */
#ifndef BD_FILE_SYSTEM_H
#define BD_FILE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/failure.h"

typedef enum bd_path_kind {
    BD_PATH_NONE, /* nothing that could be looked at */
    BD_PATH_FILE,
    BD_PATH_FOLDER,
    BD_PATH_OTHER /* a device or a pipe */
} bd_path_kind;

/* What path names; links are followed. */
bd_path_kind bd_path_look(const char *path);

/* The size of a file; false: there is none. */
bool bd_file_bytes(const char *path, uint64_t *bytes);

/* What is there already is a failure, too. */
bd_failure bd_folder_make(const char *path);
/* With those above it, as far as they can be made; path is changed meanwhile. */
void bd_folder_make_all(char *path);

/* An open file: a descriptor, or a HANDLE on Windows. */
typedef struct bd_file {
    intptr_t handle;
} bd_file;

/* Opens a file to be read. kind says what path names: what is no file is not opened, and that is no failure. */
bd_failure bd_file_open_input(const char *path, bd_path_kind *kind, bd_file *file, uint64_t *bytes);
/* The next bytes of it, as many as there are: *got is less where the file ends. */
bd_failure bd_file_read(bd_file file, void *data, size_t bytes, size_t *got);

/* Which file is written when path is: where the links that it names lead, be something there or not, else path itself. What
 * is there and may not be written to is a failure, although another file could take its place. */
bd_failure bd_file_target(const char *path, char *target, size_t room);

enum { BD_FILE_SUFFIX = 7 };
/* Makes a new file that is to take target's place. path has room for BD_FILE_SUFFIX bytes more, by which its name gets longer.
 * Who may use it: as it is for target, without set-user-ID and the like, or for any new file where there is none. */
bd_failure bd_file_open_temporary(char *path, const char *target, bd_file *file);
/* For a device or a pipe that is there. */
bd_failure bd_file_open_device(const char *path, bd_file *file);
bd_failure bd_file_write(bd_file file, const void *data, size_t bytes); /* all of it */
bd_failure bd_file_close(bd_file file);
/* In the place of what is there, at once: who opens it finds the one or the other. */
bd_failure bd_file_rename(const char *from, const char *to);
void bd_file_remove(const char *path);

#endif
