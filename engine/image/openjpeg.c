/* SPDX-License-Identifier: MIT
 * JPEG 2000 in, by OpenJPEG, which allocates by itself, past the caller's hooks. */
#include "image/openjpeg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <openjpeg.h>

#include "image/color.h"
#include "image/metadata.h"
#include "image/openjpeg_header.h"
#include "image/openjpeg_metadata.h"
#include "image/pixels.h"
#include "image/samples.h"

enum { COLORS_MAX = 4, CHANNELS_MAX = COLORS_MAX + 1 /* alpha */, BITS_MAX = 16 };

typedef struct jp2_reader {
    const bd_image_source *source;
    size_t at;
    bd_error *error;
    bd_result result;
    char said[160]; /* OpenJPEG's first complaint */
    opj_codec_t *codec;
    opj_stream_t *stream;
    opj_image_t *decoded;
    const opj_image_comp_t *channels[CHANNELS_MAX]; /* of colours, then of alpha */
    uint32_t colors, count;
    bool alpha, premultiplied, luma; /* luma: with chroma, not RGB */
    uint32_t step_x, step_y;         /* of the reference grid from a pixel to the next */
    uint32_t left, top;              /* of the picture, in pixels */
    bd_color *inks;
    bd_image image;
} jp2_reader;

/* ---- what OpenJPEG asks for ---- */

static void keep_complaint(const char *text, void *user) {
    jp2_reader *reader = user;
    if (!reader->said[0]) {
        (void)snprintf(reader->said, sizeof reader->said, "%.*s", (int)strcspn(text, "\r\n"), text);
    }
}

static void ignore(const char *text, void *user) {
    (void)text;
    (void)user;
}

static OPJ_SIZE_T read_bytes(void *to, OPJ_SIZE_T bytes, void *user) {
    jp2_reader *reader = user;
    size_t count = BD_MIN((size_t)bytes, reader->source->bytes - reader->at);
    memcpy(to, reader->source->data + reader->at, count);
    reader->at += count;
    return count ? count : (OPJ_SIZE_T)-1;
}

static OPJ_OFF_T skip_bytes(OPJ_OFF_T bytes, void *user) {
    jp2_reader *reader = user;
    if (bytes < 0 || (uint64_t)bytes > reader->source->bytes - reader->at) {
        return -1;
    }
    reader->at += (size_t)bytes;
    return bytes;
}

static OPJ_BOOL seek_byte(OPJ_OFF_T at, void *user) {
    jp2_reader *reader = user;
    if (at < 0 || (uint64_t)at > reader->source->bytes) {
        return OPJ_FALSE;
    }
    reader->at = (size_t)at;
    return OPJ_TRUE;
}

static bool fail(jp2_reader *reader, bd_result result, const char *what) {
    reader->result = bd_fail(reader->error, result, "%s: JPEG 2000: %s", reader->source->name, what);
    return false;
}

static bool check(jp2_reader *reader, OPJ_BOOL done) {
    return done || fail(reader, BD_ERR_FILE_CORRUPT, reader->said[0] ? reader->said : "broken");
}

/* ---- headers ---- */

static bool open_file(jp2_reader *reader) {
    const bd_image_source *source = reader->source;
    const bool bare = source->data[0] == 0xff;
    opj_dparameters_t parameters;
    reader->result = bd_openjpeg_check(source, CHANNELS_MAX, reader->error);
    if (reader->result) {
        return false;
    }
    opj_set_default_decoder_parameters(&parameters);
    reader->codec = opj_create_decompress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
    reader->stream = opj_stream_create(OPJ_J2K_STREAM_CHUNK_SIZE, OPJ_TRUE);
    if (!reader->codec || !reader->stream) {
        return fail(reader, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    opj_set_error_handler(reader->codec, keep_complaint, reader);
    opj_set_warning_handler(reader->codec, ignore, NULL);
    opj_set_info_handler(reader->codec, ignore, NULL);
    opj_stream_set_user_data(reader->stream, reader, NULL);
    opj_stream_set_user_data_length(reader->stream, source->bytes);
    opj_stream_set_read_function(reader->stream, read_bytes);
    opj_stream_set_skip_function(reader->stream, skip_bytes);
    opj_stream_set_seek_function(reader->stream, seek_byte);
    return check(reader, opj_setup_decoder(reader->codec, &parameters)) &&
           check(reader, opj_decoder_set_strict_mode(reader->codec, OPJ_TRUE)) &&
           check(reader, opj_read_header(reader->stream, reader->codec, &reader->decoded));
}

static uint32_t divide_up(uint32_t value, uint32_t by) {
    return value / by + (value % by != 0);
}

/* The size of what the finest component shows. */
static bool check_size(jp2_reader *reader) {
    const opj_image_t *decoded = reader->decoded;
    if (!decoded->numcomps || decoded->x1 <= decoded->x0 || decoded->y1 <= decoded->y0) {
        return fail(reader, BD_ERR_FILE_CORRUPT, "broken header");
    }
    reader->step_x = reader->step_y = UINT32_MAX;
    for (uint32_t i = 0; i < decoded->numcomps; i++) {
        const opj_image_comp_t *component = &decoded->comps[i];
        if (!component->dx || !component->dy || !component->prec) {
            return fail(reader, BD_ERR_FILE_CORRUPT, "broken header");
        }
        reader->step_x = BD_MIN(reader->step_x, component->dx);
        reader->step_y = BD_MIN(reader->step_y, component->dy);
        if (component->prec > BITS_MAX) {
            return fail(reader, BD_ERR_UNSUPPORTED, "more than 16 bits cannot be read");
        }
    }
    reader->left = divide_up(decoded->x0, reader->step_x);
    reader->top = divide_up(decoded->y0, reader->step_y);
    reader->result = bd_image_check_size(reader->source, (int64_t)divide_up(decoded->x1, reader->step_x) - reader->left,
                                         (int64_t)divide_up(decoded->y1, reader->step_y) - reader->top, reader->error);
    if (reader->result) {
        return false;
    }
    /* Memory is taken for all of them. */
    return decoded->numcomps <= CHANNELS_MAX || fail(reader, BD_ERR_UNSUPPORTED, "too many components");
}

/* Which component is what is told by boxes, or follows from how many there are. */
static bool sort_channels(jp2_reader *reader) {
    const opj_image_t *decoded = reader->decoded;
    const bool inks = decoded->color_space == OPJ_CLRSPC_CMYK;
    const uint32_t count = decoded->numcomps;
    uint32_t alpha = count == (inks ? 5 : 4) || count == 2 ? count - 1 : UINT32_MAX;
    for (uint32_t i = count; i-- > 0;) {
        alpha = decoded->comps[i].alpha ? i : alpha;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i != alpha) {
            reader->channels[reader->colors++] = &decoded->comps[i];
        }
    }
    reader->count = reader->colors;
    reader->alpha = alpha != UINT32_MAX;
    if (reader->alpha) {
        reader->channels[reader->count++] = &decoded->comps[alpha];
        reader->premultiplied = decoded->comps[alpha].alpha == 2;
    }
    if (reader->colors != 1 && reader->colors != 3 && !(inks && reader->colors == 4)) {
        return fail(reader, BD_ERR_UNSUPPORTED, "not a picture of grey, RGB or CMYK");
    }
    const bool halved = reader->colors == 3 && reader->channels[0]->dx * reader->channels[0]->dy == 1 &&
                        reader->channels[1]->dx * reader->channels[1]->dy > 1;
    reader->luma =
        reader->colors == 3 && (decoded->color_space == OPJ_CLRSPC_SYCC || decoded->color_space == OPJ_CLRSPC_EYCC ||
                                (decoded->color_space != OPJ_CLRSPC_SRGB && halved));
    return true;
}

/* ---- pixels ---- */

/* A component's number at a pixel, 0..most. Coarser ones cover several pixels. */
static uint32_t sample_at(const jp2_reader *reader, const opj_image_comp_t *component, uint32_t x, uint32_t y) {
    const uint64_t grid_x = ((uint64_t)reader->left + x) * reader->step_x;
    const uint64_t grid_y = ((uint64_t)reader->top + y) * reader->step_y;
    const uint64_t left = divide_up(reader->decoded->x0, component->dx);
    const uint64_t top = divide_up(reader->decoded->y0, component->dy);
    uint64_t column = BD_MAX(grid_x / component->dx, left) - left, row = BD_MAX(grid_y / component->dy, top) - top;
    column = BD_MIN(column, (uint64_t)component->w - 1);
    row = BD_MIN(row, (uint64_t)component->h - 1);
    const int64_t most = ((int64_t)1 << component->prec) - 1;
    int64_t value = component->data[row * component->w + column];
    value += component->sgnd ? (most + 1) / 2 : 0;
    return (uint32_t)(value < 0 ? 0 : BD_MIN(value, most));
}

static uint32_t to_number(double value, uint32_t most) {
    return value <= 0.0 ? 0 : value >= 1.0 ? most : (uint32_t)lrint(value * most);
}

/* sYCC (IEC 61966-2-1, amendment 1): full range, BT.601's weights. Numbers of one depth. */
static void luma_to_rgb(const jp2_reader *reader, const uint32_t *values, uint32_t to_most, uint32_t *rgb) {
    double part[3];
    for (int c = 0; c < 3; c++) {
        const uint32_t most = (1u << reader->channels[c]->prec) - 1;
        part[c] = ((double)values[c] - (c ? (most + 1) / 2 : 0)) / most;
    }
    rgb[0] = to_number(part[0] + 1.402 * part[2], to_most);
    rgb[1] = to_number(part[0] - 0.344136 * part[1] - 0.714136 * part[2], to_most);
    rgb[2] = to_number(part[0] + 1.772 * part[1], to_most);
}

static void read_pixel(const jp2_reader *reader, uint32_t x, uint32_t y, uint32_t to_most, uint32_t rgba[4]) {
    uint32_t values[CHANNELS_MAX] = {0};
    for (uint32_t c = 0; c < reader->count; c++) {
        const opj_image_comp_t *component = reader->channels[c];
        values[c] = sample_at(reader, component, x, y);
        if (!reader->luma || c >= reader->colors) {
            values[c] = bd_sample_scale(values[c], (1u << component->prec) - 1, to_most);
        }
    }
    if (reader->luma) {
        luma_to_rgb(reader, values, to_most, rgba);
    }
    for (uint32_t c = 0; c < 3 && !reader->luma; c++) {
        rgba[c] = values[reader->colors == 1 ? 0 : c];
    }
    const uint32_t alpha = reader->alpha ? values[reader->colors] : to_most;
    for (uint32_t c = 0; c < 3 && reader->premultiplied; c++) {
        rgba[c] = alpha ? bd_sample_scale(rgba[c], alpha, to_most) : 0;
    }
    rgba[3] = alpha;
    if (reader->colors == 4) { /* Adobe's inks are counted from the other end */
        for (int c = 0; c < 4; c++) {
            rgba[c] = to_most - values[c];
        }
    }
}

static bool has_data(const jp2_reader *reader) {
    for (uint32_t c = 0; c < reader->count; c++) {
        const opj_image_comp_t *component = reader->channels[c];
        if (!component->data || !component->w || !component->h) {
            return false;
        }
    }
    return true;
}

static bool is_deep(const jp2_reader *reader) {
    bool deep = false;
    for (uint32_t c = 0; c < reader->count; c++) {
        deep |= reader->channels[c]->prec > 8;
    }
    return deep && bd_wants_deep(reader->source);
}

static bool read_profile(jp2_reader *reader) {
    const bd_image_source *source = reader->source;
    const opj_image_t *decoded = reader->decoded;
    const bool deep = reader->image.format == BD_FORMAT_RGBA16;
    /* Without a length it is something else that OpenJPEG keeps there. */
    if (!decoded->icc_profile_buf || !decoded->icc_profile_len || source->gray16 || reader->luma) {
        return true;
    }
    reader->result = reader->colors == 4
                         ? bd_color_create_cmyk(source, decoded->icc_profile_buf, decoded->icc_profile_len, deep,
                                                &reader->inks, reader->error)
                         : bd_image_take_profile(source, decoded->icc_profile_buf, decoded->icc_profile_len,
                                                 reader->colors == 1, &reader->image, reader->error);
    return !reader->result;
}

static bool store(jp2_reader *reader) {
    const bd_image_source *source = reader->source;
    const opj_image_t *decoded = reader->decoded;
    const bool deep = is_deep(reader);
    if (!has_data(reader)) {
        return check(reader, OPJ_FALSE);
    }
    reader->result =
        bd_image_create(source->allocator, source->name, divide_up(decoded->x1, reader->step_x) - reader->left,
                        divide_up(decoded->y1, reader->step_y) - reader->top, deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8,
                        &reader->image, reader->error);
    if (reader->result || !read_profile(reader)) {
        return false;
    }
    for (uint32_t y = 0; y < reader->image.height; y++) {
        uint8_t *row = reader->image.pixels + y * reader->image.stride_bytes;
        for (uint32_t x = 0; x < reader->image.width; x++) {
            uint32_t rgba[4];
            read_pixel(reader, x, y, deep ? 65535 : 255, rgba);
            bd_pixel_store(row, x, deep, rgba);
        }
        if (reader->colors == 4) {
            bd_color_inks(reader->inks, deep, row, reader->image.width);
        }
    }
    if (reader->alpha && reader->colors != 4) {
        bd_image_find_alpha(&reader->image);
    }
    return true;
}

static bool read_file(jp2_reader *reader) {
    return open_file(reader) && check_size(reader) &&
           check(reader, opj_decode(reader->codec, reader->stream, reader->decoded)) &&
           check(reader, opj_end_decompress(reader->codec, reader->stream)) && check_size(reader) &&
           sort_channels(reader) && store(reader);
}

bd_result bd_openjpeg_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    jp2_reader reader = {.source = source, .error = error};
    bool read = read_file(&reader);
    if (reader.decoded) {
        opj_image_destroy(reader.decoded);
    }
    if (reader.codec) {
        opj_destroy_codec(reader.codec);
    }
    if (reader.stream) {
        opj_stream_destroy(reader.stream);
    }
    if (read) {
        reader.result = bd_openjpeg_read_metadata(source, error);
    }
    if (reader.inks) {
        bd_metadata_set_srgb(source);
        bd_color_destroy(reader.inks);
    }
    if (reader.result) {
        bd_image_finish(&reader.image);
        return reader.result;
    }
    *image = reader.image;
    return BD_OK;
}
