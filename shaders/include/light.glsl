// SPDX-License-Identifier: MIT
// sRGB's transfer function and its inverse (IEC 61966-2-1), on 0 .. 1.
#ifndef BD_LIGHT_GLSL
#define BD_LIGHT_GLSL

vec3 bd_light(vec3 srgb) {
    return mix(pow((srgb + 0.055) / 1.055, vec3(2.4)), srgb / 12.92, lessThanEqual(srgb, vec3(0.04045)));
}

vec3 bd_srgb(vec3 light) {
    return mix(1.055 * pow(max(light, 1e-7), vec3(1.0 / 2.4)) - 0.055, light * 12.92,
               lessThanEqual(light, vec3(0.0031308)));
}

#endif
