/* SPDX-License-Identifier: MIT
 * Libraries of codecs that would cost every process milliseconds at its start, and so are loaded with the first picture
 * that needs them. */
#ifndef BD_CODEC_H
#define BD_CODEC_H

#include "base/base.h"

/* For lists of functions as #define TIFF_FUNCTIONS(X) X(TIFFClose) ...: pointers to them with the types that the
 * library's header gives them, as members of a struct that holds nothing else, and their names. */
#define BD_CODEC_POINTER(function) __typeof__(function) *function; /* NOLINT(bugprone-macro-parentheses) */
#define BD_CODEC_NAME(function) #function,

/* Fills in a struct of count pointers. It stays loaded. Errors: BD_ERR_UNSUPPORTED, with picture's name, the form's and
 * what to install. */
bd_result bd_codec_load(const char *library, const char *const *names, size_t count, void *pointers,
                        const char *picture, const char *form, bd_error *error);

#endif
