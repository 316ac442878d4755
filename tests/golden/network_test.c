/* SPDX-License-Identifier: MIT
 * The whole program on the sample photo against an independent engine's stored outputs (tests/golden/network, made by
 * make_network_goldens.py), and what a session does with odd sizes and every kind of background. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "geometry/fit.h"
#include "reference/reference.h"
#include "api/session.h"

static test_session t;

static uint32_t crc32_of_rgb(const bd_image *image) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < (size_t)image->width * image->height * 4; i++) {
        if (i % 4 == 3) {
            continue;
        }
        crc ^= image->pixels[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        }
    }
    return ~crc;
}

static uint32_t stored_crc(const char *name) {
    FILE *file = fopen(test_source_file("tests/golden/network/person.crc32"), "r");
    assert_non_null(file);
    char key[32];
    uint32_t crc = 0;
    while (fscanf(file, "%31s %x", key, &crc) == 2 && strcmp(key, name) != 0) {
    }
    (void)fclose(file);
    assert_string_equal(key, name);
    return crc;
}

static bd_image make_picture(uint32_t w, uint32_t h, uint32_t seed) {
    bd_image picture = test_new_picture(w, h);
    for (size_t i = 0; i < (size_t)w * h * 4; i++) {
        seed = seed * 1664525u + 1013904223u;
        picture.pixels[i] = i % 4 == 3 ? 255 : (uint8_t)(seed >> 24);
    }
    return picture;
}

static bd_image replace(const bd_image *photo, const bd_image *background, const bd_replace_params *params) {
    return test_replaced(t.session, photo, background, params);
}

static void test_logits_and_labels(void **state) {
    (void)state;
    bd_image photo = test_read_image(test_source_file("tools/samples/person.jpg"));
    bd_image expected = test_read_image(test_source_file("tests/golden/network/person.labels.png"));
    bd_segmentation got = {.struct_size = sizeof got};
    bd_error error;
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    assert_int_equal(bd_session_segment(t.session, &photo, &params, &got, &error), BD_OK);
    assert_int_equal(got.labels.width, expected.width);
    assert_int_equal(got.labels.height, expected.height);
    size_t wrong = 0;
    for (size_t i = 0; i < (size_t)expected.width * expected.height; i++) {
        wrong += got.labels.pixels[i] != expected.pixels[4 * i];
    }
    /* 99.99 % */
    assert_true(wrong * 10000 <= (size_t)expected.width * expected.height);
    assert_true(got.pixels_of_class[15] > 100000);

    enum { SIDE = 65, KEPT = 17, CLASSES = 21 };
    assert_int_equal(got.logits_width, SIDE);
    float *kept = malloc(sizeof(float) * KEPT * KEPT * CLASSES);
    FILE *file = fopen(test_source_file("tests/golden/network/person.logits.npy"), "rb");
    assert_non_null(file);
    assert_non_null(kept);
    assert_int_equal(fseek(file, -(long)(sizeof(float) * KEPT * KEPT * CLASSES), SEEK_END), 0);
    assert_int_equal(fread(kept, sizeof(float), KEPT * KEPT * CLASSES, file), KEPT * KEPT * CLASSES);
    (void)fclose(file);
    double largest = 0;
    for (size_t y = 0; y < KEPT; y++) {
        for (size_t i = 0; i < KEPT * CLASSES; i++) {
            size_t x = i / CLASSES;
            float ours = got.logits[((y * 4 * SIDE) + x * 4) * CLASSES + i % CLASSES];
            largest = fmax(largest, fabs((double)ours - (double)kept[y * KEPT * CLASSES + i]));
        }
    }
    (void)printf("largest logit error %g, %zu labels differ\n", largest, wrong);
    assert_true(largest <= 1e-3);
    free(kept);
    bd_segmentation_finish(&got);
    bd_image_finish(&photo);
    bd_image_finish(&expected);
}

static void test_classic(void **state) {
    (void)state;
    bd_image photo = test_read_image(test_source_file("tools/samples/person.jpg"));
    bd_image background = test_read_image(test_source_file("tools/samples/autumn.jpg"));
    /* Which it ignores. */
    static const float probabilities[4] = {0};
    const bd_matte_params matte = {
        .struct_size = sizeof matte, .coarse = probabilities, .coarse_width = 2, .coarse_height = 2};
    const bd_replace_params params = {.struct_size = sizeof params, .classic = true, .matte = &matte};
    bd_image result = replace(&photo, &background, &params);
    assert_int_equal(result.width, 513);
    assert_int_equal(result.height, 513);
    assert_int_equal(crc32_of_rgb(&result), stored_crc("classic"));
    bd_image_finish(&result);
    bd_image_finish(&photo);
    bd_image_finish(&background);
}

/* What the parts are, put together by the references: logits -> mask -> composite, at the photo's size. */
static void test_composite_from_logits(void **state) {
    (void)state;
    bd_image photo = test_read_image(test_source_file("tools/samples/person.jpg"));
    bd_image background = make_picture(photo.width, photo.height, 5);
    bd_segmentation seen = {.struct_size = sizeof seen};
    bd_error error;
    const bd_segment_params segment = {.struct_size = sizeof segment, .want_logits = true};
    assert_int_equal(bd_session_segment(t.session, &photo, &segment, &seen, &error), BD_OK);
    /* Islands too: they are in the reference. */
    const bd_matte_params soft = {
        .struct_size = sizeof soft, .mode = BD_MATTE_SOFT, .island_share = -1, .rule = BD_RULE_OFF};
    const bd_replace_params params = {
        .struct_size = sizeof params, .fit = BD_FIT_STRETCH, .matte = &soft, .foreground = BD_FOREGROUND_OFF};
    bd_image result = replace(&photo, &background, &params);
    assert_int_equal(result.width, photo.width);

    enum { SIDE = 513 };
    const bd_class_set person = {{1u << 15}};
    float *mask = malloc(sizeof(float) * SIDE * SIDE);
    uint8_t *expected = malloc((size_t)photo.width * photo.height * 4);
    assert_non_null(mask);
    assert_non_null(expected);
    /* Corners aligned: 64 / 512. */
    const bd_ref_sampling sampling = {.scale = {0.125f, 0.125f}, .max = {64, 64}};
    bd_ref_mask(seen.logits, 65, 65, 21, &sampling, &person, false, mask, SIDE, SIDE);
    const bd_ref_background under = {
        .pixels = background.pixels, .w = (int32_t)photo.width, .h = (int32_t)photo.height, .linear = true};
    bd_ref_composite(photo.pixels, (int32_t)photo.width, (int32_t)photo.height, mask, SIDE, SIDE, &under, expected);
    for (size_t i = 0; i < (size_t)photo.width * photo.height * 4; i++) {
        if (abs(result.pixels[i] - expected[i]) > 1) {
            fail_msg("byte %zu: %d, expected %d", i, result.pixels[i], expected[i]);
        }
    }
    free(mask);
    free(expected);
    free(background.pixels);
    bd_segmentation_finish(&seen);
    bd_image_finish(&result);
    bd_image_finish(&photo);
}

/* Every kind of background at sizes that are odd, tiny, and far from square; a second run gives the same picture. */
static void test_sizes_and_backgrounds(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {1, 97}, {640, 11}, {531, 700}};
    for (size_t s = 0; s < BD_COUNT(sizes); s++) {
        bd_image photo = make_picture(sizes[s][0], sizes[s][1], 1);
        bd_image background = make_picture(61, 45, 2);
        for (int mode = 0; mode < 8; mode++) {
            bd_replace_params params = {.struct_size = sizeof params, .blur_sigma_px = 3, .color = {10, 20, 30, 255}};
            if (mode < 4) {
                params.fit = (bd_fit)mode;
            } else {
                params.background = (bd_background)(mode - 4);
                params.classic = mode == 4;
            }
            bool picture = params.background == BD_BACKGROUND_PICTURE;
            bd_image first = replace(&photo, picture ? &background : NULL, &params);
            uint32_t w = photo.width;
            uint32_t h = photo.height;
            if (params.classic) {
                bd_fit_resized(w, h, 513, &w, &h);
            }
            assert_int_equal(first.width, w);
            assert_int_equal(first.height, h);
            if (mode == 0) {
                bd_image second = replace(&photo, &background, &params);
                assert_memory_equal(first.pixels, second.pixels, (size_t)first.width * first.height * 4);
                bd_image_finish(&second);
            }
            bd_image_finish(&first);
        }
        bd_segmentation map = {.struct_size = sizeof map};
        bd_error error;
        const bd_segment_params params = {.struct_size = sizeof params, .map_size = BD_MAP_PHOTO};
        assert_int_equal(bd_session_segment(t.session, &photo, &params, &map, &error), BD_OK);
        assert_int_equal(map.labels.width, photo.width);
        assert_int_equal(map.labels.height, photo.height);
        bd_segmentation both = {.struct_size = sizeof both};
        const bd_segment_params two = {.struct_size = sizeof two, .want_photo_labels = true};
        assert_int_equal(bd_session_segment(t.session, &photo, &two, &both, &error), BD_OK);
        assert_int_equal(both.photo_labels.width, photo.width);
        assert_int_equal(both.photo_labels.height, photo.height);
        for (size_t y = 0; y < photo.height; y++) {
            assert_memory_equal(both.photo_labels.pixels + y * both.photo_labels.stride_bytes,
                                map.labels.pixels + y * map.labels.stride_bytes, photo.width);
        }
        bd_segmentation_finish(&both);
        bd_segmentation_finish(&map);
        free(photo.pixels);
        free(background.pixels);
    }
}

static void test_colour_and_transparency(void **state) {
    (void)state;
    bd_image photo = test_read_image(test_source_file("tools/samples/person.jpg"));
    const bd_replace_params colour = {
        .struct_size = sizeof colour, .background = BD_BACKGROUND_COLOR, .color = {12, 200, 99, 255}};
    const bd_replace_params clear = {.struct_size = sizeof clear, .background = BD_BACKGROUND_TRANSPARENT};
    bd_image on_colour = replace(&photo, NULL, &colour);
    bd_image on_nothing = replace(&photo, NULL, &clear);
    assert_false(on_colour.has_alpha);
    assert_true(on_nothing.has_alpha);
    size_t opaque = 0;
    size_t gone = 0;
    for (size_t i = 0; i < (size_t)photo.width * photo.height; i++) {
        const uint8_t *c = on_colour.pixels + 4 * i;
        uint8_t alpha = on_nothing.pixels[4 * i + 3];
        if (alpha == 255) {
            opaque++;
            for (int k = 0; k < 3; k++) {
                assert_int_equal(c[k], photo.pixels[4 * i + k]);
                assert_int_equal(on_nothing.pixels[4 * i + (size_t)k], photo.pixels[4 * i + k]);
            }
        } else if (!alpha) {
            gone++;
            assert_in_range(c[1] + 1, 199 + 1, 201 + 1);
        }
    }
    (void)printf("%zu pixels opaque, %zu gone\n", opaque, gone);
    assert_true(opaque > 10000);
    assert_true(gone > 10000);
    bd_image_finish(&on_colour);
    bd_image_finish(&on_nothing);
    bd_image_finish(&photo);
}

/* Bands of a device with small bindings give the bytes that one binding gives. */
static void test_bands(void **state) {
    (void)state;
    bd_image photo = make_picture(700, 531, 1);
    bd_image alphas[4] = {{0}};
    bd_error error;
    for (int i = 0; i < 4; i++) {
        const bd_matte_params params = {
            .struct_size = sizeof params, .mode = i < 2 ? BD_MATTE_REFINE : BD_MATTE_BEST, .wide = true};
        t.session->band_bytes = i % 2 ? 700 * 4 * 130 : 0;
        assert_int_equal(bd_band_rows(&t.session->vk->limits, false, t.session->band_bytes, (bd_size){700, 531}, 1),
                         i % 2 ? 128 : 531);
        assert_int_equal(bd_session_matte(t.session, &photo, &params, &alphas[i], &error), BD_OK);
    }
    for (int fit = BD_FIT_COVER; fit <= BD_FIT_STRETCH; fit++) {
        bd_image background = make_picture(61, 45, 2), pictures[2] = {{0}};
        const bd_replace_params picture = {.struct_size = sizeof picture, .fit = (bd_fit)fit};
        for (int i = 0; i < 2; i++) {
            t.session->band_bytes = i ? 700 * 4 * 130 : 0;
            pictures[i] = replace(&photo, &background, &picture);
        }
        assert_memory_equal(pictures[0].pixels, pictures[1].pixels, (size_t)700 * 531 * 4);
        bd_image_finish(&pictures[0]);
        bd_image_finish(&pictures[1]);
        free(background.pixels);
    }
    t.session->band_bytes = 0;
    for (int i = 0; i < 4; i += 2) {
        assert_memory_equal(alphas[i].pixels, alphas[i + 1].pixels, (size_t)700 * 531 * 2);
    }
    for (int i = 0; i < 4; i++) {
        bd_image_finish(&alphas[i]);
    }
    free(photo.pixels);
}

static void test_refusals(void **state) {
    (void)state;
    bd_image photo = make_picture(8, 8, 1);
    bd_image result = {0};
    bd_segmentation map = {.struct_size = sizeof map};
    bd_error error = {0};
    bd_image broken = photo;
    broken.stride_bytes = 4;
    const bd_replace_params blur = {.struct_size = sizeof blur, .background = BD_BACKGROUND_BLUR};
    assert_int_equal(bd_session_segment(t.session, &broken, NULL, &map, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_replace(t.session, &photo, NULL, NULL, &result, &error), BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_session_replace(t.session, &photo, NULL, &blur, &result, &error), BD_ERR_INVALID_ARGUMENT);
    assert_null(result.pixels);
    assert_int_equal(bd_session_run_network(t.session, NULL, NULL, NULL, NULL, NULL, &error), BD_ERR_INVALID_ARGUMENT);
    free(photo.pixels);
}

static int set_up(void **state) {
    (void)state;
    test_session_open(&t, getenv("BACKDROP_KERNELS"));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    test_session_close(&t);
    return 0;
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_logits_and_labels),
                                       cmocka_unit_test(test_classic),
                                       cmocka_unit_test(test_composite_from_logits),
                                       cmocka_unit_test(test_sizes_and_backgrounds),
                                       cmocka_unit_test(test_colour_and_transparency),
                                       cmocka_unit_test(test_bands),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
