/* SPDX-License-Identifier: MIT
 * The matte of a photo by itself. */
#include <string.h>

#include "api/check.h"
#include "api/session.h"
#include "photo/labels.h"
#include "photo/look.h"
#include "photo/matting.h"
#include "photo/pack.h"

static bd_results draft_matte(bd_session *session, const bd_image *photo, const bd_matte_params *params,
                              bool second_look, bd_error *error) {
    bd_results to = {0};
    bd_recipe *r = bd_session_begin_draft(session, false, error);
    const bd_size size = {photo->width, photo->height};
    bd_matte_input input = {.params = params,
                            .looks = &session->looks,
                            .person = session->person,
                            .background = session->background,
                            .second_look = second_look,
                            .closed_form_steps = session->closed_form_steps};
    input.photo = bd_recipe_upload(r, "photo", BD_UPLOAD_PICTURE, BD_SLOT_PICTURE, size);
    bd_matte_upload(r, params, &input);
    if (bd_matte_needs_network(params)) {
        to.has_seen = true;
        to.seen = bd_recipe_return(r, bd_matte_look_add(r, &input));
    }
    const bd_matte matte = bd_matte_add(r, &input);
    to.has_alpha = true;
    to.alpha = bd_recipe_return(r, bd_pack_add(r, matte.plane, params->wide));
    bd_session_return_matte(r, &matte, params, &to);
    return to;
}

bd_result bd_session_matte(bd_session *session, const bd_image *photo, const bd_matte_params *params, bd_image *alpha,
                           bd_error *error) {
    bd_matte_params copy;
    bd_result code = BD_PARAMS_READ(&copy, params, bd_matte_params, error);
    bd_session_choose_classes(session, &copy.classes);
    if (!code) {
        code = bd_session_check_idle(session, error);
    }
    if (!code) {
        code = bd_check_picture(photo, "photo", error);
    }
    if (!code && bd_matte_needs_network(&copy)) {
        code = bd_session_need_network(session, &copy.classes, error);
    }
    if (!code) {
        code = bd_session_begin_stage(session, "matte", error);
    }
    if (!code) {
        code = bd_matte_check(&copy, (bd_size){photo->width, photo->height}, session->looks.count > 0, error);
    }
    bool second_look = false;
    if (!code) {
        code = bd_session_open_look(session, &copy, &second_look, error);
    }
    if (code) {
        return code;
    }
    const bd_results at = draft_matte(session, photo, &copy, second_look, error);
    bd_source sources[1 + BD_MATTE_MOST_SOURCES] = {{.image = photo}};
    (void)bd_matte_sources(&copy, sources + 1);
    const bd_frame *frame = NULL;
    code = bd_session_run_draft(session, sources, &frame, error);
    if (!code) {
        bd_session_keep_last(session, frame, &at, (bd_size){photo->width, photo->height}, copy.wide);
        bd_session_take_seen(session, frame, at.has_seen ? &at.seen : NULL);

        code = bd_session_take_matte(session, frame, &at, &copy, error);
    }
    return code ? code : bd_session_take_alpha(session, alpha, error);
}
