/* SPDX-License-Identifier: MIT */
#include "graph/plan.h"

#include <stdlib.h>

uint32_t bd_shape_pixels(const bd_shape *shape) {
    uint32_t pixels = 1;
    for (uint32_t i = 0; i + 1 < shape->rank; i++) {
        pixels *= (uint32_t)shape->dims[i];
    }
    return pixels;
}

uint32_t bd_shape_c4(const bd_shape *shape) {
    return shape->rank ? ((uint32_t)shape->dims[shape->rank - 1] + 3) / 4 : 1;
}

static size_t tensor_bytes(const bd_shape *shape) {
    return (size_t)bd_shape_pixels(shape) * bd_shape_c4(shape) * 4 * sizeof(float);
}

static bool in_arena(const bd_node *node) {
    return node->op != BD_OP_NONE && node->op != BD_OP_INPUT && node->op != BD_OP_CONST;
}

static bool is_bias(const bd_node *node, uint32_t input) {
    return input == 2 && (node->op == BD_OP_CONV || node->op == BD_OP_DEPTHWISE);
}

bool bd_plan_is_f32(const bd_graph *graph, uint32_t node) {
    bool single = node == graph->output;
    for (uint32_t n = node + 1; n < graph->count && !single; n++) {
        const bd_node *reader = &graph->nodes[n];
        single = reader->input_count > 2 && is_bias(reader, 2) && reader->inputs[2] == node;
    }
    return single;
}

bool bd_plan_can_be_half(const bd_graph *graph) {
    for (uint32_t n = 0; n < graph->count; n++) {
        const bd_node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->input_count; i++) {
            uint32_t input = node->inputs[i];
            if (input != BD_NO_NODE && !is_bias(node, i) && in_arena(&graph->nodes[input]) &&
                bd_plan_is_f32(graph, input)) {
                return false;
            }
        }
    }
    return true;
}

uint64_t bd_node_multiply_adds(const bd_graph *graph, uint32_t index) {
    const bd_node *node = &graph->nodes[index];
    uint64_t outputs = (uint64_t)bd_shape_pixels(&node->shape) * (uint64_t)node->shape.dims[node->shape.rank - 1];
    const bd_conv_attrs *conv = &node->u.conv;
    switch (node->op) {
    case BD_OP_CONV:
        return outputs * (uint64_t)(conv->kernel_h * conv->kernel_w) *
               (uint64_t)graph->nodes[node->inputs[0]].shape.dims[3];
    case BD_OP_DEPTHWISE: return outputs * (uint64_t)(conv->kernel_h * conv->kernel_w);
    default: return 0;
    }
}

uint64_t bd_node_bytes(const bd_graph *graph, uint32_t index) {
    const bd_node *node = &graph->nodes[index];
    uint64_t bytes = tensor_bytes(&node->shape);
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] != BD_NO_NODE) {
            const bd_shape *shape = &graph->nodes[node->inputs[i]].shape;
            bytes += (uint64_t)bd_shape_elements(shape) * sizeof(float);
        }
    }
    return bytes;
}

static int larger_first(const void *a, const void *b) {
    const bd_plan_tensor *x = *(const bd_plan_tensor *const *)a;
    const bd_plan_tensor *y = *(const bd_plan_tensor *const *)b;
    if (x->bytes != y->bytes) {
        return x->bytes < y->bytes ? 1 : -1;
    }
    return x < y ? -1 : x > y;
}

static bool alive_together(const bd_plan_tensor *a, const bd_plan_tensor *b) {
    return a->first_step <= b->last_step && b->first_step <= a->last_step;
}

/* Greedy by size: the largest tensor first, each at the lowest offset that is free during its whole life (Pisarchyk and
 * Lee, 2020, arXiv 2001.03288, section 5.2). placed is sorted by offset. */
static void place(bd_plan_tensor **placed, uint32_t *count, bd_plan_tensor *tensor) {
    size_t offset = 0;
    for (uint32_t i = 0; i < *count; i++) {
        const bd_plan_tensor *other = placed[i];
        if (!alive_together(tensor, other)) {
            continue;
        }
        if (other->offset_bytes >= offset + tensor->bytes) {
            break;
        }
        offset = BD_MAX(offset, other->offset_bytes + other->bytes);
    }
    tensor->offset_bytes = offset;
    uint32_t at = (*count)++;
    while (at && placed[at - 1]->offset_bytes > offset) {
        placed[at] = placed[at - 1];
        at--;
    }
    placed[at] = tensor;
}

static bool overlap(const bd_plan_tensor *a, const bd_plan_tensor *b) {
    return a->bytes && b->bytes && a->offset_bytes < b->offset_bytes + b->bytes &&
           b->offset_bytes < a->offset_bytes + a->bytes;
}

/* The i-th tensor in the arena that a node's step reads: its inputs but for the one computed inside, then that one's.
 * NULL: no such tensor; *more says whether i was in range. */
static const bd_plan_tensor *read_by(const bd_plan *plan, const bd_graph *graph, const bd_plan_options *options,
                                     uint32_t node, uint32_t i, bool *more) {
    uint32_t absorbed = options->absorbs ? options->absorbs[node] : BD_NO_NODE;
    const bd_node *from = &graph->nodes[node];
    if (i >= from->input_count) {
        i -= from->input_count;
        if (absorbed == BD_NO_NODE || i >= graph->nodes[absorbed].input_count) {
            *more = false;
            return NULL;
        }
        from = &graph->nodes[absorbed];
    }
    *more = true;
    uint32_t input = from->inputs[i];
    return input != BD_NO_NODE && input != absorbed && in_arena(&graph->nodes[input]) ? &plan->tensors[input] : NULL;
}

static bool reads_overlap(const bd_plan *plan, const bd_graph *graph, const bd_plan_options *options, uint32_t reader,
                          const bd_plan_tensor *range) {
    bool more = true;
    for (uint32_t i = 0; more; i++) {
        const bd_plan_tensor *read = read_by(plan, graph, options, reader, i, &more);
        if (read && overlap(read, range)) {
            return true;
        }
    }
    return false;
}

/* Does a step clash with one since the last barrier? Windows are short, so a scan of them is cheap. */
static bool clashes(const bd_plan *plan, const bd_graph *graph, const bd_plan_options *options, uint32_t since,
                    uint32_t step) {
    uint32_t node = plan->steps[step].node;
    const bd_plan_tensor *written[] = {&plan->tensors[node], bd_plan_scratch(plan, node)};
    for (uint32_t s = since; s < step; s++) {
        uint32_t earlier = plan->steps[s].node;
        const bd_plan_tensor *earlier_written[] = {&plan->tensors[earlier], bd_plan_scratch(plan, earlier)};
        for (uint32_t i = 0; i < 2; i++) {
            if (overlap(written[i], earlier_written[0]) || overlap(written[i], earlier_written[1]) ||
                reads_overlap(plan, graph, options, node, earlier_written[i]) ||
                reads_overlap(plan, graph, options, earlier, written[i])) {
                return true;
            }
        }
    }
    return false;
}

static size_t aligned(size_t bytes) {
    return (bytes + BD_PLAN_ALIGN - 1) / BD_PLAN_ALIGN * BD_PLAN_ALIGN;
}

static void extend(bd_plan *plan, const bd_node *node, uint32_t step) {
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] != BD_NO_NODE) {
            plan->tensors[node->inputs[i]].last_step = step;
        }
    }
}

/* Steps in the graph's order, and the life and size of every tensor; live of them are listed in order. */
static bd_result list_steps(bd_plan *plan, const bd_graph *graph, const bd_plan_options *options, const bool *skipped,
                            bd_plan_tensor **order, uint32_t *live, bd_error *error) {
    for (uint32_t n = 0; n < graph->count; n++) {
        const bd_node *node = &graph->nodes[n];
        bd_plan_tensor *tensor = &plan->tensors[n];
        bd_plan_tensor *scratch = &plan->tensors[graph->count + n];
        tensor->offset_bytes = scratch->offset_bytes = BD_PLAN_NO_OFFSET;
        if (!in_arena(node)) {
            continue;
        }
        if (bd_shape_elements(&node->shape) <= 0) {
            return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: node %s: empty or oversized tensor", graph->file,
                           node->name);
        }
        plan->multiply_adds += bd_node_multiply_adds(graph, n);
        if (skipped[n]) {
            continue;
        }
        uint32_t step = plan->step_count++;
        plan->steps[step].node = n;
        bool half = options->half && !bd_plan_is_f32(graph, n);
        tensor->bytes = aligned(tensor_bytes(&node->shape) / (half ? 2 : 1));
        scratch->bytes = options->scratch_bytes ? aligned(options->scratch_bytes[n]) : 0;
        tensor->first_step = tensor->last_step = scratch->first_step = scratch->last_step = step;
        extend(plan, node, step);
        if (options->absorbs && options->absorbs[n] != BD_NO_NODE) {
            extend(plan, &graph->nodes[options->absorbs[n]], step);
        }
        order[(*live)++] = tensor;
        if (scratch->bytes) {
            order[(*live)++] = scratch;
        }
    }
    for (uint32_t n = 0; n < graph->count; n++) {
        if (options->keep_all || n == graph->output) {
            plan->tensors[n].last_step = UINT32_MAX;
        }
    }
    return BD_OK;
}

bd_result bd_plan_init_with(bd_plan *plan, const bd_graph *graph, const bd_plan_options *options,
                            const bd_allocator *allocator, bd_error *error) {
    *plan = (bd_plan){.allocator = allocator, .node_count = graph->count};
    size_t most = (size_t)graph->count * 2;
    plan->tensors = bd_alloc_array(allocator, most, sizeof *plan->tensors);
    plan->steps = bd_alloc_array(allocator, graph->count, sizeof *plan->steps);
    bd_plan_tensor **order = bd_alloc_array(allocator, most, sizeof(bd_plan_tensor *));
    bd_plan_tensor **placed = bd_alloc_array(allocator, most, sizeof(bd_plan_tensor *));
    bool *skipped = bd_alloc_array(allocator, graph->count, sizeof *skipped);
    bd_result result = BD_OK;
    if (!plan->tensors || !plan->steps || !order || !placed || !skipped) {
        result = bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory while planning", graph->file);
        goto done;
    }
    /* Readers first: what is computed inside another node has no choice of its own. */
    for (uint32_t n = graph->count; n-- > 0;) {
        if (options->absorbs && options->absorbs[n] != BD_NO_NODE && !skipped[n]) {
            skipped[options->absorbs[n]] = true;
        }
    }
    uint32_t live = 0;
    result = list_steps(plan, graph, options, skipped, order, &live, error);
    if (result) {
        goto done;
    }
    qsort(order, live, sizeof(bd_plan_tensor *), larger_first);
    uint32_t count = 0;
    for (uint32_t i = 0; i < live; i++) {
        place(placed, &count, order[i]);
        plan->arena_bytes = BD_MAX(plan->arena_bytes, order[i]->offset_bytes + order[i]->bytes);
    }
    uint32_t since = 0;
    for (uint32_t s = 0; s < plan->step_count; s++) {
        plan->steps[s].barrier = clashes(plan, graph, options, since, s);
        if (plan->steps[s].barrier) {
            since = s;
        }
    }
done:
    bd_free(allocator, order);
    bd_free(allocator, placed);
    bd_free(allocator, skipped);
    if (result) {
        bd_plan_finish(plan);
    }
    return result;
}

bd_result bd_plan_init(bd_plan *plan, const bd_graph *graph, bool keep_all, const bd_allocator *allocator,
                       bd_error *error) {
    const bd_plan_options options = {.keep_all = keep_all};
    return bd_plan_init_with(plan, graph, &options, allocator, error);
}

const bd_plan_tensor *bd_plan_scratch(const bd_plan *plan, uint32_t node) {
    return &plan->tensors[plan->node_count + node];
}

void bd_plan_finish(bd_plan *plan) {
    bd_free(plan->allocator, plan->tensors);
    bd_free(plan->allocator, plan->steps);
    *plan = (bd_plan){0};
}
