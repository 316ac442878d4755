/* SPDX-License-Identifier: MIT */
#include "photo/completion.h"

static void watch(void *context) {
    bd_completion *self = context;
    bd_mutex_lock(&self->lock);
    for (;;) {
        while (!self->count && !self->over) {
            bd_condition_wait(&self->added, &self->lock);
        }
        if (!self->count) {
            break;
        }
        const VkFence fence = self->fences[self->first];
        bd_mutex_unlock(&self->lock);
        (void)bd_vk_wait(self->vk, fence, NULL); /* whoever ends the photo waits, too, and tells what failed */
        self->done(self->user);
        bd_mutex_lock(&self->lock);
        self->first = (self->first + 1) % BD_MOST_WATCHED;
        self->count--;
        bd_condition_signal(&self->told);
    }
    bd_mutex_unlock(&self->lock);
}

bd_result bd_completion_start(bd_completion *completion, bd_vk *vk, bd_done_fn done, void *user, bd_error *error) {
    *completion = (bd_completion){.vk = vk, .user = user};
    if (!done) {
        return BD_OK;
    }
    completion->done = done;
    bd_mutex_init(&completion->lock);
    bd_condition_init(&completion->added);
    bd_condition_init(&completion->told);
    if (!bd_thread_start(&completion->thread, watch, completion)) {
        bd_mutex_finish(&completion->lock);
        bd_condition_finish(&completion->added);
        bd_condition_finish(&completion->told);
        completion->done = NULL;
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "no thread could be started that tells of photos");
    }
    return BD_OK;
}

void bd_completion_finish(bd_completion *completion) {
    if (!completion->done) {
        return;
    }
    bd_mutex_lock(&completion->lock);
    completion->over = true;
    bd_condition_signal(&completion->added);
    bd_mutex_unlock(&completion->lock);
    bd_thread_join(&completion->thread);
    bd_mutex_finish(&completion->lock);
    bd_condition_finish(&completion->added);
    bd_condition_finish(&completion->told);
    completion->done = NULL;
}

void bd_completion_watch(bd_completion *completion, VkFence fence) {
    if (!completion->done) {
        return;
    }
    bd_mutex_lock(&completion->lock);
    completion->fences[(completion->first + completion->count++) % BD_MOST_WATCHED] = fence;
    bd_condition_signal(&completion->added);
    bd_mutex_unlock(&completion->lock);
}

void bd_completion_wait(bd_completion *completion, uint32_t left) {
    if (!completion->done) {
        return;
    }
    bd_mutex_lock(&completion->lock);
    while (completion->count > left) {
        bd_condition_wait(&completion->told, &completion->lock);
    }
    bd_mutex_unlock(&completion->lock);
}
