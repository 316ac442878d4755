/* SPDX-License-Identifier: MIT */
#include "image/heif_streams.h"

/* Past the end bits are 0. */
typedef struct bits {
    bd_cursor from;
    bool escaped; /* a 3 behind two zeros is no data (H.265, 7.4.1) */
    int zeros, left;
    uint32_t byte;
} bits;

static uint32_t take(bits *b, int count) {
    uint32_t value = 0;
    for (; count > 0; count--) {
        if (!b->left) {
            b->byte = (uint32_t)bd_cursor_number(&b->from, 1);
            if (b->escaped && b->zeros >= 2 && b->byte == 3) {
                b->byte = (uint32_t)bd_cursor_number(&b->from, 1);
                b->zeros = 0;
            }
            b->zeros = b->byte ? 0 : b->zeros + 1;
            b->left = 8;
        }
        value = value << 1 | (b->byte >> --b->left & 1);
    }
    return value;
}

/* Exp-Golomb: ue(v) of H.265, and uvlc() of AV1. */
static uint32_t take_unsigned(bits *b) {
    int zeros = 0;
    while (zeros < 32 && !b->from.ended && !take(b, 1)) {
        zeros++;
    }
    return zeros >= 32 ? UINT32_MAX : (1u << zeros) - 1 + take(b, zeros);
}

static void grow(bd_stream_size *size, uint32_t width, uint32_t height) {
    size->width = BD_MAX(size->width, width);
    size->height = BD_MAX(size->height, height);
}

/* ---- H.265 ---- */

/* 7.3.2.2, as far as the size. */
static void read_parameters(bd_cursor unit, bd_stream_size *size) {
    enum { SUBLAYERS_MOST = 7, PROFILE_BITS = 88, LEVEL_BITS = 8, CHROMA_444 = 3 };
    bits b = {.from = unit, .escaped = true};
    uint32_t present[SUBLAYERS_MOST];
    (void)take(&b, 4);
    const uint32_t sublayers = take(&b, 3);
    (void)take(&b, 1);
    (void)take(&b, PROFILE_BITS + LEVEL_BITS);
    for (uint32_t i = 0; i < sublayers; i++) {
        present[i] = take(&b, 2);
    }
    for (uint32_t i = sublayers; sublayers && i < 8; i++) {
        (void)take(&b, 2);
    }
    for (uint32_t i = 0; i < sublayers; i++) {
        (void)take(&b, (present[i] & 2 ? PROFILE_BITS : 0) + (present[i] & 1 ? LEVEL_BITS : 0));
    }
    (void)take_unsigned(&b);
    if (take_unsigned(&b) == CHROMA_444) {
        (void)take(&b, 1);
    }
    const uint32_t width = take_unsigned(&b);
    grow(size, width, take_unsigned(&b));
}

static void read_unit(bd_cursor unit, bd_stream_size *size) {
    enum { SLICES = 32 /* types below are of slices */, PARAMETERS = 33 };
    const uint32_t type = (uint32_t)bd_cursor_number(&unit, 2) >> 9 & 0x3f;
    if (type == PARAMETERS) {
        read_parameters(unit, size);
    } else if (type < SLICES && unit.bytes) {
        size->frames += unit.data[0] >> 7; /* the first slice of a picture */
    }
}

void bd_hevc_units_size(bd_cursor units, bd_stream_size *size) {
    while (units.bytes) {
        read_unit(bd_cursor_part(&units, bd_cursor_number(&units, 4)), size);
    }
}

void bd_hevc_config_size(bd_cursor config, bd_stream_size *size) {
    enum { BEFORE_ARRAYS = 22 };
    (void)bd_cursor_part(&config, BEFORE_ARRAYS);
    for (uint64_t arrays = bd_cursor_number(&config, 1); arrays && config.bytes; arrays--) {
        (void)bd_cursor_number(&config, 1);
        for (uint64_t units = bd_cursor_number(&config, 2); units && config.bytes; units--) {
            read_unit(bd_cursor_part(&config, bd_cursor_number(&config, 2)), size);
        }
    }
}

/* ---- AV1 ---- */

/* 5.5.1 as far as the operating points; the number of bits of a buffer's delay. */
static void read_points(bits *b) {
    uint32_t delay_bits = 0, decoder_model = 0;
    if (take(b, 1)) { /* timing */
        (void)take(b, 64);
        if (take(b, 1)) {
            (void)take_unsigned(b);
        }
        decoder_model = take(b, 1);
        if (decoder_model) {
            delay_bits = take(b, 5) + 1;
            (void)take(b, 32 + 5 + 5);
        }
    }
    const uint32_t display_delay = take(b, 1);
    for (uint32_t points = take(b, 5) + 1; points; points--) {
        (void)take(b, 12);
        if (take(b, 5) > 7) {
            (void)take(b, 1);
        }
        if (decoder_model && take(b, 1)) {
            (void)take(b, (int)(2 * delay_bits + 1));
        }
        if (display_delay && take(b, 1)) {
            (void)take(b, 4);
        }
    }
}

static void read_sequence(bd_cursor unit, bd_stream_size *size) {
    bits b = {.from = unit};
    (void)take(&b, 3 + 1);
    if (take(&b, 1)) { /* of a still picture */
        (void)take(&b, 5);
    } else {
        read_points(&b);
    }
    const int width_bits = (int)take(&b, 4) + 1, height_bits = (int)take(&b, 4) + 1;
    const uint32_t width = take(&b, width_bits) + 1;
    grow(size, width, take(&b, height_bits) + 1);
}

/* 4.10.5 */
static uint64_t take_length(bd_cursor *from) {
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        const uint64_t byte = bd_cursor_number(from, 1);
        value |= (byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) {
            break;
        }
    }
    return value;
}

void bd_av1_units_size(bd_cursor units, bd_stream_size *size) {
    enum { SEQUENCE = 1, FRAME_HEADER = 3, FRAME = 6 };
    while (units.bytes) {
        const uint64_t header = bd_cursor_number(&units, 1), type = header >> 3 & 0xf;
        if (header & 4) {
            (void)bd_cursor_number(&units, 1);
        }
        const bd_cursor unit = bd_cursor_part(&units, header & 2 ? take_length(&units) : units.bytes);
        if (type == SEQUENCE) {
            read_sequence(unit, size);
        }
        size->frames += type == FRAME_HEADER || type == FRAME;
    }
}
