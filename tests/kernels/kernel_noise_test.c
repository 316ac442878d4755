/* SPDX-License-Identifier: MIT
 * The kernels of a photo's noise: every variant against its scalar reference. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "reference/reference.h"
#include "support/kernel_check.h"

static check harness;

/* Random bytes around 128, no further off than reach; some photos are partly saturated. */
static uint8_t *make_photo(int32_t w, int32_t h, uint32_t reach, bool saturated) {
    size_t pixels = (size_t)w * (size_t)h;
    uint8_t *photo = check_bytes(&harness, 4 * pixels);
    for (size_t i = 0; i < 4 * pixels; i++) {
        photo[i] = (uint8_t)(128 - reach + photo[i] % (2 * reach));
    }
    for (size_t i = 0; i < pixels && saturated; i++) {
        size_t x = i % (size_t)w;
        if (x > (size_t)w / 2 && i % 5 == 0) {
            photo[4 * i + i % 3] = x % 2 ? 255 : 0;
        }
    }
    return photo;
}

static void check_words(const char *label, const uint32_t *expected, const uint32_t *got, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (expected[i] != got[i]) {
            fail_msg("%s: word %zu is %u, not %u", label, i, got[i], expected[i]);
        }
    }
}

static void check_patches(int32_t w, int32_t h, int32_t spacing, uint32_t reach, bool saturated) {
    const int32_t needed = BD_NOISE_SIDE + 2, first = 1;
    const bd_push_noise push = {.src_w = w,
                                .src_h = h,
                                .dst_w = (w - needed) / spacing + 1,
                                .dst_h = (h - needed) / spacing + 1,
                                .block = spacing,
                                .first = first};
    size_t count = (size_t)push.dst_w * (size_t)(push.dst_h + first), skipped = (size_t)push.dst_w;
    uint8_t *photo = make_photo(w, h, reach, saturated);
    uint32_t *expected = check_output(count * sizeof *expected);
    for (size_t i = skipped; i < count; i++) {
        int32_t x = (int32_t)i % push.dst_w, y = (int32_t)i / push.dst_w - first;
        expected[i] = bd_ref_noise_patch(photo, w, x * spacing, y * spacing);
    }
    const check_input inputs[4] = {{photo, (size_t)w * (size_t)h * 4}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_noise_patches(&harness.vk, &push, &dispatch);
        uint32_t *got = check_output(count * sizeof *got);
        check_run(&harness, &dispatch, inputs, got, count * sizeof *got, "patches", 0.0);
        check_words("patches", expected, got, count);
        free(got);
    }
    free(expected);
    free(photo);
}

static void test_patches(void **state) {
    (void)state;
    check_patches(10, 10, 16, 10, false);
    check_patches(75, 60, 16, 3, false);
    check_patches(1200, 40, 16, 127, false);
    check_patches(100, 300, 32, 40, true);
    check_patches(333, 200, 64, 10, true);
}

static void check_level(size_t count, size_t without) {
    uint32_t *medians = malloc(count * sizeof *medians), *sorted = malloc(count * sizeof *sorted);
    assert_true(medians && sorted);
    for (size_t i = 0; i < count; i++) {
        medians[i] = i < without ? BD_NOISE_NONE : (uint32_t)check_between(&harness, 0, i % 3 ? BD_NOISE_NONE - 1 : 90);
    }
    memcpy(sorted, medians, count * sizeof *sorted);
    const float expected[4] = {bd_ref_noise_level(sorted, count)};
    const check_input inputs[4] = {{medians, count * sizeof *medians}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_noise_level(&harness.vk, (uint32_t)count, &dispatch);
        float *got = check_output(16);
        check_run(&harness, &dispatch, inputs, got, 16, "level", 0.0);
        check_tensor("level", expected, got, 1, 4, 1, 0.0f, 1e-5f);
        free(got);
    }
    free(sorted);
    free(medians);
}

static void test_level(void **state) {
    (void)state;
    static const size_t counts[][2] = {{1, 0}, {15, 0}, {16, 0}, {40, 25}, {40, 24}, {63, 63}, {64, 1}, {1000, 300}};
    for (size_t i = 0; i < BD_COUNT(counts); i++) {
        check_level(counts[i][0], counts[i][1]);
    }
}

static void check_taps(float noise, float share, float gain, float least) {
    static const uint32_t groups[3] = {7, 300, 2}, none[3] = {0};
    const float level[4] = {noise};
    float taps[4] = {0.0f};
    bool blurs = bd_ref_noise_taps(noise * share, gain, least, taps);
    const check_input inputs[4] = {{level, sizeof level}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_noise_taps(&harness.vk, share, gain, least, groups, &dispatch);
        float *got = check_output(48);
        check_run(&harness, &dispatch, inputs, got, 48, "taps", 0.0);
        check_tensor("taps", taps, got, 1, 4, 1, 1e-6f, 1e-4f);
        assert_memory_equal(got + 4, blurs ? groups : none, sizeof groups);
        assert_memory_equal(got + 8, blurs ? none : groups, sizeof groups);
        free(got);
    }
}

static void test_taps(void **state) {
    (void)state;
    static const float levels[] = {0.0f, 0.9f, 1.0f, 1.1f, 1.3f, 1.5f, 2.0f, 3.0f, 4.4f, 5.0f, 50.0f};
    for (size_t i = 0; i < BD_COUNT(levels); i++) {
        check_taps(levels[i], 1.0f, 1.4f, 0.0f);
        check_taps(levels[i], 0.5f, 1.0f, 0.0f);
        check_taps(levels[i], 1.0f, 0.0f, 1.0f);
    }
    float clean[3];
    assert_false(bd_ref_noise_taps(1.0f, 1.4f, 0.0f, clean));
    assert_true(bd_ref_noise_taps(1.3f, 1.0f, 0.0f, clean));
}

static void check_blur(int32_t w, int32_t h, bool vertical) {
    size_t nodes = (size_t)w * (size_t)h;
    float *grid = check_floats(&harness, nodes * 4, 0.0f, 1.0f), *expected = check_output(nodes * 16);
    float taps[8] = {0.0f};
    assert_true(bd_ref_noise_taps(4.0f, 1.0f, 0.0f, taps));
    bd_ref_noise_blur(grid, w, h, 4, taps, vertical, expected);
    const check_input inputs[4] = {{grid, nodes * 16}, {taps, sizeof taps}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_noise_blur(&harness.vk, (uint32_t)w, (uint32_t)h, vertical, &dispatch);
        float *got = check_output(nodes * 16);
        check_run(&harness, &dispatch, inputs, got, nodes * 16, "blur", 0.0);
        check_tensor("blur", expected, got, nodes, 4, w, 1e-6f, 1e-5f);
        free(got);
    }
    free(expected);
    free(grid);
}

static void test_blur(void **state) {
    (void)state;
    static const int32_t sizes[][2] = {{1, 1}, {2, 2}, {3, 70}, {70, 33}, {5, 130}, {257, 9}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        check_blur(sizes[i][0], sizes[i][1], false);
        check_blur(sizes[i][0], sizes[i][1], true);
    }
}

static float measure(int32_t side, double sigma) {
    uint8_t *photo = check_bytes(&harness, (size_t)side * (size_t)side * 4);
    uint32_t medians[32 * 32];
    size_t count = 0;
    for (int32_t i = 0; i < side * side * 4; i++) {
        double sum = -6.0;
        for (int k = 0; k < 12; k++) {
            sum += (double)check_float(&harness, 0.0f, 1.0f);
        }
        photo[i] = (uint8_t)fmin(fmax(100.0 + sigma * sum + 0.5, 0.0), 255.0);
    }
    for (int32_t y = 0; y + BD_NOISE_SIDE + 2 <= side; y += 16) {
        for (int32_t x = 0; x + BD_NOISE_SIDE + 2 <= side; x += 16) {
            medians[count++] = bd_ref_noise_patch(photo, side, x, y);
        }
    }
    free(photo);
    return bd_ref_noise_level(medians, count);
}

/* The scale is that of white noise; luma has 0.67 of its channels' deviation. */
static void test_scale(void **state) {
    (void)state;
    static const double sigmas[] = {2.0, 4.0, 8.0, 16.0};
    for (size_t i = 0; i < BD_COUNT(sigmas); i++) {
        double found = (double)measure(512, sigmas[i]) / sigmas[i] / 0.67;
        if (found < 0.94 || found > 1.06) {
            fail_msg("noise of %.0f is measured as %.3f of it", sigmas[i], found);
        }
    }
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patches), cmocka_unit_test(test_level), cmocka_unit_test(test_taps),
        cmocka_unit_test(test_blur),    cmocka_unit_test(test_scale),
    };
    int status = check_open(&harness, argc, argv);
    return status ? status : check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}
