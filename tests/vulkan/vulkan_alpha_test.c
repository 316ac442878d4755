/* SPDX-License-Identifier: MIT
 * Alpha of a host's images: not looked at where the host says so, and the matte as a picture in the host's memory. */
#include "support/vulkan_shared.h"

#include <stdlib.h>
#include <string.h>

#include "api/session.h"
#include "push/picture_convert.h"
#include "reference/reference.h"

/* The same noise twice: alphas of any value, and full ones. */
static void make_pair(vulkan_host *host, VkFormat format, uint32_t w, uint32_t h, shared pair[2]) {
    bd_image seed = shared_noise(w, h, true, true, (uint32_t)format);
    for (int full = 0; full < 2; full++) {
        pair[full] = shared_make(host, format, w, h);
        uint8_t *pixels = malloc(shared_bytes(&pair[full]));
        assert_non_null(pixels);
        for (size_t i = 3; i < (size_t)w * h * 4 && full; i += 4) {
            ((uint16_t *)(void *)seed.pixels)[i] = 65535;
        }
        bd_ref_convert(seed.pixels, BD_FORM_RGBA16, false, pixels, shared_form(format), false, (size_t)w * h);
        shared_write(host, &pair[full], pixels, VK_IMAGE_LAYOUT_GENERAL);
        free(pixels);
    }
    free(seed.pixels);
}

static bool was_converted(bd_session *session) {
    bd_timing timings[64];
    uint32_t count = bd_session_timings(session, timings, 64);
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(timings[i].name, "convert")) {
            return true;
        }
    }
    return false;
}

/* What the fourth numbers hold does not matter where they are not to be looked at, and takes no pass where they are. */
static void check_opaque(shared_fixture *f, VkFormat format) {
    bd_replace_params params = {.struct_size = sizeof params, .matte = &shared_given};
    shared photo[2], behind[2], out[2];
    make_pair(&f->host, format, SHARED_W, SHARED_H, photo);
    make_pair(&f->host, format, 70, 80, behind);
    for (int ways = 0; ways < 4; ways++) {
        bool pictured = ways & 1, ignored = ways & 2;
        params.background = pictured ? BD_BACKGROUND_PICTURE : BD_BACKGROUND_TRANSPARENT;
        for (int full = 0; full < 2; full++) {
            out[full] = shared_make(&f->host,
                                    shared_form(format) >= BD_FORM_RGBA16 ? VK_FORMAT_R16G16B16A16_UNORM
                                                                          : VK_FORMAT_R8G8B8A8_UNORM,
                                    SHARED_W, SHARED_H);
            params.ignore_alpha = ignored && !full;
            photo[full].image.opaque = !ignored && !full;
            behind[full].image.opaque = true;
            photo[full].image.premultiplied = behind[full].image.premultiplied = !full;
            shared_replace(f->session, &photo[full], pictured ? &behind[full] : NULL, &params, &out[full], NULL);
            bd_error error;
            shared_require(bd_session_wait_images(f->session, &error), &error);
            assert_true(was_converted(f->session) || (full && !pictured));
        }
        bool plain = format == VK_FORMAT_R8G8B8A8_UNORM || format == VK_FORMAT_R16G16B16A16_UNORM;
        assert_true(!plain || pictured || !was_converted(f->session)); /* the last one's photo was not opaque */
        const void *expected = shared_read(&f->host, &out[1], VK_IMAGE_LAYOUT_GENERAL);
        assert_memory_equal(shared_read(&f->host, &out[0], VK_IMAGE_LAYOUT_GENERAL), expected, shared_bytes(&out[0]));
        shared_drop(&f->host, &out[0]);
        shared_drop(&f->host, &out[1]);
    }
    for (int full = 0; full < 2; full++) {
        shared_drop(&f->host, &photo[full]);
        shared_drop(&f->host, &behind[full]);
    }
}

static void test_opaque(void **state) {
    for (size_t i = 0; i < SHARED_FORMATS; i++) {
        check_opaque(*state, shared_formats[i]);
    }
}

/* The matte in the host's memory beside images; staged where the host does not see the device's. */
static void test_want_alpha(void **state) {
    shared_fixture *f = *state;
    bd_matte_params wide = shared_given;
    bd_replace_params params = {
        .struct_size = sizeof params, .matte = &wide, .background = BD_BACKGROUND_TRANSPARENT, .want_alpha = true};
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, false, 9), expected = {0}, alpha = {0};
    shared in = shared_of(&f->host, &photo, VK_IMAGE_LAYOUT_GENERAL);
    shared out = shared_make(&f->host, VK_FORMAT_R8G8B8A8_UNORM, SHARED_W, SHARED_H);
    bool unified = f->engine->vk.unified;
    bd_error error;
    for (int ways = 0; ways < 4; ways++) {
        f->engine->vk.unified = unified && ways < 2;
        wide.wide = ways & 1;
        bd_session *session = test_session_create(f->engine, NULL, NULL);
        bd_image_finish(&expected);
        shared_require(bd_session_matte(session, &photo, &wide, &expected, &error), &error);
        shared_replace(session, &in, NULL, &params, &out, NULL);
        assert_int_equal(bd_session_take_alpha(session, &alpha, &error), BD_ERR_INVALID_ARGUMENT); /* too early */
        shared_require(bd_session_wait_images(session, &error), &error);
        shared_require(bd_session_take_alpha(session, &alpha, &error), &error);
        test_assert_same(&expected, &alpha);
        bd_session_destroy(session);
    }
    f->engine->vk.unified = unified;
    bd_image_finish(&alpha);
    bd_image_finish(&expected);
    shared_drop(&f->host, &in);
    shared_drop(&f->host, &out);
    free(photo.pixels);
}

int main(void) {
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_opaque), cmocka_unit_test(test_want_alpha),
                                       cmocka_unit_test(shared_close)};
    return cmocka_run_group_tests(tests, shared_open, NULL);
}
