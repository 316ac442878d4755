/* SPDX-License-Identifier: MIT */
#include "vk/pipeline_cache.h"

#include <stdio.h>
#include <string.h>

#include "platform/file_system.h"
#include "vk/vk_check.h"

/* In the file the driver's data is followed by its checksum. A cache that outgrew the limit is begun anew. */
enum { CACHE_SUM_BYTES = sizeof(uint64_t), CACHE_MOST_BYTES = 64 << 20 };

/* A cache of another device or driver, or a damaged one, must not be given to this one; drivers check too, but not all
 * of them well. */
static bool cache_fits(const bd_vk *vk, const bd_content *file) {
    VkPipelineCacheHeaderVersionOne header;
    uint64_t sum;
    if (file->bytes < sizeof header + sizeof sum) {
        return false;
    }
    memcpy(&sum, file->data + file->bytes - sizeof sum, sizeof sum);
    if (sum != bd_hash(BD_HASH_BEGIN, file->data, file->bytes - sizeof sum)) {
        return false;
    }
    memcpy(&header, file->data, sizeof header);
    return header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE && header.vendorID == vk->info.vendor_id &&
           header.deviceID == vk->info.device_id &&
           !memcmp(header.pipelineCacheUUID, vk->pipeline_cache_uuid, VK_UUID_SIZE);
}

bd_result bd_vk_pipeline_cache_open(bd_vk *vk, const char *directory, bd_error *error) {
    bd_content file = {0};
    if (directory) {
        size_t room = strlen(directory) + 96;
        vk->cache_path = bd_alloc(vk->allocator, room);
        if (!vk->cache_path) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
        }
        snprintf(vk->cache_path, room, "%s", directory);
        bd_folder_make_all(vk->cache_path); /* where it cannot be made nothing is kept */
        int used = snprintf(vk->cache_path, room, "%s/pipelines-%04x-%04x-%08x-", directory, vk->info.vendor_id,
                            vk->info.device_id, vk->driver_version);
        for (uint32_t i = 0; i < VK_UUID_SIZE; i++) {
            used += snprintf(vk->cache_path + used, room - (size_t)used, "%02x", vk->pipeline_cache_uuid[i]);
        }
        if (!bd_read_file(vk->cache_path, CACHE_MOST_BYTES, vk->allocator, &file, NULL) && !cache_fits(vk, &file)) {
            bd_release_content(vk->allocator, &file);
        }
    }
    vk->cache_bytes = file.bytes ? file.bytes - CACHE_SUM_BYTES : 0;
    const VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                            .initialDataSize = vk->cache_bytes,
                                            .pInitialData = file.data};
    bd_result result = bd_vk_check(vk, vk->api.vkCreatePipelineCache(vk->device, &info, NULL, &vk->pipeline_cache),
                                   "vkCreatePipelineCache", error);
    bd_release_content(vk->allocator, &file);
    return result;
}

void bd_vk_pipeline_cache_close(bd_vk *vk) {
    size_t bytes = 0;
    if (vk->pipeline_cache && vk->cache_path && !vk->lost &&
        vk->api.vkGetPipelineCacheData(vk->device, vk->pipeline_cache, &bytes, NULL) == VK_SUCCESS &&
        bytes != vk->cache_bytes && bytes > sizeof(VkPipelineCacheHeaderVersionOne)) {
        uint8_t *data = bd_alloc(vk->allocator, bytes + CACHE_SUM_BYTES);
        if (data && vk->api.vkGetPipelineCacheData(vk->device, vk->pipeline_cache, &bytes, data) == VK_SUCCESS) {
            bd_error error;
            uint64_t sum = bd_hash(BD_HASH_BEGIN, data, bytes);
            memcpy(data + bytes, &sum, sizeof sum);
            if (bd_write_file(vk->cache_path, data, bytes + sizeof sum, &error)) {
                bd_vk_log(vk, BD_LOG_WARNING, "%s", error.message);
            }
        }
        bd_free(vk->allocator, data);
    }
    vk->api.vkDestroyPipelineCache(vk->device, vk->pipeline_cache, NULL);
    vk->pipeline_cache = VK_NULL_HANDLE;
}
