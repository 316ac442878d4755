/* SPDX-License-Identifier: MIT
 * Holds our outputs against an independent engine's stored ones.
 *
 * A reference folder holds, for each NAME, any of NAME.logits.npy (f32 (h, w, classes) of the padded input, before
 * upsampling), NAME.labels.png (u8 (h, w), the resized photo's size) and NAME.classic.png (the tutorial's composite).
 * Which photo and background belong to NAME stands in a list: lines of "NAME PHOTO [BACKGROUND]", paths relative to
 * --root. */
#include "compare.h"
#include "picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 1024, MOST_CASES = 4096 };

/* What one photo showed; negative: not compared. */
typedef struct outcome {
    double logits_largest, logits_mean;
    double labels_agree;
    double composite_differ; /* share of pixels that differ */
    int composite_largest;   /* where the labels agree */
    double ms;               /* segment, wall */
    bool passed;
} outcome;

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
    if (!bench_read_image(path, true, expected)) {
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
    bool ok = bench_read_image(path, true, &expected) && bench_read_image(background_path, true, &background);
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

static bool compare_one(bench *b, const char *name, const char *photo_path, const char *background_path, outcome *out) {
    const bench_arguments *limits = &b->a;
    const char *folder = b->a.operands.items[0];
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
    bd_segmentation got = {.struct_size = sizeof got};
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    bool ok = bench_read_image(photo_path, true, &photo);
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
    out->passed = ok && out->logits_largest <= limits->logits_tolerance &&
                  (out->labels_agree < 0 || out->labels_agree >= limits->labels_share) &&
                  out->composite_largest <= (int)limits->composite_tolerance;
    bd_image_finish(&photo);
    bd_image_finish(&expected_labels);
    bd_segmentation_finish(&got);
    return ok;
}

static void print_value(const bench *b, double value, const char *format) {
    if (value < 0) {
        bench_say(b, "%12s", "-");
    } else {
        bench_say(b, format, value);
    }
}

static void print_row(const bench *b, const char *name, const outcome *out) {
    bench_say(b, "%-22s", name);
    print_value(b, out->logits_largest, "%12.2e");
    print_value(b, out->logits_mean, "%12.2e");
    print_value(b, out->labels_agree < 0 ? -1 : out->labels_agree * 100, "%11.4f%%");
    print_value(b, out->composite_differ < 0 ? -1 : out->composite_differ * 100, "%11.4f%%");
    print_value(b, out->composite_largest, "%12.0f");
    bench_say(b, "%10.0f  %s\n", out->ms, out->passed ? "ok" : "FAILED");
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
static int compare_all(bench *b, const char *list, cJSON *rows) {
    const char *root = b->a.root ? b->a.root : b->a.operands.items[0];
    FILE *file = fopen(list, "r");
    if (!file) {
        (void)fprintf(stderr, "%s: cannot be read\n", list);
        return -1;
    }
    char line[2 * PATH_ROOM];
    int failures = 0;
    int cases = 0;
    bench_say(b, "%-22s%12s%12s%12s%12s%12s%10s\n", "photo", "logits max", "mean", "labels", "pixels off", "largest",
              "ms");
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
        (void)compare_one(b, name, photo_path, background_path, &out);
        print_row(b, name, &out);
        cJSON_AddItemToArray(rows, row_to_json(name, &out));
        failures += !out.passed;
        cases++;
    }
    bool whole = !ferror(file);
    (void)fclose(file);
    if (!whole) {
        (void)fprintf(stderr, "%s: cannot be read\n", list);
        return -1;
    }
    if (!cases) {
        (void)fprintf(stderr, "%s: lists no photo\n", list);
        return -1;
    }
    bench_say(b, "%d of %d passed\n", cases - failures, cases);
    return failures;
}

bool bench_compare(bench *b) {
    char list[PATH_ROOM];
    (void)snprintf(list, sizeof list, "%s/list.txt", b->a.operands.items[0]);
    if (!bench_open(b, 1)) {
        return false;
    }
    cJSON *json = cJSON_CreateObject();
    bench_describe(b, json);
    bench_headline(b);
    int failures = compare_all(b, b->a.list ? b->a.list : list, cJSON_AddArrayToObject(json, "photos"));
    cJSON_AddNumberToObject(json, "validation_messages", bd_engine_validation_messages(b->engine));
    return bench_write_json(b, json) && !failures;
}
