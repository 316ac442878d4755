/* SPDX-License-Identifier: MIT */
#include "image/forms.h"

#include <string.h>

#include "base/params.h"
#include "image/apng.h"
#include "image/apng_encode.h"
#include "image/bmp.h"
#include "image/gif.h"
#include "image/gif_encode.h"
#include "image/heif.h"
#include "image/heif_encode.h"
#include "image/jpeg.h"
#include "image/jpeg_encode.h"
#include "image/jxl.h"
#include "image/openjpeg.h"
#include "image/png.h"
#include "image/png_encode.h"
#include "image/pnm.h"
#include "image/psd.h"
#include "image/stb.h"
#include "image/tiff.h"
#include "image/tiff_encode.h"
#include "image/webp.h"
#include "image/webp_encode.h"
#include "image/webp_frames.h"
#include "image/webp_frames_encode.h"
#include "platform/path.h"
#include "platform/text.h"

static bool has_at(const bd_image_source *source, size_t at, const char *magic, size_t bytes) {
    return source->bytes >= at + bytes && !memcmp(source->data + at, magic, bytes);
}

static bool is_jpeg(const bd_image_source *source) {
    return has_at(source, 0, "\xff\xd8\xff", 3);
}

static bool is_png(const bd_image_source *source) {
    return has_at(source, 0, "\x89PNG", 4);
}

static bool is_webp(const bd_image_source *source) {
    return has_at(source, 0, "RIFF", 4) && has_at(source, 8, "WEBP", 4);
}

static bool is_tiff(const bd_image_source *source) {
    static const char magics[4][5] = {"II*\0", "MM\0*", "II+\0", "MM\0+"}; /* the last two are BigTIFF's */
    for (int i = 0; i < 4; i++) {
        if (has_at(source, 0, magics[i], 4)) {
            return true;
        }
    }
    return false;
}

/* One of the four-letter brands of an ISO media file (ISO/IEC 14496-12, 4.3), the major one before the compatible. */
static bool has_brand(const bd_image_source *source, const char *const *brands) {
    if (!has_at(source, 4, "ftyp", 4) || source->bytes < 12) {
        return false;
    }
    size_t bytes = (size_t)source->data[2] << 8 | source->data[3];
    bytes = source->data[0] || source->data[1] ? 0 : BD_MIN(bytes, source->bytes);
    for (; *brands; brands++) {
        for (size_t at = 8; at == 8 || at + 4 <= bytes; at += at == 8 ? 8 : 4) {
            if (has_at(source, at, *brands, 4)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_avif(const bd_image_source *source) {
    return has_brand(source, (const char *const[]){"avif", "avis", NULL});
}

static bool is_heic(const bd_image_source *source) {
    return has_brand(source, (const char *const[]){"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", NULL});
}

static bool is_jxl(const bd_image_source *source) {
    return has_at(source, 0, "\xff\x0a", 2) || has_at(source, 0, "\0\0\0\x0cJXL \r\n\x87\n", 12);
}

static bool is_jp2(const bd_image_source *source) {
    return has_at(source, 0, "\xff\x4f\xff\x51", 4) || has_at(source, 0, "\0\0\0\x0cjP  \r\n\x87\n", 12);
}

/* Texts may begin as BMP and Netpbm do, so a little more has to make sense. */

/* The size of the second header, which is a word of letters in a text. */
static bool is_bmp(const bd_image_source *source) {
    enum { SIZE_AT = 14, LEAST = 12 };
    if (!has_at(source, 0, "BM", 2) || source->bytes < SIZE_AT + 4) {
        return false;
    }
    const uint8_t *size = source->data + SIZE_AT;
    return size[0] >= LEAST && !size[1] && !size[2] && !size[3];
}

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Past white space and comments. */
static size_t skip_space(const bd_image_source *source, size_t at) {
    bool comment = false;
    while (at < source->bytes && (comment || is_space(source->data[at]) || source->data[at] == '#')) {
        comment = comment ? source->data[at] != '\n' && source->data[at] != '\r' : source->data[at] == '#';
        at++;
    }
    return at;
}

/* A file that ends before it makes no sense is a broken picture. */
static bool has_sides(const bd_image_source *source, size_t at) {
    for (int i = 0; i < 2 && at < source->bytes; i++) {
        const size_t first = at = skip_space(source, at);
        while (at < source->bytes && source->data[at] >= '0' && source->data[at] <= '9') {
            at++;
        }
        if (at < source->bytes && (at == first || !(is_space(source->data[at]) || source->data[at] == '#'))) {
            return false;
        }
    }
    return true;
}

static bool has_pam_word(const bd_image_source *source, size_t at) {
    static const char *const words[] = {"WIDTH", "HEIGHT", "DEPTH", "MAXVAL", "TUPLTYPE", "ENDHDR"};
    at = skip_space(source, at);
    bool has = at == source->bytes;
    for (size_t i = 0; i < BD_COUNT(words) && !has; i++) {
        has = has_at(source, at, words[i], strlen(words[i]));
    }
    return has;
}

static bool is_pnm(const bd_image_source *source) {
    if (source->bytes < 3 || source->data[0] != 'P' || !(is_space(source->data[2]) || source->data[2] == '#')) {
        return false;
    }
    const uint8_t kind = source->data[1];
    return kind == '7' ? has_pam_word(source, 2) : kind >= '1' && kind <= '6' && has_sides(source, 2);
}

static bool is_gif(const bd_image_source *source) {
    return has_at(source, 0, "GIF87a", 6) || has_at(source, 0, "GIF89a", 6);
}

static bool is_psd(const bd_image_source *source) {
    return has_at(source, 0, "8BPS\0", 5);
}

static bool is_hdr(const bd_image_source *source) {
    return has_at(source, 0, "#?RADIANCE\n", 11) || has_at(source, 0, "#?RGBE\n", 7);
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

enum {
    EXIF_XMP = 1 << BD_METADATA_EXIF | 1 << BD_METADATA_XMP,
    ALL_METADATA = EXIF_XMP | 1 << BD_METADATA_IPTC | 1 << BD_METADATA_TEXT | 1 << BD_METADATA_DENSITY
};

static const bd_form forms[] = {
    {.name = "JPEG",
     .endings = ".jpg .jpeg .jpe .jfif",
     .file = BD_IMAGE_FILE_JPEG,
     .most_side = 65500, /* libjpeg's JPEG_MAX_DIMENSION */
     .lossy = true,
     .metadata = ALL_METADATA,
     .is = is_jpeg,
     .decode = bd_jpeg_decode,
     .encode = bd_jpeg_encode},
    {.name = "PNG",
     .endings = ".png .apng",
     .file = BD_IMAGE_FILE_PNG,
     .alpha = true,
     .deep = true,
     .frames = true,
     .lossless = true,
     .metadata = ALL_METADATA,
     .is = is_png,
     .decode = bd_png_decode,
     .encode = bd_png_encode,
     .reader = &bd_apng_reader,
     .writer = &bd_apng_writer},
    {.name = "WebP",
     .library = "libwebp",
     .endings = ".webp",
     .file = BD_IMAGE_FILE_WEBP,
     .most_side = 16383,
     .alpha = true,
     .frames = true,
     .lossy = true,
     .lossless = true,
#ifdef BD_HAS_WEBP
     .decode = bd_webp_decode,
     .encode = bd_webp_encode,
     .reader = &bd_webp_reader,
     .writer = &bd_webp_writer,
#endif
     .metadata = EXIF_XMP,
     .is = is_webp},
    {.name = "TIFF",
     .library = "libtiff",
     .endings = ".tif .tiff",
     .file = BD_IMAGE_FILE_TIFF,
     .alpha = true,
     .deep = true,
     .lossless = true,
#ifdef BD_HAS_TIFF
     .decode = bd_tiff_decode,
     .encode = bd_tiff_encode,
#endif
     .metadata = ALL_METADATA,
     .is = is_tiff},
    {.name = "AVIF",
     .library = "libheif",
     .endings = ".avif",
     .file = BD_IMAGE_FILE_AVIF,
     .most_side = 65536,
     .alpha = true,
     .lossy = true,
     .lossless = true,
#ifdef BD_HAS_HEIF
     .decode = bd_avif_decode,
     .encode = bd_avif_encode,
#endif
     .metadata = EXIF_XMP,
     .is = is_avif},
    {.name = "HEIC",
     .library = "libheif",
     .endings = ".heic .heif .hif",
#ifdef BD_HAS_HEIF
     .decode = bd_heic_decode,
#endif
     .is = is_heic},
    {.name = "JPEG XL",
     .library = "libjxl",
     .endings = ".jxl",
#ifdef BD_HAS_JXL
     .decode = bd_jxl_decode,
#endif
     .is = is_jxl},
    {.name = "JPEG 2000",
     .library = "OpenJPEG",
     .endings = ".jp2 .jpx .j2k .j2c .jpc",
#ifdef BD_HAS_OPENJPEG
     .decode = bd_openjpeg_decode,
#endif
     .is = is_jp2},
    {.name = "PNM", .endings = ".pnm .ppm .pgm .pbm .pam", .is = is_pnm, .decode = bd_pnm_decode},
    {.name = "BMP", .endings = ".bmp .dib", .is = is_bmp, .decode = bd_bmp_decode},
    {.name = "GIF",
     .library = "giflib",
     .endings = ".gif",
     .file = BD_IMAGE_FILE_GIF,
     .most_side = 65535,
     .alpha = true,
     .frames = true,
#ifdef BD_HAS_GIF
     .decode = bd_gif_decode,
     .encode = bd_gif_encode,
     .reader = &bd_gif_reader,
     .writer = &bd_gif_writer,
#else
     .decode = bd_stb_decode, /* the first frame */
#endif
     .metadata = 1 << BD_METADATA_XMP | 1 << BD_METADATA_TEXT,
     .is = is_gif},
    {.name = "PSD", .endings = ".psd .psb", .is = is_psd, .decode = bd_psd_decode},
    {.name = "HDR", .endings = ".hdr .rgbe", .is = is_hdr, .decode = bd_stb_decode},
    {.name = "TGA", .endings = ".tga", .is = is_tga, .decode = bd_stb_decode},
};

enum { FORMS = sizeof forms / sizeof forms[0] };

const bd_form *bd_forms(uint32_t *count) {
    *count = FORMS;
    return forms;
}

const bd_form *bd_form_of_source(const bd_image_source *source) {
    for (size_t i = 0; i < FORMS; i++) {
        if (forms[i].is(source)) {
            return &forms[i];
        }
    }
    return NULL;
}

const bd_form *bd_form_of_file(bd_image_file file) {
    for (size_t i = 0; i < FORMS && file != BD_IMAGE_FILE_AUTO; i++) {
        if (forms[i].file == file) {
            return &forms[i];
        }
    }
    return NULL;
}

/* Is ending one of those in a list? */
static bool is_among(const char *endings, const char *ending) {
    char one[16];
    while (*endings) {
        size_t length = strcspn(endings, " ");
        memcpy(one, endings, length);
        one[length] = '\0';
        if (bd_text_same(one, ending)) {
            return true;
        }
        endings += length + (endings[length] == ' ');
    }
    return false;
}

const bd_form *bd_form_of_path(const char *path) {
    const char *dot = strrchr(bd_path_name(path), '.');
    for (size_t i = 0; i < FORMS && dot; i++) {
        if (forms[i].file != BD_IMAGE_FILE_AUTO && is_among(forms[i].endings, dot)) {
            return &forms[i];
        }
    }
    return NULL;
}

bd_result bd_form_check_size(const bd_form *form, const char *name, uint32_t width, uint32_t height, bd_error *error) {
    return form->most_side && BD_MAX(width, height) > form->most_side
               ? bd_fail(error, BD_ERR_IMAGE_TOO_LARGE, "%s: %s holds sides of up to %u pixels, not %ux%u", name,
                         form->name, form->most_side, width, height)
               : BD_OK;
}

uint32_t bd_image_form_count(void) {
    return FORMS;
}

bd_result bd_image_form_at(uint32_t index, bd_image_form *form) {
    if (index >= FORMS || !form) {
        return BD_ERR_INVALID_ARGUMENT;
    }
    const bd_form *from = &forms[index];
    const bd_image_form told = {.name = from->name,
                                .endings = from->endings,
                                .library = from->library,
                                .file = from->file,
                                .reads = from->decode != NULL,
                                .writes = from->encode != NULL,
                                .alpha = from->alpha,
                                .deep = from->deep,
                                .frames = from->writer != NULL,
                                .lossy = from->lossy,
                                .lossless = from->lossless,
                                .most_side = from->most_side};
    return bd_info_fill(form, &told, sizeof told);
}

/* Twice the bytes of 16 bits and alpha, and what else files hold. */
static uint64_t most_bytes(uint64_t max_pixels) {
    enum { BESIDES = 64 << 20, OF_A_PIXEL = 16 };
    return max_pixels > (UINT64_MAX - BESIDES) / OF_A_PIXEL ? UINT64_MAX : max_pixels * OF_A_PIXEL + BESIDES;
}

static bool is_picture(const uint8_t *head, size_t bytes) {
    return bd_form_of_source(&(bd_image_source){.data = head, .bytes = bytes}) != NULL;
}

bd_result bd_image_content_read(const char *path, const bd_image_read_params *given, bd_content *content,
                                bd_error *error) {
    return bd_read_wanted_file(path, most_bytes(given->max_pixels), is_picture, given->allocator, content, error);
}
