/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_context.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bd_pb bd_onnx_name(const bd_onnx *onnx, const bd_onnx_node *node) {
    const uint32_t output = node->output_count && onnx->links ? onnx->links[node->first_output] : BD_ONNX_NONE;
    return bd_pb_size(node->name) || output == BD_ONNX_NONE ? node->name : onnx->values[output].name;
}

bd_result bd_onnx_fail(const bd_onnx *onnx, const bd_onnx_node *node, bd_result code, const char *format, ...) {
    char text[280];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        text[0] = '\0';
    }
    /* Names come from the file: one line of text, whatever they hold. */
    for (char *at = text; *at; at++) {
        *at = (unsigned char)*at < ' ' ? '?' : *at;
    }
    char batch[60] = "";
    if (onnx->batch) {
        snprintf(batch, sizeof batch, "; of its batch of %lld, one is computed", (long long)onnx->batch);
    }
    if (!node) {
        return bd_fail(onnx->error, code, "%s: %s%s", onnx->file, text, batch);
    }
    char name[121], op[41];
    const bd_pb own = bd_onnx_name(onnx, node);
    snprintf(name, sizeof name, "%.*s", (int)BD_MIN(bd_pb_size(own), sizeof name - 1), (const char *)own.at);
    snprintf(op, sizeof op, "%.*s", (int)BD_MIN(bd_pb_size(node->op), sizeof op - 1), (const char *)node->op.at);
    for (char *at = name; *at; at++) {
        *at = (unsigned char)*at < ' ' ? '?' : *at;
    }
    for (char *at = op; *at; at++) {
        *at = (unsigned char)*at < ' ' ? '?' : *at;
    }
    const char *between = strncmp(text, "is ", 3) != 0 ? ":" : "";
    return bd_fail(onnx->error, code, "%s: node %s: operation %s%s %s%s", onnx->file, name, op, between, text, batch);
}

bd_result bd_onnx_refuse(const bd_onnx *onnx, const bd_onnx_node *node, const char *problem) {
    return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "%s", problem);
}

bd_result bd_onnx_fail_memory(const bd_onnx *onnx) {
    return bd_fail(onnx->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", onnx->file);
}
