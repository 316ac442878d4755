/* SPDX-License-Identifier: MIT
 * CIE L*a*b* in TIFF files, of the white point that they name. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/tiffs.h"

enum { CIELAB = 8, ICCLAB = 9 };

typedef struct white {
    uint32_t x, y; /* in 1/10000; 0: the file names none */
} white;

static const white d65 = {3127, 3290}, d50 = {3457, 3585}, nonsense = {0, 3290}, none = {0, 0};

/* One pixel of 16 bits. */
static bytes lab_file(uint16_t photometric, white of, double l, double a, double b) {
    const bool icc = photometric == ICCLAB;
    const double values[3] = {l * (icc ? 652.8 : 655.35), a * 256 + (icc ? 32768 : 0), b * 256 + (icc ? 32768 : 0)};
    tiff t = {.data = calloc(1, TIFF_ROOM), .used = 16};
    assert_non_null(t.data);
    memcpy(t.data, "II*", 4);
    for (size_t c = 0; c < 3; c++) {
        put_number(&t, 8 + 2 * c, 2, (uint64_t)(int64_t)lrint(values[c]));
    }
    field fields[10] = {
        number(0x0100, SHORT, 1), number(0x0101, SHORT, 1),           blob(0x0102, SHORT, "\20\0\20\0\20", 6),
        number(0x0103, SHORT, 1), number(0x0106, SHORT, photometric), number(0x0111, LONG, 8),
        number(0x0115, SHORT, 3), number(0x0116, SHORT, 1),           number(0x0117, LONG, 6)};
    size_t count = 9;
    if (of.y) {
        fields[count++] = numbers(0x013e, RATIONAL, 2, (const uint32_t[]){of.x, 10000, of.y, 10000});
    }
    put_number(&t, 4, 4, put_directory(&t, fields, count));
    return bytes_of(&t);
}

/* Linear light of sRGB's primaries and white to L*a*b* of D65 (IEC 61966-2-1; CIE 15, 8.2.1). */
static void to_lab(const double rgb[3], double lab[3]) {
    static const double matrix[3][3] = {
        {0.4124564, 0.3575761, 0.1804375}, {0.2126729, 0.7151522, 0.0721750}, {0.0193339, 0.1191920, 0.9503041}};
    static const double white_xyz[3] = {0.95047, 1.0, 1.08883};
    double f[3];
    for (int i = 0; i < 3; i++) {
        const double part = (matrix[i][0] * rgb[0] + matrix[i][1] * rgb[1] + matrix[i][2] * rgb[2]) / white_xyz[i];
        f[i] = part > 216.0 / 24389 ? cbrt(part) : part * 841.0 / 108 + 16.0 / 116;
    }
    lab[0] = 116 * f[1] - 16;
    lab[1] = 500 * (f[0] - f[1]);
    lab[2] = 200 * (f[1] - f[2]);
}

static double light_of(double number) {
    const double part = number / 255;
    return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

static void test_d65(void **state) {
    (void)state;
    for (int i = 0; i < 125; i++) {
        const double numbers_of[3] = {(i % 5) * 60 + 5, (i / 5 % 5) * 60 + 5, (i / 25) * 60 + 5};
        const double rgb[3] = {light_of(numbers_of[0]), light_of(numbers_of[1]), light_of(numbers_of[2])};
        double lab[3];
        to_lab(rgb, lab);
        bytes file = lab_file(CIELAB, d65, lab[0], lab[1], lab[2]);
        bd_image image = decoded(file);
        for (int c = 0; c < 3; c++) {
            if (fabs(image.pixels[c] - numbers_of[c]) > 1.0) {
                fail_msg("%d: %d, not %g", i, image.pixels[c], numbers_of[c]);
            }
        }
        bd_image_finish(&image);
        free(file.data);
    }
}

/* Without a white point, with one that makes no sense, and in ICC's kind, it is D50. */
static void test_d50(void **state) {
    (void)state;
    bytes file = lab_file(CIELAB, d50, 55, 30, -40);
    bd_image right = decoded(file);
    free(file.data);
    static const struct {
        uint16_t photometric;
        const white *of;
        int near;
    } files[] = {{CIELAB, &none, 0}, {CIELAB, &nonsense, 0}, {ICCLAB, &none, 1}, {ICCLAB, &d65, 1}};
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        file = lab_file(files[i].photometric, *files[i].of, 55, 30, -40);
        bd_image image = decoded(file);
        assert_in_range(largest_difference(&right, &image), 0, files[i].near);
        bd_image_finish(&image);
        free(file.data);
    }
    file = lab_file(CIELAB, d65, 55, 30, -40);
    bd_image other = decoded(file);
    assert_true(largest_difference(&right, &other) > 3);
    bd_image_finish(&other);
    bd_image_finish(&right);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_d65), cmocka_unit_test(test_d50)};
    return cmocka_run_group_tests(tests, need_tiff, NULL);
}
