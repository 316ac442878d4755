/* SPDX-License-Identifier: MIT
 * What the device does at most: the yardstick beside every benchmark's figure. */
#include <math.h>
#include <string.h>

#include "api/engine.h"
#include "kernel/column.h"
#include "push/peak.h"

enum { REPEATS = 5, MOST_PASSES = 16, MOST_SMALL_PASSES = 256, MOST_ITERATIONS = 1 << 20, CHAIN = 256 };
enum { MATRIX_GROUPS = 4096, MATRIX_SUBGROUPS = 4 };

typedef struct gauge {
    bd_vk *vk;
    bd_vk_commands commands;
    bd_vk_buffer a, b;
    VkDeviceSize bytes; /* of a and of b, or the part of them that is copied */
    uint32_t fma_groups;
    double least_ms;  /* a timed submission should take at least this long */
    double launch_ms; /* known after measure_launch */
} gauge;

/* Larger than any cache, smaller than any limit: 256 MB where there is room. */
static VkDeviceSize copy_bytes(const bd_vk *vk) {
    VkDeviceSize bytes = vk->info.kind == BD_DEVICE_SOFTWARE ? (VkDeviceSize)64 << 20 : (VkDeviceSize)256 << 20;
    bytes = BD_MIN(bytes, vk->limits.maxStorageBufferRange);
    if (bd_column_runs(&vk->traits, BD_COLUMN_TEXEL)) {
        bytes = BD_MIN(bytes, (VkDeviceSize)vk->limits.maxTexelBufferElements * 16);
    }
    if (vk->info.memory_bytes) {
        bytes = BD_MIN(bytes, vk->info.memory_bytes / 16);
    }
    return BD_MAX(bytes & ~(VkDeviceSize)4095, (VkDeviceSize)4096);
}

static uint32_t ceil_div(uint64_t value, uint64_t by) {
    return (uint32_t)((value + by - 1) / by);
}

static void set_push(bd_vk_dispatch *dispatch, const bd_push_peak *push) {
    dispatch->push_bytes = sizeof *push;
    memcpy(dispatch->push, push, sizeof *push);
}

static bd_vk_dispatch copy_dispatch(const gauge *g, bd_shader_id shader, bool back, float salt) {
    const bd_vk_buffer *from = back ? &g->b : &g->a;
    const bd_vk_buffer *to = back ? &g->a : &g->b;
    const bd_push_peak push = {.count = (bd_int)(g->bytes / 16), .salt = salt};
    uint32_t groups = ceil_div(g->bytes / 16, (uint64_t)BD_LINEAR_GROUP * BD_PEAK_COPY_EACH);
    bd_vk_dispatch dispatch = {.name = "peak copy", .shader = shader};
    dispatch.groups[0] = BD_MIN(groups, 4096u);
    dispatch.groups[1] = ceil_div(groups, dispatch.groups[0]);
    dispatch.groups[2] = 1;
    dispatch.bindings[BD_BIND_SRC] =
        (bd_vk_binding){.buffer = from, .bytes = g->bytes, .format = VK_FORMAT_R32G32B32A32_SFLOAT};
    dispatch.bindings[BD_BIND_DST] = (bd_vk_binding){.buffer = to, .bytes = g->bytes};
    set_push(&dispatch, &push);
    return dispatch;
}

/* The device's own clock where it has one. */
static bd_result submit(gauge *g, double *ms, bd_error *error) {
    const bd_vk_commands *list[] = {&g->commands};
    bd_result result = bd_vk_commands_end(&g->commands, error);
    double start = bd_now_ms();
    if (!result) {
        result = bd_vk_submit(g->vk, list, 1, error);
    }
    *ms = bd_now_ms() - start;
    return result || !g->commands.timer_count ? result : bd_vk_commands_times(&g->commands, ms, error);
}

/* shader BD_SHADER_COUNT: the driver's own copy. */
static bd_result time_copies(gauge *g, bd_shader_id shader, uint32_t passes, float salt, double *ms, bd_error *error) {
    bd_result result = bd_vk_commands_begin(&g->commands, 0, error);
    for (uint32_t p = 0; p < passes && !result; p++) {
        if (p) {
            bd_vk_commands_barrier(&g->commands);
        }
        if (shader == BD_SHADER_COUNT) {
            const bd_vk_buffer *from = p % 2 ? &g->b : &g->a;
            bd_vk_commands_copy(&g->commands, from, 0, p % 2 ? &g->a : &g->b, 0, g->bytes);
        } else {
            bd_vk_dispatch dispatch = copy_dispatch(g, shader, p % 2, salt);
            result = bd_vk_commands_dispatch(&g->commands, &dispatch, error);
        }
    }
    if (!result) {
        bd_vk_commands_barrier(&g->commands);
        bd_vk_commands_stamp(&g->commands, "copy");
        result = submit(g, ms, error);
    }
    return result;
}

/* launch_ms: of one copy, subtracted. */
static bd_result measure_copy(gauge *g, bd_shader_id shader, uint32_t most_passes, double launch_ms,
                              double *gbytes_per_s, bd_error *error) {
    double ms = 0;
    uint32_t passes = 2;
    bd_result result = time_copies(g, shader, passes, 1.0f, &ms, error); /* compiles, touches every page */
    if (!result) {
        result = time_copies(g, shader, passes, 0.0f, &ms, error);
    }
    while (!result && ms < g->least_ms && passes < most_passes) {
        passes *= 2;
        result = time_copies(g, shader, passes, 0.0f, &ms, error);
    }
    double least = ms;
    for (uint32_t r = 1; r < REPEATS && !result; r++) {
        result = time_copies(g, shader, passes, 0.0f, &ms, error);
        least = BD_MIN(least, ms);
    }
    least -= passes * launch_ms;
    double rate = least > 0 ? 2e-6 * (double)g->bytes * passes / least : 0;
    *gbytes_per_s = BD_MAX(*gbytes_per_s, rate);
    return result;
}

/* What was copied must have arrived: every element is the number of salts added to zero. */
static bd_result check_copy(const gauge *g, bd_error *error) {
    float first[4];
    float last[4];
    bd_result result = bd_vk_buffer_read(g->vk, &g->b, 0, first, sizeof first, error);
    if (!result) {
        result = bd_vk_buffer_read(g->vk, &g->b, g->bytes - sizeof last, last, sizeof last, error);
    }
    if (!result && !(first[0] >= 1 && first[0] == last[0] && first[3] == last[3])) {
        result = bd_fail(error, BD_ERR_DEVICE, "%s: a copy of memory came out wrong", g->vk->info.name);
    }
    return result;
}

static bd_result time_dispatch(gauge *g, const bd_vk_dispatch *dispatch, double *ms, bd_error *error) {
    bd_result result = bd_vk_commands_begin(&g->commands, 0, error);
    if (!result) {
        result = bd_vk_commands_dispatch(&g->commands, dispatch, error);
    }
    if (!result) {
        bd_vk_commands_barrier(&g->commands);
        bd_vk_commands_stamp(&g->commands, dispatch->name);
        result = submit(g, ms, error);
    }
    return result;
}

static bd_result time_fma(gauge *g, uint32_t iterations, double *ms, bd_error *error) {
    const bd_push_peak push = {
        .iterations = (bd_int)iterations, .salt = 0, .scale = 0.5f, .shift = 1.0f}; /* the sum tends to 2 * 12 */
    bd_vk_dispatch dispatch = {.name = "peak fma", .shader = BD_SHADER_peak_fma_f32_storage};
    dispatch.groups[0] = g->fma_groups;
    dispatch.groups[1] = dispatch.groups[2] = 1;
    dispatch.bindings[BD_BIND_DST] =
        (bd_vk_binding){.buffer = &g->b, .bytes = (VkDeviceSize)g->fma_groups * BD_LINEAR_GROUP * sizeof(float)};
    set_push(&dispatch, &push);
    return time_dispatch(g, &dispatch, ms, error);
}

static bd_result measure_fma(gauge *g, double *gflops, bd_error *error) {
    double ms = 0;
    uint32_t iterations = 16;
    bd_result result = time_fma(g, iterations, &ms, error);
    while (!result && ms < g->least_ms && iterations < MOST_ITERATIONS) {
        iterations *= 2;
        result = time_fma(g, iterations, &ms, error);
    }
    double least = ms;
    for (uint32_t r = 1; r < REPEATS && !result; r++) {
        result = time_fma(g, iterations, &ms, error);
        least = BD_MIN(least, ms);
    }
    float sum = 0;
    if (!result) {
        result = bd_vk_buffer_read(g->vk, &g->b, 0, &sum, sizeof sum, error);
    }
    if (!result && fabsf(sum - 24.0f) > 1e-3f) {
        result = bd_fail(error, BD_ERR_DEVICE, "%s: multiply-adds came out wrong", g->vk->info.name);
    }
    double steps = (double)iterations * BD_PEAK_UNROLL * g->fma_groups * BD_LINEAR_GROUP;
    *gflops = least > 0 ? 2e-6 * steps * BD_PEAK_CHAINS * 4 / least : 0;
    return result;
}

/* The shortest work there is, so that what is left is the launch and the wait for it. */
static bd_result measure_launch(gauge *g, double *launch_us, bd_error *error) {
    VkDeviceSize bytes = g->bytes;
    double least = 0;
    bd_result result = BD_OK;
    g->bytes = 4096;
    for (uint32_t r = 0; r < REPEATS + 1 && !result && (!r || g->commands.timer_count); r++) {
        double ms;
        result = time_copies(g, BD_SHADER_peak_copy_f32_storage, CHAIN, 0.0f, &ms, error);
        least = r < 2 ? ms : BD_MIN(least, ms);
    }
    g->bytes = bytes;
    if (!result && g->commands.timer_count) {
        g->launch_ms = least / CHAIN;
        *launch_us = 1e3 * g->launch_ms;
    }
    return result;
}

/* Most tensors of a network are smaller than a GPU's last cache. Sizes whose copy takes less than a launch are
 * skipped. */
static bd_result measure_cached(gauge *g, double *gbytes_per_s, bd_error *error) {
    VkDeviceSize bytes = g->bytes;
    bd_result result = BD_OK;
    for (VkDeviceSize mb = 4; mb <= 16 && !result; mb *= 2) {
        double rate = 0;
        g->bytes = BD_MIN(mb << 20, bytes);
        result = measure_copy(g, BD_SHADER_peak_copy_f32_storage, MOST_SMALL_PASSES, g->launch_ms, &rate, error);
        if (2e-6 * (double)g->bytes > rate * g->launch_ms) {
            *gbytes_per_s = BD_MAX(*gbytes_per_s, rate);
        }
    }
    g->bytes = bytes;
    return result;
}

static bd_result time_matrix(gauge *g, const bd_vk_matrix *m, uint32_t groups, uint32_t iterations, double *ms,
                             bd_error *error) {
    /* Every sum is a whole number as long as 24 bits hold it. */
    const bd_push_peak push = {.iterations = (bd_int)iterations, .scale = 0.25f, .shift = 0.25f};
    bd_vk_dispatch dispatch = {.name = "peak matrix",
                               .shader = m->extension == BD_VK_MATRIX_KHR ? BD_SHADER_peak_matrix_f16_khrcoop
                                                                          : BD_SHADER_peak_matrix_f16_nvcoop,
                               .specialisations = {MATRIX_SUBGROUPS * g->vk->matrix_subgroup_size, m->m, m->n, m->k},
                               .specialisation_count = 4,
                               .subgroup = g->vk->matrix_subgroup_size,
                               .groups = {groups, 1, 1}};
    dispatch.bindings[BD_BIND_DST] = (bd_vk_binding){
        .buffer = &g->b, .bytes = (VkDeviceSize)groups * MATRIX_SUBGROUPS * m->m * m->n * sizeof(float)};
    set_push(&dispatch, &push);
    return time_dispatch(g, &dispatch, ms, error);
}

/* A shape that the driver refuses or computes wrongly counts for nothing. */
static bd_result measure_matrix(gauge *g, const bd_vk_matrix *m, double *gflops, bd_error *error) {
    VkDeviceSize each = (VkDeviceSize)MATRIX_SUBGROUPS * m->m * m->n * sizeof(float);
    uint32_t groups = (uint32_t)BD_MIN((VkDeviceSize)MATRIX_GROUPS, g->bytes / each);
    uint32_t iterations = 1;
    double ms = 0;
    double least = INFINITY;
    bd_result result = time_matrix(g, m, groups, iterations, &ms, error);
    if (result == BD_ERR_DEVICE || result == BD_ERR_UNSUPPORTED) {
        return BD_OK;
    }
    while (!result && ms < g->least_ms && iterations < MOST_ITERATIONS) {
        iterations *= 2;
        result = time_matrix(g, m, groups, iterations, &ms, error);
    }
    for (uint32_t r = 0; r < REPEATS && !result; r++) {
        result = time_matrix(g, m, groups, iterations, &ms, error);
        least = BD_MIN(least, ms);
    }
    float sum = 0;
    if (!result) {
        result = bd_vk_buffer_read(g->vk, &g->b, (groups - 1) * each, &sum, sizeof sum, error);
    }
    double products = (double)iterations * BD_PEAK_UNROLL * BD_PEAK_PRODUCTS;
    if (!result && least > 0 && fabs(sum / (products * m->k * 0.0625) - 1) < 1e-3) {
        double rate = 2e-6 * products * groups * MATRIX_SUBGROUPS * m->m * m->n * m->k / least;
        *gflops = BD_MAX(*gflops, rate);
    }
    return result;
}

static bd_result measure_matrices(gauge *g, double *gflops, bd_error *error) {
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < g->vk->matrix_count && !result; i++) {
        const bd_vk_matrix *m = &g->vk->matrices[i];
        bd_shader_id shader =
            m->extension == BD_VK_MATRIX_KHR ? BD_SHADER_peak_matrix_f16_khrcoop : BD_SHADER_peak_matrix_f16_nvcoop;
        if (bd_shaders[shader].words) {
            result = measure_matrix(g, m, gflops, error);
        }
    }
    return result;
}

static bd_result measure(bd_vk *vk, bd_device_peaks *peaks, bd_error *error) {
    bool software = vk->info.kind == BD_DEVICE_SOFTWARE;
    gauge g = {.vk = vk, .bytes = copy_bytes(vk), .fma_groups = software ? 512 : 16384, .least_ms = software ? 30 : 4};
    g.bytes = BD_MAX(g.bytes, (VkDeviceSize)g.fma_groups * BD_LINEAR_GROUP * sizeof(float));
    bd_result result = bd_vk_commands_init(vk, &g.commands, 1, error);
    if (!result) {
        result = bd_vk_buffer_init(vk, &g.a, g.bytes, BD_VK_MEMORY_DEVICE, error);
    }
    if (!result) {
        result = bd_vk_buffer_init(vk, &g.b, g.bytes, BD_VK_MEMORY_DEVICE, error);
    }
    if (!result) {
        result = bd_vk_commands_begin(&g.commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, error);
    }
    if (!result) {
        vk->api.vkCmdFillBuffer(g.commands.buffer, g.a.buffer, 0, g.bytes, 0);
        bd_vk_commands_barrier(&g.commands);
        double ms;
        result = submit(&g, &ms, error);
    }
    if (!result) {
        result = measure_copy(&g, BD_SHADER_peak_copy_f32_storage, MOST_PASSES, 0, &peaks->copy_gbytes_per_s, error);
    }
    if (!result && bd_column_runs(&vk->traits, BD_COLUMN_TEXEL)) {
        result = measure_copy(&g, BD_SHADER_peak_copy_f32_texel, MOST_PASSES, 0, &peaks->copy_gbytes_per_s, error);
    }
    if (!result) {
        result = measure_copy(&g, BD_SHADER_COUNT, MOST_PASSES, 0, &peaks->copy_gbytes_per_s, error);
    }
    if (!result) {
        result = check_copy(&g, error);
    }
    if (!result) {
        result = measure_launch(&g, &peaks->launch_us, error);
    }
    if (!result) {
        peaks->cached_gbytes_per_s = peaks->copy_gbytes_per_s;
        result = measure_cached(&g, &peaks->cached_gbytes_per_s, error);
    }
    if (!result) {
        result = measure_fma(&g, &peaks->fma_gflops, error);
    }
    if (!result) {
        result = measure_matrices(&g, &peaks->matrix_gflops, error);
    }
    bd_vk_commands_finish(&g.commands);
    bd_vk_buffer_finish(vk, &g.a);
    bd_vk_buffer_finish(vk, &g.b);
    return result;
}

bd_result bd_engine_measure_peaks(bd_engine *engine, bd_device_peaks *peaks, bd_error *error) {
    bd_result result = bd_info_check(peaks, "bd_device_peaks", error);
    bd_device_peaks all = {0};
    if (!result) {
        result = measure(&engine->vk, &all, error);
    }
    if (!result) {
        bd_info_give(peaks, &all, sizeof all);
    }
    return result;
}
