/* SPDX-License-Identifier: MIT */
#include "support/session.h"

#include <stdio.h>
#include <stdlib.h>

const char *test_source_file(const char *path) {
    static char buffers[4][1024];
    static unsigned next;
    char *buffer = buffers[next++ % 4];
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    (void)snprintf(buffer, sizeof buffers[0], "%s/%s", source ? source : ".", path);
    return buffer;
}

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

static void open_sized(test_session *t, const char *model, uint32_t side, const char *kernel_set) {
    *t = (test_session){0};
    bd_error error;
    const bd_model_params sized = {.struct_size = sizeof sized, .width = side, .height = side};
    if (model && bd_model_open(model, &sized, &t->model, &error)) {
        fail_msg("%s", error.message);
    }
    const bd_engine_params params = {.struct_size = sizeof params,
                                     .log = on_log,
                                     .log_user = t,
                                     .device = getenv("BACKDROP_DEVICE"),
                                     .kernel_set = kernel_set,
                                     .validation = true};
    if (bd_engine_create(&params, &t->engine, &error) ||
        bd_session_create(t->engine, t->model, NULL, &t->session, &error)) {
        fail_msg("%s", error.message);
    }
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
    assert_int_equal(messages, 0);
    assert_int_equal(t->complaints, 0);
}

bd_image test_read_image(const char *path) {
    bd_image image;
    bd_error error;
    const bd_image_read_params params = {.struct_size = sizeof params, .ignore_orientation = true};
    if (bd_image_read(path, &params, &image, &error)) {
        fail_msg("%s", error.message);
    }
    return image;
}
