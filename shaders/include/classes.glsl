// SPDX-License-Identifier: MIT
// Bilinearly interpolated logits at an output pixel, four classes at a time. The includer has a reader `logits` and the
// push constants of labels or mask, and may define BD_CLASS_READ and BD_CLASS_FINISH: what is interpolated of the logits,
// and what is done with it.
#ifndef BD_CLASSES_GLSL
#define BD_CLASSES_GLSL
#include "include/bilinear.glsl"

#define BD_LOWEST (-3.402823466e38)
#ifndef BD_CLASS_READ
#define BD_CLASS_READ logits
#define BD_CLASS_FINISH
#endif

struct bd_corners {
    int tl, tr, bl, br;
    float fx, fy;
};

// x, y: on the logits, inside.
bd_corners bd_corners_from(float x, float y) {
    const bd_axis u = bd_axis_at(x, push.logits_w);
    const bd_axis v = bd_axis_at(y, push.logits_h);
    const int top = v.low * push.logits_w;
    const int bottom = v.high * push.logits_w;
    return bd_corners((top + u.low) * push.c4, (top + u.high) * push.c4, (bottom + u.low) * push.c4,
                      (bottom + u.high) * push.c4, u.fraction, v.fraction);
}

bd_corners bd_corners_at(int column, int row) {
    return bd_corners_from(bd_source(column, push.scale_x, push.bias_x, push.max_x),
                           bd_source(row, push.scale_y, push.bias_y, push.max_y));
}

// Classes 4k .. 4k + 3; those beyond class_count are BD_LOWEST.
vec4 bd_class_values(bd_corners at, int k) {
    const vec4 values = BD_CLASS_FINISH(bd_lerp(BD_CLASS_READ(at.tl + k), BD_CLASS_READ(at.tr + k),
                                                BD_CLASS_READ(at.bl + k), BD_CLASS_READ(at.br + k), at.fx, at.fy));
    return mix(vec4(BD_LOWEST), values, lessThan(ivec4(k * 4) + ivec4(0, 1, 2, 3), ivec4(push.class_count)));
}

uint bd_class_at(int column, int row) {
    const bd_corners at = bd_corners_at(column, row);
    float best = BD_LOWEST;
    int label = 0;
    for (int k = 0; k * 4 < push.class_count; k++) {
        const vec4 v = bd_class_values(at, k);
        // Strictly greater: the first of equal maxima stays.
        if (v.x > best) { best = v.x; label = k * 4; }
        if (v.y > best) { best = v.y; label = k * 4 + 1; }
        if (v.z > best) { best = v.z; label = k * 4 + 2; }
        if (v.w > best) { best = v.w; label = k * 4 + 3; }
    }
    return uint(label);
}

#endif
