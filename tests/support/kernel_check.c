/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "push/types.h"
#include "support/kernel_check.h"

enum { GUARD_BYTES = 4096, BENCH_RUNS = 5 };
#define POISON 0xffc0deadu /* a NaN, and no likely pixel */

/* ---- random input ------------------------------------------------------------------------------------------------ */

uint32_t check_random(check *c) {
    /* splitmix64 */
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

int32_t check_between(check *c, int32_t low, int32_t high) {
    return low + (int32_t)(check_random(c) % (uint32_t)(high - low + 1));
}

float check_float(check *c, float low, float high) {
    return low + (high - low) * (float)(check_random(c) >> 8) * (1.0f / 16777216.0f);
}

float *check_floats(check *c, size_t count, float low, float high) {
    float *values = malloc(BD_MAX(count, 1) * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = check_float(c, low, high);
    }
    return values;
}

uint8_t *check_bytes(check *c, size_t count) {
    uint8_t *values = malloc(BD_MAX(count, 1));
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (uint8_t)check_random(c);
    }
    return values;
}

float *check_pad(const float *dense, size_t rows, int32_t channels) {
    size_t padded = ((size_t)channels + 3) / 4 * 4;
    float *values = calloc(rows * padded, sizeof *values);
    assert_non_null(values);
    for (size_t row = 0; row < rows; row++) {
        memcpy(values + row * padded, dense + row * (size_t)channels, (size_t)channels * sizeof *values);
    }
    return values;
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

bool check_first_column(check *c) {
    c->vk.column = c->bench ? c->native : BD_COLUMN_STORAGE;
    return true;
}

bool check_next_column(check *c) {
    for (c->vk.column++; !c->bench && c->vk.column < BD_COLUMN_COUNT; c->vk.column++) {
        /* Every column with kernels of its own for pictures has one of this kind. */
        bool has_own = bd_kernel_cells[BD_KERNEL_COMPOSITE][c->vk.column].from == (bd_column)c->vk.column;
        if (has_own && bd_column_runs(&c->vk.traits, (bd_column)c->vk.column)) {
            return true;
        }
    }
    c->vk.column = c->native;
    return false;
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

void check_tensor(const char *label, const float *expected, const float *got, size_t rows, int32_t channels,
                  int32_t width, float absolute, float relative) {
    check_tensor_within(label, expected, got, rows, channels, width, absolute, relative, 1e-10);
}

void check_tensor_within(const char *label, const float *expected, const float *got, size_t rows, int32_t channels,
                         int32_t width, float absolute, float relative, double nmse) {
    size_t padded = ((size_t)channels + 3) / 4 * 4;
    double error = 0.0, power = 0.0;
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < padded; i++) {
            bool padding = i >= (size_t)channels;
            float e = padding ? 0.0f : expected[row * (size_t)channels + i];
            float g = got[row * padded + i];
            float difference = fabsf(g - e);
            if (!(difference <= (padding ? 0.0f : absolute + relative * fabsf(e)))) {
                fail_msg("%s: y %zu x %zu channel %zu%s: got %.9g, expected %.9g", label, row / (size_t)width,
                         row % (size_t)width, i, padding ? " (padding)" : "", (double)g, (double)e);
            }
            error += (double)difference * (double)difference;
            power += (double)e * (double)e;
        }
    }
    if (error > nmse * power && error > 1e-12) {
        fail_msg("%s: normalised mean square error %g", label, error / power);
    }
}

void check_picture(const char *label, const uint8_t *expected, const uint8_t *got, size_t bytes, size_t width,
                   int32_t tolerance) {
    size_t unequal = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (abs(expected[i] - got[i]) > tolerance) {
            fail_msg("%s: row %zu byte %zu: got %u, expected %u", label, i / width, i % width, got[i], expected[i]);
        }
        unequal += expected[i] != got[i];
    }
    if (unequal > bytes / 100 + 3) {
        fail_msg("%s: %zu of %zu bytes differ", label, unequal, bytes);
    }
}

void check_picture16(const char *label, const uint16_t *expected, const uint16_t *got, size_t numbers, size_t width,
                     int32_t tolerance) {
    for (size_t i = 0; i < numbers; i++) {
        if (abs(expected[i] - got[i]) > tolerance) {
            fail_msg("%s: row %zu number %zu: got %u, expected %u", label, i / width, i % width, got[i], expected[i]);
        }
    }
}

void check_pixels(const char *label, bool deep, const void *expected, const void *got, size_t pixels, size_t width,
                  int32_t tolerance) {
    if (deep) {
        check_picture16(label, expected, got, 4 * pixels, 4 * width, tolerance);
    } else {
        check_picture(label, expected, got, 4 * pixels, 4 * width, tolerance);
    }
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static void must(bd_result result, const bd_error *error, const char *label) {
    if (result) {
        fail_msg("%s: %s: %s", label, bd_result_name(result), error->message);
    }
}

void *check_output(size_t bytes) {
    uint32_t *image = malloc(bytes);
    assert_non_null(image);
    for (size_t i = 0; i < bytes / 4; i++) {
        image[i] = POISON;
    }
    return image;
}

/* A device buffer with guards before and after the bytes. */
static void make_buffer(check *c, bd_vk_buffer *buffer, const void *data, size_t bytes, const char *label) {
    bd_error error;
    size_t total = (bytes + 3) / 4 * 4 + 2 * GUARD_BYTES;
    char *image = check_output(total);
    memcpy(image + GUARD_BYTES, data, bytes);
    must(bd_vk_buffer_init(&c->vk, buffer, total, BD_VK_MEMORY_DEVICE, &error), &error, label);
    must(bd_vk_buffer_write(&c->vk, buffer, 0, image, total, &error), &error, label);
    free(image);
}

static void read_output(check *c, const bd_vk_buffer *buffer, void *out, size_t bytes, const char *label) {
    bd_error error;
    size_t total = bytes + 2 * GUARD_BYTES;
    uint32_t *image = check_output(total);
    must(bd_vk_buffer_read(&c->vk, buffer, 0, image, total, &error), &error, label);
    for (size_t i = 0; i < GUARD_BYTES / 4; i++) {
        if (image[i] != POISON) {
            fail_msg("%s: wrote %zu bytes before the output", label, GUARD_BYTES - i * 4);
        }
        if (image[(GUARD_BYTES + bytes) / 4 + i] != POISON) {
            fail_msg("%s: wrote %zu bytes past the output", label, i * 4);
        }
    }
    memcpy(out, (char *)image + GUARD_BYTES, bytes);
    free(image);
}

static void submit(check *c, const bd_vk_dispatch *dispatch, uint32_t slices) {
    bd_error error;
    const bd_vk_commands *list[] = {&c->commands};
    must(bd_vk_commands_begin(&c->commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, &error), &error,
         dispatch->name);
    must(bd_vk_commands_dispatch_slices(&c->commands, dispatch, slices, &error), &error, dispatch->name);
    bd_vk_commands_stamp(&c->commands, dispatch->name);
    bd_vk_commands_barrier(&c->commands);
    bd_vk_commands_barrier_host(&c->commands);
    must(bd_vk_commands_end(&c->commands, &error), &error, dispatch->name);
    must(bd_vk_submit(&c->vk, list, 1, &error), &error, dispatch->name);
}

static void bench(check *c, const bd_vk_dispatch *dispatch, const char *label, double multiply_adds) {
    bd_error error;
    double best = INFINITY;
    for (int run = 0; run < BENCH_RUNS; run++) {
        double ms = INFINITY;
        submit(c, dispatch, 1);
        must(bd_vk_commands_times(&c->commands, &ms, &error), &error, dispatch->name);
        best = fmin(best, ms);
    }
    printf("%-32s %-48s %9.3f ms %8.2f GFLOP/s\n", bd_shaders[dispatch->shader].name, label, best,
           2.0 * multiply_adds / best * 1e-6);
}

void check_run(check *c, const bd_vk_dispatch *given, const check_input inputs[BD_VK_BINDINGS - 1], void *out,
               size_t out_bytes, const char *label, double multiply_adds) {
    char name[320];
    (void)snprintf(name, sizeof name, "%s %s", bd_shaders[given->shader].name, label);
    bd_vk_buffer buffers[BD_VK_BINDINGS] = {0};
    bd_vk_dispatch dispatch = *given;
    dispatch.name = name;
    for (uint32_t b = 0; b < BD_VK_BINDINGS; b++) {
        bd_vk_binding *binding = &dispatch.bindings[b];
        const bool output = b == BD_BIND_DST;
        const void *data = output ? out : inputs[b].data;
        const size_t bytes = output ? out_bytes : inputs[b].bytes;
        if (data) {
            make_buffer(c, &buffers[b], data, bytes, name);
        }
        /* A shader may declare a binding that its constants keep it from reading. */
        binding->buffer = &buffers[data ? b : 0];
        binding->offset = GUARD_BYTES;
        /* The guard behind is in reach, or the driver's own bounds checks would hide what oversteps. */
        binding->bytes = (data ? bytes : 0) + GUARD_BYTES;
    }
    c->slices = c->slices % 3 + 1;
    submit(c, &dispatch, c->slices);
    read_output(c, &buffers[BD_BIND_DST], out, out_bytes, name);
    if (c->bench) {
        bench(c, &dispatch, label, multiply_adds);
    }
    for (uint32_t b = 0; b < BD_VK_BINDINGS; b++) {
        bd_vk_buffer_finish(&c->vk, &buffers[b]);
    }
    if (c->complaints) {
        fail_msg("%s: %u validation messages", name, c->complaints);
    }
}

/* ---- the program ------------------------------------------------------------------------------------------------- */

static void print_log(void *user, bd_log_level level, const char *message) {
    check *c = user;
    c->complaints += level == BD_LOG_ERROR;
    if (level <= BD_LOG_WARNING) {
        (void)fprintf(stderr, "%s\n", message);
    }
}

static bool read_options(check *c, int argc, char **argv) {
    const char *seed = getenv("BACKDROP_SEED");
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--bench")) {
            c->bench = true;
        } else if (!strcmp(argv[i], "--seed") && i + 1 < argc) {
            seed = argv[++i];
        } else {
            (void)fprintf(stderr, "usage: %s [--bench] [--seed N|clock]\n", argv[0]);
            return false;
        }
    }
    c->seed = !seed ? 1 : !strcmp(seed, "clock") ? (uint64_t)time(NULL) : strtoull(seed, NULL, 0);
    c->state = c->seed;
    return true;
}

int check_open(check *c, int argc, char **argv) {
    *c = (check){0};
    if (!read_options(c, argc, argv)) {
        return 2;
    }
    const bd_engine_params params = {.struct_size = sizeof params,
                                     .log = print_log,
                                     .log_user = c,
                                     .device = getenv("BACKDROP_DEVICE"),
                                     .validation = !c->bench};
    bd_error error;
    bd_result result = bd_column_open(&c->vk, &params, &error);
    if (!result) {
        result = bd_vk_commands_init(&c->vk, &c->commands, 1, &error);
    }
    if (result) {
        (void)fprintf(stderr, "%s: %s\n", bd_result_name(result), error.message);
        bd_vk_finish(&c->vk);
        return result == BD_ERR_NO_VULKAN || result == BD_ERR_NO_DEVICE ? 77 : 1;
    }
    c->native = c->vk.column;
    printf("%s, seed %llu\n", c->vk.info.name, (unsigned long long)c->seed);
    return 0;
}

int check_close(check *c, int failed) {
    bd_vk_commands_finish(&c->commands);
    bd_vk_finish(&c->vk);
    return failed != 0 || c->complaints;
}
