/* SPDX-License-Identifier: MIT */
#include "kernel/kernel.h"

#define ROW(kernel, name)                                                                                              \
    [BD_KERNEL_##kernel] = {[BD_READ_STORAGE] = BD_SHADER_##name##_storage, [BD_READ_TEXEL] = BD_SHADER_##name##_texel}

static const bd_shader_id table[BD_KERNEL_COUNT][2] = {
    ROW(CONV1X1, conv1x1_f32),
    ROW(CONV, conv_f32),
    ROW(CONV_DW, conv_dw_f32),
    ROW(POOL, pool_f32),
    ROW(POOL_MAP, pool_map_f32),
    ROW(RESIZE, resize_f32),
    ROW(ELEMENTWISE, elementwise_f32),
    ROW(SOFTMAX, softmax_f32),
    ROW(CONCAT, concat_f32),
    ROW(CONCAT_SCALAR, concat_scalar_f32),
    ROW(PREPROCESS, preprocess_u8),
    ROW(RESAMPLE_HORIZONTAL, resample_horizontal_u8),
    ROW(RESAMPLE_VERTICAL, resample_vertical_u8),
    ROW(LABELS, labels_f32),
    ROW(MASK, mask_f32),
    ROW(COMPOSITE, composite_u8),
};

bd_shader_id bd_kernel_shader(const bd_vk *vk, bd_kernel kernel) {
    return table[kernel][vk->read_path];
}
