/* SPDX-License-Identifier: MIT
 * PNG by libpng, JPEG by libjpeg-turbo, to memory and from there to a file. */
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>
#include <png.h>

#include "image/color.h"
#include "image/pixels.h"
#include "image/rows.h"
#include "platform/path.h"
#include "platform/text.h"

/* Bytes that grow as the encoder goes. */
typedef struct encoder {
    const bd_image *image;
    bd_image_write_params params;
    const char *name; /* for messages */
    bd_error *error;
    bd_result result;
    bool out_of_memory;
    uint8_t *data;
    size_t used, room;
    struct jpeg_destination_mgr destination;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
} encoder;

static bool grow(encoder *to, size_t bytes) {
    if (to->room - to->used >= bytes) {
        return true;
    }
    size_t room = BD_MAX(to->room, (size_t)64 << 10);
    while (room - to->used < bytes) {
        if (room > SIZE_MAX / 2) {
            return false;
        }
        room *= 2;
    }
    uint8_t *data = bd_realloc(to->params.allocator, to->data, room);
    if (!data) {
        return false;
    }
    to->data = data;
    to->room = room;
    return true;
}

static uint8_t *row_of(const bd_image *image, uint32_t y) {
    return image->pixels + (ptrdiff_t)y * image->stride_bytes;
}

static bool is_swapped(const bd_image *image) {
    return image->format == BD_FORMAT_BGRA8 || image->format == BD_FORMAT_BGRX8;
}

/* ---- PNG ---- */

static void *png_allocate(png_structp png, png_alloc_size_t bytes) {
    encoder *to = png_get_mem_ptr(png);
    void *memory = bd_alloc(to->params.allocator, bytes);
    to->out_of_memory |= !memory;
    return memory;
}

static void png_release(png_structp png, void *memory) {
    const encoder *to = png_get_mem_ptr(png);
    bd_free(to->params.allocator, memory);
}

PNG_FUNCTION(static void, png_stop, (png_structp png, png_const_charp text), PNG_NORETURN) {
    encoder *to = png_get_error_ptr(png);
    to->result = bd_fail(to->error, to->out_of_memory ? BD_ERR_OUT_OF_MEMORY : BD_ERR_INVALID_ARGUMENT, "%s: PNG: %s",
                         to->name, text);
    png_longjmp(png, 1);
}

static void png_ignore(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void png_put(png_structp png, png_bytep from, size_t bytes) {
    encoder *to = png_get_io_ptr(png);
    if (!grow(to, bytes)) {
        to->out_of_memory = true;
        png_error(png, "out of memory");
    }
    memcpy(to->data + to->used, from, bytes);
    to->used += bytes;
}

static void png_flush_nothing(png_structp png) {
    (void)png;
}

static void write_png_palette(encoder *to, png_structp png, png_infop info) {
    png_color colors[256];
    for (uint32_t i = 0; i < to->params.palette_count; i++) {
        const uint8_t *rgb = to->params.palette + (size_t)i * 3;
        colors[i] = (png_color){rgb[0], rgb[1], rgb[2]};
    }
    png_set_PLTE(png, info, colors, (int)to->params.palette_count);
}

static void write_png(encoder *to, png_structp png, png_infop info) {
    const bd_image *image = to->image;
    int color = PNG_COLOR_TYPE_GRAY;
    bool pixels = bd_format_is_rgba(image->format);
    bool deep = image->format == BD_FORMAT_GRAY16 || image->format == BD_FORMAT_RGBA16;
    if (pixels) {
        color = bd_image_is_opaque(image) ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA;
    } else if (to->params.palette) {
        color = PNG_COLOR_TYPE_PALETTE;
    }
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_benign_errors(png, 1); /* of oddities in profiles */
    png_set_write_fn(png, to, png_put, png_flush_nothing);
    png_set_IHDR(png, info, image->width, image->height, deep ? 16 : 8, color, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (color == PNG_COLOR_TYPE_PALETTE) {
        write_png_palette(to, png, info);
    }
    if (pixels && image->profile) {
        png_set_iCCP(png, info, "ICC profile", PNG_COMPRESSION_TYPE_BASE, image->profile,
                     (png_uint_32)image->profile_bytes);
        if (!png_get_valid(png, info, PNG_INFO_iCCP)) {
            png_error(png, "the colour profile cannot be written");
        }
    } else if (pixels) {
        png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    }
    png_set_filter(png, PNG_FILTER_TYPE_BASE, pixels ? PNG_FILTER_UP : PNG_FILTER_NONE);
    png_set_compression_level(png, 1);
    png_set_compression_buffer_size(png, (size_t)64 << 10);
    png_write_info(png, info);
    if (color == PNG_COLOR_TYPE_RGB) {
        png_set_filler(png, 0, PNG_FILLER_AFTER); /* drops alpha */
    }
    if (is_swapped(image)) {
        png_set_bgr(png);
    }
    const uint16_t one = 1;
    if (deep && *(const uint8_t *)&one) {
        png_set_swap(png); /* PNG's numbers are big-endian */
    }
    for (uint32_t y = 0; y < image->height; y++) {
        png_write_row(png, row_of(image, y));
    }
    png_write_end(png, NULL);
}

static void encode_png(encoder *to) {
    png_structp png =
        png_create_write_struct_2(PNG_LIBPNG_VER_STRING, to, png_stop, png_ignore, to, png_allocate, png_release);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        to->result = bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
        return;
    }
    if (!setjmp(png_jmpbuf(png))) {
        write_png(to, png, info);
    }
    png_destroy_write_struct(&png, &info);
}

/* ---- JPEG ---- */

static void jpeg_stop(j_common_ptr jpeg) {
    encoder *to = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    to->errors.format_message(jpeg, text);
    bool memory = to->out_of_memory || to->errors.msg_code == JERR_OUT_OF_MEMORY;
    to->result =
        bd_fail(to->error, memory ? BD_ERR_OUT_OF_MEMORY : BD_ERR_INVALID_ARGUMENT, "%s: JPEG: %s", to->name, text);
    longjmp(to->jump, 1);
}

static void jpeg_ignore(j_common_ptr jpeg, int level) {
    (void)jpeg;
    (void)level;
}

static boolean jpeg_make_room(j_compress_ptr jpeg) {
    encoder *to = jpeg->client_data;
    to->used = to->room; /* libjpeg calls this when the buffer is full, whatever free_in_buffer says */
    if (!grow(to, 1)) {
        to->out_of_memory = true;
        ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    }
    to->destination.next_output_byte = to->data + to->used;
    to->destination.free_in_buffer = to->room - to->used;
    return TRUE;
}

static void jpeg_begin(j_compress_ptr jpeg) {
    jpeg_make_room(jpeg);
}

static void jpeg_end(j_compress_ptr jpeg) {
    encoder *to = jpeg->client_data;
    to->used = to->room - to->destination.free_in_buffer;
}

static void write_jpeg(encoder *to, struct jpeg_compress_struct *jpeg) {
    const bd_image *image = to->image;
    int quality = to->params.jpeg_quality ? to->params.jpeg_quality : 92;
    jpeg_create_compress(jpeg);
    jpeg->dest = &to->destination;
    jpeg->image_width = image->width;
    jpeg->image_height = image->height;
    const bool pixels = bd_format_is_rgba(image->format);
    jpeg->input_components = pixels ? 4 : 1;
    jpeg->in_color_space = !pixels ? JCS_GRAYSCALE : is_swapped(image) ? JCS_EXT_BGRA : JCS_EXT_RGBA;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    /* jpeg_set_defaults halves chroma both ways; a high quality asks for all of it. */
    if (quality >= 90) {
        jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
    }
    jpeg_start_compress(jpeg, TRUE);
    if (pixels && image->profile) {
        jpeg_write_icc_profile(jpeg, image->profile, (unsigned)image->profile_bytes);
    }
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = row_of(image, jpeg->next_scanline);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

static void encode_jpeg(encoder *to) {
    struct jpeg_compress_struct jpeg = {0};
    jpeg.err = jpeg_std_error(&to->errors);
    jpeg.client_data = to;
    to->errors.error_exit = jpeg_stop;
    to->errors.emit_message = jpeg_ignore;
    to->destination.init_destination = jpeg_begin;
    to->destination.empty_output_buffer = jpeg_make_room;
    to->destination.term_destination = jpeg_end;
    if (!setjmp(to->jump)) {
        write_jpeg(to, &jpeg);
    }
    jpeg_destroy_compress(&jpeg);
}

/* ---- both ---- */

static bd_result check_image(const encoder *to) {
    enum { PROFILE_LEAST = 128, PROFILE_MOST = 255 * 65519 }; /* what APP2 segments can hold */
    const bd_image *image = to->image;
    char what[300];
    (void)snprintf(what, sizeof what, "image for %s", to->name);
    bd_result result = bd_image_check(image, what, to->error);
    if (result) {
        return result;
    }
    bool deep = image->format == BD_FORMAT_RGBA16 || image->format == BD_FORMAT_GRAY16;
    if (to->params.file == BD_IMAGE_FILE_JPEG && deep) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: JPEG holds no 16 bits", to->name);
    }
    if (image->profile && (image->profile_bytes < PROFILE_LEAST || image->profile_bytes > PROFILE_MOST)) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: a colour profile of %zu bytes", to->name,
                       image->profile_bytes);
    }
    return image->profile && bd_format_is_rgba(image->format) ? bd_image_check_profile(image, to->name, to->error)
                                                              : BD_OK;
}

static bd_result check_palette(const encoder *to) {
    const bd_image *image = to->image;
    uint32_t count = to->params.palette_count;
    if (!to->params.palette) {
        return BD_OK;
    }
    if (image->format != BD_FORMAT_GRAY8 || to->params.file == BD_IMAGE_FILE_JPEG || !count || count > 256) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: a palette needs a grey image, PNG and 1 to 256 colours",
                       to->name);
    }
    uint8_t most = 0;
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *row = row_of(image, y);
        for (uint32_t x = 0; x < image->width; x++) {
            most = BD_MAX(most, row[x]);
        }
    }
    if (most >= count) {
        return bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: value %d has no colour in a palette of %u", to->name,
                       most, (unsigned)count);
    }
    return BD_OK;
}

static bd_result encode(encoder *to) {
    bd_result result = check_image(to);
    if (!result) {
        result = check_palette(to);
    }
    if (!result) {
        result = bd_allocator_check(to->params.allocator, to->error);
    }
    if (!result && (unsigned)to->params.file > BD_IMAGE_FILE_JPEG) {
        result =
            bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: %d is no kind of file", to->name, (int)to->params.file);
    }
    if (!result && (to->params.jpeg_quality < 0 || to->params.jpeg_quality > 100)) {
        result = bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: JPEG quality %d is not within 1 to 100", to->name,
                         to->params.jpeg_quality);
    }
    if (result) {
        return result;
    }
    if (to->params.file == BD_IMAGE_FILE_JPEG) {
        encode_jpeg(to);
    } else {
        encode_png(to);
    }
    if (to->result) {
        bd_free(to->params.allocator, to->data);
    }
    return to->result;
}

bd_result bd_image_encode(const bd_image *image, const bd_image_write_params *params, void **data, size_t *bytes,
                          bd_error *error) {
    if (!data || !bytes) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_image_encode needs data and bytes");
    }
    encoder to = {.image = image, .name = "image", .error = error};
    bd_result result = BD_PARAMS_READ(&to.params, params, bd_image_write_params, error);
    if (!result) {
        result = encode(&to);
    }
    if (!result) {
        *data = to.data;
        *bytes = to.used;
    }
    return result;
}

static bd_image_file file_of(const char *path) {
    const char *dot = strrchr(bd_path_name(path), '.');
    if (dot && bd_text_same(dot, ".png")) {
        return BD_IMAGE_FILE_PNG;
    }
    if (dot && (bd_text_same(dot, ".jpg") || bd_text_same(dot, ".jpeg"))) {
        return BD_IMAGE_FILE_JPEG;
    }
    return BD_IMAGE_FILE_AUTO;
}

bd_result bd_image_write(const char *path, const bd_image *image, const bd_image_write_params *params,
                         bd_error *error) {
    if (!path) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_image_write needs a path");
    }
    encoder to = {.image = image, .name = path, .error = error};
    bd_result result = BD_PARAMS_READ(&to.params, params, bd_image_write_params, error);
    if (result) {
        return result;
    }
    if (to.params.file == BD_IMAGE_FILE_AUTO) {
        to.params.file = file_of(path);
    }
    if (to.params.file == BD_IMAGE_FILE_AUTO) {
        const char *dot = strrchr(bd_path_name(path), '.');
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: cannot write %s files, only .png, .jpg and .jpeg", path,
                       dot ? dot : "extensionless");
    }
    result = encode(&to);
    if (!result) {
        result = bd_write_file(path, to.data, to.used, to.params.allocator, error);
        bd_free(to.params.allocator, to.data);
    }
    return result;
}
