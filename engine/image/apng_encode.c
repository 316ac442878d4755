/* SPDX-License-Identifier: MIT
 * Animated PNG out (PNG 3rd edition, 11.3.6): libpng writes each frame as a file of its own, whose data is taken. The
 * first is whole, of the others only the rectangle that differs from the frame before, which it replaces. */
#include "image/apng_encode.h"

#include <string.h>

#include <zlib.h>

#include "image/canvas.h"
#include "image/png_encode.h"

enum { SIGNATURE = 8, CHUNK = 12, PIXEL = 4 };

typedef struct apng_writer {
    bd_encoder *to;
    uint8_t *before;  /* the frame before, without gaps; NULL: this is the first */
    size_t counts_at; /* of the chunk that says how many frames there are */
    uint32_t play_count, frames, sequence;
} apng_writer;

static void put_big_endian(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static uint32_t big_endian(const uint8_t *from) {
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static bd_result no_memory(const apng_writer *writer) {
    return bd_fail(writer->to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", writer->to->name);
}

/* A chunk whose data are `more` after `start`. */
static bd_result put_chunk(const apng_writer *writer, const char *type, const void *start, size_t start_bytes,
                           const void *more, size_t more_bytes) {
    bd_encoder *to = writer->to;
    const size_t at = to->used;
    uint8_t head[8], sum[4];
    put_big_endian(head, (uint32_t)(start_bytes + more_bytes));
    memcpy(head + 4, type, 4);
    bool put = bd_encoder_put(to, head, sizeof head) && bd_encoder_put(to, start, start_bytes) &&
               (!more_bytes || bd_encoder_put(to, more, more_bytes));
    if (!put) {
        return no_memory(writer);
    }
    put_big_endian(sum, (uint32_t)crc32_z(crc32(0, Z_NULL, 0), to->data + at + 4, to->used - at - 4));
    return bd_encoder_put(to, sum, sizeof sum) ? BD_OK : no_memory(writer);
}

static bd_result put_counts(const apng_writer *writer) {
    uint8_t counts[8];
    put_big_endian(counts, writer->frames);
    put_big_endian(counts + 4, writer->play_count);
    return put_chunk(writer, "acTL", counts, sizeof counts, NULL, 0);
}

/* Two 16-bit numbers: exactly where the fraction is of such, else in thousandths. */
static void put_delay(uint8_t *to, bd_delay delay) {
    uint64_t numerator = delay.numerator, denominator = delay.denominator;
    if (numerator > UINT16_MAX || denominator > UINT16_MAX) {
        numerator = (numerator * 1000 + denominator / 2) / denominator;
        denominator = 1000;
        numerator = BD_MIN(numerator, (uint64_t)UINT16_MAX);
    }
    to[0] = (uint8_t)(numerator >> 8);
    to[1] = (uint8_t)numerator;
    to[2] = (uint8_t)(denominator >> 8);
    to[3] = (uint8_t)denominator;
}

static bd_result put_control(apng_writer *writer, const bd_rectangle *place, bd_delay delay) {
    enum { KEEP = 0, REPLACE = 0 };
    uint8_t control[26];
    put_big_endian(control, writer->sequence++);
    put_big_endian(control + 4, place->width);
    put_big_endian(control + 8, place->height);
    put_big_endian(control + 12, place->x);
    put_big_endian(control + 16, place->y);
    put_delay(control + 20, delay);
    control[24] = KEEP;
    control[25] = REPLACE;
    return put_chunk(writer, "fcTL", control, sizeof control, NULL, 0);
}

/* The smallest rectangle that holds all that changed; of frames that are alike one pixel. */
static bd_rectangle find_change(const apng_writer *writer, const bd_image *frame) {
    const size_t row_bytes = (size_t)frame->width * PIXEL;
    uint32_t top = frame->height, bottom = 0, left = frame->width, right = 0;
    for (uint32_t y = 0; y < frame->height; y++) {
        const uint8_t *was = writer->before + y * row_bytes, *is = frame->pixels + y * row_bytes;
        if (!memcmp(was, is, row_bytes)) {
            continue;
        }
        uint32_t first = 0, last = frame->width - 1;
        while (!memcmp(was + (size_t)first * PIXEL, is + (size_t)first * PIXEL, PIXEL)) {
            first++;
        }
        while (!memcmp(was + (size_t)last * PIXEL, is + (size_t)last * PIXEL, PIXEL)) {
            last--;
        }
        top = BD_MIN(top, y);
        bottom = y + 1;
        left = BD_MIN(left, first);
        right = BD_MAX(right, last + 1);
    }
    return bottom ? (bd_rectangle){left, top, right - left, bottom - top} : (bd_rectangle){0, 0, 1, 1};
}

/* Chunks of a file of libpng's: of the first all, with what makes it an animation, then only pixels. */
static bd_result take_chunks(apng_writer *writer, const bd_encoder *file, const bd_rectangle *place, bd_delay delay) {
    const bool first = !writer->before;
    bool controlled = false;
    bd_result result = BD_OK;
    for (size_t at = SIGNATURE; at + CHUNK <= file->used && !result;) {
        const uint8_t *type = file->data + at + 4, *data = type + 4;
        const uint32_t bytes = big_endian(file->data + at);
        const bool pixels = !memcmp(type, "IDAT", 4), end = !memcmp(type, "IEND", 4);
        if (pixels && !controlled) {
            writer->counts_at = first ? writer->to->used : writer->counts_at;
            result = first ? put_counts(writer) : BD_OK;
            result = result ? result : put_control(writer, place, delay);
            controlled = true;
        }
        if (!result && pixels && !first) {
            uint8_t number[4];
            put_big_endian(number, writer->sequence++);
            result = put_chunk(writer, "fdAT", number, sizeof number, data, bytes);
        } else if (!result && first && !end) {
            result = bd_encoder_put(writer->to, file->data + at, CHUNK + (size_t)bytes) ? BD_OK : no_memory(writer);
        }
        at += CHUNK + (size_t)bytes;
    }
    return result;
}

static bd_result begin(bd_encoder *to, uint32_t play_count, void **state) {
    apng_writer *writer = bd_alloc_zero(to->params.allocator, sizeof *writer);
    *state = writer;
    if (!writer) {
        return bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
    }
    writer->to = to;
    writer->play_count = play_count;
    return bd_encoder_put(to, "\x89PNG\r\n\x1a\n", SIGNATURE) ? BD_OK : no_memory(writer);
}

static bd_result add(void *state, const bd_image *frame, bd_delay delay) {
    apng_writer *writer = state;
    const size_t bytes = (size_t)frame->width * frame->height * PIXEL;
    const bd_rectangle place =
        writer->before ? find_change(writer, frame) : (bd_rectangle){0, 0, frame->width, frame->height};
    bd_image part = *frame;
    part.pixels += ((size_t)place.y * frame->width + place.x) * PIXEL;
    part.width = place.width;
    part.height = place.height;
    part.has_alpha = true; /* frames are of one kind, and a later one may need it */
    bd_encoder file = *writer->to;
    file.image = &part;
    file.data = NULL;
    file.used = file.room = 0;
    if (writer->before) {
        file.metadata = (bd_metadata){0};
    }
    bd_png_encode(&file);
    writer->to->dropped |= file.dropped;
    bd_result result = file.result ? file.result : take_chunks(writer, &file, &place, delay);
    bd_free(writer->to->params.allocator, file.data);
    if (!result && !writer->before) {
        writer->before = bd_alloc(writer->to->params.allocator, bytes);
        result = writer->before ? BD_OK : no_memory(writer);
    }
    if (!result) {
        memcpy(writer->before, frame->pixels, bytes);
        writer->frames++;
    }
    return result;
}

static bd_result end(void *state) {
    apng_writer *writer = state;
    bd_encoder *to = writer->to;
    const size_t used = to->used;
    to->used = writer->counts_at; /* now that they are known */
    bd_result result = put_counts(writer);
    to->used = used;
    return result ? result : put_chunk(writer, "IEND", "", 0, NULL, 0);
}

static void close_writer(void *state) {
    apng_writer *writer = state;
    if (writer) {
        bd_free(writer->to->params.allocator, writer->before);
        bd_free(writer->to->params.allocator, writer);
    }
}

const bd_frames_writer bd_apng_writer = {begin, add, end, close_writer};
