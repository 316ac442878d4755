/* SPDX-License-Identifier: MIT
 * The command's options as their rows have them: no row contradicts another one or itself, and what a row says in words
 * is what it takes. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

/* Tests link the library's objects, not the command's; this file needs no other one. */
#include "../../tools/options.c"

static void fill(const cli_option *row, const char *text, char *filled, size_t room) {
    cli_option_fill(row, text, "VALUE", filled, room);
    const char *brace = strpbrk(filled, "{}");
    while (brace && !strncmp(brace, CLI_NAME, strlen(CLI_NAME))) {
        brace = strpbrk(brace + strlen(CLI_NAME), "{}");
    }
    if (brace) {
        fail_msg("--%s: not filled in: %s", row->name, filled);
    }
}

static bool has_word(const char *text, const char *word) {
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        if ((at == text || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[length])) {
            return true;
        }
    }
    return false;
}

static void test_rows_agree(void **state) {
    (void)state;
    assert_true(ROWS > 40);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < i; k++) {
            bool same = !strcmp(rows[i].name, rows[k].name);
            assert_int_equal(rows[i].member == rows[k].member, same);
            if (same) {
                assert_int_equal(rows[i].verbs & rows[k].verbs, 0);
                assert_int_equal(rows[i].kind->type, rows[k].kind->type);
                assert_int_equal(rows[i].letter, rows[k].letter);
            } else {
                assert_false(rows[i].letter && rows[i].letter == rows[k].letter);
            }
        }
    }
}

static void test_rows_are_whole(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const cli_option *row = &rows[i];
        const cli_kind *kind = row->kind;
        assert_true(row->verbs && *row->help);
        assert_int_equal(kind->type == CLI_FLAG, !*row->value);
        bool numbers = kind->type == CLI_INTEGER || kind->type == CLI_NUMBER || kind->type == CLI_SIZE ||
                       kind->type == CLI_PLACE || kind->type == CLI_PART || kind->type == CLI_LOOKS ||
                       kind->type == CLI_LEVELS || kind->type == CLI_SCALING || kind->type == CLI_MARGIN ||
                       kind->type == CLI_SHARD;
        assert_int_equal(numbers, kind->low < kind->high);
        assert_true(kind->type != CLI_CHOICE || (kind->choices && kind->choices->name));
        assert_int_equal(kind->miss != NULL,
                         numbers || kind->type == CLI_CHOICE || kind->type == CLI_COLOR || kind->type == CLI_PIXELS);
        for (cli_verb verb = CLI_REPLACE; verb < CLI_VERB_COUNT; verb++) {
            assert_true(!cli_option_takes(row, verb) || cli_option_find(row->member, verb) == row);
        }
    }
}

/* A parameter of the library that is not given stays 0, so its default has to be that. */
static void test_parameters(void **state) {
    (void)state;
    size_t sets = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const cli_kind *kind = rows[i].kind;
        if (!rows[i].sets) {
            continue;
        }
        sets++;
        assert_true(kind->type == CLI_CHOICE || kind->type == CLI_NUMBER);
        assert_int_equal(kind->type == CLI_CHOICE, kind->fallback != NULL);
        for (const cli_choice *choice = kind->choices; choice && choice->name; choice++) {
            assert_int_equal(choice->number == 0, !strcmp(choice->name, kind->fallback));
        }
    }
    assert_true(sets > 0);
}

/* A default is a value that the option takes, and where it is given, the help has it. */
static void test_defaults(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const cli_kind *kind = rows[i].kind;
        char text[1000];
        if (!kind->fallback) {
            continue;
        }
        fill(&rows[i], rows[i].help, text, sizeof text);
        assert_non_null(strstr(text, "default"));
        if (kind->type == CLI_INTEGER || kind->type == CLI_NUMBER) {
            char *end;
            double value = strtod(kind->fallback, &end);
            assert_true(!*end && value >= (double)kind->low && value <= (double)kind->high);
        }
        bool known = !kind->choices;
        for (const cli_choice *choice = kind->choices; choice && choice->name; choice++) {
            known = known || !strcmp(choice->name, kind->fallback);
        }
        assert_true(known);
        assert_true(has_word(text, kind->fallback));
    }
}

/* What is told of a wrong value, and the help, name every choice and the bounds. */
static void test_words(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const cli_option *row = &rows[i];
        char help[1000], told[1000] = "", number[32];
        fill(row, row->help, help, sizeof help);
        if (row->kind->miss) {
            fill(row, row->kind->miss, told, sizeof told);
        }
        for (const cli_choice *choice = row->kind->choices; choice && choice->name; choice++) {
            if (!has_word(help, choice->name) || !has_word(told, choice->name)) {
                fail_msg("--%s takes %s, and does not say so", row->name, choice->name);
            }
        }
        if (row->kind->type == CLI_NUMBER) {
            (void)snprintf(number, sizeof number, "%g", (double)row->kind->high);
            assert_true(has_word(told, number));
            assert_true(has_word(told, row->kind->unit));
        }
    }
}

static void test_fill(void **state) {
    (void)state;
    static const cli_choice three[] = {{"a", 0}, {"b", 1}, {"c", 2}, {0}};
    static const cli_kind kind = {
        .type = CLI_CHOICE, .choices = three, .low = 0.25f, .high = 10000, .unit = "pixels", .fallback = "b"};
    static const cli_option row = {"name", 0, R, 0, false, &kind, "HOW", ""};
    char text[64], small[8];
    cli_option_fill(&row, "{choices}; {marked}; {default}", "", text, sizeof text);
    assert_string_equal(text, "a, b or c; a, b (default) or c; b");
    cli_option_fill(&row, "{low} to {high} {unit}, not '{value}'", "{low}", text, sizeof text);
    assert_string_equal(text, "0.25 to 10000 pixels, not '{low}'");
    cli_option_fill(&row, "{start}!", "0123456789012345678901234567890123456789tail", text, sizeof text);
    assert_string_equal(text, "0123456789012345678901234567890123456789!");
    cli_option_fill(&row, "12345{high}67", "", small, sizeof small);
    assert_string_equal(small, "1234510");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_agree), cmocka_unit_test(test_rows_are_whole),
                                       cmocka_unit_test(test_parameters), cmocka_unit_test(test_defaults),
                                       cmocka_unit_test(test_words),      cmocka_unit_test(test_fill)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
