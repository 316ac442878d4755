/* SPDX-License-Identifier: MIT
 * PSD and PSB in: the merged picture that ends the file, not its layers (Adobe Photoshop File Formats Specification).
 * stb_image knows neither inks nor profiles, and its float arithmetic on hostile numbers is undefined. */
#include "image/psd.h"

#include <string.h>

#include "image/color.h"
#include "image/pixels.h"
#include "image/samples.h"

typedef enum psd_mode {
    PSD_BITMAP = 0,
    PSD_GRAY = 1,
    PSD_INDEXED = 2,
    PSD_RGB = 3,
    PSD_CMYK = 4,
    PSD_DUOTONE = 8
} psd_mode;

enum { COLORS_MAX = 4, PLANES_MAX = COLORS_MAX + 1 /* alpha */ };

/* A part of the file from at to end. */
typedef struct psd_part {
    const uint8_t *at, *end;
} psd_part;

typedef struct psd_reader {
    const bd_image_source *source;
    bd_error *error;
    bd_result result;
    psd_part rest; /* what is not read yet */
    bool large;    /* PSB */
    uint32_t channels, width, height, depth, mode;
    psd_part palette, profile;
    bool ids_are_colors; /* no channel beyond the colours' is the picture's transparency */
    int layers;          /* less than 0: the first channel beyond is */
    uint32_t colors;     /* channels of colours */
    bool alpha;
    bool over_white; /* where it is transparent */
    bool packed;
    psd_part planes[PLANES_MAX]; /* each one's pixels, rows following each other */
    const uint8_t *lengths;      /* of packed rows, all channels' */
    uint8_t *rows;               /* of each plane, unpacked */
    bd_color *inks;
    bd_image image;
} psd_reader;

static bool fail(psd_reader *reader, bd_result result, const char *what) {
    reader->result = bd_fail(reader->error, result, "%s: PSD: %s", reader->source->name, what);
    return false;
}

static bool truncated(psd_reader *reader) {
    return fail(reader, BD_ERR_FILE_CORRUPT, "the file is truncated");
}

static uint64_t big_endian(const uint8_t *from, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | from[i];
    }
    return value;
}

static size_t left(const psd_part *part) {
    return (size_t)(part->end - part->at);
}

static bool take_number(psd_part *from, size_t bytes, uint64_t *value) {
    if (left(from) < bytes) {
        return false;
    }
    *value = big_endian(from->at, bytes);
    from->at += bytes;
    return true;
}

static bool take_part(psd_part *from, uint64_t bytes, psd_part *part) {
    if (bytes > left(from)) {
        return false;
    }
    *part = (psd_part){from->at, from->at + bytes};
    from->at += bytes;
    return true;
}

/* A length and as many bytes. */
static bool take_section(psd_part *from, size_t length_bytes, psd_part *section) {
    uint64_t bytes;
    return take_number(from, length_bytes, &bytes) && take_part(from, bytes, section);
}

/* ---- sections ---- */

static bool read_header(psd_reader *reader) {
    enum { HEADER = 26 };
    const uint8_t *header = reader->rest.at;
    psd_part part;
    if (!take_part(&reader->rest, HEADER, &part)) {
        return truncated(reader);
    }
    const uint64_t version = big_endian(header + 4, 2);
    reader->large = version == 2;
    reader->channels = (uint32_t)big_endian(header + 12, 2);
    reader->height = (uint32_t)big_endian(header + 14, 4);
    reader->width = (uint32_t)big_endian(header + 18, 4);
    reader->depth = (uint32_t)big_endian(header + 22, 2);
    reader->mode = (uint32_t)big_endian(header + 24, 2);
    if ((version != 1 && version != 2) || !reader->channels) {
        return fail(reader, BD_ERR_FILE_CORRUPT, "broken header");
    }
    reader->result = bd_image_check_size(reader->source, reader->width, reader->height, reader->error);
    return !reader->result;
}

static bool check_mode(psd_reader *reader) {
    const uint32_t depth = reader->depth;
    bool known = depth == 8 || depth == 16;
    switch (reader->mode) {
    case PSD_BITMAP: known = depth == 1; break;
    case PSD_INDEXED: known = depth == 8; break;
    case PSD_GRAY:
    case PSD_DUOTONE:
    case PSD_RGB:
    case PSD_CMYK: break;
    default: known = false;
    }
    if (!known) {
        reader->result = bd_fail(reader->error, BD_ERR_UNSUPPORTED,
                                 "%s: PSD: %u bits in mode %u cannot be read: save it as RGB of 8 or 16 bits",
                                 reader->source->name, (unsigned)depth, (unsigned)reader->mode);
        return false;
    }
    reader->colors = reader->mode == PSD_RGB ? 3 : reader->mode == PSD_CMYK ? 4 : 1;
    return reader->channels >= reader->colors || fail(reader, BD_ERR_FILE_CORRUPT, "channels are missing");
}

/* Resources that cannot be told apart any more end the list. */
static bool read_resources(psd_reader *reader, psd_part from) {
    enum { PROFILE = 1039, ALPHA_IDS = 1053, VERSION = 1057 };
    uint64_t id;
    psd_part head, name, data;
    bool merged = true;
    while (take_part(&from, 4, &head) && take_number(&from, 2, &id) && left(&from) &&
           take_part(&from, (*from.at + 2u) / 2 * 2, &name) && take_section(&from, 4, &data)) {
        if (id == PROFILE) {
            reader->profile = data;
        } else if (id == ALPHA_IDS) {
            reader->ids_are_colors = left(&data) >= 4;
            for (uint64_t alpha; take_number(&data, 4, &alpha);) {
                reader->ids_are_colors &= alpha != 0;
            }
        } else if (id == VERSION && left(&data) >= 5) {
            merged = data.at[4] != 0;
        }
        from.at += left(&data) % 2 && left(&from);
    }
    return merged ||
           fail(reader, BD_ERR_UNSUPPORTED, "only layers: save it with \"Maximize Compatibility\", or as another form");
}

static void read_layers(psd_reader *reader, psd_part from) {
    psd_part layers;
    uint64_t count;
    if (take_section(&from, reader->large ? 8 : 4, &layers) && take_number(&layers, 2, &count)) {
        reader->layers = (int16_t)count;
    }
}

/* Where each plane's pixels are. */
static bool find_planes(psd_reader *reader) {
    const size_t length_bytes = reader->large ? 4 : 2;
    const uint64_t row = ((uint64_t)reader->width * reader->depth + 7) / 8;
    uint64_t compression;
    psd_part lengths;
    if (!take_number(&reader->rest, 2, &compression)) {
        return truncated(reader);
    }
    if (compression > 1) {
        return fail(reader, BD_ERR_UNSUPPORTED, "the merged picture's compression cannot be read");
    }
    reader->packed = compression == 1;
    if (reader->packed) {
        if (!take_part(&reader->rest, (uint64_t)reader->channels * reader->height * length_bytes, &lengths)) {
            return truncated(reader);
        }
        reader->lengths = lengths.at;
    }
    for (uint32_t c = 0; c < reader->colors + reader->alpha; c++) {
        uint64_t bytes = row * reader->height;
        for (uint32_t y = 0; y < reader->height && reader->packed; y++) {
            size_t at = ((size_t)c * reader->height + y) * length_bytes;
            bytes = (y ? bytes : 0) + big_endian(reader->lengths + at, length_bytes);
        }
        if (!take_part(&reader->rest, bytes, &reader->planes[c])) {
            return truncated(reader);
        }
    }
    return true;
}

static bool read_sections(psd_reader *reader) {
    psd_part resources, layers;
    if (!read_header(reader) || !check_mode(reader)) {
        return false;
    }
    if (!take_section(&reader->rest, 4, &reader->palette) || !take_section(&reader->rest, 4, &resources) ||
        !take_section(&reader->rest, reader->large ? 8 : 4, &layers)) {
        return truncated(reader);
    }
    if (!read_resources(reader, resources)) {
        return false;
    }
    if (reader->mode == PSD_INDEXED && left(&reader->palette) < 768) {
        return fail(reader, BD_ERR_FILE_CORRUPT, "the palette is missing");
    }
    read_layers(reader, layers);
    /* Channels beyond the colours' may be selections that somebody kept. */
    reader->alpha = reader->channels > reader->colors && reader->depth > 1 && reader->mode != PSD_INDEXED &&
                    (reader->layers < 0 || (reader->layers == 0 && !reader->ids_are_colors));
    return find_planes(reader);
}

/* ---- rows ---- */

/* PackBits. */
static bool unpack(psd_part from, uint8_t *to, size_t bytes) {
    while (bytes) {
        if (!left(&from)) {
            return false;
        }
        const uint8_t code = *from.at++;
        const size_t count = code < 128 ? code + 1u : 257u - code;
        if (code == 128) {
            continue;
        }
        if (count > bytes || left(&from) < (code < 128 ? count : 1)) {
            return false;
        }
        if (code < 128) {
            memcpy(to, from.at, count);
        } else {
            memset(to, *from.at, count);
        }
        from.at += code < 128 ? count : 1;
        to += count;
        bytes -= count;
    }
    return true;
}

static bool read_row(psd_reader *reader, uint32_t y, size_t row_bytes) {
    const size_t length_bytes = reader->large ? 4 : 2;
    for (uint32_t c = 0; c < reader->colors + reader->alpha; c++) {
        size_t at = ((size_t)c * reader->height + y) * length_bytes;
        uint64_t bytes = reader->packed ? big_endian(reader->lengths + at, length_bytes) : row_bytes;
        uint8_t *to = reader->rows + c * row_bytes;
        psd_part row;
        if (!take_part(&reader->planes[c], bytes, &row)) {
            return truncated(reader);
        }
        if (!reader->packed) {
            memcpy(to, row.at, row_bytes);
        } else if (!unpack(row, to, row_bytes)) {
            return fail(reader, BD_ERR_FILE_CORRUPT, "a broken row");
        }
    }
    return true;
}

static uint32_t sample_at(const psd_reader *reader, size_t row_bytes, uint32_t c, uint32_t x) {
    const uint8_t *row = reader->rows + c * row_bytes;
    switch (reader->depth) {
    case 1: return row[x / 8] >> (7 - x % 8) & 1 ? 0 : 1;
    case 8: return row[x];
    default: return (uint32_t)row[(size_t)x * 2] << 8 | row[(size_t)x * 2 + 1];
    }
}

/* Photoshop lays what is transparent over white; this takes the white away again. No ink is white, too. */
static uint32_t without_white(uint32_t value, uint32_t alpha, uint32_t most) {
    const uint32_t white = most - alpha;
    if (!alpha || !white) {
        return value;
    }
    return value <= white ? 0
                          : (uint32_t)BD_MIN(((uint64_t)(value - white) * most + alpha / 2) / alpha, (uint64_t)most);
}

/* Can all pixels of the row have come about that way? Other programs write colours as they are. */
static bool may_be_over_white(const psd_reader *reader, size_t row_bytes) {
    const uint32_t most = reader->depth == 8 ? 255 : 65535, rounding = most >> 7;
    for (uint32_t x = 0; x < reader->width; x++) {
        const uint32_t alpha = sample_at(reader, row_bytes, reader->colors, x);
        for (uint32_t c = 0; c < reader->colors; c++) {
            if (sample_at(reader, row_bytes, c, x) + alpha + rounding < most) {
                return false;
            }
        }
    }
    return true;
}

static void store_alpha(const psd_reader *reader, uint8_t *row, size_t row_bytes) {
    const size_t bytes = bd_format_bytes(reader->image.format);
    for (uint32_t x = 0; x < reader->width && reader->alpha; x++) {
        const uint32_t alpha = sample_at(reader, row_bytes, reader->colors, x);
        const uint32_t value = bd_sample_scale(alpha, reader->depth == 8 ? 255 : 65535, bytes == 8 ? 65535 : 255);
        const uint8_t small = (uint8_t)value;
        const uint16_t large = (uint16_t)value;
        memcpy(row + x * bytes + bytes / 4 * 3, bytes == 8 ? (const void *)&large : &small, bytes / 4);
    }
}

static void store_row(const psd_reader *reader, uint32_t y, size_t row_bytes) {
    const bool deep = reader->image.format == BD_FORMAT_RGBA16;
    const uint32_t most = reader->depth == 1 ? 1 : reader->depth == 8 ? 255 : 65535, to_most = deep ? 65535 : 255;
    uint8_t *row = reader->image.pixels + y * reader->image.stride_bytes;
    for (uint32_t x = 0; x < reader->width; x++) {
        uint32_t values[COLORS_MAX] = {0};
        uint32_t alpha = reader->alpha ? sample_at(reader, row_bytes, reader->colors, x) : most;
        for (uint32_t c = 0; c < reader->colors; c++) {
            values[c] = sample_at(reader, row_bytes, c, x);
            if (reader->mode != PSD_INDEXED) {
                values[c] = bd_sample_scale(reader->over_white ? without_white(values[c], alpha, most) : values[c],
                                            most, to_most);
            }
        }
        if (reader->mode == PSD_INDEXED) {
            const uint8_t *palette = reader->palette.at + values[0];
            values[0] = palette[0];
            values[1] = palette[256];
            values[2] = palette[512];
        } else if (reader->colors == 1) {
            values[1] = values[2] = values[0];
        }
        if (reader->mode != PSD_CMYK) {
            values[3] = bd_sample_scale(alpha, most, to_most);
        }
        bd_pixel_store(row, x, deep, values);
    }
    if (reader->mode == PSD_CMYK) {
        bd_color_inks(reader->inks, deep, row, reader->width);
        store_alpha(reader, row, row_bytes);
    }
}

/* ---- the picture ---- */

static bool read_profile(psd_reader *reader) {
    const bd_image_source *source = reader->source;
    const size_t bytes = left(&reader->profile);
    if (!bytes || source->gray16) {
        return true;
    }
    reader->result = reader->mode == PSD_CMYK
                         ? bd_color_create_cmyk(source, reader->profile.at, bytes,
                                                reader->image.format == BD_FORMAT_RGBA16, &reader->inks, reader->error)
                         : bd_image_take_profile(source, reader->profile.at, bytes,
                                                 reader->mode == PSD_GRAY || reader->mode == PSD_DUOTONE,
                                                 &reader->image, reader->error);
    return !reader->result;
}

static bool look_for_white(psd_reader *reader, size_t row_bytes) {
    psd_part planes[PLANES_MAX];
    memcpy(planes, reader->planes, sizeof planes);
    reader->over_white = true;
    for (uint32_t y = 0; y < reader->height && reader->over_white; y++) {
        if (!read_row(reader, y, row_bytes)) {
            return false;
        }
        reader->over_white = may_be_over_white(reader, row_bytes);
    }
    memcpy(reader->planes, planes, sizeof planes);
    return true;
}

static bool read_picture(psd_reader *reader) {
    const bd_image_source *source = reader->source;
    if (!read_sections(reader)) {
        return false;
    }
    const size_t row_bytes = ((size_t)reader->width * reader->depth + 7) / 8;
    const bool deep = reader->depth == 16 && bd_wants_deep(source);
    reader->rows = bd_alloc(source->allocator, row_bytes * PLANES_MAX);
    if (!reader->rows) {
        return fail(reader, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    reader->result = bd_image_create(source->allocator, source->name, reader->width, reader->height,
                                     deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8, &reader->image, reader->error);
    if (reader->result || !read_profile(reader)) {
        return false;
    }
    if (reader->alpha && !look_for_white(reader, row_bytes)) {
        return false;
    }
    for (uint32_t y = 0; y < reader->height; y++) {
        if (!read_row(reader, y, row_bytes)) {
            return false;
        }
        store_row(reader, y, row_bytes);
    }
    if (reader->alpha) {
        bd_image_find_alpha(&reader->image);
    }
    return true;
}

bd_result bd_psd_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    psd_reader reader = {.source = source, .error = error, .rest = {source->data, source->data + source->bytes}};
    bool read = read_picture(&reader);
    bd_free(source->allocator, reader.rows);
    bd_color_destroy(reader.inks);
    if (!read) {
        bd_image_finish(&reader.image);
        return reader.result;
    }
    *image = reader.image;
    return BD_OK;
}
