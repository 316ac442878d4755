/* SPDX-License-Identifier: MIT
 * Recorded commands, and their submission. */
#ifndef BD_VK_COMMANDS_H
#define BD_VK_COMMANDS_H

#include "vk/dispatch.h"

enum { BD_VK_MOST_PARTS = 64 };

/* Recorded commands with the descriptor sets and views that they refer to, in parts that can be submitted one by one. */
typedef struct bd_vk_commands {
    bd_vk *vk;
    VkCommandPool pool;
    VkCommandBuffer buffer; /* the last part: what is recorded goes there */
    VkCommandBuffer parts[BD_VK_MOST_PARTS];
    uint32_t part_count, part_capacity; /* capacity: that were allocated */
    VkCommandBufferUsageFlags usage;
    VkDescriptorPool *descriptor_pools;
    uint32_t descriptor_pool_count, sets_left;
    VkBufferView *views;
    uint32_t view_count, view_capacity;
    VkQueryPool queries;
    const char **labels;                  /* one per stamp */
    uint64_t *ticks;                      /* room to read them */
    uint32_t timer_count, timer_capacity; /* capacity 0: not timed */
} bd_vk_commands;

/* timers: largest number of stamps (0: none). */
bd_result bd_vk_commands_init(bd_vk *vk, bd_vk_commands *commands, uint32_t timers, bd_error *error);
void bd_vk_commands_finish(bd_vk_commands *commands);
/* Starts over: frees views and sets of the last recording. The device must be done with it. */
bd_result bd_vk_commands_begin(bd_vk_commands *commands, VkCommandBufferUsageFlags usage, bd_error *error);
bd_result bd_vk_commands_dispatch(bd_vk_commands *commands, const bd_vk_dispatch *dispatch, bd_error *error);
/* A time stamp: what was recorded since the last one (or the beginning) is timed under label, borrowed. No-op when
 * full. */
void bd_vk_commands_stamp(bd_vk_commands *commands, const char *label);
/* Everything shaders and copies wrote before is visible to shaders and copies after. */
void bd_vk_commands_barrier(bd_vk_commands *commands);
/* The same, and for the groups of indirect dispatches. */
void bd_vk_commands_barrier_indirect(bd_vk_commands *commands);
/* The same for what shaders wrote to these ranges, at most BD_VK_BARRIER_RANGES of them; what was written elsewhere
 * is not made visible, but everything after waits for everything before. */
#define BD_VK_BARRIER_RANGES 16
void bd_vk_commands_barrier_ranges(bd_vk_commands *commands, const bd_vk_binding *written, uint32_t count);
/* ... to the host after the submission. */
void bd_vk_commands_barrier_host(bd_vk_commands *commands);
void bd_vk_commands_copy(bd_vk_commands *commands, const bd_vk_buffer *from, VkDeviceSize from_offset,
                         const bd_vk_buffer *to, VkDeviceSize to_offset, VkDeviceSize bytes);
/* offset and bytes: multiples of four. */
void bd_vk_commands_fill(bd_vk_commands *commands, const bd_vk_buffer *buffer, VkDeviceSize offset, VkDeviceSize bytes,
                         uint32_t word);
/* How much more a part should hold on this device than on a software one: on quick ones parts cost more than they serve. */
uint32_t bd_vk_part_scale(const bd_vk *vk);
/* Ends the last part and begins another; no-op when there are BD_VK_MOST_PARTS. What is pending stays so. */
bd_result bd_vk_commands_split(bd_vk_commands *commands, bd_error *error);
bd_result bd_vk_commands_end(bd_vk_commands *commands, bd_error *error);
/* Submits in order as one batch, at most BD_VK_MOST_SUBMITTED, that will signal the fence; an unfinished command buffer
 * may be among them where its usage is SIMULTANEOUS_USE. Every submission waits for what an earlier one wrote only
 * where a barrier says so. */
#define BD_VK_MOST_SUBMITTED 512
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
/* Milliseconds of each stamp of the last submission; room for commands->timer_count. */
bd_result bd_vk_commands_times(bd_vk_commands *commands, double *ms, bd_error *error);

#endif
