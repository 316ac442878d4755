/* SPDX-License-Identifier: MIT
 * Pictures to memory, and from there to a file. */
#include <stdio.h>

#include "image/color.h"
#include "image/encoder.h"
#include "image/forms.h"
#include "image/metadata.h"
#include "image/pixels.h"
#include "image/rows.h"

static bd_result check_image(const bd_encoder *to, const bd_form *form) {
    enum { PROFILE_LEAST = 128, PROFILE_MOST = 255 * 65519 }; /* what APP2 segments can hold */
    const bd_image *image = to->image;
    char what[300];
    (void)snprintf(what, sizeof what, "image for %s", to->name);
    bd_result result = bd_image_check(image, what, to->error);
    if (result) {
        return result;
    }
    if (!form->deep && bd_encoder_is_deep(to)) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: %s holds no 16 bits", to->name, form->name);
    }
    if (image->profile && (image->profile_bytes < PROFILE_LEAST || image->profile_bytes > PROFILE_MOST)) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: a colour profile of %zu bytes", to->name,
                       image->profile_bytes);
    }
    return image->profile && bd_format_is_rgba(image->format) ? bd_image_check_profile(image, to->name, to->error)
                                                              : BD_OK;
}

static bd_result check_palette(const bd_encoder *to) {
    const bd_image *image = to->image;
    uint32_t count = to->params.palette_count;
    if (!to->params.palette) {
        return BD_OK;
    }
    if (image->format != BD_FORMAT_GRAY8 || to->params.file != BD_IMAGE_FILE_PNG || !count || count > 256) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: a palette needs a grey image, PNG and 1 to 256 colours",
                       to->name);
    }
    uint8_t most = 0;
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *row = bd_encoder_row(to, y);
        for (uint32_t x = 0; x < image->width; x++) {
            most = BD_MAX(most, row[x]);
        }
    }
    if (most >= count) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: value %d has no colour in a palette of %u", to->name,
                       most, (unsigned)count);
    }
    return BD_OK;
}

static bd_result check_form(const bd_encoder *to, const bd_form *form) {
    if (!form) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: %d is no kind of file", to->name, (int)to->params.file);
    }
    return form->encode ? BD_OK
                        : bd_fail(to->error, BD_ERR_UNSUPPORTED, "%s: %s cannot be written: this build has no %s",
                                  to->name, form->name, form->library);
}

static bd_result check_loss(const bd_encoder *to, const bd_form *form) {
    if (to->params.quality < 0 || to->params.quality > 100) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: quality %d is not within 1 to 100", to->name,
                       to->params.quality);
    }
    if (to->params.lossless && !form->lossless) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: %s always loses", to->name, form->name);
    }
    return BD_OK;
}

static bd_result encode(bd_encoder *to) {
    if (to->params.file == BD_IMAGE_FILE_AUTO) {
        to->params.file = BD_IMAGE_FILE_PNG;
    }
    const bd_form *form = bd_form_of_file(to->params.file);
    bd_result result = check_form(to, form);
    if (!result) {
        result = check_image(to, form);
    }
    if (!result) {
        result = bd_form_check_size(form, to->name, to->image->width, to->image->height, to->error);
    }
    if (!result) {
        result = check_palette(to);
    }
    if (!result) {
        result = bd_allocator_check(to->params.allocator, to->error);
    }
    if (!result) {
        result = check_loss(to, form);
    }
    if (result) {
        return result;
    }
    to->result = bd_encoder_take_metadata(to, form->metadata);
    if (!to->result) {
        form->encode(to);
    }
    if (to->result) {
        bd_free(to->params.allocator, to->data);
    } else {
        bd_encoder_say_dropped(to, form->name);
    }
    bd_metadata_finish(&to->metadata);
    return to->result;
}

bd_result bd_image_encode(const bd_image *image, const bd_image_write_params *params, void **data, size_t *bytes,
                          bd_error *error) {
    if (!data || !bytes) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_image_encode needs data and bytes");
    }
    bd_encoder to = {.image = image, .name = "image", .error = error};
    bd_result result = BD_PARAMS_READ(&to.params, params, bd_image_write_params, error);
    if (!result) {
        result = encode(&to);
    }
    if (!result) {
        *data = to.data;
        *bytes = to.used;
    }
    return result;
}

bd_result bd_image_write(const char *path, const bd_image *image, const bd_image_write_params *params,
                         bd_error *error) {
    if (!path) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_image_write needs a path");
    }
    bd_encoder to = {.image = image, .name = path, .error = error};
    bd_result result = BD_PARAMS_READ(&to.params, params, bd_image_write_params, error);
    if (result) {
        return result;
    }
    if (to.params.file == BD_IMAGE_FILE_AUTO) {
        const bd_form *form = bd_form_of_path(path);
        if (!form) {
            return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                           "%s: the name ends in none of those of pictures, such as .png", path);
        }
        to.params.file = form->file;
    }
    result = encode(&to);
    if (!result) {
        result = bd_write_file(path, to.data, to.used, error);
        bd_free(to.params.allocator, to.data);
    }
    return result;
}
