/* SPDX-License-Identifier: MIT
 * JPEG XL in, by libjxl, which turns pictures upright by itself. */
#include "image/jxl.h"

#include <jxl/decode.h>

#include "image/cicp.h"
#include "image/codec.h"
#include "image/color.h"
#include "image/jxl_layers.h"
#include "image/jxl_metadata.h"
#include "image/pixels.h"
#include "image/rows.h"
#include "image/samples.h"

#define JXL_FUNCTIONS(X)                                                                                               \
    X(JxlDecoderCreate)                                                                                                \
    X(JxlDecoderDestroy)                                                                                               \
    X(JxlDecoderSubscribeEvents)                                                                                       \
    X(JxlDecoderSetKeepOrientation)                                                                                    \
    X(JxlDecoderSetUnpremultiplyAlpha)                                                                                 \
    X(JxlDecoderSetInput)                                                                                              \
    X(JxlDecoderProcessInput)                                                                                          \
    X(JxlDecoderGetBasicInfo)                                                                                          \
    X(JxlDecoderGetExtraChannelInfo)                                                                                   \
    X(JxlDecoderGetColorAsEncodedProfile)                                                                              \
    X(JxlDecoderGetICCProfileSize)                                                                                     \
    X(JxlDecoderGetColorAsICCProfile)                                                                                  \
    X(JxlDecoderImageOutBufferSize)                                                                                    \
    X(JxlDecoderSetImageOutBuffer)

/* Three functions lost an argument that was not looked at. */
#if JPEGXL_NUMERIC_VERSION < JPEGXL_COMPUTE_NUMERIC_VERSION(0, 9, 0)
#define NO_FORMAT NULL,
#else
#define NO_FORMAT
#endif

typedef struct jxl_calls {
    JXL_FUNCTIONS(BD_CODEC_POINTER)
} jxl_calls;

typedef struct jxl_reader {
    jxl_calls jxl;
    const bd_image_source *source;
    bd_error *error;
    bd_result result;
    bool out_of_memory;
    JxlDecoder *decoder;
    JxlBasicInfo info;
    JxlPixelFormat format;
    bd_image image;
} jxl_reader;

static void *allocate(void *user, size_t bytes) {
    jxl_reader *reader = user;
    void *memory = bd_alloc(reader->source->allocator, bytes);
    reader->out_of_memory |= !memory;
    return memory;
}

static void release(void *user, void *memory) {
    const jxl_reader *reader = user;
    bd_free(reader->source->allocator, memory);
}

static bool fail(jxl_reader *reader, bd_result result, const char *what) {
    bool memory = reader->out_of_memory;
    reader->result = bd_fail(reader->error, memory ? BD_ERR_OUT_OF_MEMORY : result, "%s: JPEG XL: %s",
                             reader->source->name, memory ? "out of memory" : what);
    return false;
}

static bool check(jxl_reader *reader, JxlDecoderStatus status) {
    return status == JXL_DEC_SUCCESS || fail(reader, BD_ERR_FILE_CORRUPT, "broken, or of a kind that cannot be read");
}

/* Inks are more channels than libjxl shows; every channel has a plane of floats while it works. */
static bool check_channels(jxl_reader *reader) {
    enum { CHANNELS_MOST = 4 };
    const bd_image_source *source = reader->source;
    const uint64_t pixels = (uint64_t)reader->info.xsize * reader->info.ysize;
    const uint64_t channels = (uint64_t)reader->info.num_color_channels + reader->info.num_extra_channels;
    if (channels > CHANNELS_MOST && pixels * channels > source->max_pixels * CHANNELS_MOST) {
        return fail(reader, BD_ERR_IMAGE_TOO_LARGE, "too many channels for its size");
    }
    for (uint32_t i = 0; i < reader->info.num_extra_channels; i++) {
        JxlExtraChannelInfo extra;
        if (!check(reader, reader->jxl.JxlDecoderGetExtraChannelInfo(reader->decoder, i, &extra))) {
            return false;
        }
        if (extra.type == JXL_CHANNEL_BLACK) {
            return fail(reader, BD_ERR_UNSUPPORTED, "CMYK cannot be read");
        }
    }
    return true;
}

static bool begin_picture(jxl_reader *reader) {
    const bd_image_source *source = reader->source;
    JxlBasicInfo *info = &reader->info;
    if (!check(reader, reader->jxl.JxlDecoderGetBasicInfo(reader->decoder, info))) {
        return false;
    }
    reader->result = bd_image_check_size(source, info->xsize, info->ysize, reader->error);
    if (reader->result || !check_channels(reader)) {
        return false;
    }
    if (info->have_animation) {
        bd_image_warn(source, "%s: JPEG XL: the first picture of an animation", source->name);
    }
    /* libjxl dithers where it narrows to 8 bits, so it is asked for all of them. */
    bool deep = info->bits_per_sample > 8 || info->exponent_bits_per_sample;
    reader->format = (JxlPixelFormat){4, deep ? JXL_TYPE_UINT16 : JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
    reader->result = bd_image_create(source->allocator, source->name, info->xsize, info->ysize,
                                     deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8, &reader->image, reader->error);
    return !reader->result;
}

/* As a picture in words of its own, not in an ICC profile, has it. False: in none. */
static bool has_known_colors(const jxl_reader *reader) {
    JxlColorEncoding colors;
    if (reader->jxl.JxlDecoderGetColorAsEncodedProfile(reader->decoder, NO_FORMAT JXL_COLOR_PROFILE_TARGET_DATA,
                                                       &colors) != JXL_DEC_SUCCESS) {
        return false;
    }
    if (colors.transfer_function == JXL_TRANSFER_FUNCTION_PQ || colors.transfer_function == JXL_TRANSFER_FUNCTION_HLG) {
        bd_image_warn(reader->source, "%s: high dynamic range (%s): colours are taken for sRGB", reader->source->name,
                      colors.transfer_function == JXL_TRANSFER_FUNCTION_PQ ? "PQ" : "HLG");
        return true;
    }
    return colors.transfer_function == JXL_TRANSFER_FUNCTION_SRGB && colors.white_point == JXL_WHITE_POINT_D65 &&
           (colors.color_space == JXL_COLOR_SPACE_GRAY || colors.primaries == JXL_PRIMARIES_SRGB);
}

static bool read_profile(jxl_reader *reader) {
    const bd_image_source *source = reader->source;
    size_t bytes = 0;
    if (source->gray16 || has_known_colors(reader) ||
        reader->jxl.JxlDecoderGetICCProfileSize(reader->decoder, NO_FORMAT JXL_COLOR_PROFILE_TARGET_DATA, &bytes) !=
            JXL_DEC_SUCCESS ||
        !bytes) {
        return true;
    }
    uint8_t *profile = bd_alloc(source->allocator, bytes);
    if (!profile) {
        reader->out_of_memory = true;
        return fail(reader, BD_ERR_OUT_OF_MEMORY, "");
    }
    if (check(reader, reader->jxl.JxlDecoderGetColorAsICCProfile(
                          reader->decoder, NO_FORMAT JXL_COLOR_PROFILE_TARGET_DATA, profile, bytes))) {
        reader->result = bd_image_take_profile(source, profile, bytes, reader->info.num_color_channels == 1,
                                               &reader->image, reader->error);
    }
    bd_free(source->allocator, profile);
    return !reader->result;
}

static bool give_pixels(jxl_reader *reader) {
    const size_t room = (size_t)reader->image.stride_bytes * reader->image.height;
    size_t bytes = 0;
    return check(reader, reader->jxl.JxlDecoderImageOutBufferSize(reader->decoder, &reader->format, &bytes)) &&
           check(reader, bytes == room ? JXL_DEC_SUCCESS : JXL_DEC_ERROR) &&
           check(reader,
                 reader->jxl.JxlDecoderSetImageOutBuffer(reader->decoder, &reader->format, reader->image.pixels, room));
}

static bool read_file(jxl_reader *reader) {
    const bd_image_source *source = reader->source;
    const jxl_calls *jxl = &reader->jxl;
    const JxlMemoryManager hooks = {reader, allocate, release};
    reader->decoder = jxl->JxlDecoderCreate(&hooks);
    if (!reader->decoder) {
        reader->out_of_memory = true;
        return fail(reader, BD_ERR_OUT_OF_MEMORY, "");
    }
    if (!check(reader, jxl->JxlDecoderSubscribeEvents(reader->decoder, JXL_DEC_BASIC_INFO | JXL_DEC_COLOR_ENCODING |
                                                                           JXL_DEC_FULL_IMAGE)) ||
        !check(reader, jxl->JxlDecoderSetKeepOrientation(reader->decoder, source->ignore_orientation)) ||
        !check(reader, jxl->JxlDecoderSetUnpremultiplyAlpha(reader->decoder, JXL_TRUE)) ||
        !check(reader, jxl->JxlDecoderSetInput(reader->decoder, source->data, source->bytes))) {
        return false;
    }
    for (;;) {
        bool going = true;
        switch (jxl->JxlDecoderProcessInput(reader->decoder)) {
        case JXL_DEC_BASIC_INFO: going = begin_picture(reader); break;
        case JXL_DEC_COLOR_ENCODING: going = read_profile(reader); break;
        case JXL_DEC_NEED_IMAGE_OUT_BUFFER: going = give_pixels(reader); break;
        case JXL_DEC_FULL_IMAGE: return true;
        case JXL_DEC_NEED_MORE_INPUT: return fail(reader, BD_ERR_FILE_CORRUPT, "the file is truncated");
        default: return check(reader, JXL_DEC_ERROR);
        }
        if (!going) {
            return false;
        }
    }
}

bd_result bd_jxl_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    static const char *const names[] = {JXL_FUNCTIONS(BD_CODEC_NAME)};
    jxl_reader reader = {.source = source, .error = error};
    bd_result result =
        bd_codec_load(BD_LIBRARY_JXL, names, BD_COUNT(names), &reader.jxl, source->name, "JPEG XL", error);
    result = result ? result : bd_jxl_check(source, error);
    if (result) {
        return result;
    }
    bool read = read_file(&reader);
    if (reader.decoder) {
        reader.jxl.JxlDecoderDestroy(reader.decoder);
    }
    if (read) {
        reader.result = bd_jxl_read_metadata(source, error);
    }
    if (reader.result) {
        bd_image_finish(&reader.image);
        return reader.result;
    }
    if (reader.image.format == BD_FORMAT_RGBA16 && !bd_wants_deep(source)) {
        bd_image_narrow(&reader.image);
    }
    if (reader.info.alpha_bits) {
        bd_image_find_alpha(&reader.image);
    }
    *image = reader.image;
    return BD_OK;
}
