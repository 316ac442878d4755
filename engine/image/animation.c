/* SPDX-License-Identifier: MIT
 * Pictures that are read frame by frame. */
#include <string.h>

#include "base/base.h"
#include "base/params.h"
#include "image/forms.h"
#include "image/orientation.h"

struct bd_animation {
    bd_allocator hooks;
    const bd_allocator *allocator;
    bd_content file; /* empty: the data are the caller's */
    char *name;
    bd_image_read_params params; /* of a still picture */
    bd_image_source source;
    bd_image_warnings warnings;
    bd_animation_info info;
    struct bd_metadata_found found; /* of frames; given with the first */
    int orientation;
    uint32_t shown;
    const bd_frames_reader *reader; /* NULL: a still picture */
    void *state;
};

static bd_result describe(bd_animation *animation, bd_error *error) {
    bd_image_source *source = &animation->source;
    bd_animation_info *info = &animation->info;
    bd_result result = animation->params.metadata ? bd_metadata_begin(source, &animation->found, error) : BD_OK;
    if (!result) {
        result = animation->reader->describe(source, &animation->orientation, error);
    }
    if (source->ignore_orientation) {
        animation->orientation = 1;
    }
    if (!result && bd_orientation_turns(animation->orientation)) {
        const uint32_t width = info->width;
        info->width = info->height;
        info->height = width;
    }
    return result;
}

static bd_result open_frames(bd_animation *animation, bd_error *error) {
    const bd_image_source *source = &animation->source;
    const bd_form *form = bd_form_of_source(source);
    animation->info.frame_count = 1;
    animation->info.play_count = 1;
    bd_animation_info info = {0};
    if (!form || !form->reader || !form->reader->count(source, &info)) {
        return BD_OK; /* and whatever is wrong with it is said when it is decoded */
    }
    animation->info = info;
    animation->reader = form->reader;
    bd_result result = describe(animation, error);
    return result ? result : form->reader->open(source, &animation->state, error);
}

/* file: NULL, or taken over. */
static bd_result make(const void *data, size_t bytes, const char *name, bd_image_read_params given, bd_content *file,
                      bd_animation **made, bd_error *error) {
    bd_animation *animation = bd_alloc_zero(given.allocator, sizeof *animation);
    char *copy = bd_alloc(given.allocator, strlen(name) + 1);
    if (!animation || !copy) {
        bd_free(given.allocator, animation);
        bd_free(given.allocator, copy);
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", name);
    }
    animation->allocator = bd_keep_allocator(&animation->hooks, given.allocator);
    given.allocator = animation->allocator;
    given.struct_size = sizeof given;
    animation->params = given;
    memcpy(copy, name, strlen(name) + 1);
    animation->name = copy;
    bd_image_source_init(&animation->source, data, bytes, copy, &given, &animation->warnings);
    bd_result result = open_frames(animation, error);
    if (result) {
        bd_animation_close(animation);
        return result;
    }
    if (file) {
        animation->file = *file;
        *file = (bd_content){0};
    }
    *made = animation;
    return BD_OK;
}

static bd_result read_params(const bd_image_read_params *params, bd_image_read_params *given, bd_error *error) {
    bd_result result = bd_image_params_read(params, given, error);
    return result || !given->metadata ? result : bd_info_check(given->metadata, "bd_metadata", error);
}

bd_result bd_animation_decode(const void *data, size_t bytes, const char *name, const bd_image_read_params *params,
                              bd_animation **animation, bd_error *error) {
    name = name ? name : "image";
    if ((!data && bytes) || !animation) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: bd_animation_decode needs data and an animation", name);
    }
    bd_image_read_params given;
    bd_result result = read_params(params, &given, error);
    return result ? result : make(data, bytes, name, given, NULL, animation, error);
}

bd_result bd_animation_open(const char *path, const bd_image_read_params *params, bd_animation **animation,
                            bd_error *error) {
    if (!path || !animation) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_animation_open needs a path and an animation");
    }
    bd_image_read_params given;
    bd_content file = {0};
    bd_result result = read_params(params, &given, error);
    if (!result) {
        result = bd_image_content_read(path, &given, &file, error);
    }
    if (!result) {
        result = make(file.data, file.bytes, path, given, &file, animation, error);
    }
    bd_release_content(given.allocator, &file);
    return result;
}

bd_result bd_animation_info_get(const bd_animation *animation, bd_animation_info *info) {
    return animation && info ? bd_info_fill(info, &animation->info, sizeof *info) : BD_ERR_INVALID_ARGUMENT;
}

static bd_result next_frame(bd_animation *animation, bd_image *frame, bd_delay *delay, bd_error *error) {
    bd_image shown;
    bd_result result = animation->reader->next(animation->state, &shown, delay, error);
    if (result) {
        return result;
    }
    result = bd_image_orient(&animation->source, animation->orientation, &shown, error);
    if (result) {
        bd_image_finish(&shown);
        return result;
    }
    if (animation->source.metadata) {
        bd_metadata_give(&animation->source, animation->params.metadata);
        animation->source.metadata = NULL;
        animation->found.kept = (bd_metadata){0};
    }
    *frame = shown;
    return BD_OK;
}

bd_result bd_animation_next(bd_animation *animation, bd_image *frame, bd_delay *delay, bd_error *error) {
    if (!animation || !frame) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_animation_next needs an animation and a frame");
    }
    const bd_image_source *source = &animation->source;
    if (animation->shown == animation->info.frame_count) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: there are no more frames", source->name);
    }
    bd_delay shown = {0, 1};
    bd_result result = animation->reader ? next_frame(animation, frame, &shown, error)
                                         : bd_image_decode(source->data, source->bytes, source->name,
                                                           &animation->params, frame, error);
    if (result) {
        return result;
    }
    animation->shown++;
    bd_image_warnings_say(&animation->warnings, &animation->params);
    if (delay) {
        *delay = shown;
    }
    return BD_OK;
}

void bd_animation_close(bd_animation *animation) {
    if (!animation) {
        return;
    }
    if (animation->state) {
        animation->reader->close(animation->state);
    }
    const bd_allocator hooks = animation->hooks;
    const bd_allocator *allocator = animation->allocator ? &hooks : NULL;
    bd_metadata_finish(&animation->found.kept);
    bd_release_content(allocator, &animation->file);
    bd_free(allocator, animation->name);
    bd_free(allocator, animation);
}
