/* SPDX-License-Identifier: MIT
 * A photo in, a picture out: decode, replace, encode. Made photos of several sizes show what grows with pixels. */
#define _POSIX_C_SOURCE 200809L
#include "e2e.h"
#include "picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MOST_STAGES = 32, MOST_SIZES = 16 };

typedef struct extent {
    uint32_t w, h;
} extent;

/* A photo and a background as files in memory. */
typedef struct pair {
    void *data[2];
    size_t bytes[2];
    char name[2][256];
} pair;

static void pair_close(pair *p) {
    for (int i = 0; i < 2; i++) {
        free(p->data[i]);
        p->data[i] = NULL;
    }
}

static bool read_file(const char *path, void **data, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    long length = -1;
    if (file && !fseek(file, 0, SEEK_END)) {
        length = ftell(file);
        rewind(file);
    }
    *data = length > 0 ? malloc((size_t)length) : NULL;
    bool ok = *data && fread(*data, 1, (size_t)length, file) == (size_t)length;
    *bytes = ok ? (size_t)length : 0;
    if (file) {
        (void)fclose(file);
    }
    if (!ok) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
    }
    return ok;
}

static bool pair_read(pair *p, const char *photo, const char *background) {
    const char *paths[2] = {photo, background};
    bool ok = true;
    for (int i = 0; i < 2 && ok; i++) {
        const char *slash = strrchr(paths[i], '/');
        (void)snprintf(p->name[i], sizeof p->name[i], "%.250s", slash ? slash + 1 : paths[i]);
        ok = read_file(paths[i], &p->data[i], &p->bytes[i]);
    }
    return ok;
}

static bool make_jpeg(uint32_t w, uint32_t h, void **data, size_t *bytes) {
    bd_error error;
    uint8_t *pixels = malloc((size_t)w * h * 4);
    if (!pixels) {
        (void)fprintf(stderr, "out of memory\n");
        return false;
    }
    bench_fill_picture(pixels, w, h, 4);
    const bd_image image = {.width = w, .height = h, .stride_bytes = (size_t)w * 4, .pixels = pixels};
    const bd_image_write_params params = {.struct_size = sizeof params, .file = BD_IMAGE_FILE_JPEG};
    void *made = NULL;
    bool ok = !bd_image_encode(&image, &params, &made, bytes, &error) || bench_fail(&error);
    free(pixels);
    *data = ok ? malloc(*bytes) : NULL;
    if (*data) {
        memcpy(*data, made, *bytes);
    }
    bd_release(NULL, made);
    return *data != NULL;
}

/* Both of one size. */
static bool pair_make(pair *p, extent size) {
    bool ok = true;
    for (int i = 0; i < 2 && ok; i++) {
        (void)snprintf(p->name[i], sizeof p->name[i], "made");
        ok = make_jpeg(size.w, size.h, &p->data[i], &p->bytes[i]);
    }
    return ok;
}

/* Times of one run, and later of all. */
enum { DECODE, REPLACE, NETWORK, ENCODE, TOTAL, OTHER, MEASURES };
static const char *const measure_keys[MEASURES] = {"decode_ms", "replace_ms", "network_ms",
                                                   "encode_ms", "total_ms",   "other_ms"};

static double network_ms(bd_session *session, bd_timing *stages, uint32_t *count) {
    *count = bd_session_timings(session, stages, MOST_STAGES);
    *count = *count < MOST_STAGES ? *count : MOST_STAGES;
    for (uint32_t i = 0; i < *count; i++) {
        if (!strcmp(stages[i].name, "network")) {
            return stages[i].ms;
        }
    }
    return 0;
}

static bool run_pair(bench *b, const pair *p, double measures[MEASURES], uint32_t size[2], bd_timing *stages,
                     uint32_t *stage_count, bd_error *error) {
    bd_image images[2] = {{0}};
    bd_image result = {0};
    void *data = NULL;
    size_t bytes = 0;
    const bd_image_write_params jpeg = {.struct_size = sizeof jpeg, .file = BD_IMAGE_FILE_JPEG};
    bool ok = true;
    double start = bench_now_ms();
    for (int i = 0; i < 2 && ok; i++) {
        ok = !bd_image_decode(p->data[i], p->bytes[i], p->name[i], NULL, &images[i], error);
    }
    double decoded = bench_now_ms();
    ok = ok && !bd_session_replace(b->session, &images[0], &images[1], NULL, &result, error);
    double replaced = bench_now_ms();
    ok = ok && !bd_image_encode(&result, &jpeg, &data, &bytes, error);
    double end = bench_now_ms();
    if (ok) {
        size[0] = images[0].width;
        size[1] = images[0].height;
        measures[DECODE] = decoded - start;
        measures[REPLACE] = replaced - decoded;
        measures[NETWORK] = network_ms(b->session, stages, stage_count);
        measures[ENCODE] = end - replaced;
        measures[TOTAL] = end - start;
        measures[OTHER] = measures[TOTAL] - measures[NETWORK];
    }
    bd_release(NULL, data);
    bd_image_finish(&images[0]);
    bd_image_finish(&images[1]);
    bd_image_finish(&result);
    return ok;
}

/* As many photos one after the other, the host's work on one photo beside the device's on another. Milliseconds a
 * photo. */
static bool run_series(bench *b, const pair *p, uint32_t photos, double *ms, bd_error *error) {
    const bd_image_write_params jpeg = {.struct_size = sizeof jpeg, .file = BD_IMAGE_FILE_JPEG};
    const bd_replace_params params = {.struct_size = sizeof params};
    bd_image result = {0};
    bool ok = true;
    double start = bench_now_ms();
    for (uint32_t i = 0; i <= photos && ok; i++) {
        bd_image images[2] = {{0}};
        for (int k = 0; k < 2 && i < photos && ok; k++) {
            ok = !bd_image_decode(p->data[k], p->bytes[k], p->name[k], NULL, &images[k], error);
        }
        if (i < photos && ok) {
            ok = !bd_session_replace_begin(b->session, &images[0], &images[1], &params, error);
        }
        bd_image_finish(&images[0]);
        bd_image_finish(&images[1]);
        void *data = NULL;
        size_t bytes = 0;
        ok = ok && (!i || (!bd_session_replace_end(b->session, &result, error) &&
                           !bd_image_encode(&result, &jpeg, &data, &bytes, error)));
        bd_release(NULL, data);
    }
    *ms = (bench_now_ms() - start) / photos;
    bd_image_finish(&result);
    return ok;
}

/* Of the last photo. */
static void add_stages(const bench *b, cJSON *row, const bd_timing *stages, uint32_t count) {
    cJSON *list = cJSON_AddArrayToObject(row, "stages");
    for (uint32_t i = 0; i < count; i++) {
        bench_say(b, "%s%s %.3f%s", i ? ", " : "    ", stages[i].name, stages[i].ms,
                  i + 1 == count ? "\n" : (stages[i].device ? "" : " (host)"));
        cJSON *stage = cJSON_CreateObject();
        cJSON_AddStringToObject(stage, "name", stages[i].name);
        cJSON_AddNumberToObject(stage, "ms", stages[i].ms);
        cJSON_AddBoolToObject(stage, "device", stages[i].device);
        cJSON_AddItemToArray(list, stage);
    }
}

/* One line of the table. A photo that this device cannot take is a line that says so. */
static bool time_pair(bench *b, const pair *p, uint32_t runs, cJSON *rows) {
    double measures[MEASURES][BENCH_MOST_RUNS];
    bd_timing stages[MOST_STAGES];
    uint32_t stage_count = 0;
    uint32_t size[2] = {0, 0};
    bd_error error;
    cJSON *row = cJSON_CreateObject();
    cJSON_AddItemToArray(rows, row);
    cJSON_AddStringToObject(row, "photo", p->name[0]);
    for (uint32_t r = 0; r < runs + 1; r++) { /* the first one makes buffers and pipelines */
        double one[MEASURES];
        if (!run_pair(b, p, one, size, stages, &stage_count, &error)) {
            cJSON_AddStringToObject(row, "failed", error.message);
            bench_say(b, "%s: %s: %s\n", p->name[0], bd_result_name(error.code), error.message);
            return error.code == BD_ERR_UNSUPPORTED;
        }
        for (int m = 0; m < MEASURES && r; m++) {
            measures[m][r - 1] = one[m];
        }
    }
    double series[2]; /* the first one makes the second frame */
    for (int i = 0; i < 2; i++) {
        if (!run_series(b, p, i ? runs + 1 : 3, &series[i], &error)) {
            bench_say(b, "%s: %s: %s\n", p->name[0], bd_result_name(error.code), error.message);
            return false;
        }
    }
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    char text[48];
    double megapixels = 1e-6 * (double)size[0] * size[1];
    (void)snprintf(text, sizeof text, "%ux%u", size[0], size[1]);
    cJSON_AddStringToObject(row, "size", text);
    cJSON_AddNumberToObject(row, "megapixels", megapixels);
    bench_say(b, "%-12s %7.2f", text, megapixels);
    double other = 0;
    for (int m = 0; m < MEASURES; m++) {
        double median = bench_median(measures[m], runs);
        cJSON_AddItemToObject(row, measure_keys[m], bench_summary(measures[m], runs));
        bench_say(b, " %9.1f", median);
        other = m == OTHER ? median : other;
    }
    cJSON_AddNumberToObject(row, "other_ms_per_megapixel", other / megapixels);
    cJSON_AddNumberToObject(row, "series_ms", series[1]);
    cJSON_AddNumberToObject(row, "peak_resident_mb", (double)usage.ru_maxrss / 1024);
    bench_say(b, " %9.1f %9.1f %8.0f\n", other / megapixels, series[1], (double)usage.ru_maxrss / 1024);
    add_stages(b, row, stages, stage_count);
    return true;
}

/* Megapixels, four to three, or WIDTHxHEIGHT, with commas between. 0: something else. */
static uint32_t read_sizes(const char *text, extent *sizes) {
    uint32_t count = 0;
    while (*text && count < MOST_SIZES) {
        char *end;
        double first = strtod(text, &end);
        double second = 0;
        if (end != text && *end == 'x') {
            text = end + 1;
            second = strtod(text, &end);
        } else {
            first = floor(sqrt(first * 1e6 * 4 / 3) + 0.5);
            second = floor(first * 3 / 4 + 0.5);
        }
        if (end == text || !(first >= 16 && second >= 16 && first * second <= 200e6)) {
            return 0;
        }
        sizes[count++] = (extent){(uint32_t)first, (uint32_t)second};
        text = end + (*end == ',');
    }
    return count;
}

bool bench_e2e(bench *b) {
    const bench_arguments *a = &b->a;
    extent sizes[MOST_SIZES];
    cJSON *json = bench_begin(b, "e2e", 1);
    if (!json) {
        return false;
    }
    uint32_t count = read_sizes(a->megapixels, sizes);
    bool given = a->photo || a->background;
    if (!count || (given && !(a->photo && a->background))) {
        (void)fprintf(stderr, "e2e takes --photo and --background together, --megapixels as 12,48,1920x1080\n");
        return bench_end(b, json, false);
    }
    bool ok = true;
    cJSON *rows = cJSON_AddArrayToObject(json, "photos");
    bench_say(b, "JPEG photo and JPEG background of one size unless given, JPEG out; medians of %u, ms\n", a->runs);
    bench_say(b, "%-12s %7s %9s %9s %9s %9s %9s %9s %9s %9s %8s\n", "photo", "MP", "decode", "replace", "network",
              "encode", "total", "other", "other/MP", "series", "peak MB");
    for (uint32_t s = 0; s < (given ? 1 : count); s++) {
        pair p = {0};
        ok = (given ? pair_read(&p, a->photo, a->background) : pair_make(&p, sizes[s])) &&
             time_pair(b, &p, a->runs, rows) && ok;
        pair_close(&p);
    }
    bench_say(
        b, "replace contains network (by the device's clock); other = total - network; series: a photo of many, two\n"
           "in flight, which decodes and encodes while the device works\n");
    return bench_end(b, json, ok);
}
