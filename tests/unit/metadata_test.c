/* SPDX-License-Identifier: MIT
 * Metadata from file to file: what stays, what is made right, what goes; blocks that lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "image/image.h"
#include "support/metadata.h"

/* ---- an EXIF block ---- */

enum {
    BLOCK = 544,
    IFD0 = 8,
    IFD_EXIF = 150,
    IFD_GPS = 250,
    IFD1 = 400,
    NOTE = 300, /* a maker's note, which points to itself from the block's beginning */
    NOTE_BYTES = 40,
    THUMBNAIL = 444,
    THUMBNAIL_BYTES = 97
};

typedef struct exif {
    uint8_t data[BLOCK];
    bool big;
    size_t at; /* of the next entry */
} exif;

static void put(exif *e, size_t at, size_t size, uint32_t value) {
    for (size_t i = 0; i < size; i++) {
        e->data[at + (e->big ? size - 1 - i : i)] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t get(const exif *e, size_t at, size_t size) {
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | e->data[at + (e->big ? i : size - 1 - i)];
    }
    return value;
}

static void begin(exif *e, size_t at, uint32_t count, uint32_t next) {
    put(e, at, 2, count);
    put(e, at + 2 + count * 12, 4, next);
    e->at = at + 2;
}

/* size: of value in the entry. */
static void entry(exif *e, uint32_t tag, uint32_t type, uint32_t count, size_t size, uint32_t value) {
    put(e, e->at, 2, tag);
    put(e, e->at + 2, 2, type);
    put(e, e->at + 4, 4, count);
    put(e, e->at + 8, size, value);
    e->at += 12;
}

static void text(exif *e, uint32_t tag, size_t at, const char *value) {
    entry(e, tag, 2, (uint32_t)strlen(value) + 1, 4, (uint32_t)at);
    memcpy(e->data + at, value, strlen(value) + 1);
}

static exif photo_exif(bool big, uint32_t type, uint32_t orientation) {
    exif e = {.big = big};
    memcpy(e.data, big ? "MM\0*" : "II*\0", 4);
    put(&e, 4, 4, IFD0);
    begin(&e, IFD0, 8, IFD1);
    text(&e, 0x010f, 110, "MadeUp");
    text(&e, 0x0110, 120, "Test 1");
    entry(&e, 0x0112, type, 1, type == 1 ? 1 : type == 3 ? 2 : 4, orientation);
    entry(&e, 0x011a, 5, 1, 4, 130);
    entry(&e, 0x011b, 5, 1, 4, 130);
    put(&e, 130, 4, 600);
    put(&e, 134, 4, 2);
    entry(&e, 0x0128, 3, 1, 2, 2);
    entry(&e, 0x8769, 4, 1, 4, IFD_EXIF);
    entry(&e, 0x8825, 4, 1, 4, IFD_GPS);
    begin(&e, IFD_EXIF, 5, 0);
    text(&e, 0x9003, 228, "2020:01:02 03:04:05");
    entry(&e, 0x927c, 7, NOTE_BYTES, 4, NOTE);
    entry(&e, 0xa001, 3, 1, 2, 0xffff);
    entry(&e, 0xa002, 3, 1, 2, 4000);
    entry(&e, 0xa003, 4, 1, 4, 3000);
    begin(&e, IFD_GPS, 1, 0);
    entry(&e, 0x0001, 2, 2, 1, 0);
    memcpy(e.data + e.at - 4, "N", 2);
    memset(e.data + NOTE, 'm', NOTE_BYTES);
    put(&e, NOTE + 8, 4, NOTE + 20);
    begin(&e, IFD1, 3, 0);
    entry(&e, 0x0103, 3, 1, 2, 6);
    entry(&e, 0x0201, 4, 1, 4, THUMBNAIL);
    entry(&e, 0x0202, 4, 1, 4, THUMBNAIL_BYTES);
    memset(e.data + THUMBNAIL, 'T', THUMBNAIL_BYTES);
    return e;
}

/* ---- files with metadata ---- */

static void append_segment(bytes *to, uint8_t marker, const char *name, size_t name_bytes, const void *data,
                           size_t size) {
    size_t whole = name_bytes + size + 2;
    append_bytes(to, (const uint8_t[]){0xff, marker, (uint8_t)(whole >> 8), (uint8_t)whole}, 4);
    append_bytes(to, name, name_bytes);
    append_bytes(to, data, size);
}

static void append_chunk(bytes *to, const char *kind, const void *data, size_t size) {
    uint8_t head[8] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
    memcpy(head + 4, kind, 4);
    size_t at = to->size;
    append_bytes(to, head, sizeof head);
    append_bytes(to, data, size);
    uint32_t sum = (uint32_t)crc32(0, to->data + at + 4, (uInt)size + 4);
    append_bytes(to, (const uint8_t[]){(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum},
                 4);
}

static const char packet[] =
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description tiff:Orientation=\"6\" exif:PixelXDimension='4000'\n"
    " xmp:Rating=\"5\"><exif:PixelYDimension>3000</exif:PixelYDimension><xmp:Thumbnails><rdf:Alt><rdf:li>"
    "THUMB</rdf:li></rdf:Alt></xmp:Thumbnails><dc:title>caf\xc3\xa9</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>";
static const uint8_t iptc[] = {0x1c, 2, 80, 0, 6, 'N', 'o', 'b', 'o', 'd', 'y'};

/* 40 x 24, stored; behind the start, or the header, come the parts. */
static bytes plain_file(bd_image_file form, size_t *head) {
    bd_image image = smooth_picture(40, 24, BD_FORMAT_RGBA8, false);
    bytes file = encoded_as(&image, form);
    bd_image_finish(&image);
    *head = form == BD_IMAGE_FILE_JPEG ? 2 : 33;
    return file;
}

static bytes file_with(bd_image_file form, bytes parts) {
    size_t head;
    bytes plain = plain_file(form, &head), file = copy_of_bytes(plain.data, head);
    append_bytes(&file, parts.data, parts.size);
    append_bytes(&file, plain.data + head, plain.size - head);
    free(plain.data);
    free(parts.data);
    return file;
}

static bytes photo_jpeg(const exif *e) {
    bytes parts = {0};
    append_segment(&parts, 0xe1, "Exif\0", 6, e->data, sizeof e->data);
    append_segment(&parts, 0xe1, "http://ns.adobe.com/xap/1.0/", 29, packet, sizeof packet - 1);
    uint8_t blocks[12 + 12 + 12] = {'8', 'B', 'I', 'M', 4, 0x0c, 0, 0, 0, 0, 0, 0,
                                    '8', 'B', 'I', 'M', 4, 4,    0, 0, 0, 0, 0, sizeof iptc};
    memcpy(blocks + 24, iptc, sizeof iptc);
    append_segment(&parts, 0xed, "Photoshop 3.0", 14, blocks, sizeof blocks);
    append_segment(&parts, 0xfe, "", 0, "by hand \xc3\xa9", 10);
    return file_with(BD_IMAGE_FILE_JPEG, parts);
}

static bd_image read_all(bytes file, bd_metadata *metadata, said *kept) {
    *kept = (said){0};
    *metadata = (bd_metadata){.struct_size = sizeof *metadata};
    const bd_image_read_params params = {
        .struct_size = sizeof params, .metadata = metadata, .log = keep_said, .log_user = kept};
    bd_image image;
    bd_error error;
    if (bd_image_decode(file.data, file.size, "sample", &params, &image, &error)) {
        fail_msg("%s", error.message);
    }
    return image;
}

static bytes write_all(const bd_image *image, bd_image_file form, const bd_metadata *metadata, said *kept) {
    *kept = (said){0};
    const bd_image_write_params params = {
        .struct_size = sizeof params, .file = form, .metadata = metadata, .log = keep_said, .log_user = kept};
    return encoded(image, &params);
}

/* ---- orientation ---- */

static void test_orientation(void **state) {
    (void)state;
    static const uint32_t types[] = {1, 3, 4};
    for (int big = 0; big < 2; big++) {
        for (size_t t = 0; t < BD_COUNT(types); t++) {
            for (uint32_t value = 0; value < 260; value += value < 12 ? 1 : 47) {
                exif e = photo_exif(big, types[t], value);
                int expected = value >= 1 && value <= 8 ? (int)value : 1;
                assert_int_equal(bd_exif_orientation(e.data, sizeof e.data), expected);
                bd_exif_set_upright(e.data, sizeof e.data);
                assert_int_equal(bd_exif_orientation(e.data, sizeof e.data), 1);
            }
        }
        /* Of other types, of no value, and 65536 + 6. */
        exif e = photo_exif(big, 2, 6);
        assert_int_equal(bd_exif_orientation(e.data, sizeof e.data), 1);
        e = photo_exif(big, 4, 65542);
        assert_int_equal(bd_exif_orientation(e.data, sizeof e.data), 1);
        e = photo_exif(big, 3, 6);
        put(&e, IFD0 + 2 + 2 * 12 + 4, 4, 0);
        assert_int_equal(bd_exif_orientation(e.data, sizeof e.data), 1);
    }
}

/* ---- from file to file ---- */

/* What every file that was made of photo_jpeg says. */
static void check_metadata(const bd_metadata *m, bool big, uint32_t width, uint32_t height) {
    exif e = {.big = big}, was = photo_exif(big, 3, 1);
    assert_int_equal(m->exif_bytes, IFD1); /* all behind it was the thumbnail's */
    memcpy(e.data, m->exif, m->exif_bytes);
    assert_int_equal(bd_exif_orientation(e.data, m->exif_bytes), 1);
    assert_int_equal(get(&e, IFD_EXIF + 2 + 3 * 12 + 8, 2), width);
    assert_int_equal(get(&e, IFD_EXIF + 2 + 4 * 12 + 8, 4), height);
    assert_int_equal(get(&e, IFD0 + 2 + 8 * 12, 4), 0);
    /* But for these all is as it was, notes at their place. */
    put(&was, IFD_EXIF + 2 + 3 * 12 + 8, 2, width);
    put(&was, IFD_EXIF + 2 + 4 * 12 + 8, 4, height);
    put(&was, IFD0 + 2 + 8 * 12, 4, 0);
    assert_memory_equal(e.data, was.data, m->exif_bytes);
    assert_true(contains(m->xmp, m->xmp_bytes, "tiff:Orientation=\"1\""));
    char size[100];
    (void)snprintf(size, sizeof size, "exif:PixelXDimension='%u'", (unsigned)width);
    assert_true(contains(m->xmp, m->xmp_bytes, size));
    (void)snprintf(size, sizeof size, "<exif:PixelYDimension>%u</exif:PixelYDimension><dc:title>caf\xc3\xa9<",
                   (unsigned)height);
    assert_true(contains(m->xmp, m->xmp_bytes, size));
    assert_true(contains(m->xmp, m->xmp_bytes, "xmp:Rating=\"5\""));
    assert_int_equal(m->iptc_bytes, sizeof iptc);
    assert_memory_equal(m->iptc, iptc, sizeof iptc);
    assert_true(fabs(m->density[0] - 300) < 0.01 && fabs(m->density[1] - 300) < 0.01);
    assert_int_equal(m->text_count, 1);
    assert_string_equal(m->texts[0].key, "Comment");
    assert_string_equal(m->texts[0].value, "by hand \xc3\xa9");
}

static void test_round_trips(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++) {
        bool big = i & 1;
        const bd_image_file forms[2] = {i & 2 ? BD_IMAGE_FILE_PNG : BD_IMAGE_FILE_JPEG,
                                        i & 4 ? BD_IMAGE_FILE_PNG : BD_IMAGE_FILE_JPEG};
        exif e = photo_exif(big, 3, 6);
        bytes first = photo_jpeg(&e), second, third, again;
        bd_metadata metadata;
        said kept;
        bd_image image = read_all(first, &metadata, &kept);
        assert_int_equal(image.width, 24); /* it was turned */
        assert_int_equal(kept.lines, 0);
        assert_int_equal(bd_exif_orientation(metadata.exif, metadata.exif_bytes), 1);
        second = write_all(&image, forms[0], &metadata, &kept);
        assert_int_equal(kept.lines, 0);
        assert_false(contains(second.data, second.size, "TTTT") || contains(second.data, second.size, "THUMB"));
        bd_image_finish(&image);
        bd_metadata_finish(&metadata);
        assert_null(metadata.exif);

        image = read_all(second, &metadata, &kept);
        assert_int_equal(image.width, 24); /* and is not turned again */
        assert_int_equal(kept.lines, 0);
        check_metadata(&metadata, big, 24, 40);
        third = write_all(&image, forms[1], &metadata, &kept);
        bd_metadata_finish(&metadata);
        bd_image back = read_all(third, &metadata, &kept);
        check_metadata(&metadata, big, 24, 40);
        if (forms[0] == BD_IMAGE_FILE_PNG && forms[1] == BD_IMAGE_FILE_PNG) {
            again = write_all(&image, BD_IMAGE_FILE_PNG, &metadata, &kept);
            assert_int_equal(again.size, third.size);
            assert_memory_equal(again.data, third.data, third.size);
            free(again.data);
        }
        bd_metadata_finish(&metadata);
        bd_image_finish(&back);
        bd_image_finish(&image);
        free(third.data);
        free(second.data);
        free(first.data);
    }
}

/* Pixels that are read as stored keep the word of how they are to be turned. */
static void test_as_stored(void **state) {
    (void)state;
    exif e = photo_exif(true, 4, 6);
    bytes file = photo_jpeg(&e);
    bd_metadata metadata = {.struct_size = sizeof metadata};
    const bd_image_read_params params = {
        .struct_size = sizeof params, .metadata = &metadata, .ignore_orientation = true};
    bd_image image;
    said kept;
    assert_int_equal(bd_image_decode(file.data, file.size, "x", &params, &image, NULL), BD_OK);
    bytes written = write_all(&image, BD_IMAGE_FILE_PNG, &metadata, &kept);
    bd_image_finish(&image);
    image = decoded(written);
    assert_int_equal(image.width, 24);
    bd_image_finish(&image);
    bd_metadata_finish(&metadata);
    free(written.data);
    free(file.data);
}

/* A photo without metadata is written as ever. */
static void test_nothing(void **state) {
    (void)state;
    for (int form = BD_IMAGE_FILE_PNG; form <= BD_IMAGE_FILE_JPEG; form++) {
        size_t head;
        bytes plain = plain_file((bd_image_file)form, &head);
        bd_metadata metadata;
        said kept;
        bd_image image = read_all(plain, &metadata, &kept);
        assert_int_equal(metadata.exif_bytes + metadata.xmp_bytes + metadata.iptc_bytes + metadata.text_count, 0);
        bytes with = write_all(&image, (bd_image_file)form, &metadata, &kept);
        bytes without = encoded_as(&image, (bd_image_file)form);
        assert_int_equal(with.size, without.size);
        assert_memory_equal(with.data, without.data, with.size);
        bd_metadata_finish(&metadata);
        bd_image_finish(&image);
        free(without.data);
        free(with.data);
        free(plain.data);
    }
    bd_metadata_finish(NULL);
    bd_metadata zero = {0};
    bd_metadata_finish(&zero);
}

/* ---- parts ---- */

static void test_xmp(void **state) {
    (void)state;
    static const bd_xmp_change all = {
        .upright = true, .without_extension = true, .width = 10, .height = 20, .without_thumbnails = true};
    static const struct {
        const char *packet, *edited; /* NULL: refused */
    } packets[] = {
        {"<a tiff:Orientation = '6'/>", "<a tiff:Orientation = '1'/>"},
        {"<a tiff:ImageWidth=\"1234\"\ttiff:ImageLength=\"5\"/>",
         "<a tiff:ImageWidth=\"10\"\ttiff:ImageLength=\"20\"/>"},
        {"<tiff:Orientation>8</tiff:Orientation>", "<tiff:Orientation>1</tiff:Orientation>"},
        {"<tiff:Orientation >8</tiff:Orientation>", "<tiff:Orientation >1</tiff:Orientation>"},
        {"<a xtiff:Orientation='6'/>", "<a xtiff:Orientation='6'/>"},
        {"tiff:Orientation='6'", "tiff:Orientation='6'"},
        {"<a tiff:Orientation='6", "<a tiff:Orientation='6"},
        {"<a tiff:Orientation=6 />", "<a tiff:Orientation=6 />"},
        {"<a>the word tiff:Orientation is a word</a>", "<a>the word tiff:Orientation is a word</a>"},
        {"<a xmpNote:HasExtendedXMP=\"0123456789abcdef0123456789ABCDEF\" b='c'/>", "<a  b='c'/>"},
        {"<a/><xmp:Thumbnails/><b/>", "<a/><b/>"},
        {"<a/><xap:Thumbnails><x>J</x></xap:Thumbnails><b/>", "<a/><b/>"},
        {"<a/><xmp:Thumbnails rdf:parseType='Resource'>J", NULL},
        {"<a/><xmp:Thumbnails>J</xmp:Thumbnails", NULL},
        {"", NULL},
        {"t", "t"},
        {"<tiff:Orientation>", "<tiff:Orientation>"},
    };
    for (size_t i = 0; i < BD_COUNT(packets); i++) {
        bytes exact = copy_of_bytes(packets[i].packet, strlen(packets[i].packet));
        uint8_t *edited = NULL;
        size_t size = 0;
        bd_result result = bd_xmp_edit(NULL, exact.data, exact.size, &all, &edited, &size, NULL);
        assert_int_equal(result, packets[i].edited ? BD_OK : BD_ERR_UNSUPPORTED);
        if (!result) {
            assert_int_equal(size, strlen(packets[i].edited));
            assert_string_equal((const char *)edited, packets[i].edited);
        }
        bd_release(NULL, edited);
        free(exact.data);
    }
    uint8_t *edited;
    size_t size;
    assert_int_equal(bd_xmp_edit(NULL, (const uint8_t *)"<\0a", 3, &all, &edited, &size, NULL), BD_ERR_UNSUPPORTED);
    /* Numbers that grow thousands of times stop growing. */
    bytes many = {0};
    for (int i = 0; i < 5000; i++) {
        append_bytes(&many, "<a tiff:ImageWidth=''/>", 23);
    }
    assert_int_equal(bd_xmp_edit(NULL, many.data, many.size, &all, &edited, &size, NULL), BD_OK);
    assert_in_range(size, many.size + 1000, many.size + 4096);
    bd_release(NULL, edited);
    free(many.data);
}

static bytes deflated(const void *data, size_t size) {
    uLongf room = compressBound((uLong)size);
    bytes made = {malloc(room), 0};
    assert_non_null(made.data);
    assert_int_equal(compress2(made.data, &room, data, (uLong)size, 9), Z_OK);
    made.size = room;
    return made;
}

static bytes zipped_text(const char *key, const void *data, size_t size) {
    bytes chunk = copy_of_bytes(key, strlen(key) + 1), packed = deflated(data, size);
    append_bytes(&chunk, "", 1);
    append_bytes(&chunk, packed.data, packed.size);
    free(packed.data);
    return chunk;
}

static void test_png_texts(void **state) {
    (void)state;
    exif e = photo_exif(true, 3, 6);
    bytes parts = {0};
    append_chunk(&parts, "tEXt", "Author\0J\xfcrgen", 13);
    bytes zipped = zipped_text("Description", "long \xe9", 6);
    append_chunk(&parts, "zTXt", zipped.data, zipped.size);
    free(zipped.data);
    append_chunk(&parts, "iTXt", "Title\0\0\0de\0Titel\0\xe2\x82\xac", 20);
    bytes packed = deflated("inside", 6), inner = copy_of_bytes("Source\0\1\0\0\0", 11);
    append_bytes(&inner, packed.data, packed.size);
    append_chunk(&parts, "iTXt", inner.data, inner.size);
    append_chunk(&parts, "pHYs", "\0\0\x2e\x23\0\0\x2e\x23\1", 9);
    /* ImageMagick's EXIF, by which nobody turns a picture. */
    char raw[2 * BLOCK + 100];
    int used = snprintf(raw, sizeof raw, "\nexif\n%8d\n", BLOCK);
    for (size_t i = 0; i < BLOCK; i++) {
        used += snprintf(raw + used, sizeof raw - (size_t)used, "%02x%s", e.data[i], i % 36 == 35 ? "\n" : "");
    }
    bytes profile = zipped_text("Raw profile type exif", raw, (size_t)used);
    append_chunk(&parts, "zTXt", profile.data, profile.size);
    append_chunk(&parts, "tEXt", "Raw profile type xmp\0\nxmp\n       4\n3c61\n2f3e\n", 45);
    append_chunk(&parts, "tEXt", "Raw profile type icc\0\nicc\n       4\n3c612f3e\n", 44);
    bytes file = file_with(BD_IMAGE_FILE_PNG, parts);
    bd_metadata metadata;
    said kept;
    bd_image image = read_all(file, &metadata, &kept);
    assert_int_equal(image.width, 40);
    assert_int_equal(kept.lines, 0);
    static const char *const texts[][2] = {
        {"Author", "J\xc3\xbcrgen"}, {"Description", "long \xc3\xa9"}, {"Title", "\xe2\x82\xac"}, {"Source", "inside"}};
    assert_int_equal(metadata.text_count, BD_COUNT(texts));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < BD_COUNT(texts); i++) {
            assert_string_equal(metadata.texts[i].key, texts[i][0]);
            assert_string_equal(metadata.texts[i].value, texts[i][1]);
        }
        assert_int_equal(bd_exif_orientation(metadata.exif, metadata.exif_bytes), 1);
        assert_true(fabs(metadata.density[0] - 300) < 0.01);
        assert_int_equal(metadata.xmp_bytes, 4);
        assert_memory_equal(metadata.xmp, "<a/>", 4);
        bytes written = write_all(&image, BD_IMAGE_FILE_PNG, &metadata, &kept);
        bd_image_finish(&image);
        bd_metadata_finish(&metadata);
        image = read_all(written, &metadata, &kept);
        free(written.data);
    }
    /* A JPEG has comments only. */
    bytes written = write_all(&image, BD_IMAGE_FILE_JPEG, &metadata, &kept);
    assert_true(contains(written.data, written.size, "Author: J\xc3\xbcrgen"));
    bd_image_finish(&image);
    bd_metadata_finish(&metadata);
    free(written.data);
    free(file.data);
    free(profile.data);
    free(inner.data);
    free(packed.data);
}

/* ---- what is left out ---- */

static void check_dropped(bytes file, const char *kind) {
    bd_metadata metadata;
    said kept;
    bd_image image = read_all(file, &metadata, &kept);
    assert_int_equal(kept.lines, 1);
    if (!strstr(kept.last, kind)) {
        fail_msg("no %s in: %s", kind, kept.last);
    }
    assert_int_equal(metadata.exif_bytes + metadata.xmp_bytes + metadata.text_count, 0);
    bd_image_finish(&image);
    bd_metadata_finish(&metadata);
    free(file.data);
}

static void test_left_out(void **state) {
    (void)state;
    enum { HUGE_TEXT = 50 << 20 };
    bytes parts = {0};
    append_segment(&parts, 0xe1, "Exif\0", 6, "II*\0\xff\xff\xff\xff", 8);
    append_segment(&parts, 0xe1, "http://ns.adobe.com/xmp/extension/", 35, "0123456789", 10);
    check_dropped(file_with(BD_IMAGE_FILE_JPEG, parts), "EXIF, a second part of XMP");
    char *huge = calloc(1, HUGE_TEXT);
    assert_non_null(huge);
    memset(huge, 'a', HUGE_TEXT);
    bytes bomb = zipped_text("Comment", huge, HUGE_TEXT);
    parts = (bytes){0};
    for (int i = 0; i < 50; i++) {
        append_chunk(&parts, "zTXt", bomb.data, bomb.size);
    }
    append_chunk(&parts, "zTXt", "Comment\0\0junk", 13);
    append_chunk(&parts, "tEXt", "no end of its key", 17);
    append_chunk(&parts, "iTXt", "Comment\0\0", 9);
    check_dropped(file_with(BD_IMAGE_FILE_PNG, parts), "texts");
    free(bomb.data);
    /* Many that are small: some megabytes in all. */
    parts = (bytes){0};
    memcpy(huge, "Comment", 8);
    for (int i = 0; i < 30; i++) {
        append_chunk(&parts, "tEXt", huge, 900000);
    }
    bytes file = file_with(BD_IMAGE_FILE_PNG, parts);
    bd_metadata metadata;
    said kept;
    bd_image image = read_all(file, &metadata, &kept);
    assert_in_range(metadata.text_count, 1, 5);
    assert_int_equal(kept.lines, 1);
    /* None of them fits a segment of a JPEG. */
    bytes written = write_all(&image, BD_IMAGE_FILE_JPEG, &metadata, &kept);
    assert_int_equal(kept.lines, 1);
    assert_non_null(strstr(kept.last, "metadata of the photo that is not written to JPEG: texts"));
    bd_metadata_finish(&metadata);
    bd_image_finish(&image);
    free(written.data);
    free(file.data);
    free(huge);
}

static void test_senseless(void **state) {
    (void)state;
    static const bd_metadata_text no_key = {NULL, "x"};
    const bd_metadata wrong[] = {{.struct_size = sizeof wrong[0], .exif_bytes = 1},
                                 {.struct_size = sizeof wrong[0], .density = {-1, 1}},
                                 {.struct_size = sizeof wrong[0], .density = {NAN, 1}},
                                 {.struct_size = sizeof wrong[0], .texts = &no_key, .text_count = 1},
                                 {.struct_size = 0}};
    bd_image image = smooth_picture(4, 4, BD_FORMAT_RGBA8, false);
    for (size_t i = 0; i < BD_COUNT(wrong); i++) {
        const bd_image_write_params params = {.struct_size = sizeof params, .metadata = &wrong[i]};
        void *data;
        size_t size;
        bd_error error = {0};
        assert_int_equal(bd_image_encode(&image, &params, &data, &size, &error), BD_ERR_INVALID_ARGUMENT);
        assert_true(is_one_line(&error));
    }
    /* Keys that no PNG may have. */
    static const bd_metadata_text keys[] = {{"", "x"}, {" a", "x"}, {"a  b", "x"}, {"\xc3\xa9", "x"}};
    const bd_metadata odd = {.struct_size = sizeof odd, .texts = keys, .text_count = BD_COUNT(keys)};
    said kept;
    bytes written = write_all(&image, BD_IMAGE_FILE_PNG, &odd, &kept);
    assert_int_equal(kept.lines, 1);
    assert_non_null(strstr(kept.last, "metadata of the photo that is not written to PNG: texts"));
    free(written.data);
    bd_image_finish(&image);
}

/* ---- blocks that lie ---- */

static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Whatever a block says, nothing is read or written outside it: exact copies show it to a sanitizer. */
static void test_mutations(void **state) {
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    uint32_t random = 12345;
    for (int n = 0; n < 20000; n++) {
        exif e = photo_exif(n & 1, 3, 6);
        size_t size = n % 7 ? sizeof e.data : next_random(&random) % sizeof e.data;
        for (uint32_t changes = 1 + next_random(&random) % 6; changes; changes--) {
            uint8_t any = (uint8_t)next_random(&random);
            e.data[next_random(&random) % sizeof e.data] = n % 3 ? values[any % BD_COUNT(values)] : any;
        }
        bytes block = copy_of_bytes(e.data, size);
        assert_in_range(bd_exif_orientation(block.data, block.size), 1, 8);
        double density[2];
        (void)bd_exif_density(block.data, block.size, density);
        bd_exif_set_upright(block.data, block.size);
        bd_exif_set_srgb(block.data, block.size);
        size_t left = bd_exif_fit(block.data, block.size, 70000, 5);
        assert_true(left <= block.size);
        assert_int_equal(bd_exif_orientation(block.data, left), 1);
        assert_int_equal(bd_exif_fit(block.data, left, 70000, 5), left);
        free(block.data);
    }
    /* Files, of every kind of part. */
    exif e = photo_exif(false, 3, 3);
    bytes file = photo_jpeg(&e);
    for (int n = 0; n < 3000; n++) {
        bytes copy = copy_of_bytes(file.data, file.size);
        for (uint32_t changes = 1 + next_random(&random) % 4; changes; changes--) {
            copy.data[next_random(&random) % 1400] = values[next_random(&random) % BD_COUNT(values)];
        }
        bd_metadata metadata = {.struct_size = sizeof metadata};
        const bd_image_read_params params = {
            .struct_size = sizeof params, .metadata = &metadata, .max_pixels = 1 << 20};
        bd_image image;
        if (!bd_image_decode(copy.data, copy.size, "x", &params, &image, NULL)) {
            said kept;
            for (int form = BD_IMAGE_FILE_PNG; form <= BD_IMAGE_FILE_JPEG; form++) {
                bytes written = write_all(&image, (bd_image_file)form, &metadata, &kept);
                free(written.data);
            }
            bd_image_finish(&image);
        }
        bd_metadata_finish(&metadata);
        free(copy.data);
    }
    free(file.data);
}

/* Thumbnails of strips, in a chain, in a circle, and where others' bytes are. */
static void test_thumbnails(void **state) {
    (void)state;
    exif e = photo_exif(true, 3, 1);
    put(&e, IFD1 + 2 + 12, 2, 0x0111);
    put(&e, IFD1 + 2 + 24, 2, 0x0117);
    assert_int_equal(bd_exif_fit(e.data, sizeof e.data, 1, 1), IFD1);
    e = photo_exif(true, 3, 1);
    put(&e, IFD1 + 2 + 3 * 12, 4, IFD1);
    assert_int_equal(bd_exif_fit(e.data, sizeof e.data, 1, 1), IFD1);
    /* It reaches over a maker's note, which stays. */
    e = photo_exif(true, 3, 1);
    put(&e, IFD1 + 2 + 12 + 8, 4, NOTE + 10);
    exif was = e;
    assert_true(bd_exif_fit(e.data, sizeof e.data, 1, 1) >= NOTE + NOTE_BYTES);
    assert_memory_equal(e.data + NOTE, was.data + NOTE, NOTE_BYTES);
    /* In front of what stays: zeros. */
    e = photo_exif(false, 3, 1);
    put(&e, IFD1 + 2 + 12 + 8, 4, NOTE + NOTE_BYTES);
    put(&e, IFD1 + 2 + 24 + 8, 4, 50);
    memset(e.data + NOTE + NOTE_BYTES, 'T', 50);
    size_t left = bd_exif_fit(e.data, sizeof e.data, 1, 1);
    assert_false(contains(e.data, THUMBNAIL, "TTTT"));
    assert_true(left > IFD1); /* what nothing points to is nobody's thumbnail */
}

/* ---- memory ---- */

static void test_without_memory(void **state) {
    (void)state;
    exif e = photo_exif(true, 3, 6);
    bytes jpeg = photo_jpeg(&e);
    bd_metadata metadata;
    said kept;
    bd_image image = read_all(jpeg, &metadata, &kept);
    bytes files[2] = {jpeg, write_all(&image, BD_IMAGE_FILE_PNG, &metadata, &kept)};
    for (int i = 0; i < 2; i++) {
        for (long n = 1;; n++) {
            counter count = {.fail_at = n};
            bd_allocator allocator = counting_allocator(&count);
            bd_metadata found = {.struct_size = sizeof found};
            const bd_image_read_params in = {.struct_size = sizeof in, .allocator = &allocator, .metadata = &found};
            const bd_image_write_params out = {.struct_size = sizeof out,
                                               .allocator = &allocator,
                                               .metadata = &metadata,
                                               .file = i ? BD_IMAGE_FILE_PNG : BD_IMAGE_FILE_JPEG};
            bd_image again;
            void *data = NULL;
            size_t size;
            bd_result result = bd_image_decode(files[i].data, files[i].size, "x", &in, &again, NULL);
            if (!result) {
                bd_image_finish(&again);
                bd_metadata_finish(&found);
                result = bd_image_encode(&image, &out, &data, &size, NULL);
                bd_release(&allocator, result ? NULL : data);
            }
            assert_int_equal(count.alive, 0);
            if (count.requests < n) {
                assert_int_equal(result, BD_OK);
                break;
            }
            assert_true(!result || result == BD_ERR_OUT_OF_MEMORY);
        }
    }
    bd_metadata_finish(&metadata);
    bd_image_finish(&image);
    free(files[1].data);
    free(jpeg.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orientation),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_as_stored),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_xmp),
        cmocka_unit_test(test_png_texts),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_senseless),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_thumbnails),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
