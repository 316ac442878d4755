/* SPDX-License-Identifier: MIT
 * State dicts against torch itself (tests/golden/make_torch_goldens.py, make_torch_families.py): small networks of
 * several trainers on the CPU in every way that they are saved in, and torchvision's real ones, whose weights the test
 * makes, on a device from photo to labels. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "model/import.h"
#include "model/torch/safetensors.h"
#include "reference/reference.h"
#include "support/session.h"
#include "support/torchvision.h"

static void *read_golden(const char *name, int32_t side, const char *ending, size_t bytes) {
    char path[256];
    (void)snprintf(path, sizeof path, "tests/golden/torch/%s_%d.%s", name, side, ending);
    FILE *file = fopen(test_source_file(path), "rb");
    void *data = malloc(bytes + 1);
    if (!file || !data || fread(data, 1, bytes + 1, file) != bytes) {
        fail_msg("%s is not of %zu bytes", path, bytes);
    }
    (void)fclose(file);
    return data;
}

/* Within a share of the largest logit. */
static void check_logits(const char *name, const float *got, const float *expected, size_t count, float share) {
    float most = 0, worst = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmaxf(most, fabsf(expected[i]));
        float difference = fabsf(got[i] - expected[i]);
        worst = difference > worst || isnan(difference) ? difference : worst;
    }
    print_message("%s: logits up to %g, largest error %g\n", name, (double)most, (double)worst);
    assert_true(most > 0.1f);
    if (!(worst <= share * most)) {
        fail_msg("%s: the largest error is %g of logits up to %g", name, (double)worst, (double)most);
    }
}

/* ---- small networks ---------------------------------------------------------------------------------------------- */

static uint8_t *opaque_picture(int32_t side) {
    size_t pixels = (size_t)side * (size_t)side;
    uint8_t *rgb = test_torchvision_picture(side), *rgba = malloc(pixels * 4);
    assert_non_null(rgba);
    for (size_t i = 0; i < pixels; i++) {
        memcpy(rgba + i * 4, rgb + i * 3, 3);
        rgba[i * 4 + 3] = 255;
    }
    free(rgb);
    return rgba;
}

typedef struct small {
    const char *file, *golden; /* in tests/fuzz/corpus, tests/golden/torch */
    int32_t side;
    uint32_t asked_stride; /* 0: not asked for */
    float share;
    uint32_t default_size;
    bd_upsampling upsampling;
    const char *form; /* NULL: as its name ends */
} small;

static void check_file(const small *of) {
    char path[256];
    (void)snprintf(path, sizeof path, "tests/fuzz/corpus/%s", of->file);
    bd_graph graph;
    bd_shards shards = {0};
    bd_error error;
    const char *form = NULL;
    assert_int_equal(bd_graph_init(&graph, NULL, of->file, &error), BD_OK);
    graph.output_stride = of->asked_stride;
    if (bd_model_import(test_source_file(path), &graph, &shards, &form, &error) ||
        bd_graph_lower(&graph, (uint32_t)of->side, &error)) {
        fail_msg("%s", error.message);
    }
    assert_string_equal(form, of->form ? of->form : strstr(of->file, ".pth") ? "PyTorch state dict" : "safetensors");
    assert_int_equal(graph.upsampling, of->upsampling);
    assert_int_equal(graph.default_size, of->default_size);
    size_t count = (size_t)bd_shape_elements(&graph.nodes[graph.output].shape);
    float *expected = read_golden(of->golden, of->side, "logits", count * sizeof *expected);
    float *got = calloc(count, sizeof *got);
    uint8_t *photo = opaque_picture(of->side);
    assert_non_null(got);
    if (bd_ref_run(&graph, photo, of->side, of->side, NULL, got, NULL, NULL, &error)) {
        fail_msg("%s", error.message);
    }
    check_logits(of->file, got, expected, count, of->share);
    free(photo);
    free(got);
    free(expected);
    bd_graph_finish(&graph);
    bd_shards_finish(&shards);
}

static void check_small(const char *file, const char *golden, int32_t side, float share) {
    check_file(&(small){file, golden, side, 0, share, 520, BD_UPSAMPLING_CENTERS, NULL});
}

#define BUBBLIIIING "safetensors/bubbliiiing_"
#define JFZHANG95 "safetensors/jfzhang95_"
#define CORNERS BD_UPSAMPLING_CORNERS

/* Other trainers' names and ways (make_torch_families.py). */
static void test_families(void **state) {
    (void)state;
    static const char old[] = "PyTorch state dict before 1.6";
    static const small files[] = {
        {"torch/vainf_plus.pth", "vainf_plus_os16", 65, 0, 1e-5f, 513, BD_UPSAMPLING_CENTERS, old},
        {"torch/vainf_plus.pth", "vainf_plus_os8", 65, 8, 1e-5f, 513, BD_UPSAMPLING_CENTERS, old},
        {"safetensors/vainf_split.safetensors", "vainf_split_os16", 34, 0, 1e-5f, 513, BD_UPSAMPLING_CENTERS, NULL},
        {"safetensors/vainf_v3.safetensors", "vainf_v3_os16", 49, 16, 1e-5f, 513, BD_UPSAMPLING_CENTERS, NULL},
        {"safetensors/vainf_v3.safetensors", "vainf_v3_os8", 49, 8, 1e-5f, 513, BD_UPSAMPLING_CENTERS, NULL},
        {"torch/smp_v3.pth", "smp_v3_os8", 64, 0, 1e-5f, 512, BD_UPSAMPLING_CORNERS, NULL},
        {"safetensors/smp_old_os16.safetensors", "smp_old_os16", 64, 0, 1e-5f, 512, BD_UPSAMPLING_CORNERS, NULL},
        {"safetensors/smp_plus.safetensors", "smp_plus_os16", 64, 0, 1e-5f, 512, BD_UPSAMPLING_CORNERS, NULL},
        {"safetensors/mmseg_plus.safetensors", "mmseg_plus_os8", 65, 0, 1e-5f, 512, BD_UPSAMPLING_CENTERS, NULL},
        {"safetensors/mmseg_plus.safetensors", "mmseg_plus_os16", 65, 16, 1e-5f, 512, BD_UPSAMPLING_CENTERS, NULL},
        {"torch/mmseg_mobilenet.pth", "mmseg_mobilenet_os8", 65, 0, 1e-5f, 512, BD_UPSAMPLING_CENTERS, old},
        {"safetensors/transformers.safetensors", "transformers_os8", 66, 0, 1e-5f, 513, BD_UPSAMPLING_CENTERS, NULL},
        {BUBBLIIIING "mobilenet.safetensors", "bubbliiiing_mobilenet_os16", 65, 0, 3e-5f, 512, CORNERS, NULL},
        {BUBBLIIIING "mobilenet.safetensors", "bubbliiiing_mobilenet_os8", 65, 8, 3e-5f, 512, CORNERS, NULL},
        {BUBBLIIIING "xception.safetensors", "bubbliiiing_xception_os16", 65, 0, 3e-5f, 512, CORNERS, NULL},
        {BUBBLIIIING "xception.safetensors", "bubbliiiing_xception_os8", 65, 8, 3e-5f, 512, CORNERS, NULL},
        {JFZHANG95 "resnet.safetensors", "jfzhang95_resnet_os16", 65, 0, 3e-5f, 513, CORNERS, NULL},
        {JFZHANG95 "resnet.safetensors", "jfzhang95_resnet_os8", 65, 8, 3e-5f, 513, CORNERS, NULL},
        {JFZHANG95 "xception.safetensors", "jfzhang95_xception_os16", 65, 0, 3e-5f, 513, CORNERS, NULL},
        {JFZHANG95 "xception.safetensors", "jfzhang95_xception_os8", 65, 8, 3e-5f, 513, CORNERS, NULL},
        {JFZHANG95 "drn.safetensors", "jfzhang95_drn_os8", 65, 0, 3e-5f, 513, CORNERS, NULL},
        {"torch/jfzhang95_mobilenet.pth", "jfzhang95_mobilenet_os16", 65, 0, 3e-5f, 513, CORNERS, old},
        {"torch/jfzhang95_mobilenet.pth", "jfzhang95_mobilenet_os8", 65, 8, 3e-5f, 513, CORNERS, old},
    };
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        check_file(&files[i]);
    }
}

/* The output stride that a file's name says, where nobody asks for one. */
static void test_named_strides(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t logits;
    } names[] = {{"a/best_deeplabv3_resnet50_voc_os8.pth", 9},
                 {"deeplabv3_os16.pth", 5},
                 {"os8/deeplabv3.pth", 5},
                 {"deeplabv3_os80.pth", 5},
                 {"deeplabv3_pos8.pth", 5},
                 {"r50-d8_512x1024.pth", 9},
                 {"r50-d16-mg124.pth", 5},
                 {"deeplabv3_os8", 9},
                 {"d8", 9},
                 {"deeplabv3_voc_os.pth", 5},
                 {"deeplabv3_os1_os8_", 9}};
    bd_content map;
    bd_error error;
    assert_int_equal(bd_read_file(test_source_file("tests/fuzz/corpus/safetensors/vainf_v3.safetensors"), UINT64_MAX,
                                  NULL, &map, &error),
                     BD_OK);
    for (size_t i = 0; i < BD_COUNT(names); i++) {
        bd_graph graph;
        bd_shards shards = {0};
        assert_int_equal(bd_graph_init(&graph, NULL, names[i].name, &error), BD_OK);
        if (bd_model_import_safetensors(map.data, map.bytes, names[i].name, &graph, &shards, &error) ||
            bd_graph_lower(&graph, 65, &error)) {
            fail_msg("%s", error.message);
        }
        if (graph.nodes[graph.output].shape.dims[1] != (int32_t)names[i].logits) {
            fail_msg("%s: logits of %d rows, not %u", names[i].name, graph.nodes[graph.output].shape.dims[1],
                     names[i].logits);
        }
        bd_graph_finish(&graph);
    }
    bd_release_content(NULL, &map);
}

/* What a caller asks for goes before the name; what a network cannot be is refused. */
static void test_asked_strides(void **state) {
    (void)state;
    static const struct {
        const char *file;
        uint32_t asked, got; /* got 0: refused */
    } strides[] = {
        {"safetensors/small_resnet.safetensors", 0, 8},      {"safetensors/small_resnet.safetensors", 16, 16},
        {"safetensors/smp_old_os16.safetensors", 0, 16},     {"safetensors/smp_old_os16.safetensors", 8, 8},
        {"safetensors/small_mobilenet.safetensors", 16, 16}, {"safetensors/small_mobilenet.safetensors", 8, 0}};
    for (size_t i = 0; i < BD_COUNT(strides); i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "tests/fuzz/corpus/%s", strides[i].file);
        const bd_model_params params = {.struct_size = sizeof params, .size = 129, .output_stride = strides[i].asked};
        bd_model *model;
        bd_error error;
        bd_result result = bd_model_open(test_source_file(path), &params, &model, &error);
        assert_int_equal(result, strides[i].got ? BD_OK : BD_ERR_MODEL_UNSUPPORTED);
        if (result) {
            assert_non_null(strstr(error.message, "its output stride is 16 and cannot be made 8"));
            continue;
        }
        bd_model_info info = {.struct_size = sizeof info};
        bd_model_get_info(model, &info);
        assert_int_equal(info.output_stride, strides[i].got);
        bd_model_destroy(model);
    }
}

static void test_small_resnet(void **state) {
    (void)state;
    check_small("torch/small_resnet.pth", "small_resnet", 33, 1e-5f);
    check_small("torch/small_resnet_checkpoint.pth", "small_resnet", 33, 1e-5f);
    check_small("torch/small_resnet_parameters.pth", "small_resnet", 33, 1e-5f);
    check_small("torch/small_resnet_bfloat.pth", "small_resnet", 33, 1e-5f); /* its values are exact in bfloat16 */
    check_small("torch/small_resnet_half.pth", "small_resnet", 33, 1e-4f);
    check_small("safetensors/small_resnet.safetensors", "small_resnet", 33, 1e-5f);
    check_small("safetensors/small_resnet_bfloat.safetensors", "small_resnet", 33, 1e-5f);
    check_small("safetensors/small_resnet_half.safetensors", "small_resnet", 33, 1e-4f);
}

static void test_small_mobilenet(void **state) {
    (void)state;
    check_small("safetensors/small_mobilenet.safetensors", "small_mobilenet", 50, 1e-5f);
}

/* What lies outside the photo is the mean: zero behind the normalisation. */
static void test_outside(void **state) {
    (void)state;
    bd_graph graph;
    bd_shards shards = {0};
    bd_error error;
    assert_int_equal(bd_graph_init(&graph, NULL, "outside", &error), BD_OK);
    const char *path = test_source_file("tests/fuzz/corpus/torch/small_resnet.pth");
    assert_int_equal(bd_model_import(path, &graph, &shards, NULL, &error), BD_OK);
    assert_int_equal(bd_graph_lower(&graph, 40, &error), BD_OK);
    const bd_node *photo = NULL;
    for (uint32_t i = 0; i < graph.count; i++) {
        photo = graph.nodes[i].op == BD_OP_PREPROCESS ? &graph.nodes[i] : photo;
    }
    assert_non_null(photo);
    assert_int_equal(photo->shape.dims[1], 40);
    assert_int_equal(photo->shape.dims[2], 40);
    assert_true(photo->u.preprocess.outside[0] == 0 && photo->u.preprocess.outside[2] == 0);
    assert_true(fabsf(photo->u.preprocess.scale[0] * 255 * 0.229f - 1) < 1e-6f);
    assert_true(fabsf(photo->u.preprocess.offset[1] * 0.224f + 0.456f) < 1e-6f);
    bd_graph_finish(&graph);
    bd_shards_finish(&shards);
}

/* ---- the real ones ----------------------------------------------------------------------------------------------- */

typedef struct device {
    bd_engine *engine;
    uint32_t complaints;
} device;

static device shared;

static void on_log(void *user, bd_log_level level, const char *message) {
    (void)user;
    if (level <= BD_LOG_WARNING) {
        shared.complaints++;
        (void)fprintf(stderr, "%s\n", message);
    }
}

static void check_network(const char *name, test_torchvision network, bool bfloat, int32_t side, uint32_t stride) {
    if (!shared.engine) {
        skip();
    }
    char path[1024];
    const char *folder = getenv("BACKDROP_BUILD_DIR");
    (void)snprintf(path, sizeof path, "%s/torch_test.safetensors", folder ? folder : "/tmp");
    test_torchvision_write(network, bfloat, path);
    bd_model *model;
    bd_session *session = NULL;
    bd_error error;
    const bd_model_params params = {.struct_size = sizeof params, .size = (uint32_t)side};
    const bd_session_params precise = {.struct_size = sizeof precise, .precision = BD_PRECISION_FP32};
    double start = bd_now_ms();
    bd_result result = bd_model_open(path, &params, &model, &error);
    print_message("%s: opened in %.0f ms\n", name, bd_now_ms() - start);
    (void)remove(path);
    if (result || bd_session_create(shared.engine, model, &precise, &session, &error)) {
        fail_msg("%s", error.message);
    }
    bd_model_info info = {.struct_size = sizeof info};
    bd_model_get_info(model, &info);
    assert_int_equal(info.output_stride, stride);
    assert_int_equal(info.class_count, 21);
    uint8_t *photo = opaque_picture(side);
    const bd_image image = {.pixels = photo,
                            .width = (uint32_t)side,
                            .height = (uint32_t)side,
                            .stride_bytes = (size_t)side * 4,
                            .format = BD_FORMAT_RGBA8};
    const bd_segment_params wants = {.struct_size = sizeof wants, .want_logits = true};
    bd_segmentation got = {.struct_size = sizeof got};
    if (bd_session_segment(session, &image, &wants, &got, &error)) {
        fail_msg("%s", error.message);
    }
    size_t count = (size_t)got.logits_width * got.logits_height * got.class_count;
    size_t pixels = (size_t)side * (size_t)side;
    float *logits = read_golden(name, side, "logits", count * sizeof *logits);
    uint8_t *labels = read_golden(name, side, "labels", pixels);
    check_logits(name, got.logits, logits, count, 2e-5f);
    size_t differ = 0;
    for (size_t i = 0; i < pixels; i++) {
        differ += got.labels.pixels[i / (size_t)side * got.labels.stride_bytes + i % (size_t)side] != labels[i];
    }
    print_message("%s: %zu of %zu labels differ\n", name, differ, pixels);
    assert_true(differ <= pixels / 1000); /* where two classes are as good as equal */
    free(labels);
    free(logits);
    free(photo);
    bd_segmentation_finish(&got);
    bd_session_destroy(session);
    bd_model_destroy(model);
    assert_int_equal(shared.complaints, 0);
}

static void test_resnet50(void **state) {
    (void)state;
    check_network("deeplabv3_resnet50", TEST_RESNET50, false, 65, 8);
}

static void test_resnet101(void **state) {
    (void)state;
    check_network("deeplabv3_resnet101", TEST_RESNET101, true, 49, 8);
}

static void test_mobilenet(void **state) {
    (void)state;
    check_network("deeplabv3_mobilenet_v3_large", TEST_MOBILENET_V3_LARGE, false, 97, 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_resnet),  cmocka_unit_test(test_small_mobilenet),
        cmocka_unit_test(test_outside),       cmocka_unit_test(test_families),
        cmocka_unit_test(test_named_strides), cmocka_unit_test(test_asked_strides),
        cmocka_unit_test(test_mobilenet),     cmocka_unit_test(test_resnet50),
        cmocka_unit_test(test_resnet101),
    };
    bd_error error;
    const bd_engine_params params = {
        .struct_size = sizeof params, .log = on_log, .device = getenv("BACKDROP_DEVICE"), .validation = true};
    if (bd_engine_create(&params, &shared.engine, &error)) {
        print_message("no device, only the CPU's part: %s\n", error.message);
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    uint32_t messages = shared.engine ? bd_engine_validation_messages(shared.engine) : 0;
    bd_engine_destroy(shared.engine);
    return failed || messages;
}
