/* SPDX-License-Identifier: MIT */
#include "graph/infer_elements.h"

bd_result bd_infer_same(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
    return bd_infer_finish(of, &x->shape, of->node->op == BD_OP_CAST ? of->node->dtype : x->dtype);
}

bd_result bd_infer_float(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
    if (x->dtype != BD_F32) {
        return BD_INFER_FAIL(of, "needs a float input");
    }
    if (of->node->op == BD_OP_SOFTMAX && !x->shape.rank) {
        return BD_INFER_FAIL(of, "needs a last axis");
    }
    return bd_infer_finish(of, &x->shape, BD_F32);
}

bd_result bd_infer_binary(const bd_inference *of) {
    const bd_node *a = bd_infer_input(of, 0), *b = bd_infer_input(of, 1);
    if (a->dtype != b->dtype) {
        return BD_INFER_FAIL(of, "has inputs of two types");
    }
    const bd_shape *higher = a->shape.rank >= b->shape.rank ? &a->shape : &b->shape;
    const bd_shape *lower = higher == &a->shape ? &b->shape : &a->shape;
    bd_shape shape = *higher;
    for (uint32_t i = 0; i < lower->rank; i++) {
        int32_t *dim = &shape.dims[higher->rank - lower->rank + i];
        if (*dim == 1) {
            *dim = lower->dims[i];
        } else if (lower->dims[i] != 1 && lower->dims[i] != *dim) {
            return BD_INFER_FAIL(of, "has inputs that do not broadcast: %d against %d", *dim, lower->dims[i]);
        }
    }
    return bd_infer_finish(of, &shape, a->dtype);
}

static bool fits_requantise(const bd_node *node, uint32_t count, int32_t most) {
    bool fits = node->u.requantise.rounding <= BD_ROUNDING_AWAY &&
                bd_infer_fits_limits(node->u.requantise.low, node->u.requantise.high);
    for (uint32_t k = 0; k < count; k++) {
        fits = fits &&
               bd_infer_fits_scale(node->u.requantise.scales[k].multiplier, node->u.requantise.scales[k].shift, most);
    }
    return fits;
}

bd_result bd_infer_add(const bd_inference *of) {
    const bd_node *node = of->node;
    if (node->u.requantise.rounding && (bd_infer_input(of, 0)->dtype != BD_F32 || !fits_requantise(node, 3, 0))) {
        return BD_INFER_FAIL(of, "has scales or limits out of range");
    }
    return bd_infer_binary(of);
}

bd_result bd_infer_requantise(const bd_inference *of) {
    if (!of->node->u.requantise.rounding || !fits_requantise(of->node, 1, BD_SHIFT_MOST)) {
        return BD_INFER_FAIL(of, "has a scale or limits out of range");
    }
    return bd_infer_float(of);
}

bd_result bd_infer_add_n(const bd_inference *of) {
    const bd_node *first = bd_infer_input(of, 0);
    for (uint32_t k = 1; k < of->node->input_count; k++) {
        const bd_node *other = bd_infer_input(of, k);
        if (other->dtype != first->dtype || !bd_shape_equal(&other->shape, &first->shape)) {
            return BD_INFER_FAIL(of, "has inputs of different shapes or types");
        }
    }
    return bd_infer_finish(of, &first->shape, first->dtype);
}
