/* SPDX-License-Identifier: MIT
 * The session's handle from inside: networks, photos in flight, and what they share. */
#ifndef BD_SESSION_H
#define BD_SESSION_H

#include <stdatomic.h>

#include "api/engine.h"
#include "api/model.h"
#include "network/looks.h"
#include "photo/background.h"
#include "photo/frame.h"
#include "photo/matting.h"

enum { BD_SESSION_USUAL_IN_FLIGHT = 2 };

/* Numbers of a photo's results, for bd_frame_result: the picture or matte, the network's labels, whether there is
 * foreground at the point that is kept, the key, the matte beside a picture, and what the network's rule made. */
typedef struct bd_results {
    uint32_t image, seen, found, key, alpha, coarse;
    bool has_seen, has_found, has_key, has_alpha, has_coarse;
} bd_results;

/* What a background that the session keeps was fitted for. */
typedef struct bd_fitted_for {
    bd_size photo;
    uint32_t fit, placed, classic, deep;
    float place[2], blur_sigma_px;
    uint64_t profile; /* of the photo: its bytes' sum */
} bd_fitted_for;

/* What it became. */
typedef struct bd_fitted {
    bd_fitted_for made_for;
    bd_backdrop backdrop; /* but the slot */
    bd_size size;
    bd_slot_kind kind;
} bd_fitted;

/* What bd_session_replace_end needs of a photo in flight. */
typedef struct bd_flight {
    bd_size photo;
    bool swapped;   /* the photo has blue first, and so has the result */
    bool of_images; /* no host call ends it: bd_session_retire_images does */
    bd_results results;
    bd_matte_params matte; /* for the point that is kept, and the key; what it borrows is gone */
    unsigned cancels;      /* the session's when it was begun */
    void *profile;         /* the result's, a copy */
    size_t profile_bytes;
} bd_flight;

struct bd_session {
    const bd_allocator *allocator; /* NULL or &hooks */
    bd_allocator hooks;
    bd_progress_fn progress;
    void *progress_user;
    const char *stage;   /* of the call, for progress */
    atomic_uint cancels; /* how often bd_session_cancel was called; a call is over when it changes */
    bd_engine *engine;
    bd_vk *vk;
    uint64_t budget;    /* of device memory; 0: none */
    bd_looks looks;     /* count 0: there is no network */
    uint32_t person;    /* the class that is foreground by default */
    int32_t background; /* the class that is none of the others; -1: there is none */
    bd_frames frames;
    bd_flight flights[BD_MOST_FRAMES]; /* by the numbers of frames */
    bd_tables tables;
    bd_recipe draft; /* of the photo that is begun */
    bd_seen seen;    /* in the photo whose result was returned last */
    bd_key_color key;
    bd_image kept_background; /* of bd_session_set_background; without pixels: none */
    bd_fitted fitted;         /* in frames.kept */
    bool is_fitted;
    struct {
        const bd_frame *frame; /* NULL: there is none, or another photo was begun since */
        bd_results at;
        bd_size photo;
        bool wide;
    } last;          /* the photo whose result was returned last */
    bd_error late;   /* the first failure of a photo that was given as images and is done; code BD_OK: none */
    bd_frame *input; /* holds a benchmark's input; NULL: none does */
    /* For tests. */
    VkDeviceSize band_bytes;    /* of a binding at most; 0: what the device can bind */
    uint32_t closed_form_steps; /* 0: as many as are usual */
    bool apart;                 /* no slot shares memory */
};

/* The networks are planned by params; params NULL, or model NULL: defaults, and no network. */
bd_result bd_session_make(bd_engine *engine, const bd_model *model, const bd_network_params *params,
                          const bd_allocator *allocator, bd_session **session, bd_error *error);
/* Whether this device can run this network in half precision. */
bool bd_session_can_half(const bd_engine *engine, const bd_model *model);

/* Begins a stage, for the progress hook; fails where that says stop. */
bd_result bd_session_begin_stage(bd_session *session, const char *stage, bd_error *error);
/* Waits for photos that were given as images as long as the oldest in flight is one; failures go to session->late. */
void bd_session_retire_images(bd_session *session);
/* The same, and waits for those behind photos that the host has begun and has yet to end. */
bd_result bd_session_await_images(bd_session *session, bd_error *error);
/* The number of the frame for a photo that is begun now. Waits for the oldest where that was given as images and there
 * is no other frame. */
bd_result bd_session_next_frame(bd_session *session, uint32_t *number, bd_error *error);
/* Retires images; fails while other photos are in flight. */
bd_result bd_session_check_idle(bd_session *session, bd_error *error);
/* Fails for a session that was made without a model. */
/* Fails without a network, and where it does not know one of the classes; classes NULL: none are asked for. */
bd_result bd_session_need_network(const bd_session *session, const bd_class_set *classes, bd_error *error);
bool bd_class_set_is_empty(const bd_class_set *classes);
/* Where no class is chosen, the default. */
void bd_session_choose_classes(const bd_session *session, bd_class_set *classes);
/* Whether a matte takes a second look; makes what that and larger looks need. */
bd_result bd_session_open_look(bd_session *session, const bd_matte_params *params, bool *second, bd_error *error);
/* Counts what the network saw in a photo that is done: labels, the number of the result; NULL: it was not asked. */
void bd_session_take_seen(bd_session *session, const bd_frame *frame, const uint32_t *labels);
/* Notes which results tell of a matte, in the draft. */
void bd_session_return_matte(bd_recipe *draft, const bd_matte *matte, const bd_matte_params *params, bd_results *to);
/* What bd_session_take_alpha and bd_session_take_coarse give is that photo's from now on. */
void bd_session_keep_last(bd_session *session, const bd_frame *frame, const bd_results *at, bd_size photo, bool wide);
/* Of the photo that was kept last. Fails where its results say that there is no foreground at the point, or no key. */
bd_result bd_session_take_matte(bd_session *session, const bd_frame *frame, const bd_results *at,
                                const bd_matte_params *params, bd_error *error);
/* Empties the draft for a photo, and gives it. deep: pictures have 16 bits. */
bd_recipe *bd_session_begin_draft(bd_session *session, bool deep, bd_error *error);
/* Submits a frame, part by part where the device is slow, so that the call can be followed and stopped. */
bd_result bd_session_run_frame(bd_session *session, bd_frame *frame, bd_error *error);
/* Runs the draft, unless it failed, in a frame that is not in flight, and waits. */
bd_result bd_session_run_draft(bd_session *session, const bd_source *sources, const bd_frame **done, bd_error *error);

#endif
