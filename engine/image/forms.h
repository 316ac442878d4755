/* SPDX-License-Identifier: MIT
 * The forms of picture files: how each is recognised, read and written. */
#ifndef BD_FORMS_H
#define BD_FORMS_H

#include "image/encoder.h"
#include "image/frames.h"
#include "image/image_source.h"
#include "image/metadata.h"

typedef struct bd_form {
    const char *name;
    const char *endings; /* of names of such files, a space between */
    const char *library; /* what a build without it lacks; NULL: every build has it */
    bd_image_file file;
    bool alpha, deep, frames; /* whether it holds these */
    uint32_t most_side;       /* of a picture that is written, in pixels; 0: any */
    bool lossy, lossless;     /* whether what is written can lose, and can keep every number */
    unsigned metadata;        /* what encode writes of it, 1 << bd_metadata_kind */
    bool (*is)(const bd_image_source *source);
    /* Writes an image of any format on success only. NULL: this build cannot. */
    bd_result (*decode)(const bd_image_source *source, bd_image *image, bd_error *error);
    /* Leaves its result in the encoder. NULL: this build cannot, or nobody. */
    void (*encode)(bd_encoder *to);
    const bd_frames_reader *reader; /* of several frames; NULL as above */
    const bd_frames_writer *writer;
} bd_form;

/* In the order in which a file is asked which it is. */
const bd_form *bd_forms(uint32_t *count);
/* NULL: there is none. */
const bd_form *bd_form_of_source(const bd_image_source *source);
const bd_form *bd_form_of_file(bd_image_file file);
/* By the ending of a name, of the forms that are written. */
const bd_form *bd_form_of_path(const char *path);

/* Whether files of it hold a picture of such sides. Errors: BD_ERR_IMAGE_TOO_LARGE. */
bd_result bd_form_check_size(const bd_form *form, const char *name, uint32_t width, uint32_t height, bd_error *error);

/* A file that is not larger than any picture of so many pixels. */
bd_result bd_image_content_read(const char *path, const bd_image_read_params *given, bd_content *content,
                                bd_error *error);

#endif
