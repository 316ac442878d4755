/* SPDX-License-Identifier: MIT
 * Tells the caller, from a thread of its own, when the device is done with photos that were submitted. */
#ifndef BD_COMPLETION_H
#define BD_COMPLETION_H

#include "platform/thread.h"
#include "vk/vk.h"

enum { BD_MOST_WATCHED = 8 };

/* Fences in the order of their submission, which is the order that they are told in. Does not move while it is running. */
typedef struct bd_completion {
    bd_vk *vk;
    bd_done_fn done; /* NULL: nobody is told, and there is no thread */
    void *user;
    bd_thread thread;
    bd_mutex lock; /* held where what follows is looked at */
    bd_condition added, told;
    VkFence fences[BD_MOST_WATCHED]; /* that are submitted and not told of: the first one is told next */
    uint32_t first, count;
    bool over;
} bd_completion;

/* Starts the thread. done NULL: does nothing. */
bd_result bd_completion_start(bd_completion *completion, bd_vk *vk, bd_done_fn done, void *user, bd_error *error);
/* Ends the thread; nothing is submitted any more. Safe on a zeroed one. */
void bd_completion_finish(bd_completion *completion);

/* A fence that was submitted. It must not be reset before it was told of. */
void bd_completion_watch(bd_completion *completion, VkFence fence);
/* Waits until the caller has been told of all but the last `left` of them. */
void bd_completion_wait(bd_completion *completion, uint32_t left);

#endif
