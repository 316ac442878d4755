/* SPDX-License-Identifier: MIT
 * A key and the network together: a person before a green screen, with a prop beside and a green patch on the chest. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"
#include "reference/reference.h"

static test_session t;

static const uint8_t green[3] = {32, 176, 64}, prop[3] = {150, 40, 30};

typedef struct box {
    uint32_t x, y, w, h;
} box;

static void paint(bd_image *photo, box at, const uint8_t *color) {
    for (uint32_t y = at.y; y < at.y + at.h; y++) {
        for (uint32_t x = at.x; x < at.x + at.w; x++) {
            memcpy(photo->pixels + y * photo->stride_bytes + (size_t)4 * x, color, 3);
        }
    }
}

static double mean(const bd_image *alpha, box at) {
    double sum = 0.0;
    for (uint32_t y = at.y; y < at.y + at.h; y++) {
        for (uint32_t x = at.x; x < at.x + at.w; x++) {
            sum += alpha->pixels[y * alpha->stride_bytes + x];
        }
    }
    return sum / (255.0 * at.w * at.h);
}

static bd_image matte_of(const bd_image *photo, const bd_matte_params *params) {
    bd_image alpha = {0};
    bd_error error;
    if (bd_session_matte(t.session, photo, params, &alpha, &error)) {
        fail_msg("%s", error.message);
    }
    return alpha;
}

/* The person over green, in light. */
static void cut_out(bd_image *photo, const bd_image *alpha) {
    for (uint32_t y = 0; y < photo->height; y++) {
        for (uint32_t x = 0; x < photo->width; x++) {
            uint8_t *pixel = photo->pixels + y * photo->stride_bytes + (size_t)4 * x;
            double a = alpha->pixels[y * alpha->stride_bytes + x] / 255.0;
            for (int c = 0; c < 3; c++) {
                double light = a * bd_ref_to_light(pixel[c] / 255.0) + (1.0 - a) * bd_ref_to_light(green[c] / 255.0);
                pixel[c] = (uint8_t)(255.0 * bd_ref_to_srgb(light) + 0.5);
            }
        }
    }
}

static void test_agree(void **state) {
    (void)state;
    char path[4096];
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    (void)snprintf(path, sizeof path, "%s/tools/samples/person.jpg", source ? source : ".");
    bd_image photo = test_read_image(path), plain = matte_of(&photo, NULL);
    cut_out(&photo, &plain);
    uint32_t w = photo.width, h = photo.height;
    const box beside = {w / 64, h / 64, w / 12, h / 12}, chest = {w / 2, h * 3 / 4, w / 24, h / 24};
    paint(&photo, beside, prop);
    paint(&photo, chest, green);
    bd_matte_params params = {.struct_size = sizeof params, .key = BD_KEY_AUTO};
    bd_image alone = matte_of(&photo, &params);
    params.key_with_network = true;
    bd_image both = matte_of(&photo, &params);
    printf("prop: key %.3f, both %.3f; patch: key %.3f, both %.3f\n", mean(&alone, beside), mean(&both, beside),
           mean(&alone, chest), mean(&both, chest));
    assert_true(mean(&alone, beside) > 0.99 && mean(&both, beside) < 0.01);
    assert_true(mean(&alone, chest) < 0.1 && mean(&both, chest) > 0.99);
    /* The patch stays green, and the screen's edge is the key's. */
    const bd_replace_params replace = {
        .struct_size = sizeof replace, .background = BD_BACKGROUND_TRANSPARENT, .matte = &params};
    bd_image result = test_replaced(t.session, &photo, NULL, &replace);
    const uint8_t *patch =
        result.pixels + (chest.y + chest.h / 2) * result.stride_bytes + (size_t)4 * (chest.x + chest.w / 2);
    assert_memory_equal(patch, green, 3);
    bd_image_finish(&result);
    bd_image_finish(&plain);
    bd_image_finish(&alone);
    bd_image_finish(&both);
    bd_image_finish(&photo);
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    test_session_open(&t, NULL);
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_agree)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_session_close(&t);
    return failed;
}
