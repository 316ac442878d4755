/* SPDX-License-Identifier: MIT
 * Names are taken with the prefixes that all writers give them. */
#include "image/xmp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct packet {
    const char *text;
    size_t bytes;
    char *out; /* room for bytes + GROWTH and a NUL */
    size_t used;
    size_t grown; /* that used is ahead of what was read */
} packet;

enum {
    VALUE_MOST = 32, /* bytes of a number, or of a name of a second part */
    GROWTH = 4096    /* all numbers together may become this much longer */
};

typedef struct span {
    size_t from, to;
} span;

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool has_at(const packet *p, size_t at, const char *word) {
    size_t length = strlen(word);
    return at <= p->bytes && length <= p->bytes - at && !memcmp(p->text + at, word, length);
}

static size_t skip_space(const packet *p, size_t at) {
    while (at < p->bytes && is_space(p->text[at])) {
        at++;
    }
    return at;
}

/* The position of a character; bytes: there is none within most. */
static size_t seek(const packet *p, size_t at, char wanted, size_t most) {
    size_t end = most < p->bytes - at ? at + most : p->bytes;
    const char *found = memchr(p->text + at, wanted, end - at);
    return found ? (size_t)(found - p->text) : p->bytes;
}

/* The value of the attribute or the plain element whose name stands at at. */
static bool find_value(const packet *p, size_t at, const char *name, span *value) {
    size_t next = at + strlen(name);
    if (at && p->text[at - 1] == '<') {
        next = skip_space(p, next);
        if (next >= p->bytes || p->text[next] != '>') {
            return false;
        }
        size_t end = seek(p, next + 1, '<', VALUE_MOST + 1);
        *value = (span){next + 1, end};
        return has_at(p, end, "</") && has_at(p, end + 2, name);
    }
    if (!at || !is_space(p->text[at - 1])) {
        return false;
    }
    next = skip_space(p, next);
    if (next >= p->bytes || p->text[next] != '=') {
        return false;
    }
    next = skip_space(p, next + 1);
    if (next >= p->bytes || (p->text[next] != '"' && p->text[next] != '\'')) {
        return false;
    }
    *value = (span){next + 1, seek(p, next + 1, p->text[next], VALUE_MOST + 1)};
    return value->to < p->bytes;
}

static void copy(packet *p, size_t from, size_t to) {
    memcpy(p->out + p->used, p->text + from, to - from);
    p->used += to - from;
}

/* Copies from at on with the value replaced by a number. Returns where to go on; at: it has none. */
static size_t replace(packet *p, size_t at, const char *name, uint32_t number) {
    char digits[16];
    int length = snprintf(digits, sizeof digits, "%" PRIu32, number);
    span value;
    if (!find_value(p, at, name, &value) || p->grown + (size_t)length > GROWTH) {
        return at;
    }
    copy(p, at, value.from);
    memcpy(p->out + p->used, digits, (size_t)length);
    p->used += (size_t)length;
    p->grown += (size_t)length;
    return value.to;
}

/* Leaves out an attribute, or an element with all that it holds. Returns where to go on; bytes + 1: it does not end. */
static size_t leave_out(packet *p, size_t at, const char *name) {
    size_t next = at + strlen(name);
    span value;
    if (!at || p->text[at - 1] != '<') {
        return find_value(p, at, name, &value) ? value.to + 1 : at;
    }
    size_t open = seek(p, next, '>', p->bytes);
    if (open < p->bytes && p->text[open - 1] == '/') {
        p->used--;
        return open + 1;
    }
    while (next < p->bytes) {
        next = seek(p, next, '<', p->bytes);
        if (has_at(p, next, "</") && has_at(p, next + 2, name)) {
            next = seek(p, next, '>', p->bytes);
            p->used--; /* the "<" */
            return next + 1;
        }
        next += next < p->bytes;
    }
    return p->bytes + 1;
}

/* Copies or leaves out what begins at at, where that is a name to be changed. Returns where to go on. */
static size_t change_at(packet *p, size_t at, const bd_xmp_change *change) {
    const struct {
        const char *name;
        uint32_t number; /* 0: it stays */
    } numbers[] = {{"tiff:Orientation", change->upright},
                   {"tiff:ImageWidth", change->width},
                   {"tiff:ImageLength", change->height},
                   {"exif:PixelXDimension", change->width},
                   {"exif:PixelYDimension", change->height}};
    const struct {
        const char *name;
        bool wanted;
    } gone[] = {{"xmpNote:HasExtendedXMP", change->without_extension},
                {"xmp:Thumbnails", change->without_thumbnails},
                {"xap:Thumbnails", change->without_thumbnails}};
    for (size_t i = 0; i < BD_COUNT(numbers); i++) {
        if (numbers[i].number && has_at(p, at, numbers[i].name)) {
            return replace(p, at, numbers[i].name, numbers[i].number);
        }
    }
    for (size_t i = 0; i < BD_COUNT(gone); i++) {
        if (gone[i].wanted && has_at(p, at, gone[i].name)) {
            return leave_out(p, at, gone[i].name);
        }
    }
    return at;
}

bool bd_xmp_is(const uint8_t *xml, size_t bytes) {
    const packet p = {.text = (const char *)xml, .bytes = bytes};
    for (size_t at = 0; at < bytes; at = seek(&p, at + 1, '<', bytes)) {
        if (has_at(&p, at, "<rdf:RDF")) {
            return true;
        }
    }
    return false;
}

bd_result bd_xmp_edit(const bd_allocator *allocator, const uint8_t *xmp, size_t bytes, const bd_xmp_change *change,
                      uint8_t **edited, size_t *edited_bytes, bd_error *error) {
    packet p = {.text = (const char *)xmp, .bytes = bytes};
    if (!bytes || memchr(xmp, 0, bytes)) {
        return BD_ERR_UNSUPPORTED;
    }
    p.out = bd_alloc(allocator, bytes + GROWTH + 1);
    if (!p.out) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory for metadata");
    }
    size_t at = 0;
    while (at < bytes) {
        size_t next = strchr("txe", p.text[at]) ? change_at(&p, at, change) : at;
        if (next == at) {
            p.out[p.used++] = p.text[at];
            next = at + 1;
        }
        at = next;
    }
    if (at > bytes) {
        bd_free(allocator, p.out);
        return BD_ERR_UNSUPPORTED;
    }
    p.out[p.used] = '\0';
    *edited = (uint8_t *)p.out;
    *edited_bytes = p.used;
    return BD_OK;
}
