/* SPDX-License-Identifier: MIT */
#include "base/params.h"

#include <string.h>

#include "base/macros.h"
#include "base/result.h"

static size_t size_of(const void *given) {
    size_t size;
    memcpy(&size, given, sizeof size);
    return size;
}

static bd_result check_size(const void *given, const char *type, bd_error *error) {
    enum { MOST = 1 << 16 }; /* more is no size, but memory that nothing was written to */
    return size_of(given) >= sizeof(size_t) && size_of(given) <= MOST
               ? BD_OK
               : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "struct_size of %s must be sizeof(%s), not %zu", type, type,
                         size_of(given));
}

bd_result bd_params_read(void *to, const void *from, size_t size, const char *type, bd_error *error) {
    memset(to, 0, size);
    if (!from) {
        return BD_OK;
    }
    bd_result result = check_size(from, type, error);
    if (result) {
        return result;
    }
    const unsigned char *bytes = from;
    for (size_t i = size; i < size_of(from); i++) {
        if (bytes[i]) {
            return bd_fail(error, BD_ERR_UNSUPPORTED, "%s has members that version %s does not know", type,
                           bd_version());
        }
    }
    memcpy(to, from, BD_MIN(size_of(from), size));
    return BD_OK;
}

bd_result bd_info_check(const void *to, const char *type, bd_error *error) {
    return check_size(to, type, error);
}

void bd_info_give(void *to, const void *from, size_t size) {
    size_t room = size_of(to);
    memset(to, 0, room);
    memcpy(to, from, BD_MIN(room, size));
    memcpy(to, &room, sizeof room);
}

bd_result bd_info_fill(void *to, const void *from, size_t size) {
    bd_result result = bd_info_check(to, "an info", NULL);
    if (!result) {
        bd_info_give(to, from, size);
    }
    return result;
}
