/* SPDX-License-Identifier: MIT
 * A candidate on trial: is it right on this device, and how long does it take? Judged against the plain kernels on
 * random tensors of the node's own shapes, with the node's own weights. */
#include <math.h>
#include <string.h>

#include "kernel/kernel.h"

enum { MOST_TENSORS = 16, MOST_REPEATS = 64 };

/* A tensor of the graph on the device. */
typedef struct tensor {
    uint32_t node;
    bd_vk_buffer buffer;
} tensor;

typedef struct trial {
    bd_vk *vk;
    const bd_graph *graph;
    bd_precision precision;
    tensor tensors[MOST_TENSORS];
    uint32_t tensor_count;
    bd_vk_buffer output, scratch; /* of the choice that runs */
    bd_vk_buffer packed[2 * (BD_VK_BINDINGS - 1)];
    uint32_t packed_count;
    uint64_t random;
    bool integers; /* of an integer network's node: tensors hold integers, and results are equal */
    bd_error *error;
} trial;

static bool is_half(const trial *t, uint32_t node) {
    return t->precision == BD_PRECISION_FP16 && !bd_plan_is_wide(t->graph, node);
}

static size_t values_of(const trial *t, uint32_t node) {
    const bd_shape *shape = &t->graph->nodes[node].shape;
    return (size_t)bd_shape_pixels(shape) * bd_shape_c4(shape) * 4;
}

static size_t bytes_of(const trial *t, uint32_t node) {
    return values_of(t, node) * (is_half(t, node) ? sizeof(uint16_t) : sizeof(float));
}

/* -1 .. 1 */
static float next_random(trial *t) {
    uint64_t z = t->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (float)(int32_t)((z ^ (z >> 31)) >> 32) * (1.0f / 2147483648.0f);
}

static bd_result fail_memory(const trial *t) {
    return bd_fail(t->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", t->graph->file);
}

/* Integers that no sum of theirs takes past what the importer saw to: a tensor's zero point lies within its type. */
static float next_value(trial *t) {
    float value = next_random(t);
    return t->integers ? floorf(value * 127.0f) : value;
}

/* Random values, zero in the padding as everywhere. */
static bd_result fill(trial *t, uint32_t node, const bd_vk_buffer *buffer) {
    size_t count = values_of(t, node);
    const bd_shape *shape = &t->graph->nodes[node].shape;
    size_t channels = shape->rank ? (size_t)shape->dims[shape->rank - 1] : 1;
    size_t padded = (size_t)bd_shape_c4(shape) * 4;
    bool half = is_half(t, node);
    float *values = bd_alloc(t->vk->allocator, count * sizeof *values);
    if (!values) {
        return fail_memory(t);
    }
    uint16_t *halves = (uint16_t *)(void *)values;
    for (size_t i = 0; i < count; i++) {
        float value = i % padded < channels ? next_value(t) : 0.0f;
        if (half) {
            halves[i] = bd_half_from_float(value);
        } else {
            values[i] = value;
        }
    }
    bd_vk_buffer target = *buffer;
    bd_result result = bd_vk_buffer_write(t->vk, &target, 0, values, bytes_of(t, node), t->error);
    bd_free(t->vk->allocator, values);
    return result;
}

/* A buffer of NaNs: what is not written shows. */
static bd_result make_output(trial *t, bd_vk_buffer *buffer, size_t bytes) {
    bd_result result = bd_vk_buffer_init(t->vk, buffer, bytes, BD_VK_MEMORY_DEVICE, t->error);
    void *nans = result ? NULL : bd_alloc(t->vk->allocator, bytes);
    if (!result && !nans) {
        result = fail_memory(t);
    }
    if (!result) {
        memset(nans, 0xff, bytes);
        result = bd_vk_buffer_write(t->vk, buffer, 0, nans, bytes, t->error);
    }
    bd_free(t->vk->allocator, nans);
    return result;
}

static tensor *find_tensor(trial *t, uint32_t node) {
    for (uint32_t i = 0; i < t->tensor_count; i++) {
        if (t->tensors[i].node == node) {
            return &t->tensors[i];
        }
    }
    return NULL;
}

static bd_result tensor_of(trial *t, uint32_t node, const bd_vk_buffer **buffer) {
    tensor *known = find_tensor(t, node);
    bd_result result = BD_OK;
    if (!known) {
        if (t->tensor_count == MOST_TENSORS) {
            return bd_fail(t->error, BD_ERR_UNSUPPORTED, "%s: node %s has too many inputs for a trial", t->graph->file,
                           t->graph->nodes[node].name);
        }
        known = &t->tensors[t->tensor_count];
        result = bd_vk_buffer_init(t->vk, &known->buffer, bytes_of(t, node), BD_VK_MEMORY_DEVICE, t->error);
        if (!result) {
            known->node = node;
            t->tensor_count++;
            result = fill(t, node, &known->buffer);
        }
    }
    *buffer = &known->buffer;
    return result;
}

/* Packs an operand into a buffer that lives as long as the run. */
static bd_result pack(trial *t, uint32_t node, bd_packing packing, size_t bytes, const bd_vk_buffer **buffer) {
    bd_vk_buffer *made = &t->packed[t->packed_count];
    void *packed = bd_alloc_zero(t->vk->allocator, bytes);
    bd_result result = packed ? BD_OK : fail_memory(t);
    if (!result) {
        result = bd_vk_buffer_init(t->vk, made, bytes, BD_VK_MEMORY_DEVICE, t->error);
    }
    if (!result) {
        t->packed_count++;
        if (node != BD_NO_NODE) {
            bd_kernel_pack(t->graph, node, packing, packed);
        }
        result = bd_vk_buffer_write(t->vk, made, 0, packed, bytes, t->error);
    }
    bd_free(t->vk->allocator, packed);
    *buffer = made;
    return result;
}

static bd_result bind(trial *t, uint32_t node, const bd_kernel_operands *operands, bd_vk_dispatch *dispatch) {
    for (uint32_t b = 0; b + 1 < BD_VK_BINDINGS; b++) {
        uint32_t from = operands->nodes[b];
        const bd_vk_buffer *buffer = NULL;
        size_t bytes = 0;
        bd_result result = BD_OK;
        if (from == BD_KERNEL_SCRATCH) {
            buffer = &t->scratch;
            bytes = t->scratch.bytes;
        } else if (from == BD_NO_NODE) {
            if (b != 2 || !operands->zero_bias) {
                dispatch->bindings[b] = dispatch->bindings[0]; /* declared, not read */
                continue;
            }
            bytes = (size_t)bd_shape_c4(&t->graph->nodes[node].shape) * 4 * sizeof(float);
            result = pack(t, BD_NO_NODE, BD_PACKING_ROWS, bytes, &buffer);
        } else if (bd_kernel_is_packed(t->graph, from, operands->packings[b])) {
            bytes = bd_kernel_packed_bytes(t->graph, from, operands->packings[b]);
            result = pack(t, from, operands->packings[b], bytes, &buffer);
        } else {
            bytes = bytes_of(t, from);
            result = tensor_of(t, from, &buffer);
        }
        if (result) {
            return result;
        }
        dispatch->bindings[b].buffer = buffer;
        dispatch->bindings[b].bytes = bytes;
    }
    const bd_vk_buffer *output = operands->writes_scratch ? &t->scratch : &t->output;
    dispatch->bindings[4] = (bd_vk_binding){.buffer = output, .bytes = output->bytes};
    return BD_OK;
}

static void forget_run(trial *t) {
    for (uint32_t i = 0; i < t->packed_count; i++) {
        bd_vk_buffer_finish(t->vk, &t->packed[i]);
    }
    t->packed_count = 0;
    bd_vk_buffer_finish(t->vk, &t->output);
    bd_vk_buffer_finish(t->vk, &t->scratch);
}

/* Runs a choice; the result stays in t->output until forget_run. ms NULL: not timed. */
static bd_result run(trial *t, uint32_t node, const bd_kernel_choice *choice, uint32_t repeats, double *ms) {
    size_t scratch = bd_kernel_scratch_bytes(t->graph, node, choice);
    bd_vk_dispatch dispatches[2];
    uint32_t parts = bd_kernel_parts(t->graph, node, choice);
    double times[MOST_REPEATS];
    bd_vk_commands commands;
    if (parts > BD_COUNT(dispatches)) {
        return bd_fail(t->error, BD_ERR_UNSUPPORTED, "%s: node %s takes too many dispatches for a trial",
                       t->graph->file, t->graph->nodes[node].name);
    }
    repeats = BD_MIN(repeats, (uint32_t)MOST_REPEATS);
    bd_result result = make_output(t, &t->output, bytes_of(t, node));
    if (!result && scratch) {
        result = make_output(t, &t->scratch, scratch);
    }
    for (uint32_t p = 0; p < parts && !result; p++) {
        bd_kernel_operands operands;
        result = bd_kernel_node(t->vk, t->graph, node, p, choice, &dispatches[p], &operands, t->error);
        if (!result) {
            result = bind(t, node, &operands, &dispatches[p]);
        }
    }
    if (!result) {
        result = bd_vk_commands_init(t->vk, &commands, ms ? repeats : 0, t->error);
    }
    if (result) {
        return result;
    }
    result = bd_vk_commands_begin(&commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, t->error);
    for (uint32_t r = 0; r < repeats && !result; r++) {
        for (uint32_t p = 0; p < parts && !result; p++) {
            result = bd_vk_commands_dispatch(&commands, &dispatches[p], t->error);
            bd_vk_commands_barrier(&commands);
        }
        bd_vk_commands_stamp(&commands, choice->name);
    }
    if (!result) {
        result = bd_vk_commands_end(&commands, t->error);
    }
    if (!result) {
        const bd_vk_commands *list[] = {&commands};
        result = bd_vk_submit(t->vk, list, 1, t->error);
    }
    if (!result && ms) {
        /* The first run warms caches and clocks: it only counts where it is the only one. */
        result = bd_vk_commands_times(&commands, times, t->error);
        *ms = commands.timer_count ? INFINITY : 0.0;
        for (uint32_t i = commands.timer_count > 1; i < commands.timer_count && !result; i++) {
            *ms = BD_MIN(*ms, times[i]);
        }
    }
    bd_vk_commands_finish(&commands);
    return result;
}

static bd_result read_output(trial *t, uint32_t node, float **values) {
    size_t count = values_of(t, node);
    *values = bd_alloc(t->vk->allocator, count * sizeof **values);
    if (!*values) {
        return fail_memory(t);
    }
    bd_result result = bd_vk_buffer_read(t->vk, &t->output, 0, *values, bytes_of(t, node), t->error);
    if (!result && is_half(t, node)) {
        const uint16_t *halves = (const uint16_t *)(const void *)*values;
        for (size_t i = count; i-- > 0;) {
            uint16_t half = halves[i];
            (*values)[i] = bd_half_to_float(half);
        }
    }
    return result;
}

static const bd_kernel_choice *plain(trial *t, uint32_t node, bd_kernel_choice *choice) {
    bd_vk_dispatch dispatch;
    bd_kernel_operands operands;
    *choice = (bd_kernel_choice){.family = BD_KERNEL_FAMILY_PLAIN, .precision = t->precision, .split = 1};
    if (!bd_kernel_node(t->vk, t->graph, node, 0, choice, &dispatch, &operands, NULL)) {
        choice->shader = dispatch.shader;
    }
    return choice;
}

/* What the plain kernels make of the same input; an absorbed node's output becomes a tensor on the way. */
static bd_result run_plain(trial *t, uint32_t node, uint32_t absorbed, float **values) {
    bd_kernel_choice choice;
    bd_result result = BD_OK;
    if (absorbed != BD_NO_NODE) {
        result = run(t, absorbed, plain(t, absorbed, &choice), 1, NULL);
        if (!result) {
            t->tensors[t->tensor_count++] = (tensor){absorbed, t->output};
            t->output = (bd_vk_buffer){0};
        }
        forget_run(t);
    }
    if (!result) {
        result = run(t, node, plain(t, node, &choice), 1, NULL);
    }
    if (!result) {
        result = read_output(t, node, values);
    }
    forget_run(t);
    return result;
}

/* Sums in another order differ in their last digits. 16 bits: each value was rounded once or twice to 11 bits, which
 * leaves a mean square error of about 3e-7 of the power; sums that were kept in 16 bits would leave 2e-5 and more. */
static bool agree(const float *expected, const float *got, size_t count, bool half) {
    double largest = 0;
    double power = 0;
    double error = 0;
    double difference = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(got[i])) {
            return false;
        }
        double d = fabs((double)got[i] - (double)expected[i]);
        largest = fmax(largest, fabs((double)expected[i]));
        difference = fmax(difference, d);
        power += (double)expected[i] * (double)expected[i];
        error += d * d;
    }
    return difference <= (half ? 1e-2 : 1e-4) * largest && error <= (half ? 2e-6 : 1e-9) * power;
}

static bool equal(const float *expected, const float *got, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (expected[i] != got[i]) {
            return false;
        }
    }
    return true;
}

bd_result bd_kernel_trial(bd_vk *vk, const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice,
                          uint32_t repeats, bd_kernel_verdict *verdict, bd_error *error) {
    trial t = {.vk = vk,
               .graph = graph,
               .precision = choice->precision,
               .random = node,
               .integers = bd_graph_scales(graph, node) != BD_NO_NODE,
               .error = error};
    uint32_t absorbed = bd_kernel_absorbs(graph, node, choice);
    float *expected = NULL;
    float *got = NULL;
    *verdict = (bd_kernel_verdict){0};
    bd_result result = run_plain(&t, node, absorbed, &expected);
    if (!result) {
        result = run(&t, node, choice, BD_MAX(repeats, 1u), &verdict->ms);
    }
    if (!result) {
        result = read_output(&t, node, &got);
    }
    if (!result) {
        size_t count = values_of(&t, node);
        verdict->correct = t.integers ? equal(expected, got, count) : agree(expected, got, count, is_half(&t, node));
    }
    bd_free(vk->allocator, expected);
    bd_free(vk->allocator, got);
    forget_run(&t);
    for (uint32_t i = 0; i < t.tensor_count; i++) {
        bd_vk_buffer_finish(vk, &t.tensors[i].buffer);
    }
    return result;
}
