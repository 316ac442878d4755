/* SPDX-License-Identifier: MIT */
#include "image/jpeg_segments.h"

#include <string.h>

#include "image/exif.h"
#include "image/iptc.h"
#include "image/metadata.h"

enum { APP0 = 0xe0, APP1 = 0xe1, APP13 = 0xed, COM = 0xfe };

typedef struct segment {
    uint8_t marker;
    const uint8_t *data;
    size_t bytes;
} segment;

/* Does it begin with a name and its NUL? Then data is what follows. */
static bool is_named(segment *s, const char *name, size_t size) {
    bool named = s->bytes >= size && !memcmp(s->data, name, size);
    if (named) {
        s->data += size;
        s->bytes -= size;
    }
    return named;
}

/* JFIF 1.02: version, unit, two densities. */
static void take_density(const bd_image_source *source, const segment *s) {
    enum { UNIT = 2, INCH = 1, CENTIMETRE = 2, LEAST = 7 };
    if (s->bytes >= LEAST && (s->data[UNIT] == INCH || s->data[UNIT] == CENTIMETRE)) {
        double factor = s->data[UNIT] == INCH ? 1.0 : 2.54;
        bd_metadata_take_density(source, factor * (s->data[3] << 8 | s->data[4]),
                                 factor * (s->data[5] << 8 | s->data[6]));
    }
}

static bd_result take(const bd_image_source *source, segment s, int *orientation, bd_error *error) {
    static const char extension[] = "http://ns.adobe.com/xmp/extension/";
    if (s.marker == APP1 && is_named(&s, BD_JPEG_EXIF, sizeof BD_JPEG_EXIF)) {
        *orientation = *orientation ? *orientation : bd_exif_orientation(s.data, s.bytes);
        return bd_metadata_take(source, BD_METADATA_EXIF, s.data, s.bytes, error);
    }
    if (s.marker == APP1 && is_named(&s, BD_JPEG_XMP, sizeof BD_JPEG_XMP)) {
        return bd_metadata_take(source, BD_METADATA_XMP, s.data, s.bytes, error);
    }
    if (s.marker == APP1 && is_named(&s, extension, sizeof extension)) {
        bd_metadata_drop(source, BD_METADATA_XMP_EXTENSION);
        return BD_OK;
    }
    if (s.marker == APP13 && is_named(&s, BD_JPEG_RESOURCES, sizeof BD_JPEG_RESOURCES)) {
        size_t bytes;
        const uint8_t *iptc = bd_iptc_find(s.data, s.bytes, &bytes);
        return iptc ? bd_metadata_take(source, BD_METADATA_IPTC, iptc, bytes, error) : BD_OK;
    }
    if (s.marker == APP0 && is_named(&s, "JFIF", sizeof "JFIF")) {
        take_density(source, &s);
    }
    if (s.marker == COM) {
        const uint8_t *end = s.bytes ? memchr(s.data, 0, s.bytes) : NULL;
        return bd_metadata_take_text(source, "Comment", 7, s.data, end ? (size_t)(end - s.data) : s.bytes, false,
                                     error);
    }
    return BD_OK;
}

bd_result bd_jpeg_read_segments(const bd_image_source *source, int *orientation, bd_error *error) {
    const uint8_t *data = source->data;
    size_t at = 2;
    int found = 0;
    bd_result result = BD_OK;
    while (source->bytes - at >= 4 && data[at] == 0xff && !result) {
        segment s = {.marker = data[at + 1]};
        if (s.marker == 0xff) { /* fill byte */
            at++;
            continue;
        }
        size_t bytes = (size_t)data[at + 2] << 8 | data[at + 3];
        if (s.marker < 0xc0 || (s.marker >= 0xd0 && s.marker <= 0xda) || bytes < 2 || bytes > source->bytes - at - 2) {
            break;
        }
        s.data = data + at + 4;
        s.bytes = bytes - 2;
        result = take(source, s, &found, error);
        at += 2 + bytes;
    }
    *orientation = found && !source->ignore_orientation ? found : 1;
    return result;
}
