/* SPDX-License-Identifier: MIT
 * 16-bit floats: every one survives the way there and back, and what lies between two of them goes to the nearer. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"

static void test_round_trip(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float value = bd_half_to_float((uint16_t)h);
        uint16_t back = bd_half_from_float(value);
        if (isnan(value)) {
            assert_true(isnan(bd_half_to_float(back)));
        } else {
            assert_int_equal(back, h);
        }
    }
}

/* Between each two neighbours: a quarter goes down, three quarters up, the middle to the even one. */
static void test_between(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 0x7bff; h++) {
        float low = bd_half_to_float((uint16_t)h);
        float high = bd_half_to_float((uint16_t)(h + 1));
        assert_int_equal(bd_half_from_float(low + (high - low) * 0.25f), h);
        assert_int_equal(bd_half_from_float(low + (high - low) * 0.75f), h + 1);
        assert_int_equal(bd_half_from_float(low + (high - low) * 0.5f), h & 1 ? h + 1 : h);
        assert_int_equal(bd_half_from_float(-(low + (high - low) * 0.75f)), 0x8000 | (h + 1));
    }
}

static void test_limits(void **state) {
    (void)state;
    assert_int_equal(bd_half_from_float(65504.0f), 0x7bff);
    assert_int_equal(bd_half_from_float(65519.0f), 0x7bff);
    assert_int_equal(bd_half_from_float(65520.0f), 0x7c00);
    assert_int_equal(bd_half_from_float(-1e30f), 0xfc00);
    assert_int_equal(bd_half_from_float(INFINITY), 0x7c00);
    assert_int_equal(bd_half_from_float(1e-30f), 0);
    assert_int_equal(bd_half_from_float(-1e-30f), 0x8000);
    /* Half of the smallest one is a tie with zero, which is even. */
    assert_int_equal(bd_half_from_float(ldexpf(1.0f, -25)), 0);
    assert_int_equal(bd_half_from_float(ldexpf(1.5f, -25)), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_between),
                                       cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
