/* SPDX-License-Identifier: MIT
 * The table of measured kernels: what a shape is called, and the file. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "network/tuning.h"
#include "platform/clock.h"

static char folder[] = "/tmp/backdrop-tuning-XXXXXX";
static char pipelines[128];

static int make_folder(void **state) {
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(pipelines, sizeof pipelines, "%s/pipelines-1-2-3", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

static void test_round_trip(void **state) {
    (void)state;
    bd_tuning t;
    bd_error error;
    assert_int_equal(bd_tuning_init(&t, pipelines, NULL, &error), BD_OK);
    assert_int_equal(t.count, 0);
    char signature[BD_TUNING_SIGNATURE_BYTES];
    for (int i = 0; i < 200; i++) {
        (void)snprintf(signature, sizeof signature, "fp32 conv 1x%dx5x8", i);
        assert_int_equal(bd_tuning_put(&t, signature, "a", 1 + i, &error), BD_OK);
    }
    assert_int_equal(bd_tuning_put(&t, "fp32 conv 1x7x5x8", "b", 0.5, &error), BD_OK);
    assert_int_equal(t.count, 200);
    assert_int_equal(bd_tuning_save(&t, &error), BD_OK);
    char path[256];
    (void)snprintf(path, sizeof path, "%s", t.path);
    assert_non_null(strstr(path, bd_version()));
    bd_tuning_finish(&t);

    assert_int_equal(bd_tuning_init(&t, pipelines, NULL, &error), BD_OK);
    assert_int_equal(t.count, 200);
    assert_string_equal(bd_tuning_find(&t, "fp32 conv 1x7x5x8")->name, "b");
    assert_string_equal(bd_tuning_find(&t, "fp32 conv 1x8x5x8")->name, "a");
    assert_null(bd_tuning_find(&t, "fp16 conv 1x8x5x8"));
    bd_tuning_finish(&t);
    assert_int_equal(unlink(path), 0);
}

/* Whatever lies there, opening succeeds, and only whole lines count. */
static void test_broken_files(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t count;
    } files[] = {{"", 0},
                 {"backdrop tuning 0\nx\ty\t1\n", 0},
                 {"backdrop tuning 1\n", 0},
                 {"backdrop tuning 1\nx\ty\t1\n", 1},
                 {"backdrop tuning 1\nx\ty\t1", 1},
                 {"backdrop tuning 1\nx\ty\tnan\nx\ty\t-1\nx\ty\tinf\n", 0},
                 {"backdrop tuning 1\n\n\t\t\nx\nx\ty\n\ty\t1\nx\t\t1\nx\ty\t\na\tb\t2\n", 1}};
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        bd_tuning t;
        bd_error error;
        assert_int_equal(bd_tuning_init(&t, pipelines, NULL, &error), BD_OK);
        FILE *file = fopen(t.path, "wb");
        assert_non_null(file);
        assert_true(fputs(files[i].text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        char path[256];
        (void)snprintf(path, sizeof path, "%s", t.path);
        bd_tuning_finish(&t);
        assert_int_equal(bd_tuning_init(&t, pipelines, NULL, &error), BD_OK);
        assert_int_equal(t.count, files[i].count);
        bd_tuning_finish(&t);
        assert_int_equal(unlink(path), 0);
    }
}

static void test_long_lines(void **state) {
    (void)state;
    bd_tuning t;
    bd_error error;
    assert_int_equal(bd_tuning_init(&t, pipelines, NULL, &error), BD_OK);
    FILE *file = fopen(t.path, "wb");
    assert_non_null(file);
    assert_true(fprintf(file, "backdrop tuning 1\n%0300d\ta\t1\nok\t%060d\t1\nok\tfine\t1\n", 7, 8) > 0);
    assert_int_equal(fclose(file), 0);
    char path[256];
    (void)snprintf(path, sizeof path, "%s", t.path);
    bd_tuning_finish(&t);
    assert_int_equal(bd_tuning_init(&t, pipelines, NULL, &error), BD_OK);
    assert_int_equal(t.count, 1);
    assert_string_equal(bd_tuning_find(&t, "ok")->name, "fine");
    bd_tuning_finish(&t);
    assert_int_equal(unlink(path), 0);
}

/* However many lines: put in one by one, these would be compared with each other five billion times. */
static void test_many_lines(void **state) {
    (void)state;
    enum { LINES = 100000 };
    char *text = malloc(LINES * 40 + 40);
    assert_non_null(text);
    for (int distinct = 0; distinct < 2; distinct++) {
        size_t used = (size_t)sprintf(text, "backdrop tuning 1\n");
        for (uint32_t i = 0; i < LINES; i++) {
            /* Neither in order nor in its reverse. */
            uint32_t number = distinct ? i * 2654435761u : i % 7;
            used += (size_t)sprintf(text + used, "fp32 conv %u\tk%u\t%u\n", number, i, i + 1);
        }
        bd_tuning t = {0};
        bd_error error;
        double started = bd_now_ms();
        assert_int_equal(bd_tuning_parse(&t, text, used, &error), BD_OK);
        double ms = bd_now_ms() - started;
        print_message("%d lines: %.1f ms\n", LINES, ms);
        assert_true(ms < 5000);
        assert_int_equal(t.count, distinct ? LINES : 7);
        assert_string_equal(bd_tuning_find(&t, "fp32 conv 0")->name, distinct ? "k0" : "k99995");
        assert_int_equal(bd_tuning_find(&t, "fp32 conv 2654435761") != NULL, distinct);
        bd_tuning_finish(&t);
    }
    free(text);
}

/* Entries that come and go are found, and no others. */
static void test_drop(void **state) {
    (void)state;
    enum { COUNT = 60 };
    bd_tuning t = {0};
    char signature[BD_TUNING_SIGNATURE_BYTES];
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(signature, sizeof signature, "s%d", i * 37 % COUNT);
        assert_int_equal(bd_tuning_put(&t, signature, "a", i + 1, NULL), BD_OK);
    }
    for (int dropped = 0; dropped < COUNT; dropped++) {
        (void)snprintf(signature, sizeof signature, "s%d", dropped * 7 % COUNT);
        bd_tuning_drop(&t, signature);
        bd_tuning_drop(&t, signature);
        assert_int_equal(t.count, COUNT - 1 - dropped);
        for (int i = 0; i < COUNT; i++) {
            (void)snprintf(signature, sizeof signature, "s%d", i * 7 % COUNT);
            const bd_tuning_entry *entry = bd_tuning_find(&t, signature);
            assert_int_equal(entry != NULL, i > dropped);
            assert_true(!entry || !strcmp(entry->signature, signature));
        }
    }
    bd_tuning_finish(&t);
}

/* What changes a kernel's speed changes the signature; names and values do not. */
static void test_signatures(void **state) {
    (void)state;
    bd_graph graph;
    bd_error error;
    assert_int_equal(bd_graph_init(&graph, NULL, "test", &error), BD_OK);
    uint32_t input = bd_graph_add(&graph, BD_OP_INPUT, "input", NULL, 0);
    const bd_shape shape = {4, {1, 9, 9, 8}};
    graph.nodes[input].shape = shape;
    char texts[4][BD_TUNING_SIGNATURE_BYTES];
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t conv = bd_graph_add(&graph, BD_OP_CONV, i % 2 ? "a" : "b", &input, 1);
        graph.nodes[conv].shape = shape;
        graph.nodes[conv].u.conv.kernel_h = i < 2 ? 3 : 1;
        bd_tuning_signature(&graph, conv, BD_PRECISION_FP32, texts[i]);
    }
    assert_string_equal(texts[0], texts[1]);
    assert_string_equal(texts[2], texts[3]);
    assert_string_not_equal(texts[0], texts[2]);
    char half[BD_TUNING_SIGNATURE_BYTES];
    bd_tuning_signature(&graph, 1, BD_PRECISION_FP16, half);
    assert_string_not_equal(half, texts[0]);
    bd_tuning_signature(&graph, 1, BD_PRECISION_FAST16, texts[1]);
    assert_string_not_equal(texts[1], texts[0]);
    assert_string_not_equal(texts[1], half);
    graph.nodes[1].u.conv.rounding = BD_ROUNDING_UP;
    bd_tuning_signature(&graph, 1, BD_PRECISION_FP32, texts[1]);
    assert_string_not_equal(texts[1], texts[0]);
    bd_graph_finish(&graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_broken_files),
                                       cmocka_unit_test(test_long_lines), cmocka_unit_test(test_signatures),
                                       cmocka_unit_test(test_many_lines), cmocka_unit_test(test_drop)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
