/* SPDX-License-Identifier: MIT
 * The frei0r plug-in, loaded as hosts load it: frames are the library's to the byte, whatever the size, the order of calls
 * and the threads; what is wrong lets frames pass, and is said once. */
#define _DEFAULT_SOURCE
#include <dlfcn.h>
#include <frei0r.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "support/session.h"

enum { BACKGROUND, BLUR, COLOR, FIT, GRAVITY, MATTE, CLASS, MODEL, DEVICE, PARAMETERS };

static struct {
    int (*init)(void);
    void (*deinit)(void);
    void (*get_plugin_info)(f0r_plugin_info_t *);
    void (*get_param_info)(f0r_param_info_t *, int);
    f0r_instance_t (*construct)(unsigned, unsigned);
    void (*destruct)(f0r_instance_t);
    void (*set)(f0r_instance_t, f0r_param_t, int);
    void (*get)(f0r_instance_t, f0r_param_t, int);
    void (*update)(f0r_instance_t, double, const uint32_t *, uint32_t *);
} f0r;

static test_session t;

static void load_one(void *library, const char *name, void *function) {
    void *found = dlsym(library, name);
    assert_non_null(found);
    memcpy(function, &found, sizeof found);
}

static int load(void **state) {
    (void)state;
    void *library = dlopen(FREI0R_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fail_msg("%s", dlerror());
    }
    load_one(library, "f0r_init", &f0r.init);
    load_one(library, "f0r_deinit", &f0r.deinit);
    load_one(library, "f0r_get_plugin_info", &f0r.get_plugin_info);
    load_one(library, "f0r_get_param_info", &f0r.get_param_info);
    load_one(library, "f0r_construct", &f0r.construct);
    load_one(library, "f0r_destruct", &f0r.destruct);
    load_one(library, "f0r_set_param_value", &f0r.set);
    load_one(library, "f0r_get_param_value", &f0r.get);
    load_one(library, "f0r_update", &f0r.update);
    assert_null(dlsym(library, "bd_engine_create"));
    assert_int_equal(f0r.init(), 1);
    test_session_open(&t, NULL);
    return 0;
}

static int unload(void **state) {
    (void)state;
    test_session_close(&t);
    f0r.deinit();
    return 0;
}

/* ---- what a host does ------------------------------------------------------------------------------------------------ */

static void set_text(f0r_instance_t instance, int number, const char *text) {
    char copy[1024];
    (void)snprintf(copy, sizeof copy, "%s", text);
    f0r_param_string value = copy;
    f0r.set(instance, &value, number);
    memset(copy, 'x', sizeof copy); /* the plug-in has a copy of its own */
}

static f0r_instance_t make(unsigned w, unsigned h) {
    f0r_instance_t made = f0r.construct(w, h);
    const char *device = getenv("BACKDROP_DEVICE");
    assert_non_null(made);
    set_text(made, MODEL, test_model_path());
    set_text(made, DEVICE, device ? device : "");
    return made;
}

/* A frame of the photo, enlarged or made smaller by leaving out pixels. */
static bd_image frame_of(uint32_t w, uint32_t h) {
    bd_image photo = test_read_image(test_source_file("tools/samples/person.jpg")), frame = test_new_picture(w, h);
    for (uint32_t y = 0; y < h; y++) {
        for (uint32_t x = 0; x < w; x++) {
            const uint8_t *from = photo.pixels + (ptrdiff_t)(y * photo.height / h) * photo.stride_bytes;
            memcpy(frame.pixels + (size_t)4 * (y * w + x), from + (size_t)4 * (x * photo.width / w), 4);
        }
    }
    bd_image_finish(&photo);
    return frame;
}

static bd_image run(f0r_instance_t instance, const bd_image *frame) {
    bd_image result = test_new_picture(frame->width, frame->height);
    memset(result.pixels, 0x55, (size_t)4 * frame->width * frame->height);
    f0r.update(instance, 0.0, (const uint32_t *)(const void *)frame->pixels, (uint32_t *)(void *)result.pixels);
    return result;
}

static bool same(const bd_image *a, const bd_image *b) {
    return !memcmp(a->pixels, b->pixels, (size_t)4 * a->width * a->height);
}

/* Runs a frame; whether it came back unchanged. */
static bool passes(f0r_instance_t instance, const bd_image *frame) {
    bd_image result = run(instance, frame);
    bool passed = same(&result, frame);
    free(result.pixels);
    return passed;
}

static void expect(f0r_instance_t instance, const bd_image *frame, const bd_image *wanted) {
    bd_image result = run(instance, frame);
    test_assert_same(wanted, &result);
    free(result.pixels);
}

/* What the library makes of a frame. */
static bd_image by_library(const bd_image *frame, const bd_image *background, bd_replace_params params) {
    params.struct_size = sizeof params;
    return test_replaced(t.session, frame, background, &params);
}

/* ---- stderr ------------------------------------------------------------------------------------------------------------ */

static int kept_stderr;
static FILE *caught;

static void catch_stderr(void) {
    (void)fflush(stderr);
    caught = tmpfile();
    assert_non_null(caught);
    kept_stderr = dup(2);
    assert_true(kept_stderr >= 0 && dup2(fileno(caught), 2) == 2);
}

/* What was said since; the number of lines. */
static int said(char *text, size_t room) {
    (void)fflush(stderr);
    assert_int_equal(dup2(kept_stderr, 2), 2);
    (void)close(kept_stderr);
    rewind(caught);
    size_t bytes = fread(text, 1, room - 1, caught);
    (void)fclose(caught);
    text[bytes] = '\0';
    int lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++) {
        lines++;
    }
    return lines;
}

/* ---- tests ------------------------------------------------------------------------------------------------------------- */

static void test_interface(void **state) {
    (void)state;
    static const char *const names[PARAMETERS] = {"background", "blur",  "color", "fit",   "gravity",
                                                  "matte",      "class", "model", "device"};
    f0r_plugin_info_t info = {0};
    f0r.get_plugin_info(&info);
    assert_string_equal(info.name, "backdrop");
    assert_int_equal(info.plugin_type, F0R_PLUGIN_TYPE_FILTER);
    assert_int_equal(info.color_model, F0R_COLOR_MODEL_RGBA8888);
    assert_int_equal(info.frei0r_version, FREI0R_MAJOR_VERSION);
    assert_int_equal(info.num_params, PARAMETERS);
    char text[200];
    catch_stderr();
    f0r_instance_t instance = f0r.construct(640, 480);
    for (int i = 0; i < PARAMETERS; i++) {
        f0r_param_info_t of = {0};
        f0r.get_param_info(&of, i);
        assert_string_equal(of.name, names[i]);
        assert_int_equal(of.type, i == BLUR ? F0R_PARAM_DOUBLE : i == COLOR ? F0R_PARAM_COLOR : F0R_PARAM_STRING);
        assert_non_null(of.explanation);
    }
    f0r_param_string value;
    f0r.get(instance, &value, BACKGROUND);
    assert_string_equal(value, "blur");
    double blur = 0.5, got = 0;
    f0r.set(instance, &blur, BLUR);
    f0r.get(instance, &got, BLUR);
    assert_true(got == blur);
    /* GStreamer changes a property so while frames run. */
    char plain[16] = "transparent", brief[16] = "15", empty[16] = "";
    f0r.set(instance, plain, BACKGROUND);
    f0r.set(instance, brief, CLASS);
    f0r.set(instance, empty, FIT);
    f0r.get(instance, &value, BACKGROUND);
    assert_string_equal(value, plain);
    f0r.get(instance, &value, CLASS);
    assert_string_equal(value, brief);
    f0r.get(instance, &value, FIT);
    assert_string_equal(value, "");
    f0r.set(instance, &value, PARAMETERS);
    f0r.set(instance, &value, -1);
    f0r.destruct(instance);
    f0r.destruct(NULL);
    assert_int_equal(said(text, sizeof text), 0);
}

/* Two instances of two sizes in turns, whose parameters change between frames. */
static void test_frames(void **state) {
    (void)state;
    const char *scene = test_source_file("tools/samples/autumn.jpg");
    char scene_path[1024];
    (void)snprintf(scene_path, sizeof scene_path, "%s", scene);
    bd_image picture = test_read_image(scene_path);
    bd_image frames[2] = {frame_of(64, 48), frame_of(61, 43)};
    f0r_instance_t instances[2] = {make(64, 48), make(61, 43)};
    f0r_param_color_t color = {32 / 255.0f, 64 / 255.0f, 128 / 255.0f};
    const uint8_t straight[4] = {32, 64, 128, 255};
    for (int step = 0; step < 5; step++) {
        for (int i = 0; i < 2; i++) {
            bd_replace_params params = {.background = BD_BACKGROUND_PICTURE};
            memcpy(params.color, straight, sizeof straight);
            const bd_image *background = step < 2 ? &picture : NULL;
            f0r.set(instances[i], &color, COLOR);
            set_text(instances[i], BACKGROUND,
                     step < 2    ? scene_path
                     : step == 2 ? "color"
                     : step == 3 ? "transparent"
                                 : "blur");
            set_text(instances[i], FIT, step == 1 ? "contain" : "cover");
            set_text(instances[i], GRAVITY, step == 1 ? "southwest" : "");
            params.fit = step == 1 ? BD_FIT_CONTAIN : BD_FIT_COVER;
            params.placed = step == 1;
            params.place[1] = 1.0f;
            if (step >= 2) {
                params.background = step == 2   ? BD_BACKGROUND_COLOR
                                    : step == 3 ? BD_BACKGROUND_TRANSPARENT
                                                : BD_BACKGROUND_BLUR;
            }
            params.blur_sigma_px = step == 4 ? (float)(0.2 * frames[i].height / 10.0) : 0.0f;
            bd_image wanted = by_library(&frames[i], background, params);
            assert_false(same(&wanted, &frames[i]));
            for (int again = 0; again <= (step == 0); again++) { /* the picture that was kept is kept */
                expect(instances[i], &frames[i], &wanted);
            }
            bd_image_finish(&wanted);
        }
    }
    double none = 0.0;
    f0r.set(instances[0], &none, BLUR);
    assert_true(passes(instances[0], &frames[0]));
    f0r.deinit(); /* MLT does so before it destroys instances */
    for (int i = 0; i < 2; i++) {
        f0r.destruct(instances[i]);
        free(frames[i].pixels);
    }
    bd_image_finish(&picture);
}

typedef struct worker {
    pthread_t thread;
    bd_image frame, wanted;
    bool right;
} worker;

static void *work(void *given) {
    worker *w = given;
    f0r_instance_t instance = make(w->frame.width, w->frame.height);
    set_text(instance, BACKGROUND, "transparent");
    w->right = true;
    for (int i = 0; i < 2; i++) {
        bd_image result = run(instance, &w->frame);
        w->right = w->right && same(&result, &w->wanted);
        free(result.pixels);
    }
    f0r.destruct(instance);
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    worker workers[2];
    for (int i = 0; i < 2; i++) {
        workers[i].frame = frame_of(i ? 40 : 61, i ? 56 : 43);
        workers[i].wanted =
            by_library(&workers[i].frame, NULL, (bd_replace_params){.background = BD_BACKGROUND_TRANSPARENT});
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_true(workers[i].right);
        free(workers[i].frame.pixels);
        bd_image_finish(&workers[i].wanted);
    }
}

static void test_bad_model(void **state) {
    (void)state;
    char text[2000];
    bd_image frame = frame_of(40, 30);
    catch_stderr();
    f0r_instance_t instance = make(40, 30);
    set_text(instance, MODEL, "/nowhere/model.json");
    bool passed = true;
    for (int i = 0; i < 3; i++) {
        passed = passes(instance, &frame) && passed;
        set_text(instance, FIT, i % 2 ? "tile" : "cover");
    }
    int lines = said(text, sizeof text);
    assert_true(passed);
    assert_int_equal(lines, 1);
    assert_int_equal(strncmp(text, "backdrop: ", 10), 0);
    assert_non_null(strstr(text, "/nowhere/model.json"));
    set_text(instance, MODEL, test_model_path());
    assert_false(passes(instance, &frame));
    f0r.destruct(instance);
    free(frame.pixels);
}

static void test_wrong_settings(void **state) {
    (void)state;
    static const struct {
        int number;
        const char *text, *right, *says;
    } cases[] = {{FIT, "wide", "cover", "fit is none of cover, contain, stretch, tile: 'wide'"},
                 {MATTE, "fine", "", "matte is none of refine, hard, soft, best: 'fine'"},
                 {GRAVITY, "up", "center", "gravity is none of northwest, north,"},
                 {CLASS, "cat,unicorn", "15,cat", "no class 'unicorn'; there are: background"},
                 {CLASS, "person,", "all", "no class ''; there are: background"},
                 {BACKGROUND, "/nowhere/scene.jpg", "blur", "/nowhere/scene.jpg"},
                 {DEVICE, "no such device", NULL, "no such device"}};
    char text[2000];
    bd_image frame = frame_of(40, 30);
    f0r_instance_t instance = make(40, 30);
    assert_false(passes(instance, &frame));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        catch_stderr();
        set_text(instance, cases[i].number, cases[i].text);
        bool passed = passes(instance, &frame);
        set_text(instance, cases[i].number, cases[i].text);
        passed = passes(instance, &frame) && passed;
        int lines = said(text, sizeof text);
        assert_true(passed);
        assert_int_equal(lines, 1);
        if (!strstr(text, cases[i].says)) {
            fail_msg("'%s' does not say '%s'", text, cases[i].says);
        }
        const char *device = getenv("BACKDROP_DEVICE");
        set_text(instance, cases[i].number, cases[i].right ? cases[i].right : device ? device : "");
        /* Of the rest one frame tells at the end. */
        assert_true(cases[i].number == CLASS || cases[i].number == GRAVITY || !passes(instance, &frame));
    }
    catch_stderr();
    double blur = -1.0;
    f0r.set(instance, &blur, BLUR);
    bool passed = passes(instance, &frame);
    assert_int_equal(said(text, sizeof text), 1);
    assert_true(passed);
    f0r.destruct(instance);
    free(frame.pixels);
}

/* The best matte has the network at twice its size, as the command has it; the others are without. */
static void test_best(void **state) {
    (void)state;
    enum { W = 128, H = 96 };
    const bd_session_params closer = {.struct_size = sizeof closer, .closer = true};
    const bd_matte_params best = {.struct_size = sizeof best, .mode = BD_MATTE_BEST};
    const bd_replace_params params = {
        .struct_size = sizeof params, .background = BD_BACKGROUND_TRANSPARENT, .matte = &best};
    bd_image one = frame_of(W / 2, H / 2), many = test_new_picture(W, H); /* small bodies, which are looked at closer */
    for (uint32_t y = 0; y < H; y++) {
        const uint8_t *row = one.pixels + (size_t)4 * (y % (H / 2)) * (W / 2);
        memcpy(many.pixels + (size_t)4 * y * W, row, (size_t)4 * (W / 2));
        memcpy(many.pixels + (size_t)4 * (y * W + W / 2), row, (size_t)4 * (W / 2));
    }
    bd_session *session = test_session_create(t.engine, t.model, &closer);
    bd_image wanted = test_replaced(session, &many, NULL, &params);
    bd_image less = test_replaced(t.session, &many, NULL, &params);
    bd_image plain = by_library(&many, NULL, (bd_replace_params){.background = BD_BACKGROUND_TRANSPARENT});
    assert_false(same(&wanted, &less));
    f0r_instance_t instance = make(W, H);
    set_text(instance, BACKGROUND, "transparent");
    expect(instance, &many, &plain);
    set_text(instance, MATTE, "best");
    expect(instance, &many, &wanted);
    set_text(instance, MATTE, "refine");
    expect(instance, &many, &plain);
    f0r.destruct(instance);
    bd_session_destroy(session);
    bd_image_finish(&wanted);
    bd_image_finish(&less);
    bd_image_finish(&plain);
    free(one.pixels);
    free(many.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interface), cmocka_unit_test(test_frames),         cmocka_unit_test(test_threads),
        cmocka_unit_test(test_bad_model), cmocka_unit_test(test_wrong_settings), cmocka_unit_test(test_best),
    };
    int skip = test_session_skip();
    return skip ? skip : cmocka_run_group_tests(tests, load, unload);
}
