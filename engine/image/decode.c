/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/params.h"
#include "image/forms.h"
#include "image/image_source.h"
#include "image/metadata.h"
#include "image/pixels.h"

/* "JPEG, PNG, PNM": what this build reads. */
static void name_forms(char *text, size_t room) {
    uint32_t count;
    const bd_form *forms = bd_forms(&count);
    *text = '\0';
    for (uint32_t i = 0; i < count; i++) {
        size_t used = strlen(text);
        if (forms[i].decode) {
            (void)snprintf(text + used, room - used, "%s%s", used ? ", " : "", forms[i].name);
        }
    }
}

static bd_result decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    const bd_form *form = bd_form_of_source(source);
    if (!form) {
        char known[200];
        name_forms(known, sizeof known);
        return bd_fail(error, BD_ERR_FILE_FORMAT, "%s: not an image that can be read (%s)", source->name, known);
    }
    if (!form->decode) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: %s cannot be read: this build has no %s", source->name,
                       form->name, form->library);
    }
    bd_result result = form->decode(source, image, error);
    bd_animation_info info = {0};
    if (!result && form->reader && form->reader->count(source, &info)) {
        bd_image_warn(source, "%s: an animation, of which only the first of %u frames is taken", source->name,
                      info.frame_count);
    }
    return result;
}

static bd_result decode_picture(const bd_image_source *source, bd_image *image, bd_error *error) {
    bd_result result = decode(source, image, error);
    return result || !source->gray16 || image->format == BD_FORMAT_GRAY16 ? result
                                                                          : bd_image_to_gray16(source, image, error);
}

static bd_result decode_with_metadata(bd_image_source *source, bd_image *image, bd_metadata *metadata,
                                      bd_error *error) {
    struct bd_metadata_found found;
    bd_result result = bd_metadata_begin(source, &found, error);
    if (!result) {
        result = decode_picture(source, image, error);
    }
    if (result) {
        bd_metadata_finish(&found.kept);
    } else {
        bd_metadata_give(source, metadata);
    }
    return result;
}

bd_result bd_image_decode(const void *data, size_t bytes, const char *name, const bd_image_read_params *params,
                          bd_image *image, bd_error *error) {
    name = name ? name : "image";
    if ((!data && bytes) || !image) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: bd_image_decode needs data and an image", name);
    }
    bd_image_read_params given;
    bd_result result = bd_image_params_read(params, &given, error);
    if (!result && given.metadata) {
        result = bd_info_check(given.metadata, "bd_metadata", error);
    }
    if (result) {
        return result;
    }
    bd_image_warnings warnings = {.count = 0};
    bd_image_source source;
    bd_image_source_init(&source, data, bytes, name, &given, &warnings);
    const bd_form *form = given.indices ? bd_form_of_source(&source) : NULL;
    if (given.indices && (!form || form->file != BD_IMAGE_FILE_PNG)) {
        return bd_fail(error, BD_ERR_FILE_FORMAT, "%s: not a PNG of indices", name);
    }
    result = given.metadata ? decode_with_metadata(&source, image, given.metadata, error)
                            : decode_picture(&source, image, error);
    if (!result) {
        bd_image_warnings_say(&warnings, &given);
    }
    return result;
}

bd_result bd_image_read(const char *path, const bd_image_read_params *params, bd_image *image, bd_error *error) {
    if (!path || !image) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_image_read needs a path and an image");
    }
    bd_image_read_params given;
    bd_content content = {0};
    bd_result result = bd_image_params_read(params, &given, error);
    if (!result) {
        result = bd_image_content_read(path, &given, &content, error);
    }
    if (!result) {
        result = bd_image_decode(content.data, content.bytes, path, params, image, error);
    }
    bd_release_content(given.allocator, &content);
    return result;
}
