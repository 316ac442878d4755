/* SPDX-License-Identifier: MIT
 * Photos in flight: the commands of each, and what the host writes and reads. They share all other memory, since the
 * queue runs one after the other.
 *
 * A frame keeps what it recorded for the last few recipes. A photo whose recipe equals one of them only runs: no
 * allocation, no descriptor written, nothing recorded. */
#ifndef BD_FRAME_H
#define BD_FRAME_H

#include "photo/completion.h"
#include "photo/recipe.h"
#include "photo/source.h"
#include "photo/upload.h"

enum { BD_MOST_FRAMES = 8, BD_MOST_RECORDINGS = 4, BD_MOST_TIMINGS = 40 };

/* A recipe's commands, over slots that may lie where another recording's lie. */
typedef struct bd_recording {
    bd_recipe recipe;
    bool done;                                     /* else it failed half way */
    uint32_t shared_generation, memory_generation; /* of the memory that it was recorded with */
    uint64_t used;                                 /* when it was last, in submissions */
    bd_vk_binding slots[BD_MOST_SLOTS];
    bd_vk_commands commands[BD_MOST_COMMANDS];
    bd_vk_commands *list[2 * BD_MOST_COMMANDS]; /* commands, and networks' between them */
    uint32_t list_count;
    uint32_t dispatches, barriers; /* of the commands */
    VkDeviceSize upload_at[BD_MOST_UPLOADS], return_at[BD_MOST_RETURNS];
} bd_recording;

typedef struct bd_frame {
    bd_recording *recordings[BD_MOST_RECORDINGS]; /* NULL: not made yet */
    bd_recording *now;                            /* of the photo, whose tables are in the memory; NULL: none */
    bd_vk_commands before, after;                 /* copies from a host's images, and to them */
    VkFence fence;
    bd_slot_memory memory;        /* of BD_SLOT_FRAME; a new generation where staging or download is replaced, too */
    bd_vk_buffer staging;         /* uploads where the host cannot write to the device's memory */
    bd_vk_buffer download;        /* results where it cannot read it */
    uint64_t submission;          /* its number */
    double submitted_ms, wall_ms; /* when, and until somebody had waited for it */
} bd_frame;

typedef struct bd_frames {
    bd_vk *vk;
    const bd_allocator *allocator;
    bd_frame *ring[BD_MOST_FRAMES]; /* NULL: not made yet */
    uint32_t count;                 /* frames at most */
    uint32_t oldest, in_flight;
    bd_completion completion; /* of those in flight; whoever makes the frames starts it */
    VkFence part_fences[2];   /* of a photo that is submitted part by part */
    VkDeviceSize budget;      /* bytes of device memory that all of it may take; 0: no limit */
    bool slow;                /* the last photo took so long that drivers or callers might want to stop it */
    uint64_t submissions;     /* so far */
    bd_slot_memory shared;
    bd_vk_buffer kept; /* what outlives photos: BD_SLOT_KEPT */
    bd_frame *timed;   /* of the photo that was waited for last, unless it was asked for its times, or is
                                           used for another photo since; NULL: none */
    bd_timing timings[BD_MOST_TIMINGS]; /* of the photo that was asked last */
    uint32_t timing_count;
} bd_frames;

void bd_frames_init(bd_frames *frames, bd_vk *vk, const bd_allocator *allocator, uint32_t count);
/* Waits for what is in flight. Safe on a zeroed one. */
void bd_frames_finish(bd_frames *frames);

/* The number of the frame for a photo that is begun now, made on first use; count of them may be in flight. */
bd_result bd_frames_next(bd_frames *frames, uint32_t *number, bd_error *error);
/* The next frame is in flight from now on; the oldest no longer, which the caller has been told then that it is done. */
void bd_frames_begun(bd_frames *frames);
void bd_frames_ended(bd_frames *frames);

/* Makes a recipe that of a frame which is not in flight, and records it unless an equal one is. Waits for photos in flight
 * where shared memory has to grow. */
bd_result bd_frame_prepare(bd_frames *frames, bd_frame *frame, const bd_recipe *recipe, bd_error *error);
/* Writes the uploads, from sources in the order that they were added in. */
void bd_frame_upload(bd_frame *frame, const bd_source *sources);
/* Submits all that was recorded, at once on devices that were quick with the last photo, else in parts.
 *
 * images   what was added to the recipe as sources and sinks; NULL: nothing
 * watch    asked between parts whether to go on, its fences are not looked at; NULL: nobody is, and nothing is waited
 *          for. Not with images */
bd_result bd_frame_submit(bd_frames *frames, bd_frame *frame, const bd_exchange *images, const bd_vk_watch *watch,
                          bd_error *error);
/* Makes frames->kept at least so large, for a photo in a frame that is not in flight. Waits for photos in flight, and what is kept there is lost, where it
 * has to grow. */
bd_result bd_frames_reserve_kept(bd_frames *frames, bd_frame *frame, VkDeviceSize bytes, bd_error *error);
/* Whether the device is done with it. */
bd_result bd_frame_poll(bd_frames *frames, const bd_frame *frame, uint64_t timeout_ns, bd_error *error);
/* Releases the memory and the commands of all frames, and what is kept; none is in flight. */
void bd_frames_trim(bd_frames *frames);
bd_result bd_frame_wait(bd_frames *frames, bd_frame *frame, bd_error *error);
/* Takes the timings of the photo that was waited for last; those of the network only when nothing was submitted since.
 * Drivers may wait for all that was submitted (lavapipe does). */
void bd_frames_take_timings(bd_frames *frames);
/* What the host can read after that, and its shape. */
const void *bd_frame_result(const bd_frame *frame, uint32_t number);
bd_slot_shape bd_frame_result_shape(const bd_frame *frame, uint32_t number);

/* Bytes of device memory that frames hold, all of them together. */
VkDeviceSize bd_frames_bytes(const bd_frames *frames);
/* What photos of a recipe take: memory that they share, that each has for itself, and of the latter what the host
 * writes and reads beside the device's. */
typedef struct bd_frame_bytes {
    VkDeviceSize shared, each, staged;
} bd_frame_bytes;
bd_result bd_frames_estimate(const bd_frames *frames, const bd_recipe *recipe, bd_frame_bytes *bytes, bd_error *error);

#endif
