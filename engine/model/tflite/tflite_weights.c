/* SPDX-License-Identifier: MIT */
#include "model/tflite/tflite_weights.h"

#include <string.h>

static bd_result fail_tensor(const bd_tflite *tflite, const bd_tflite_tensor *tensor, bd_result code,
                             const char *text) {
    return bd_fail(tflite->error, code, "%s: node %.120s: the constant %s", tflite->file, tensor->name, text);
}

static uint32_t stored_bytes(int32_t type) {
    switch (type) {
    case BD_TFLITE_F32:
    case BD_TFLITE_I32: return 4;
    case BD_TFLITE_F16: return 2;
    case BD_TFLITE_U8:
    case BD_TFLITE_I8:
    case BD_TFLITE_BOOL: return 1;
    case BD_TFLITE_I64: return 8;
    default: return 0;
    }
}

static bd_dtype loaded_dtype(const bd_tflite_tensor *tensor) {
    switch (tensor->type) {
    case BD_TFLITE_F32:
    case BD_TFLITE_F16: return BD_F32;
    case BD_TFLITE_I64: return BD_I32;
    case BD_TFLITE_BOOL: return BD_U8;
    case BD_TFLITE_U8: return tensor->scales.count ? BD_F32 : BD_U8;
    default: return tensor->scales.count ? BD_F32 : BD_I32;
    }
}

bd_result bd_tflite_check(const bd_tflite *tflite, const bd_tflite_tensor *tensor, size_t *elements) {
    uint32_t width = stored_bytes(tensor->type);
    int64_t count = bd_shape_elements(&tensor->shape);
    if (!width) {
        return fail_tensor(tflite, tensor, BD_ERR_MODEL_UNSUPPORTED, "has a type that is not supported");
    }
    if (tensor->sparse) {
        return fail_tensor(tflite, tensor, BD_ERR_MODEL_UNSUPPORTED, "is sparse");
    }
    if (tensor->broken_quantisation) {
        return fail_tensor(tflite, tensor, BD_ERR_FILE_CORRUPT, "has a quantisation that makes no sense");
    }
    if (count < 0 || (uint64_t)count * width != tensor->bytes) {
        return fail_tensor(tflite, tensor, BD_ERR_FILE_CORRUPT, "does not have the bytes that its shape needs");
    }
    *elements = (size_t)count;
    return BD_OK;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static int32_t load_integer(const bd_tflite_tensor *tensor, size_t i) {
    int32_t narrow;
    int64_t value;
    switch (tensor->type) {
    case BD_TFLITE_I8: return (int8_t)tensor->data[i];
    case BD_TFLITE_I32: memcpy(&narrow, tensor->data + 4 * i, sizeof narrow); return narrow;
    case BD_TFLITE_I64:
        memcpy(&value, tensor->data + 8 * i, sizeof value);
        return (int32_t)BD_MAX(BD_MIN(value, INT32_MAX), INT32_MIN);
    default: return tensor->data[i];
    }
}

/* Values i..i+count-1 that have one scale, as real = (stored - zero) * scale. */
static void dequantise(const bd_tflite_tensor *tensor, size_t i, size_t count, int32_t zero, float scale, float *to) {
    for (size_t k = 0; k < count; k++) {
        to[k] = (float)((int64_t)load_integer(tensor, i + k) - zero) * scale;
    }
}

static void dequantise_all(const bd_tflite_tensor *tensor, size_t elements, bool integers, float *to) {
    size_t inner = 1;
    bool several = tensor->scales.count > 1;
    for (uint32_t d = tensor->axis + 1; several && d < tensor->shape.rank; d++) {
        inner *= (size_t)tensor->shape.dims[d];
    }
    inner = several ? inner : elements;
    for (size_t i = 0, run = 0; i < elements; i += inner, run++) {
        uint32_t c = (uint32_t)(run % tensor->scales.count);
        int32_t zero = tensor->zero_points.count ? (int32_t)bd_fb_item_i64(&tensor->zero_points, c) : 0;
        dequantise(tensor, i, inner, zero, integers ? 1 : bd_fb_item_float(&tensor->scales, c), to + i);
    }
}

static void load_all(const bd_tflite_tensor *tensor, size_t elements, bd_dtype dtype, bool integers, void *to) {
    if (dtype == BD_F32 && tensor->type == BD_TFLITE_F16) {
        for (size_t i = 0; i < elements; i++) {
            uint16_t half;
            memcpy(&half, tensor->data + 2 * i, sizeof half);
            ((float *)to)[i] = bd_half_to_float(half);
        }
    } else if (dtype == BD_F32 && tensor->type != BD_TFLITE_F32) {
        dequantise_all(tensor, elements, integers, to);
    } else if (dtype == BD_I32 && tensor->type != BD_TFLITE_I32) {
        for (size_t i = 0; i < elements; i++) {
            ((int32_t *)to)[i] = load_integer(tensor, i);
        }
    } else {
        memcpy(to, tensor->data, tensor->bytes);
    }
}

/* ---- layout ----------------------------------------------------------------------------------------------------- */

/* (o, taps, i) -> (taps, i, o), in strips of outputs that are whole cache lines of what is written. */
static void transpose(const float *from, const bd_shape *shape, float *to) {
    enum { STRIP = 16 };
    size_t out = (size_t)shape->dims[0], taps = (size_t)shape->dims[1] * (size_t)shape->dims[2];
    size_t in = (size_t)shape->dims[3];
    for (size_t t = 0; t < taps; t++) {
        for (size_t first = 0; first < out; first += STRIP) {
            size_t end = BD_MIN(first + STRIP, out);
            for (size_t i = 0; i < in; i++) {
                for (size_t o = first; o < end; o++) {
                    to[(t * in + i) * out + o] = from[(o * taps + t) * in + i];
                }
            }
        }
    }
}

static bd_result lay_out(const bd_tflite *tflite, const bd_tflite_tensor *tensor, bd_tflite_role role,
                         bd_shape *shape) {
    const int32_t *d = tensor->shape.dims;
    *shape = tensor->shape;
    if (role == BD_TFLITE_PLAIN) {
        return BD_OK;
    }
    if (tensor->shape.rank != 4 || (role != BD_TFLITE_DENSE && d[0] != 1)) {
        return fail_tensor(tflite, tensor, BD_ERR_FILE_CORRUPT, "is not what weights are shaped like");
    }
    if (role == BD_TFLITE_DENSE) {
        *shape = bd_shape_make(4, (const int32_t[]){d[1], d[2], d[3], d[0]});
    } else if (role == BD_TFLITE_CHANNELWISE) {
        *shape = bd_shape_make(4, (const int32_t[]){d[1], d[2], d[3], 1});
    } else {
        *shape = bd_shape_make(4, (const int32_t[]){d[1], d[2], 1, d[3]});
    }
    return BD_OK;
}

void *bd_tflite_reserve(bd_tflite *tflite, const bd_tflite_tensor *tensor, size_t bytes, bd_result *result) {
    if (bytes > tflite->copy_budget) {
        *result = fail_tensor(tflite, tensor, BD_ERR_FILE_CORRUPT, "is one of too many that share their bytes");
        return NULL;
    }
    tflite->copy_budget -= bytes;
    void *memory = bd_pool_alloc(&tflite->graph->pool, bytes);
    *result = memory ? BD_OK : bd_tflite_fail_memory(tflite);
    return memory;
}

static bd_result load_transposed(bd_tflite *tflite, const bd_tflite_tensor *tensor, size_t elements, bool integers,
                                 float *to) {
    bool in_place = tensor->type == BD_TFLITE_F32 && (uintptr_t)tensor->data % sizeof(float) == 0;
    const bd_allocator *allocator = tflite->graph->pool.allocator;
    float *rows = in_place ? NULL : bd_alloc(allocator, elements * sizeof *rows);
    if (!in_place && !rows) {
        return bd_tflite_fail_memory(tflite);
    }
    if (rows) {
        load_all(tensor, elements, BD_F32, integers, rows);
    }
    transpose(rows ? rows : (const float *)(const void *)tensor->data, &tensor->shape, to);
    bd_free(allocator, rows);
    return BD_OK;
}

bd_result bd_tflite_constant(bd_tflite *tflite, uint32_t index, bd_tflite_role role, bool integers, uint32_t *node) {
    bd_tflite_tensor *tensor = &tflite->tensors[index];
    uint32_t *kept = integers ? &tensor->integer_roles[role] : &tensor->real_roles[role];
    *node = *kept;
    if (*node != BD_NO_NODE) {
        return BD_OK;
    }
    size_t elements;
    bd_shape shape;
    bd_dtype dtype = loaded_dtype(tensor);
    bd_result result = bd_tflite_check(tflite, tensor, &elements);
    if (!result) {
        result = lay_out(tflite, tensor, role, &shape);
    }
    if (result) {
        return result;
    }
    /* With a single output both layouts are the same. */
    bool moves = role == BD_TFLITE_DENSE && tensor->shape.dims[0] != 1;
    if (role != BD_TFLITE_PLAIN && dtype != BD_F32) {
        return fail_tensor(tflite, tensor, BD_ERR_MODEL_UNSUPPORTED, "is weights of integers without a scale");
    }
    bool as_stored = dtype == BD_F32   ? tensor->type == BD_TFLITE_F32
                     : dtype == BD_I32 ? tensor->type == BD_TFLITE_I32
                                       : true;
    bool aligned = (uintptr_t)tensor->data % bd_dtype_bytes(dtype) == 0;
    const void *data = tensor->data;
    if (moves || !as_stored || !aligned) {
        void *copy = bd_tflite_reserve(tflite, tensor, elements * bd_dtype_bytes(dtype), &result);
        if (!result && moves) {
            result = load_transposed(tflite, tensor, elements, integers, copy);
        } else if (!result) {
            load_all(tensor, elements, dtype, integers, copy);
        }
        data = copy;
    }
    if (result) {
        return result;
    }
    *node = bd_graph_add_const(tflite->graph, tensor->name, dtype, &shape, data);
    *kept = *node;
    return *node == BD_NO_NODE ? bd_tflite_fail_memory(tflite) : BD_OK;
}

bd_result bd_tflite_bias(bd_tflite *tflite, uint32_t index, const bd_tflite_tensor *x, const bd_tflite_tensor *weights,
                         uint32_t *node) {
    bd_tflite_tensor *tensor = &tflite->tensors[index];
    if (tensor->type != BD_TFLITE_I32 || tensor->scales.count) {
        return bd_tflite_constant(tflite, index, BD_TFLITE_PLAIN, false, node);
    }
    size_t elements;
    bd_result result = bd_tflite_check(tflite, tensor, &elements);
    if (result) {
        return result;
    }
    if (x->scales.count != 1 || !(weights->scales.count == 1 || weights->scales.count == elements)) {
        return fail_tensor(tflite, tensor, BD_ERR_MODEL_UNSUPPORTED, "is a bias of integers without a scale");
    }
    float *data = bd_tflite_reserve(tflite, tensor, elements * sizeof *data, &result);
    for (size_t i = 0; data && i < elements; i++) {
        uint32_t c = weights->scales.count == 1 ? 0 : (uint32_t)i;
        float scale = bd_fb_item_float(&x->scales, 0) * bd_fb_item_float(&weights->scales, c);
        dequantise(tensor, i, 1, 0, scale, data + i);
    }
    if (result) {
        return result;
    }
    *node = bd_graph_add_const(tflite->graph, tensor->name, BD_F32, &tensor->shape, data);
    return *node == BD_NO_NODE ? bd_tflite_fail_memory(tflite) : BD_OK;
}
