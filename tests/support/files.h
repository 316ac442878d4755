/* SPDX-License-Identifier: MIT
 * Files that tests read and folders that they write to. Everything asserts; memory is released with free(). */
#ifndef BD_TEST_FILES_H
#define BD_TEST_FILES_H

#include <stddef.h>
#include <stdint.h>

/* A file of the source tree; the buffer is the function's own, good until the next but three calls. */
const char *test_source_file(const char *path);
/* A file below ../shared/data; NULL: it is not there. The buffer is good until the next but 15 calls. */
const char *test_shared_file(const char *path);
/* A copy of exactly the file's size, so that reading past the end is seen. */
uint8_t *test_read_copy(const char *path, size_t *bytes);
/* What a .npy of version 1 holds behind its header, which is this much and no more. */
void *test_read_npy(const char *path, size_t bytes);

enum { TEST_FOLDER = 64 };

/* A new folder; its name is written to path. */
void test_make_folder(char path[TEST_FOLDER]);
/* Removes its files, and then the folder, too. */
void test_empty_folder(const char *path);
void test_remove_folder(const char *path);

#endif
