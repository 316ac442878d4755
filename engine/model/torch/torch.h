/* SPDX-License-Identifier: MIT
 * PyTorch: state dicts of DeepLabv3 and v3+ as torch.save writes them. */
#ifndef BD_TORCH_H
#define BD_TORCH_H

#include "graph/graph.h"
#include "model/bytes/shards.h"

/* The state dict of a DeepLabv3 or v3+ of torchvision (ResNet-50, -101, MobileNetV3 large), VainF's
 * DeepLabV3Plus-Pytorch (ResNet, MobileNetV2), segmentation_models.pytorch (the same), mmsegmentation (the same) or
 * transformers (MobileNetV2), of any number of classes: the network is built from the names and shapes of its
 * parameters, and pads, resizes and normalises the photo as the trainer does. Its input is the photo; what lies outside
 * it is zero after the normalisation. The size is open, default_size is the trainer's. Output stride and rates, which a
 * state dict does not have, are the trainer's defaults unless graph->output_stride or the file's name say otherwise.
 * Parameters are float32, float64, float16 or bfloat16 and are copied; names may have a prefix ("module."). The state
 * dict may lie under "state_dict", "model" and the like; its pickle is read without running anything.
 *
 * torch: since PyTorch 1.6 a ZIP archive of one folder, with a pickle (data.pkl) and one stored entry for each tensor's
 * data. torch_legacy: one file, as before. Parameters are those of every importer (model/import.h); shards stays empty.
 */
bd_result bd_model_import_torch(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                                bd_error *error);
bd_result bd_model_import_torch_legacy(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph,
                                       bd_shards *shards, bd_error *error);

#endif
