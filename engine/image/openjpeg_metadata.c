/* SPDX-License-Identifier: MIT
 * OpenJPEG passes these boxes over. */
#include "image/openjpeg_metadata.h"

#include <math.h>
#include <string.h>

#include "image/boxes.h"
#include "image/metadata.h"

enum { NAME = 16 }; /* bytes of a UUID */

/* By the names that their makers gave them: Adobe's of XMP and IPTC, and one of EXIF that reads as text. */
static const struct {
    uint8_t name[NAME + 1];
    bd_metadata_kind kind;
} kinds[] = {
    {"JpgTiffExif->JP2", BD_METADATA_EXIF},
    {"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac", BD_METADATA_XMP},
    {"\x33\xc7\xa4\xd2\xb8\x1d\x47\x23\xa0\xba\xf1\xa3\xe0\x97\xad\x38", BD_METADATA_IPTC},
};

static bd_result take(const bd_image_source *source, const bd_box *box, bd_error *error) {
    for (size_t i = 0; i < BD_COUNT(kinds) && box->bytes >= NAME; i++) {
        if (memcmp(box->data, kinds[i].name, NAME)) {
            continue;
        }
        if (!box->cut) {
            return bd_metadata_take(source, kinds[i].kind, box->data + NAME, box->bytes - NAME, error);
        }
        bd_metadata_drop(source, kinds[i].kind);
    }
    return BD_OK;
}

/* Pixels a metre, of rows first: two fractions, and of each the exponent of a power of ten (ISO/IEC 15444-1, I.5.3.7). */
static void take_density(const bd_image_source *source, const bd_box *box) {
    enum { BYTES = 10 };
    double density[2];
    for (int i = 0; i < 2 && box->bytes == BYTES; i++) {
        const uint8_t *from = box->data + (size_t)4 * (size_t)i;
        const double over = from[0] << 8 | from[1], under = from[2] << 8 | from[3];
        density[i] = under > 0 ? over / under * pow(10, (int8_t)box->data[8 + i]) * 0.0254 : 0;
    }
    if (box->bytes == BYTES) {
        bd_metadata_take_density(source, density[1], density[0]);
    }
}

/* The header's resolution is what the picture was captured at ("resc") or is shown at ("resd"). */
static void read_header(const bd_image_source *source, const bd_box *header) {
    size_t at = 0;
    bd_box box, inner;
    while (bd_box_next(header->data, header->bytes, &at, &box)) {
        size_t inner_at = 0;
        while (!strcmp(box.type, "res ") && bd_box_next(box.data, box.bytes, &inner_at, &inner)) {
            if (!strcmp(inner.type, "resc") || !strcmp(inner.type, "resd")) {
                take_density(source, &inner);
            }
        }
    }
}

bd_result bd_openjpeg_read_metadata(const bd_image_source *source, bd_error *error) {
    const bool bare = source->bytes && source->data[0] == 0xff;
    bd_result result = BD_OK;
    size_t at = 0;
    bd_box box;
    while (source->metadata && !bare && !result && bd_box_next(source->data, source->bytes, &at, &box)) {
        if (!strcmp(box.type, "uuid")) {
            result = take(source, &box, error);
        } else if (!strcmp(box.type, "jp2h")) {
            read_header(source, &box);
        }
    }
    return result;
}
