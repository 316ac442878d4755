/* SPDX-License-Identifier: MIT
 * What shapes a matte does what it says, through the public calls, on masks that are drawn here: no weights needed. */
#include "support/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"

static bd_session *session;

typedef struct disc {
    float x, y, r, soft; /* the edge's width */
} disc;

/* Alpha of (h, w) in 0..1. */
typedef struct plane {
    uint32_t w, h;
    float *values;
} plane;

static plane make_plane(uint32_t w, uint32_t h) {
    plane p = {w, h, calloc((size_t)w * h, sizeof(float))};
    assert_non_null(p.values);
    return p;
}

static void draw(const plane *p, disc d, float sign) {
    for (uint32_t i = 0; i < p->w * p->h; i++) {
        float away = hypotf((float)(i % p->w) - d.x, (float)(i / p->w) - d.y) - d.r;
        float v = fminf(fmaxf(0.5f - away / d.soft, 0.0f), 1.0f);
        p->values[i] = fminf(fmaxf(p->values[i] + sign * v, 0.0f), 1.0f);
    }
}

static bd_image make_photo(uint32_t w, uint32_t h) {
    bd_image photo = test_new_picture(w, h);
    for (size_t i = 0; i < (size_t)w * h * 4; i++) {
        photo.pixels[i] = i % 4 == 3 ? 255 : (uint8_t)(100 + (i * 2654435761u >> 26) % 50);
    }
    return photo;
}

static bd_matte_params params_of(const plane *coarse, bd_matte_mode mode) {
    return (bd_matte_params){.struct_size = sizeof(bd_matte_params),
                             .mode = mode,
                             .coarse = coarse->values,
                             .coarse_width = coarse->w,
                             .coarse_height = coarse->h,
                             .wide = true};
}

static plane shaped_over(const bd_image *photo, const bd_matte_params *params) {
    bd_error error;
    bd_image alpha = {0};
    if (bd_session_matte(session, photo, params, &alpha, &error)) {
        fail_msg("%s", error.message);
    }
    plane p = make_plane(alpha.width, alpha.height);
    for (uint32_t i = 0; i < p.w * p.h; i++) {
        uint16_t wide;
        memcpy(&wide, alpha.pixels + (i / p.w) * alpha.stride_bytes + (size_t)(i % p.w) * 2, sizeof wide);
        p.values[i] = (float)wide / 65535.0f;
    }
    bd_image_finish(&alpha);
    return p;
}

static plane shaped(uint32_t w, uint32_t h, const bd_matte_params *params) {
    bd_image photo = make_photo(w, h);
    plane p = shaped_over(&photo, params);
    free(photo.pixels);
    return p;
}

static float at(const plane *p, uint32_t x, uint32_t y) {
    return p->values[(size_t)y * p->w + x];
}

static double area(const plane *p) {
    double sum = 0.0;
    for (size_t i = 0; i < (size_t)p->w * p->h; i++) {
        sum += (double)p->values[i];
    }
    return sum;
}

/* The greatest value in a box around (x, y). */
static float most_around(const plane *p, uint32_t x, uint32_t y, uint32_t reach) {
    float most = 0.0f;
    for (uint32_t v = y - reach; v <= y + reach; v++) {
        for (uint32_t u = x - reach; u <= x + reach; u++) {
            most = fmaxf(most, at(p, u, v));
        }
    }
    return most;
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

/* Masks as coarse as a network's: eight pixels of the photo between nodes. */
enum { GW = 103, GH = 77, CELL = 8, W = (GW - 1) * CELL + 1, H = (GH - 1) * CELL + 1 };
static const disc big = {30, 35, 20, 4.5f}, small = {75, 30, 10, 4.5f}, dot = {80, 60, 4, 2.5f};

static plane three_discs(void) {
    plane p = make_plane(GW, GH);
    draw(&p, big, 1);
    draw(&p, small, 1);
    draw(&p, dot, 1);
    return p;
}

/* What goes leaves nothing, not even the softest edge; what stays is as it was. */
static void check_parts(const bd_matte_params *params, bool big_stays, bool small_stays, bool dot_stays) {
    bd_matte_params all = *params;
    all.keep = BD_KEEP_ALL;
    all.island_share = -1;
    plane before = shaped(W, H, &all), p = shaped(W, H, params);
    bool stays[] = {big_stays, small_stays, dot_stays};
    const disc discs[] = {big, small, dot};
    for (int i = 0; i < 3; i++) {
        uint32_t x = (uint32_t)discs[i].x * CELL, y = (uint32_t)discs[i].y * CELL, r = (uint32_t)discs[i].r * CELL;
        assert_true(most_around(&before, x, y, 1) > 0.6f);
        if (stays[i]) {
            assert_true(most_around(&p, x, y, 1) == most_around(&before, x, y, 1));
            /* The best matte judges edges by the colours of all that stays. */
            assert_true(params->mode == BD_MATTE_BEST || at(&p, x + r, y) == at(&before, x + r, y));
        } else {
            assert_true(most_around(&p, x, y, r + 4 * CELL) == 0.0f);
        }
    }
    free(before.values);
    free(p.values);
}

static void check_keep(bd_matte_mode mode) {
    plane coarse = three_discs();
    bd_matte_params params = params_of(&coarse, mode);
    check_parts(&params, true, true, true); /* what a caller brings is not thinned out unless asked for */
    params.keep = BD_KEEP_LARGEST;
    check_parts(&params, true, false, false);
    params.keep = BD_KEEP_POINT;
    const uint32_t points[][2] = {{30, 35}, {75, 30}, {80, 60}, {49, 35}};
    for (uint32_t i = 0; i < 4; i++) {
        params.keep_x = points[i][0] * CELL;
        params.keep_y = points[i][1] * CELL;
        check_parts(&params, i == 0 || i == 3, i == 1, i == 2);
    }
    params.keep = BD_KEEP_ALL;
    params.island_share = 0.1f;
    check_parts(&params, true, true, false);
    params.island_share = 0.3f; /* the second disc has a quarter of the first one's area */
    check_parts(&params, true, false, false);
    free(coarse.values);
}

static void test_keep(void **state) {
    (void)state;
    check_keep(BD_MATTE_SOFT);
    check_keep(BD_MATTE_HARD);
    check_keep(BD_MATTE_REFINE);
    check_keep(BD_MATTE_BEST);
}

static void test_no_point(void **state) {
    (void)state;
    plane coarse = three_discs();
    bd_image photo = make_photo(W, H), alpha = {0}, picture = {0};
    bd_error error = {0};
    bd_matte_params params = params_of(&coarse, BD_MATTE_REFINE);
    params.keep = BD_KEEP_POINT;
    params.keep_x = 5;
    params.keep_y = 7;
    assert_int_equal(bd_session_matte(session, &photo, &params, &alpha, &error), BD_ERR_INVALID_ARGUMENT);
    assert_string_equal(error.message, "no foreground at 5,7");
    const bd_replace_params replace = {
        .struct_size = sizeof replace, .background = BD_BACKGROUND_TRANSPARENT, .matte = &params};
    assert_int_equal(bd_session_replace(session, &photo, NULL, &replace, &picture, &error), BD_ERR_INVALID_ARGUMENT);
    params.keep_x = W;
    assert_int_equal(bd_session_matte(session, &photo, &params, &alpha, &error), BD_ERR_INVALID_ARGUMENT);
    assert_string_equal(error.message, "the point 817,7 lies outside the photo of 817x609");
    free(photo.pixels);
    free(coarse.values);
}

/* A ring's hole is filled, and the soft edge around it; a notch and the outside are not. */
static void check_holes(bd_matte_mode mode) {
    plane coarse = make_plane(GW, GH);
    draw(&coarse, (disc){45, 38, 32, 3}, 1);
    draw(&coarse, (disc){35, 38, 9, 3}, -1);
    draw(&coarse, (disc){77, 38, 13, 3}, -1);
    bd_matte_params params = params_of(&coarse, mode);
    plane before = shaped(W, H, &params);
    params.fill_holes = true;
    plane p = shaped(W, H, &params);
    assert_true(at(&before, 35 * CELL, 38 * CELL) < 0.1f);
    assert_true(at(&before, 43 * CELL, 38 * CELL) < 0.9f);
    for (uint32_t y = 26 * CELL; y <= 50 * CELL; y++) {
        for (uint32_t x = 23 * CELL; x <= 47 * CELL; x++) {
            assert_true(at(&p, x, y) > 0.999f);
        }
    }
    assert_true(at(&p, 75 * CELL, 38 * CELL) < 0.01f);
    assert_true(at(&p, 15 * CELL, 15 * CELL) == at(&before, 15 * CELL, 15 * CELL));
    assert_true(at(&p, 95 * CELL, 38 * CELL) < 0.01f);
    free(before.values);
    free(p.values);
    free(coarse.values);
}

static void test_holes(void **state) {
    (void)state;
    check_holes(BD_MATTE_SOFT);
    check_holes(BD_MATTE_HARD);
    check_holes(BD_MATTE_REFINE);
    check_holes(BD_MATTE_BEST);
}

/* Finer than the grid of components: 2500 pixels, nodes of three. */
static void test_large(void **state) {
    (void)state;
    plane coarse = make_plane(2500, 61);
    draw(&coarse, (disc){100, 30, 25, 2}, 1);
    draw(&coarse, (disc){100, 30, 1.2f, 1}, -1);
    draw(&coarse, (disc){2000, 30, 1.1f, 1}, 1);
    draw(&coarse, (disc){2300, 30, 20, 2}, 1);
    bd_matte_params params = params_of(&coarse, BD_MATTE_SOFT);
    params.island_share = 0.05f;
    params.fill_holes = true;
    plane p = shaped(2500, 61, &params);
    assert_true(at(&p, 100, 30) > 0.999f);
    assert_true(most_around(&p, 2000, 30, 10) == 0.0f);
    assert_true(at(&p, 2300, 30) > 0.999f);
    params.keep = BD_KEEP_POINT;
    params.keep_x = 2319;
    params.keep_y = 30;
    plane q = shaped(2500, 61, &params);
    assert_true(most_around(&q, 100, 30, 29) == 0.0f);
    assert_true(at(&q, 2300, 30) > 0.999f);
    free(q.values);
    free(p.values);
    free(coarse.values);
}

/* ---- edges ------------------------------------------------------------------------------------------------------- */

static plane half_plane(uint32_t w, uint32_t h, bool vertical) {
    plane p = make_plane(w, h);
    for (uint32_t i = 0; i < w * h; i++) {
        p.values[i] = vertical ? i / w >= h / 2 : i % w >= w / 2;
    }
    return p;
}

/* Where a rising row or column crosses a level, between pixels' middles. */
static double crossing(const plane *p, bool vertical, float level) {
    uint32_t length = vertical ? p->h : p->w;
    float before = 0.0f;
    for (uint32_t i = 0; i < length; i++) {
        float v = vertical ? at(p, p->w / 2, i) : at(p, i, p->h / 2);
        if (v >= level) {
            return i - 1.0 + (double)((level - before) / (v - before));
        }
        before = v;
    }
    return length;
}

static void test_feather(void **state) {
    (void)state;
    static const float widths[] = {2, 3.5f, 5, 8, 13, 21, 40, 77};
    for (size_t i = 0; i < 2 * BD_COUNT(widths); i++) {
        bool vertical = i % 2;
        float width = widths[i / 2];
        plane coarse = vertical ? half_plane(9, 310, true) : half_plane(310, 9, false);
        bd_matte_params params = params_of(&coarse, BD_MATTE_SOFT);
        params.feather_px = width;
        plane p = shaped(coarse.w, coarse.h, &params);
        double low = crossing(&p, vertical, 0.05f), high = crossing(&p, vertical, 0.95f);
        (void)printf("feather %.1f: %.2f\n", (double)width, high - low);
        assert_true(fabs(high - low - (double)width) < 0.055 * (double)width + 0.4);
        assert_true(fabs(crossing(&p, vertical, 0.5f) - 154.5) < 0.05);
        assert_true(at(&p, 0, 0) == 0.0f && at(&p, p.w - 1, p.h - 1) == 1.0f); /* the photo's border is no edge */
        free(p.values);
        free(coarse.values);
    }
}

static void test_growth(void **state) {
    (void)state;
    static const float moves[] = {0.3f, 1, 1.7f, 3, 6.5f, 20, 47};
    for (size_t i = 0; i < 4 * BD_COUNT(moves); i++) {
        bool vertical = i % 2;
        float move = moves[i / 4] * (i / 2 % 2 ? -1.0f : 1.0f);
        plane coarse = vertical ? half_plane(11, 310, true) : half_plane(310, 11, false);
        bd_matte_params params = params_of(&coarse, BD_MATTE_SOFT);
        params.grow_px = move;
        plane p = shaped(coarse.w, coarse.h, &params);
        /* The area between the edges: a hard edge that goes a fraction of a pixel makes one pixel grey. */
        double moved = (area(&p) - area(&coarse)) / 11.0;
        (void)printf("grow %.1f: %.3f\n", (double)move, moved);
        assert_true(fabs(moved - (double)move) < 0.045 * fabs((double)move) + 0.02);
        /* Still an edge, not a ramp. */
        assert_true(crossing(&p, vertical, 0.95f) - crossing(&p, vertical, 0.05f) < 4.0);
        for (uint32_t n = 0; n < p.w * p.h; n++) {
            assert_true(move > 0.0f ? p.values[n] >= coarse.values[n] : p.values[n] <= coarse.values[n]);
        }
        free(p.values);
        free(coarse.values);
    }
}

/* A soft disc stays round and as soft as it was, and is restored by moving it back. */
static void test_disc(void **state) {
    (void)state;
    enum { SIDE = 201, C = 100 };
    plane coarse = make_plane(SIDE, SIDE);
    const disc d = {C, C, 50, 12};
    draw(&coarse, d, 1);
    bd_matte_params params = params_of(&coarse, BD_MATTE_SOFT);
    params.grow_px = 20;
    plane grown = shaped(SIDE, SIDE, &params);
    for (int i = 0; i < 360; i += 5) {
        double angle = i * 3.14159265 / 180.0, from = 0.0, to = 0.0;
        for (double r = 40.0; r < 99.0; r += 0.25) {
            float v = at(&grown, (uint32_t)lround(C + r * cos(angle)), (uint32_t)lround(C + r * sin(angle)));
            from += v > 0.95f ? 0.25 : 0.0;
            to += v > 0.05f ? 0.25 : 0.0;
        }
        assert_true(fabs(40.0 + 0.5 * (from + to) - 70.0) < 1.8);
        assert_true(fabs(to - from - 0.9 * 12.0) < 3.0);
    }
    bd_matte_params back = params_of(&grown, BD_MATTE_SOFT);
    back.grow_px = -20;
    plane again = shaped(SIDE, SIDE, &back);
    float most = 0.0f;
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) {
        most = fmaxf(most, fabsf(again.values[i] - coarse.values[i]));
    }
    (void)printf("grown and shrunk again: %.3f\n", (double)most);
    assert_true(most < 0.05f);
    free(again.values);
    free(grown.values);
    free(coarse.values);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

/* Bands of a device with small bindings give the values that one binding gives. */
static void test_bands(void **state) {
    (void)state;
    enum { BW = 700, BH = 531 };
    plane coarse = make_plane(BW, BH);
    draw(&coarse, (disc){300, 270, 200, 30}, 1);
    draw(&coarse, (disc){330, 250, 40, 20}, -1);
    draw(&coarse, (disc){620, 130, 60, 30}, 1);
    bd_image photo = make_photo(BW, BH);
    for (int mode = 0; mode < 4; mode++) {
        bd_matte_params params = params_of(&coarse, mode < 2 ? BD_MATTE_REFINE : BD_MATTE_SOFT);
        params.keep = BD_KEEP_LARGEST;
        params.fill_holes = true;
        params.grow_px = mode % 2 ? 33.3f : -33.3f;
        params.feather_px = 20;
        plane planes[2];
        for (int i = 0; i < 2; i++) {
            session->band_bytes = i ? BW * 4 * 130 : 0;
            assert_int_equal(bd_band_rows(&session->vk->limits, false, session->band_bytes, (bd_size){BW, BH}, 1),
                             i ? 128 : BH);
            planes[i] = shaped_over(&photo, &params);
        }
        session->band_bytes = 0;
        assert_memory_equal(planes[0].values, planes[1].values, (size_t)BW * BH * sizeof(float));
        assert_true(area(&planes[0]) > 0.0);
        free(planes[0].values);
        free(planes[1].values);
    }
    free(photo.pixels);
    free(coarse.values);
}

static void test_sizes(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {2, 1}, {1, 7}, {5, 3}, {67, 2}, {3, 300}};
    for (size_t i = 0; i < 3 * BD_COUNT(sizes); i++) {
        const uint32_t *size = sizes[i / 3];
        plane coarse = make_plane(3, 3);
        for (int n = 0; n < 9; n++) {
            coarse.values[n] = i % 3 == 0 ? 1.0f : i % 3 == 1 ? 0.0f : 0.8f;
        }
        for (int mode = BD_MATTE_REFINE; mode <= BD_MATTE_SOFT; mode++) {
            bd_matte_params params = params_of(&coarse, (bd_matte_mode)mode);
            params.keep = BD_KEEP_LARGEST;
            params.fill_holes = true;
            params.grow_px = 7.7f;
            params.feather_px = 30;
            plane p = shaped(size[0], size[1], &params), plain = {0};
            params = params_of(&coarse, (bd_matte_mode)mode);
            plain = shaped(size[0], size[1], &params);
            for (uint32_t n = 0; n < p.w * p.h; n++) { /* the same everywhere, so nothing has an edge */
                assert_true(fabsf(p.values[n] - plain.values[n]) < 1e-3f);
            }
            free(plain.values);
            free(p.values);
        }
        free(coarse.values);
    }
}

/* A replacement has the matte that the matte's call gives. */
static void test_replace(void **state) {
    (void)state;
    plane coarse = three_discs();
    bd_image photo = make_photo(W, H), alpha = {0}, cut = {0};
    bd_error error;
    bd_matte_params params = params_of(&coarse, BD_MATTE_REFINE);
    params.keep = BD_KEEP_POINT;
    params.keep_x = 75 * CELL;
    params.keep_y = 30 * CELL;
    params.grow_px = 2.5f;
    params.feather_px = 6;
    params.wide = false;
    const bd_replace_params replace = {
        .struct_size = sizeof replace, .background = BD_BACKGROUND_TRANSPARENT, .matte = &params};
    assert_int_equal(bd_session_matte(session, &photo, &params, &alpha, &error), BD_OK);
    assert_int_equal(bd_session_replace(session, &photo, NULL, &replace, &cut, &error), BD_OK);
    for (uint32_t i = 0; i < W * H; i++) {
        int a = alpha.pixels[(i / W) * alpha.stride_bytes + i % W];
        assert_in_range(cut.pixels[(i / W) * cut.stride_bytes + (size_t)(i % W) * 4 + 3] + 1 - a, 0, 2);
    }
    assert_int_equal(alpha.pixels[30 * CELL * alpha.stride_bytes + 75 * CELL], 255);
    assert_int_equal(alpha.pixels[35 * CELL * alpha.stride_bytes + 30 * CELL], 0);
    bd_image_finish(&alpha);
    bd_image_finish(&cut);
    free(photo.pixels);
    free(coarse.values);
}

static void test_refusals(void **state) {
    (void)state;
    plane coarse = make_plane(4, 4);
    bd_image photo = make_photo(8, 8), alpha = {0};
    bd_matte_params wrong[7];
    for (size_t i = 0; i < BD_COUNT(wrong); i++) {
        wrong[i] = params_of(&coarse, BD_MATTE_SOFT);
    }
    wrong[0].keep = (bd_keep)3;
    wrong[1].grow_px = -1001;
    wrong[2].grow_px = NAN;
    wrong[3].feather_px = -0.1f;
    wrong[4].feather_px = NAN;
    wrong[5].island_share = 1.1f;
    wrong[6].island_share = NAN;
    for (size_t i = 0; i < BD_COUNT(wrong); i++) {
        bd_error error = {0};
        assert_int_equal(bd_session_matte(session, &photo, &wrong[i], &alpha, &error), BD_ERR_INVALID_ARGUMENT);
        assert_true(error.message[0]);
    }
    free(photo.pixels);
    free(coarse.values);
}

/* A finished matte of a photo longer than any other probabilities may be. */
static void test_long(void **state) {
    (void)state;
    enum { LONG = 20000 };
    for (int tall = 0; tall < 2; tall++) {
        const uint32_t w = tall ? 3 : LONG, h = tall ? LONG : 3;
        plane coarse = make_plane(w, h);
        for (uint32_t i = 0; i < w * h; i++) {
            coarse.values[i] = (float)(i * 2654435761u >> 24) / 255.0f;
        }
        const bd_matte_params params = params_of(&coarse, BD_MATTE_SOFT);
        plane p = shaped(w, h, &params);
        for (uint32_t i = 0; i < w * h; i++) {
            assert_true(fabsf(p.values[i] - coarse.values[i]) < 1e-4f);
        }
        bd_image photo = make_photo(100, 100), alpha = {0};
        bd_error error = {0};
        assert_int_equal(bd_session_matte(session, &photo, &params, &alpha, &error), BD_ERR_IMAGE_TOO_LARGE);
        assert_non_null(strstr(error.message, "20000"));
        free(photo.pixels);
        free(p.values);
        free(coarse.values);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep),    cmocka_unit_test(test_no_point), cmocka_unit_test(test_holes),
        cmocka_unit_test(test_large),   cmocka_unit_test(test_feather),  cmocka_unit_test(test_growth),
        cmocka_unit_test(test_disc),    cmocka_unit_test(test_bands),    cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_replace), cmocka_unit_test(test_refusals), cmocka_unit_test(test_long),
    };
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    test_session t;
    test_session_open_model(&t, NULL, NULL);
    session = t.session;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_session_close(&t);
    return failed;
}
