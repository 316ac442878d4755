/* SPDX-License-Identifier: MIT
 * What was measured on a device: for each shape of an operation, the kernel that computes it fastest. Kept in the cache
 * folder, one file per device, driver and version of this library. */
#ifndef BD_TUNING_H
#define BD_TUNING_H

#include "kernel/kernel.h"

enum { BD_TUNING_SIGNATURE_BYTES = 256 };

typedef struct bd_tuning_entry {
    char signature[BD_TUNING_SIGNATURE_BYTES]; /* of the node; see bd_tuning_signature */
    char name[BD_KERNEL_NAME_BYTES];           /* of the choice; of a network's precision, "fp16" or "fp32" */
    double us;
} bd_tuning_entry;

typedef struct bd_tuning {
    const bd_allocator *allocator;
    char *path; /* NULL: nothing is kept on disk */
    bd_tuning_entry *entries;
    uint32_t *sorted; /* numbers of entries, by signature */
    uint32_t count, capacity;
} bd_tuning;

/* Reads what is there. A file that is broken or another version's counts as empty.
 *
 * pipelines_path  the pipeline cache's; NULL: nothing is kept on disk. */
bd_result bd_tuning_init(bd_tuning *tuning, const char *pipelines_path, const bd_allocator *allocator, bd_error *error);
void bd_tuning_finish(bd_tuning *tuning);
/* What bd_tuning_init does with the text of a file, for an empty tuning. */
bd_result bd_tuning_parse(bd_tuning *tuning, const char *text, size_t bytes, bd_error *error);
bd_result bd_tuning_save(const bd_tuning *tuning, bd_error *error);

const bd_tuning_entry *bd_tuning_find(const bd_tuning *tuning, const char *signature);
/* Adds an entry or replaces that of the same signature. */
bd_result bd_tuning_put(bd_tuning *tuning, const char *signature, const char *name, double us, bd_error *error);
/* Removes an entry, if it is there. */
void bd_tuning_drop(bd_tuning *tuning, const char *signature);

/* Says all of a node that its kernels' speed depends on: operation, precision, shapes, window, and those of a depthwise
 * or pointwise convolution before it, which may be computed inside. */
void bd_tuning_signature(const bd_graph *graph, uint32_t node, bd_precision precision,
                         char signature[BD_TUNING_SIGNATURE_BYTES]);
/* The same of a whole network, for its precision: shapes of its nodes in one number. */
void bd_tuning_network_signature(const bd_graph *graph, char signature[BD_TUNING_SIGNATURE_BYTES]);

#endif
