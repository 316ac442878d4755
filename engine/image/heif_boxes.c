/* SPDX-License-Identifier: MIT */
#include "image/heif_boxes.h"

#include <stdlib.h>
#include <string.h>

#include "image/boxes.h"

/* libheif looks through its lists, or copies them, for each item. */
enum { ITEMS_MOST = 4096, ENTRIES_MOST = 4 * ITEMS_MOST /* references, places in the file */ };

bool bd_heif_fail(bd_heif_boxes *b, bd_result result, const char *what) {
    b->result = bd_fail(b->error, result, "%s: %s: %s", b->source->name, b->form, what);
    return false;
}

static bool broken(bd_heif_boxes *b, const char *box) {
    b->result = bd_fail(b->error, BD_ERR_FILE_CORRUPT, "%s: %s: broken: its %s", b->source->name, b->form, box);
    return false;
}

static bool check_count(bd_heif_boxes *b, uint64_t count, uint64_t most) {
    return count <= most || bd_heif_fail(b, BD_ERR_IMAGE_TOO_LARGE, "made of too many items");
}

static void *make(bd_heif_boxes *b, size_t count, size_t bytes) {
    void *made = bd_alloc_array(b->source->allocator, BD_MAX(count, (size_t)1), bytes);
    if (!made) {
        (void)bd_heif_fail(b, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    return made;
}

/* ---- boxes ---- */

/* False: it is cut off, or no box. */
static bool next_box(bd_cursor *from, uint32_t *type, bd_cursor *body) {
    bd_box box;
    size_t at = 0;
    if (!bd_box_next(from->data, from->bytes, &at, &box) || box.cut) {
        return false;
    }
    bd_cursor name = {(const uint8_t *)box.type, sizeof *type, false};
    *type = (uint32_t)bd_cursor_number(&name, sizeof *type);
    *body = (bd_cursor){box.data, box.bytes, false};
    (void)bd_cursor_part(from, at);
    return true;
}

static unsigned take_version(bd_cursor *body, uint32_t *flags) {
    const uint32_t word = (uint32_t)bd_cursor_number(body, 4);
    *flags = word & 0xffffff;
    return word >> 24;
}

static bool find_parts(bd_heif_boxes *b, bd_cursor meta) {
    static const uint32_t types[BD_HEIF_PARTS] = {
        [BD_HEIF_PITM] = BD_BOX('p', 'i', 't', 'm'), [BD_HEIF_IINF] = BD_BOX('i', 'i', 'n', 'f'),
        [BD_HEIF_IREF] = BD_BOX('i', 'r', 'e', 'f'), [BD_HEIF_ILOC] = BD_BOX('i', 'l', 'o', 'c'),
        [BD_HEIF_IPRP] = BD_BOX('i', 'p', 'r', 'p'), [BD_HEIF_IDAT] = BD_BOX('i', 'd', 'a', 't')};
    (void)bd_cursor_number(&meta, 4);
    while (meta.bytes) {
        uint32_t type;
        bd_cursor body;
        if (!next_box(&meta, &type, &body)) {
            return broken(b, "meta box");
        }
        for (int i = 0; i < BD_HEIF_PARTS; i++) {
            if (type == types[i] && b->has[i]) {
                return bd_heif_fail(b, BD_ERR_FILE_CORRUPT, "broken: a box that there may be one of is there twice");
            }
            if (type == types[i]) {
                b->parts[i] = body;
                b->has[i] = true;
            }
        }
    }
    return true;
}

/* Of the file; what is behind a box that is cut off libheif does not read either. */
static bool find_meta(bd_heif_boxes *b, bool *found) {
    bd_cursor file = {b->source->data, b->source->bytes, false}, body;
    uint32_t type;
    while (file.bytes && next_box(&file, &type, &body)) {
        b->has_tracks |= type == BD_BOX('m', 'o', 'o', 'v');
        if (type == BD_BOX('m', 'e', 't', 'a')) {
            if (*found) {
                return bd_heif_fail(b, BD_ERR_FILE_CORRUPT, "broken: two meta boxes");
            }
            *found = true;
            if (!find_parts(b, body)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- tables ---- */

static int compare_items(const void *left, const void *right) {
    const uint32_t a = ((const bd_heif_item *)left)->id, b = ((const bd_heif_item *)right)->id;
    return (a > b) - (a < b);
}

static bd_heif_item *find_item(const bd_heif_boxes *b, uint32_t id) {
    const bd_heif_item key = {.id = id};
    return b->item_count ? bsearch(&key, b->items, b->item_count, sizeof key, compare_items) : NULL;
}

static void skip_text(bd_cursor *from) {
    while (from->bytes && bd_cursor_number(from, 1)) {
    }
}

/* libheif 1.15 inflates it as the file is opened, to any size, and for ever where its end is missing. */
static bool is_deflated(bd_cursor entry) {
    static const char name[] = "deflate";
    skip_text(&entry);
    skip_text(&entry);
    return entry.bytes >= sizeof name - 1 && !memcmp(entry.data, name, sizeof name - 1);
}

static bool read_items(bd_heif_boxes *b) {
    enum { ENTRY_LEAST = 8 + 4 + 2 + 2 + 4 };
    uint32_t flags, type;
    uint64_t entries = 0;
    bd_cursor table = b->parts[BD_HEIF_IINF], body;
    (void)bd_cursor_number(&table, take_version(&table, &flags) ? 4 : 2);
    b->items = make(b, BD_MIN(table.bytes / ENTRY_LEAST, (size_t)ITEMS_MOST) + 1, sizeof *b->items);
    if (!b->items) {
        return false;
    }
    while (table.bytes) {
        if (!next_box(&table, &type, &body) || type != BD_BOX('i', 'n', 'f', 'e')) {
            return broken(b, "iinf box");
        }
        const unsigned version = take_version(&body, &flags);
        if (!check_count(b, ++entries, ITEMS_MOST)) {
            return false;
        }
        if (version < 2) { /* no picture */
            continue;
        }
        bd_heif_item *to = &b->items[b->item_count];
        to->id = (uint32_t)bd_cursor_number(&body, version == 2 ? 2 : 4);
        (void)bd_cursor_number(&body, 2);
        to->type = (uint32_t)bd_cursor_number(&body, 4);
        if (body.ended) {
            return broken(b, "iinf box");
        }
        if (to->type == BD_BOX('m', 'i', 'm', 'e') && is_deflated(body)) {
            return bd_heif_fail(b, BD_ERR_UNSUPPORTED, "deflated metadata cannot be read");
        }
        b->item_count++;
    }
    if (table.ended) {
        return broken(b, "iinf box");
    }
    qsort(b->items, b->item_count, sizeof *b->items, compare_items);
    for (size_t i = 1; i < b->item_count; i++) {
        if (b->items[i].id == b->items[i - 1].id) {
            return bd_heif_fail(b, BD_ERR_FILE_CORRUPT, "broken: two items of one number");
        }
    }
    return true;
}

/* Bytes that libheif copies once a picture is opened: those of all items. */
static bool read_places(bd_heif_boxes *b) {
    enum { OFTEN = 4, SMALL_FILE = 1 << 22 };
    uint32_t flags;
    uint64_t sum = 0, extent_sum = 0;
    bd_cursor table = b->parts[BD_HEIF_ILOC];
    const unsigned version = take_version(&table, &flags), sizes = (unsigned)bd_cursor_number(&table, 2);
    const unsigned base_bytes = sizes >> 4 & 0xf, index_bytes = version ? sizes & 0xf : 0;
    b->offset_bytes = sizes >> 12;
    b->length_bytes = sizes >> 8 & 0xf;
    if (version > 2 || index_bytes) {
        return bd_heif_fail(b, BD_ERR_UNSUPPORTED, "places of items of a kind that cannot be read");
    }
    if ((b->offset_bytes & ~12u) || (b->length_bytes & ~12u) || (base_bytes & ~12u) || b->offset_bytes > 8 ||
        b->length_bytes > 8 || base_bytes > 8) {
        return broken(b, "iloc box");
    }
    uint64_t count = bd_cursor_number(&table, version < 2 ? 2 : 4);
    if (!check_count(b, count, ITEMS_MOST)) {
        return false;
    }
    for (; count && !table.ended; count--) {
        bd_heif_item *of = find_item(b, (uint32_t)bd_cursor_number(&table, version < 2 ? 2 : 4));
        const unsigned method = version ? bd_cursor_number(&table, 2) & 0xf : 0;
        (void)bd_cursor_number(&table, 2);
        const uint64_t base = bd_cursor_number(&table, base_bytes), extents = bd_cursor_number(&table, 2);
        const bd_cursor places = bd_cursor_part(&table, extents * (b->offset_bytes + b->length_bytes));
        bd_cursor at = places;
        extent_sum += extents;
        if (!check_count(b, extent_sum, ENTRIES_MOST)) {
            return false;
        }
        for (uint64_t i = 0; i < extents && at.bytes; i++) {
            (void)bd_cursor_number(&at, b->offset_bytes);
            const uint64_t length = bd_cursor_number(&at, b->length_bytes);
            sum += BD_MIN(length, (uint64_t)b->source->bytes);
        }
        if (of && !of->has_place) {
            of->has_place = true;
            of->method = (uint8_t)method;
            of->base = base;
            of->extents = places;
        }
    }
    if (table.ended) {
        return broken(b, "iloc box");
    }
    return sum <= OFTEN * (uint64_t)b->source->bytes + SMALL_FILE ||
           bd_heif_fail(b, BD_ERR_FILE_CORRUPT, "broken: its items are much larger than the file");
}

static bool read_associations(bd_heif_boxes *b, bd_cursor table) {
    uint32_t flags;
    const unsigned version = take_version(&table, &flags);
    uint64_t count = bd_cursor_number(&table, 4);
    if (!check_count(b, count, ITEMS_MOST)) {
        return false;
    }
    for (; count && table.bytes; count--) {
        bd_heif_item *of = find_item(b, (uint32_t)bd_cursor_number(&table, version ? 4 : 2));
        const uint64_t numbers = bd_cursor_number(&table, 1);
        const bd_cursor properties = bd_cursor_part(&table, numbers * (flags & 1 ? 2 : 1));
        if (of && !of->has_properties) {
            of->has_properties = true;
            of->properties = properties;
            of->wide = flags & 1;
        }
    }
    return !table.ended || broken(b, "ipma box");
}

static bool read_properties(bd_heif_boxes *b) {
    enum { BOX_LEAST = 8 };
    bd_cursor table = b->parts[BD_HEIF_IPRP], container = {0}, body;
    uint32_t type;
    while (table.bytes) {
        if (!next_box(&table, &type, &body)) {
            return broken(b, "iprp box");
        }
        if (type == BD_BOX('i', 'p', 'c', 'o') && container.data) {
            return broken(b, "iprp box");
        }
        if (type == BD_BOX('i', 'p', 'c', 'o')) {
            container = body;
        } else if (type == BD_BOX('i', 'p', 'm', 'a') && !read_associations(b, body)) {
            return false;
        }
    }
    b->properties = make(b, container.bytes / BOX_LEAST, sizeof *b->properties);
    b->property_types = b->properties ? make(b, container.bytes / BOX_LEAST, sizeof *b->property_types) : NULL;
    if (!b->property_types) {
        return false;
    }
    while (container.bytes) {
        if (!next_box(&container, &type, &body)) {
            return broken(b, "ipco box");
        }
        b->properties[b->property_count] = body;
        b->property_types[b->property_count++] = type;
    }
    return true;
}

const bd_cursor *bd_heif_property(const bd_heif_boxes *b, const bd_heif_item *of, uint32_t type, size_t *at) {
    const size_t bytes = of->wide ? 2 : 1;
    while (*at < of->properties.bytes) {
        bd_cursor from = {of->properties.data + *at, bytes, false};
        const size_t number = bd_cursor_number(&from, bytes) & (of->wide ? 0x7fff : 0x7f);
        *at += bytes;
        if (number && number <= b->property_count && b->property_types[number - 1] == type) {
            return &b->properties[number - 1];
        }
    }
    return NULL;
}

static bool is_alpha(const bd_heif_boxes *b, const bd_heif_item *of) {
    static const char *const names[] = {"urn:mpeg:avc:2015:auxid:1", "urn:mpeg:hevc:2015:auxid:1",
                                        "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"};
    size_t at = 0;
    for (const bd_cursor *p; (p = bd_heif_property(b, of, BD_BOX('a', 'u', 'x', 'C'), &at)) != NULL;) {
        for (size_t i = 0; i < BD_COUNT(names); i++) {
            const size_t length = strlen(names[i]);
            if (p->bytes >= 4 + length && !memcmp(p->data + 4, names[i], length)) {
                return true;
            }
        }
    }
    return false;
}

static void add_edge(bd_heif_boxes *b, bd_heif_item *from, const bd_heif_item *to, bool alpha) {
    b->edges[b->edge_count] = (bd_heif_edge){.to = (uint32_t)(to - b->items), .alpha = alpha, .next = from->edge};
    from->edge = ++b->edge_count;
}

/* libheif reads one behind the other without a look at their sizes. */
static bool read_references(bd_heif_boxes *b) {
    uint32_t flags, type;
    bd_cursor table = b->parts[BD_HEIF_IREF], body;
    const unsigned version = take_version(&table, &flags);
    const size_t bytes = version ? 4 : 2;
    uint64_t entries = 0;
    b->edges = make(b, table.bytes / bytes, sizeof *b->edges);
    if (!b->edges) {
        return false;
    }
    while (table.bytes) {
        if (!next_box(&table, &type, &body)) {
            return broken(b, "iref box");
        }
        if (!check_count(b, ++entries, ENTRIES_MOST)) {
            return false;
        }
        bd_heif_item *from = find_item(b, (uint32_t)bd_cursor_number(&body, bytes));
        const uint64_t count = bd_cursor_number(&body, 2);
        if (body.ended || body.bytes != count * bytes) {
            return broken(b, "iref box");
        }
        const bool made = type == BD_BOX('d', 'i', 'm', 'g');
        if (!from || !(made || (type == BD_BOX('a', 'u', 'x', 'l') && is_alpha(b, from)))) {
            continue;
        }
        if (made && from->has_sources) {
            return broken(b, "iref box");
        }
        from->has_sources |= made;
        from->sources += made ? count : 0;
        for (uint64_t i = 0; i < count; i++) {
            bd_heif_item *to = find_item(b, (uint32_t)bd_cursor_number(&body, bytes));
            if (made && !to) {
                return bd_heif_fail(b, BD_ERR_FILE_CORRUPT, "broken: a part of the picture is missing");
            }
            if (to) {
                add_edge(b, made ? from : to, made ? to : from, !made);
            }
        }
    }
    return true;
}

bool bd_heif_item_bytes(bd_heif_boxes *b, const bd_heif_item *of, bd_cursor *data, uint8_t **made) {
    const bd_cursor whole = of->method ? b->parts[BD_HEIF_IDAT] : (bd_cursor){b->source->data, b->source->bytes, false};
    bd_cursor extents = of->extents;
    uint8_t *to = NULL;
    size_t bytes = 0;
    *data = (bd_cursor){0};
    *made = NULL;
    if (!of->has_place || of->method > 1 || !whole.data) {
        return true;
    }
    while (extents.bytes) {
        const uint64_t offset = bd_cursor_number(&extents, b->offset_bytes) + of->base;
        const uint64_t length = bd_cursor_number(&extents, b->length_bytes);
        if (offset < of->base || offset > whole.bytes) {
            continue;
        }
        bd_cursor from = {whole.data + offset, whole.bytes - (size_t)offset, false};
        from = bd_cursor_part(&from, length);
        if (!*made && !extents.bytes && !bytes) {
            *data = (bd_cursor){from.data, from.bytes, false};
            return true;
        }
        to = bd_realloc(b->source->allocator, *made, bytes + from.bytes + 1);
        if (!to) {
            return bd_heif_fail(b, BD_ERR_OUT_OF_MEMORY, "out of memory");
        }
        *made = to;
        if (from.bytes) {
            memcpy(to + bytes, from.data, from.bytes);
        }
        bytes += from.bytes;
    }
    *data = (bd_cursor){to, bytes, false};
    return true;
}

bool bd_heif_boxes_read(bd_heif_boxes *b) {
    bool found = false;
    uint32_t flags;
    if (!find_meta(b, &found)) {
        return false;
    }
    if (!found || !b->has[BD_HEIF_PITM] || !b->has[BD_HEIF_IINF] || !b->has[BD_HEIF_ILOC] || !b->has[BD_HEIF_IPRP]) {
        return true;
    }
    if (!read_items(b) || !read_places(b) || !read_properties(b) || (b->has[BD_HEIF_IREF] && !read_references(b))) {
        return false;
    }
    bd_cursor primary = b->parts[BD_HEIF_PITM];
    b->primary = find_item(b, (uint32_t)bd_cursor_number(&primary, take_version(&primary, &flags) ? 4 : 2));
    return true;
}

void bd_heif_boxes_finish(bd_heif_boxes *b) {
    const bd_allocator *allocator = b->source->allocator;
    bd_free(allocator, b->items);
    bd_free(allocator, b->properties);
    bd_free(allocator, b->property_types);
    bd_free(allocator, b->edges);
}
