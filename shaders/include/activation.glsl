// SPDX-License-Identifier: MIT
// How a convolution ends. All forms keep zero at zero, so that channels of padding stay zero where lo <= 0 <= hi.
#ifndef BD_ACTIVATION_GLSL
#define BD_ACTIVATION_GLSL

#include "include/requantise.glsl"

#ifndef BD_CONSTANT_ACTIVATION
#define BD_CONSTANT_ACTIVATION 1
#endif
layout(constant_id = BD_CONSTANT_ACTIVATION) const int activation = BD_ACTIVATION_CLAMP;
const bool ends_in_integers = activation == BD_ACTIVATION_ROUND_UP || activation == BD_ACTIVATION_ROUND_AWAY;

// Declares the scale of vec4 column c of c4, read by `words`: integers have scales where others may have a residual.
#define BD_SCALE(name, words, c, c4)                                                                                   \
    bd_scale name = bd_scale(ivec4(0), ivec4(0), ivec4(0));                                                            \
    if (ends_in_integers) {                                                                                            \
        name = bd_scale(words(c), words((c4) + (c)), words(2 * (c4) + (c)));                                           \
    }

vec4 bd_hard_sigmoid(vec4 v) {
    return clamp(v + 3.0, 0.0, 6.0) * (1.0 / 6.0);
}

// The two halves of bd_activate, for kernels with many outputs an invocation: there each constant condition stands once.
vec4 bd_to_integers(vec4 v, bd_scale scale) {
    // Below 2^24, so that this is exact.
    const ivec4 shifted = ivec4(v * float(2 << BD_SCALE_BITS));
    return vec4(bd_requantise(shifted, scale, BD_SCALE_BITS, activation == BD_ACTIVATION_ROUND_AWAY));
}

vec4 bd_bend(vec4 v, float lo, float hi) {
    return mix(clamp(v, lo, hi), v * bd_hard_sigmoid(v), bvec4(activation == BD_ACTIVATION_HARD_SWISH));
}

vec4 bd_activate(vec4 v, float lo, float hi, bd_scale scale) {
    if (ends_in_integers) {
        v = bd_to_integers(v, scale);
    }
    return bd_bend(v, lo, hi);
}

#endif
