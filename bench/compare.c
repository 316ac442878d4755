/* SPDX-License-Identifier: MIT
 * backdrop-compare: holds our outputs against an independent engine's stored ones.
 *
 * A reference folder holds, for each NAME, any of NAME.logits.npy (f32 (h, w, classes) of the padded input, before
 * upsampling), NAME.labels.png (u8 (h, w), the resized photo's size) and NAME.classic.png (the tutorial's composite).
 * Which photo and background belong to NAME stands in a list: lines of "NAME PHOTO [BACKGROUND]", paths relative to
 * --root. */
#include "common.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 1024, MOST_CASES = 4096 };

typedef struct tolerances {
    double logits; /* largest absolute error */
    double labels; /* least share of equal pixels */
    int composite; /* largest difference of a byte where the labels agree */
} tolerances;

/* What one photo showed; negative: not compared. */
typedef struct outcome {
    double logits_largest, logits_mean;
    double labels_agree;
    double composite_differ; /* share of pixels that differ */
    int composite_largest;   /* where the labels agree */
    double ms;               /* segment, wall */
    bool passed;
} outcome;

static bool read_image(const char *path, bd_image *image) {
    bd_error error;
    const bd_image_read_params params = {.struct_size = sizeof params, .ignore_orientation = true};
    return !bd_image_read(path, &params, image, &error) || bench_fail(&error);
}

static bool compare_logits(const char *path, const bd_segmentation *got, outcome *out) {
    float *expected;
    uint32_t shape[4];
    if (!bench_read_npy(path, &expected, shape)) {
        return false;
    }
    size_t count = (size_t)shape[0] * shape[1] * shape[2] * shape[3];
    bool ok = count == (size_t)got->logits_width * got->logits_height * got->class_count;
    if (!ok) {
        (void)fprintf(stderr, "%s: %zu logits, ours are %ux%ux%u\n", path, count, got->logits_height, got->logits_width,
                      got->class_count);
    }
    double sum = 0;
    double largest = 0;
    for (size_t i = 0; i < count && ok; i++) {
        double error = fabs((double)got->logits[i] - (double)expected[i]);
        sum += error;
        largest = isnan(error) ? INFINITY : fmax(largest, error);
    }
    out->logits_largest = ok ? largest : INFINITY;
    out->logits_mean = ok ? sum / (double)count : INFINITY;
    free(expected);
    return true;
}

/* The reference's labels arrive as grey RGBA. */
static bool compare_labels(const char *path, const bd_image *got, bd_image *expected, outcome *out) {
    if (!read_image(path, expected)) {
        return false;
    }
    if (expected->width != got->width || expected->height != got->height) {
        (void)fprintf(stderr, "%s: %ux%u, ours are %ux%u\n", path, expected->width, expected->height, got->width,
                      got->height);
        out->labels_agree = 0;
        return true;
    }
    uint64_t equal = 0;
    for (uint32_t y = 0; y < got->height; y++) {
        for (uint32_t x = 0; x < got->width; x++) {
            equal += got->pixels[y * got->stride_bytes + x] == expected->pixels[y * expected->stride_bytes + 4ull * x];
        }
    }
    out->labels_agree = (double)equal / ((double)got->width * got->height);
    return true;
}

static bool labels_differ(const bd_image *labels, const bd_image *expected, uint32_t x, uint32_t y) {
    return expected->pixels && x < labels->width && y < labels->height &&
           labels->pixels[y * labels->stride_bytes + x] != expected->pixels[y * expected->stride_bytes + 4ull * x];
}

static bool compare_composite(bench *b, const char *path, const bd_image *photo, const char *background_path,
                              const bd_image *labels, const bd_image *expected_labels, outcome *out) {
    bd_error error;
    bd_image expected = {0};
    bd_image background = {0};
    bd_image got = {0};
    const bd_replace_params params = {.struct_size = sizeof params, .classic = true};
    bool ok = read_image(path, &expected) && read_image(background_path, &background);
    if (ok && bd_session_replace(b->session, photo, &background, &params, &got, &error)) {
        ok = bench_fail(&error);
    }
    if (ok && (got.width != expected.width || got.height != expected.height)) {
        (void)fprintf(stderr, "%s: %ux%u, ours is %ux%u\n", path, expected.width, expected.height, got.width,
                      got.height);
        out->composite_differ = 1;
        out->composite_largest = 255;
    } else if (ok) {
        uint64_t differ = 0;
        out->composite_largest = 0;
        for (uint32_t y = 0; y < got.height; y++) {
            for (uint32_t x = 0; x < got.width; x++) {
                const uint8_t *p = got.pixels + y * got.stride_bytes + 4ull * x;
                const uint8_t *q = expected.pixels + y * expected.stride_bytes + 4ull * x;
                int largest = 0;
                for (int c = 0; c < 3; c++) {
                    int difference = abs(p[c] - q[c]);
                    largest = difference > largest ? difference : largest;
                }
                differ += largest > 0;
                if (largest > out->composite_largest && !labels_differ(labels, expected_labels, x, y)) {
                    out->composite_largest = largest;
                }
            }
        }
        out->composite_differ = (double)differ / ((double)got.width * got.height);
    }
    bd_image_finish(&expected);
    bd_image_finish(&background);
    bd_image_finish(&got);
    return ok;
}

static bool compare_one(bench *b, const char *folder, const char *name, const char *photo_path,
                        const char *background_path, const tolerances *limits, outcome *out) {
    char logits[PATH_ROOM];
    char labels[PATH_ROOM];
    char composite[PATH_ROOM];
    (void)snprintf(logits, sizeof logits, "%s/%s.logits.npy", folder, name);
    (void)snprintf(labels, sizeof labels, "%s/%s.labels.png", folder, name);
    (void)snprintf(composite, sizeof composite, "%s/%s.classic.png", folder, name);
    *out = (outcome){-1, -1, -1, -1, -1, 0, false};
    bd_error error;
    bd_image photo = {0};
    bd_image expected_labels = {0};
    bd_segmentation got = {0};
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    bool ok = read_image(photo_path, &photo);
    double start = bench_now_ms();
    if (ok && bd_session_segment(b->session, &photo, &params, &got, &error)) {
        ok = bench_fail(&error);
    }
    out->ms = bench_now_ms() - start;
    bool any = false;
    if (ok && bench_exists(logits)) {
        ok = compare_logits(logits, &got, out);
        any = true;
    }
    if (ok && bench_exists(labels)) {
        ok = compare_labels(labels, &got.labels, &expected_labels, out);
        any = true;
    }
    if (ok && background_path[0] && bench_exists(composite)) {
        ok = compare_composite(b, composite, &photo, background_path, &got.labels, &expected_labels, out);
        any = true;
    }
    if (ok && !any) {
        (void)fprintf(stderr, "%s: no stored output of %s\n", folder, name);
        ok = false;
    }
    out->passed = ok && out->logits_largest <= limits->logits &&
                  (out->labels_agree < 0 || out->labels_agree >= limits->labels) &&
                  out->composite_largest <= limits->composite;
    bd_image_finish(&photo);
    bd_image_finish(&expected_labels);
    bd_segmentation_finish(&got);
    return ok;
}

static void print_value(double value, const char *format) {
    if (value < 0) {
        printf("%12s", "-");
    } else {
        printf(format, value);
    }
}

static void print_row(const char *name, const outcome *out) {
    printf("%-22s", name);
    print_value(out->logits_largest, "%12.2e");
    print_value(out->logits_mean, "%12.2e");
    print_value(out->labels_agree < 0 ? -1 : out->labels_agree * 100, "%11.4f%%");
    print_value(out->composite_differ < 0 ? -1 : out->composite_differ * 100, "%11.4f%%");
    print_value(out->composite_largest, "%12.0f");
    printf("%10.0f  %s\n", out->ms, out->passed ? "ok" : "FAILED");
}

static void add_value(cJSON *object, const char *key, double value) {
    if (value < 0 || !isfinite(value)) {
        cJSON_AddNullToObject(object, key);
    } else {
        cJSON_AddNumberToObject(object, key, value);
    }
}

static cJSON *row_to_json(const char *name, const outcome *out) {
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "name", name);
    add_value(row, "logits_largest_error", out->logits_largest);
    add_value(row, "logits_mean_error", out->logits_mean);
    add_value(row, "labels_agreement", out->labels_agree);
    add_value(row, "composite_differing_share", out->composite_differ);
    add_value(row, "composite_largest_where_labels_agree", out->composite_largest);
    cJSON_AddNumberToObject(row, "segment_ms", out->ms);
    cJSON_AddBoolToObject(row, "passed", out->passed);
    return row;
}

/* Every line of the list; returns the number of failures, or -1 when the list cannot be used. */
static int compare_all(bench *b, const char *folder, const char *list, const char *root, const tolerances *limits,
                       cJSON *rows) {
    FILE *file = fopen(list, "r");
    if (!file) {
        (void)fprintf(stderr, "%s: cannot be read\n", list);
        return -1;
    }
    char line[2 * PATH_ROOM];
    int failures = 0;
    int cases = 0;
    printf("%-22s%12s%12s%12s%12s%12s%10s\n", "photo", "logits max", "mean", "labels", "pixels off", "largest", "ms");
    while (fgets(line, sizeof line, file) && cases < MOST_CASES) {
        char name[256];
        char photo[512];
        char background[512] = "";
        int fields = sscanf(line, "%255s %511s %511s", name, photo, background);
        if (fields < 2 || name[0] == '#') {
            continue;
        }
        char photo_path[PATH_ROOM];
        char background_path[PATH_ROOM] = "";
        (void)snprintf(photo_path, sizeof photo_path, "%s/%s", root, photo);
        if (fields == 3) {
            (void)snprintf(background_path, sizeof background_path, "%s/%s", root, background);
        }
        outcome out;
        (void)compare_one(b, folder, name, photo_path, background_path, limits, &out);
        print_row(name, &out);
        cJSON_AddItemToArray(rows, row_to_json(name, &out));
        failures += !out.passed;
        cases++;
    }
    (void)fclose(file);
    if (!cases) {
        (void)fprintf(stderr, "%s: lists no photo\n", list);
        return -1;
    }
    printf("%d of %d passed\n", cases - failures, cases);
    return failures;
}

static int usage(FILE *to, int status) {
    (void)fprintf(
        to, "usage: backdrop-compare REFERENCE_DIR [--list FILE] [--root DIR] [--json FILE]\n"
            "         [--logits-tolerance X] [--labels-share X] [--composite-tolerance N]\n"
            "         [--model M] [--size S] [--device D] [--kernels SET] [--precision fp32|fp16|fast16|auto]\n"
            "         [--cache-dir DIR] [--validation]\n"
            "Compares our logits, labels and classic composites with stored ones. FILE (default:\n"
            "REFERENCE_DIR/list.txt) has lines of NAME PHOTO [BACKGROUND], relative to --root (default: its folder).\n"
            "Default tolerances: logits 1e-3, labels 0.9999, composite 0. Exit status 1: beyond one of them.\n");
    return status;
}

int main(int argc, char **argv) {
    bench b = {0};
    const char *folder = NULL;
    const char *list = NULL;
    const char *root = NULL;
    tolerances limits = {1e-3, 0.9999, 0};
    for (int i = 1; i < argc; i++) {
        bool value = i + 1 < argc;
        if (bench_option(&b, argc, argv, &i)) {
            continue;
        }
        if (!strcmp(argv[i], "--list") && value) {
            list = argv[++i];
        } else if (!strcmp(argv[i], "--root") && value) {
            root = argv[++i];
        } else if (!strcmp(argv[i], "--logits-tolerance") && value) {
            limits.logits = strtod(argv[++i], NULL);
        } else if (!strcmp(argv[i], "--labels-share") && value) {
            limits.labels = strtod(argv[++i], NULL);
        } else if (!strcmp(argv[i], "--composite-tolerance") && value) {
            limits.composite = (int)strtol(argv[++i], NULL, 10);
        } else if (!strcmp(argv[i], "--help")) {
            return usage(stdout, 0);
        } else if (argv[i][0] == '-' || folder) {
            return usage(stderr, 2);
        } else {
            folder = argv[i];
        }
    }
    if (!folder) {
        return usage(stderr, 2);
    }
    char default_list[PATH_ROOM];
    (void)snprintf(default_list, sizeof default_list, "%s/list.txt", folder);
    list = list ? list : default_list;
    int failures = -1;
    if (bench_open(&b)) {
        cJSON *json = cJSON_CreateObject();
        bench_describe(&b, json);
        bench_headline(&b);
        failures = compare_all(&b, folder, list, root ? root : folder, &limits, cJSON_AddArrayToObject(json, "photos"));
        uint32_t messages = bd_engine_validation_messages(b.engine);
        cJSON_AddNumberToObject(json, "validation_messages", messages);
        if (messages) {
            (void)fprintf(stderr, "%u validation messages\n", messages);
            failures += 1;
        }
        failures = bench_write_json(&b, json) ? failures : -1;
    }
    bench_close(&b);
    return failures ? 1 : 0;
}
