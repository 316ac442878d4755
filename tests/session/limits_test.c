/* SPDX-License-Identifier: MIT
 * Pictures that a device cannot bind at once: in bands they give what one binding gives, and what cannot be taken in
 * bands is refused before anything runs, with the size that the device can take. */
#include "support/session.h"

#include <stdlib.h>
#include <string.h>

#include "api/session.h"
#include "image/image.h"

/* Tall, so that the grids on it, of 1024 nodes at most to a side, are small beside it. */
enum { W = 300, H = 12000, NODES = 65, BINDING = 2 << 20 };

static test_session t;
static VkPhysicalDeviceLimits whole;
static float coarse[NODES * 3];
static bd_image photo, other;

static bd_image make_picture(uint32_t w, uint32_t h, uint32_t seed) {
    bd_image image = {0};
    assert_int_equal(bd_image_create(NULL, "made", w, h, BD_FORMAT_RGBA8, &image, NULL), BD_OK);
    for (uint32_t y = 0; y < h; y++) {
        uint8_t *row = image.pixels + (size_t)y * w * 4;
        for (uint32_t x = 0; x < w; x++) {
            seed = seed * 1664525u + 1013904223u;
            row[4 * x] = (uint8_t)(y * 255 / h);
            row[4 * x + 1] = (uint8_t)((seed >> 28) + (x / 7 + y / 11) % 200);
            row[4 * x + 2] = (uint8_t)(x * 255 / w);
            row[4 * x + 3] = 255;
        }
    }
    return image;
}

static void narrow(bool is) {
    VkPhysicalDeviceLimits *limits = &t.engine->vk.limits;
    *limits = whole;
    if (is) {
        limits->maxStorageBufferRange = BINDING;
        limits->maxTexelBufferElements = BINDING / 4;
    }
    /* What was recorded under the other limits is not asked for again. */
    assert_int_equal(bd_session_trim(t.session, NULL), BD_OK);
}

static int open_all(void **state) {
    (void)state;
    test_session_open_side(&t, 65);
    whole = t.engine->vk.limits;
    photo = make_picture(W, H, 1);
    other = make_picture(257, 311, 2);
    for (int i = 0; i < NODES * 3; i++) {
        coarse[i] = i / 3 > 20 && i / 3 < 50 ? 1.0f : 0.0f;
    }
    return 0;
}

static int close_all(void **state) {
    (void)state;
    bd_image_finish(&photo);
    bd_image_finish(&other);
    test_session_close(&t);
    return 0;
}

static void check_replaced(const bd_image *of, const bd_image *background, const bd_replace_params *params) {
    bd_image results[2];
    for (int i = 0; i < 2; i++) {
        narrow(i);
        results[i] = test_replaced(t.session, of, background, params);
    }
    narrow(false);
    test_assert_same(&results[0], &results[1]);
    bd_image_finish(&results[0]);
    bd_image_finish(&results[1]);
}

/* Backgrounds that cover the photo, lie inside it, and hang out of it; sharp ones, blurred ones, light. */
static void test_backgrounds(void **state) {
    (void)state;
    const bd_matte_params matte = {
        .struct_size = sizeof matte, .coarse = coarse, .coarse_width = 3, .coarse_height = NODES};
    const bd_replace_params ways[] = {
        {.fit = BD_FIT_COVER, .light_wrap_px = 20},
        {.fit = BD_FIT_CONTAIN, .color = {9, 99, 199, 255}, .placed = true, .place = {0.3f, 0.7f}, .light_wrap_px = 20},
        {.fit = BD_FIT_STRETCH, .blur_sigma_px = 7},
        {.fit = BD_FIT_TILE, .placed = true, .place = {0.3f, 0.7f}},
    };
    for (size_t i = 0; i < BD_COUNT(ways); i++) {
        bd_replace_params params = ways[i];
        params.struct_size = sizeof params;
        params.matte = &matte;
        params.foreground = BD_FOREGROUND_OFF; /* else at a megapixel, whose grids are larger than the photo */
        check_replaced(&photo, &other, &params);
    }
    /* A background far larger than the photo. */
    bd_image small = make_picture(311, 257, 3);
    const bd_replace_params params = {
        .struct_size = sizeof params, .matte = &matte, .foreground = BD_FOREGROUND_OFF, .fit = BD_FIT_COVER};
    check_replaced(&small, &photo, &params);
    bd_image_finish(&small);
}

static void test_mattes(void **state) {
    (void)state;
    bd_image trimap = {0};
    assert_int_equal(bd_image_create(NULL, "trimap", W, H, BD_FORMAT_GRAY8, &trimap, NULL), BD_OK);
    for (uint32_t y = 0; y < H; y++) {
        memset(trimap.pixels + (size_t)y * W, y < H / 3 ? 0 : y < H / 2 ? 100 : 255, W);
    }
    const bd_matte_params mattes[] = {
        {.mode = BD_MATTE_REFINE},
        {.mode = BD_MATTE_REFINE, .coarse = coarse, .coarse_width = 3, .coarse_height = NODES, .trimap = &trimap},
        {.key = BD_KEY_COLOR, .key_color = {100, 100, 100}},
    };
    for (size_t i = 0; i < BD_COUNT(mattes); i++) {
        bd_matte_params matte = mattes[i];
        matte.struct_size = sizeof matte;
        const bd_replace_params params = {.struct_size = sizeof params,
                                          .matte = &matte,
                                          .background = BD_BACKGROUND_TRANSPARENT,
                                          .foreground = BD_FOREGROUND_OFF};
        check_replaced(&photo, NULL, &params);
    }
    bd_image_finish(&trimap);
}

static void test_labels(void **state) {
    (void)state;
    const bd_segment_params params = {.struct_size = sizeof params, .want_photo_labels = true};
    bd_segmentation results[2] = {{.struct_size = sizeof results[0]}, {.struct_size = sizeof results[0]}};
    for (int i = 0; i < 2; i++) {
        narrow(i);
        bd_error error = {0};
        if (bd_session_segment(t.session, &photo, &params, &results[i], &error)) {
            fail_msg("%s", error.message);
        }
    }
    narrow(false);
    test_assert_same(&results[0].photo_labels, &results[1].photo_labels);
    bd_segmentation_finish(&results[0]);
    bd_segmentation_finish(&results[1]);
}

/* A tile is read all over. Half of it fits. */
static void test_too_large(void **state) {
    (void)state;
    const bd_matte_params matte = {
        .struct_size = sizeof matte, .coarse = coarse, .coarse_width = 3, .coarse_height = NODES};
    const bd_replace_params params = {
        .struct_size = sizeof params, .matte = &matte, .foreground = BD_FOREGROUND_OFF, .fit = BD_FIT_TILE};
    bd_image result = {0};
    bd_error error = {0};
    narrow(true);
    assert_int_equal(bd_session_replace(t.session, &photo, &photo, &params, &result, &error), BD_ERR_IMAGE_TOO_LARGE);
    print_message("%s\n", error.message);
    assert_null(result.pixels);
    assert_non_null(strstr(error.message, "300x12000 pixels"));
    assert_non_null(strstr(error.message, "megapixels"));
    bd_image half = make_picture(W, BINDING / W / 4, 5);
    bd_image_finish(&result);
    assert_int_equal(bd_session_replace(t.session, &photo, &half, &params, &result, &error), BD_OK);
    narrow(false);
    bd_image_finish(&result);
    bd_image_finish(&half);
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backgrounds),
        cmocka_unit_test(test_mattes),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
