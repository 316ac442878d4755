/* SPDX-License-Identifier: MIT
 * Netpbm pictures in: PBM, PGM and PPM, plain and raw, up to 16 bits. stb_image 2.27 reads past the end of its buffer
 * on 16-bit ones. */
#include "image/pnm.h"

#include "image/pixels.h"

typedef struct pnm_reader {
    const uint8_t *at, *end;
} pnm_reader;

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(pnm_reader *reader) {
    while (reader->at < reader->end && (is_space(*reader->at) || *reader->at == '#')) {
        if (*reader->at++ == '#') {
            while (reader->at < reader->end && *reader->at != '\n' && *reader->at != '\r') {
                reader->at++;
            }
        }
    }
}

static bool at_digit(const pnm_reader *reader) {
    return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

/* A decimal number after white space, or -1. */
static int32_t read_number(pnm_reader *reader) {
    skip_space(reader);
    int32_t value = -1;
    for (int digits = 0; at_digit(reader); digits++) {
        if (digits == 9) {
            return -1;
        }
        value = BD_MAX(value, 0) * 10 + (*reader->at++ - '0');
    }
    return value;
}

/* The digits of a plain bitmap need no space between them. */
static int32_t read_digit(pnm_reader *reader) {
    skip_space(reader);
    return at_digit(reader) ? *reader->at++ - '0' : -1;
}

/* The next sample as 0..255, or -1 at the end of the file. */
static int32_t read_sample(pnm_reader *reader, bool plain, bool bitmap, uint32_t most) {
    int32_t value;
    if (plain) {
        value = bitmap ? read_digit(reader) : read_number(reader);
    } else {
        ptrdiff_t bytes = most > 255 ? 2 : 1;
        if (reader->end - reader->at < bytes) {
            return -1;
        }
        value = bytes == 2 ? reader->at[0] << 8 | reader->at[1] : reader->at[0];
        reader->at += bytes;
    }
    if (value < 0) {
        return -1;
    }
    return (int32_t)((BD_MIN((uint32_t)value, most) * 255 + most / 2) / most);
}

/* Raw PBM: eight pixels in a byte, 1 is black, rows start on a byte. */
static bool read_bits(pnm_reader *reader, bd_image *image) {
    size_t row_bytes = ((size_t)image->width + 7) / 8;
    if ((size_t)(reader->end - reader->at) / row_bytes < image->height) {
        return false;
    }
    uint8_t *to = image->pixels;
    for (uint32_t y = 0; y < image->height; y++, reader->at += row_bytes) {
        for (uint32_t x = 0; x < image->width; x++, to += 4) {
            bool black = reader->at[x / 8] >> (7 - x % 8) & 1;
            to[0] = to[1] = to[2] = black ? 0 : 255;
            to[3] = 255;
        }
    }
    return true;
}

static bool read_samples(pnm_reader *reader, bool plain, uint32_t most, bool bitmap, int channels, bd_image *image) {
    size_t count = (size_t)image->width * image->height;
    uint8_t *to = image->pixels;
    for (; count; count--, to += 4) {
        for (int c = 0; c < channels; c++) {
            int32_t sample = read_sample(reader, plain, bitmap, most);
            if (sample < 0) {
                return false;
            }
            to[c] = (uint8_t)(bitmap ? 255 - sample : sample);
        }
        if (channels == 1) {
            to[1] = to[2] = to[0];
        }
        to[3] = 255;
    }
    return true;
}

bd_result bd_pnm_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    pnm_reader reader = {source->data + 2, source->data + source->bytes};
    int kind = source->data[1] - '0';
    bool bitmap = kind == 1 || kind == 4;
    int32_t width = read_number(&reader);
    int32_t height = read_number(&reader);
    int32_t most = bitmap ? 1 : read_number(&reader);
    if (width < 0 || height < 0 || most < 1 || most > 65535 || reader.at == reader.end || !is_space(*reader.at)) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: PNM: broken header", source->name);
    }
    reader.at++; /* the one white space before raw samples */
    bd_result result = bd_image_check_size(source, width, height, error);
    if (result) {
        return result;
    }
    bd_image picture;
    result = bd_image_create(source->allocator, source->name, (uint32_t)width, (uint32_t)height, BD_FORMAT_RGBA8,
                             &picture, error);
    if (result) {
        return result;
    }
    bool plain = kind <= 3;
    bool whole = kind == 4 ? read_bits(&reader, &picture)
                           : read_samples(&reader, plain, (uint32_t)most, bitmap, kind % 3 ? 1 : 3, &picture);
    if (!whole) {
        bd_image_finish(&picture);
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: PNM: the file is truncated or broken", source->name);
    }
    *image = picture;
    return BD_OK;
}
