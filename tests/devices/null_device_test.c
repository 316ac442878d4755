/* SPDX-License-Identifier: MIT
 * Every pipeline of every kernel through a compiler for real GPUs, on a machine without one (support/null_device.h):
 * all that sessions of the default network make for segment, matte and replace, by 8 and 16 bits, all candidates of all
 * of its nodes and of small networks with other operations, in fp32, fp16 and fast16, and the modules that none of
 * these took. None may fail, spill or take scratch memory, nor more registers and fewer waves than its family has been
 * granted.
 *
 * --chip NAME runs one of those below, --csv FOLDER leaves NAME.csv with what the compiler says of each. */
#define _POSIX_C_SOURCE 200809L
#include "support/session.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "push/conv_gemm.h"
#include "api/session.h"
#include "support/null_device.h"

static const char *const chips[] = {"vega10", "navi21", "navi31"};
enum { CHIPS = BD_COUNT(chips) };

/* The most vector registers of an invocation and the fewest waves that a SIMD holds, on those chips. The first pattern
 * that fits a shader's name counts. */
static const struct {
    const char *name, *shaders[6];
    uint32_t vgprs[CHIPS], waves[CHIPS];
} families[] = {
    {"block fp32", {"block_f32_simt"}, {168, 168}, {1, 6, 6}},
    {"block fp16", {"block_f16_simt"}, {196, 152}, {1, 6, 6}},
    {"block fast16", {"block_f16_packed"}, {128, 128}, {2, 8, 8}},
    {"expand fp32", {"expand_f32_simt"}, {140, 144}, {1, 4, 4}},
    {"expand fp16", {"expand_f16_simt"}, {136, 136}, {1, 4, 4}},
    {"expand fast16", {"expand_f16_packed"}, {156, 160}, {1, 6, 6}},
    {"conv1x1 fp32", {"conv1x1_f32_simt"}, {144, 144}, {1, 6, 6}},
    {"conv1x1 fp16", {"conv1x1_f16_simt"}, {144, 120}, {1, 6, 6}},
    {"conv1x1 fast16", {"conv1x1_f16_packed"}, {160, 160}, {1, 6, 6}},
    {"conv fp32", {"conv_f32_simt"}, {96, 96}, {2, 6, 6}},
    {"conv fp16", {"conv_f16_simt"}, {84, 88}, {2, 6, 6}},
    {"conv fast16", {"conv_f16_packed"}, {96, 96}, {2, 10, 10}},
    {"matrix units", {"*_nvcoop", "*_khrcoop"}, {256, 256}, {1, 4, 4}},
    {"depthwise fp32", {"conv_dw_f32_blocked"}, {128, 128}, {2, 8, 8}},
    {"depthwise fp16", {"conv_dw_f16_blocked"}, {180, 128}, {1, 8, 8}},
    {"depthwise fast16", {"conv_dw_f16_blocked_packed"}, {128, 128}, {2, 8, 8}},
    {"thin and vector", {"conv_f??_thin", "conv1x1_f??_vector"}, {80, 64}, {3, 16, 16}},
    {"plain depthwise", {"conv_dw_f??_storage"}, {24, 24}, {10, 32, 32}},
    {"plain conv", {"conv1x1_f??_storage", "conv_f??_storage"}, {96, 96}, {2, 10, 16}},
    {"other nodes",
     {"split_reduce_*_storage", "pool_*_storage", "resize_*_storage", "elementwise_*_storage", "softmax_*_storage",
      "concat_*_storage"},
     {40, 32},
     {7, 32, 32}},
    {"photo in", {"preprocess_*_storage", "resample_*_storage", "narrow_*_storage"}, {24, 24}, {10, 32, 32}},
    {"photo out",
     {"labels_*_storage", "average_*_storage", "mask_*_storage", "composite_*_storage"},
     {40, 32},
     {7, 32, 32}},
    {"noise", {"noise_*_storage"}, {24, 24}, {10, 32, 32}},
    {"bodies",
     {"odds_*_storage", "rule_*_storage", "crop_*_storage", "larger_*_storage", "band_*_storage"},
     {40, 40},
     {6, 24, 24}},
    {"guided apply", {"guided_apply_*_storage"}, {48, 48}, {5, 20, 20}},
    {"guided filter",
     {"guided_*_storage", "box_*_storage", "plane_sample_*_storage", "plane_pack_*_storage", "trimap_*_storage"},
     {40, 40},
     {6, 24, 24}},
    {"closed form's matrix", {"closed_matrix_*_storage", "closed_blocks_*_storage"}, {56, 56}, {2, 6, 6}},
    {"closed form's step", {"closed_product_*_storage", "closed_prolong_*_storage"}, {48, 48}, {5, 20, 20}},
    {"closed form", {"closed_*_storage", "colour_*_storage", "tile_*_storage"}, {32, 32}, {8, 32, 32}},
    {"shape", {"components_*_storage", "plane_step_*_storage", "plane_levels_*_storage"}, {24, 24}, {10, 32, 32}},
    {"foreground", {"foreground_*_storage", "fusion_*_storage"}, {40, 40}, {6, 24, 32}},
    {"blur", {"weigh_*_storage", "gauss_*_storage", "unweigh_*_storage"}, {36, 40}, {7, 24, 24}},
    {"light",
     {"statistics_*_storage", "harmonize_*_storage", "light_*_storage", "relight_*_storage"},
     {28, 32},
     {7, 32, 32}},
    {"key", {"key_*_storage"}, {48, 48}, {5, 20, 20}},
    {"peaks", {"peak_*_storage"}, {16, 16}, {10, 32, 32}},
    {"new kernels", {"*_storage"}, {40, 40}, {6, 24, 32}},
    {"software devices", {"*_texel", "*_wide8", "*_softcoop"}, {256, 256}, {1, 4, 4}},
};

/* Other versions of the compiler take more where nothing but registers is left to take. */
static const char ceilings_of[] = "Mesa 22.3";

static const bd_precision precisions[] = {BD_PRECISION_FP32, BD_PRECISION_FP16, BD_PRECISION_FAST16};
static const char *const precision_names[BD_COUNT(precisions)] = {"fp32", "fp16", "fast16"};

static uint32_t chip;
static bd_engine *engine;
static bd_model *model;
static const char *csv_folder;

static void must(bd_result result, const bd_error *error) {
    if (result) {
        fail_msg("%s: %s", bd_result_name(result), error->message);
    }
}

static uint32_t family_of(bd_shader_id shader) {
    for (uint32_t f = 0; f < BD_COUNT(families); f++) {
        for (uint32_t i = 0; i < BD_COUNT(families[f].shaders) && families[f].shaders[i]; i++) {
            if (!fnmatch(families[f].shaders[i], bd_shaders[shader].name, 0)) {
                return f;
            }
        }
    }
    fail_msg("%s belongs to no family", bd_shaders[shader].name);
    return 0;
}

/* ---- candidates -------------------------------------------------------------------------------------------------- */

/* A dispatch, and the node that it computes: of candidates the first of those with its pipeline. */
typedef struct use {
    bd_vk_dispatch dispatch;
    char kernel[BD_KERNEL_NAME_BYTES], node[96], shape[64];
} use;
typedef struct uses {
    use *list;
    uint32_t count;
} uses;
static uses candidates;
static uses steps[BD_COUNT(precisions)]; /* of the default network */

static void append(uses *to, const use *added) {
    enum { STEP = 64 };
    if (to->count % STEP == 0) {
        to->list = realloc(to->list, (to->count + STEP) * sizeof *to->list);
        assert_non_null(to->list);
    }
    to->list[to->count++] = *added;
}

static void forget(uses *from) {
    free(from->list);
    *from = (uses){0};
}

static const use *find_candidate(bd_shader_id shader, const uint32_t *constants, uint32_t constant_count) {
    for (uint32_t i = 0; i < candidates.count; i++) {
        const bd_vk_dispatch *d = &candidates.list[i].dispatch;
        if (d->shader == shader && d->specialisation_count == constant_count &&
            !memcmp(d->specialisations, constants, constant_count * sizeof *constants)) {
            return &candidates.list[i];
        }
    }
    return NULL;
}

/* "65x65x960>65x65x160 k3 s1 d2", width first; of the larger window where a kernel computes two. */
static void describe(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice, use *described) {
    const bd_node *node = &graph->nodes[index];
    uint32_t absorbed = bd_kernel_absorbs(graph, index, choice);
    const bd_node *first = absorbed == BD_NO_NODE ? node : &graph->nodes[absorbed];
    const int32_t *in = graph->nodes[first->inputs[0]].shape.dims;
    const int32_t *out = node->shape.dims;
    (void)snprintf(described->node, sizeof described->node, "%s", node->name);
    int used = snprintf(described->shape, sizeof described->shape, "%dx%dx%d>%dx%dx%d", in[2], in[1], in[3], out[2],
                        out[1], out[3]);
    if (node->op == BD_OP_CONV || node->op == BD_OP_DEPTHWISE) {
        const bd_conv_attrs *a = node->op == BD_OP_DEPTHWISE ? &node->u.conv : &first->u.conv;
        (void)snprintf(described->shape + used, sizeof described->shape - (size_t)used, " k%d s%d d%d", a->kernel_h,
                       a->stride_h, a->dilation_h);
    }
}

static void add_candidate(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice) {
    for (uint32_t part = 0; part < bd_kernel_parts(graph, index, choice); part++) {
        bd_error error;
        bd_kernel_operands operands;
        use made = {.node = ""};
        must(bd_kernel_node(&engine->vk, graph, index, part, choice, &made.dispatch, &operands, &error), &error);
        const bd_vk_dispatch *d = &made.dispatch;
        if (!find_candidate(d->shader, d->specialisations, d->specialisation_count)) {
            const char *shader = bd_shaders[d->shader].name;
            bool named = !strncmp(choice->name, shader, strlen(shader));
            (void)snprintf(made.kernel, sizeof made.kernel, "%s", named ? choice->name : shader);
            describe(graph, index, choice, &made);
            append(&candidates, &made);
        }
    }
}

static void add_candidates(const bd_graph *graph) {
    static bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
    uint32_t count_of_precisions = bd_plan_can_be_half(graph) ? BD_COUNT(precisions) : 1;
    for (uint32_t p = 0; p < count_of_precisions; p++) {
        for (uint32_t n = 0; n < graph->count; n++) {
            uint32_t count = bd_kernel_candidates(&engine->vk, graph, n, precisions[p], found, BD_COUNT(found));
            for (uint32_t i = 0; i < count; i++) {
                add_candidate(graph, n, &found[i]);
            }
        }
    }
}

static bd_model *open_model(const char *path, uint32_t side) {
    bd_model *opened;
    bd_error error;
    const bd_model_params params = {.struct_size = sizeof params, .width = side, .height = side};
    must(bd_model_open(path, &params, &opened, &error), &error);
    return opened;
}

static void test_candidates(void **state) {
    (void)state;
    static const char *const others[] = {"graphdef/quantised.pb",
                                         "onnx/fused.onnx",
                                         "safetensors/small_mobilenet.safetensors",
                                         "safetensors/small_resnet.safetensors",
                                         "safetensors/smp_plus.safetensors",
                                         "tflite/integers.tflite"};
    add_candidates(&model->graph);
    uint32_t of_default = candidates.count;
    for (uint32_t i = 0; i < BD_COUNT(others); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "tests/fuzz/corpus/%s", others[i]);
        bd_model *other = open_model(test_source_file(path), 0);
        add_candidates(&other->graph);
        bd_model_destroy(other);
    }
    bd_vk_dispatch *all = malloc(candidates.count * sizeof *all);
    assert_non_null(all);
    for (uint32_t i = 0; i < candidates.count; i++) {
        all[i] = candidates.list[i].dispatch;
    }
    bd_error error;
    must(bd_vk_pipelines_prepare(&engine->vk, all, candidates.count, &error), &error);
    free(all);
    printf("%u pipelines of the default network's candidates, %u of other networks'\n", of_default,
           candidates.count - of_default);
}

/* ---- sessions ---------------------------------------------------------------------------------------------------- */

enum { W = 320, H = 200 };

/* Some alpha, where it is told to have any. */
static bd_image make_picture(uint32_t w, uint32_t h, bool deep, bool alpha) {
    size_t each = deep ? 8 : 4;
    bd_image image = {.width = w,
                      .height = h,
                      .format = deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8,
                      .has_alpha = alpha,
                      .stride_bytes = w * each,
                      .pixels = malloc(w * h * each)};
    assert_non_null(image.pixels);
    memset(image.pixels, 255, w * h * each);
    if (alpha) {
        memset(image.pixels, 128, w * h * each / 2);
    }
    return image;
}

static void segment(bd_session *session, const bd_image *photo) {
    for (int wanted = 0; wanted < 4; wanted++) {
        bd_error error;
        bd_segmentation seen = {.struct_size = sizeof seen};
        const bd_segment_params params = {.struct_size = sizeof params,
                                          .map_size = wanted & 1 ? BD_MAP_PHOTO : BD_MAP_RESIZED,
                                          .want_logits = true,
                                          .want_photo_labels = wanted & 2};
        must(bd_session_segment(session, photo, &params, &seen, &error), &error);
        bd_segmentation_finish(&seen);
    }
}

static void matte(bd_session *session, const bd_image *photo, bd_matte_params params) {
    bd_error error;
    params.struct_size = sizeof params;
    for (int wide = 0; wide < 2; wide++) {
        bd_image alpha = {0};
        params.wide = wide;
        bd_result result = bd_session_matte(session, photo, &params, &alpha, &error);
        /* Nothing lies anywhere, as nothing is computed. */
        if (params.keep != BD_KEEP_POINT || result != BD_ERR_INVALID_ARGUMENT) {
            must(result, &error);
        }
        bd_image_finish(&alpha);
    }
}

static void mattes(bd_session *session, const bd_image *photo) {
    static const float coarse[4 * 3] = {0.0f, 1.0f, 0.5f};
    static uint8_t known[W * H];
    const bd_image trimap = {.width = W, .height = H, .format = BD_FORMAT_GRAY8, .stride_bytes = W, .pixels = known};
    memset(known, 128, sizeof known);
    memset(known, 255, sizeof known / 3);
    memset(known, 0, sizeof known / 4);
    for (int mode = BD_MATTE_REFINE; mode <= BD_MATTE_BEST; mode++) {
        const bd_matte_params plain = {.mode = (bd_matte_mode)mode};
        const bd_matte_params shapes[] = {
            {.mode = plain.mode, .coarse = coarse, .coarse_width = 4, .coarse_height = 3},
            {.mode = plain.mode, .keep = BD_KEEP_LARGEST, .fill_holes = true},
            {.mode = plain.mode, .keep = BD_KEEP_POINT},
            {.mode = plain.mode, .island_share = 0.1f, .fill_holes = true},
            {.mode = plain.mode, .island_share = -1.0f},
            {.mode = plain.mode, .grow_px = 3.5f, .feather_px = 7.0f},
            {.mode = plain.mode, .grow_px = -40.0f},
        };
        matte(session, photo, plain);
        for (uint32_t i = 0; i < BD_COUNT(shapes); i++) {
            matte(session, photo, shapes[i]);
        }
        if (mode == BD_MATTE_REFINE || mode == BD_MATTE_BEST) {
            matte(session, photo, (bd_matte_params){.mode = plain.mode, .trimap = &trimap});
            matte(session, photo,
                  (bd_matte_params){
                      .mode = plain.mode, .trimap = &trimap, .coarse = coarse, .coarse_width = 4, .coarse_height = 3});
        }
    }
}

static void replace(bd_session *session, const bd_image *photo, const bd_image *picture, bd_replace_params params) {
    bd_error error;
    bd_image result = {0};
    params.struct_size = sizeof params;
    bool shown = params.background == BD_BACKGROUND_PICTURE;
    must(bd_session_replace(session, photo, shown ? picture : NULL, &params, &result, &error), &error);
    bd_image_finish(&result);
}

static void replacements(bd_session *session, const bd_image *photo, const bd_image *picture) {
    const bd_matte_params soft = {.struct_size = sizeof soft, .mode = BD_MATTE_SOFT};
    for (int way = 0; way < 16; way++) {
        bd_replace_params params = {.background = (bd_background)(way & 3),
                                    .blend = way & 4 ? BD_BLEND_SRGB : BD_BLEND_LINEAR,
                                    .color = {1, 2, 3, way & 8 ? 128 : 255},
                                    .blur_sigma_px = (way & 3) == BD_BACKGROUND_BLUR || way & 8 ? 5.0f : 0.0f,
                                    .matte = &soft};
        for (int foreground = BD_FOREGROUND_MULTILEVEL; foreground <= BD_FOREGROUND_OFF; foreground++) {
            params.foreground = (bd_foreground)foreground;
            replace(session, photo, picture, params);
        }
        for (int fit = BD_FIT_CONTAIN; fit <= BD_FIT_TILE && params.background == BD_BACKGROUND_PICTURE; fit++) {
            params.fit = (bd_fit)fit;
            replace(session, photo, picture, params);
        }
        for (int light = 0; light < 6 && params.background <= BD_BACKGROUND_COLOR; light++) {
            params.harmonize =
                params.background == BD_BACKGROUND_PICTURE ? (bd_harmonize)(light % 3) : BD_HARMONIZE_OFF;
            params.light_wrap_px = light < 3 ? 0.0f : 6.0f;
            params.fit = light & 1 ? BD_FIT_TILE : BD_FIT_COVER;
            replace(session, photo, picture, params);
        }
        params = (bd_replace_params){.background = params.background, .blur_sigma_px = 5.0f, .classic = true};
        if (params.background <= BD_BACKGROUND_COLOR) {
            replace(session, photo, picture, params);
        }
    }
}

static bd_session *open_session(const bd_model *of, bd_precision precision, bool votes) {
    bd_error error;
    bd_session *session;
    bd_model *other = votes ? open_model(test_model_path(), 129) : NULL;
    const bd_model *const sizes[] = {other};
    const bd_session_params params = {.struct_size = sizeof params,
                                      .precision = precision,
                                      .sizes = sizes,
                                      .size_count = votes ? 1 : 0,
                                      .flip = votes};
    must(bd_session_create(engine, of, &params, &session, &error), &error);
    bd_model_destroy(other);
    return session;
}

static void test_network(void **state) {
    (void)state;
    for (uint32_t n = 0; n < BD_COUNT(steps); n++) {
        bd_session *session = open_session(model, precisions[n], false);
        const bd_network *network = &session->looks.network;
        uint32_t at = 0;
        for (uint32_t i = 0; i < network->dispatch_count; i++) {
            use step = {.dispatch = network->dispatches[i].dispatch};
            uint32_t node = network->steps[at].index;
            (void)snprintf(step.kernel, sizeof step.kernel, "%s", step.dispatch.name);
            describe(&model->graph, node, &network->choices[node], &step);
            append(&steps[n], &step);
            at += network->dispatches[i].last;
        }
        bd_session_destroy(session);
    }
}

static void test_sessions(void **state) {
    (void)state;
    for (int way = 0; way < 4; way++) {
        bool deep = way & 1, alpha = way & 2;
        bd_image photo = make_picture(W, H, deep, alpha);
        bd_image picture = make_picture(W / 2, H + 31, deep, alpha);
        bd_session *session = open_session(model, alpha ? BD_PRECISION_FP16 : BD_PRECISION_FP32, false);
        segment(session, &photo);
        mattes(session, &photo);
        replacements(session, &photo, &picture);
        bd_session_destroy(session);
        session = open_session(model, alpha ? BD_PRECISION_FP16 : BD_PRECISION_FP32, true);
        segment(session, &photo);
        replace(session, &photo, &picture, (bd_replace_params){.blend = BD_BLEND_SRGB});
        bd_session_destroy(session);
        free(photo.pixels);
        free(picture.pixels);
    }
    bd_model *integers = open_model(test_source_file("tests/fuzz/corpus/tflite/integers.tflite"), 0);
    bd_session *session = open_session(integers, BD_PRECISION_FP32, false);
    bd_image photo = make_picture(W, H, false, false);
    segment(session, &photo);
    free(photo.pixels);
    bd_session_destroy(session);
    bd_model_destroy(integers);
}

/* ---- modules that nothing took ----------------------------------------------------------------------------------- */

static bool is_made(bd_shader_id shader) {
    const null_pipeline *p;
    for (uint32_t i = 0; (p = null_device_pipeline(i)); i++) {
        if (p->shader == shader) {
            return true;
        }
    }
    return false;
}

/* With the constants that they are written with. Matrix units need the device's own extension. */
static void test_modules(void **state) {
    (void)state;
    uint32_t made = 0;
    for (int s = 0; s < BD_SHADER_COUNT; s++) {
        const bd_vk_dispatch dispatch = {.shader = (bd_shader_id)s};
        bool matrix = !fnmatch("*_nvcoop", bd_shaders[s].name, 0) || !fnmatch("*_khrcoop", bd_shaders[s].name, 0);
        if (is_made(dispatch.shader)) {
            continue;
        }
        if (matrix || !bd_shaders[s].words) {
            printf("not made: %s\n", bd_shaders[s].name);
            continue;
        }
        bd_error error;
        VkPipeline pipeline;
        must(bd_vk_pipeline_get(&engine->vk, &dispatch, &pipeline, &error), &error);
        made++;
    }
    printf("%u modules with their own constants\n", made);
}

/* ---- what the compiler says -------------------------------------------------------------------------------------- */

static bool is_fine(const null_pipeline *p, uint32_t f, bool judged) {
    return !p->result && p->counted && !p->spilled_vgprs && !p->spilled_sgprs && !p->scratch_bytes &&
           (!judged || (p->vgprs <= families[f].vgprs[chip] && p->waves_per_simd >= families[f].waves[chip]));
}

static void test_registers(void **state) {
    (void)state;
    struct {
        uint32_t pipelines, vgprs, waves;
    } found[BD_COUNT(families)] = {{0}};
    bool judged = strstr(engine->vk.info.driver, ceilings_of) != NULL;
    uint32_t bad = 0;
    const null_pipeline *p;
    for (uint32_t i = 0; (p = null_device_pipeline(i)); i++) {
        uint32_t f = family_of(p->shader);
        found[f].waves = found[f].pipelines++ ? BD_MIN(found[f].waves, p->waves_per_simd) : p->waves_per_simd;
        found[f].vgprs = BD_MAX(found[f].vgprs, p->vgprs);
        if (!is_fine(p, f, judged)) {
            const use *of = find_candidate(p->shader, p->constants, p->constant_count);
            bad++;
            print_error("%s: result %d%s, %u VGPRs, %u waves, %u and %u registers spilled, %u bytes of scratch\n",
                        of ? of->kernel : bd_shaders[p->shader].name, p->result, p->counted ? "" : ", not counted",
                        p->vgprs, p->waves_per_simd, p->spilled_vgprs, p->spilled_sgprs, p->scratch_bytes);
        }
    }
    printf("%-18s %9s  %-12s %-12s\n", "family", "pipelines", "VGPRs (most)", "waves (fewest)");
    for (uint32_t f = 0; f < BD_COUNT(families); f++) {
        if (found[f].pipelines) {
            printf("%-18s %9u %6u (%3u) %6u (%2u)\n", families[f].name, found[f].pipelines, found[f].vgprs,
                   judged ? families[f].vgprs[chip] : 256, found[f].waves, families[f].waves[chip]);
        }
    }
    assert_int_equal(bad, 0);
}

static const null_pipeline *pipeline_of(const use *step) {
    const bd_vk_dispatch *d = &step->dispatch;
    const null_pipeline *p = null_device_find(d->shader, d->specialisations, d->specialisation_count);
    assert_non_null(p);
    return p;
}

static uint32_t groups_of(const use *step) {
    return step->dispatch.groups[0] * step->dispatch.groups[1] * step->dispatch.groups[2];
}

/* Inverse throughput is cycles for 64 invocations. */
static double cycles_of(const use *step) {
    const null_pipeline *p = pipeline_of(step);
    return (double)groups_of(step) * p->threads / 64.0 * p->inverse_throughput;
}

/* How often a product's loop over the depth runs; 0: no product. */
static uint32_t rounds_of(const use *step) {
    uint32_t f = family_of(step->dispatch.shader);
    bd_push_conv_gemm push;
    memcpy(&push, step->dispatch.push, sizeof push);
    return strstr(families[f].name, "plain") || step->dispatch.push_bytes != sizeof push ? 0
                                                                                         : (uint32_t)push.split_steps;
}

/* The compiler takes each outer loop to run eight times. */
static double rounded_cycles_of(const use *step) {
    uint32_t rounds = rounds_of(step);
    return cycles_of(step) * (rounds ? rounds / 8.0 : 1.0);
}

static void test_totals(void **state) {
    (void)state;
    for (uint32_t n = 0; n < BD_COUNT(steps); n++) {
        double totals[BD_COUNT(families) + 1][2] = {{0}};
        uint32_t dispatches[BD_COUNT(families) + 1] = {0};
        for (uint32_t i = 0; i < steps[n].count; i++) {
            const use *step = &steps[n].list[i];
            uint32_t to[] = {family_of(step->dispatch.shader), BD_COUNT(families)};
            for (uint32_t k = 0; k < BD_COUNT(to); k++) {
                dispatches[to[k]]++;
                totals[to[k]][0] += cycles_of(step) * 1e-6;
                totals[to[k]][1] += rounded_cycles_of(step) * 1e-6;
            }
        }
        char title[32];
        (void)snprintf(title, sizeof title, "network %s", precision_names[n]);
        printf("%-18s %10s %9s %23s\n", title, "dispatches", "Mcycles", "with the depth's rounds");
        for (uint32_t f = 0; f <= BD_COUNT(families); f++) {
            if (dispatches[f]) {
                printf("%-18s %10u %9.1f %23.1f\n", f < BD_COUNT(families) ? families[f].name : "all", dispatches[f],
                       totals[f][0], totals[f][1]);
            }
        }
        assert_true(totals[BD_COUNT(families)][0] > 0);
    }
}

/* ---- the table on disk ------------------------------------------------------------------------------------------- */

static void write_row(FILE *file, const char *what, const null_pipeline *p, const use *of) {
    (void)fprintf(file, "%s,%s,%s,%s,%s,%s,%s,%s,", chips[chip], engine->vk.info.driver, what,
                  families[family_of(p->shader)].name, bd_shaders[p->shader].name,
                  of ? of->kernel : bd_shaders[p->shader].name, of ? of->node : "", of ? of->shape : "");
    for (uint32_t i = 0; i < p->constant_count; i++) {
        (void)fprintf(file, "%s%u", i ? " " : "", p->constants[i]);
    }
    bool network = strcmp(what, "pipeline") != 0;
    (void)fprintf(file, ",%u,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u\n", network ? groups_of(of) : 0, p->threads, p->wave,
                  network ? rounds_of(of) : 0, p->vgprs, p->sgprs, p->lds_bytes, p->code_bytes, p->instructions,
                  p->latency, p->inverse_throughput, p->waves_per_simd);
}

/* Threads make them in any order. */
static int compare_pipelines(const void *a, const void *b) {
    const null_pipeline *x = *(const null_pipeline *const *)a;
    const null_pipeline *y = *(const null_pipeline *const *)b;
    if (x->shader != y->shader) {
        return x->shader < y->shader ? -1 : 1;
    }
    if (x->constant_count != y->constant_count) {
        return x->constant_count < y->constant_count ? -1 : 1;
    }
    for (uint32_t i = 0; i < x->constant_count; i++) {
        if (x->constants[i] != y->constants[i]) {
            return x->constants[i] < y->constants[i] ? -1 : 1;
        }
    }
    return 0;
}

static void test_csv(void **state) {
    (void)state;
    if (!csv_folder) {
        skip();
    }
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s.csv", csv_folder, chips[chip]);
    FILE *file = fopen(path, "w");
    if (!file) {
        fail_msg("%s cannot be written", path);
    }
    (void)fprintf(file, "chip,driver,what,family,shader,kernel,node,shape,constants,groups,threads,wave,rounds,vgprs,"
                        "sgprs,lds_bytes,code_bytes,instructions,latency,inverse_throughput,waves_per_simd\n");
    for (uint32_t n = 0; n < BD_COUNT(steps); n++) {
        for (uint32_t i = 0; i < steps[n].count; i++) {
            write_row(file, precision_names[n], pipeline_of(&steps[n].list[i]), &steps[n].list[i]);
        }
    }
    uint32_t count = 0;
    while (null_device_pipeline(count)) {
        count++;
    }
    const null_pipeline **sorted = malloc(BD_MAX(count, 1) * sizeof *sorted);
    assert_non_null(sorted);
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = null_device_pipeline(i);
    }
    qsort(sorted, count, sizeof *sorted, compare_pipelines);
    for (uint32_t i = 0; i < count; i++) {
        const null_pipeline *p = sorted[i];
        write_row(file, "pipeline", p, find_candidate(p->shader, p->constants, p->constant_count));
    }
    free(sorted);
    assert_int_equal(ferror(file), 0);
    assert_int_equal(fclose(file), 0);
}

/* ---- the program ------------------------------------------------------------------------------------------------- */

static int open_chip(void **state) {
    (void)state;
    bd_error error;
    const bd_engine_params params = {.struct_size = sizeof params,
                                     .get_instance_proc_addr = null_device_entry(chips[chip])};
    must(bd_engine_create(&params, &engine, &error), &error);
    printf("%s, %s\n", engine->vk.info.name, engine->vk.info.driver);
    return 0;
}

static int close_chip(void **state) {
    (void)state;
    bd_engine_destroy(engine);
    forget(&candidates);
    for (uint32_t n = 0; n < BD_COUNT(steps); n++) {
        forget(&steps[n]);
    }
    return 0;
}

static bool is_chip(const char *name) {
    uint32_t i = 0;
    while (i < CHIPS && strcmp(name, chips[i]) != 0) {
        i++;
    }
    return i < CHIPS;
}

static int run_chip(const char *only) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_candidates), cmocka_unit_test(test_network),
                                              cmocka_unit_test(test_sessions),   cmocka_unit_test(test_modules),
                                              cmocka_unit_test(test_registers),  cmocka_unit_test(test_totals),
                                              cmocka_unit_test(test_csv)};
    const char *why = NULL;
    if (only && strcmp(only, chips[chip]) != 0) {
        return -1;
    }
    if (!null_device_knows(chips[chip], &why)) {
        printf("skipped: %s: %s\n", chips[chip], why);
        return -1;
    }
    return cmocka_run_group_tests_name(chips[chip], tests, open_chip, close_chip);
}

int main(int argc, char **argv) {
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        const char **option = !strcmp(argv[i], "--chip") ? &only : !strcmp(argv[i], "--csv") ? &csv_folder : NULL;
        if (!option || i + 1 == argc) {
            (void)fprintf(stderr, "usage: %s [--chip NAME] [--csv FOLDER]\n", argv[0]);
            return 2;
        }
        *option = argv[++i];
    }
    if (only && !is_chip(only)) {
        (void)fprintf(stderr, "%s: no chip %s\n", argv[0], only);
        return 2;
    }
    if (!test_model_path()) {
        (void)printf("skipped: no weights (weights/fetch brings them)\n");
        return 77;
    }
    model = open_model(test_model_path(), 0);
    int ran = 0;
    int failed = 0;
    for (chip = 0; chip < CHIPS; chip++) {
        int status = run_chip(only);
        ran += status >= 0;
        failed += status > 0;
    }
    bd_model_destroy(model);
    return !ran ? 77 : failed != 0;
}
