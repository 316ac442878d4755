/* SPDX-License-Identifier: MIT */
#include "network/tuning.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "backdrop tuning 1\n"
enum { MOST_BYTES = 16 << 20, MOST_ENTRIES = 1 << 17 /* of a file: 42 MB */ };

/* ---- signatures -------------------------------------------------------------------------------------------------- */

static void append(char *text, const char *format, ...) BD_PRINTF(2, 3);
static void append(char *text, const char *format, ...) {
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + used, BD_TUNING_SIGNATURE_BYTES - used, format, arguments);
    va_end(arguments);
}

static void append_shape(char *text, const char *what, const bd_shape *shape) {
    append(text, " %s", what);
    for (uint32_t d = 0; d < shape->rank; d++) {
        append(text, "%s%d", d ? "x" : "", shape->dims[d]);
    }
}

static void append_node(char *text, const bd_graph *graph, uint32_t index) {
    const bd_node *node = &graph->nodes[index];
    append(text, "%s", bd_op_name(node->op));
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == BD_NO_NODE) {
            append(text, " -");
        } else if (graph->nodes[node->inputs[i]].op != BD_OP_CONST) {
            append_shape(text, "", &graph->nodes[node->inputs[i]].shape);
        }
    }
    append_shape(text, "to ", &node->shape);
    if (bd_op_has_window(node->op)) {
        const bd_conv_attrs *c = &node->u.conv;
        append(text, " k%d,%d s%d,%d d%d,%d p%d,%d", c->kernel_h, c->kernel_w, c->stride_h, c->stride_w, c->dilation_h,
               c->dilation_w, c->pad_top, c->pad_left);
        append(text, "%s", c->rounding ? " integers" : ""); /* whose kernels are tried for equality */
    }
}

void bd_tuning_signature(const bd_graph *graph, uint32_t index, bd_precision precision,
                         char signature[BD_TUNING_SIGNATURE_BYTES]) {
    const bd_node *node = &graph->nodes[index];
    signature[0] = '\0';
    append(signature, "%s ",
           precision == BD_PRECISION_FAST16 ? "fast16"
           : precision == BD_PRECISION_FP16 ? "fp16"
                                            : "fp32");
    append_node(signature, graph, index);
    bd_op before = node->input_count ? graph->nodes[node->inputs[0]].op : BD_OP_NONE;
    if ((node->op == BD_OP_CONV && before == BD_OP_DEPTHWISE) ||
        (node->op == BD_OP_DEPTHWISE && before == BD_OP_CONV)) {
        append(signature, " after ");
        append_node(signature, graph, node->inputs[0]);
    }
}

void bd_tuning_network_signature(const bd_graph *graph, char signature[BD_TUNING_SIGNATURE_BYTES]) {
    uint64_t hash = BD_HASH_BEGIN;
    for (uint32_t n = 0; n < graph->count; n++) {
        if (graph->nodes[n].op == BD_OP_CONST) {
            continue;
        }
        char text[BD_TUNING_SIGNATURE_BYTES];
        bd_tuning_signature(graph, n, BD_PRECISION_FP32, text);
        hash = bd_hash(hash, text, strlen(text));
    }
    (void)snprintf(signature, BD_TUNING_SIGNATURE_BYTES, "network %016llx", (unsigned long long)hash);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

/* Where a signature is in sorted, or belongs. */
static uint32_t place_of(const bd_tuning *tuning, const char *signature, bool *found) {
    uint32_t low = 0, high = tuning->count;
    *found = false;
    while (low < high && !*found) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(tuning->entries[tuning->sorted[middle]].signature, signature);
        *found = order == 0;
        low = order < 0 ? middle + 1 : *found ? middle : low;
        high = order > 0 ? middle : high;
    }
    return low;
}

const bd_tuning_entry *bd_tuning_find(const bd_tuning *tuning, const char *signature) {
    bool found;
    uint32_t at = place_of(tuning, signature, &found);
    return found ? &tuning->entries[tuning->sorted[at]] : NULL;
}

static bd_result make_room(bd_tuning *tuning, bd_error *error) {
    if (tuning->count < tuning->capacity) {
        return BD_OK;
    }
    uint32_t capacity = tuning->capacity ? tuning->capacity * 2 : 64;
    bd_tuning_entry *entries = bd_realloc(tuning->allocator, tuning->entries, capacity * sizeof *entries);
    tuning->entries = entries ? entries : tuning->entries;
    uint32_t *sorted = entries ? bd_realloc(tuning->allocator, tuning->sorted, capacity * sizeof *sorted) : NULL;
    if (!sorted) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    tuning->sorted = sorted;
    tuning->capacity = capacity;
    return BD_OK;
}

static void set_entry(bd_tuning_entry *entry, const char *name, double us) {
    (void)snprintf(entry->name, sizeof entry->name, "%s", name);
    entry->us = us;
}

/* Behind the others, and not in sorted yet; there is room. */
static void append_entry(bd_tuning *tuning, const char *signature, const char *name, double us) {
    bd_tuning_entry *entry = &tuning->entries[tuning->count++];
    (void)snprintf(entry->signature, sizeof entry->signature, "%s", signature);
    set_entry(entry, name, us);
}

bd_result bd_tuning_put(bd_tuning *tuning, const char *signature, const char *name, double us, bd_error *error) {
    bool found;
    uint32_t at = place_of(tuning, signature, &found);
    if (found) {
        set_entry(&tuning->entries[tuning->sorted[at]], name, us);
        return BD_OK;
    }
    bd_result result = make_room(tuning, error);
    if (!result) {
        memmove(tuning->sorted + at + 1, tuning->sorted + at, (tuning->count - at) * sizeof *tuning->sorted);
        tuning->sorted[at] = tuning->count;
        append_entry(tuning, signature, name, us);
    }
    return result;
}

void bd_tuning_drop(bd_tuning *tuning, const char *signature) {
    bool found;
    uint32_t at = place_of(tuning, signature, &found);
    if (!found) {
        return;
    }
    uint32_t number = tuning->sorted[at];
    bd_tuning_entry *entry = &tuning->entries[number];
    tuning->count--;
    memmove(entry, entry + 1, (tuning->count - number) * sizeof *entry);
    memmove(tuning->sorted + at, tuning->sorted + at + 1, (tuning->count - at) * sizeof *tuning->sorted);
    for (uint32_t i = 0; i < tuning->count; i++) {
        tuning->sorted[i] -= tuning->sorted[i] > number;
    }
}

/* ---- the file: a header line, then signature, name and microseconds, a tab between ---------------------------------
 */

/* Copies the text up to `end` into to; false when it has no room or is empty. */
static bool take(char *to, size_t room, const char *from, const char *end) {
    size_t length = (size_t)(end - from);
    if (!length || length >= room) {
        return false;
    }
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

static bd_result parse_line(bd_tuning *tuning, const char *line, const char *end, bd_error *error) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    char name[BD_KERNEL_NAME_BYTES];
    char number[32];
    const char *first = memchr(line, '\t', (size_t)(end - line));
    const char *second = first ? memchr(first + 1, '\t', (size_t)(end - first - 1)) : NULL;
    if (!second || !take(signature, sizeof signature, line, first) || !take(name, sizeof name, first + 1, second) ||
        !take(number, sizeof number, second + 1, end)) {
        return BD_OK; /* a line that says nothing */
    }
    double us = strtod(number, NULL);
    if (!(us > 0 && isfinite(us))) {
        return BD_OK;
    }
    bd_result result = make_room(tuning, error);
    if (!result) {
        append_entry(tuning, signature, name, us);
    }
    return result;
}

/* Those of one signature in their order. */
static int compare_entries(const void *a, const void *b) {
    const bd_tuning_entry *one = *(const bd_tuning_entry *const *)a, *other = *(const bd_tuning_entry *const *)b;
    int order = strcmp(one->signature, other->signature);
    return order ? order : (one > other) - (one < other);
}

static void order_entries(const bd_tuning *tuning, bd_tuning_entry **order) {
    for (uint32_t i = 0; i < tuning->count; i++) {
        order[i] = &tuning->entries[i];
    }
    qsort(order, tuning->count, sizeof *order, compare_entries);
}

/* Of lines with one signature the last one counts. All are sorted at once: put in one by one, the many of a large file
 * would take a time that grows by the square. */
static bd_result sort_entries(bd_tuning *tuning, bd_error *error) {
    const uint32_t lines = tuning->count;
    bd_tuning_entry **order = bd_alloc_array(tuning->allocator, lines, sizeof(bd_tuning_entry *));
    if (!order) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    order_entries(tuning, order);
    for (uint32_t i = 0; i + 1 < lines; i++) {
        if (!strcmp(order[i]->signature, order[i + 1]->signature)) {
            order[i]->us = 0;
        }
    }
    tuning->count = 0;
    for (uint32_t i = 0; i < lines; i++) {
        if (tuning->entries[i].us > 0) {
            tuning->entries[tuning->count++] = tuning->entries[i];
        }
    }
    if (tuning->count < lines) {
        order_entries(tuning, order);
    }
    for (uint32_t i = 0; i < tuning->count; i++) {
        tuning->sorted[i] = (uint32_t)(order[i] - tuning->entries);
    }
    bd_free(tuning->allocator, order);
    return BD_OK;
}

bd_result bd_tuning_parse(bd_tuning *tuning, const char *text, size_t bytes, bd_error *error) {
    if (bytes <= sizeof HEADER || bytes >= MOST_BYTES || memcmp(text, HEADER, sizeof HEADER - 1) != 0) {
        return BD_OK;
    }
    bd_result result = BD_OK;
    const char *at = text + sizeof HEADER - 1, *end = text + bytes;
    while (at < end && tuning->count < MOST_ENTRIES && !result) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end ? line_end : end;
        result = parse_line(tuning, at, line_end, error);
        at = line_end + 1;
    }
    return result ? result : sort_entries(tuning, error);
}

static bd_result load(bd_tuning *tuning, bd_error *error) {
    bd_content file;
    if (bd_read_file(tuning->path, MOST_BYTES, tuning->allocator, &file, NULL)) {
        return BD_OK;
    }
    bd_result result = bd_tuning_parse(tuning, (const char *)file.data, file.bytes, error);
    bd_release_content(tuning->allocator, &file);
    return result;
}

bd_result bd_tuning_init(bd_tuning *tuning, const char *pipelines_path, const bd_allocator *allocator,
                         bd_error *error) {
    static const char from[] = "/pipelines-";
    *tuning = (bd_tuning){.allocator = allocator};
    const char *name = pipelines_path ? strrchr(pipelines_path, '/') : NULL;
    if (!name || strncmp(name, from, sizeof from - 1) != 0) {
        return BD_OK;
    }
    size_t folder = (size_t)(name - pipelines_path);
    size_t room = strlen(pipelines_path) + 64;
    tuning->path = bd_alloc(allocator, room);
    if (!tuning->path) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    (void)snprintf(tuning->path, room, "%.*s/tuning-%s-%s", (int)folder, pipelines_path, bd_version(),
                   name + sizeof from - 1);
    bd_result result = load(tuning, error);
    if (result) {
        bd_tuning_finish(tuning);
    }
    return result;
}

void bd_tuning_finish(bd_tuning *tuning) {
    bd_free(tuning->allocator, tuning->entries);
    bd_free(tuning->allocator, tuning->sorted);
    bd_free(tuning->allocator, tuning->path);
    *tuning = (bd_tuning){.allocator = tuning->allocator};
}

bd_result bd_tuning_save(const bd_tuning *tuning, bd_error *error) {
    enum { LINE = BD_TUNING_SIGNATURE_BYTES + BD_KERNEL_NAME_BYTES + 40 };
    if (!tuning->path) {
        return BD_OK;
    }
    size_t room = sizeof HEADER + (size_t)tuning->count * LINE;
    char *text = bd_alloc(tuning->allocator, room);
    if (!text) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    size_t used = sizeof HEADER - 1;
    memcpy(text, HEADER, sizeof HEADER);
    for (uint32_t i = 0; i < tuning->count; i++) {
        const bd_tuning_entry *e = &tuning->entries[i];
        int length = snprintf(text + used, room - used, "%s\t%s\t%.3f\n", e->signature, e->name, e->us);
        used += length > 0 ? (size_t)length : 0;
    }
    bd_result result = bd_write_file(tuning->path, text, used, error);
    bd_free(tuning->allocator, text);
    return result;
}
