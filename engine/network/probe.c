/* SPDX-License-Identifier: MIT */
#include "network/probe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "network/tuned_kernels.h"

enum { MOST_WANTED = 64, REPEATS = 5, USUAL_DEPTH = 32, FLAT_DEPTH = 160 };
#define PATIENCE_MS 6.0 /* of the device, for each: a session waits */
/* A software device shares its cores with others, for moments longer than a few readings, and the answer is kept: there
 * "slow" is asked again. */
enum { SHARED_REPEATS = 12, SHARED_TRIALS = 3 };
#define SHARED_PATIENCE_MS 50.0

static const char passed[] = "passed", slow[] = "slow", wrong[] = "wrong", untried[] = "untried";

bool bd_probe_serves(const bd_vk *vk, bd_precision precision) {
    return bd_precision_is_half(precision) ? vk->matrix_count > 0 : vk->column == BD_COLUMN_WIDE8 && vk->addresses;
}

/* Kernels that are to be tried, in a precision; depths: of those that are made for one depth, else 0. */
typedef struct wanted {
    char names[MOST_WANTED][BD_KERNEL_NAME_BYTES];
    int32_t depths[MOST_WANTED];
    uint32_t count;
    bd_precision precision;
} wanted;

static void entry_of(const char *name, char signature[BD_TUNING_SIGNATURE_BYTES]) {
    (void)snprintf(signature, BD_TUNING_SIGNATURE_BYTES, "probe %.*s", BD_KERNEL_NAME_BYTES, name);
}

static bool has_passed(const bd_tuning *tuning, const char *name) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    entry_of(name, signature);
    const bd_tuning_entry *entry = bd_tuning_find(tuning, signature);
    return entry && !strcmp(entry->name, passed);
}

void bd_probe_choose(const bd_tuning *tuning, const bd_vk *vk, const bd_graph *graph, bd_precision precision,
                     bool over_tuned, bd_kernel_choice *choices) {
    for (uint32_t n = 0; n < graph->count; n++) {
        bd_kernel_choice choice, tuned; /* a tuning may name a kernel that is no more */
        if (bd_kernel_probed_default(vk, graph, n, precision, &choice) && has_passed(tuning, choice.name) &&
            (over_tuned || !bd_tuning_choice(tuning, vk, graph, n, precision, &tuned))) {
            choices[n] = choice;
        }
    }
}

/* w->count: it is not wanted. */
static uint32_t find(const wanted *w, const char *name) {
    uint32_t i = 0;
    while (i < w->count && strcmp(w->names[i], name) != 0) {
        i++;
    }
    return i;
}

static int32_t depth_of(const bd_kernel_choice *choice) {
    if (choice->family == BD_KERNEL_FAMILY_FLAT) {
        return FLAT_DEPTH;
    }
    return choice->buffers == 1 && choice->depth > USUAL_DEPTH ? choice->depth : 0;
}

static void list_wanted(const bd_tuning *tuning, const bd_vk *vk, const bd_graph *graph, wanted *w) {
    for (uint32_t n = 0; n < graph->count && w->count < MOST_WANTED; n++) {
        bd_kernel_choice choice;
        char signature[BD_TUNING_SIGNATURE_BYTES];
        if (!bd_kernel_probed_default(vk, graph, n, w->precision, &choice) || find(w, choice.name) < w->count) {
            continue;
        }
        entry_of(choice.name, signature);
        if (!bd_tuning_find(tuning, signature)) {
            w->depths[w->count] = depth_of(&choice);
            (void)snprintf(w->names[w->count++], BD_KERNEL_NAME_BYTES, "%s", choice.name);
        }
    }
}

/* ---- small layers ------------------------------------------------------------------------------------------------ */

/* Odd sides, so that tiles have edges; as many channels as the deepest step has twice and the widest tile once. */
enum { SIDE = 33, INPUTS = 256, TAPS_INPUTS = 128, OUTPUTS = 320, DILATION = 2 };

static bd_node *add(bd_graph *graph, bd_op op, const uint32_t *inputs, uint32_t count, const int32_t dims[4]) {
    uint32_t index = bd_graph_add(graph, op, "probe", inputs, count);
    bd_node *node = index == BD_NO_NODE ? NULL : &graph->nodes[index];
    if (node) {
        node->dtype = BD_F32;
        node->shape = bd_shape_make(4, dims);
    }
    return node;
}

static float *add_weights(bd_graph *graph, const int32_t dims[4]) {
    bd_node *node = add(graph, BD_OP_CONST, NULL, 0, dims);
    size_t count = node ? (size_t)bd_shape_elements(&node->shape) : 0;
    float *values = node ? bd_pool_alloc(&graph->pool, count * sizeof *values) : NULL;
    uint32_t seed = 1;
    for (size_t i = 0; values && i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(int32_t)seed * (1.0f / 2147483648.0f);
    }
    if (values) {
        node->data = values;
    }
    return values;
}

/* Appends a convolution of the graph's last node and its weights. */
static bool add_conv(bd_graph *graph, bd_op op, int32_t kernel, int32_t outputs) {
    uint32_t from = graph->count - 1;
    int32_t inputs = graph->nodes[from].shape.dims[3];
    const int32_t weights[] = {kernel, kernel, inputs, op == BD_OP_CONV ? outputs : 1};
    const int32_t dims[] = {1, SIDE, SIDE, outputs};
    if (!add_weights(graph, weights)) {
        return false;
    }
    const uint32_t operands[] = {from, graph->count - 1};
    bd_node *node = add(graph, op, operands, BD_COUNT(operands), dims);
    int32_t pad = kernel / 2 * DILATION;
    if (node) {
        node->u.conv = (bd_conv_attrs){.kernel_h = kernel,
                                       .kernel_w = kernel,
                                       .stride_h = 1,
                                       .stride_w = 1,
                                       .dilation_h = DILATION,
                                       .dilation_w = DILATION,
                                       .padding = BD_PADDING_EXPLICIT,
                                       .pad_top = pad,
                                       .pad_left = pad,
                                       .pad_bottom = pad,
                                       .pad_right = pad,
                                       .clamp_low = op == BD_OP_CONV ? -INFINITY : 0.0f,
                                       .clamp_high = op == BD_OP_CONV ? INFINITY : 6.0f};
    }
    return node != NULL;
}

typedef enum layer { LAYER_POINTWISE, LAYER_BLOCK, LAYER_TAPS, LAYERS } layer;

/* depth: its input channels; 0: as many as suits all kernels that do not need a certain number. */
static bd_result make_layer(bd_graph *graph, layer kind, int32_t depth, bd_error *error) {
    int32_t inputs = depth ? depth : kind == LAYER_TAPS ? TAPS_INPUTS : INPUTS;
    const int32_t dims[] = {1, SIDE, SIDE, inputs};
    bool made = add(graph, BD_OP_INPUT, NULL, 0, dims) != NULL;
    made = made && (kind != LAYER_BLOCK || add_conv(graph, BD_OP_DEPTHWISE, 3, inputs));
    made = made && add_conv(graph, BD_OP_CONV, kind == LAYER_TAPS ? 3 : 1, OUTPUTS);
    return made ? BD_OK : bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
}

/* ---- trials ------------------------------------------------------------------------------------------------------ */

static bd_result enter(bd_tuning *tuning, const bd_kernel_choice *choice, const bd_kernel_verdict *verdict,
                       double usual_ms, bd_error *error) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    bool faster = verdict->ms > 0 && verdict->ms < usual_ms;
    entry_of(choice->name, signature);
    return bd_tuning_put(tuning, signature,
                         !verdict->correct ? wrong
                         : faster          ? passed
                                           : slow,
                         verdict->ms > 0 ? verdict->ms * 1e3 : 1, error);
}

/* Those of the wanted that can compute a layer of a depth, and its first candidate, which goes first. */
static bd_result try_layer(bd_tuning *tuning, bd_vk *vk, const wanted *w, int32_t depth, const bd_graph *graph,
                           bd_error *error) {
    bd_kernel_choice all[BD_KERNEL_MOST_CANDIDATES];
    bd_kernel_choice tried[MOST_WANTED + 1];
    bd_kernel_verdict verdicts[MOST_WANTED + 1];
    uint32_t node = graph->count - 1;
    uint32_t found = bd_kernel_candidates(vk, graph, node, w->precision, all, BD_COUNT(all));
    uint32_t count = 1;
    for (uint32_t i = 0; i < found; i++) {
        uint32_t at = find(w, all[i].name);
        char signature[BD_TUNING_SIGNATURE_BYTES];
        entry_of(all[i].name, signature);
        if (at < w->count && w->depths[at] == depth && !bd_tuning_find(tuning, signature)) {
            tried[count++] = all[i];
        }
    }
    if (count == 1) {
        return BD_OK;
    }
    tried[0] = all[0];
    bool shared = vk->info.kind == BD_DEVICE_SOFTWARE;
    uint32_t most = shared ? SHARED_TRIALS : 1;
    bool faster = false;
    bd_result result = BD_OK;
    for (uint32_t t = 0; t < most && !faster && !result; t++) {
        result = bd_kernel_trial(vk, graph, node, tried, count, shared ? SHARED_REPEATS : REPEATS,
                                 shared ? SHARED_PATIENCE_MS : PATIENCE_MS, verdicts, error);
        faster = verdicts[1].ms < verdicts[0].ms;
    }
    for (uint32_t i = 1; i < count && !result; i++) {
        result = enter(tuning, &tried[i], &verdicts[i], verdicts[0].ms, error);
    }
    return result;
}

static bool is_first_of_depth(const wanted *w, uint32_t index) {
    for (uint32_t i = 0; i < index; i++) {
        if (w->depths[i] == w->depths[index]) {
            return false;
        }
    }
    return true;
}

static bd_result try_kind(bd_tuning *tuning, bd_vk *vk, const wanted *w, layer kind, int32_t depth, bd_error *error) {
    bd_graph graph;
    bd_result result = bd_graph_init(&graph, vk->allocator, "probe", error);
    if (result) {
        return result;
    }
    result = make_layer(&graph, kind, depth, error);
    if (!result) {
        result = try_layer(tuning, vk, w, depth, &graph, error);
    }
    bd_graph_finish(&graph);
    return result;
}

bd_result bd_probe(bd_tuning *tuning, bd_vk *vk, const bd_graph *graph, bd_precision precision, bd_error *error) {
    wanted w = {.precision = bd_precision_is_half(precision) ? BD_PRECISION_FP16 : BD_PRECISION_FP32};
    bd_result result = BD_OK;
    list_wanted(tuning, vk, graph, &w);
    for (int kind = 0; kind < LAYERS && !result; kind++) {
        for (uint32_t i = 0; i < w.count && !result; i++) {
            if (is_first_of_depth(&w, i) && (!w.depths[i] || kind == LAYER_POINTWISE)) {
                result = try_kind(tuning, vk, &w, (layer)kind, w.depths[i], error);
            }
        }
    }
    /* What no layer has a candidate of would be asked for again with every session. */
    for (uint32_t i = 0; i < w.count && !result; i++) {
        char signature[BD_TUNING_SIGNATURE_BYTES];
        entry_of(w.names[i], signature);
        if (!bd_tuning_find(tuning, signature)) {
            result = bd_tuning_put(tuning, signature, untried, 1, error);
        }
    }
    /* An answer that cannot be kept on disk holds for this engine. */
    if (!result && w.count) {
        (void)bd_tuning_save(tuning, NULL);
    }
    return result;
}
