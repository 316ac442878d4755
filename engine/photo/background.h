/* SPDX-License-Identifier: MIT
 * The new background: how it comes to lie under the picture that is composited. */
#ifndef BD_BACKGROUND_H
#define BD_BACKGROUND_H

#include "api/session.h"

typedef struct bd_background_plan {
    const bd_vk_buffer *buffer; /* NULL: a colour, or transparency */
    uint32_t width, height;
    int32_t offset_x, offset_y;
    bool tile;
    bool premultiplied;
    bool own;                     /* the photo's, inside its alpha */
    uint8_t fill[4], fill_low[4]; /* around it, or instead of it; the latter: what 16 bits have below the former */
} bd_background_plan;

/* Makes room and plans the resamplings; w x h is the photo as the network sees it, for the classic way. */
bd_result bd_background_plan_init(bd_session *session, const bd_image *photo, const bd_image *background, uint32_t w,
                                  uint32_t h, const bd_replace_params *params, bd_background_plan *plan,
                                  bd_error *error);

/* blur.c: the photo's own background, where the subject weighs nothing, blurred; past the edges there is nothing. */
bd_result bd_blur_reserve(bd_session *session, bd_matte_size photo, float sigma, bd_error *error);
/* Records: session->photo and session->mask become BD_MATTE_OWN. Overwrites what the matte's filters left. */
bd_result bd_blur_record(bd_session *session, bd_matte_size photo, float sigma, bd_error *error);

#endif
