/* SPDX-License-Identifier: MIT
 * The kernels before and behind the network: every variant against its scalar reference. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "geometry/resample_table.h"
#include "kernel/kernel.h"
#include "reference/reference.h"
#include "support/kernel_check.h"

static check harness;

/* Of pictures; see deepen. */
static bool deep;

static size_t pixel_bytes(void) {
    return deep ? 8 : 4;
}

static void deepen(bd_vk_dispatch *dispatch) {
    if (deep) {
        bd_kernel_deepen(dispatch);
    }
}

static bd_shape shape_of(int32_t h, int32_t w, int32_t c) {
    const int32_t dims[] = {1, h, w, c};
    return bd_shape_make(4, dims);
}

/* ---- preprocess -------------------------------------------------------------------------------------------------- */

static void check_preprocess(int32_t photo_h, int32_t photo_w, int32_t h, int32_t w, bool mirrored, bool bgr) {
    char label[80];
    (void)snprintf(label, sizeof label, "%dx%d in %dx%d%s%s", photo_h, photo_w, h, w, mirrored ? " mirrored" : "",
                   bgr ? " bgr" : "");
    uint8_t *photo = check_bytes(&harness, (size_t)photo_h * (size_t)photo_w * 4);
    bd_node node = {.op = BD_OP_PREPROCESS, .shape = shape_of(h, w, 3)};
    node.u.preprocess.bgr = bgr;
    for (int i = 0; i < 3; i++) {
        node.u.preprocess.scale[i] = check_float(&harness, 0.001f, 0.02f);
        node.u.preprocess.offset[i] = check_float(&harness, -2.0f, 2.0f);
        node.u.preprocess.outside[i] = check_float(&harness, -2.0f, 2.0f);
    }
    size_t pixels = (size_t)h * (size_t)w;
    float *expected = check_output(pixels * 3 * sizeof *expected);
    uint32_t *seen = malloc((size_t)photo_h * (size_t)photo_w * sizeof *seen);
    assert_non_null(seen);
    for (int32_t i = 0; i < photo_h * photo_w; i++) {
        int32_t from = mirrored ? i / photo_w * photo_w + photo_w - 1 - i % photo_w : i;
        memcpy(&seen[i], photo + (size_t)from * 4, sizeof *seen);
    }
    bd_ref_preprocess((const uint8_t *)seen, photo_h, photo_w, &node.u.preprocess, expected, h, w);
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_preprocess(&harness.vk, &node, BD_PRECISION_FP32, mirrored, (uint32_t)photo_w, (uint32_t)photo_h,
                             &dispatch);
        const check_input inputs[4] = {{photo, (size_t)photo_h * (size_t)photo_w * 4}};
        float *got = check_output(pixels * 16);
        check_run(&harness, &dispatch, inputs, got, pixels * 16, label, 0.0);
        check_tensor(label, expected, got, pixels, 3, w, 0.0f, 0.0f);
        free(got);
    }
    free(expected);
    free(seen);
    free(photo);
}

static void test_preprocess(void **state) {
    (void)state;
    for (int mirrored = 0; mirrored < 2; mirrored++) {
        check_preprocess(1, 1, 1, 1, mirrored, false);
        check_preprocess(1, 1, 9, 5, mirrored, false);
        check_preprocess(13, 70, 33, 70, mirrored, false);
        check_preprocess(65, 40, 65, 65, mirrored, false);
        check_preprocess(40, 65, 65, 65, mirrored, false);
        check_preprocess(13, 70, 33, 70, mirrored, true);
    }
}

/* ---- resampling -------------------------------------------------------------------------------------------------- */

static void check_resample(bool horizontal, int32_t h, int32_t w, int32_t out, bd_resample_filter filter,
                           int32_t first_row) {
    char label[80];
    (void)snprintf(label, sizeof label, "%dx%d to %d, filter %d, from row %d%s", h, w, out, (int)filter, first_row,
                   deep ? ", 16 bits" : "");
    bd_error error;
    bd_resample_table table;
    int32_t in = horizontal ? w : h;
    assert_int_equal(bd_resample_table_init(&table, NULL, filter, in, 0.0f, (float)in, out, 2.5f, &error), BD_OK);
    uint8_t *src = check_bytes(&harness, (size_t)h * (size_t)w * pixel_bytes());
    /* Whole areas of black and white drive sums below zero and past the most. */
    for (size_t i = 0; i < (size_t)h * (size_t)w * 2; i++) {
        uint32_t number = bd_ref_number(src, deep, i), most = bd_ref_most(deep);
        bd_ref_set_number(src, deep, i, number < most / 2 ? 0 : most);
    }
    int32_t dst_h = horizontal ? h - first_row : out, dst_w = horizontal ? out : w;
    size_t row_bytes = (size_t)w * pixel_bytes(), bytes = (size_t)dst_h * (size_t)dst_w * pixel_bytes();
    uint8_t *expected = check_output(bytes);
    if (horizontal) {
        bd_ref_resample_horizontal(src + row_bytes * (size_t)first_row, deep, w, dst_h, table.bounds,
                                   table.coefficients, table.taps, expected, out);
    } else {
        bd_ref_resample_vertical(src, deep, w, h, table.bounds, table.coefficients, table.taps, expected, out);
    }
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_resample(&harness.vk, horizontal, (uint32_t)w, (uint32_t)h, (uint32_t)dst_w, (uint32_t)dst_h,
                           (uint32_t)table.taps, (uint32_t)first_row, &dispatch);
        deepen(&dispatch);
        const check_input inputs[4] = {
            {src, row_bytes * (size_t)h},
            {table.coefficients, (size_t)table.out * (size_t)table.taps * sizeof(int32_t)},
            {table.bounds, (size_t)table.out * 2 * sizeof(int32_t)},
        };
        uint8_t *got = check_output(bytes);
        check_run(&harness, &dispatch, inputs, got, bytes, label, 0.0);
        check_pixels(label, deep, expected, got, bytes / pixel_bytes(), (size_t)dst_w, 0);
        free(got);
    }
    free(expected);
    free(src);
    bd_resample_table_finish(&table);
}

static void check_resamples(void) {
    for (int horizontal = 0; horizontal < 2; horizontal++) {
        check_resample(horizontal != 0, 1, 1, 1, BD_RESAMPLE_LANCZOS, 0);
        check_resample(horizontal != 0, 1, 1, 70, BD_RESAMPLE_LANCZOS, 0);
        check_resample(horizontal != 0, 37, 129, 50, BD_RESAMPLE_LANCZOS, 0);
        check_resample(horizontal != 0, 20, 23, 91, BD_RESAMPLE_LANCZOS, 0);
        check_resample(horizontal != 0, 31, 17, 17, BD_RESAMPLE_TRIANGLE, 0);
        check_resample(horizontal != 0, 16, 40, 7, BD_RESAMPLE_BOX, 0);
        check_resample(horizontal != 0, 33, 28, horizontal ? 28 : 33, BD_RESAMPLE_GAUSSIAN, 0);
        for (int i = 0; i < 6; i++) {
            check_resample(horizontal != 0, check_between(&harness, 1, 60), check_between(&harness, 1, 60),
                           check_between(&harness, 1, 90), BD_RESAMPLE_LANCZOS, 0);
        }
    }
    check_resample(true, 19, 30, 13, BD_RESAMPLE_LANCZOS, 6);
    check_resample(true, 2, 20000, 65, BD_RESAMPLE_LANCZOS, 0);
    check_resample(true, 20000, 3, 2, BD_RESAMPLE_LANCZOS, 0);
    check_resample(false, 20000, 2, 65, BD_RESAMPLE_LANCZOS, 0);
    check_resample(true, 70000, 2, 3, BD_RESAMPLE_TRIANGLE, 0);
}

static void test_resample(void **state) {
    (void)state;
    check_resamples();
    deep = true;
    check_resamples();
    deep = false;
}

/* Every number of 16 bits. */
static void test_narrow(void **state) {
    (void)state;
    enum { W = 331, H = 199 };
    uint16_t *src = malloc((size_t)W * H * 8);
    uint8_t *expected = check_output((size_t)W * H * 4);
    assert_non_null(src);
    for (size_t i = 0; i < (size_t)W * H * 4; i++) {
        src[i] = (uint16_t)(i * 41u);
    }
    bd_ref_narrow(src, (size_t)W * H * 4, expected);
    const check_input inputs[4] = {{src, (size_t)W * H * 8}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_narrow(&harness.vk, W, H, &dispatch);
        uint8_t *got = check_output((size_t)W * H * 4);
        check_run(&harness, &dispatch, inputs, got, (size_t)W * H * 4, "narrow", 0.0);
        check_picture("narrow", expected, got, (size_t)W * H * 4, (size_t)W * 4, 0);
        free(got);
    }
    free(expected);
    free(src);
}

/* ---- labels and masks -------------------------------------------------------------------------------------------- */

typedef struct tail {
    int32_t h, w, classes, out_h, out_w;
    bool half_pixel; /* else corners aligned */
} tail;

static const tail tails[] = {
    {1, 1, 1, 1, 1, false},     {1, 1, 21, 3, 6, true},      {9, 9, 21, 65, 65, false}, {9, 9, 21, 70, 50, true},
    {5, 13, 2, 33, 31, false},  {7, 7, 256, 20, 19, true},   {6, 3, 150, 6, 3, true},   {17, 17, 5, 9, 70, false},
    {33, 33, 21, 257, 3, true}, {3, 2, 33, 12, 1000, false}, {4, 4, 7, 40000, 2, true},
};

static bd_axis_map axis_map(int32_t in, int32_t out, bool half_pixel) {
    float scale = half_pixel ? (float)in / (float)out : out > 1 ? (float)(in - 1) / (float)(out - 1) : 0.0f;
    return (bd_axis_map){.scale = scale, .bias = half_pixel ? 0.5f * scale - 0.5f : 0.0f, .max = (float)(in - 1)};
}

static bd_ref_sampling sampling_of(bd_axis_map x, bd_axis_map y) {
    return (bd_ref_sampling){{x.scale, y.scale}, {x.bias, y.bias}, {x.max, y.max}};
}

/* Few distinct values: ties between classes are common. */
static float *make_logits(const tail *t, bool ties) {
    size_t count = (size_t)(t->h * t->w * t->classes);
    float *values = check_floats(&harness, count, -20.0f, 20.0f);
    for (size_t i = 0; ties && i < count; i++) {
        values[i] = roundf(values[i] / 10.0f);
    }
    return values;
}

/* Few distinct integers, times their step. */
static float *make_steps(const tail *t, bd_ref_steps steps) {
    size_t count = (size_t)(t->h * t->w * t->classes);
    float *values = check_floats(&harness, count, 0, 0);
    int32_t base = check_between(&harness, -255, 252);
    for (size_t i = 0; i < count; i++) {
        values[i] = (float)(base + check_between(&harness, 0, 3)) * steps.step;
    }
    return values;
}

static void check_labels(const tail *t, bool ties, bd_ref_steps steps) {
    char label[80];
    (void)snprintf(label, sizeof label, "%dx%d %d to %dx%d%s step %g zero %d", t->h, t->w, t->classes, t->out_h,
                   t->out_w, ties ? " ties" : "", (double)steps.step, steps.zero_point);
    float *logits = steps.step > 0 ? make_steps(t, steps) : make_logits(t, ties);
    float *padded = check_pad(logits, (size_t)(t->h * t->w), t->classes);
    bd_shape shape = shape_of(t->h, t->w, t->classes);
    bd_axis_map x = axis_map(t->w, t->out_w, t->half_pixel), y = axis_map(t->h, t->out_h, t->half_pixel);
    bd_ref_sampling sampling = sampling_of(x, y);
    size_t pitch = ((size_t)t->out_w + 3) / 4 * 4, bytes = pitch * (size_t)t->out_h;
    uint8_t *tight = check_output((size_t)t->out_w * (size_t)t->out_h + 4);
    bd_ref_labels(logits, t->h, t->w, t->classes, &sampling, steps, tight, t->out_h, t->out_w);
    uint8_t *expected = calloc(1, bytes);
    assert_non_null(expected);
    for (int32_t row = 0; row < t->out_h; row++) {
        memcpy(expected + pitch * (size_t)row, tight + (size_t)row * (size_t)t->out_w, (size_t)t->out_w);
    }
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_labels(&harness.vk, &shape, (uint32_t)t->out_w, 0, (uint32_t)t->out_h, x, y, steps.step,
                         steps.zero_point, &dispatch);
        const check_input inputs[4] = {{padded, (size_t)(t->h * t->w) * bd_shape_c4(&shape) * 16}};
        uint8_t *got = check_output(bytes);
        check_run(&harness, &dispatch, inputs, got, bytes, label, 0.0);
        check_picture(label, expected, got, bytes, pitch, 0);
        free(got);
    }
    free(expected);
    free(tight);
    free(padded);
    free(logits);
}

static void test_labels(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(tails); i++) {
        const bd_ref_steps floats = {0};
        const bd_ref_steps steps = {check_float(&harness, 0.001f, 2.0f), check_between(&harness, -128, 255)};
        check_labels(&tails[i], false, floats);
        check_labels(&tails[i], true, floats);
        check_labels(&tails[i], true, steps);
    }
}

static void check_mask(const tail *t, bool hard) {
    char label[80];
    (void)snprintf(label, sizeof label, "%dx%d %d to %dx%d%s", t->h, t->w, t->classes, t->out_h, t->out_w,
                   hard ? " hard" : "");
    float *logits = make_logits(t, hard);
    float *padded = check_pad(logits, (size_t)(t->h * t->w), t->classes);
    bd_shape shape = shape_of(t->h, t->w, t->classes);
    bd_axis_map x = axis_map(t->w, t->out_w, t->half_pixel), y = axis_map(t->h, t->out_h, t->half_pixel);
    bd_ref_sampling sampling = sampling_of(x, y);
    bd_class_set set;
    for (int i = 0; i < 8; i++) {
        set.words[i] = check_random(&harness);
    }
    /* Bits of classes that there are not must not count. */
    int32_t pitch = (t->out_w + 3) / 4 * 4;
    size_t count = (size_t)pitch * (size_t)t->out_h;
    float *tight = check_output((size_t)t->out_w * (size_t)t->out_h * sizeof *tight);
    bd_ref_mask(logits, t->h, t->w, t->classes, &sampling, &set, hard, tight, t->out_h, t->out_w);
    float *expected = calloc(count, sizeof *expected);
    assert_non_null(expected);
    for (int32_t row = 0; row < t->out_h; row++) {
        memcpy(expected + (size_t)row * (size_t)pitch, tight + (size_t)row * (size_t)t->out_w,
               (size_t)t->out_w * sizeof *tight);
    }
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_mask(&harness.vk, &shape, &set, hard, (uint32_t)t->out_w, (uint32_t)t->out_h, x, y, &dispatch);
        const check_input inputs[4] = {{padded, (size_t)(t->h * t->w) * bd_shape_c4(&shape) * 16}};
        float *got = check_output(count * sizeof *got);
        check_run(&harness, &dispatch, inputs, got, count * sizeof *got, label, 0.0);
        check_tensor(label, expected, got, count / 4, 4, pitch / 4, hard ? 0.0f : 1e-5f, 0.0f);
        free(got);
    }
    free(expected);
    free(tight);
    free(padded);
    free(logits);
}

static void test_mask(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(tails); i++) {
        check_mask(&tails[i], false);
        check_mask(&tails[i], true);
    }
}

/* Number `run` of three, on sums that an earlier run could have left; every second one is mirrored. */
static void check_average(const tail *t, uint32_t run) {
    char label[80];
    (void)snprintf(label, sizeof label, "%dx%d %d to %dx%d run %u", t->h, t->w, t->classes, t->out_h, t->out_w, run);
    float *logits = make_logits(t, false);
    float *padded = check_pad(logits, (size_t)(t->h * t->w), t->classes);
    bd_shape shape = shape_of(t->h, t->w, t->classes);
    bd_axis_map x = axis_map(t->w, t->out_w, t->half_pixel), y = axis_map(t->h, t->out_h, t->half_pixel);
    if (run == 1) {
        x = (bd_axis_map){-x.scale, x.max - x.bias, x.max};
    }
    bd_ref_sampling sampling = sampling_of(x, y);
    size_t pixels = (size_t)t->out_w * (size_t)t->out_h, count = pixels * (size_t)t->classes;
    float *sum = check_floats(&harness, count, 0.0f, 0.3f);
    float *before = check_pad(sum, pixels, t->classes);
    bd_ref_average(logits, t->h, t->w, t->classes, &sampling, (int32_t)run, 3, sum, t->out_h, t->out_w);
    size_t bytes = pixels * bd_shape_c4(&shape) * 16;
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_average(&harness.vk, &shape, (uint32_t)t->out_w, (uint32_t)t->out_h, x, y, run, 3, &dispatch);
        const check_input inputs[4] = {
            {padded, (size_t)(t->h * t->w) * bd_shape_c4(&shape) * 16}, {NULL, 0}, {NULL, 0}, {before, bytes}};
        float *got = check_output(bytes);
        check_run(&harness, &dispatch, inputs, got, bytes, label, 0.0);
        check_tensor(label, sum, got, pixels, t->classes, t->out_w, run == 2 ? 1e-4f : 1e-5f, 1e-5f);
        free(got);
    }
    free(before);
    free(sum);
    free(padded);
    free(logits);
}

static void test_average(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(tails); i++) {
        if ((size_t)tails[i].out_h * (size_t)tails[i].out_w < 20000) {
            for (uint32_t run = 0; run < 3; run++) {
                check_average(&tails[i], run);
            }
        }
    }
}

/* ---- composite --------------------------------------------------------------------------------------------------- */

typedef struct scene {
    bd_composite c;
    bool binary; /* mask of 0 and 1 only, opaque pictures: bytes must be exact */
    bool solid;  /* opaque pictures */
} scene;

static uint8_t *make_picture(size_t pixels, bool solid) {
    uint8_t *picture = check_bytes(&harness, pixels * pixel_bytes());
    for (size_t i = 3; i < pixels * 4; i += 4) {
        /* Every fourth alpha is an extreme one. */
        uint32_t alpha = bd_ref_number(picture, deep, i), most = bd_ref_most(deep);
        alpha = solid || alpha < most / 8 ? most : alpha < most / 4 ? 0 : alpha;
        bd_ref_set_number(picture, deep, i, alpha);
    }
    return picture;
}

static float *make_mask(const scene *s, size_t pitch) {
    float *mask = check_floats(&harness, pitch * s->c.mask_h, -0.2f, 1.2f);
    for (size_t i = 0; i < pitch * s->c.mask_h; i++) {
        mask[i] = s->binary ? (float)(mask[i] > 0.5f) : fminf(fmaxf(mask[i], 0.0f), 1.0f);
        if (i % pitch >= s->c.mask_w) {
            mask[i] = NAN;
        }
    }
    return mask;
}

/* The transparent mode: over nothing, the colours kept. */
static void keep_colours(const uint8_t *photo, size_t pixels, bool hidden, uint8_t *expected) {
    for (size_t i = 0; i < pixels; i++) {
        if (hidden || bd_ref_number(expected, deep, 4 * i + 3)) {
            memcpy(expected + i * pixel_bytes(), photo + i * pixel_bytes(), deep ? 6 : 3);
        }
    }
}

/* The colour of nothing: 0, or where it is kept one of those that lie there. */
static void check_hidden(const bd_composite *c, uint8_t *got, const uint8_t *expected, size_t pixels) {
    const uint8_t nothing[8] = {0};
    for (size_t i = 0; i < pixels; i++) {
        if (bd_ref_number(got, deep, 4 * i + 3)) {
            continue;
        }
        if (!c->keep_hidden) {
            assert_memory_equal(got + i * pixel_bytes(), nothing, pixel_bytes());
        } else if (bd_ref_number(expected, deep, 4 * i + 3) == 0 && !c->transparent) {
            memcpy(got + i * pixel_bytes(), expected + i * pixel_bytes(), deep ? 6 : 3);
        }
    }
}

static int distance(const uint8_t a[4], const uint8_t b[4]) {
    return abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2]) + abs(a[3] - b[3]);
}

/* At the steps of bd_settled roundings decide on which side a pixel falls, and both are right: takes got's. */
static void take_side(const uint8_t *other, const uint8_t *got, size_t pixels, uint8_t *expected) {
    for (size_t i = 0; i < pixels * 4; i += 4) {
        if (distance(other + i, got + i) < distance(expected + i, got + i)) {
            memcpy(expected + i, other + i, 4);
        }
    }
}

static void check_composite(const scene *s) {
    const bd_composite *c = &s->c;
    char label[120];
    (void)snprintf(label, sizeof label, "%ux%d mask on %ux%u, background %ux%u at %d,%d%s%s%s%s%s", c->mask_w,
                   (int)c->mask_h, c->photo_w, c->photo_h, c->background_w, c->background_h, c->offset_x, c->offset_y,
                   c->tile ? " tiled" : "", c->transparent ? " transparent" : "", s->binary ? " binary" : "",
                   c->keep_hidden ? " hidden colours kept" : "", deep ? ", 16 bits" : "");
    size_t pixels = (size_t)c->photo_w * c->photo_h, pitch = (c->mask_w + 3) / 4 * 4;
    uint8_t *photo = make_picture(pixels, s->solid || s->binary);
    uint8_t *behind = make_picture((size_t)c->background_w * c->background_h, s->solid || s->binary);
    float *mask = make_mask(s, pitch);
    float *tight = malloc((size_t)c->mask_w * c->mask_h * sizeof *tight);
    assert_non_null(tight);
    for (size_t row = 0; row < c->mask_h; row++) {
        memcpy(tight + row * c->mask_w, mask + row * pitch, c->mask_w * sizeof *tight);
    }
    size_t bytes = pixels * pixel_bytes();
    bd_ref_background background = {.pixels = c->background_w ? behind : NULL,
                                    .deep = deep,
                                    .w = (int32_t)c->background_w,
                                    .h = (int32_t)c->background_h,
                                    .offset_x = c->offset_x,
                                    .offset_y = c->offset_y,
                                    .wrap = c->tile,
                                    .premultiplied = c->premultiplied,
                                    .of_photo = c->of_photo,
                                    .linear = c->linear,
                                    .keep_hidden = c->keep_hidden};
    if (!c->transparent) {
        memcpy(background.fill, c->fill, sizeof background.fill);
        memcpy(background.fill_low, c->fill_low, sizeof background.fill_low);
    }
    uint8_t *expected = check_output(bytes);
    bd_ref_composite(photo, (int32_t)c->photo_w, (int32_t)c->photo_h, tight, (int32_t)c->mask_w, (int32_t)c->mask_h,
                     &background, expected);
    uint8_t *sides[2] = {check_output(bytes), check_output(bytes)};
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < (size_t)c->mask_w * c->mask_h; i++) {
            tight[i] += side ? 2e-5f : -1e-5f;
        }
        bd_ref_composite(photo, (int32_t)c->photo_w, (int32_t)c->photo_h, tight, (int32_t)c->mask_w, (int32_t)c->mask_h,
                         &background, sides[side]);
    }
    if (c->transparent) {
        keep_colours(photo, pixels, c->keep_hidden, expected);
        keep_colours(photo, pixels, c->keep_hidden, sides[0]);
        keep_colours(photo, pixels, c->keep_hidden, sides[1]);
    }
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_composite(&harness.vk, c, &dispatch);
        deepen(&dispatch);
        const check_input inputs[4] = {
            {mask, pitch * c->mask_h * sizeof *mask},
            {photo, bytes},
            {c->background_w ? behind : NULL, (size_t)c->background_w * c->background_h * pixel_bytes()},
        };
        uint8_t *got = check_output(bytes);
        check_run(&harness, &dispatch, inputs, got, bytes, label, 0.0);
        check_hidden(c, got, expected, pixels);
        /* Masks that are enlarged only. */
        for (size_t side = 0; side < 2 && !s->binary && !deep; side++) {
            take_side(sides[side], got, pixels, expected);
        }
        check_pixels(label, deep, expected, got, pixels, c->photo_w, s->binary ? 0 : 1);
        free(got);
    }
    free(sides[0]);
    free(sides[1]);
    free(expected);
    free(tight);
    free(mask);
    free(behind);
    free(photo);
}

static void check_composites(void) {
    static const uint32_t sizes[][4] = {/* mask w, h, photo w, h */
                                        {1, 1, 1, 1},       {33, 17, 33, 17},   {9, 5, 70, 41},  {70, 33, 19, 40},
                                        {65, 3, 20000, 10}, {7, 60, 10, 20000}, {2, 9, 3, 70000}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int kind = 0; kind < 11 && (!deep || sizes[i][3] < 20000); kind++) {
            /* Between the mask's pixels floats tell 8 bits apart, not 16; frames of 16 have masks of their size. */
            scene s = {.c = {.mask_w = sizes[i][deep ? 2 : 0],
                             .mask_h = sizes[i][deep ? 3 : 1],
                             .photo_w = sizes[i][2],
                             .photo_h = sizes[i][3],
                             .fill = {10, 200, 30,
                                      kind == 1    ? 128
                                      : kind == 10 ? 0
                                                   : 255},
                             .fill_low = {77, 3, 250, 255}},
                       .solid = kind % 2 == 0};
            if (kind >= 3 && kind < 9) { /* 0, 1: a colour; 2, 9: transparent; 10: a colour that cannot be seen */
                s.c.background_w = (uint32_t)check_between(&harness, 1, 50);
                s.c.background_h = (uint32_t)check_between(&harness, 1, 50);
                s.c.offset_x = check_between(&harness, -60, 20);
                s.c.offset_y = check_between(&harness, -60, 20);
            }
            s.c.transparent = kind == 2 || kind == 9;
            s.c.keep_hidden = kind == 3 || kind == 9;
            s.c.of_photo = kind == 8;
            s.c.linear = kind == 0 || kind == 3 || kind == 6;
            s.c.tile = kind == 4 || kind == 5;
            s.c.premultiplied = kind == 5 || kind == 7;
            s.binary = kind == 6 && s.c.mask_w == s.c.photo_w && s.c.mask_h == s.c.photo_h;
            check_composite(&s);
        }
    }
}

static void test_composite(void **state) {
    (void)state;
    check_composites();
    deep = true;
    check_composites();
    deep = false;
}

/* ---- timing ------------------------------------------------------------------------------------------------------ */

static void bench_pictures(void **state) {
    (void)state;
    check_resample(true, 3000, 4000, 513, BD_RESAMPLE_LANCZOS, 0);
    check_resample(false, 3000, 513, 385, BD_RESAMPLE_LANCZOS, 0);
    check_preprocess(385, 513, 513, 513, false, false);
    check_labels(&(tail){65, 65, 21, 513, 513, false}, false, (bd_ref_steps){0});
    check_mask(&(tail){65, 65, 21, 513, 513, false}, false);
    check_composite(&(scene){.c = {.mask_w = 513,
                                   .mask_h = 385,
                                   .photo_w = 4000,
                                   .photo_h = 3000,
                                   .background_w = 4000,
                                   .background_h = 3000},
                             .solid = true});
}

/* A tall picture takes about as many groups as a wide one: few of their invocations are idle. */
static void test_groups(void **state) {
    (void)state;
    for (uint32_t narrow = 1; narrow < 200; narrow++) {
        uint64_t groups[2];
        for (int i = 0; i < 2; i++) {
            const uint32_t most = 1 << 20;
            bd_vk_dispatch dispatch;
            bd_kernel_narrow(&harness.vk, i ? narrow : most, i ? most : narrow, &dispatch);
            groups[i] = (uint64_t)dispatch.groups[0] * dispatch.groups[1] * dispatch.groups[2];
            assert_true(dispatch.groups[1] <= 32768 && dispatch.groups[2] <= 32768);
            assert_true(groups[i] * BD_LINEAR_GROUP >= (uint64_t)narrow * most);
        }
        assert_true(groups[1] <= 2 * groups[0]);
    }
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preprocess), cmocka_unit_test(test_resample), cmocka_unit_test(test_labels),
        cmocka_unit_test(test_mask),       cmocka_unit_test(test_average),  cmocka_unit_test(test_composite),
        cmocka_unit_test(test_narrow),     cmocka_unit_test(test_groups),
    };
    static const struct CMUnitTest benches[] = {cmocka_unit_test(bench_pictures)};
    int status = check_open(&harness, argc, argv);
    if (status) {
        return status;
    }
    return check_close(&harness, harness.bench ? cmocka_run_group_tests(benches, NULL, NULL)
                                               : cmocka_run_group_tests(tests, NULL, NULL));
}
