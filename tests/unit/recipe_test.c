/* SPDX-License-Identifier: MIT
 * Recipes: slots share memory only where they are not in use together, room is checked, and recipes that differ are
 * told apart. No device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "photo/background.h"
#include "photo/blur.h"
#include "photo/composite.h"
#include "photo/foreground.h"
#include "photo/harmonize.h"
#include "photo/light_wrap.h"
#include "photo/matting.h"
#include "photo/pack.h"
#include "photo/relight.h"
#include "photo/resample.h"

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

static void test_places(void **state) {
    (void)state;
    enum { COUNT = 60, MOST = 1 << 16 };
    uint32_t seed = 1;
    for (int run = 0; run < 200; run++) {
        bd_slot_shape shapes[COUNT] = {{0}};
        bd_slot_use uses[COUNT] = {{0}};
        bd_slot_place places[COUNT];
        VkDeviceSize needed[BD_MOST_CHUNKS], most_in_use = 0, all = 0, reserved = 0;
        for (uint32_t s = 1; s < COUNT; s++) {
            shapes[s] = (bd_slot_shape){BD_SLOT_BYTES, 1 + next_random(&seed) % 200, 1 + next_random(&seed) % 100,
                                        next_random(&seed) % 2};
            uses[s].first = next_random(&seed) % 40;
            uses[s].last = uses[s].first + next_random(&seed) % 8;
        }
        assert_true(bd_slots_place(shapes, uses, COUNT, BD_SLOT_SHARED, MOST, places, needed));
        for (uint32_t a = 1; a < COUNT; a++) {
            if (shapes[a].owner != BD_SLOT_SHARED) {
                continue;
            }
            VkDeviceSize bytes = bd_slot_bytes(&shapes[a]), at = places[a].offset, in_use = 0;
            assert_int_equal(at % 256, 0);
            assert_true(at + bytes <= needed[places[a].chunk]);
            assert_true(at == 0 || at + bytes <= MOST);
            all += bytes;
            for (uint32_t b = 1; b < COUNT; b++) {
                bool together =
                    shapes[b].owner == BD_SLOT_SHARED && uses[a].first <= uses[b].last && uses[b].first <= uses[a].last;
                in_use += together && uses[b].first <= uses[a].first ? bd_slot_bytes(&shapes[b]) : 0;
                if (b != a && together && places[a].chunk == places[b].chunk) {
                    assert_true(at + bytes <= places[b].offset || places[b].offset + bd_slot_bytes(&shapes[b]) <= at);
                }
            }
            most_in_use = BD_MAX(most_in_use, in_use);
        }
        for (uint32_t i = 0; i < BD_MOST_CHUNKS; i++) {
            reserved += needed[i];
        }
        assert_true(reserved >= most_in_use && reserved < all); /* something is shared */
    }
}

/* A slot that is larger than a chunk has one for itself; too many of them are refused. */
static void test_large_slots(void **state) {
    (void)state;
    bd_slot_shape shapes[BD_MOST_CHUNKS + 2] = {{0}};
    bd_slot_use uses[BD_MOST_CHUNKS + 2] = {{0}};
    bd_slot_place places[BD_MOST_CHUNKS + 2];
    VkDeviceSize needed[BD_MOST_CHUNKS];
    for (uint32_t s = 1; s < BD_MOST_CHUNKS + 2; s++) {
        shapes[s] = (bd_slot_shape){BD_SLOT_PICTURE16, 100000, 100000, BD_SLOT_SHARED};
        uses[s] = (bd_slot_use){0, 1};
    }
    assert_true(bd_slots_place(shapes, uses, BD_MOST_CHUNKS + 1, BD_SLOT_SHARED, 1 << 20, places, needed));
    for (uint32_t i = 0; i < BD_MOST_CHUNKS; i++) {
        assert_true(needed[i] >= (VkDeviceSize)80000000000u);
    }
    assert_false(bd_slots_place(shapes, uses, BD_MOST_CHUNKS + 2, BD_SLOT_SHARED, 1 << 20, places, needed));
}

/* ---- room -------------------------------------------------------------------------------------------------------- */

typedef struct one_plan {
    uint32_t value;
} one_plan;

static void record_nothing(bd_recorder *to, const void *plan) {
    (void)to;
    (void)plan;
}

static bd_recipe recipes[2];
static bd_tables tables;
static bd_error error;

static bd_recipe *begin(int which) {
    error.message[0] = 0;
    bd_recipe_begin(&recipes[which], NULL, &tables, &error);
    return &recipes[which];
}

static void add(bd_recipe *r, uint32_t value, bd_slot reads, bd_slot writes) {
    const one_plan plan = {value};
    bd_recipe_pass(r, record_nothing, &plan, sizeof plan);
    bd_recipe_reads(r, reads);
    bd_recipe_writes(r, writes);
}

static void assert_failed(const bd_recipe *r, const char *words) {
    assert_int_not_equal(r->result, BD_OK);
    if (!strstr(error.message, words)) {
        fail_msg("no '%s' in '%s'", words, error.message);
    }
}

/* The recipe ends as it was: what does not fit is an error, not a write past the end. */
static void test_room(void **state) {
    (void)state;
    const bd_size size = {3, 2};
    bd_recipe *r = begin(0);
    for (int i = 0; i < 2 * BD_MOST_PASSES; i++) {
        add(r, 1, BD_NO_SLOT, BD_NO_SLOT);
    }
    assert_int_equal(r->pass_count, BD_MOST_PASSES);
    assert_failed(r, "passes");

    r = begin(0);
    uint32_t large[BD_MOST_PLAN_WORDS / 4] = {0};
    for (int i = 0; i < 8; i++) {
        bd_recipe_pass(r, record_nothing, large, sizeof large);
    }
    assert_int_equal(r->plan_words, BD_MOST_PLAN_WORDS);
    assert_failed(r, "plans");

    r = begin(0);
    for (int i = 0; i < 2 * BD_MOST_SLOTS; i++) {
        assert_true(bd_recipe_slot(r, "slot", BD_SLOT_GRID, size) < BD_MOST_SLOTS);
    }
    assert_failed(r, "pictures");

    r = begin(0);
    for (int i = 0; i < 2 * BD_MOST_UPLOADS; i++) {
        (void)bd_recipe_upload(r, "upload", BD_UPLOAD_PICTURE, BD_SLOT_PICTURE, size);
    }
    assert_int_equal(r->upload_count, BD_MOST_UPLOADS);
    assert_failed(r, "uploads");

    r = begin(0);
    for (int i = 0; i < 2 * BD_MOST_RETURNS; i++) {
        bd_slot slot = bd_recipe_slot(r, "slot", BD_SLOT_GRID, size);
        add(r, 1, BD_NO_SLOT, slot);
        (void)bd_recipe_return(r, slot);
    }
    assert_int_equal(r->return_count, BD_MOST_RETURNS);
    assert_failed(r, "results");

    r = begin(0);
    for (int i = 0; i < 2 * BD_MOST_GIVEN; i++) {
        assert_true(bd_recipe_give(r, (const char *)r + i) < BD_MOST_GIVEN);
    }
    assert_failed(r, "networks");

    r = begin(0);
    const bd_resample_table table = {.out = 3, .taps = 2};
    for (int i = 0; i < 2 * BD_MOST_RESAMPLED_AXES; i++) {
        VkDeviceSize at[BD_TABLE_PARTS];
        bd_recipe_add_table(r, &table, at);
    }
    assert_int_equal(r->resampled_count, BD_MOST_RESAMPLED_AXES);
    assert_failed(r, "axes");
}

static void test_order(void **state) {
    (void)state;
    bd_recipe *r = begin(0);
    bd_slot slot = bd_recipe_slot(r, "the grid", BD_SLOT_GRID, (bd_size){3, 2});
    add(r, 1, slot, BD_NO_SLOT);
    assert_failed(r, "the grid is read before it is written");
    r = begin(0);
    slot = bd_recipe_slot(r, "the grid", BD_SLOT_GRID, (bd_size){3, 2});
    add(r, 1, BD_NO_SLOT, slot);
    add(r, 1, BD_NO_SLOT, BD_NO_SLOT);
    add(r, 1, slot, BD_NO_SLOT);
    add(r, 1, BD_NO_SLOT, BD_NO_SLOT);
    assert_int_equal(r->result, BD_OK);
    assert_int_equal(r->uses[slot].first, 0);
    assert_int_equal(r->uses[slot].last, 2);
    r = begin(0);
    (void)bd_recipe_return(r, bd_recipe_slot(r, "slot", BD_SLOT_GRID, (bd_size){3, 2}));
    assert_failed(r, "nothing writes");
    r = begin(0);
    (void)bd_recipe_return(r, BD_NO_SLOT);
    assert_failed(r, "nothing writes");
    r = begin(0);
    bd_recipe_reads(r, bd_recipe_upload(r, "the photo", BD_UPLOAD_PICTURE, BD_SLOT_PICTURE, (bd_size){3, 2}));
    assert_failed(r, "the photo is used before there is a pass");
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

/* A matte by the backdrop's colour, and the subject's colours by it. */
static void add_keyed(bd_recipe *r, bd_slot photo, bd_slot small) {
    const bd_matte_params params = {.key = BD_KEY_AUTO, .fill_holes = true};
    const bd_matte_input input = {.params = &params, .photo = small};
    const bd_matte mask = bd_matte_add(r, &input);
    bd_key_gate_add(r, mask.plane, 1, 1, mask.keyed.plane);
    (void)bd_key_front_add(r, &params, true, &mask.keyed, photo, mask.plane);
    (void)bd_recipe_return(r, mask.keyed.key);
}

/* Every step but those of networks, over a photo of 5x3 pixels. */
static void add_all(bd_recipe *r, bool trimap) {
    const bd_size size = {5, 3};
    static const float coarse[4] = {0};
    const bd_image unknown = {.width = size.w, .height = size.h};
    const bd_matte_params params = {.mode = BD_MATTE_BEST,
                                    .coarse = coarse,
                                    .coarse_width = 2,
                                    .coarse_height = 2,
                                    .trimap = trimap ? &unknown : NULL,
                                    .keep = BD_KEEP_POINT,
                                    .fill_holes = true,
                                    .grow_px = 2,
                                    .feather_px = 3};
    static const bd_looks none; /* as of a session without a model */
    bd_matte_input input = {.params = &params, .looks = &none};
    r->vk->limits.maxStorageBufferRange = 1 << 27;
    r->vk->limits.maxTexelBufferElements = 1 << 27;
    r->deep = true;
    bd_slot photo = bd_recipe_upload(r, "photo", BD_UPLOAD_PICTURE, bd_recipe_picture(r), size);
    bd_matte_upload(r, &params, &input);
    input.photo = bd_narrow_add(r, photo);
    const bd_matte mask = bd_matte_add(r, &input);
    add_keyed(r, photo, input.photo);
    const bd_backdrop_picture picture = {
        .size = {7, 4}, .fit = {.width = 6, .height = 3, .box = {0, 0, 7, 4}}, .blur_sigma_px = 2};
    bd_backdrop back = {0};
    bd_background_add(r, &picture, size, &back);
    (void)bd_blur_add(r, photo, mask.plane, 3);
    (void)bd_foreground_add(r, BD_FOREGROUND_BLUR, photo, mask.plane);
    bd_slot front = bd_foreground_add(r, BD_FOREGROUND_MULTILEVEL, photo, mask.plane);
    bd_slot map = bd_harmonize_add(r, BD_HARMONIZE_FULL, front, mask.plane, &back);
    const bd_light light = bd_light_wrap_add(r, 4, photo, mask.plane, &back);
    front = bd_relight_add(r, front, mask.plane, map, light);
    const bd_blending blending = {.linear = true};
    (void)bd_recipe_return(r, bd_composite_add(r, mask.plane, front, &back, blending));
    (void)bd_recipe_return(r, bd_pack_add(r, mask.plane, true));
    (void)bd_recipe_return(r, mask.found);
}

/* Wherever a recipe fails, the steps behind it do no harm: room for slots and passes ends at each place in turn. */
static void test_failures(void **state) {
    (void)state;
    static bd_vk vk;
    for (int trimap = 0; trimap < 2; trimap++) {
        bd_recipe *r = begin(0);
        r->vk = &vk;
        add_all(r, trimap);
        assert_string_equal(error.message, "");
        assert_int_equal(r->result, BD_OK);
        const uint32_t slots = r->slot_count, passes = r->pass_count;
        for (uint32_t taken = BD_MOST_SLOTS - slots + 1; taken < BD_MOST_SLOTS; taken++) {
            r = begin(0);
            r->vk = &vk;
            for (uint32_t i = 0; i < taken; i++) {
                (void)bd_recipe_slot(r, "taken", BD_SLOT_BYTES, (bd_size){1, 1});
            }
            add_all(r, trimap);
            assert_failed(r, "pictures");
            assert_int_equal(r->slot_count, BD_MOST_SLOTS);
        }
        for (uint32_t taken = BD_MOST_PASSES - passes + 1; taken <= BD_MOST_PASSES; taken++) {
            r = begin(0);
            r->vk = &vk;
            for (uint32_t i = 0; i < taken; i++) {
                add(r, 1, BD_NO_SLOT, BD_NO_SLOT);
            }
            add_all(r, trimap);
            assert_failed(r, "passes");
            assert_int_equal(r->pass_count, BD_MOST_PASSES);
        }
    }
    bd_tables_finish(&tables);
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static bd_recipe *build(int which, uint32_t value, uint32_t width, const char *label, bool returned) {
    bd_recipe *r = begin(which);
    bd_slot in = bd_recipe_upload(r, "photo", BD_UPLOAD_PICTURE, BD_SLOT_PICTURE, (bd_size){width, 4});
    bd_slot out = bd_recipe_slot(r, "out", BD_SLOT_PICTURE, (bd_size){width, 4});
    add(r, value, in, out);
    bd_recipe_stamp(r, label);
    if (returned) {
        (void)bd_recipe_return(r, out);
    }
    return r;
}

static void test_equal(void **state) {
    (void)state;
    static const char label[] = "label", other[] = "other";
    const bd_recipe *a = build(0, 1, 5, label, true);
    assert_true(bd_recipe_equal(a, build(1, 1, 5, label, true)));
    assert_false(bd_recipe_equal(a, build(1, 2, 5, label, true)));
    assert_false(bd_recipe_equal(a, build(1, 1, 6, label, true)));
    assert_false(bd_recipe_equal(a, build(1, 1, 5, other, true)));
    assert_false(bd_recipe_equal(a, build(1, 1, 5, label, false)));
    bd_recipe *b = build(1, 1, 5, label, true);
    b->deep = true;
    assert_false(bd_recipe_equal(a, b));
    b = build(1, 1, 5, label, true);
    add(b, 1, BD_NO_SLOT, BD_NO_SLOT);
    assert_false(bd_recipe_equal(a, b));
}

/* Two photos that take turns keep their tables. */
static void test_tables(void **state) {
    (void)state;
    const bd_resample_table *first[24], *again;
    for (int turn = 0; turn < 4; turn++) {
        for (uint32_t i = 0; i < 48; i++) {
            const bd_table_key key = {BD_RESAMPLE_LANCZOS, 10 + i, 5, {0, (float)(10 + i)}, 0};
            assert_int_equal(bd_tables_get(&tables, &key, &again, &error), BD_OK);
            assert_int_equal(again->out, 5);
            if (turn == 0 && i < 24) {
                first[i] = again;
            } else if (i < 24) {
                assert_ptr_equal(again, first[i]);
            }
        }
    }
    for (uint32_t i = 0; i < 200; i++) {
        const bd_table_key key = {BD_RESAMPLE_TRIANGLE, 10 + i, 5, {0, (float)(10 + i)}, 0};
        assert_int_equal(bd_tables_get(&tables, &key, &again, &error), BD_OK);
    }
    bd_tables_finish(&tables);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places),  cmocka_unit_test(test_large_slots),
                                       cmocka_unit_test(test_room),    cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_equal),   cmocka_unit_test(test_tables),
                                       cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
