/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/metadata.h"

const uint8_t sample_exif[SAMPLE_EXIF] = "II*\0\x08\0\0\0\x03\0"
                                         "\0\x01\x04\0\x01\0\0\0\xa0\x0f\0\0"
                                         "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
                                         "\x0f\x01\x02\0\x07\0\0\0\x32\0\0\0"
                                         "\0\0\0\0MadeUp";
const char sample_xmp[] =
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description tiff:Orientation='6' tiff:ImageWidth='4000'>"
    "<dc:title>caf\xc3\xa9</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>";

static const bd_metadata_text texts[] = {{"Comment", "by hand \xc3\xa9"}, {"Author", "nobody"}};
const bd_metadata sample_metadata = {.struct_size = sizeof sample_metadata,
                                     .exif = sample_exif,
                                     .exif_bytes = SAMPLE_EXIF,
                                     .xmp = (const uint8_t *)sample_xmp,
                                     .xmp_bytes = sizeof sample_xmp - 1,
                                     .texts = texts,
                                     .text_count = 2};

void keep_said(void *user, bd_log_level level, const char *message) {
    said *kept = user;
    assert_int_equal(level, BD_LOG_WARNING);
    kept->lines++;
    (void)snprintf(kept->last, sizeof kept->last, "%s", message);
}

bool contains(const void *data, size_t size, const char *word) {
    size_t length = strlen(word);
    for (size_t at = 0; at + length <= size; at++) {
        if (!memcmp((const char *)data + at, word, length)) {
            return true;
        }
    }
    return false;
}

size_t find_bytes(bytes file, const void *word, size_t size) {
    for (size_t at = 0; at + size <= file.size; at++) {
        if (!memcmp(file.data + at, word, size)) {
            return at;
        }
    }
    fail_msg("not in the file");
    return 0;
}

bool read_with_metadata(bytes file, const bd_image_read_params *more, bd_image *image, bd_metadata *metadata,
                        said *kept) {
    bd_image_read_params params = *more;
    bd_error error;
    params.struct_size = sizeof params;
    params.metadata = metadata;
    params.log = keep_said;
    params.log_user = kept;
    *kept = (said){0};
    *metadata = (bd_metadata){.struct_size = sizeof *metadata};
    bd_result result = bd_image_decode(file.data, file.size, "sample", &params, image, &error);
    if (result && result != BD_ERR_UNSUPPORTED) {
        fail_msg("%s", error.message);
    }
    return !result;
}

bytes written_with_metadata(const bd_image *image, bd_image_file file, said *kept) {
    const bd_image_write_params params = {
        .struct_size = sizeof params, .file = file, .metadata = &sample_metadata, .log = keep_said, .log_user = kept};
    *kept = (said){0};
    return encoded(image, &params);
}

void check_sample_blocks(const bd_metadata *m, uint32_t width, int orientation) {
    uint8_t wanted[SAMPLE_EXIF];
    char text[100];
    memcpy(wanted, sample_exif, SAMPLE_EXIF);
    wanted[SAMPLE_WIDTH_AT] = width ? (uint8_t)width : wanted[SAMPLE_WIDTH_AT];
    wanted[SAMPLE_WIDTH_AT + 1] = width ? 0 : wanted[SAMPLE_WIDTH_AT + 1];
    wanted[SAMPLE_ORIENTATION_AT] = (uint8_t)orientation;
    assert_int_equal(m->exif_bytes, SAMPLE_EXIF);
    assert_memory_equal(m->exif, wanted, SAMPLE_EXIF);
    (void)snprintf(text, sizeof text, "tiff:Orientation='%d' tiff:ImageWidth='%u'><dc:title>caf\xc3\xa9<", orientation,
                   width ? (unsigned)width : 4000);
    assert_true(contains(m->xmp, m->xmp_bytes, text));
}

bd_result read_frames(bytes file, const bd_allocator *hooks) {
    bd_metadata metadata = {.struct_size = sizeof metadata};
    const bd_image_read_params params = {
        .struct_size = sizeof params, .allocator = hooks, .metadata = &metadata, .max_pixels = 1 << 16};
    bd_animation *animation = NULL;
    bd_result result = bd_animation_decode(file.data, file.size, "x", &params, &animation, NULL);
    for (int n = 0; n < 3 && !result; n++) {
        bd_image frame;
        result = bd_animation_next(animation, &frame, NULL, NULL);
        if (!result) {
            bd_image_finish(&frame);
        }
        result = result == BD_ERR_INVALID_ARGUMENT ? BD_OK : result; /* a still picture */
    }
    bd_animation_close(animation);
    bd_metadata_finish(&metadata);
    return result;
}

static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

void read_mutations(bytes file, size_t from, size_t to) {
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    uint32_t random = 4321;
    assert_true(from < to && to <= file.size);
    for (int n = 0; n < 200; n++) {
        const bool whole = n % 5;
        bytes copy = copy_of_bytes(file.data, whole ? file.size : from + next_random(&random) % (to - from));
        for (uint32_t changes = whole ? 1 + next_random(&random) % 4 : 0; changes; changes--) {
            copy.data[from + next_random(&random) % (to - from)] = values[next_random(&random) % BD_COUNT(values)];
        }
        (void)read_frames(copy, NULL);
        free(copy.data);
    }
}

void read_without_memory(bytes file) {
    bd_result result = BD_ERR_OUT_OF_MEMORY;
    for (long n = 1; result == BD_ERR_OUT_OF_MEMORY; n++) {
        counter count = {.fail_at = n};
        const bd_allocator hooks = counting_allocator(&count);
        result = read_frames(file, &hooks);
        assert_int_equal(count.alive, 0);
        assert_true(result || count.requests < n);
    }
    assert_true(!result || result == BD_ERR_UNSUPPORTED); /* a library that is not installed */
}
