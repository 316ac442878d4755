/* SPDX-License-Identifier: MIT */
#include "kernel/trial.h"

#include <math.h>
#include <string.h>

#include "graph/plan.h"
#include "kernel/candidates.h"
#include "kernel/node.h"
#include "kernel/packing.h"
#include "platform/clock.h"
#include "vk/pipeline.h"
#include "vk/submission.h"
#include "vk/transfer.h"

/* A GPU's clock reads in steps as long as a short dispatch, so there several runs share a reading. */
enum { MOST_TENSORS = 16, MOST_PACKED = 16, MOST_REPEATS = 64, RUNS_A_READING = 8 };

/* A tensor of the graph on the device. */
typedef struct tensor {
    uint32_t node;
    bd_vk_buffer buffer;
} tensor;

/* A constant, packed; BD_NO_NODE: zeros. */
typedef struct packed {
    uint32_t node;
    bd_packing packing;
    bd_vk_buffer buffer;
} packed;

typedef struct bd_trial {
    bd_vk *vk;
    const bd_graph *graph;
    uint32_t node;
    bd_precision precision;
    tensor tensors[MOST_TENSORS];
    uint32_t tensor_count;
    bd_vk_buffer output, scratch; /* of the choice that runs */
    packed packed[MOST_PACKED];
    uint32_t packed_count;
    uint64_t random;
    double busy_until_ms; /* when the last readings ended, on the CPU's clock */
    bool integers;        /* of an integer network's node: tensors hold integers, and results are equal */
    float *expected;      /* what the plain kernels made of it */
    bd_error *error;
} trial;

static bool is_half(const trial *t, uint32_t node) {
    return t->precision == BD_PRECISION_FP16 && !bd_plan_is_f32(t->graph, node);
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

/* Integers so small that sums stay exact, as the importer proved: a tensor's zero point lies within its type. */
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

static bd_result fail_tensors(const trial *t, uint32_t node) {
    return bd_fail(t->error, BD_ERR_UNSUPPORTED, "%s: node %s has too many inputs for a trial", t->graph->file,
                   t->graph->nodes[node].name);
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
            return fail_tensors(t, node);
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

/* Packs an operand, once. */
static bd_result pack(trial *t, uint32_t node, bd_packing packing, size_t bytes, const bd_vk_buffer **buffer) {
    for (uint32_t i = 0; i < t->packed_count; i++) {
        const packed *known = &t->packed[i];
        if (known->node == node && known->packing == packing && known->buffer.bytes >= bytes) {
            *buffer = &known->buffer;
            return BD_OK;
        }
    }
    if (t->packed_count == MOST_PACKED) {
        return bd_fail(t->error, BD_ERR_UNSUPPORTED, "%s: too many operands for a trial", t->graph->file);
    }
    packed *made = &t->packed[t->packed_count];
    void *values = bd_alloc_zero(t->vk->allocator, bytes);
    bd_result result = values ? BD_OK : fail_memory(t);
    if (!result) {
        result = bd_vk_buffer_init(t->vk, &made->buffer, bytes, BD_VK_MEMORY_DEVICE, t->error);
    }
    if (!result) {
        made->node = node;
        made->packing = packing;
        t->packed_count++;
        if (node != BD_NO_NODE) {
            bd_kernel_pack(t->graph, node, packing, values);
        }
        result = bd_vk_buffer_write(t->vk, &made->buffer, 0, values, bytes, t->error);
    }
    bd_free(t->vk->allocator, values);
    *buffer = &made->buffer;
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

/* The dispatches of a choice, in order, bound to nothing; count: room, then how many there are. */
static bd_result describe(const trial *t, uint32_t node, const bd_kernel_choice *choice, bd_vk_dispatch *dispatches,
                          bd_kernel_operands *operands, uint32_t *count) {
    uint32_t parts = bd_kernel_parts(t->graph, node, choice);
    if (parts > *count) {
        return bd_fail(t->error, BD_ERR_UNSUPPORTED, "%s: node %s takes too many dispatches for a trial",
                       t->graph->file, t->graph->nodes[node].name);
    }
    *count = parts;
    bd_result result = BD_OK;
    for (uint32_t p = 0; p < parts && !result; p++) {
        result = bd_kernel_node(t->vk, t->graph, node, p, choice, &dispatches[p], &operands[p], t->error);
    }
    return result;
}

enum { MOST_PARTS = 2 };

static bd_result record(const trial *t, bd_vk_commands *commands, const bd_kernel_choice *choice,
                        const bd_vk_dispatch *dispatches, uint32_t parts, uint32_t readings, uint32_t runs) {
    bd_result result = bd_vk_commands_begin(commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, t->error);
    if (result) {
        return result;
    }
    /* NaNs: what is not written shows. */
    bd_vk_commands_fill(commands, &t->output, 0, t->output.bytes, UINT32_MAX);
    if (t->scratch.buffer) {
        bd_vk_commands_fill(commands, &t->scratch, 0, t->scratch.bytes, UINT32_MAX);
    }
    bd_vk_commands_barrier(commands);
    for (uint32_t r = 0; r < readings * runs && !result; r++) {
        for (uint32_t p = 0; p < parts && !result; p++) {
            result = bd_vk_commands_dispatch(commands, &dispatches[p], t->error);
            bd_vk_commands_barrier(commands);
        }
        if ((r + 1) % runs == 0) {
            bd_vk_commands_stamp(commands, choice->name);
        }
    }
    return result ? result : bd_vk_commands_end(commands, t->error);
}

/* Runs a choice; the result stays in t->output. ms NULL: once, not timed. runs: that share a reading. */
static bd_result run(trial *t, uint32_t node, const bd_kernel_choice *choice, uint32_t readings, uint32_t runs,
                     double *ms) {
    bd_vk_dispatch dispatches[MOST_PARTS];
    bd_kernel_operands operands[MOST_PARTS];
    uint32_t parts = MOST_PARTS;
    double times[MOST_REPEATS];
    bd_vk_commands commands;
    readings = ms ? BD_MIN(readings, (uint32_t)MOST_REPEATS) : 1;
    bd_result result = describe(t, node, choice, dispatches, operands, &parts);
    if (!result) {
        result = bd_vk_buffer_reserve(t->vk, &t->output, bytes_of(t, node), BD_VK_MEMORY_DEVICE, t->error);
    }
    if (!result && bd_kernel_scratch_bytes(t->graph, node, choice)) {
        result = bd_vk_buffer_reserve(t->vk, &t->scratch, bd_kernel_scratch_bytes(t->graph, node, choice),
                                      BD_VK_MEMORY_DEVICE, t->error);
    }
    for (uint32_t p = 0; p < parts && !result; p++) {
        result = bind(t, node, &operands[p], &dispatches[p]);
    }
    if (!result) {
        result = bd_vk_commands_init(t->vk, &commands, ms ? readings : 0, t->error);
    }
    if (result) {
        return result;
    }
    result = record(t, &commands, choice, dispatches, parts, readings, runs);
    if (!result) {
        const bd_vk_commands *list[] = {&commands};
        result = bd_vk_submit(t->vk, list, 1, t->error);
    }
    if (!result && ms) {
        /* The first reading warms caches and clocks: it only counts where it is the only one, or where there is no clock
         * to be warmed and the run that was checked has done the rest. */
        bool cold = commands.timer_count > 1 && t->vk->info.kind != BD_DEVICE_SOFTWARE;
        result = bd_vk_commands_times(&commands, times, t->error);
        *ms = commands.timer_count ? INFINITY : 0.0;
        for (uint32_t i = cold; i < commands.timer_count && !result; i++) {
            *ms = BD_MIN(*ms, times[i] / runs);
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

/* What the plain kernels make of the same input. A node that a candidate absorbs is computed before: its output is a
 * tensor that the others read. */
static bd_result run_plain(trial *t, uint32_t node, uint32_t absorbed, float **values) {
    bd_kernel_choice choice;
    bd_result result = BD_OK;
    if (absorbed != BD_NO_NODE) {
        result = run(t, absorbed, plain(t, absorbed, &choice), 1, 1, NULL);
        if (!result && t->tensor_count == MOST_TENSORS) {
            result = fail_tensors(t, node);
        }
        if (!result) {
            t->tensors[t->tensor_count++] = (tensor){absorbed, t->output};
            t->output = (bd_vk_buffer){0};
        }
    }
    if (!result) {
        result = run(t, node, plain(t, node, &choice), 1, 1, NULL);
    }
    return result ? result : read_output(t, node, values);
}

/* Sums in another order differ in their last digits. 16 bits: each value was rounded once or twice to 11 bits, which
 * leaves a mean square error of about 3e-7 of the power; sums that were kept in 16 bits would leave 2e-5 and more.
 * Packed products: a part's sum is rounded 16 times, half as large on the average as at its end; each time leaves a
 * third of 2^-22 or, where multiply and add round apart, twice that: 1.3e-6 with the last two roundings. */
static bool agree(const float *expected, const float *got, size_t count, bool half, double most_error) {
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
    return difference <= (half ? 1e-2 : 1e-4) * largest && error <= most_error * power;
}

static bool equal(const float *expected, const float *got, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (expected[i] != got[i]) {
            return false;
        }
    }
    return true;
}

/* Pipelines of all candidates, side by side. What the driver cannot make is found out again, one by one. */
static bd_result prepare(const trial *t, const bd_kernel_choice *choices, uint32_t count) {
    bd_vk_dispatch *dispatches = bd_alloc_array(t->vk->allocator, (size_t)count * MOST_PARTS, sizeof *dispatches);
    uint32_t filled = 0;
    if (!dispatches) {
        return fail_memory(t);
    }
    for (uint32_t i = 0; i < count; i++) {
        bd_kernel_operands operands[MOST_PARTS];
        uint32_t parts = MOST_PARTS;
        if (!describe(t, t->node, &choices[i], dispatches + filled, operands, &parts)) {
            filled += parts;
        }
    }
    bd_result result = bd_vk_pipelines_prepare(t->vk, dispatches, filled, NULL);
    bd_free(t->vk->allocator, dispatches);
    return result == BD_ERR_OUT_OF_MEMORY ? fail_memory(t) : BD_OK;
}

/* A GPU that was idle, be it while a result was checked, is slow for some time: an H200 two to three times for about 30
 * ms of work, at the clock that it always reports. Readings that follow upon one another need no more than a look whether
 * they still get faster. */
#define COLD_MS 30.0
#define WARM_MS 2.0
#define MOST_WARM_MS 90.0
#define STAYS_WARM_MS 3.0 /* on the CPU's clock */
static bd_result warm_up(trial *t, const bd_kernel_choice *choice, double most_ms) {
    enum { MOST_RUNS = 512 };
    bool warm = bd_now_ms() - t->busy_until_ms < STAYS_WARM_MS;
    double least = BD_MIN(warm ? WARM_MS : COLD_MS, most_ms);
    double before = INFINITY;
    double spent = 0;
    uint32_t readings = 2;
    uint32_t runs = 1;
    bool steady = false;
    while ((!steady || spent < least) && spent < most_ms) {
        double ms;
        bd_result result = run(t, t->node, choice, readings, runs, &ms);
        if (result || !(ms > 0)) {
            return result;
        }
        steady = ms > before * 0.97;
        before = BD_MIN(before, ms);
        spent += ms * runs * readings;
        readings = 4;
        runs = (uint32_t)fmin(fmax(WARM_MS / (2 * readings * ms), RUNS_A_READING), MOST_RUNS);
    }
    return BD_OK;
}

/* Readings enough to tell candidates apart: fewer where runs take so long that they would take longer than
 * patience_ms. */
static bd_result measure(trial *t, const bd_kernel_choice *choice, uint32_t repeats, double patience_ms, double *ms) {
    bool gpu = t->vk->info.kind != BD_DEVICE_SOFTWARE;
    uint32_t readings = BD_MIN(gpu ? BD_MAX(repeats, 1u) : BD_MAX(repeats, 2u) - 1, (uint32_t)MOST_REPEATS);
    uint32_t runs = gpu ? RUNS_A_READING : 1;
    if (isfinite(patience_ms)) {
        bd_result result = run(t, t->node, choice, 2, 1, ms);
        if (result || *ms * 2 > patience_ms) {
            return result;
        }
        if (*ms * readings * runs > patience_ms) {
            runs = 1; /* far above the clock's steps */
            readings = BD_MIN(readings, (uint32_t)(patience_ms / *ms));
        }
    }
    bd_result result = gpu ? warm_up(t, choice, BD_MIN(patience_ms / 2, MOST_WARM_MS)) : BD_OK;
    return result ? result : run(t, t->node, choice, readings, runs, ms);
}

bd_result bd_trial_open(bd_vk *vk, const bd_graph *graph, uint32_t node, const bd_kernel_choice *choices,
                        uint32_t count, bd_trial **opened, bd_error *error) {
    *opened = NULL;
    bd_trial *t = bd_alloc_zero(vk->allocator, sizeof *t);
    if (!t) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    *t = (bd_trial){.vk = vk,
                    .graph = graph,
                    .node = node,
                    .precision = choices[0].precision,
                    .random = node,
                    .integers = bd_graph_scales(graph, node) != BD_NO_NODE,
                    .error = error};
    uint32_t absorbed = BD_NO_NODE;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t inside = bd_kernel_absorbs(graph, node, &choices[i]);
        absorbed = inside == BD_NO_NODE ? absorbed : inside;
    }
    bd_result result = run_plain(t, node, absorbed, &t->expected);
    if (result) {
        bd_trial_close(t);
        return result;
    }
    *opened = t;
    return BD_OK;
}

void bd_trial_close(bd_trial *t) {
    if (!t) {
        return;
    }
    bd_free(t->vk->allocator, t->expected);
    for (uint32_t i = 0; i < t->packed_count; i++) {
        bd_vk_buffer_finish(t->vk, &t->packed[i].buffer);
    }
    for (uint32_t i = 0; i < t->tensor_count; i++) {
        bd_vk_buffer_finish(t->vk, &t->tensors[i].buffer);
    }
    bd_vk_buffer_finish(t->vk, &t->output);
    bd_vk_buffer_finish(t->vk, &t->scratch);
    bd_free(t->vk->allocator, t);
}

bd_result bd_trial_prepare(bd_trial *t, const bd_kernel_choice *choices, uint32_t count, bool *can, bd_error *error) {
    t->error = error;
    *can = true;
    if (count > 1) {
        return prepare(t, choices, count);
    }
    bd_vk_dispatch dispatches[MOST_PARTS];
    bd_kernel_operands operands[MOST_PARTS];
    uint32_t parts = MOST_PARTS;
    bd_result result = describe(t, t->node, choices, dispatches, operands, &parts);
    if (!result) {
        result = bd_vk_pipelines_prepare(t->vk, dispatches, parts, error);
    }
    *can = !result;
    return result == BD_ERR_DEVICE ? BD_OK : result;
}

bd_result bd_trial_check(bd_trial *t, const bd_kernel_choice *choice, bd_kernel_verdict *verdict, bd_error *error) {
    *verdict = (bd_kernel_verdict){0};
    float *got = NULL;
    t->error = error;
    bd_result result = run(t, t->node, choice, 1, 1, NULL);
    if (!result) {
        result = read_output(t, t->node, &got);
    }
    if (!result) {
        size_t count = values_of(t, t->node);
        bool half = is_half(t, t->node);
        double most = choice->packed ? 5e-6 : half ? 2e-6 : 1e-9;
        verdict->correct = t->integers ? equal(t->expected, got, count) : agree(t->expected, got, count, half, most);
    }
    bd_free(t->vk->allocator, got);
    return result;
}

bd_result bd_trial_time(bd_trial *t, const bd_kernel_choice *choice, uint32_t repeats, double patience_ms,
                        bd_kernel_verdict *verdict, bd_error *error) {
    t->error = error;
    bd_result result = measure(t, choice, repeats, patience_ms, &verdict->ms);
    t->busy_until_ms = bd_now_ms();
    return result;
}

bd_result bd_kernel_trial(bd_vk *vk, const bd_graph *graph, uint32_t node, const bd_kernel_choice *choices,
                          uint32_t count, uint32_t repeats, double patience_ms, bd_kernel_verdict *verdicts,
                          bd_error *error) {
    bd_trial *t;
    bool can;
    memset(verdicts, 0, count * sizeof *verdicts);
    bd_result result = bd_trial_open(vk, graph, node, choices, count, &t, error);
    if (result) {
        return result;
    }
    result = prepare(t, choices, count);
    for (uint32_t i = 0; i < count && !result; i++) {
        result = bd_trial_prepare(t, &choices[i], 1, &can, error);
        if (!result && can) {
            result = bd_trial_check(t, &choices[i], &verdicts[i], error);
        }
    }
    for (uint32_t i = 0; i < count && !result; i++) {
        if (verdicts[i].correct) {
            result = bd_trial_time(t, &choices[i], repeats, patience_ms, &verdicts[i], error);
        }
    }
    bd_trial_close(t);
    return result;
}
