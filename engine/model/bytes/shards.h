/* SPDX-License-Identifier: MIT
 * Files that lie beside a model's main file. */
#ifndef BD_SHARDS_H
#define BD_SHARDS_H

#include "base/base.h"

#define BD_MODEL_MAX_SHARDS 1024

/* Files that a graph's constants point into. They must outlive the graph. */
typedef struct bd_shards {
    const bd_allocator *allocator;
    const bd_model_files *files;    /* where they come from, and that keeps them; NULL: they are read into memory */
    const struct bd_shards *opened; /* not NULL: those of the same model, opened before, which keeps them */
    bd_content *contents;
    uint32_t count;
} bd_shards;

/* None yet; where they come from stays. */
void bd_shards_begin(bd_shards *shards, const bd_allocator *allocator);
/* Reads the files in order, or has them from shards->files or shards->opened. A relative path may go down into folders,
 * never up or out: absolute paths, "..", and backslashes are BD_ERR_FILE_CORRUPT. On failure there are none.
 *
 * model_path  the main file; its folder is where the paths begin.
 */
bd_result bd_shards_open(bd_shards *shards, const char *model_path, const char *const *paths, uint32_t count,
                         bd_error *error);
/* Takes over the main file's content, as the last. On failure it stays the caller's. */
bd_result bd_shards_keep(bd_shards *shards, const bd_content *content, bd_error *error);
/* What bd_shards_keep was given. */
const bd_content *bd_shards_main(const bd_shards *shards);
void bd_shards_finish(bd_shards *shards); /* safe on an empty one */

#endif
