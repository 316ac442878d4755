// SPDX-License-Identifier: MIT
// Planes of one float per pixel, four in a vec4. The includer has push/plane.h's constants.
#ifndef BD_PLANE_GLSL
#define BD_PLANE_GLSL

// What rounds to a byte of 0 or 255 is 0 or 1: opaque pixels keep the photo's bytes.
float bd_settled(float alpha) {
    return alpha < 0.5 / 255.0 ? 0.0 : alpha > 254.5 / 255.0 ? 1.0 : alpha;
}

// Declares float name##_at(int x, int y) for a plane `width` pixels wide with reader `name`.
#define BD_PLANE_AT(name, width)                                                                                       \
    float name##_at(int x, int y) { return name(y * (((width) + 3) / 4) + x / 4)[x & 3]; }

#endif
