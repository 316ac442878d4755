/* SPDX-License-Identifier: MIT */
#include "image/encoder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/params.h"
#include "image/exif.h"
#include "image/metadata.h"
#include "image/text_tags.h"

bool bd_encoder_grow(bd_encoder *to, size_t bytes) {
    if (to->room - to->used >= bytes) {
        return true;
    }
    size_t room = BD_MAX(to->room, (size_t)64 << 10);
    while (room - to->used < bytes) {
        if (room > SIZE_MAX / 2) {
            return false;
        }
        room *= 2;
    }
    uint8_t *data = bd_realloc(to->params.allocator, to->data, room);
    if (!data) {
        return false;
    }
    to->data = data;
    to->room = room;
    return true;
}

bool bd_encoder_put(bd_encoder *to, const void *data, size_t bytes) {
    if (!bd_encoder_grow(to, bytes)) {
        return false;
    }
    memcpy(to->data + to->used, data, bytes);
    to->used += bytes;
    return true;
}

void bd_encoder_drop(bd_encoder *to, bd_metadata_kind kind, const char *part) {
    to->dropped |= 1u << kind;
    const size_t used = strlen(to->parts), room = sizeof to->parts - used;
    bool plain = strlen(part) + 3 <= room;
    for (const char *c = part; *c && plain; c++) {
        plain = *c >= ' ' && *c <= '~';
    }
    if (plain) {
        (void)snprintf(to->parts + used, room, "%s%s", used ? ", " : "", part);
    }
}

uint8_t *bd_encoder_row(const bd_encoder *encoder, uint32_t y) {
    return encoder->image->pixels + (ptrdiff_t)y * encoder->image->stride_bytes;
}

bool bd_encoder_is_deep(const bd_encoder *encoder) {
    return encoder->image->format == BD_FORMAT_RGBA16 || encoder->image->format == BD_FORMAT_GRAY16;
}

bool bd_encoder_is_swapped(const bd_encoder *encoder) {
    return encoder->image->format == BD_FORMAT_BGRA8 || encoder->image->format == BD_FORMAT_BGRX8;
}

/* Whether there are pixels an inch that EXIF, where the form holds it, does not say; 72 is EXIF's word for "unknown". */
static bool has_density(const bd_metadata *metadata, unsigned held) {
    const double unknown = 72.0, *density = metadata->density;
    double said[2];
    return density[0] > 0 && (fabs(density[0] - unknown) > 0.5 || fabs(density[1] - unknown) > 0.5) &&
           !(held >> BD_METADATA_EXIF & 1u && metadata->exif &&
             bd_exif_density(metadata->exif, metadata->exif_bytes, said));
}

/* Whether there are texts that EXIF, where the form holds it, does not say. */
static bool has_texts(const bd_metadata *metadata, unsigned held) {
    bool has = false;
    for (size_t i = 0; i < metadata->text_count; i++) {
        has |= !(held >> BD_METADATA_EXIF & 1u && bd_text_in_exif(&metadata->texts[i], metadata));
    }
    return has;
}

bd_result bd_encoder_take_metadata(bd_encoder *to, unsigned held) {
    bd_metadata given;
    if (!to->params.metadata) {
        return BD_OK;
    }
    bd_result result = BD_PARAMS_READ(&given, to->params.metadata, bd_metadata, to->error);
    if (!result) {
        result = bd_metadata_check(&given, to->name, to->error);
    }
    if (!result) {
        result = bd_metadata_fit(to->params.allocator, &given, to->image->width, to->image->height, &to->metadata,
                                 &to->dropped, to->error);
    }
    const bd_metadata *fitted = &to->metadata;
    const bool dense = has_density(fitted, held), told = has_texts(fitted, held);
    const unsigned there = (fitted->exif ? 1u << BD_METADATA_EXIF : 0) | (fitted->xmp ? 1u << BD_METADATA_XMP : 0) |
                           (fitted->iptc ? 1u << BD_METADATA_IPTC : 0) | (told ? 1u << BD_METADATA_TEXT : 0) |
                           (dense ? 1u << BD_METADATA_DENSITY : 0);
    to->dropped |= there & ~held;
    return result;
}

void bd_encoder_say_dropped(const bd_encoder *to, const char *form) {
    char names[120], text[500];
    const bool partly = to->parts[0];
    if (to->dropped && to->params.log) {
        bd_metadata_name(to->dropped, names, sizeof names);
        (void)snprintf(text, sizeof text, "%s: metadata of the photo that is not written to %s: %s%s%s%s", to->name,
                       form, names, partly ? " (" : "", to->parts, partly ? ")" : "");
        to->params.log(to->params.log_user, BD_LOG_WARNING, text);
    }
}
