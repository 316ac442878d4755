/* SPDX-License-Identifier: MIT
 * TIFF files with several directories: which of them is the picture, and what is a camera's raw picture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/metadata.h"
#include "support/tiffs.h"

enum { PLACEHOLDER = 0x5a5b5c, IFD = 13 };

/* Where the directories lie that a picture points to. */
typedef enum below { NONE, SUBDIRECTORIES, CHAIN } below;

typedef struct directories {
    uint32_t first_kind; /* NewSubfileType of the first */
    uint16_t first_photometric;
    bool dng;
    below place;
    uint32_t kind, sides[2]; /* of the second, which has no pixels */
    uint16_t photometric;
} directories;

static size_t find_placeholder(const tiff *t) {
    for (size_t at = 0; at + 4 <= t->used; at++) {
        if (get_number(t->data, t->big, at, 4) == PLACEHOLDER) {
            return at;
        }
    }
    fail_msg("no placeholder");
    return 0;
}

static bytes file_of(const directories *d, bool big, bool wide) {
    field more[4];
    size_t count = 0;
    more[count++] = number(0x00fe, LONG, d->first_kind);
    if (d->place == SUBDIRECTORIES) {
        /* Two places, the first that of a preview, are outside of a classic file's entry. */
        more[count++] = numbers(0x014a, LONG, 2, (const uint32_t[]){PLACEHOLDER - 1, PLACEHOLDER});
    }
    if (d->dng) {
        more[count++] = blob(0xc612, BYTE, "\1\4\0", 4);
    }
    tiff t = picture_with(big, wide, (photo){.count = {0}}, more, count);
    const size_t main_directory = (size_t)get_number(t.data, big, wide ? 8 : 4, wide ? 8 : 4);
    const size_t head = wide ? 8 : 2, entry = wide ? 20 : 12, room = wide ? 8 : 4;
    const size_t entries = (size_t)get_number(t.data, big, main_directory, head);
    for (size_t i = 0; i < entries; i++) {
        const size_t at = main_directory + head + i * entry;
        if (get_number(t.data, big, at, 2) == 0x0106) {
            put_number(&t, at + (wide ? 12 : 8), 2, d->first_photometric);
        } else if (get_number(t.data, big, at, 2) == 0x014a && big) {
            put_number(&t, at + 2, 2, IFD);
        }
    }
    const field preview[] = {number(0x00fe, LONG, 1), number(0x0100, SHORT, 1), number(0x0101, SHORT, 1)};
    const field second[] = {number(0x00fe, LONG, d->kind), number(0x0100, LONG, d->sides[0]),
                            number(0x0101, LONG, d->sides[1]), number(0x0102, SHORT, 8),
                            number(0x0106, SHORT, d->photometric)};
    if (d->place == SUBDIRECTORIES) {
        const size_t at = find_placeholder(&t);
        const size_t first = put_directory(&t, preview, BD_COUNT(preview));
        put_number(&t, at - 4, 4, first);
        put_number(&t, at, 4, put_directory(&t, second, BD_COUNT(second)));
    } else if (d->place == CHAIN) {
        put_number(&t, main_directory + head + entries * entry, room, put_directory(&t, second, BD_COUNT(second)));
    }
    return bytes_of(&t);
}

static void check(const directories *d, const char *refusal) {
    for (int i = 0; i < 4; i++) {
        bytes file = file_of(d, i & 1, i & 2);
        bd_image image;
        bd_error error = {0};
        const bd_result result = decode_small(file, &image, &error);
        if (refusal) {
            assert_int_equal(result, BD_ERR_UNSUPPORTED);
            assert_true(is_one_line(&error));
            if (!strstr(error.message, refusal)) {
                fail_msg("%s", error.message);
            }
        } else {
            if (result) {
                fail_msg("%s", error.message);
            }
            assert_int_equal(image.width, TIFF_WIDTH);
            assert_int_equal(image.pixels[4], 30);
            bd_image_finish(&image);
        }
        free(file.data);
    }
}

static const char raw[] = "a camera's raw picture";

static void test_raw_pictures(void **state) {
    (void)state;
    const directories nef = {
        .first_kind = 1, .first_photometric = 1, .place = SUBDIRECTORIES, .sides = {64, 48}, .photometric = 32803};
    check(&nef, raw);
    directories d = nef;
    d.first_kind = 0;
    check(&d, raw); /* the preview does not say what it is */
    d.sides[0] = d.sides[1] = 1;
    check(&d, raw);
    d.photometric = 34892;
    check(&d, raw);
    d.sides[0] = 64;
    d.photometric = 1;
    check(&d, raw); /* whatever it is, it is larger than what would be read */
    d = (directories){.first_photometric = 1, .dng = true};
    check(&d, raw);
    d = (directories){.first_photometric = 32803};
    check(&d, raw);
    d = nef;
    d.place = CHAIN;
    check(&d, raw);
}

static void test_canon(void **state) {
    (void)state;
    tiff t = picture_with(false, false, (photo){.count = {0}}, NULL, 0);
    /* The pixels start at 8, the directory behind them at 16. */
    memcpy(t.data + 8, "CR\2", 4);
    assert_int_equal(get_number(t.data, false, 4, 4), 16);
    bytes file = bytes_of(&t);
    bd_image image;
    bd_error error;
    assert_int_equal(decode_small(file, &image, &error), BD_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, raw));
    free(file.data);
}

static void test_thumbnails_only(void **state) {
    (void)state;
    const directories d = {.first_kind = 1, .first_photometric = 1};
    check(&d, NULL);
    bytes file = file_of(&d, false, false);
    said kept = {.lines = 0};
    const bd_image_read_params params = {.struct_size = sizeof params, .log = keep_said, .log_user = &kept};
    bd_image image;
    bd_error error;
    assert_int_equal(bd_image_decode(file.data, file.size, "photo", &params, &image, &error), BD_OK);
    assert_int_equal(kept.lines, 1);
    assert_string_equal(kept.last, "photo: TIFF: a thumbnail is all that can be read");
    bd_image_finish(&image);
    free(file.data);
}

/* The picture first, reduced ones of it below or behind it; and pages. */
static void test_pyramids(void **state) {
    (void)state;
    directories d = {
        .first_photometric = 1, .place = SUBDIRECTORIES, .kind = 1, .sides = {TIFF_WIDTH, 1}, .photometric = 1};
    check(&d, NULL);
    d.sides[1] = TIFF_HEIGHT;
    check(&d, NULL);
    d.place = CHAIN;
    check(&d, NULL);
    d.kind = 0;
    d.sides[0] = 1000;
    check(&d, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw_pictures),
        cmocka_unit_test(test_canon),
        cmocka_unit_test(test_thumbnails_only),
        cmocka_unit_test(test_pyramids),
    };
    return cmocka_run_group_tests(tests, need_tiff, NULL);
}
