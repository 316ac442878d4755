/* SPDX-License-Identifier: MIT
 * Metadata of files of boxes (AVIF, JPEG XL, JPEG 2000): what is kept, and boxes that lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/files.h"
#include "support/metadata.h"

static bytes stored(const char *name) {
    char path[100];
    (void)snprintf(path, sizeof path, "tests/unit/pictures/%s", name);
    bytes file;
    file.data = test_read_copy(test_source_file(path), &file.size);
    return file;
}

/* ---- files of boxes ---- */

static void append_box(bytes *to, const char *type, const void *data, size_t size) {
    size_t whole = size + 8;
    const uint8_t head[8] = {(uint8_t)(whole >> 24), (uint8_t)(whole >> 16), (uint8_t)(whole >> 8), (uint8_t)whole,
                             (uint8_t)type[0],       (uint8_t)type[1],       (uint8_t)type[2],      (uint8_t)type[3]};
    append_bytes(to, head, sizeof head);
    append_bytes(to, data, size);
}

/* With the offset before it, and what that passes over. */
static bytes boxed_exif(uint32_t offset) {
    const uint8_t head[] = {(uint8_t)(offset >> 24), (uint8_t)(offset >> 16), (uint8_t)(offset >> 8), (uint8_t)offset};
    bytes made = copy_of_bytes(head, sizeof head);
    append_bytes(&made, "Exif\0", offset < 7 ? offset : 0);
    append_bytes(&made, sample_exif, SAMPLE_EXIF);
    return made;
}

/* A codestream in boxes, others before it and behind. */
static bytes jxl_file(bytes before, bytes behind) {
    bytes bare = stored("alpha.jxl"), file = {0};
    append_box(&file, "JXL ", "\r\n\x87\n", 4);
    append_box(&file, "ftyp", "jxl \0\0\0\0jxl ", 12);
    append_bytes(&file, before.data, before.size);
    append_box(&file, "jxlc", bare.data, bare.size);
    append_bytes(&file, behind.data, behind.size);
    free(bare.data);
    free(before.data);
    free(behind.data);
    return file;
}

/* Brotli (RFC 7932) that stores: a window of 16 bits, one sample_exif as it is, and an empty last one. */
static bytes brob(const char *type, const void *data, size_t size) {
    assert_in_range(size, 1, 1 << 16);
    const uint32_t head = (uint32_t)(size - 1) << 4 | 1u << 20;
    bytes made = copy_of_bytes(type, 4);
    append_bytes(&made, (const uint8_t[]){(uint8_t)head, (uint8_t)(head >> 8), (uint8_t)(head >> 16)}, 3);
    append_bytes(&made, data, size);
    append_bytes(&made, "\x03", 1);
    return made;
}

static bytes blocks_in_boxes(bool deflated, uint32_t offset) {
    bytes made = {0}, exif = boxed_exif(offset);
    if (deflated) {
        bytes exif_box = brob("Exif", exif.data, exif.size), xmp_box = brob("xml ", sample_xmp, strlen(sample_xmp));
        append_box(&made, "brob", exif_box.data, exif_box.size);
        append_box(&made, "brob", xmp_box.data, xmp_box.size);
        free(exif_box.data);
        free(xmp_box.data);
    } else {
        append_box(&made, "xml ", "<svg/>", 6); /* is no XMP */
        append_box(&made, "Exif", exif.data, exif.size);
        append_box(&made, "xml ", sample_xmp, strlen(sample_xmp));
    }
    free(exif.data);
    return made;
}

static void test_jxl(void **state) {
    (void)state;
    if (!form_named("JPEG XL").reads) {
        skip();
    }
    for (int i = 0; i < 16; i++) {
        const bytes none = {0}, boxes = blocks_in_boxes(i & 1, i & 4 ? 6 : 0);
        bytes file = i & 2 ? jxl_file(none, boxes) : jxl_file(boxes, none);
        const bd_image_read_params params = {.ignore_orientation = i & 8};
        bd_metadata metadata;
        bd_image image;
        said kept;
        if (!read_with_metadata(file, &params, &image, &metadata, &kept)) {
            free(file.data);
            skip();
        }
        assert_int_equal(image.width, 16);
        assert_int_equal(kept.lines, 0);
        check_sample_blocks(&metadata, 0, i & 8 ? 6 : 1);
        bd_image_finish(&image);
        bd_metadata_finish(&metadata);
        free(file.data);
    }
}

/* The picture is read all the same, and a note says what is missing; NULL: there is none. */
static void check_left_out(bytes file, const char *kinds) {
    const bd_image_read_params params = {.max_pixels = 1 << 20};
    bd_metadata metadata;
    bd_image image;
    said kept;
    if (read_with_metadata(file, &params, &image, &metadata, &kept)) {
        assert_int_equal(kept.lines, kinds != NULL);
        assert_true(!kinds || strstr(kept.last, kinds));
        assert_int_equal(metadata.exif_bytes + metadata.xmp_bytes + metadata.iptc_bytes + metadata.text_count, 0);
        bd_image_finish(&image);
        bd_metadata_finish(&metadata);
    }
    free(file.data);
}

static void check_jxl_box(const char *type, const void *data, size_t size, const char *kinds) {
    for (int i = 0; i < 2; i++) {
        bytes box = {0}, none = {0};
        append_box(&box, type, data, size);
        check_left_out(i ? jxl_file(none, box) : jxl_file(box, none), kinds);
    }
}

static void test_jxl_mutations(void **state) {
    (void)state;
    if (!form_named("JPEG XL").reads) {
        skip();
    }
    enum { BEFORE = 32 };
    for (int i = 0; i < 2; i++) {
        const bytes boxes = blocks_in_boxes(i, 0), none = {0};
        const size_t size = boxes.size;
        bytes file = i ? jxl_file(none, boxes) : jxl_file(boxes, none);
        const size_t from = i ? file.size - size : BEFORE;
        read_mutations(file, from, from + size);
        read_without_memory(file);
        free(file.data);
    }
}

static void test_jxl_lies(void **state) {
    (void)state;
    if (!form_named("JPEG XL").reads) {
        skip();
    }
    static const uint8_t offsets[][4] = {{0, 0, 0, 1}, {0, 0, 0, 57}, {0x7f, 255, 255, 255}, {255, 255, 255, 255}};
    for (size_t size = 0; size < 6; size++) {
        check_jxl_box("Exif", "\0\0\0\0\0\0", size, "EXIF");
    }
    for (size_t i = 0; i < BD_COUNT(offsets); i++) {
        bytes exif = boxed_exif(0);
        memcpy(exif.data, offsets[i], 4);
        check_jxl_box("Exif", exif.data, exif.size, "EXIF");
        free(exif.data);
    }
    uint8_t *large = calloc(5, 1 << 20);
    assert_non_null(large);
    check_jxl_box("Exif", large, (size_t)5 << 20, "EXIF");
    memcpy(large, "xml ", 4);
    check_jxl_box("brob", large, (size_t)5 << 20, "XMP");
    free(large);
    /* Damaged, cut off, of another kind, and six million letters. */
    bytes whole = brob("Exif", sample_exif, SAMPLE_EXIF);
    for (size_t size = 4; size < whole.size; size++) {
        check_jxl_box("brob", whole.data, size, "EXIF");
    }
    whole.data[4] ^= 0x0e;
    check_jxl_box("brob", whole.data, whole.size, "EXIF");
    check_jxl_box("brob", "jumb\x06", 5, NULL);
    check_jxl_box("brob", "Exi", 3, NULL);
    check_jxl_box("brob", "Exif\x9f\x7f\x8d\x5b\xf8\x25\xc2\xe2\xb1\x40\x20\xa7\x70\x0b", 18, "EXIF");
    free(whole.data);
    /* A box that the file's end cuts, and heads that are none. */
    static const uint8_t ends[][16] = {"\0\0\0\144Exif\0\0\0\0II*\0", "\0\0\0\1Exif\xff\xff\xff\xff\xff\xff\xff\xff",
                                       "\0\0\0\1Exif\0\0\0\0\0\0\0\x0f", "\0\0\0\7Exif"};
    for (size_t i = 0; i < BD_COUNT(ends); i++) {
        check_left_out(jxl_file((bytes){0}, copy_of_bytes(ends[i], 16)), i < 2 ? "EXIF" : NULL);
    }
}

/* Boxes with names of 16 bytes, before the codestream. */
static bytes jp2_file(bytes boxes) {
    bytes plain = stored("alpha.jp2"), file = copy_of_bytes(plain.data, 32);
    append_bytes(&file, boxes.data, boxes.size);
    append_bytes(&file, plain.data + 32, plain.size - 32);
    free(plain.data);
    free(boxes.data);
    return file;
}

static void append_named(bytes *to, const void *name, const void *data, size_t size) {
    bytes inside = copy_of_bytes(name, 16);
    append_bytes(&inside, data, size);
    append_box(to, "uuid", inside.data, inside.size);
    free(inside.data);
}

static void test_jp2(void **state) {
    (void)state;
    static const uint8_t xmp[] = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
    static const uint8_t iptc[] = "\x33\xc7\xa4\xd2\xb8\x1d\x47\x23\xa0\xba\xf1\xa3\xe0\x97\xad\x38";
    if (!form_named("JPEG 2000").reads) {
        skip();
    }
    bytes boxes = {0}, resolution = {0}, header = {0};
    append_named(&boxes, "JpgTiffExif->JP2", sample_exif, SAMPLE_EXIF);
    append_named(&boxes, xmp, sample_xmp, strlen(sample_xmp));
    append_named(&boxes, iptc, "\x1c\2\x50\0\1N", 6);
    append_named(&boxes, "0123456789abcdef", "nothing", 7);
    bytes file = jp2_file(boxes);
    /* Rows 100 and columns 1181.1 a centimetre. */
    append_box(&resolution, "resd", "\0\x64\0\1\x2e\x23\0\1\2\1", 10);
    append_box(&header, "res ", resolution.data, resolution.size);
    const size_t at = find_bytes(file,
                                 "\0\0\0\x4f"
                                 "jp2h",
                                 8);
    bytes with = copy_of_bytes(file.data, at + 0x4f);
    with.data[at + 3] = (uint8_t)(0x4f + header.size);
    append_bytes(&with, header.data, header.size);
    append_bytes(&with, file.data + at + 0x4f, file.size - at - 0x4f);
    bd_metadata metadata;
    bd_image image;
    said kept;
    assert_true(read_with_metadata(with, &(bd_image_read_params){0}, &image, &metadata, &kept));
    assert_int_equal(kept.lines, 0);
    check_sample_blocks(&metadata, 0, 1);
    assert_int_equal(metadata.iptc_bytes, 6);
    assert_true(fabs(metadata.density[0] - 3000) < 0.1 && fabs(metadata.density[1] - 254) < 0.1);
    bd_image_finish(&image);
    bd_metadata_finish(&metadata);
    for (size_t size = 0; size < 9; size++) {
        boxes = (bytes){0};
        append_named(&boxes, "JpgTiffExif->JP2", sample_exif, size);
        append_box(&boxes, "uuid", xmp, size);
        check_left_out(jp2_file(boxes), size ? "EXIF" : NULL);
    }
    read_mutations(with, 32, find_bytes(with, "jp2c", 4));
    read_without_memory(with);
    free(with.data);
    free(file.data);
    free(header.data);
    free(resolution.data);
}

/* Whether this build and this system write AVIF. */
static bool writes_avif(void) {
    bd_image image = smooth_picture(8, 8, BD_FORMAT_RGBA8, false);
    const bd_image_write_params params = {.struct_size = sizeof params, .file = BD_IMAGE_FILE_AVIF};
    void *data = NULL;
    size_t size;
    bd_result result = bd_image_encode(&image, &params, &data, &size, NULL);
    bd_release(NULL, data);
    bd_image_finish(&image);
    return !result;
}

static void test_avif(void **state) {
    (void)state;
    if (!writes_avif()) {
        skip();
    }
    for (int alpha = 0; alpha < 2; alpha++) {
        bd_image image = smooth_picture(40, 24, BD_FORMAT_RGBA8, alpha), again;
        bd_metadata metadata;
        said kept;
        bytes file = written_with_metadata(&image, BD_IMAGE_FILE_AVIF, &kept);
        assert_int_equal(kept.lines, 1);
        assert_non_null(strstr(kept.last, "metadata of the photo that is not written to AVIF: texts"));
        assert_true(read_with_metadata(file, &(bd_image_read_params){0}, &again, &metadata, &kept));
        assert_int_equal(kept.lines, 0);
        check_sample_blocks(&metadata, 40, 1);
        assert_int_equal(again.width, 40); /* EXIF's orientation, 6 there, turns nothing */
        bd_metadata_finish(&metadata);
        bd_image_finish(&again);
        assert_true(
            read_with_metadata(file, &(bd_image_read_params){.ignore_orientation = true}, &again, &metadata, &kept));
        check_sample_blocks(&metadata, 40, 6);
        bd_metadata_finish(&metadata);
        bd_image_finish(&again);
        bd_image_finish(&image);
        free(file.data);
    }
}

static void put_number(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* Its length where the file says it, and the offset before it. */
static void test_avif_lies(void **state) {
    (void)state;
    if (!writes_avif()) {
        skip();
    }
    bd_image image = smooth_picture(16, 16, BD_FORMAT_RGBA8, false), again;
    bd_metadata metadata;
    said kept;
    bytes file = written_with_metadata(&image, BD_IMAGE_FILE_AVIF, &kept);
    const size_t from = find_bytes(file, sample_exif + SAMPLE_MAKER_AT, 6) - SAMPLE_MAKER_AT - 4;
    uint8_t place[4], length[4];
    put_number(place, (uint32_t)from);
    put_number(length, SAMPLE_EXIF + 4);
    /* Behind the offset, or behind that, a count and an offset of 0 from it. */
    size_t length_at = find_bytes(file, place, sizeof place) + 4;
    length_at += memcmp(file.data + length_at, length, sizeof length) ? 6 : 0;
    assert_memory_equal(file.data + length_at, length, sizeof length);
    static const uint32_t lengths[] = {0, 1, 2, 3, 4, 5, 11, 1 << 20, 0x7fffffff, 0xfffffff0, 0xffffffff};
    static const uint32_t offsets[] = {1, SAMPLE_EXIF - 1, SAMPLE_EXIF, 0x7fffffff, 0xfffffffc, 0xffffffff};
    for (size_t i = 0; i < BD_COUNT(lengths) + BD_COUNT(offsets); i++) {
        bytes copy = copy_of_bytes(file.data, file.size);
        const bool of_length = i < BD_COUNT(lengths);
        put_number(copy.data + (of_length ? length_at : from), of_length ? lengths[i] : offsets[i - BD_COUNT(lengths)]);
        metadata = (bd_metadata){.struct_size = sizeof metadata};
        kept = (said){0};
        const bd_image_read_params params = {
            .struct_size = sizeof params, .metadata = &metadata, .log = keep_said, .log_user = &kept};
        bd_error error;
        bd_result result = bd_image_decode(copy.data, copy.size, "sample", &params, &again, &error);
        if (result) { /* what reaches beyond the file libheif refuses */
            assert_true(of_length && lengths[i] > file.size);
            assert_true(is_one_line(&error));
        } else {
            assert_int_equal(metadata.exif_bytes, 0);
            assert_true(metadata.xmp_bytes > 0);
            assert_non_null(strstr(kept.last, "EXIF"));
            bd_image_finish(&again);
            bd_metadata_finish(&metadata);
        }
        free(copy.data);
    }
    read_mutations(file, from, from + 4 + SAMPLE_EXIF);
    read_without_memory(file);
    free(file.data);
    bd_image_finish(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jxl), cmocka_unit_test(test_jxl_mutations), cmocka_unit_test(test_jxl_lies),
        cmocka_unit_test(test_jp2), cmocka_unit_test(test_avif),          cmocka_unit_test(test_avif_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
