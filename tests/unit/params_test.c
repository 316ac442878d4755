/* SPDX-License-Identifier: MIT
 * Structs of other ages than the library: smaller ones, larger ones, and ones that do not say their size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/base.h"

typedef struct thing {
    size_t struct_size;
    uint32_t first, second;
} thing;

typedef struct newer_thing {
    thing known;
    uint64_t unknown;
} newer_thing;

static void test_reads_params_of_any_age(void **state) {
    (void)state;
    thing got;
    bd_error error;
    assert_int_equal(BD_PARAMS_READ(&got, NULL, thing, &error), BD_OK);
    assert_int_equal(got.struct_size, 0);
    const thing full = {.struct_size = sizeof full, .first = 1, .second = 2};
    assert_int_equal(BD_PARAMS_READ(&got, &full, thing, &error), BD_OK);
    assert_int_equal(got.second, 2);
    const thing older = {.struct_size = offsetof(thing, second), .first = 1, .second = 2};
    assert_int_equal(BD_PARAMS_READ(&got, &older, thing, &error), BD_OK);
    assert_int_equal(got.first, 1);
    assert_int_equal(got.second, 0);
}

static void test_refuses_params_without_size(void **state) {
    (void)state;
    thing got;
    bd_error error;
    const thing sizeless = {.first = 1}, short_one = {.struct_size = sizeof(size_t) - 1};
    assert_int_equal(BD_PARAMS_READ(&got, &sizeless, thing, &error), BD_ERR_INVALID_ARGUMENT);
    assert_string_equal(error.message, "struct_size of thing must be sizeof(thing), not 0");
    assert_int_equal(BD_PARAMS_READ(&got, &short_one, thing, &error), BD_ERR_INVALID_ARGUMENT);
}

static void test_refuses_members_that_it_does_not_know(void **state) {
    (void)state;
    thing got;
    bd_error error;
    newer_thing newer = {.known = {.struct_size = sizeof newer, .first = 3}};
    assert_int_equal(BD_PARAMS_READ(&got, &newer, thing, &error), BD_OK);
    assert_int_equal(got.first, 3);
    newer.unknown = (uint64_t)1 << 56;
    assert_int_equal(BD_PARAMS_READ(&got, &newer, thing, &error), BD_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "thing has members"));
}

static void test_fills_infos_of_any_age(void **state) {
    (void)state;
    const thing all = {.first = 1, .second = 2};
    newer_thing newer = {.known = {.struct_size = sizeof newer}, .unknown = 5};
    assert_int_equal(bd_info_fill(&newer, &all, sizeof all), BD_OK);
    assert_int_equal(newer.known.struct_size, sizeof newer);
    assert_int_equal(newer.known.second, 2);
    assert_int_equal(newer.unknown, 0);
    thing older = {.struct_size = offsetof(thing, second), .second = 7};
    assert_int_equal(bd_info_fill(&older, &all, sizeof all), BD_OK);
    assert_int_equal(older.first, 1);
    assert_int_equal(older.second, 7);
    thing sizeless = {.first = 9};
    assert_int_equal(bd_info_fill(&sizeless, &all, sizeof all), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(sizeless.first, 9);
}

/* Every public function that takes such a struct. */
static void test_calls_without_size(void **state) {
    (void)state;
    bd_error error;
    bd_model *model;
    bd_engine *engine;
    bd_image image;
    uint32_t count = 1;
    bd_device_info info = {0};
    const bd_model_params of_model = {0};
    const bd_engine_params of_engine = {0};
    const bd_image_read_params of_image = {0};
    assert_int_equal(bd_model_open("none", &of_model, &model, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_engine_create(&of_engine, &engine, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_devices(NULL, &info, &count, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_image_decode("x", 1, NULL, &of_image, &image, &error), BD_ERR_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_params_of_any_age),
        cmocka_unit_test(test_refuses_params_without_size),
        cmocka_unit_test(test_refuses_members_that_it_does_not_know),
        cmocka_unit_test(test_fills_infos_of_any_age),
        cmocka_unit_test(test_calls_without_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
