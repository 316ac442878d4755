/* SPDX-License-Identifier: MIT */
#include "image/ifd_metadata.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "image/exif.h"
#include "image/ifd.h"
#include "image/iptc.h"
#include "image/jpeg_segments.h"
#include "image/metadata.h"
#include "image/text_tags.h"

enum {
    TAG_ORIENTATION = 0x0112,
    TAG_DENSITY_X = 0x011a,
    TAG_DENSITY_Y = 0x011b,
    TAG_DENSITY_UNIT = 0x0128,
    TAG_TIME = 0x0132,
    TAG_CHROMA_PLACE = 0x0213,
    TAG_XMP = 0x02bc,
    TAG_IPTC = 0x83bb,
    TAG_RESOURCES = 0x8649 /* Photoshop's */
};

/* Of a main directory: what TIFF 6.0, TIFF/EP, EXIF and Windows know to say of a photo, but for how its pixels are
 * stored. */
static bool is_metadata(uint16_t tag) {
    static const uint16_t ranges[][2] = {
        {0x010d, 0x0110}, {0x0112, 0x0112}, {0x011a, 0x011b}, {0x011d, 0x011d}, {0x0128, 0x0128}, {0x0131, 0x0132},
        {0x013b, 0x013c}, {0x013e, 0x013f}, {0x0213, 0x0213}, {0x4746, 0x4749}, {0x8298, 0x8298}, {0x829a, 0x829d},
        {0x8822, 0x8833}, {0x9000, 0x92ff}, {0x9400, 0x9406}, {0x9c9b, 0x9c9f}, {0xa000, 0xa004}, {0xa20b, 0xa217},
        {0xa300, 0xa302}, {0xa401, 0xa43f}, {0xa460, 0xa462}, {0xa500, 0xa500}, {0xc4a5, 0xc4a5}};
    for (size_t i = 0; i < BD_COUNT(ranges); i++) {
        if (tag >= ranges[i][0] && tag <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

/* ---- in ---- */

/* IPTC that was written as numbers of 32 bits, in the other byte order (Adobe's habit gone wrong). */
static bd_result take_swapped(const bd_image_source *source, const bd_ifd_entry *entry, bd_error *error) {
    uint8_t *copy = bd_alloc(source->allocator, entry->bytes);
    if (!copy) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory for metadata", source->name);
    }
    for (size_t i = 0; i < entry->bytes; i++) {
        copy[i] = entry->value[i ^ 3];
    }
    bd_result result = bd_metadata_take(source, BD_METADATA_IPTC, copy, entry->bytes, error);
    bd_free(source->allocator, copy);
    return result;
}

static bd_result take_resources(const bd_image_source *source, const uint8_t *blocks, size_t bytes, bd_error *error) {
    size_t iptc_bytes;
    const uint8_t *iptc = bd_iptc_find(blocks, bytes, &iptc_bytes);
    return iptc ? bd_metadata_take(source, BD_METADATA_IPTC, iptc, iptc_bytes, error) : BD_OK;
}

/* Data sets; libvips puts a JPEG's whole segment of resources there. */
static bd_result take_iptc(const bd_image_source *source, const bd_ifd_entry *entry, bd_error *error) {
    enum { DATA_SET = 0x1c };
    const uint8_t *iptc = entry->value;
    if (entry->type == BD_IFD_LONG && iptc[0] != DATA_SET && iptc[3] == DATA_SET) {
        return take_swapped(source, entry, error);
    }
    if (entry->bytes > sizeof BD_JPEG_RESOURCES && !memcmp(iptc, BD_JPEG_RESOURCES, sizeof BD_JPEG_RESOURCES)) {
        return take_resources(source, iptc + sizeof BD_JPEG_RESOURCES, entry->bytes - sizeof BD_JPEG_RESOURCES, error);
    }
    return bd_metadata_take(source, BD_METADATA_IPTC, iptc, entry->bytes, error);
}

static bd_result take_xmp(const bd_image_source *source, const bd_ifd_entry *entry, bd_error *error) {
    size_t bytes = entry->bytes;
    while (bytes && !entry->value[bytes - 1]) {
        bytes--;
    }
    return bd_metadata_take(source, BD_METADATA_XMP, entry->value, bytes, error);
}

/* The first entry of the tag. */
static bd_result take_block(const bd_image_source *source, const bd_ifd_file *file, uint64_t page, uint16_t tag,
                            bd_metadata_kind kind, bd_error *error) {
    const uint32_t count = bd_ifd_count(file, page);
    for (uint32_t i = 0; i < count; i++) {
        const bd_ifd_entry entry = bd_ifd_entry_at(file, page, i);
        if (entry.tag != tag || !entry.count) {
            continue;
        }
        if (!entry.value) {
            bd_metadata_drop(source, kind);
            return BD_OK;
        }
        return tag == TAG_XMP    ? take_xmp(source, &entry, error)
               : tag == TAG_IPTC ? take_iptc(source, &entry, error)
                                 : take_resources(source, entry.value, entry.bytes, error);
    }
    return BD_OK;
}

static void lose_taken(void *user, uint16_t tag) {
    (void)tag;
    bd_metadata_drop(user, BD_METADATA_EXIF);
}

/* Does it only say what every TIFF does? */
static bool is_bare(const bd_ifd_tree *tree) {
    bool bare = true;
    for (int k = BD_IFD_EXIF; k < BD_IFD_KINDS; k++) {
        bare = bare && !tree->of[k].count;
    }
    for (uint32_t i = 0; i < tree->of[BD_IFD_MAIN].count && bare; i++) {
        const uint16_t tag = tree->of[BD_IFD_MAIN].entries[i].tag;
        bare = tag == TAG_ORIENTATION || tag == TAG_DENSITY_X || tag == TAG_DENSITY_Y || tag == TAG_DENSITY_UNIT ||
               tag == TAG_CHROMA_PLACE;
    }
    return bare;
}

/* A block of what was gathered. */
static bd_result take_exif(const bd_image_source *source, bool big_endian, bd_ifd_tree *tree, bd_error *error) {
    const bool bare = is_bare(tree);
    const size_t bytes = BD_IFD_HEADER + bd_ifd_seal(tree, false);
    bd_ifd_file block = {.data = bd_alloc(source->allocator, bytes), .bytes = bytes, .big_endian = big_endian};
    if (!block.data) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory for metadata", source->name);
    }
    bd_ifd_begin(&block, BD_IFD_HEADER);
    bd_ifd_write(tree, &block, BD_IFD_HEADER);
    double density[2];
    if (bd_exif_density(block.data, bytes, density)) {
        bd_metadata_take_density(source, density[0], density[1]);
    }
    bd_result result = bare ? BD_OK : bd_metadata_take(source, BD_METADATA_EXIF, block.data, bytes, error);
    bd_free(source->allocator, block.data);
    return result;
}

bd_result bd_tiff_take_metadata(const bd_image_source *source, uint64_t page, bd_error *error) {
    bd_ifd_file file;
    if (!source->metadata || !bd_ifd_open(source->data, source->bytes, &file)) {
        return BD_OK;
    }
    bd_ifd_tree *tree = bd_alloc_zero(source->allocator, sizeof *tree);
    if (!tree) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory for metadata", source->name);
    }
    tree->room = BD_METADATA_BYTES_MOST;
    const bd_ifd_loss loss = {lose_taken, (void *)(uintptr_t)source};
    bd_ifd_gather(tree, &file, page, is_metadata, &loss);
    bd_result result = take_exif(source, file.big_endian, tree, error);
    bd_free(source->allocator, tree);
    if (!result) {
        result = take_block(source, &file, page, TAG_XMP, BD_METADATA_XMP, error);
    }
    if (!result) {
        result = take_block(source, &file, page, TAG_IPTC, BD_METADATA_IPTC, error);
    }
    return result ? result : take_block(source, &file, page, TAG_RESOURCES, BD_METADATA_IPTC, error);
}

/* ---- out ---- */

typedef struct addition {
    bd_encoder *to;
    bd_ifd_file file; /* what the encoder holds */
    bd_ifd_tree tree;
    uint8_t density[2][8], unit[2];
} addition;

static void lose_given(void *user, uint16_t tag) {
    char name[16];
    (void)snprintf(name, sizeof name, "tag 0x%04x", (unsigned)tag);
    bd_encoder_drop(((const addition *)user)->to, BD_METADATA_EXIF, name);
}

/* What stands in the file stays. */
static void add_page(addition *a, uint64_t page) {
    const uint32_t count = bd_ifd_count(&a->file, page);
    for (uint32_t i = 0; i < count; i++) {
        bd_ifd_entry entry = bd_ifd_entry_at(&a->file, page, i);
        entry.placed = true;
        entry.bytes = 0;
        (void)bd_ifd_add(&a->tree, BD_IFD_MAIN, &entry);
    }
}

static bool add(addition *a, uint16_t tag, uint16_t type, const void *value, size_t bytes) {
    const size_t size = bd_ifd_type_bytes(type);
    const bd_ifd_entry entry = {
        .tag = tag, .type = type, .count = bytes / size + (bytes % size != 0), .value = value, .bytes = bytes};
    return bd_ifd_add(&a->tree, BD_IFD_MAIN, &entry);
}

static bool is_close(double a, double b) {
    return fabs(a - b) < 0.5; /* JFIF has whole numbers */
}

/* Unless EXIF says the same. */
static void add_density(addition *a) {
    enum { INCH = 2 };
    static const double whole = 1, decimals = 10000, most = 400000;
    const bd_metadata *m = &a->to->metadata;
    double of_exif[2];
    if (bd_exif_density(m->exif, m->exif_bytes, of_exif) && is_close(of_exif[0], m->density[0]) &&
        is_close(of_exif[1], m->density[1])) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        const bd_ifd_file field = {
            .data = a->density[i], .bytes = sizeof a->density[i], .big_endian = a->file.big_endian};
        const double under = m->density[i] == floor(m->density[i]) ? whole : decimals;
        if (!(m->density[i] * under >= 1 && m->density[i] < most)) {
            return;
        }
        bd_ifd_put(&field, 0, 4, (uint64_t)llround(m->density[i] * under));
        bd_ifd_put(&field, 4, 4, (uint64_t)under);
    }
    const bd_ifd_file unit = {.data = a->unit, .bytes = sizeof a->unit, .big_endian = a->file.big_endian};
    bd_ifd_put(&unit, 0, 2, INCH);
    (void)add(a, TAG_DENSITY_X, BD_IFD_RATIONAL, a->density[0], sizeof a->density[0]);
    (void)add(a, TAG_DENSITY_Y, BD_IFD_RATIONAL, a->density[1], sizeof a->density[1]);
    (void)add(a, TAG_DENSITY_UNIT, BD_IFD_SHORT, a->unit, sizeof a->unit);
}

/* Private tags beside those of is_metadata mean something to one program, where they are in one kind of file. */
static void lose_private(addition *a, const bd_ifd_file *exif, uint64_t first) {
    enum { PRIVATE = 0x8000, TAG_ICC = 0x8773, TAG_EXIF = 0x8769, TAG_GPS = 0x8825, TAG_PADDING = 0xea1c };
    const uint32_t count = bd_ifd_count(exif, first);
    for (uint32_t i = 0; i < count; i++) {
        const uint16_t tag = bd_ifd_entry_at(exif, first, i).tag;
        if (tag >= PRIVATE && !is_metadata(tag) && tag != TAG_ICC && tag != TAG_EXIF && tag != TAG_GPS &&
            tag != TAG_PADDING) {
            lose_given(a, tag);
        }
    }
}

static void add_exif(addition *a) {
    const bd_metadata *m = &a->to->metadata;
    bd_ifd_file exif;
    const uint64_t first = bd_ifd_open(m->exif, m->exif_bytes, &exif);
    if (first) {
        const bd_ifd_loss loss = {lose_given, a};
        bd_ifd_gather(&a->tree, &exif, first, is_metadata, &loss);
        lose_private(a, &exif, first);
    }
}

/* "YYYY:MM:DD HH:MM:SS" */
static bool is_time(const char *text) {
    static const char form[] = "dddd:dd:dd dd:dd:dd";
    bool is = strlen(text) == sizeof form - 1;
    for (size_t i = 0; is && form[i]; i++) {
        is = form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
    }
    return is;
}

static bool has_text(const bd_ifd *main_directory, const bd_metadata_text *text) {
    bool has = false;
    for (uint32_t i = 0; i < main_directory->count && !has; i++) {
        has = bd_text_in_entry(text, &main_directory->entries[i]);
    }
    return has;
}

static void add_texts(addition *a) {
    const bd_metadata *m = &a->to->metadata;
    size_t tags;
    const bd_text_tag *tag = bd_text_tags(&tags);
    for (; tags; tags--, tag++) {
        for (size_t i = 0; i < m->text_count; i++) {
            const bd_metadata_text *text = &m->texts[i];
            if (!strcmp(tag->key, text->key) && (tag->tag != TAG_TIME || is_time(text->value))) {
                (void)add(a, tag->tag, BD_IFD_ASCII, text->value, strlen(text->value) + 1);
            }
        }
    }
    for (size_t i = 0; i < m->text_count; i++) {
        if (!has_text(&a->tree.of[BD_IFD_MAIN], &m->texts[i])) {
            bd_encoder_drop(a->to, BD_METADATA_TEXT, m->texts[i].key);
        }
    }
}

/* The page's directory is written anew behind all else. */
static bd_result append(addition *a) {
    enum { ALIGNMENT = 8 };
    bd_encoder *to = a->to;
    const size_t bytes = bd_ifd_seal(&a->tree, a->file.wide), gap = (ALIGNMENT - to->used % ALIGNMENT) % ALIGNMENT;
    const size_t at = to->used + gap;
    if (!a->file.wide && (at > UINT32_MAX || bytes > UINT32_MAX - at)) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: TIFF: metadata of %zu bytes", to->name, bytes);
    }
    if (bytes > SIZE_MAX - gap || !bd_encoder_grow(to, gap + bytes)) {
        return bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
    }
    memset(to->data + to->used, 0, gap);
    to->used = at + bytes;
    a->file.data = to->data;
    a->file.bytes = to->used;
    bd_ifd_write(&a->tree, &a->file, at);
    bd_ifd_begin(&a->file, at);
    return BD_OK;
}

void bd_tiff_add_metadata(bd_encoder *to) {
    const bd_metadata *m = &to->metadata;
    if (!m->exif_bytes && !m->xmp_bytes && !m->iptc_bytes && !m->text_count && !(m->density[0] > 0)) {
        return;
    }
    addition *a = bd_alloc_zero(to->params.allocator, sizeof *a);
    if (!a) {
        to->result = bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
        return;
    }
    a->to = to;
    const uint64_t page = bd_ifd_open(to->data, to->used, &a->file);
    a->tree.room = BD_METADATA_BYTES_MOST;
    add_page(a, page);
    add_density(a);
    add_exif(a);
    a->tree.room = SIZE_MAX; /* what follows was not multiplied */
    if (m->xmp_bytes && !add(a, TAG_XMP, BD_IFD_BYTE, m->xmp, m->xmp_bytes)) {
        to->dropped |= 1u << BD_METADATA_XMP;
    }
    if (m->iptc_bytes && !add(a, TAG_IPTC, BD_IFD_LONG, m->iptc, m->iptc_bytes)) {
        to->dropped |= 1u << BD_METADATA_IPTC;
    }
    add_texts(a);
    to->result = append(a);
    bd_free(to->params.allocator, a);
}
