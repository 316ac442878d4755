/* SPDX-License-Identifier: MIT
 * Slots share memory: a photo takes far less than all of its pictures, planes and grids together, and comes out the same
 * as with memory of its own for each. A pass that binds what it was not told of is refused. */
#include "support/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"

enum { W = 700, H = 520 };

static test_session t;

/* A disc before stripes, in 8 or 16 bits. */
static bd_image make_picture(bool deep) {
    bd_image picture = test_new_picture(deep ? 2 * W : W, H);
    for (uint32_t i = 0; i < W * H; i++) {
        uint32_t x = i % W, y = i / W;
        int32_t dx = (int32_t)x - W / 2, dy = (int32_t)y - H / 2;
        bool inside = dx * dx + dy * dy < 150 * 150;
        const uint16_t values[4] = {(uint16_t)(inside ? 50000 : 9000 + 40 * (x % 64)), (uint16_t)(y * 100),
                                    (uint16_t)(x * 80), 65535};
        for (uint32_t c = 0; c < 4; c++) {
            if (deep) {
                memcpy(picture.pixels + ((size_t)i * 4 + c) * 2, &values[c], 2);
            } else {
                picture.pixels[(size_t)i * 4 + c] = (uint8_t)(values[c] >> 8);
            }
        }
    }
    picture.width = W;
    picture.format = deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8;
    return picture;
}

/* The caller's mask: the disc, roughly. */
static void fill_mask(float mask[20 * 28]) {
    for (int i = 0; i < 20 * 28; i++) {
        int dx = i % 28 * 25 + 12 - W / 2, dy = i / 28 * 26 + 13 - H / 2;
        mask[i] = dx * dx + dy * dy < 150 * 150 ? 1.0f : 0.0f;
    }
}

static bd_image replaced(bd_session *session, bool apart, const bd_image *photo, const bd_image *background,
                         const bd_replace_params *params, VkDeviceSize *bytes) {
    session->apart = apart;
    bd_image result = test_replaced(session, photo, background, params);
    *bytes = bd_frames_bytes(&session->frames);
    return result;
}

/* most: of the memory that it takes apart. */
static void check(bd_background background, bool deep, const bd_matte_params *matte, double most) {
    float mask[20 * 28];
    fill_mask(mask);
    bd_image photo = make_picture(deep), picture = make_picture(false);
    bd_matte_params own = *matte;
    own.struct_size = sizeof own;
    own.coarse = mask;
    own.coarse_width = 28;
    own.coarse_height = 20;
    bool is_picture = background == BD_BACKGROUND_PICTURE;
    const bd_replace_params params = {.struct_size = sizeof params,
                                      .background = background,
                                      .blur_sigma_px = 6.0f,
                                      .matte = &own,
                                      .fit = BD_FIT_COVER,
                                      .harmonize = is_picture ? BD_HARMONIZE_FULL : BD_HARMONIZE_OFF,
                                      .light_wrap_px = is_picture ? 5.0f : 0.0f};
    picture.height -= 120;
    VkDeviceSize shared, apart;
    bd_session *sessions[2] = {test_session_create(t.engine, NULL, NULL), test_session_create(t.engine, NULL, NULL)};
    const bd_image *under = is_picture ? &picture : NULL;
    bd_image one = replaced(sessions[0], false, &photo, under, &params, &shared);
    bd_image other = replaced(sessions[1], true, &photo, under, &params, &apart);
    test_assert_same(&one, &other);
    (void)printf("%.1f MB, apart %.1f MB\n", (double)shared / 1048576, (double)apart / 1048576);
    assert_true((double)shared < (double)apart * most);
    bd_image_finish(&one);
    bd_image_finish(&other);
    bd_session_destroy(sessions[0]);
    bd_session_destroy(sessions[1]);
    free(photo.pixels);
    free(picture.pixels);
}

static void test_shared(void **state) {
    (void)state;
    const bd_matte_params refine = {.fill_holes = true}, best = {.mode = BD_MATTE_BEST, .grow_px = 2, .feather_px = 3};
    for (int staged = 0; staged < 2; staged++) {
        test_engine_open(&t, NULL, NULL);
        t.engine->vk.unified = t.engine->vk.unified && !staged; /* by way of staging buffers, as on most GPUs */
        check(BD_BACKGROUND_PICTURE, false, &best, 0.4);
        check(BD_BACKGROUND_PICTURE, true, &best, 0.4);
        check(BD_BACKGROUND_BLUR, false, &refine, 0.7);
        test_session_close(&t);
    }
}

typedef struct bind_plan {
    bd_slot slot;
} bind_plan;

static void record_bind(bd_recorder *to, const void *plan) {
    bd_vk_dispatch dispatch = {0};
    bd_bind(to, &dispatch, 0, ((const bind_plan *)plan)->slot);
}

/* Two passes, of which the second binds what the first wrote. */
static bd_result prepare(bd_session *session, bool told, bd_error *error) {
    bd_recipe *r = bd_session_begin_draft(session, false, error);
    const bind_plan plan = {bd_recipe_slot(r, "the grid", BD_SLOT_GRID, (bd_size){3, 2})};
    bd_recipe_pass(r, record_bind, &plan, sizeof plan);
    bd_recipe_writes(r, plan.slot);
    bd_recipe_pass(r, record_bind, &plan, sizeof plan);
    bd_recipe_reads(r, told ? plan.slot : BD_NO_SLOT);
    uint32_t number;
    assert_int_equal(bd_frames_next(&session->frames, &number, error), BD_OK);
    return bd_frame_prepare(&session->frames, session->frames.ring[number], r, error);
}

static void test_untold(void **state) {
    (void)state;
    bd_error error = {0};
    test_engine_open(&t, NULL, NULL);
    bd_session *session = test_session_create(t.engine, NULL, NULL);
    assert_int_equal(prepare(session, true, &error), BD_OK);
    assert_int_equal(prepare(session, false, &error), BD_ERR_INVALID_ARGUMENT);
    assert_string_equal(error.message, "the grid is bound by a pass that was not told of it");
    assert_int_equal(prepare(session, true, &error), BD_OK);
    bd_session_destroy(session);
    test_session_close(&t);
}

int main(void) {
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shared), cmocka_unit_test(test_untold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
