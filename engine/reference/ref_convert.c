/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/half.h"
#include "push/picture_convert.h"
#include "reference/ref_convert.h"
#include "reference/ref_light.h"

static double whole_of(uint32_t form) {
    return form >= BD_FORM_RGBA16 ? 65535.0 : 255.0;
}

static double clamped(double value) {
    return value > 0 ? fmin(value, 1.0) : 0.0;
}

static uint32_t channel_of(uint32_t form, uint32_t c) {
    return form == BD_FORM_BGRA8 && c < 3 ? 2 - c : c;
}

static uint32_t number_at(const void *src, uint32_t form, size_t i) {
    uint16_t word;
    memcpy(&word, (const char *)src + 2 * i * (form >= BD_FORM_RGBA16), sizeof word);
    return form >= BD_FORM_RGBA16 ? word : ((const uint8_t *)src)[i];
}

/* Integers stay in the numbers of their own depth until they change it. */
static void convert(const void *src, uint32_t from, bool from_premultiplied, void *dst, uint32_t to,
                    bool to_premultiplied, size_t at) {
    double v[4];
    for (uint32_t c = 0; c < 4; c++) {
        uint32_t number = number_at(src, from, 4 * at + channel_of(from, c));
        v[c] = from == BD_FORM_RGBA16F ? (double)bd_half_to_float((uint16_t)number) : number;
    }
    double whole = whole_of(from);
    if (from == BD_FORM_RGBA16F) {
        v[3] = clamped(v[3]);
        whole = whole_of(to);
        for (int c = 0; c < 3; c++) {
            double light = from_premultiplied ? (v[3] > 0 ? v[c] / v[3] : 0.0) : v[c];
            v[c] = floor(bd_ref_to_srgb(clamped(light)) * whole + 0.5);
        }
        v[3] = floor(v[3] * whole + 0.5);
    } else if (from_premultiplied) {
        for (int c = 0; c < 3; c++) {
            v[c] = v[3] > 0 ? floor((fmin(v[c], v[3]) * whole + floor(v[3] / 2)) / v[3]) : 0.0;
        }
    }
    for (uint32_t c = 0; c < 4 && to != BD_FORM_RGBA16F; c++) {
        v[c] = floor(v[c] * whole_of(to) / whole + 0.5);
    }
    for (uint32_t c = 0; c < 4; c++) {
        double value = v[c];
        size_t i = 4 * at + channel_of(to, c);
        if (to == BD_FORM_RGBA16F) {
            value = c < 3 ? bd_ref_to_light(value / whole) * (to_premultiplied ? v[3] / whole : 1.0) : value / whole;
            ((uint16_t *)dst)[i] = bd_half_from_float((float)value);
            continue;
        }
        if (to_premultiplied && c < 3) {
            value = floor(value * v[3] / whole_of(to) + 0.5);
        }
        bd_ref_set_number(dst, to == BD_FORM_RGBA16, i, (uint32_t)value);
    }
}

void bd_ref_convert(const void *src, uint32_t from, bool from_premultiplied, void *dst, uint32_t to,
                    bool to_premultiplied, size_t pixels) {
    for (size_t i = 0; i < pixels; i++) {
        convert(src, from, from_premultiplied, dst, to, to_premultiplied, i);
    }
}
