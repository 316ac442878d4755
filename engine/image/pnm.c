/* SPDX-License-Identifier: MIT
 * Netpbm pictures in: PBM, PGM and PPM, plain and raw, and PAM, up to 16 bits. stb_image 2.27 reads past the end of its
 * buffer on 16-bit ones. */
#include "image/pnm.h"

#include <string.h>

#include "image/pixels.h"
#include "image/samples.h"

typedef struct pnm_reader {
    const uint8_t *at, *end;
    int32_t width, height, most;
    int32_t channels; /* 1 or 3, one more with alpha */
    bool plain, bitmap;
} pnm_reader;

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_line(pnm_reader *reader) {
    while (reader->at < reader->end && *reader->at != '\n' && *reader->at != '\r') {
        reader->at++;
    }
}

static void skip_space(pnm_reader *reader) {
    while (reader->at < reader->end && (is_space(*reader->at) || *reader->at == '#')) {
        if (*reader->at++ == '#') {
            skip_line(reader);
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

/* ---- headers ---- */

static bool read_header(pnm_reader *reader, int kind) {
    reader->bitmap = kind == 1 || kind == 4;
    reader->plain = kind <= 3;
    reader->channels = kind % 3 ? 1 : 3;
    reader->width = read_number(reader);
    reader->height = read_number(reader);
    reader->most = reader->bitmap ? 1 : read_number(reader);
    bool ended = reader->at < reader->end && is_space(*reader->at);
    reader->at += ended; /* the one white space before raw samples */
    return ended;
}

/* Does a line's word come next? Steps over it. */
static bool take_word(pnm_reader *reader, const char *word) {
    size_t length = strlen(word);
    bool is = (size_t)(reader->end - reader->at) > length && !memcmp(reader->at, word, length) &&
              is_space(reader->at[length]);
    reader->at += is ? length : 0;
    return is;
}

/* Lines in any order (netpbm, pam(5)). What a tuple is follows from how many channels it has: TUPLTYPE says no more. */
static bool read_pam_header(pnm_reader *reader) {
    reader->width = reader->height = reader->most = reader->channels = -1;
    for (;;) {
        skip_space(reader);
        if (take_word(reader, "ENDHDR")) {
            skip_line(reader);
            bool ended = reader->at < reader->end;
            reader->at += ended;
            return ended;
        }
        int32_t *number = take_word(reader, "WIDTH")    ? &reader->width
                          : take_word(reader, "HEIGHT") ? &reader->height
                          : take_word(reader, "DEPTH")  ? &reader->channels
                          : take_word(reader, "MAXVAL") ? &reader->most
                                                        : NULL;
        if (number) {
            *number = read_number(reader);
        } else if (!take_word(reader, "TUPLTYPE")) {
            return false;
        }
        skip_line(reader);
    }
}

/* ---- samples ---- */

/* The next sample, or -1 at the end of the file. */
static int32_t read_sample(pnm_reader *reader) {
    if (reader->plain) {
        return reader->bitmap ? read_digit(reader) : read_number(reader);
    }
    ptrdiff_t bytes = reader->most > 255 ? 2 : 1;
    if (reader->end - reader->at < bytes) {
        return -1;
    }
    int32_t value = bytes == 2 ? reader->at[0] << 8 | reader->at[1] : reader->at[0];
    reader->at += bytes;
    return value;
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

static bool read_samples(pnm_reader *reader, bd_image *image) {
    const size_t count = (size_t)image->width * image->height;
    const bool deep = image->format == BD_FORMAT_RGBA16;
    const uint32_t most = (uint32_t)reader->most, to_most = deep ? 65535 : 255;
    const bool gray = reader->channels < 3, alpha = reader->channels % 2 == 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t values[4], rgba[4];
        for (int c = 0; c < reader->channels; c++) {
            int32_t sample = read_sample(reader);
            if (sample < 0) {
                return false;
            }
            uint32_t value = bd_sample_scale((uint32_t)sample, most, to_most);
            values[c] = reader->bitmap ? to_most - value : value;
        }
        for (int c = 0; c < 3; c++) {
            rgba[c] = values[gray ? 0 : c];
        }
        rgba[3] = alpha ? values[reader->channels - 1] : to_most;
        bd_pixel_store(image->pixels, i, deep, rgba);
    }
    return true;
}

bd_result bd_pnm_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    enum { PAM = 7 };
    pnm_reader reader = {.at = source->data + 2, .end = source->data + source->bytes};
    const int kind = source->data[1] - '0';
    bool headed = kind == PAM ? read_pam_header(&reader) : read_header(&reader, kind);
    if (!headed || reader.width < 0 || reader.height < 0 || reader.most < 1 || reader.most > 65535 ||
        reader.channels < 1) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: PNM: broken header", source->name);
    }
    if (reader.channels > 4) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: PAM: %d channels cannot be read", source->name,
                       (int)reader.channels);
    }
    bd_result result = bd_image_check_size(source, reader.width, reader.height, error);
    if (result) {
        return result;
    }
    bool deep = reader.most > 255 && bd_wants_deep(source);
    bd_image picture;
    result = bd_image_create(source->allocator, source->name, (uint32_t)reader.width, (uint32_t)reader.height,
                             deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8, &picture, error);
    if (result) {
        return result;
    }
    if (!(kind == 4 ? read_bits(&reader, &picture) : read_samples(&reader, &picture))) {
        bd_image_finish(&picture);
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: PNM: the file is truncated or broken", source->name);
    }
    if (reader.channels % 2 == 0) {
        bd_image_find_alpha(&picture);
    }
    *image = picture;
    return BD_OK;
}
