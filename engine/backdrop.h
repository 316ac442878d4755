/* SPDX-License-Identifier: MIT
 *
 * Backdrop: replaces the background of a photo with DeepLabv3 on any Vulkan device.
 *
 *   bd_engine    a Vulkan device with its pipelines           one per device
 *   bd_model     exported weights, parsed and planned (no GPU) shareable by sessions
 *   bd_session   a model on an engine, recorded once           one call at a time
 *   bd_image     pixels in host memory
 *
 * Conventions
 *   Results     every fallible function returns a bd_result and takes an optional bd_error, which is the caller's and
 *               receives the failure in words. It is written on failure only.
 *   Structs     parameter structs start with struct_size; zero every other member for the default. They only ever grow.
 *   Threads     engines are independent. A session, and the engine under it, serve one call at a time.
 *   Hygiene     the library never exits, prints, reads the environment, touches the network or keeps globals.
 */
#ifndef BACKDROP_H
#define BACKDROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backdrop_key.h"
#include "backdrop_matte.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BD_API __attribute__((visibility("default")))
#define BD_CHECK __attribute__((warn_unused_result))
#define BD_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define BD_API
#define BD_CHECK
#define BD_PRINTF(text, first)
#endif

#define BD_VERSION_MAJOR 0
#define BD_VERSION_MINOR 1
#define BD_VERSION_PATCH 0

/* Version of the library that is linked, as "MAJOR.MINOR.PATCH". Static storage. */
BD_API const char *bd_version(void);

/* ---- results --------------------------------------------------------------------------------------------------- */

/* Numbers are part of the ABI: 1xx the caller, 2xx memory, 3xx files and their data, 4xx the device. */
typedef enum bd_result {
    BD_OK = 0,
    BD_ERR_INVALID_ARGUMENT = 100,
    BD_ERR_UNSUPPORTED = 101,
    BD_ERR_OUT_OF_MEMORY = 200,
    BD_ERR_OUT_OF_DEVICE_MEMORY = 201,
    BD_ERR_FILE_NOT_FOUND = 300,
    BD_ERR_FILE_READ = 301,
    BD_ERR_FILE_WRITE = 302,
    BD_ERR_FILE_FORMAT = 303,  /* not a form that is read here */
    BD_ERR_FILE_CORRUPT = 304, /* the right form, but broken or truncated */
    BD_ERR_IMAGE_TOO_LARGE = 305,
    BD_ERR_MODEL_UNSUPPORTED = 306, /* sound, but an operation or a shape is not supported */
    BD_ERR_NO_VULKAN = 400,
    BD_ERR_NO_DEVICE = 401,
    BD_ERR_DEVICE_LOST = 402, /* sticky: the engine is of no further use */
    BD_ERR_DEVICE = 403
} bd_result;

/* The name of a result, such as "BD_ERR_FILE_READ". Static storage; never NULL. */
BD_API const char *bd_result_name(bd_result result);

typedef struct bd_error {
    bd_result code;
    char message[500]; /* one line, UTF-8, no full stop */
} bd_error;

/* ---- hooks ------------------------------------------------------------------------------------------------------ */

/* Host allocation. All three functions or none; must be callable from any thread that calls the library. */
typedef struct bd_allocator {
    void *user;
    void *(*allocate)(void *user, size_t bytes);
    void *(*reallocate)(void *user, void *memory, size_t bytes);
    void (*release)(void *user, void *memory);
} bd_allocator;

typedef enum bd_log_level { BD_LOG_ERROR = 0, BD_LOG_WARNING = 1, BD_LOG_INFO = 2, BD_LOG_DEBUG = 3 } bd_log_level;

typedef void (*bd_log_fn)(void *user, bd_log_level level, const char *message);

/* Called at the beginning of each stage ("decode", "prepare", "segment", "composite", ...). */
typedef void (*bd_progress_fn)(void *user, const char *stage);

/* ---- images ----------------------------------------------------------------------------------------------------- */

typedef enum bd_format {
    BD_FORMAT_RGBA8 = 0,  /* (h, w, 4) u8, straight alpha; sRGB unless the image has a profile */
    BD_FORMAT_GRAY8 = 1,  /* (h, w) u8: labels, masks */
    BD_FORMAT_GRAY16 = 2, /* (h, w) u16 of the host's byte order: mattes */
    BD_FORMAT_RGBA16 = 3  /* (h, w, 4) u16 of the host's byte order, 0..65535; else as RGBA8 */
} bd_format;

/* Pixels in host memory, rows top to bottom. A caller may fill one in by hand around memory of its own (owner NULL). */
typedef struct bd_image {
    uint32_t width, height;
    bd_format format;
    bool has_alpha;      /* false: every alpha is 255, or 65535 of 16 bits */
    size_t stride_bytes; /* from row to row; of 16 bits even, as pixels' address is */
    uint8_t *pixels;
    const void *owner;   /* the library's; NULL when the caller owns the pixels */
    const void *profile; /* RGB ICC profile of the colours of an RGBA image; NULL: sRGB. With the pixels in ownership */
    size_t profile_bytes;
} bd_image;

typedef struct bd_image_read_params {
    size_t struct_size;
    const bd_allocator *allocator;
    bool ignore_orientation; /* true: leave pixels as stored, whatever EXIF says */
    uint64_t max_pixels;     /* 0: 200 million */
    bool indices;  /* of a PNG: palette indices, or grey values of at most 8 bits, as stored, in BD_FORMAT_GRAY8 (label
                      maps); any other file is BD_ERR_FILE_FORMAT */
    bool gray16;   /* BD_FORMAT_GRAY16: luminance, 16 bits where a PNG has them; orientation is left as it is */
    bd_log_fn log; /* gets a warning for what is ignored: a colour profile that cannot be used */
    void *log_user;
    bool keep_depth; /* BD_FORMAT_RGBA16 of a PNG of 16 bits; all else is BD_FORMAT_RGBA8 */
} bd_image_read_params;

typedef enum bd_image_file { BD_IMAGE_FILE_AUTO = 0, BD_IMAGE_FILE_PNG = 1, BD_IMAGE_FILE_JPEG = 2 } bd_image_file;

typedef struct bd_image_write_params {
    size_t struct_size;
    const bd_allocator *allocator;
    bd_image_file file;     /* AUTO: by the extension of the path; PNG in bd_image_encode */
    int jpeg_quality;       /* 1..100; 0: 92 */
    const uint8_t *palette; /* (256, 3) u8 RGB for a BD_FORMAT_GRAY8 image: written as an indexed PNG */
    uint32_t palette_count; /* entries of palette in use */
} bd_image_write_params;

/* Reads a picture: JPEG (libjpeg-turbo), PNG, BMP, TGA, GIF (first frame), PNM, PSD, HDR. Grey, CMYK and 16-bit become
 * RGBA8 (16-bit PNG: see keep_depth); EXIF orientation is applied unless told otherwise. The header's size is checked
 * against max_pixels before anything of that size is allocated. Pixels keep their numbers, and the image has the file's
 * ICC profile (of JPEG and PNG; one made of PNG's gAMA and cHRM, or of a grey profile's curve); CMYK with a profile
 * becomes sRGB. lcms2, which reads profiles, allocates past the hooks.
 *
 * image    written on success only; release with bd_image_finish.
 * Errors   BD_ERR_FILE_NOT_FOUND, _READ, _FORMAT, _CORRUPT, BD_ERR_IMAGE_TOO_LARGE, BD_ERR_OUT_OF_MEMORY. The message
 * names path.
 */
BD_API BD_CHECK bd_result bd_image_read(const char *path, const bd_image_read_params *params, bd_image *image,
                                        bd_error *error);

/* The same from memory; name stands for the file in messages. */
BD_API BD_CHECK bd_result bd_image_decode(const void *data, size_t bytes, const char *name,
                                          const bd_image_read_params *params, bd_image *image, bd_error *error);

/* Writes a picture to a temporary file beside path, then renames it: path holds the old file or the whole new one,
 * never a part. PNG has the image's depth, JPEG 8 bits and no alpha (narrowing and composition over black are the
 * caller's business). The file holds the image's profile; a PNG of colours without one says sRGB. Errors:
 * BD_ERR_FILE_WRITE, BD_ERR_OUT_OF_MEMORY, BD_ERR_INVALID_ARGUMENT. */
BD_API BD_CHECK bd_result bd_image_write(const char *path, const bd_image *image, const bd_image_write_params *params,
                                         bd_error *error);

/* Encodes to memory; *data is released with bd_release(params->allocator, *data). */
BD_API BD_CHECK bd_result bd_image_encode(const bd_image *image, const bd_image_write_params *params, void **data,
                                          size_t *bytes, bd_error *error);

/* Releases the pixels when the library owns them, and zeroes the struct. NULL and zeroed structs are fine. */
BD_API void bd_image_finish(bd_image *image);

/* Releases memory that a function above returned. */
BD_API void bd_release(const bd_allocator *allocator, void *memory);

/* ---- engine ------------------------------------------------------------------------------------------------------ */

typedef struct bd_engine bd_engine;

typedef enum bd_device_kind {
    BD_DEVICE_OTHER = 0,
    BD_DEVICE_INTEGRATED = 1,
    BD_DEVICE_DISCRETE = 2,
    BD_DEVICE_VIRTUAL = 3,
    BD_DEVICE_SOFTWARE = 4
} bd_device_kind;

typedef struct bd_device_info {
    uint32_t index; /* as the loader lists it, from 0 */
    bd_device_kind kind;
    bool usable; /* Vulkan 1.1 with a compute queue */
    int score;   /* the highest usable one is the default */
    uint32_t api_version;
    uint32_t vendor_id, device_id;
    uint64_t memory_bytes; /* largest device-local heap */
    char name[256];
    char driver[256];
    char kernel_set[32]; /* "storage", "texel" or "wide8": how kernels read tensors there */
} bd_device_info;

typedef struct bd_engine_params {
    size_t struct_size;
    const bd_allocator *allocator;
    bd_log_fn log; /* may be called from any thread that calls the library */
    void *log_user;
    const char *device;           /* index as a number, or a part of the name (any case); NULL: the highest score */
    const char *cache_dir;        /* pipelines, and which kernels are fast; created when missing; NULL: not on disk */
    const char *kernel_set;       /* "storage", "texel", "wide8"; NULL: by device kind */
    bool validation;              /* Khronos validation with synchronisation validation; messages go to log as errors */
    void *get_instance_proc_addr; /* PFN_vkGetInstanceProcAddr; NULL: the system's Vulkan loader */
} bd_engine_params;

/* Lists the devices. On entry *count is the room in infos, on return the number of devices (which may be larger).
 * Errors: BD_ERR_NO_VULKAN when no loader or driver is installed. */
BD_API BD_CHECK bd_result bd_devices(const bd_engine_params *params, bd_device_info *infos, uint32_t *count,
                                     bd_error *error);

/* Opens a device. Errors: BD_ERR_NO_VULKAN, BD_ERR_NO_DEVICE (the message lists what there is), BD_ERR_DEVICE. */
BD_API BD_CHECK bd_result bd_engine_create(const bd_engine_params *params, bd_engine **engine, bd_error *error);

/* Sessions must be gone first. NULL is fine. Writes the pipeline cache when it has grown. */
BD_API void bd_engine_destroy(bd_engine *engine);

BD_API void bd_engine_device(const bd_engine *engine, bd_device_info *info);

/* Validation messages so far (0 when validation is off). */
BD_API uint32_t bd_engine_validation_messages(const bd_engine *engine);

/* Names of the kernel sets, for bd_engine_params.kernel_set: index 0, 1, ...; NULL past the last one. Whether a device
 * runs one is told by bd_engine_create. */
BD_API const char *bd_kernel_set_name(uint32_t index);

/* ---- model ------------------------------------------------------------------------------------------------------- */

typedef struct bd_model bd_model;

/* How a network runs whose tensors a TensorFlow Lite file keeps in 8 bits. */
typedef enum bd_quantised {
    BD_QUANTISED_INTEGER = 0, /* in integers, with TensorFlow Lite's very labels; in float where not all of it can */
    BD_QUANTISED_FLOAT = 1    /* on the real numbers that the integers stand for: near its labels */
} bd_quantised;

typedef struct bd_model_params {
    size_t struct_size;
    const bd_allocator *allocator;
    uint32_t size; /* side of the square input when the export leaves it open; 0: 513, torchvision 520 */
    const char *const *class_names; /* NULL: those of bd_class_set_guess, else numbers. Copied. */
    uint32_t class_name_count;
    const char *class_set;  /* a set of bd_class_name, where class_names is NULL; NULL: bd_class_set_guess */
    uint32_t width, height; /* of the input, whatever the export says: each 1..8192; both 0: the export's */
    bd_quantised quantised;
    uint32_t output_stride; /* 8 or 16, of state dicts: they do not tell; 0: by the file's name, else the trainer's */
} bd_model_params;

typedef struct bd_model_info {
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
} bd_model_info;

/* Opens exported weights and plans the network: pure CPU work, no device.
 *
 * path     told by its bytes: TensorFlow frozen graph, TensorFlow.js graph model (model.json, its shards beside it),
 *          TensorFlow Lite, ONNX (external data beside it), PyTorch's state dicts (.pth, safetensors) of DeepLabs
 *          of torchvision, VainF's DeepLabV3Plus-Pytorch, segmentation_models.pytorch, mmsegmentation and transformers.
 *          Those do not tell their output stride: it is what params say, or the file's name ("_os8", "-d16"), or the
 *          trainer's default.
 *          A network of one class, with a sigmoid or without, becomes one of two: background and foreground.
 * params   NULL: defaults. quantised matters to TensorFlow Lite's quantised networks alone: weights of 8 bits in other
 *          forms are dequantised, simulated quantisation runs in float. An output_stride that is not that of the
 *          network fails: graphs have theirs, and so has torchvision's MobileNetV3.
 * Errors   BD_ERR_FILE_*, BD_ERR_MODEL_UNSUPPORTED; the message names the file and the node.
 */
BD_API BD_CHECK bd_result bd_model_open(const char *path, const bd_model_params *params, bd_model **model,
                                        bd_error *error);
BD_API void bd_model_destroy(bd_model *model);
BD_API void bd_model_get_info(const bd_model *model, bd_model_info *info);

/* Name of class c, valid as long as the model; NULL past the last one. */
BD_API const char *bd_model_class_name(const bd_model *model, uint32_t c);

/* ---- session ----------------------------------------------------------------------------------------------------- */

typedef struct bd_session bd_session;

/* What tensors are stored as on the device, and what convolutions multiply in. Sums are float32, but for FAST16's of
 * up to sixteen products each: labels are FP32's in 99.5 % and more, and partial sums beyond 65504 are lost. */
typedef enum bd_precision {
    BD_PRECISION_AUTO = 0, /* FP16 where the device runs it faster, else FP32 */
    BD_PRECISION_FP32 = 1,
    BD_PRECISION_FP16 = 2,
    BD_PRECISION_FAST16 = 3 /* stored as FP16, multiplied and added two halves at a time (shaderFloat16) */
} bd_precision;

typedef struct bd_session_params {
    size_t struct_size;
    const bd_allocator *allocator;
    bd_progress_fn progress;
    void *progress_user;
    bd_precision precision; /* FP16 or FAST16 where the device cannot: BD_ERR_UNSUPPORTED */
    /* Several looks at each photo, whose probabilities are averaged (Chen et al. 2017, arXiv 1706.05587, section 4): at
     * other sizes, each the same network opened at that size (at most 6, same classes; may be destroyed afterwards),
     * and each of them mirrored, too. Masks and labels keep the grid of the session's own model. */
    const bd_model *const *sizes;
    uint32_t size_count;
    bool flip;
    bool many; /* many photos are to come: allows kernels that take longer to create and run faster (on lavapipe 0.1
                  to 0.2 s more to create, a seventh less a photo, the same bytes). The first session for a driver and
                  network times them first, which takes seconds, and cache_dir keeps what was found; without cache_dir
                  a session tries one small layer */
    uint32_t in_flight; /* photos that may be begun and not ended (bd_session_replace_begin), 1..8; 0: 2. Each takes
                           memory for its photo, background and result */
} bd_session_params;

typedef struct bd_session_info {
    bd_precision precision; /* any but AUTO */
    uint32_t dispatches;    /* of the network, preprocessing included */
    char kernel_set[32];
} bd_session_info;

/* Uploads the weights, creates the pipelines and records the network. The model may be destroyed afterwards. model
 * NULL: a session without a network, for calls that bring probabilities of their own. */
BD_API BD_CHECK bd_result bd_session_create(bd_engine *engine, const bd_model *model, const bd_session_params *params,
                                            bd_session **session, bd_error *error);
BD_API void bd_session_destroy(bd_session *session);
BD_API void bd_session_get_info(const bd_session *session, bd_session_info *info);

/* A set of classes: bit c of word c/32. */
typedef struct bd_class_set {
    uint32_t words[8];
} bd_class_set;

typedef enum bd_map_size {
    BD_MAP_RESIZED = 0, /* the photo after resizing to the network's side, as the tutorial's map */
    BD_MAP_PHOTO = 1    /* the photo's own size; logits interpolated there directly */
} bd_map_size;

typedef struct bd_segment_params {
    size_t struct_size;
    bd_map_size map_size;
    bool want_logits;
    bool want_photo_labels; /* the map of BD_MAP_PHOTO, too, from the same run of the network */
} bd_segment_params;

/* What the network saw. Release with bd_segmentation_finish. */
typedef struct bd_segmentation {
    bd_image labels; /* GRAY8, index = class */
    uint32_t class_count;
    uint64_t pixels_of_class[256];
    uint32_t logits_width, logits_height;
    float *logits; /* (logits_height, logits_width, class_count) of the padded input, before upsampling; NULL unless
                      wanted */
    const void *owner;
    bd_image photo_labels; /* GRAY8 of the photo's size; without pixels unless wanted */
} bd_segmentation;

/* Labels every pixel of a photo.
 *
 * photo    BD_FORMAT_RGBA8 or _RGBA16 (of which 8 bits are looked at) of any size from 1x1; alpha is ignored. Borrowed
 *          until return.
 * Blocks   until the result is on the host.
 * Errors   BD_ERR_INVALID_ARGUMENT, BD_ERR_OUT_OF_MEMORY, BD_ERR_OUT_OF_DEVICE_MEMORY, BD_ERR_DEVICE_LOST.
 * Source   Chen et al. 2017, arXiv 1706.05587; input resized as Pillow's Lanczos does, to the network's side on the
 * longest side.
 */
BD_API BD_CHECK bd_result bd_session_segment(bd_session *session, const bd_image *photo,
                                             const bd_segment_params *params, bd_segmentation *result, bd_error *error);
BD_API void bd_segmentation_finish(bd_segmentation *result);

typedef struct bd_matte_params {
    size_t struct_size;
    bd_class_set classes; /* foreground; all zero: the class called "person", or class 15 */
    bd_matte_mode mode;
    /* (coarse_height, coarse_width) probabilities in 0..1 that take the network's place; NULL: the network. The middles
     * of the corner pixels lie on the middles of the photo's corner pixels ("align corners"). Borrowed until return. */
    const float *coarse;
    uint32_t coarse_width, coarse_height;
    bool wide; /* bd_session_matte: BD_FORMAT_GRAY16 instead of BD_FORMAT_GRAY8 */
    bd_keep keep;
    uint32_t keep_x, keep_y; /* of BD_KEEP_POINT: a pixel of the photo */
    /* BD_KEEP_ALL: parts smaller than this share of the largest one's area are dropped, 0..1. 0: 0.1 for what the
     * network says, 0.01 with BD_RULE_OFF; nothing is dropped from probabilities of the caller's; negative: nothing. */
    float island_share;
    bool fill_holes; /* background that the foreground encloses becomes foreground, before the matte is refined */
    /* Moves the matte's edges outwards by this many photo pixels, or inwards where negative, by grey-scale dilation or
     * erosion with an octagon within 4 % of a circle. -1000..1000; fractions count, and soften an edge by about a
     * pixel. Inwards no pixel gains, outwards none loses. The photo's own border is no edge. */
    float grow_px;
    /* Then softens them: a hard edge rises from 5 to 95 % within this many photo pixels, give or take 5 %. 0..1000. */
    float feather_px;
    /* BD_FORMAT_GRAY8 of the photo's size: 0 is background, 255 foreground, anything between unknown. What it knows has
     * exactly that alpha (before grow_px and feather_px); the rest is solved, from coarse, or without that by the
     * colours of what is known: a trimap takes the network's place. For BD_MATTE_REFINE and _BEST, with BD_KEEP_ALL and
     * without fill_holes. NULL: none. Borrowed until return. */
    const bd_image *trimap;
    /* A matte by the colour of a uniform backdrop: see backdrop_key.h. */
    bd_key key;
    uint8_t key_color[3];
    float key_tolerance, key_softness, key_spill;
    bd_key_shadow key_shadow;
    bool key_with_network;
    bd_rule rule; /* of what the network says; without effect on coarse and trimap */
    bool biased;  /* bias is set; false: 0.5 where the class called "person" alone is foreground, else 0 */
    float bias;   /* -20..20, in log-odds: more makes the foreground larger */
    /* Of the rule: how often the network looks. 2: a second time, at the part of the photo that holds the subject, where
     * that shows it at least 1.2 times as large; the device decides. 1: once. 0: 2 on GPUs, 1 on software devices. */
    uint32_t looks;
    /* The finished matte, before grow_px and feather_px: clamp((alpha - level_low) / (level_high - level_low), 0, 1), each
     * 0..1; both equal: 1 from there on, else 0. Both 0: as it is. */
    float level_low, level_high;
    bd_guide_blur guide_blur; /* of BD_MATTE_REFINE and _BEST, but with a trimap alone */
} bd_matte_params;

/* How much of every pixel belongs to the foreground.
 *
 * photo    BD_FORMAT_RGBA8 or _RGBA16 (of which 8 bits are looked at); alpha is ignored. Borrowed until return.
 * params   NULL: all default.
 * alpha    BD_FORMAT_GRAY8 or _GRAY16 of the photo's size, 0..255 or 0..65535; bd_image_finish. Written on success
 *          only.
 * Errors   as bd_session_segment; BD_ERR_INVALID_ARGUMENT too when the session has no model and params neither coarse
 *          nor trimap nor a key, no foreground lies at BD_KEEP_POINT's pixel, or BD_KEY_AUTO finds no colour that
 *          enough of the border has.
 * Source   He, Sun, Tang, Guided image filtering, TPAMI 2013; He, Sun, arXiv 1505.00996; Levin, Lischinski, Weiss, A
 *          closed-form solution to natural image matting, TPAMI 2008; Bramble, Pasciak, Xu, Parallel multilevel
 *          preconditioners, Mathematics of Computation 55, 1990.
 */
BD_API BD_CHECK bd_result bd_session_matte(bd_session *session, const bd_image *photo, const bd_matte_params *params,
                                           bd_image *alpha, bd_error *error);

typedef enum bd_background {
    BD_BACKGROUND_PICTURE = 0,
    BD_BACKGROUND_COLOR = 1,
    BD_BACKGROUND_TRANSPARENT = 2,
    BD_BACKGROUND_BLUR = 3 /* the photo's own background, blurred; the result has the photo's alpha */
} bd_background;

/* Where light adds up. */
typedef enum bd_blend {
    BD_BLEND_LINEAR = 0, /* in light */
    BD_BLEND_SRGB = 1    /* in sRGB's numbers, as the tutorial does */
} bd_blend;

/* Where the subject's own colours under semi-transparent pixels come from, without the old background's light. Both
 * ways run at about a megapixel at most, and each photo pixel then explains its own colour. Opaque pixels stay as they
 * are. Source: Germer et al., Fast multi-level foreground estimation, arXiv 2006.14970; Forte and Pitie, Approximate
 * fast foreground colour estimation, ICIP 2021. */
typedef enum bd_foreground {
    BD_FOREGROUND_MULTILEVEL = 0, /* F and B that change little where alpha changes little */
    BD_FOREGROUND_BLUR = 1,       /* blur fusion, twice: quicker, less exact */
    BD_FOREGROUND_OFF = 2         /* the photo's colours stay */
} bd_foreground;

/* How far the subject's colours follow a background picture. Statistics of both in Oklab, of the subject weighted by
 * the matte, of the picture as a whole after fitting, give one affine map of all its colours, damped and bounded:
 * exposure by 0.9 to 1.06 of lightness, white balance (told by what is nearly grey) by 3 % of a cone response's cube
 * root, and for FULL contrast by 8 % and colourfulness by 12 %. Anything but OFF changes opaque pixels, too. Source:
 * Reinhard et al., Color transfer between images, 2001; Ottosson, Oklab, 2020. */
typedef enum bd_harmonize {
    BD_HARMONIZE_OFF = 0,
    BD_HARMONIZE_MEAN = 1, /* exposure and white balance */
    BD_HARMONIZE_FULL = 2  /* contrast and colourfulness, too */
} bd_harmonize;

typedef enum bd_fit { BD_FIT_COVER = 0, BD_FIT_CONTAIN = 1, BD_FIT_STRETCH = 2, BD_FIT_TILE = 3 } bd_fit;

typedef struct bd_replace_params {
    size_t struct_size;
    bd_class_set classes; /* foreground; all zero: the class called "person", or class 15 */
    bd_background background;
    bd_fit fit;
    uint8_t color[4];    /* BD_BACKGROUND_COLOR, and what BD_FIT_CONTAIN leaves free: straight RGBA */
    float blur_sigma_px; /* in photo pixels, at most 10000; BD_BACKGROUND_BLUR: > 0; BD_BACKGROUND_PICTURE: 0 leaves the
                            picture sharp, as classic does. Any sigma takes about as long. */
    bool classic; /* the tutorial, byte for byte: the result has the resized photo's size; fit, matte and what follows
                     are ignored */
    bool reuse_result; /* result holds an image of an earlier call (or is zeroed): its memory is filled again where the
                          size is the same, else released */
    const bd_matte_params *matte; /* NULL: default; its classes win over those above when they are not all zero */
    bd_blend blend;
    bd_foreground foreground;
    bool placed;    /* place says where a background picture lies; false: in the middle, BD_FIT_TILE at the top left */
    float place[2]; /* x, y in 0 (left, top) .. 1: this point of the picture lies on the same point of the photo, so
                       that COVER keeps the part around it */
    bd_harmonize harmonize; /* of BD_BACKGROUND_PICTURE only */
    float light_wrap_px;    /* light of a background picture or colour that spills over the subject's edge, blurred by a
                               Gaussian of this many photo pixels, at most 1000; 0: none. Pixels that it reaches are not
                               the photo's any more. */
} bd_replace_params;

/* Replaces the background of a photo.
 *
 * photo       BD_FORMAT_RGBA8 or _RGBA16. Borrowed until return.
 * background  the same of any size for BD_BACKGROUND_PICTURE, else NULL. Borrowed until return.
 * result      the photo's size (classic: the resized photo's); bd_image_finish. Written on success only.
 *             BD_FORMAT_RGBA16 where the photo or the background that shows is, else, and for classic, _RGBA8.
 * Depth       16 bits are kept through all of it; 8 beside them count as 257 times as much. The network and the matte
 *             see the photo in 8 bits, rounded. Twice the memory for the pictures, and a copy of the photo in 8 bits.
 * Colours     the result has the photo's profile, and opaque pixels its numbers; background and color (which is sRGB)
 *             are converted to it, relative colorimetric. Light is reckoned by sRGB's curve, and the network takes the
 *             photo's numbers for sRGB. classic knows no profiles.
 * Errors      as bd_session_segment; BD_ERR_INVALID_ARGUMENT too for a profile that cannot be used.
 */
BD_API BD_CHECK bd_result bd_session_replace(bd_session *session, const bd_image *photo, const bd_image *background,
                                             const bd_replace_params *params, bd_image *result, bd_error *error);

/* The same in two halves, for many photos: begin returns when the device has been given a photo, end waits for the
 * oldest that was begun. While the device works on one photo the host encodes the one before and decodes the next:
 *
 *     begin(0); for (i = 0; i < n; i++) { if (i + 1 < n) begin(i + 1); end(i); }
 *
 * photo       and background, params: as above; borrowed until begin returns. Begun photos may differ in all of them;
 *             one that needs more memory than those before waits inside begin until they are done.
 * result      as above; reuse_result is that of the photo's begin.
 * Calls       up to bd_session_params.in_flight photos may be begun and not ended; until all are ended no other
 *             function but bd_session_timings and bd_session_destroy may be called for the session
 *             (BD_ERR_INVALID_ARGUMENT).
 *             bd_session_timings tells the stages of the photo that was ended last; the network's is missing where
 *             another photo was begun meanwhile.
 * Allocates   nothing once in_flight photos of a size were ended, but where colours are converted: begin prepares that
 *             each time. Memory for photos, backgrounds and results as often as there are photos in flight.
 * Errors      as bd_session_replace. A photo whose begin failed must not be ended; one whose end failed is ended.
 */
BD_API BD_CHECK bd_result bd_session_replace_begin(bd_session *session, const bd_image *photo,
                                                   const bd_image *background, const bd_replace_params *params,
                                                   bd_error *error);
BD_API BD_CHECK bd_result bd_session_replace_end(bd_session *session, bd_image *result, bd_error *error);

typedef struct bd_timing {
    char name[48];
    double ms; /* on the device when device is true, else wall time */
    bool device;
} bd_timing;

/* Stages of the last call, in order. Returns how many there are and copies at most room. */
BD_API uint32_t bd_session_timings(const bd_session *session, bd_timing *timings, uint32_t room);

/* What the network made of a photo: on a grid about as fine as its logits, how many points each class has the highest
 * logit at. */
typedef struct bd_seen {
    uint32_t class_count;          /* 0: no network was asked */
    bool empty;                    /* a matte was made, its parts were looked for, and none is more than a speck */
    uint64_t points;               /* of the grid, all on the photo */
    uint64_t points_of_class[256]; /* they add up to points */
} bd_seen;

/* Of the photo whose result was returned last. Where none of the foreground's classes has points, or the matte is empty
 * (what was labelled can be too faint for the rule), a composite is all background, or nearly. */
BD_API void bd_session_seen(const bd_session *session, bd_seen *seen);

/* What BD_KEY_AUTO found in the photo whose result was returned last, or that failed for want of one colour. */
BD_API void bd_session_key(const bd_session *session, bd_key_color *color);

/* ---- classes ----------------------------------------------------------------------------------------------------- */

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

#include "backdrop_measure.h"

#endif
