// SPDX-License-Identifier: MIT
// Pixels of a picture (h, w) RGBA: of u8 in a uint, or with PIXEL16=1 of u16 in two, red in the lowest bits.
#ifndef BD_PIXEL_GLSL
#define BD_PIXEL_GLSL

#include "include/tensor.glsl"

#ifndef PIXEL16
#define PIXEL16 0
#endif

#if PIXEL16
#define BD_PIXEL uvec2
#define BD_PIXEL_MOST 65535u
#define BD_READ_PIXELS(slot, name) BD_READ_U32X2(slot, name)

uvec4 bd_unpack_pixel(uvec2 pixel) {
    return uvec4(pixel.x & 65535u, pixel.x >> 16, pixel.y & 65535u, pixel.y >> 16);
}

uvec2 bd_pack_pixel(uvec4 values) {
    return uvec2(values.x | (values.y << 16), values.z | (values.w << 16));
}
#else
#define BD_PIXEL uint
#define BD_PIXEL_MOST 255u
#define BD_READ_PIXELS(slot, name) BD_READ_U32(slot, name)

uvec4 bd_unpack_pixel(uint pixel) {
    return bd_unpack_u8(pixel);
}

uint bd_pack_pixel(uvec4 values) {
    return bd_pack_u8(values);
}
#endif

#define BD_PIXEL_FULL float(BD_PIXEL_MOST)

// A colour of push constants: its high bytes, and what 16 bits have below them.
uvec4 bd_unpack_fill(uint fill, uint fill_low) {
#if PIXEL16
    return bd_unpack_u8(fill) * 256u + bd_unpack_u8(fill_low);
#else
    return bd_unpack_u8(fill);
#endif
}

// 1 where it is full, whatever a device's division is like.
float bd_pixel_share(uint value) {
    return value == BD_PIXEL_MOST ? 1.0 : float(value) / BD_PIXEL_FULL;
}

#endif
