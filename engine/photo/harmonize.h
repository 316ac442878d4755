/* SPDX-License-Identifier: MIT
 * The subject in the new background's light: its colours drawn towards the background's, and the background's light
 * spilling over its edge. */
#ifndef BD_LIGHT_H
#define BD_LIGHT_H

#include "photo/background.h"

typedef struct bd_light_plan {
    bd_harmonize harmonize;
    bool wrap;
    bd_matte_size photo;
    uint32_t steps[2];        /* between samples, of the photo and of the background */
    bd_matte_size samples[2]; /* how many there are */
    uint32_t block;           /* pixels a side of a node of light */
    uint32_t radius;          /* of its box filters */
    bd_matte_size grid;
} bd_light_plan;

/* Whether anything is to be done. */
static inline bool bd_light_wanted(const bd_light_plan *plan) {
    return plan->harmonize != BD_HARMONIZE_OFF || plan->wrap;
}

/* Works out sizes and makes room, after the background was planned. */
bd_result bd_light_plan_init(bd_session *session, const bd_replace_params *params, bd_matte_size photo,
                             const bd_background_plan *background, bd_light_plan *plan, bd_error *error);

/* Records into session->after: front (the subject's colours, of the photo's size) and session->mask become
 * BD_MATTE_RELIT. */
bd_result bd_light_record(bd_session *session, const bd_light_plan *plan, const bd_background_plan *background,
                          const bd_vk_buffer *front, bd_error *error);

#endif
