/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "photo/frame.h"

#define SLOW_MS 30.0
/* Of one chunk of memory, unless a single slot needs more: devices promise to allocate a gigabyte at once (Vulkan 1.1,
 * maxMemoryAllocationSize). */
#define MOST_CHUNK_BYTES ((VkDeviceSize)1 << 29)

_Static_assert((int)BD_MOST_FRAMES <= (int)BD_MOST_WATCHED, "each is watched");

/* ---- life -------------------------------------------------------------------------------------------------------- */

void bd_frames_init(bd_frames *frames, bd_vk *vk, const bd_allocator *allocator, uint32_t count) {
    *frames =
        (bd_frames){.vk = vk, .allocator = allocator, .count = count, .slow = vk->info.kind != BD_DEVICE_DISCRETE};
}

static bd_result make_fence(bd_vk *vk, VkFence *fence, bd_error *error) {
    const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkFence made;
    bd_result result = bd_vk_check(vk, vk->api.vkCreateFence(vk->device, &info, NULL, &made), "vkCreateFence", error);
    *fence = result ? VK_NULL_HANDLE : made;
    return result;
}

static bd_result make_frame(bd_frames *frames, bd_frame **made, bd_error *error) {
    bd_frame *frame = bd_alloc_zero(frames->allocator, sizeof *frame);
    if (!frame) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    bd_result result = make_fence(frames->vk, &frame->fence, error);
    if (result) {
        bd_free(frames->allocator, frame);
        return result;
    }
    *made = frame;
    return BD_OK;
}

static void destroy_frame(bd_frames *frames, bd_frame *frame) {
    for (uint32_t i = 0; i < BD_MOST_RECORDINGS; i++) {
        for (uint32_t c = 0; c < BD_MOST_COMMANDS && frame->recordings[i]; c++) {
            bd_vk_commands_finish(&frame->recordings[i]->commands[c]);
        }
        bd_free(frames->allocator, frame->recordings[i]);
    }
    bd_vk_commands_finish(&frame->before);
    bd_vk_commands_finish(&frame->after);
    bd_slot_memory_finish(&frame->memory, frames->vk);
    bd_vk_buffer_finish(frames->vk, &frame->staging);
    bd_vk_buffer_finish(frames->vk, &frame->download);
    frames->vk->api.vkDestroyFence(frames->vk->device, frame->fence, NULL);
    bd_free(frames->allocator, frame);
}

void bd_frames_finish(bd_frames *frames) {
    for (; frames->in_flight; bd_frames_ended(frames)) {
        (void)bd_vk_wait(frames->vk, frames->ring[frames->oldest]->fence, NULL);
    }
    bd_completion_finish(&frames->completion);
    if (frames->vk) {
        bd_frames_trim(frames);
        for (uint32_t i = 0; i < BD_COUNT(frames->part_fences); i++) {
            frames->vk->api.vkDestroyFence(frames->vk->device, frames->part_fences[i], NULL);
        }
    }
    *frames = (bd_frames){.vk = NULL};
}

void bd_frames_trim(bd_frames *frames) {
    frames->timed = NULL;
    for (uint32_t i = 0; i < BD_MOST_FRAMES; i++) {
        if (frames->ring[i]) {
            frames->timed = frames->timed == frames->ring[i] ? NULL : frames->timed;
            destroy_frame(frames, frames->ring[i]);
            frames->ring[i] = NULL;
        }
    }
    bd_slot_memory_finish(&frames->shared, frames->vk);
    bd_vk_buffer_finish(frames->vk, &frames->kept);
}

/* ---- the ring ---------------------------------------------------------------------------------------------------- */

bd_result bd_frames_next(bd_frames *frames, uint32_t *number, bd_error *error) {
    if (frames->in_flight == frames->count) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%u photos have been begun and not been ended", frames->count);
    }
    *number = (frames->oldest + frames->in_flight) % frames->count;
    return frames->ring[*number] ? BD_OK : make_frame(frames, &frames->ring[*number], error);
}

void bd_frames_begun(bd_frames *frames) {
    bd_completion_watch(&frames->completion, frames->ring[(frames->oldest + frames->in_flight) % frames->count]->fence);
    frames->in_flight++;
}

/* The last one stays where it is, so that photos one at a time always take the same frame. */
void bd_frames_ended(bd_frames *frames) {
    frames->in_flight--;
    bd_completion_wait(&frames->completion, frames->in_flight);
    frames->oldest = frames->in_flight ? (frames->oldest + 1) % frames->count : frames->oldest;
}

static bd_result wait_for_flights(bd_frames *frames, bd_error *error) {
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < frames->in_flight && !result; i++) {
        result = bd_vk_wait(frames->vk, frames->ring[(frames->oldest + i) % frames->count]->fence, error);
    }
    return result;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static VkDeviceSize memory_bytes(const bd_slot_memory *memory) {
    VkDeviceSize bytes = 0;
    for (uint32_t i = 0; i < BD_MOST_CHUNKS; i++) {
        bytes += memory->chunks[i].bytes;
    }
    return bytes;
}

static VkDeviceSize frame_bytes(const bd_frame *frame) {
    return memory_bytes(&frame->memory) + frame->staging.bytes + frame->download.bytes;
}

VkDeviceSize bd_frames_bytes(const bd_frames *frames) {
    VkDeviceSize bytes = memory_bytes(&frames->shared) + frames->kept.bytes;
    for (uint32_t i = 0; i < BD_MOST_FRAMES; i++) {
        bytes += frames->ring[i] ? frame_bytes(frames->ring[i]) : 0;
    }
    return bytes;
}

/* Where slots lie, and how much memory that takes. */
typedef struct layout {
    bd_slot_shape shapes[BD_MOST_SLOTS];
    bd_slot_place places[BD_MOST_SLOTS];
    VkDeviceSize shared[BD_MOST_CHUNKS], of_frame[BD_MOST_CHUNKS], staging, download;
} layout;

static bd_result plan_layout(const bd_frames *frames, const bd_recipe *recipe, layout *to, bd_error *error) {
    bd_slot_use uses[BD_MOST_SLOTS];
    bool staged = !frames->vk->unified;
    for (uint32_t s = 0; s < recipe->slot_count; s++) {
        to->shapes[s] = recipe->shapes[s];
        if (staged && to->shapes[s].owner == BD_SLOT_FRAME) {
            to->shapes[s].owner = BD_SLOT_SHARED; /* the host sees copies */
        }
        uses[s] = recipe->uses[s];
        if (recipe->apart && uses[s].first <= uses[s].last) {
            uses[s] = (bd_slot_use){.first = 0, .last = BD_MOST_PASSES};
        }
    }
    to->staging = to->download = 0;
    if (staged && recipe->table_slot) {
        to->staging = bd_slot_align(bd_slot_bytes(&recipe->shapes[recipe->table_slot]));
    }
    for (uint32_t i = 0; i < recipe->upload_count && staged; i++) {
        to->staging += bd_slot_align(bd_slot_bytes(&recipe->shapes[recipe->uploads[i].slot]));
    }
    for (uint32_t i = 0; i < recipe->return_count && staged; i++) {
        to->download += bd_slot_align(bd_slot_bytes(&recipe->shapes[recipe->returns[i]]));
    }
    if (!bd_slots_place(to->shapes, uses, recipe->slot_count, BD_SLOT_SHARED, MOST_CHUNK_BYTES, to->places,
                        to->shared) ||
        !bd_slots_place(to->shapes, uses, recipe->slot_count, BD_SLOT_FRAME, MOST_CHUNK_BYTES, to->places,
                        to->of_frame)) {
        return bd_fail(error, BD_ERR_IMAGE_TOO_LARGE, "a photo takes more than %d pieces of memory",
                       (int)BD_MOST_CHUNKS);
    }
    return BD_OK;
}

/* Of memory that grows to what is needed. */
static VkDeviceSize grown_bytes(const bd_slot_memory *memory, const VkDeviceSize needed[BD_MOST_CHUNKS]) {
    VkDeviceSize bytes = 0;
    for (uint32_t i = 0; i < BD_MOST_CHUNKS; i++) {
        bytes += memory ? BD_MAX(memory->chunks[i].bytes, needed[i]) : needed[i];
    }
    return bytes;
}

bd_result bd_frames_estimate(const bd_frames *frames, const bd_recipe *recipe, bd_frame_bytes *bytes, bd_error *error) {
    layout of;
    bd_result result = recipe->result ? recipe->result : plan_layout(frames, recipe, &of, error);
    if (!result) {
        bytes->staged = of.staging + of.download;
        bytes->shared = grown_bytes(NULL, of.shared);
        bytes->each = grown_bytes(NULL, of.of_frame) + bytes->staged;
    }
    return result;
}

/* All that photos of other sizes left behind; none is in flight. */
static void drop_memory(bd_frames *frames, bd_frame *frame) {
    for (uint32_t i = 0; i < BD_MOST_FRAMES; i++) {
        if (frames->ring[i] && frames->ring[i] != frame) {
            frames->timed = frames->timed == frames->ring[i] ? NULL : frames->timed;
            destroy_frame(frames, frames->ring[i]);
            frames->ring[i] = NULL;
        }
    }
    bd_slot_memory_finish(&frames->shared, frames->vk);
    bd_slot_memory_finish(&frame->memory, frames->vk);
    bd_vk_buffer_finish(frames->vk, &frame->staging);
    bd_vk_buffer_finish(frames->vk, &frame->download);
}

static bd_result fail_budget(const bd_frames *frames, VkDeviceSize needed, bd_error *error) {
    return bd_fail(error, BD_ERR_OUT_OF_DEVICE_MEMORY,
                   "photos would take %.1f MB of device memory, and the budget leaves %.1f MB for them",
                   (double)needed / 1e6, (double)frames->budget / 1e6);
}

/* Memory that other sizes left behind goes where that is what it takes to stay within the budget. */
static bd_result keep_budget(bd_frames *frames, bd_frame *frame, const layout *of, bd_error *error) {
    const VkDeviceSize now = memory_bytes(&frames->shared) + frame_bytes(frame);
    const VkDeviceSize others = bd_frames_bytes(frames) - now;
    const VkDeviceSize staged = BD_MAX(frame->staging.bytes, of->staging) + BD_MAX(frame->download.bytes, of->download);
    VkDeviceSize needed =
        others + grown_bytes(&frames->shared, of->shared) + grown_bytes(&frame->memory, of->of_frame) + staged;
    if (!frames->budget || needed <= frames->budget) {
        return BD_OK;
    }
    if (!frames->in_flight) {
        drop_memory(frames, frame);
        needed = frames->kept.bytes + grown_bytes(NULL, of->shared) + grown_bytes(NULL, of->of_frame) + of->staging +
                 of->download;
    }
    return needed <= frames->budget ? BD_OK : fail_budget(frames, needed, error);
}

/* Memory for all slots, and where each lies. */
static bd_result lay_out(bd_frames *frames, bd_frame *frame, bd_recording *recording, bd_error *error) {
    const bd_recipe *recipe = &recording->recipe;
    layout of;
    bd_result result = plan_layout(frames, recipe, &of, error);
    if (!result) {
        result = keep_budget(frames, frame, &of, error);
    }
    if (!result && bd_slot_memory_must_grow(&frames->shared, of.shared)) {
        result = wait_for_flights(frames, error);
    }
    if (!result) {
        result = bd_slot_memory_reserve(&frames->shared, frames->vk, of.shared, error);
    }
    if (!result) {
        result = bd_slot_memory_reserve(&frame->memory, frames->vk, of.of_frame, error);
    }
    for (uint32_t s = 1; s < recipe->slot_count && !result; s++) {
        const bd_slot_memory *memory = of.shapes[s].owner == BD_SLOT_SHARED ? &frames->shared : &frame->memory;
        const bd_slot_use *use = &recipe->uses[s];
        if (of.shapes[s].kind == BD_SLOT_OUTSIDE || of.shapes[s].owner == BD_SLOT_KEPT) {
            recording->slots[s] = recipe->outside[s];
        } else if (use->first <= use->last) {
            recording->slots[s] = (bd_vk_binding){.buffer = &memory->chunks[of.places[s].chunk],
                                                  .offset = of.places[s].offset,
                                                  .bytes = bd_slot_bytes(&of.shapes[s])};
        }
    }
    return result;
}

/* ---- recording --------------------------------------------------------------------------------------------------- */

static char *mapped(const bd_vk_buffer *buffer, VkDeviceSize offset) {
    return (char *)buffer->mapped + offset;
}

static void write_tables(const bd_recipe *recipe, char *to) {
    for (uint32_t i = 0; i < recipe->resampled_count; i++) {
        for (uint32_t part = 0; part < BD_TABLE_PARTS; part++) {
            size_t bytes = bd_table_bytes(recipe->resampled[i], part);
            memcpy(to, bd_table_data(recipe->resampled[i], part), bytes);
            to += bd_slot_align(bytes);
        }
    }
}

/* Makes a buffer at least so large. What was recorded with it is of no use where it has to grow. */
static bd_result reserve(bd_frames *frames, bd_frame *frame, bd_vk_buffer *buffer, VkDeviceSize bytes,
                         bd_vk_memory memory, bd_error *error) {
    frame->memory.generation += !buffer->buffer || buffer->bytes < bytes;
    return bd_vk_buffer_reserve(frames->vk, buffer, bytes, memory, error);
}

/* The uploads are written before each photo: into the slots, or to be copied to them; the tables once for several. */
static void record_uploads(bd_recorder *to, bd_frames *frames, bd_frame *frame, bd_recording *recording) {
    const bd_recipe *recipe = &recording->recipe;
    const bd_vk_binding *tables = recipe->table_slot ? &recording->slots[recipe->table_slot] : NULL;
    VkDeviceSize bytes = tables ? bd_slot_align(tables->bytes) : 0;
    for (uint32_t i = 0; i < recipe->upload_count; i++) {
        recording->upload_at[i] = bytes;
        bytes += bd_slot_align(recording->slots[recipe->uploads[i].slot].bytes);
    }
    if (frames->vk->unified || !bytes || to->result) {
        return;
    }
    to->result = reserve(frames, frame, &frame->staging, bytes, BD_VK_MEMORY_UPLOAD, to->error);
    if (tables) {
        bd_recorder_copy(to, &(bd_vk_binding){.buffer = &frame->staging, .bytes = tables->bytes}, tables);
    }
    for (uint32_t i = 0; i < recipe->upload_count; i++) {
        const bd_vk_binding *slot = &recording->slots[recipe->uploads[i].slot];
        bd_recorder_copy(
            to, &(bd_vk_binding){.buffer = &frame->staging, .offset = recording->upload_at[i], .bytes = slot->bytes},
            slot);
    }
    bd_recorder_stamp(to, "upload");
}

static void record_downloads(bd_recorder *to, bd_frames *frames, bd_frame *frame, bd_recording *recording) {
    const bd_recipe *recipe = &recording->recipe;
    VkDeviceSize bytes = 0;
    for (uint32_t i = 0; i < recipe->return_count; i++) {
        recording->return_at[i] = bytes;
        bytes += bd_slot_align(recording->slots[recipe->returns[i]].bytes);
    }
    if (frames->vk->unified || !bytes || to->result) {
        return;
    }
    to->result = reserve(frames, frame, &frame->download, bytes, BD_VK_MEMORY_DOWNLOAD, to->error);
    for (uint32_t i = 0; i < recipe->return_count; i++) {
        const bd_vk_binding *slot = &recording->slots[recipe->returns[i]];
        bd_recorder_copy(
            to, slot,
            &(bd_vk_binding){.buffer = &frame->download, .offset = recording->return_at[i], .bytes = slot->bytes});
    }
    bd_recorder_stamp(to, "download");
}

static bool is_valid(const bd_frames *frames, const bd_frame *frame, const bd_recording *recording) {
    return recording->done && recording->shared_generation == frames->shared.generation &&
           recording->memory_generation == frame->memory.generation;
}

/* The recording of an equal recipe, or one to be made anew: one that is of no use any more, a new one, or the one that was
 * used longest ago. */
static bd_result find_recording(const bd_frames *frames, bd_frame *frame, const bd_recipe *recipe, bd_recording **found,
                                bd_error *error) {
    bd_recording **stale = NULL, **empty = NULL, **oldest = NULL;
    for (uint32_t i = 0; i < BD_MOST_RECORDINGS; i++) {
        bd_recording **at = &frame->recordings[i];
        if (!*at) {
            empty = at;
        } else if (!is_valid(frames, frame, *at)) {
            stale = at;
        } else if (bd_recipe_equal(recipe, &(*at)->recipe)) {
            *found = *at;
            return BD_OK;
        } else if (!oldest || (*at)->used < (*oldest)->used) {
            oldest = at;
        }
    }
    bd_recording **place = stale ? stale : empty ? empty : oldest;
    *place = *place ? *place : bd_alloc_zero(frames->allocator, sizeof **place);
    *found = *place;
    if (!*found) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    (*found)->done = false;
    return BD_OK;
}

/* Which picture a dispatch could not bind is not known: its largest is said. */
static bd_result fail_size(const bd_recipe *recipe, double fits, const bd_error *why, bd_error *error) {
    uint64_t most = 0;
    const bd_slot_shape *largest = recipe->shapes;
    for (uint32_t s = 1; s < recipe->slot_count; s++) {
        const bd_slot_shape *shape = &recipe->shapes[s];
        bool is_picture = shape->kind == BD_SLOT_PICTURE || shape->kind == BD_SLOT_PICTURE16;
        uint64_t pixels = (uint64_t)shape->w * shape->h;
        if (is_picture && pixels > most) {
            most = pixels;
            largest = shape;
        }
    }
    return bd_fail(error, BD_ERR_IMAGE_TOO_LARGE,
                   "%ux%u pixels (%.3g megapixels) are too many for this, which this device does with about %.3g: %s",
                   largest->w, largest->h, (double)most / 1e6, (double)most * fits / 1e6, why->message);
}

static bd_result record(bd_frames *frames, bd_frame *frame, bd_recording *recording, const bd_recipe *recipe,
                        bd_error *error) {
    recording->recipe = *recipe;
    bd_result result = lay_out(frames, frame, recording, error);
    if (result) {
        return result;
    }
    bd_recorder to = {.vk = frames->vk,
                      .shapes = recording->recipe.shapes,
                      .slots = recording->slots,
                      .uses = recording->recipe.uses,
                      .names = recording->recipe.names,
                      .given = recording->recipe.given,
                      .tables = recording->recipe.resampled,
                      .deep = recipe->deep != 0,
                      .band_bytes = recipe->band_bytes,
                      .commands = recording->commands,
                      .error = error};
    bd_recorder_begin(&to);
    record_uploads(&to, frames, frame, recording);
    for (uint32_t i = 0; i < recipe->pass_count && !to.result; i++) {
        const bd_pass *pass = &recording->recipe.passes[i];
        to.pass = i;
        pass->record(&to, recording->recipe.plans + pass->plan);
        if (pass->label) {
            bd_recorder_stamp(&to, pass->label);
        }
    }
    record_downloads(&to, frames, frame, recording);
    result = bd_recorder_end(&to);
    memcpy(recording->list, to.list, sizeof recording->list);
    recording->list_count = to.list_count;
    recording->dispatches = to.dispatches;
    recording->barriers = to.barriers;
    recording->shared_generation = frames->shared.generation;
    recording->memory_generation = frame->memory.generation;
    recording->done = result == BD_OK;
    if (result == BD_ERR_IMAGE_TOO_LARGE) {
        const bd_error why = to.error ? *to.error : (bd_error){0};
        result = fail_size(recipe, to.commands[to.current].fits, &why, error);
    }
    return result;
}

bd_result bd_frame_prepare(bd_frames *frames, bd_frame *frame, const bd_recipe *recipe, bd_error *error) {
    bd_recording *recording;
    if (frames->timed == frame) {
        frames->timed = NULL;
    }
    bd_result result = recipe->result ? recipe->result : find_recording(frames, frame, recipe, &recording, error);
    if (result) {
        return result;
    }
    const bool is_new = !recording->done;
    if (is_new) {
        result = record(frames, frame, recording, recipe, error);
    }
    if (!result && recipe->table_slot && (is_new || frame->now != recording)) {
        const bd_vk_binding *tables = &recording->slots[recipe->table_slot];
        write_tables(recipe, frames->vk->unified ? mapped(tables->buffer, tables->offset) : frame->staging.mapped);
    }
    frame->now = result ? NULL : recording;
    return result;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

void bd_frame_upload(bd_frame *frame, const bd_source *sources) {
    const bd_recording *now = frame->now;
    const bd_recipe *recipe = &now->recipe;
    for (uint32_t i = 0; i < recipe->upload_count; i++) {
        const bd_upload *upload = &recipe->uploads[i];
        const bd_vk_binding *slot = &now->slots[upload->slot];
        char *to =
            slot->buffer->mapped ? mapped(slot->buffer, slot->offset) : mapped(&frame->staging, now->upload_at[i]);
        bd_upload_write((bd_upload_kind)upload->kind, &recipe->shapes[upload->slot], &sources[i], to);
    }
}

bd_result bd_frame_submit(bd_frames *frames, bd_frame *frame, const bd_exchange *images, const bd_vk_watch *watch,
                          bd_error *error) {
    const bd_vk_commands *list[2 * BD_MOST_COMMANDS + 2];
    _Static_assert(BD_COUNT(list) <= BD_VK_MOST_SUBMITTED, "one submission");
    uint32_t count = 0;
    if (images) {
        bd_result result =
            bd_exchange_record(images, frames->vk, frame->now->slots, &frame->before, &frame->after, error);
        if (result) {
            return result;
        }
        list[count++] = &frame->before;
    }
    for (uint32_t i = 0; i < frame->now->list_count; i++) {
        list[count++] = frame->now->list[i];
    }
    if (images) {
        list[count++] = &frame->after;
    }
    frame->submission = frame->now->used = ++frames->submissions;
    frame->submitted_ms = bd_now_ms();
    const bd_vk_syncs *syncs = images ? &images->syncs : NULL;
    if (!frames->slow) {
        return bd_vk_submit_only(frames->vk, list, count, syncs, frame->fence, error);
    }
    bd_vk_watch parts = watch ? *watch : (bd_vk_watch){.go_on = NULL};
    for (uint32_t i = 0; watch && i < BD_COUNT(parts.fences); i++) {
        bd_result result = frames->part_fences[i] ? BD_OK : make_fence(frames->vk, &frames->part_fences[i], error);
        if (result) {
            return result;
        }
        parts.fences[i] = frames->part_fences[i];
    }
    return bd_vk_submit_parts(frames->vk, list, count, syncs, frame->fence, watch ? &parts : NULL, error);
}

static bd_result take_timings(bd_frames *frames, bd_vk_commands *commands, bd_error *error) {
    double ms[BD_MOST_TIMINGS];
    bd_result result = bd_vk_commands_times(commands, ms, error);
    for (uint32_t i = 0; i < commands->timer_count && frames->timing_count < BD_MOST_TIMINGS && !result; i++) {
        bd_timing *timing = &frames->timings[frames->timing_count++];
        (void)snprintf(timing->name, sizeof timing->name, "%s", commands->labels[i]);
        timing->ms = ms[i];
        timing->device = true;
    }
    return result;
}

/* Commands that were recorded elsewhere are told when nothing ran them since: of those that a photo runs several times
 * only the last run has times, which would be told for the first. */
static bool has_times(const bd_frames *frames, const bd_frame *frame, uint32_t i) {
    bool alone = frame->submission == frames->submissions;
    for (uint32_t k = 1; k < i; k += 2) {
        alone = alone && frame->now->list[k] != frame->now->list[i];
    }
    return i % 2 == 0 || alone;
}

bd_result bd_frames_reserve_kept(bd_frames *frames, bd_frame *frame, VkDeviceSize bytes, bd_error *error) {
    bd_vk_buffer *kept = &frames->kept;
    if (kept->buffer && kept->bytes >= bytes) {
        return BD_OK;
    }
    bd_result result = wait_for_flights(frames, error);
    frames->shared.generation++; /* what was recorded with it is of no use */
    if (result) {
        return result;
    }
    bd_vk_buffer_finish(frames->vk, kept);
    if (frames->budget && !frames->in_flight && bd_frames_bytes(frames) + bytes > frames->budget) {
        drop_memory(frames, frame);
    }
    if (frames->budget && bd_frames_bytes(frames) + bytes > frames->budget) {
        return fail_budget(frames, bd_frames_bytes(frames) + bytes, error);
    }
    return bd_vk_buffer_init(frames->vk, kept, bytes, BD_VK_MEMORY_DEVICE, error);
}

bd_result bd_frame_poll(bd_frames *frames, const bd_frame *frame, uint64_t timeout_ns, bd_error *error) {
    bd_vk *vk = frames->vk;
    VkResult waited = vk->api.vkWaitForFences(vk->device, 1, &frame->fence, VK_TRUE, timeout_ns);
    return waited == VK_TIMEOUT ? bd_fail(error, BD_ERR_TIMEOUT, "the device is not done with the photo")
                                : bd_vk_check(vk, waited, "vkWaitForFences", error);
}

bd_result bd_frame_wait(bd_frames *frames, bd_frame *frame, bd_error *error) {
    bd_result result = bd_vk_wait(frames->vk, frame->fence, error);
    frame->wall_ms = bd_now_ms() - frame->submitted_ms;
    frames->slow = frame->wall_ms > SLOW_MS;
    frames->timing_count = 0;
    frames->timed = result ? NULL : frame;
    return result;
}

void bd_frames_take_timings(bd_frames *frames) {
    const bd_frame *frame = frames->timed;
    bd_result result = BD_OK;
    if (!frame) {
        return;
    }
    frames->timed = NULL;
    frames->timing_count = 0;
    for (uint32_t i = 0; i < frame->now->list_count && !result; i++) {
        result = has_times(frames, frame, i) ? take_timings(frames, frame->now->list[i], NULL) : BD_OK;
    }
    if (!result && frames->timing_count < BD_MOST_TIMINGS) {
        frames->timings[frames->timing_count++] = (bd_timing){.name = "submit to completion", .ms = frame->wall_ms};
    }
}

const void *bd_frame_result(const bd_frame *frame, uint32_t number) {
    const bd_recording *now = frame->now;
    const bd_vk_binding *slot = &now->slots[now->recipe.returns[number]];
    return slot->buffer->mapped ? mapped(slot->buffer, slot->offset) : mapped(&frame->download, now->return_at[number]);
}

bd_slot_shape bd_frame_result_shape(const bd_frame *frame, uint32_t number) {
    return frame->now->recipe.shapes[frame->now->recipe.returns[number]];
}
