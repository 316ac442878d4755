/* SPDX-License-Identifier: MIT
 * A first pass over the frames' headers. Those that are for reference only libjxl does not tell of. */
#include "image/jxl_layers.h"

#include <jxl/decode.h>

#include "image/codec.h"

enum {
    TIMES_MOST = 16,     /* a picture's pixels in all of its layers */
    SMALL = 2000000,     /* pixels that layers may have so often in any case */
    LIMITS_MOST = 4,     /* and the most pixels of a picture */
    LAYER_LEAST = 16384, /* pixels that a layer's start is worth */
};
#define COUNTABLE ((uint64_t)1 << 50)

#define JXL_FUNCTIONS(X)                                                                                               \
    X(JxlDecoderCreate)                                                                                                \
    X(JxlDecoderDestroy)                                                                                               \
    X(JxlDecoderSubscribeEvents)                                                                                       \
    X(JxlDecoderSetCoalescing)                                                                                         \
    X(JxlDecoderSetInput)                                                                                              \
    X(JxlDecoderProcessInput)                                                                                          \
    X(JxlDecoderGetBasicInfo)                                                                                          \
    X(JxlDecoderGetFrameHeader)

typedef struct layer_calls {
    JXL_FUNCTIONS(BD_CODEC_POINTER)
} layer_calls;

typedef struct layer_memory {
    const bd_allocator *allocator;
    bool ended;
} layer_memory;

static void *allocate(void *user, size_t bytes) {
    layer_memory *memory = user;
    void *made = bd_alloc(memory->allocator, bytes);
    memory->ended |= !made;
    return made;
}

static void release(void *user, void *made) {
    bd_free(((const layer_memory *)user)->allocator, made);
}

/* Pixels of the layers that the first picture is made of; more than most: at least one more than that. */
static uint64_t count_layers(const layer_calls *jxl, JxlDecoder *decoder, const bd_image_source *source,
                             uint64_t *most) {
    uint64_t sum = 0;
    JxlBasicInfo info;
    JxlFrameHeader frame;
    while (sum <= *most) {
        switch (jxl->JxlDecoderProcessInput(decoder)) {
        case JXL_DEC_BASIC_INFO: {
            if (jxl->JxlDecoderGetBasicInfo(decoder, &info) != JXL_DEC_SUCCESS) {
                return 0;
            }
            const uint64_t picture = BD_MIN((uint64_t)info.xsize * info.ysize, COUNTABLE);
            const uint64_t limit = BD_MIN(source->max_pixels, COUNTABLE);
            *most = BD_MIN(BD_MAX(picture, (uint64_t)SMALL) * TIMES_MOST, BD_MAX(limit, (uint64_t)SMALL) * LIMITS_MOST);
            break;
        }
        case JXL_DEC_FRAME:
            if (jxl->JxlDecoderGetFrameHeader(decoder, &frame) != JXL_DEC_SUCCESS) {
                return 0;
            }
            sum += BD_MAX((uint64_t)frame.layer_info.xsize * frame.layer_info.ysize, (uint64_t)LAYER_LEAST);
            if (frame.duration || frame.is_last) {
                return sum;
            }
            break;
        default: return 0;
        }
    }
    return sum;
}

bd_result bd_jxl_check(const bd_image_source *source, bd_error *error) {
    static const char *const names[] = {JXL_FUNCTIONS(BD_CODEC_NAME)};
    layer_memory memory = {.allocator = source->allocator};
    const JxlMemoryManager hooks = {&memory, allocate, release};
    layer_calls jxl;
    uint64_t most = UINT64_MAX;
    bd_result result = bd_codec_load(BD_LIBRARY_JXL, names, BD_COUNT(names), &jxl, source->name, "JPEG XL", error);
    if (result) {
        return result;
    }
    JxlDecoder *decoder = jxl.JxlDecoderCreate(&hooks);
    if (decoder && jxl.JxlDecoderSubscribeEvents(decoder, JXL_DEC_BASIC_INFO | JXL_DEC_FRAME) == JXL_DEC_SUCCESS &&
        jxl.JxlDecoderSetCoalescing(decoder, JXL_FALSE) == JXL_DEC_SUCCESS &&
        jxl.JxlDecoderSetInput(decoder, source->data, source->bytes) == JXL_DEC_SUCCESS &&
        count_layers(&jxl, decoder, source, &most) > most) {
        result = bd_fail(error, BD_ERR_IMAGE_TOO_LARGE, "%s: JPEG XL: too many layers for its size", source->name);
    }
    if (memory.ended) {
        result = bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: JPEG XL: out of memory", source->name);
    }
    if (decoder) {
        jxl.JxlDecoderDestroy(decoder);
    }
    return result;
}
