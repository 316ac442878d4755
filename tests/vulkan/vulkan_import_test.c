/* SPDX-License-Identifier: MIT
 * An engine on a host's device: the same pixels as on a device of the library's own, the queue touched under the lock
 * only, nothing destroyed that was imported, and nobody else's work waited for. */
#include "support/vulkan_host.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { W = 90, H = 60 };
static const uint32_t newest = VK_API_VERSION_1_3;
static float coarse[W * H];
static const bd_matte_params given = {
    .struct_size = sizeof given, .mode = BD_MATTE_REFINE, .coarse = coarse, .coarse_width = W, .coarse_height = H};
static const bd_replace_params by_coarse = {
    .struct_size = sizeof by_coarse, .background = BD_BACKGROUND_PICTURE, .matte = &given, .blur_sigma_px = 2};

static bd_image noise(uint32_t w, uint32_t h, uint32_t seed) {
    bd_image image = test_new_picture(w, h);
    for (size_t i = 0; i < (size_t)w * h * 4; i++) {
        seed = seed * 1664525u + 1013904223u;
        image.pixels[i] = i % 4 == 3 ? 255 : (uint8_t)(seed >> 24);
    }
    return image;
}

static bd_engine *import(const vulkan_host *host, const char *kernel_set) {
    bd_error error;
    bd_engine *engine;
    const bd_engine_params params = {.struct_size = sizeof params, .kernel_set = kernel_set};
    if (bd_engine_import(&params, &host->import, &engine, &error)) {
        fail_msg("%s", error.message);
    }
    return engine;
}

static bd_engine *make_own(const char *kernel_set) {
    test_session t;
    test_engine_open(&t, kernel_set, NULL);
    return t.engine;
}

/* A photo by the matte that is given, in a session without a network. */
static bd_image composite(bd_engine *engine, uint32_t seed) {
    bd_session *session = test_session_create(engine, NULL, NULL);
    bd_image photo = noise(W, H, seed), background = noise(70, 80, seed + 1);
    bd_image result = test_replaced(session, &photo, &background, &by_coarse);
    bd_session_destroy(session);
    free(photo.pixels);
    free(background.pixels);
    return result;
}

static bd_image cut_by_network(bd_engine *engine, bd_precision precision) {
    const bd_model_params sized = {.struct_size = sizeof sized, .width = 65, .height = 65};
    const bd_session_params params = {.struct_size = sizeof params, .precision = precision};
    const bd_replace_params replace = {
        .struct_size = sizeof replace, .background = BD_BACKGROUND_COLOR, .color = {1, 200, 3, 255}, .classes = {{1}}};
    bd_model *model = test_model_open(test_model_path(), &sized);
    bd_session *session = test_session_create(engine, model, &params);
    bd_model_destroy(model);
    bd_image photo = noise(W, H, 5);
    bd_image result = test_replaced(session, &photo, NULL, &replace);
    bd_session_destroy(session);
    free(photo.pixels);
    return result;
}

static void assert_same_and_drop(bd_image *a, bd_image *b) {
    test_assert_same(a, b);
    bd_image_finish(a);
    bd_image_finish(b);
}

/* Takes both engines. */
static void compare(bd_engine *own, bd_engine *imported) {
    bd_device_info infos[2] = {{.struct_size = sizeof infos[0]}, {.struct_size = sizeof infos[0]}};
    bd_engine_device(own, &infos[0]);
    bd_engine_device(imported, &infos[1]);
    assert_string_equal(infos[0].kernel_set, infos[1].kernel_set);
    assert_string_equal(infos[0].name, infos[1].name);
    assert_int_equal(infos[0].index, infos[1].index);
    bd_image a = composite(own, 1), b = composite(imported, 1);
    assert_same_and_drop(&a, &b);
    if (test_model_path()) {
        a = cut_by_network(own, BD_PRECISION_FP32);
        b = cut_by_network(imported, BD_PRECISION_FP32);
        assert_same_and_drop(&a, &b);
    }
    assert_int_equal(bd_engine_validation_messages(own), 0);
    bd_engine_destroy(own);
    bd_engine_destroy(imported);
}

static void test_same_pixels(void **state) {
    (void)state;
    static const vulkan_host_features ways[] = {VULKAN_HOST_WANTED, VULKAN_HOST_WHOLE};
    for (int i = 0; i < 2; i++) {
        vulkan_host host;
        vulkan_host_open(&host, ways[i], newest);
        compare(make_own(NULL), import(&host, NULL));
        assert_true(vulkan_watched.submits > 0);
        vulkan_host_close(&host);
    }
}

/* Without any feature: what is slower, and the same as the library's own device with the kernels that are left. */
static void test_bare(void **state) {
    (void)state;
    static const uint32_t versions[] = {VK_API_VERSION_1_1, VK_API_VERSION_1_3};
    for (int i = 0; i < 2; i++) {
        vulkan_host host;
        vulkan_host_open(&host, VULKAN_HOST_BARE, versions[i]);
        bd_engine *imported = import(&host, NULL);
        bd_device_info info = {.struct_size = sizeof info};
        bd_engine_device(imported, &info);
        assert_string_not_equal(info.kernel_set, "wide8");
        bd_vulkan_import handles = {.struct_size = sizeof handles};
        bd_engine_vulkan(imported, &handles);
        assert_null(handles.features->pNext);
        assert_int_equal(handles.extension_count, 0);
        assert_int_equal(handles.api_version, versions[i]);
        compare(make_own(info.kernel_set), imported);
        vulkan_host_close(&host);
    }
}

/* What the list says is what the library's own device has. */
static void test_one_list(void **state) {
    (void)state;
    vulkan_host host;
    vulkan_host_open(&host, VULKAN_HOST_WANTED, newest);
    bd_engine *own = make_own(NULL), *imported = import(&host, NULL);
    bd_vulkan_import a = {.struct_size = sizeof a}, b = {.struct_size = sizeof b};
    bd_engine_vulkan(own, &a);
    bd_engine_vulkan(imported, &b);
    assert_int_equal(a.extension_count, b.extension_count);
    for (uint32_t i = 0; i < a.extension_count; i++) {
        assert_string_equal(a.extensions[i], b.extensions[i]);
        assert_string_equal(a.extensions[i], host.wanted.extensions[i]);
    }
    assert_int_equal(a.features->features.shaderInt64, b.features->features.shaderInt64);
    const VkBaseInStructure *p = a.features->pNext, *q = b.features->pNext, *r = host.wanted.features.pNext;
    uint32_t count = 0;
    for (; p && q && r; p = p->pNext, q = q->pNext, r = r->pNext) {
        assert_int_equal(p->sType, q->sType);
        assert_int_equal(p->sType, r->sType);
        count++;
    }
    assert_true(!p && !q && !r && count > 0);
    assert_ptr_equal(b.device, host.device);
    assert_ptr_equal(b.lock_user, &host);
    /* The library's device serves another engine in turn, as a host's. */
    bd_engine *second;
    bd_error error;
    if (bd_engine_import(NULL, &a, &second, &error)) {
        fail_msg("%s", error.message);
    }
    bd_image x = composite(own, 3), y = composite(second, 3);
    assert_same_and_drop(&x, &y);
    bd_engine_destroy(second);
    x = composite(own, 4);
    bd_image_finish(&x);
    assert_int_equal(bd_engine_validation_messages(own), 0);
    bd_engine_destroy(own);
    bd_engine_destroy(imported);
    vulkan_host_close(&host);
}

typedef struct worker {
    bd_engine *engine;
    bd_image result[8];
    pthread_t thread;
} worker;

static void *work(void *context) {
    worker *w = context;
    for (uint32_t i = 0; i < 8; i++) {
        w->result[i] = composite(w->engine, i);
    }
    return NULL;
}

static void test_two_threads(void **state) {
    (void)state;
    vulkan_host host;
    vulkan_host_open(&host, VULKAN_HOST_WANTED, newest);
    worker workers[2] = {{.engine = import(&host, NULL)}, {.engine = import(&host, NULL)}};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    /* The host goes on with its own. */
    vulkan_buffer buffer = vulkan_buffer_make(&host, 1024);
    for (uint32_t i = 0; i < 50; i++) {
        vulkan_host_begin(&host);
        host.vkCmdFillBuffer(host.commands, buffer.buffer, 0, VK_WHOLE_SIZE, i);
        vulkan_host_run(&host);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        bd_engine_destroy(workers[i].engine);
    }
    for (uint32_t i = 0; i < 8; i++) {
        assert_same_and_drop(&workers[0].result[i], &workers[1].result[i]);
    }
    assert_true(vulkan_watched.submits >= 16);
    vulkan_buffer_drop(&host, &buffer);
    vulkan_host_close(&host);
}

/* Engine before session, and photos in flight when the session goes; then the host's queue still works. */
static void test_order(void **state) {
    (void)state;
    vulkan_host host;
    vulkan_host_open(&host, VULKAN_HOST_WANTED, newest);
    bd_engine *engine = import(&host, NULL);
    bd_session *sessions[2] = {test_session_create(engine, NULL, NULL), test_session_create(engine, NULL, NULL)};
    bd_engine_destroy(engine);
    bd_image photo = noise(W, H, 1), background = noise(70, 80, 2);
    bd_image results[2] = {{0}};
    results[0] = test_replaced(sessions[0], &photo, &background, &by_coarse);
    bd_session_destroy(sessions[0]);
    bd_error error;
    for (int i = 0; i < 2; i++) {
        if (bd_session_replace_begin(sessions[1], &photo, &background, &by_coarse, &error)) {
            fail_msg("%s", error.message);
        }
    }
    if (bd_session_replace_end(sessions[1], &results[1], &error)) {
        fail_msg("%s", error.message);
    }
    assert_same_and_drop(&results[0], &results[1]);
    bd_session_destroy(sessions[1]); /* with one in flight */
    vulkan_buffer buffer = vulkan_buffer_make(&host, 64);
    vulkan_host_begin(&host);
    host.vkCmdFillBuffer(host.commands, buffer.buffer, 0, VK_WHOLE_SIZE, 0x01020304);
    vulkan_host_run(&host);
    assert_int_equal(*(const uint32_t *)buffer.mapped, 0x01020304);
    vulkan_buffer_drop(&host, &buffer);
    free(photo.pixels);
    free(background.pixels);
    vulkan_host_close(&host);
}

/* A lost device is told, and nothing hangs. */
static void test_lost(void **state) {
    (void)state;
    vulkan_host host;
    vulkan_host_open(&host, VULKAN_HOST_WANTED, newest);
    bd_engine *engine = import(&host, NULL);
    bd_session *session = test_session_create(engine, NULL, NULL);
    bd_image photo = noise(W, H, 1), background = noise(70, 80, 2), result = {0};
    bd_error error;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bd_session_replace_begin(session, &photo, &background, &by_coarse, &error), BD_OK);
    }
    vulkan_watched.lose_device = true;
    assert_int_equal(bd_session_replace_end(session, &result, &error), BD_ERR_DEVICE_LOST);
    assert_int_equal(bd_session_replace_begin(session, &photo, &background, &by_coarse, &error), BD_ERR_DEVICE_LOST);
    bd_session_destroy(session);
    bd_engine_destroy(engine);
    free(photo.pixels);
    free(background.pixels);
    vulkan_host_close(&host);
}

static void refuse(const vulkan_host *host, const bd_engine_params *params, const bd_vulkan_import *broken,
                   bd_result expected, const char *word) {
    bd_error error = {0};
    bd_engine *engine = (bd_engine *)&error;
    bd_result result = bd_engine_import(params, broken, &engine, &error);
    if (result != expected || engine || !strstr(error.message, word)) {
        fail_msg("%s: %s \"%s\"", word, bd_result_name(result), error.message);
    }
    assert_int_equal(host->complaints, 0);
}

static void test_refusals(void **state) {
    (void)state;
    vulkan_host host;
    vulkan_host_open(&host, VULKAN_HOST_WANTED, newest);
    const bd_result wrong = BD_ERR_INVALID_ARGUMENT;
    const bd_engine_params validation = {.struct_size = sizeof validation, .validation = true};
    const bd_engine_params device = {.struct_size = sizeof device, .device = "0"};
    refuse(&host, &validation, &host.import, wrong, "validation");
    refuse(&host, &device, &host.import, wrong, "device");
    refuse(&host, NULL, NULL, wrong, "instance");
#define REFUSE(member, value, word)                                                                                    \
    {                                                                                                                  \
        bd_vulkan_import broken = host.import;                                                                         \
        broken.member = value;                                                                                         \
        refuse(&host, NULL, &broken, wrong, word);                                                                     \
    }
    REFUSE(struct_size, 0, "struct_size")
    REFUSE(instance, VK_NULL_HANDLE, "instance")
    REFUSE(physical_device, VK_NULL_HANDLE, "physical_device")
    REFUSE(device, VK_NULL_HANDLE, "the host's device")
    REFUSE(unlock_queue, NULL, "unlock_queue")
    REFUSE(lock_queue, NULL, "lock_queue")
    REFUSE(api_version, 0, "1.1 is needed")
    REFUSE(api_version, VK_API_VERSION_1_0, "1.1 is needed")
    REFUSE(queue_family, 31, "does not compute")
#undef REFUSE
    bd_vulkan_import broken = host.import;
    const VkPhysicalDeviceVulkanMemoryModelFeatures model = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES, .vulkanMemoryModel = VK_TRUE};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
    VkPhysicalDeviceVulkanMemoryModelFeatures copy = model;
    features.pNext = &copy;
    broken.features = &features;
    refuse(&host, NULL, &broken, wrong, "DeviceScope");
    bd_vulkan_wanted unsized = {0};
    bd_error error;
    assert_int_equal(bd_vulkan_get_wanted(&host.import, &unsized, &error), wrong);
    vulkan_host_close(&host);
}

/* The system's loader where no entry point is given. */
static void test_loader(void **state) {
    (void)state;
    vulkan_host host;
    vulkan_host_open(&host, VULKAN_HOST_WANTED, newest);
    bd_vulkan_import plain = host.import;
    plain.get_instance_proc_addr = NULL;
    plain.lock_queue = plain.unlock_queue = NULL;
    bd_engine *engine;
    bd_error error;
    if (bd_engine_import(NULL, &plain, &engine, &error)) {
        fail_msg("%s", error.message);
    }
    bd_image result = composite(engine, 1);
    bd_image_finish(&result);
    bd_engine_destroy(engine);
    vulkan_host_close(&host);
}

int main(void) {
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    for (size_t i = 0; i < W * H; i++) {
        coarse[i] = (float)(i % W) / (W - 1);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_pixels), cmocka_unit_test(test_bare),
                                       cmocka_unit_test(test_one_list),    cmocka_unit_test(test_two_threads),
                                       cmocka_unit_test(test_order),       cmocka_unit_test(test_lost),
                                       cmocka_unit_test(test_refusals),    cmocka_unit_test(test_loader)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
