/* SPDX-License-Identifier: MIT
 * Recorded commands. */
#ifndef BD_VK_COMMANDS_H
#define BD_VK_COMMANDS_H

#include "vk/dispatch.h"

enum { BD_VK_MOST_PARTS = 1024 };

/* Recorded commands with the descriptor sets and views that they refer to, in parts that can be submitted one by one. */
typedef struct bd_vk_commands {
    bd_vk *vk;
    VkCommandPool pool;
    VkCommandBuffer buffer; /* the last part: what is recorded goes there */
    VkCommandBuffer *parts;
    uint32_t part_count, part_capacity, part_room; /* capacity: that were allocated; room: in the array */
    VkCommandBufferUsageFlags usage;
    VkDescriptorPool *descriptor_pools;
    uint32_t descriptor_pool_count, sets_left;
    VkBufferView *views;
    uint32_t view_count, view_capacity;
    VkQueryPool queries;
    const char **labels;                  /* one per stamp */
    uint64_t *ticks;                      /* room to read them */
    uint32_t timer_count, timer_capacity; /* capacity 0: not timed */
    double fits;                          /* what share of a range could be bound where a dispatch failed for that */
} bd_vk_commands;

/* timers: largest number of stamps (0: none). */
bd_result bd_vk_commands_init(bd_vk *vk, bd_vk_commands *commands, uint32_t timers, bd_error *error);
void bd_vk_commands_finish(bd_vk_commands *commands);
/* Starts over: frees views and sets of the last recording. The device must be done with it. */
bd_result bd_vk_commands_begin(bd_vk_commands *commands, VkCommandBufferUsageFlags usage, bd_error *error);
bd_result bd_vk_commands_dispatch(bd_vk_commands *commands, const bd_vk_dispatch *dispatch, bd_error *error);
/* The same in about so many slices of its groups, with the end of a part between two of them; at once where the device is
 * quick (!vk->slices) or the groups are in a buffer. */
bd_result bd_vk_commands_dispatch_slices(bd_vk_commands *commands, const bd_vk_dispatch *dispatch, uint32_t slices,
                                         bd_error *error);
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
/* Milliseconds of each stamp of the last submission; room for commands->timer_count. */
bd_result bd_vk_commands_times(bd_vk_commands *commands, double *ms, bd_error *error);

#endif
