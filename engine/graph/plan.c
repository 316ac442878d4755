/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "graph/plan.h"

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
    return a->offset_bytes < b->offset_bytes + b->bytes && b->offset_bytes < a->offset_bytes + a->bytes;
}

/* Does a step clash with one since the last barrier? Windows are short, so a scan of them is cheap. */
static bool clashes(const bd_plan *plan, const bd_graph *graph, uint32_t since, uint32_t step) {
    const bd_node *node = &graph->nodes[plan->steps[step].node];
    const bd_plan_tensor *written = &plan->tensors[plan->steps[step].node];
    for (uint32_t s = since; s < step; s++) {
        const bd_node *earlier = &graph->nodes[plan->steps[s].node];
        const bd_plan_tensor *earlier_written = &plan->tensors[plan->steps[s].node];
        if (overlap(written, earlier_written)) {
            return true;
        }
        for (uint32_t i = 0; i < node->input_count; i++) {
            uint32_t input = node->inputs[i];
            if (input != BD_NO_NODE && in_arena(&graph->nodes[input]) &&
                overlap(&plan->tensors[input], earlier_written)) {
                return true;
            }
        }
        for (uint32_t i = 0; i < earlier->input_count; i++) {
            uint32_t input = earlier->inputs[i];
            if (input != BD_NO_NODE && in_arena(&graph->nodes[input]) && overlap(&plan->tensors[input], written)) {
                return true;
            }
        }
    }
    return false;
}

bd_result bd_plan_init(bd_plan *plan, const bd_graph *graph, bool keep_all, const bd_allocator *allocator,
                       bd_error *error) {
    *plan = (bd_plan){.allocator = allocator};
    plan->tensors = bd_alloc_array(allocator, graph->count, sizeof *plan->tensors);
    plan->steps = bd_alloc_array(allocator, graph->count, sizeof *plan->steps);
    bd_plan_tensor **order = bd_alloc_array(allocator, graph->count, sizeof(bd_plan_tensor *));
    bd_plan_tensor **placed = bd_alloc_array(allocator, graph->count, sizeof(bd_plan_tensor *));
    bd_result result = BD_OK;
    if (!plan->tensors || !plan->steps || !order || !placed) {
        result = bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory while planning", graph->file);
        goto done;
    }
    uint32_t live = 0;
    for (uint32_t n = 0; n < graph->count; n++) {
        const bd_node *node = &graph->nodes[n];
        bd_plan_tensor *tensor = &plan->tensors[n];
        tensor->offset_bytes = BD_PLAN_NO_OFFSET;
        if (!in_arena(node)) {
            continue;
        }
        if (bd_shape_elements(&node->shape) <= 0) {
            result = bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: node %s: empty or oversized tensor", graph->file,
                             node->name);
            goto done;
        }
        uint32_t step = plan->step_count++;
        plan->steps[step].node = n;
        tensor->bytes = (tensor_bytes(&node->shape) + BD_PLAN_ALIGN - 1) / BD_PLAN_ALIGN * BD_PLAN_ALIGN;
        tensor->first_step = step;
        tensor->last_step = step;
        for (uint32_t i = 0; i < node->input_count; i++) {
            if (node->inputs[i] != BD_NO_NODE) {
                plan->tensors[node->inputs[i]].last_step = step;
            }
        }
        plan->multiply_adds += bd_node_multiply_adds(graph, n);
        order[live++] = tensor;
    }
    for (uint32_t n = 0; n < graph->count; n++) {
        if (keep_all || n == graph->output) {
            plan->tensors[n].last_step = UINT32_MAX;
        }
    }
    qsort(order, live, sizeof(bd_plan_tensor *), larger_first);
    uint32_t count = 0;
    for (uint32_t i = 0; i < live; i++) {
        place(placed, &count, order[i]);
        plan->arena_bytes = BD_MAX(plan->arena_bytes, order[i]->offset_bytes + order[i]->bytes);
    }
    uint32_t since = 0;
    for (uint32_t s = 0; s < plan->step_count; s++) {
        plan->steps[s].barrier = clashes(plan, graph, since, s);
        if (plan->steps[s].barrier) {
            since = s;
        }
    }
done:
    bd_free(allocator, order);
    bd_free(allocator, placed);
    if (result) {
        bd_plan_finish(plan);
    }
    return result;
}

void bd_plan_finish(bd_plan *plan) {
    bd_free(plan->allocator, plan->tensors);
    bd_free(plan->allocator, plan->steps);
    *plan = (bd_plan){0};
}
