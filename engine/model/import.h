/* SPDX-License-Identifier: MIT
 * Exported networks of any form. Every byte of them is hostile. */
#ifndef BD_IMPORT_H
#define BD_IMPORT_H

#include "graph/graph.h"
#include "model/bytes/shards.h"

/* Opens an exported network: its form is told by its first bytes, never by its name.
 *
 * graph    initialised, empty. Gets the nodes that the output needs in topological order, input and output; nothing is
 *          inferred. On failure it is good for bd_graph_finish only.
 * shards   written: the files, in memory, that constants point into. Empty on failure.
 * form     the form's name, static; may be NULL.
 * Errors   BD_ERR_FILE_FORMAT (no form that is read here), _CORRUPT, _NOT_FOUND, _READ, BD_ERR_MODEL_UNSUPPORTED,
 *          BD_ERR_OUT_OF_MEMORY. The message names the file, and the node where there is one.
 *
 * An importer of one form, bd_model_import_FORM(data, bytes, path, graph, shards, error), takes the file in memory:
 * data     must outlive the graph, for constants may point into it.
 * path     what messages call the file; files beside it are looked for in its folder.
 * The rest is as above, but shards has the files beside it only. */
bd_result bd_model_import(const char *path, bd_graph *graph, bd_shards *shards, const char **form, bd_error *error);

/* The same of memory that stays as long as graph and shards; files, likewise, has what lies beside it, and is not NULL. */
bd_result bd_model_import_memory(const void *data, size_t bytes, const char *name, const bd_model_files *files,
                                 bd_graph *graph, bd_shards *shards, const char **form, bd_error *error);

/* The same of what bd_model_import opened before, whatever has become of the files since; opened must outlive graph and
 * shards. */
bd_result bd_model_import_again(const bd_shards *opened, const char *path, bd_graph *graph, bd_shards *shards,
                                const char **form, bd_error *error);

#endif
