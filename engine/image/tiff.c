/* SPDX-License-Identifier: MIT
 * TIFF in, by libtiff. Blocks of a file, its strips or tiles, go to the image's channels as numbers, whatever they mean;
 * then the image becomes RGBA row by row. A few rare kinds are left to libtiff's own conversion. libtiff allocates by
 * itself, past the caller's hooks. */
#include "image/tiff.h"

#include <stdio.h> /* SEEK_SET */
#include <string.h>

#include "image/camera_raw.h"
#include "image/color.h"
#include "image/ifd_metadata.h"
#include "image/lab.h"
#include "image/metadata.h"
#include "image/orientation.h"
#include "image/pixels.h"
#include "image/rows.h"
#include "image/tiff_library.h"
#include "image/tiff_samples.h"

enum {
    SAMPLES_MAX = 32, /* of a pixel */
    PAGES_MAX = 16,   /* that are looked through for a full one */
    ALPHA = 3,        /* the image's channel */
    UNUSED = 255
};

typedef enum tiff_kind { GRAY, PALETTE, RGB, CMYK, LAB, OTHER } tiff_kind;

typedef struct tiff_reader {
    bd_tiff tiff;
    const bd_image_source *source;
    size_t at;
    bd_error *error;
    uint32_t width, height;
    uint16_t bits, samples, photometric, compression, orientation;
    bool separate, tiled, associated, has_alpha;
    bool deep;     /* the image's depth while it is read */
    bool inverted; /* numbers are counted from the other end */
    tiff_kind kind;
    bd_tiff_numbers numbers;
    uint8_t channel[SAMPLES_MAX]; /* where each sample goes */
    uint32_t block_width, block_height;
    size_t block_bytes, row_bytes;
    uint8_t *block;
    uint16_t *row; /* a block's, as numbers */
    bd_color *color;
    bd_lab_white white; /* of L*a*b* that is not D50's */
    bd_image image;
} tiff_reader;

/* ---- the file ---- */

static tmsize_t read_source(thandle_t user, void *to, tmsize_t bytes) {
    tiff_reader *reader = user;
    const bd_image_source *source = reader->source;
    const size_t left = reader->at < source->bytes ? source->bytes - reader->at : 0;
    const size_t count = BD_MIN((size_t)BD_MAX(bytes, 0), left);
    memcpy(to, source->data + (left ? reader->at : 0), count);
    reader->at += count;
    return (tmsize_t)count;
}

static toff_t seek_source(thandle_t user, toff_t at, int from) {
    tiff_reader *reader = user;
    const size_t bytes = reader->source->bytes;
    const toff_t base = from == SEEK_SET ? 0 : from == SEEK_CUR ? reader->at : bytes;
    if (at > bytes || base + at > bytes) {
        return (toff_t)-1;
    }
    reader->at = (size_t)(base + at);
    return reader->at;
}

static toff_t source_size(thandle_t user) {
    return ((const tiff_reader *)user)->source->bytes;
}

static int map_source(thandle_t user, void **base, toff_t *bytes) {
    const bd_image_source *source = ((const tiff_reader *)user)->source;
    *base = (void *)(uintptr_t)source->data; /* libtiff only reads there */
    *bytes = source->bytes;
    return 1;
}

static bd_result failed(const tiff_reader *reader, bd_result code) {
    return bd_tiff_failed(&reader->tiff, reader->source->name, code, reader->error);
}

static bd_result refused(const tiff_reader *reader, const char *what, unsigned number) {
    return bd_fail(reader->error, BD_ERR_UNSUPPORTED, "%s: TIFF: %s %u cannot be read", reader->source->name, what,
                   number);
}

static uint16_t short_field(tiff_reader *reader, uint32_t tag, uint16_t otherwise) {
    uint16_t value = otherwise;
    return reader->tiff.call.TIFFGetFieldDefaulted(reader->tiff.file, tag, &value) ? value : otherwise;
}

static bool is_reduced(tiff_reader *reader) {
    uint32_t kind = 0;
    return reader->tiff.call.TIFFGetField(reader->tiff.file, TIFFTAG_SUBFILETYPE, &kind) &&
           (kind & FILETYPE_REDUCEDIMAGE);
}

/* Cameras put a thumbnail first. */
static void find_page(tiff_reader *reader) {
    for (int i = 0; i < PAGES_MAX && is_reduced(reader) && !reader->tiff.call.TIFFLastDirectory(reader->tiff.file);
         i++) {
        if (!reader->tiff.call.TIFFReadDirectory(reader->tiff.file)) {
            break;
        }
    }
}

static void note_more_pages(tiff_reader *reader) {
    if (!reader->tiff.call.TIFFLastDirectory(reader->tiff.file) &&
        reader->tiff.call.TIFFReadDirectory(reader->tiff.file) && !is_reduced(reader)) {
        bd_image_warn(reader->source, "%s: TIFF: of several pages the first is read", reader->source->name);
    }
}

/* ---- what it holds ---- */

static bd_tiff_numbers numbers_of(const tiff_reader *reader, uint16_t format) {
    return reader->kind == PALETTE ? BD_TIFF_INDICES : format == SAMPLEFORMAT_IEEEFP ? BD_TIFF_FLOATS : BD_TIFF_COUNTS;
}

static tiff_kind kind_of(const tiff_reader *reader) {
    bool whole =
        reader->photometric == PHOTOMETRIC_YCBCR && reader->compression == COMPRESSION_JPEG && !reader->separate;
    switch (reader->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MASK: return GRAY;
    case PHOTOMETRIC_PALETTE: return PALETTE;
    case PHOTOMETRIC_RGB: return RGB;
    case PHOTOMETRIC_SEPARATED: return CMYK;
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB: return LAB;
    default: return whole ? RGB : OTHER;
    }
}

static unsigned colors_of(tiff_kind kind) {
    static const uint8_t colors[] = {[GRAY] = 1, [PALETTE] = 1, [RGB] = 3, [CMYK] = 4, [LAB] = 3, [OTHER] = 3};
    return colors[kind];
}

/* The first of the further samples that is said to be alpha. Those without a meaning are what Photoshop keeps besides,
 * but where the file does not speak of them at all. */
static void find_alpha(tiff_reader *reader) {
    uint16_t count = 0;
    const uint16_t *meanings = NULL;
    unsigned colors = colors_of(reader->kind);
    if (reader->kind == CMYK ||
        !reader->tiff.call.TIFFGetFieldDefaulted(reader->tiff.file, TIFFTAG_EXTRASAMPLES, &count, &meanings)) {
        return;
    }
    for (unsigned i = 0; i < count && colors + i < reader->samples; i++) {
        bool unnamed = reader->tiff.alpha_unnamed && count == 1;
        if (meanings[i] == EXTRASAMPLE_ASSOCALPHA || meanings[i] == EXTRASAMPLE_UNASSALPHA || unnamed) {
            reader->channel[colors + i] = ALPHA;
            reader->has_alpha = true;
            reader->associated = meanings[i] == EXTRASAMPLE_ASSOCALPHA;
            return;
        }
    }
}

/* Checks that the kind is one of those that are read here. */
static bd_result check_kind(tiff_reader *reader, uint16_t format) {
    if (!bd_tiff_can_read(reader->numbers, reader->bits)) {
        return refused(reader, reader->kind == PALETTE ? "a palette of bits:" : "samples of bits:", reader->bits);
    }
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_IEEEFP && format != SAMPLEFORMAT_VOID &&
        reader->kind != LAB) {
        return refused(reader, "samples of the format", format);
    }
    if (reader->kind == LAB && (reader->numbers != BD_TIFF_COUNTS || (reader->bits != 8 && reader->bits != 16))) {
        return refused(reader, "L*a*b* of bits:", reader->bits);
    }
    if (reader->samples < colors_of(reader->kind) || reader->samples > SAMPLES_MAX) {
        return refused(reader, "channels:", reader->samples);
    }
    uint16_t inks = short_field(reader, TIFFTAG_INKSET, INKSET_CMYK);
    return reader->kind == CMYK && inks != INKSET_CMYK ? refused(reader, "the set of inks", inks) : BD_OK;
}

static bd_result read_header(tiff_reader *reader) {
    const bd_tiff_functions *call = &reader->tiff.call;
    TIFF *file = reader->tiff.file;
    find_page(reader);
    if (reader->tiff.cut_short) {
        bd_image_warn(reader->source, "%s: TIFF: the file is truncated: what tags say behind its end is ignored",
                      reader->source->name);
    }
    if (!call->TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &reader->width) ||
        !call->TIFFGetField(file, TIFFTAG_IMAGELENGTH, &reader->height)) {
        return failed(reader, BD_ERR_FILE_CORRUPT);
    }
    bd_result result =
        bd_tiff_check_page(reader->source, call->TIFFCurrentDirOffset(file), is_reduced(reader), reader->error);
    result = result ? result : bd_image_check_size(reader->source, reader->width, reader->height, reader->error);
    if (result) {
        return result;
    }
    reader->bits = short_field(reader, TIFFTAG_BITSPERSAMPLE, 1);
    reader->samples = short_field(reader, TIFFTAG_SAMPLESPERPIXEL, 1);
    reader->compression = short_field(reader, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    reader->separate =
        short_field(reader, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE && reader->samples > 1;
    reader->orientation = short_field(reader, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    reader->tiled = call->TIFFIsTiled(file) != 0;
    if (!call->TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &reader->photometric)) {
        reader->photometric = reader->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    }
    if (!call->TIFFIsCODECConfigured(reader->compression)) {
        return refused(reader, "the compression", reader->compression);
    }
    reader->kind = kind_of(reader);
    if (reader->kind == OTHER) {
        return BD_OK;
    }
    if (reader->photometric == PHOTOMETRIC_YCBCR) {
        call->TIFFSetField(file, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
    uint16_t format = short_field(reader, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    reader->numbers = numbers_of(reader, format);
    /* What is not inverted where it is read is where its colours are converted. */
    reader->inverted = reader->photometric == PHOTOMETRIC_MINISWHITE || reader->kind == CMYK;
    reader->deep = reader->kind == LAB || ((reader->source->keep_depth || reader->source->gray16) &&
                                           reader->kind != PALETTE && reader->bits > 8);
    memset(reader->channel, UNUSED, sizeof reader->channel);
    for (unsigned c = 0; c < colors_of(reader->kind) && c < SAMPLES_MAX; c++) {
        reader->channel[c] = (uint8_t)c;
    }
    find_alpha(reader);
    reader->tiff.damaged = false; /* so far nothing but tags were read */
    reader->tiff.said[0] = '\0';
    return check_kind(reader, format);
}

/* ---- blocks ---- */

static uint64_t blocks_along(uint32_t size, uint32_t block) {
    return size / block + (size % block != 0);
}

/* Sizes of blocks are the file's to choose; one may be larger than the picture, and all together too, but not out of all
 * proportion. */
static bool are_huge(const tiff_reader *reader, uint64_t bytes) {
    const uint64_t small = (uint64_t)16 << 20, small_in_all = (uint64_t)256 << 20;
    const uint64_t most = 4 * (uint64_t)reader->width * reader->height * reader->samples * ((reader->bits + 7u) / 8u);
    const uint64_t count = blocks_along(reader->width, reader->block_width) *
                           blocks_along(reader->height, reader->block_height) *
                           (reader->separate ? reader->samples : 1);
    return bytes > BD_MAX(small, most) || bytes > BD_MAX(small_in_all, most) / count || bytes > PTRDIFF_MAX;
}

/* Fills in the sizes of blocks. */
static bd_result measure_blocks(tiff_reader *reader) {
    const bd_tiff_functions *call = &reader->tiff.call;
    TIFF *file = reader->tiff.file;
    uint64_t bytes, row_bytes;
    reader->block_width = reader->width;
    reader->block_height = reader->height;
    if (reader->tiled) {
        if (!call->TIFFGetField(file, TIFFTAG_TILEWIDTH, &reader->block_width) ||
            !call->TIFFGetField(file, TIFFTAG_TILELENGTH, &reader->block_height)) {
            return failed(reader, BD_ERR_FILE_CORRUPT);
        }
        bytes = call->TIFFTileSize64(file);
        row_bytes = call->TIFFTileRowSize64(file);
    } else {
        call->TIFFGetFieldDefaulted(file, TIFFTAG_ROWSPERSTRIP, &reader->block_height);
        reader->block_height = BD_MIN(reader->block_height, reader->height);
        bytes = call->TIFFStripSize64(file);
        row_bytes = call->TIFFScanlineSize64(file);
    }
    if (!reader->block_width || !reader->block_height || !row_bytes || bytes < row_bytes) {
        return failed(reader, BD_ERR_FILE_CORRUPT);
    }
    if (are_huge(reader, bytes)) {
        return bd_fail(reader->error, BD_ERR_FILE_CORRUPT, "%s: TIFF: blocks of %ux%u pixels", reader->source->name,
                       (unsigned)reader->block_width, (unsigned)reader->block_height);
    }
    reader->block_bytes = (size_t)bytes;
    reader->row_bytes = (size_t)row_bytes;
    return BD_OK;
}

static bd_result create_block(tiff_reader *reader) {
    const uint64_t in_row = (uint64_t)reader->block_width * (reader->separate ? 1 : reader->samples);
    if (reader->row_bytes < (in_row * reader->bits + 7) / 8 ||
        reader->block_bytes / reader->row_bytes < reader->block_height || in_row > SIZE_MAX / sizeof *reader->row) {
        return failed(reader, BD_ERR_FILE_CORRUPT);
    }
    reader->block = bd_alloc(reader->source->allocator, reader->block_bytes);
    reader->row = bd_alloc(reader->source->allocator, (size_t)in_row * sizeof *reader->row);
    return reader->block && reader->row
               ? BD_OK
               : bd_fail(reader->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", reader->source->name);
}

/* A sample of each of count pixels, step apart, to the channel of the image's pixels at to. */
static void place_samples(const tiff_reader *reader, const uint16_t *from, size_t step, unsigned channel, uint8_t *to,
                          size_t count) {
    const uint16_t most = reader->deep ? UINT16_MAX : UINT8_MAX;
    const uint16_t flip = reader->inverted && (reader->kind == CMYK || channel != ALPHA) ? most : 0;
    for (size_t i = 0; i < count; i++, from += step) {
        const uint16_t number = *from ^ flip;
        if (reader->deep) {
            memcpy(to + i * 8 + (size_t)channel * 2, &number, sizeof number);
        } else {
            to[i * 4 + channel] = (uint8_t)number;
        }
    }
}

/* The plane's or all planes' part of the block in memory whose corner lies at x, y. */
static void place_block(const tiff_reader *reader, unsigned plane, uint32_t x, uint32_t y) {
    const uint32_t columns = BD_MIN(reader->block_width, reader->width - x);
    const uint32_t rows = BD_MIN(reader->block_height, reader->height - y);
    const unsigned samples = reader->separate ? 1 : reader->samples;
    const size_t pixel_bytes = bd_format_bytes(reader->image.format);
    for (uint32_t r = 0; r < rows; r++) {
        uint8_t *to = reader->image.pixels + (size_t)(y + r) * (size_t)reader->image.stride_bytes + x * pixel_bytes;
        bd_tiff_read_samples(reader->block + r * reader->row_bytes, reader->numbers, reader->bits, reader->deep,
                             (size_t)columns * samples, reader->row);
        for (unsigned s = 0; s < samples; s++) {
            const unsigned channel = reader->channel[reader->separate ? plane : s];
            if (channel != UNUSED) {
                place_samples(reader, reader->row + s, samples, channel, to, columns);
            }
        }
    }
}

static bd_result read_block(tiff_reader *reader, unsigned plane, uint32_t x, uint32_t y) {
    const bd_tiff_functions *call = &reader->tiff.call;
    TIFF *file = reader->tiff.file;
    const uint32_t rows = BD_MIN(reader->block_height, reader->height - y);
    tmsize_t got;
    if (reader->tiled) {
        got = call->TIFFReadEncodedTile(file, call->TIFFComputeTile(file, x, y, 0, (uint16_t)plane), reader->block,
                                        (tmsize_t)reader->block_bytes);
    } else {
        got = call->TIFFReadEncodedStrip(file, call->TIFFComputeStrip(file, y, (uint16_t)plane), reader->block,
                                         (tmsize_t)reader->block_bytes);
    }
    if (got < 0 || (size_t)got < rows * reader->row_bytes || reader->tiff.damaged) {
        return failed(reader, BD_ERR_FILE_CORRUPT);
    }
    place_block(reader, plane, x, y);
    return BD_OK;
}

static bd_result read_blocks(tiff_reader *reader) {
    const unsigned planes = reader->separate ? reader->samples : 1;
    bd_result result = measure_blocks(reader);
    if (!result) {
        result = create_block(reader);
    }
    if (!result) {
        result = bd_image_create(reader->source->allocator, reader->source->name, reader->width, reader->height,
                                 reader->deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8, &reader->image, reader->error);
    }
    for (unsigned plane = 0; plane < planes && !result; plane++) {
        for (uint32_t y = 0; y < reader->height && !result && reader->channel[plane] != UNUSED;) {
            for (uint32_t x = 0; x < reader->width && !result;) {
                result = read_block(reader, plane, x, y);
                x += BD_MIN(reader->block_width, reader->width - x);
            }
            y += BD_MIN(reader->block_height, reader->height - y);
        }
    }
    return result;
}

/* ---- colours ---- */

static void spread_gray(const tiff_reader *reader, uint8_t *row) {
    const size_t bytes = reader->deep ? 2 : 1;
    for (size_t x = 0; x < reader->width; x++, row += 4 * bytes) {
        memcpy(row + bytes, row, bytes);
        memcpy(row + 2 * bytes, row, bytes);
    }
}

/* To colours: counts of 16 bits, or of 8 bits by mistake. */
static void look_up(const tiff_reader *reader, uint16_t *const maps[3], bool narrow, uint8_t *row) {
    for (size_t x = 0; x < reader->width; x++, row += 4) {
        const uint8_t index = row[0];
        for (int c = 0; c < 3; c++) {
            row[c] = (uint8_t)(narrow ? maps[c][index] : maps[c][index] >> 8);
        }
    }
}

/* To ICC's encoding of its fourth version, from 8 bits that were widened, or from 16. CIE's colours are signed, and its
 * lightness alone is 65535 for white; else that is 65280, as in ICC's second version. */
static void encode_lab(const tiff_reader *reader, uint8_t *row) {
    const bool cie = reader->photometric == PHOTOMETRIC_CIELAB, wide = reader->bits == 16;
    for (size_t x = 0; x < reader->width; x++, row += 8) {
        uint16_t lab[3];
        memcpy(lab, row, sizeof lab);
        for (int c = 0; c < 3; c++) {
            const bool is_signed = cie && c > 0;
            uint32_t number = lab[c] ^ (!is_signed ? 0u : wide ? 0x8000u : 0x8080u);
            if (wide && (!cie || is_signed)) {
                number = BD_MIN((number * 257 + 128) >> 8, (uint32_t)UINT16_MAX);
            }
            lab[c] = (uint16_t)number;
        }
        memcpy(row, lab, sizeof lab);
    }
}

/* Colours that were multiplied by alpha. */
static void divide_by_alpha(bool deep, uint8_t *row, size_t count) {
    const uint32_t most = deep ? 65535 : 255;
    for (size_t x = 0; x < count; x++, row += deep ? 8 : 4) {
        uint16_t pixel[4];
        for (int c = 0; c < 4; c++) {
            pixel[c] = row[c];
        }
        if (deep) {
            memcpy(pixel, row, sizeof pixel);
        }
        for (int c = 0; c < 3 && pixel[ALPHA] && pixel[ALPHA] != most; c++) {
            uint32_t value = (pixel[c] * most + pixel[ALPHA] / 2u) / pixel[ALPHA];
            pixel[c] = (uint16_t)BD_MIN(value, most);
            row[c] = deep ? row[c] : (uint8_t)pixel[c];
        }
        if (deep) {
            memcpy(row, pixel, sizeof pixel);
        }
    }
}

static bool is_narrow(uint16_t *const maps[3], size_t count) {
    for (size_t i = 0; i < count; i++) {
        if ((maps[0][i] | maps[1][i] | maps[2][i]) > 255) {
            return false;
        }
    }
    return true;
}

/* What an ICC profile makes of CMYK's inks. ICC's L*a*b* is that of D50, whatever the file says. */
static bd_result make_color(tiff_reader *reader, const void *profile, size_t profile_bytes) {
    const float *white = NULL;
    if (reader->kind == LAB) {
        if (reader->photometric == PHOTOMETRIC_CIELAB &&
            reader->tiff.call.TIFFGetField(reader->tiff.file, TIFFTAG_WHITEPOINT, &white)) {
            bd_lab_white_init(&reader->white, (double)white[0], (double)white[1]);
        }
        return bd_color_create_lab(reader->source, &reader->color, reader->error);
    }
    if (reader->kind == CMYK && profile && !reader->source->gray16) {
        return bd_color_create_cmyk(reader->source, profile, profile_bytes, reader->deep, &reader->color,
                                    reader->error);
    }
    return BD_OK;
}

static bd_result convert_rows(tiff_reader *reader) {
    uint16_t *maps[3] = {NULL, NULL, NULL};
    if (reader->kind == PALETTE &&
        !reader->tiff.call.TIFFGetField(reader->tiff.file, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2])) {
        return failed(reader, BD_ERR_FILE_CORRUPT);
    }
    const bool narrow = maps[0] && is_narrow(maps, (size_t)1 << reader->bits);
    for (uint32_t y = 0; y < reader->height; y++) {
        uint8_t *row = reader->image.pixels + (size_t)y * (size_t)reader->image.stride_bytes;
        switch (reader->kind) {
        case GRAY: spread_gray(reader, row); break;
        case PALETTE: look_up(reader, maps, narrow, row); break;
        case CMYK: bd_color_inks(reader->color, reader->deep, row, reader->width); break;
        case LAB:
            encode_lab(reader, row);
            bd_lab_adapt(&reader->white, row, reader->width);
            bd_color_pixels(reader->color, row, row, reader->width);
            break;
        case RGB:
        case OTHER: break;
        }
        if (!reader->has_alpha) {
            bd_row_fill_alpha(row, reader->deep, reader->width);
        } else if (reader->associated) {
            divide_by_alpha(reader->deep, row, reader->width);
        }
    }
    return BD_OK;
}

/* By libtiff's own conversion, which multiplies colours by alpha. */
static bd_result read_other(tiff_reader *reader) {
    const bd_tiff_functions *call = &reader->tiff.call;
    const bd_image_source *source = reader->source;
    TIFFRGBAImage rgba;
    char why[1024] = "";
    bd_result result = measure_blocks(reader);
    if (result) {
        return result;
    }
    if (!call->TIFFRGBAImageBegin(&rgba, reader->tiff.file, 1, why)) {
        return bd_fail(reader->error, BD_ERR_UNSUPPORTED, "%s: TIFF: %s", source->name, why);
    }
    result = bd_image_create(source->allocator, source->name, reader->width, reader->height, BD_FORMAT_RGBA8,
                             &reader->image, reader->error);
    rgba.orientation = rgba.req_orientation = ORIENTATION_TOPLEFT;
    const bool multiplied = rgba.alpha != 0;
    uint32_t *words = (void *)reader->image.pixels;
    if (!result && (!call->TIFFRGBAImageGet(&rgba, words, reader->width, reader->height) || reader->tiff.damaged)) {
        result = failed(reader, BD_ERR_FILE_CORRUPT);
    }
    call->TIFFRGBAImageEnd(&rgba);
    for (size_t i = 0; !result && i < (size_t)reader->width * reader->height; i++) {
        const uint32_t word = words[i];
        const uint8_t pixel[4] = {TIFFGetR(word), TIFFGetG(word), TIFFGetB(word), TIFFGetA(word)};
        memcpy(&words[i], pixel, sizeof pixel);
    }
    if (!result && multiplied) {
        divide_by_alpha(false, reader->image.pixels, (size_t)reader->width * reader->height);
    }
    reader->has_alpha = multiplied;
    return result;
}

static bd_result read_picture(tiff_reader *reader) {
    const bd_image_source *source = reader->source;
    uint32_t profile_bytes = 0;
    const void *profile = NULL;
    bd_result result = read_header(reader);
    if (!result) {
        result =
            bd_tiff_take_metadata(source, reader->tiff.call.TIFFCurrentDirOffset(reader->tiff.file), reader->error);
    }
    if (result) {
        return result;
    }
    if (reader->kind == CMYK || reader->kind == LAB) {
        bd_metadata_set_srgb(source);
    }
    if (!reader->tiff.call.TIFFGetField(reader->tiff.file, TIFFTAG_ICCPROFILE, &profile_bytes, &profile)) {
        profile = NULL;
    }
    result = make_color(reader, profile, profile_bytes);
    if (!result) {
        result = reader->kind == OTHER ? read_other(reader) : read_blocks(reader);
    }
    if (!result && reader->kind != OTHER) {
        result = convert_rows(reader);
    }
    if (!result && reader->deep && !source->keep_depth && !source->gray16) {
        bd_image_narrow(&reader->image); /* L*a*b* is converted with 16 bits, whatever is asked for */
    }
    if (!result && reader->has_alpha) {
        bd_image_find_alpha(&reader->image);
    }
    if (!result && profile && reader->kind != CMYK && reader->kind != LAB && !source->gray16) {
        result =
            bd_image_take_profile(source, profile, profile_bytes, reader->kind == GRAY, &reader->image, reader->error);
    }
    bool turned =
        reader->orientation >= 2 && reader->orientation <= 8 && !source->ignore_orientation && !source->gray16;
    if (!result && turned) {
        result = bd_image_orient(source, reader->orientation, &reader->image, reader->error);
    }
    return result;
}

bd_result bd_tiff_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    enum { PIXEL_BYTES = 16, ROOM = 64 << 20 };
    tiff_reader reader = {.source = source, .error = error};
    const bd_tiff_access access = {
        .read = read_source, .seek = seek_source, .size = source_size, .map = map_source, .user = &reader};
    bd_result result = bd_tiff_open(&reader.tiff, source->name, "r", &access,
                                    BD_MIN(source->max_pixels, UINT64_MAX / 32) * PIXEL_BYTES + ROOM, error);
    if (!result) {
        result = read_picture(&reader);
    }
    if (!result) {
        note_more_pages(&reader);
    }
    bd_tiff_close(&reader.tiff);
    bd_free(source->allocator, reader.block);
    bd_free(source->allocator, reader.row);
    bd_color_destroy(reader.color);
    if (result) {
        bd_image_finish(&reader.image);
        return result;
    }
    *image = reader.image;
    return BD_OK;
}
