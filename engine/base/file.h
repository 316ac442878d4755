/* SPDX-License-Identifier: MIT
 * Files. */
#ifndef BD_FILE_H
#define BD_FILE_H

#include "backdrop.h"

/* What a file held when it was read. Not mapped: a mapped file that somebody truncates ends the process. */
typedef struct bd_content {
    const uint8_t *data;
    size_t bytes;
} bd_content;

/* Reads a whole file.
 *
 * most     bytes.
 * content  written: memory from allocator, for bd_release_content; nothing on failure.
 * Errors   BD_ERR_FILE_NOT_FOUND; BD_ERR_FILE_READ, also of what is no file or got shorter meanwhile;
 *          BD_ERR_FILE_FORMAT of an empty one, BD_ERR_IMAGE_TOO_LARGE of one above most, BD_ERR_OUT_OF_MEMORY. */
bd_result bd_read_file(const char *path, uint64_t most, const bd_allocator *allocator, bd_content *content,
                       bd_error *error);
/* The same where there is no use for most files: one above 16 MiB that wanted says no to, by its first 64 KiB, is not read on,
 * and they are its content. */
typedef bool bd_wanted_fn(const uint8_t *head, size_t bytes);
bd_result bd_read_wanted_file(const char *path, uint64_t most, bd_wanted_fn *wanted, const bd_allocator *allocator,
                              bd_content *content, bd_error *error);
void bd_release_content(const bd_allocator *allocator, bd_content *content);

/* Writes path, or what the links lead to that it names, by way of a temporary in the same folder, which then takes its
 * place. A file that may not be written to stays. */
bd_result bd_write_file(const char *path, const void *data, size_t bytes, bd_error *error);

#endif
