/* SPDX-License-Identifier: MIT */
#include "vk/submission.h"

#include <string.h>

#include "vk/vk_check.h"

enum { MOST_BATCHES = 64 };

/* What a submission with semaphores points to while it is made. */
typedef struct sync_infos {
    VkPipelineStageFlags stages[BD_VK_MOST_SYNCS];
    VkTimelineSemaphoreSubmitInfo waits, signals;
} sync_infos;

static bool any_value(const uint64_t *values, uint32_t count) {
    uint64_t any = 0;
    for (uint32_t i = 0; i < count; i++) {
        any |= values[i];
    }
    return any;
}

static void add_syncs(const bd_vk_syncs *syncs, sync_infos *chain, VkSubmitInfo *first, VkSubmitInfo *last) {
    const bool timed =
        any_value(syncs->wait_values, syncs->wait_count) || any_value(syncs->signal_values, syncs->signal_count);
    *chain = (sync_infos){.waits = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO},
                          .signals = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO}};
    for (uint32_t i = 0; i < syncs->wait_count; i++) {
        chain->stages[i] = VK_PIPELINE_STAGE_TRANSFER_BIT;
    }
    VkTimelineSemaphoreSubmitInfo *signals = first == last ? &chain->waits : &chain->signals;
    chain->waits.waitSemaphoreValueCount = syncs->wait_count;
    chain->waits.pWaitSemaphoreValues = syncs->wait_values;
    signals->signalSemaphoreValueCount = syncs->signal_count;
    signals->pSignalSemaphoreValues = syncs->signal_values;
    first->waitSemaphoreCount = syncs->wait_count;
    first->pWaitSemaphores = syncs->waits;
    first->pWaitDstStageMask = chain->stages;
    last->signalSemaphoreCount = syncs->signal_count;
    last->pSignalSemaphores = syncs->signals;
    if (timed) {
        first->pNext = &chain->waits;
        last->pNext = signals;
    }
}

/* In batches of so many buffers, which drivers take for so many jobs: the first one waits, the last one signals. */
static bd_result submit(bd_vk *vk, const VkCommandBuffer *buffers, uint32_t count, uint32_t batch,
                        const bd_vk_syncs *syncs, VkFence fence, bd_error *error) {
    if (vk->lost) {
        return bd_fail(error, BD_ERR_DEVICE_LOST, "%s: the device was lost earlier", vk->info.name);
    }
    bd_result result = bd_vk_check(vk, vk->api.vkResetFences(vk->device, 1, &fence), "vkResetFences", error);
    if (result) {
        return result;
    }
    VkSubmitInfo infos[MOST_BATCHES];
    uint32_t batches = 0;
    for (uint32_t first = 0; first < count; first += batch) {
        infos[batches++] = (VkSubmitInfo){.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                          .commandBufferCount = BD_MIN(batch, count - first),
                                          .pCommandBuffers = buffers + first};
    }
    sync_infos chain;
    if (syncs) {
        add_syncs(syncs, &chain, &infos[0], &infos[batches - 1]);
    }
    bd_mutex_lock(&vk->queue_lock);
    if (vk->lock_queue) {
        vk->lock_queue(vk->lock_user, vk->queue_family, vk->queue_index);
    }
    VkResult submitted = vk->api.vkQueueSubmit(vk->queue, batches, infos, fence);
    if (vk->unlock_queue) {
        vk->unlock_queue(vk->lock_user, vk->queue_family, vk->queue_index);
    }
    bd_mutex_unlock(&vk->queue_lock);
    return bd_vk_check(vk, submitted, "vkQueueSubmit", error);
}

/* All parts of all commands, in order. */
static bd_result list_parts(const bd_vk_commands *const *commands, uint32_t count,
                            VkCommandBuffer buffers[BD_VK_MOST_SUBMITTED], uint32_t *listed, bd_error *error) {
    *listed = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (commands[i]->part_count > BD_VK_MOST_SUBMITTED - *listed) {
            return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "too many command buffers in one submission");
        }
        memcpy(buffers + *listed, commands[i]->parts, commands[i]->part_count * sizeof *buffers);
        *listed += commands[i]->part_count;
    }
    return BD_OK;
}

bd_result bd_vk_submit_only(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, const bd_vk_syncs *syncs,
                            VkFence fence, bd_error *error) {
    VkCommandBuffer buffers[BD_VK_MOST_SUBMITTED];
    uint32_t listed;
    bd_result result = list_parts(commands, count, buffers, &listed, error);
    return result ? result : submit(vk, buffers, listed, listed, syncs, fence, error);
}

/* Waits for the parts that were submitted and not waited for. */
static void drain_parts(bd_vk *vk, const bd_vk_watch *watch, uint32_t waited, uint32_t submitted) {
    for (; waited < submitted; waited++) {
        (void)bd_vk_wait(vk, watch->fences[waited % 2], NULL);
    }
}

bd_result bd_vk_submit_parts(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, const bd_vk_syncs *syncs,
                             VkFence fence, const bd_vk_watch *watch, bd_error *error) {
    VkCommandBuffer buffers[BD_VK_MOST_SUBMITTED];
    uint32_t listed, waited = 0;
    bd_result result = list_parts(commands, count, buffers, &listed, error);
    if (!result && !watch) {
        /* Software devices have no driver that stops what takes long, and lose time with each batch. */
        bool whole = vk->info.kind == BD_DEVICE_SOFTWARE;
        uint32_t batch = whole ? listed : (listed + MOST_BATCHES - 1) / MOST_BATCHES;
        return submit(vk, buffers, listed, batch, syncs, fence, error);
    }
    for (uint32_t i = 0; i < listed && !result; i++) {
        if (i >= 2) {
            result = bd_vk_wait(vk, watch->fences[waited % 2], error);
            waited += !result;
        }
        if (!result && !watch->go_on(watch->user, waited, listed)) {
            result = bd_fail(error, BD_ERR_CANCELLED, "stopped by the caller");
        }
        if (!result) {
            result = submit(vk, buffers + i, 1, 1, NULL, i + 1 == listed ? fence : watch->fences[i % 2], error);
        }
        if (result) {
            drain_parts(vk, watch, waited, i);
        }
    }
    if (!result) {
        drain_parts(vk, watch, waited, listed - 1);
    }
    return result;
}

/* After a wait that failed: the work may still run, and the caller will release what it uses. A device that runs is
 * waited for as long as it takes. A lost one says so again, and need not be waited for: it is asked a second time
 * because what was lost can be the answer. */
static void wait_after_failure(bd_vk *vk, VkFence fence) {
    enum { MOST_FAILURES = 64, MOST_LOSSES = 2, MOST_SECONDS_WHEN_LOST = 10 };
    const uint64_t second = 1000000000;
    uint32_t failures = 0, losses = 0, seconds = 0;
    while (failures < MOST_FAILURES && losses < MOST_LOSSES && (!vk->lost || seconds < MOST_SECONDS_WHEN_LOST)) {
        VkResult waited = vk->api.vkWaitForFences(vk->device, 1, &fence, VK_TRUE, second);
        if (waited == VK_SUCCESS) {
            return;
        }
        seconds += waited == VK_TIMEOUT;
        losses += waited == VK_ERROR_DEVICE_LOST;
        failures += waited < 0;
    }
}

bd_result bd_vk_wait(bd_vk *vk, VkFence fence, bd_error *error) {
    bd_result result =
        bd_vk_check(vk, vk->api.vkWaitForFences(vk->device, 1, &fence, VK_TRUE, UINT64_MAX), "vkWaitForFences", error);
    if (result) {
        wait_after_failure(vk, fence);
    }
    return result;
}

bd_result bd_vk_submit(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, bd_error *error) {
    bd_mutex_lock(&vk->fence_lock);
    bd_result result = bd_vk_submit_only(vk, commands, count, NULL, vk->fence, error);
    if (!result) {
        result = bd_vk_wait(vk, vk->fence, error);
    }
    bd_mutex_unlock(&vk->fence_lock);
    return result;
}
