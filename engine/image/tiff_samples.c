/* SPDX-License-Identifier: MIT */
#include "image/tiff_samples.h"

#include <math.h>
#include <string.h>

bool bd_tiff_can_read(bd_tiff_numbers numbers, unsigned bits) {
    switch (numbers) {
    case BD_TIFF_FLOATS: return bits == 16 || bits == 32 || bits == 64;
    case BD_TIFF_INDICES: return bits >= 1 && bits <= 8;
    case BD_TIFF_COUNTS: break;
    }
    return (bits >= 1 && bits <= 16) || bits == 32;
}

static double read_float(const uint8_t *from, unsigned bits) {
    uint16_t half;
    float single;
    double whole;
    switch (bits) {
    case 16: memcpy(&half, from, sizeof half); return bd_half_to_float(half);
    case 32: memcpy(&single, from, sizeof single); return single;
    default: memcpy(&whole, from, sizeof whole); return whole;
    }
}

static void read_floats(const uint8_t *from, unsigned bits, bool deep, size_t count, uint16_t *to) {
    const double most = deep ? 65535.0 : 255.0;
    for (size_t i = 0; i < count; i++) {
        double value = read_float(from + i * (bits / 8), bits);
        to[i] = value >= 1.0 ? (uint16_t)most : value > 0.0 ? (uint16_t)lround(value * most) : 0;
    }
}

/* A number to the nearest of another range. */
static inline uint16_t scaled(uint64_t number, uint64_t most, uint64_t new_most) {
    return (uint16_t)((number * new_most + most / 2) / most);
}

/* Samples follow each other from the highest bit of a byte on. */
static void read_bits(const uint8_t *from, unsigned bits, bool scale, bool deep, size_t count, uint16_t *to) {
    const uint32_t most = (1u << bits) - 1, new_most = scale ? deep ? 65535 : 255 : most;
    uint32_t word = 0;
    unsigned held = 0;
    for (size_t i = 0; i < count; i++) {
        for (; held < bits; held += 8) {
            word = word << 8 | *from++;
        }
        held -= bits;
        to[i] = scaled(word >> held & most, most, new_most);
    }
}

void bd_tiff_read_samples(const uint8_t *from, bd_tiff_numbers numbers, unsigned bits, bool deep, size_t count,
                          uint16_t *to) {
    if (numbers == BD_TIFF_FLOATS) {
        read_floats(from, bits, deep, count, to);
    } else if (bits == 8 && (!deep || numbers == BD_TIFF_INDICES)) {
        for (size_t i = 0; i < count; i++) {
            to[i] = from[i];
        }
    } else if (bits == 16) {
        memcpy(to, from, count * 2);
        for (size_t i = 0; i < count && !deep; i++) {
            to[i] = scaled(to[i], 65535, 255);
        }
    } else if (bits == 32) {
        for (size_t i = 0; i < count; i++) {
            uint32_t number;
            memcpy(&number, from + i * sizeof number, sizeof number);
            to[i] = scaled(number, UINT32_MAX, deep ? 65535 : 255);
        }
    } else {
        read_bits(from, bits, numbers != BD_TIFF_INDICES, deep, count, to);
    }
}
