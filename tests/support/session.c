/* SPDX-License-Identifier: MIT */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *test_model_path(void) {
    static char path[1024];
    const char *given = getenv("BACKDROP_MODEL");
    (void)snprintf(path, sizeof path, "%s",
                   given ? given : test_source_file("weights/cache/deeplabv3_mnv2_pascal/model.json"));
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    (void)fclose(file);
    return path;
}

int test_session_skip(void) {
    if (!test_model_path()) {
        (void)printf("skipped: no weights (weights/fetch brings them)\n");
        return 77;
    }
    return test_device_skip();
}

int test_device_skip(void) {
    bd_error error;
    uint32_t count = 0;
    if (bd_devices(NULL, NULL, &count, &error)) {
        (void)printf("skipped: %s\n", error.message);
        return 77;
    }
    return 0;
}

static void on_log(void *user, bd_log_level level, const char *message) {
    test_session *t = user;
    if (level <= BD_LOG_WARNING) {
        t->complaints++;
        (void)fprintf(stderr, "%s\n", message);
    }
}

void test_session_open(test_session *t, const char *kernel_set) {
    test_session_open_model(t, test_model_path(), kernel_set);
}

void test_engine_open(test_session *t, const char *kernel_set, const char *cache_dir) {
    *t = (test_session){0};
    bd_error error;
    const bd_engine_params params = {.struct_size = sizeof params,
                                     .log = on_log,
                                     .log_user = t,
                                     .device = getenv("BACKDROP_DEVICE"),
                                     .kernel_set = kernel_set,
                                     .cache_dir = cache_dir,
                                     .validation = true};
    if (bd_engine_create(&params, &t->engine, &error)) {
        fail_msg("%s", error.message);
    }
}

static void open_sized(test_session *t, const char *path, uint32_t side, const char *kernel_set) {
    const bd_model_params sized = {.struct_size = sizeof sized, .width = side, .height = side};
    bd_model *model = path ? test_model_open(path, &sized) : NULL;
    test_engine_open(t, kernel_set, NULL);
    t->model = model;
    /* Expectations are of float32, whatever is faster on a device. */
    const bd_session_params params = {.struct_size = sizeof params, .precision = BD_PRECISION_FP32};
    t->session = test_session_create(t->engine, model, &params);
}

void test_session_open_side(test_session *t, uint32_t side) {
    open_sized(t, test_model_path(), side, NULL);
}

void test_session_open_model(test_session *t, const char *model, const char *kernel_set) {
    open_sized(t, model, 0, kernel_set);
}

void test_session_close(test_session *t) {
    bd_session_destroy(t->session);
    uint32_t messages = bd_engine_validation_messages(t->engine);
    bd_engine_destroy(t->engine);
    bd_model_destroy(t->model);
    if (messages || t->complaints) {
        (void)fprintf(stderr, "FAILED: %u validation messages, %u errors and warnings\n", messages, t->complaints);
        exit(1); /* in a group's teardown, whose failures cmocka does not count */
    }
}

bd_image test_read_image(const char *path) {
    bd_image image = {0};
    bd_error error;
    const bd_image_read_params params = {.struct_size = sizeof params, .ignore_orientation = true};
    if (bd_image_read(path, &params, &image, &error)) {
        fail_msg("%s", error.message);
    }
    return image;
}

bd_model *test_model_open(const char *path, const bd_model_params *params) {
    bd_model *model = NULL;
    bd_error error;
    if (bd_model_open(path, params, &model, &error)) {
        fail_msg("%s", error.message);
    }
    return model;
}

bd_session *test_session_create(bd_engine *engine, const bd_model *model, const bd_session_params *params) {
    bd_session *session = NULL;
    bd_error error;
    if (bd_session_create(engine, model, params, &session, &error)) {
        fail_msg("%s", error.message);
    }
    return session;
}

bd_image test_replaced(bd_session *session, const bd_image *photo, const bd_image *background,
                       const bd_replace_params *params) {
    bd_image result = {0};
    bd_error error;
    if (bd_session_replace(session, photo, background, params, &result, &error)) {
        fail_msg("%s", error.message);
    }
    return result;
}

bd_image test_new_picture(uint32_t w, uint32_t h) {
    bd_image image = {.width = w, .height = h, .stride_bytes = (size_t)w * 4, .pixels = malloc((size_t)w * h * 4)};
    assert_non_null(image.pixels);
    return image;
}

void test_assert_same(const bd_image *a, const bd_image *b) {
    static const size_t pixel_bytes[] = {
        [BD_FORMAT_RGBA8] = 4, [BD_FORMAT_GRAY8] = 1, [BD_FORMAT_GRAY16] = 2, [BD_FORMAT_RGBA16] = 8};
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->format, b->format);
    for (uint32_t y = 0; y < a->height; y++) {
        assert_memory_equal(a->pixels + y * a->stride_bytes, b->pixels + y * b->stride_bytes,
                            a->width * pixel_bytes[a->format]);
    }
}

double test_largest_difference(const float *a, const float *b, size_t count) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)a[i] - (double)b[i]);
        assert_false(isnan(difference));
        largest = fmax(largest, difference);
    }
    return largest;
}
