/* SPDX-License-Identifier: MIT
 * AVIF out, by libheif and whichever encoder of AV1 it finds: aom, rav1e or SVT. They allocate past the hooks. */
#include "image/heif_encode.h"

#include <limits.h>
#include <string.h>

#include <libheif/heif.h>

#include "image/cicp.h"
#include "image/codec.h"
#include "image/metadata.h"
#include "image/pixels.h"
#include "image/rows.h"

#define HEIF_FUNCTIONS(X)                                                                                              \
    X(heif_context_alloc)                                                                                              \
    X(heif_context_free)                                                                                               \
    X(heif_context_get_encoder_descriptors)                                                                            \
    X(heif_context_get_encoder)                                                                                        \
    X(heif_encoder_release)                                                                                            \
    X(heif_encoder_set_lossy_quality)                                                                                  \
    X(heif_encoder_set_lossless)                                                                                       \
    X(heif_encoder_set_parameter_boolean)                                                                              \
    X(heif_encoder_set_parameter_integer)                                                                              \
    X(heif_encoder_set_parameter_string)                                                                               \
    X(heif_encoding_options_alloc)                                                                                     \
    X(heif_encoding_options_free)                                                                                      \
    X(heif_nclx_color_profile_alloc)                                                                                   \
    X(heif_nclx_color_profile_free)                                                                                    \
    X(heif_image_create)                                                                                               \
    X(heif_image_release)                                                                                              \
    X(heif_image_add_plane)                                                                                            \
    X(heif_image_get_plane)                                                                                            \
    X(heif_image_set_nclx_color_profile)                                                                               \
    X(heif_image_set_raw_color_profile)                                                                                \
    X(heif_context_encode_image)                                                                                       \
    X(heif_image_handle_release)                                                                                       \
    X(heif_context_add_exif_metadata)                                                                                  \
    X(heif_context_add_XMP_metadata)                                                                                   \
    X(heif_context_write)

typedef struct heif_calls {
    HEIF_FUNCTIONS(BD_CODEC_POINTER)
} heif_calls;

typedef struct avif_writer {
    heif_calls heif;
    bd_encoder *to;
    struct heif_context *context;
    struct heif_encoder *encoder;
    struct heif_encoding_options *options;
    struct heif_color_profile_nclx *numbers;
    struct heif_image *image;
    struct heif_image_handle *written;
} avif_writer;

static bool fail(const avif_writer *writer, bd_result result, const char *what) {
    writer->to->result = bd_fail(writer->to->error, result, "%s: AVIF: %s", writer->to->name, what);
    return false;
}

static bool settle(const avif_writer *writer, struct heif_error error) {
    if (error.code == heif_error_Ok) {
        return true;
    }
    bool memory = writer->to->out_of_memory || error.code == heif_error_Memory_allocation_error;
    return fail(writer, memory ? BD_ERR_OUT_OF_MEMORY : BD_ERR_UNSUPPORTED, memory ? "out of memory" : error.message);
}

static bool load(avif_writer *writer) {
    static const char *const names[] = {HEIF_FUNCTIONS(BD_CODEC_NAME)};
    bd_encoder *to = writer->to;
    bd_error error;
    if (!bd_codec_load(BD_LIBRARY_HEIF, names, BD_COUNT(names), &writer->heif, to->name, "AVIF", &error)) {
        return true;
    }
    to->result = bd_fail(to->error, BD_ERR_UNSUPPORTED, "%s", error.message);
    return false;
}

/* Only aom keeps every number. */
static bool find_encoder(avif_writer *writer) {
    const heif_calls *heif = &writer->heif;
    const bool lossless = writer->to->params.lossless;
    const struct heif_encoder_descriptor *found = NULL;
    writer->context = heif->heif_context_alloc();
    if (!writer->context) {
        return fail(writer, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    if (heif->heif_context_get_encoder_descriptors(writer->context, heif_compression_AV1, lossless ? "aom" : NULL,
                                                   &found, 1) < 1) {
        return fail(writer, BD_ERR_UNSUPPORTED,
                    lossless ? "libheif has no encoder that keeps every number (install libheif-plugin-aomenc)"
                             : "libheif has no encoder of AV1 (install libheif-plugin-aomenc)");
    }
    return settle(writer, heif->heif_context_get_encoder(writer->context, found, &writer->encoder));
}

/* Edges of a cut-out are seen, so alpha keeps every number, and chroma is halved at low quality only. An encoder that
 * knows no such thing says so, and does what it does. */
static bool set_encoder(avif_writer *writer) {
    enum { QUALITY = 80, FULL_CHROMA = 70, SPEED = 6 };
    const heif_calls *heif = &writer->heif;
    const bd_image_write_params *params = &writer->to->params;
    const int quality = params->quality ? params->quality : QUALITY;
    const bool full = params->lossless || quality >= FULL_CHROMA;
    (void)heif->heif_encoder_set_parameter_integer(writer->encoder, "speed", SPEED);
    (void)heif->heif_encoder_set_parameter_boolean(writer->encoder, "lossless-alpha", 1);
    (void)heif->heif_encoder_set_parameter_string(writer->encoder, "chroma", full ? "444" : "420");
    return settle(writer, heif->heif_encoder_set_lossy_quality(writer->encoder, quality)) &&
           settle(writer, heif->heif_encoder_set_lossless(writer->encoder, params->lossless));
}

/* Lossless colours are stored as they are, in place of luma and chroma. */
static bool set_colors(avif_writer *writer) {
    const heif_calls *heif = &writer->heif;
    const bd_image *image = writer->to->image;
    const bool color = bd_format_is_rgba(image->format);
    writer->options = heif->heif_encoding_options_alloc();
    writer->numbers = heif->heif_nclx_color_profile_alloc();
    if (!writer->options || !writer->numbers) {
        return fail(writer, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    struct heif_color_profile_nclx *numbers = writer->numbers;
    numbers->color_primaries = heif_color_primaries_ITU_R_BT_709_5;
    numbers->transfer_characteristics = (enum heif_transfer_characteristics)BD_CICP_SRGB;
    numbers->matrix_coefficients = writer->to->params.lossless && color ? heif_matrix_coefficients_RGB_GBR
                                                                        : heif_matrix_coefficients_ITU_R_BT_601_6;
    numbers->full_range_flag = 1;
    writer->options->output_nclx_profile = numbers;
    writer->options->save_alpha_channel = color && !bd_image_is_opaque(image);
    if (!settle(writer, heif->heif_image_set_nclx_color_profile(writer->image, numbers))) {
        return false;
    }
    return !color || !image->profile ||
           settle(writer,
                  heif->heif_image_set_raw_color_profile(writer->image, "prof", image->profile, image->profile_bytes));
}

static bool fill_image(avif_writer *writer) {
    const heif_calls *heif = &writer->heif;
    const bd_image *image = writer->to->image;
    const int width = (int)image->width, height = (int)image->height;
    const bool color = bd_format_is_rgba(image->format), opaque = bd_image_is_opaque(image);
    const enum heif_channel channel = color ? heif_channel_interleaved : heif_channel_Y;
    if (!settle(writer, heif->heif_image_create(width, height, color ? heif_colorspace_RGB : heif_colorspace_monochrome,
                                                color ? heif_chroma_interleaved_RGBA : heif_chroma_monochrome,
                                                &writer->image)) ||
        !settle(writer, heif->heif_image_add_plane(writer->image, channel, width, height, color ? 32 : 8))) {
        return false;
    }
    int stride = 0;
    uint8_t *plane = heif->heif_image_get_plane(writer->image, channel, &stride);
    for (uint32_t y = 0; y < image->height && plane; y++) {
        uint8_t *row = plane + (size_t)y * (size_t)stride;
        if (color) {
            bd_row_load(image, y, opaque, false, row);
        } else {
            memcpy(row, bd_encoder_row(writer->to, y), image->width);
        }
    }
    return plane || fail(writer, BD_ERR_OUT_OF_MEMORY, "out of memory");
}

/* libheif counts bytes in an int, and writes the offset that stands before EXIF. */
static bool put_metadata(avif_writer *writer) {
    const heif_calls *heif = &writer->heif;
    bd_encoder *to = writer->to;
    const bd_metadata *m = &to->metadata;
    to->dropped |=
        (m->exif_bytes > INT_MAX ? 1u << BD_METADATA_EXIF : 0) | (m->xmp_bytes > INT_MAX ? 1u << BD_METADATA_XMP : 0);
    return (!m->exif_bytes || m->exif_bytes > INT_MAX ||
            settle(writer, heif->heif_context_add_exif_metadata(writer->context, writer->written, m->exif,
                                                                (int)m->exif_bytes))) &&
           (!m->xmp_bytes || m->xmp_bytes > INT_MAX ||
            settle(writer,
                   heif->heif_context_add_XMP_metadata(writer->context, writer->written, m->xmp, (int)m->xmp_bytes)));
}

static struct heif_error put(struct heif_context *context, const void *data, size_t bytes, void *user) {
    bd_encoder *to = user;
    (void)context;
    struct heif_error error = {heif_error_Ok, heif_suberror_Unspecified, "done"};
    if (!bd_encoder_put(to, data, bytes)) {
        to->out_of_memory = true;
        error.code = heif_error_Memory_allocation_error;
    }
    return error;
}

void bd_avif_encode(bd_encoder *to) {
    avif_writer writer = {.to = to};
    const heif_calls *heif = &writer.heif;
    struct heif_writer file = {.writer_api_version = 1, .write = put};
    if (!load(&writer)) {
        return;
    }
    if (find_encoder(&writer) && set_encoder(&writer) && fill_image(&writer) && set_colors(&writer) &&
        settle(&writer, heif->heif_context_encode_image(writer.context, writer.image, writer.encoder, writer.options,
                                                        &writer.written)) &&
        put_metadata(&writer)) {
        settle(&writer, heif->heif_context_write(writer.context, &file, to));
    }
    if (writer.written) {
        heif->heif_image_handle_release(writer.written);
    }
    if (writer.image) {
        heif->heif_image_release(writer.image);
    }
    if (writer.numbers) {
        heif->heif_nclx_color_profile_free(writer.numbers);
    }
    if (writer.options) {
        heif->heif_encoding_options_free(writer.options);
    }
    if (writer.encoder) {
        heif->heif_encoder_release(writer.encoder);
    }
    if (writer.context) {
        heif->heif_context_free(writer.context);
    }
}
