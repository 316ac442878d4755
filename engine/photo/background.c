/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "photo/background.h"
#include "photo/resample.h"

static bool stays_as_it_is(const bd_backdrop_picture *p) {
    return p->fit.width == p->size.w && p->fit.height == p->size.h && p->fit.box[0] == 0.0f && p->fit.box[1] == 0.0f &&
           p->fit.box[2] == (float)p->size.w && p->fit.box[3] == (float)p->size.h;
}

bool bd_background_premultiplies(const bd_backdrop_picture *p) {
    return p->alpha && (!stays_as_it_is(p) || p->blur_sigma_px > 0.0f);
}

/* A Gaussian is smooth: it is sampled every sigma / 2 pixels and interpolated between, at a cost that does not grow
 * with sigma. Past the edges there is nothing: what lies inside weighs more. */
static bd_slot add_gaussian(bd_recipe *recipe, bd_slot picture, float sigma) {
    const bd_size size = bd_recipe_size(recipe, picture);
    float step = BD_MAX(1.0f, sigma * 0.5f);
    const bd_size nodes = {(uint32_t)ceilf((float)size.w / step), (uint32_t)ceilf((float)size.h / step)};
    const bd_resampling blur = {.label = "blur",
                                .filter = BD_RESAMPLE_GAUSSIAN,
                                .sigma = sigma,
                                .box = {0, 0, (float)size.w, (float)size.h},
                                .size = nodes};
    const bd_resampling enlarge = {.label = "enlarge blur",
                                   .filter = BD_RESAMPLE_TRIANGLE,
                                   .box = {0, 0, (float)nodes.w, (float)nodes.h},
                                   .size = size};
    return bd_resample_add(recipe, bd_resample_add(recipe, picture, &blur), &enlarge);
}

/* Tiles that are to be blurred are laid out first, so that the blur knows no seams. */
static void lay_out(bd_size photo, bd_fit_plan *fit) {
    const int32_t offsets[2] = {fit->offset_x, fit->offset_y};
    const uint32_t sizes[2] = {fit->width, fit->height};
    for (int axis = 0; axis < 2; axis++) {
        int64_t first = offsets[axis] % (int64_t)sizes[axis];
        fit->box[axis] = (float)(first < 0 ? first + sizes[axis] : first);
    }
    fit->width = photo.w;
    fit->height = photo.h;
    fit->offset_x = 0;
    fit->offset_y = 0;
    fit->wrap = false;
}

void bd_background_add(bd_recipe *recipe, const bd_backdrop_picture *picture, bd_size photo, bd_backdrop *backdrop) {
    bd_backdrop_picture p = *picture;
    bd_slot upload =
        p.given ? p.given
                : bd_recipe_upload(recipe, "background",
                                   bd_background_premultiplies(&p) ? BD_UPLOAD_PREMULTIPLIED : BD_UPLOAD_PICTURE,
                                   bd_recipe_picture(recipe), p.size);
    bool blurred = p.blur_sigma_px > 0.0f;
    bd_resampling fitted = {.label = "fit background", .filter = BD_RESAMPLE_LANCZOS};
    if (p.fit.wrap && blurred) {
        lay_out(photo, &p.fit);
        fitted.filter = BD_RESAMPLE_REPEAT;
    }
    backdrop->offset_x = p.fit.offset_x;
    backdrop->offset_y = p.fit.offset_y;
    backdrop->tile = p.fit.wrap;
    backdrop->premultiplied = bd_background_premultiplies(&p);
    backdrop->picture = upload;
    if (!stays_as_it_is(&p)) {
        for (int i = 0; i < 4; i++) {
            fitted.box[i] = p.fit.box[i];
        }
        fitted.size = (bd_size){p.fit.width, p.fit.height};
        backdrop->picture = bd_resample_add(recipe, upload, &fitted);
    }
    if (blurred) {
        backdrop->picture = add_gaussian(recipe, backdrop->picture, p.blur_sigma_px);
    }
}

typedef struct keep_plan {
    bd_slot from, to;
} keep_plan;
BD_PLAN_OF_WORDS(keep_plan, 2);

static void record_keep(bd_recorder *to, const void *plan) {
    const keep_plan *p = plan;
    bd_recorder_copy(to, &to->slots[p->from], &to->slots[p->to]);
}

void bd_background_keep(bd_recipe *recipe, bd_backdrop *backdrop, const bd_vk_buffer *to) {
    const bd_size size = bd_recipe_size(recipe, backdrop->picture);
    const bd_slot_kind kind = bd_recipe_kind(recipe, backdrop->picture);
    const keep_plan plan = {backdrop->picture, bd_recipe_kept(recipe, "kept background", kind, size, to, false)};
    bd_recipe_pass(recipe, record_keep, &plan, sizeof plan);
    bd_recipe_reads(recipe, plan.from);
    bd_recipe_writes(recipe, plan.to);
    backdrop->picture = plan.to;
}
