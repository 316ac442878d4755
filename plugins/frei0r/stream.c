/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <stdio.h>
#include <string.h>

enum { NETWORK = 1, PICTURE = 2, PARAMS = 4, ALL = 7 };

void stream_init(stream *s, uint32_t width, uint32_t height) {
    *s = (stream){.width = width, .height = height, .stale = ALL};
}

static void close_network(stream *s) {
    bd_session_destroy(s->session);
    shared_engine_release(s->engine);
    shared_model_release(s->model);
    s->session = NULL;
    s->engine = NULL;
    s->model = NULL;
}

void stream_finish(stream *s) {
    close_network(s);
}

void stream_change(stream *s, int setting) {
    switch (setting) {
    case SETTING_MODEL:
    case SETTING_DEVICE: s->stale = ALL; break;
    case SETTING_BACKGROUND: s->stale |= PICTURE | PARAMS; break;
    default: s->stale |= PARAMS; break;
    }
}

/* ---- reading the settings ------------------------------------------------------------------------------------------- */

static bd_result open_network(stream *s, const settings *from, bd_error *error) {
    close_network(s);
    s->model = shared_model_take(from->texts[SETTING_MODEL], error);
    s->closer = settings_is_best(from);
    s->engine = s->model ? shared_engine_take(from->texts[SETTING_DEVICE], error) : NULL;
    if (!s->engine) {
        return error->code;
    }
    /* Not for many photos: hosts would stand still for the seconds that this times kernels at first. */
    const bd_session_params params = {.struct_size = sizeof params, .closer = s->closer};
    return bd_session_create(shared_engine_get(s->engine), shared_model_get(s->model), &params, &s->session, error);
}

static bd_result keep_picture(stream *s, const settings *from, bd_error *error) {
    bd_image picture = {0};
    bool wanted = settings_has_picture(from);
    bd_result failed = wanted ? bd_image_read(from->texts[SETTING_BACKGROUND], NULL, &picture, error) : BD_OK;
    if (!failed) {
        failed = bd_session_set_background(s->session, wanted ? &picture : NULL, error);
    }
    bd_image_finish(&picture);
    return failed;
}

static bd_result read_part(stream *s, const settings *from, unsigned part, bd_error *error) {
    switch (part) {
    case NETWORK: return open_network(s, from, error);
    case PICTURE: return keep_picture(s, from, error);
    default: return settings_read(from, shared_model_get(s->model), s->height, &s->params, &s->matte, error);
    }
}

/* What is wrong is not tried again before the setting changes. */
static bd_result refresh(stream *s, const settings *from, bd_error *error) {
    if (s->session && s->closer != settings_is_best(from)) {
        s->stale = ALL;
    }
    for (unsigned part = NETWORK; part <= PARAMS && !(s->wrong & ~s->stale); part <<= 1) {
        if (s->stale & part) {
            s->stale &= ~part;
            s->wrong &= ~part;
            if (read_part(s, from, part, error)) {
                s->wrong |= part;
                return error->code;
            }
        }
    }
    return BD_OK;
}

/* ---- frames --------------------------------------------------------------------------------------------------------- */

static void say(stream *s, const bd_error *error) {
    if (strcmp(s->said, error->message) != 0) {
        (void)snprintf(s->said, sizeof s->said, "%s", error->message);
        (void)fprintf(stderr, "backdrop: %s; frames pass unchanged\n", s->said);
    }
}

static bd_image around(const stream *s, uint8_t *pixels) {
    return (bd_image){.width = s->width,
                      .height = s->height,
                      .format = BD_FORMAT_RGBA8,
                      .has_alpha = true,
                      .stride_bytes = (ptrdiff_t)s->width * 4,
                      .pixels = pixels};
}

static bd_result replace(stream *s, const bd_image *photo, bd_image *composite, bd_error *error) {
    bd_result failed = bd_session_replace(s->session, photo, NULL, &s->params, composite, error);
    if (failed == BD_ERR_DEVICE_LOST) {
        shared_engine_lost(s->engine);
        s->wrong |= NETWORK;
    }
    return failed;
}

bool stream_replace(stream *s, const settings *from, const uint8_t *frame, uint8_t *result) {
    bd_error error;
    if (s->stale && refresh(s, from, &error)) {
        say(s, &error);
        return false;
    }
    if (s->wrong || (s->params.background == BD_BACKGROUND_BLUR && s->params.blur_sigma_px <= 0.0f)) {
        return false;
    }
    /* The library only reads the photo. */
    uint8_t *pixels;
    memcpy(&pixels, &frame, sizeof pixels);
    const bd_image photo = around(s, pixels);
    bd_image composite = around(s, result);
    if (replace(s, &photo, &composite, &error)) {
        say(s, &error);
        return false;
    }
    s->said[0] = '\0';
    return true;
}
