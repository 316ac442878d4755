/* SPDX-License-Identifier: MIT */
#include "model/tflite/tflite_context.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool bd_tflite_is_quantised(const bd_tflite_tensor *tensor) {
    return tensor->scales.count && (tensor->type == BD_TFLITE_U8 || tensor->type == BD_TFLITE_I8);
}

bool bd_tflite_range(const bd_tflite_tensor *tensor, bool integers, float *low, float *high) {
    if (!bd_tflite_is_quantised(tensor) || tensor->scales.count != 1) {
        return false;
    }
    int64_t zero = tensor->zero_points.count ? bd_fb_item_i64(&tensor->zero_points, 0) : 0;
    int64_t first = tensor->type == BD_TFLITE_I8 ? INT8_MIN : 0;
    float scale = integers ? 1 : bd_fb_item_float(&tensor->scales, 0);
    *low = (float)(first - zero) * scale;
    *high = (float)(first + UINT8_MAX - zero) * scale;
    return true;
}

int32_t bd_tflite_zero(const bd_tflite_tensor *tensor) {
    return tensor->zero_points.count ? (int32_t)bd_fb_item_i64(&tensor->zero_points, 0) : 0;
}

float bd_tflite_scale(const bd_tflite_tensor *tensor, uint32_t channel) {
    return bd_fb_item_float(&tensor->scales, tensor->scales.count == 1 ? 0 : channel);
}

float bd_tflite_integer(const bd_tflite_tensor *tensor, float real) {
    return roundf(real / bd_tflite_scale(tensor, 0));
}

/* ---- failures --------------------------------------------------------------------------------------------------- */

bd_result bd_tflite_fail_memory(const bd_tflite *tflite) {
    return bd_fail(tflite->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", tflite->file);
}

static const char *operator_name(const bd_tflite_operator *op) {
    static const char *const names[] = {
#define X(name) #name,
        BD_TFLITE_OPERATORS(X)
#undef X
    };
    if (op->custom) {
        return op->custom;
    }
    return op->code >= 0 && op->code < BD_TFLITE_CODES ? names[op->code] : "(unknown)";
}

bd_result bd_tflite_fail(const bd_tflite *tflite, const bd_tflite_operator *op, bd_result code, const char *text) {
    int64_t output = op->outputs.count ? bd_fb_item_i32(&op->outputs, 0) : -1;
    const char *name = output >= 0 && output < (int64_t)tflite->tensor_count ? tflite->tensors[output].name : "(none)";
    const char *between = strncmp(text, "is ", 3) != 0 ? ":" : "";
    return bd_fail(tflite->error, code, "%s: node %.120s: operation %s%.60s%s %s", tflite->file, name,
                   op->custom ? "CUSTOM " : "", operator_name(op), between, text);
}

bd_result bd_tflite_fail_unsupported(const bd_tflite_conversion *of, const char *text) {
    return bd_tflite_fail(of->tflite, of->op, BD_ERR_MODEL_UNSUPPORTED, text);
}

bd_result bd_tflite_fail_corrupt(const bd_tflite_conversion *of, const char *text) {
    return bd_tflite_fail(of->tflite, of->op, BD_ERR_FILE_CORRUPT, text);
}

bd_result bd_tflite_refuse(bd_tflite *tflite, const bd_tflite_operator *op, const char *text) {
    bd_error error;
    bd_tflite quiet = *tflite;
    quiet.error = &error;
    bd_result result = bd_tflite_fail(&quiet, op, BD_ERR_MODEL_UNSUPPORTED, text);
    (void)snprintf(tflite->refusal, sizeof tflite->refusal, "%s", error.message + strlen(tflite->file) + 2);
    return result;
}
