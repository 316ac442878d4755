/* SPDX-License-Identifier: MIT
 * libtiff, loaded with the first TIFF, and an open file of its. Nothing of it is the process's: messages are kept for
 * each file. */
#ifndef BD_TIFF_LIBRARY_H
#define BD_TIFF_LIBRARY_H

#include <tiffio.h>

#include "base/base.h"
#include "image/codec.h"

#define BD_TIFF_FUNCTIONS(X)                                                                                           \
    X(TIFFClientOpenExt)                                                                                               \
    X(TIFFClose)                                                                                                       \
    X(TIFFComputeStrip)                                                                                                \
    X(TIFFComputeTile)                                                                                                 \
    X(TIFFCurrentDirOffset)                                                                                            \
    X(TIFFGetField)                                                                                                    \
    X(TIFFGetFieldDefaulted)                                                                                           \
    X(TIFFIsCODECConfigured)                                                                                           \
    X(TIFFIsTiled)                                                                                                     \
    X(TIFFLastDirectory)                                                                                               \
    X(TIFFOpenOptionsAlloc)                                                                                            \
    X(TIFFOpenOptionsFree)                                                                                             \
    X(TIFFOpenOptionsSetErrorHandlerExtR)                                                                              \
    X(TIFFOpenOptionsSetMaxSingleMemAlloc)                                                                             \
    X(TIFFOpenOptionsSetWarningHandlerExtR)                                                                            \
    X(TIFFRGBAImageBegin)                                                                                              \
    X(TIFFRGBAImageEnd)                                                                                                \
    X(TIFFRGBAImageGet)                                                                                                \
    X(TIFFReadDirectory)                                                                                               \
    X(TIFFReadEncodedStrip)                                                                                            \
    X(TIFFReadEncodedTile)                                                                                             \
    X(TIFFScanlineSize64)                                                                                              \
    X(TIFFSetField)                                                                                                    \
    X(TIFFStripSize64)                                                                                                 \
    X(TIFFTileRowSize64)                                                                                               \
    X(TIFFTileSize64)                                                                                                  \
    X(TIFFWriteDirectory)                                                                                              \
    X(TIFFWriteScanline)

typedef struct bd_tiff_functions {
    BD_TIFF_FUNCTIONS(BD_CODEC_POINTER)
} bd_tiff_functions;

typedef struct bd_tiff {
    bd_tiff_functions call;
    TIFF *file;
    bool damaged;       /* a warning said that pixels are missing */
    bool cut_short;     /* a warning said that what a tag points to is not there */
    bool alpha_unnamed; /* a warning said that there are more channels than the file tells the meaning of */
    bool out_of_memory;
    char said[200]; /* the first error */
} bd_tiff;

/* How a file is reached; unused: NULL. */
typedef struct bd_tiff_access {
    TIFFReadWriteProc read, write;
    TIFFSeekProc seek;
    TIFFSizeProc size;
    TIFFMapFileProc map;
    void *user;
} bd_tiff_access;

/* Loads the library and opens a file in *tiff, which stays where it is until bd_tiff_close. most: bytes of libtiff's own
 * in one allocation. The message names picture. Errors: BD_ERR_UNSUPPORTED (no library), bd_tiff_failed's. */
bd_result bd_tiff_open(bd_tiff *tiff, const char *picture, const char *mode, const bd_tiff_access *access,
                       uint64_t most, bd_error *error);
/* What the library said last makes an error: BD_ERR_OUT_OF_MEMORY, else code. */
bd_result bd_tiff_failed(const bd_tiff *tiff, const char *picture, bd_result code, bd_error *error);
void bd_tiff_close(bd_tiff *tiff); /* one that was not opened is fine */

#endif
