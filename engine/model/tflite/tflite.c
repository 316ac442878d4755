/* SPDX-License-Identifier: MIT */
#include "model/tflite/tflite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/tflite/tflite_metadata.h"
#include "model/tflite/tflite_ops.h"

enum { NAME_MOST = 200, TENSORS_MOST = 1 << 20 };
enum { MODEL_CODES = 1, MODEL_SUBGRAPHS = 2, MODEL_BUFFERS = 4 };
enum { CODE_OLD = 0, CODE_CUSTOM = 1, CODE_NEW = 3 };
enum { GRAPH_TENSORS, GRAPH_INPUTS, GRAPH_OUTPUTS, GRAPH_OPERATORS };
enum { TENSOR_SHAPE, TENSOR_TYPE, TENSOR_BUFFER, TENSOR_NAME, TENSOR_QUANTISATION, TENSOR_SPARSITY = 6, TENSOR_OPEN };
enum { QUANTISATION_SCALE = 2, QUANTISATION_ZERO, QUANTISATION_DETAILS, QUANTISATION_AXIS = 6 };
enum { OPERATOR_CODE, OPERATOR_INPUTS, OPERATOR_OUTPUTS, OPERATOR_OPTIONS = 4 };
enum { BUFFER_DATA, BUFFER_OFFSET, BUFFER_BYTES };

static bd_result fail_broken(const bd_tflite *tflite) {
    return bd_fail(tflite->error, BD_ERR_FILE_CORRUPT, "%s: broken FlatBuffer at byte %zu of %zu", tflite->file,
                   tflite->fb.broken_at, tflite->fb.bytes);
}

/* A copy that prints on one line. Shared or endless strings cannot make names long. */
static const char *copy_name(bd_tflite *tflite, const bd_fb_vector *text) {
    size_t length = BD_MIN(text->count, (uint32_t)NAME_MOST);
    char *name = bd_pool_alloc(&tflite->pool, length + 1);
    for (size_t i = 0; name && i < length; i++) {
        name[i] = text->items[i] < 0x20 || text->items[i] == 0x7f ? '?' : (char)text->items[i];
    }
    return name;
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

static void read_quantisation(bd_fb *fb, const bd_fb_table *table, bd_tflite_tensor *tensor) {
    const bd_fb_table quantisation = bd_fb_child(fb, table, TENSOR_QUANTISATION);
    tensor->scales = bd_fb_items(fb, &quantisation, QUANTISATION_SCALE, 4);
    tensor->zero_points = bd_fb_items(fb, &quantisation, QUANTISATION_ZERO, 8);
    int64_t axis = bd_fb_signed(fb, &quantisation, QUANTISATION_AXIS, 4, 0);
    bool along =
        axis >= 0 && axis < (int64_t)tensor->shape.rank && tensor->shape.dims[axis] == (int64_t)tensor->scales.count;
    tensor->axis = along ? (uint32_t)axis : 0;
    tensor->broken_quantisation =
        bd_fb_child(fb, &quantisation, QUANTISATION_DETAILS).at != 0 || (tensor->scales.count > 1 && !along) ||
        (tensor->zero_points.count && tensor->scales.count && tensor->zero_points.count != tensor->scales.count);
    for (uint32_t i = 0; i < tensor->scales.count && !tensor->broken_quantisation; i++) {
        float scale = bd_fb_item_float(&tensor->scales, i);
        int64_t zero = tensor->zero_points.count ? bd_fb_item_i64(&tensor->zero_points, i) : 0;
        tensor->broken_quantisation = !(scale > 0 && isfinite(scale)) || zero < -65536 || zero > 65536;
    }
}

/* Newer files of more than 2 GiB keep a buffer's bytes after the FlatBuffer, and its offset in the file. */
static void read_buffer(bd_tflite *tflite, const bd_fb_vector *buffers, uint64_t index, bd_tflite_tensor *tensor) {
    bd_fb *fb = &tflite->fb;
    if (index >= buffers->count) {
        fb->broken_at = fb->broken ? fb->broken_at : fb->bytes;
        fb->broken = true;
        return;
    }
    const bd_fb_table buffer = bd_fb_item_table(fb, buffers, (uint32_t)index);
    const bd_fb_vector data = bd_fb_items(fb, &buffer, BUFFER_DATA, 1);
    uint64_t offset = bd_fb_unsigned(fb, &buffer, BUFFER_OFFSET, 8, 0);
    uint64_t bytes = bd_fb_unsigned(fb, &buffer, BUFFER_BYTES, 8, 0);
    if (data.count) {
        tensor->data = data.items;
        tensor->bytes = data.count;
    } else if (offset > 1 && bytes && !fb->broken) {
        if (offset > fb->bytes || bytes > fb->bytes - offset) {
            fb->broken = true;
            fb->broken_at = fb->bytes;
            return;
        }
        tensor->data = fb->data + offset;
        tensor->bytes = (size_t)bytes;
    }
}

static bd_result read_tensor(bd_tflite *tflite, const bd_fb_vector *buffers, const bd_fb_table *table,
                             bd_tflite_tensor *tensor) {
    bd_fb *fb = &tflite->fb;
    const bd_fb_vector name = bd_fb_items(fb, table, TENSOR_NAME, 1);
    const bd_fb_vector shape = bd_fb_items(fb, table, TENSOR_SHAPE, 4);
    const bd_fb_vector open = bd_fb_items(fb, table, TENSOR_OPEN, 4);
    tensor->name = copy_name(tflite, &name);
    if (!tensor->name) {
        return bd_tflite_fail_memory(tflite);
    }
    tensor->type = (int32_t)bd_fb_signed(fb, table, TENSOR_TYPE, 1, 0);
    tensor->sparse = bd_fb_child(fb, table, TENSOR_SPARSITY).at != 0;
    tensor->type = shape.count > BD_MAX_RANK ? -1 : tensor->type; /* takes room, cannot be used */
    tensor->shape.rank = BD_MIN(shape.count, (uint32_t)BD_MAX_RANK);
    for (uint32_t d = 0; d < tensor->shape.rank; d++) {
        bool is_open = open.count == shape.count && bd_fb_item_i32(&open, d) == -1;
        tensor->shape.dims[d] = is_open ? -1 : bd_fb_item_i32(&shape, d);
    }
    read_buffer(tflite, buffers, bd_fb_unsigned(fb, table, TENSOR_BUFFER, 4, 0), tensor);
    read_quantisation(fb, table, tensor);
    return fb->broken ? fail_broken(tflite) : BD_OK;
}

static bd_result read_tensors(bd_tflite *tflite, const bd_fb_table *model, const bd_fb_table *subgraph) {
    bd_fb *fb = &tflite->fb;
    const bd_fb_vector buffers = bd_fb_items(fb, model, MODEL_BUFFERS, 4);
    const bd_fb_vector list = bd_fb_items(fb, subgraph, GRAPH_TENSORS, 4);
    if (list.count > TENSORS_MOST) {
        return bd_fail(tflite->error, BD_ERR_MODEL_UNSUPPORTED, "%s: %u tensors, the most is %d", tflite->file,
                       list.count, TENSORS_MOST);
    }
    tflite->tensors = bd_pool_alloc(&tflite->pool, (list.count + (size_t)1) * sizeof *tflite->tensors);
    if (!tflite->tensors) {
        return bd_tflite_fail_memory(tflite);
    }
    for (uint32_t i = 0; i < list.count; i++) {
        const bd_fb_table table = bd_fb_item_table(fb, &list, i);
        bd_result result = read_tensor(tflite, &buffers, &table, &tflite->tensors[i]);
        if (result) {
            return result;
        }
    }
    tflite->tensor_count = list.count;
    return fb->broken ? fail_broken(tflite) : BD_OK;
}

/* ---- operations ------------------------------------------------------------------------------------------------- */

static bool names_tensors(const bd_tflite *tflite, const bd_fb_vector *list) {
    for (uint32_t k = 0; k < list->count; k++) {
        int32_t index = bd_fb_item_i32(list, k);
        if (index < -1 || index >= (int64_t)tflite->tensor_count) {
            return false;
        }
    }
    return true;
}

static bd_result read_operator(bd_tflite *tflite, const bd_fb_vector *codes, const bd_fb_table *table,
                               bd_tflite_operator *op) {
    bd_fb *fb = &tflite->fb;
    uint64_t index = bd_fb_unsigned(fb, table, OPERATOR_CODE, 4, 0);
    op->inputs = bd_fb_items(fb, table, OPERATOR_INPUTS, 4);
    op->outputs = bd_fb_items(fb, table, OPERATOR_OUTPUTS, 4);
    op->options = bd_fb_child(fb, table, OPERATOR_OPTIONS);
    if (fb->broken) {
        return fail_broken(tflite);
    }
    if (index >= codes->count || !names_tensors(tflite, &op->inputs) || !names_tensors(tflite, &op->outputs)) {
        return bd_fail(tflite->error, BD_ERR_FILE_CORRUPT,
                       "%s: operation number %u names a tensor or code that is not there", tflite->file,
                       tflite->operator_count);
    }
    const bd_fb_table code = bd_fb_item_table(fb, codes, (uint32_t)index);
    int64_t old = bd_fb_signed(fb, &code, CODE_OLD, 1, 0), fresh = bd_fb_signed(fb, &code, CODE_NEW, 4, 0);
    op->code = (int32_t)BD_MAX(old, fresh);
    if (op->code == BD_TFLITE_CUSTOM) {
        const bd_fb_vector name = bd_fb_items(fb, &code, CODE_CUSTOM, 1);
        op->custom = copy_name(tflite, &name);
        if (!op->custom) {
            return bd_tflite_fail_memory(tflite);
        }
    }
    return fb->broken ? fail_broken(tflite) : BD_OK;
}

static bd_result read_operators(bd_tflite *tflite, const bd_fb_table *model, const bd_fb_table *subgraph) {
    bd_fb *fb = &tflite->fb;
    const bd_fb_vector codes = bd_fb_items(fb, model, MODEL_CODES, 4);
    const bd_fb_vector list = bd_fb_items(fb, subgraph, GRAPH_OPERATORS, 4);
    tflite->operators = bd_pool_alloc(&tflite->pool, (list.count + (size_t)1) * sizeof *tflite->operators);
    if (!tflite->operators) {
        return bd_tflite_fail_memory(tflite);
    }
    size_t links = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        const bd_fb_table table = bd_fb_item_table(fb, &list, i);
        bd_tflite_operator *op = &tflite->operators[i];
        bd_result result = read_operator(tflite, &codes, &table, op);
        if (result) {
            return result;
        }
        tflite->operator_count++;
        /* Every list has bytes of its own; shared ones would make small files large. */
        links += (size_t)op->inputs.count + op->outputs.count + 1;
        if (links > fb->bytes) {
            return bd_fail(tflite->error, BD_ERR_FILE_CORRUPT, "%s: operations share their lists of tensors",
                           tflite->file);
        }
        for (uint32_t k = 0; k < op->outputs.count; k++) {
            int32_t output = bd_fb_item_i32(&op->outputs, k);
            if (output < 0 || tflite->tensors[output].made || tflite->tensors[output].data) {
                return bd_tflite_fail(tflite, op, BD_ERR_FILE_CORRUPT,
                                      "makes a tensor that is a constant or is made before");
            }
            tflite->tensors[output].made = true;
        }
    }
    return fb->broken ? fail_broken(tflite) : BD_OK;
}

/* Coral's compiler makes one operation of most of a network, in code of its own. */
static bd_result check_compiled(const bd_tflite *tflite) {
    for (uint32_t i = 0; i < tflite->operator_count; i++) {
        const bd_tflite_operator *op = &tflite->operators[i];
        if (op->custom && !strcmp(op->custom, "edgetpu-custom-op")) {
            return bd_fail(
                tflite->error, BD_ERR_MODEL_UNSUPPORTED,
                "%s: compiled for Edge TPUs; the file that it was made from works, whose name usually is the "
                "same without _edgetpu",
                tflite->file);
        }
    }
    return BD_OK;
}

/* ---- the input and the output ----------------------------------------------------------------------------------- */

/* Whether a photo's byte is the integer that stands for what the caller wants the network to be fed, or the next one:
 * -1..1 is 0..256 where the scale is 1/128. */
static bool feeds_bytes(const bd_tflite *tflite, const bd_tflite_tensor *input) {
    const bd_feed *feed = &tflite->graph->feed;
    double scale = (double)bd_fb_item_float(&input->scales, 0);
    double zero = (double)(input->zero_points.count ? bd_fb_item_i64(&input->zero_points, 0) : 0) +
                  (input->type == BD_TFLITE_I8 ? 128 : 0);
    bool same = true;
    for (int c = 0; c < 3; c++) {
        for (int byte = 0; byte < 256; byte += 255) {
            double real = (byte / 255.0 - feed->mean[c]) / feed->deviation[c];
            same = same && fabs(real / scale + zero - byte) <= 1.001;
        }
    }
    return same;
}

/* A photo's bytes to the real numbers that they stand for. int8 networks are fed the byte less 128. */
static bd_result add_dequantisation(bd_tflite *tflite, bd_tflite_tensor *input) {
    bd_graph *graph = tflite->graph;
    int64_t zero = input->zero_points.count ? bd_fb_item_i64(&input->zero_points, 0) : 0;
    input->integers = tflite->integers;
    (void)bd_tflite_range(input, input->integers, &input->low, &input->high);
    if (input->integers && (input->low > 0 || input->high < 0)) {
        (void)snprintf(tflite->refusal, sizeof tflite->refusal, "node %.120s: its zero point has no integer form",
                       input->name);
        return BD_ERR_MODEL_UNSUPPORTED;
    }
    float *values = bd_pool_alloc(&graph->pool, 2 * sizeof *values);
    if (!values) {
        return bd_tflite_fail_memory(tflite);
    }
    values[0] = -(float)(zero + (input->type == BD_TFLITE_I8 ? 128 : 0));
    values[1] = bd_fb_item_float(&input->scales, 0);
    graph->input_step = tflite->integers ? values[1] : 1;
    static const bd_op ops[3] = {BD_OP_CAST, BD_OP_ADD, BD_OP_MUL};
    static const char *const names[3] = {"cast", "zero", "scale"};
    const bd_shape scalar = {0};
    /* Integers are not multiplied by their scale. */
    for (uint32_t i = 0; i < (tflite->integers ? 2u : 3u); i++) {
        char name[NAME_MOST + 16];
        (void)snprintf(name, sizeof name, "%s/%s", input->name, names[i]);
        uint32_t inputs[2] = {input->node, BD_NO_NODE};
        if (i) {
            inputs[1] = bd_graph_add_const(graph, name, BD_F32, &scalar, &values[i - 1]);
        }
        input->node = bd_graph_add(graph, ops[i], name, inputs, i ? 2 : 1);
        if (input->node == BD_NO_NODE || (i && inputs[1] == BD_NO_NODE)) {
            return bd_tflite_fail_memory(tflite);
        }
        graph->nodes[input->node].dtype = BD_F32;
    }
    return BD_OK;
}

/* What a caller wants the network to be fed, where it is not the bytes, is real numbers. */
static bd_result settle_quantised(bd_tflite *tflite, bd_tflite_tensor *input) {
    bd_graph *graph = tflite->graph;
    if (graph->feed.source != BD_INPUT_SOURCE_CALLER) {
        return add_dequantisation(tflite, input);
    }
    if (feeds_bytes(tflite, input)) {
        for (int c = 0; c < 3; c++) {
            graph->feed.mean[c] = bd_feed_bytes.mean[c];
            graph->feed.deviation[c] = bd_feed_bytes.deviation[c];
        }
        return add_dequantisation(tflite, input);
    }
    if (tflite->integers) {
        (void)snprintf(tflite->refusal, sizeof tflite->refusal,
                       "node %.120s: the range asked for is not what its bytes stand for", input->name);
        return BD_ERR_MODEL_UNSUPPORTED;
    }
    graph->nodes[input->node].dtype = BD_F32;
    return BD_OK;
}

static bd_result add_input(bd_tflite *tflite, bd_tflite_tensor *input) {
    bd_graph *graph = tflite->graph;
    bool eight = input->type == BD_TFLITE_U8 || (input->type == BD_TFLITE_I8 && input->scales.count == 1);
    bool fits = eight || input->type == BD_TFLITE_F32 || input->type == BD_TFLITE_F16;
    bd_shape shape = input->shape;
    shape.dims[0] = shape.dims[0] == -1 ? 1 : shape.dims[0];
    shape.dims[3] = shape.dims[3] == -1 ? 3 : shape.dims[3];
    fits = fits && shape.rank == 4 && shape.dims[0] == 1 && shape.dims[3] == 3 && !input->broken_quantisation &&
           input->scales.count < 2;
    for (uint32_t d = 1; d < 3; d++) {
        fits = fits && (shape.dims[d] > 0 || shape.dims[d] == -1);
    }
    if (!fits) {
        return bd_fail(tflite->error, BD_ERR_MODEL_UNSUPPORTED,
                       "%s: node %.120s: the input is not (1, height, width, 3) of float, uint8 or int8", tflite->file,
                       input->name);
    }
    input->node = bd_graph_add(graph, BD_OP_INPUT, input->name, NULL, 0);
    if (input->node == BD_NO_NODE) {
        return bd_tflite_fail_memory(tflite);
    }
    graph->input = input->node;
    input->is_input = true;
    graph->nodes[input->node].dtype = eight ? BD_U8 : BD_F32;
    graph->nodes[input->node].shape = shape;
    if (!eight) {
        bd_graph_suggest_feed(graph, BD_INPUT_SOURCE_TRAINER, &bd_feed_symmetric); /* as DeepLab's exports are fed */
    }
    return bd_tflite_is_quantised(input) ? settle_quantised(tflite, input) : BD_OK;
}

static bd_result add_inputs(bd_tflite *tflite, const bd_fb_table *subgraph) {
    const bd_fb_vector inputs = bd_fb_items(&tflite->fb, subgraph, GRAPH_INPUTS, 4);
    const bd_tflite_tensor *first = NULL;
    if (tflite->fb.broken || !names_tensors(tflite, &inputs)) {
        return bd_fail(tflite->error, BD_ERR_FILE_CORRUPT, "%s: the inputs are no tensors", tflite->file);
    }
    for (uint32_t i = 0; i < inputs.count; i++) {
        int32_t index = bd_fb_item_i32(&inputs, i);
        if (index < 0 || !tflite->tensors[index].needed || &tflite->tensors[index] == first) {
            continue;
        }
        if (first) {
            return bd_fail(tflite->error, BD_ERR_MODEL_UNSUPPORTED, "%s: node %.120s: a second input (beside %.120s)",
                           tflite->file, tflite->tensors[index].name, first->name);
        }
        first = &tflite->tensors[index];
        if (first->made || first->data) {
            return bd_fail(tflite->error, BD_ERR_FILE_CORRUPT,
                           "%s: node %.120s: the input is a constant or made by an operation", tflite->file,
                           first->name);
        }
        bd_result result = add_input(tflite, &tflite->tensors[index]);
        if (result) {
            return result;
        }
    }
    return first ? BD_OK
                 : bd_fail(tflite->error, BD_ERR_MODEL_UNSUPPORTED, "%s: the output depends on no input", tflite->file);
}

static int32_t maker_of(const bd_tflite *tflite, int32_t tensor) {
    for (uint32_t i = tflite->operator_count; i-- > 0;) {
        const bd_tflite_operator *op = &tflite->operators[i];
        for (uint32_t k = 0; k < op->outputs.count; k++) {
            if (bd_fb_item_i32(&op->outputs, k) == tensor) {
                return op->code;
            }
        }
    }
    return -1;
}

/* Several outputs: the only one of the first operation in this order that a segmentation network ends with. */
static bd_result choose_output(bd_tflite *tflite, const bd_fb_table *subgraph, uint32_t *output) {
    static const int32_t codes[] = {BD_TFLITE_ARG_MAX, BD_TFLITE_SOFTMAX, BD_TFLITE_RESIZE_BILINEAR};
    enum { OUTPUTS_MOST = 64 };
    const bd_fb_vector list = bd_fb_items(&tflite->fb, subgraph, GRAPH_OUTPUTS, 4);
    if (tflite->fb.broken || !list.count || !names_tensors(tflite, &list)) {
        return bd_fail(tflite->error, BD_ERR_FILE_CORRUPT, "%s: the graph has no output", tflite->file);
    }
    int32_t found = list.count == 1 ? bd_fb_item_i32(&list, 0) : -1;
    for (size_t c = 0; c < BD_COUNT(codes) && found < 0 && list.count > 1 && list.count <= OUTPUTS_MOST; c++) {
        uint32_t matches = 0;
        for (uint32_t i = 0; i < list.count; i++) {
            int32_t tensor = bd_fb_item_i32(&list, i);
            if (tensor >= 0 && maker_of(tflite, tensor) == codes[c]) {
                found = tensor;
                matches++;
            }
        }
        if (matches > 1) {
            found = -1;
            break;
        }
    }
    if (found < 0) {
        return bd_fail(tflite->error, BD_ERR_MODEL_UNSUPPORTED, "%s: which of %u outputs is meant is not clear",
                       tflite->file, list.count);
    }
    *output = (uint32_t)found;
    return BD_OK;
}

/* Operations are listed in the order they run in, so one walk backwards finds what the output needs. */
static void mark_needed(bd_tflite *tflite, uint32_t output) {
    tflite->tensors[output].needed = tflite->tensors[output].read_alone = true;
    for (uint32_t i = tflite->operator_count; i-- > 0;) {
        bd_tflite_operator *op = &tflite->operators[i];
        for (uint32_t k = 0; k < op->outputs.count; k++) {
            op->needed = op->needed || tflite->tensors[bd_fb_item_i32(&op->outputs, k)].needed;
        }
        for (uint32_t k = 0; op->needed && k < op->inputs.count; k++) {
            int32_t input = bd_fb_item_i32(&op->inputs, k);
            if (input >= 0) {
                tflite->tensors[input].needed = true;
                tflite->tensors[input].read_alone |= op->code != BD_TFLITE_ADD;
            }
        }
    }
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

/* What is needed, as nodes of an empty graph. Each constant is widened to four times its bytes at most, and has two
 * uses at most in real models; convolutions of integers have their biases and scales beside them. */
static bd_result build(bd_tflite *tflite, const bd_fb_table *subgraph) {
    tflite->graph->count = 0;
    tflite->copy_budget = (tflite->integers ? 20 : 8) * (uint64_t)tflite->fb.bytes + 4096;
    for (uint32_t i = 0; i < tflite->tensor_count; i++) {
        bd_tflite_tensor *tensor = &tflite->tensors[i];
        tensor->node = tensor->real = BD_NO_NODE;
        tensor->constant = tensor->data ? i : BD_NO_NODE;
        tensor->integers = false;
        tensor->low = -INFINITY;
        tensor->high = INFINITY;
        for (uint32_t r = 0; r < BD_TFLITE_ROLES; r++) {
            tensor->real_roles[r] = tensor->integer_roles[r] = BD_NO_NODE;
        }
    }
    bd_result result = add_inputs(tflite, subgraph);
    for (uint32_t i = 0; !result && i < tflite->operator_count; i++) {
        if (tflite->operators[i].needed) {
            result = bd_tflite_convert(tflite, &tflite->operators[i]);
        }
    }
    return result;
}

/* In integers where all of it can be; else anew, in float, and the graph says why. */
static bd_result build_either(bd_tflite *tflite, const bd_fb_table *subgraph) {
    bd_graph *graph = tflite->graph;
    bd_result result = build(tflite, subgraph);
    if (*tflite->refusal) {
        graph->not_integers = bd_pool_strdup(&graph->pool, tflite->refusal);
        if (!graph->not_integers) {
            return bd_tflite_fail_memory(tflite);
        }
        tflite->integers = false;
        result = build(tflite, subgraph);
    }
    for (uint32_t i = 0; i < tflite->tensor_count; i++) {
        graph->integers = graph->integers || tflite->tensors[i].integers;
    }
    return result;
}

/* The tensor that became the graph's input. */
static uint32_t input_of(const bd_tflite *tflite) {
    uint32_t i = 0;
    while (i < tflite->tensor_count && !tflite->tensors[i].is_input) {
        i++;
    }
    return i;
}

/* Which of the subgraph's inputs or outputs a tensor is. */
static uint32_t position_of(bd_tflite *tflite, const bd_fb_table *subgraph, uint32_t field, uint32_t tensor) {
    const bd_fb_vector list = bd_fb_items(&tflite->fb, subgraph, field, 4);
    uint32_t i = 0;
    while (i < list.count && bd_fb_item_i32(&list, i) != (int32_t)tensor) {
        i++;
    }
    return i;
}

static bd_result import_model(bd_tflite *tflite) {
    const bd_fb_table model = bd_fb_root(&tflite->fb);
    const bd_fb_vector subgraphs = bd_fb_items(&tflite->fb, &model, MODEL_SUBGRAPHS, 4);
    if (tflite->fb.broken) {
        return fail_broken(tflite);
    }
    if (!subgraphs.count) {
        return bd_fail(tflite->error, BD_ERR_FILE_CORRUPT, "%s: the model has no graph", tflite->file);
    }
    const bd_fb_table subgraph = bd_fb_item_table(&tflite->fb, &subgraphs, 0);
    uint32_t output = 0;
    bd_result result = read_tensors(tflite, &model, &subgraph);
    if (!result) {
        result = read_operators(tflite, &model, &subgraph);
    }
    if (!result) {
        result = check_compiled(tflite);
    }
    if (!result) {
        result = choose_output(tflite, &subgraph, &output);
    }
    if (!result) {
        mark_needed(tflite, output);
        result = build_either(tflite, &subgraph);
    }
    if (!result && tflite->tensors[output].node == BD_NO_NODE) {
        result = bd_fail(tflite->error, BD_ERR_FILE_CORRUPT, "%s: node %.120s: no operation makes the output",
                         tflite->file, tflite->tensors[output].name);
    }
    if (!result) {
        tflite->graph->output = tflite->tensors[output].node;
        result = bd_tflite_read_metadata(tflite, &model, position_of(tflite, &subgraph, GRAPH_INPUTS, input_of(tflite)),
                                         position_of(tflite, &subgraph, GRAPH_OUTPUTS, output));
    }
    return result;
}

bool bd_model_is_tflite(const uint8_t *data, size_t bytes) {
    return bytes >= 8 && !memcmp(data + 4, "TFL3", 4);
}

bd_result bd_model_import_tflite(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph,
                                 bd_shards *shards, bd_error *error) {
    bd_shards_begin(shards, graph->pool.allocator);
    if (!bd_model_is_tflite(data, bytes)) {
        return bd_fail(error, BD_ERR_FILE_FORMAT, "%s: not a TensorFlow Lite model", path);
    }
    bd_tflite tflite = {.file = path,
                        .fb = {.data = data, .bytes = bytes},
                        .graph = graph,
                        .integers = !graph->in_float,
                        .pool = {.allocator = graph->pool.allocator},
                        .error = error};
    graph->input = graph->output = BD_NO_NODE;
    bd_result result = import_model(&tflite);
    bd_pool_finish(&tflite.pool);
    return result;
}
