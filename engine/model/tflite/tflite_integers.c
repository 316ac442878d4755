/* SPDX-License-Identifier: MIT */
#include "model/tflite/tflite_integers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/tflite/tflite_builder.h"
#include "model/tflite/tflite_weights.h"

#define EXACT_MOST (1 << 24) /* integers below it are exact in float32 */

/* factor as multiplier * 2^(shift - 31); false: too large. */
static bool make_scale(double factor, bd_scale *scale) {
    int shift;
    double part = round(frexp(factor, &shift) * 2147483648.0);
    if (part == 2147483648.0) {
        part /= 2;
        shift++;
    }
    *scale = shift < -31 ? (bd_scale){0, 0} : (bd_scale){(int32_t)part, shift};
    return isfinite(factor) && factor >= 0 && shift <= BD_SHIFT_MOST;
}

/* x / 2^bits, rounded to the nearest, halves up. */
static int64_t divide(int64_t x, int bits) {
    int64_t step = (int64_t)1 << bits, sum = x + step / 2;
    return sum >= 0 ? sum / step : -((step - 1 - sum) / step);
}

/* What a node of that scale and rounding makes of x, which is 2^31 at most, before its limits. */
static int64_t rescaled(int64_t x, bd_scale scale, bd_rounding rounding) {
    int left = scale.shift > 0 ? scale.shift : 0, right = scale.shift < 0 ? -scale.shift : 0;
    int64_t high = divide(x * ((int64_t)1 << left) * scale.multiplier, 31);
    return rounding == BD_ROUNDING_AWAY && high < 0 ? -divide(-high, right) : divide(high, right);
}

/* ---- convolutions ------------------------------------------------------------------------------------------------ */

typedef struct sums {
    const bd_tflite_conversion *of;
    const bd_tflite_tensor *x, *weights, *bias; /* bias: NULL, none */
    uint32_t channels;
    size_t taps; /* of a sum */
    bool across; /* an element's channel is its index modulo channels, else its index over taps */
    float *biases;
    int32_t *multipliers, *shifts;
} sums;

static int32_t weight_at(const sums *s, size_t i) {
    const uint8_t *data = s->weights->data;
    return (s->weights->type == BD_TFLITE_I8 ? (int8_t)data[i] : data[i]) - bd_tflite_zero(s->weights);
}

/* The least and the largest that any part of a channel's sum, in any order, can be. */
static void find_range(const sums *s, uint32_t channel, int64_t *low, int64_t *high) {
    const int64_t x_low = (int64_t)s->x->low, x_high = (int64_t)s->x->high;
    *low = *high = 0;
    for (size_t t = 0; t < s->taps; t++) {
        int64_t w = weight_at(s, s->across ? t * s->channels + channel : channel * s->taps + t);
        *low += w > 0 ? w * x_low : w * x_high;
        *high += w > 0 ? w * x_high : w * x_low;
    }
}

static double factor_of(const sums *s, uint32_t channel) {
    float x = bd_tflite_scale(s->x, 0), weights = bd_tflite_scale(s->weights, channel),
          out = bd_tflite_scale(s->of->out, 0);
    /* Of uint8 the product is a float. */
    double product = s->x->type == BD_TFLITE_U8 ? (double)(x * weights) : (double)x * (double)weights;
    return product / (double)out;
}

/* Where a channel is dead, its result the same whatever x is, its bias may be beyond the integers that float32 has. */
static bool settle_dead(bd_scale *scale, int64_t *bias, int64_t low, int64_t high, bd_rounding rounding) {
    if (scale->shift > 0 || *bias + low < INT32_MIN || *bias + high > INT32_MAX) {
        return false;
    }
    int64_t result = rescaled(*bias + low, *scale, rounding);
    if (result != rescaled(*bias + high, *scale, rounding)) {
        return false;
    }
    if (low || high) {
        *scale = (bd_scale){0, 0};
        *bias = 0;
        return !result && high - low < EXACT_MOST;
    }
    *scale = (bd_scale){1 << 30, 1};
    *bias = BD_MAX(BD_MIN(result, (int64_t)UINT8_MAX), -(int64_t)UINT8_MAX);
    return true;
}

static bd_result settle_channel(const sums *s, uint32_t channel, bd_rounding rounding) {
    bd_scale scale;
    int64_t low, high, bias = 0;
    int32_t stored;
    if (s->bias) {
        memcpy(&stored, s->bias->data + sizeof stored * channel, sizeof stored);
        bias = stored;
    }
    if (!make_scale(factor_of(s, channel), &scale)) {
        return bd_tflite_refuse(s->of->tflite, s->of->op, "its scales are out of range");
    }
    find_range(s, channel, &low, &high);
    if (high + BD_MAX(bias, (int64_t)0) >= EXACT_MOST || low + BD_MIN(bias, (int64_t)0) <= -EXACT_MOST) {
        if (!settle_dead(&scale, &bias, low, high, rounding)) {
            return bd_tflite_refuse(s->of->tflite, s->of->op, "its sums would not be exact in float32");
        }
    }
    s->biases[channel] = (float)bias;
    s->multipliers[channel] = scale.multiplier;
    s->shifts[channel] = scale.shift;
    return BD_OK;
}

/* Types and zero points that TensorFlow Lite has a kernel for. */
static bool has_kernel(const sums *s) {
    const bd_tflite_tensor *w = s->weights;
    bool known = s->x->integers && s->x->scales.count == 1 && w->type == s->x->type && w->type == s->of->out->type &&
                 (w->scales.count == 1 || (w->scales.count == s->channels && w->type == BD_TFLITE_I8));
    for (uint32_t c = 0; known && w->type == BD_TFLITE_I8 && c < w->zero_points.count; c++) {
        known = !bd_fb_item_i64(&w->zero_points, c);
    }
    int32_t zero = bd_tflite_zero(w);
    return known && zero >= 0 && zero <= UINT8_MAX && (!s->bias || (s->bias->type == BD_TFLITE_I32 && s->bias->data));
}

static uint32_t add_constant(const bd_tflite_conversion *of, const char *name, bd_dtype dtype, const bd_shape *shape,
                             const void *data) {
    char text[256];
    (void)snprintf(text, sizeof text, "%.200s/%s", of->out->name, name);
    return bd_graph_add_const(of->tflite->graph, text, dtype, shape, data);
}

static bd_result make_room(sums *s, size_t elements) {
    bd_result result;
    bd_tflite *tflite = s->of->tflite;
    /* The walk over the weights counts, too: many operations may share them. */
    if (elements > tflite->copy_budget) {
        return bd_tflite_fail(tflite, s->of->op, BD_ERR_FILE_CORRUPT, "its weights are shared by too many");
    }
    tflite->copy_budget -= elements;
    s->biases = bd_tflite_reserve(tflite, s->weights, s->channels * sizeof *s->biases, &result);
    s->multipliers = result ? NULL : bd_tflite_reserve(tflite, s->weights, 2 * s->channels * sizeof(int32_t), &result);
    s->shifts = result ? NULL : s->multipliers + s->channels;
    return result;
}

bd_result bd_tflite_sums(const bd_tflite_conversion *of, bool depthwise, uint32_t *bias, uint32_t *scales) {
    sums s = {.of = of, .x = bd_tflite_input(of, 0), .weights = bd_tflite_input(of, 1), .bias = bd_tflite_input(of, 2)};
    s.weights = &of->tflite->tensors[s.weights->constant];
    size_t elements, biases = 0;
    bd_result result = bd_tflite_check(of->tflite, s.weights, &elements);
    s.across = depthwise;
    s.channels = !result && s.weights->shape.rank == 4 ? (uint32_t)s.weights->shape.dims[depthwise ? 3 : 0] : 0;
    if (result || !s.channels || !elements) {
        return result ? result : bd_tflite_refuse(of->tflite, of->op, "it has no weights");
    }
    s.taps = elements / s.channels;
    if (!has_kernel(&s)) {
        return bd_tflite_refuse(of->tflite, of->op, "its types or zero points have no integer form here");
    }
    result = s.bias ? bd_tflite_check(of->tflite, s.bias, &biases) : BD_OK;
    if (!result && s.bias && biases != s.channels) {
        result = bd_tflite_fail(of->tflite, of->op, BD_ERR_FILE_CORRUPT, "its bias does not have a value a channel");
    }
    result = result ? result : make_room(&s, elements);
    const bd_rounding rounding = of->op->code == BD_TFLITE_DEPTHWISE_CONV_2D ? BD_ROUNDING_AWAY : BD_ROUNDING_UP;
    for (uint32_t c = 0; !result && c < s.channels; c++) {
        result = settle_channel(&s, c, rounding);
    }
    if (result) {
        return result;
    }
    const bd_shape row = bd_shape_make(1, (const int32_t[]){(int32_t)s.channels});
    const bd_shape rows = bd_shape_make(2, (const int32_t[]){2, (int32_t)s.channels});
    *bias = add_constant(of, "bias", BD_F32, &row, s.biases);
    *scales = add_constant(of, "scales", BD_I32, &rows, s.multipliers);
    return *bias == BD_NO_NODE || *scales == BD_NO_NODE ? bd_tflite_fail_memory(of->tflite) : BD_OK;
}

/* ---- other operations -------------------------------------------------------------------------------------------- */

bd_result bd_tflite_sum_scales(const bd_tflite_conversion *of, bd_scale scales[3]) {
    const bd_tflite_tensor *a = bd_tflite_input(of, 0), *b = bd_tflite_input(of, 1);
    if (!a || !b || !a->integers || !b->integers || a->shape.rank != b->shape.rank ||
        memcmp(a->shape.dims, b->shape.dims, a->shape.rank * sizeof a->shape.dims[0]) != 0) {
        return bd_tflite_refuse(of->tflite, of->op, "its operands have no integer form here");
    }
    double left = (double)bd_tflite_scale(a, 0), right = (double)bd_tflite_scale(b, 0), twice = 2 * BD_MAX(left, right);
    bool fit = make_scale(left / twice, &scales[0]) && make_scale(right / twice, &scales[1]) &&
               make_scale(twice / ((double)(1 << 20) * (double)bd_tflite_scale(of->out, 0)), &scales[2]);
    for (int k = 0; k < 3; k++) {
        fit = fit && scales[k].shift <= 0;
    }
    return fit ? BD_OK : bd_tflite_refuse(of->tflite, of->op, "its scales are out of range");
}

static bd_result append_scaled(const bd_tflite_conversion *of, const char *suffix, bd_scale scale, uint32_t *node) {
    float low, high;
    const uint32_t input = *node;
    (void)bd_tflite_range(of->out, true, &low, &high);
    bd_result result = bd_tflite_append(of, suffix, BD_OP_REQUANTISE, &input, 1, node);
    if (!result) {
        bd_node *made = &of->tflite->graph->nodes[*node];
        made->u.requantise.rounding = BD_ROUNDING_AWAY;
        made->u.requantise.scales[0] = scale;
        made->u.requantise.low = low;
        made->u.requantise.high = high;
    }
    return result;
}

bd_result bd_tflite_requantise(const bd_tflite_conversion *of, const bd_tflite_tensor *x, uint32_t *node) {
    bd_scale scale;
    *node = x->node;
    if (bd_tflite_scale(x, 0) == bd_tflite_scale(of->out, 0) && x->low >= of->low && x->high <= of->high) {
        return BD_OK;
    }
    if (!make_scale((double)bd_tflite_scale(x, 0) / (double)bd_tflite_scale(of->out, 0), &scale)) {
        return bd_tflite_refuse(of->tflite, of->op, "its scales are out of range");
    }
    return append_scaled(of, "", scale, node);
}

/* TensorFlow Lite computes this in float. Whether a multiplier that rounds once gives the same for every value. */
static bool same_as_float(const bd_tflite_tensor *x, const bd_tflite_tensor *out, bd_scale scale) {
    float low, high, factor = bd_tflite_scale(x, 0) * (1 / bd_tflite_scale(out, 0));
    float offset = -(float)bd_tflite_zero(x) * factor;
    (void)bd_tflite_range(out, true, &low, &high);
    for (int32_t stored = 0; stored <= UINT8_MAX; stored++) {
        double wanted = (double)roundf((float)stored * factor + offset);
        double made = (double)rescaled(stored - bd_tflite_zero(x), scale, BD_ROUNDING_AWAY);
        wanted = BD_MIN(BD_MAX(wanted, (double)low), (double)high);
        if (BD_MIN(BD_MAX(made, (double)low), (double)high) != wanted) {
            return false;
        }
    }
    return true;
}

bd_result bd_tflite_rescale(const bd_tflite_conversion *of, const bd_tflite_tensor *x, uint32_t k, uint32_t *node) {
    bd_scale scale;
    if (!x->integers || x->type != of->out->type) {
        return bd_tflite_refuse(of->tflite, of->op, "its parts have no integer form here");
    }
    if (bd_tflite_scale(x, 0) == bd_tflite_scale(of->out, 0) && bd_tflite_zero(x) == bd_tflite_zero(of->out)) {
        return BD_OK;
    }
    bool fits = x->type == BD_TFLITE_U8 &&
                make_scale((double)bd_tflite_scale(x, 0) / (double)bd_tflite_scale(of->out, 0), &scale);
    if (fits && scale.shift < 0) {
        scale.multiplier = (int32_t)divide(scale.multiplier, -scale.shift);
        scale.shift = 0;
    }
    if (!fits || !same_as_float(x, of->out, scale)) {
        return bd_tflite_refuse(of->tflite, of->op, "the scales of its parts have no integer form here");
    }
    char suffix[16];
    (void)snprintf(suffix, sizeof suffix, "part%u", k);
    return append_scaled(of, suffix, scale, node);
}
