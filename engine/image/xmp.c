/* SPDX-License-Identifier: MIT
 * Names are taken with the prefixes that all writers give them; those of pictures with others, too. */
#include "image/xmp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    NUMBER_MOST = 32,  /* bytes */
    XMLNS = 5,         /* bytes of the word that declares a namespace */
    GROWTH = 4096,     /* all numbers together may become this much longer */
    URI_MOST = 100,    /* bytes of a namespace that is looked at */
    PREFIXES_MOST = 64 /* of namespaces of pictures */
};

/* What pictures in Base64 stand in: thumbnails (ISO 16684-1 and its part 2), and Google's pictures and depth, whose
 * namespaces are a family. */
typedef enum xmp_namespace { BASIC, THUMBNAIL, PHOTOS } xmp_namespace;

static const struct {
    const char *uri;
    bool family;
    const char *names[2];
} namespaces[] = {[BASIC] = {"http://ns.adobe.com/xap/1.0/", false, {"Thumbnails"}},
                  [THUMBNAIL] = {"http://ns.adobe.com/xap/1.0/g/img/", false, {"image"}},
                  [PHOTOS] = {"http://ns.google.com/photos/", true, {"Data", "Confidence"}}};

typedef struct prefix {
    const char *text;
    size_t bytes;
    xmp_namespace stands_for;
} prefix;

typedef struct packet {
    const char *text;
    size_t bytes;
    char *out; /* room for bytes + GROWTH and a NUL */
    size_t used;
    size_t grown; /* that used is ahead of what was read */
    prefix prefixes[PREFIXES_MOST];
    size_t prefix_count;
} packet;

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

static bool starts_name(const packet *p, size_t at) {
    return at && at < p->bytes && (p->text[at - 1] == '<' || is_space(p->text[at - 1]));
}

/* The bytes of a name, with its prefix. */
static size_t name_bytes(const packet *p, size_t at) {
    size_t end = at;
    while (end < p->bytes && !is_space(p->text[end]) && !strchr("=/<>\"'", p->text[end])) {
        end++;
    }
    return end - at;
}

/* Does the name from at on stand at another place, too? */
static bool repeats(const packet *p, size_t at, size_t length, size_t where) {
    return name_bytes(p, where) == length && !memcmp(p->text + where, p->text + at, length);
}

/* The value of the attribute or the plain element whose name stands at at; to is bytes where it does not end. */
static bool find_value(const packet *p, size_t at, size_t length, size_t most, span *value) {
    size_t next = skip_space(p, at + length);
    *value = (span){0, 0};
    if (p->text[at - 1] == '<') {
        if (next >= p->bytes || p->text[next] != '>') {
            return false;
        }
        size_t end = seek(p, next + 1, '<', most + 1);
        *value = (span){next + 1, end};
        return has_at(p, end, "</") && repeats(p, at, length, end + 2);
    }
    if (next >= p->bytes || p->text[next] != '=') {
        return false;
    }
    next = skip_space(p, next + 1);
    if (next >= p->bytes || (p->text[next] != '"' && p->text[next] != '\'')) {
        return false;
    }
    *value = (span){next + 1, seek(p, next + 1, p->text[next], most + 1)};
    return value->to < p->bytes;
}

static void copy(packet *p, size_t from, size_t to) {
    memcpy(p->out + p->used, p->text + from, to - from);
    p->used += to - from;
}

/* Copies from at on with the value replaced by a number. Returns where to go on; at: it has none. */
static size_t replace(packet *p, size_t at, size_t length, uint32_t number) {
    char digits[16];
    int count = snprintf(digits, sizeof digits, "%" PRIu32, number);
    span value;
    if (!find_value(p, at, length, NUMBER_MOST, &value) || p->grown + (size_t)count > GROWTH) {
        return at;
    }
    copy(p, at, value.from);
    memcpy(p->out + p->used, digits, (size_t)count);
    p->used += (size_t)count;
    p->grown += (size_t)count;
    return value.to;
}

/* Leaves out an attribute, or an element with all that it holds. Returns where to go on; bytes + 1: it does not end. */
static size_t leave_out(packet *p, size_t at, size_t length) {
    size_t next = at + length;
    span value;
    if (p->text[at - 1] != '<') {
        (void)find_value(p, at, length, p->bytes, &value);
        return value.to ? value.to + 1 : at;
    }
    size_t open = seek(p, next, '>', p->bytes);
    if (open < p->bytes && p->text[open - 1] == '/') {
        p->used--;
        return open + 1;
    }
    while (next < p->bytes) {
        next = seek(p, next, '<', p->bytes);
        if (has_at(p, next, "</") && repeats(p, at, length, next + 2)) {
            next = seek(p, next, '>', p->bytes);
            p->used--; /* the "<" */
            return next + 1;
        }
        next += next < p->bytes;
    }
    return p->bytes + 1;
}

static bool is_prefix(const prefix *a, const char *text, size_t bytes, xmp_namespace stands_for) {
    return a->stands_for == stands_for && a->bytes == bytes && !memcmp(a->text, text, bytes);
}

/* false: there is no room. */
static bool add_prefix(packet *p, const char *text, size_t bytes, xmp_namespace stands_for) {
    for (size_t i = 0; i < p->prefix_count; i++) {
        if (is_prefix(&p->prefixes[i], text, bytes, stands_for)) {
            return true;
        }
    }
    if (p->prefix_count == PREFIXES_MOST) {
        return false;
    }
    p->prefixes[p->prefix_count++] = (prefix){text, bytes, stands_for};
    return true;
}

/* Where a namespace is declared: adds its prefix, none for the default one. */
static bool add_declared(packet *p, size_t at, size_t length) {
    span uri;
    if (!find_value(p, at, length, URI_MOST, &uri)) {
        return true;
    }
    bool added = true;
    for (size_t i = 0; i < BD_COUNT(namespaces); i++) {
        const size_t bytes = strlen(namespaces[i].uri);
        if (has_at(p, uri.from, namespaces[i].uri) && (uri.to - uri.from == bytes || namespaces[i].family)) {
            const size_t skipped = length > XMLNS ? XMLNS + 1 : XMLNS;
            added = added && add_prefix(p, p->text + at + skipped, length - skipped, (xmp_namespace)i);
        }
    }
    return added;
}

/* The prefixes that are usual, and those of the packet. */
static bool find_prefixes(packet *p) {
    static const struct {
        const char *text;
        xmp_namespace stands_for;
    } usual[] = {{"xmp", BASIC},     {"xap", BASIC},     {"xmpGImg", THUMBNAIL}, {"xapGImg", THUMBNAIL},
                 {"GImage", PHOTOS}, {"GDepth", PHOTOS}, {"GAudio", PHOTOS}};
    bool found = true;
    for (size_t i = 0; i < BD_COUNT(usual); i++) {
        found = found && add_prefix(p, usual[i].text, strlen(usual[i].text), usual[i].stands_for);
    }
    for (size_t at = 0; at < p->bytes && found; at++) {
        const size_t length = has_at(p, at, "xmlns") && starts_name(p, at) ? name_bytes(p, at) : 0;
        if (length && (length == XMLNS || p->text[at + XMLNS] == ':')) {
            found = add_declared(p, at, length);
        }
    }
    return found;
}

static bool is_picture(const packet *p, size_t at, size_t length) {
    const char *name = p->text + at, *colon = memchr(name, ':', length);
    const size_t before = colon ? (size_t)(colon - name) : 0, skipped = colon ? before + 1 : 0;
    for (size_t i = 0; i < BD_COUNT(namespaces) * BD_COUNT(namespaces[0].names); i++) {
        const xmp_namespace in = (xmp_namespace)(i / BD_COUNT(namespaces[0].names));
        const char *wanted = namespaces[in].names[i % BD_COUNT(namespaces[0].names)];
        if (!wanted || strlen(wanted) != length - skipped || memcmp(wanted, name + skipped, length - skipped) != 0) {
            continue;
        }
        for (size_t k = 0; k < p->prefix_count; k++) {
            if (is_prefix(&p->prefixes[k], name, before, in)) {
                return true;
            }
        }
    }
    return false;
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
    static const char extension[] = "xmpNote:HasExtendedXMP";
    const size_t length = name_bytes(p, at);
    for (size_t i = 0; i < BD_COUNT(numbers); i++) {
        if (numbers[i].number && length == strlen(numbers[i].name) && has_at(p, at, numbers[i].name)) {
            return replace(p, at, length, numbers[i].number);
        }
    }
    const bool gone = (change->without_extension && length == sizeof extension - 1 && has_at(p, at, extension)) ||
                      (change->without_thumbnails && is_picture(p, at, length));
    return gone ? leave_out(p, at, length) : at;
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
    size_t at = change->without_thumbnails && !find_prefixes(&p) ? bytes + 1 : 0;
    while (at < bytes) {
        size_t next = starts_name(&p, at) ? change_at(&p, at, change) : at;
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
