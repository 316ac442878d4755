/* SPDX-License-Identifier: MIT
 * Colours as CSS writes them. That the names' numbers are CSS's, check_shaping.py looks up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* Tests link the library's objects, not the command's; this file needs no other one of it. */
#include "../../tools/css_color.c"

static void expect(const char *text, uint32_t rgba) {
    uint8_t got[4];
    if (!cli_css_color(text, got)) {
        fail_msg("'%s' is not taken", text);
    }
    const uint32_t word = (uint32_t)got[0] << 24 | (uint32_t)got[1] << 16 | (uint32_t)got[2] << 8 | got[3];
    if (word != rgba) {
        fail_msg("'%s' is %08x, expected %08x", text, word, rgba);
    }
}

static void test_names(void **state) {
    (void)state;
    const size_t count = sizeof names / sizeof names[0];
    assert_int_equal(count, 148);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(names[i - 1].name, names[i].name) < 0);
        expect(names[i].name, names[i].rgb << 8 | 255);
    }
    expect("RebeccaPurple", 0x663399ff);
    expect("LightGoldenrodYellow", 0xfafad2ff);
    expect("Transparent", 0x00000000);
}

static void test_hexadecimal(void **state) {
    (void)state;
    expect("#1a2B3c", 0x1a2b3cff);
    expect("1a2b3c", 0x1a2b3cff);
    expect("#1a2b3c4d", 0x1a2b3c4d);
    expect("#1aF", 0x11aaffff);
    expect("#1aF8", 0x11aaff88);
    expect("fade", 0xffaaddee);
}

static void test_functions(void **state) {
    (void)state;
    expect("rgb(10, 20, 30)", 0x0a141eff);
    expect("RGB(10 20 30)", 0x0a141eff);
    expect("rgb( 10,20,30 )", 0x0a141eff);
    expect("rgba(10, 20, 30, 0.5)", 0x0a141e80);
    expect("rgb(10 20 30 / 50%)", 0x0a141e80);
    expect("rgb(10 20 30/0)", 0x0a141e00);
    expect("rgb(100%, 50%, 0%)", 0xff8000ff);
    expect("rgb(300 -5 127.5)", 0xff0080ff);
    expect("hsl(120, 100%, 25%)", 0x008000ff);
    expect("hsl(-120deg 100% 50% / .2)", 0x0000ff33);
    expect("hsla(540, 100%, 50%, 1)", 0x00ffffff);
    expect("hsl(38.8, 100%, 50%)", 0xffa500ff); /* orange */
    expect("hsl(200, 0%, 50%)", 0x808080ff);
}

static void test_others(void **state) {
    (void)state;
    static const char *const others[] = {"",
                                         "#",
                                         "reddish",
                                         "#12",
                                         "#12345",
                                         "#1234567",
                                         "#123456789",
                                         "#12g",
                                         "##123",
                                         "rgb",
                                         "rgb()",
                                         "rgb(1,2)",
                                         "rgb(1,2,3",
                                         "rgb(1,2,3)x",
                                         "rgb(1,2,3,4,5)",
                                         "rgb(1 2 3 4)",
                                         "rgb(1,,2,3)",
                                         "rgb(a,2,3)",
                                         "rgb(1-2-3)",
                                         "rgb(nan,1,1)",
                                         "rgb(inf,1,1)",
                                         "hsl(1,2)",
                                         "rgb(1e999,1,1)",
                                         "lab(50 10 10)",
                                         "rgb (1,2,3)",
                                         "white ",
                                         "rgb(1, 2, 3, / 4)",
                                         "rgb(1/2,3,4)",
                                         "transparent(1)",
                                         "-1,2,3"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        uint8_t got[4];
        if (cli_css_color(others[i], got)) {
            fail_msg("'%s' is taken for %02x%02x%02x%02x", others[i], got[0], got[1], got[2], got[3]);
        }
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_hexadecimal),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
