// SPDX-License-Identifier: MIT
// Integers to another scale (graph/graph.h, bd_rounding), four at a time. The reference rounds twice, in 64 bits:
//   a = floor((x * 2^left * multiplier + 2^30) / 2^31), then a / 2^right, halves up or away from zero.
// Here x comes shifted left by bits + 1, so that the upper word of the product is h = floor(x * multiplier / 2^(31 - bits)).
// What is below it cannot carry into what is rounded, hence
//   up    floor(a / 2^right + 1/2) = (h + addend) >> shift,  shift = bits - left + right,
//         addend = 2^(bits - left - 1), the first half, + 2^(shift - 1), the second, where right > 0
//   away  the same, and one of a less where a is negative: then halves go down.
#ifndef BD_REQUANTISE_GLSL
#define BD_REQUANTISE_GLSL

struct bd_scale {
    ivec4 multiplier, addend, shift;
};

ivec4 bd_requantise(ivec4 x, bd_scale by, int bits, bool away) {
    ivec4 high, low;
    imulExtended(x, by.multiplier, high, low);
    ivec4 sum = high + by.addend;
    if (away) {
        // left is 0 where right is not.
        const ivec4 one = -(ivec4(greaterThan(by.shift, ivec4(bits))) << bits);
        sum += ((high + (1 << (bits - 1))) >> 31) & one;
    }
    return sum >> by.shift;
}

// x + zero_point to the nearest integer, halves away from zero, - zero_point.
vec4 bd_round(vec4 x, float zero_point) {
    const vec4 q = x + zero_point;
    const vec4 whole = floor(abs(q));
    return sign(q) * (whole + step(0.5, abs(q) - whole)) - zero_point;
}

// sum / count to the nearest integer, halves away from zero, of count numbers that each lie zero_point below theirs.
vec4 bd_mean(ivec4 sum, int count, int zero_point) {
    const ivec4 q = sum + zero_point * count;
    return vec4(sign(q) * ((abs(q) + count / 2) / count) - zero_point);
}

#endif
