/* SPDX-License-Identifier: MIT */
#include "geometry/fit.h"
#include "network/looks.h"

bd_result bd_looks_init(bd_looks *looks, bd_vk *vk, const bd_graph *graph, const bd_network_params *params,
                        bd_error *error) {
    *looks = (bd_looks){.vk = vk, .count = 1};
    return bd_network_init(&looks->network, vk, graph, params, error);
}

static bd_result add_size(bd_looks *looks, const bd_graph *graph, bd_error *error) {
    const bd_network_params params = {.precision = looks->network.precision, .store = looks->network.store};
    bd_network *network = &looks->sizes[looks->size_count];
    bd_result result = bd_network_init(network, looks->vk, graph, &params, error);
    if (result) {
        return result;
    }
    looks->size_count++;
    if (network->logits_shape.dims[3] != looks->network.logits_shape.dims[3]) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: another number of classes than the first size",
                       graph->file);
    }
    return BD_OK;
}

bd_result bd_looks_add_closer(bd_looks *looks, const bd_graph *larger, bd_error *error) {
    looks->closer = true;
    return add_size(looks, larger, error);
}

bd_result bd_looks_add(bd_looks *looks, const bd_graph *const *sizes, uint32_t size_count, bool flip, bd_error *error) {
    looks->flip = flip;
    if (size_count > BD_MOST_SIZES) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "at most %d other sizes", BD_MOST_SIZES);
    }
    for (uint32_t i = 0; i < size_count; i++) {
        bd_result result = add_size(looks, sizes[i], error);
        if (result) {
            return result;
        }
    }
    looks->count = (looks->size_count + 1) * (flip ? 2 : 1);
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < BD_COUNT(looks->sums) && looks->count > 1 && !result; i++) {
        result = bd_vk_buffer_init(looks->vk, &looks->sums[i], looks->network.logits.bytes, BD_VK_MEMORY_DEVICE, error);
    }
    return result;
}

void bd_looks_finish(bd_looks *looks) {
    for (uint32_t i = 0; i < BD_COUNT(looks->sums) && looks->vk; i++) {
        bd_vk_buffer_finish(looks->vk, &looks->sums[i]);
    }
    for (uint32_t i = 0; i < BD_COUNT(looks->sizes); i++) {
        bd_network_finish(&looks->sizes[i]);
    }
    bd_network_finish(&looks->network);
}

/* ---- which look is what ------------------------------------------------------------------------------------------ */

static VkDeviceSize network_bytes(const bd_network *network) {
    return network->weights->buffer.bytes + network->arena.bytes + network->gate.groups.bytes +
           network->gate.gated.bytes;
}

VkDeviceSize bd_looks_bytes(const bd_looks *looks) {
    if (!looks->count) {
        return 0;
    }
    VkDeviceSize bytes = network_bytes(&looks->network) + looks->sums[0].bytes + looks->sums[1].bytes;
    for (uint32_t i = 0; i < looks->size_count; i++) {
        bytes += network_bytes(&looks->sizes[i]);
    }
    return bytes;
}

bool bd_looks_is_mirrored(const bd_looks *looks, uint32_t look) {
    return looks->flip && look % 2;
}

const bd_network *bd_looks_network(const bd_looks *looks, uint32_t look) {
    uint32_t size = looks->flip ? look / 2 : look;
    return size ? &looks->sizes[size - 1] : &looks->network;
}

bd_vk_binding bd_looks_sum(const bd_looks *looks, uint32_t look) {
    return (bd_vk_binding){
        .buffer = &looks->sums[look % 2], .bytes = looks->network.logits.bytes, .format = looks->network.logits.format};
}

bd_vk_binding bd_looks_logits(const bd_looks *looks) {
    return looks->count < 2 ? looks->network.logits : bd_looks_sum(looks, looks->count - 1);
}

/* ---- where things lie -------------------------------------------------------------------------------------------- */

void bd_looks_photo_size(const bd_network *network, uint32_t photo_w, uint32_t photo_h, uint32_t *w, uint32_t *h) {
    const int32_t *input = network->preprocess.shape.dims;
    bd_fit_within(photo_w, photo_h, (uint32_t)input[2], (uint32_t)input[1], w, h);
}

/* Maps and pictures share the outer edges of their pixels; the network's input lies on its logits as the export's last
 * resize says. What is read ends with the photo's last pixel. */
bd_axis_map bd_looks_pixel_map(const bd_network *network, int axis, uint32_t resized, double size) {
    bd_upsampling upsampling = network->upsampling;
    int32_t logits = network->logits_shape.dims[axis];
    int32_t input = network->preprocess.shape.dims[axis];
    double step = (double)logits / (double)input;
    double origin = upsampling == BD_UPSAMPLING_CENTERS ? 0.5 * step - 0.5 : 0.0; /* of the input's pixel 0 */
    if (upsampling == BD_UPSAMPLING_CORNERS) {
        step = input > 1 ? (double)(logits - 1) / (double)(input - 1) : 0.0;
    }
    double zoom = (double)resized / size;
    double last = BD_MIN(step * (double)(resized - 1) + origin, (double)(logits - 1));
    return (bd_axis_map){.scale = (float)(step * zoom),
                         .bias = (float)(step * (0.5 * zoom - 0.5) + origin),
                         .max = (float)BD_MAX(last, 0.0)};
}

/* Logits of a network lie at step * input + origin. */
static void grid(const bd_network *network, int axis, double *step, double *origin) {
    int32_t logits = network->logits_shape.dims[axis];
    int32_t input = network->preprocess.shape.dims[axis];
    *step = (double)logits / (double)input;
    *origin = network->upsampling == BD_UPSAMPLING_CENTERS ? 0.5 * *step - 0.5 : 0.0;
    if (network->upsampling == BD_UPSAMPLING_CORNERS) {
        *step = input > 1 ? (double)(logits - 1) / (double)(input - 1) : 1.0;
    }
}

bd_axis_map bd_looks_input_map(const bd_network *network, int axis) {
    double step;
    double origin;
    grid(network, axis, &step, &origin);
    return (bd_axis_map){
        .scale = (float)step, .bias = (float)origin, .max = (float)(network->logits_shape.dims[axis] - 1)};
}

/* Both grids map to a share of the photo's width, or height. */
bd_axis_map bd_looks_look_map(const bd_looks *looks, uint32_t look, int axis, uint32_t first, uint32_t other) {
    const bd_network *network = bd_looks_network(looks, look);
    bool flipped = axis == 2 && bd_looks_is_mirrored(looks, look);
    double step0;
    double origin0;
    double step;
    double origin;
    grid(&looks->network, axis, &step0, &origin0);
    grid(network, axis, &step, &origin);
    double share = 1.0 / (step0 * (double)first);           /* of the photo, per logit */
    double begin = (0.5 - origin0 / step0) / (double)first; /* at logit 0 */
    double to = flipped ? -1.0 : 1.0;
    double from = flipped ? 1.0 - begin : begin;
    double last = BD_MIN(step * (double)(other - 1) + origin, (double)(network->logits_shape.dims[axis] - 1));
    return (bd_axis_map){.scale = (float)(to * share * (double)other * step),
                         .bias = (float)((from * (double)other - 0.5) * step + origin),
                         .max = (float)BD_MAX(last, 0.0)};
}
