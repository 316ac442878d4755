/* SPDX-License-Identifier: MIT */
#include "model/tensorflow/tensorflow_context.h"

#include <string.h>

int bd_tf_compare_names(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

bd_result bd_tf_fail_memory(const bd_tf *tf, const bd_tf_node *node) {
    if (!node) {
        return bd_fail(tf->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", tf->file);
    }
    return bd_fail(tf->error, BD_ERR_OUT_OF_MEMORY, BD_TF_NODE "out of memory", BD_TF_AT(tf, node));
}

bd_result bd_tf_fail_unsupported(const bd_tf *tf, const bd_tf_node *node, const char *what) {
    return bd_fail(tf->error, BD_ERR_MODEL_UNSUPPORTED, BD_TF_NODE "operation %.40s%s %s", BD_TF_AT(tf, node), node->op,
                   strncmp(what, "is ", 3) != 0 ? ":" : "", what);
}

bd_result bd_tf_fail_attribute(const bd_tf *tf, const bd_tf_node *node, const char *name, const char *problem) {
    return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, BD_TF_NODE "attribute %s of operation %.40s %s", BD_TF_AT(tf, node),
                   name, node->op, problem);
}
