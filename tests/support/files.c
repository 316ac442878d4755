/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "support/files.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const char *test_source_file(const char *path) {
    static char buffers[4][1024];
    static unsigned next;
    char *buffer = buffers[next++ % 4];
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    (void)snprintf(buffer, sizeof buffers[0], "%s/%s", source ? source : ".", path);
    return buffer;
}

const char *test_shared_file(const char *path) {
    static char buffers[16][1024];
    static unsigned next;
    char *buffer = buffers[next++ % 16];
    const char *shared = getenv("BACKDROP_SHARED_DIR");
    (void)snprintf(buffer, sizeof buffers[0], "%s/data/%s", shared ? shared : "../shared", path);
    return access(buffer, R_OK) ? NULL : buffer;
}

static FILE *open_file(const char *path) {
    FILE *file = path ? fopen(path, "rb") : NULL;
    if (!file) {
        fail_msg("%s cannot be read", path ? path : "a file that is not there");
    }
    return file;
}

static void *read_rest(FILE *file, size_t bytes) {
    uint8_t *data = malloc(bytes ? bytes : 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, bytes, file), bytes);
    assert_int_equal(fgetc(file), EOF);
    (void)fclose(file);
    return data;
}

uint8_t *test_read_copy(const char *path, size_t *bytes) {
    FILE *file = open_file(path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(file);
    rewind(file);
    return read_rest(file, *bytes);
}

void *test_read_npy(const char *path, size_t bytes) {
    FILE *file = open_file(path);
    unsigned char head[10];
    assert_int_equal(fread(head, 1, sizeof head, file), sizeof head);
    assert_memory_equal(head, "\x93NUMPY\x01\x00", 8);
    assert_int_equal(fseek(file, head[8] | head[9] << 8, SEEK_CUR), 0);
    return read_rest(file, bytes);
}

void test_make_folder(char path[TEST_FOLDER]) {
    (void)snprintf(path, TEST_FOLDER, "/tmp/backdrop-test-XXXXXX");
    assert_non_null(mkdtemp(path));
}

void test_empty_folder(const char *path) {
    DIR *open = opendir(path);
    for (struct dirent *entry = open ? readdir(open) : NULL; entry; entry = readdir(open)) {
        char file[512];
        (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        (void)unlink(file); /* fails for . and .. */
    }
    if (open) {
        (void)closedir(open);
    }
}

void test_remove_folder(const char *path) {
    test_empty_folder(path);
    assert_int_equal(rmdir(path), 0);
}
