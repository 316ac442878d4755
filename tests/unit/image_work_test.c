/* SPDX-License-Identifier: MIT
 * Small files whose headers make libheif, OpenJPEG or libjxl work much: refused at once, each for what is wrong with it,
 * and what is like them and ordinary is read. With --samples FOLDER it writes the small ones there instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/heif_streams.h"
#include "image/image.h"
#include "support/pictures.h"

static bool can_read(const char *name) {
    bd_image_form form = {.struct_size = sizeof form};
    for (uint32_t i = 0; i < bd_image_form_count(); i++) {
        assert_int_equal(bd_image_form_at(i, &form), BD_OK);
        if (!strcmp(form.name, name)) {
            return form.reads;
        }
    }
    return false;
}

/* A file in the making: big-endian. */
typedef struct writer {
    uint8_t data[1 << 18];
    size_t bytes;
} writer;

static void put(writer *w, size_t size, uint64_t number) {
    assert_true(w->bytes + size <= sizeof w->data);
    for (size_t i = size; i-- > 0;) {
        w->data[w->bytes++] = (uint8_t)(number >> (8 * i));
    }
}

static void put_bytes(writer *w, const void *data, size_t size) {
    assert_true(w->bytes + size <= sizeof w->data);
    memcpy(w->data + w->bytes, data, size);
    w->bytes += size;
}

static void put_later(writer *w, size_t at, size_t size, uint64_t number) {
    const size_t end = w->bytes;
    w->bytes = at;
    put(w, size, number);
    w->bytes = end;
}

static size_t begin_box(writer *w, const char *type) {
    const size_t at = w->bytes;
    put(w, 4, 0);
    put_bytes(w, type, 4);
    return at;
}

static size_t begin_full(writer *w, const char *type, uint32_t version) {
    const size_t at = begin_box(w, type);
    put(w, 4, (uint64_t)version << 24);
    return at;
}

static void end_box(writer *w, size_t at) {
    put_later(w, at, 4, w->bytes - at);
}

static const char *samples; /* a folder; NULL: files are read */

static void write_sample(const writer *w, const char *form) {
    enum { SAMPLE_MOST = 1024 };
    static int count;
    char path[4096];
    if (w->bytes > SAMPLE_MOST) {
        return;
    }
    (void)snprintf(path, sizeof path, "%s/picture_%s/work%02d.%s", samples, form, ++count, form);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(w->data, 1, w->bytes, file), w->bytes);
    assert_int_equal(fclose(file), 0);
}

/* form: of a corpus of tests/fuzz. */
static void expect(const writer *w, const char *form, uint64_t max_pixels, bd_result expected, const char *words,
                   uint32_t width) {
    const bd_image_read_params params = {.struct_size = sizeof params, .max_pixels = max_pixels};
    bd_image image = {0};
    bd_error error = {0};
    if (samples) {
        write_sample(w, form);
        return;
    }
    uint8_t *copy = malloc(w->bytes); /* of its size, so that reading past the end is seen */
    assert_non_null(copy);
    memcpy(copy, w->data, w->bytes);
    const bd_result result = bd_image_decode(copy, w->bytes, "made", &params, &image, &error);
    if (result != expected || (expected && !strstr(error.message, words)) || image.width != width) {
        fail_msg("%d, %u pixels wide: %s; expected %d: %s", result, image.width, error.message, expected, words);
    }
    bd_image_finish(&image);
    free(copy);
}

/* ---- AVIF ---- */

enum { ITEMS_MOST = 32, SOURCES_MOST = 200 };

/* AV1 of one grey, in 64x64 and 4096x4096: a sequence's header and a frame. */
static const uint8_t small_stream[] = {0x12, 0x00, 0x0a, 0x06, 0x18, 0x15, 0x7f, 0xfd, 0x85, 0x40, 0x32, 0x0c,
                                       0x1e, 0x40, 0xff, 0xf1, 0x00, 0xb6, 0x19, 0x09, 0x52, 0x9e, 0xbb, 0x80};
static const uint8_t large_header[] = {0x12, 0x00, 0x0a, 0x07, 0x1c, 0x2e, 0xff,
                                       0xff, 0xff, 0xf8, 0x54, 0x32, 0x01, 0x18};

/* H.265 of the same, by x265. */
static const uint8_t hevc_config[] = {
    0x01, 0x04, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1e, 0xf0, 0x00, 0xfc, 0xfc, 0xf8,
    0xf8, 0x00, 0x00, 0x0f, 0x03, 0x20, 0x00, 0x01, 0x00, 0x17, 0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x04, 0x08,
    0x00, 0x00, 0x03, 0x00, 0x9f, 0xf8, 0x00, 0x00, 0x03, 0x00, 0x00, 0x1e, 0xba, 0x02, 0x40, 0x21, 0x00, 0x01,
    0x00, 0x26, 0x42, 0x01, 0x01, 0x04, 0x08, 0x00, 0x00, 0x03, 0x00, 0x9f, 0xf8, 0x00, 0x00, 0x03, 0x00, 0x00,
    0x1e, 0xc0, 0x82, 0x04, 0x16, 0x5b, 0xa9, 0x24, 0xa6, 0xb9, 0xb0, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00,
    0x00, 0x03, 0x00, 0x21, 0x22, 0x00, 0x01, 0x00, 0x07, 0x44, 0x01, 0xc1, 0x72, 0xb0, 0x22, 0x40};
static const uint8_t hevc_stream[] = {0x00, 0x00, 0x00, 0x0e, 0x28, 0x01, 0xae, 0x08, 0x30,
                                      0xf1, 0x2a, 0x14, 0xff, 0xff, 0x38, 0xb5, 0x5c, 0x16};

typedef struct made_item {
    const char *type;
    uint32_t width, height;
    uint8_t data[1024]; /* in idat */
    size_t bytes;
    uint16_t sources[SOURCES_MOST];
    size_t source_count;
    uint16_t alpha_of;    /* 0: it is no alpha */
    const char *encoding; /* of a mime item */
} made_item;

/* Items are numbered from 1. */
typedef struct made_file {
    made_item items[ITEMS_MOST];
    size_t count;
    uint16_t primary;
    bool second_meta, second_sources;
    bool split;                       /* each item's bytes in two places */
    size_t spare_items, spare_places; /* that nothing refers to; places of the whole file */
} made_file;

static made_item *add_item(made_file *file, const char *type, uint32_t width, uint32_t height) {
    made_item *item = &file->items[file->count++];
    assert_true(file->count <= ITEMS_MOST);
    *item = (made_item){.type = type, .width = width, .height = height};
    file->primary = (uint16_t)file->count;
    return item;
}

static void add_coded(made_file *file, bool large) {
    made_item *item = add_item(file, "av01", large ? 4096 : 64, large ? 4096 : 64);
    item->bytes = large ? sizeof large_header : sizeof small_stream;
    memcpy(item->data, large ? large_header : small_stream, item->bytes);
}

static void add_hevc(made_file *file) {
    made_item *item = add_item(file, "hvc1", 64, 64);
    item->bytes = sizeof hevc_stream;
    memcpy(item->data, hevc_stream, item->bytes);
}

static void put_item_number(made_item *item, size_t size, uint32_t number) {
    for (size_t i = size; i-- > 0;) {
        item->data[item->bytes++] = (uint8_t)(number >> (8 * i));
    }
}

static void refer(made_item *item, uint16_t to, size_t times) {
    for (size_t i = 0; i < times; i++) {
        item->sources[item->source_count++] = to;
    }
}

static made_item *add_grid(made_file *file, uint32_t rows, uint32_t columns, uint32_t side) {
    made_item *item = add_item(file, "grid", side, side);
    put_item_number(item, 4, 1u << 16 | (rows - 1) << 8 | (columns - 1));
    put_item_number(item, 4, side);
    put_item_number(item, 4, side);
    return item;
}

static made_item *add_overlay(made_file *file, uint32_t side, uint16_t of, size_t times) {
    made_item *item = add_item(file, "iovl", side, side);
    put_item_number(item, 2, 1);
    item->bytes += 8; /* the background's colour */
    put_item_number(item, 4, side);
    put_item_number(item, 4, side);
    refer(item, of, times);
    item->bytes += 8 * times; /* all at 0, 0 */
    assert_true(item->bytes <= sizeof item->data);
    return item;
}

static made_item *add_same(made_file *file, uint16_t of) {
    const uint32_t side = of <= file->count ? file->items[of - 1].width : 64;
    made_item *item = add_item(file, "iden", side, side);
    put_item_number(item, 1, 0);
    refer(item, of, 1);
    return item;
}

static void put_reference(writer *w, const char *type, size_t from, const uint16_t *to, size_t count) {
    const size_t box = begin_box(w, type);
    put(w, 2, from);
    put(w, 2, count);
    for (size_t i = 0; i < count; i++) {
        put(w, 2, to[i]);
    }
    end_box(w, box);
}

static void put_properties(writer *w, const made_file *file) {
    static const char alpha[] = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha";
    const size_t box = begin_box(w, "iprp"), container = begin_box(w, "ipco");
    size_t part = begin_box(w, "av1C");
    put(w, 4, 0x81001c00);
    end_box(w, part);
    part = begin_full(w, "auxC", 0);
    put_bytes(w, alpha, sizeof alpha);
    end_box(w, part);
    part = begin_full(w, "pixi", 0);
    put(w, 2, 1 << 8 | 8);
    end_box(w, part);
    part = begin_box(w, "hvcC");
    put_bytes(w, hevc_config, sizeof hevc_config);
    end_box(w, part);
    for (size_t i = 0; i < file->count; i++) {
        part = begin_full(w, "ispe", 0);
        put(w, 4, file->items[i].width);
        put(w, 4, file->items[i].height);
        end_box(w, part);
    }
    end_box(w, container);
    part = begin_full(w, "ipma", 0);
    put(w, 4, file->count);
    for (size_t i = 0; i < file->count; i++) {
        const made_item *item = &file->items[i];
        put(w, 2, i + 1);
        put(w, 1, 3u + (item->alpha_of != 0));
        put(w, 1, 3);
        put(w, 1, 5 + i);
        put(w, 1, !strcmp(item->type, "av01") ? 0x81 : !strcmp(item->type, "hvc1") ? 0x84 : 3);
        if (item->alpha_of) {
            put(w, 1, 2);
        }
    }
    end_box(w, part);
    end_box(w, box);
}

static void put_items(writer *w, const made_file *file) {
    size_t box = begin_full(w, "iloc", 1), offset = 0;
    put(w, 2, 0x4400);
    put(w, 2, file->count + file->spare_places);
    for (size_t i = 0; i < file->count; i++) {
        put(w, 2, i + 1);
        put(w, 2, 1); /* in idat */
        put(w, 4, 1 + file->split);
        put(w, 4, offset);
        put(w, 4, file->split ? 1 : file->items[i].bytes);
        if (file->split) {
            put(w, 4, offset + 1);
            put(w, 4, file->items[i].bytes - 1);
        }
        offset += file->items[i].bytes;
    }
    for (size_t i = 0; i < file->spare_places; i++) {
        put(w, 2, 1000 + i);
        put(w, 4, 0);
        put(w, 2, 1);
        put(w, 4, 0);
        put(w, 4, UINT32_MAX);
    }
    end_box(w, box);
    box = begin_full(w, "iinf", 0);
    put(w, 2, file->count + file->spare_items);
    for (size_t i = 0; i < file->count; i++) {
        const size_t entry = begin_full(w, "infe", 2);
        put(w, 4, (i + 1) << 16);
        put_bytes(w, file->items[i].type, 5);
        if (file->items[i].encoding) {
            put(w, 1, 0);
            put_bytes(w, file->items[i].encoding, strlen(file->items[i].encoding) + 1);
        }
        end_box(w, entry);
    }
    for (size_t i = 0; i < file->spare_items; i++) {
        const size_t entry = begin_full(w, "infe", 2);
        put(w, 4, (1000 + i) << 16);
        put_bytes(w, "Exif", 5);
        end_box(w, entry);
    }
    end_box(w, box);
    box = begin_box(w, "idat");
    for (size_t i = 0; i < file->count; i++) {
        put_bytes(w, file->items[i].data, file->items[i].bytes);
    }
    end_box(w, box);
}

static bool is_hevc(const made_file *file) {
    return !strcmp(file->items[0].type, "hvc1");
}

static void put_meta(writer *w, const made_file *file) {
    const size_t meta = begin_full(w, "meta", 0);
    size_t box = begin_full(w, "hdlr", 0);
    put(w, 4, 0);
    put_bytes(w, "pict", 4);
    put(w, 8, 0);
    put(w, 5, 0);
    end_box(w, box);
    box = begin_full(w, "pitm", 0);
    put(w, 2, file->primary);
    end_box(w, box);
    put_items(w, file);
    put_properties(w, file);
    box = begin_full(w, "iref", 0);
    for (size_t i = 0; i < file->count; i++) {
        const made_item *item = &file->items[i];
        for (int times = item->source_count ? 1 + file->second_sources : 0; times; times--) {
            put_reference(w, "dimg", i + 1, item->sources, item->source_count);
        }
        if (item->alpha_of) {
            put_reference(w, "auxl", i + 1, &item->alpha_of, 1);
        }
    }
    end_box(w, box);
    end_box(w, meta);
}

static void write_file(const made_file *file, writer *w) {
    w->bytes = 0;
    const size_t box = begin_box(w, "ftyp");
    put_bytes(w, is_hevc(file) ? "heic\0\0\0\0mif1heic" : "avif\0\0\0\0mif1avif", 16);
    end_box(w, box);
    put_meta(w, file);
    if (file->second_meta) {
        put_meta(w, file);
    }
}

static void expect_file(const made_file *file, uint64_t max_pixels, bd_result expected, const char *words,
                        uint32_t width) {
    static writer w;
    write_file(file, &w);
    expect(&w, is_hevc(file) ? "heic" : "avif", max_pixels, expected, words, width);
}

static void skip_without(const char *form) {
    if (!can_read(form)) {
        skip();
    }
}

static void test_made_of_others(void **state) {
    (void)state;
    skip_without("AVIF");
    made_file file = {.count = 0};
    add_coded(&file, false);
    expect_file(&file, 64 * 64, BD_OK, "", 64);
    refer(add_grid(&file, 2, 2, 128), 1, 4);
    expect_file(&file, 128 * 128, BD_OK, "", 128);
    add_same(&file, 2);
    expect_file(&file, 0, BD_OK, "", 128);
    (void)add_overlay(&file, 100, 3, 2);
    expect_file(&file, 0, BD_OK, "", 100);
    /* Alpha for the whole and for a tile. */
    file = (made_file){.count = 0};
    add_coded(&file, false);
    add_coded(&file, false);
    file.items[1].alpha_of = 1;
    file.primary = 1;
    expect_file(&file, 0, BD_OK, "", 64);
    refer(add_grid(&file, 1, 1, 64), 1, 1);
    expect_file(&file, 0, BD_OK, "", 64);
}

static void test_heic(void **state) {
    (void)state;
    skip_without("HEIC");
    made_file file = {.count = 0};
    add_hevc(&file);
    expect_file(&file, 64 * 64, BD_OK, "", 64);
    refer(add_grid(&file, 2, 2, 128), 1, 4);
    add_same(&file, 2);
    expect_file(&file, 0, BD_OK, "", 128);
    file.items[1].sources[2] = 3;
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, "made of itself", 0);
}

static void test_loops(void **state) {
    (void)state;
    skip_without("AVIF");
    static const char round[] = "made of itself";
    made_file file = {.count = 0};
    add_coded(&file, false);
    const made_file coded = file;
    add_same(&file, 3);
    add_same(&file, 2);
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, round, 0);
    file = coded;
    refer(add_grid(&file, 1, 1, 64), 2, 1);
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, round, 0);
    file = coded;
    (void)add_overlay(&file, 64, 2, 2);
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, round, 0);
    file = coded;
    for (uint16_t i = 0; i < 2; i++) {
        add_coded(&file, false);
        file.items[i + 1].alpha_of = (uint16_t)(3 - i);
    }
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, round, 0);
    file = coded;
    for (uint16_t i = 0; i < 20; i++) {
        add_same(&file, (uint16_t)(i + 1));
    }
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, "too many deep", 0);
}

static void test_broken_boxes(void **state) {
    (void)state;
    skip_without("AVIF");
    made_file file = {.count = 0};
    add_coded(&file, false);
    const made_file coded = file;
    refer(add_grid(&file, 2, 2, 128), 1, 3);
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, "tiles", 0);
    file = coded;
    add_same(&file, 9);
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, "missing", 0);
    file = coded;
    add_item(&file, "Exif", 64, 64)->bytes = 8;
    add_same(&file, 2);
    expect_file(&file, 0, BD_ERR_UNSUPPORTED, "of a kind", 0);
    file = coded;
    refer(add_grid(&file, 1, 1, 64), 1, 1);
    refer(add_grid(&file, 1, 1, 64), 2, 1);
    expect_file(&file, 0, BD_ERR_UNSUPPORTED, "of a kind", 0);
    file = coded;
    file.second_meta = true;
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, "two meta boxes", 0);
    file = coded;
    add_same(&file, 1);
    file.second_sources = true;
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, "iref", 0);
}

/* Lists that libheif looks through for each of their entries, and items that are copies of the whole file. */
static void test_many_items(void **state) {
    (void)state;
    skip_without("AVIF");
    made_file file = {.count = 0};
    add_coded(&file, false);
    made_item *text = add_item(&file, "mime", 64, 64);
    file.primary = 1;
    text->encoding = "deflate";
    expect_file(&file, 0, BD_ERR_UNSUPPORTED, "deflated", 0);
    text->encoding = "";
    expect_file(&file, 0, BD_OK, "", 64);
    file.spare_items = 5000;
    expect_file(&file, 0, BD_ERR_IMAGE_TOO_LARGE, "too many items", 0);
    file.spare_items = 0;
    file.spare_places = 5000;
    expect_file(&file, 0, BD_ERR_IMAGE_TOO_LARGE, "too many items", 0);
    file.spare_places = 3000;
    expect_file(&file, 0, BD_ERR_FILE_CORRUPT, "larger than the file", 0);
}

static void test_much_to_decode(void **state) {
    (void)state;
    skip_without("AVIF");
    static const char much[] = "much more is to be decoded";
    made_file file = {.count = 0};
    add_coded(&file, false);
    const made_file small = file;
    (void)add_overlay(&file, 20000, 1, 1);
    expect_file(&file, 0, BD_ERR_IMAGE_TOO_LARGE, "20000x20000", 0);
    file = small;
    refer(add_grid(&file, 1, 1, 20000), 1, 1);
    expect_file(&file, 0, BD_ERR_IMAGE_TOO_LARGE, "20000x20000", 0);
    file = (made_file){.count = 0};
    add_coded(&file, true);
    const made_file large = file;
    (void)add_overlay(&file, 64, 1, 100);
    expect_file(&file, 0, BD_ERR_IMAGE_TOO_LARGE, much, 0);
    file = large;
    for (uint16_t i = 0; i < 4; i++) {
        (void)add_overlay(&file, 64, (uint16_t)(i + 1), 2);
    }
    expect_file(&file, 0, BD_ERR_IMAGE_TOO_LARGE, much, 0);
    /* 64x64 by its box alone. */
    file = large;
    file.items[0].width = file.items[0].height = 64;
    expect_file(&file, 100000, BD_ERR_IMAGE_TOO_LARGE, much, 0);
    /* Frames that are not shown: 16 of a picture of 4096x4096. */
    file = large;
    for (int i = 0; i < 16; i++) {
        put_item_number(&file.items[0], 3, 0x320118);
    }
    expect_file(&file, 0, BD_ERR_IMAGE_TOO_LARGE, much, 0);
}

static void test_stream_sizes(void **state) {
    (void)state;
    static const uint8_t units[] = {0, 0, 0, 4, 0x28, 0x01, 0xae, 0x08, 0, 0, 0, 3, 0x28, 0x01, 0x2e};
    bd_stream_size size = {0};
    bd_hevc_config_size((bd_cursor){hevc_config, sizeof hevc_config, false}, &size);
    assert_int_equal(size.width, 64);
    assert_int_equal(size.height, 64);
    assert_int_equal(size.frames, 0);
    bd_hevc_units_size((bd_cursor){units, sizeof units, false}, &size);
    assert_int_equal(size.frames, 1);
    size = (bd_stream_size){0};
    bd_av1_units_size((bd_cursor){large_header, sizeof large_header, false}, &size);
    assert_int_equal(size.width, 4096);
    assert_int_equal(size.height, 4096);
    assert_int_equal(size.frames, 1);
}

static void expect_out_of_memory(const writer *w) {
    bd_result result = BD_ERR_OUT_OF_MEMORY;
    for (long n = 1; result && !samples; n++) {
        counter count = {.fail_at = n};
        const bd_allocator allocator = counting_allocator(&count);
        const bd_image_read_params params = {.struct_size = sizeof params, .allocator = &allocator};
        bd_image image = {0};
        bd_error error = {0};
        result = bd_image_decode(w->data, w->bytes, "made", &params, &image, &error);
        assert_true(result ? result == BD_ERR_OUT_OF_MEMORY : n > 3);
        bd_image_finish(&image);
        assert_int_equal(count.alive, 0);
    }
}

static void test_memory_runs_out(void **state) {
    (void)state;
    skip_without("AVIF");
    static writer w;
    made_file file = {.count = 0, .split = true};
    add_coded(&file, false);
    refer(add_grid(&file, 2, 2, 128), 1, 4);
    expect_file(&file, 0, BD_OK, "", 128);
    write_file(&file, &w);
    expect_out_of_memory(&w);
}

/* ---- JPEG 2000 ---- */

typedef struct codestream {
    uint32_t width, height, tile_width, tile_height, components, levels, block, layers;
    uint8_t precincts; /* 0xff: not told */
    bool of_tile;      /* told in the tile's header, and 0xff in the main one */
} codestream;

static void put_coding(writer *w, const codestream *c, uint8_t precincts, uint32_t block) {
    put(w, 2, 0xff52);
    put(w, 2, 12 + (precincts == 0xff ? 0 : c->levels + 1));
    put(w, 1, precincts != 0xff);
    put(w, 1, 0);
    put(w, 2, c->layers);
    put(w, 1, 0);
    put(w, 1, c->levels);
    put(w, 2, (uint64_t)block << 8 | block);
    put(w, 2, 1);
    for (uint32_t i = 0; precincts != 0xff && i <= c->levels; i++) {
        put(w, 1, precincts);
    }
}

static void expect_codestream(codestream c, bd_result expected, const char *words) {
    static writer w;
    w.bytes = 0;
    put(&w, 4, 0xff4fff51);
    put(&w, 2, 38 + 3 * (uint64_t)c.components);
    put(&w, 2, 0);
    put(&w, 4, c.width);
    put(&w, 4, c.height);
    put(&w, 8, 0);
    put(&w, 4, c.tile_width);
    put(&w, 4, c.tile_height);
    put(&w, 8, 0);
    put(&w, 2, c.components);
    for (uint32_t i = 0; i < c.components; i++) {
        put(&w, 3, 0x070101);
    }
    put_coding(&w, &c, c.of_tile ? 0xff : c.precincts, c.of_tile ? 4 : c.block);
    put(&w, 2, 0xff5c);
    put(&w, 2, 4 + 3 * c.levels);
    put(&w, 1, 0x40);
    for (uint32_t i = 0; i < 1 + 3 * c.levels; i++) {
        put(&w, 1, 0x40);
    }
    put(&w, 4, 0xff90000a);
    put(&w, 8, 1);
    if (c.of_tile) {
        put_coding(&w, &c, c.precincts, c.block);
    }
    put(&w, 2, 0xff93);
    for (int i = 0; i < 100; i++) {
        put(&w, 1, 0);
    }
    put(&w, 2, 0xffd9);
    expect(&w, "jpeg2000", 0, expected, words, expected ? 0 : c.width);
}

static void test_cut_small(void **state) {
    (void)state;
    skip_without("JPEG 2000");
    static const char parts[] = "too many parts";
    const codestream one = {.width = 255,
                            .height = 257,
                            .tile_width = 255,
                            .tile_height = 257,
                            .components = 1,
                            .levels = 0,
                            .block = 4,
                            .layers = 1,
                            .precincts = 0xff};
    codestream c = one;
    c.tile_width = c.tile_height = 1;
    expect_codestream(c, BD_ERR_IMAGE_TOO_LARGE, parts);
    c = one;
    c.components = 100;
    expect_codestream(c, BD_ERR_UNSUPPORTED, "too many components");
    c = one;
    c.width = c.height = c.tile_width = c.tile_height = 100000;
    expect_codestream(c, BD_ERR_IMAGE_TOO_LARGE, "100000x100000");
    for (int of_tile = 0; of_tile < 2; of_tile++) {
        c = one;
        c.width = c.height = c.tile_width = c.tile_height = 1000;
        c.of_tile = of_tile;
        c.precincts = 0;
        expect_codestream(c, BD_ERR_IMAGE_TOO_LARGE, parts);
        c.layers = 65535;
        c.precincts = 0x55;
        expect_codestream(c, BD_ERR_IMAGE_TOO_LARGE, parts);
        c.layers = 1;
        c.width = c.height = c.tile_width = c.tile_height = 4000;
        c.precincts = 0xff;
        c.block = 0;
        expect_codestream(c, BD_ERR_IMAGE_TOO_LARGE, parts);
    }
}

/* ---- JPEG XL ---- */

/* A grey picture of 1000x1000 and layers, of no duration, below it. */
static void write_layers(writer *w, int count) {
    static const uint8_t head[] = {0xff, 0x0a, 0x3a, 0x1f, 0x11, 0x04, 0x20, 0x28, 0x6e, 0x09};
    static const uint8_t frame[] = {0x00, 0x1c, 0x00, 0x00, 0x00, 0x40, 0x00, 0x04, 0x40, 0x00, 0x04, 0x40, 0x00, 0x04,
                                    0x40, 0x00, 0x04, 0x40, 0x00, 0x04, 0x40, 0x00, 0x04, 0x40, 0x00, 0x04, 0x40, 0x00,
                                    0x04, 0x00, 0x4b, 0x12, 0xa5, 0x42, 0x85, 0x24, 0x0c, 0x03, 0x03, 0x03, 0x03, 0x03,
                                    0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03};
    w->bytes = 0;
    put_bytes(w, head, sizeof head);
    for (int i = 0; i <= count; i++) {
        put(w, i < count ? 4 : 3, i < count ? 0x08020000 : 0x080205);
        put_bytes(w, frame, sizeof frame);
    }
}

static void expect_layers(int count, uint64_t max_pixels, bd_result expected) {
    static writer w;
    write_layers(&w, count);
    expect(&w, "jxl", max_pixels, expected, "too many layers", expected ? 0 : 1000);
}

static void test_layers(void **state) {
    (void)state;
    skip_without("JPEG XL");
    expect_layers(0, 0, BD_OK);
    expect_layers(3, 1000 * 1000, BD_OK);
    expect_layers(10, 1000 * 1000, BD_ERR_IMAGE_TOO_LARGE);
    expect_layers(40, 0, BD_ERR_IMAGE_TOO_LARGE);
    static writer w;
    write_layers(&w, 1);
    expect_out_of_memory(&w);
}

int main(int count, char **arguments) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_of_others), cmocka_unit_test(test_heic),
        cmocka_unit_test(test_loops),          cmocka_unit_test(test_broken_boxes),
        cmocka_unit_test(test_many_items),     cmocka_unit_test(test_much_to_decode),
        cmocka_unit_test(test_stream_sizes),   cmocka_unit_test(test_cut_small),
        cmocka_unit_test(test_layers),         cmocka_unit_test(test_memory_runs_out),
    };
    samples = count == 3 && !strcmp(arguments[1], "--samples") ? arguments[2] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
