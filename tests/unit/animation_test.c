/* SPDX-License-Identifier: MIT
 * Pictures of several frames: written and read back, cut off anywhere, refused, with memory that runs out. How Pillow
 * reads them and what it writes: tests/cli/animation_test.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "support/pictures.h"
#include "support/profiles.h"

enum { FRAMES = 4, WIDTH = 23, HEIGHT = 17 };

static const bd_delay delays[FRAMES] = {{7, 100}, {1, 10}, {50, 1000}, {2, 1}};

/* A square that moves over transparency, or over a ramp of few colours. */
static bd_image moving(int n, bool alpha) {
    bd_image frame;
    assert_int_equal(bd_image_create(NULL, "frame", WIDTH, HEIGHT, BD_FORMAT_RGBA8, &frame, NULL), BD_OK);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            bool inside = x >= 3 * n && x < 3 * n + 6 && y >= 2 * n && y < 2 * n + 6;
            const uint8_t ramp = (uint8_t)(x / 4 * 40);
            const uint8_t square[4] = {250, 20, 30, 255}, around[4] = {ramp, 100, 0, 255}, nothing[4] = {0, 0, 0, 0};
            memcpy(frame.pixels + y * frame.stride_bytes + (ptrdiff_t)4 * x,
                   inside  ? square
                   : alpha ? nothing
                           : around,
                   4);
        }
    }
    frame.has_alpha = alpha;
    return frame;
}

static bool can_write(bd_image_file file) {
    for (uint32_t i = 0; i < bd_image_form_count(); i++) {
        bd_image_form form = {.struct_size = sizeof form};
        assert_int_equal(bd_image_form_at(i, &form), BD_OK);
        if (form.file == file) {
            return form.frames;
        }
    }
    return false;
}

static bytes written(bd_image_file file, bool alpha, uint32_t play_count) {
    const bd_image_write_params params = {.struct_size = sizeof params, .file = file, .lossless = true};
    bd_animation_writer *writer;
    bd_error error;
    assert_int_equal(bd_animation_writer_create(&params, play_count, &writer, &error), BD_OK);
    for (int n = 0; n < FRAMES; n++) {
        bd_image frame = moving(n, alpha);
        assert_int_equal(bd_animation_writer_add(writer, &frame, delays[n], &error), BD_OK);
        bd_image_finish(&frame);
    }
    void *data;
    size_t size;
    assert_int_equal(bd_animation_writer_finish(writer, &data, &size, &error), BD_OK);
    bytes file_bytes = copy_of_bytes(data, size);
    bd_release(NULL, data);
    bd_animation_writer_destroy(writer);
    return file_bytes;
}

static bd_animation *opened(bytes file) {
    bd_animation *animation;
    bd_error error;
    if (bd_animation_decode(file.data, file.size, "animation", NULL, &animation, &error)) {
        fail_msg("%s", error.message);
    }
    return animation;
}

static void check_frames(bytes file, bool alpha) {
    bd_animation *animation = opened(file);
    for (int n = 0; n < FRAMES; n++) {
        bd_image wanted = moving(n, alpha), frame;
        bd_delay delay;
        bd_error error;
        assert_int_equal(bd_animation_next(animation, &frame, &delay, &error), BD_OK);
        assert_int_equal(largest_difference(&wanted, &frame), 0);
        assert_int_equal(frame.has_alpha, alpha);
        assert_int_equal((uint64_t)delay.numerator * delays[n].denominator,
                         (uint64_t)delays[n].numerator * delay.denominator);
        bd_image_finish(&wanted);
        bd_image_finish(&frame);
    }
    bd_image none;
    bd_error error;
    assert_int_equal(bd_animation_next(animation, &none, NULL, &error), BD_ERR_INVALID_ARGUMENT);
    bd_animation_close(animation);
}

static void check_round_trip(bd_image_file file) {
    if (!can_write(file)) {
        skip();
    }
    for (int alpha = 0; alpha <= 1; alpha++) {
        for (uint32_t plays = 0; plays < 4; plays++) {
            bytes data = written(file, alpha, plays);
            bd_animation *animation = opened(data);
            bd_animation_info info = {.struct_size = sizeof info};
            assert_int_equal(bd_animation_info_get(animation, &info), BD_OK);
            assert_int_equal(info.width, WIDTH);
            assert_int_equal(info.height, HEIGHT);
            assert_int_equal(info.frame_count, FRAMES);
            assert_int_equal(info.play_count, plays);
            bd_animation_close(animation);
            check_frames(data, alpha);
            free(data.data);
        }
    }
}

static void test_png(void **state) {
    (void)state;
    check_round_trip(BD_IMAGE_FILE_PNG);
}

static void test_gif(void **state) {
    (void)state;
    check_round_trip(BD_IMAGE_FILE_GIF); /* its colours are few */
}

/* What rounding takes from a delay the next one gets; but none becomes what browsers show as a tenth of a second. */
static void test_delays_gif(void **state) {
    (void)state;
    enum { TIMES = 7 };
    static const struct {
        bd_delay delay;
        uint32_t written[TIMES];
    } series[] = {{{33, 1000}, {3, 4, 3, 3, 3, 4, 3}}, {{1, 30}, {3, 4, 3, 3, 4, 3, 3}},
                  {{4, 1000}, {2, 2, 2, 2, 2, 2, 2}},  {{1, 100}, {1, 1, 1, 1, 1, 1, 1}},
                  {{0, 1000}, {0, 0, 0, 0, 0, 0, 0}},  {{1000, 1}, {65535, 65535, 65535, 65535, 65535, 65535, 65535}}};
    if (!can_write(BD_IMAGE_FILE_GIF)) {
        skip();
    }
    for (size_t i = 0; i < BD_COUNT(series); i++) {
        const bd_image_write_params params = {.struct_size = sizeof params, .file = BD_IMAGE_FILE_GIF};
        bd_animation_writer *writer;
        bd_image frame = moving(0, true), back;
        void *data;
        size_t size;
        assert_int_equal(bd_animation_writer_create(&params, 0, &writer, NULL), BD_OK);
        for (int n = 0; n < TIMES; n++) {
            assert_int_equal(bd_animation_writer_add(writer, &frame, series[i].delay, NULL), BD_OK);
        }
        assert_int_equal(bd_animation_writer_finish(writer, &data, &size, NULL), BD_OK);
        bd_animation *animation = opened((bytes){data, size});
        for (int n = 0; n < TIMES; n++) {
            bd_delay delay;
            assert_int_equal(bd_animation_next(animation, &back, &delay, NULL), BD_OK);
            assert_int_equal(delay.numerator * 100 / delay.denominator, series[i].written[n]);
            bd_image_finish(&back);
        }
        bd_animation_close(animation);
        bd_animation_writer_destroy(writer);
        bd_image_finish(&frame);
        bd_release(NULL, data);
    }
}

/* GIF holds no profile, so colours become sRGB. */
static void test_profile_gif(void **state) {
    (void)state;
    const bd_image_write_params params = {.struct_size = sizeof params, .file = BD_IMAGE_FILE_GIF};
    if (!can_write(BD_IMAGE_FILE_GIF)) {
        skip();
    }
    bytes swapped = swapped_profile(0);
    for (int still = 0; still < 2; still++) {
        bd_image frame = moving(1, true), back;
        assert_int_equal(bd_image_set_profile(&frame, swapped.data, swapped.size, NULL), BD_OK);
        void *data;
        size_t size;
        if (still) {
            assert_int_equal(bd_image_encode(&frame, &params, &data, &size, NULL), BD_OK);
        } else {
            bd_animation_writer *writer;
            assert_int_equal(bd_animation_writer_create(&params, 0, &writer, NULL), BD_OK);
            assert_int_equal(bd_animation_writer_add(writer, &frame, (bd_delay){1, 10}, NULL), BD_OK);
            assert_int_equal(bd_animation_writer_finish(writer, &data, &size, NULL), BD_OK);
            bd_animation_writer_destroy(writer);
        }
        assert_int_equal(bd_image_decode(data, size, "written", NULL, &back, NULL), BD_OK);
        const uint8_t *before = frame.pixels + 4 * frame.stride_bytes + (ptrdiff_t)4 * 5;
        const uint8_t *after = back.pixels + 4 * back.stride_bytes + (ptrdiff_t)4 * 5;
        const int order[4] = {1, 0, 2, 3}; /* red and green have changed places */
        for (int c = 0; c < 4; c++) {
            assert_true(abs(before[order[c]] - after[c]) <= 1);
        }
        assert_null(back.profile);
        bd_image_finish(&back);
        bd_image_finish(&frame);
        bd_release(NULL, data);
    }
    free(swapped.data);
}

static void test_webp(void **state) {
    (void)state;
    check_round_trip(BD_IMAGE_FILE_WEBP);
}

/* What gives all frames although a part is missing gives the same ones. */
static void check_cut(bd_image_file file) {
    if (!can_write(file)) {
        skip();
    }
    bytes whole = written(file, false, 0);
    int fine = 0;
    for (size_t size = 1; size < whole.size; size++) {
        bytes part = copy_of_bytes(whole.data, size); /* so that a sanitizer sees what lies behind */
        bd_animation *animation = NULL;
        bd_error error;
        bd_result result = bd_animation_decode(part.data, part.size, "part", NULL, &animation, &error);
        bd_animation_info info = {.struct_size = sizeof info};
        assert_int_equal(animation ? bd_animation_info_get(animation, &info) : BD_OK, BD_OK);
        for (uint32_t n = 0; !result && n < info.frame_count; n++) {
            bd_image frame, wanted = moving((int)n, false);
            result = bd_animation_next(animation, &frame, NULL, &error);
            if (!result) {
                assert_int_equal(largest_difference(&frame, &wanted), 0);
                bd_image_finish(&frame);
            }
            bd_image_finish(&wanted);
        }
        if (result) {
            assert_true(is_one_line(&error));
            assert_true(result == BD_ERR_FILE_CORRUPT || result == BD_ERR_FILE_FORMAT || result == BD_ERR_UNSUPPORTED);
        } else {
            /* GIF does not say how many follow. */
            assert_true(info.frame_count == FRAMES || file == BD_IMAGE_FILE_GIF);
            fine++;
        }
        bd_animation_close(animation);
        free(part.data);
    }
    assert_true(fine < (int)whole.size / 2);
    free(whole.data);
}

static void test_cut_off(void **state) {
    (void)state;
    check_cut(BD_IMAGE_FILE_PNG);
}

static void test_cut_off_gif(void **state) {
    (void)state;
    check_cut(BD_IMAGE_FILE_GIF);
}

static void test_cut_off_webp(void **state) {
    (void)state;
    check_cut(BD_IMAGE_FILE_WEBP);
}

static void keep_line(void *user, bd_log_level level, const char *message) {
    (void)level;
    (void)snprintf(user, 200, "%s", message);
}

/* A reader of still pictures takes the first frame and says so; a still picture is an animation of one frame. */
static void test_stills(void **state) {
    (void)state;
    static const bd_image_file files[] = {BD_IMAGE_FILE_PNG, BD_IMAGE_FILE_GIF};
    for (int i = 0; i < 2; i++) {
        if (!can_write(files[i])) {
            continue;
        }
        char said[200] = "";
        const bd_image_read_params params = {.struct_size = sizeof params, .log = keep_line, .log_user = said};
        bytes file = written(files[i], true, 0);
        bd_image image, wanted = moving(0, true);
        bd_error error;
        assert_int_equal(bd_image_decode(file.data, file.size, "moving", &params, &image, &error), BD_OK);
        assert_int_equal(largest_difference(&image, &wanted), 0);
        assert_string_equal(said, "moving: an animation, of which only the first of 4 frames is taken");
        bd_image_finish(&image);
        free(file.data);

        file = encoded_as(&wanted, files[i]);
        bd_animation *animation = opened(file);
        bd_animation_info info = {.struct_size = sizeof info};
        assert_int_equal(bd_animation_info_get(animation, &info), BD_OK);
        assert_int_equal(info.frame_count, 1);
        said[0] = '\0';
        assert_int_equal(bd_animation_next(animation, &image, NULL, &error), BD_OK);
        assert_int_equal(largest_difference(&image, &wanted), 0);
        bd_image_finish(&image);
        bd_image_finish(&wanted);
        bd_animation_close(animation);
        free(file.data);
    }
}

static void test_refused(void **state) {
    (void)state;
    bd_animation_writer *writer = NULL;
    bd_error error;
    bd_image_write_params params = {.struct_size = sizeof params, .file = BD_IMAGE_FILE_JPEG};
    assert_int_equal(bd_animation_writer_create(&params, 0, &writer, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "one frame"));
    params.file = (bd_image_file)99;
    assert_int_equal(bd_animation_writer_create(&params, 0, &writer, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_animation_writer_create(NULL, 0, &writer, &error), BD_OK);
    void *data;
    size_t size;
    assert_int_equal(bd_animation_writer_finish(writer, &data, &size, &error), BD_ERR_INVALID_ARGUMENT);
    bd_image frame = moving(0, true), other = smooth_picture(5, 5, BD_FORMAT_RGBA8, false);
    assert_int_equal(bd_animation_writer_add(writer, &frame, (bd_delay){1, 0}, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_animation_writer_add(writer, &frame, (bd_delay){1, 10}, &error), BD_OK);
    assert_int_equal(bd_animation_writer_add(writer, &other, (bd_delay){1, 10}, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_animation_writer_finish(writer, &data, &size, &error), BD_OK);
    bd_release(NULL, data);
    assert_int_equal(bd_animation_writer_add(writer, &frame, (bd_delay){1, 10}, &error), BD_ERR_INVALID_ARGUMENT);
    bd_animation_writer_destroy(writer);
    bd_animation_writer_destroy(NULL);
    bd_animation_close(NULL);
    bd_image_finish(&frame);
    bd_image_finish(&other);
    bd_animation *animation = NULL;
    assert_int_equal(bd_animation_open("/does/not/exist.gif", NULL, &animation, &error), BD_ERR_FILE_NOT_FOUND);
}

static bd_result write_and_read(const bd_allocator *hooks, bd_image_file file, bytes of, bd_error *error) {
    const bd_image_write_params to = {.struct_size = sizeof to, .allocator = hooks, .file = file};
    const bd_image_read_params from = {.struct_size = sizeof from, .allocator = hooks};
    bd_animation_writer *writer = NULL;
    bd_animation *animation = NULL;
    bd_image frame = moving(1, true), shown = {0};
    void *data = NULL;
    size_t size;
    bd_result result = bd_animation_writer_create(&to, 0, &writer, error);
    for (int n = 0; n < 2 && !result; n++) {
        result = bd_animation_writer_add(writer, &frame, delays[n], error);
    }
    result = result ? result : bd_animation_writer_finish(writer, &data, &size, error);
    bd_animation_writer_destroy(writer);
    bd_release(hooks, data);
    result = result ? result : bd_animation_decode(of.data, of.size, "of", &from, &animation, error);
    for (int n = 0; n < FRAMES && !result; n++) {
        result = bd_animation_next(animation, &shown, NULL, error);
        bd_image_finish(&shown);
        shown = (bd_image){0};
    }
    bd_animation_close(animation);
    bd_image_finish(&frame);
    return result;
}

static void check_memory(bd_image_file file) {
    if (!can_write(file)) {
        return;
    }
    bytes of = written(file, true, 0);
    bool done = false;
    for (long n = 1; !done; n++) {
        counter count = {.fail_at = n};
        const bd_allocator hooks = counting_allocator(&count);
        bd_error error;
        bd_result result = write_and_read(&hooks, file, of, &error);
        assert_int_equal(count.alive, 0);
        done = count.requests < n;
        assert_int_equal(result, done ? BD_OK : BD_ERR_OUT_OF_MEMORY);
    }
    free(of.data);
}

static void test_out_of_memory(void **state) {
    (void)state;
    check_memory(BD_IMAGE_FILE_PNG);
    check_memory(BD_IMAGE_FILE_GIF);
    check_memory(BD_IMAGE_FILE_WEBP);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png),        cmocka_unit_test(test_gif),           cmocka_unit_test(test_webp),
        cmocka_unit_test(test_cut_off),    cmocka_unit_test(test_cut_off_gif),   cmocka_unit_test(test_cut_off_webp),
        cmocka_unit_test(test_delays_gif), cmocka_unit_test(test_profile_gif),   cmocka_unit_test(test_stills),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
