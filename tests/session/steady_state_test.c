/* SPDX-License-Identifier: MIT
 * From the second photo of a size on, nothing is allocated, created, described or recorded: only pictures move and work
 * is submitted. So it is with a few sizes in turns. Counted at the allocation hooks and at the Vulkan functions that the library calls. */
#include "support/session.h"

#include <stdlib.h>
#include <string.h>

#include "api/engine.h"
#include "api/model.h"
#include "photo/frame.h"

/* ---- counters ---------------------------------------------------------------------------------------------------- */

static long allocations;

static void *count_allocate(void *user, size_t bytes) {
    (void)user;
    allocations++;
    return malloc(bytes);
}

static void *count_reallocate(void *user, void *memory, size_t bytes) {
    (void)user;
    allocations++;
    return realloc(memory, bytes);
}

static void count_release(void *user, void *memory) {
    (void)user;
    free(memory);
}

static long calls;
static const char *last_call;

#define WRAPPERS(X)                                                                                                    \
    X(VkResult, vkAllocateMemory,                                                                                      \
      (VkDevice d, const VkMemoryAllocateInfo *i, const VkAllocationCallbacks *a, VkDeviceMemory *o), (d, i, a, o))    \
    X(VkResult, vkCreateBuffer,                                                                                        \
      (VkDevice d, const VkBufferCreateInfo *i, const VkAllocationCallbacks *a, VkBuffer *o), (d, i, a, o))            \
    X(VkResult, vkCreateBufferView,                                                                                    \
      (VkDevice d, const VkBufferViewCreateInfo *i, const VkAllocationCallbacks *a, VkBufferView *o), (d, i, a, o))    \
    X(VkResult, vkCreateShaderModule,                                                                                  \
      (VkDevice d, const VkShaderModuleCreateInfo *i, const VkAllocationCallbacks *a, VkShaderModule *o),              \
      (d, i, a, o))                                                                                                    \
    X(VkResult, vkCreateComputePipelines,                                                                              \
      (VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo *i,                                \
       const VkAllocationCallbacks *a, VkPipeline *o),                                                                 \
      (d, c, n, i, a, o))                                                                                              \
    X(VkResult, vkCreateDescriptorPool,                                                                                \
      (VkDevice d, const VkDescriptorPoolCreateInfo *i, const VkAllocationCallbacks *a, VkDescriptorPool *o),          \
      (d, i, a, o))                                                                                                    \
    X(VkResult, vkAllocateDescriptorSets, (VkDevice d, const VkDescriptorSetAllocateInfo *i, VkDescriptorSet *o),      \
      (d, i, o))                                                                                                       \
    X(VkResult, vkBeginCommandBuffer, (VkCommandBuffer c, const VkCommandBufferBeginInfo *i), (c, i))                  \
    X(void, vkUpdateDescriptorSets,                                                                                    \
      (VkDevice d, uint32_t n, const VkWriteDescriptorSet *w, uint32_t m, const VkCopyDescriptorSet *c),               \
      (d, n, w, m, c))                                                                                                 \
    X(void, vkCmdDispatch, (VkCommandBuffer c, uint32_t x, uint32_t y, uint32_t z), (c, x, y, z))                      \
    X(void, vkCmdDispatchBase,                                                                                         \
      (VkCommandBuffer c, uint32_t i, uint32_t j, uint32_t k, uint32_t x, uint32_t y, uint32_t z),                     \
      (c, i, j, k, x, y, z))

#define X(type, name, parameters, arguments)                                                                           \
    static PFN_##name real_##name;                                                                                     \
    static VKAPI_ATTR type VKAPI_CALL counted_##name parameters {                                                      \
        calls++;                                                                                                       \
        last_call = #name;                                                                                             \
        return real_##name arguments;                                                                                  \
    }
WRAPPERS(X)
#undef X

static void wrap(bd_vk_api *api) {
#define X(type, name, parameters, arguments)                                                                           \
    real_##name = api->name;                                                                                           \
    api->name = counted_##name;
    WRAPPERS(X)
#undef X
}

/* ---- the tests --------------------------------------------------------------------------------------------------- */

enum { SIDE = 65 };

typedef struct fixture {
    test_session base;
    bd_allocator hooks;
    bd_session *session;
} fixture;

static int open_all(void **state) {
    static fixture f;
    f = (fixture){.hooks = {NULL, count_allocate, count_reallocate, count_release}};
    test_session_open_side(&f.base, SIDE);
    bd_error error;
    const bd_session_params params = {.struct_size = sizeof params, .allocator = &f.hooks};
    if (bd_session_create(f.base.engine, f.base.model, &params, &f.session, &error)) {
        fail_msg("%s", error.message);
    }
    wrap(&f.base.engine->vk.api);
    *state = &f;
    return 0;
}

static int close_all(void **state) {
    fixture *f = *state;
    bd_session_destroy(f->session);
    test_session_close(&f->base);
    return 0;
}

static void reset(void) {
    allocations = 0;
    calls = 0;
    last_call = "";
}

static void assert_nothing(void) {
    if (allocations || calls) {
        fail_msg("%ld allocations, %ld calls, the last one %s", allocations, calls, last_call);
    }
}

static bd_image photo_of(uint32_t w, uint32_t h, uint32_t seed) {
    bd_image image = test_new_picture(w, h);
    for (size_t i = 0; i < (size_t)w * h * 4; i++) {
        seed = seed * 1664525u + 1013904223u;
        image.pixels[i] = (uint8_t)(seed >> 24);
    }
    return image;
}

/* Noise is background to the network, so that is what is kept. */
static bd_replace_params replacement(bd_background background) {
    static const bd_matte_params matte = {
        .struct_size = sizeof matte, .keep = BD_KEEP_LARGEST, .fill_holes = true, .grow_px = -1.5f, .feather_px = 3};
    return (bd_replace_params){.struct_size = sizeof(bd_replace_params),
                               .classes = {{1}},
                               .background = background,
                               .color = {1, 2, 3, 255},
                               .matte = &matte,
                               .blur_sigma_px = background == BD_BACKGROUND_BLUR ? 5.0f : 0.0f};
}

static void replace(bd_session *session, const bd_image *photo, const bd_image *background,
                    const bd_replace_params *params, bd_image *result) {
    bd_error error;
    if (bd_session_replace(session, photo, background, params, result, &error)) {
        fail_msg("%s", error.message);
    }
}

static void check_replace(bd_session *session, const bd_image *background, const bd_replace_params *params) {
    bd_image first = photo_of(90, 60, 1);
    bd_image second = photo_of(90, 60, 2);
    bd_image other = photo_of(60, 90, 2);
    bd_image result = {0};
    assert_int_equal(bd_session_trim(session, NULL), BD_OK);
    reset();
    replace(session, &first, background, params, &result);
    assert_true(allocations > 0 && calls > 0); /* the counters count */
    uint8_t *before = malloc((size_t)90 * 60 * 4);
    assert_non_null(before);
    memcpy(before, result.pixels, (size_t)90 * 60 * 4);

    reset();
    replace(session, &second, background, params, &result);
    assert_nothing();
    assert_memory_not_equal(before, result.pixels, (size_t)90 * 60 * 4); /* the second photo got there */

    bd_image of_other = {0}, again = {0};
    replace(session, &other, background, params, &of_other); /* another size is recorded, too */
    assert_true(calls > 0);
    assert_int_equal(of_other.width, 60);
    replace(session, &other, background, params, &again);
    for (int turn = 0; turn < 2; turn++) {
        replace(session, &first, background, params, &result); /* with memory that grew, or where it lies as before */
        assert_memory_equal(before, result.pixels, (size_t)90 * 60 * 4);
        reset();
        replace(session, &other, background, params, &again);
        test_assert_same(&of_other, &again);
        assert_nothing();
    }
    bd_image_finish(&of_other);
    bd_image_finish(&again);
    free(before);
    bd_image_finish(&result);
    free(first.pixels);
    free(second.pixels);
    free(other.pixels);
}

static void test_color(void **state) {
    const fixture *f = *state;
    const bd_replace_params params = replacement(BD_BACKGROUND_COLOR);
    check_replace(f->session, NULL, &params);
}

static void test_picture(void **state) {
    const fixture *f = *state;
    const bd_replace_params params = replacement(BD_BACKGROUND_PICTURE);
    bd_image background = photo_of(70, 80, 3);
    check_replace(f->session, &background, &params);
    free(background.pixels);
}

/* Half the columns of twice as many bytes. */
static void test_deep(void **state) {
    const fixture *f = *state;
    const bd_replace_params params = replacement(BD_BACKGROUND_PICTURE);
    bd_image background = photo_of(140, 80, 3);
    background.width /= 2;
    background.format = BD_FORMAT_RGBA16;
    check_replace(f->session, &background, &params);
    free(background.pixels);
}

static void test_blur(void **state) {
    const fixture *f = *state;
    const bd_replace_params params = replacement(BD_BACKGROUND_BLUR);
    check_replace(f->session, NULL, &params);
}

static void test_mattes(void **state) {
    const fixture *f = *state;
    static const bd_matte_mode modes[] = {BD_MATTE_HARD, BD_MATTE_SOFT, BD_MATTE_BEST};
    for (size_t i = 0; i < BD_COUNT(modes); i++) {
        const bd_matte_params matte = {.struct_size = sizeof matte, .mode = modes[i]};
        bd_replace_params params = replacement(BD_BACKGROUND_COLOR);
        params.matte = &matte;
        check_replace(f->session, NULL, &params);
    }
}

static void test_foregrounds(void **state) {
    const fixture *f = *state;
    static const bd_foreground ways[] = {BD_FOREGROUND_BLUR, BD_FOREGROUND_OFF};
    for (size_t i = 0; i < BD_COUNT(ways); i++) {
        bd_replace_params params = replacement(BD_BACKGROUND_COLOR);
        params.foreground = ways[i];
        check_replace(f->session, NULL, &params);
    }
}

static void test_looks(void **state) {
    const fixture *f = *state;
    const bd_session_params looks = {.struct_size = sizeof looks, .allocator = &f->hooks, .flip = true};
    const bd_replace_params params = replacement(BD_BACKGROUND_COLOR);
    bd_session *session;
    bd_error error;
    assert_int_equal(bd_session_create(f->base.engine, f->base.model, &looks, &session, &error), BD_OK);
    check_replace(session, NULL, &params);
    bd_session_destroy(session);
}

static void begin(bd_session *session, const bd_image *photo, const bd_replace_params *params) {
    bd_error error;
    if (bd_session_replace_begin(session, photo, NULL, params, &error)) {
        fail_msg("%s", error.message);
    }
}

/* Each of the two that are in flight records once. */
static void test_flight(void **state) {
    const fixture *f = *state;
    const bd_replace_params params = replacement(BD_BACKGROUND_COLOR);
    bd_image photo = photo_of(90, 60, 1);
    bd_image result = {0};
    bd_error error;
    begin(f->session, &photo, &params);
    for (int i = 0; i < 4; i++) {
        if (i == 1) {
            reset();
        }
        begin(f->session, &photo, &params);
        if (bd_session_replace_end(f->session, &result, &error)) {
            fail_msg("%s", error.message);
        }
    }
    assert_nothing();
    assert_int_equal(bd_session_replace_end(f->session, &result, &error), BD_OK);
    bd_image_finish(&result);
    free(photo.pixels);
}

/* Blurred, and all that is done to the subject's light. */
static void test_light(void **state) {
    const fixture *f = *state;
    bd_replace_params params = replacement(BD_BACKGROUND_PICTURE);
    params.blur_sigma_px = 3.0f;
    params.harmonize = BD_HARMONIZE_FULL;
    params.light_wrap_px = 5.0f;
    bd_image background = photo_of(70, 80, 3);
    check_replace(f->session, &background, &params);
    free(background.pixels);
}

/* Equal parameters are the same to the session whatever lies between their members and behind them. */
static void test_padding(void **state) {
    const fixture *f = *state;
    bd_image photo = photo_of(90, 60, 1), result = {0};
    for (int i = 0; i < 2; i++) {
        bd_matte_params matte;
        bd_replace_params params;
        memset(&matte, i ? 0xaa : 0x55, sizeof matte);
        memset(&params, i ? 0x55 : 0xaa, sizeof params);
        const bd_matte_params from = *replacement(BD_BACKGROUND_COLOR).matte;
        matte.struct_size = sizeof matte;
        matte.classes = from.classes;
        matte.mode = from.mode;
        matte.coarse = NULL;
        matte.coarse_width = matte.coarse_height = 0;
        matte.wide = matte.want_coarse = false;
        matte.keep = from.keep;
        matte.keep_x = matte.keep_y = 0;
        matte.island_share = 0.0f;
        matte.fill_holes = from.fill_holes;
        matte.grow_px = from.grow_px;
        matte.feather_px = from.feather_px;
        matte.trimap = NULL;
        matte.rule = BD_RULE_ON;
        matte.biased = false;
        matte.bias = matte.level_low = matte.level_high = 0.0f;
        matte.looks = 0;
        matte.guide_blur = BD_GUIDE_BLUR_AUTO;
        matte.key = BD_KEY_OFF;
        memset(matte.key_color, 0, sizeof matte.key_color);
        matte.key_tolerance = matte.key_softness = matte.key_spill = 0.0f;
        matte.key_shadow = BD_KEY_SHADOW_DROP;
        matte.key_with_network = false;
        params.struct_size = sizeof params;
        params.keep_hidden = false;
        params.classes = (bd_class_set){{1}};
        params.background = BD_BACKGROUND_COLOR;
        params.fit = BD_FIT_COVER;
        memset(params.color, 7, sizeof params.color);
        params.blur_sigma_px = 0.0f;
        params.classic = params.want_alpha = params.ignore_alpha = false;
        params.matte = &matte;
        params.blend = BD_BLEND_LINEAR;
        params.foreground = (bd_foreground)0;
        params.placed = false;
        params.place[0] = params.place[1] = 0.0f;
        params.harmonize = BD_HARMONIZE_OFF;
        params.light_wrap_px = 0.0f;
        if (!i) {
            assert_int_equal(bd_session_trim(f->session, NULL), BD_OK);
        }
        reset();
        replace(f->session, &photo, NULL, &params, &result);
        if (i) {
            assert_nothing();
        } else {
            assert_true(calls > 0);
        }
    }
    bd_image_finish(&result);
    free(photo.pixels);
}

/* More sizes than a frame keeps, by twos that are in flight, and then two of them in turns. */
static void test_sizes(void **state) {
    const fixture *f = *state;
    const bd_replace_params params = replacement(BD_BACKGROUND_COLOR);
    enum { SIZES = BD_MOST_RECORDINGS + 2 };
    bd_image photos[SIZES], expected[SIZES] = {{0}}, result = {0};
    bd_error error;
    for (uint32_t i = 0; i < SIZES; i++) {
        photos[i] = photo_of(60 + 8 * (i * 5 % SIZES), 60 + 7 * i, i);
        replace(f->session, &photos[i], NULL, &params, &expected[i]);
    }
    for (uint32_t i = 0; i < 4 * SIZES; i++) {
        /* From half way on two sizes only, which both frames have seen soon. */
        const uint32_t few = i < 2 * SIZES ? SIZES : 2, at[] = {i % few, (i / few + i + 1) % few};
        if (i == 3 * SIZES) {
            reset();
        }
        begin(f->session, &photos[at[0]], &params);
        begin(f->session, &photos[at[1]], &params);
        for (int k = 0; k < 2; k++) {
            if (bd_session_replace_end(f->session, &result, &error)) {
                fail_msg("%s", error.message);
            }
            test_assert_same(&expected[at[k]], &result);
        }
    }
    allocations = 0; /* of results, which have one size or the other */
    assert_nothing();
    for (uint32_t i = 0; i < SIZES; i++) {
        free(photos[i].pixels);
        bd_image_finish(&expected[i]);
    }
    bd_image_finish(&result);
}

/* Masks of the caller's own: only their numbers move. */
static void test_given(void **state) {
    const fixture *f = *state;
    float coarse[2][12 * 8];
    for (size_t i = 0; i < BD_COUNT(coarse[0]); i++) {
        coarse[0][i] = i % 12 < 6 ? 0.0f : 1.0f;
        coarse[1][i] = 1.0f - coarse[0][i];
    }
    uint8_t bytes[60 * 90];
    bd_image photo = photo_of(90, 60, 1), result = {0};
    bd_image trimap = {.width = 90, .height = 60, .stride_bytes = 90, .pixels = bytes, .format = BD_FORMAT_GRAY8};
    memset(bytes, 128, sizeof bytes);
    memset(bytes, 255, 90 * 20);
    memset(bytes + (size_t)90 * 40, 0, 90 * 20);
    for (int with_trimap = 0; with_trimap < 2; with_trimap++) {
        uint8_t before[4 * 90 * 60];
        for (int i = 0; i < 2; i++) {
            const bd_matte_params matte = {.struct_size = sizeof matte,
                                           .mode = BD_MATTE_BEST,
                                           .coarse = coarse[i],
                                           .coarse_width = 12,
                                           .coarse_height = 8,
                                           .trimap = with_trimap ? &trimap : NULL};
            bd_replace_params params = replacement(BD_BACKGROUND_TRANSPARENT);
            params.matte = &matte;
            reset();
            replace(f->session, &photo, NULL, &params, &result);
            if (i) {
                assert_nothing();
                assert_memory_not_equal(before, result.pixels, sizeof before);
            }
            memcpy(before, result.pixels, sizeof before);
        }
    }
    bd_image_finish(&result);
    free(photo.pixels);
}

static void test_network(void **state) {
    const fixture *f = *state;
    bd_error error;
    double ms = 0;
    uint8_t *input = calloc((size_t)SIDE * SIDE, 3);
    assert_non_null(input);
    assert_int_equal(bd_session_run_network(f->session, input, NULL, &ms, NULL, NULL, &error), BD_OK);
    reset();
    assert_int_equal(bd_session_run_network(f->session, NULL, NULL, &ms, NULL, NULL, &error), BD_OK);
    assert_nothing();
    free(input);
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_color),       cmocka_unit_test(test_picture), cmocka_unit_test(test_deep),
        cmocka_unit_test(test_blur),        cmocka_unit_test(test_mattes),  cmocka_unit_test(test_looks),
        cmocka_unit_test(test_flight),      cmocka_unit_test(test_light),   cmocka_unit_test(test_network),
        cmocka_unit_test(test_foregrounds), cmocka_unit_test(test_padding), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_given)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
