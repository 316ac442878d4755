/* SPDX-License-Identifier: MIT
 * The whole network and the default matte on SwiftShader (the storage kernels) and on the default device (lavapipe's
 * own kernels): logits, labels and alpha agree. At a small size, as SwiftShader is slow. */
#define _POSIX_C_SOURCE 200809L
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

static const char icd[] = "/usr/lib/chromium/vk_swiftshader_icd.json";

typedef struct outcome {
    bd_segmentation seen;
    bd_image alpha;
} outcome;

static void run(const bd_image *photo, outcome *o) {
    test_session t;
    bd_error error;
    const bd_segment_params segment = {.struct_size = sizeof segment, .want_logits = true};
    test_session_open_side(&t, 129);
    bd_device_info info = {.struct_size = sizeof info};
    bd_engine_device(t.engine, &info);
    (void)printf("%s, kernels %s\n", info.name, info.kernel_set);
    o->seen.struct_size = sizeof o->seen;
    if (bd_session_segment(t.session, photo, &segment, &o->seen, &error) ||
        bd_session_matte(t.session, photo, NULL, &o->alpha, &error)) {
        fail_msg("%s", error.message);
    }
    test_session_close(&t);
}

static void test_agreement(void **state) {
    (void)state;
    bd_image photo = test_read_image(test_source_file("tools/samples/person.jpg"));
    outcome ours = {0}, theirs = {0};
    assert_int_equal(setenv("VK_DRIVER_FILES", icd, 1) | setenv("VK_ICD_FILENAMES", icd, 1), 0);
    run(&photo, &theirs);
    assert_int_equal(unsetenv("VK_DRIVER_FILES") | unsetenv("VK_ICD_FILENAMES"), 0);
    run(&photo, &ours);

    size_t logits = (size_t)ours.seen.logits_width * ours.seen.logits_height * ours.seen.class_count;
    double largest = 0;
    for (size_t i = 0; i < logits; i++) {
        largest = fmax(largest, fabs((double)ours.seen.logits[i] - (double)theirs.seen.logits[i]));
    }
    size_t pixels = (size_t)ours.seen.labels.width * ours.seen.labels.height;
    size_t wrong = 0;
    for (size_t i = 0; i < pixels; i++) {
        wrong += ours.seen.labels.pixels[i] != theirs.seen.labels.pixels[i];
    }
    assert_int_equal(ours.alpha.width, photo.width);
    int furthest = 0;
    size_t unequal = 0, inside = 0;
    for (uint32_t y = 0; y < photo.height; y++) {
        for (size_t i = 0; i < (size_t)ours.alpha.stride_bytes; i++) {
            int a = ours.alpha.pixels[y * ours.alpha.stride_bytes + i];
            int b = theirs.alpha.pixels[y * theirs.alpha.stride_bytes + i];
            furthest = BD_MAX(furthest, abs(a - b));
            unequal += a != b;
            inside += a > 127;
        }
    }
    (void)printf("largest difference of logits %g, %zu of %zu labels differ, alpha by at most %d in %zu bytes\n",
                 largest, wrong, pixels, furthest, unequal);
    assert_true(largest <= 1e-3);
    assert_true(wrong * 10000 <= pixels);
    assert_true(furthest <= 2);
    assert_true(inside > 10000);
    bd_segmentation_finish(&ours.seen);
    bd_segmentation_finish(&theirs.seen);
    bd_image_finish(&ours.alpha);
    bd_image_finish(&theirs.alpha);
    bd_image_finish(&photo);
}

int main(void) {
    if (access(icd, R_OK)) {
        (void)printf("skipped: no SwiftShader (tools/setup --swiftshader installs it)\n");
        return 77;
    }
    int skipped = test_session_skip();
    if (skipped) {
        return skipped;
    }
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_agreement)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
