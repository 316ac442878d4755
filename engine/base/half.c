/* SPDX-License-Identifier: MIT */
#include "base/half.h"

#include <string.h>

float bd_half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 0x1fu;
    uint32_t mantissa = half & 0x3ffu;
    uint32_t bits;
    if (exponent == 0x1f) {
        bits = sign | 0x7f800000u | (mantissa << 13);
    } else if (exponent) {
        bits = sign | ((exponent + 112) << 23) | (mantissa << 13);
    } else if (mantissa) {
        uint32_t shift = 0;
        while (!(mantissa & 0x400u)) {
            mantissa <<= 1;
            shift++;
        }
        bits = sign | ((113 - shift) << 23) | ((mantissa & 0x3ffu) << 13);
    } else {
        bits = sign;
    }
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t bd_half_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000u;
    uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude >= 0x7f800000u) {
        return (uint16_t)(sign | 0x7c00u | (magnitude > 0x7f800000u ? 0x200u : 0));
    }
    if (magnitude >= 0x477ff000u) { /* 65520 rounds to 65536 */
        return (uint16_t)(sign | 0x7c00u);
    }
    uint32_t shift = 13;
    uint32_t half = 0;
    if (magnitude < 0x38800000u) { /* below 2^-14: no implicit one */
        uint32_t exponent = magnitude >> 23;
        if (exponent < 102) {
            return (uint16_t)sign;
        }
        shift = 126 - exponent;
        magnitude = (magnitude & 0x7fffffu) | 0x800000u;
        half = magnitude >> shift;
    } else {
        half = (magnitude >> shift) - (112u << 10);
    }
    uint32_t rest = magnitude & ((1u << shift) - 1);
    uint32_t tie = 1u << (shift - 1);
    half += rest > tie || (rest == tie && (half & 1u)); /* a carry into the exponent is right */
    return (uint16_t)(sign | half);
}
