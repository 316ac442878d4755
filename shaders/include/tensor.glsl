// SPDX-License-Identifier: MIT
// How shaders read and write tensors and pictures. Each binding holds exactly one tensor. READ_TEXEL=1 reads through
// uniform texel buffers (software devices gather whole texels from them); otherwise storage buffers are read. What is
// written is a storage buffer in any case.
//
// A tensor (h, w, c) f32 is vec4[(y * w + x) * c4 + k] with c4 = ceil(c / 4); channels beyond c are zero. HALF=1 (storage
// buffers only) keeps tensors in 16 bits, four channels in a uvec2; shaders see vec4 all the same. What is written then
// is of 16 bits too unless constant BD_CONSTANT_F32 says otherwise.
// A picture (h, w) RGBA u8 is uint[y * w + x], red in the low byte; of u16 it is uvec2 (include/pixel.glsl).
#ifndef BD_TENSOR_GLSL
#define BD_TENSOR_GLSL

#include "push/types.h"

#ifndef READ_TEXEL
#define READ_TEXEL 0
#endif

// Each BD_READ_x(binding, name) declares a function name(int index).
#if READ_TEXEL
#define BD_READ_F32(slot, name) /* view VK_FORMAT_R32G32B32A32_SFLOAT */                                               \
    layout(set = 0, binding = slot) uniform samplerBuffer name##_view;                                                 \
    vec4 name(int index) { return texelFetch(name##_view, index); }
#define BD_READ_U32(slot, name) /* view VK_FORMAT_R32_UINT */                                                          \
    layout(set = 0, binding = slot) uniform usamplerBuffer name##_view;                                                \
    uint name(int index) { return texelFetch(name##_view, index).x; }
#define BD_READ_U32X2(slot, name) /* view VK_FORMAT_R32G32_UINT */                                                     \
    layout(set = 0, binding = slot) uniform usamplerBuffer name##_view;                                                \
    uvec2 name(int index) { return texelFetch(name##_view, index).xy; }
#define BD_READ_I32(slot, name) /* view VK_FORMAT_R32_SINT */                                                          \
    layout(set = 0, binding = slot) uniform isamplerBuffer name##_view;                                                \
    int name(int index) { return texelFetch(name##_view, index).x; }
#define BD_READ_I32X2(slot, name) /* view VK_FORMAT_R32G32_SINT */                                                     \
    layout(set = 0, binding = slot) uniform isamplerBuffer name##_view;                                                \
    ivec2 name(int index) { return texelFetch(name##_view, index).xy; }
#else
#define BD_READ_STORAGE(slot, name, type)                                                                              \
    layout(set = 0, binding = slot, std430) readonly restrict buffer name##_block { type name##_data[]; };             \
    type name(int index) { return name##_data[index]; }
#define BD_READ_F32(slot, name) BD_READ_STORAGE(slot, name, vec4)
#define BD_READ_U32(slot, name) BD_READ_STORAGE(slot, name, uint)
#define BD_READ_U32X2(slot, name) BD_READ_STORAGE(slot, name, uvec2)
#define BD_READ_I32(slot, name) BD_READ_STORAGE(slot, name, int)
#define BD_READ_I32X2(slot, name) BD_READ_STORAGE(slot, name, ivec2)
#endif

#ifndef HALF
#define HALF 0
#endif
#ifndef PACKED
#define PACKED 0
#endif

// BD_READ_RAW(binding, name) declares BD_RAW name(int index), what one load brings: a vec4, or of 16 bits the four
// channels of index and, where the includer's constant PAIRED says that channels come in eights (index is even then),
// the next four. bd_unraw unpacks a vec4 of it: a value that is unpacked where it is used can be loaded long before.
// BD_READ_TENSOR(binding, name) declares vec4 name(int index); BD_WRITE_TENSOR(binding, name) declares void
// name_store(int index, vec4 value) and void name_store_pair(int index, vec4 first, vec4 second), index even.
// BD_READ_RESIDUAL declares ivec4 name_words(int index) too: what lies in the tensor's place may be words of 32 bits
// whatever the tensors are. Halves are packed words: every Vulkan device has them, whatever its features.
#if HALF
#define BD_READ_TENSOR(slot, name)                                                                                     \
    layout(set = 0, binding = slot, std430) readonly restrict buffer name##_block { uvec2 name##_data[]; };            \
    vec4 name(int index) { return bd_unpack_half(name##_data[index]); }
#define BD_RAW uvec4
#define BD_READ_RAW(slot, name)                                                                                        \
    layout(set = 0, binding = slot, std430) readonly buffer name##_fours_block { uvec2 name##_fours[]; };              \
    layout(set = 0, binding = slot, std430) readonly buffer name##_eights_block { uvec4 name##_eights[]; };            \
    BD_RAW name(int index) { return PAIRED ? name##_eights[index >> 1] : uvec4(name##_fours[index], 0u, 0u); }
#define BD_READ_RESIDUAL(slot, name)                                                                                   \
    BD_READ_TENSOR(slot, name)                                                                                         \
    ivec4 name##_words(int index) { return ivec4(name##_data[2 * index], name##_data[2 * index + 1]); }
#define BD_WRITE_TENSOR(slot, name)                                                                                    \
    layout(constant_id = BD_CONSTANT_F32) const bool name##_is_f32 = false;                                            \
    layout(set = 0, binding = slot, std430) writeonly buffer name##_block { uvec2 name##_half[]; };                    \
    layout(set = 0, binding = slot, std430) writeonly buffer name##_full_block { vec4 name##_full[]; };                \
    layout(set = 0, binding = slot, std430) writeonly buffer name##_pair_block { uvec4 name##_pair[]; };               \
    void name##_store(int index, vec4 value) {                                                                         \
        if (name##_is_f32) { name##_full[index] = value; } else { name##_half[index] = bd_pack_half(value); }          \
    }                                                                                                                  \
    void name##_store_pair(int index, vec4 first, vec4 second) {                                                       \
        if (name##_is_f32) { name##_full[index] = first; name##_full[index + 1] = second; }                            \
        else { name##_pair[index >> 1] = uvec4(bd_pack_half(first), bd_pack_half(second)); }                           \
    }

vec4 bd_unpack_half(uvec2 words) {
    return vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y));
}

vec4 bd_unraw(BD_RAW raw, int part) {
    return bd_unpack_half(part == 0 ? raw.xy : raw.zw);
}

uvec2 bd_pack_half(vec4 value) {
    return uvec2(packHalf2x16(value.xy), packHalf2x16(value.zw));
}
#else
#define BD_RAW vec4
#define BD_READ_RAW(slot, name) BD_READ_F32(slot, name)
vec4 bd_unraw(BD_RAW raw, int part) {
    return raw;
}
#define BD_READ_TENSOR(slot, name) BD_READ_F32(slot, name)
#define BD_READ_RESIDUAL(slot, name)                                                                                   \
    BD_READ_F32(slot, name)                                                                                            \
    ivec4 name##_words(int index) { return floatBitsToInt(name(index)); }
#define BD_WRITE_TENSOR(slot, name)                                                                                    \
    BD_WRITE(slot, name, vec4)                                                                                         \
    void name##_store(int index, vec4 value) { name[index] = value; }                                                  \
    void name##_store_pair(int index, vec4 first, vec4 second) { name[index] = first; name[index + 1] = second; }
#endif

// BD_FOUR is four channels as shared memory holds them, bd_four takes them out of what was loaded. PACKED=1 (with HALF=1)
// keeps halves there and multiplies them two at a time, as f16vec4; the sums of a few products then go to float32.
// bd_as_four and bd_from_four are to and from float32.
#if PACKED
#define BD_FOUR uvec2
#define bd_as_four(value) bd_pack_half(value)
#define bd_from_four(four) bd_unpack_half(four)
BD_FOUR bd_four(BD_RAW raw, int part) {
    return part == 0 ? raw.xy : raw.zw;
}

f16vec4 bd_halves(uvec2 words) {
    return f16vec4(unpackFloat2x16(words.x), unpackFloat2x16(words.y));
}
#else
#define BD_FOUR vec4
#define bd_as_four(value) (value)
#define bd_from_four(four) (four)
BD_FOUR bd_four(BD_RAW raw, int part) {
    return bd_unraw(raw, part);
}
#endif

#define BD_WRITE(slot, name, type)                                                                                     \
    layout(set = 0, binding = slot, std430) writeonly restrict buffer name##_block { type name[]; };

// sum + the product of a row of four and a 4 x 4 block whose rows are a, b, c, d: four instructions, where a sum of
// products would take five.
vec4 bd_fma4(vec4 v, vec4 a, vec4 b, vec4 c, vec4 d, vec4 sum) {
    return fma(v.wwww, d, fma(v.zzzz, c, fma(v.yyyy, b, fma(v.xxxx, a, sum))));
}

uvec4 bd_unpack_u8(uint pixel) {
    return uvec4(pixel & 255u, (pixel >> 8) & 255u, (pixel >> 16) & 255u, pixel >> 24);
}

uint bd_pack_u8(uvec4 bytes) {
    return bytes.x | (bytes.y << 8) | (bytes.z << 16) | (bytes.w << 24);
}

// The node (x, y) of an invocation over a grid that many columns wide: groups of BD_LINEAR_GROUP along x, whose rows run
// over y, then z. Where a grid is narrow a group takes several rows of it, so that few of its invocations are idle.
ivec2 bd_grid_node(int columns) {
    const int lanes = min(findMSB(columns - 1) + 1, BD_LINEAR_GROUP_BITS), lane = int(gl_LocalInvocationID.x);
    const int row = int(gl_WorkGroupID.z * gl_NumWorkGroups.y + gl_WorkGroupID.y);
    return ivec2(int(gl_WorkGroupID.x) * BD_LINEAR_GROUP + (lane & ((1 << lanes) - 1)),
                 (row << (BD_LINEAR_GROUP_BITS - lanes)) + (lane >> lanes));
}

// The group's number in a grid of groups that run over x, then y.
int bd_grid_group() {
    return int(gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x);
}

#endif
