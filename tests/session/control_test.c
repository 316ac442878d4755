/* SPDX-License-Identifier: MIT
 * A call that is followed, stopped and waited for, and what a session gives back: progress, cancelling, waiting, trimming,
 * the matte and the coarse mask beside a result. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/session.h"
#include "support/files.h"
#include "support/session.h"

enum { W = 320, H = 240, NEVER = 1 << 20 };

typedef struct followed {
    bd_session *session;
    uint32_t stages, reports, done, total;
    uint32_t stop_at;   /* returns false at this report */
    uint32_t cancel_at; /* another thread cancels at this one */
} followed;

static test_session t;
static followed f;
static bd_session *session;
static bd_image photo;
static const bd_replace_params cut_out = {.struct_size = sizeof cut_out, .background = BD_BACKGROUND_TRANSPARENT};

static void *cancel(void *user) {
    bd_session_cancel(user);
    return NULL;
}

static bool follow(void *user, const char *stage, uint32_t done, uint32_t total) {
    followed *to = user;
    assert_true(strlen(stage) > 0 && done <= total && (done >= to->done || !done));
    to->stages += !done;
    to->done = done;
    to->total = total;
    if (to->reports == to->cancel_at) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, cancel, to->session), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    return to->reports++ != to->stop_at;
}

static void forget(uint32_t stop_at, uint32_t cancel_at) {
    f = (followed){.session = session, .stop_at = stop_at, .cancel_at = cancel_at};
}

static void assert_cuts_out(const bd_image *expected) {
    bd_image got = {0};
    forget(NEVER, NEVER);
    assert_int_equal(bd_session_replace(session, &photo, NULL, &cut_out, &got, NULL), BD_OK);
    test_assert_same(expected, &got);
    bd_image_finish(&got);
}

static bd_image expected_cut(void) {
    bd_image expected = {0};
    forget(NEVER, NEVER);
    assert_int_equal(bd_session_replace(session, &photo, NULL, &cut_out, &expected, NULL), BD_OK);
    return expected;
}

/* At whichever report (some of them) a call is stopped, by either way, it fails at once, and the next one is as if nothing had been. */
static void test_stops_anywhere(void **state) {
    (void)state;
    bd_image expected = expected_cut();
    const uint32_t reports = f.reports;
    assert_true(reports > 4 && f.total > 4);
    for (uint32_t at = 0; at < reports; at += 1 + reports / 24) {
        for (int by_cancel = 0; by_cancel < 2; by_cancel++) {
            bd_image got = {0};
            bd_error error;
            forget(by_cancel ? NEVER : at, by_cancel ? at : NEVER);
            bd_result result = bd_session_replace(session, &photo, NULL, &cut_out, &got, &error);
            /* What is cancelled before it was submitted has not begun yet. */
            if (by_cancel && !at) {
                assert_int_equal(result, BD_OK);
            } else {
                assert_int_equal(result, BD_ERR_CANCELLED);
                assert_null(got.pixels);
                assert_true(f.reports <= at + 2);
            }
            bd_image_finish(&got);
        }
    }
    assert_cuts_out(&expected);
    bd_image_finish(&expected);
}

/* A software device is at no part for long: the network alone has one for each 10^8 multiply-adds. */
static void test_parts_are_small(void **state) {
    (void)state;
    bd_device_info device = {.struct_size = sizeof device};
    bd_model_info model = {.struct_size = sizeof model};
    assert_int_equal(bd_engine_device(t.engine, &device), BD_OK);
    assert_int_equal(bd_model_get_info(t.model, &model), BD_OK);
    bd_image cut = expected_cut();
    const uint64_t least = model.multiply_adds / 100000000;
    assert_true(least > 4 && (device.kind != BD_DEVICE_SOFTWARE || f.total > least));
    bd_image_finish(&cut);
}

static void test_stops_other_calls(void **state) {
    (void)state;
    bd_image alpha = {0};
    bd_segmentation map = {.struct_size = sizeof map};
    forget(2, NEVER);
    assert_int_equal(bd_session_matte(session, &photo, NULL, &alpha, NULL), BD_ERR_CANCELLED);
    forget(2, NEVER);
    assert_int_equal(bd_session_segment(session, &photo, NULL, &map, NULL), BD_ERR_CANCELLED);
    assert_null(alpha.pixels);
    assert_null(map.labels.pixels);
}

/* Photos in flight, of which the second was begun after the first was cancelled. */
static void test_flight(void **state) {
    (void)state;
    bd_image expected = expected_cut(), got = {0};
    bd_error error;
    assert_int_equal(bd_session_wait(session, 0, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_replace_begin(session, &photo, NULL, &cut_out, &error), BD_OK);
    assert_int_equal(bd_session_trim(session, &error), BD_ERR_INVALID_ARGUMENT);
    bd_session_cancel(session);
    assert_int_equal(bd_session_replace_begin(session, &photo, NULL, &cut_out, &error), BD_OK);
    bd_result waited = bd_session_wait(session, 0, &error);
    assert_true(waited == BD_ERR_TIMEOUT || waited == BD_OK);
    assert_int_equal(bd_session_wait(session, UINT64_MAX, &error), BD_OK);
    assert_int_equal(bd_session_replace_end(session, &got, &error), BD_ERR_CANCELLED);
    assert_null(got.pixels);
    assert_int_equal(bd_session_replace_end(session, &got, &error), BD_OK);
    test_assert_same(&expected, &got);
    bd_image_finish(&got);
    bd_image_finish(&expected);
}

static void test_trims(void **state) {
    (void)state;
    bd_image expected = expected_cut();
    assert_true(bd_frames_bytes(&session->frames) > (VkDeviceSize)W * H * 8);
    assert_int_equal(bd_session_trim(session, NULL), BD_OK);
    assert_int_equal(bd_frames_bytes(&session->frames), 0);
    assert_int_equal(bd_session_trim(session, NULL), BD_OK);
    assert_cuts_out(&expected);
    bd_image_finish(&expected);
}

/* Labels into memory of the caller's, with gaps between the rows; and a struct that is handed in again. */
static void test_labels(void **state) {
    (void)state;
    forget(NEVER, NEVER);
    enum { STRIDE = W + 7 };
    static uint8_t memory[STRIDE * H];
    const bd_segment_params params = {.struct_size = sizeof params, .map_size = BD_MAP_PHOTO, .want_logits = true};
    bd_segmentation map = {.struct_size = sizeof map}, own = {.struct_size = sizeof own};
    own.labels =
        (bd_image){.width = W, .height = H, .format = BD_FORMAT_GRAY8, .stride_bytes = STRIDE, .pixels = memory};
    memset(memory, 99, sizeof memory);
    assert_int_equal(bd_session_segment(session, &photo, &params, &map, NULL), BD_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bd_session_segment(session, &photo, &params, &own, NULL), BD_OK);
        assert_ptr_equal(own.labels.pixels, memory);
    }
    for (size_t y = 0; y < H; y++) {
        assert_memory_equal(memory + y * STRIDE, map.labels.pixels + y * W, W);
        assert_int_equal(memory[y * STRIDE + W], 99);
    }
    bd_segmentation_finish(&own);
    bd_segmentation_finish(&map);
}

static bd_session *open_with_budget(uint64_t budget) {
    const bd_session_params params = {.struct_size = sizeof params, .memory_budget = budget};
    return test_session_create(t.engine, t.model, &params);
}

/* Numbers that name no choice are told of, not taken for another one. */
static void test_no_choices(void **state) {
    (void)state;
    bd_image got = {0};
    bd_session *none;
    const bd_session_params precise = {.struct_size = sizeof precise, .precision = (bd_precision)77};
    const bd_session_params sized = {.struct_size = sizeof sized, .size_count = 1};
    assert_int_equal(bd_session_create(t.engine, t.model, &precise, &none, NULL), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_create(t.engine, t.model, &sized, &none, NULL), BD_ERR_INVALID_ARGUMENT);
    for (int i = 0; i < 6; i++) {
        bd_matte_params matte = {.struct_size = sizeof matte};
        bd_replace_params params = cut_out;
        params.matte = &matte;
        params.background = i == 0 ? (bd_background)77 : params.background;
        params.fit = i == 1 ? (bd_fit)77 : params.fit;
        params.blend = i == 2 ? (bd_blend)77 : params.blend;
        matte.keep = i == 3 ? (bd_keep)77 : matte.keep;
        matte.rule = i == 4 ? (bd_rule)77 : matte.rule;
        matte.mode = i == 5 ? (bd_matte_mode)77 : matte.mode;
        bd_error error = {0};
        assert_int_equal(bd_session_replace(session, &photo, NULL, &params, &got, &error), BD_ERR_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, "77"));
    }
}

/* A program with newer headers, one that keeps labels in memory of its own, and what cannot be. */
static void test_segmentations(void **state) {
    (void)state;
    struct {
        bd_segmentation known;
        uint64_t newer[2];
    } all = {.known = {.struct_size = sizeof all}};
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    bd_error error;
    for (int i = 0; i < 3; i++) { /* what the sanitizers see is overrun and leak */
        assert_int_equal(bd_session_segment(session, &photo, &params, &all.known, &error), BD_OK);
        assert_non_null(all.known.logits);
    }
    bd_image own = {.width = all.known.labels.width, .height = all.known.labels.height, .format = BD_FORMAT_GRAY8};
    own.stride_bytes = own.width;
    bd_segmentation_finish(&all.known);
    own.pixels = calloc(own.width, own.height);
    assert_non_null(own.pixels);
    bd_segmentation map = {.struct_size = sizeof map, .labels = own};
    const bd_segment_params wrong = {.struct_size = sizeof wrong, .map_size = (bd_map_size)2};
    assert_int_equal(bd_session_segment(session, &photo, &wrong, &map, &error), BD_ERR_INVALID_ARGUMENT);
    assert_ptr_equal(map.labels.pixels, own.pixels);
    assert_int_equal(bd_session_segment(session, &photo, NULL, &map, &error), BD_OK);
    assert_ptr_equal(map.labels.pixels, own.pixels);
    bd_segmentation_finish(&map);
    bd_segmentation older = {.struct_size = offsetof(bd_segmentation, photo_labels)};
    const bd_segment_params both = {.struct_size = sizeof both, .want_photo_labels = true};
    assert_int_equal(bd_session_segment(session, &photo, &both, &older, &error), BD_ERR_INVALID_ARGUMENT);
    free(own.pixels);
}

static void *half_allocate(void *user, size_t bytes) {
    (void)user;
    fail_msg("%zu bytes from an allocator that cannot release them", bytes);
    return NULL;
}

/* What no photo could be replaced with is told before the device has worked for it. */
static void test_refusals(void **state) {
    (void)state;
    bd_image got = {0}, alpha = {0};
    bd_error error;
    const bd_replace_params beyond = {.struct_size = sizeof beyond, .classes = {{1u << 21}}};
    const bd_matte_params beyond_too = {.struct_size = sizeof beyond_too, .classes = {{0, 0, 0, 0, 0, 0, 0, 1u << 31}}};
    assert_int_equal(bd_session_replace(session, &photo, &photo, &beyond, &got, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "no class 21"));
    assert_int_equal(bd_session_matte(session, &photo, &beyond_too, &alpha, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "no class 255"));
    const float even[4] = {0.5f, 0.5f, 0.5f, 0.5f}; /* asks for no class, so that none can be wrong */
    bd_matte_params by_coarse = beyond_too;
    by_coarse.coarse = even;
    by_coarse.coarse_width = by_coarse.coarse_height = 2;
    forget(NEVER, NEVER);
    assert_int_equal(bd_session_matte(session, &photo, &by_coarse, &alpha, &error), BD_OK);
    bd_image_finish(&alpha);
    assert_int_equal(bd_session_replace(session, &photo, NULL, NULL, &got, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "no background was given"));
    bd_image small = photo;
    small.width--;
    forget(NEVER, NEVER);
    assert_int_equal(bd_session_replace(session, &photo, NULL, &cut_out, &small, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(f.reports, 0);
    uint8_t garbage[128] = {1, 2, 3};
    bd_image odd = photo;
    odd.profile = garbage;
    odd.profile_bytes = sizeof garbage;
    assert_int_equal(bd_session_replace(session, &odd, NULL, &cut_out, &got, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "the photo: the colour profile"));
    assert_int_equal(bd_session_set_background(session, &odd, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_replace(session, &photo, &odd, NULL, &got, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "the background: the colour profile"));
    const bd_allocator half = {.allocate = half_allocate};
    const bd_session_params hooked = {.struct_size = sizeof hooked, .allocator = &half};
    bd_session *none;
    assert_int_equal(bd_session_create(t.engine, t.model, &hooked, &none, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "all three functions or none"));
}

/* A background that is kept is estimated, taken and held against the budget like all else. */
static void check_kept(const bd_memory_estimate *without) {
    const bd_replace_params pictured = {.struct_size = sizeof pictured};
    bd_memory_estimate estimate = {.struct_size = sizeof estimate};
    bd_image got = {0}, half = photo;
    half.width = W / 2;
    bd_error error;
    bd_session *of = open_with_budget(0);
    assert_int_equal(bd_session_set_background(of, &photo, &error), BD_OK);
    assert_int_equal(bd_session_estimate(of, &photo, NULL, &pictured, &estimate, &error), BD_OK);
    assert_int_equal(bd_session_replace(of, &photo, NULL, &pictured, &got, &error), BD_OK);
    assert_int_equal(bd_frames_bytes(&of->frames), estimate.photo_bytes);
    assert_true(estimate.photo_bytes > without->photo_bytes);
    bd_session_destroy(of);
    for (uint64_t short_of = 0; short_of < 2; short_of++) {
        of = open_with_budget(estimate.network_bytes + estimate.photo_bytes - short_of);
        assert_int_equal(bd_session_set_background(of, &photo, &error), BD_OK);
        for (int i = 0; i < 4; i++) {
            const bd_result result = bd_session_replace(of, i % 2 ? &half : &photo, NULL, &pictured, &got, &error);
            assert_int_equal(result, short_of && i % 2 == 0 ? BD_ERR_OUT_OF_DEVICE_MEMORY : BD_OK);
            assert_true(bd_frames_bytes(&of->frames) <= estimate.photo_bytes - short_of);
        }
        bd_session_destroy(of);
    }
    bd_image_finish(&got);
}

/* What is estimated is what is taken, and a budget holds: sizes in turn, where each alone fits. */
static void test_memory(void **state) {
    (void)state;
    bd_image expected = expected_cut(), got = {0}, half = photo;
    half.width = W / 2;
    bd_error error;
    assert_int_equal(bd_session_trim(session, &error), BD_OK);
    const bd_image sizes[2] = {{.width = W, .height = H}, {.width = W / 2, .height = H}};
    bd_memory_estimate estimates[2] = {{.struct_size = sizeof estimates[0]}, {.struct_size = sizeof estimates[0]}};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bd_session_estimate(session, &sizes[i], NULL, &cut_out, &estimates[i], &error), BD_OK);
        assert_int_equal(bd_frames_bytes(&session->frames), 0);
    }
    assert_true(estimates[1].photo_bytes < estimates[0].photo_bytes);
    assert_true(estimates[0].network_bytes > 1000000 && estimates[0].in_flight_bytes > estimates[0].photo_bytes);
    assert_cuts_out(&expected);
    assert_int_equal(bd_frames_bytes(&session->frames), estimates[0].photo_bytes);

    bd_session *tight = open_with_budget(estimates[0].network_bytes + estimates[0].photo_bytes);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(bd_session_replace(tight, i % 2 ? &half : &photo, NULL, &cut_out, &got, &error), BD_OK);
        assert_true(bd_frames_bytes(&tight->frames) <= estimates[0].photo_bytes);
    }
    bd_session_destroy(tight);
    tight = open_with_budget(estimates[0].network_bytes + estimates[0].photo_bytes - 1);
    assert_int_equal(bd_session_replace(tight, &photo, NULL, &cut_out, &got, &error), BD_ERR_OUT_OF_DEVICE_MEMORY);
    assert_non_null(strstr(error.message, "the budget leaves"));
    assert_int_equal(bd_session_replace(tight, &half, NULL, &cut_out, &got, &error), BD_OK);
    bd_session_destroy(tight);
    check_kept(&estimates[0]);
    const bd_session_params none = {.struct_size = sizeof none, .memory_budget = estimates[0].network_bytes};
    assert_int_equal(bd_session_create(t.engine, t.model, &none, &tight, &error), BD_ERR_OUT_OF_DEVICE_MEMORY);
    bd_image_finish(&got);
    bd_image_finish(&expected);
}

/* The matte beside a result is the one that bd_session_matte gives, and the coarse mask makes nearly the same one. */
static void test_takes_masks(void **state) {
    (void)state;
    forget(NEVER, NEVER);
    const bd_matte_params wanted = {.struct_size = sizeof wanted, .want_coarse = true, .looks = 1};
    bd_replace_params params = cut_out;
    params.matte = &wanted;
    params.want_alpha = true;
    bd_image alpha = {0}, beside = {0}, again = {0}, result = {0};
    bd_error error;
    assert_int_equal(bd_session_matte(session, &photo, &wanted, &alpha, &error), BD_OK);
    assert_int_equal(bd_session_replace(session, &photo, NULL, &params, &result, &error), BD_OK);
    assert_int_equal(bd_session_take_alpha(session, &beside, &error), BD_OK);
    test_assert_same(&alpha, &beside);
    uint32_t w = 0, h = 0;
    assert_int_equal(bd_session_take_coarse(session, NULL, 0, &w, &h, &error), BD_OK);
    assert_true(w > 16 && h > 16);
    float *coarse = calloc((size_t)w * h, sizeof *coarse);
    assert_non_null(coarse);
    assert_int_equal(bd_session_take_coarse(session, coarse, (size_t)w * h - 1, &w, &h, &error),
                     BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_take_coarse(session, coarse, (size_t)w * h, &w, &h, &error), BD_OK);
    const bd_matte_params given = {
        .struct_size = sizeof given, .coarse = coarse, .coarse_width = w, .coarse_height = h, .island_share = -1};
    assert_int_equal(bd_session_matte(session, &photo, &given, &again, &error), BD_OK);
    double apart = 0, inside = 0;
    for (size_t i = 0; i < (size_t)W * H; i++) {
        apart += abs(again.pixels[i] - alpha.pixels[i]) / 255.0;
        inside += alpha.pixels[i] / 255.0;
    }
    assert_true(inside > 0.02 * W * H && apart < 0.1 * inside);
    assert_int_equal(bd_session_take_coarse(session, NULL, 0, &w, &h, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_replace_begin(session, &photo, NULL, &params, &error), BD_OK);
    assert_int_equal(bd_session_take_alpha(session, &beside, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_replace_end(session, &result, &error), BD_OK);
    free(coarse);
    bd_image_finish(&alpha);
    bd_image_finish(&beside);
    bd_image_finish(&again);
    bd_image_finish(&result);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stops_anywhere),
        cmocka_unit_test(test_parts_are_small),
        cmocka_unit_test(test_stops_other_calls),
        cmocka_unit_test(test_flight),
        cmocka_unit_test(test_trims),
        cmocka_unit_test(test_takes_masks),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_no_choices),
        cmocka_unit_test(test_segmentations),
        cmocka_unit_test(test_refusals),
    };
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    test_session_open_side(&t, 257);
    const bd_session_params params = {.struct_size = sizeof params, .progress = follow, .progress_user = &f};
    forget(NEVER, NEVER);
    session = test_session_create(t.engine, t.model, &params);
    bd_image person = test_read_image(test_source_file("tools/samples/person.jpg"));
    photo = test_new_picture(W, H);
    for (size_t y = 0; y < H; y++) {
        for (size_t x = 0; x < W; x++) {
            size_t from = y * person.height / H * (size_t)person.stride_bytes + x * person.width / W * 4;
            memcpy(photo.pixels + (y * W + x) * 4, person.pixels + from, 4);
        }
    }
    bd_image_finish(&person);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(photo.pixels);
    bd_session_destroy(session);
    test_session_close(&t);
    return failed;
}
