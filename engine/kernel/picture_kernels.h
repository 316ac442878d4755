/* SPDX-License-Identifier: MIT
 * Pictures in and out: the network's input, resampling, labels, masks and the composite. */
#ifndef BD_KERNEL_PICTURE_KERNELS_H
#define BD_KERNEL_PICTURE_KERNELS_H

#include "graph/graph.h"
#include "kernels.h"
#include "vk/dispatch.h"

/* Maps output pixels of one axis to coordinates on the logits: clamp(x * scale + bias, 0, max). */
typedef struct bd_axis_map {
    float scale, bias, max;
} bd_axis_map;

/* mirrored: left and right of the photo change places. */
void bd_kernel_preprocess(const bd_vk *vk, const bd_node *node, bd_precision precision, bool mirrored, uint32_t photo_w,
                          uint32_t photo_h, bd_vk_dispatch *dispatch);
/* One pass of a resampling (geometry/resample_table.h): horizontal keeps the height, vertical the width. */
void bd_kernel_resample(const bd_vk *vk, bool horizontal, uint32_t src_w, uint32_t src_h, uint32_t dst_w,
                        uint32_t dst_h, uint32_t taps, uint32_t first_row, bd_vk_dispatch *dispatch);
/* w x h pixels of 16 bits to 8. */
void bd_kernel_narrow(const bd_vk *vk, uint32_t w, uint32_t h, bd_vk_dispatch *dispatch);
/* w x h pixels of one form to another (push/picture_convert.h). */
typedef struct bd_pixel_form {
    uint32_t form; /* BD_FORM_RGBA8, ... */
    bool premultiplied;
    bool opaque; /* of what is read: alpha is not looked at, and counts as full */
} bd_pixel_form;
void bd_kernel_picture_convert(const bd_vk *vk, bd_pixel_form from, bd_pixel_form to, uint32_t w, uint32_t h,
                               bd_vk_dispatch *dispatch);
/* step: logits are whole multiples of it, and what is interpolated is rounded (push/labels.h); 0: they are not. */
void bd_kernel_labels(const bd_vk *vk, const bd_shape *logits, uint32_t out_w, uint32_t first_row, uint32_t rows,
                      bd_axis_map x, bd_axis_map y, float step, int32_t zero_point, bd_vk_dispatch *dispatch);
/* One of `runs` runs on the grid of out: number `run` adds to the sum, the last one makes logits of it. */
void bd_kernel_average(const bd_vk *vk, const bd_shape *logits, uint32_t out_w, uint32_t out_h, bd_axis_map x,
                       bd_axis_map y, uint32_t run, uint32_t runs, bd_vk_dispatch *dispatch);
void bd_kernel_mask(const bd_vk *vk, const bd_shape *logits, const bd_class_set *classes, bool threshold,
                    uint32_t out_w, uint32_t out_h, bd_axis_map x, bd_axis_map y, bd_vk_dispatch *dispatch);

typedef struct bd_composite {
    uint32_t mask_w, mask_h;
    uint32_t photo_w, photo_h;
    uint32_t background_w, background_h; /* of a picture; 0: colour */
    int32_t offset_x, offset_y;          /* photo pixel (x, y) sees the background's (x + offset_x, y + offset_y) */
    bool tile;
    bool premultiplied;           /* the background's colours are */
    bool of_photo;                /* the background lies inside the photo: both share its alpha, which stays */
    bool linear;                  /* blend in light instead of sRGB's numbers */
    bool transparent;             /* keep the photo's colours, put the mask into alpha */
    bool keep_hidden;             /* colours stay where the result's alpha is 0, else they become 0 */
    uint8_t fill[4], fill_low[4]; /* the latter: what 16 bits have below the former */
} bd_composite;
/* Four bytes as push constants take them. */
static inline uint32_t bd_kernel_color_word(const uint8_t f[4]) {
    return (uint32_t)f[0] | (uint32_t)f[1] << 8 | (uint32_t)f[2] << 16 | (uint32_t)f[3] << 24;
}
void bd_kernel_composite(const bd_vk *vk, const bd_composite *composite, bd_vk_dispatch *dispatch);

#endif
