/* SPDX-License-Identifier: MIT
 * What else reads hostile bytes, one row each: its corpus is tests/fuzz/corpus/NAME, its libFuzzer program NAME_fuzz, and
 * replay_test feeds it the corpus. Pictures have no rows: a folder picture_FORM holds files of that form, and all are
 * read the same way. */
#ifndef BD_FUZZ_READERS_H
#define BD_FUZZ_READERS_H

#include <stdlib.h>
#include <string.h>

#include "../../tools/npy.c"
#include "backdrop_animation.h"
#include "image/color.h"
#include "image/forms.h"
#include "image/exif.h"
#include "image/pixels.h"
#include "network/tuning.h"

/* Returns whether it was taken. */
typedef bool fuzz_read(const uint8_t *data, size_t bytes);

typedef struct reader {
    const char *name;
    fuzz_read *read;
    size_t least; /* files in the corpus that are taken */
} reader;

enum { FUZZ_MOST_PIXELS = 1 << 16, FUZZ_MOST_FRAMES = 8 };

static void fuzz_read_frames(const uint8_t *data, size_t bytes, const bd_image_read_params *params) {
    bd_animation *animation = NULL;
    bd_error error;
    if (bd_animation_decode(data, bytes, "fuzz", params, &animation, &error)) {
        return;
    }
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < FUZZ_MOST_FRAMES && !result; i++) {
        bd_image frame = {0};
        bd_delay delay;
        result = bd_animation_next(animation, &frame, &delay, &error);
        bd_image_finish(&frame);
    }
    bd_animation_close(animation);
}

/* A picture of a form that this build lacks. */
static bool fuzz_lacks_form(const uint8_t *data, size_t bytes) {
    const bd_image_source source = {.data = data, .bytes = bytes, .name = "fuzz"};
    const bd_form *form = bd_form_of_source(&source);
    return form && !form->decode;
}

/* By the last byte of the file: to 8 bits, 16, or grey; or indices. */
static bool fuzz_read_picture(const uint8_t *data, size_t bytes) {
    unsigned way = bytes ? data[bytes - 1] % 4 : 0;
    bd_metadata metadata = {.struct_size = sizeof metadata};
    const bd_image_read_params params = {.struct_size = sizeof params,
                                         .max_pixels = FUZZ_MOST_PIXELS,
                                         .keep_depth = way == 1,
                                         .gray16 = way == 2,
                                         .indices = way == 3,
                                         .metadata = &metadata};
    bd_image image = {0};
    bd_error error;
    bool taken = !bd_image_decode(data, bytes, "fuzz", &params, &image, &error);
    bd_image_finish(&image);
    bd_metadata_finish(&metadata);
    const bd_image_read_params frames = {
        .struct_size = sizeof frames, .max_pixels = FUZZ_MOST_PIXELS, .metadata = &metadata};
    fuzz_read_frames(data, bytes, &frames);
    bd_metadata_finish(&metadata);
    return taken;
}

/* As the profile of a picture in colours, grey, and in inks; then from it to sRGB and back. */
static bool fuzz_read_profile(const uint8_t *data, size_t bytes) {
    enum { SIDE = 4 };
    const bd_image_source source = {.data = data, .bytes = bytes, .name = "fuzz", .max_pixels = FUZZ_MOST_PIXELS};
    uint8_t pixels[SIDE * SIDE * 4];
    bd_error error;
    bool taken = false;
    for (int gray = 0; gray < 2; gray++) {
        bd_image image = {0}, plain = {0};
        if (bd_image_create(NULL, "fuzz", SIDE, SIDE, BD_FORMAT_RGBA8, &image, &error) ||
            bd_image_create(NULL, "fuzz", SIDE, SIDE, BD_FORMAT_RGBA8, &plain, &error) ||
            bd_image_take_profile(&source, data, bytes, gray, &image, &error)) {
            bd_image_finish(&image);
            bd_image_finish(&plain);
            continue;
        }
        taken = taken || image.profile;
        for (int back = 0; back < 2; back++) {
            bd_color *color = NULL;
            memset(pixels, 0x5a, sizeof pixels);
            if (!bd_color_create(NULL, back ? &plain : &image, back ? &image : &plain, false, &color, &error) &&
                color) {
                bd_color_pixels(color, pixels, pixels, SIDE * SIDE);
            }
            bd_color_destroy(color);
        }
        bd_image_finish(&image);
        bd_image_finish(&plain);
    }
    bd_color *inks = NULL;
    memset(pixels, 0x5a, sizeof pixels);
    if (!bd_color_create_cmyk(&source, data, bytes, false, &inks, &error) && inks) {
        bd_color_pixels(inks, pixels, pixels, SIDE * SIDE);
        taken = true;
    }
    bd_color_destroy(inks);
    return taken;
}

/* TIFF and JPEG are written with it, too. */
static bool fuzz_read_exif(const uint8_t *data, size_t bytes) {
    uint8_t pixel[4] = {1, 2, 3, 255};
    const bd_image image = {.width = 1, .height = 1, .stride_bytes = 4, .format = BD_FORMAT_RGBA8, .pixels = pixel};
    const bd_metadata metadata = {.struct_size = sizeof metadata, .exif = data, .exif_bytes = bytes};
    const bd_image_file forms[] = {BD_IMAGE_FILE_TIFF, BD_IMAGE_FILE_JPEG};
    for (size_t i = 0; i < BD_COUNT(forms); i++) {
        const bd_image_write_params params = {.struct_size = sizeof params, .file = forms[i], .metadata = &metadata};
        void *file;
        size_t file_bytes;
        bd_error error;
        if (!bd_image_encode(&image, &params, &file, &file_bytes, &error)) {
            bd_release(NULL, file);
        }
    }
    return bd_exif_orientation(data, bytes) > 1;
}

static bool fuzz_read_npy(const uint8_t *data, size_t bytes) {
    cli_npy npy = {.data = data, .left = bytes};
    (void)cli_npy_is(data, bytes);
    if (!cli_npy_header(&npy) || npy.h * npy.w > FUZZ_MOST_PIXELS) {
        return false;
    }
    float *values = malloc(npy.h * npy.w * sizeof *values);
    bool taken = values && cli_npy_values(&npy, values);
    free(values);
    return taken;
}

/* Then some come and go. */
static bool fuzz_read_tuning(const uint8_t *data, size_t bytes) {
    bd_tuning tuning = {0};
    bd_error error;
    bool taken = !bd_tuning_parse(&tuning, (const char *)data, bytes, &error) && tuning.count;
    for (uint32_t i = 0; i < tuning.count && i < 16; i++) {
        char signature[BD_TUNING_SIGNATURE_BYTES];
        memcpy(signature, tuning.entries[i].signature, sizeof signature);
        if (!bd_tuning_find(&tuning, signature)) {
            abort();
        }
        bd_tuning_drop(&tuning, signature);
        if (bd_tuning_find(&tuning, signature) || bd_tuning_put(&tuning, signature, "again", 1.0, &error)) {
            abort();
        }
    }
    bd_tuning_finish(&tuning);
    return taken;
}

static const reader readers[] = {
    {"exif", fuzz_read_exif, 2},
    {"npy", fuzz_read_npy, 2},
    {"profile", fuzz_read_profile, 2},
    {"tuning", fuzz_read_tuning, 2},
};

/* NULL: there is none. */
static const reader *find_reader(const char *name) {
    static const reader pictures = {"picture", fuzz_read_picture, 1};
    for (size_t i = 0; i < BD_COUNT(readers); i++) {
        if (!strcmp(readers[i].name, name)) {
            return &readers[i];
        }
    }
    return strncmp(name, "picture_", 8) ? NULL : &pictures;
}

#endif
