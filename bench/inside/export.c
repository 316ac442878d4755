/* SPDX-License-Identifier: MIT
 * backdrop-export: writes a model as ONNX, after our importer and all passes, so that other engines can be timed on
 * exactly the network that we run.
 *
 * The file's input is "x", float32 (1, 3, h, w): the photo after preprocessing, whose numbers stand in the file's
 * metadata (scale, offset: x = byte * scale + offset). Its output is "logits", (1, classes, h, w). Opset 13. */
#include "export_nodes.h"
#include "graph/passes.h"
#include "model/import.h"
#include "bench/options.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct arguments {
    option_operands operands; /* MODEL OUT.onnx */
    uint32_t size;            /* 0: the export's own, or 513 */
    bool print;
} arguments;

static const option_verb verb = {NULL,
                                 "MODEL OUT.onnx",
                                 2,
                                 2,
                                 "Writes any model that Backdrop imports as ONNX (opset 13), as it runs here: after "
                                 "all passes.",
                                 NULL};
static const option options[] = {
    {"--size", OPTION_WHOLE, 1, offsetof(arguments, size), "S", 1, 8192,
     "side of the input; default the export's own, or 513 where it leaves it open"},
    {"--print", OPTION_FLAG, 1, offsetof(arguments, print), NULL, 0, 0, "the graph, one line a node"},
};
static const option_program program = {.name = "backdrop-export",
                                       .statuses = "0 fine, 1 failed, 2 usage",
                                       .verbs = &verb,
                                       .options = options,
                                       .verb_count = 1,
                                       .option_count = BD_COUNT(options),
                                       .operands = offsetof(arguments, operands)};

static bd_result export_graph(const bd_graph *graph, const char *path, bd_error *error) {
    exporter e = {.graph = graph, .error = error};
    const bd_node *preprocess = NULL;
    bd_result result = BD_OK;
    for (uint32_t n = 0; n < graph->count && !result; n++) {
        preprocess = graph->nodes[n].op == BD_OP_PREPROCESS ? &graph->nodes[n] : preprocess;
        result = export_node(&e, n);
    }
    if (!result && (!preprocess || preprocess == &graph->nodes[graph->output])) {
        result = bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: no photo enters the network", graph->file);
    }
    FILE *file = result ? NULL : fopen(path, "wb");
    if (!result) {
        bool ok = file && onnx_write(&e.file, program.name, preprocess, &graph->nodes[graph->output].shape, file);
        ok = (!file || !fclose(file)) && ok;
        result = ok ? BD_OK : bd_fail(error, BD_ERR_FILE_WRITE, "%s: cannot be written", path);
    }
    onnx_finish(&e.file);
    return result;
}

static bd_result print_graph(const bd_graph *graph, bd_error *error) {
    size_t room = bd_graph_print(graph, NULL, 0) + 1;
    char *text = malloc(room);
    if (!text) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    (void)bd_graph_print(graph, text, room); /* all of it has room */
    bool ok = fputs(text, stdout) >= 0 && !fflush(stdout);
    free(text);
    return ok ? BD_OK : bd_fail(error, BD_ERR_FILE_WRITE, "standard output: cannot be written");
}

static bd_result run(const arguments *a, bd_error *error) {
    const char *from = a->operands.items[0];
    bd_graph graph;
    bd_shards shards;
    bd_result result = bd_graph_init(&graph, NULL, from, error);
    if (result) {
        return result;
    }
    graph.in_float = true; /* ONNX has no such integers */
    result = bd_model_import(from, &graph, &shards, NULL, error);
    bool imported = !result;
    if (!result) {
        result = bd_graph_lower_to(&graph, a->size ? a->size : 513, a->size, a->size, error);
    }
    if (!result && a->print) {
        result = print_graph(&graph, error);
    }
    if (!result) {
        result = export_graph(&graph, a->operands.items[1], error);
    }
    bd_graph_finish(&graph);
    if (imported) {
        bd_shards_finish(&shards);
    }
    return result;
}

int main(int argc, char **argv) {
    arguments a = {.size = 0};
    bd_error error;
    uint32_t chosen;
    int status = options_read(&program, argc, argv, &chosen, &a);
    if (status != OPTIONS_READ) {
        return status;
    }
    bd_result result = run(&a, &error);
    if (result) {
        (void)fprintf(stderr, "%s: %s: %s\n", program.name, bd_result_name(result), error.message);
    }
    return result ? 1 : 0;
}
