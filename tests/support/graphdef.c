/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/graphdef.h"

graphdef_file written;
graphdef_fixture opened;

/* ---- writing ---------------------------------------------------------------------------------------------------- */

enum { PART = 1 << 16 };
typedef struct part {
    uint8_t bytes[PART];
    size_t count;
} part;

static part node; /* in hand */
static bool node_open;

static void put_bytes(part *to, const void *bytes, size_t count) {
    assert_true(count <= PART - to->count);
    if (count) {
        memcpy(to->bytes + to->count, bytes, count);
    }
    to->count += count;
}

static void put_varint(part *to, uint64_t value) {
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        put_bytes(to, &byte, 1);
        value >>= 7;
    } while (value);
}

static void put_number(part *to, uint32_t number, uint64_t value) {
    put_varint(to, number << 3);
    put_varint(to, value);
}

static void put_field(part *to, uint32_t number, const void *bytes, size_t count) {
    put_varint(to, number << 3 | 2);
    put_varint(to, count);
    put_bytes(to, bytes, count);
}

static void put_float(part *to, uint32_t number, uint32_t bits) {
    const uint8_t bytes[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24)};
    put_varint(to, number << 3 | 5);
    put_bytes(to, bytes, 4);
}

void gd_begin(void) {
    gd_end();
    written.bytes = malloc(1);
    assert_non_null(written.bytes);
}

void gd_end(void) {
    free(written.bytes);
    written = (graphdef_file){0};
    node_open = false;
}

static void append(uint32_t number, const void *bytes, size_t count) {
    static part head;
    head.count = 0;
    put_varint(&head, number << 3 | 2);
    put_varint(&head, count);
    written.bytes = realloc(written.bytes, written.count + head.count + count + 1);
    assert_non_null(written.bytes);
    memcpy(written.bytes + written.count, head.bytes, head.count);
    written.count += head.count;
    if (count) {
        memcpy(written.bytes + written.count, bytes, count);
    }
    written.count += count;
}

/* The node in hand goes into the graph. */
static void close_node(void) {
    if (node_open) {
        append(1, node.bytes, node.count);
        assert_in_range(written.node_count, 0, BD_COUNT(written.ends) - 1);
        written.ends[written.node_count++] = written.count;
    }
    node_open = false;
}

void gd_graph_field(uint32_t number, const void *bytes, size_t count) {
    close_node();
    append(number, bytes, count);
}

void gd_node(const char *name, const char *op, const char *inputs) {
    close_node();
    node_open = true;
    node.count = 0;
    put_field(&node, 1, name, strlen(name));
    put_field(&node, 2, op, strlen(op));
    while (inputs && *inputs) {
        size_t length = strcspn(inputs, " ");
        put_field(&node, 3, inputs, length);
        inputs += length + strspn(inputs + length, " ");
    }
}

void gd_node_field(uint32_t number, const void *bytes, size_t count) {
    put_field(&node, number, bytes, count);
}

void gd_raw(const char *name, const void *bytes, size_t count) {
    static part entry;
    entry.count = 0;
    put_field(&entry, 1, name, strlen(name));
    put_field(&entry, 2, bytes, count);
    put_field(&node, 5, entry.bytes, entry.count);
}

void gd_integer(const char *name, int64_t value) {
    static part made;
    made.count = 0;
    put_number(&made, 3, (uint64_t)value);
    gd_raw(name, made.bytes, made.count);
}

void gd_real(const char *name, float value) {
    static part made;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    made.count = 0;
    put_float(&made, 4, bits);
    gd_raw(name, made.bytes, made.count);
}

void gd_flag(const char *name, bool value) {
    static part made;
    made.count = 0;
    put_number(&made, 5, value);
    gd_raw(name, made.bytes, made.count);
}

void gd_type(const char *name, int type) {
    static part made;
    made.count = 0;
    put_number(&made, 6, (uint64_t)type);
    gd_raw(name, made.bytes, made.count);
}

void gd_text(const char *name, const char *text) {
    static part made;
    made.count = 0;
    put_field(&made, 2, text, strlen(text));
    gd_raw(name, made.bytes, made.count);
}

void gd_texts(const char *name, const char *const *texts, uint32_t count) {
    static part list, made;
    list.count = made.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        put_field(&list, 2, texts[i], strlen(texts[i]));
    }
    put_field(&made, 1, list.bytes, list.count);
    gd_raw(name, made.bytes, made.count);
}

void gd_integers(const char *name, const int64_t *values, uint32_t count, bool packed) {
    static part numbers, list, made;
    numbers.count = list.count = made.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (packed) {
            put_varint(&numbers, (uint64_t)values[i]);
        } else {
            put_number(&list, 3, (uint64_t)values[i]);
        }
    }
    if (packed) {
        put_field(&list, 3, numbers.bytes, numbers.count);
    }
    put_field(&made, 1, list.bytes, list.count);
    gd_raw(name, made.bytes, made.count);
}

static void put_shape(part *to, uint32_t number, const int64_t *dims, uint32_t rank) {
    static part dim, shape;
    shape.count = 0;
    for (uint32_t d = 0; d < rank; d++) {
        dim.count = 0;
        put_number(&dim, 1, (uint64_t)dims[d]);
        put_field(&shape, 2, dim.bytes, dim.count);
    }
    put_field(to, number, shape.bytes, shape.count);
}

void gd_shape(const char *name, const int64_t *dims, uint32_t rank) {
    static part made;
    made.count = 0;
    put_shape(&made, 7, dims, rank);
    gd_raw(name, made.bytes, made.count);
}

static void begin_tensor(part *tensor, int type, const int64_t *dims, uint32_t rank) {
    tensor->count = 0;
    put_number(tensor, 1, (uint64_t)type);
    put_shape(tensor, 2, dims, rank);
}

static void end_tensor(const char *name, const part *tensor) {
    static part made;
    made.count = 0;
    put_field(&made, 8, tensor->bytes, tensor->count);
    gd_raw(name, made.bytes, made.count);
}

void gd_content(const char *name, int type, const int64_t *dims, uint32_t rank, const void *bytes, size_t count) {
    static part tensor;
    begin_tensor(&tensor, type, dims, rank);
    put_field(&tensor, 4, bytes, count);
    end_tensor(name, &tensor);
}

void gd_single(const char *name, int type, const int64_t *dims, uint32_t rank, uint64_t bits) {
    static part tensor;
    begin_tensor(&tensor, type, dims, rank);
    switch (type) {
    case GD_FLOAT: put_float(&tensor, 5, (uint32_t)bits); break;
    case GD_INT64: put_number(&tensor, 10, bits); break;
    case GD_BOOL: put_number(&tensor, 11, bits); break;
    case GD_HALF: put_number(&tensor, 13, bits); break;
    default: put_number(&tensor, 7, bits); break;
    }
    end_tensor(name, &tensor);
}

void gd_photo(const char *name, int type, int64_t h, int64_t w) {
    const int64_t dims[4] = {1, h, w, 3};
    gd_node(name, "Placeholder", NULL);
    gd_type("dtype", type);
    gd_shape("shape", dims, 4);
}

void gd_begin_photo(void) {
    gd_begin();
    gd_photo("photo", GD_FLOAT, 8, 9);
}

void gd_floats(const char *name, const int64_t *dims, uint32_t rank, const float *values) {
    size_t elements = 1;
    for (uint32_t d = 0; d < rank; d++) {
        elements *= (size_t)dims[d];
    }
    gd_node(name, "Const", NULL);
    gd_type("dtype", GD_FLOAT);
    gd_content("value", GD_FLOAT, dims, rank, values, elements * sizeof *values);
}

void gd_int32s(const char *name, const int32_t *values, uint32_t count) {
    const int64_t dims[1] = {count};
    gd_node(name, "Const", NULL);
    gd_type("dtype", GD_INT32);
    gd_content("value", GD_INT32, dims, 1, values, count * sizeof *values);
}

void gd_conv(const char *name, const char *op, const char *inputs) {
    const int64_t ones[4] = {1, 1, 1, 1};
    gd_node(name, op, inputs);
    gd_integers("strides", ones, 4, true);
    gd_text("padding", "SAME");
    gd_text("data_format", "NHWC");
}

void gd_network(void) {
    float weights[3 * 3 * 3 * 4], bias[4] = {0.5f, -0.5f, 1, 0};
    for (size_t i = 0; i < BD_COUNT(weights); i++) {
        weights[i] = (float)((i * 37) % 19) / 19 - 0.5f;
    }
    const int64_t kernel[4] = {3, 3, 3, 4}, channels[1] = {4};
    gd_begin();
    gd_floats("weights", kernel, 4, weights);
    gd_floats("bias", channels, 1, bias);
    gd_node("axis", "Const", NULL);
    gd_single("value", GD_INT32, NULL, 0, 3);
    gd_photo("photo", GD_FLOAT, 8, 9);
    gd_node("weights/read", "Identity", "weights");
    gd_conv("conv", "Conv2D", "photo weights/read");
    gd_node("sum", "BiasAdd", "conv bias:0 ^axis");
    gd_node("relu", "Relu6", "sum");
    gd_node("labels", "ArgMax", "relu axis");
    close_node();
}

/* A list over (n, h, w, c) for either layout. */
static void window(const char *name, bool first, int64_t h, int64_t w) {
    const int64_t values[4] = {1, first ? 1 : h, first ? h : w, first ? w : 1};
    gd_integers(name, values, 4, true);
}

static void layout_node(const char *name, const char *op, const char *inputs, bool first) {
    gd_node(name, op, inputs);
    gd_text("data_format", first ? "NCHW" : "NHWC");
}

static void axes(const char *name, bool first, uint32_t count, const int32_t *last) {
    static const int32_t turned[4] = {0, 2, 3, 1};
    int32_t values[4];
    for (uint32_t i = 0; i < count; i++) {
        values[i] = first ? turned[last[i]] : last[i];
    }
    gd_int32s(name, values, count);
}

void gd_layouts(bool first, bool photo_first) {
    float weights[108], factors[4] = {1, 2, -0.5f, 3}, variance[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < BD_COUNT(weights); i++) {
        weights[i] = (float)((i * 37) % 19) / 19 - 0.5f;
    }
    const int64_t four[1] = {4}, dims[4] = {1, photo_first ? 3 : 8, photo_first ? 8 : 9, photo_first ? 9 : 3};
    const int64_t turned_channel[4] = {1, 4, 1, 1}, explicit_first[8] = {0, 0, 0, 0, 1, 2, 0, 1},
                  explicit_last[8] = {0, 0, 1, 2, 0, 1, 0, 0};
    const int32_t pads_first[8] = {0, 0, 0, 0, 1, 0, 2, 1}, pads_last[8] = {0, 0, 1, 0, 2, 1, 0, 0};
    gd_begin();
    gd_node("photo", "Placeholder", NULL);
    gd_type("dtype", GD_FLOAT);
    gd_shape("shape", dims, 4);
    if (first && !photo_first) {
        gd_int32s("to first", (const int32_t[]){0, 3, 1, 2}, 4);
    }
    gd_node("x", first && !photo_first ? "Transpose" : "Identity", "photo");
    if (first && !photo_first) {
        gd_node_field(3, "to first", 8);
    }
    gd_floats("w", (const int64_t[]){3, 3, 3, 4}, 4, weights);
    gd_node("edges", "Const", NULL);
    gd_content("value", GD_INT32, (const int64_t[]){4, 2}, 2, first ? pads_first : pads_last, 32);
    gd_node("pad", "Pad", "x edges");
    layout_node("conv", "Conv2D", "pad w", first);
    window("strides", first, 1, 2);
    window("dilations", first, 2, 1);
    gd_text("padding", "EXPLICIT");
    gd_integers("explicit_paddings", first ? explicit_first : explicit_last, 8, true);
    gd_floats("b", four, 1, factors);
    layout_node("bias", "BiasAdd", "conv b", first);
    gd_floats("factors", first ? turned_channel + 1 : four, first ? 3 : 1, factors);
    gd_node("mul", "Mul", "factors bias");
    gd_floats("more", first ? turned_channel : four, first ? 4 : 1, variance);
    gd_node("sub", "Sub", "mul more");
    gd_floats("v", four, 1, variance);
    layout_node("norm", "FusedBatchNormV3", "sub b b b v", first);
    gd_flag("is_training", false);
    gd_node("relu", "Relu", "norm");
    layout_node("pool", "MaxPool", "relu", first);
    window("strides", first, 1, 1);
    window("ksize", first, 2, 3);
    gd_text("padding", "VALID");
    gd_node("twice", "AddN", "pool pool");
    axes("axis", first, 1, (const int32_t[]){3});
    axes("plane", first, 2, (const int32_t[]){1, 2});
    gd_node("mean", "Mean", "twice plane");
    gd_flag("keep_dims", true);
    gd_node("scaled", "Mul", "twice mean");
    gd_node("both", "ConcatV2", "scaled twice axis");
    if (first) {
        gd_int32s("to last", (const int32_t[]){0, 2, 3, 1}, 4);
    }
    gd_node("out", first ? "Transpose" : "Identity", "both");
    if (first) {
        gd_node_field(3, "to last", 7);
    }
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* Each allocation keeps its size in front. */
static void *count_reallocate(void *user, void *memory, size_t bytes) {
    (void)user;
    if (!opened.until_failure) {
        return NULL;
    }
    opened.until_failure -= opened.until_failure > 0;
    size_t *old = memory ? (size_t *)memory - 2 : NULL, before = old ? *old : 0;
    size_t *fresh = realloc(old, bytes + 2 * sizeof *fresh);
    if (!fresh) {
        return NULL;
    }
    *fresh = bytes;
    opened.live += !memory;
    opened.bytes += bytes - before;
    opened.most_bytes = BD_MAX(opened.most_bytes, opened.bytes);
    return fresh + 2;
}

static void *count_allocate(void *user, size_t bytes) {
    return count_reallocate(user, NULL, bytes);
}

static void count_release(void *user, void *memory) {
    (void)user;
    if (memory) {
        size_t *old = (size_t *)memory - 2;
        opened.live--;
        opened.bytes -= *old;
        free(old);
    }
}

void gd_unload(void) {
    if (opened.loaded) {
        bd_graph_finish(&opened.graph);
        bd_shards_finish(&opened.shards);
        opened.loaded = false;
    }
    assert_int_equal(opened.live, 0);
}

int gd_clean_up(void **state) {
    (void)state;
    gd_unload();
    gd_end();
    return 0;
}

bd_result gd_import(const uint8_t *data, size_t bytes) {
    gd_unload();
    opened.allocator = (bd_allocator){NULL, count_allocate, count_reallocate, count_release};
    opened.most_bytes = 0;
    opened.error = (bd_error){0};
    bd_result result = bd_graph_init(&opened.graph, &opened.allocator, "graph.pb", &opened.error);
    if (!result) {
        opened.loaded = true;
        result = bd_model_import_graphdef(data, bytes, "graph.pb", &opened.graph, &opened.shards, &opened.error);
    }
    if (result) {
        assert_int_equal(opened.error.code, result);
        assert_non_null(strstr(opened.error.message, "graph.pb: "));
        assert_null(strchr(opened.error.message, '\n'));
    }
    return result;
}

bd_result gd_import_written(size_t bytes, size_t shift) {
    static uint8_t *copy; /* constants point into it */
    gd_unload();
    close_node();
    free(copy);
    copy = malloc(bytes + shift ? bytes + shift : 1); /* no byte more, so that reading past the end is seen */
    assert_non_null(copy);
    memcpy(copy + shift, written.bytes, bytes);
    return gd_import(copy + shift, bytes);
}

void gd_good(void) {
    close_node();
    if (gd_import_written(written.count, 0)) {
        fail_msg("%s: %s", bd_result_name(opened.error.code), opened.error.message);
    }
}

void gd_bad(bd_result code, const char *message) {
    close_node();
    bd_result result = gd_import_written(written.count, 0);
    if (result != code || !strstr(opened.error.message, message)) {
        fail_msg("%s: %s\nexpected %s: ...%s", bd_result_name(result), opened.error.message, bd_result_name(code),
                 message);
    }
}

const bd_node *gd_called(const char *name) {
    for (uint32_t i = 0; i < opened.graph.count; i++) {
        if (!strcmp(opened.graph.nodes[i].name, name)) {
            return &opened.graph.nodes[i];
        }
    }
    fail_msg("no node %s", name);
    return NULL;
}

const bd_node *gd_input(const bd_node *of, uint32_t input) {
    assert_in_range(input + 1, 1, of->input_count);
    return &opened.graph.nodes[of->inputs[input]];
}
