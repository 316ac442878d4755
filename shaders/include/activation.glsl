// SPDX-License-Identifier: MIT
// How a convolution ends. Both forms keep zero at zero, so that channels of padding stay zero where lo <= 0 <= hi.
#ifndef BD_ACTIVATION_GLSL
#define BD_ACTIVATION_GLSL

layout(constant_id = 1) const int activation = BD_ACTIVATION_CLAMP;

vec4 bd_hard_sigmoid(vec4 v) {
    return clamp(v + 3.0, 0.0, 6.0) * (1.0 / 6.0);
}

vec4 bd_activate(vec4 v, float lo, float hi) {
    return activation == BD_ACTIVATION_HARD_SWISH ? v * bd_hard_sigmoid(v) : clamp(v, lo, hi);
}

#endif
