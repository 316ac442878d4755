/* SPDX-License-Identifier: MIT
 * Several looks at a photo: what a session averages is what the reference makes of each look's own logits. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "reference/reference.h"

enum { SIDE = 65, OTHER = 97, CLASSES = 21 };

static bd_model *open_model(uint32_t side) {
    const bd_model_params params = {.struct_size = sizeof params, .width = side, .height = side};
    return test_model_open(test_model_path(), &params);
}

static bd_segmentation look(bd_engine *engine, const bd_model *model, const bd_session_params *params,
                            const bd_image *photo) {
    bd_segmentation found = {.struct_size = sizeof found};
    bd_error error;
    const bd_segment_params wanted = {.struct_size = sizeof wanted, .want_logits = true};
    bd_session *session = test_session_create(engine, model, params);
    if (bd_session_segment(session, photo, &wanted, &found, &error)) {
        fail_msg("%s", error.message);
    }
    bd_session_destroy(session);
    return found;
}

/* A photo of odd shape with structure of many sizes. */
static bd_image make_photo(bool mirrored) {
    enum { W = 130, H = 91 };
    bd_image photo = test_new_picture(W, H);
    for (uint32_t y = 0; y < H; y++) {
        for (uint32_t x = 0; x < W; x++) {
            uint8_t *p = photo.pixels + ((size_t)y * W + (mirrored ? W - 1 - x : x)) * 4;
            p[0] = (uint8_t)(128 + 100 * sin(x * 0.11) * cos(y * 0.05));
            p[1] = (uint8_t)(x > 40 && x < 90 && y > 20 ? 200 : 60);
            p[2] = (uint8_t)(x * 255 / W);
            p[3] = 255;
        }
    }
    return photo;
}

static void test_votes(void **state) {
    (void)state;
    test_session t;
    test_engine_open(&t, NULL, NULL);
    bd_model *first = open_model(SIDE);
    bd_model *other = open_model(OTHER);
    bd_image photo = make_photo(false);
    bd_image mirror = make_photo(true);
    const bd_model *sizes[] = {other};
    const bd_session_params voting = {.struct_size = sizeof voting, .sizes = sizes, .size_count = 1, .flip = true};
    bd_segmentation got = look(t.engine, first, &voting, &photo);
    bd_segmentation looks[4] = {look(t.engine, first, NULL, &photo), look(t.engine, first, NULL, &mirror),
                                look(t.engine, other, NULL, &photo), look(t.engine, other, NULL, &mirror)};
    assert_int_equal(got.logits_width, looks[0].logits_width);

    int32_t side = (int32_t)got.logits_width;
    float *sum = calloc((size_t)side * (size_t)side * CLASSES, sizeof *sum);
    assert_non_null(sum);
    /* Corners aligned: a logit is 8 pixels of the input; the photo ends with its own last pixel. */
    for (int32_t i = 0; i < 4; i++) {
        int32_t logits = (int32_t)looks[i].logits_width;
        float first_size[2] = {(float)looks[0].labels.width, (float)looks[0].labels.height};
        float size[2] = {(float)looks[i].labels.width, (float)looks[i].labels.height};
        bd_ref_sampling sampling;
        for (int axis = 0; axis < 2; axis++) {
            /* Input pixel 8 i + 0.5 of the first size, as a share of the photo, on the other's input. */
            bool flipped = !axis && i % 2;
            float zoom = size[axis] / first_size[axis];
            float begin = flipped ? size[axis] - 0.5f * zoom : 0.5f * zoom;
            sampling.scale[axis] = flipped ? -zoom : zoom;
            sampling.bias[axis] = (begin - 0.5f) / 8.0f;
            sampling.max[axis] = fminf((size[axis] - 1.0f) / 8.0f, (float)(logits - 1));
        }
        bd_ref_average(looks[i].logits, logits, logits, CLASSES, &sampling, i, 4, sum, side, side);
    }
    float largest = 0;
    for (size_t i = 0; i < (size_t)side * (size_t)side * CLASSES; i++) {
        largest = fmaxf(largest, fabsf(sum[i] - got.logits[i]));
    }
    (void)printf("largest difference %g\n", (double)largest);
    assert_true(largest < 2e-3f);
    free(sum);
    for (int i = 0; i < 4; i++) {
        bd_segmentation_finish(&looks[i]);
    }
    bd_segmentation_finish(&got);
    free(photo.pixels);
    free(mirror.pixels);
    bd_model_destroy(first);
    bd_model_destroy(other);
    test_session_close(&t);
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_votes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
