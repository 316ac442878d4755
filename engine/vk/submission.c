/* SPDX-License-Identifier: MIT */
#include "vk/submission.h"

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

/* The first batch waits, the last one signals. */
static bd_result submit(bd_vk *vk, VkSubmitInfo *batches, uint32_t count, const bd_vk_syncs *syncs, VkFence fence,
                        bd_error *error) {
    if (vk->lost) {
        return bd_fail(error, BD_ERR_DEVICE_LOST, "%s: the device was lost earlier", vk->info.name);
    }
    bd_result result = bd_vk_check(vk, vk->api.vkResetFences(vk->device, 1, &fence), "vkResetFences", error);
    if (result) {
        return result;
    }
    sync_infos chain;
    if (syncs) {
        add_syncs(syncs, &chain, &batches[0], &batches[count - 1]);
    }
    bd_mutex_lock(&vk->queue_lock);
    if (vk->lock_queue) {
        vk->lock_queue(vk->lock_user, vk->queue_family, vk->queue_index);
    }
    VkResult submitted = vk->api.vkQueueSubmit(vk->queue, count, batches, fence);
    if (vk->unlock_queue) {
        vk->unlock_queue(vk->lock_user, vk->queue_family, vk->queue_index);
    }
    bd_mutex_unlock(&vk->queue_lock);
    return bd_vk_check(vk, submitted, "vkQueueSubmit", error);
}

static VkSubmitInfo batch_of(const VkCommandBuffer *buffers, uint32_t count) {
    return (VkSubmitInfo){
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = count, .pCommandBuffers = buffers};
}

/* Of at most so many parts, all of the same commands: drivers take each for a job. */
static bd_result submit_batches(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, uint32_t most,
                                const bd_vk_syncs *syncs, VkFence fence, bd_error *error) {
    VkSubmitInfo batches[MOST_BATCHES + BD_VK_MOST_SUBMITTED];
    uint32_t made = 0;
    for (uint32_t c = 0; c < count; c++) {
        for (uint32_t first = 0; first < commands[c]->part_count; first += most) {
            batches[made++] = batch_of(commands[c]->parts + first, BD_MIN(most, commands[c]->part_count - first));
        }
    }
    return submit(vk, batches, made, syncs, fence, error);
}

bd_result bd_vk_submit_only(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, const bd_vk_syncs *syncs,
                            VkFence fence, bd_error *error) {
    return submit_batches(vk, commands, count, BD_VK_MOST_PARTS, syncs, fence, error);
}

/* Parts that are submitted one by one: the first `waited` are done, `submitted` were given to the device. */
typedef struct progress {
    uint32_t waited, submitted, total;
} progress;

/* Waits for what was submitted and not waited for. */
static void drain_parts(bd_vk *vk, const bd_vk_watch *watch, progress *at) {
    for (; at->waited < at->submitted; at->waited++) {
        (void)bd_vk_wait(vk, watch->fences[at->waited % 2], NULL);
    }
}

static bd_result submit_part(bd_vk *vk, VkCommandBuffer part, const bd_vk_watch *watch, VkFence last, progress *at,
                             bd_error *error) {
    bd_result result = BD_OK;
    if (at->submitted >= 2) {
        result = bd_vk_wait(vk, watch->fences[at->waited % 2], error);
        at->waited += !result;
    }
    if (!result && !watch->go_on(watch->user, at->waited, at->total)) {
        result = bd_fail(error, BD_ERR_CANCELLED, "stopped by the caller");
    }
    if (!result) {
        const VkFence fence = at->submitted + 1 == at->total ? last : watch->fences[at->submitted % 2];
        VkSubmitInfo alone = batch_of(&part, 1);
        result = submit(vk, &alone, 1, NULL, fence, error);
        at->submitted += !result;
    }
    return result;
}

bd_result bd_vk_submit_parts(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, const bd_vk_syncs *syncs,
                             VkFence fence, const bd_vk_watch *watch, bd_error *error) {
    progress at = {.total = 0};
    for (uint32_t c = 0; c < count; c++) {
        at.total += commands[c]->part_count;
    }
    if (!watch) {
        /* Software devices have no driver that stops what takes long, and lose time with each batch. */
        bool whole = vk->info.kind == BD_DEVICE_SOFTWARE;
        uint32_t most = whole ? (uint32_t)BD_VK_MOST_PARTS : (at.total + MOST_BATCHES - 1) / MOST_BATCHES;
        return submit_batches(vk, commands, count, most, syncs, fence, error);
    }
    bd_result result = BD_OK;
    for (uint32_t c = 0; c < count && !result; c++) {
        for (uint32_t p = 0; p < commands[c]->part_count && !result; p++) {
            result = submit_part(vk, commands[c]->parts[p], watch, fence, &at, error);
        }
    }
    at.submitted -= !result; /* the caller waits for the last one */
    drain_parts(vk, watch, &at);
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
