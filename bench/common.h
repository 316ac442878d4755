/* SPDX-License-Identifier: MIT
 * What the verbs of backdrop-bench share. */
#ifndef BD_BENCH_COMMON_H
#define BD_BENCH_COMMON_H

#include "arguments.h"
#include "backdrop.h"

#include <cJSON.h>
#include <stdio.h>

enum { BENCH_PATH = 4096, BENCH_MOST_RUNS = 1000, BENCH_MOST_SESSIONS = 4, BENCH_MOST_SIZES = 6 };

/* A verb at work: what was asked for, and the objects that it leads to. */
typedef struct bench {
    bench_arguments a;
    char **argv;            /* for start, which runs this program anew */
    uint32_t session_count; /* sessions over one model and engine, run in turn */
    FILE *text;             /* tables go here; NULL when standard output is the JSON's */
    bool default_model;     /* the one that weights/fetch brings: stored logits belong to it */
    char model_name[256];
    char model_file[BENCH_PATH];
    const bd_allocator *allocator; /* of engine and session; NULL: the library's own */
    void *get_instance_proc_addr;  /* of the engine; NULL: the system's */
    bd_model *model;
    bd_model *sizes[BENCH_MOST_SIZES]; /* the same at --sizes */
    uint32_t size_count;
    bd_model_info info;
    bd_engine *engine;
    bd_device_info device_info;
    bd_session *session; /* the first */
    bd_session *sessions[BENCH_MOST_SESSIONS];
    bd_session_info session_info;
    bd_result failure; /* of what could not be opened */
    double import_ms, engine_ms, session_ms;
} bench;

double bench_now_ms(void);
double bench_median(double *values, uint32_t count); /* sorts them */
/* {median, min, max, q1, q3, runs}; sorts them. */
cJSON *bench_summary(double *values, uint32_t count);

/* Opens model, device and so many sessions and times the first of each; prints the failure and keeps its code. The
 * model is a file, or the name of a folder under weights/cache beside the executable's folder; default:
 * deeplabv3_mnv2_pascal. */
bool bench_open(bench *b, uint32_t session_count);
bool bench_open_engine(bench *b, const char *kernel_set, bd_precision precision, bd_engine **engine,
                       bd_session **session, bd_error *error); /* another one for the same model */
void bench_close(bench *b);

bool bench_fail(const bd_error *error); /* prints it; false */
#define bench_say(b, ...) ((b)->text ? (void)fprintf((b)->text, __VA_ARGS__) : (void)0)

const char *bench_precision_name(bd_precision precision);
/* device, driver, kernels, model, input, output_stride, precision, dispatches: what every figure needs beside it. */
void bench_describe(const bench *b, cJSON *object);
void bench_headline(const bench *b); /* the same as one line of text */
/* Opens, and begins the JSON object of a benchmark and the text beside it; NULL: it could not be opened. */
cJSON *bench_begin(bench *b, const char *benchmark, uint32_t session_count);
/* Writes json to --json FILE, which must have been given. */
bool bench_put_json(const bench *b, const cJSON *json);
/* Writes json to --json FILE if that was given, and deletes it. */
bool bench_write_json(const bench *b, cJSON *json);
/* The same where all went well, else deletes it alone; NULL: there is none. Returns whether all went well. */
bool bench_end(const bench *b, cJSON *json, bool ok);

/* Reads a NumPy file of little-endian float32 in C order. *values is free()d by the caller; shape is filled up with
 * ones. */
bool bench_read_npy(const char *path, float **values, uint32_t shape[4]);

bool bench_exists(const char *path);
/* The first FOLDER/name that exists, FOLDER being the executable's and those above it. */
bool bench_find_file(const char *name, char path[BENCH_PATH]);

#endif
