/* SPDX-License-Identifier: MIT
 * What the benchmark programs share. */
#ifndef BD_BENCH_COMMON_H
#define BD_BENCH_COMMON_H

#include "backdrop.h"

#include <cJSON.h>

/* Options that every program takes, and the objects they lead to. */
typedef struct bench {
    const char *model_path, *device, *kernels, *cache_dir, *json_path;
    bool validation;
    bd_model *model;
    bd_model_info info;
    bd_engine *engine;
    bd_device_info device_info;
    bd_session *session;
    double import_ms, engine_ms, session_ms;
} bench;

double bench_now_ms(void);
double bench_median(double *values, uint32_t count); /* sorts them */
double bench_least(const double *values, uint32_t count);
double bench_largest(const double *values, uint32_t count);

/* Takes --model, --device, --kernels, --cache-dir, --json and --validation; false when the option is none of them. *i
 * moves on over its value. */
bool bench_option(bench *b, int argc, char **argv, int *i);
/* Opens model, device and session and times each; prints the failure. Default model: weights/cache beside the
 * executable's folder. */
bool bench_open(bench *b);
void bench_close(bench *b);

bool bench_fail(const bd_error *error); /* prints it; false */

/* device, driver, kernels, model, input, output_stride, precision: what every figure needs beside it. */
void bench_describe(const bench *b, cJSON *object);
/* Writes json to --json FILE ("-": standard output) if given, and deletes it. */
bool bench_write_json(const bench *b, cJSON *json);

/* Reads a NumPy file of little-endian float32 in C order. *values is free()d by the caller; shape is filled up with
 * ones. */
bool bench_read_npy(const char *path, float **values, uint32_t shape[4]);

bool bench_exists(const char *path);

#endif
