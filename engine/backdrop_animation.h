/* SPDX-License-Identifier: MIT
 *
 * Pictures of several frames: GIF, animated PNG and WebP. A part of backdrop.h. */
#ifndef BACKDROP_ANIMATION_H
#define BACKDROP_ANIMATION_H

#include "backdrop_image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Seconds, as a fraction: GIF counts hundredths, WebP thousandths, PNG whatever it likes. */
typedef struct bd_delay {
    uint32_t numerator, denominator; /* the latter not 0 */
} bd_delay;

typedef struct bd_animation_info {
    size_t struct_size;
    uint32_t width, height; /* of every frame, upright; of a still picture 0, since its orientation is not known yet */
    uint32_t frame_count;   /* 1: a still picture, of any form */
    uint32_t play_count;    /* how often all frames are shown; 0: for ever */
} bd_animation_info;

/* A file that is read frame by frame. One thread's at a time. */
typedef struct bd_animation bd_animation;

/* Opens a picture of any form. Frames are counted, and none is decoded. A still picture has one frame, which is what
 * bd_image_read makes of it; of an animation all params but keep_depth, indices and gray16 count, and max_pixels is for
 * a frame. params->metadata is written with the first frame, and stays the caller's until then.
 *
 * animation  written on success only.
 * Errors     as bd_image_read's.
 */
BD_API BD_CHECK bd_result bd_animation_open(const char *path, const bd_image_read_params *params,
                                            bd_animation **animation, bd_error *error);
/* The same from memory, which has to stay until the animation is closed. */
BD_API BD_CHECK bd_result bd_animation_decode(const void *data, size_t bytes, const char *name,
                                              const bd_image_read_params *params, bd_animation **animation,
                                              bd_error *error);
/* info->struct_size is set by the caller. Errors: BD_ERR_INVALID_ARGUMENT. */
BD_API BD_CHECK bd_result bd_animation_info_get(const bd_animation *animation, bd_animation_info *info);

/* The next frame as it is shown: what files keep as changes is put onto the frames before.
 *
 * frame    RGBA8 of the animation's size, with the file's profile; written on success only; release with
 *          bd_image_finish.
 * delay    how long it is shown; may be NULL. Of a still picture 0 / 1.
 * Errors   BD_ERR_INVALID_ARGUMENT after the last frame; else as bd_image_read's.
 */
BD_API BD_CHECK bd_result bd_animation_next(bd_animation *animation, bd_image *frame, bd_delay *delay, bd_error *error);
BD_API void bd_animation_close(bd_animation *animation); /* NULL is fine */

/* A file that is written frame by frame. One thread's at a time. */
typedef struct bd_animation_writer bd_animation_writer;

/* params   file: PNG (AUTO, too), WEBP or GIF; quality, allocator and metadata as for bd_image_write, the last read
 *          when the first frame is added, and the log called when the file is finished. GIF holds 255 colours a
 *          frame, which become sRGB, and no half transparency: from alpha 128 on a pixel is opaque. It counts hundredths
 *          of a second: rounding evens out over the frames, and what rounds below two, which browsers show as ten,
 *          becomes two unless it is 0 or 1 exactly.
 * Errors   BD_ERR_INVALID_ARGUMENT (a file that holds one frame), BD_ERR_UNSUPPORTED (this build has no library for it),
 *          BD_ERR_OUT_OF_MEMORY.
 */
BD_API BD_CHECK bd_result bd_animation_writer_create(const bd_image_write_params *params, uint32_t play_count,
                                                     bd_animation_writer **writer, bd_error *error);
/* Appends a frame with colours, of 8 bits and of the first one's size. Its profile is kept of the first. PNG and WebP keep
 * what differs from the frame before. Errors: BD_ERR_INVALID_ARGUMENT, BD_ERR_IMAGE_TOO_LARGE (for the form),
 * BD_ERR_OUT_OF_MEMORY. */
BD_API BD_CHECK bd_result bd_animation_writer_add(bd_animation_writer *writer, const bd_image *frame, bd_delay delay,
                                                  bd_error *error);
/* The whole file; *data is released with bd_release(params->allocator, *data). At least one frame was added; none can be
 * afterwards. */
BD_API BD_CHECK bd_result bd_animation_writer_finish(bd_animation_writer *writer, void **data, size_t *bytes,
                                                     bd_error *error);
BD_API void bd_animation_writer_destroy(bd_animation_writer *writer); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif
