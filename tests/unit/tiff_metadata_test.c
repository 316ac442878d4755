/* SPDX-License-Identifier: MIT
 * Metadata of TIFF files, whose EXIF stands among the tags of the picture: out of files of both byte orders and widths,
 * into files, and through other forms; files that lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/forms.h"
#include "image/image.h"
#include "support/tiffs.h"

/* ---- a sample ---- */

static const uint8_t iptc[] = {0x1c, 2, 80, 0, 6, 'N', 'o', 'b', 'o', 'd', 'y'};
static const char upright[] = "<x tiff:Orientation='1' dc:title='caf\xc3\xa9'/>";
static const char packet[] = "<x tiff:Orientation='6' dc:title='caf\xc3\xa9'/>";

static tiff whole_picture(bool big, bool wide) {
    const field more[] = {number(0x0112, SHORT, 6), blob(0x02bc, BYTE, packet, sizeof packet), /* with a NUL */
                          blob(0x83bb, UNDEFINED, iptc, sizeof iptc)};
    return picture_with(big, wide, new_photo(), more, BD_COUNT(more));
}

/* ---- reading and writing ---- */

typedef struct said {
    int lines;
    char last[400];
} said;

static void keep_line(void *user, bd_log_level level, const char *message) {
    said *kept = user;
    assert_int_equal(level, BD_LOG_WARNING);
    kept->lines++;
    (void)snprintf(kept->last, sizeof kept->last, "%s", message);
}

static bd_image read_with(bytes file, bool as_stored, bd_metadata *metadata, said *kept) {
    *kept = (said){0};
    *metadata = (bd_metadata){.struct_size = sizeof *metadata};
    const bd_image_read_params params = {.struct_size = sizeof params,
                                         .ignore_orientation = as_stored,
                                         .keep_depth = true,
                                         .metadata = metadata,
                                         .log = keep_line,
                                         .log_user = kept};
    bd_image image;
    bd_error error;
    if (bd_image_decode(file.data, file.size, "sample", &params, &image, &error)) {
        fail_msg("%s", error.message);
    }
    return image;
}

static bytes write_with(const bd_image *image, bd_image_file form, const bd_metadata *metadata, said *kept) {
    *kept = (said){0};
    const bd_image_write_params params = {
        .struct_size = sizeof params, .file = form, .metadata = metadata, .log = keep_line, .log_user = kept};
    return encoded(image, &params);
}

static bool can_write(bd_image_file file) {
    const bd_form *form = bd_form_of_file(file);
    return form->decode && form->encode;
}

/* ---- tests ---- */

static void check_sample(const bd_metadata *m, double density) {
    assert_int_equal(m->iptc_bytes, sizeof iptc);
    assert_memory_equal(m->iptc, iptc, sizeof iptc);
    assert_int_equal(m->xmp_bytes, sizeof upright - 1);
    assert_memory_equal(m->xmp, upright, sizeof upright - 1);
    assert_true(fabs(m->density[0] - density) < 1e-3 && fabs(m->density[1] - density) < 1e-3);
    assert_int_equal(m->text_count, 0);
}

static void test_out_of_files(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++) {
        const tiff t = whole_picture(i & 1, i & 2);
        bytes file = bytes_of(&t);
        bd_metadata m;
        said kept;
        bd_image image = read_with(file, i & 4, &m, &kept);
        assert_int_equal(kept.lines, 0);
        assert_int_equal(image.width, i & 4 ? TIFF_WIDTH : TIFF_HEIGHT);
        assert_int_equal(bd_exif_orientation(m.exif, m.exif_bytes), i & 4 ? 6 : 1);
        const photo p = new_photo();
        check_exif(&m, &p, 1); /* the orientation */
        assert_int_equal(m.exif[0], i & 1 ? 'M' : 'I');
        if (!(i & 4)) {
            check_sample(&m, 299.9994);
        }
        /* And into one, where stored pixels are to be turned still. */
        bytes written = write_with(&image, BD_IMAGE_FILE_TIFF, &m, &kept);
        assert_int_equal(kept.lines, 0);
        bd_metadata_finish(&m);
        bd_image_finish(&image);
        image = read_with(written, false, &m, &kept);
        assert_int_equal(kept.lines, 0);
        assert_int_equal(image.width, TIFF_HEIGHT);
        check_exif(&m, &p, 1);
        check_sample(&m, 299.9994);
        bd_metadata_finish(&m);
        bd_image_finish(&image);
        free(written.data);
        free(file.data);
    }
}

/* Every entry of EXIF, by way of TIFF, to each form that holds it. */
static void test_round_trips(void **state) {
    (void)state;
    static const bd_image_file forms[] = {BD_IMAGE_FILE_TIFF, BD_IMAGE_FILE_JPEG, BD_IMAGE_FILE_PNG,
                                          BD_IMAGE_FILE_WEBP};
    for (int i = 0; i < 4; i++) {
        const bool big = i & 1, deep = i & 2;
        bd_image image = smooth_picture(20, 10, BD_FORMAT_RGBA8, false), first = {0};
        if (deep) {
            bd_image_finish(&image);
            assert_int_equal(bd_image_create(NULL, "x", 20, 10, BD_FORMAT_RGBA16, &image, NULL), BD_OK);
            for (size_t k = 0; k < 10 * (size_t)image.stride_bytes; k++) {
                image.pixels[k] = k % 8 < 6 ? (uint8_t)(k * 7) : UINT8_MAX;
            }
        }
        const photo p = new_photo();
        bytes block = block_of(big, p, NULL, 0);
        const bd_metadata given = {.struct_size = sizeof given,
                                   .exif = block.data,
                                   .exif_bytes = block.size,
                                   .xmp = (const uint8_t *)upright,
                                   .xmp_bytes = sizeof upright - 1,
                                   .iptc = iptc,
                                   .iptc_bytes = sizeof iptc};
        said kept;
        bytes file = write_with(&image, BD_IMAGE_FILE_TIFF, &given, &kept), last = {0};
        assert_int_equal(kept.lines, 0);
        assert_int_equal(file.data[0], big ? 'M' : 'I');
        for (size_t k = 0; k < BD_COUNT(forms); k++) {
            bd_metadata m;
            first = read_with(file, false, &m, &kept);
            assert_int_equal(kept.lines, 0);
            check_exif(&m, &p, 1);
            check_sample(&m, 299.9994);
            assert_int_equal(first.format, image.format);
            assert_memory_equal(first.pixels, image.pixels, 10 * (size_t)image.stride_bytes);
            if (can_write(forms[k]) && (!deep || bd_form_of_file(forms[k])->deep)) {
                last = write_with(&first, forms[k], &m, &kept);
                assert_int_equal(kept.lines, forms[k] == BD_IMAGE_FILE_WEBP);
                bd_metadata_finish(&m);
                bd_image_finish(&first);
                first = read_with(last, false, &m, &kept);
                check_exif(&m, &p, 1);
                if (forms[k] == BD_IMAGE_FILE_TIFF) {
                    assert_int_equal(last.size, file.size);
                    assert_memory_equal(last.data, file.data, file.size);
                }
                free(last.data);
            }
            bd_metadata_finish(&m);
            bd_image_finish(&first);
        }
        bd_image_finish(&image);
        free(block.data);
        free(file.data);
    }
}

/* Pictures that need it become BigTIFF; here one of a few pixels is. */
static void test_into_wide_files(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        const photo none = {.count = {0}}, p = new_photo();
        const tiff t = picture_with(i & 1, i & 2, none, NULL, 0);
        bytes file = bytes_of(&t), block = block_of(i & 1, p, NULL, 0);
        bd_encoder to = {.name = "x"};
        to.metadata = (bd_metadata){.exif = block.data,
                                    .exif_bytes = block.size,
                                    .xmp = (const uint8_t *)packet,
                                    .xmp_bytes = sizeof packet - 1,
                                    .iptc = iptc,
                                    .iptc_bytes = sizeof iptc};
        assert_true(bd_encoder_put(&to, file.data, file.size));
        bd_tiff_add_metadata(&to);
        assert_int_equal(to.result, BD_OK);
        assert_int_equal(to.dropped, 0);
        bd_metadata m;
        said kept;
        bd_image image = read_with((bytes){to.data, to.used}, false, &m, &kept);
        assert_int_equal(kept.lines, 0);
        assert_int_equal(image.width, TIFF_WIDTH);
        for (int x = 0; x < TIFF_WIDTH; x++) {
            assert_int_equal(image.pixels[x * 4], x * 30);
        }
        check_exif(&m, &p, 0);
        check_sample(&m, 299.9994);
        bd_metadata_finish(&m);
        bd_image_finish(&image);
        bd_release(NULL, to.data);
        free(block.data);
        free(file.data);
    }
}

/* What no photo says is no metadata, and changes no file. */
static void test_bare(void **state) {
    (void)state;
    const photo none = {.count = {0}};
    const uint32_t dense[] = {204, 1};
    const field more[] = {number(0x0112, SHORT, 1), numbers(0x011a, RATIONAL, 1, dense),
                          numbers(0x011b, RATIONAL, 1, dense), number(0x0128, SHORT, 2)};
    for (size_t count = 0; count <= BD_COUNT(more); count += BD_COUNT(more)) {
        const tiff t = picture_with(false, false, none, more, count);
        bytes file = bytes_of(&t);
        bd_metadata m;
        said kept;
        bd_image image = read_with(file, false, &m, &kept);
        assert_int_equal(kept.lines, 0);
        assert_int_equal(m.exif_bytes + m.xmp_bytes + m.iptc_bytes + m.text_count, 0);
        assert_true(m.density[0] == (count ? 204.0 : 0.0)); /* NOLINT: it is exact */
        bytes with = write_with(&image, BD_IMAGE_FILE_TIFF, &m, &kept),
              without = encoded_as(&image, BD_IMAGE_FILE_TIFF);
        assert_true(count ? with.size > without.size : with.size == without.size);
        bd_metadata_finish(&m);
        bd_image_finish(&image);
        image = read_with(with, false, &m, &kept);
        assert_true(m.density[1] == (count ? 204.0 : 0.0)); /* NOLINT */
        assert_null(m.exif);
        bd_metadata_finish(&m);
        bd_image_finish(&image);
        free(without.data);
        free(with.data);
        free(file.data);
    }
}

/* The ways in which files hold IPTC. */
static void test_iptc(void **state) {
    (void)state;
    uint8_t segment[50] = "Photoshop 3.0", padded[12] = {0}, swapped[12],
            blocks[36] = {'8', 'B', 'I', 'M', 4, 0x0c, 0, 0, 0, 0, 0, 0,
                          '8', 'B', 'I', 'M', 4, 4,    0, 0, 0, 0, 0, sizeof iptc};
    memcpy(padded, iptc, sizeof iptc);
    memcpy(blocks + 24, iptc, sizeof iptc);
    memcpy(segment + 14, blocks, sizeof blocks);
    for (size_t i = 0; i < sizeof padded; i++) {
        swapped[i] = padded[i ^ 3];
    }
    const field ways[] = {blob(0x83bb, UNDEFINED, iptc, sizeof iptc), blob(0x83bb, BYTE, padded, sizeof padded),
                          blob(0x83bb, LONG, padded, sizeof padded),  blob(0x83bb, LONG, swapped, sizeof swapped),
                          blob(0x8649, BYTE, blocks, sizeof blocks),  blob(0x83bb, UNDEFINED, segment, sizeof segment)};
    const photo none = {.count = {0}};
    for (size_t i = 0; i < 2 * BD_COUNT(ways); i++) {
        const tiff t = picture_with(i % 2, false, none, &ways[i / 2], 1);
        bytes file = bytes_of(&t);
        bd_metadata m;
        said kept;
        bd_image image = read_with(file, false, &m, &kept);
        assert_int_equal(m.iptc_bytes, sizeof iptc);
        assert_memory_equal(m.iptc, iptc, sizeof iptc);
        assert_int_equal(kept.lines, 0);
        bd_metadata_finish(&m);
        bd_image_finish(&image);
        free(file.data);
    }
    /* What is damaged is called so: a segment that was cut off at its first NUL, and what stands behind a whole data set. */
    uint8_t half[sizeof iptc + 3] = {0};
    memcpy(half, iptc, sizeof iptc);
    memcpy(half + sizeof iptc, iptc, 3);
    const field damaged[] = {blob(0x83bb, UNDEFINED, segment, 13), blob(0x83bb, UNDEFINED, half, sizeof half)};
    for (size_t i = 0; i < BD_COUNT(damaged); i++) {
        const tiff t = picture_with(false, false, none, &damaged[i], 1);
        bytes file = bytes_of(&t);
        bd_metadata m;
        said kept;
        bd_image image = read_with(file, false, &m, &kept);
        assert_int_equal(m.iptc_bytes, i ? sizeof iptc : 0);
        assert_int_equal(kept.lines, 1);
        assert_string_equal(kept.last, "sample: metadata that is damaged or too large is left out: IPTC");
        bytes written = write_with(&image, BD_IMAGE_FILE_TIFF, &m, &kept);
        assert_int_equal(kept.lines, 0);
        bd_metadata_finish(&m);
        bd_image_finish(&image);
        free(written.data);
        free(file.data);
    }
    /* Long data sets, and what is none. */
    static const uint8_t extended[] = {0x1c, 2, 80, 0x80, 2, 0, 1, 'x', 0, 0}, odd[] = {1, 2, 3, 0, 0};
    bool whole;
    assert_int_equal(bd_iptc_measure(extended, sizeof extended, &whole), 8);
    assert_true(whole);
    assert_int_equal(bd_iptc_measure(extended, 7, &whole), 0);
    assert_false(whole);
    assert_int_equal(bd_iptc_measure(extended, 6, &whole), 0);
    assert_int_equal(bd_iptc_measure(odd, sizeof odd, &whole), 0);
    assert_false(whole);
}

/* PNG's keys have tags; what has none is named. */
static void test_texts(void **state) {
    (void)state;
    static const bd_metadata_text texts[] = {{"Comment", "by hand"},
                                             {"Author", "J\xc3\xbcrgen"},
                                             {"Description", "a photo"},
                                             {"Creation Time", "2020:01:02 03:04:05"},
                                             {"Creation Time", "yesterday"},
                                             {"Software", "S"},
                                             {"Copyright", "(c) nobody"},
                                             {"Title", "t"},
                                             {"Warning", "w"}};
    const photo p = new_photo();
    bytes block = block_of(false, p, NULL, 0);
    bd_image image = smooth_picture(8, 8, BD_FORMAT_RGBA8, false), back;
    const field held[] = {text(0x010d, "t"), text(0x010e, "a photo"), text(0x0131, "S"),
                          text(0x0132, "2020:01:02 03:04:05"), text(0x013b, "J\xc3\xbcrgen")};
    for (int with_exif = 0; with_exif < 2; with_exif++) {
        const bd_metadata given = {.struct_size = sizeof given,
                                   .exif = with_exif ? block.data : NULL,
                                   .exif_bytes = with_exif ? block.size : 0,
                                   .texts = texts,
                                   .text_count = BD_COUNT(texts)};
        bd_metadata m;
        said kept;
        bytes file = write_with(&image, BD_IMAGE_FILE_TIFF, &given, &kept);
        assert_int_equal(kept.lines, 1);
        assert_string_equal(
            kept.last,
            "image: metadata of the photo that is not written to TIFF: texts (Comment, Creation Time, Warning)");
        back = read_with(file, false, &m, &kept);
        for (size_t i = 0; i < BD_COUNT(held); i++) {
            check_field(&m, MAIN, &held[i]);
        }
        const field rights = text(0x8298, "(c) nobody");
        check_field(&m, MAIN, &rights);
        bd_metadata_finish(&m);
        bd_image_finish(&back);
        free(file.data);
    }
    /* What EXIF says needs no word, in WebP either; nor do the times of a file. */
    const bd_metadata_text told[] = {{"Make", "MadeUp"},          {"Model", "T"},
                                     {"Copyright", "(c) nobody"}, {"date:create", "2020-01-02T03:04:05+00:00"},
                                     {"date:timestamp", "2020"},  {"Model", "Other"}};
    for (size_t count = BD_COUNT(told) - 1; count <= BD_COUNT(told); count++) {
        for (int i = 0; i < 2; i++) {
            const bd_image_file form = i ? BD_IMAGE_FILE_WEBP : BD_IMAGE_FILE_TIFF;
            const bd_metadata given = {.struct_size = sizeof given,
                                       .exif = block.data,
                                       .exif_bytes = block.size,
                                       .texts = told,
                                       .text_count = count};
            said kept;
            if (can_write(form)) {
                bytes file = write_with(&image, form, &given, &kept);
                assert_int_equal(kept.lines, count == BD_COUNT(told));
                free(file.data);
            }
        }
    }
    /* Without EXIF they become tags of their own. */
    const bd_metadata of_camera = {.struct_size = sizeof of_camera, .texts = told, .text_count = 2};
    said lines;
    bd_metadata tags;
    bytes camera = write_with(&image, BD_IMAGE_FILE_TIFF, &of_camera, &lines);
    assert_int_equal(lines.lines, 0);
    back = read_with(camera, false, &tags, &lines);
    const field make = text(0x010f, "MadeUp"), model = text(0x0110, "T");
    check_field(&tags, MAIN, &make);
    check_field(&tags, MAIN, &model);
    bd_metadata_finish(&tags);
    bd_image_finish(&back);
    free(camera.data);
    /* EXIF has the word; a comment may describe. */
    static const bd_metadata_text two[] = {{"Comment", "by hand"}, {"Copyright", "(c) somebody"}};
    const bd_metadata given = {.struct_size = sizeof given,
                               .exif = block.data,
                               .exif_bytes = block.size,
                               .texts = two,
                               .text_count = BD_COUNT(two)};
    said kept;
    bd_metadata m;
    bytes file = write_with(&image, BD_IMAGE_FILE_TIFF, &given, &kept);
    assert_non_null(strstr(kept.last, "texts (Copyright)"));
    back = read_with(file, false, &m, &kept);
    const field described = text(0x010e, "by hand"), rights = text(0x8298, "(c) nobody");
    check_field(&m, MAIN, &described);
    check_field(&m, MAIN, &rights);
    bd_metadata_finish(&m);
    bd_image_finish(&back);
    bd_image_finish(&image);
    free(file.data);
    free(block.data);
}

/* EXIF's own numbers stay where they say what density says. */
static void test_density(void **state) {
    (void)state;
    static const struct {
        double given[2];
        uint32_t over, under, unit;
    } rows[] = {{{300, 300}, 11811, 100, 3},      {{0, 0}, 11811, 100, 3},     {{72, 72}, 72, 1, 2},
                {{96.5, 96.5}, 965000, 10000, 2}, {{1e9, 1e9}, 11811, 100, 3}, {{1e-9, 1}, 11811, 100, 3}};
    const photo p = new_photo();
    bd_image image = smooth_picture(8, 8, BD_FORMAT_RGBA8, false);
    for (size_t i = 0; i < 2 * BD_COUNT(rows); i++) {
        bytes block = block_of(i % 2, p, NULL, 0);
        bd_metadata given = {.struct_size = sizeof given, .exif = block.data, .exif_bytes = block.size}, m;
        memcpy(given.density, rows[i / 2].given, sizeof given.density);
        said kept;
        bytes file = write_with(&image, BD_IMAGE_FILE_TIFF, &given, &kept);
        bd_image back = read_with(file, false, &m, &kept);
        const uint32_t ratio[] = {rows[i / 2].over, rows[i / 2].under};
        const field x = numbers(0x011a, RATIONAL, 1, ratio), unit = number(0x0128, SHORT, rows[i / 2].unit);
        check_field(&m, MAIN, &x);
        check_field(&m, MAIN, &unit);
        bd_metadata_finish(&m);
        bd_image_finish(&back);
        free(file.data);
        free(block.data);
    }
    bd_image_finish(&image);
}

/* EXIF's first directory may say how some other picture is stored, or something to one program. */
static void test_foreign_tags(void **state) {
    (void)state;
    const field more[] = {number(0x0100, LONG, 999),   number(0x0102, SHORT, 3), number(0x0103, SHORT, 6),
                          number(0x0111, LONG, 1234),  number(0x0115, SHORT, 9), number(0x0117, LONG, 77),
                          number(0x014a, LONG, 8),     number(0x0201, LONG, 8),  number(0x8773, UNDEFINED, 1),
                          number(0xc612, LONG, 0x104), number(0xea1c, BYTE, 0)};
    bytes block = block_of(true, new_photo(), more, BD_COUNT(more));
    bd_image image = smooth_picture(8, 8, BD_FORMAT_RGBA8, false);
    const bd_metadata given = {.struct_size = sizeof given, .exif = block.data, .exif_bytes = block.size};
    bd_metadata m;
    said kept;
    bytes file = write_with(&image, BD_IMAGE_FILE_TIFF, &given, &kept);
    assert_int_equal(kept.lines, 1);
    assert_string_equal(kept.last, "image: metadata of the photo that is not written to TIFF: EXIF (tag 0xc612)");
    bd_image back = read_with(file, false, &m, &kept);
    assert_int_equal(largest_difference(&image, &back), 0);
    const photo p = new_photo();
    check_exif(&m, &p, 1);
    bd_metadata_finish(&m);
    bd_image_finish(&back);
    bd_image_finish(&image);
    free(file.data);
    free(block.data);
}

/* ---- files that lie ---- */

/* Directories that are one another's, and places beyond the end. */
static void test_circles(void **state) {
    (void)state;
    const photo none = {.count = {0}};
    for (int i = 0; i < 4; i++) {
        tiff t = picture_with(i & 1, i & 2, none, NULL, 0);
        const size_t page = (size_t)get_number(t.data, t.big, t.wide ? 8 : 4, t.wide ? 8 : 4), entry = t.wide ? 20 : 12;
        const size_t places[] = {page, 0, 8, t.used - 1, t.used, t.used + 1, 0xfffffff0u, page + 1};
        for (size_t k = 0; k < BD_COUNT(places); k++) {
            const field lies[] = {number(0x8769, LONG, (uint32_t)places[k]), number(0x8825, LONG, (uint32_t)places[k])};
            tiff liar = picture_with(i & 1, i & 2, none, lies, BD_COUNT(lies));
            bytes file = bytes_of(&liar);
            bd_metadata m;
            said kept;
            bd_image image = read_with(file, false, &m, &kept);
            assert_true(m.exif_bytes < file.size * 4);
            bd_metadata_finish(&m);
            bd_image_finish(&image);
            free(file.data);
        }
        /* One that points to itself, as what it belongs to, too. */
        const size_t at = t.used + (t.used & 1);
        const field loop[] = {number(0x8769, LONG, (uint32_t)at), number(0x8825, LONG, (uint32_t)at),
                              number(0x9003, BYTE, 1), number(0xa005, LONG, (uint32_t)at)};
        t.used = at;
        assert_int_equal(put_directory(&t, loop, BD_COUNT(loop)), at);
        const field lie[] = {number(0x8769, LONG, (uint32_t)at)};
        tiff liar = picture_with(i & 1, i & 2, none, lie, 1);
        memcpy(liar.data + at, t.data + at, t.used - at);
        liar.used = BD_MAX(liar.used, t.used);
        assert_true(entry * BD_COUNT(loop) < t.used);
        bytes file = bytes_of(&liar);
        bd_metadata m;
        said kept;
        bd_image image = read_with(file, false, &m, &kept);
        assert_true(m.exif_bytes < file.size * 4);
        bd_metadata_finish(&m);
        bd_image_finish(&image);
        free(file.data);
        free(t.data);
    }
}

/* Counts beyond all bounds, of every type; the rest of what is said stays. */
static void test_counts(void **state) {
    (void)state;
    static const uint64_t counts[] = {0x10000,     0x7fffffff, 0x80000000u,
                                      0xffffffffu, UINT64_MAX, (uint64_t)1 << 61 /* zero in 32 bits */};
    for (int i = 0; i < 4; i++) {
        for (uint16_t type = 0; type < 20; type++) {
            for (size_t k = 0; k < BD_COUNT(counts) - !(i & 2); k++) {
                photo p = {.count = {0}};
                say(&p, MAIN, text(0x010f, "MadeUp"));
                say(&p, MAIN, text(0x0110, "liar"));
                say(&p, EXIF, number(0x9003, BYTE, 7));
                tiff t = picture_with(i & 1, i & 2, p, NULL, 0);
                /* The model's entry. */
                for (size_t at = 0; at < t.used - 12; at++) {
                    if (get_number(t.data, t.big, at, 2) == 0x0110 && get_number(t.data, t.big, at + 2, 2) == ASCII) {
                        put_number(&t, at + 2, 2, type);
                        put_number(&t, at + 4, t.wide ? 8 : 4, counts[k]);
                    }
                }
                bytes file = bytes_of(&t);
                bd_metadata m;
                said kept;
                bd_image image = read_with(file, false, &m, &kept);
                assert_in_range(kept.lines, 1, 2); /* libtiff may find the file truncated */
                assert_non_null(strstr(kept.last, "damaged or too large is left out: EXIF"));
                check_field(&m, MAIN, &p.of[MAIN][0]);
                check_field(&m, EXIF, &p.of[EXIF][0]);
                assert_int_equal(entry_of(&m, MAIN, 0x0110), 0);
                bd_metadata_finish(&m);
                bd_image_finish(&image);
                free(file.data);
            }
        }
    }
}

/* Hundreds of entries with one value, and more of them than are kept. */
static void test_many(void **state) {
    (void)state;
    enum { ENTRIES = 700, LARGE = 100000 };
    for (int i = 0; i < 2; i++) {
        const photo none = {.count = {0}};
        tiff t = picture_with(i, false, none, NULL, 0);
        const size_t at = t.used;
        put_number(&t, at, 2, ENTRIES);
        for (size_t k = 0; k < ENTRIES; k++) {
            const size_t entry = at + 2 + k * 12;
            put_number(&t, entry, 2, 0x1000 + k);
            put_number(&t, entry + 2, 2, UNDEFINED);
            put_number(&t, entry + 4, 4, LARGE);
            put_number(&t, entry + 8, 4, 8);
        }
        const field lie = number(0x8769, LONG, (uint32_t)at);
        tiff liar = picture_with(i, false, none, &lie, 1);
        /* Behind the page of the liar. */
        const size_t place = liar.used + (liar.used & 1);
        memcpy(liar.data + place, t.data + at, 2 + ENTRIES * 12);
        for (size_t k = 0; k + 12 < liar.used; k++) {
            if (get_number(liar.data, liar.big, k, 2) == 0x8769 && get_number(liar.data, liar.big, k + 2, 2) == LONG) {
                put_number(&liar, k + 8, 4, place);
            }
        }
        liar.used = TIFF_ROOM;
        bytes file = bytes_of(&liar);
        bd_metadata m;
        said kept;
        bd_image image = read_with(file, false, &m, &kept);
        assert_int_equal(kept.lines, 1);
        assert_in_range(m.exif_bytes, 41 * LARGE, BD_METADATA_BYTES_MOST);
        bd_metadata_finish(&m);
        bd_image_finish(&image);
        free(file.data);
        free(t.data);
    }
}

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Bytes at random in files and blocks. */
static void test_mutations(void **state) {
    (void)state;
    static const uint8_t values[] = {0, 1, 2, 4, 8, 16, 0x7f, 0x80, 0xff};
    uint32_t random = 1;
    for (int n = 0; n < 6000; n++) {
        const tiff t = whole_picture(n & 1, n & 2);
        bytes file = bytes_of(&t);
        for (uint32_t changes = 1 + next_random(&random) % 4; changes; changes--) {
            file.data[16 + next_random(&random) % (file.size - 16)] = values[next_random(&random) % BD_COUNT(values)];
        }
        bd_metadata m = {.struct_size = sizeof m};
        const bd_image_read_params params = {.struct_size = sizeof params, .metadata = &m, .max_pixels = 1 << 16};
        bd_image image;
        if (!bd_image_decode(file.data, file.size, "x", &params, &image, NULL)) {
            said kept;
            bytes written = write_with(&image, BD_IMAGE_FILE_TIFF, &m, &kept);
            bd_image_finish(&image);
            free(written.data);
        }
        bd_metadata_finish(&m);
        free(file.data);
    }
    bd_image image = smooth_picture(2, 2, BD_FORMAT_RGBA8, false);
    for (int n = 0; n < 6000; n++) {
        bytes block = block_of(n & 1, new_photo(), NULL, 0);
        for (uint32_t changes = 1 + next_random(&random) % 4; changes; changes--) {
            block.data[4 + next_random(&random) % (block.size - 4)] = values[next_random(&random) % BD_COUNT(values)];
        }
        const bd_metadata m = {.struct_size = sizeof m, .exif = block.data, .exif_bytes = block.size};
        said kept;
        bytes written = write_with(&image, BD_IMAGE_FILE_TIFF, &m, &kept);
        bd_image back = decoded(written);
        bd_image_finish(&back);
        free(written.data);
        free(block.data);
    }
    bd_image_finish(&image);
}

static void test_without_memory(void **state) {
    (void)state;
    const tiff t = whole_picture(false, false);
    bytes file = bytes_of(&t);
    bd_metadata m;
    said kept;
    bd_image image = read_with(file, false, &m, &kept);
    for (long n = 1;; n++) {
        counter count = {.fail_at = n};
        bd_allocator allocator = counting_allocator(&count);
        bd_metadata found = {.struct_size = sizeof found};
        const bd_image_read_params in = {.struct_size = sizeof in, .allocator = &allocator, .metadata = &found};
        const bd_image_write_params out = {
            .struct_size = sizeof out, .allocator = &allocator, .metadata = &m, .file = BD_IMAGE_FILE_TIFF};
        bd_image again;
        void *data = NULL;
        size_t size;
        bd_result result = bd_image_decode(file.data, file.size, "x", &in, &again, NULL);
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
    bd_metadata_finish(&m);
    bd_image_finish(&image);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_out_of_files),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_into_wide_files),
        cmocka_unit_test(test_bare),
        cmocka_unit_test(test_iptc),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_density),
        cmocka_unit_test(test_foreign_tags),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, need_tiff, NULL);
}
