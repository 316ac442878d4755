/* SPDX-License-Identifier: MIT */
#include "image/exif.h"

#include <string.h>

#include "image/ifd.h"

enum {
    ENTRY = 12,
    DIRECTORIES = 4, /* that are kept: the first, EXIF's, GPS', interoperability's */
    CHAIN_MOST = 8   /* of directories of thumbnails */
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
    TAG_JPEG = 0x0201,
    TAG_JPEG_BYTES = 0x0202,
    TAG_EXIF = 0x8769,
    TAG_GPS = 0x8825,
    TAG_COLOR_SPACE = 0xa001,
    TAG_PIXELS_X = 0xa002,
    TAG_PIXELS_Y = 0xa003,
    TAG_INTEROPERABILITY = 0xa005
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
    range of[DIRECTORIES * (BD_IFD_ENTRIES_MOST + 1) + 1];
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

/* Where the value of an entry lies when that is not the entry itself; empty: it is, or it makes no sense. */
static range value_of(const block *b, size_t entry) {
    uint64_t bytes = (uint64_t)bd_ifd_type_bytes(get(b, entry + 2, 2)) * get(b, entry + 4, 4);
    size_t at = get(b, entry + 8, 4);
    return bytes > 4 && at < b->bytes && bytes <= b->bytes - at ? (range){at, at + (size_t)bytes} : (range){0, 0};
}

/* An integer of an entry's value, by index; false: it has none. */
static bool read_integer(const block *b, size_t entry, uint32_t index, uint32_t *value) {
    uint32_t type = entry ? get(b, entry + 2, 2) : 0;
    size_t size = bd_ifd_type_bytes(type);
    if ((type != BD_IFD_BYTE && type != BD_IFD_SHORT && type != BD_IFD_LONG) || index >= get(b, entry + 4, 4)) {
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

/* ---- thumbnails ---- */

static void add_range(ranges *to, size_t from, size_t end) {
    if (from < end) {
        to->of[to->count++] = (range){from, end};
    }
}

static void add_directory(const block *b, const directory *d, ranges *to) {
    if (!d->at) {
        return;
    }
    add_range(to, d->at, BD_MIN(entry_at(d, d->count) + 4, b->bytes));
    for (uint32_t i = 0; i < d->count; i++) {
        range value = value_of(b, entry_at(d, i));
        add_range(to, value.from, value.to);
    }
}

/* Zeroes what nothing else uses, and notes it. */
static void clear(const block *b, const ranges *used, size_t from, size_t bytes, ranges *cleared) {
    if (from >= b->bytes) {
        return;
    }
    size_t to = from + BD_MIN(bytes, b->bytes - from);
    for (size_t i = 0; i < used->count; i++) {
        if (from < used->of[i].to && used->of[i].from < to) {
            return;
        }
    }
    memset(b->data + from, 0, to - from);
    if (cleared->count < BD_COUNT(cleared->of)) {
        add_range(cleared, from, to);
    }
}

/* A thumbnail is one JPEG, or strips of pixels. */
static void clear_thumbnail(const block *b, const directory *d, uint32_t at_tag, uint32_t bytes_tag, const ranges *used,
                            ranges *cleared) {
    uint32_t at, bytes;
    for (uint32_t i = 0; i < BD_IFD_ENTRIES_MOST && read_integer(b, find(b, d, at_tag), i, &at) &&
                         read_integer(b, find(b, d, bytes_tag), i, &bytes);
         i++) {
        clear(b, used, at, bytes, cleared);
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

/* Where the block ends when what was cleared at its end goes. */
static size_t cut(const block *b, const ranges *cleared) {
    size_t end = b->bytes;
    bool again = true;
    while (again) {
        again = false;
        for (size_t i = 0; i < cleared->count; i++) {
            if (ends_in(b, &cleared->of[i], end)) {
                end = cleared->of[i].from;
                again = true;
            }
        }
    }
    return end;
}

/* Unlinks what follows the first directory. Returns the bytes left. */
static size_t drop_chain(const block *b, const directory *kept) {
    ranges used = {.count = 0}, cleared = {.count = 0};
    size_t link = entry_at(&kept[0], kept[0].count);
    add_range(&used, 0, BD_IFD_HEADER);
    for (int i = 0; i < DIRECTORIES; i++) {
        add_directory(b, &kept[i], &used);
    }
    if (link + 4 > b->bytes) {
        return b->bytes;
    }
    directory next = directory_at(b, get(b, link, 4));
    bd_ifd_put(b, link, 4, 0);
    for (int i = 0; i < CHAIN_MOST && next.at; i++) {
        size_t end = entry_at(&next, next.count);
        directory after = end + 4 <= b->bytes ? directory_at(b, get(b, end, 4)) : (directory){0};
        clear_thumbnail(b, &next, TAG_JPEG, TAG_JPEG_BYTES, &used, &cleared);
        clear_thumbnail(b, &next, TAG_STRIPS, TAG_STRIP_BYTES, &used, &cleared);
        for (uint32_t k = 0; k < next.count; k++) {
            range value = value_of(b, entry_at(&next, k));
            clear(b, &used, value.from, value.to - value.from, &cleared);
        }
        clear(b, &used, next.at, end + 4 - next.at, &cleared);
        next = after;
    }
    return cut(b, &cleared);
}

size_t bd_exif_fit(uint8_t *exif, size_t bytes, uint32_t width, uint32_t height) {
    block b;
    directory kept[DIRECTORIES] = {open_block(exif, bytes, &b)};
    if (!kept[0].at) {
        return bytes;
    }
    kept[1] = sub_directory(&b, &kept[0], TAG_EXIF);
    kept[2] = sub_directory(&b, &kept[0], TAG_GPS);
    kept[3] = sub_directory(&b, &kept[1], TAG_INTEROPERABILITY);
    set_number(&b, &kept[0], TAG_WIDTH, width);
    set_number(&b, &kept[0], TAG_HEIGHT, height);
    set_number(&b, &kept[1], TAG_PIXELS_X, width);
    set_number(&b, &kept[1], TAG_PIXELS_Y, height);
    return bytes - b.bytes + drop_chain(&b, kept);
}
