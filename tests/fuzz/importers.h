/* SPDX-License-Identifier: MIT
 * Every importer that is fuzzed, one row each: its corpus is tests/fuzz/corpus/NAME, its libFuzzer program NAME_fuzz,
 * and replay_test feeds it the corpus. */
#ifndef BD_FUZZ_IMPORTERS_H
#define BD_FUZZ_IMPORTERS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/passes.h"
#include "model/onnx/onnx.h"
#include "model/tensorflow/graphdef.h"
#include "model/tensorflow/tfjs.h"
#include "model/tflite/tflite.h"
#include "model/torch/safetensors.h"
#include "model/torch/torch.h"
#include "model/torch/torch_networks.h"
#include "model/torch/torch_read.h"

typedef bd_result fuzz_import(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                              bd_error *error);

typedef struct importer {
    const char *name;
    fuzz_import *import;
    bool (*recognise)(const uint8_t *data, size_t bytes); /* may be NULL */
    const char *path;        /* what the file is called; below tests/fuzz/, where files may lie beside it */
    size_t least;            /* files in the corpus */
    const char *accepted[4]; /* those of the corpus that are known to become networks */
    bool sized;              /* it computes with sizes: it imports at the graph's open size, and half of what it accepts
                                is lowered to another one */
} importer;

/* A pickle comes first in files of PyTorch before 1.6. */
static bd_result import_torch(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                              bd_error *error) {
    bool legacy = bytes && data[0] == 0x80;
    return (legacy ? bd_model_import_torch_legacy : bd_model_import_torch)(data, bytes, path, graph, shards, error);
}

static int compare_entries(const void *a, const void *b) {
    return strcmp(((const bd_zip_entry *)a)->name, ((const bd_zip_entry *)b)->name);
}

/* The pickle of a state dict alone: an archive's directory would keep most mutations out. The tensors' data are the
 * entries data/0 to data/255, 4 KiB of zeros each. */
static bd_result import_torch_pickle(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph,
                                     bd_shards *shards, bd_error *error) {
    enum { KEYS = 256, DATA_BYTES = 4096 };
    static const uint8_t values[DATA_BYTES];
    static char names[KEYS][16];
    static bd_zip_entry sorted[KEYS];
    for (int i = 0; i < KEYS && !sorted[KEYS - 1].data; i++) {
        int length = snprintf(names[i], sizeof names[i], "a/data/%d", i);
        sorted[i] = (bd_zip_entry){.name = names[i], .name_bytes = (size_t)length, .data = values, .bytes = DATA_BYTES};
        if (i == KEYS - 1) {
            qsort(sorted, KEYS, sizeof *sorted, compare_entries);
        }
    }
    bd_zip_entry entries[KEYS];
    memcpy(entries, sorted, sizeof entries);
    const bd_zip zip = {.file = path, .entries = entries, .count = KEYS};
    const bd_zip_entry pickle = {.name = "a/data.pkl", .name_bytes = 10, .data = data, .bytes = bytes};
    bd_pool pool = {0};
    bd_torch_state state = {0};
    *shards = (bd_shards){0};
    bd_result result = bd_torch_pickle_read(&zip, &pickle, "a", 1, &pool, &state, error);
    result = result ? result : bd_torch_state_sort(&state, path, error);
    result = result ? result : bd_torch_build(&state, path, (size_t)DATA_BYTES * KEYS, graph, error);
    bd_pool_finish(&pool);
    return result;
}

static const importer importers[] = {
    {"graphdef",
     bd_model_import_graphdef,
     bd_model_is_graphdef,
     "graph.pb",
     4,
     {"network.pb", "quantised.pb", "atrous.pb", "channels_first.pb"},
     false},
    {"onnx", bd_model_import_onnx, bd_model_is_onnx, "shards/model.onnx", 5, {"network.onnx"}, true},
    {"safetensors", bd_model_import_safetensors, NULL, "fuzz", 3, {"small_resnet.safetensors"}, false},
    {"tfjs", bd_model_import_tfjs, NULL, "shards/model.json", 5, {"network.json"}, false},
    {"tflite", bd_model_import_tflite, bd_model_is_tflite, "model.tflite", 15, {"float.tflite"}, false},
    {"torch", import_torch, NULL, "fuzz", 5, {"small_resnet.pth", "vainf_plus.pth"}, false},
    {"torch_pickle", import_torch_pickle, NULL, "fuzz", 4, {"small_resnet.pkl"}, false},
};

static const importer *find_importer(const char *name) {
    for (size_t i = 0; i < BD_COUNT(importers); i++) {
        if (!strcmp(importers[i].name, name)) {
            return &importers[i];
        }
    }
    return NULL;
}

/* tests/fuzz/BELOW of BACKDROP_SOURCE_DIR, else of the folder that is run from. */
static const char *fuzz_path(char path[4096], const char *below) {
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    (void)snprintf(path, 4096, "%s/tests/fuzz/%s", source ? source : ".", below);
    return path;
}

/* Imports a file and, where it is accepted, runs the passes. */
static bd_result feed(const importer *to, const uint8_t *data, size_t bytes, bd_error *error) {
    char path[4096];
    bd_graph graph;
    bd_shards shards = {0};
    if (to->recognise) {
        (void)to->recognise(data, bytes);
    }
    bd_result result = bd_graph_init(&graph, NULL, fuzz_path(path, to->path), error);
    if (result) {
        return result;
    }
    if (to->sized) {
        graph.open_height = 32;
        graph.open_width = 24;
    }
    result = to->import(data, bytes, path, &graph, &shards, error);
    if (!result) {
        uint32_t side = to->sized && data[bytes - 1] & 1 ? 40 : 0;
        result = bd_graph_lower_to(&graph, 32, side, side / 2, error);
    }
    bd_graph_finish(&graph);
    bd_shards_finish(&shards);
    return result;
}

#endif
