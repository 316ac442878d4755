/* SPDX-License-Identifier: MIT
 * The subject in the new background's light. Pictures of 16 bits (include/pixel.glsl) have uvec2 in the place of uint.
 *
 * light_reduce   0 background uint [bg_h][bg_w], 1 alpha plane of src_w x src_h
 *                -> 4 vec4 [][dst_w], dst_h rows from row `first` on: means of the light that the background sheds past
 *                the subject, linear RGB * (1 - alpha), over blocks of `block` pixels a side, of which at most
 *                BD_LIGHT_SAMPLES a side are looked at. Pixel (x, y) sees the background's as in push/composite.h. An
 *                invocation owns one node.
 *                Constants 0: picture (bool), else fill everywhere; 1: tile (bool); 2: premultiplied (bool): the
 *                picture's colours are.
 * relight        0 light vec4 [src_h][src_w], bilinear at x * scale_x + bias_x (y likewise, of row first + y),
 *                1 front uint [dst_h][dst_w], 2 alpha plane, 3 map vec4 [3] of harmonize_solve
 *                -> 4 uint [dst_h][dst_w]: where alpha > 0 front's colours after the map, then with BD_LIGHT_WRAP *
 *                light screened over them, 1 - (1 - c)(1 - l) in linear RGB; elsewhere, and where nothing changes,
 *                front's bytes. An invocation owns one pixel.
 *                Constants 0: harmonize (bool), else binding 3 is not read; 1: wrap (bool), else binding 0 is not.
 * Groups         bd_grid_node's of dst_w x dst_h.
 * Reference      engine/reference/ref_light.c. */
#ifndef BD_PUSH_LIGHT_H
#define BD_PUSH_LIGHT_H

#include "push/types.h"

#define BD_LIGHT_SAMPLES 4
#define BD_LIGHT_WRAP 0.35

BD_PUSH_BEGIN(light)
bd_int src_w, src_h, dst_w, dst_h;
bd_int first, block;
bd_int bg_w, bg_h, offset_x, offset_y;
bd_uint fill, fill_low; /* RGBA, red in the low byte; bytes, and what 16 bits have below them */
bd_float scale_x, bias_x, scale_y, bias_y;
BD_PUSH_END(light, 64)

#endif
