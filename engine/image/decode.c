/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "image/image_source.h"
#include "image/jpeg.h"
#include "image/pixels.h"
#include "image/png.h"
#include "image/pnm.h"
#include "image/stb.h"

static bool starts_with(const bd_image_source *source, const char *magic, size_t bytes) {
    return source->bytes >= bytes && !memcmp(source->data, magic, bytes);
}

static bool is_pnm(const bd_image_source *source) {
    return source->bytes >= 3 && source->data[0] == 'P' && source->data[1] >= '1' && source->data[1] <= '6' &&
           (strchr(" \t\r\n#", source->data[2]) && source->data[2]);
}

/* TGA has no magic, so every field of its header has to make sense (Truevision TGA 2.0, fields 2 to 5). */
static bool is_tga(const bd_image_source *source) {
    const uint8_t *header = source->data;
    if (source->bytes < 18 || header[1] > 1) {
        return false;
    }
    int type = header[2] & ~8;
    int bits = header[16];
    bool kind = header[1] ? type == 1 && (bits == 8 || bits == 16) : type == 2 || type == 3;
    return kind && (bits == 8 || bits == 15 || bits == 16 || bits == 24 || bits == 32) && (header[12] || header[13]) &&
           (header[14] || header[15]);
}

static bd_result decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    if (starts_with(source, "\xff\xd8\xff", 3)) {
        return bd_jpeg_decode(source, image, error);
    }
    if (starts_with(source, "\x89PNG", 4)) {
        return bd_png_decode(source, image, error);
    }
    if (is_pnm(source)) {
        return bd_pnm_decode(source, image, error);
    }
    if (starts_with(source, "BM", 2)) {
        return bd_stb_decode(source, "BMP", image, error);
    }
    if (starts_with(source, "GIF8", 4)) {
        return bd_stb_decode(source, "GIF", image, error);
    }
    if (starts_with(source, "8BPS", 4)) {
        return bd_stb_decode(source, "PSD", image, error);
    }
    if (starts_with(source, "#?RADIANCE\n", 11) || starts_with(source, "#?RGBE\n", 7)) {
        return bd_stb_decode(source, "HDR", image, error);
    }
    if (is_tga(source)) {
        return bd_stb_decode(source, "TGA", image, error);
    }
    return bd_fail(error, BD_ERR_FILE_FORMAT,
                   "%s: not an image that can be read (JPEG, PNG, BMP, TGA, GIF, PNM, PSD, HDR)", source->name);
}

bd_result bd_image_decode(const void *data, size_t bytes, const char *name, const bd_image_read_params *params,
                          bd_image *image, bd_error *error) {
    name = name ? name : "image";
    if ((!data && bytes) || !image) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: bd_image_decode needs data and an image", name);
    }
    bd_image_read_params given;
    bd_result result = BD_PARAMS_READ(&given, params, bd_image_read_params, error);
    if (!result) {
        result = bd_allocator_check(given.allocator, error);
    }
    if (result) {
        return result;
    }
    bd_image_source source = {
        .data = data,
        .bytes = bytes,
        .name = name,
        .allocator = given.allocator,
        .ignore_orientation = given.ignore_orientation || given.indices,
        .indices = given.indices,
        .gray16 = given.gray16 && !given.indices,
        .keep_depth = given.keep_depth && !given.indices && !given.gray16,
        .max_pixels = given.max_pixels ? given.max_pixels : 200u * 1000 * 1000,
        .log = given.log,
        .log_user = given.log_user,
    };
    if (given.indices && !starts_with(&source, "\x89PNG", 4)) {
        return bd_fail(error, BD_ERR_FILE_FORMAT, "%s: not a PNG of indices", name);
    }
    result = decode(&source, image, error);
    return result || !source.gray16 || image->format == BD_FORMAT_GRAY16 ? result
                                                                         : bd_image_to_gray16(&source, image, error);
}

bd_result bd_image_read(const char *path, const bd_image_read_params *params, bd_image *image, bd_error *error) {
    if (!path || !image) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_image_read needs a path and an image");
    }
    bd_mapping mapping;
    bd_result result = bd_map_file(path, &mapping, error);
    if (result) {
        return result;
    }
    result = bd_image_decode(mapping.data, mapping.bytes, path, params, image, error);
    bd_unmap_file(&mapping);
    return result;
}
