/* SPDX-License-Identifier: MIT */
#include "image/metadata.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/params.h"
#include "image/exif.h"
#include "image/iptc.h"
#include "image/xmp.h"

enum { TEXTS_MOST = 500 };

/* What bd_metadata.owner points to. */
typedef struct metadata_owner {
    bd_allocator allocator;
    bool lends_texts; /* the strings are another's */
} metadata_owner;

static bd_result no_memory(const char *name, bd_error *error) {
    return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory for metadata", name);
}

static bd_result make(const bd_allocator *allocator, const char *name, bool lends_texts, bd_metadata *metadata,
                      bd_error *error) {
    metadata_owner *owner = bd_alloc_zero(allocator, sizeof *owner);
    if (!owner) {
        return no_memory(name, error);
    }
    if (allocator) {
        owner->allocator = *allocator;
    }
    owner->lends_texts = lends_texts;
    *metadata = (bd_metadata){.struct_size = sizeof *metadata, .owner = owner};
    return BD_OK;
}

static void release(const bd_allocator *allocator, const void *memory) {
    bd_free(allocator, (void *)(uintptr_t)memory);
}

void bd_metadata_finish(bd_metadata *metadata) {
    bd_metadata all;
    if (!metadata || BD_PARAMS_READ(&all, metadata, bd_metadata, NULL)) {
        return;
    }
    if (all.owner) {
        const metadata_owner *owner = all.owner;
        bd_allocator allocator = owner->allocator;
        for (size_t i = 0; i < all.text_count && !owner->lends_texts; i++) {
            release(&allocator, all.texts[i].key); /* the value lies behind it */
        }
        release(&allocator, all.texts);
        release(&allocator, all.exif);
        release(&allocator, all.xmp);
        release(&allocator, all.iptc);
        release(&allocator, all.owner);
    }
    const bd_metadata none = {0};
    bd_info_give(metadata, &none, sizeof none);
}

void bd_metadata_name(unsigned dropped, char *text, size_t room) {
    static const char *const names[] = {"EXIF", "XMP", "IPTC", "texts", "a second part of XMP", "pixels an inch"};
    *text = '\0';
    for (size_t i = 0; i < BD_COUNT(names); i++) {
        size_t used = strlen(text);
        if (dropped >> i & 1u) {
            (void)snprintf(text + used, room - used, "%s%s", used ? ", " : "", names[i]);
        }
    }
}

/* ---- in ---- */

bd_result bd_metadata_begin(bd_image_source *source, struct bd_metadata_found *found, bd_error *error) {
    *found = (struct bd_metadata_found){.used = 0};
    bd_result result = make(source->allocator, source->name, false, &found->kept, error);
    source->metadata = result ? NULL : found;
    return result;
}

void bd_metadata_drop(const bd_image_source *source, bd_metadata_kind kind) {
    if (source->metadata) {
        source->metadata->dropped |= 1u << kind;
    }
}

size_t bd_metadata_room(const bd_image_source *source) {
    return source->metadata ? BD_METADATA_BYTES_MOST - source->metadata->used : 0;
}

/* Whether so much more may be kept; else it is dropped. */
static bool may_keep(const bd_image_source *source, bd_metadata_kind kind, size_t bytes) {
    if (bytes > bd_metadata_room(source)) {
        bd_metadata_drop(source, kind);
        return false;
    }
    source->metadata->used += bytes;
    return true;
}

static uint8_t *copy_of(const bd_allocator *allocator, const void *data, size_t bytes) {
    uint8_t *copy = bd_alloc(allocator, bytes);
    if (copy) {
        memcpy(copy, data, bytes);
    }
    return copy;
}

static bd_result take_exif(const bd_image_source *source, const uint8_t *exif, size_t bytes, bd_error *error) {
    bd_metadata *kept = &source->metadata->kept;
    size_t prefix = bd_exif_prefix(exif, bytes);
    if (!bd_exif_is_sound(exif, bytes)) {
        bd_metadata_drop(source, BD_METADATA_EXIF);
        return BD_OK;
    }
    uint8_t *copy = copy_of(source->allocator, exif + prefix, bytes - prefix);
    if (!copy) {
        return no_memory(source->name, error);
    }
    kept->exif = copy;
    kept->exif_bytes = bytes - prefix;
    if (!source->ignore_orientation) {
        bd_exif_set_upright(copy, kept->exif_bytes);
    }
    return BD_OK;
}

static bd_result take_xmp(const bd_image_source *source, const uint8_t *xmp, size_t bytes, bd_error *error) {
    const bd_xmp_change change = {.upright = !source->ignore_orientation, .without_extension = true};
    uint8_t *edited;
    size_t edited_bytes;
    bd_result result = bd_xmp_edit(source->allocator, xmp, bytes, &change, &edited, &edited_bytes, error);
    if (result == BD_ERR_UNSUPPORTED) {
        bd_metadata_drop(source, BD_METADATA_XMP);
        return BD_OK;
    }
    if (!result) {
        source->metadata->kept.xmp = edited;
        source->metadata->kept.xmp_bytes = edited_bytes;
    }
    return result;
}

static bd_result take_iptc(const bd_image_source *source, const uint8_t *iptc, size_t bytes, bd_error *error) {
    bd_metadata *kept = &source->metadata->kept;
    bool whole;
    bytes = bd_iptc_measure(iptc, bytes, &whole);
    if (!whole) {
        bd_metadata_drop(source, BD_METADATA_IPTC);
    }
    if (!bytes) {
        return BD_OK;
    }
    kept->iptc = copy_of(source->allocator, iptc, bytes);
    kept->iptc_bytes = kept->iptc ? bytes : 0;
    return kept->iptc ? BD_OK : no_memory(source->name, error);
}

bd_result bd_metadata_take(const bd_image_source *source, bd_metadata_kind kind, const void *data, size_t bytes,
                           bd_error *error) {
    const bd_metadata *kept = source->metadata ? &source->metadata->kept : NULL;
    bool there = kept && (kind == BD_METADATA_EXIF  ? kept->exif != NULL
                          : kind == BD_METADATA_XMP ? kept->xmp != NULL
                                                    : kept->iptc != NULL);
    if (!kept || there || !bytes || !may_keep(source, kind, bytes)) {
        return BD_OK;
    }
    switch (kind) {
    case BD_METADATA_EXIF: return take_exif(source, data, bytes, error);
    case BD_METADATA_XMP: return take_xmp(source, data, bytes, error);
    default: return take_iptc(source, data, bytes, error);
    }
}

bd_result bd_metadata_take_boxed_exif(const bd_image_source *source, const uint8_t *data, size_t bytes,
                                      bd_error *error) {
    enum { COUNT = 4 };
    if (bytes < COUNT) {
        bd_metadata_drop(source, BD_METADATA_EXIF);
        return BD_OK;
    }
    const uint32_t over = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    if (over >= bytes - COUNT) {
        bd_metadata_drop(source, BD_METADATA_EXIF);
        return BD_OK;
    }
    return bd_metadata_take(source, BD_METADATA_EXIF, data + COUNT + over, bytes - COUNT - over, error);
}

/* Is it UTF-8 (RFC 3629)? */
static bool is_utf8(const uint8_t *text, size_t bytes) {
    static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
    for (size_t at = 0; at < bytes;) {
        uint8_t first = text[at++];
        int more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
        if (more < 0 || (size_t)more > bytes - at) {
            return false;
        }
        uint32_t code = more ? first & (0x3fu >> more) : first;
        for (int i = 0; i < more; i++, at++) {
            if ((text[at] & 0xc0) != 0x80) {
                return false;
            }
            code = code << 6 | (text[at] & 0x3fu);
        }
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
            return false;
        }
    }
    return true;
}

/* Appends text as UTF-8, and a NUL. */
static char *put_text(char *to, const uint8_t *from, size_t bytes, bool latin1) {
    for (size_t i = 0; i < bytes; i++) {
        if (latin1 && from[i] >= 0x80) {
            *to++ = (char)(0xc0 | from[i] >> 6);
            *to++ = (char)(0x80 | (from[i] & 0x3f));
        } else {
            *to++ = (char)from[i];
        }
    }
    *to++ = '\0';
    return to;
}

static bool make_room(const bd_image_source *source) {
    struct bd_metadata_found *found = source->metadata;
    size_t room = found->text_room ? 2 * found->text_room : 8;
    if (found->kept.text_count < found->text_room) {
        return true;
    }
    bd_metadata_text *texts = bd_realloc(source->allocator, (void *)(uintptr_t)found->kept.texts, room * sizeof *texts);
    if (texts) {
        found->kept.texts = texts;
        found->text_room = room;
    }
    return texts != NULL;
}

bd_result bd_metadata_take_text(const bd_image_source *source, const void *key, size_t key_bytes, const void *value,
                                size_t bytes, bool latin1, bd_error *error) {
    struct bd_metadata_found *found = source->metadata;
    if (!found || !bytes) {
        return BD_OK;
    }
    if (found->kept.text_count == TEXTS_MOST || memchr(value, 0, bytes) || memchr(key, 0, key_bytes)) {
        bd_metadata_drop(source, BD_METADATA_TEXT);
        return BD_OK;
    }
    latin1 = latin1 || !is_utf8(value, bytes);
    size_t most = 2 * key_bytes + (latin1 ? 2 * bytes : bytes) + 2;
    if (!may_keep(source, BD_METADATA_TEXT, most)) {
        return BD_OK;
    }
    char *memory = bd_alloc(source->allocator, most);
    if (!memory || !make_room(source)) {
        bd_free(source->allocator, memory);
        return no_memory(source->name, error);
    }
    char *behind = put_text(memory, key, key_bytes, true);
    (void)put_text(behind, value, bytes, latin1);
    bd_metadata_text *texts = (bd_metadata_text *)(uintptr_t)found->kept.texts;
    texts[found->kept.text_count++] = (bd_metadata_text){memory, behind};
    return BD_OK;
}

void bd_metadata_take_density(const bd_image_source *source, double x, double y) {
    if (source->metadata && x > 0 && y > 0) {
        source->metadata->kept.density[0] = x;
        source->metadata->kept.density[1] = y;
    }
}

void bd_metadata_set_srgb(const bd_image_source *source) {
    if (source->metadata && source->metadata->kept.exif) {
        bd_exif_set_srgb((uint8_t *)(uintptr_t)source->metadata->kept.exif, source->metadata->kept.exif_bytes);
    }
}

void bd_metadata_give(const bd_image_source *source, bd_metadata *to) {
    struct bd_metadata_found *found = source->metadata;
    bd_metadata *kept = &found->kept;
    double density[2];
    if (!(kept->density[0] > 0) && bd_exif_density(kept->exif, kept->exif_bytes, density)) {
        bd_metadata_take_density(source, density[0], density[1]);
    }
    if (found->dropped) {
        char names[120];
        bd_metadata_name(found->dropped, names, sizeof names);
        bd_image_warn(source, "%s: metadata that is damaged or too large is left out: %s", source->name, names);
    }
    bd_info_give(to, kept, sizeof *kept);
}

/* ---- out ---- */

bd_result bd_metadata_check(const bd_metadata *metadata, const char *name, bd_error *error) {
    bool sound = (metadata->exif || !metadata->exif_bytes) && (metadata->xmp || !metadata->xmp_bytes) &&
                 (metadata->iptc || !metadata->iptc_bytes) && (metadata->texts || !metadata->text_count);
    for (size_t i = 0; i < metadata->text_count && sound; i++) {
        sound = metadata->texts[i].key && metadata->texts[i].value;
    }
    for (int i = 0; i < 2; i++) {
        sound = sound && isfinite(metadata->density[i]) && metadata->density[i] >= 0;
    }
    return sound ? BD_OK : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: metadata that points nowhere", name);
}

/* BD_ERR_UNSUPPORTED without words, as those below: it is damaged. */
static bd_result fit_exif(const bd_allocator *allocator, const bd_metadata *given, uint32_t width, uint32_t height,
                          bd_metadata *fitted, bd_error *error) {
    if (!bd_exif_is_sound(given->exif, given->exif_bytes)) {
        return BD_ERR_UNSUPPORTED;
    }
    size_t prefix = bd_exif_prefix(given->exif, given->exif_bytes), bytes = given->exif_bytes - prefix;
    uint8_t *exif = copy_of(allocator, given->exif + prefix, bytes);
    if (!exif) {
        return no_memory("EXIF", error);
    }
    fitted->exif_bytes = bd_exif_fit(exif, bytes, width, height);
    if (!fitted->exif_bytes) {
        bd_free(allocator, exif);
        return BD_ERR_UNSUPPORTED;
    }
    fitted->exif = exif;
    return BD_OK;
}

static bd_result fit_xmp(const bd_allocator *allocator, const bd_metadata *given, uint32_t width, uint32_t height,
                         bd_metadata *fitted, bd_error *error) {
    const bd_xmp_change change = {.width = width, .height = height, .without_thumbnails = true};
    uint8_t *xmp;
    bd_result result = bd_xmp_edit(allocator, given->xmp, given->xmp_bytes, &change, &xmp, &fitted->xmp_bytes, error);
    fitted->xmp = result ? NULL : xmp;
    return result;
}

static bd_result fit_iptc(const bd_allocator *allocator, const bd_metadata *given, bd_metadata *fitted,
                          bd_error *error) {
    uint8_t *iptc = copy_of(allocator, given->iptc, given->iptc_bytes);
    if (!iptc) {
        return no_memory("IPTC", error);
    }
    bool whole;
    fitted->iptc_bytes = bd_iptc_drop_pictures(iptc, given->iptc_bytes, &whole);
    if (fitted->iptc_bytes) {
        fitted->iptc = iptc;
    } else {
        bd_free(allocator, iptc);
    }
    return whole ? BD_OK : BD_ERR_UNSUPPORTED;
}

/* Thumbnails' (freedesktop.org) would belong to the old picture, as the times that ImageMagick notes of its file. */
static bool is_of_file(const char *key) {
    static const char *const beginnings[] = {"Thumb::", "date:create", "date:modify", "date:timestamp"};
    bool is = false;
    for (size_t i = 0; i < BD_COUNT(beginnings); i++) {
        is |= !strncmp(key, beginnings[i], strlen(beginnings[i]));
    }
    return is;
}

static bd_result fit_texts(const bd_allocator *allocator, const bd_metadata *given, bd_metadata *fitted,
                           bd_error *error) {
    bd_metadata_text *texts = bd_alloc(allocator, given->text_count * sizeof *texts);
    if (!texts) {
        return no_memory("texts", error);
    }
    fitted->texts = texts;
    for (size_t i = 0; i < given->text_count; i++) {
        if (!is_of_file(given->texts[i].key)) {
            texts[fitted->text_count++] = given->texts[i];
        }
    }
    return BD_OK;
}

/* Notes a kind of which something is damaged, and goes on. */
static bd_result note(bd_result result, bd_metadata_kind kind, unsigned *dropped) {
    if (result == BD_ERR_UNSUPPORTED) {
        *dropped |= 1u << kind;
        return BD_OK;
    }
    return result;
}

bd_result bd_metadata_fit(const bd_allocator *allocator, const bd_metadata *given, uint32_t width, uint32_t height,
                          bd_metadata *fitted, unsigned *dropped, bd_error *error) {
    bd_result result = make(allocator, "metadata", true, fitted, error);
    if (result) {
        return result;
    }
    memcpy(fitted->density, given->density, sizeof fitted->density);
    if (given->text_count) {
        result = fit_texts(allocator, given, fitted, error);
    }
    if (given->iptc_bytes && !result) {
        result = note(fit_iptc(allocator, given, fitted, error), BD_METADATA_IPTC, dropped);
    }
    if (given->exif_bytes && !result) {
        result = note(fit_exif(allocator, given, width, height, fitted, error), BD_METADATA_EXIF, dropped);
    }
    if (given->xmp_bytes && !result) {
        result = note(fit_xmp(allocator, given, width, height, fitted, error), BD_METADATA_XMP, dropped);
    }
    return result;
}
