/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_networks.h"

#include <stdio.h>
#include <string.h>

#include "model/torch/torch_builder.h"
#include "model/torch/torch_bubbliiiing.h"
#include "model/torch/torch_jfzhang95.h"
#include "model/torch/torch_mmseg.h"
#include "model/torch/torch_smp.h"
#include "model/torch/torch_torchvision.h"
#include "model/torch/torch_transformers.h"
#include "model/torch/torch_vainf.h"

typedef bd_result (*network)(bd_torch_builder *b, bd_torch_map *x);

typedef struct family {
    const char *name;
    const char *known_by; /* a parameter of its head; the prefix before it is the whole network's */
    network build;
    const char *unused[2]; /* parameters that begin so have no part in the result; NULL: none */
} family;

#define VAINF "VainF's DeepLabV3Plus-Pytorch"
#define BUBBLIIIING "bubbliiiing's deeplabv3-plus-pytorch"
#define JFZHANG95 "jfzhang95's pytorch-deeplab-xception"
#define SMP "segmentation_models.pytorch"

/* The first one that is found counts: some end like another. */
static const family families[] = {
    {VAINF, "classifier.classifier.0.convs.0.0.weight", bd_torch_vainf, {NULL}},
    {VAINF, "classifier.aspp.convs.0.0.weight", bd_torch_vainf, {NULL}},
    {"torchvision", "classifier.0.convs.0.0.weight", bd_torch_torchvision, {"aux_classifier."}},
    {SMP, "decoder.0.convs.0.0.weight", bd_torch_smp, {"classification_head."}},
    {SMP, "decoder.aspp.convs.0.0.weight", bd_torch_smp, {"classification_head."}},
    {SMP, "decoder.aspp.0.convs.0.0.weight", bd_torch_smp, {"classification_head."}},
    {"mmsegmentation", "decode_head.aspp_modules.0.conv.weight", bd_torch_mmseg, {"auxiliary_head."}},
    {"transformers",
     "segmentation_head.conv_aspp.convolution.weight",
     bd_torch_transformers,
     {"mobilenet_v2.conv_1x1."}},
    {BUBBLIIIING, "aspp.branch1.0.weight", bd_torch_bubbliiiing, {NULL}},
    /* The parts of its MobileNetV2 have two names each. */
    {JFZHANG95,
     "aspp.aspp1.atrous_conv.weight",
     bd_torch_jfzhang95,
     {"backbone.low_level_features.", "backbone.high_level_features."}},
};

/* Takes the prefix of the shortest name that ends so. */
static bool find_prefix(bd_torch_builder *b, const char *ending) {
    size_t length = strlen(ending), best = SIZE_MAX;
    for (size_t i = 0; i < b->state->count; i++) {
        const char *name = b->state->items[i].name;
        size_t bytes = strlen(name);
        if (bytes >= length && bytes < best && !strcmp(name + bytes - length, ending) &&
            (bytes == length || name[bytes - length - 1] == '.')) {
            best = bytes;
            (void)snprintf(b->prefix, sizeof b->prefix, "%.*s", (int)(bytes - length), name);
        }
    }
    return best != SIZE_MAX;
}

static bool begins_with(const char *text, const char *beginning) {
    return !strncmp(text, beginning, strlen(beginning));
}

static bool ends_with(const char *text, const char *ending) {
    size_t bytes = strlen(text), length = strlen(ending);
    return bytes >= length && !strcmp(text + bytes - length, ending);
}

/* A parameter below the prefix that was not used means another network. Parameters beside it (a loss's weights, a count
 * of averaged steps) do not matter. */
static bd_result check_used(const bd_torch_builder *b, const family *of) {
    for (size_t i = 0; i < b->state->count; i++) {
        const bd_torch_tensor *tensor = &b->state->items[i];
        const char *name = tensor->name;
        if (tensor->used || !begins_with(name, b->prefix) || ends_with(name, ".num_batches_tracked")) {
            continue;
        }
        bool unused = false;
        for (size_t k = 0; k < BD_COUNT(of->unused); k++) {
            unused = unused || (of->unused[k] && begins_with(name + strlen(b->prefix), of->unused[k]));
        }
        if (!unused) {
            return bd_fail(b->error, BD_ERR_MODEL_UNSUPPORTED, "%s: parameter '%s' has no place in a DeepLab of %s",
                           b->file, name, of->name);
        }
    }
    return BD_OK;
}

static bd_result refuse(const bd_torch_state *state, const char *file, bd_error *error) {
    const char *const first = state->count ? state->items[0].name : "none";
    const char *const last = state->count ? state->items[state->count - 1].name : "none";
    return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED,
                   "%s: its parameters are not those of a DeepLab of torchvision, " VAINF ", " SMP ", " BUBBLIIIING
                   ", " JFZHANG95 ", mmsegmentation or transformers (MobileNetV2): they are '%.50s' to '%.50s'",
                   file, first, last);
}

bd_result bd_torch_build(bd_torch_state *state, const char *file, size_t file_bytes, bd_graph *graph, bd_error *error) {
    bd_torch_builder b = {.file = file,
                          .state = state,
                          .graph = graph,
                          .budget = (int64_t)(file_bytes / 2),
                          .norm_epsilon = 1e-5f,
                          .error = error};
    const family *of = families, *const end = families + BD_COUNT(families);
    while (of < end && !find_prefix(&b, of->known_by)) {
        of++;
    }
    if (of == end) {
        return refuse(state, file, error);
    }
    bd_torch_map x;
    bd_result result = of->build(&b, &x);
    if (!result) {
        result = check_used(&b, of);
    }
    graph->output = result ? BD_NO_NODE : x.node;
    return result;
}
