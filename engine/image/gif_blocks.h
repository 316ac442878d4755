/* SPDX-License-Identifier: MIT
 * What a GIF's blocks say, without decoding any frame. */
#ifndef BD_GIF_BLOCKS_H
#define BD_GIF_BLOCKS_H

#include "image/image_source.h"

/* What an application's extension with XMP begins with. */
#define BD_GIF_XMP "XMP DataXMP"
/* What follows XMP, so that readers who take its bytes for lengths of blocks come to their end: 1, 255 down to 0, 0. */
enum { BD_GIF_XMP_END = 258 };

/* How a file ends: as it should, without an end behind its last frame, or within a frame. */
typedef enum bd_gif_end { BD_GIF_ENDED, BD_GIF_WITHOUT_END, BD_GIF_CUT_OFF } bd_gif_end;

/* What it holds: all that its blocks say. */
bd_gif_end bd_gif_walk_through(const bd_image_source *source, bd_animation_info *info);
/* As bd_frames_reader has them; GIF knows no orientation. */
bool bd_gif_count(const bd_image_source *source, bd_animation_info *info);
bd_result bd_gif_describe(const bd_image_source *source, int *orientation, bd_error *error);

#endif
