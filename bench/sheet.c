/* SPDX-License-Identifier: MIT
 * Contact sheets: what the library makes of a photo, side by side, for people to look at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sheet.h"
#include "canvas.h"
#include "picture.h"

enum { GAP = BENCH_GAP, CAPTION = BENCH_CAPTION };

/* One photo; what several tiles need is made once. */
typedef struct subject {
    const bench *b;
    const bd_image *scene; /* without pixels: none was given */
    bd_image photo;
    float *alpha; /* refined; NULL until it is needed */
} subject;

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

typedef enum made { MADE, REFUSED, FAILED } made;

static made outcome(bd_result result, const bd_error *error) {
    if (!result) {
        return MADE;
    }
    (void)bench_fail(error);
    return result == BD_ERR_UNSUPPORTED ? REFUSED : FAILED;
}

static made matte(const subject *s, bd_matte_mode mode, bd_image *tile) {
    const bd_matte_params params = {.struct_size = sizeof params, .mode = mode, .wide = true};
    bd_error error;
    bd_result result = bd_session_matte(s->b->session, &s->photo, &params, tile, &error);
    return outcome(result, &error);
}

static made make_hard(subject *s, bd_image *tile) {
    return matte(s, BD_MATTE_HARD, tile);
}

static made make_soft(subject *s, bd_image *tile) {
    return matte(s, BD_MATTE_SOFT, tile);
}

static made make_refine(subject *s, bd_image *tile) {
    return matte(s, BD_MATTE_REFINE, tile);
}

static made make_best(subject *s, bd_image *tile) {
    return matte(s, BD_MATTE_BEST, tile);
}

static made make_photo(subject *s, bd_image *tile) {
    *tile = s->photo;
    tile->owner = NULL;
    return MADE;
}

/* Classes in Pascal's colours over the photo. */
static made make_labels(subject *s, bd_image *tile) {
    const bd_segment_params params = {.struct_size = sizeof params, .map_size = BD_MAP_PHOTO};
    bd_segmentation map = {.struct_size = sizeof map};
    bd_error error;
    made done = outcome(bd_session_segment(s->b->session, &s->photo, &params, &map, &error), &error);
    if (done == MADE && !bench_canvas(s->photo.width, s->photo.height, tile)) {
        done = FAILED;
    }
    for (uint32_t y = 0; y < s->photo.height && done == MADE; y++) {
        for (uint32_t x = 0; x < s->photo.width; x++) {
            uint32_t label = map.labels.pixels[y * map.labels.stride_bytes + x];
            uint8_t rgb[3], *to = tile->pixels + y * tile->stride_bytes + (size_t)x * 4;
            bd_pascal_color(label, rgb);
            for (int c = 0; c < 3; c++) {
                int own = s->photo.pixels[y * s->photo.stride_bytes + (size_t)x * 4 + (size_t)c];
                to[c] = (uint8_t)(label ? (own + rgb[c] + 1) / 2 : own);
            }
        }
    }
    bd_segmentation_finish(&map);
    return done;
}

/* The refined matte as numbers, for the composites to share. */
static made need_alpha(subject *s) {
    bd_image wide = {0};
    if (s->alpha) {
        return MADE;
    }
    made done = matte(s, BD_MATTE_REFINE, &wide);
    if (done != MADE) {
        return done;
    }
    s->alpha = malloc((size_t)wide.width * wide.height * sizeof *s->alpha);
    for (uint32_t y = 0; y < wide.height && s->alpha; y++) {
        for (uint32_t x = 0; x < wide.width; x++) {
            s->alpha[(size_t)y * wide.width + x] = (float)(bench_value_at(&wide, x, y, 0) / 255.0);
        }
    }
    bd_image_finish(&wide);
    return s->alpha ? MADE : FAILED;
}

static made compose(subject *s, bd_replace_params params, const bd_image *background, bd_image *tile) {
    made done = params.classic ? MADE : need_alpha(s);
    if (done != MADE) {
        return done;
    }
    const bd_matte_params own = {.struct_size = sizeof own,
                                 .mode = BD_MATTE_SOFT,
                                 .coarse = s->alpha,
                                 .coarse_width = s->photo.width,
                                 .coarse_height = s->photo.height};
    params.struct_size = sizeof params;
    params.matte = params.classic ? NULL : &own;
    bd_error error;
    bd_result result = bd_session_replace(s->b->session, &s->photo, background, &params, tile, &error);
    return outcome(result, &error);
}

static made make_light(subject *s, bd_image *tile) {
    return compose(s, (bd_replace_params){.background = BD_BACKGROUND_COLOR, .color = {244, 244, 240, 255}}, NULL,
                   tile);
}

static made make_dark(subject *s, bd_image *tile) {
    return compose(s, (bd_replace_params){.background = BD_BACKGROUND_COLOR, .color = {22, 22, 26, 255}}, NULL, tile);
}

static made make_checker(subject *s, bd_image *tile) {
    static const uint8_t grey[3] = {190, 190, 190};
    uint32_t cell = s->photo.width * 12 / s->b->a.width + 1;
    bd_image squares = {0};
    if (!bench_canvas(2 * cell, 2 * cell, &squares)) {
        return FAILED;
    }
    bench_fill(&squares, 0, 0, cell, cell, grey);
    bench_fill(&squares, cell, cell, cell, cell, grey);
    made done = compose(s, (bd_replace_params){.fit = BD_FIT_TILE}, &squares, tile);
    free(squares.pixels);
    return done;
}

static made make_scene(subject *s, bd_image *tile) {
    return s->scene->pixels ? compose(s, (bd_replace_params){.fit = BD_FIT_COVER}, s->scene, tile) : REFUSED;
}

static made make_classic(subject *s, bd_image *tile) {
    return s->scene->pixels ? compose(s, (bd_replace_params){.classic = true}, s->scene, tile) : REFUSED;
}

static made make_blur(subject *s, bd_image *tile) {
    const bd_replace_params params = {.background = BD_BACKGROUND_BLUR, .blur_sigma_px = (float)s->b->a.blur};
    return compose(s, params, NULL, tile);
}

/* In the order of BENCH_TILES. */
enum { PHOTO, LABELS, HARD, SOFT, REFINE, BEST, LIGHT, DARK, CHECKER, SCENE, CLASSIC, BLUR };
static const struct tile {
    const char *caption;
    made (*make)(subject *s, bd_image *tile);
} tiles[] = {
    [PHOTO] = {"photo", make_photo},
    [LABELS] = {"labels", make_labels},
    [HARD] = {"hard matte", make_hard},
    [SOFT] = {"soft matte", make_soft},
    [REFINE] = {"refined matte", make_refine},
    [BEST] = {"best matte", make_best},
    [LIGHT] = {"on light", make_light},
    [DARK] = {"on dark", make_dark},
    [CHECKER] = {"on a checkerboard", make_checker},
    [SCENE] = {"on a picture", make_scene},
    [CLASSIC] = {"the tutorial's way", make_classic},
    [BLUR] = {"own background, blurred", make_blur},
};
/* What a sheet has where none are named: the first eight without a picture to put the photo on. */
static const option_list normal_tiles = {
    11, {PHOTO, LABELS, HARD, REFINE, BEST, LIGHT, DARK, CHECKER, SCENE, CLASSIC, BLUR}};
enum { WITHOUT_SCENE = 8 };

/* Pictures of ours, not of the library's or the photo's, are freed. */
static void drop(const subject *s, bd_image *tile) {
    if (tile->owner) {
        bd_image_finish(tile);
    } else if (tile->pixels != s->photo.pixels) {
        free(tile->pixels);
    }
    *tile = (bd_image){.pixels = NULL};
}

/* ---- sheets ------------------------------------------------------------------------------------------------------ */

/* OUT itself where it names a picture, else OUT/NAME.png. */
static void sheet_path(const char *out, const char *photo, char path[BENCH_PATH]) {
    const char *dot = strrchr(out, '.'), *slash = strrchr(photo, '/');
    if (dot && (!strcmp(dot, ".png") || !strcmp(dot, ".jpg"))) {
        (void)snprintf(path, BENCH_PATH, "%s", out);
        return;
    }
    const char *name = slash ? slash + 1 : photo;
    (void)snprintf(path, BENCH_PATH, "%s/%.*s.png", out, (int)strcspn(name, "."), name);
}

static bool make_sheet(subject *s, const option_list *chosen, const char *path) {
    const bench_arguments *a = &s->b->a;
    const uint32_t count = chosen->count;
    uint32_t h = (uint32_t)((uint64_t)s->photo.height * a->width / s->photo.width);
    h = h ? h : 1;
    uint32_t columns = count < a->columns ? count : a->columns, rows = (count + columns - 1) / columns;
    bd_image sheet = {0};
    bd_error error;
    bool ok = bench_canvas(columns * (a->width + GAP) + GAP, rows * (h + CAPTION + GAP) + GAP, &sheet);
    for (uint32_t i = 0; i < count && ok; i++) {
        bd_image tile = {.pixels = NULL};
        uint32_t x = GAP + i % columns * (a->width + GAP), y = GAP + i / columns * (h + CAPTION + GAP);
        const struct tile *kind = &tiles[chosen->items[i]];
        made done = kind->make(s, &tile);
        if (done == MADE) {
            bench_draw(&sheet, x, y, a->width, h, &tile);
        }
        char caption[64];
        (void)snprintf(caption, sizeof caption, "%s%s", kind->caption, done == MADE ? "" : " (not available)");
        bench_draw_text(&sheet, x, y + h + 4, caption);
        ok = done != FAILED;
        drop(s, &tile);
    }
    ok = ok && (!bd_image_write(path, &sheet, NULL, &error) || bench_fail(&error));
    free(sheet.pixels);
    return ok;
}

bool bench_sheet(bench *b) {
    const bench_arguments *a = &b->a;
    bd_image scene = {.pixels = NULL};
    option_list chosen = a->tiles.count ? a->tiles : normal_tiles;
    chosen.count = a->tiles.count || a->background ? chosen.count : WITHOUT_SCENE;
    bool ok = (!a->background || bench_read_image(a->background, false, &scene)) && bench_open(b, 1);
    for (uint32_t i = 0; i < a->operands.count && ok; i++) {
        subject s = {.b = b, .scene = &scene};
        char path[BENCH_PATH];
        sheet_path(a->out, a->operands.items[i], path);
        ok = bench_read_image(a->operands.items[i], false, &s.photo) && make_sheet(&s, &chosen, path);
        if (ok) {
            (void)printf("%s\n", path);
        }
        bd_image_finish(&s.photo);
        free(s.alpha);
    }
    bd_image_finish(&scene);
    return ok;
}
