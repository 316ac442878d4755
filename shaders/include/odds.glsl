// SPDX-License-Identifier: MIT
// Log-odds of a set of classes: push/odds.h has the formulas. The includer has a reader `logits`, include/classes.glsl, and
// classes_low, classes_high and background among its push constants.
#ifndef BD_ODDS_GLSL
#define BD_ODDS_GLSL

uint bd_class_bit(int index) {
    const int word = index / 32;
    return ((word < 4 ? push.classes_low[word & 3] : push.classes_high[word & 3]) >> uint(index & 31)) & 1u;
}

// 1 where a class belongs: to the set, to the others, to all but the background.
vec3 bd_sides(int index) {
    const float of_set = float(bd_class_bit(index));
    return vec3(of_set, 1.0 - of_set, float(index != push.background));
}

// o and n.
vec2 bd_log_odds(bd_corners at) {
    vec3 highest = vec3(BD_LOWEST);
    float background = 0.0;
    for (int k = 0; k * 4 < push.class_count; k++) {
        const vec4 v = bd_class_values(at, k);
        for (int i = 0; i < 4 && k * 4 + i < push.class_count; i++) {
            highest = max(highest, mix(vec3(BD_LOWEST), vec3(v[i]), greaterThan(bd_sides(k * 4 + i), vec3(0.5))));
            background = k * 4 + i == push.background ? v[i] : background;
        }
    }
    vec3 total = vec3(0.0);
    for (int k = 0; k * 4 < push.class_count; k++) {
        const vec4 v = bd_class_values(at, k);
        for (int i = 0; i < 4 && k * 4 + i < push.class_count; i++) {
            total += bd_sides(k * 4 + i) * exp(min(vec3(v[i]) - highest, vec3(0.0)));
        }
    }
    // A side without classes: nothing is less likely.
    const vec3 sums = mix(vec3(-1e30), highest + log(max(total, vec3(1.0))), greaterThan(total, vec3(0.0)));
    const bool known = push.background >= 0 && bd_class_bit(push.background) == 0u;
    return vec2(clamp(sums.x - sums.y, -BD_ODDS_MOST, BD_ODDS_MOST),
                known ? clamp(sums.z - background, -BD_ODDS_MOST, BD_ODDS_MOST) : -BD_ODDS_MOST);
}

#endif
