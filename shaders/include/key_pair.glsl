// SPDX-License-Identifier: MIT
// The pairs of push/key.h at binding 0, interpolated at a pixel. The includer has bilinear.glsl and key.glsl.
#ifndef BD_KEY_PAIR_GLSL
#define BD_KEY_PAIR_GLSL

BD_READ_F32(BD_BIND_SRC, pairs)
BD_KEY_AT(pairs, bd_key_of_pairs)

bd_key bd_paired_key() {
    return bd_key_of_pairs(2 * push.src_w * push.src_h);
}

struct bd_pair {
    vec4 front, back;
};

bd_pair bd_pair_at(int x, int row) {
    const bd_axis u = bd_axis_at(bd_source(x, push.scale, push.bias, float(push.src_w - 1)), push.src_w);
    const bd_axis v = bd_axis_at(bd_source(row + push.first, push.scale, push.bias, float(push.src_h - 1)), push.src_h);
    const int tl = 2 * (v.low * push.src_w + u.low), tr = 2 * (v.low * push.src_w + u.high);
    const int bl = 2 * (v.high * push.src_w + u.low), br = 2 * (v.high * push.src_w + u.high);
    return bd_pair(bd_lerp(pairs(tl), pairs(tr), pairs(bl), pairs(br), u.fraction, v.fraction),
                   bd_lerp(pairs(tl + 1), pairs(tr + 1), pairs(bl + 1), pairs(br + 1), u.fraction, v.fraction));
}

#endif
