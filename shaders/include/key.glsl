// SPDX-License-Identifier: MIT
// Distances and excesses of push/key.h. The includer has light.glsl, oklab.glsl and push/key.h.
#ifndef BD_KEY_GLSL
#define BD_KEY_GLSL

const vec3 bd_key_luminance = vec3(0.2126, 0.7152, 0.0722);

struct bd_key {
    vec3 light, lab, u, v;
    float colourful;
};

// Declares bd_key name(int at) over a reader of vectors, which lie there.
#define BD_KEY_AT(reader, name)                                                                                        \
    bd_key name(int at) {                                                                                              \
        const vec4 lab = reader(at + 1);                                                                               \
        return bd_key(reader(at).xyz, lab.xyz, reader(at + 2).xyz, reader(at + 3).xyz, lab.w);                         \
    }

float bd_key_excess(bd_key key, vec3 light) {
    return dot(light, key.u) - abs(dot(light, key.v)) * 0.57735027;
}

float bd_key_place(vec3 lab, vec3 of) {
    return dot(lab, of) / max(dot(of, of), 1e-6);
}

float bd_key_distance(vec3 lab, vec3 of, float low, float high) {
    const vec3 away = lab - clamp(bd_key_place(lab, of), low, high) * of;
    return sqrt(dot(away, away));
}

// From the key itself, whatever light there is.
float bd_key_far(bd_key key, vec3 lab) {
    return bd_key_distance(lab, key.lab, 0.93 - 0.33 * key.colourful, 1.08 + 0.1 * key.colourful);
}

// The colour difference's alpha in front of a backdrop.
float bd_key_difference(bd_key key, vec3 light, vec3 back) {
    return clamp(1.0 - bd_key_excess(key, light) / max(bd_key_excess(key, back), 1e-4), 0.0, 1.0);
}

// How much of the key's light the backdrop has, at most what is no shade.
float bd_key_lit(bd_key key, vec3 back) {
    const float whole = BD_KEY_LIT * max(dot(key.light, bd_key_luminance), 1e-4);
    return clamp(dot(back, bd_key_luminance) / whole, 0.02, 1.0);
}

#endif
