/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double bench_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double bench_median(double *values, uint32_t count) {
    if (!count) {
        return 0;
    }
    qsort(values, count, sizeof *values, ascending);
    return count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

double bench_least(const double *values, uint32_t count) {
    double least = count ? values[0] : 0;
    for (uint32_t i = 1; i < count; i++) {
        least = fmin(least, values[i]);
    }
    return least;
}

double bench_largest(const double *values, uint32_t count) {
    double largest = count ? values[0] : 0;
    for (uint32_t i = 1; i < count; i++) {
        largest = fmax(largest, values[i]);
    }
    return largest;
}

bool bench_option(bench *b, int argc, char **argv, int *i) {
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"--model", &b->model_path},
                   {"--device", &b->device},
                   {"--kernels", &b->kernels},
                   {"--cache-dir", &b->cache_dir},
                   {"--json", &b->json_path}};
    for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
        if (!strcmp(argv[*i], options[o].name) && *i + 1 < argc) {
            *options[o].value = argv[++*i];
            return true;
        }
    }
    if (!strcmp(argv[*i], "--validation")) {
        b->validation = true;
        return true;
    }
    return false;
}

bool bench_fail(const bd_error *error) {
    (void)fprintf(stderr, "%s: %s\n", bd_result_name(error->code), error->message);
    return false;
}

static void print_log(void *user, bd_log_level level, const char *message) {
    (void)user;
    if (level <= BD_LOG_WARNING) {
        (void)fprintf(stderr, "%s\n", message);
    }
}

static bool default_model(char *path, size_t room) {
    static const char model[] = "weights/cache/deeplabv3_mnv2_pascal/model.json";
    char executable[2048];
    ssize_t length = readlink("/proc/self/exe", executable, sizeof executable - 1);
    if (length <= 0) {
        return false;
    }
    executable[length] = '\0';
    for (char *slash = strrchr(executable, '/'); slash; slash = strrchr(executable, '/')) {
        *slash = '\0';
        (void)snprintf(path, room, "%s/%s", executable, model);
        if (bench_exists(path)) {
            return true;
        }
    }
    return false;
}

bool bench_open(bench *b) {
    bd_error error;
    char path[4096];
    if (!b->model_path) {
        if (!default_model(path, sizeof path)) {
            (void)fprintf(stderr, "no weights: run weights/fetch, or give --model\n");
            return false;
        }
        b->model_path = path;
    }
    double start = bench_now_ms();
    bool ok = !bd_model_open(b->model_path, NULL, &b->model, &error);
    if (b->model_path == path) {
        b->model_path = "deeplabv3_mnv2_pascal";
    }
    if (!ok) {
        return bench_fail(&error);
    }
    bd_model_get_info(b->model, &b->info);
    double imported = bench_now_ms();
    const bd_engine_params params = {.struct_size = sizeof params,
                                     .log = print_log,
                                     .device = b->device,
                                     .kernel_set = b->kernels,
                                     .cache_dir = b->cache_dir,
                                     .validation = b->validation};
    if (bd_engine_create(&params, &b->engine, &error)) {
        return bench_fail(&error);
    }
    bd_engine_device(b->engine, &b->device_info);
    double opened = bench_now_ms();
    if (bd_session_create(b->engine, b->model, NULL, &b->session, &error)) {
        return bench_fail(&error);
    }
    b->import_ms = imported - start;
    b->engine_ms = opened - imported;
    b->session_ms = bench_now_ms() - opened;
    return true;
}

void bench_close(bench *b) {
    bd_session_destroy(b->session);
    bd_engine_destroy(b->engine);
    bd_model_destroy(b->model);
    b->session = NULL;
    b->engine = NULL;
    b->model = NULL;
}

void bench_describe(const bench *b, cJSON *object) {
    char input[32];
    (void)snprintf(input, sizeof input, "%ux%u", b->info.input_width, b->info.input_height);
    cJSON_AddStringToObject(object, "device", b->device_info.name);
    cJSON_AddStringToObject(object, "driver", b->device_info.driver);
    cJSON_AddStringToObject(object, "kernels", b->device_info.kernel_set);
    cJSON_AddStringToObject(object, "model", b->model_path);
    cJSON_AddStringToObject(object, "input", input);
    cJSON_AddNumberToObject(object, "output_stride", b->info.output_stride);
    cJSON_AddStringToObject(object, "precision", "fp32");
}

bool bench_write_json(const bench *b, cJSON *json) {
    bool ok = true;
    if (b->json_path) {
        char *text = cJSON_Print(json);
        FILE *file = strcmp(b->json_path, "-") ? fopen(b->json_path, "w") : stdout;
        ok = text && file && fprintf(file, "%s\n", text) > 0;
        if (file && file != stdout) {
            ok = !fclose(file) && ok;
        }
        if (!ok) {
            (void)fprintf(stderr, "%s: cannot write\n", b->json_path);
        }
        free(text);
    }
    cJSON_Delete(json);
    return ok;
}

bool bench_exists(const char *path) {
    return !access(path, R_OK);
}

bool bench_read_npy(const char *path, float **values, uint32_t shape[4]) {
    *values = NULL;
    FILE *file = fopen(path, "rb");
    unsigned char start[10];
    char header[1024];
    bool ok = file && fread(start, 1, sizeof start, file) == sizeof start && !memcmp(start, "\x93NUMPY\x01", 7);
    size_t length = ok ? (size_t)start[8] | (size_t)start[9] << 8 : 0;
    ok = ok && length < sizeof header && fread(header, 1, length, file) == length;
    header[ok ? length : 0] = '\0';
    const char *dimensions = strstr(header, "'shape': (");
    ok = ok && dimensions && strstr(header, "'<f4'") && strstr(header, "'fortran_order': False");
    uint32_t rank = 0;
    size_t count = 1;
    for (const char *c = ok ? dimensions + 10 : ")"; *c && *c != ')' && ok;) {
        char *end;
        unsigned long dimension = strtoul(c, &end, 10);
        ok = end != c && rank < 4 && dimension > 0 && dimension < 1u << 20 && count <= ((size_t)1 << 28) / dimension;
        if (ok) {
            shape[rank++] = (uint32_t)dimension;
            count *= dimension;
            c = end + strspn(end, ", ");
        }
    }
    for (uint32_t r = rank; r < 4; r++) {
        shape[r] = 1;
    }
    if (ok) {
        *values = malloc(count * sizeof **values);
        ok = *values && fread(*values, sizeof **values, count, file) == count;
    }
    if (file) {
        (void)fclose(file);
    }
    if (!ok) {
        (void)fprintf(stderr, "%s: not a float32 NumPy file that can be read\n", path);
        free(*values);
        *values = NULL;
    }
    return ok;
}
