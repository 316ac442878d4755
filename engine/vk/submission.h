/* SPDX-License-Identifier: MIT
 * Submissions of recorded commands. */
#ifndef BD_VK_SUBMISSION_H
#define BD_VK_SUBMISSION_H

#include "vk/commands.h"

/* Submits in order, at most BD_VK_MOST_SUBMITTED of them, and signals the fence then; an unfinished command buffer may be
 * among them where its usage is SIMULTANEOUS_USE. Every submission waits for what an earlier one wrote only
 * where a barrier says so. */
enum { BD_VK_MOST_SUBMITTED = 40 };
/* Semaphores of a host that copies of a submission wait for and that are signalled when it is done; values are those of
 * timelines, 0 of binary ones. */
enum { BD_VK_MOST_SYNCS = 16 };
typedef struct bd_vk_syncs {
    VkSemaphore waits[BD_VK_MOST_SYNCS], signals[BD_VK_MOST_SYNCS];
    uint64_t wait_values[BD_VK_MOST_SYNCS], signal_values[BD_VK_MOST_SYNCS];
    uint32_t wait_count, signal_count;
} bd_vk_syncs;
/* syncs NULL: none. */
bd_result bd_vk_submit_only(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, const bd_vk_syncs *syncs,
                            VkFence fence, bd_error *error);
/* The same part by part, two of them on the device at a time: drivers stop what takes too long at once, and between parts the
 * host can think again. go_on (NULL: nothing is waited for) is called with how many parts are done; where it returns false,
 * nothing more is submitted, what was is waited for, and the result is BD_ERR_CANCELLED. With a watch there are no syncs. */
typedef struct bd_vk_watch {
    bool (*go_on)(void *user, uint32_t done, uint32_t total);
    void *user;
    VkFence fences[2]; /* for parts that are not the last */
} bd_vk_watch;
bd_result bd_vk_submit_parts(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, const bd_vk_syncs *syncs,
                             VkFence fence, const bd_vk_watch *watch, bd_error *error);
/* Waits for a fence that was submitted; it stays signalled. On failure the work is over all the same, or the device is
 * lost. */
bd_result bd_vk_wait(bd_vk *vk, VkFence fence, bd_error *error);
/* Both, with a fence of the device's own, one such submission at a time. */
bd_result bd_vk_submit(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, bd_error *error);

#endif
