/* SPDX-License-Identifier: MIT */
#include "kernel/kernel.h"

/* storage, texel, wide8: most kernels are the same on every software device. */
#define ROW(kernel, name)                                                                                              \
    [BD_KERNEL_##kernel] = {BD_SHADER_##name##_storage, BD_SHADER_##name##_texel, BD_SHADER_##name##_texel}
#define ROW_WIDE(kernel, name)                                                                                         \
    [BD_KERNEL_##kernel] = {BD_SHADER_##name##_storage, BD_SHADER_##name##_texel, BD_SHADER_##name##_texel_wide8}
/* Special cases that only wide8 has: network.c asks for them on no other device. */
#define ROW_WIDE_ONLY(kernel, name)                                                                                    \
    [BD_KERNEL_##kernel] = {BD_SHADER_COUNT, BD_SHADER_COUNT, BD_SHADER_##name##_texel_wide8}

/* Kernels that work in one buffer: they read as they write, through storage. */
#define ROW_STORAGE(kernel, name)                                                                                      \
    [BD_KERNEL_##kernel] = {BD_SHADER_##name##_storage, BD_SHADER_##name##_storage, BD_SHADER_##name##_storage}

static const bd_shader_id table[BD_KERNEL_COUNT][BD_KERNELS_COUNT] = {
    ROW_WIDE(CONV1X1, conv1x1_f32),
    ROW_WIDE_ONLY(CONV1X1_DEEP, conv1x1_deep_f32),
    ROW_WIDE(CONV, conv_f32),
    ROW(CONV_DW, conv_dw_f32),
    ROW_WIDE_ONLY(CONV_DW_STRIDE1, conv_dw_stride1_f32),
    ROW_WIDE_ONLY(CONV_DW_STRIDE2, conv_dw_stride2_f32),
    ROW_WIDE_ONLY(CONV_DW_STRIDE1_PAIRS, conv_dw_stride1_pairs_f32),
    ROW_WIDE_ONLY(CONV_DW_STRIDE2_PAIRS, conv_dw_stride2_pairs_f32),
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
    ROW(NARROW, narrow_u16),
    ROW(LABELS, labels_f32),
    ROW(AVERAGE, average_f32),
    ROW(MASK, mask_f32),
    ROW(COMPOSITE, composite_u8),
    ROW(GUIDED_REDUCE, guided_reduce_u8),
    ROW(GUIDED_START, guided_start_f32),
    ROW(GUIDED_ROWS, guided_rows_f32),
    ROW(GUIDED_SOLVE, guided_solve_f32),
    ROW(BOX_ROWS, box_rows_f32),
    ROW(BOX_COLUMNS, box_columns_f32),
    ROW(GUIDED_JOIN, guided_join_f32),
    ROW(GUIDED_APPLY, guided_apply_u8),
    ROW(PLANE_SAMPLE, plane_sample_f32),
    ROW(PLANE_PACK, plane_pack_f32),
    ROW(TRIMAP_PIN, trimap_pin_u8),
    ROW(FOREGROUND_PICK, foreground_pick_u8),
    ROW(FOREGROUND_HALF, foreground_half_f32),
    ROW(FOREGROUND_STEP, foreground_step_f32),
    ROW(FOREGROUND_APPLY, foreground_apply_u8),
    ROW(FUSION_REDUCE, fusion_reduce_f32),
    ROW(FUSION_SPREAD, fusion_spread_f32),
    ROW(FUSION_ROWS, fusion_rows_f32),
    ROW(FUSION_COLUMNS, fusion_columns_f32),
    ROW(WEIGH, weigh_u8),
    ROW(GAUSS, gauss_f32),
    ROW(UNWEIGH, unweigh_u8),
    ROW(STATISTICS, statistics_u8),
    ROW(STATISTICS_SUM, statistics_sum_f32),
    ROW(HARMONIZE_SOLVE, harmonize_solve_f32),
    ROW(LIGHT_REDUCE, light_reduce_u8),
    ROW(RELIGHT, relight_u8),
    ROW(COLOUR_COUNT, colour_count_f32),
    ROW(COLOUR_BLUR, colour_blur_f32),
    ROW(CLOSED_TARGET, closed_target_f32),
    ROW(CLOSED_PRIOR, closed_prior_f32),
    ROW(CLOSED_PIN, closed_pin_f32),
    ROW(TILE_FLAGS, tile_flags_f32),
    ROW(TILE_ROWS, tile_rows_f32),
    ROW(TILE_LIST, tile_list_f32),
    ROW(CLOSED_START, closed_start_f32),
    ROW(CLOSED_LINES, closed_lines_f32),
    ROW(CLOSED_PRODUCT, closed_product_f32),
    ROW(CLOSED_SUM, closed_sum_f32),
    ROW(CLOSED_STEP, closed_step_f32),
    ROW(CLOSED_UPDATE, closed_update_f32),
    ROW(CLOSED_FINISH, closed_finish_f32),
    ROW(COMPONENTS_START, components_start_f32),
    ROW_STORAGE(COMPONENTS_JOIN, components_join_u32),
    ROW_STORAGE(COMPONENTS_COUNT, components_count_u32),
    ROW_STORAGE(COMPONENTS_CHOOSE, components_choose_u32),
    ROW_STORAGE(COMPONENTS_SPREAD, components_spread_u32),
    ROW(COMPONENTS_APPLY, components_apply_f32),
    ROW(PLANE_STEP, plane_step_f32),
};

bd_shader_id bd_kernel_shader(const bd_vk *vk, bd_kernel kernel) {
    return table[kernel][vk->kernel_set];
}

#define HALF(name)                                                                                                     \
    { BD_SHADER_##name##_f32_storage, BD_SHADER_##name##_f16_storage }

bd_shader_id bd_kernel_half_shader(bd_shader_id shader) {
    static const struct {
        bd_shader_id full, half;
    } pairs[] = {
        HALF(conv1x1),
        HALF(conv),
        HALF(conv_dw),
        HALF(pool),
        HALF(pool_map),
        HALF(resize),
        HALF(elementwise),
        HALF(softmax),
        HALF(concat),
        HALF(concat_scalar),
        {BD_SHADER_preprocess_u8_storage, BD_SHADER_preprocess_u8_f16_storage},
    };
    for (uint32_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i].full == shader) {
            return pairs[i].half;
        }
    }
    return BD_SHADER_COUNT;
}

#define DEEP(name)                                                                                                     \
    {BD_SHADER_##name##_u8_storage, BD_SHADER_##name##_u16_storage}, {                                                 \
        BD_SHADER_##name##_u8_texel, BD_SHADER_##name##_u16_texel                                                      \
    }

void bd_kernel_deepen(bd_vk_dispatch *dispatch) {
    static const struct {
        bd_shader_id narrow, deep;
    } pairs[] = {
        DEEP(resample_horizontal),
        DEEP(resample_vertical),
        DEEP(composite),
        DEEP(foreground_pick),
        DEEP(foreground_apply),
        DEEP(weigh),
        DEEP(unweigh),
        DEEP(statistics),
        DEEP(light_reduce),
        DEEP(relight),
    };
    for (uint32_t i = 0; i < BD_COUNT(pairs); i++) {
        if (pairs[i].narrow == dispatch->shader) {
            dispatch->shader = pairs[i].deep;
            dispatch->name = bd_shaders[dispatch->shader].name;
            break;
        }
    }
    for (uint32_t b = 0; b < BD_COUNT(dispatch->bindings); b++) {
        if (dispatch->bindings[b].format == VK_FORMAT_R32_UINT) {
            dispatch->bindings[b].format = VK_FORMAT_R32G32_UINT;
        }
    }
}
