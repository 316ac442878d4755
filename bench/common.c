/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

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

cJSON *bench_summary(double *values, uint32_t count) {
    cJSON *object = cJSON_CreateObject();
    double median = bench_median(values, count);
    cJSON_AddNumberToObject(object, "median", median);
    cJSON_AddNumberToObject(object, "min", count ? values[0] : 0);
    cJSON_AddNumberToObject(object, "max", count ? values[count - 1] : 0);
    cJSON_AddNumberToObject(object, "q1", count ? values[(count - 1) / 4] : 0);
    cJSON_AddNumberToObject(object, "q3", count ? values[count - 1 - (count - 1) / 4] : 0);
    cJSON_AddNumberToObject(object, "runs", count);
    return object;
}

/* ---- model, device, session -------------------------------------------------------------------------------------- */

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

bool bench_find_file(const char *name, char path[BENCH_PATH]) {
    char executable[2048];
    ssize_t length = readlink("/proc/self/exe", executable, sizeof executable - 1);
    if (length <= 0) {
        return false;
    }
    executable[length] = '\0';
    for (char *slash = strrchr(executable, '/'); slash; slash = strrchr(executable, '/')) {
        *slash = '\0';
        (void)snprintf(path, BENCH_PATH, "%s/%s", executable, name);
        if (bench_exists(path)) {
            return true;
        }
    }
    return false;
}

/* What --model names: a file, a folder of weights/cache, or nothing, which is the default network. */
static bool find_model(bench *b) {
    static const char normal[] = "deeplabv3_mnv2_pascal";
    const char *given = b->a.model ? b->a.model : normal;
    char relative[1024];
    (void)snprintf(relative, sizeof relative, "weights/cache/%.900s/model.json", given);
    if (!strchr(given, '/') && bench_find_file(relative, b->model_file)) {
        (void)snprintf(b->model_name, sizeof b->model_name, "%.250s", given);
    } else if (b->a.model) {
        (void)snprintf(b->model_file, sizeof b->model_file, "%s", given);
        /* The file's name says most; that of every TensorFlow.js export says nothing, its folder's does. */
        char text[BENCH_PATH];
        (void)snprintf(text, sizeof text, "%s", given);
        char *slash = strrchr(text, '/');
        if (slash && !strcmp(slash, "/model.json")) {
            *slash = '\0';
            slash = strrchr(text, '/');
        }
        (void)snprintf(b->model_name, sizeof b->model_name, "%.250s", slash ? slash + 1 : text);
    } else {
        (void)fprintf(stderr, "no weights: run weights/fetch, or give --model\n");
        b->failure = BD_ERR_FILE_NOT_FOUND;
        return false;
    }
    b->default_model = !strcmp(b->model_name, normal);
    return true;
}

static bd_result create_engine(const bench *b, const char *kernel_set, bd_engine **engine, bd_error *error) {
    const bd_engine_params params = {.struct_size = sizeof params,
                                     .allocator = b->allocator,
                                     .log = print_log,
                                     .device = b->a.device,
                                     .kernel_set = kernel_set,
                                     .cache_dir = b->a.cache_dir,
                                     .validation = b->a.validation,
                                     .get_instance_proc_addr = b->get_instance_proc_addr};
    return bd_engine_create(&params, engine, error);
}

static bd_result create_session(const bench *b, bd_engine *engine, bd_precision precision, bd_session **session,
                                bd_error *error) {
    const bd_session_params params = {.struct_size = sizeof params,
                                      .allocator = b->allocator,
                                      .precision = precision,
                                      .many = !b->a.single,
                                      .sizes = (const bd_model *const *)b->sizes,
                                      .size_count = b->size_count,
                                      .in_flight = b->a.in_flight};
    return bd_session_create(engine, b->model, &params, session, error);
}

bool bench_open_engine(bench *b, const char *kernel_set, bd_precision precision, bd_engine **engine,
                       bd_session **session, bd_error *error) {
    *session = NULL;
    bd_result result = create_engine(b, kernel_set, engine, error);
    if (!result) {
        result = create_session(b, *engine, precision, session, error);
        if (result) {
            bd_engine_destroy(*engine);
            *engine = NULL;
        }
    }
    return !result;
}

/* --sizes */
static bool open_sizes(bench *b) {
    bd_error error;
    const char *text = b->a.sizes;
    while (text && *text) {
        char *end;
        long side = strtol(text, &end, 10);
        uint32_t size = (uint32_t)side;
        const bd_model_params model = {
            .struct_size = sizeof model, .width = size, .height = size, .quantised = (bd_quantised)b->a.quantised};
        if (end == text || (*end && *end != ',') || side < 1 || side > 8192 || b->size_count == BENCH_MOST_SIZES) {
            (void)fprintf(stderr, "--sizes takes up to %d numbers from 1 to 8192, commas between, not \"%s\"\n",
                          (int)BENCH_MOST_SIZES, b->a.sizes);
            b->failure = BD_ERR_INVALID_ARGUMENT;
            return false;
        }
        b->failure = bd_model_open(b->model_file, &model, &b->sizes[b->size_count], &error);
        if (b->failure) {
            return bench_fail(&error);
        }
        b->size_count++;
        text = *end ? end + 1 : end;
    }
    return true;
}

bool bench_open(bench *b, uint32_t session_count) {
    bd_error error;
    const bench_arguments *a = &b->a;
    double start = bench_now_ms();
    if (!find_model(b)) {
        return false;
    }
    const bd_model_params model = {
        .struct_size = sizeof model, .width = a->size, .height = a->size, .quantised = (bd_quantised)a->quantised};
    b->failure = bd_model_open(b->model_file, &model, &b->model, &error);
    if (b->failure) {
        return bench_fail(&error);
    }
    if (!open_sizes(b)) {
        return false;
    }
    b->info.struct_size = sizeof b->info;
    bd_model_get_info(b->model, &b->info);
    double imported = bench_now_ms();
    b->failure = create_engine(b, a->kernels, &b->engine, &error);
    if (b->failure) {
        return bench_fail(&error);
    }
    b->device_info.struct_size = sizeof b->device_info;
    bd_engine_device(b->engine, &b->device_info);
    double opened = bench_now_ms();
    b->session_count = session_count;
    for (uint32_t s = 0; s < session_count; s++) {
        b->failure = create_session(b, b->engine, (bd_precision)a->precision, &b->sessions[s], &error);
        if (b->failure) {
            return bench_fail(&error);
        }
        if (!s) {
            b->session_ms = bench_now_ms() - opened;
        }
    }
    b->session = b->sessions[0];
    b->session_info.struct_size = sizeof b->session_info;
    bd_session_get_info(b->session, &b->session_info);
    b->import_ms = imported - start;
    b->engine_ms = opened - imported;
    return true;
}

void bench_close(bench *b) {
    for (uint32_t s = 0; s < BENCH_MOST_SESSIONS; s++) {
        bd_session_destroy(b->sessions[s]);
        b->sessions[s] = NULL;
    }
    bd_engine_destroy(b->engine);
    for (uint32_t i = 0; i < BENCH_MOST_SIZES; i++) {
        bd_model_destroy(b->sizes[i]);
        b->sizes[i] = NULL;
    }
    b->size_count = 0;
    bd_model_destroy(b->model);
    b->session = NULL;
    b->engine = NULL;
    b->model = NULL;
}

/* ---- what goes out ----------------------------------------------------------------------------------------------- */

const char *bench_precision_name(bd_precision precision) {
    static const char *const names[] = {[BD_PRECISION_AUTO] = "auto",
                                        [BD_PRECISION_FP32] = "fp32",
                                        [BD_PRECISION_FP16] = "fp16",
                                        [BD_PRECISION_FAST16] = "fast16"};
    return (size_t)precision < sizeof names / sizeof *names ? names[precision] : "?";
}

static const char *kind_name(bd_device_kind kind) {
    switch (kind) {
    case BD_DEVICE_INTEGRATED: return "integrated";
    case BD_DEVICE_DISCRETE: return "discrete";
    case BD_DEVICE_VIRTUAL: return "virtual";
    case BD_DEVICE_SOFTWARE: return "software";
    default: return "other";
    }
}

void bench_describe(const bench *b, cJSON *object) {
    char input[32];
    (void)snprintf(input, sizeof input, "%ux%u", b->info.input_width, b->info.input_height);
    cJSON_AddStringToObject(object, "version", bd_version());
    cJSON_AddStringToObject(object, "device", b->device_info.name);
    cJSON_AddStringToObject(object, "device_kind", kind_name(b->device_info.kind));
    cJSON_AddStringToObject(object, "driver", b->device_info.driver);
    cJSON_AddStringToObject(object, "kernels", b->session_info.kernel_set);
    cJSON_AddStringToObject(object, "model", b->model_name);
    cJSON_AddStringToObject(object, "input", input);
    cJSON_AddNumberToObject(object, "output_stride", b->info.output_stride);
    cJSON_AddStringToObject(object, "precision", bench_precision_name(b->session_info.precision));
    cJSON_AddStringToObject(object, "arithmetic", b->info.integers ? "integer" : "float");
    cJSON_AddBoolToObject(object, "many", !b->a.single);
    cJSON_AddNumberToObject(object, "dispatches", b->session_info.dispatches);
    cJSON_AddNumberToObject(object, "multiply_adds", (double)b->info.multiply_adds);
}

void bench_headline(const bench *b) {
    bench_say(b, "%s, %s, kernels %s, %s, %s %ux%u, output stride %u\n", b->device_info.name, b->device_info.driver,
              b->session_info.kernel_set, bench_precision_name(b->session_info.precision), b->model_name,
              b->info.input_width, b->info.input_height, b->info.output_stride);
}

cJSON *bench_begin(bench *b, const char *benchmark, uint32_t session_count) {
    if (!bench_open(b, session_count)) {
        return NULL;
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "benchmark", benchmark);
    bench_describe(b, json);
    bench_headline(b);
    return json;
}

bool bench_put_json(const bench *b, const cJSON *json) {
    char *text = cJSON_Print(json);
    FILE *file = strcmp(b->a.json, "-") ? fopen(b->a.json, "w") : stdout;
    bool ok = text && file && fprintf(file, "%s\n", text) > 0;
    if (file && file != stdout) {
        ok = !fclose(file) && ok;
    }
    if (!ok) {
        (void)fprintf(stderr, "%s: cannot write\n", b->a.json);
    }
    free(text);
    return ok;
}

bool bench_write_json(const bench *b, cJSON *json) {
    bool ok = !b->a.json || bench_put_json(b, json);
    cJSON_Delete(json);
    return ok;
}

bool bench_end(const bench *b, cJSON *json, bool ok) {
    if (json && ok) {
        return bench_write_json(b, json);
    }
    cJSON_Delete(json);
    return false;
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
