/* SPDX-License-Identifier: MIT
 * A trimap over a plane of nodes that are block x block pixels: a node whose pixels all are background (0) becomes 0,
 * one whose pixels all are foreground (255) becomes 1; any other, which is unknown, is clamped to low .. 1 - low.
 *
 * Bindings   0 trimap uint [src_h][ceil(src_w / 4)], a byte per pixel, 4 plane vec4 [dst_h][ceil(dst_w / 4)], which is
 *            read, too.
 * Groups     bd_grid_node's of ceil(dst_w / 4) x dst_h. An invocation owns one vec4.
 * Reference  engine/reference/ref_matte.c. */
#ifndef BD_PUSH_TRIMAP_H
#define BD_PUSH_TRIMAP_H

#include "push/types.h"

BD_PUSH_BEGIN(trimap)
bd_int src_w, src_h, dst_w, dst_h;
bd_int block;
bd_float low;
BD_PUSH_END(trimap, 24)

#endif
