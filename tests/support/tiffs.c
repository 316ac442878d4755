/* SPDX-License-Identifier: MIT */
#include "support/tiffs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t size_of(uint16_t type) {
    static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    return type < sizeof sizes ? sizes[type] : 8;
}

int need_tiff(void **state) {
    (void)state;
    if (!form_named("TIFF").reads) {
        print_message("skipped: this build has no libtiff\n");
        exit(77);
    }
    return 0;
}

void put_number(tiff *t, size_t at, size_t size, uint64_t value) {
    assert_true(at + size <= TIFF_ROOM);
    for (size_t i = 0; i < size; i++) {
        t->data[at + (t->big ? size - 1 - i : i)] = (uint8_t)(value >> (8 * i));
    }
}

uint64_t get_number(const uint8_t *data, bool big, size_t at, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | data[at + (big ? i : size - 1 - i)];
    }
    return value;
}

static tiff new_tiff(bool big, bool wide) {
    tiff t = {.data = calloc(1, TIFF_ROOM), .used = wide ? 16 : 8, .big = big, .wide = wide};
    assert_non_null(t.data);
    memcpy(t.data, big ? "MM" : "II", 2);
    put_number(&t, 2, 2, wide ? 43 : 42);
    put_number(&t, 4, 2, wide ? 8 : 0);
    return t;
}

static void set_first(tiff *t, size_t at) {
    put_number(t, t->wide ? 8 : 4, t->wide ? 8 : 4, at);
}

static void put_value(tiff *t, const field *f, size_t at, size_t room) {
    const size_t size = (size_t)f->count * size_of(f->type);
    size_t to = at;
    if (size > room) {
        to = t->used;
        put_number(t, at, room, to);
        t->used += size + size % 2;
    }
    assert_true(size <= sizeof f->value);
    for (size_t i = 0; i < size; i += f->words) {
        put_number(t, to + i, f->words, get_number(f->value, false, i, f->words));
    }
}

size_t put_directory(tiff *t, const field *fields, size_t count) {
    const size_t at = t->used, head = t->wide ? 8 : 2, size = t->wide ? 20 : 12, number = t->wide ? 8 : 4;
    t->used += head + count * size + number;
    put_number(t, at, head, count);
    for (size_t i = 0; i < count; i++) {
        const size_t entry = at + head + i * size;
        put_number(t, entry, 2, fields[i].tag);
        put_number(t, entry + 2, 2, fields[i].type);
        put_number(t, entry + 4, number, fields[i].count);
        put_value(t, &fields[i], entry + 4 + number, number);
    }
    return at;
}

field number(uint16_t tag, uint16_t type, uint32_t value) {
    field f = {.tag = tag, .type = type, .count = 1, .words = size_of(type)};
    memcpy(f.value,
           (const uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)}, 4);
    return f;
}

field text(uint16_t tag, const char *value) {
    field f = {.tag = tag, .type = ASCII, .count = strlen(value) + 1, .words = 1};
    assert_true(f.count <= sizeof f.value);
    memcpy(f.value, value, f.count);
    return f;
}

field numbers(uint16_t tag, uint16_t type, uint32_t count, const uint32_t *values) {
    field f = {.tag = tag, .type = type, .count = count, .words = 4};
    for (size_t i = 0; i < count * size_of(type) / 4; i++) {
        const field one = number(tag, LONG, values[i]);
        memcpy(f.value + i * 4, one.value, 4);
    }
    return f;
}

field blob(uint16_t tag, uint16_t type, const void *value, size_t size) {
    field f = {.tag = tag, .type = type, .count = size / size_of(type), .words = 1};
    assert_true(size <= sizeof f.value);
    memcpy(f.value, value, size);
    return f;
}

void say(photo *p, int kind, field f) {
    assert_true(p->count[kind] < FIELDS);
    p->of[kind][p->count[kind]++] = f;
}

photo new_photo(void) {
    photo p = {.count = {0}};
    say(&p, MAIN, text(0x010f, "MadeUp"));
    say(&p, MAIN, text(0x0110, "T"));
    say(&p, MAIN, numbers(0x011a, RATIONAL, 1, (const uint32_t[]){11811, 100}));
    say(&p, MAIN, numbers(0x011b, RATIONAL, 1, (const uint32_t[]){11811, 100}));
    say(&p, MAIN, number(0x0128, SHORT, 3));
    say(&p, MAIN, text(0x8298, "(c) nobody"));
    say(&p, MAIN, blob(0x9c9b, BYTE, "h\0a\0\0", 6));
    say(&p, EXIF, numbers(0x829a, RATIONAL, 1, (const uint32_t[]){1, 125}));
    say(&p, EXIF, text(0x9003, "2020:01:02 03:04:05"));
    say(&p, EXIF, numbers(0x9204, SRATIONAL, 1, (const uint32_t[]){(uint32_t)-1, 3}));
    say(&p, EXIF, blob(0x927c, UNDEFINED, "notes of an odd size", 19));
    say(&p, EXIF, number(0xa001, SHORT, 1));
    say(&p, EXIF, number(0xb000, SLONG, (uint32_t)-7));
    field real = {.tag = 0xb001, .type = DOUBLE, .count = 1, .words = 8, .value = {1, 2, 3, 4, 5, 6, 7, 8}};
    say(&p, EXIF, real);
    say(&p, GPS, text(0x0001, "N"));
    say(&p, GPS, numbers(0x0002, RATIONAL, 3, (const uint32_t[]){48, 1, 30, 1, 0, 1}));
    say(&p, INTEROPERABILITY, text(0x0001, "R98"));
    return p;
}

static const uint16_t pointers[KINDS] = {0, 0x8769, 0x8825, 0xa005};

static void write_photo(tiff *t, photo p, const field *page, size_t count) {
    const uint16_t type = t->wide ? 18 : LONG;
    field all[4 * FIELDS];
    size_t used = 0;
    for (int k = KINDS - 1; k > MAIN; k--) {
        if (p.count[k]) {
            field f = number(pointers[k], type, (uint32_t)put_directory(t, p.of[k], p.count[k]));
            say(&p, k == INTEROPERABILITY ? EXIF : MAIN, f);
        }
    }
    for (size_t i = 0; i < count + p.count[MAIN]; i++) {
        all[used++] = i < count ? page[i] : p.of[MAIN][i - count];
    }
    /* By rising tags. */
    for (size_t i = 1; i < used; i++) {
        for (size_t k = i; k && all[k - 1].tag > all[k].tag; k--) {
            const field swapped = all[k];
            all[k] = all[k - 1];
            all[k - 1] = swapped;
        }
    }
    set_first(t, put_directory(t, all, used));
}

tiff picture_with(bool big, bool wide, photo p, const field *more, size_t count) {
    tiff t = new_tiff(big, wide);
    const size_t pixels = t.used;
    field page[24] = {number(0x0100, SHORT, TIFF_WIDTH),
                      number(0x0101, SHORT, TIFF_HEIGHT),
                      number(0x0102, SHORT, 8),
                      number(0x0103, SHORT, 1),
                      number(0x0106, SHORT, 1),
                      number(0x0111, LONG, (uint32_t)pixels),
                      number(0x0115, SHORT, 1),
                      number(0x0116, SHORT, TIFF_HEIGHT),
                      number(0x0117, LONG, TIFF_WIDTH * TIFF_HEIGHT)};
    const size_t fields = 9;
    for (uint8_t i = 0; i < TIFF_WIDTH * TIFF_HEIGHT; i++) {
        t.data[t.used++] = (uint8_t)(i * 30);
    }
    assert_true(count + fields <= BD_COUNT(page));
    for (size_t i = 0; i < count; i++) {
        page[fields + i] = more[i];
    }
    write_photo(&t, p, page, fields + count);
    return t;
}

bytes bytes_of(const tiff *t) {
    bytes file = copy_of_bytes(t->data, t->used);
    free(t->data);
    return file;
}

bytes block_of(bool big, photo p, const field *more, size_t count) {
    tiff t = new_tiff(big, false);
    write_photo(&t, p, more, count);
    return bytes_of(&t);
}

static size_t directory_of(const bd_metadata *m, int kind);

size_t entry_of(const bd_metadata *m, int kind, uint16_t tag) {
    const bool big = m->exif[0] == 'M';
    const size_t at = directory_of(m, kind);
    const size_t count = at ? (size_t)get_number(m->exif, big, at, 2) : 0;
    for (size_t i = 0; i < count; i++) {
        if (get_number(m->exif, big, at + 2 + i * 12, 2) == tag) {
            return at + 2 + i * 12;
        }
    }
    return 0;
}

static size_t directory_of(const bd_metadata *m, int kind) {
    const bool big = m->exif[0] == 'M';
    if (kind == MAIN) {
        return (size_t)get_number(m->exif, big, 4, 4);
    }
    const size_t entry = entry_of(m, kind == INTEROPERABILITY ? EXIF : MAIN, pointers[kind]);
    return entry ? (size_t)get_number(m->exif, big, entry + 8, 4) : 0;
}

void check_field(const bd_metadata *m, int kind, const field *f) {
    const bool big = m->exif[0] == 'M';
    const size_t entry = entry_of(m, kind, f->tag), size = (size_t)f->count * size_of(f->type);
    if (!entry) {
        fail_msg("tag 0x%04x is not there", f->tag);
    }
    assert_int_equal(get_number(m->exif, big, entry + 2, 2), f->type);
    assert_int_equal(get_number(m->exif, big, entry + 4, 4), f->count);
    const size_t at = size > 4 ? (size_t)get_number(m->exif, big, entry + 8, 4) : entry + 8;
    assert_true(at + size <= m->exif_bytes);
    for (size_t i = 0; i < size; i += f->words) {
        assert_int_equal(get_number(m->exif, big, at + i, f->words), get_number(f->value, false, i, f->words));
    }
}

void check_exif(const bd_metadata *m, const photo *p, size_t besides) {
    assert_non_null(m->exif);
    for (int k = 0; k < KINDS; k++) {
        const size_t at = directory_of(m, k);
        const size_t points =
            k == MAIN ? (p->count[EXIF] > 0) + (p->count[GPS] > 0) : k == EXIF && p->count[INTEROPERABILITY];
        assert_int_equal(at ? get_number(m->exif, m->exif[0] == 'M', at, 2) : 0,
                         p->count[k] + points + (k == MAIN ? besides : 0));
        for (size_t i = 0; i < p->count[k]; i++) {
            check_field(m, k, &p->of[k][i]);
        }
    }
}
