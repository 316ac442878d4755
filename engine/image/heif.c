/* SPDX-License-Identifier: MIT
 * HEIC and AVIF in, by libheif, which turns, mirrors and crops as the file's own properties say: its EXIF repeats them,
 * and is not asked. libheif and its decoders allocate past the hooks. */
#include "image/heif.h"

#include <string.h>

#include <libheif/heif.h>

#include "image/cicp.h"
#include "image/codec.h"
#include "image/color.h"
#include "image/heif_check.h"
#include "image/metadata.h"
#include "image/pixels.h"
#include "image/samples.h"

#define HEIF_FUNCTIONS(X)                                                                                              \
    X(heif_context_alloc)                                                                                              \
    X(heif_context_free)                                                                                               \
    X(heif_context_read_from_memory_without_copy)                                                                      \
    X(heif_context_get_number_of_top_level_images)                                                                     \
    X(heif_context_get_primary_image_handle)                                                                           \
    X(heif_image_handle_release)                                                                                       \
    X(heif_image_handle_get_width)                                                                                     \
    X(heif_image_handle_get_height)                                                                                    \
    X(heif_image_handle_get_ispe_width)                                                                                \
    X(heif_image_handle_get_ispe_height)                                                                               \
    X(heif_image_handle_has_alpha_channel)                                                                             \
    X(heif_image_handle_is_premultiplied_alpha)                                                                        \
    X(heif_image_handle_get_luma_bits_per_pixel)                                                                       \
    X(heif_image_handle_get_color_profile_type)                                                                        \
    X(heif_image_handle_get_raw_color_profile_size)                                                                    \
    X(heif_image_handle_get_raw_color_profile)                                                                         \
    X(heif_image_handle_get_nclx_color_profile)                                                                        \
    X(heif_nclx_color_profile_free)                                                                                    \
    X(heif_image_handle_get_list_of_metadata_block_IDs)                                                                \
    X(heif_image_handle_get_metadata_type)                                                                             \
    X(heif_image_handle_get_metadata_content_type)                                                                     \
    X(heif_image_handle_get_metadata_size)                                                                             \
    X(heif_image_handle_get_metadata)                                                                                  \
    X(heif_decoding_options_alloc)                                                                                     \
    X(heif_decoding_options_free)                                                                                      \
    X(heif_decode_image)                                                                                               \
    X(heif_image_get_width)                                                                                            \
    X(heif_image_get_height)                                                                                           \
    X(heif_image_get_colorspace)                                                                                       \
    X(heif_image_get_bits_per_pixel_range)                                                                             \
    X(heif_image_get_plane_readonly)                                                                                   \
    X(heif_image_release)

typedef struct heif_calls {
    HEIF_FUNCTIONS(BD_CODEC_POINTER)
} heif_calls;

typedef struct heif_picture {
    heif_calls heif;
    const bd_image_source *source;
    const char *form, *plugin;
    bd_error *error;
    bd_result result;
    struct heif_context *context;
    struct heif_image_handle *handle;
    struct heif_decoding_options *options;
    struct heif_image *decoded;
    bd_image image;
} heif_picture;

static bool out_of_memory(heif_picture *reader) {
    reader->result = bd_fail(reader->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", reader->source->name);
    return false;
}

static bool settle(heif_picture *reader, struct heif_error error) {
    bd_result code = BD_ERR_FILE_CORRUPT;
    if (error.code == heif_error_Ok) {
        return true;
    }
    if (error.subcode == heif_suberror_Unsupported_codec) {
        reader->result =
            bd_fail(reader->error, BD_ERR_UNSUPPORTED, "%s: %s needs a decoder of libheif's that is not installed (%s)",
                    reader->source->name, reader->form, reader->plugin);
        return false;
    }
    if (error.subcode == heif_suberror_Security_limit_exceeded) {
        code = BD_ERR_IMAGE_TOO_LARGE;
    } else if (error.code == heif_error_Memory_allocation_error) {
        code = BD_ERR_OUT_OF_MEMORY;
    } else if (error.code == heif_error_Unsupported_filetype || error.code == heif_error_Unsupported_feature) {
        code = BD_ERR_UNSUPPORTED;
    }
    reader->result = bd_fail(reader->error, code, "%s: %s: %s", reader->source->name, reader->form, error.message);
    return false;
}

static bool check_size(heif_picture *reader, int width, int height) {
    reader->result = bd_image_check_size(reader->source, width, height, reader->error);
    return !reader->result;
}

/* What is stored may be larger than what a crop leaves of it. */
static bool check_sizes(heif_picture *reader) {
    const heif_calls *heif = &reader->heif;
    return check_size(reader, heif->heif_image_handle_get_ispe_width(reader->handle),
                      heif->heif_image_handle_get_ispe_height(reader->handle)) &&
           check_size(reader, heif->heif_image_handle_get_width(reader->handle),
                      heif->heif_image_handle_get_height(reader->handle));
}

static bool open_picture(heif_picture *reader) {
    const bd_image_source *source = reader->source;
    const heif_calls *heif = &reader->heif;
    reader->context = heif->heif_context_alloc();
    if (!reader->context) {
        return out_of_memory(reader);
    }
    if (!settle(reader,
                heif->heif_context_read_from_memory_without_copy(reader->context, source->data, source->bytes, NULL)) ||
        !settle(reader, heif->heif_context_get_primary_image_handle(reader->context, &reader->handle))) {
        return false;
    }
    int count = heif->heif_context_get_number_of_top_level_images(reader->context);
    if (count > 1) {
        bd_image_warn(source, "%s: %s: of %d pictures the primary one is read", source->name, reader->form, count);
    }
    return check_sizes(reader);
}

/* libheif cuts where it narrows 10 and 12 bits to 8, so it is asked for all of them. */
static bool decode(heif_picture *reader) {
    const heif_calls *heif = &reader->heif;
    const uint16_t one = 1;
    enum heif_chroma deep =
        *(const uint8_t *)&one ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBBAA_BE;
    int bits = heif->heif_image_handle_get_luma_bits_per_pixel(reader->handle);
    reader->options = heif->heif_decoding_options_alloc();
    if (!reader->options) {
        return out_of_memory(reader);
    }
    reader->options->ignore_transformations = reader->source->ignore_orientation;
    reader->options->strict_decoding = 1;
    return settle(reader, heif->heif_decode_image(reader->handle, &reader->decoded, heif_colorspace_RGB,
                                                  bits > 8 ? deep : heif_chroma_interleaved_RGBA, reader->options)) &&
           check_size(reader, heif->heif_image_get_width(reader->decoded, heif_channel_interleaved),
                      heif->heif_image_get_height(reader->decoded, heif_channel_interleaved));
}

static uint32_t straighten(uint32_t value, uint32_t alpha, uint32_t most) {
    return alpha ? BD_MIN((value * most + alpha / 2) / alpha, most) : 0;
}

static bool store(heif_picture *reader) {
    const bd_image_source *source = reader->source;
    const heif_calls *heif = &reader->heif;
    const uint32_t width = (uint32_t)heif->heif_image_get_width(reader->decoded, heif_channel_interleaved);
    const uint32_t height = (uint32_t)heif->heif_image_get_height(reader->decoded, heif_channel_interleaved);
    const int bits = heif->heif_image_get_bits_per_pixel_range(reader->decoded, heif_channel_interleaved);
    const bool premultiplied = heif->heif_image_handle_is_premultiplied_alpha(reader->handle);
    const bool deep = bits > 8 && bd_wants_deep(source);
    int stride = 0;
    const uint8_t *plane = heif->heif_image_get_plane_readonly(reader->decoded, heif_channel_interleaved, &stride);
    if (!plane || bits < 8 || bits > 16 || stride < 0 || (size_t)stride < (size_t)width * (bits > 8 ? 8 : 4)) {
        reader->result = bd_fail(reader->error, BD_ERR_UNSUPPORTED, "%s: %s: no pixels", source->name, reader->form);
        return false;
    }
    reader->result = bd_image_create(source->allocator, source->name, width, height,
                                     deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8, &reader->image, reader->error);
    const uint32_t most = (1u << bits) - 1, to_most = deep ? 65535 : 255;
    for (uint32_t y = 0; y < height && !reader->result; y++) {
        const uint8_t *from = plane + (size_t)y * (size_t)stride;
        uint8_t *to = reader->image.pixels + y * reader->image.stride_bytes;
        if (bits == 8 && !premultiplied) {
            memcpy(to, from, (size_t)width * 4);
            continue;
        }
        for (uint32_t x = 0; x < width; x++) {
            uint16_t wide[4] = {0};
            uint32_t rgba[4];
            if (bits > 8) {
                memcpy(wide, from + (size_t)x * 8, sizeof wide);
            }
            for (int c = 3; c >= 0; c--) {
                uint32_t value = bits > 8 ? wide[c] : from[(size_t)x * 4 + (size_t)c];
                rgba[c] = bd_sample_scale(value, most, to_most);
                if (premultiplied && c < 3) {
                    rgba[c] = straighten(rgba[c], rgba[3], to_most);
                }
            }
            bd_pixel_store(to, x, deep, rgba);
        }
    }
    if (!reader->result && heif->heif_image_handle_has_alpha_channel(reader->handle)) {
        bd_image_find_alpha(&reader->image);
    }
    return !reader->result;
}

static bool read_profile(heif_picture *reader) {
    const bd_image_source *source = reader->source;
    const heif_calls *heif = &reader->heif;
    const size_t bytes = heif->heif_image_handle_get_raw_color_profile_size(reader->handle);
    void *data = bd_alloc(source->allocator, bytes);
    if (!data) {
        return out_of_memory(reader);
    }
    if (settle(reader, heif->heif_image_handle_get_raw_color_profile(reader->handle, data))) {
        bool gray = heif->heif_image_get_colorspace(reader->decoded) == heif_colorspace_monochrome;
        reader->result = bd_image_take_profile(source, data, bytes, gray, &reader->image, reader->error);
    }
    bd_free(source->allocator, data);
    return !reader->result;
}

static bool read_colors(heif_picture *reader) {
    const heif_calls *heif = &reader->heif;
    struct heif_color_profile_nclx *numbers = NULL;
    if (reader->source->gray16) {
        return true;
    }
    if (heif->heif_image_handle_get_color_profile_type(reader->handle) != heif_color_profile_type_nclx &&
        heif->heif_image_handle_get_raw_color_profile_size(reader->handle)) {
        return read_profile(reader);
    }
    if (heif->heif_image_handle_get_nclx_color_profile(reader->handle, &numbers).code == heif_error_Ok && numbers) {
        reader->result = bd_image_take_cicp(reader->source, (int)numbers->color_primaries,
                                            (int)numbers->transfer_characteristics, &reader->image, reader->error);
        heif->heif_nclx_color_profile_free(numbers);
    }
    return !reader->result;
}

static bool is_xmp(const heif_picture *reader, heif_item_id id) {
    const char *content = reader->heif.heif_image_handle_get_metadata_content_type(reader->handle, id);
    return content && !strcmp(content, "application/rdf+xml");
}

static bool read_block(heif_picture *reader, heif_item_id id, bd_metadata_kind kind) {
    const bd_image_source *source = reader->source;
    const heif_calls *heif = &reader->heif;
    const size_t bytes = heif->heif_image_handle_get_metadata_size(reader->handle, id);
    if (!bytes || bytes > bd_metadata_room(source)) {
        bd_metadata_drop(source, kind);
        return true;
    }
    uint8_t *data = bd_alloc(source->allocator, bytes);
    if (!data) {
        return out_of_memory(reader);
    }
    if (heif->heif_image_handle_get_metadata(reader->handle, id, data).code != heif_error_Ok) {
        bd_metadata_drop(source, kind);
    } else if (kind == BD_METADATA_EXIF) {
        reader->result = bd_metadata_take_boxed_exif(source, data, bytes, reader->error);
    } else {
        reader->result = bd_metadata_take(source, kind, data, bytes, reader->error);
    }
    bd_free(source->allocator, data);
    return !reader->result;
}

static bool read_metadata(heif_picture *reader) {
    enum { BLOCKS_MOST = 32 }; /* two, of what cameras write */
    const heif_calls *heif = &reader->heif;
    heif_item_id ids[BLOCKS_MOST];
    const int count =
        reader->source->metadata
            ? heif->heif_image_handle_get_list_of_metadata_block_IDs(reader->handle, NULL, ids, BLOCKS_MOST)
            : 0;
    for (int i = 0; i < count; i++) {
        const char *type = heif->heif_image_handle_get_metadata_type(reader->handle, ids[i]);
        const bool exif = type && !strcmp(type, "Exif");
        const bool xmp = type && !strcmp(type, "mime") && is_xmp(reader, ids[i]);
        if ((exif || xmp) && !read_block(reader, ids[i], exif ? BD_METADATA_EXIF : BD_METADATA_XMP)) {
            return false;
        }
    }
    return true;
}

static bd_result read_file(heif_picture *reader, bd_image *image) {
    static const char *const names[] = {HEIF_FUNCTIONS(BD_CODEC_NAME)};
    const heif_calls *heif = &reader->heif;
    bd_result result = bd_codec_load(BD_LIBRARY_HEIF, names, BD_COUNT(names), &reader->heif, reader->source->name,
                                     reader->form, reader->error);
    result = result ? result : bd_heif_check(reader->source, reader->form, reader->error);
    if (result) {
        return result;
    }
    bool read = open_picture(reader) && decode(reader) && store(reader) && read_colors(reader) && read_metadata(reader);
    if (reader->decoded) {
        heif->heif_image_release(reader->decoded);
    }
    if (reader->options) {
        heif->heif_decoding_options_free(reader->options);
    }
    if (reader->handle) {
        heif->heif_image_handle_release(reader->handle);
    }
    if (reader->context) {
        heif->heif_context_free(reader->context);
    }
    if (!read) {
        bd_image_finish(&reader->image);
        return reader->result;
    }
    *image = reader->image;
    return BD_OK;
}

bd_result bd_heic_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    heif_picture reader = {.source = source, .form = "HEIC", .plugin = "libheif-plugin-libde265", .error = error};
    return read_file(&reader, image);
}

bd_result bd_avif_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    heif_picture reader = {.source = source, .form = "AVIF", .plugin = "libheif-plugin-dav1d", .error = error};
    return read_file(&reader, image);
}
