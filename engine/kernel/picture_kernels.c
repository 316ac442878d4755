/* SPDX-License-Identifier: MIT */
#include "kernel/picture_kernels.h"

#include <string.h>

#include "graph/plan.h"
#include "kernel/fill.h"
#include "kernel/table.h"
#include "push/average.h"
#include "push/composite.h"
#include "push/labels.h"
#include "push/mask.h"
#include "push/narrow.h"
#include "push/picture_convert.h"
#include "push/preprocess.h"
#include "push/resample.h"

void bd_kernel_preprocess(const bd_vk *vk, const bd_node *node, bd_precision precision, bool mirrored, uint32_t photo_w,
                          uint32_t photo_h, bd_vk_dispatch *dispatch) {
    const float *s = node->u.preprocess.scale;
    const float *o = node->u.preprocess.offset;
    const float *e = node->u.preprocess.outside;
    const bd_push_preprocess push = {.scale = {s[0], s[1], s[2], 0},
                                     .offset = {o[0], o[1], o[2], 0},
                                     .outside = {e[0], e[1], e[2], 0},
                                     .photo_w = (int32_t)photo_w,
                                     .photo_h = (int32_t)photo_h,
                                     .net_w = node->shape.dims[2],
                                     .net_h = node->shape.dims[1]};
    bd_shader_id shader = bd_kernel_shader(vk, BD_KERNEL_PREPROCESS);
    bd_fill_begin(dispatch, bd_precision_is_half(precision) ? bd_kernel_half_shader(shader) : shader);
    bd_fill_push(dispatch, &push, sizeof push);
    bd_fill_constant(dispatch, mirrored);
    bd_fill_constant(dispatch, node->u.preprocess.bgr);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    bd_fill_rows(dispatch, (uint32_t)node->shape.dims[2], (uint32_t)node->shape.dims[1]);
}

void bd_kernel_resample(const bd_vk *vk, bool horizontal, uint32_t src_w, uint32_t src_h, uint32_t dst_w,
                        uint32_t dst_h, uint32_t taps, uint32_t first_row, bd_vk_dispatch *dispatch) {
    const bd_push_resample push = {(int32_t)src_w, (int32_t)src_h, (int32_t)dst_w,
                                   (int32_t)dst_h, (int32_t)taps,  (int32_t)first_row};
    bd_fill_kernel(dispatch, vk, horizontal ? BD_KERNEL_RESAMPLE_HORIZONTAL : BD_KERNEL_RESAMPLE_VERTICAL, &push,
                   sizeof push);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    dispatch->bindings[1].format = VK_FORMAT_R32_SINT;
    dispatch->bindings[2].format = VK_FORMAT_R32G32_SINT;
    bd_fill_rows(dispatch, dst_w, dst_h);
}

void bd_kernel_narrow(const bd_vk *vk, uint32_t w, uint32_t h, bd_vk_dispatch *dispatch) {
    const bd_push_narrow push = {(int32_t)w, (int32_t)h};
    bd_fill_kernel(dispatch, vk, BD_KERNEL_NARROW, &push, sizeof push);
    dispatch->bindings[0].format = VK_FORMAT_R32G32_UINT;
    bd_fill_rows(dispatch, w, h);
}

void bd_kernel_picture_convert(const bd_vk *vk, bd_pixel_form from, bd_pixel_form to, uint32_t w, uint32_t h,
                               bd_vk_dispatch *dispatch) {
    const bd_push_picture_convert push = {(int32_t)w, (int32_t)h};
    bd_fill_kernel(dispatch, vk, BD_KERNEL_PICTURE_CONVERT, &push, sizeof push);
    bd_fill_constant(dispatch, from.form);
    bd_fill_constant(dispatch, to.form);
    bd_fill_constant(dispatch, from.premultiplied);
    bd_fill_constant(dispatch, to.premultiplied);
    bd_fill_constant(dispatch, from.opaque);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    bd_fill_rows(dispatch, w, h);
}

void bd_kernel_labels(const bd_vk *vk, const bd_shape *logits, uint32_t out_w, uint32_t first_row, uint32_t rows,
                      bd_axis_map x, bd_axis_map y, float step, int32_t zero_point, bd_vk_dispatch *dispatch) {
    const bd_push_labels push = {.logits_w = logits->dims[2],
                                 .logits_h = logits->dims[1],
                                 .c4 = (int32_t)bd_shape_c4(logits),
                                 .class_count = logits->dims[3],
                                 .out_w = (int32_t)out_w,
                                 .out_h = (int32_t)rows,
                                 .scale_x = x.scale,
                                 .bias_x = x.bias,
                                 .max_x = x.max,
                                 .scale_y = y.scale,
                                 .bias_y = y.bias,
                                 .max_y = y.max,
                                 .inverse_step = step > 0 ? 1.0f / step : 0.0f,
                                 .zero_point = (float)zero_point,
                                 .first = (int32_t)first_row};
    bd_fill_kernel(dispatch, vk, BD_KERNEL_LABELS, &push, sizeof push);
    bd_fill_constant(dispatch, step > 0);
    bd_fill_rows(dispatch, (out_w + 3) / 4, rows);
}

void bd_kernel_average(const bd_vk *vk, const bd_shape *logits, uint32_t out_w, uint32_t out_h, bd_axis_map x,
                       bd_axis_map y, uint32_t run, uint32_t runs, bd_vk_dispatch *dispatch) {
    const bd_push_average push = {.logits_w = logits->dims[2],
                                  .logits_h = logits->dims[1],
                                  .c4 = (int32_t)bd_shape_c4(logits),
                                  .class_count = logits->dims[3],
                                  .out_w = (int32_t)out_w,
                                  .out_h = (int32_t)out_h,
                                  .scale_x = x.scale,
                                  .bias_x = x.bias,
                                  .max_x = x.max,
                                  .scale_y = y.scale,
                                  .bias_y = y.bias,
                                  .max_y = y.max,
                                  .share = 1.0f / (float)runs};
    bd_fill_kernel(dispatch, vk, BD_KERNEL_AVERAGE, &push, sizeof push);
    bd_fill_constant(dispatch, run == 0);
    bd_fill_constant(dispatch, run + 1 == runs);
    bd_fill_rows(dispatch, out_w, out_h);
}

void bd_kernel_mask(const bd_vk *vk, const bd_shape *logits, const bd_class_set *classes, bool threshold,
                    uint32_t out_w, uint32_t out_h, bd_axis_map x, bd_axis_map y, bd_vk_dispatch *dispatch) {
    bd_push_mask push = {.logits_w = logits->dims[2],
                         .logits_h = logits->dims[1],
                         .c4 = (int32_t)bd_shape_c4(logits),
                         .class_count = logits->dims[3],
                         .out_w = (int32_t)out_w,
                         .out_h = (int32_t)out_h,
                         .scale_x = x.scale,
                         .bias_x = x.bias,
                         .max_x = x.max,
                         .scale_y = y.scale,
                         .bias_y = y.bias,
                         .max_y = y.max};
    memcpy(&push.classes_low, classes->words, sizeof push.classes_low);
    memcpy(&push.classes_high, classes->words + 4, sizeof push.classes_high);
    bd_fill_kernel(dispatch, vk, BD_KERNEL_MASK, &push, sizeof push);
    bd_fill_constant(dispatch, threshold);
    bd_fill_rows(dispatch, (out_w + 3) / 4, out_h);
}

void bd_kernel_composite(const bd_vk *vk, const bd_composite *c, bd_vk_dispatch *dispatch) {
    /* Pixel centres of the photo on the mask's grid; 1:1 when the sizes agree. */
    float scale_x = (float)c->mask_w / (float)c->photo_w;
    float scale_y = (float)c->mask_h / (float)c->photo_h;
    const bd_push_composite push = {.mask_w = (int32_t)c->mask_w,
                                    .mask_h = (int32_t)c->mask_h,
                                    .photo_w = (int32_t)c->photo_w,
                                    .photo_h = (int32_t)c->photo_h,
                                    .bg_w = (int32_t)c->background_w,
                                    .bg_h = (int32_t)c->background_h,
                                    .offset_x = c->offset_x,
                                    .offset_y = c->offset_y,
                                    .fill = bd_kernel_color_word(c->fill),
                                    .fill_low = bd_kernel_color_word(c->fill_low),
                                    .scale_x = scale_x,
                                    .bias_x = 0.5f * scale_x - 0.5f,
                                    .scale_y = scale_y,
                                    .bias_y = 0.5f * scale_y - 0.5f};
    bd_fill_kernel(dispatch, vk, BD_KERNEL_COMPOSITE, &push, sizeof push);
    uint32_t mode = BD_COMPOSITE_COLOR;
    if (c->transparent) {
        mode = BD_COMPOSITE_TRANSPARENT;
    } else if (c->background_w) {
        mode = BD_COMPOSITE_PICTURE;
    }
    bd_fill_constant(dispatch, mode);
    bd_fill_constant(dispatch, c->tile);
    bd_fill_constant(dispatch, c->linear);
    bd_fill_constant(dispatch, c->premultiplied);
    bd_fill_constant(dispatch, c->of_photo);
    bd_fill_constant(dispatch, c->keep_hidden);
    dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
    dispatch->bindings[2].format = VK_FORMAT_R32_UINT;
    bd_fill_rows(dispatch, c->photo_w, c->photo_h);
}
