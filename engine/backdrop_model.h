/* SPDX-License-Identifier: MIT
 *
 * Exported weights, and the names of their classes. A part of backdrop.h. */
#ifndef BACKDROP_MODEL_H
#define BACKDROP_MODEL_H

#include "backdrop_base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bd_model bd_model;

/* How a network runs whose tensors a TensorFlow Lite file keeps in 8 bits. */
typedef enum bd_quantised {
    BD_QUANTISED_INTEGER = 0, /* in integers, with TensorFlow Lite's very labels; in float where not all of it can */
    BD_QUANTISED_FLOAT = 1    /* on the real numbers that the integers stand for: near its labels */
} bd_quantised;

/* The numbers that a network is fed: (photo / 255 - mean) / deviation, of each channel. */
typedef enum bd_input_range {
    BD_INPUT_RANGE_AUTO = 0,      /* what the file says, else what its trainer's networks are fed: bd_input_source */
    BD_INPUT_RANGE_0_1 = 1,       /* mean 0, deviation 1 */
    BD_INPUT_RANGE_MINUS_1_1 = 2, /* mean 0.5, deviation 0.5 */
    BD_INPUT_RANGE_0_255 = 3,     /* mean 0, deviation 1/255 */
    BD_INPUT_RANGE_IMAGENET = 4,  /* mean 0.485, 0.456, 0.406, deviation 0.229, 0.224, 0.225 */
    BD_INPUT_RANGE_GIVEN = 5      /* input_mean and input_deviation */
} bd_input_range;

/* The order in which a network takes the photo's channels. */
typedef enum bd_channels { BD_CHANNELS_RGB = 0, BD_CHANNELS_BGR = 1 } bd_channels;

/* How it is known what a network is fed. */
typedef enum bd_input_source {
    BD_INPUT_SOURCE_ASSUMED = 0,  /* the graph does not tell: an assumption, by what exports of its kind usually are */
    BD_INPUT_SOURCE_GRAPH = 1,    /* the graph takes bytes, or its own nodes scale them */
    BD_INPUT_SOURCE_METADATA = 2, /* TensorFlow Lite's metadata */
    BD_INPUT_SOURCE_TRAINER = 3,  /* state dicts, TensorFlow's exports: what their trainers feed */
    BD_INPUT_SOURCE_CALLER = 4    /* bd_model_params */
} bd_input_source;

typedef struct bd_model_params {
    size_t struct_size;
    const bd_allocator *allocator;
    uint32_t size; /* side of the square input when the export leaves it open; 0: 513, torchvision 520 */
    const char *const *class_names; /* NULL: the file's own, else those of bd_class_set_guess, else numbers. Copied. */
    uint32_t class_name_count;
    const char *class_set;  /* a set of bd_class_name, where class_names is NULL; NULL: bd_class_set_guess */
    uint32_t width, height; /* of the input, whatever the export says: each 1..8192; both 0: the export's */
    bd_quantised quantised;
    uint32_t output_stride; /* 8 or 16, of state dicts: they do not tell; 0: by the file's name, else the trainer's */
    bd_input_range input_range;              /* of the export's input; what its own nodes make of it comes after */
    float input_mean[3], input_deviation[3]; /* of red, green, blue, in units of 0..1; deviations not 0 */
    bd_channels channels;
    bool force; /* open networks of more than 10^14 multiply-adds, too */
} bd_model_params;

typedef struct bd_model_info {
    size_t struct_size;
    const char *form;  /* "TensorFlow.js graph model" */
    char backbone[48]; /* "MobileNetV2, width 0.5", "ResNet-50"; told by the operations, so a guess; "unknown" */
    uint32_t rates[8]; /* atrous rates above 1, ascending, of any convolution; 0 ends them */
    uint32_t input_width, input_height;
    uint32_t logits_width, logits_height;
    uint32_t output_stride; /* of the backbone: the most pixels of the input that a pixel of a map stands for */
    uint32_t class_count;
    uint32_t node_count; /* of the graph that runs, after all passes */
    uint64_t parameters; /* weights and biases that reach the device */
    uint64_t multiply_adds;
    uint64_t arena_bytes; /* activations, after planning */
    uint64_t weights_bytes;
    uint64_t tensors_bytes; /* activations, if none shared memory with another */
    bool integers;          /* it runs in integers, as TensorFlow Lite does */
    const char *in_float;   /* why it does not, although quantised and not asked to; else NULL. The model's */
    bd_input_source input_source;
    /* What the network's first layer is fed, behind the export's own scaling: (photo / 255 - mean) / deviation of red,
     * green, blue; the least and the most of it for 0..255. */
    float input_mean[3], input_deviation[3], input_low, input_high;
    bd_channels channels;
    const char *note; /* what of the file was of no use, such as broken metadata; NULL: nothing. The model's */
} bd_model_info;

/* Opens exported weights and plans the network: pure CPU work, no device.
 *
 * path     told by its bytes: TensorFlow frozen graph, TensorFlow.js graph model (model.json, its shards beside it),
 *          TensorFlow Lite, ONNX (external data beside it), PyTorch's state dicts (.pth, safetensors) of DeepLabs
 *          of torchvision, VainF's DeepLabV3Plus-Pytorch, segmentation_models.pytorch, mmsegmentation and transformers.
 *          Those do not tell their output stride: it is what params say, or the file's name ("_os8", "-d16"), or the
 *          trainer's default.
 *          A network of one class, with a sigmoid or without, becomes one of two: background and foreground.
 * Files    are read into memory, which the model keeps; what becomes of them afterwards does not matter.
 * params   NULL: defaults. quantised matters to TensorFlow Lite's quantised networks alone: weights of 8 bits in other
 *          forms are dequantised, simulated quantisation runs in float. An output_stride that is not that of the
 *          network fails: graphs have theirs, and so has torchvision's MobileNetV3. So does an input_range that a graph of
 *          bytes cannot have. More than 10^14 multiply-adds fail unless force is set.
 * Errors   BD_ERR_FILE_*, BD_ERR_MODEL_UNSUPPORTED; the message names the file and the node.
 */
BD_API BD_CHECK bd_result bd_model_open(const char *path, const bd_model_params *params, bd_model **model,
                                        bd_error *error);

/* Files beside a model that is in memory: TensorFlow.js' shards, ONNX' external data. */
typedef struct bd_model_files {
    void *user;
    /* name: as the model has it, relative, with slashes. Tells where the file is in memory, until bd_model_destroy;
     * false: there is none, which is BD_ERR_FILE_NOT_FOUND. Called by bd_model_open_memory, and by bd_session_create for
     * a closer look. */
    bool (*open)(void *user, const char *name, const void **data, size_t *bytes);
} bd_model_files;

/* The same of a model in memory.
 *
 * data     (bytes) of the main file. Borrowed until bd_model_destroy.
 * name     stands for the file in messages, and may tell the output stride; NULL: "model".
 * files    NULL: there are none beside it. Copied.
 */
BD_API BD_CHECK bd_result bd_model_open_memory(const void *data, size_t bytes, const char *name,
                                               const bd_model_files *files, const bd_model_params *params,
                                               bd_model **model, bd_error *error);
BD_API void bd_model_destroy(bd_model *model);
BD_API bd_result bd_model_get_info(const bd_model *model, bd_model_info *info);

/* Name of class c, valid as long as the model; NULL past the last one. */
BD_API const char *bd_model_class_name(const bd_model *model, uint32_t c);

/* The 21 names of Pascal VOC ("background", "aeroplane", ...); NULL past the last one. */
BD_API const char *bd_pascal_class_name(uint32_t c);

/* Name of class c of a set: "voc" (PASCAL VOC, 21), "ade20k" (150; 151 and any part of it with a background in front),
 * "cityscapes" (19), "person" (2). count is how many classes the model has. NULL: no such set or class. Static. */
BD_API const char *bd_class_name(const char *set, uint32_t c, uint32_t count);

/* The set that a model of that many classes was probably trained for; NULL: none is known. */
BD_API const char *bd_class_set_guess(uint32_t count);

/* Pascal VOC's colour map: the bits of c spread over the high bits of R, G and B (VOC devkit, VOClabelcolormap). rgb is
 * 3 bytes. */
BD_API void bd_pascal_color(uint32_t c, uint8_t *rgb);

#ifdef __cplusplus
}
#endif

#endif
