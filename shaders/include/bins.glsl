// SPDX-License-Identifier: MIT
// Bins of colours; see push/closed_form.h.
#ifndef BD_BINS_GLSL
#define BD_BINS_GLSL

int bd_bin(ivec3 at) {
    return (at.x * BD_BINS + at.y) * BD_BINS + at.z;
}

#endif
