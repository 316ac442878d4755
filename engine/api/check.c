/* SPDX-License-Identifier: MIT */
#include "api/check.h"
#include "image/image.h"

bd_result bd_check_picture(const bd_image *image, const char *what, bd_error *error) {
    bd_result result = bd_image_check(image, what, error);
    if (!result && !bd_format_is_rgba(image->format)) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s is grey, and has to have colours", what);
    }
    return result;
}

static bool is_share(float value) {
    return value >= 0.0f && value <= 1.0f;
}

static bd_result check_light(const bd_replace_params *params, bool picture, bd_error *error) {
    bool wrap = params->light_wrap_px != 0.0f && !params->classic;
    bool harmonize = params->harmonize != BD_HARMONIZE_OFF && !params->classic;
    if ((unsigned)params->harmonize > BD_HARMONIZE_FULL || (harmonize && !picture)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                       "colours are harmonized with a background picture, mean or full");
    }
    if (wrap && (!(params->light_wrap_px > 0 && params->light_wrap_px <= 1000) ||
                 !(picture || params->background == BD_BACKGROUND_COLOR))) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                       "light wraps around by 0..1000 pixels, from a background picture or colour");
    }
    return BD_OK;
}

bd_result bd_check_replace(const bd_image *photo, const bd_image *background, const bd_replace_params *params,
                           bd_error *error) {
    bd_result result = bd_check_replace_params(params, error);
    if (!result) {
        result = bd_check_picture(photo, "photo", error);
    }
    if (!result && params->background == BD_BACKGROUND_PICTURE && !background) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no background was given, and none is kept");
    }
    if (!result && params->background == BD_BACKGROUND_PICTURE) {
        result = bd_check_picture(background, "background", error);
    }
    return result;
}

static bd_result check_choices(const bd_replace_params *params, bd_error *error) {
    if ((unsigned)params->background > BD_BACKGROUND_BLUR) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%d is no kind of background", (int)params->background);
    }
    if ((unsigned)params->fit > BD_FIT_TILE) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%d is no way to fit a background", (int)params->fit);
    }
    if ((unsigned)params->blend > BD_BLEND_SRGB) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%d is no way to blend", (int)params->blend);
    }
    if ((unsigned)params->foreground > BD_FOREGROUND_OFF) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no such way to find the subject's colours: %d",
                       (int)params->foreground);
    }
    return BD_OK;
}

bd_result bd_check_replace_params(const bd_replace_params *params, bd_error *error) {
    bd_result result = check_choices(params, error);
    if (result) {
        return result;
    }
    bool of_photo = params->background == BD_BACKGROUND_BLUR;
    bool picture = params->background == BD_BACKGROUND_PICTURE && !params->classic;
    if ((of_photo || (picture && params->blur_sigma_px != 0.0f)) &&
        !(params->blur_sigma_px > 0 && params->blur_sigma_px <= 10000)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the blur's sigma must lie in 0..10000 pixels");
    }
    if (params->classic && of_photo) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the classic way knows no blur");
    }
    if (picture && params->placed && !(is_share(params->place[0]) && is_share(params->place[1]))) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a background's place must lie in 0..1");
    }
    return check_light(params, picture, error);
}
