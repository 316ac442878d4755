/* SPDX-License-Identifier: MIT
 *
 * Pictures in host memory, read from files and written to them. A part of backdrop.h. */
#ifndef BACKDROP_IMAGE_H
#define BACKDROP_IMAGE_H

#include "backdrop_base.h"
#include "backdrop_metadata.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bd_format {
    BD_FORMAT_RGBA8 = 0,  /* (h, w, 4) u8, straight alpha; sRGB unless the image has a profile */
    BD_FORMAT_GRAY8 = 1,  /* (h, w) u8: labels, masks */
    BD_FORMAT_GRAY16 = 2, /* (h, w) u16 of the host's byte order: mattes */
    BD_FORMAT_RGBA16 = 3, /* (h, w, 4) u16 of the host's byte order, 0..65535; else as RGBA8 */
    BD_FORMAT_BGRA8 = 4,  /* as RGBA8, blue first in memory */
    BD_FORMAT_RGBX8 = 5,  /* as RGBA8; the fourth byte is not looked at, and is 255 in what is written */
    BD_FORMAT_BGRX8 = 6
} bd_format;

/* Pixels in host memory. A caller may fill one in by hand around memory of its own (owner NULL).
 *
 * Results  The struct that a composite, a matte or labels go to is zeroed, or holds an image of an earlier call, whose
 *          memory is used again where size and format are the same, and else released. Or it is filled in by hand: the
 *          result then goes into the caller's own memory, which must have its size, and is converted to its format. */
typedef struct bd_image {
    uint32_t width, height;
    bd_format format;
    bool has_alpha;         /* false: alpha is not looked at, and counts as full */
    ptrdiff_t stride_bytes; /* from row to the row below, negative where rows lie bottom up; of 16 bits even, as pixels'
                               address is */
    uint8_t *pixels;        /* the top row */
    const void *owner;      /* the library's; NULL when the caller owns the pixels */
    const void *profile; /* RGB ICC profile of the colours of an RGBA image; NULL: sRGB. With the pixels in ownership */
    size_t profile_bytes;
} bd_image;

typedef struct bd_image_read_params {
    size_t struct_size;
    const bd_allocator *allocator;
    bool ignore_orientation; /* true: leave pixels as stored, whatever EXIF says */
    uint64_t max_pixels;     /* 0: 200 million; coefficients of a progressive JPEG may take as much memory, too */
    bool indices;  /* of a PNG: palette indices, or grey values of at most 8 bits, as stored, in BD_FORMAT_GRAY8 (label
                      maps); any other file is BD_ERR_FILE_FORMAT */
    bool gray16;   /* BD_FORMAT_GRAY16: luminance, 16 bits where the file has them; EXIF orientation is left as it is */
    bd_log_fn log; /* gets a warning for what is ignored, such as a colour profile that cannot be used: one of a kind,
                      once the picture is read; none where that fails */
    void *log_user;
    bool keep_depth;       /* BD_FORMAT_RGBA16 of a file of more than 8 bits; all else is BD_FORMAT_RGBA8 */
    bd_metadata *metadata; /* gets the file's, of which backdrop_metadata.h tells. NULL: it is not read */
    bool
        strict; /* true: a picture whose pixels are all there and whose end is missing is BD_ERR_FILE_CORRUPT; else that
                    is a warning */
} bd_image_read_params;

/* The forms of files that pictures are written to. Whether this build does: bd_image_form_at. */
typedef enum bd_image_file {
    BD_IMAGE_FILE_AUTO = 0,
    BD_IMAGE_FILE_PNG = 1,
    BD_IMAGE_FILE_JPEG = 2,
    BD_IMAGE_FILE_WEBP = 3,
    BD_IMAGE_FILE_TIFF = 4,
    BD_IMAGE_FILE_AVIF = 5,
    BD_IMAGE_FILE_GIF = 6
} bd_image_file;

/* A form of picture files. Strings are static. */
typedef struct bd_image_form {
    size_t struct_size;
    const char *name;    /* "WebP" */
    const char *endings; /* of names of such files, the usual first, a space between: ".tif .tiff" */
    const char *library; /* that reads and writes it, found when this library was built; NULL: it is always there */
    bd_image_file file;  /* AUTO: no build writes it */
    bool reads, writes;  /* whether this build does */
    bool alpha, deep;    /* whether files of it hold alpha, and 16 bits */
    bool frames;         /* whether this build writes animations of it (backdrop_animation.h) */
    bool lossy;          /* whether what is written may lose: quality counts */
    bool lossless;       /* whether it can keep every number, without being asked or by the parameter of that name */
    uint32_t most_side;  /* pixels of a side of what is written; 0: any */
} bd_image_form;

/* How many forms there are, whether this build knows how to read and write them or not. */
BD_API uint32_t bd_image_form_count(void);
/* The one at index; form->struct_size is set by the caller. Errors: BD_ERR_INVALID_ARGUMENT. */
BD_API BD_CHECK bd_result bd_image_form_at(uint32_t index, bd_image_form *form);

typedef struct bd_image_write_params {
    size_t struct_size;
    const bd_allocator *allocator;
    bd_image_file file;          /* AUTO: by the extension of the path; PNG in bd_image_encode */
    int quality;                 /* 1..100, of forms that lose; 0: 92 of JPEG, 90 of WebP, 80 of AVIF */
    const uint8_t *palette;      /* (256, 3) u8 RGB for a BD_FORMAT_GRAY8 image: written as an indexed PNG */
    uint32_t palette_count;      /* entries of palette in use */
    const bd_metadata *metadata; /* NULL: none */
    bd_log_fn log;               /* gets a warning of metadata that is not written */
    void *log_user;
    bool lossless; /* true: a form that may lose keeps every number; BD_ERR_INVALID_ARGUMENT where it cannot */
} bd_image_write_params;

/* Reads a picture of a form that bd_image_form_at says this build reads, by what is in the file: JPEG, PNG, WebP, TIFF,
 * AVIF, HEIC, JPEG XL, JPEG 2000, PNM with PAM, BMP, GIF, PSD, HDR and TGA; of several pictures the first (of TIFF the
 * first full one, of HEIC and AVIF the primary). Grey, CMYK, L*a*b* and more than 8 bits become RGBA8 (see keep_depth);
 * EXIF orientation, or what HEIC, AVIF and JPEG XL have in its place, is applied unless told otherwise. The header's
 * size is checked against max_pixels before anything of that size is allocated. Pixels keep their numbers, and the
 * image has the file's ICC profile, or one made of PNG's gAMA and cHRM, of H.273's numbers or of a grey profile's
 * curve; CMYK with a profile and L*a*b* become sRGB. lcms2, libheif, libtiff, libwebp and OpenJPEG allocate past the
 * hooks; libheif, libjxl and libtiff are loaded with the first picture that needs them, and some of their codecs write
 * lines on standard error.
 *
 * image    written on success only, as params->metadata; release with bd_image_finish.
 * Errors   BD_ERR_FILE_NOT_FOUND, _READ, _FORMAT (it is no picture), _CORRUPT, BD_ERR_UNSUPPORTED (a picture that this build
 *          cannot read: its decoder is missing, or it is a rare kind), BD_ERR_IMAGE_TOO_LARGE, BD_ERR_OUT_OF_MEMORY. The
 *          message names path.
 */
BD_API BD_CHECK bd_result bd_image_read(const char *path, const bd_image_read_params *params, bd_image *image,
                                        bd_error *error);

/* The same from memory; name stands for the file in messages. */
BD_API BD_CHECK bd_result bd_image_decode(const void *data, size_t bytes, const char *name,
                                          const bd_image_read_params *params, bd_image *image, bd_error *error);

/* Writes a picture to a temporary file beside path, then renames it: path holds the old file or the whole new one,
 * never a part. A symbolic link is followed, be there a file or not; a hard link is not, its other names keep the old
 * picture. A file that may not be written to is BD_ERR_FILE_WRITE, as one in a folder is where none can be made. The new
 * one has the old one's permissions, without set-user-ID and the like. PNG and TIFF have the image's depth, JPEG and WebP
 * 8 bits, and JPEG no alpha (narrowing is the caller's business; alpha is left out). The file holds the image's profile; a
 * PNG of colours without one says sRGB. Errors: BD_ERR_FILE_WRITE, BD_ERR_OUT_OF_MEMORY, BD_ERR_INVALID_ARGUMENT,
 * BD_ERR_UNSUPPORTED (this build lacks the form), BD_ERR_IMAGE_TOO_LARGE (for the form: WebP and GIF). */
BD_API BD_CHECK bd_result bd_image_write(const char *path, const bd_image *image, const bd_image_write_params *params,
                                         bd_error *error);

/* Encodes to memory; *data is released with bd_release(params->allocator, *data). */
BD_API BD_CHECK bd_result bd_image_encode(const bd_image *image, const bd_image_write_params *params, void **data,
                                          size_t *bytes, bd_error *error);

/* Releases the pixels when the library owns them, and zeroes the struct. NULL and zeroed structs are fine. */
BD_API void bd_image_finish(bd_image *image);

/* Releases memory that a function above returned. */
BD_API void bd_release(const bd_allocator *allocator, void *memory);

#ifdef __cplusplus
}
#endif

#endif
