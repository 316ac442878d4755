// SPDX-License-Identifier: MIT
// Bilinear interpolation in TensorFlow's order: along x above and below, then along y. The result is `precise`: a fused
// multiply-add would move a coordinate across a pixel or break a tie between classes.
#ifndef BD_BILINEAR_GLSL
#define BD_BILINEAR_GLSL

struct bd_axis {
    int low, high;
    float fraction;
};

// source is clamped to 0 .. size - 1.
bd_axis bd_axis_at(float source, int size) {
    const int low = clamp(int(source), 0, size - 1);
    return bd_axis(low, min(low + 1, size - 1), source - float(low));
}

float bd_source(int at, float scale, float bias, float last) {
    precise const float source = float(at) * scale + bias;
    return clamp(source, 0.0, last);
}

vec4 bd_lerp(vec4 tl, vec4 tr, vec4 bl, vec4 br, float fx, float fy) {
    precise const vec4 top = tl + (tr - tl) * fx;
    precise const vec4 bottom = bl + (br - bl) * fx;
    precise const vec4 result = top + (bottom - top) * fy;
    return result;
}

#endif
