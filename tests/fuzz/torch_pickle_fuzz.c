/* SPDX-License-Identifier: MIT
 * libFuzzer's door to the pickle of a state dict: an archive's directory would keep most mutations out. The tensors'
 * data are the entries data/0 to data/255, 4 KiB of zeros each; what is read is turned into a network.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/passes.h"
#include "model/torch/torch_networks.h"
#include "model/torch/torch_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { KEYS = 256, DATA_BYTES = 4096 };

static int by_name(const void *a, const void *b) {
    return strcmp(((const bd_torch_entry *)a)->name, ((const bd_torch_entry *)b)->name);
}

static const bd_torch_entry *make_entries(void) {
    static const uint8_t values[DATA_BYTES];
    static char names[KEYS][16];
    static bd_torch_entry entries[KEYS];
    for (int i = 0; i < KEYS && !entries[KEYS - 1].data; i++) {
        int length = snprintf(names[i], sizeof names[i], "a/data/%d", i);
        entries[i] = (bd_torch_entry){names[i], (size_t)length, values, DATA_BYTES, 0, 0};
        if (i == KEYS - 1) {
            qsort(entries, KEYS, sizeof *entries, by_name);
        }
    }
    return entries;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    bd_torch_entry entries[KEYS];
    memcpy(entries, make_entries(), sizeof entries);
    const bd_torch_zip zip = {"fuzz", entries, KEYS};
    const bd_torch_entry pickle = {.name = "a/data.pkl", .name_bytes = 10, .data = data, .bytes = bytes};
    bd_error error;
    bd_graph graph;
    bd_pool pool = {0};
    bd_torch_state state = {0};
    if (bd_graph_init(&graph, NULL, "fuzz", &error)) {
        return 0;
    }
    if (!bd_torch_pickle_read(&zip, &pickle, "a", 1, &pool, &state, &error) &&
        !bd_torch_state_sort(&state, "fuzz", &error) &&
        !bd_torch_build(&state, "fuzz", DATA_BYTES * KEYS, &graph, &error)) {
        (void)!bd_graph_lower(&graph, 32, &error);
    }
    bd_graph_finish(&graph);
    bd_pool_finish(&pool);
    return 0;
}
