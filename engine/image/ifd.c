/* SPDX-License-Identifier: MIT */
#include "image/ifd.h"

#include <string.h>

enum {
    READ_MOST = 4096, /* entries of a directory that libtiff reads */
    POINTERS = 2,     /* to other directories, in one */
    WIDE_HEADER = 16,
    VERSION = 42,
    WIDE_VERSION = 43,
    PLACE_BYTES = 8 /* of a wide file's places */
};

enum { TYPE_IFD = 13, TYPE_LONG8 = 16 };

/* The tag that points to a directory, and the directory in which it stands. */
static const struct {
    uint16_t tag;
    bd_ifd_kind in;
} pointers[BD_IFD_KINDS] = {[BD_IFD_EXIF] = {0x8769, BD_IFD_MAIN},
                            [BD_IFD_GPS] = {0x8825, BD_IFD_MAIN},
                            [BD_IFD_INTEROPERABILITY] = {0xa005, BD_IFD_EXIF}};

/* How a kind of file lays out its directories. */
typedef struct layout {
    size_t count, entry, number, field; /* bytes of a directory's count, an entry, its count, its value's field */
} layout;

static layout layout_of(bool wide) {
    return wide ? (layout){8, 20, 8, 8} : (layout){2, 12, 4, 4};
}

uint64_t bd_ifd_get(const bd_ifd_file *file, size_t at, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | file->data[at + (file->big_endian ? i : size - 1 - i)];
    }
    return value;
}

void bd_ifd_put(const bd_ifd_file *file, size_t at, size_t size, uint64_t value) {
    for (size_t i = 0; i < size; i++) {
        file->data[at + (file->big_endian ? size - 1 - i : i)] = (uint8_t)(value >> (8 * i));
    }
}

size_t bd_ifd_type_bytes(uint32_t type) {
    enum { UTF8 = 129 }; /* EXIF 3.0 */
    static const uint8_t bytes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    return type < sizeof bytes ? bytes[type] : type == UTF8;
}

/* ---- in ---- */

uint64_t bd_ifd_open(const uint8_t *data, size_t bytes, bd_ifd_file *file) {
    *file = (bd_ifd_file){.data = (uint8_t *)(uintptr_t)data, .bytes = bytes};
    if (bytes < BD_IFD_HEADER || (memcmp(data, "II", 2) && memcmp(data, "MM", 2))) {
        return 0;
    }
    file->big_endian = data[0] == 'M';
    const uint64_t version = bd_ifd_get(file, 2, 2);
    file->wide = version == WIDE_VERSION;
    if (file->wide) {
        return bytes >= WIDE_HEADER && bd_ifd_get(file, 4, 2) == PLACE_BYTES ? bd_ifd_get(file, 8, 8) : 0;
    }
    return version == VERSION ? bd_ifd_get(file, 4, 4) : 0;
}

uint32_t bd_ifd_count(const bd_ifd_file *file, uint64_t at) {
    const layout l = layout_of(file->wide);
    if (at < BD_IFD_HEADER || at >= file->bytes || file->bytes - at < l.count) {
        return 0;
    }
    const uint64_t count = bd_ifd_get(file, (size_t)at, l.count);
    return count <= READ_MOST && count * l.entry <= file->bytes - at - l.count ? (uint32_t)count : 0;
}

bd_ifd_entry bd_ifd_entry_at(const bd_ifd_file *file, uint64_t at, uint32_t index) {
    const layout l = layout_of(file->wide);
    const size_t from = (size_t)at + l.count + index * l.entry, field = from + 4 + l.number;
    bd_ifd_entry entry = {.tag = (uint16_t)bd_ifd_get(file, from, 2),
                          .type = (uint16_t)bd_ifd_get(file, from + 2, 2),
                          .count = bd_ifd_get(file, from + 4, l.number)};
    const size_t size = bd_ifd_type_bytes(entry.type);
    memcpy(entry.field, file->data + field, l.field);
    if (!size || entry.count > file->bytes / size) {
        return entry;
    }
    const size_t bytes = (size_t)entry.count * size;
    const uint64_t place = bytes > l.field ? bd_ifd_get(file, field, l.field) : field;
    if (place <= file->bytes && bytes <= file->bytes - place) {
        entry.value = file->data + place;
        entry.bytes = bytes;
    }
    return entry;
}

bool bd_ifd_number(const bd_ifd_file *file, const bd_ifd_entry *entry, uint32_t index, uint64_t *number) {
    static const uint8_t sizes[] = {
        [BD_IFD_BYTE] = 1, [BD_IFD_SHORT] = 2, [BD_IFD_LONG] = 4, [TYPE_IFD] = 4, [TYPE_LONG8] = 8, [BD_IFD_IFD8] = 8};
    const size_t size = entry->type < sizeof sizes ? sizes[entry->type] : 0;
    if (!size || index >= entry->count || entry->count > file->bytes / size) {
        return false;
    }
    bd_ifd_file from = *file;
    uint64_t at = (uint64_t)index * size;
    if (entry->count * size <= layout_of(file->wide).field) {
        from.data = (uint8_t *)(uintptr_t)entry->field;
        from.bytes = sizeof entry->field;
    } else {
        const bd_ifd_file field = {.data = (uint8_t *)(uintptr_t)entry->field, .big_endian = file->big_endian};
        const uint64_t place = bd_ifd_get(&field, 0, layout_of(file->wide).field);
        at = place <= file->bytes ? at + place : place;
    }
    if (at > from.bytes || size > from.bytes - at) {
        return false;
    }
    *number = bd_ifd_get(&from, (size_t)at, size);
    return true;
}

uint64_t bd_ifd_next(const bd_ifd_file *file, uint64_t at) {
    const layout l = layout_of(file->wide);
    const uint32_t count = bd_ifd_count(file, at);
    const uint64_t behind = at + l.count + (uint64_t)count * l.entry;
    return count && file->bytes - behind >= l.field ? bd_ifd_get(file, (size_t)behind, l.field) : 0;
}

/* The place that an entry points to; 0: none. */
static uint64_t place_in(const bd_ifd_file *file, uint64_t at, uint32_t index) {
    const layout l = layout_of(file->wide);
    const bd_ifd_entry entry = bd_ifd_entry_at(file, at, index);
    const size_t field = (size_t)at + l.count + index * l.entry + 4 + l.number;
    switch (entry.type) {
    case BD_IFD_LONG:
    case TYPE_IFD: return bd_ifd_get(file, field, 4);
    case TYPE_LONG8:
    case BD_IFD_IFD8: return file->wide ? bd_ifd_get(file, field, 8) : 0;
    default: return 0;
    }
}

/* ---- what is gathered ---- */

/* The kind of directory that a tag points to; BD_IFD_MAIN: it is no such tag. */
static bd_ifd_kind kind_of(uint16_t tag) {
    for (int k = BD_IFD_EXIF; k < BD_IFD_KINDS; k++) {
        if (pointers[k].tag == tag) {
            return (bd_ifd_kind)k;
        }
    }
    return BD_IFD_MAIN;
}

/* The index of the first entry that has this tag or a higher one. */
static uint32_t index_of(const bd_ifd *ifd, uint16_t tag) {
    uint32_t i = 0;
    while (i < ifd->count && ifd->entries[i].tag < tag) {
        i++;
    }
    return i;
}

const bd_ifd_entry *bd_ifd_find(const bd_ifd *ifd, uint16_t tag) {
    const uint32_t i = index_of(ifd, tag);
    return i < ifd->count && ifd->entries[i].tag == tag ? &ifd->entries[i] : NULL;
}

static void insert(bd_ifd *ifd, const bd_ifd_entry *entry) {
    const uint32_t i = index_of(ifd, entry->tag);
    memmove(ifd->entries + i + 1, ifd->entries + i, (ifd->count - i) * sizeof *entry);
    ifd->entries[i] = *entry;
    ifd->count++;
}

bool bd_ifd_add(bd_ifd_tree *tree, bd_ifd_kind kind, const bd_ifd_entry *entry) {
    bd_ifd *ifd = &tree->of[kind];
    if (bd_ifd_find(ifd, entry->tag)) {
        return true;
    }
    if (ifd->count >= BD_IFD_ENTRIES_MOST - POINTERS || entry->bytes > tree->room) {
        return false;
    }
    insert(ifd, entry);
    tree->room -= entry->bytes;
    return true;
}

static void gather_one(bd_ifd_tree *tree, bd_ifd_kind kind, const bd_ifd_file *file, uint64_t at,
                       bool (*is_wanted)(uint16_t tag), const bd_ifd_loss *loss) {
    static const uint16_t other_pointer = 0x014a; /* to directories of pictures */
    const uint32_t count = bd_ifd_count(file, at);
    for (uint32_t i = 0; i < count; i++) {
        const bd_ifd_entry entry = bd_ifd_entry_at(file, at, i);
        const bool skipped = kind_of(entry.tag) || entry.tag == other_pointer || !entry.count;
        if (!skipped && (!is_wanted || is_wanted(entry.tag)) && (!entry.value || !bd_ifd_add(tree, kind, &entry))) {
            loss->lost(loss->user, entry.tag);
        }
    }
}

void bd_ifd_gather(bd_ifd_tree *tree, const bd_ifd_file *file, uint64_t at, bool (*is_wanted)(uint16_t tag),
                   const bd_ifd_loss *loss) {
    uint64_t places[BD_IFD_KINDS] = {[BD_IFD_MAIN] = at};
    for (int k = BD_IFD_MAIN; k < BD_IFD_KINDS; k++) {
        const uint32_t count = places[k] ? bd_ifd_count(file, places[k]) : 0;
        for (uint32_t i = 0; i < count; i++) {
            const uint16_t tag = bd_ifd_entry_at(file, places[k], i).tag;
            const bd_ifd_kind to = kind_of(tag);
            if (to == BD_IFD_MAIN || pointers[to].in != (bd_ifd_kind)k || places[to]) {
                continue;
            }
            places[to] = place_in(file, places[k], i);
            if (!bd_ifd_count(file, places[to])) {
                loss->lost(loss->user, tag);
            }
        }
        gather_one(tree, (bd_ifd_kind)k, file, places[k], k == BD_IFD_MAIN ? is_wanted : NULL, loss);
    }
}

/* ---- out ---- */

/* The bytes of an entry's value outside of the entry, to an even number. */
static size_t bytes_away(const bd_ifd_entry *entry, const layout *l) {
    const size_t bytes = (size_t)entry->count * bd_ifd_type_bytes(entry->type);
    return entry->placed || bytes <= l->field ? 0 : bytes + bytes % 2;
}

static size_t measure(const bd_ifd *ifd, const layout *l) {
    size_t bytes = ifd->count ? l->count + ifd->count * l->entry + l->field : 0;
    for (uint32_t i = 0; i < ifd->count; i++) {
        bytes += bytes_away(&ifd->entries[i], l);
    }
    return bytes;
}

size_t bd_ifd_seal(bd_ifd_tree *tree, bool wide) {
    const layout l = layout_of(wide);
    size_t bytes = 0;
    for (int k = BD_IFD_KINDS - 1; k > BD_IFD_MAIN; k--) {
        if (tree->of[k].count) {
            const bd_ifd_entry pointer = {.tag = pointers[k].tag,
                                          .type = wide ? BD_IFD_IFD8 : BD_IFD_LONG,
                                          .count = 1,
                                          .value = tree->places[k],
                                          .bytes = l.field};
            insert(&tree->of[pointers[k].in], &pointer);
        }
    }
    for (int k = 0; k < BD_IFD_KINDS; k++) {
        bytes += measure(&tree->of[k], &l);
    }
    return bytes;
}

void bd_ifd_begin(const bd_ifd_file *file, uint64_t first) {
    memcpy(file->data, file->big_endian ? "MM" : "II", 2);
    bd_ifd_put(file, 2, 2, file->wide ? WIDE_VERSION : VERSION);
    if (file->wide) {
        bd_ifd_put(file, 4, 2, PLACE_BYTES);
        bd_ifd_put(file, 6, 2, 0);
        bd_ifd_put(file, 8, 8, first);
    } else {
        bd_ifd_put(file, 4, 4, first);
    }
}

static void write_one(const bd_ifd *ifd, const bd_ifd_file *file, size_t at, const layout *l) {
    size_t field = at + l->count + 4 + l->number, away = at + l->count + ifd->count * l->entry + l->field;
    bd_ifd_put(file, at, l->count, ifd->count);
    for (uint32_t i = 0; i < ifd->count; i++, field += l->entry) {
        const bd_ifd_entry *entry = &ifd->entries[i];
        const size_t bytes = bytes_away(entry, l);
        bd_ifd_put(file, field - l->number - 4, 2, entry->tag);
        bd_ifd_put(file, field - l->number - 2, 2, entry->type);
        bd_ifd_put(file, field - l->number, l->number, entry->count);
        if (entry->placed) {
            memcpy(file->data + field, entry->field, l->field);
        } else if (bytes) {
            bd_ifd_put(file, field, l->field, away);
            memcpy(file->data + away, entry->value, entry->bytes);
        } else {
            memcpy(file->data + field, entry->value, entry->bytes);
        }
        away += bytes;
    }
}

void bd_ifd_write(bd_ifd_tree *tree, const bd_ifd_file *file, size_t at) {
    const layout l = layout_of(file->wide);
    size_t places[BD_IFD_KINDS];
    for (int k = 0; k < BD_IFD_KINDS; k++) {
        const bd_ifd_file field = {
            .data = tree->places[k], .bytes = sizeof tree->places[k], .big_endian = file->big_endian};
        bd_ifd_put(&field, 0, l.field, at);
        places[k] = at;
        at += measure(&tree->of[k], &l);
    }
    memset(file->data + places[0], 0, at - places[0]);
    for (int k = 0; k < BD_IFD_KINDS; k++) {
        if (tree->of[k].count) {
            write_one(&tree->of[k], file, places[k], &l);
        }
    }
}
