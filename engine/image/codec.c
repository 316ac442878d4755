/* SPDX-License-Identifier: MIT */
#include "image/codec.h"

#include <string.h>

#include "platform/dynamic_library.h"

bd_result bd_codec_load(const char *library, const char *const *names, size_t count, void *pointers,
                        const char *picture, const char *form, bd_error *error) {
    void *loaded = bd_dynamic_library_open(library);
    if (!loaded) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: %s needs %s, which is not installed", picture, form, library);
    }
    for (size_t i = 0; i < count; i++) {
        void *found = bd_dynamic_library_find(loaded, names[i]);
        if (!found) {
            return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: %s needs a newer %s: it has no %s", picture, form, library,
                           names[i]);
        }
        memcpy((char *)pointers + i * sizeof found, &found, sizeof found);
    }
    return BD_OK;
}
