// SPDX-License-Identifier: MIT
// Oklab of linear sRGB and back (Ottosson 2020).
#ifndef BD_OKLAB_GLSL
#define BD_OKLAB_GLSL

// Cube roots of cone responses to lightness and opponents, and back.
vec3 bd_lab_of_cones(vec3 v) {
    return vec3(dot(v, vec3(0.2104542553, 0.7936177850, -0.0040720468)),
                dot(v, vec3(1.9779984951, -2.4285922050, 0.4505937099)),
                dot(v, vec3(0.0259040371, 0.7827717662, -0.8086757660)));
}

vec3 bd_cones_of_lab(vec3 v) {
    return vec3(dot(v, vec3(1.0, 0.3963377774, 0.2158037573)), dot(v, vec3(1.0, -0.1055613458, -0.0638541728)),
                dot(v, vec3(1.0, -0.0894841775, -1.2914855480)));
}

vec3 bd_oklab(vec3 light) {
    const vec3 cones = vec3(dot(light, vec3(0.4122214708, 0.5363325363, 0.0514459929)),
                            dot(light, vec3(0.2119034982, 0.6806995451, 0.1073969566)),
                            dot(light, vec3(0.0883024619, 0.2817188376, 0.6299787005)));
    return bd_lab_of_cones(pow(max(cones, vec3(1e-30)), vec3(1.0 / 3.0)));
}

vec3 bd_light_of_oklab(vec3 lab) {
    vec3 cones = bd_cones_of_lab(lab);
    cones = cones * cones * cones;
    return vec3(dot(cones, vec3(4.0767416621, -3.3077115913, 0.2309699292)),
                dot(cones, vec3(-1.2684380046, 2.6097574011, -0.3413193965)),
                dot(cones, vec3(-0.0041960863, -0.7034186147, 1.7076147010)));
}

#endif
