/* SPDX-License-Identifier: MIT
 * TIFF out, by libtiff: one page of strips, deflated after a horizontal predictor. */
#include "image/tiff_encode.h"

#include <stdio.h> /* SEEK_SET */
#include <string.h>

#include "image/exif.h"
#include "image/ifd_metadata.h"
#include "image/pixels.h"
#include "image/rows.h"
#include "image/tiff_library.h"

typedef struct tiff_writer {
    bd_tiff tiff;
    bd_encoder *to;
    size_t at;
    bool opaque, deep;
    unsigned channels;
    uint8_t *row; /* RGBA, or grey */
} tiff_writer;

/* ---- a file in memory ---- */

static tmsize_t read_back(thandle_t user, void *to, tmsize_t bytes) {
    tiff_writer *writer = user;
    const bd_encoder *encoder = writer->to;
    const size_t left = writer->at < encoder->used ? encoder->used - writer->at : 0;
    const size_t count = BD_MIN((size_t)BD_MAX(bytes, 0), left);
    if (count) {
        memcpy(to, encoder->data + writer->at, count);
    }
    writer->at += count;
    return (tmsize_t)count;
}

static tmsize_t put(thandle_t user, void *from, tmsize_t bytes) {
    tiff_writer *writer = user;
    bd_encoder *to = writer->to;
    const size_t end = writer->at + (size_t)bytes;
    if (end > to->used) {
        if (!bd_encoder_grow(to, end - to->used)) {
            to->out_of_memory = true;
            return -1;
        }
        if (writer->at > to->used) {
            memset(to->data + to->used, 0, writer->at - to->used);
        }
        to->used = end;
    }
    memcpy(to->data + writer->at, from, (size_t)bytes);
    writer->at = end;
    return bytes;
}

static toff_t seek(thandle_t user, toff_t at, int from) {
    tiff_writer *writer = user;
    const toff_t base = from == SEEK_SET ? 0 : from == SEEK_CUR ? writer->at : writer->to->used;
    writer->at = (size_t)(base + at);
    return writer->at;
}

static toff_t size_so_far(thandle_t user) {
    return ((const tiff_writer *)user)->to->used;
}

/* ---- the page ---- */

static void fail(tiff_writer *writer) {
    writer->tiff.out_of_memory |= writer->to->out_of_memory;
    writer->to->result = bd_tiff_failed(&writer->tiff, writer->to->name, BD_ERR_INVALID_ARGUMENT, writer->to->error);
}

static bool set_tags(tiff_writer *writer) {
    /* zlib's default level is five times slower than this one, and 5 % smaller. */
    enum { STRIP_BYTES = 1 << 20, LEVEL = 4 };
    const bd_tiff_functions *call = &writer->tiff.call;
    const bd_image *image = writer->to->image;
    TIFF *file = writer->tiff.file;
    const bool pixels = bd_format_is_rgba(image->format);
    const size_t row_bytes = (size_t)image->width * writer->channels * (writer->deep ? 2 : 1);
    const uint32_t rows = (uint32_t)BD_MAX(STRIP_BYTES / row_bytes, (size_t)1);
    const int deflate = call->TIFFIsCODECConfigured(COMPRESSION_ADOBE_DEFLATE);
    const uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
    const int orientation = bd_exif_orientation(writer->to->metadata.exif, writer->to->metadata.exif_bytes);
    return call->TIFFSetField(file, TIFFTAG_IMAGEWIDTH, image->width) &&
           call->TIFFSetField(file, TIFFTAG_IMAGELENGTH, image->height) &&
           call->TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, writer->deep ? 16 : 8) &&
           call->TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, (int)writer->channels) &&
           call->TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT) &&
           call->TIFFSetField(file, TIFFTAG_PHOTOMETRIC, pixels ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK) &&
           call->TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
           call->TIFFSetField(file, TIFFTAG_ORIENTATION, orientation) &&
           call->TIFFSetField(file, TIFFTAG_COMPRESSION, deflate ? COMPRESSION_ADOBE_DEFLATE : COMPRESSION_LZW) &&
           (!deflate || call->TIFFSetField(file, TIFFTAG_ZIPQUALITY, LEVEL)) &&
           call->TIFFSetField(file, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL) &&
           call->TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, rows) &&
           (writer->channels != 4 || call->TIFFSetField(file, TIFFTAG_EXTRASAMPLES, 1, &alpha)) &&
           (!pixels || !image->profile ||
            call->TIFFSetField(file, TIFFTAG_ICCPROFILE, (uint32_t)image->profile_bytes, image->profile));
}

/* The row y as it is written; libtiff changes it. */
static void load_row(const tiff_writer *writer, uint32_t y) {
    const bd_image *image = writer->to->image;
    const size_t bytes = writer->deep ? 2 : 1;
    if (!bd_format_is_rgba(image->format)) {
        memcpy(writer->row, bd_encoder_row(writer->to, y), image->width * bytes);
        return;
    }
    bd_row_load(image, y, writer->opaque, writer->deep, writer->row);
    for (size_t x = 1; x < image->width && writer->channels == 3; x++) {
        memmove(writer->row + x * 3 * bytes, writer->row + x * 4 * bytes, 3 * bytes);
    }
}

static void write_page(tiff_writer *writer) {
    const bd_tiff_functions *call = &writer->tiff.call;
    TIFF *file = writer->tiff.file;
    bool done = set_tags(writer);
    for (uint32_t y = 0; y < writer->to->image->height && done; y++) {
        load_row(writer, y);
        done = call->TIFFWriteScanline(file, writer->row, y, 0) >= 0;
    }
    if (!done || !call->TIFFWriteDirectory(file) || writer->to->out_of_memory) {
        fail(writer);
    }
}

/* libtiff's mode: for a large picture BigTIFF; EXIF's byte order, so that its values stay as they are. */
static const char *mode_of(const bd_encoder *to) {
    enum { CLASSIC_MOST = 2000u << 20 };
    const bd_image *image = to->image;
    const bool large = (uint64_t)image->width * image->height * bd_format_bytes(image->format) > CLASSIC_MOST;
    bool big_endian = to->metadata.exif_bytes && to->metadata.exif[0] == 'M';
    if (!to->metadata.exif_bytes) {
        return large ? "w8" : "w";
    }
    return large ? big_endian ? "w8b" : "w8l" : big_endian ? "wb" : "wl";
}

void bd_tiff_encode(bd_encoder *to) {
    const bd_image *image = to->image;
    const bool pixels = bd_format_is_rgba(image->format);
    tiff_writer writer = {.to = to, .opaque = bd_image_is_opaque(image), .deep = bd_encoder_is_deep(to)};
    writer.channels = !pixels ? 1 : writer.opaque ? 3 : 4;
    const bd_tiff_access access = {.read = read_back, .write = put, .seek = seek, .size = size_so_far, .user = &writer};
    writer.row = bd_alloc(to->params.allocator, (size_t)image->width * bd_format_bytes(image->format));
    if (!writer.row) {
        to->result = bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
        return;
    }
    to->result = bd_tiff_open(&writer.tiff, to->name, mode_of(to), &access, PTRDIFF_MAX, to->error);
    if (!to->result) {
        write_page(&writer);
    } else if (to->out_of_memory) {
        fail(&writer);
    }
    bd_tiff_close(&writer.tiff);
    bd_free(to->params.allocator, writer.row);
    if (!to->result) {
        bd_tiff_add_metadata(to);
    }
}
