/* SPDX-License-Identifier: MIT
 * Photos, backgrounds, results and mattes that are images of a host: the same bytes as from the host's memory, under
 * validation with synchronisation validation, with semaphores, in any format that is supported. */
#include "support/vulkan_shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"
#include "push/picture_convert.h"
#include "reference/reference.h"

/* ---- the same bytes ---------------------------------------------------------------------------------------------- */

static void check_same(shared_fixture *f, const bd_image *photo, const bd_image *background,
                       const bd_replace_params *params) {
    bd_error error;
    bd_image expected = test_replaced(f->session, photo, background, params), matte = {0};
    bd_matte_params wide = shared_given;
    wide.wide = true;
    shared_require(bd_session_matte(f->session, photo, &wide, &matte, &error), &error);
    shared in = shared_of(&f->host, photo, VK_IMAGE_LAYOUT_GENERAL), back = {0};
    if (background) {
        back = shared_of(&f->host, background, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    }
    shared out = shared_make(&f->host, shared_plain_format(&expected), SHARED_W, SHARED_H);
    shared alpha = shared_make(&f->host, VK_FORMAT_R16_UNORM, SHARED_W, SHARED_H);
    alpha.image.layout_out = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
    for (int turn = 0; turn < 2; turn++) { /* recorded, and run again */
        shared_replace(f->session, &in, background ? &back : NULL, params, &out, &alpha);
        shared_require(bd_session_wait_images(f->session, &error), &error);
        const uint8_t *got = shared_read(&f->host, &out, VK_IMAGE_LAYOUT_GENERAL);
        assert_memory_equal(got, expected.pixels, shared_bytes(&out));
        got = shared_read(&f->host, &alpha, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
        for (uint32_t y = 0; y < SHARED_H; y++) {
            assert_memory_equal(got + (size_t)y * SHARED_W * 2, matte.pixels + y * matte.stride_bytes,
                                (size_t)SHARED_W * 2);
        }
        memset(out.buffer.mapped, 0, shared_bytes(&out));
    }
    assert_memory_equal(shared_read(&f->host, &in, VK_IMAGE_LAYOUT_GENERAL), photo->pixels, shared_bytes(&in));
    shared_drop(&f->host, &in);
    shared_drop(&f->host, &out);
    shared_drop(&f->host, &alpha);
    if (background) {
        shared_drop(&f->host, &back);
    }
    bd_image_finish(&expected);
    bd_image_finish(&matte);
}

static void test_same(void **state) {
    shared_fixture *f = *state;
    for (uint32_t ways = 0; ways < 8; ways++) {
        bd_image photo = shared_noise(SHARED_W, SHARED_H, ways & 1, ways & 4, ways),
                 background = shared_noise(70, 80, ways & 2, ways & 4, ways + 1);
        bd_replace_params params = {.struct_size = sizeof params, .matte = &shared_given, .light_wrap_px = 3};
        check_same(f, &photo, &background, &params);
        params.blur_sigma_px = 2;
        params.harmonize = BD_HARMONIZE_FULL;
        check_same(f, &photo, &background, &params);
        params = (bd_replace_params){.struct_size = sizeof params,
                                     .matte = &shared_given,
                                     .background = BD_BACKGROUND_COLOR,
                                     .color = {10, 200, 30, 250}};
        check_same(f, &photo, NULL, &params);
        params.background = BD_BACKGROUND_TRANSPARENT;
        check_same(f, &photo, NULL, &params);
        params.background = BD_BACKGROUND_BLUR;
        params.blur_sigma_px = 4;
        check_same(f, &photo, NULL, &params);
        free(photo.pixels);
        free(background.pixels);
    }
}

/* A background of the photo's size stays as it is, alpha and all. */
static void test_same_size(void **state) {
    shared_fixture *f = *state;
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, true, 3),
             background = shared_noise(SHARED_W, SHARED_H, false, true, 4);
    const bd_replace_params params = {.struct_size = sizeof params, .matte = &shared_given};
    check_same(f, &photo, &background, &params);
    free(photo.pixels);
    free(background.pixels);
}

/* Several on their way at once, each with pixels of its own. */
static void check_burst(shared_fixture *f) {
    enum { COUNT = 6 };
    const bd_replace_params params = {.struct_size = sizeof params, .matte = &shared_given, .blur_sigma_px = 2};
    bd_image photos[COUNT], backgrounds[COUNT], expected[COUNT];
    shared in[COUNT], back[COUNT], out[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        photos[i] = shared_noise(SHARED_W, SHARED_H, false, false, 50 + i);
        backgrounds[i] = shared_noise(70, 80, false, true, 60 + i);
        expected[i] = test_replaced(f->session, &photos[i], &backgrounds[i], &params);
        in[i] = shared_of(&f->host, &photos[i], VK_IMAGE_LAYOUT_GENERAL);
        back[i] = shared_of(&f->host, &backgrounds[i], VK_IMAGE_LAYOUT_GENERAL);
        out[i] = shared_make(&f->host, VK_FORMAT_R8G8B8A8_UNORM, SHARED_W, SHARED_H);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        shared_replace(f->session, &in[i], &back[i], &params, &out[i], NULL);
    }
    bd_error error;
    shared_require(bd_session_wait_images(f->session, &error), &error);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_memory_equal(shared_read(&f->host, &out[i], VK_IMAGE_LAYOUT_GENERAL), expected[i].pixels,
                            shared_bytes(&out[i]));
        shared_drop(&f->host, &in[i]);
        shared_drop(&f->host, &back[i]);
        shared_drop(&f->host, &out[i]);
        bd_image_finish(&expected[i]);
        free(photos[i].pixels);
        free(backgrounds[i].pixels);
    }
}

/* Where the host sees the device's memory, and where it does not, as on most GPUs. */
static void test_burst(void **state) {
    shared_fixture *f = *state;
    bool unified = f->engine->vk.unified;
    bd_session *session = f->session;
    for (int staged = 0; staged < 2; staged++) {
        f->engine->vk.unified = unified && !staged;
        f->session = test_session_create(f->engine, NULL, NULL);
        check_burst(f);
        bd_image photo = shared_noise(SHARED_W, SHARED_H, true, false, 1),
                 background = shared_noise(70, 80, false, true, 2);
        const bd_replace_params params = {.struct_size = sizeof params, .matte = &shared_given};
        check_same(f, &photo, &background, &params);
        free(photo.pixels);
        free(background.pixels);
        bd_session_destroy(f->session);
    }
    f->engine->vk.unified = unified;
    f->session = session;
}

/* Owned by somebody else before and after. */
static void test_owner(void **state) {
    shared_fixture *f = *state;
    const bd_replace_params params = {
        .struct_size = sizeof params, .matte = &shared_given, .background = BD_BACKGROUND_TRANSPARENT};
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, false, 9);
    bd_image expected = test_replaced(f->session, &photo, NULL, &params);
    shared in = shared_of(&f->host, &photo, VK_IMAGE_LAYOUT_GENERAL);
    shared out = shared_make(&f->host, VK_FORMAT_R8G8B8A8_UNORM, SHARED_W, SHARED_H);
    in.image.exclusive = out.image.exclusive = true;
    in.image.family_in = in.image.family_out = out.image.family_in = VK_QUEUE_FAMILY_EXTERNAL;
    out.image.family_out = f->host.family;
    bd_error error;
    shared_replace(f->session, &in, NULL, &params, &out, NULL);
    shared_require(bd_session_wait_images(f->session, &error), &error);
    assert_memory_equal(shared_read(&f->host, &out, VK_IMAGE_LAYOUT_GENERAL), expected.pixels, shared_bytes(&out));
    shared_drop(&f->host, &in);
    shared_drop(&f->host, &out);
    bd_image_finish(&expected);
    free(photo.pixels);
}

static void test_network(void **state) {
    shared_fixture *f = *state;
    if (!test_model_path()) {
        return;
    }
    const bd_model_params sized = {.struct_size = sizeof sized, .width = 65, .height = 65};
    bd_model *model = test_model_open(test_model_path(), &sized);
    bd_session *session = test_session_create(f->engine, model, NULL);
    bd_model_destroy(model);
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, false, 3);
    const bd_replace_params params = {
        .struct_size = sizeof params, .classes = {{1}}, .background = BD_BACKGROUND_TRANSPARENT};
    bd_image expected = test_replaced(session, &photo, NULL, &params);
    bd_seen seen[2] = {{.struct_size = sizeof seen[0]}, {.struct_size = sizeof seen[0]}};
    bd_session_seen(session, &seen[0]);
    shared in = shared_of(&f->host, &photo, VK_IMAGE_LAYOUT_GENERAL);
    shared out = shared_make(&f->host, VK_FORMAT_R8G8B8A8_UNORM, SHARED_W, SHARED_H);
    bd_error error;
    shared_replace(session, &in, NULL, &params, &out, NULL);
    shared_require(bd_session_wait_images(session, &error), &error);
    bd_session_seen(session, &seen[1]);
    assert_memory_equal(&seen[0], &seen[1], sizeof seen[0]);
    assert_memory_equal(shared_read(&f->host, &out, VK_IMAGE_LAYOUT_GENERAL), expected.pixels, shared_bytes(&out));
    shared_drop(&f->host, &in);
    shared_drop(&f->host, &out);
    bd_image_finish(&expected);
    free(photo.pixels);
    bd_session_destroy(session);
}

/* ---- other formats ----------------------------------------------------------------------------------------------- */

/* An image of any format, against a photo and a result that the reference converts. */
static void check_format(shared_fixture *f, VkFormat format, bool premultiplied, bool out_premultiplied) {
    const bd_replace_params params = {
        .struct_size = sizeof params, .matte = &shared_given, .background = BD_BACKGROUND_TRANSPARENT};
    uint32_t form = shared_form(format);
    bool deep = form >= BD_FORM_RGBA16, floats = form == BD_FORM_RGBA16F;
    bd_image seed = shared_noise(SHARED_W, SHARED_H, true, true, form),
             photo = shared_noise(SHARED_W, SHARED_H, deep, true, 1);
    shared in = shared_make(&f->host, format, SHARED_W, SHARED_H),
           out = shared_make(&f->host, format, SHARED_W, SHARED_H);
    uint8_t *pixels = malloc(shared_bytes(&in)), *wanted = malloc(shared_bytes(&out));
    assert_true(pixels && wanted);
    bd_ref_convert(seed.pixels, BD_FORM_RGBA16, false, pixels, form, premultiplied, (size_t)SHARED_W * SHARED_H);
    bd_ref_convert(pixels, form, premultiplied, photo.pixels, deep ? BD_FORM_RGBA16 : BD_FORM_RGBA8, false,
                   (size_t)SHARED_W * SHARED_H);
    bd_image expected = test_replaced(f->session, &photo, NULL, &params);
    bd_ref_convert(expected.pixels, deep ? BD_FORM_RGBA16 : BD_FORM_RGBA8, false, wanted, form, out_premultiplied,
                   (size_t)SHARED_W * SHARED_H);
    shared_write(&f->host, &in, pixels, VK_IMAGE_LAYOUT_GENERAL);
    in.image.premultiplied = premultiplied;
    out.image.premultiplied = out_premultiplied;
    bd_error error;
    shared_replace(f->session, &in, NULL, &params, &out, NULL);
    shared_require(bd_session_wait_images(f->session, &error), &error);
    const uint8_t *got = shared_read(&f->host, &out, VK_IMAGE_LAYOUT_GENERAL);
    for (size_t i = 0; i < (size_t)SHARED_W * SHARED_H * 4; i++) {
        int a = deep ? ((const uint16_t *)(const void *)got)[i] : got[i];
        int b = deep ? ((const uint16_t *)(const void *)wanted)[i] : wanted[i];
        if (abs(a - b) > (floats ? 16 : 0)) {
            fail_msg("VkFormat %d, number %zu: %d, not %d", (int)format, i, a, b);
        }
    }
    shared_drop(&f->host, &in);
    shared_drop(&f->host, &out);
    bd_image_finish(&expected);
    free(seed.pixels);
    free(photo.pixels);
    free(pixels);
    free(wanted);
}

static void test_formats(void **state) {
    for (size_t i = 0; i < SHARED_FORMATS; i++) {
        for (int ways = 0; ways < 4; ways++) {
            check_format(*state, shared_formats[i], ways & 1, ways & 2);
        }
    }
}

/* Conversions in bands of 64 rows. */
static void test_bands(void **state) {
    shared_fixture *f = *state;
    enum { NARROW = 40, TALL = 200 };
    const bd_replace_params params = {
        .struct_size = sizeof params, .matte = &shared_given, .background = BD_BACKGROUND_TRANSPARENT};
    bd_image photo = shared_noise(NARROW, TALL, false, true, 5);
    bd_error error;
    shared in = shared_make(&f->host, VK_FORMAT_R16G16B16A16_SFLOAT, NARROW, TALL), out[2];
    uint8_t *pixels = malloc(shared_bytes(&in));
    assert_non_null(pixels);
    bd_ref_convert(photo.pixels, BD_FORM_RGBA8, false, pixels, BD_FORM_RGBA16F, false, (size_t)NARROW * TALL);
    shared_write(&f->host, &in, pixels, VK_IMAGE_LAYOUT_GENERAL);
    for (int banded = 0; banded < 2; banded++) {
        out[banded] = shared_make(&f->host, VK_FORMAT_B8G8R8A8_UNORM, NARROW, TALL);
        f->session->band_bytes = banded ? (VkDeviceSize)NARROW * 2 * 4 * 2 * 64 : 0;
        shared_replace(f->session, &in, NULL, &params, &out[banded], NULL);
    }
    f->session->band_bytes = 0;
    shared_require(bd_session_wait_images(f->session, &error), &error);
    const void *expected = shared_read(&f->host, &out[0], VK_IMAGE_LAYOUT_GENERAL);
    assert_memory_equal(shared_read(&f->host, &out[1], VK_IMAGE_LAYOUT_GENERAL), expected, shared_bytes(&out[0]));
    shared_drop(&f->host, &in);
    shared_drop(&f->host, &out[0]);
    shared_drop(&f->host, &out[1]);
    free(pixels);
    free(photo.pixels);
}

/* ---- order ------------------------------------------------------------------------------------------------------- */

static VkSemaphore semaphore_make(vulkan_host *host, bool timeline) {
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
                                        .pNext = timeline ? &type : NULL};
    VkSemaphore made;
    assert_int_equal(host->vkCreateSemaphore(host->device, &info, NULL, &made), VK_SUCCESS);
    return made;
}

/* The photo is drawn on the device, the result is read on the device; the library's work lies between, by semaphores
 * only. */
static void check_semaphores(shared_fixture *f, bool timeline) {
    vulkan_host *host = &f->host;
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, false, 9);
    const bd_replace_params params = {.struct_size = sizeof params,
                                      .matte = &shared_given,
                                      .background = BD_BACKGROUND_COLOR,
                                      .color = {1, 2, 3, 255}};
    bd_image expected = test_replaced(f->session, &photo, NULL, &params);
    shared in = shared_of(host, &photo, VK_IMAGE_LAYOUT_GENERAL),
           out = shared_make(host, VK_FORMAT_R8G8B8A8_UNORM, SHARED_W, SHARED_H);
    VkSemaphore drawn = semaphore_make(host, timeline), done = semaphore_make(host, timeline);
    const bd_vulkan_sync wait = {drawn, timeline ? 5 : 0}, signal = {done, timeline ? 7 : 0};
    const uint64_t five = 5, seven = 7;
    bd_error error;
    const VkTimelineSemaphoreSubmitInfo signals = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                                   .signalSemaphoreValueCount = 1,
                                                   .pSignalSemaphoreValues = &five};
    const VkSubmitInfo draw = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .pNext = timeline ? &signals : NULL,
                               .signalSemaphoreCount = 1,
                               .pSignalSemaphores = &drawn};
    if (!timeline) {
        vulkan_host_submit(host, &draw, VK_NULL_HANDLE);
    }
    shared_require(
        bd_session_replace_images(f->session, &in.image, NULL, &params, &out.image, NULL, &wait, 1, &signal, 1, &error),
        &error);
    if (timeline) {
        const VkSemaphoreSignalInfo now = {
            .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = drawn, .value = five};
        const VkSemaphoreWaitInfo end = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                         .semaphoreCount = 1,
                                         .pSemaphores = &done,
                                         .pValues = &seven};
        const uint64_t while_ns = 300000000; /* many times as long as the photo takes */
        assert_int_equal(host->vkWaitSemaphores(host->device, &end, while_ns), VK_TIMEOUT);
        assert_int_equal(host->vkSignalSemaphore(host->device, &now), VK_SUCCESS);
        assert_int_equal(host->vkWaitSemaphores(host->device, &end, 60000000000), VK_SUCCESS);
    } else {
        const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
        const VkSubmitInfo use = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                  .waitSemaphoreCount = 1,
                                  .pWaitSemaphores = &done,
                                  .pWaitDstStageMask = &stage};
        vulkan_host_submit(host, &use, VK_NULL_HANDLE);
    }
    assert_memory_equal(shared_read(host, &out, VK_IMAGE_LAYOUT_GENERAL), expected.pixels, shared_bytes(&out));
    shared_require(bd_session_wait_images(f->session, &error), &error);
    host->vkDestroySemaphore(host->device, drawn, NULL);
    host->vkDestroySemaphore(host->device, done, NULL);
    shared_drop(host, &in);
    shared_drop(host, &out);
    bd_image_finish(&expected);
    free(photo.pixels);
}

static void test_semaphores(void **state) {
    check_semaphores(*state, true);
    check_semaphores(*state, false);
}

/* Photos of images and of memory in turns; the queue's order is enough. */
static void test_mixed(void **state) {
    shared_fixture *f = *state;
    const bd_replace_params params = {
        .struct_size = sizeof params, .matte = &shared_given, .background = BD_BACKGROUND_TRANSPARENT};
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, false, 9), result = {0};
    bd_image expected = test_replaced(f->session, &photo, NULL, &params);
    shared in = shared_of(&f->host, &photo, VK_IMAGE_LAYOUT_GENERAL);
    shared out = shared_make(&f->host, VK_FORMAT_R8G8B8A8_UNORM, SHARED_W, SHARED_H);
    bd_error error;
    shared_replace(f->session, &in, NULL, &params, &out, NULL);
    shared_require(bd_session_replace_begin(f->session, &photo, NULL, &params, &error), &error);
    shared_require(bd_session_replace_end(f->session, &result, &error), &error);
    test_assert_same(&expected, &result);
    bd_image_finish(&result);
    shared_require(bd_session_replace_begin(f->session, &photo, NULL, &params, &error), &error);
    shared_require(bd_session_replace_begin(f->session, &photo, NULL, &params, &error), &error);
    assert_int_equal(
        bd_session_replace_images(f->session, &in.image, NULL, &params, &out.image, NULL, NULL, 0, NULL, 0, &error),
        BD_ERR_INVALID_ARGUMENT); /* both frames are the host's to end */
    shared_require(bd_session_replace_end(f->session, &result, &error), &error);
    bd_image_finish(&result);
    shared_replace(f->session, &in, NULL, &params, &out, NULL);
    shared_require(bd_session_replace_end(f->session, &result, &error), &error);
    bd_image_finish(&result);
    /* Behind a photo of the host's that has not been ended, too. */
    shared_require(bd_session_replace_begin(f->session, &photo, NULL, &params, &error), &error);
    shared_replace(f->session, &in, NULL, &params, &out, NULL);
    shared_require(bd_session_wait_images(f->session, &error), &error);
    bd_frames *frames = &f->session->frames;
    const bd_frame *last = frames->ring[(frames->oldest + 1) % frames->count];
    assert_int_equal(bd_frame_poll(frames, last, 0, &error), BD_OK);
    shared_require(bd_session_replace_end(f->session, &result, &error), &error);
    bd_image_finish(&result);
    for (int i = 0; i < 5; i++) {
        shared_replace(f->session, &in, NULL, &params, &out, NULL);
    }
    result = test_replaced(f->session, &photo, NULL, &params); /* waits for all of them */
    test_assert_same(&expected, &result);
    bd_image_finish(&result);
    assert_memory_equal(shared_read(&f->host, &out, VK_IMAGE_LAYOUT_GENERAL), expected.pixels, shared_bytes(&out));
    shared_drop(&f->host, &in);
    shared_drop(&f->host, &out);
    bd_image_finish(&expected);
    free(photo.pixels);
}

/* What only the device finds comes late, once. */
static void test_late(void **state) {
    shared_fixture *f = *state;
    bd_matte_params point = shared_given;
    point.keep = BD_KEEP_POINT;
    const bd_replace_params params = {
        .struct_size = sizeof params, .matte = &point, .background = BD_BACKGROUND_TRANSPARENT};
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, false, 9);
    shared in = shared_of(&f->host, &photo, VK_IMAGE_LAYOUT_GENERAL);
    shared out = shared_make(&f->host, VK_FORMAT_R8G8B8A8_UNORM, SHARED_W, SHARED_H);
    bd_error error = {0};
    shared_replace(f->session, &in, NULL, &params, &out, NULL); /* coarse is 0 at the left */
    assert_int_equal(bd_session_wait_images(f->session, &error), BD_ERR_INVALID_ARGUMENT);
    assert_true(error.message[0]);
    assert_int_equal(bd_session_wait_images(f->session, &error), BD_OK);
    shared_drop(&f->host, &in);
    shared_drop(&f->host, &out);
    free(photo.pixels);
}

/* ---- what is made, and when -------------------------------------------------------------------------------------- */

static long allocations;

static void *count_allocate(void *user, size_t bytes) {
    (void)user;
    allocations++;
    return malloc(bytes);
}

static void *count_reallocate(void *user, void *memory, size_t bytes) {
    (void)user;
    allocations++;
    return realloc(memory, bytes);
}

static void count_release(void *user, void *memory) {
    (void)user;
    free(memory);
}

static void test_steady(void **state) {
    shared_fixture *f = *state;
    const bd_allocator hooks = {NULL, count_allocate, count_reallocate, count_release};
    const bd_session_params counted = {.struct_size = sizeof counted, .allocator = &hooks};
    bd_session *session = test_session_create(f->engine, NULL, &counted);
    const bd_replace_params params = {
        .struct_size = sizeof params, .matte = &shared_given, .background = BD_BACKGROUND_TRANSPARENT};
    bd_image photos[2] = {shared_noise(SHARED_W, SHARED_H, false, false, 9), shared_noise(64, 120, false, false, 9)};
    shared in[2], out[2];
    bd_error error;
    for (int i = 0; i < 2; i++) {
        in[i] = shared_of(&f->host, &photos[i], VK_IMAGE_LAYOUT_GENERAL);
        out[i] = shared_make(&f->host, VK_FORMAT_R8G8B8A8_UNORM, photos[i].width, photos[i].height);
    }
    static const char *const what[] = {"one size", "two sizes in turns", "each size twice"};
    for (int way = 0; way < 3; way++) {
        for (int i = 0; i < 208; i++) {
            int at = way == 0 ? 0 : way == 1 ? i % 2 : i / 2 % 2;
            if (i == 8) { /* both frames have seen theirs */
                allocations = 0;
                vulkan_watched.made = vulkan_watched.views = vulkan_watched.recorded = 0;
            }
            shared_replace(session, &in[at], NULL, &params, &out[at], NULL);
        }
        shared_require(bd_session_wait_images(session, &error), &error);
        (void)printf("%s, 200 photos: %ld host allocations, %ld objects, %ld buffer views, %ld recordings\n", what[way],
                     allocations, (long)vulkan_watched.made, (long)vulkan_watched.views, (long)vulkan_watched.recorded);
        assert_true(!allocations && !vulkan_watched.made);
        assert_true(!vulkan_watched.views && vulkan_watched.recorded == 400); /* the copies alone */
    }
    for (int i = 0; i < 2; i++) {
        shared_drop(&f->host, &in[i]);
        shared_drop(&f->host, &out[i]);
        free(photos[i].pixels);
    }
    bd_session_destroy(session);
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

/* Result and matte in one buffer: side by side, and where they meet. */
static void check_overlap(shared_fixture *f, const shared *in, const bd_replace_params *params) {
    enum { COLOURS = SHARED_W * SHARED_H * 4, GREY = SHARED_W * SHARED_H };
    vulkan_buffer both = vulkan_buffer_make(&f->host, COLOURS + GREY + 256);
    bd_error error;
    for (int apart = 0; apart < 2; apart++) {
        const bd_vulkan_image result = {.struct_size = sizeof result,
                                        .buffer = both.buffer,
                                        .format = VK_FORMAT_R8G8B8A8_UNORM,
                                        .width = SHARED_W,
                                        .height = SHARED_H};
        bd_vulkan_image matte = result;
        matte.format = VK_FORMAT_R8_UNORM;
        matte.offset = apart ? COLOURS : COLOURS - 4;
        assert_int_equal(
            bd_session_replace_images(f->session, &in->image, NULL, params, &result, &matte, NULL, 0, NULL, 0, &error),
            apart ? BD_OK : BD_ERR_INVALID_ARGUMENT);
        assert_true(apart || strstr(error.message, "the same place"));
    }
    shared_require(bd_session_wait_images(f->session, &error), &error);
    vulkan_buffer_drop(&f->host, &both);
}

static void test_refusals(void **state) {
    shared_fixture *f = *state;
    const bd_replace_params params = {
        .struct_size = sizeof params, .matte = &shared_given, .background = BD_BACKGROUND_TRANSPARENT};
    bd_replace_params classic = params;
    classic.classic = true;
    const bd_replace_params pictured = {.struct_size = sizeof pictured, .matte = &shared_given};
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, false, 9);
    shared in = shared_of(&f->host, &photo, VK_IMAGE_LAYOUT_GENERAL);
    shared out = shared_make(&f->host, VK_FORMAT_R8G8B8A8_UNORM, SHARED_W, SHARED_H);
    const bd_vulkan_sync nothing = {VK_NULL_HANDLE, 0};
    bd_error error;
#define REFUSE(expected, word, photo_image, params_given, result_image, syncs, count)                                  \
    {                                                                                                                  \
        error = (bd_error){0};                                                                                         \
        assert_int_equal(bd_session_replace_images(f->session, photo_image, NULL, params_given, result_image, NULL,    \
                                                   syncs, count, NULL, 0, &error),                                     \
                         expected);                                                                                    \
        if (!strstr(error.message, word)) {                                                                            \
            fail_msg("%s: %s", word, error.message);                                                                   \
        }                                                                                                              \
    }
    bd_vulkan_image bad = in.image;
    REFUSE(BD_ERR_INVALID_ARGUMENT, "photo", NULL, &params, &out.image, NULL, 0)
    REFUSE(BD_ERR_INVALID_ARGUMENT, "result", &in.image, &params, NULL, NULL, 0)
    REFUSE(BD_ERR_INVALID_ARGUMENT, "background", &in.image, &pictured, &out.image, NULL, 0)
    REFUSE(BD_ERR_INVALID_ARGUMENT, "is the photo's image", &in.image, &params, &in.image, NULL, 0)
    REFUSE(BD_ERR_UNSUPPORTED, "classic", &in.image, &classic, &out.image, NULL, 0)
    REFUSE(BD_ERR_INVALID_ARGUMENT, "semaphore", &in.image, &params, &out.image, &nothing, 1)
    REFUSE(BD_ERR_INVALID_ARGUMENT, "at most 16", &in.image, &params, &out.image, &nothing, 17)
    bad.usage = VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    REFUSE(BD_ERR_INVALID_ARGUMENT, "VK_IMAGE_USAGE_TRANSFER_SRC_BIT", &bad, &params, &out.image, NULL, 0)
    bad = in.image;
    bad.layout_in = VK_IMAGE_LAYOUT_UNDEFINED;
    REFUSE(BD_ERR_INVALID_ARGUMENT, "VK_IMAGE_LAYOUT_UNDEFINED", &bad, &params, &out.image, NULL, 0)
    bad = in.image;
    bad.offset = 256;
    REFUSE(BD_ERR_INVALID_ARGUMENT, "are of buffers", &bad, &params, &out.image, NULL, 0)
    bad = in.image;
    bad.row_bytes = (VkDeviceSize)1 << 63;
    REFUSE(BD_ERR_INVALID_ARGUMENT, "larger than any memory", &bad, &params, &out.image, NULL, 0)
    bad = out.image;
    bad.layout_out = VK_IMAGE_LAYOUT_PREINITIALIZED;
    REFUSE(BD_ERR_INVALID_ARGUMENT, "VK_IMAGE_LAYOUT_PREINITIALIZED", &in.image, &params, &bad, NULL, 0)
    REFUSE(BD_ERR_INVALID_ARGUMENT, "no background was given", &in.image, &pictured, &out.image, NULL, 0)
    REFUSE(BD_ERR_INVALID_ARGUMENT, "none is given", &in.image, &params, &out.image, NULL, 1)
    bad = in.image;
    bad.format = VK_FORMAT_R5G6B5_UNORM_PACK16;
    REFUSE(BD_ERR_UNSUPPORTED, "VkFormat 4", &bad, &params, &out.image, NULL, 0)
    bad = out.image;
    bad.width--;
    REFUSE(BD_ERR_INVALID_ARGUMENT, "the photo's size", &in.image, &params, &bad, NULL, 0)
    bad = out.image;
    bad.usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
    REFUSE(BD_ERR_INVALID_ARGUMENT, "VK_IMAGE_USAGE_TRANSFER_DST_BIT", &in.image, &params, &bad, NULL, 0)
#undef REFUSE
    check_overlap(f, &in, &params);
    shared_replace(f->session, &in, NULL, &params, &out, NULL); /* nothing is left of the failures */
    assert_int_equal(bd_session_wait_images(f->session, &error), BD_OK);
    shared_drop(&f->host, &in);
    shared_drop(&f->host, &out);
    free(photo.pixels);
}

int main(void) {
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),   cmocka_unit_test(test_same_size),  cmocka_unit_test(test_burst),
        cmocka_unit_test(test_owner),  cmocka_unit_test(test_network),    cmocka_unit_test(test_formats),
        cmocka_unit_test(test_bands),  cmocka_unit_test(test_semaphores), cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_late),   cmocka_unit_test(test_steady),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(shared_close)};
    return cmocka_run_group_tests(tests, shared_open, NULL);
}
