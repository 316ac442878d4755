/* SPDX-License-Identifier: MIT */
#include "network/tuning.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "backdrop tuning 1\n"
enum { MOST_BYTES = 16 << 20 };

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

static bd_tuning_entry *find(const bd_tuning *tuning, const char *signature) {
    for (uint32_t i = 0; i < tuning->count; i++) {
        if (!strcmp(tuning->entries[i].signature, signature)) {
            return &tuning->entries[i];
        }
    }
    return NULL;
}

const bd_tuning_entry *bd_tuning_find(const bd_tuning *tuning, const char *signature) {
    return find(tuning, signature);
}

bd_result bd_tuning_put(bd_tuning *tuning, const char *signature, const char *name, double us, bd_error *error) {
    bd_tuning_entry *entry = find(tuning, signature);
    if (!entry) {
        if (tuning->count == tuning->capacity) {
            uint32_t capacity = tuning->capacity ? tuning->capacity * 2 : 64;
            bd_tuning_entry *grown = bd_realloc(tuning->allocator, tuning->entries, capacity * sizeof *grown);
            if (!grown) {
                return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
            }
            tuning->entries = grown;
            tuning->capacity = capacity;
        }
        entry = &tuning->entries[tuning->count++];
        (void)snprintf(entry->signature, sizeof entry->signature, "%s", signature);
    }
    (void)snprintf(entry->name, sizeof entry->name, "%s", name);
    entry->us = us;
    return BD_OK;
}

void bd_tuning_drop(bd_tuning *tuning, const char *signature) {
    bd_tuning_entry *entry = find(tuning, signature);
    if (entry) {
        tuning->count--;
        memmove(entry, entry + 1, (size_t)(tuning->entries + tuning->count - entry) * sizeof *entry);
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
    return us > 0 && isfinite(us) ? bd_tuning_put(tuning, signature, name, us, error) : BD_OK;
}

static bd_result load(bd_tuning *tuning, bd_error *error) {
    bd_content file;
    if (bd_read_file(tuning->path, MOST_BYTES, tuning->allocator, &file, NULL)) {
        return BD_OK;
    }
    bd_result result = BD_OK;
    const char *at = (const char *)file.data;
    const char *end = at + file.bytes;
    if (file.bytes > sizeof HEADER && !memcmp(at, HEADER, sizeof HEADER - 1)) {
        at += sizeof HEADER - 1;
        while (at < end && !result) {
            const char *line_end = memchr(at, '\n', (size_t)(end - at));
            line_end = line_end ? line_end : end;
            result = parse_line(tuning, at, line_end, error);
            at = line_end + 1;
        }
    }
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

/* ---- choosing ---------------------------------------------------------------------------------------------------- */

static const bd_kernel_choice *find_named(const bd_kernel_choice *list, uint32_t count, const bd_tuning_entry *entry) {
    for (uint32_t i = 0; i < count && entry; i++) {
        if (!strcmp(list[i].name, entry->name)) {
            return &list[i];
        }
    }
    return NULL;
}

bool bd_tuning_choice(const bd_tuning *tuning, const bd_vk *vk, const bd_graph *graph, uint32_t node,
                      bd_precision precision, bd_kernel_choice *choice) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
    bd_tuning_signature(graph, node, precision, signature);
    const bd_tuning_entry *entry = find(tuning, signature);
    uint32_t count = entry ? bd_kernel_candidates(vk, graph, node, precision, found, BD_COUNT(found)) : 0;
    const bd_kernel_choice *measured = find_named(found, count, entry);
    if (measured) {
        *choice = *measured;
    }
    return measured != NULL;
}

void bd_tuning_choose(const bd_tuning *tuning, const bd_vk *vk, const bd_graph *graph, bd_precision precision,
                      bool many, bd_kernel_choice *choices) {
    bd_kernel_defaults(vk, graph, precision, true, choices);
    for (uint32_t n = 0; n < graph->count && tuning->count; n++) {
        bd_kernel_choice measured, probed;
        if (bd_tuning_choice(tuning, vk, graph, n, precision, &measured) &&
            (many || measured.family != BD_KERNEL_FAMILY_FLAT ||
             bd_kernel_probed_default(vk, graph, n, precision, &probed))) {
            choices[n] = measured;
        }
    }
}

/* ---- settling ---------------------------------------------------------------------------------------------------- */

/* The default against the candidates of a family; what is wrong or not timed never wins. */
static bd_result settle_node(bd_tuning *tuning, bd_vk *vk, const bd_graph *graph, uint32_t node,
                             const bd_kernel_choice *list, uint32_t count, bd_kernel_family family,
                             const char *signature, bd_error *error) {
    enum { RUNS = 3 };
    bd_kernel_choice tried[BD_KERNEL_MOST_CANDIDATES];
    bd_kernel_verdict verdicts[BD_KERNEL_MOST_CANDIDATES];
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!i || list[i].family == family) {
            tried[found++] = list[i];
        }
    }
    bd_result result = bd_kernel_trial(vk, graph, node, tried, found, RUNS, INFINITY, verdicts, error);
    if (result) {
        return result;
    }
    uint32_t best = 0;
    double least = verdicts[0].ms;
    for (uint32_t i = 1; i < found; i++) {
        if (verdicts[i].correct && verdicts[i].ms > 0 && verdicts[i].ms < least) {
            best = i;
            least = verdicts[i].ms;
        }
    }
    return least > 0 ? bd_tuning_put(tuning, signature, tried[best].name, least * 1e3, error) : BD_OK;
}

bd_result bd_tuning_settle(bd_tuning *tuning, bd_vk *vk, const bd_graph *graph, bd_precision precision,
                           bd_kernel_family family, bd_error *error) {
    uint32_t before = tuning->count;
    for (uint32_t n = 0; n < graph->count; n++) {
        char signature[BD_TUNING_SIGNATURE_BYTES];
        bd_kernel_choice list[BD_KERNEL_MOST_CANDIDATES];
        uint32_t count = bd_kernel_candidates(vk, graph, n, precision, list, BD_COUNT(list)), of_family = 0;
        for (uint32_t i = 1; i < count; i++) {
            of_family += list[i].family == family;
        }
        bd_tuning_signature(graph, n, precision, signature);
        if (of_family && !find_named(list, count, find(tuning, signature))) {
            bd_result result = settle_node(tuning, vk, graph, n, list, count, family, signature, error);
            if (result) {
                return result;
            }
        }
    }
    bd_error unsaved;
    if (tuning->count > before && bd_tuning_save(tuning, &unsaved)) {
        bd_vk_log(vk, BD_LOG_WARNING, "%s", unsaved.message);
    }
    return BD_OK;
}
