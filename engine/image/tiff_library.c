/* SPDX-License-Identifier: MIT */
#include "image/tiff_library.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {BD_TIFF_FUNCTIONS(BD_CODEC_NAME)};
_Static_assert(sizeof(bd_tiff_functions) == sizeof names / sizeof names[0] * sizeof(void *), "a name for each pointer");

/* As C has it, arguments follow format. 1: the message goes no further. */
static int keep_error(TIFF *file, void *user, const char *module, const char *format, va_list arguments) {
    bd_tiff *tiff = user;
    (void)file;
    (void)module;
    char text[sizeof tiff->said];
    (void)vsnprintf(text, sizeof text, format, arguments);
    tiff->out_of_memory |= strstr(text, "ut of memory") || strstr(text, "No space for") ||
                           strstr(text, "Insufficient memory") || strstr(text, "Failed to allocate memory");
    if (!tiff->said[0]) {
        memcpy(tiff->said, text, sizeof text);
    }
    return 1;
}

/* Where data ends too early some of libtiff's codecs only warn and leave the rest as it is. */
static int keep_warning(TIFF *file, void *user, const char *module, const char *format, va_list arguments) {
    bd_tiff *tiff = user;
    (void)file;
    (void)module;
    char text[sizeof tiff->said];
    (void)vsnprintf(text, sizeof text, format, arguments);
    tiff->cut_short |= strstr(text, "IO error during reading") != NULL;
    tiff->alpha_unnamed |= strstr(text, "Defining non-color channels as ExtraSamples") != NULL;
    if (strstr(text, "remature") || strstr(text, "Corrupt") || strstr(text, "Not enough data")) {
        tiff->damaged = true;
        if (!tiff->said[0]) {
            memcpy(tiff->said, text, sizeof text);
        }
    }
    return 1;
}

static tmsize_t read_nothing(thandle_t user, void *to, tmsize_t bytes) {
    (void)user;
    (void)to;
    (void)bytes;
    return -1;
}

static int close_nothing(thandle_t user) {
    (void)user;
    return 0;
}

static void unmap_nothing(thandle_t user, void *base, toff_t bytes) {
    (void)user;
    (void)base;
    (void)bytes;
}

bd_result bd_tiff_open(bd_tiff *tiff, const char *picture, const char *mode, const bd_tiff_access *access,
                       uint64_t most, bd_error *error) {
    *tiff = (bd_tiff){.file = NULL};
    bd_result result =
        bd_codec_load(BD_LIBRARY_TIFF, names, sizeof names / sizeof names[0], &tiff->call, picture, "TIFF", error);
    if (result) {
        return result;
    }
    const bd_tiff_functions *call = &tiff->call;
    TIFFOpenOptions *options = call->TIFFOpenOptionsAlloc();
    if (!options) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", picture);
    }
    call->TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)BD_MIN(most, (uint64_t)PTRDIFF_MAX));
    call->TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, tiff);
    call->TIFFOpenOptionsSetWarningHandlerExtR(options, keep_warning, tiff);
    tiff->file = call->TIFFClientOpenExt(picture, mode, access->user, access->read ? access->read : read_nothing,
                                         access->write ? access->write : read_nothing, access->seek, close_nothing,
                                         access->size, access->map, unmap_nothing, options);
    call->TIFFOpenOptionsFree(options);
    return tiff->file ? BD_OK : bd_tiff_failed(tiff, picture, BD_ERR_FILE_CORRUPT, error);
}

bd_result bd_tiff_failed(const bd_tiff *tiff, const char *picture, bd_result code, bd_error *error) {
    return tiff->out_of_memory ? bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", picture)
                               : bd_fail(error, code, "%s: TIFF: %s", picture, tiff->said[0] ? tiff->said : "broken");
}

void bd_tiff_close(bd_tiff *tiff) {
    if (tiff->file) {
        tiff->call.TIFFClose(tiff->file);
        tiff->file = NULL;
    }
}
