/* SPDX-License-Identifier: MIT */
#include "model/tensorflow/tensorflow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/tensorflow/tensorflow_ops.h"

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bd_result sort_nodes(bd_tf *tf) {
    qsort(tf->nodes, tf->count, sizeof *tf->nodes, bd_tf_compare_names);
    for (uint32_t i = 0; i < tf->count; i++) {
        bd_tf_node *node = &tf->nodes[i];
        if (i && !strcmp(tf->nodes[i - 1].name, node->name)) {
            return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, "%s: node %.120s: the name is used twice", tf->file,
                           node->name);
        }
        node->index = node->constant = BD_NO_NODE;
    }
    return BD_OK;
}

static bool read_port(const char *digits, uint32_t *port) {
    size_t length = strlen(digits);
    if (!length || length > 9 || digits[strspn(digits, "0123456789")]) {
        return false;
    }
    *port = (uint32_t)strtoul(digits, NULL, 10);
    return true;
}

static bd_tf_node *find_name(const bd_tf *tf, const char *name) {
    return bsearch(&name, tf->nodes, tf->count, sizeof *tf->nodes, bd_tf_compare_names);
}

/* The node that "name" or "name:port" means; NULL when there is none. *port is 0 for the former. */
static bd_tf_node *find_node(bd_tf *tf, const char *reference, uint32_t *port) {
    *port = 0;
    bd_tf_node *node = find_name(tf, reference);
    const char *colon = strrchr(reference, ':');
    if (node || !colon) {
        return node;
    }
    char *name = bd_pool_strdup(&tf->pool, reference);
    if (!name || !read_port(colon + 1, port)) {
        return NULL;
    }
    name[colon - reference] = '\0';
    return find_name(tf, name);
}

static void mark_consumed(bd_tf *tf) {
    for (uint32_t i = 0; i < tf->count; i++) {
        for (uint32_t k = 0; k < tf->nodes[i].reference_count; k++) {
            const char *reference = tf->nodes[i].references[k];
            uint32_t port;
            bd_tf_node *source = reference && *reference != '^' ? find_node(tf, reference, &port) : NULL;
            if (source) {
                source->consumed = true;
            }
        }
    }
}

/* ---- the output ------------------------------------------------------------------------------------------------- */

/* What DeepLab's export script calls the ends of its graph, the best known first. */
static const char *const output_names[] = {"SemanticPredictions", "SemanticProbabilities", "logits/semantic/BiasAdd"};

/* Several could be the output: DeepLab's own name for it, else the only one of the first operation in this order that a
 * segmentation network ends with, else a node of DeepLab's names that others read. NULL when that does not decide. */
static bd_tf_node *prefer_output(bd_tf *tf, bd_tf_node **candidates, uint32_t count) {
    static const char *const ops[] = {"ArgMax", "Softmax", "ResizeBilinear"};
    for (size_t n = 0; n < BD_COUNT(output_names); n++) {
        for (uint32_t i = 0; i < count; i++) {
            if (!strcmp(candidates[i]->name, output_names[n])) {
                return candidates[i];
            }
        }
    }
    for (size_t o = 0; o < BD_COUNT(ops); o++) {
        bd_tf_node *found = NULL;
        uint32_t matches = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (!strcmp(candidates[i]->op, ops[o])) {
                found = candidates[i];
                matches++;
            }
        }
        if (matches == 1) {
            return found;
        }
        if (matches) {
            break;
        }
    }
    bd_tf_node *named = NULL;
    for (size_t n = 0; count && !named && n < BD_COUNT(output_names); n++) {
        named = find_name(tf, output_names[n]);
    }
    return named;
}

static bd_result choose_output(bd_tf *tf, bd_tf_node **candidates, uint32_t count, bd_tf_node **output) {
    *output = count == 1 ? candidates[0] : prefer_output(tf, candidates, count);
    if (*output) {
        return BD_OK;
    }
    if (!count) {
        return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, "%s: the graph has no output", tf->file);
    }
    char names[300] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < count && used < sizeof names; i++) {
        int wrote = snprintf(names + used, sizeof names - used, "%s%.80s", i ? ", " : "", candidates[i]->name);
        used += wrote > 0 ? (size_t)wrote : sizeof names;
    }
    return bd_fail(tf->error, BD_ERR_MODEL_UNSUPPORTED, "%s: which of these is the output is not clear: %s", tf->file,
                   names);
}

/* Weights that nothing reads, and an output that might stand anywhere in a network: what should read them is missing.
 */
static bd_result check_end(const bd_tf *tf, const bd_tf_node *output) {
    bool known = !strcmp(output->op, "ArgMax") || !strcmp(output->op, "Softmax");
    for (size_t n = 0; n < BD_COUNT(output_names); n++) {
        known = known || !strcmp(output->name, output_names[n]);
    }
    for (uint32_t i = 0; !known && i < tf->count; i++) {
        if (!tf->nodes[i].consumed && !strcmp(tf->nodes[i].op, "Const")) {
            return bd_fail(tf->error, BD_ERR_FILE_CORRUPT,
                           "%s: node %.120s: the graph ends here, but nothing reads the constant %.120s: cut short?",
                           tf->file, output->name, tf->nodes[i].name);
        }
    }
    return BD_OK;
}

static bd_result find_output(bd_tf *tf, const char *const *outputs, uint32_t output_count, bd_tf_node **output) {
    bd_tf_node **candidates = bd_pool_alloc(&tf->pool, ((size_t)tf->count + output_count) * sizeof *candidates);
    if (!candidates) {
        return bd_tf_fail_memory(tf, NULL);
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < output_count; i++) {
        uint32_t port = 0;
        bd_tf_node *node = outputs[i] ? find_node(tf, outputs[i], &port) : NULL;
        if (!node || port) {
            return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, "%s: the signature's output %.120s is no node", tf->file,
                           outputs[i] ? outputs[i] : "(unnamed)");
        }
        candidates[count++] = node;
    }
    if (!output_count) {
        static const char *const never[] = {"Const", "Placeholder", "NoOp", "Assert"};
        mark_consumed(tf);
        for (uint32_t i = 0; i < tf->count; i++) {
            bool candidate = !tf->nodes[i].consumed;
            for (size_t n = 0; n < BD_COUNT(never); n++) {
                candidate = candidate && strcmp(tf->nodes[i].op, never[n]) != 0;
            }
            if (candidate) {
                candidates[count++] = &tf->nodes[i];
            }
        }
    }
    bd_result result = choose_output(tf, candidates, count, output);
    return result || output_count || !tf->form->open_ended ? result : check_end(tf, *output);
}

/* ---- the order -------------------------------------------------------------------------------------------------- */

static bd_result resolve_inputs(bd_tf *tf, bd_tf_node *node) {
    node->inputs = bd_pool_alloc(&tf->pool, node->reference_count * sizeof *node->inputs);
    if (!node->inputs) {
        return bd_tf_fail_memory(tf, NULL);
    }
    for (uint32_t k = 0; k < node->reference_count; k++) {
        const char *reference = node->references[k];
        if (reference && *reference == '^') {
            continue;
        }
        uint32_t port = 0;
        const bd_tf_node *source = reference ? find_node(tf, reference, &port) : NULL;
        if (!source) {
            return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, "%s: node %.120s: its input %.120s is no node", tf->file,
                           node->name, reference ? reference : "(not a string)");
        }
        if (port && !bd_tf_has_ports(source->op)) {
            return bd_fail(tf->error, BD_ERR_MODEL_UNSUPPORTED,
                           "%s: node %.120s: its input %.120s is not the first output of operation %.40s", tf->file,
                           node->name, reference, source->op);
        }
        node->inputs[node->input_count++] = (bd_tf_input){(uint32_t)(source - tf->nodes), port};
    }
    return BD_OK;
}

/* Depth first from the output, without recursion: a node is converted when all its inputs are. */
static bd_result convert_reachable(bd_tf *tf, bd_tf_node *output) {
    bd_tf_node **stack = bd_pool_alloc(&tf->pool, tf->count * sizeof *stack);
    if (!stack) {
        return bd_tf_fail_memory(tf, NULL);
    }
    uint32_t depth = 0;
    stack[depth++] = output;
    while (depth) {
        bd_tf_node *node = stack[depth - 1];
        bd_result result = BD_OK;
        if (node->state == BD_TF_NEW) {
            node->state = BD_TF_OPEN;
            result = resolve_inputs(tf, node);
        } else if (node->next_input < node->input_count) {
            bd_tf_node *source = &tf->nodes[node->inputs[node->next_input++].node];
            if (source->state == BD_TF_OPEN) {
                result = bd_fail(tf->error, BD_ERR_FILE_CORRUPT, "%s: node %.120s: the graph has a cycle through it",
                                 tf->file, source->name);
            } else if (source->state == BD_TF_NEW) {
                stack[depth++] = source;
            }
        } else {
            node->state = BD_TF_DONE;
            node->output_count = 1;
            depth--;
            result = bd_tf_convert(tf, node);
        }
        if (result) {
            return result;
        }
    }
    return BD_OK;
}

bd_result bd_tf_build(bd_tf *tf, const char *const *outputs, uint32_t output_count) {
    bd_tf_node *output = NULL;
    bd_result result = sort_nodes(tf);
    if (!result) {
        result = find_output(tf, outputs, output_count, &output);
    }
    if (!result) {
        result = convert_reachable(tf, output);
    }
    if (!result && tf->graph->input == BD_NO_NODE) {
        result = bd_fail(tf->error, BD_ERR_MODEL_UNSUPPORTED, "%s: node %.120s: no Placeholder is behind the output",
                         tf->file, output->name);
    }
    if (!result) {
        tf->graph->output = output->index;
    }
    return result;
}
