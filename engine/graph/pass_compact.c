/* SPDX-License-Identifier: MIT */
#include "graph/pass_compact.h"

#include <string.h>

typedef struct compaction {
    bd_graph *graph;
    uint32_t *place; /* a node's new index; BD_NO_NODE: none yet */
    uint32_t *order; /* the node at a new index */
    uint32_t *stack;
    uint32_t *next; /* the input of a node on the stack that is looked at next */
    uint32_t count;
} compaction;

static void place_node(compaction *of, uint32_t index) {
    of->place[index] = of->count;
    of->order[of->count++] = index;
}

/* Places a node behind all it depends on, those in the order of its inputs. */
static void place_with_inputs(compaction *of, uint32_t root) {
    uint32_t depth = 0;
    of->stack[depth++] = root;
    while (depth) {
        uint32_t index = of->stack[depth - 1];
        const bd_node *node = &of->graph->nodes[index];
        uint32_t k = of->next[index]++;
        if (k == node->input_count) {
            place_node(of, index);
            depth--;
        } else if (node->inputs[k] != BD_NO_NODE && of->place[node->inputs[k]] == BD_NO_NODE) {
            of->stack[depth++] = node->inputs[k];
        }
    }
}

/* Marks in next (as 1) what the output depends on. Appended nodes may stand behind their readers, so this too walks. */
static void mark(compaction *of) {
    uint32_t depth = 0;
    of->stack[depth++] = of->graph->output;
    of->next[of->graph->output] = 1;
    while (depth) {
        const bd_node *node = &of->graph->nodes[of->stack[--depth]];
        for (uint32_t k = 0; k < node->input_count; k++) {
            if (node->inputs[k] != BD_NO_NODE && !of->next[node->inputs[k]]) {
                of->next[node->inputs[k]] = 1;
                of->stack[depth++] = node->inputs[k];
            }
        }
    }
    of->next[of->graph->input] = 1;
}

static bd_result renumber(compaction *of, bd_error *error) {
    bd_graph *graph = of->graph;
    bd_node *nodes = bd_alloc_array(graph->pool.allocator, of->count, sizeof *nodes);
    if (!nodes) {
        return bd_graph_fail_memory(graph, error);
    }
    for (uint32_t i = 0; i < of->count; i++) {
        nodes[i] = graph->nodes[of->order[i]];
        for (uint32_t k = 0; k < nodes[i].input_count; k++) {
            uint32_t *input = &nodes[i].inputs[k];
            *input = *input == BD_NO_NODE ? BD_NO_NODE : of->place[*input];
        }
    }
    bd_free(graph->pool.allocator, graph->nodes);
    graph->nodes = nodes;
    graph->count = graph->capacity = of->count;
    graph->input = of->place[graph->input];
    graph->output = of->place[graph->output];
    return BD_OK;
}

bd_result bd_pass_compact(bd_graph *graph, bd_error *error) {
    const bd_allocator *allocator = graph->pool.allocator;
    uint32_t *memory = bd_alloc_array(allocator, graph->count, 5 * sizeof *memory);
    if (!memory) {
        return bd_graph_fail_memory(graph, error);
    }
    uint32_t count = graph->count, *reached = memory + 4 * (size_t)count;
    compaction of = {graph, memory, memory + count, memory + 2 * (size_t)count, memory + 3 * (size_t)count, 0};
    mark(&of);
    memcpy(reached, of.next, count * sizeof *reached);
    memset(of.next, 0, count * sizeof *of.next);
    memset(of.place, 0xff, count * sizeof *of.place);
    for (uint32_t i = 0; i < count; i++) {
        if (reached[i] && of.place[i] == BD_NO_NODE) {
            place_with_inputs(&of, i);
        }
    }
    bd_result result = renumber(&of, error);
    bd_free(allocator, memory);
    return result;
}
