/* SPDX-License-Identifier: MIT
 * A session's life, and what all its calls begin with. */
#include <string.h>

#include "network/probe.h"
#include "network/tuned_kernels.h"
#include "api/session.h"
#include "photo/components.h"
#include "photo/crop.h"
#include "photo/labels.h"
#include "photo/matting.h"

/* ---- life -------------------------------------------------------------------------------------------------------- */

bool bd_session_can_half(const bd_engine *engine, const bd_model *model) {
    return engine->vk.half && bd_kernel_has_fp16(&engine->vk) && bd_plan_can_be_half(&model->graph);
}

/* AUTO: what was measured; without that, software devices convert halves one by one, so nothing is gained there. */
static bd_precision choose_precision(const bd_engine *engine, const bd_model *model, bd_precision wanted) {
    if (wanted != BD_PRECISION_AUTO) {
        return wanted;
    }
    bool half = engine->vk.info.kind != BD_DEVICE_SOFTWARE;
    char signature[BD_TUNING_SIGNATURE_BYTES];
    bd_tuning_network_signature(&model->graph, signature);
    const bd_tuning_entry *measured = bd_tuning_find(&engine->tuning, signature);
    if (measured) {
        half = !strcmp(measured->name, "fp16");
    }
    return half && bd_session_can_half(engine, model) ? BD_PRECISION_FP16 : BD_PRECISION_FP32;
}

bd_result bd_session_make(bd_engine *engine, const bd_model *model, const bd_network_params *params,
                          const bd_allocator *allocator, bd_session **session, bd_error *error) {
    *session = NULL;
    bd_session *made = bd_alloc_zero(allocator, sizeof *made);
    if (!made) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    made->allocator = bd_keep_allocator(&made->hooks, allocator);
    made->engine = engine;
    bd_engine_keep(engine);
    made->vk = &engine->vk;
    made->tables.allocator = made->allocator;
    made->person = 15;
    made->background = -1;
    for (uint32_t c = model ? model->class_count : 0; c && model->class_names && c-- > 0;) {
        made->person = strcmp(model->class_names[c], "person") ? made->person : c;
        made->background = strcmp(model->class_names[c], "background") ? made->background : (int32_t)c;
    }
    bd_frames_init(&made->frames, made->vk, made->allocator, BD_SESSION_USUAL_IN_FLIGHT);
    bd_network_params network = params ? *params : (bd_network_params){.precision = BD_PRECISION_AUTO};
    network.store = &engine->weights;
    bd_result result = model ? bd_looks_init(&made->looks, made->vk, &model->graph, &network, error) : BD_OK;
    if (result) {
        bd_session_destroy(made);
        return result;
    }
    *session = made;
    return BD_OK;
}

/* What the networks leave of the budget is for photos. */
static bd_result keep_budget(bd_session *session, bd_error *error) {
    const uint64_t networks = bd_looks_bytes(&session->looks);
    if (!session->budget) {
        return BD_OK;
    }
    if (networks >= session->budget) {
        return bd_fail(error, BD_ERR_OUT_OF_DEVICE_MEMORY,
                       "the network takes %.1f MB of device memory, and the budget is %.1f MB", (double)networks / 1e6,
                       (double)session->budget / 1e6);
    }
    session->frames.budget = session->budget - networks;
    return BD_OK;
}

/* Not having it is no failure: mattes are as good as one look makes them. */
static bd_result add_closer(bd_session *session, const bd_model *model, bd_error *error) {
    bd_model *larger;
    bd_error refused = {0};
    bd_result result = bd_model_open_closer(model, &larger, &refused);
    if (result == BD_ERR_MODEL_UNSUPPORTED) {
        bd_vk_log(session->vk, BD_LOG_INFO, "no closer look: %s", refused.message);
        return BD_OK;
    }
    if (!result && larger) {
        result = bd_looks_add_closer(&session->looks, &larger->graph, &refused);
    }
    bd_model_destroy(larger);
    return result ? bd_fail(error, result, "%s", refused.message) : BD_OK;
}

/* Other sizes and mirrored looks, progress, and how many photos are in flight at most. */
static bd_result set_up(bd_session *session, const bd_model *model, const bd_session_params *params, bd_error *error) {
    session->progress = params->progress;
    session->progress_user = params->progress_user;
    if (params->in_flight > BD_MOST_FRAMES) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "at most %d photos in flight", BD_MOST_FRAMES);
    }
    if (params->in_flight) {
        session->frames.count = params->in_flight;
    }
    session->budget = params->memory_budget;
    bd_result result =
        bd_completion_start(&session->frames.completion, session->vk, params->done, params->done_user, error);
    if (result) {
        return result;
    }
    const bd_graph *sizes[BD_MOST_SIZES] = {NULL};
    for (uint32_t i = 0; i < BD_MIN(params->size_count, (uint32_t)BD_MOST_SIZES); i++) {
        if (!params->sizes[i]) {
            return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "size %u is missing", i);
        }
        sizes[i] = &params->sizes[i]->graph;
    }
    result =
        session->looks.count ? bd_looks_add(&session->looks, sizes, params->size_count, params->flip, error) : BD_OK;
    if (!result && model && params->closer) {
        result = add_closer(session, model, error);
    }
    return result ? result : keep_budget(session, error);
}

/* Which kernels were measured, or are guessed, to be the best for this device; tries some where that is not known. */
static bd_result choose_kernels(bd_engine *engine, const bd_model *model, const bd_session_params *params,
                                bd_kernel_choice *choices, bd_precision *precision, bd_error *error) {
    bd_vk *vk = &engine->vk;
    bd_tuning *tuning = &engine->tuning;
    *precision = choose_precision(engine, model, params->precision);
    /* What is faster depends on the driver, and on software devices that takes long to find out: only where it is kept or
     * many photos are to come. */
    bool kept = tuning->path;
    bool settles = vk->column == BD_COLUMN_WIDE8 && kept && params->many;
    bool probes =
        bd_probe_serves(vk, *precision) && !settles && (kept || params->many || bd_precision_is_half(*precision));
    bd_result result = probes ? bd_probe(tuning, vk, &model->graph, *precision, error) : BD_OK;
    if (settles) {
        result = bd_tuning_settle(tuning, vk, &model->graph, *precision, BD_KERNEL_FAMILY_FLAT, error);
    }
    if (!result) {
        bd_tuning_choose(tuning, vk, &model->graph, *precision, params->many, choices);
    }
    if (!result && probes) {
        bd_probe_choose(tuning, vk, &model->graph, *precision, false, choices);
    }
    return result;
}

static bd_result make_chosen(bd_engine *engine, const bd_model *model, const bd_session_params *params,
                             const bd_allocator *allocator, bd_session **session, bd_error *error) {
    bd_kernel_choice *choices = bd_alloc_array(allocator, model->graph.count, sizeof *choices);
    if (!choices) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    if (model->graph.not_integers) {
        bd_vk_log(&engine->vk, BD_LOG_INFO, "%s runs in float: %s", model->graph.file, model->graph.not_integers);
    }
    bd_network_params network = {.choices = choices};
    bd_mutex_lock(&engine->tuning_lock);
    bd_result result = choose_kernels(engine, model, params, choices, &network.precision, error);
    bd_mutex_unlock(&engine->tuning_lock);
    if (!result) {
        result = bd_session_make(engine, model, &network, allocator, session, error);
    }
    bd_free(allocator, choices);
    return result;
}

bd_result bd_session_create(bd_engine *engine, const bd_model *model, const bd_session_params *params,
                            bd_session **session, bd_error *error) {
    *session = NULL;
    bd_session_params copy;
    bd_result result = BD_PARAMS_READ(&copy, params, bd_session_params, error);
    if (result) {
        return result;
    }
    result = bd_allocator_check(copy.allocator, error);
    if (result) {
        return result;
    }
    if ((unsigned)copy.precision > BD_PRECISION_FAST16) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%d is no precision", (int)copy.precision);
    }
    if (copy.size_count && !copy.sizes) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "size_count is %u, and sizes are missing", copy.size_count);
    }
    if (copy.closer && (copy.size_count || copy.flip)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a closer look does not go with other sizes or mirrored looks");
    }
    const bd_allocator *allocator = copy.allocator ? copy.allocator : engine->allocator;
    result = model ? make_chosen(engine, model, &copy, allocator, session, error)
                   : bd_session_make(engine, NULL, NULL, allocator, session, error);
    if (!result) {
        result = set_up(*session, model, &copy, error);
        if (result) {
            bd_session_destroy(*session);
            *session = NULL;
        }
    }
    return result;
}

void bd_session_destroy(bd_session *session) {
    if (!session) {
        return;
    }
    bd_frames_finish(&session->frames);
    for (uint32_t i = 0; i < BD_MOST_FRAMES; i++) {
        bd_free(session->allocator, session->flights[i].profile);
    }
    bd_tables_finish(&session->tables);
    bd_image_finish(&session->kept_background);
    bd_looks_finish(&session->looks);
    bd_engine *engine = session->engine;
    bd_allocator hooks = session->hooks;
    bd_free(session->allocator ? &hooks : NULL, session);
    bd_engine_destroy(engine);
}

bd_result bd_session_get_info(const bd_session *session, bd_session_info *info) {
    const bd_network *network = &session->looks.network;
    bd_session_info all = {
        .precision = network->precision, .dispatches = network->dispatch_count + 1, .closer = session->looks.closer};
    memcpy(all.kernel_set, session->vk->info.kernel_set, sizeof all.kernel_set);
    return bd_info_fill(info, &all, sizeof all);
}

uint32_t bd_session_timings(bd_session *session, bd_timing *timings, uint32_t room) {
    bd_frames *frames = &session->frames;
    bd_frames_take_timings(frames);
    const uint32_t copied = BD_MIN(room, frames->timing_count);
    if (copied) {
        memcpy(timings, frames->timings, copied * sizeof *timings);
    }
    return frames->timing_count;
}

bd_result bd_session_seen(const bd_session *session, bd_seen *seen) {
    return bd_info_fill(seen, &session->seen, sizeof *seen);
}

void bd_session_key(const bd_session *session, bd_key_color *color) {
    *color = session->key;
}

static bd_result check_last(const bd_session *session, bool wanted, const char *what, bd_error *error) {
    if (!session->last.frame) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s is not there: no photo is done, or another was begun since",
                       what);
    }
    return wanted ? BD_OK : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s of the last photo was not wanted", what);
}

bd_result bd_session_take_alpha(const bd_session *session, bd_image *alpha, bd_error *error) {
    bd_result result = check_last(session, session->last.at.has_alpha, "the matte", error);
    const bd_size photo = session->last.photo;
    bool wide = session->last.wide;
    if (!result) {
        result = bd_image_make_room(session->allocator, "matte", photo.w, photo.h,
                                    wide ? BD_FORMAT_GRAY16 : BD_FORMAT_GRAY8, alpha, error);
    }
    if (!result) {
        const bd_slot_shape shape = bd_frame_result_shape(session->last.frame, session->last.at.alpha);
        bd_rows_store_gray(bd_frame_result(session->last.frame, session->last.at.alpha),
                           (size_t)bd_slot_row_bytes(&shape), wide, alpha);
    }
    return result;
}

bd_result bd_session_take_coarse(const bd_session *session, float *coarse, size_t room, uint32_t *width,
                                 uint32_t *height, bd_error *error) {
    bd_result result = check_last(session, session->last.at.has_coarse, "the coarse mask", error);
    if (result) {
        return result;
    }
    const bd_slot_shape shape = bd_frame_result_shape(session->last.frame, session->last.at.coarse);
    *width = shape.w;
    *height = shape.h;
    if (!coarse) {
        return BD_OK;
    }
    if (room < (size_t)shape.w * shape.h) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "room for %zu probabilities of %ux%u", room, shape.w, shape.h);
    }
    const char *rows = bd_frame_result(session->last.frame, session->last.at.coarse);
    for (size_t y = 0; y < shape.h; y++) {
        memcpy(coarse + y * shape.w, rows + y * (size_t)bd_slot_row_bytes(&shape), shape.w * sizeof *coarse);
    }
    return BD_OK;
}

void bd_session_cancel(bd_session *session) {
    atomic_fetch_add(&session->cancels, 1);
}

bd_result bd_session_wait(bd_session *session, uint64_t timeout_ns, bd_error *error) {
    const bd_frames *frames = &session->frames;
    if (!frames->in_flight) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no photo has been begun");
    }
    return bd_frame_poll(&session->frames, frames->ring[frames->oldest], timeout_ns, error);
}

bd_result bd_session_trim(bd_session *session, bd_error *error) {
    bd_result result = bd_session_check_idle(session, error);
    if (!result) {
        session->input = NULL;
        session->last.frame = NULL;
        bd_frames_trim(&session->frames);
        session->is_fitted = false;
        bd_tables_finish(&session->tables);
        session->tables = (bd_tables){.allocator = session->allocator};
    }
    return result;
}

/* ---- parts of a call --------------------------------------------------------------------------------------------- */

static bool tell(const bd_session *session, uint32_t done, uint32_t total) {
    return !session->progress || session->progress(session->progress_user, session->stage, done, total);
}

bd_result bd_session_begin_stage(bd_session *session, const char *stage, bd_error *error) {
    session->stage = stage;
    return tell(session, 0, 1) ? BD_OK : bd_fail(error, BD_ERR_CANCELLED, "stopped by the caller");
}

typedef struct following {
    const bd_session *session;
    unsigned cancels; /* when the frame was submitted */
} following;

static bool go_on(void *user, uint32_t done, uint32_t total) {
    const following *f = user;
    return atomic_load(&f->session->cancels) == f->cancels && tell(f->session, done, total);
}

bd_result bd_session_run_frame(bd_session *session, bd_frame *frame, bd_error *error) {
    following f = {session, atomic_load(&session->cancels)};
    return bd_frame_submit(&session->frames, frame, NULL, &(bd_vk_watch){.go_on = go_on, .user = &f}, error);
}

static bool oldest_is_of_images(const bd_session *session) {
    return session->frames.in_flight && session->flights[session->frames.oldest].of_images;
}

static void retire_oldest(bd_session *session) {
    const bd_frame *frame = session->frames.ring[session->frames.oldest];
    const bd_flight *flight = &session->flights[session->frames.oldest];
    const bd_results *at = &flight->results;
    bd_error error;
    bd_result result = bd_frame_wait(&session->frames, session->frames.ring[session->frames.oldest], &error);
    if (!result && flight->cancels != atomic_load(&session->cancels)) {
        result = bd_fail(&error, BD_ERR_CANCELLED, "stopped by the caller");
    }
    if (!result) {
        bd_session_keep_last(session, frame, at, flight->photo, flight->matte.wide);
        bd_session_take_seen(session, frame, at->has_seen ? &at->seen : NULL);
        result = bd_session_take_matte(session, frame, at, &flight->matte, &error);
    }
    if (result && !session->late.code) {
        session->late = error;
    }
    session->is_fitted = session->is_fitted && !result;
    bd_frames_ended(&session->frames);
}

void bd_session_retire_images(bd_session *session) {
    while (oldest_is_of_images(session)) {
        retire_oldest(session);
    }
}

bd_result bd_session_await_images(bd_session *session, bd_error *error) {
    const bd_frames *frames = &session->frames;
    bd_result result = BD_OK;
    bd_session_retire_images(session);
    for (uint32_t i = 0; i < frames->in_flight && !result; i++) {
        const uint32_t number = (frames->oldest + i) % frames->count;
        if (session->flights[number].of_images) {
            result = bd_vk_wait(session->vk, frames->ring[number]->fence, error);
        }
    }
    return result;
}

bd_result bd_session_next_frame(bd_session *session, uint32_t *number, bd_error *error) {
    if (session->frames.in_flight == session->frames.count && oldest_is_of_images(session)) {
        retire_oldest(session);
    }
    return bd_frames_next(&session->frames, number, error);
}

bd_result bd_session_check_idle(bd_session *session, bd_error *error) {
    bd_session_retire_images(session);
    return session->frames.in_flight
               ? bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a photo that was begun has not been ended")
               : BD_OK;
}

bool bd_class_set_is_empty(const bd_class_set *classes) {
    uint32_t any = 0;
    for (uint32_t i = 0; i < BD_COUNT(classes->words); i++) {
        any |= classes->words[i];
    }
    return !any;
}

void bd_session_choose_classes(const bd_session *session, bd_class_set *classes) {
    if (bd_class_set_is_empty(classes)) {
        classes->words[session->person / 32] = 1u << session->person % 32;
    }
}

static bd_result check_classes(const bd_session *session, const bd_class_set *classes, bd_error *error) {
    const uint32_t count = (uint32_t)session->looks.network.logits_shape.dims[3];
    for (uint32_t c = count; c < 256; c++) {
        if (classes->words[c / 32] >> c % 32 & 1) {
            return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "there is no class %u: the network tells 0..%u apart", c,
                           count - 1);
        }
    }
    return BD_OK;
}

bd_result bd_session_need_network(const bd_session *session, const bd_class_set *classes, bd_error *error) {
    if (!session->looks.count) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "this session was made without a model");
    }
    return classes ? check_classes(session, classes, error) : BD_OK;
}

bd_result bd_session_open_look(bd_session *session, const bd_matte_params *params, bool *second, bd_error *error) {
    bool quick = session->vk->info.kind != BD_DEVICE_SOFTWARE;
    uint32_t usual = quick || params->mode == BD_MATTE_BEST ? 2 : 1;
    uint32_t looks = params->looks ? params->looks : usual;
    *second = bd_matte_needs_network(params) && params->rule == BD_RULE_ON && looks > 1;
    bd_result result = *second ? bd_network_make_gate(&session->looks.network, "second look", error) : BD_OK;
    bool larger = bd_matte_needs_network(params) && bd_larger_looks_are_gated(&session->looks, params);
    for (uint32_t i = 0; larger && i < session->looks.size_count && !result; i++) {
        result = bd_network_make_gate(&session->looks.sizes[i], "larger look", error);
    }
    return result;
}

void bd_session_take_seen(bd_session *session, const bd_frame *frame, const uint32_t *labels) {
    session->seen = (bd_seen){0};
    if (labels) {
        const bd_slot_shape shape = bd_frame_result_shape(frame, *labels);
        bd_seen_count(&shape, bd_frame_result(frame, *labels), (uint32_t)session->looks.network.logits_shape.dims[3],
                      &session->seen);
    }
}

void bd_session_return_matte(bd_recipe *draft, const bd_matte *matte, const bd_matte_params *params, bd_results *to) {
    to->has_coarse = params->want_coarse && matte->coarse != BD_NO_SLOT;
    to->coarse = to->has_coarse ? bd_recipe_return(draft, matte->coarse) : 0;
    to->has_found = matte->found != BD_NO_SLOT;
    to->found = to->has_found ? bd_recipe_return(draft, matte->found) : 0;
    to->has_key = matte->keyed.key != BD_NO_SLOT;
    to->key = to->has_key ? bd_recipe_return(draft, matte->keyed.key) : 0;
}

bd_result bd_session_take_matte(bd_session *session, const bd_frame *frame, const bd_results *at,
                                const bd_matte_params *params, bd_error *error) {
    bd_result result = BD_OK;
    session->key = (bd_key_color){0};
    if (at->has_key) {
        result = bd_key_take(params, bd_frame_result(frame, at->key), &session->key, error);
    }
    if (!result && at->has_found) {
        bool empty;
        result =
            bd_components_take_found(params, session->last.photo, bd_frame_result(frame, at->found), &empty, error);
        session->seen.empty = empty;
    }
    return result;
}

void bd_session_keep_last(bd_session *session, const bd_frame *frame, const bd_results *at, bd_size photo, bool wide) {
    session->last.frame = frame;
    session->last.at = *at;
    session->last.photo = photo;
    session->last.wide = wide;
}

bd_recipe *bd_session_begin_draft(bd_session *session, bool deep, bd_error *error) {
    bd_recipe *draft = &session->draft;
    session->input = NULL; /* the draft may go into its frame */
    session->last.frame = NULL;
    bd_recipe_begin(draft, session->vk, &session->tables, error);
    draft->deep = deep;
    draft->band_bytes = session->band_bytes;
    draft->apart = session->apart;
    return draft;
}

bd_result bd_session_run_draft(bd_session *session, const bd_source *sources, const bd_frame **done, bd_error *error) {
    uint32_t number = 0;
    bd_result result = bd_frames_next(&session->frames, &number, error);
    bd_frame *frame = session->frames.ring[number];
    if (!result) {
        result = bd_frame_prepare(&session->frames, frame, &session->draft, error);
    }
    if (!result) {
        bd_frame_upload(frame, sources);
        result = bd_session_run_frame(session, frame, error);
    }
    if (!result) {
        result = bd_frame_wait(&session->frames, frame, error);
    }
    *done = frame;
    return result;
}
