/* SPDX-License-Identifier: MIT
 * Files that lie beside a model's main file. */
#ifndef BD_SHARDS_H
#define BD_SHARDS_H

#include "base/base.h"

#define BD_MODEL_MAX_SHARDS 1024

/* Files that a graph's constants point into. They must outlive the graph. */
typedef struct bd_shards {
    const bd_allocator *allocator;
    const bd_model_files *files; /* where they come from, and that keeps them; NULL: they are mapped */
    bd_mapping *maps;
    uint32_t count;
} bd_shards;

/* Maps the files in order, or has them from shards->files. A relative path may go down into folders, never up or out: absolute paths, "..", and
 * backslashes are BD_ERR_FILE_CORRUPT. On failure there are none.
 *
 * model_path  the main file; its folder is where the paths begin.
 */
bd_result bd_shards_open(bd_shards *shards, const char *model_path, const char *const *paths, uint32_t count,
                         bd_error *error);
/* Takes over a mapping. On failure the mapping stays the caller's. */
bd_result bd_shards_keep(bd_shards *shards, const bd_mapping *map, bd_error *error);
void bd_shards_finish(bd_shards *shards); /* safe on an empty one */

#endif
