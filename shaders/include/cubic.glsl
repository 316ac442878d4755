// SPDX-License-Identifier: MIT
// Catmull-Rom's cubic, over BD_CROP_REACH on both sides.
#ifndef BD_CUBIC_GLSL
#define BD_CUBIC_GLSL

float bd_cubic(float x) {
    const float d = abs(x);
    return d < 1.0   ? (1.5 * d - 2.5) * d * d + 1.0
           : d < 2.0 ? ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0
                     : 0.0;
}

#endif
