/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/passes.h"
#include "api/describe.h"
#include "api/model.h"
#include "backdrop_weights.h"
#include "platform/file_system.h"
#include "platform/path.h"

static bd_result name_classes(bd_model *model, const bd_model_params *params, bd_error *error) {
    bd_pool *pool = &model->graph.pool;
    model->class_names = bd_pool_alloc(pool, model->class_count * sizeof *model->class_names);
    if (!model->class_names) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", model->graph.file);
    }
    const char *set = params->class_set ? params->class_set : bd_class_set_guess(model->class_count);
    if (params->class_set && !params->class_names && !bd_class_name(set, 0, model->class_count)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: no set of %u classes is called '%s'", model->graph.file,
                       model->class_count, set);
    }
    /* Of the file's own names there are as many as classes, or they are of something else. */
    const bool labelled = model->graph.labels && !params->class_set && model->graph.label_count == model->class_count;
    if (model->graph.labels && !labelled && !params->class_names && !params->class_set && !model->graph.note) {
        char note[200];
        (void)snprintf(note, sizeof note, "%.100s: the file has %u labels, the network %u classes: they are not used",
                       bd_path_name(model->graph.file), model->graph.label_count, model->class_count);
        model->graph.note = bd_pool_strdup(pool, note);
    }
    for (uint32_t c = 0; c < model->class_count; c++) {
        char number[16];
        const char *name = number;
        const char *known = set ? bd_class_name(set, c, model->class_count) : NULL;
        snprintf(number, sizeof number, "%u", c);
        if (params->class_names && c < params->class_name_count) {
            name = params->class_names[c];
        } else if (!params->class_names && labelled) {
            name = model->graph.labels[c];
        } else if (!params->class_names && known) {
            name = known;
        }
        model->class_names[c] = bd_pool_strdup(pool, name);
        if (!model->class_names[c]) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", model->graph.file);
        }
    }
    return BD_OK;
}

/* What the session relies on: one photo in, logits of 1..256 classes out. */
static bd_result check(bd_model *model, bd_error *error) {
    const bd_graph *graph = &model->graph;
    const bd_shape *in = &graph->nodes[graph->input].shape;
    const bd_shape *out = &graph->nodes[graph->output].shape;
    if (in->rank != 4 || out->rank != 4 || in->dims[0] != 1 || out->dims[0] != 1 || out->dims[3] < 1 ||
        out->dims[3] > 256) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: node %s: not the logits of 1 to 256 classes", graph->file,
                       graph->nodes[graph->output].name);
    }
    uint32_t preprocessors = 0, convolutions = 0;
    for (uint32_t n = 0; n < graph->count; n++) {
        preprocessors += graph->nodes[n].op == BD_OP_PREPROCESS;
        convolutions += graph->nodes[n].op == BD_OP_CONV || graph->nodes[n].op == BD_OP_DEPTHWISE;
    }
    if (preprocessors != 1) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: the photo must enter the network at one place",
                       graph->file);
    }
    if (!convolutions) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: no convolutions, so not a segmentation network",
                       graph->file);
    }
    model->input_width = (uint32_t)in->dims[2];
    model->input_height = (uint32_t)in->dims[1];
    model->class_count = (uint32_t)out->dims[3];
    return BD_OK;
}

static bd_result check_params(const bd_model_params *params, const char *path, bd_error *error) {
    if (params->quantised != BD_QUANTISED_INTEGER && params->quantised != BD_QUANTISED_FLOAT) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: %d is no way to run quantised networks", path,
                       (int)params->quantised);
    }
    if (params->output_stride != 0 && params->output_stride != 8 && params->output_stride != 16) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: an output stride of %u is not 8 or 16", path,
                       params->output_stride);
    }
    return BD_OK;
}

/* What the caller says of the input. */
static bd_result set_feed(const bd_model_params *params, bd_graph *graph, const char *path, bd_error *error) {
    static const bd_feed *const known[] = {[BD_INPUT_RANGE_0_1] = &bd_feed_unit,
                                           [BD_INPUT_RANGE_MINUS_1_1] = &bd_feed_symmetric,
                                           [BD_INPUT_RANGE_0_255] = &bd_feed_bytes,
                                           [BD_INPUT_RANGE_IMAGENET] = &bd_feed_imagenet};
    if ((unsigned)params->input_range > BD_INPUT_RANGE_GIVEN || (unsigned)params->channels > BD_CHANNELS_BGR) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: %d is no range of inputs, or %d no order of channels", path,
                       (int)params->input_range, (int)params->channels);
    }
    bd_feed given = {0};
    for (int c = 0; c < 3; c++) {
        given.mean[c] = (double)params->input_mean[c];
        given.deviation[c] = (double)params->input_deviation[c];
        if (params->input_range == BD_INPUT_RANGE_GIVEN &&
            (!isfinite(given.mean[c]) || !isfinite(given.deviation[c]) || given.deviation[c] == 0)) {
            return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                           "%s: the input's deviations are numbers other than 0, and its "
                           "means are numbers",
                           path);
        }
    }
    graph->feed.bgr = params->channels == BD_CHANNELS_BGR;
    if (params->input_range) {
        const bd_feed *feed = params->input_range == BD_INPUT_RANGE_GIVEN ? &given : known[params->input_range];
        bd_graph_suggest_feed(graph, BD_INPUT_SOURCE_CALLER, feed);
    }
    return BD_OK;
}

/* More takes hours on the fastest devices, and is a mistake. */
static bd_result check_work(const bd_model *model, const bd_model_params *params, bd_error *error) {
    const uint64_t most = 100000000000000;
    return params->force || model->plan.multiply_adds <= most
               ? BD_OK
               : bd_fail(error, BD_ERR_MODEL_UNSUPPORTED,
                         "%s: %.3g multiply-adds for one photo of %ux%u, more than 10^14; it can be forced",
                         model->graph.file, (double)model->plan.multiply_adds, model->input_width, model->input_height);
}

/* Lowers and plans what was imported. */
static bd_result prepare(bd_model *made, const bd_model_params *params, const char *path, bd_error *error) {
    uint32_t usual = made->graph.default_size ? made->graph.default_size : 513;
    bd_result result =
        bd_graph_lower_to(&made->graph, params->size ? params->size : usual, params->height, params->width, error);
    if (!result) {
        result = check(made, error);
    }
    if (!result) {
        result = bd_describe_stride(&made->graph, &made->output_stride, error);
    }
    if (!result && params->output_stride && made->output_stride != params->output_stride) {
        result = bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: its output stride is %u and cannot be made %u", path,
                         made->output_stride, params->output_stride);
    }
    if (!result) {
        result = name_classes(made, params, error);
    }
    if (!result) {
        made->graph.identity = bd_identity_make(made->allocator);
        result = made->graph.identity ? BD_OK : bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", path);
    }
    if (!result) {
        result = bd_plan_init(&made->plan, &made->graph, false, made->allocator, error);
    }
    return result ? result : check_work(made, params, error);
}

/* Where a model comes from: the file at path, data in memory with files beside it, or a model that was opened from path. */
typedef struct origin {
    const char *path;
    const void *data;
    size_t bytes;
    const bd_model_files *files;
    const bd_shards *opened;
} origin;

static bd_result import(const origin *from, bd_model *made, bd_error *error) {
    made->files = from->files ? *from->files : (bd_model_files){0};
    made->data = from->data;
    made->data_bytes = from->bytes;
    return from->opened
               ? bd_model_import_again(from->opened, from->path, &made->graph, &made->shards, &made->form, error)
           : from->data ? bd_model_import_memory(from->data, from->bytes, from->path, &made->files, &made->graph,
                                                 &made->shards, &made->form, error)
                        : bd_model_import(from->path, &made->graph, &made->shards, &made->form, error);
}

static bd_result open_model(const origin *from, const bd_model_params *params, bd_model **model, bd_error *error) {
    const char *path = from->path;
    *model = NULL;
    bd_model_params copy;
    bd_result result = BD_PARAMS_READ(&copy, params, bd_model_params, error);
    if (!result) {
        result = bd_allocator_check(copy.allocator, error);
    }
    if (!result) {
        result = check_params(&copy, path, error);
    }
    if (result) {
        return result;
    }
    bd_model *made = bd_alloc_zero(copy.allocator, sizeof *made);
    if (!made) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", path);
    }
    made->allocator = bd_keep_allocator(&made->hooks, copy.allocator);
    result = bd_graph_init(&made->graph, made->allocator, path, error);
    made->input_range = copy.input_range;
    memcpy(made->input_mean, copy.input_mean, sizeof made->input_mean);
    memcpy(made->input_deviation, copy.input_deviation, sizeof made->input_deviation);
    made->graph.in_float = copy.quantised == BD_QUANTISED_FLOAT;
    made->graph.output_stride = copy.output_stride;
    made->graph.open_height = (int32_t)BD_MIN(copy.height ? copy.height : copy.size, (uint32_t)INT32_MAX);
    made->graph.open_width = (int32_t)BD_MIN(copy.width ? copy.width : copy.size, (uint32_t)INT32_MAX);
    if (!result) {
        result = set_feed(&copy, &made->graph, path, error);
    }
    if (!result) {
        result = import(from, made, error);
    }
    if (!result) {
        result = prepare(made, &copy, path, error);
    }
    if (result) {
        bd_model_destroy(made);
        return result;
    }
    *model = made;
    return BD_OK;
}

bd_result bd_model_open(const char *path, const bd_model_params *params, bd_model **model, bd_error *error) {
    return open_model(&(origin){.path = path}, params, model, error);
}

bd_result bd_model_open_memory(const void *data, size_t bytes, const char *name, const bd_model_files *files,
                               const bd_model_params *params, bd_model **model, bd_error *error) {
    name = name ? name : "model";
    if (!data || !bytes) {
        *model = NULL;
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: no data", name);
    }
    return open_model(&(origin){.path = name, .data = data, .bytes = bytes, .files = files}, params, model, error);
}

static uint32_t twice(uint32_t side) {
    return (2 * (side - 1) + 8) / 16 * 16 + (side - 1) % 16 + 1;
}

bd_result bd_model_open_closer(const bd_model *model, bd_model **larger, bd_error *error) {
    enum { MOST = 2049 };
    bd_model_params params = {.struct_size = sizeof params,
                              .allocator = model->allocator,
                              .width = twice(model->input_width),
                              .height = twice(model->input_height),
                              .quantised = model->graph.in_float ? BD_QUANTISED_FLOAT : BD_QUANTISED_INTEGER,
                              .output_stride = model->graph.output_stride,
                              .input_range = model->input_range,
                              .channels = model->graph.feed.bgr ? BD_CHANNELS_BGR : BD_CHANNELS_RGB,
                              .force = true};
    memcpy(params.input_mean, model->input_mean, sizeof params.input_mean);
    memcpy(params.input_deviation, model->input_deviation, sizeof params.input_deviation);
    *larger = NULL;
    if (params.width > MOST || params.height > MOST) {
        return BD_OK;
    }
    const origin from = {.path = model->graph.file,
                         .data = model->data,
                         .bytes = model->data_bytes,
                         .files = &model->files,
                         .opened = model->data ? NULL : &model->shards};
    bd_error refused;
    bd_result result = open_model(&from, &params, larger, &refused);
    if (result) {
        return bd_fail(error, result, "for a closer look: %s", refused.message);
    }
    bd_model_info was = {.struct_size = sizeof was}, is = {.struct_size = sizeof is};
    if (bd_model_get_info(model, &was) || bd_model_get_info(*larger, &is) || was.form != is.form ||
        was.parameters != is.parameters || was.class_count != is.class_count) {
        bd_model_destroy(*larger);
        *larger = NULL;
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: another network than when it was opened", model->graph.file);
    }
    return BD_OK;
}

static bool is_path(const char *name) {
    const char *at = name;
    while (*at && !bd_path_is_separator(*at)) {
        at++;
    }
    return *at || bd_path_look(name) == BD_PATH_FILE;
}

bd_result bd_weights_open_model(const bd_weights *weights, const char *name, const bd_model_params *params,
                                bd_model **model, bd_error *error) {
    bd_weights *own = NULL;
    bd_weights_info info = {.struct_size = sizeof info};
    bd_model_params copy;
    *model = NULL;
    bd_result result = BD_PARAMS_READ(&copy, params, bd_model_params, error);
    if (!result && name && is_path(name)) {
        return bd_model_open(name, params, model, error);
    }
    if (!result && !weights) {
        result = bd_weights_open(
            &(bd_weights_params){.struct_size = sizeof(bd_weights_params), .allocator = copy.allocator}, &own, error);
    }
    if (!result) {
        result = bd_weights_find(weights ? weights : own, name, &info, error);
    }
    if (!result) {
        copy.struct_size = sizeof copy;
        if (!copy.class_names && !copy.class_set) {
            copy.class_names = info.class_names;
            copy.class_name_count = info.class_name_count;
        }
        copy.size = copy.size ? copy.size : info.size;
        result = bd_model_open(info.path, &copy, model, error);
    }
    bd_weights_close(own);
    return result;
}

void bd_model_destroy(bd_model *model) {
    if (!model) {
        return;
    }
    bd_plan_finish(&model->plan);
    bd_graph_finish(&model->graph);
    bd_shards_finish(&model->shards);
    bd_allocator hooks = model->hooks;
    bd_free(model->allocator ? &hooks : NULL, model);
}

bd_result bd_model_get_info(const bd_model *model, bd_model_info *info) {
    const bd_graph *graph = &model->graph;
    const int32_t *logits = graph->nodes[graph->output].shape.dims;
    bd_model_info all = {.form = model->form,
                         .input_width = model->input_width,
                         .input_height = model->input_height,
                         .logits_width = (uint32_t)logits[2],
                         .logits_height = (uint32_t)logits[1],
                         .output_stride = model->output_stride,
                         .class_count = model->class_count,
                         .node_count = model->plan.step_count,
                         .multiply_adds = model->plan.multiply_adds,
                         .arena_bytes = model->plan.arena_bytes,
                         .integers = graph->integers,
                         .in_float = graph->not_integers,
                         .note = graph->note};
    bd_describe_backbone(graph, &all);
    bd_describe_input(graph, &all);
    for (uint32_t n = 0; n < graph->count; n++) {
        if (graph->nodes[n].op == BD_OP_CONST && graph->nodes[n].dtype == BD_F32) {
            all.parameters += (uint64_t)bd_shape_elements(&graph->nodes[n].shape);
        }
        all.tensors_bytes +=
            model->plan.tensors[n].offset_bytes == BD_PLAN_NO_OFFSET ? 0 : model->plan.tensors[n].bytes;
    }
    all.weights_bytes = all.parameters * sizeof(float);
    return bd_info_fill(info, &all, sizeof all);
}

const char *bd_model_class_name(const bd_model *model, uint32_t c) {
    return c < model->class_count ? model->class_names[c] : NULL;
}
