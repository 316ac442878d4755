/* SPDX-License-Identifier: MIT
 * BMP in: Windows' from version 2 to 5 and OS/2's, 1 to 32 bits, runs of 4 and 8 bits, bit fields. stb_image knows no
 * runs, and has to be kept from what harms it. */
#include "image/bmp.h"

#include <string.h>

#include "image/color.h"
#include "image/pixels.h"
#include "image/samples.h"

enum {
    FILE_HEADER = 14,
    OLD_HEADER = 12,   /* OS/2 1 and Windows 2: sizes of 16 bits, palettes of three bytes */
    LEAST_HEADER = 16, /* what OS/2 2 may cut its 64 bytes to; the rest counts as zero */
    INFO_HEADER = 40,  /* Windows 3 */
    MASKS_HEADER = 52, /* with three masks */
    ALPHA_HEADER = 56, /* with four */
    OS2_HEADER = 64,   /* OS/2 2: no masks */
    V5_HEADER = 124    /* with a profile */
};

typedef enum bmp_compression {
    BMP_PLAIN = 0,
    BMP_RUNS_8 = 1,
    BMP_RUNS_4 = 2,
    BMP_FIELDS = 3,
    BMP_ALPHA_FIELDS = 6
} bmp_compression;

typedef struct bmp_reader {
    const bd_image_source *source;
    size_t header; /* bytes of it */
    size_t offset; /* of the pixels */
    uint32_t width, height;
    bool top_down;
    uint32_t bits, compression;
    uint32_t masks[4];       /* of red, green, blue, alpha */
    uint8_t palette[256][4]; /* RGBA */
    uint32_t colors;
    bd_image image;
} bmp_reader;

static uint32_t little_endian(const uint8_t *from, int bytes) {
    uint32_t value = 0;
    while (bytes--) {
        value = value << 8 | from[bytes];
    }
    return value;
}

static bd_result broken(const bmp_reader *reader, const char *what, bd_error *error) {
    return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: BMP: %s", reader->source->name, what);
}

/* A number of the header, which starts behind the file's own; 0 behind its end. */
static uint32_t field(const bmp_reader *reader, size_t at, int bytes) {
    return at + (size_t)bytes <= reader->header ? little_endian(reader->source->data + FILE_HEADER + at, bytes) : 0;
}

/* ---- headers ---- */

static bd_result read_size(bmp_reader *reader, bd_error *error) {
    const bool old = reader->header == OLD_HEADER;
    const int64_t width = (int32_t)(old ? field(reader, 4, 2) : field(reader, 4, 4));
    int64_t height = (int32_t)(old ? field(reader, 6, 2) : field(reader, 8, 4));
    reader->top_down = height < 0;
    height = height < 0 ? -height : height;
    bd_result result = bd_image_check_size(reader->source, width, height, error);
    if (!result) {
        reader->width = (uint32_t)width;
        reader->height = (uint32_t)height;
        reader->bits = field(reader, old ? 10 : 14, 2);
        reader->compression = old ? BMP_PLAIN : field(reader, 16, 4);
    }
    return result;
}

/* Masks are a part of headers from version 4 on, and follow version 3's. Returns how many bytes follow. */
static size_t read_masks(bmp_reader *reader) {
    const bd_image_source *source = reader->source;
    const bool fields = reader->compression == BMP_FIELDS || reader->compression == BMP_ALPHA_FIELDS;
    if (!fields) {
        const bool small = reader->bits == 16;
        reader->masks[0] = small ? 0x7c00 : 0xff0000;
        reader->masks[1] = small ? 0x3e0 : 0xff00;
        reader->masks[2] = small ? 0x1f : 0xff;
        return 0;
    }
    size_t count = reader->header >= ALPHA_HEADER || reader->compression == BMP_ALPHA_FIELDS ? 4 : 3;
    size_t behind = reader->header < MASKS_HEADER ? count * 4 : 0;
    const uint8_t *from = source->data + FILE_HEADER + INFO_HEADER;
    if (source->bytes < FILE_HEADER + INFO_HEADER + count * 4) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        reader->masks[i] = little_endian(from + i * 4, 4);
    }
    return behind;
}

/* Of colours that are not there none are read: an index of theirs is a fault. */
static void read_palette(bmp_reader *reader, size_t at) {
    const bd_image_source *source = reader->source;
    const size_t entry = reader->header == OLD_HEADER ? 3 : 4;
    const uint32_t most = 1u << reader->bits, said = field(reader, 32, 4);
    const size_t room = reader->offset > at ? (reader->offset - at) / entry : 0;
    reader->colors = said && said < most ? said : most;
    reader->colors = (uint32_t)BD_MIN((size_t)reader->colors, room);
    for (uint32_t i = 0; i < reader->colors; i++) {
        const uint8_t *bgr = source->data + at + i * entry;
        const uint8_t rgba[4] = {bgr[2], bgr[1], bgr[0], 255};
        memcpy(reader->palette[i], rgba, sizeof rgba);
    }
}

static bool is_known(const bmp_reader *reader) {
    switch (reader->compression) {
    case BMP_PLAIN:
        return reader->bits == 1 || reader->bits == 2 || reader->bits == 4 || reader->bits == 8 || reader->bits == 16 ||
               reader->bits == 24 || reader->bits == 32;
    case BMP_RUNS_8: return reader->bits == 8;
    case BMP_RUNS_4: return reader->bits == 4;
    case BMP_FIELDS: /* OS/2's third is another */
    case BMP_ALPHA_FIELDS:
        return reader->header >= INFO_HEADER && reader->header != OS2_HEADER &&
               (reader->bits == 16 || reader->bits == 32);
    default: return false;
    }
}

static bd_result read_headers(bmp_reader *reader, bd_error *error) {
    const bd_image_source *source = reader->source;
    if (source->bytes < FILE_HEADER + OLD_HEADER) {
        return broken(reader, "the file is truncated", error);
    }
    reader->offset = little_endian(source->data + 10, 4);
    reader->header = little_endian(source->data + FILE_HEADER, 4);
    if (reader->header != OLD_HEADER && reader->header < LEAST_HEADER) {
        return broken(reader, "broken header", error);
    }
    if (reader->header > source->bytes - FILE_HEADER || reader->offset > source->bytes) {
        return broken(reader, "the file is truncated", error);
    }
    bd_result result = read_size(reader, error);
    if (result) {
        return result;
    }
    if (!is_known(reader)) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: BMP: %u bits with compression %u cannot be read", source->name,
                       (unsigned)reader->bits, (unsigned)reader->compression);
    }
    size_t behind = read_masks(reader);
    if (behind == SIZE_MAX || reader->offset < FILE_HEADER + reader->header + behind) {
        return broken(reader, "broken header", error);
    }
    if (reader->bits <= 8) {
        read_palette(reader, FILE_HEADER + reader->header + behind);
    }
    return BD_OK;
}

/* ---- pixels ---- */

/* The row of the image where the file's row y belongs. */
static uint8_t *row_of(const bmp_reader *reader, uint32_t y) {
    return reader->image.pixels + (reader->top_down ? y : reader->height - 1 - y) * reader->image.stride_bytes;
}

/* Puts count pixels of one index; false: no such colour. */
static bool put_color(const bmp_reader *reader, uint8_t *to, uint32_t index, size_t count) {
    for (size_t i = 0; i < count; i++) {
        memcpy(to + i * 4, reader->palette[index], 4);
    }
    return index < reader->colors || !count;
}

static bool read_indices(const bmp_reader *reader, const uint8_t *from, uint8_t *to) {
    const uint32_t bits = reader->bits, mask = (1u << bits) - 1;
    bool known = true;
    for (uint32_t x = 0; x < reader->width; x++) {
        uint32_t shift = 8 - bits - x * bits % 8;
        known &= put_color(reader, to + (size_t)x * 4, from[(size_t)x * bits / 8] >> shift & mask, 1);
    }
    return known;
}

static void read_bgr(const bmp_reader *reader, const uint8_t *from, uint8_t *to) {
    for (uint32_t x = 0; x < reader->width; x++, from += 3, to += 4) {
        const uint8_t rgba[4] = {from[2], from[1], from[0], 255};
        memcpy(to, rgba, sizeof rgba);
    }
}

/* A mask of no bits is a channel of zeros, but for alpha's, which is then full. */
static void read_fields(const bmp_reader *reader, const uint8_t *from, uint8_t *to) {
    uint32_t shifts[4] = {0}, most[4];
    for (int c = 0; c < 4; c++) {
        while (reader->masks[c] && !(reader->masks[c] >> shifts[c] & 1)) {
            shifts[c]++;
        }
        most[c] = reader->masks[c] >> shifts[c];
    }
    const int bytes = (int)reader->bits / 8;
    for (uint32_t x = 0; x < reader->width; x++, from += bytes, to += 4) {
        const uint32_t value = little_endian(from, bytes);
        to[3] = 255;
        for (int c = 0; c < 4; c++) {
            uint64_t part = (value & reader->masks[c]) >> shifts[c];
            if (most[c]) {
                to[c] = (uint8_t)((part * 255 + most[c] / 2) / most[c]);
            } else if (c < 3) {
                to[c] = 0;
            }
        }
    }
}

static bd_result read_plain(bmp_reader *reader, bd_error *error) {
    const bd_image_source *source = reader->source;
    const uint64_t bits = (uint64_t)reader->width * reader->bits;
    const size_t stride = (size_t)((bits + 31) / 32 * 4);
    bool known = true;
    for (uint32_t y = 0; y < reader->height && known; y++) {
        const uint8_t *from = source->data + reader->offset + y * stride;
        uint8_t *to = row_of(reader, y);
        if (reader->bits <= 8) {
            known = read_indices(reader, from, to);
        } else if (reader->bits == 24) {
            read_bgr(reader, from, to);
        } else {
            read_fields(reader, from, to);
        }
    }
    return known ? BD_OK : broken(reader, "a pixel of no colour in the palette", error);
}

/* Are all rows there? The last one's padding may lack. */
static bool is_whole(const bmp_reader *reader) {
    const uint64_t bits = (uint64_t)reader->width * reader->bits;
    const uint64_t need = (bits + 31) / 32 * 4 * (reader->height - 1) + (bits + 7) / 8;
    return reader->compression == BMP_RUNS_8 || reader->compression == BMP_RUNS_4 ||
           reader->source->bytes - reader->offset >= need;
}

/* ---- runs ---- */

typedef struct bmp_runs {
    const uint8_t *at, *end;
    uint32_t x, y;
    bool known;
} bmp_runs;

/* The pixel of index i of two indices in turn, or of a string of them. */
static uint32_t run_index(const bmp_reader *reader, const uint8_t *from, size_t i, bool string) {
    if (reader->bits == 8) {
        return from[string ? i : 0];
    }
    uint8_t pair = from[string ? i / 2 : 0];
    return i % 2 ? pair & 15u : pair >> 4;
}

/* What would lie beyond the end of the row is left out, as everybody does. */
static void put_run(const bmp_reader *reader, bmp_runs *runs, const uint8_t *from, size_t count, bool string) {
    uint8_t *to = row_of(reader, runs->y) + (size_t)runs->x * 4;
    count = BD_MIN(count, (size_t)(reader->width - runs->x));
    for (size_t i = 0; i < count; i++) {
        runs->known &= put_color(reader, to + i * 4, run_index(reader, from, i, string), 1);
    }
    runs->x += (uint32_t)count;
}

/* What follows a zero: ends, a move, or a string of indices. False: the picture ends here, broken or not. */
static bool read_escape(const bmp_reader *reader, bmp_runs *runs, uint8_t code, bool *broken_off) {
    enum { END_OF_ROW, END_OF_PICTURE, MOVE };
    if (code == END_OF_PICTURE) {
        return false;
    }
    if (code == END_OF_ROW) {
        runs->x = 0;
        runs->y = BD_MIN(runs->y + 1, reader->height);
        return true;
    }
    const size_t string = ((size_t)code * reader->bits + 7) / 8, bytes = code == MOVE ? 2 : (string + 1) / 2 * 2;
    const size_t left = (size_t)(runs->end - runs->at);
    if (left < (code == MOVE ? 2 : string)) {
        *broken_off = true;
        return false;
    }
    if (code == MOVE) {
        runs->x = BD_MIN(runs->x + runs->at[0], reader->width);
        runs->y = BD_MIN(runs->y + runs->at[1], reader->height);
    } else if (runs->y < reader->height) {
        put_run(reader, runs, runs->at, code, true);
    }
    runs->at += BD_MIN(bytes, left);
    return true;
}

/* Pixels that are stepped over have the first colour. A file may end with its last row. */
static bd_result read_runs(bmp_reader *reader, bd_error *error) {
    const bd_image_source *source = reader->source;
    bmp_runs runs = {.at = source->data + reader->offset, .end = source->data + source->bytes, .known = true};
    bool broken_off = false;
    for (uint32_t y = 0; y < reader->height; y++) {
        (void)put_color(reader, row_of(reader, y), 0, reader->width);
    }
    for (;;) {
        if (runs.end - runs.at < 2) {
            broken_off = runs.y < reader->height && (runs.y + 1 < reader->height || runs.x < reader->width);
            break;
        }
        const uint8_t count = runs.at[0], *value = runs.at + 1;
        runs.at += 2;
        if (!count) {
            if (!read_escape(reader, &runs, *value, &broken_off)) {
                break;
            }
        } else if (runs.y < reader->height) {
            put_run(reader, &runs, value, count, false);
        }
    }
    if (broken_off) {
        return broken(reader, "the file is truncated", error);
    }
    return runs.known ? BD_OK : broken(reader, "a pixel of no colour in the palette", error);
}

/* ---- colours ---- */

/* Programs that know no alpha leave zeros where a header speaks of it. */
static void settle_alpha(bmp_reader *reader) {
    bd_image *image = &reader->image;
    const size_t count = (size_t)image->width * image->height;
    bool any = false;
    for (size_t i = 0; i < count && !any; i++) {
        any = image->pixels[i * 4 + 3] != 0;
    }
    for (size_t i = 0; i < count && !any; i++) {
        image->pixels[i * 4 + 3] = 255;
    }
    bd_image_find_alpha(image);
}

static bd_result read_profile(bmp_reader *reader, bd_error *error) {
    enum { EMBEDDED = 0x4d424544 /* 'MBED' */ };
    const bd_image_source *source = reader->source;
    const uint64_t at = (uint64_t)FILE_HEADER + field(reader, 112, 4), bytes = field(reader, 116, 4);
    if (reader->header < V5_HEADER || field(reader, 56, 4) != EMBEDDED || source->gray16) {
        return BD_OK;
    }
    if (at > source->bytes || bytes > source->bytes - at) {
        bd_image_warn(source, "%s: the colour profile is ignored: it lies behind the end", source->name);
        return BD_OK;
    }
    return bd_image_take_profile(source, source->data + at, (size_t)bytes, false, &reader->image, error);
}

bd_result bd_bmp_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    bmp_reader reader = {.source = source};
    bd_result result = read_headers(&reader, error);
    if (result) {
        return result;
    }
    if (!is_whole(&reader)) {
        return broken(&reader, "the file is truncated", error);
    }
    result = bd_image_create(source->allocator, source->name, reader.width, reader.height, BD_FORMAT_RGBA8,
                             &reader.image, error);
    if (result) {
        return result;
    }
    bool runs = reader.compression == BMP_RUNS_8 || reader.compression == BMP_RUNS_4;
    result = runs ? read_runs(&reader, error) : read_plain(&reader, error);
    if (!result && reader.masks[3]) {
        settle_alpha(&reader);
    }
    if (!result) {
        result = read_profile(&reader, error);
    }
    if (result) {
        bd_image_finish(&reader.image);
        return result;
    }
    *image = reader.image;
    return BD_OK;
}
