/* SPDX-License-Identifier: MIT
 * ISO/IEC 14496-12 (boxes) and 23008-12 (items). Where libheif and the standard read a box differently it is refused, so
 * that what is checked here is what is read there. */
#include "image/heif_boxes.h"

#include <stdlib.h>
#include <string.h>

#include "image/cursor.h"
#include "image/heif_streams.h"

enum {
    DEPTH_MOST = 8,     /* an overlay of grids with alpha takes five */
    TIMES_MOST = 8,     /* its pixels may be decoded so often: a grid, its tiles, and both again for alpha take four */
    SMALL = 4000000,    /* pixels that may be decoded so often in any case */
    SPARE = 1 << 20,    /* pixels: what tiles of a small picture may have beyond its edges */
    ITEM_LEAST = 16384, /* pixels that a decoder's start is worth */
    /* libheif looks through its lists, or copies them, for each item. */
    ITEMS_MOST = 4096,
    ENTRIES_MOST = 4 * ITEMS_MOST /* references, places in the file */
};
#define BOX(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

typedef enum part { PITM, IINF, IREF, ILOC, IPRP, IDAT, PART_COUNT } part;
typedef enum state { NEW, OPEN, DONE } state;

typedef struct item {
    uint32_t id, type;
    bd_cursor properties; /* of its entry in ipma */
    bool wide;            /* their numbers have two bytes */
    bd_cursor extents;
    uint64_t base;
    uint8_t method;
    bool has_properties, has_place, has_sources;
    size_t sources; /* items that it is made of */
    size_t edge;    /* the first to what is decoded for it, less 1; 0: none */
    state state;
    uint32_t depth;  /* of what is below */
    uint64_t pixels; /* to decode for it, with all below */
} item;

typedef struct edge {
    uint32_t to;
    size_t next; /* less 1; 0: none */
} edge;

typedef struct boxes {
    const bd_image_source *source;
    const char *form;
    bd_error *error;
    bd_result result;
    bd_cursor parts[PART_COUNT];
    bool has[PART_COUNT];
    item *items; /* by id */
    bd_cursor *properties;
    uint32_t *property_types;
    edge *edges;
    size_t item_count, property_count, edge_count;
    unsigned offset_bytes, length_bytes;
    uint64_t limit; /* of pixels; 0: not known yet */
} boxes;

static bool fail(boxes *b, bd_result result, const char *what) {
    b->result = bd_fail(b->error, result, "%s: %s: %s", b->source->name, b->form, what);
    return false;
}

static bool broken(boxes *b, const char *box) {
    b->result = bd_fail(b->error, BD_ERR_FILE_CORRUPT, "%s: %s: broken: its %s", b->source->name, b->form, box);
    return false;
}

static bool check_count(boxes *b, uint64_t count, uint64_t most) {
    return count <= most || fail(b, BD_ERR_IMAGE_TOO_LARGE, "made of too many items");
}

static void *make(boxes *b, size_t count, size_t bytes) {
    void *made = bd_alloc_array(b->source->allocator, BD_MAX(count, (size_t)1), bytes);
    if (!made) {
        (void)fail(b, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    return made;
}

/* ---- boxes ---- */

/* False: it is cut off, or no box. One of size 0 goes to the end. */
static bool next_box(bd_cursor *from, uint32_t *type, bd_cursor *body) {
    enum { HEADER = 8, LONG_HEADER = 16, USER_TYPE = 16 };
    uint64_t bytes = bd_cursor_number(from, 4), header = HEADER;
    *type = (uint32_t)bd_cursor_number(from, 4);
    if (bytes == 1) {
        bytes = bd_cursor_number(from, 8);
        header = LONG_HEADER;
    }
    if (*type == BOX('u', 'u', 'i', 'd')) {
        (void)bd_cursor_part(from, USER_TYPE);
        header += USER_TYPE;
    }
    if (from->ended || (bytes && bytes < header)) {
        return false;
    }
    *body = bd_cursor_part(from, bytes ? bytes - header : from->bytes);
    return !body->ended;
}

static unsigned take_version(bd_cursor *body, uint32_t *flags) {
    const uint32_t word = (uint32_t)bd_cursor_number(body, 4);
    *flags = word & 0xffffff;
    return word >> 24;
}

static bool find_parts(boxes *b, bd_cursor meta) {
    static const uint32_t types[PART_COUNT] = {
        [PITM] = BOX('p', 'i', 't', 'm'), [IINF] = BOX('i', 'i', 'n', 'f'), [IREF] = BOX('i', 'r', 'e', 'f'),
        [ILOC] = BOX('i', 'l', 'o', 'c'), [IPRP] = BOX('i', 'p', 'r', 'p'), [IDAT] = BOX('i', 'd', 'a', 't')};
    (void)bd_cursor_number(&meta, 4);
    while (meta.bytes) {
        uint32_t type;
        bd_cursor body;
        if (!next_box(&meta, &type, &body)) {
            return broken(b, "meta box");
        }
        for (int i = 0; i < PART_COUNT; i++) {
            if (type == types[i] && b->has[i]) {
                return fail(b, BD_ERR_FILE_CORRUPT, "broken: a box that there may be one of is there twice");
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
static bool find_meta(boxes *b, bool *found) {
    bd_cursor file = {b->source->data, b->source->bytes, false}, body;
    uint32_t type;
    while (file.bytes && next_box(&file, &type, &body)) {
        if (type == BOX('m', 'e', 't', 'a')) {
            if (*found) {
                return fail(b, BD_ERR_FILE_CORRUPT, "broken: two meta boxes");
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
    const uint32_t a = ((const item *)left)->id, b = ((const item *)right)->id;
    return (a > b) - (a < b);
}

static item *find_item(const boxes *b, uint32_t id) {
    const item key = {.id = id};
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

static bool read_items(boxes *b) {
    enum { ENTRY_LEAST = 8 + 4 + 2 + 2 + 4 };
    uint32_t flags, type;
    uint64_t entries = 0;
    bd_cursor table = b->parts[IINF], body;
    (void)bd_cursor_number(&table, take_version(&table, &flags) ? 4 : 2);
    b->items = make(b, BD_MIN(table.bytes / ENTRY_LEAST, (size_t)ITEMS_MOST) + 1, sizeof *b->items);
    if (!b->items) {
        return false;
    }
    while (table.bytes) {
        if (!next_box(&table, &type, &body) || type != BOX('i', 'n', 'f', 'e')) {
            return broken(b, "iinf box");
        }
        const unsigned version = take_version(&body, &flags);
        if (!check_count(b, ++entries, ITEMS_MOST)) {
            return false;
        }
        if (version < 2) { /* no picture */
            continue;
        }
        item *to = &b->items[b->item_count];
        to->id = (uint32_t)bd_cursor_number(&body, version == 2 ? 2 : 4);
        (void)bd_cursor_number(&body, 2);
        to->type = (uint32_t)bd_cursor_number(&body, 4);
        if (body.ended) {
            return broken(b, "iinf box");
        }
        if (to->type == BOX('m', 'i', 'm', 'e') && is_deflated(body)) {
            return fail(b, BD_ERR_FILE_FORMAT, "deflated metadata cannot be read");
        }
        b->item_count++;
    }
    if (table.ended) {
        return broken(b, "iinf box");
    }
    qsort(b->items, b->item_count, sizeof *b->items, compare_items);
    for (size_t i = 1; i < b->item_count; i++) {
        if (b->items[i].id == b->items[i - 1].id) {
            return fail(b, BD_ERR_FILE_CORRUPT, "broken: two items of one number");
        }
    }
    return true;
}

/* Bytes that libheif copies once a picture is opened: those of all items. */
static bool read_places(boxes *b) {
    enum { OFTEN = 4, SMALL_FILE = 1 << 22 };
    uint32_t flags;
    uint64_t sum = 0, extent_sum = 0;
    bd_cursor table = b->parts[ILOC];
    const unsigned version = take_version(&table, &flags), sizes = (unsigned)bd_cursor_number(&table, 2);
    const unsigned base_bytes = sizes >> 4 & 0xf, index_bytes = version ? sizes & 0xf : 0;
    b->offset_bytes = sizes >> 12;
    b->length_bytes = sizes >> 8 & 0xf;
    if (version > 2 || index_bytes) {
        return fail(b, BD_ERR_FILE_FORMAT, "places of items of a kind that cannot be read");
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
        item *of = find_item(b, (uint32_t)bd_cursor_number(&table, version < 2 ? 2 : 4));
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
           fail(b, BD_ERR_FILE_CORRUPT, "broken: its items are much larger than the file");
}

static bool read_associations(boxes *b, bd_cursor table) {
    uint32_t flags;
    const unsigned version = take_version(&table, &flags);
    uint64_t count = bd_cursor_number(&table, 4);
    if (!check_count(b, count, ITEMS_MOST)) {
        return false;
    }
    for (; count && table.bytes; count--) {
        item *of = find_item(b, (uint32_t)bd_cursor_number(&table, version ? 4 : 2));
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

static bool read_properties(boxes *b) {
    enum { BOX_LEAST = 8 };
    bd_cursor table = b->parts[IPRP], container = {0}, body;
    uint32_t type;
    while (table.bytes) {
        if (!next_box(&table, &type, &body)) {
            return broken(b, "iprp box");
        }
        if (type == BOX('i', 'p', 'c', 'o') && container.data) {
            return broken(b, "iprp box");
        }
        if (type == BOX('i', 'p', 'c', 'o')) {
            container = body;
        } else if (type == BOX('i', 'p', 'm', 'a') && !read_associations(b, body)) {
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

/* NULL: none. at: where the last one found was; before the first one 0. */
static const bd_cursor *find_property(const boxes *b, const item *of, uint32_t type, size_t *at) {
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

static bool is_alpha(const boxes *b, const item *of) {
    static const char *const names[] = {"urn:mpeg:avc:2015:auxid:1", "urn:mpeg:hevc:2015:auxid:1",
                                        "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"};
    size_t at = 0;
    for (const bd_cursor *p; (p = find_property(b, of, BOX('a', 'u', 'x', 'C'), &at)) != NULL;) {
        for (size_t i = 0; i < BD_COUNT(names); i++) {
            const size_t length = strlen(names[i]);
            if (p->bytes >= 4 + length && !memcmp(p->data + 4, names[i], length)) {
                return true;
            }
        }
    }
    return false;
}

static void add_edge(boxes *b, item *from, const item *to) {
    b->edges[b->edge_count] = (edge){.to = (uint32_t)(to - b->items), .next = from->edge};
    from->edge = ++b->edge_count;
}

/* libheif reads one behind the other without a look at their sizes. */
static bool read_references(boxes *b) {
    uint32_t flags, type;
    bd_cursor table = b->parts[IREF], body;
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
        item *from = find_item(b, (uint32_t)bd_cursor_number(&body, bytes));
        const uint64_t count = bd_cursor_number(&body, 2);
        if (body.ended || body.bytes != count * bytes) {
            return broken(b, "iref box");
        }
        const bool made = type == BOX('d', 'i', 'm', 'g');
        if (!from || !(made || (type == BOX('a', 'u', 'x', 'l') && is_alpha(b, from)))) {
            continue;
        }
        if (made && from->has_sources) {
            return broken(b, "iref box");
        }
        from->has_sources |= made;
        from->sources += made ? count : 0;
        for (uint64_t i = 0; i < count; i++) {
            item *to = find_item(b, (uint32_t)bd_cursor_number(&body, bytes));
            if (made && !to) {
                return fail(b, BD_ERR_FILE_CORRUPT, "broken: a part of the picture is missing");
            }
            if (to) {
                add_edge(b, made ? from : to, made ? to : from);
            }
        }
    }
    return true;
}

/* ---- the walk ---- */

/* An item's bytes. made: to be freed; NULL: they are the file's. False: out of memory. What is not there is left out. */
static bool read_item(boxes *b, const item *of, bd_cursor *data, uint8_t **made) {
    const bd_cursor whole = of->method ? b->parts[IDAT] : (bd_cursor){b->source->data, b->source->bytes, false};
    bd_cursor extents = of->extents;
    uint8_t *to = NULL;
    size_t bytes = 0;
    *data = (bd_cursor){0};
    *made = NULL;
    if (!of->has_place || of->method > 1) {
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
            return fail(b, BD_ERR_OUT_OF_MEMORY, "out of memory");
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

static bool is_kind(uint32_t type) {
    return type == BOX('g', 'r', 'i', 'd') || type == BOX('i', 'o', 'v', 'l') || type == BOX('i', 'd', 'e', 'n');
}

/* Of what an old libheif must not be asked to make others of: it stops the process at what it does not know. */
static bool is_known(uint32_t type) {
    return is_kind(type) || type == BOX('h', 'v', 'c', '1') || type == BOX('a', 'v', '0', '1') ||
           type == BOX('v', 'v', 'c', '1');
}

/* Of a grid's or an overlay's own data (23008-12, 6.6.2). */
static bool read_canvas(boxes *b, const item *of, bd_cursor data, uint64_t *pixels) {
    const bool grid = of->type == BOX('g', 'r', 'i', 'd');
    (void)bd_cursor_number(&data, 1);
    const size_t bytes = bd_cursor_number(&data, 1) & 1 ? 4 : 2;
    if (grid) {
        const uint64_t rows = bd_cursor_number(&data, 1) + 1, columns = bd_cursor_number(&data, 1) + 1;
        if (of->sources != rows * columns) {
            return fail(b, BD_ERR_FILE_CORRUPT, "broken: a grid has not the tiles that it says");
        }
    } else {
        (void)bd_cursor_number(&data, 8); /* the background's colour */
    }
    const uint64_t width = bd_cursor_number(&data, bytes), height = bd_cursor_number(&data, bytes);
    if (data.ended) {
        return fail(b, BD_ERR_FILE_CORRUPT, "broken: a grid or an overlay without a size");
    }
    b->result = bd_image_check_size(b->source, (int64_t)width, (int64_t)height, b->error);
    *pixels = width * height;
    return !b->result;
}

/* Of a coded item: as its stream has it, too. */
static uint64_t count_coded(const boxes *b, const item *of, bd_cursor data) {
    bd_stream_size size = {0};
    size_t at = 0;
    if (of->type == BOX('h', 'v', 'c', '1')) {
        const bd_cursor *config = find_property(b, of, BOX('h', 'v', 'c', 'C'), &at);
        if (config) {
            bd_hevc_config_size(*config, &size);
        }
        bd_hevc_units_size(data, &size);
    } else if (of->type == BOX('a', 'v', '0', '1')) {
        const bd_cursor *config = find_property(b, of, BOX('a', 'v', '1', 'C'), &at);
        if (config && config->bytes > 4) {
            bd_av1_units_size((bd_cursor){config->data + 4, config->bytes - 4, false}, &size);
        }
        bd_av1_units_size(data, &size);
    }
    const uint64_t pixels = (uint64_t)size.width * size.height, frames = BD_MAX(size.frames, (uint64_t)1);
    return pixels > UINT64_MAX / frames ? UINT64_MAX : pixels * frames;
}

static uint64_t count_said(const boxes *b, const item *of) {
    uint64_t most = 0;
    size_t at = 0;
    for (const bd_cursor *p; (p = find_property(b, of, BOX('i', 's', 'p', 'e'), &at)) != NULL;) {
        bd_cursor from = *p;
        (void)bd_cursor_number(&from, 4);
        const uint64_t width = bd_cursor_number(&from, 4), pixels = width * bd_cursor_number(&from, 4);
        most = BD_MAX(most, pixels);
    }
    return most;
}

/* Of the item alone. */
static bool count_own(boxes *b, const item *of, uint64_t *pixels) {
    bd_cursor data;
    uint8_t *made;
    bool counted = true;
    *pixels = 0;
    if (of->type == BOX('i', 'd', 'e', 'n')) {
        return true;
    }
    if (!read_item(b, of, &data, &made)) {
        return false;
    }
    if (is_kind(of->type)) {
        counted = read_canvas(b, of, data, pixels);
    } else {
        const uint64_t coded = count_coded(b, of, data), said = count_said(b, of);
        *pixels = BD_MAX(BD_MAX(coded, said), (uint64_t)ITEM_LEAST);
    }
    bd_free(b->source->allocator, made);
    return counted;
}

static bool check_limit(boxes *b, uint64_t pixels) {
    return pixels <= b->limit || fail(b, BD_ERR_IMAGE_TOO_LARGE, "much more is to be decoded than it has pixels");
}

/* Adds up what is decoded for an item; b->limit follows from the first one. NOLINTNEXTLINE(misc-no-recursion) */
static bool visit(boxes *b, item *of, uint32_t depth) {
    if (of->state == OPEN) {
        return fail(b, BD_ERR_FILE_CORRUPT, "broken: a picture that is made of itself");
    }
    if (depth + of->depth > DEPTH_MOST) {
        return fail(b, BD_ERR_FILE_CORRUPT, "broken: pictures made of pictures, too many deep");
    }
    if (of->state == DONE) {
        return true;
    }
    of->state = OPEN;
    if (!count_own(b, of, &of->pixels)) {
        return false;
    }
    if (!b->limit) {
        const uint64_t said = is_kind(of->type) ? of->pixels : count_said(b, of);
        const uint64_t picture = BD_MIN(BD_MAX(said, (uint64_t)SMALL), b->source->max_pixels);
        b->limit = BD_MIN(picture, (uint64_t)1 << 50) * TIMES_MOST + SPARE;
    }
    if (!check_limit(b, of->pixels)) {
        return false;
    }
    for (size_t i = of->edge; i; i = b->edges[i - 1].next) {
        item *below = &b->items[b->edges[i - 1].to];
        if (is_kind(of->type) && !is_known(below->type)) {
            return fail(b, BD_ERR_FILE_FORMAT, "made of pictures of a kind that cannot be read");
        }
        if (!visit(b, below, depth + 1)) {
            return false;
        }
        of->depth = BD_MAX(of->depth, below->depth + 1);
        of->pixels += below->pixels;
        if (!check_limit(b, of->pixels)) {
            return false;
        }
    }
    of->state = DONE;
    return true;
}

static bool check_file(boxes *b) {
    bool found = false;
    uint32_t flags;
    if (!find_meta(b, &found)) {
        return false;
    }
    if (!found || !b->has[PITM] || !b->has[IINF] || !b->has[ILOC] || !b->has[IPRP]) {
        return true; /* libheif says so */
    }
    if (!read_items(b) || !read_places(b) || !read_properties(b) || (b->has[IREF] && !read_references(b))) {
        return false;
    }
    bd_cursor primary = b->parts[PITM];
    item *first = find_item(b, (uint32_t)bd_cursor_number(&primary, take_version(&primary, &flags) ? 4 : 2));
    return !first || visit(b, first, 0);
}

bd_result bd_heif_check(const bd_image_source *source, const char *form, bd_error *error) {
    boxes b = {.source = source, .form = form, .error = error};
    (void)check_file(&b);
    bd_free(source->allocator, b.items);
    bd_free(source->allocator, b.properties);
    bd_free(source->allocator, b.property_types);
    bd_free(source->allocator, b.edges);
    return b.result;
}
