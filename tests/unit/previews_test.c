/* SPDX-License-Identifier: MIT
 * Pictures of the old picture in its metadata: none of them is in what is written, wherever it stood, and what stood
 * around it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "support/pictures.h"
#include "support/tiffs.h"

#define MARK "OLD-PICTURE"

enum { PICTURE = 32 };
static const char picture[PICTURE + 1] = MARK "...................."
                                              "\xff";

static bool contains(const void *data, size_t size, const char *word) {
    const size_t length = strlen(word);
    for (size_t at = 0; at + length <= size; at++) {
        if (!memcmp((const char *)data + at, word, length)) {
            return true;
        }
    }
    return false;
}

/* ---- EXIF ---- */

typedef enum place {
    LOOSE, /* nothing points to it */
    MAIN_JPEG,
    MAIN_JPEG_ENDLESS, /* its bytes are not told */
    MAIN_STRIPS,
    MAIN_TILES,
    MAIN_RESOURCES,
    MAIN_LAYERS,
    MAIN_XMP,
    MAIN_IPTC,
    NEXT,
    NEXT_OF_EXIF = NEXT + EXIF,
    NEXT_OF_GPS = NEXT + GPS,
    NEXT_OF_INTEROPERABILITY = NEXT + INTEROPERABILITY,
    AFTER_NEXT,
    CHILD,
    CHILD_OF_TYPE_IFD,
    SECOND_CHILD,
    GRANDCHILD,
    EXIF_OF_NEXT,
    PLACES
} place;

/* The picture, the directory that describes it, and one that leads to that. */
enum { DIRECTORY = PICTURE, PARENT = DIRECTORY + 2 + 3 * 12 + 4 };

/* Of the first directory; area: where the three lie. Returns how many. */
static size_t fields_of(place where, uint32_t area, field fields[2]) {
    const uint32_t halves[2] = {area, area + PICTURE / 2}, sizes[2] = {PICTURE / 2, PICTURE / 2},
                   children[2] = {area + PARENT, area + DIRECTORY};
    static const uint16_t holders[] = {
        [MAIN_RESOURCES] = 0x8649, [MAIN_LAYERS] = 0x935c, [MAIN_XMP] = 0x02bc, [MAIN_IPTC] = 0x83bb};
    switch (where) {
    case MAIN_JPEG:
    case MAIN_JPEG_ENDLESS:
        fields[0] = number(0x0201, LONG, area);
        fields[1] = number(0x0202, LONG, PICTURE);
        return where == MAIN_JPEG ? 2 : 1;
    case MAIN_STRIPS:
    case MAIN_TILES:
        fields[0] = numbers(where == MAIN_TILES ? 0x0144 : 0x0111, LONG, 2, halves);
        fields[1] = numbers(where == MAIN_TILES ? 0x0145 : 0x0117, LONG, 2, sizes);
        return 2;
    case MAIN_RESOURCES:
    case MAIN_LAYERS:
    case MAIN_XMP:
    case MAIN_IPTC: fields[0] = blob(holders[where], UNDEFINED, picture, PICTURE); return 1;
    case CHILD:
    case CHILD_OF_TYPE_IFD: fields[0] = number(0x014a, LONG, area + DIRECTORY); return 1;
    case SECOND_CHILD: fields[0] = numbers(0x014a, LONG, 2, children); return 1;
    case GRANDCHILD: fields[0] = number(0x014a, LONG, area + PARENT); return 1;
    default: return 0;
    }
}

static bool is_held(place where) {
    return where >= MAIN_RESOURCES && where <= MAIN_IPTC;
}

static size_t link_of(const bytes *block, int kind) {
    static const uint16_t firsts[KINDS] = {[EXIF] = 0x829a, [GPS] = 0x0001, [INTEROPERABILITY] = 0x0001};
    const bool big = block->data[0] == 'M';
    const bd_metadata m = {.exif = block->data, .exif_bytes = block->size};
    const size_t at = kind == MAIN ? (size_t)get_number(block->data, big, 4, 4) : entry_of(&m, kind, firsts[kind]) - 2;
    return at + 2 + (size_t)get_number(block->data, big, at, 2) * 12;
}

/* behind: the maker's name lies behind the picture. */
static bytes block_with(bool big, const photo *p, place where, bool behind) {
    bytes block = {0};
    uint32_t area = 0;
    for (int pass = 0; pass < 2; pass++) {
        field fields[2];
        free(block.data);
        const size_t count = fields_of(where, area, fields);
        block = block_of(big, *p, fields, count);
        area = (uint32_t)block.size;
    }
    const bd_metadata m = {.exif = block.data, .exif_bytes = block.size};
    const size_t maker = entry_of(&m, MAIN, 0x010f), child = entry_of(&m, MAIN, 0x014a);
    const size_t link = where < NEXT || (where >= CHILD && where != EXIF_OF_NEXT) ? 0
                        : where < AFTER_NEXT                                      ? link_of(&block, (int)where - NEXT)
                                                                                  : link_of(&block, MAIN);
    tiff t = {.data = calloc(1, TIFF_ROOM), .used = area, .big = big};
    assert_non_null(t.data);
    memcpy(t.data, block.data, block.size);
    free(block.data);
    if (link) {
        put_number(&t, link, 4, area + (where < AFTER_NEXT ? DIRECTORY : PARENT));
    }
    if (where == CHILD_OF_TYPE_IFD) {
        put_number(&t, child + 2, 2, 13);
    }
    if (!is_held(where)) {
        memcpy(t.data + area, picture, PICTURE);
    }
    t.used += PICTURE;
    if (where >= NEXT) {
        const field described[] = {number(0x0103, SHORT, 6), number(0x0201, LONG, area), number(0x0202, LONG, PICTURE)};
        const field leads = number(where == EXIF_OF_NEXT ? 0x8769
                                   : where == AFTER_NEXT ? 0x0100
                                                         : 0x014a,
                                   LONG, area + DIRECTORY);
        (void)put_directory(&t, described, BD_COUNT(described));
        (void)put_directory(&t, &leads, 1);
        if (where == AFTER_NEXT) {
            put_number(&t, t.used - 4, 4, area + DIRECTORY);
        }
    }
    if (behind) {
        const size_t from = (size_t)get_number(t.data, big, maker + 8, 4);
        memcpy(t.data + t.used, t.data + from, p->of[MAIN][0].count);
        put_number(&t, maker + 8, 4, t.used);
        t.used += p->of[MAIN][0].count;
    }
    return bytes_of(&t);
}

static photo photo_without_note(void) {
    photo p = new_photo();
    size_t left = 0;
    for (size_t i = 0; i < p.count[EXIF]; i++) {
        if (p.of[EXIF][i].tag != 0x927c) {
            p.of[EXIF][left++] = p.of[EXIF][i];
        }
    }
    p.count[EXIF] = left;
    return p;
}

static void test_exif(void **state) {
    (void)state;
    for (int i = 0; i < PLACES * 8; i++) {
        const place where = (place)(i / 8);
        const bool big = i & 1, note = i & 2, behind = i & 4;
        const photo p = note ? new_photo() : photo_without_note();
        bytes block = block_with(big, &p, where, behind);
        assert_true(contains(block.data, block.size, MARK));
        const size_t size = block.size, left = bd_exif_fit(block.data, size, 70, 50);
        const bd_metadata m = {.exif = block.data, .exif_bytes = left};
        if (contains(block.data, left, MARK) != (where == LOOSE && note)) {
            fail_msg("place %d, note %d: wrong", (int)where, note);
        }
        check_exif(&m, &p, 0);
        assert_true(behind || note || left < size);
        assert_true(!behind || left == size);
        assert_int_equal(bd_exif_fit(block.data, left, 70, 50), left);
        free(block.data);
    }
}

/* Whoever leaves out the link of a directory has something else there, which is no place of pictures. */
static void test_missing_link(void **state) {
    (void)state;
    const photo p = new_photo();
    for (int big = 0; big < 2; big++) {
        bytes block = block_with(big, &p, LOOSE, false);
        const size_t link = link_of(&block, GPS);
        const bd_metadata m = {.exif = block.data, .exif_bytes = block.size};
        tiff t = {.data = block.data, .used = block.size, .big = big};
        put_number(&t, link, 4, get_number(block.data, big, entry_of(&m, MAIN, 0x8769) + 8, 4)); /* is a directory */
        put_number(&t, entry_of(&m, MAIN, 0x011a) + 8, 4, link);                                 /* and a fraction */
        const uint64_t was = get_number(block.data, big, link, 8);
        (void)bd_exif_fit(block.data, block.size, 70, 50);
        assert_int_equal(get_number(block.data, big, link, 8), was);
        free(block.data);
    }
}

/* Directories that lie in each other cannot be told apart. */
static void test_overlap(void **state) {
    (void)state;
    const photo p = new_photo();
    bytes block = block_with(false, &p, LOOSE, false);
    const bd_metadata m = {.struct_size = sizeof m, .exif = block.data, .exif_bytes = block.size};
    tiff t = {.data = block.data, .used = block.size};
    put_number(&t, entry_of(&m, MAIN, 0x8825) + 8, 4, get_number(block.data, false, entry_of(&m, MAIN, 0x8769) + 8, 4));
    bd_metadata fitted;
    unsigned dropped = 0;
    assert_int_equal(bd_metadata_fit(NULL, &m, 1, 1, &fitted, &dropped, NULL), BD_OK);
    assert_null(fitted.exif);
    assert_int_equal(fitted.exif_bytes, 0);
    assert_int_equal(dropped, 1u << BD_METADATA_EXIF);
    bd_metadata_finish(&fitted);
    assert_int_equal(bd_exif_fit(block.data, block.size, 1, 1), 0);
    free(block.data);
}

/* More parts than are listed: a maker's note does not save what nothing points to. */
static void test_many_parts(void **state) {
    (void)state;
    enum { PARTS = 3000, STEP = 8 };
    const photo p = new_photo();
    bytes block = {0};
    uint32_t at = 0;
    for (int pass = 0; pass < 2; pass++) {
        const uint32_t zero[2] = {0};
        field fields[] = {numbers(0x0111, LONG, 2, zero), numbers(0x0117, LONG, 2, zero)};
        free(block.data);
        block = block_of(true, p, fields, 2);
        at = (uint32_t)block.size;
    }
    const bd_metadata before = {.exif = block.data, .exif_bytes = block.size};
    const size_t entries[2] = {entry_of(&before, MAIN, 0x0111), entry_of(&before, MAIN, 0x0117)};
    bytes whole = copy_of_bytes(block.data, block.size);
    free(block.data);
    for (uint32_t i = 0; i < 2 * PARTS; i++) {
        const uint32_t value = i < PARTS ? at + 2 * PARTS * 4 + i * STEP : STEP / 2;
        append_bytes(
            &whole,
            (const uint8_t[]){(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value},
            4);
    }
    for (int i = 0; i < PARTS; i++) {
        append_bytes(&whole, "PART\1\2\3\4", STEP);
    }
    tiff t = {.data = whole.data, .used = whole.size, .big = true};
    for (int i = 0; i < 2; i++) {
        put_number(&t, entries[i] + 4, 4, PARTS);
        put_number(&t, entries[i] + 8, 4, at + (uint32_t)i * PARTS * 4);
    }
    const bd_metadata m = {.exif = whole.data, .exif_bytes = bd_exif_fit(whole.data, whole.size, 1, 1)};
    assert_false(contains(whole.data, whole.size, "PART"));
    check_exif(&m, &p, 0);
    free(whole.data);
}

/* ---- XMP ---- */

#define BASIC "http://ns.adobe.com/xap/1.0/"
#define THUMBNAIL BASIC "g/img/"
#define GOOGLE "http://ns.google.com/photos/1.0/"

static void check_packet(const char *packet, const char *edited) {
    static const bd_xmp_change change = {.without_thumbnails = true};
    bytes exact = copy_of_bytes(packet, strlen(packet));
    uint8_t *made = NULL;
    size_t size = 0;
    const bd_result result = bd_xmp_edit(NULL, exact.data, exact.size, &change, &made, &size, NULL);
    assert_int_equal(result, edited ? BD_OK : BD_ERR_UNSUPPORTED);
    if (edited) {
        assert_string_equal((const char *)made, edited);
        assert_int_equal(size, strlen(edited));
    }
    bd_release(NULL, made);
    free(exact.data);
}

static void test_xmp(void **state) {
    (void)state;
    static const struct {
        const char *packet, *edited; /* NULL: refused; "=": the packet */
    } packets[] = {
        {"<a GImage:Mime='b' GImage:Data='OLD' GDepth:Data = \"OLD\"\nGDepth:Near='1'/>",
         "<a GImage:Mime='b'  \nGDepth:Near='1'/>"},
        {"<GAudio:Data>OLD</GAudio:Data><GImage:Data x='y'/><GDepth:Confidence>OLD</GDepth:Confidence>", ""},
        {"<a xmlns:i='" GOOGLE "image/' i:Data='OLD' i:Datum='b' j:Data='c'/>",
         "<a xmlns:i='" GOOGLE "image/'  i:Datum='b' j:Data='c'/>"},
        {"<a xmlns:q=\"" BASIC "\"><q:Thumbnails><b/>OLD</q:Thumbnails ><q:Title/></a>",
         "<a xmlns:q=\"" BASIC "\"><q:Title/></a>"},
        {"<a\txmlns = '" BASIC "'><Thumbnails>OLD</Thumbnails></a>", "<a\txmlns = '" BASIC "'></a>"},
        {"<xmp:PageInfo><a><xmpGImg:width>1</xmpGImg:width><xmpGImg:image>OLD</xmpGImg:image></a></xmp:PageInfo>",
         "<xmp:PageInfo><a><xmpGImg:width>1</xmpGImg:width></a></xmp:PageInfo>"},
        {"<a xmlns:g='" THUMBNAIL "'><b g:image='OLD'/><g:image>OLD</g:image><g:images>c</g:images></a>",
         "<a xmlns:g='" THUMBNAIL "'><b /><g:images>c</g:images></a>"},
        {"<xmpGImg:image>OLD</xmpGImg:imageless></xmpGImg:image>c", "c"},
        {"<a Thumbnails='b' x:Thumbnails='c' image='d' xmp:image='e' Data='f' xmpGImg:Data='g' xmlns:xmp='h'/>", "="},
        {"<a xmlns:x='" BASIC "more' x:Thumbnails='b'/>", "="},
        {"<a>of GImage:Data and xmp:Thumbnails </a>", "="},
        {"<a GImage:Data='OLD", NULL},
        {"<a><xmpGImg:image>OLD</a>", NULL},
        {"GImage:Data='b'", "="},
    };
    for (size_t i = 0; i < BD_COUNT(packets); i++) {
        const char *edited = packets[i].edited;
        check_packet(packets[i].packet, edited && !strcmp(edited, "=") ? packets[i].packet : edited);
    }
    /* A long value, and more prefixes than are kept. */
    bytes large = copy_of_bytes("<a GDepth:Data='", 16);
    for (int i = 0; i < 5000; i++) {
        append_bytes(&large, "T0xE", 4);
    }
    append_bytes(&large, "' b='c'/>", 10);
    check_packet((const char *)large.data, "<a  b='c'/>");
    free(large.data);
    bytes many = {0};
    for (char i = 0; i < 100; i++) {
        const char name[] = {' ', 'x', 'm', 'l', 'n', 's', ':', (char)('a' + i / 10), (char)('a' + i % 10), '='};
        append_bytes(&many, name, sizeof name);
        append_bytes(&many, "'" GOOGLE "'", sizeof GOOGLE + 1);
    }
    append_bytes(&many, "", 1);
    check_packet((const char *)many.data, NULL);
    free(many.data);
}

/* ---- IPTC ---- */

static void append_set(bytes *to, uint8_t record, uint8_t number_of, const char *value) {
    const size_t size = strlen(value);
    append_bytes(to, (const uint8_t[]){0x1c, record, number_of, 0, (uint8_t)size}, 5);
    append_bytes(to, value, size);
}

static bytes kept_sets(void) {
    bytes kept = {0};
    append_set(&kept, 1, 90, "\x1b%G");
    append_set(&kept, 2, 5, "KEPT-TITLE");
    append_set(&kept, 2, 199, "KEPT-199");
    append_set(&kept, 2, 203, "KEPT-203");
    append_set(&kept, 9, 10, "12");
    return kept;
}

static bytes given_sets(void) {
    bytes given = {0};
    append_set(&given, 1, 90, "\x1b%G");
    append_set(&given, 2, 5, "KEPT-TITLE");
    append_set(&given, 2, 199, "KEPT-199");
    append_set(&given, 2, 200, MARK);
    append_set(&given, 2, 201, MARK);
    append_bytes(&given, (const uint8_t[]){0x1c, 2, 202, 0x80, 3, 0, 0, PICTURE}, 8);
    append_bytes(&given, picture, PICTURE);
    append_set(&given, 2, 203, "KEPT-203");
    append_set(&given, 8, 10, MARK);
    append_set(&given, 8, 10, MARK);
    append_set(&given, 9, 10, "12");
    return given;
}

static void test_iptc(void **state) {
    (void)state;
    static const struct {
        const char *rest;
        size_t size;
        bool whole;
    } rests[] = {{"", 0, true},
                 {"\0\0\0", 3, true},
                 {"\x1c\2\5\0", 4, false},
                 {"\x1c\2\5\0\5abcd", 9, false},
                 {"\x1c\2\5\x80\5\0\0\0\0\0", 10, false},
                 {"\x1c\2\5\x80\4\xff\xff\xff\xff", 9, false},
                 {"junk " MARK, 5 + sizeof MARK, false}};
    bytes kept = kept_sets();
    for (size_t i = 0; i < BD_COUNT(rests); i++) {
        bytes given = given_sets();
        append_bytes(&given, rests[i].rest, rests[i].size);
        bool whole = !rests[i].whole;
        assert_int_equal(bd_iptc_drop_pictures(given.data, given.size, &whole), kept.size);
        assert_memory_equal(given.data, kept.data, kept.size);
        assert_int_equal(whole, rests[i].whole);
        free(given.data);
    }
    free(kept.data);
}

/* ---- files ---- */

static const char packet[] =
    "<x:xmpmeta xmlns:x='adobe:ns:meta/' xmlns:t='" BASIC "'><rdf:RDF><rdf:Description GImage:Data='" MARK
    "' xmp:Rating='5'>"
    "<t:Thumbnails>" MARK "</t:Thumbnails><t:PageInfo><xmpGImg:image>" MARK "</xmpGImg:image></t:PageInfo>"
    "<dc:title>KEPT-XMP</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>";

static void check_file(const void *data, size_t size, const photo *p, bool holds_all) {
    bd_metadata m = {.struct_size = sizeof m};
    const bd_image_read_params params = {.struct_size = sizeof params, .metadata = &m};
    bd_image image;
    assert_false(contains(data, size, MARK));
    assert_int_equal(bd_image_decode(data, size, "written", &params, &image, NULL), BD_OK);
    assert_false(contains(m.exif, m.exif_bytes, MARK));
    check_exif(&m, p, 0);
    assert_true(contains(m.xmp, m.xmp_bytes, "KEPT-XMP"));
    if (holds_all) {
        bytes kept = kept_sets();
        assert_int_equal(m.iptc_bytes, kept.size);
        assert_memory_equal(m.iptc, kept.data, kept.size);
        free(kept.data);
        assert_int_equal(m.text_count, 1); /* a JPEG's comment or a text */
        assert_true(contains(m.texts[0].value, strlen(m.texts[0].value), "KEPT-TEXT"));
    }
    bd_metadata_finish(&m);
    bd_image_finish(&image);
}

static void test_files(void **state) {
    (void)state;
    static const bd_metadata_text texts[] = {
        {"Thumb::Image", MARK}, {"Author", "KEPT-TEXT"}, {"Thumb::URI", "file:///" MARK}};
    static const bd_image_file forms[] = {BD_IMAGE_FILE_JPEG, BD_IMAGE_FILE_PNG, BD_IMAGE_FILE_WEBP};
    bd_image image = smooth_picture(40, 24, BD_FORMAT_RGBA8, false);
    bytes iptc = given_sets();
    const photo p = photo_without_note();
    for (int where = 0; where < PLACES; where++) {
        bytes exif = block_with(where & 1, &p, (place)where, false);
        const bd_metadata metadata = {.struct_size = sizeof metadata,
                                      .exif = exif.data,
                                      .exif_bytes = exif.size,
                                      .xmp = (const uint8_t *)packet,
                                      .xmp_bytes = sizeof packet - 1,
                                      .iptc = iptc.data,
                                      .iptc_bytes = iptc.size,
                                      .texts = texts,
                                      .text_count = BD_COUNT(texts)};
        for (size_t i = 0; i < BD_COUNT(forms); i++) {
            const bd_image_write_params params = {
                .struct_size = sizeof params, .file = forms[i], .metadata = &metadata};
            void *data;
            size_t size;
            bd_error error;
            const bd_result result = bd_image_encode(&image, &params, &data, &size, &error);
            if (result == BD_ERR_UNSUPPORTED && forms[i] == BD_IMAGE_FILE_WEBP) {
                continue; /* this build lacks it */
            }
            assert_int_equal(result, BD_OK);
            check_file(data, size, &p, forms[i] != BD_IMAGE_FILE_WEBP);
            bd_release(NULL, data);
        }
        free(exif.data);
    }
    free(iptc.data);
    bd_image_finish(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exif),       cmocka_unit_test(test_missing_link), cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_many_parts), cmocka_unit_test(test_xmp),          cmocka_unit_test(test_iptc),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
