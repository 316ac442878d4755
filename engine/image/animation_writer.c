/* SPDX-License-Identifier: MIT
 * Pictures that are written frame by frame. */
#include "base/base.h"
#include "base/params.h"
#include "image/forms.h"
#include "image/pixels.h"
#include "image/rows.h"

struct bd_animation_writer {
    bd_allocator hooks;
    const bd_allocator *allocator;
    const bd_form *form;
    void *state; /* NULL before the first frame */
    bd_encoder to;
    uint32_t play_count;
    bd_image frame; /* the last one, without gaps, with the profile of the first */
    bool finished;
};

bd_result bd_animation_writer_create(const bd_image_write_params *params, uint32_t play_count,
                                     bd_animation_writer **writer, bd_error *error) {
    bd_image_write_params given;
    bd_result result = BD_PARAMS_READ(&given, params, bd_image_write_params, error);
    if (!result) {
        result = bd_allocator_check(given.allocator, error);
    }
    if (result) {
        return result;
    }
    given.file = given.file ? given.file : BD_IMAGE_FILE_PNG;
    const bd_form *form = bd_form_of_file(given.file);
    if (!form || given.palette) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "an animation: %d is no kind of file for it, or has a palette",
                       (int)given.file);
    }
    if (!form->writer) {
        return form->frames ? bd_fail(error, BD_ERR_UNSUPPORTED, "%s cannot be written: this build has no %s",
                                      form->name, form->library)
                            : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s holds one frame only", form->name);
    }
    bd_animation_writer *made = bd_alloc_zero(given.allocator, sizeof *made);
    if (!made) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    made->allocator = bd_keep_allocator(&made->hooks, given.allocator);
    given.allocator = made->allocator;
    made->form = form;
    made->play_count = play_count;
    made->to = (bd_encoder){.image = &made->frame, .params = given, .name = "animation"};
    *writer = made;
    return BD_OK;
}

static bd_result check_frame(const bd_animation_writer *writer, const bd_image *frame, bd_delay delay,
                             bd_error *error) {
    bd_result result = bd_image_check(frame, "frame", error);
    if (result) {
        return result;
    }
    if (!bd_format_is_rgba(frame->format) || frame->format == BD_FORMAT_RGBA16 || !delay.denominator) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a frame has colours of 8 bits, and a delay that is a number");
    }
    const bd_image *first = &writer->frame;
    return !writer->state || (frame->width == first->width && frame->height == first->height)
               ? BD_OK
               : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a frame of %ux%u in an animation of %ux%u", frame->width,
                         frame->height, first->width, first->height);
}

static bd_result begin(bd_animation_writer *writer, const bd_image *first, bd_error *error) {
    bd_result result = bd_form_check_size(writer->form, writer->to.name, first->width, first->height, error);
    if (!result) {
        result = bd_image_create(writer->allocator, "animation", first->width, first->height, BD_FORMAT_RGBA8,
                                 &writer->frame, error);
    }
    if (!result) {
        result = bd_image_set_profile(&writer->frame, first->profile, first->profile_bytes, error);
    }
    if (!result) {
        result = bd_encoder_take_metadata(&writer->to, writer->form->metadata);
    }
    return result ? result : writer->form->writer->begin(&writer->to, writer->play_count, &writer->state);
}

bd_result bd_animation_writer_add(bd_animation_writer *writer, const bd_image *frame, bd_delay delay, bd_error *error) {
    if (!writer || writer->finished) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_animation_writer_add needs a writer that is not finished");
    }
    bd_result result = check_frame(writer, frame, delay, error);
    if (result) {
        return result;
    }
    writer->to.error = error;
    if (!writer->state) {
        result = begin(writer, frame, error);
    }
    if (!result) {
        bd_frames_load(frame, &writer->frame);
        result = writer->form->writer->add(writer->state, &writer->frame, delay);
    }
    writer->finished = result != BD_OK;
    return result;
}

bd_result bd_animation_writer_finish(bd_animation_writer *writer, void **data, size_t *bytes, bd_error *error) {
    if (!writer || !writer->state || writer->finished || !data || !bytes) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_animation_writer_finish needs a writer with a frame");
    }
    writer->to.error = error;
    writer->finished = true;
    bd_result result = writer->form->writer->end(writer->state);
    if (!result) {
        *data = writer->to.data;
        *bytes = writer->to.used;
        writer->to.data = NULL;
        bd_encoder_say_dropped(&writer->to, writer->form->name);
    }
    return result;
}

void bd_animation_writer_destroy(bd_animation_writer *writer) {
    if (!writer) {
        return;
    }
    if (writer->state) {
        writer->form->writer->close(writer->state);
    }
    bd_metadata_finish(&writer->to.metadata);
    bd_image_finish(&writer->frame);
    bd_free(writer->allocator, writer->to.data);
    const bd_allocator hooks = writer->hooks;
    bd_free(writer->allocator ? &hooks : NULL, writer);
}
