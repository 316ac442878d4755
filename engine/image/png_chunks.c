/* SPDX-License-Identifier: MIT
 * libpng would keep all texts of a file, however large they are once inflated. */
#include "image/png_chunks.h"

#include <string.h>

#include <zlib.h>

#include "image/exif.h"
#include "image/iptc.h"
#include "image/jpeg_segments.h"
#include "image/metadata.h"

enum {
    SIGNATURE = 8,
    AROUND = 12,   /* bytes of a chunk besides its data */
    KEY_MOST = 79, /* PNG 3rd edition, 11.3.3.1 */
    TEXT_MOST = 1 << 20,
    INFLATED_MOST = 8 << 20 /* of a file, kept or not: twice what is kept */
};

typedef struct chunk {
    const bd_image_source *source;
    const uint8_t *data;
    size_t bytes;
    size_t *inflatable; /* bytes that texts of the file may still become */
    bd_error *error;
} chunk;

/* Part of a chunk, or inflated bytes. */
typedef struct content {
    const uint8_t *data;
    size_t bytes;
    uint8_t *made; /* of the source's allocator; NULL: part of a chunk */
} content;

static uint32_t big_endian(const uint8_t *from) {
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static voidpf inflate_alloc(voidpf source, uInt count, uInt size) {
    return bd_alloc(((const bd_image_source *)source)->allocator, (size_t)count * size);
}

static void inflate_free(voidpf source, voidpf memory) {
    bd_free(((const bd_image_source *)source)->allocator, memory);
}

/* BD_ERR_UNSUPPORTED without words: it is damaged or too large. */
static bd_result inflate_text(const chunk *c, content *text) {
    enum { STEP = 1 << 14 };
    const bd_image_source *source = c->source;
    z_stream z = {.zalloc = inflate_alloc,
                  .zfree = inflate_free,
                  .opaque = (voidpf)(uintptr_t)source,
                  .next_in = (Bytef *)(uintptr_t)text->data,
                  .avail_in = (uInt)text->bytes};
    size_t room = 0;
    uint8_t *out = NULL;
    int state = *c->inflatable ? inflateInit(&z) : Z_DATA_ERROR;
    while (state == Z_OK && z.total_out <= TEXT_MOST) {
        if (z.total_out == room) {
            room = room ? 2 * room : STEP;
            uint8_t *more = bd_realloc(source->allocator, out, room);
            if (!more) {
                state = Z_MEM_ERROR;
                break;
            }
            out = more;
        }
        z.next_out = out + z.total_out;
        z.avail_out = (uInt)(room - z.total_out);
        state = inflate(&z, Z_NO_FLUSH);
    }
    text->made = out;
    text->data = out;
    text->bytes = z.total_out;
    *c->inflatable -= BD_MIN(*c->inflatable, (size_t)z.total_out);
    (void)inflateEnd(&z);
    if (state == Z_MEM_ERROR) {
        return bd_fail(c->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory for metadata", source->name);
    }
    return state == Z_STREAM_END && text->bytes <= TEXT_MOST ? BD_OK : BD_ERR_UNSUPPORTED;
}

static int digit_of(uint8_t c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* ImageMagick's form: a line with the kind, one with the bytes' number, and the bytes in hexadecimal lines. */
static bd_result take_raw_profile(const chunk *c, bd_metadata_kind kind, const content *text) {
    const uint8_t *end = text->data + text->bytes, *at = text->data;
    for (int line = 0; line < 2 && at; line++) {
        at += *at == '\n' && !line;
        at = memchr(at, '\n', (size_t)(end - at));
        at = at && at + 1 < end ? at + 1 : NULL;
    }
    uint8_t *bytes = at ? bd_alloc(c->source->allocator, (size_t)(end - at) / 2 + 1) : NULL;
    size_t count = 0;
    if (!bytes) {
        return at ? bd_fail(c->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory for metadata", c->source->name)
                  : BD_ERR_UNSUPPORTED;
    }
    while (at + 1 < end) {
        int high = digit_of(at[0]), low = digit_of(at[1]);
        at += high < 0 ? 1 : 2;
        if (high >= 0 && low >= 0) {
            bytes[count++] = (uint8_t)(high << 4 | low);
        }
    }
    enum { DATA_SET = 0x1c };                 /* what IPTC begins with */
    static const char packet[] = BD_JPEG_XMP; /* APP1 is a JPEG's, EXIF or XMP */
    const uint8_t *found = bytes;
    bd_result result = BD_OK;
    if (kind == BD_METADATA_IPTC && (!count || bytes[0] != DATA_SET)) {
        found = bd_iptc_find(bytes, count, &count);
    } else if (count > sizeof packet && !memcmp(bytes, packet, sizeof packet)) {
        kind = BD_METADATA_XMP;
        found = bytes + sizeof packet;
        count -= sizeof packet;
    } else if (kind == BD_METADATA_EXIF) {
        bd_exif_set_upright(bytes, count); /* nobody turns pictures by it, and eXIf would have them turned */
    }
    if (found) {
        result = bd_metadata_take(c->source, kind, found, count, c->error);
    }
    bd_free(c->source->allocator, bytes);
    return result;
}

static bool is(const content *key, const char *word) {
    return key->bytes == strlen(word) && !memcmp(key->data, word, key->bytes);
}

static bd_result take_text(const chunk *c, const content *key, const content *text, bool latin1) {
    if (is(key, BD_PNG_XMP)) {
        return bd_metadata_take(c->source, BD_METADATA_XMP, text->data, text->bytes, c->error);
    }
    static const struct {
        const char *key;
        bd_metadata_kind kind;
    } profiles[] = {{"Raw profile type exif", BD_METADATA_EXIF},
                    {"Raw profile type APP1", BD_METADATA_EXIF},
                    {"Raw profile type xmp", BD_METADATA_XMP},
                    {BD_PNG_IPTC, BD_METADATA_IPTC},
                    {"Raw profile type 8bim", BD_METADATA_IPTC}};
    for (size_t i = 0; i < BD_COUNT(profiles); i++) {
        if (is(key, profiles[i].key)) {
            return take_raw_profile(c, profiles[i].kind, text);
        }
    }
    static const char raw[] = "Raw profile type "; /* such as icc, which is no metadata */
    if (key->bytes >= sizeof raw - 1 && !memcmp(key->data, raw, sizeof raw - 1)) {
        return BD_OK;
    }
    return bd_metadata_take_text(c->source, key->data, key->bytes, text->data, text->bytes, latin1, c->error);
}

/* The bytes up to a NUL, and past it; false: there is none. */
static bool split(content *rest, content *first) {
    const uint8_t *end = rest->bytes ? memchr(rest->data, 0, rest->bytes) : NULL;
    if (!end) {
        return false;
    }
    *first = (content){.data = rest->data, .bytes = (size_t)(end - rest->data)};
    rest->data = end + 1;
    rest->bytes -= first->bytes + 1;
    return true;
}

/* tEXt: key, NUL, Latin-1. zTXt: key, NUL, method, deflated Latin-1. iTXt: key, NUL, flag, method, language, NUL, key in
 * that language, NUL, UTF-8 that is deflated where the flag is 1. */
static bd_result read_text(const chunk *c, char kind) {
    content text = {.data = c->data, .bytes = c->bytes}, key, skipped;
    size_t head = kind == 'z' ? 1 : kind == 'i' ? 2 : 0;
    if (!split(&text, &key) || !key.bytes || key.bytes > KEY_MOST || text.bytes < head) {
        return BD_ERR_UNSUPPORTED;
    }
    bool deflated = kind == 'z' || (kind == 'i' && text.data[0]);
    text.data += head;
    text.bytes -= head;
    if (kind == 'i' && (!split(&text, &skipped) || !split(&text, &skipped))) {
        return BD_ERR_UNSUPPORTED;
    }
    bd_result result = deflated ? inflate_text(c, &text) : BD_OK;
    if (!result && text.bytes) {
        result = take_text(c, &key, &text, kind != 'i');
    }
    bd_free(c->source->allocator, text.made);
    return result;
}

static void take_density(const chunk *c) {
    enum { BYTES = 9, METRE = 1 };
    if (c->bytes == BYTES && c->data[8] == METRE) {
        bd_metadata_take_density(c->source, big_endian(c->data) * 0.0254, big_endian(c->data + 4) * 0.0254);
    }
}

static bd_result take(const chunk *c, const char *kind) {
    if (!memcmp(kind, "eXIf", 4)) {
        return bd_metadata_take(c->source, BD_METADATA_EXIF, c->data, c->bytes, c->error);
    }
    if (!memcmp(kind, "pHYs", 4)) {
        take_density(c);
        return BD_OK;
    }
    bd_result result = read_text(c, kind[0]);
    if (result == BD_ERR_UNSUPPORTED) {
        bd_metadata_drop(c->source, BD_METADATA_TEXT);
        return BD_OK;
    }
    return result;
}

bd_result bd_png_read_metadata(const bd_image_source *source, int *orientation, bd_error *error) {
    static const char kinds[] = "eXIf\0pHYs\0tEXt\0zTXt\0iTXt";
    const size_t kinds_bytes = source->metadata ? sizeof kinds : 5;
    bd_result result = BD_OK;
    size_t at = SIGNATURE, inflatable = INFLATED_MOST;
    *orientation = 0;
    while (!result && source->bytes - at >= AROUND) {
        const uint8_t *head = source->data + at;
        size_t bytes = big_endian(head);
        if (bytes > source->bytes - at - AROUND || !memcmp(head + 4, "IEND", 4)) {
            break;
        }
        bool wanted = false;
        for (size_t i = 0; i < kinds_bytes; i += 5) {
            wanted |= !memcmp(head + 4, kinds + i, 4);
        }
        const chunk c = {source, head + 8, bytes, &inflatable, error};
        const bool exif = head[4] == 'e';
        if (wanted && crc32(0, head + 4, (uInt)bytes + 4) == big_endian(head + 8 + bytes)) {
            *orientation = exif && !*orientation ? bd_exif_orientation(c.data, c.bytes) : *orientation;
            result = take(&c, (const char *)head + 4);
        } else if (wanted) {
            bd_metadata_drop(source, exif ? BD_METADATA_EXIF : BD_METADATA_TEXT);
        }
        at += bytes + AROUND;
    }
    *orientation = *orientation ? *orientation : 1;
    return result;
}

bool bd_png_find_cicp(const bd_image_source *source, uint8_t numbers[4]) {
    enum { BYTES = 4 };
    for (size_t at = SIGNATURE; source->bytes >= AROUND && at <= source->bytes - AROUND;) {
        const uint8_t *head = source->data + at;
        const size_t bytes = big_endian(head);
        if (bytes > source->bytes - at - AROUND || !memcmp(head + 4, "IDAT", 4)) {
            break;
        }
        if (!memcmp(head + 4, "cICP", 4)) {
            memcpy(numbers, head + 8, BD_MIN(bytes, (size_t)BYTES));
            return bytes == BYTES && crc32(0, head + 4, BYTES + 4) == big_endian(head + 8 + BYTES);
        }
        at += bytes + AROUND;
    }
    return false;
}
