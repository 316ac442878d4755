/* SPDX-License-Identifier: MIT
 * What replaces a background, for pictures of any origin. */
#ifndef BD_REPLACE_H
#define BD_REPLACE_H

#include "api/session.h"

/* What a caller asks for, checked. */
typedef struct bd_replace_request {
    const bd_image *photo, *background; /* background NULL: no picture. With images they tell size and depth only */
    bd_exchange *images;                /* NULL: the pictures are in the host's memory */
    bool of_session;                    /* the background is the session's */
    bool fits;                          /* and is fitted anew: what it becomes is fitted */
    bd_fitted fitted;
    bd_replace_params params;
    bd_matte_params matte;
    bool alone; /* the call waits for it */
    bool deep, second_look;
    uint32_t fill, fill_low; /* the colour, in the photo's numbers */
    bd_color *color;         /* from the background to the photo; owned */
} bd_replace_request;

/* The background of a call: the session's where the parameters want a picture and none is given. Sets ask->of_session. */
const bd_image *bd_replace_background(const bd_session *session, const bd_image *background, bd_replace_request *ask);
/* Records what is new about a photo, and submits it in the frame of that number. photo, background, images and params
 * are set; the rest follows from them. */
bd_result bd_replace_start(bd_session *session, bd_replace_request *ask, uint32_t number, bd_error *error);

#endif
