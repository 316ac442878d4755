/* SPDX-License-Identifier: MIT
 * The pipeline cache's file with a driver that has something to keep: what it gave comes back to it whole, and damaged
 * files, those of other devices and what is no cache at all never reach it. */
#include "support/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/engine.h"
#include "api/model.h"

enum { BLOB = 3000 };
static uint8_t blob[BLOB];
static size_t given; /* to the driver when the cache was opened */
static PFN_vkCreatePipelineCache real_create;

static VKAPI_ATTR VkResult VKAPI_CALL get_blob(VkDevice device, VkPipelineCache cache, size_t *bytes, void *data) {
    (void)device;
    (void)cache;
    if (data) {
        memcpy(data, blob, BLOB);
    }
    *bytes = BLOB;
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_cache(VkDevice device, const VkPipelineCacheCreateInfo *info,
                                                   const VkAllocationCallbacks *allocator, VkPipelineCache *cache) {
    given = info->initialDataSize;
    assert_true(!given || (given == BLOB && !memcmp(info->pInitialData, blob, BLOB)));
    VkPipelineCacheCreateInfo empty = *info;
    empty.initialDataSize = 0;
    empty.pInitialData = NULL;
    return real_create(device, &empty, allocator, cache);
}

static void reopen(bd_vk *vk, const char *folder) {
    bd_error error;
    bd_vk_pipeline_cache_close(vk);
    bd_free(vk->allocator, vk->cache_path);
    vk->cache_path = NULL;
    given = 1;
    if (bd_vk_pipeline_cache_open(vk, folder, &error)) {
        fail_msg("%s", error.message);
    }
}

static void put(const char *path, const uint8_t *data, size_t bytes) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static size_t get(const char *path, uint8_t *data, size_t room) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t bytes = fread(data, 1, room, file);
    (void)fclose(file);
    return bytes;
}

static void test_file(void **state) {
    (void)state;
    test_session t;
    bd_error error;
    char folder[TEST_FOLDER];
    char path[512];
    test_make_folder(folder);
    test_session_open_model(&t, NULL, NULL);
    bd_vk *vk = &t.engine->vk;
    real_create = vk->api.vkCreatePipelineCache;
    vk->api.vkCreatePipelineCache = create_cache;
    vk->api.vkGetPipelineCacheData = get_blob;
    VkPipelineCacheHeaderVersionOne header = {.headerSize = sizeof header,
                                              .headerVersion = VK_PIPELINE_CACHE_HEADER_VERSION_ONE,
                                              .vendorID = vk->info.vendor_id,
                                              .deviceID = vk->info.device_id};
    memcpy(header.pipelineCacheUUID, vk->pipeline_cache_uuid, VK_UUID_SIZE);
    for (size_t i = 0; i < BLOB; i++) {
        blob[i] = (uint8_t)(i * 131 >> 3);
    }
    memcpy(blob, &header, sizeof header);

    reopen(vk, folder);
    assert_int_equal(given, 0); /* nothing was there */
    (void)snprintf(path, sizeof path, "%s", vk->cache_path);
    reopen(vk, folder);
    assert_int_equal(given, BLOB);
    assert_int_equal(access(path, F_OK), 0);

    static uint8_t file[2 * BLOB];
    size_t bytes = get(path, file, sizeof file);
    assert_true(bytes > BLOB && bytes < sizeof file);
    static const size_t cuts[] = {0, 1, 31, 32, 33, 40, 1500, BLOB - 1, BLOB, BLOB + 1};
    /* Each file lies there when the cache is opened; closing writes a sound one, as the next case begins with. */
    for (size_t i = 0; i < BD_COUNT(cuts); i++) {
        bd_vk_pipeline_cache_close(vk);
        put(path, file, cuts[i]);
        bd_free(vk->allocator, vk->cache_path);
        assert_int_equal(bd_vk_pipeline_cache_open(vk, folder, &error), BD_OK);
        assert_int_equal(given, 0);
        reopen(vk, folder);
        assert_int_equal(given, BLOB);
    }
    for (size_t at = 0; at < bytes; at += 97) {
        bd_vk_pipeline_cache_close(vk);
        file[at] ^= 0x10;
        put(path, file, bytes);
        file[at] ^= 0x10;
        bd_free(vk->allocator, vk->cache_path);
        assert_int_equal(bd_vk_pipeline_cache_open(vk, folder, &error), BD_OK);
        assert_int_equal(given, 0);
    }
    reopen(vk, folder);
    assert_int_equal(given, BLOB);
    /* Another device's, whole. */
    header.deviceID++;
    memcpy(blob, &header, sizeof header);
    vk->cache_bytes = 0;
    reopen(vk, folder);
    assert_int_equal(given, 0);
    test_session_close(&t);
    (void)unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
