/* SPDX-License-Identifier: MIT
 * Pixels of a host's images to those of pictures and back, in all forms, against the reference. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "kernel/kernel.h"
#include "push/picture_convert.h"
#include "reference/reference.h"
#include "support/kernel_check.h"

static check harness;
enum { W = 131, H = 67, NUMBERS = W * H * 4 };

static size_t bytes_of(uint32_t form) {
    return form >= BD_FORM_RGBA16 ? (size_t)NUMBERS * 2 : NUMBERS;
}

/* Numbers of all sizes; a third of the alphas are 0, a third full. Floats also below 0, above 1 and no numbers. */
static void *make_source(uint32_t form) {
    uint8_t *made = malloc(bytes_of(form));
    assert_non_null(made);
    for (size_t i = 0; i < NUMBERS; i++) {
        uint32_t number = check_random(&harness) & 0xffff;
        uint32_t kind = i % 4 == 3 ? check_random(&harness) % 3 : 2;
        if (form == BD_FORM_RGBA16F) {
            float value = check_float(&harness, -0.1f, 1.1f);
            number = number % 97 == 5 ? 0x7e00 : bd_half_from_float(value);
            number = kind == 0 ? 0 : kind == 1 ? bd_half_from_float(1.0f) : number;
        } else {
            number = kind == 0 ? 0 : kind == 1 ? 0xffff : number;
        }
        if (form >= BD_FORM_RGBA16) {
            const uint16_t word = (uint16_t)number;
            memcpy(made + 2 * i, &word, sizeof word);
        } else {
            made[i] = (uint8_t)number;
        }
    }
    return made;
}

static void fill_alpha(void *pixels, uint32_t form) {
    const uint16_t full = form == BD_FORM_RGBA16F ? bd_half_from_float(1.0f) : 0xffff;
    const size_t bytes = form >= BD_FORM_RGBA16 ? 2 : 1;
    for (size_t i = 3; i < NUMBERS; i += 4) {
        memcpy((uint8_t *)pixels + i * bytes, &full, bytes);
    }
}

static void check_pair(bd_pixel_form from, bd_pixel_form to) {
    void *src = make_source(from.form), *seen = check_output(bytes_of(from.form));
    void *expected = check_output(bytes_of(to.form));
    memcpy(seen, src, bytes_of(from.form));
    if (from.opaque) {
        fill_alpha(seen, from.form);
    }
    bd_ref_convert(seen, from.form, from.premultiplied, expected, to.form, to.premultiplied, (size_t)W * H);
    free(seen);
    const check_input inputs[4] = {{src, bytes_of(from.form)}};
    char label[80];
    (void)snprintf(label, sizeof label, "form %u%s%s to %u%s", from.form, from.premultiplied ? " premultiplied" : "",
                   from.opaque ? " opaque" : "", to.form, to.premultiplied ? " premultiplied" : "");
    bool floats = from.form == BD_FORM_RGBA16F || to.form == BD_FORM_RGBA16F;
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_picture_convert(&harness.vk, from, to, W, H, &dispatch);
        void *got = check_output(bytes_of(to.form));
        check_run(&harness, &dispatch, inputs, got, bytes_of(to.form), label, 0.0);
        if (to.form >= BD_FORM_RGBA16) {
            check_picture16(label, expected, got, NUMBERS, (size_t)W * 4, floats ? 2 : 0);
        } else {
            check_picture(label, expected, got, NUMBERS, (size_t)W * 4, floats ? 1 : 0);
        }
        free(got);
    }
    free(expected);
    free(src);
}

static void test_forms(void **state) {
    (void)state;
    for (uint32_t from = 0; from <= BD_FORM_RGBA16F; from++) {
        for (uint32_t to = 0; to <= BD_FORM_RGBA16F; to++) {
            for (uint32_t ways = 0; ways < 4 && !(from == BD_FORM_RGBA16F && to == from); ways++) {
                check_pair((bd_pixel_form){from, ways & 1, false}, (bd_pixel_form){to, ways & 2, false});
            }
            if (from != BD_FORM_RGBA16F || to != from) {
                check_pair((bd_pixel_form){from, false, true}, (bd_pixel_form){to, false, false});
            }
        }
    }
}

int main(int argc, char **argv) {
    int status = check_open(&harness, argc, argv);
    if (status) {
        return status;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms)};
    return check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}
