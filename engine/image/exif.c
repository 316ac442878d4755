/* SPDX-License-Identifier: MIT */
#include "image/exif.h"

#include <stdlib.h>
#include <string.h>

#include "image/ifd.h"

enum {
    ENTRY = 12,
    DIRECTORIES = 4,      /* that are kept: the first, EXIF's, GPS', interoperability's */
    DROPPED_MOST = 32,    /* of directories of pictures */
    PARTS_MOST = 1 << 16, /* of a picture */
    TYPE_IFD = 13
};

enum {
    TAG_WIDTH = 0x0100,
    TAG_HEIGHT = 0x0101,
    TAG_STRIPS = 0x0111,
    TAG_ORIENTATION = 0x0112,
    TAG_STRIP_BYTES = 0x0117,
    TAG_DENSITY_X = 0x011a,
    TAG_DENSITY_Y = 0x011b,
    TAG_DENSITY_UNIT = 0x0128,
    TAG_TILES = 0x0144,
    TAG_TILE_BYTES = 0x0145,
    TAG_DIRECTORIES = 0x014a,
    TAG_GLOBAL = 0x0190,
    TAG_JPEG = 0x0201,
    TAG_JPEG_BYTES = 0x0202,
    TAG_XMP = 0x02bc,
    TAG_IPTC = 0x83bb,
    TAG_RESOURCES = 0x8649, /* Photoshop's, as the next one's layers */
    TAG_LAYERS = 0x935c,
    TAG_EXIF = 0x8769,
    TAG_GPS = 0x8825,
    TAG_NOTE = 0x927c,
    TAG_COLOR_SPACE = 0xa001,
    TAG_PIXELS_X = 0xa002,
    TAG_PIXELS_Y = 0xa003,
    TAG_INTEROPERABILITY = 0xa005,
    TAG_PRIVATE = 0xc634, /* DNG's */
    TAG_KODAK = 0xfe00
};

typedef bd_ifd_file block;

typedef struct directory {
    size_t at; /* 0: none */
    uint32_t count;
} directory;

typedef struct range {
    size_t from, to;
} range;

typedef struct ranges {
    range of[DIRECTORIES * (BD_IFD_ENTRIES_MOST + 2) + 1]; /* a directory's values, itself and its link; the header */
    size_t count;
} ranges;

/* size: 1, 2 or 4 bytes, which are there. */
static uint32_t get(const block *b, size_t at, size_t size) {
    return (uint32_t)bd_ifd_get(b, at, size);
}

static directory directory_at(const block *b, size_t at) {
    directory found = {0};
    if (at >= BD_IFD_HEADER && at < b->bytes && b->bytes - at >= 2) {
        uint32_t count = get(b, at, 2);
        if (count <= BD_IFD_ENTRIES_MOST && count * ENTRY <= b->bytes - at - 2) {
            found = (directory){at, count};
        }
    }
    return found;
}

static size_t entry_at(const directory *d, uint32_t i) {
    return d->at + 2 + (size_t)i * ENTRY;
}

size_t bd_exif_prefix(const uint8_t *exif, size_t bytes) {
    return bytes >= 6 && !memcmp(exif, "Exif\0\0", 6) ? 6 : 0;
}

/* Returns the first directory; at 0: this is no EXIF. */
static directory open_block(const uint8_t *exif, size_t bytes, block *b) {
    size_t prefix = bd_exif_prefix(exif, bytes);
    *b = (block){.bytes = bytes - prefix};
    if (b->bytes < BD_IFD_HEADER) {
        return (directory){0};
    }
    b->data = (uint8_t *)(uintptr_t)exif + prefix;
    if (memcmp(b->data, "II*\0", 4) && memcmp(b->data, "MM\0*", 4)) {
        return (directory){0};
    }
    b->big_endian = b->data[0] == 'M';
    return directory_at(b, get(b, 4, 4));
}

/* The first entry of a tag; 0: none. */
static size_t find(const block *b, const directory *d, uint32_t tag) {
    for (uint32_t i = 0; i < d->count; i++) {
        if (get(b, entry_at(d, i), 2) == tag) {
            return entry_at(d, i);
        }
    }
    return 0;
}

static size_t bytes_of_type(uint32_t type) {
    return type == TYPE_IFD ? 4 : bd_ifd_type_bytes(type);
}

/* Where the value of an entry lies when that is not the entry itself; empty: it is, or it makes no sense. */
static range value_of(const block *b, size_t entry) {
    uint64_t bytes = (uint64_t)bytes_of_type(get(b, entry + 2, 2)) * get(b, entry + 4, 4);
    size_t at = get(b, entry + 8, 4);
    return bytes > 4 && at < b->bytes && bytes <= b->bytes - at ? (range){at, at + (size_t)bytes} : (range){0, 0};
}

/* An integer of an entry's value, by index; false: it has none. */
static bool read_integer(const block *b, size_t entry, uint32_t index, uint32_t *value) {
    uint32_t type = entry ? get(b, entry + 2, 2) : 0;
    size_t size = bytes_of_type(type);
    if ((type != BD_IFD_BYTE && type != BD_IFD_SHORT && type != BD_IFD_LONG && type != TYPE_IFD) ||
        index >= get(b, entry + 4, 4)) {
        return false;
    }
    range away = value_of(b, entry);
    size_t at = entry + 8 + index * size;
    if ((uint64_t)get(b, entry + 4, 4) * size > 4) {
        if (!away.to) {
            return false;
        }
        at = away.from + index * size;
    }
    *value = get(b, at, size);
    return true;
}

static directory sub_directory(const block *b, const directory *d, uint32_t tag) {
    uint32_t at;
    return read_integer(b, find(b, d, tag), 0, &at) ? directory_at(b, at) : (directory){0};
}

bool bd_exif_is_sound(const uint8_t *exif, size_t bytes) {
    block b;
    return open_block(exif, bytes, &b).at != 0;
}

int bd_exif_orientation(const uint8_t *exif, size_t bytes) {
    block b;
    directory first = open_block(exif, bytes, &b);
    uint32_t value;
    bool said = first.at && read_integer(&b, find(&b, &first, TAG_ORIENTATION), 0, &value);
    return said && value >= 1 && value <= 8 ? (int)value : 1;
}

bool bd_exif_density(const uint8_t *exif, size_t bytes, double density[2]) {
    static const uint32_t tags[2] = {TAG_DENSITY_X, TAG_DENSITY_Y};
    enum { INCH = 2, CENTIMETRE = 3 };
    block b;
    directory first = open_block(exif, bytes, &b);
    uint32_t unit = INCH;
    (void)read_integer(&b, first.at ? find(&b, &first, TAG_DENSITY_UNIT) : 0, 0, &unit);
    for (int i = 0; i < 2; i++) {
        size_t entry = first.at ? find(&b, &first, tags[i]) : 0;
        range at = entry && get(&b, entry + 2, 2) == BD_IFD_RATIONAL ? value_of(&b, entry) : (range){0, 0};
        uint32_t over = at.to ? get(&b, at.from, 4) : 0, under = at.to ? get(&b, at.from + 4, 4) : 0;
        if (!over || !under || (unit != INCH && unit != CENTIMETRE)) {
            return false;
        }
        density[i] = (double)over / under * (unit == CENTIMETRE ? 2.54 : 1.0);
    }
    return true;
}

/* Every entry of a tag gets this number, as SHORT where that holds it. */
static void set_number(const block *b, const directory *d, uint32_t tag, uint32_t value) {
    for (uint32_t i = 0; i < d->count; i++) {
        size_t at = entry_at(d, i);
        if (get(b, at, 2) == tag) {
            bool wide = value > 0xffff || get(b, at + 2, 2) == BD_IFD_LONG;
            memset(b->data + at + 8, 0, 4);
            bd_ifd_put(b, at + 2, 2, wide ? BD_IFD_LONG : BD_IFD_SHORT);
            bd_ifd_put(b, at + 4, 4, 1);
            bd_ifd_put(b, at + 8, wide ? 4 : 2, value);
        }
    }
}

void bd_exif_set_upright(uint8_t *exif, size_t bytes) {
    block b;
    directory first = open_block(exif, bytes, &b);
    set_number(&b, &first, TAG_ORIENTATION, 1);
}

void bd_exif_set_srgb(uint8_t *exif, size_t bytes) {
    block b;
    directory first = open_block(exif, bytes, &b);
    directory inner = sub_directory(&b, &first, TAG_EXIF);
    set_number(&b, &inner, TAG_COLOR_SPACE, 1);
}

/* ---- pictures ---- */

typedef struct fitting {
    block b;
    directory kept[DIRECTORIES];
    ranges used, gone;
    size_t dropped[DROPPED_MOST]; /* directories of pictures */
    size_t dropped_count;
    bool vague; /* gone does not have all of the pictures */
} fitting;

/* false: there is no room. */
static bool add_range(ranges *to, size_t from, size_t end) {
    if (to->count && from < end && to->of[to->count - 1].to == from) { /* as strips do */
        to->of[to->count - 1].to = end;
        return true;
    }
    if (from < end && to->count == BD_COUNT(to->of)) {
        return false;
    }
    if (from < end) {
        to->of[to->count++] = (range){from, end};
    }
    return true;
}

static void add_gone(fitting *f, size_t from, size_t bytes) {
    if (from < f->b.bytes && !add_range(&f->gone, from, from + BD_MIN(bytes, f->b.bytes - from))) {
        f->vague = true;
    }
}

/* What holds pictures, or points to them. Blocks of other kinds, which may have thumbnails of their own, stand in EXIF
 * besides those of the file. */
static bool is_picture(uint32_t tag) {
    static const uint16_t tags[] = {TAG_STRIPS,      TAG_STRIP_BYTES, TAG_TILES,      TAG_TILE_BYTES,
                                    TAG_DIRECTORIES, TAG_JPEG,        TAG_JPEG_BYTES, TAG_XMP,
                                    TAG_IPTC,        TAG_RESOURCES,   TAG_LAYERS};
    for (size_t i = 0; i < BD_COUNT(tags); i++) {
        if (tags[i] == tag) {
            return true;
        }
    }
    return false;
}

/* Of a directory, without the link to the next one. */
static range extent(const directory *d) {
    return d->at ? (range){d->at, entry_at(d, d->count)} : (range){0, 0};
}

static bool overlap(range a, range b) {
    return a.from < b.to && b.from < a.to;
}

static bool overlaps(const ranges *of, range with) {
    bool found = false;
    for (size_t i = 0; i < of->count && !found; i++) {
        found = overlap(of->of[i], with);
    }
    return found;
}

static void drop_directory(fitting *f, size_t at) {
    if (!at || at >= f->b.bytes) {
        return;
    }
    bool known = false;
    for (int i = 0; i < DIRECTORIES; i++) {
        known = known || f->kept[i].at == at;
    }
    for (size_t i = 0; i < f->dropped_count; i++) {
        known = known || f->dropped[i] == at;
    }
    if (known) {
        return;
    }
    if (f->dropped_count == DROPPED_MOST || !directory_at(&f->b, at).at) {
        f->vague = true;
        return;
    }
    f->dropped[f->dropped_count++] = at;
}

/* A picture is one JPEG, or strips or tiles of pixels, or a directory of its own. */
static void drop_pictures(fitting *f, const directory *d) {
    static const uint16_t tags[][2] = {
        {TAG_JPEG, TAG_JPEG_BYTES}, {TAG_STRIPS, TAG_STRIP_BYTES}, {TAG_TILES, TAG_TILE_BYTES}};
    uint32_t at, bytes;
    for (size_t t = 0; t < BD_COUNT(tags); t++) {
        const size_t places = find(&f->b, d, tags[t][0]), sizes = find(&f->b, d, tags[t][1]);
        for (uint32_t i = 0; !f->vague && read_integer(&f->b, places, i, &at); i++) {
            const bool whole = read_integer(&f->b, sizes, i, &bytes);
            add_gone(f, at, whole ? bytes : 0);
            f->vague = f->vague || i == PARTS_MOST || (!whole && at && at < f->b.bytes);
        }
    }
    const size_t directories = find(&f->b, d, TAG_DIRECTORIES);
    for (uint32_t i = 0; !f->vague && read_integer(&f->b, directories, i, &at); i++) {
        drop_directory(f, at);
        f->vague = f->vague || i == PARTS_MOST;
    }
}

/* Adds what stays of a directory to what is used, and what goes to what is gone. Returns the entries that stay. */
static uint32_t sort_out(fitting *f, const directory *d) {
    uint32_t left = 0;
    if (!d->at) {
        return 0;
    }
    drop_pictures(f, d);
    for (uint32_t i = 0; i < d->count; i++) {
        const range value = value_of(&f->b, entry_at(d, i));
        if (is_picture(get(&f->b, entry_at(d, i), 2))) {
            add_gone(f, value.from, value.to - value.from);
        } else {
            (void)add_range(&f->used, value.from, value.to);
            left++;
        }
    }
    (void)add_range(&f->used, d->at, entry_at(d, left) + (left < d->count ? 4 : 0));
    return left;
}

/* Some writers leave out the link to a next directory, and have something else in its place. */
static void unlink_next(fitting *f, const directory *d, uint32_t left) {
    const range link = {extent(d).to, extent(d).to + 4};
    if (d->at && link.to <= f->b.bytes && !overlaps(&f->used, link)) {
        drop_directory(f, get(&f->b, link.from, 4));
        bd_ifd_put(&f->b, link.from, 4, 0);
        if (left == d->count) {
            (void)add_range(&f->used, link.from, link.to);
        }
    }
}

static void drop_all_of(fitting *f, const directory *d) {
    static const uint16_t pointers[] = {TAG_EXIF, TAG_GPS, TAG_INTEROPERABILITY};
    const size_t end = extent(d).to;
    uint32_t at;
    drop_pictures(f, d);
    add_gone(f, d->at, end + 4 - d->at);
    for (uint32_t i = 0; i < d->count; i++) {
        const range value = value_of(&f->b, entry_at(d, i));
        add_gone(f, value.from, value.to - value.from);
    }
    for (size_t i = 0; i < BD_COUNT(pointers); i++) {
        if (read_integer(&f->b, find(&f->b, d, pointers[i]), 0, &at)) {
            drop_directory(f, at);
        }
    }
    if (end + 4 <= f->b.bytes) {
        drop_directory(f, get(&f->b, end, 4));
    }
}

static void remove_pictures(const block *b, directory *d) {
    uint32_t left = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        if (!is_picture(get(b, entry_at(d, i), 2))) {
            memmove(b->data + entry_at(d, left++), b->data + entry_at(d, i), ENTRY);
        }
    }
    if (left < d->count) {
        memset(b->data + entry_at(d, left), 0, (size_t)(d->count - left) * ENTRY);
        bd_ifd_put(b, d->at, 2, left);
        d->count = left;
    }
}

/* May a directory's values point to bytes that are not known here? */
static bool points_further(const block *b, const directory *d) {
    bool further = false;
    for (uint32_t i = 0; i < d->count && !further; i++) {
        const uint32_t tag = get(b, entry_at(d, i), 2), type = get(b, entry_at(d, i) + 2, 2);
        const bool known = tag == TAG_EXIF || tag == TAG_GPS || tag == TAG_INTEROPERABILITY;
        further = tag == TAG_NOTE || tag == TAG_PRIVATE || tag == TAG_KODAK || tag == TAG_GLOBAL ||
                  (!bd_ifd_type_bytes(type) && !known);
    }
    return further;
}

static int compare(const void *a, const void *b) {
    const range *first = a, *second = b;
    return first->from < second->from ? -1 : first->from > second->from;
}

/* By rising places, none touching the next. */
static void merge(ranges *r) {
    size_t count = 0;
    qsort(r->of, r->count, sizeof r->of[0], compare);
    for (size_t i = 0; i < r->count; i++) {
        if (count && r->of[i].from <= r->of[count - 1].to) {
            r->of[count - 1].to = BD_MAX(r->of[count - 1].to, r->of[i].to);
        } else {
            r->of[count++] = r->of[i];
        }
    }
    r->count = count;
}

/* Zeroes what is gone and not used; both are merged. */
static void wipe(const fitting *f) {
    size_t u = 0;
    for (size_t g = 0; g < f->gone.count; g++) {
        const range gone = f->gone.of[g];
        for (size_t at = gone.from; at < gone.to;) {
            while (u < f->used.count && f->used.of[u].to <= at) {
                u++;
            }
            const range used = u < f->used.count ? f->used.of[u] : (range){gone.to, gone.to};
            if (used.from > at) {
                memset(f->b.data + at, 0, BD_MIN(used.from, gone.to) - at);
            }
            at = BD_MAX(at, BD_MIN(used.from > at ? used.from : used.to, gone.to));
        }
    }
}

/* Do the last bytes up to end, but for padding, belong to a range? */
static bool ends_in(const block *b, const range *last, size_t end) {
    enum { PADDING = 4 };
    bool ends = last->from < end && last->to <= end && end - last->to < PADDING;
    for (size_t at = last->to; at < end && ends; at++) {
        ends = !b->data[at];
    }
    return ends;
}

/* Where the block ends when what is gone at its end is cut off. */
static size_t cut(const fitting *f) {
    const size_t least = f->used.of[f->used.count - 1].to;
    size_t end = f->b.bytes;
    for (size_t i = f->gone.count; i-- && ends_in(&f->b, &f->gone.of[i], end);) {
        end = BD_MIN(end, BD_MAX(f->gone.of[i].from, least));
    }
    return end;
}

/* Returns the bytes left. */
static size_t without_pictures(fitting *f) {
    bool further = false;
    uint32_t left[DIRECTORIES];
    (void)add_range(&f->used, 0, BD_IFD_HEADER);
    for (int i = 0; i < DIRECTORIES; i++) {
        left[i] = sort_out(f, &f->kept[i]);
    }
    for (int i = 0; i < DIRECTORIES; i++) {
        unlink_next(f, &f->kept[i], left[i]);
    }
    for (size_t i = 0; i < f->dropped_count; i++) {
        const directory dropped = directory_at(&f->b, f->dropped[i]);
        drop_all_of(f, &dropped);
    }
    for (int i = 0; i < DIRECTORIES; i++) {
        remove_pictures(&f->b, &f->kept[i]);
        further = further || points_further(&f->b, &f->kept[i]);
    }
    if (!further || f->vague) { /* what nothing points to goes as well */
        f->gone.count = 0;
        add_gone(f, BD_IFD_HEADER, f->b.bytes);
    }
    merge(&f->used);
    merge(&f->gone);
    wipe(f);
    return cut(f);
}

size_t bd_exif_fit(uint8_t *exif, size_t bytes, uint32_t width, uint32_t height) {
    fitting f = {.dropped_count = 0};
    directory *kept = f.kept;
    kept[0] = open_block(exif, bytes, &f.b);
    if (!kept[0].at) {
        return bytes;
    }
    kept[1] = sub_directory(&f.b, &kept[0], TAG_EXIF);
    kept[2] = sub_directory(&f.b, &kept[0], TAG_GPS);
    kept[3] = sub_directory(&f.b, &kept[1], TAG_INTEROPERABILITY);
    for (int i = 0; i < DIRECTORIES; i++) {
        for (int k = 0; k < i; k++) {
            if (overlap(extent(&kept[i]), extent(&kept[k]))) {
                return 0;
            }
        }
    }
    set_number(&f.b, &kept[0], TAG_WIDTH, width);
    set_number(&f.b, &kept[0], TAG_HEIGHT, height);
    set_number(&f.b, &kept[1], TAG_PIXELS_X, width);
    set_number(&f.b, &kept[1], TAG_PIXELS_Y, height);
    return bytes - f.b.bytes + without_pictures(&f);
}
