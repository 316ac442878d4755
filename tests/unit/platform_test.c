/* SPDX-License-Identifier: MIT
 * The operating system as engine/platform has it. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "platform/dynamic_library.h"
#include "platform/file_system.h"
#include "platform/message.h"
#include "platform/path.h"
#include "platform/text.h"
#include "platform/thread.h"
#include "support/files.h"

/* ---- threads ---- */

enum { ROUNDS = 2000, WORKERS = 4 };

typedef struct shared {
    bd_mutex mutex;
    bd_condition changed;
    long sum;
    bool go, waits;
    int blocked; /* 1: the worker's signal mask has SIGINT and lacks SIGSEGV */
} shared;

static void add(void *context) {
    shared *s = context;
    bd_mutex_lock(&s->mutex);
    while (!s->go) {
        s->waits = true;
        bd_condition_wait(&s->changed, &s->mutex);
    }
    bd_condition_signal(&s->changed); /* one wakes the next */
    bd_mutex_unlock(&s->mutex);
    for (int i = 0; i < ROUNDS; i++) {
        bd_mutex_lock(&s->mutex);
        long before = s->sum;
        s->sum = before + 1;
        bd_mutex_unlock(&s->mutex);
    }
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    bd_mutex_lock(&s->mutex);
    s->blocked += sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGSEGV) == 0;
    bd_mutex_unlock(&s->mutex);
}

static void test_threads(void **state) {
    (void)state;
    shared s = {.sum = 0};
    bd_thread threads[WORKERS];
    bd_mutex_init(&s.mutex);
    bd_condition_init(&s.changed);
    for (int i = 0; i < WORKERS; i++) {
        assert_true(bd_thread_start(&threads[i], add, &s));
    }
    bd_mutex_lock(&s.mutex);
    while (!s.waits) { /* none signals yet: comes back when the time is over */
        bd_condition_wait_ms(&s.changed, &s.mutex, 5);
    }
    assert_int_equal(s.sum, 0);
    s.go = true;
    bd_condition_signal(&s.changed);
    bd_mutex_unlock(&s.mutex);
    for (int i = 0; i < WORKERS; i++) {
        bd_thread_join(&threads[i]);
    }
    assert_int_equal(s.sum, WORKERS * ROUNDS);
    assert_int_equal(s.blocked, WORKERS);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGINT), 0);
    bd_condition_finish(&s.changed);
    bd_mutex_finish(&s.mutex);
    assert_true(bd_thread_processors() >= 1);
}

static void test_clock(void **state) {
    (void)state;
    bd_mutex mutex;
    bd_condition never;
    bd_mutex_init(&mutex);
    bd_condition_init(&never);
    double start = bd_now_ms();
    bd_mutex_lock(&mutex);
    for (int i = 0; i < 100 && bd_now_ms() - start < 20; i++) {
        bd_condition_wait_ms(&never, &mutex, 25);
    }
    bd_mutex_unlock(&mutex);
    double waited = bd_now_ms() - start;
    assert_true(waited >= 20);
    assert_true(waited < 10000);
    bd_condition_finish(&never);
    bd_mutex_finish(&mutex);
}

/* ---- text ---- */

static void test_text(void **state) {
    (void)state;
    assert_true(bd_text_same("Abc.PNG", "aBC.png"));
    assert_false(bd_text_same("abc", "abcd"));
    assert_false(bd_text_same("abcd", "abc"));
    assert_false(bd_text_same("a[", "a{")); /* as far apart as letters of another case */
    assert_false(bd_text_same("\xc3\xa9", "\xc3\x89"));
    assert_true(bd_text_same("", ""));
    assert_true(bd_text_same_first("ALLwhat", "all", 3));
    assert_false(bd_text_same_first("al", "all", 3));
    assert_true(bd_text_same_first("al", "AL", 9));
    assert_true(bd_text_same_first("x", "y", 0));
}

static void test_paths(void **state) {
    (void)state;
    assert_string_equal(bd_path_name("a/b/c.png"), "c.png");
    assert_string_equal(bd_path_name("c.png"), "c.png");
    assert_string_equal(bd_path_name("/c"), "c");
    assert_string_equal(bd_path_name("a/"), "");
    /* What Windows takes for folder and drive is a name here. */
    assert_string_equal(bd_path_name("a\\b"), "a\\b");
    assert_string_equal(bd_path_name("c:b"), "c:b");
    assert_true(bd_path_is_absolute("/a"));
    assert_false(bd_path_is_absolute("a/b"));
    assert_false(bd_path_is_absolute("c:/b"));
}

/* ---- files ---- */

static void expect_file(const char *path, const char *wanted) {
    bd_content map;
    bd_error error;
    assert_int_equal(bd_read_file(path, UINT64_MAX, NULL, &map, &error), BD_OK);
    assert_int_equal(map.bytes, strlen(wanted));
    assert_memory_equal(map.data, wanted, map.bytes);
    bd_release_content(NULL, &map);
    assert_null(map.data);
}

static void write_text(const char *path, const char *text) {
    bd_error error = {.message = ""};
    if (bd_write_file(path, text, strlen(text), &error)) {
        fail_msg("%s", error.message);
    }
}

static void test_files(void **state) {
    (void)state;
    char folder[TEST_FOLDER], path[256], other[256];
    test_make_folder(folder);
    (void)snprintf(path, sizeof path, "%s/\xc3\xa4 \xe5\x9b\xbe.txt", folder);
    assert_int_equal(bd_path_look(folder), BD_PATH_FOLDER);
    assert_int_equal(bd_path_look(path), BD_PATH_NONE);
    assert_int_equal(bd_path_look("/dev/null"), BD_PATH_OTHER);
    mode_t before = umask(027);
    write_text(path, "one");
    umask(before);
    assert_int_equal(bd_path_look(path), BD_PATH_FILE);
    expect_file(path, "one");
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    /* Who has the old one open keeps it; its mode stays. */
    assert_int_equal(chmod(path, 0604), 0);
    bd_content old;
    bd_error error;
    assert_int_equal(bd_read_file(path, UINT64_MAX, NULL, &old, &error), BD_OK);
    write_text(path, "three");
    assert_memory_equal(old.data, "one", 3);
    bd_release_content(NULL, &old);
    expect_file(path, "three");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0604);
    write_text("/dev/null", "nothing");
    assert_int_equal(bd_path_look("/dev/null"), BD_PATH_OTHER);

    (void)snprintf(other, sizeof other, "%s/moved", folder);
    assert_int_equal(bd_file_rename(path, other), 0);
    assert_int_equal(bd_path_look(path), BD_PATH_NONE);
    assert_true(bd_failure_is_missing(bd_file_rename(path, other)));
    expect_file(other, "three");
    bd_file_remove(other);
    assert_int_equal(bd_path_look(other), BD_PATH_NONE);
    test_remove_folder(folder); /* which fails where a temporary was left */
}

static mode_t mode_of(const char *path) {
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode;
}

/* What a link leads to is written, be it there or not; links stay. */
static void test_links(void **state) {
    (void)state;
    char folder[TEST_FOLDER], below[256], path[256], link[256], target[512];
    test_make_folder(folder);
    (void)snprintf(below, sizeof below, "%s/below", folder);
    (void)snprintf(path, sizeof path, "%s/below/file", folder);
    (void)snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(bd_folder_make(below), 0);
    assert_int_equal(symlink("below/other", link), 0);
    assert_int_equal(bd_file_target(link, target, sizeof target), 0);
    assert_string_equal(target + strlen(folder), "/below/other");
    assert_int_equal(unlink(link), 0);

    char second[256];
    (void)snprintf(second, sizeof second, "%s/below/second", folder);
    assert_int_equal(symlink("below/second", link), 0);
    assert_int_equal(symlink(path, second), 0);
    write_text(link, "new"); /* which was not there */
    write_text(link, "newer");
    expect_file(path, "newer");
    assert_true(S_ISLNK(mode_of(link)) && S_ISLNK(mode_of(second)) && S_ISREG(mode_of(path)));
    assert_int_equal(bd_file_target(link, target, strlen(folder) + 5), ENAMETOOLONG);

    assert_int_equal(unlink(second), 0);
    assert_int_equal(symlink("../link", second), 0); /* a loop */
    bd_error error;
    assert_int_equal(bd_write_file(link, "x", 1, &error), BD_ERR_FILE_WRITE);
    assert_non_null(strstr(error.message, "link: cannot write: Too many levels of symbolic links"));
    assert_int_equal(unlink(link), 0);
    test_remove_folder(below);
    test_remove_folder(folder);
}

/* Nobody gets another's rights by a file that takes another's place, and a file that may not be written to keeps its. */
static void test_rights(void **state) {
    (void)state;
    char folder[TEST_FOLDER], path[256];
    bd_error error;
    test_make_folder(folder);
    (void)snprintf(path, sizeof path, "%s/file", folder);
    write_text(path, "one");
    assert_int_equal(chmod(path, 06751), 0);
    write_text(path, "two");
    assert_int_equal(mode_of(path) & 07777, 0751);

    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    bool root = !geteuid();
    assert_int_equal(root ? seteuid(65534) : 0, 0); /* root may write to everything */
    bd_result result = bd_write_file(path, "three", 5, &error);
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_int_equal(result, BD_ERR_FILE_WRITE);
    assert_non_null(strstr(error.message, "file: cannot write: Permission denied"));
    expect_file(path, "two");
    test_remove_folder(folder); /* which fails where a temporary was left */
}

static void test_failures(void **state) {
    (void)state;
    char folder[TEST_FOLDER], path[256];
    bd_error error;
    bd_content map;
    test_make_folder(folder);
    (void)snprintf(path, sizeof path, "%s/none", folder);
    assert_int_equal(bd_read_file(path, UINT64_MAX, NULL, &map, &error), BD_ERR_FILE_NOT_FOUND);
    assert_non_null(strstr(error.message, "none: No such file or directory"));
    assert_int_equal(bd_read_file(folder, UINT64_MAX, NULL, &map, &error), BD_ERR_FILE_READ);
    assert_non_null(strstr(error.message, "a folder, not a file"));
    assert_int_equal(bd_read_file("/dev/null", UINT64_MAX, NULL, &map, &error), BD_ERR_FILE_READ);
    assert_non_null(strstr(error.message, "not a regular file"));
    write_text(path, "");
    assert_int_equal(bd_read_file(path, UINT64_MAX, NULL, &map, &error), BD_ERR_FILE_FORMAT);
    bd_file_remove(path);
    (void)snprintf(path, sizeof path, "%s/none/file", folder);
    assert_int_equal(bd_write_file(path, "x", 1, &error), BD_ERR_FILE_WRITE);
    assert_non_null(strstr(error.message, "none/file: cannot write: No such file or directory"));
    if (bd_path_look("/dev/full") == BD_PATH_OTHER) {
        assert_int_equal(bd_write_file("/dev/full", "x", 1, &error), BD_ERR_FILE_WRITE);
        assert_non_null(strstr(error.message, "No space left"));
    }
    assert_true(strlen(bd_failure_say(12345, &(bd_failure_text){0})) > 0);
    test_remove_folder(folder);
}

static void test_folders(void **state) {
    (void)state;
    char folder[TEST_FOLDER], path[256], copy[256];
    test_make_folder(folder);
    (void)snprintf(path, sizeof path, "%s/a/b", folder);
    assert_true(bd_failure_is_missing(bd_folder_make(path)));
    (void)snprintf(copy, sizeof copy, "%s", path);
    bd_folder_make_all(copy);
    assert_string_equal(copy, path);
    assert_int_equal(bd_path_look(path), BD_PATH_FOLDER);
    assert_int_not_equal(bd_folder_make(path), 0);
    assert_int_equal(remove(path), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(remove(path), 0);
    test_remove_folder(folder);
}

/* ---- messages ---- */

static void write_message(char *text, size_t room, const char *format, ...) BD_PRINTF(3, 4);
static void write_message(char *text, size_t room, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    bd_message_write(text, room, format, arguments);
    va_end(arguments);
}

static void test_messages(void **state) {
    (void)state;
    enum { ROOM = 80 };
    char text[ROOM], path[4200] = "";
    write_message(text, sizeof text, "%s: no such %s", "/a/b.jpg", "file");
    assert_string_equal(text, "/a/b.jpg: no such file");
    for (size_t used = 0; used < 4000; used += 9) {
        memcpy(path + used, "/folder_1", 10);
    }
    strcat(path, "/name.jpg");
    write_message(text, sizeof text, "%s: no such %s", path, "file");
    assert_string_equal(text, "/folder_1/folder_1/.../folder_1/folder_1/folder_1/name.jpg: no such file");
    /* Of a name without folders both ends, of a cause that is too long the end. */
    memset(path, 'n', 200);
    strcpy(path + 200, ".jpg");
    write_message(text, sizeof text, "%s: no such file", path);
    assert_int_equal(strlen(text), ROOM - 1);
    assert_string_equal(text + ROOM - 1 - 21, "nnn.jpg: no such file");
    write_message(text, sizeof text, "%s: %s, of all things", "/a/b.jpg", path);
    assert_int_equal(strlen(text), ROOM - 1);
    assert_int_equal(strncmp(text, "/a/b.jpg: nnn", 13), 0);
    assert_string_equal(text + ROOM - 1 - 20, "n.jpg, of all things");
    write_message(text, sizeof text, "no file %s there", path);
    assert_int_equal(strlen(text), ROOM - 1);
    assert_string_equal(text + ROOM - 1 - 10, ".jpg there");
    /* Letters of two, three and four bytes are cut between them, wherever the cut is. */
    static const char *const letters[] = {"\xc3\xb6", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t l = 0; l < BD_COUNT(letters); l++) {
        for (size_t shift = 0; shift < 4; shift++) {
            size_t used = shift, length = strlen(letters[l]);
            for (memset(path, 'x', shift); used < 400; used += length) {
                memcpy(path + used, letters[l], length + 1);
            }
            write_message(text, sizeof text, "%s: no such file", path);
            assert_null(strchr(text, '?'));
            assert_non_null(strstr(text, "..."));
        }
    }
    write_message(text, 6, "%s: no such file", "/a/b.jpg"); /* hardly any room */
    assert_true(strlen(text) < 6);
}

/* ---- libraries ---- */

static void test_libraries(void **state) {
    (void)state;
    assert_null(bd_dynamic_library_open("libbackdrop_no_such_library.so.7"));
    void *library = bd_dynamic_library_open("libm.so.6");
    if (!library) {
        skip(); /* another C library than glibc */
    }
    assert_non_null(bd_dynamic_library_find(library, "cos"));
    assert_null(bd_dynamic_library_find(library, "backdrop_no_such_function"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads), cmocka_unit_test(test_clock),     cmocka_unit_test(test_text),
        cmocka_unit_test(test_paths),   cmocka_unit_test(test_files),     cmocka_unit_test(test_failures),
        cmocka_unit_test(test_folders), cmocka_unit_test(test_libraries), cmocka_unit_test(test_links),
        cmocka_unit_test(test_rights),  cmocka_unit_test(test_messages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
