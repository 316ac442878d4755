/* SPDX-License-Identifier: MIT */
#include "base/result.h"

#include <stdarg.h>

#include "platform/message.h"

#define BD_STRING_(x) #x
#define BD_STRING(x) BD_STRING_(x)

const char *bd_version(void) {
    return BD_STRING(BD_VERSION_MAJOR) "." BD_STRING(BD_VERSION_MINOR) "." BD_STRING(BD_VERSION_PATCH);
}

int bd_version_number(void) {
    return BD_VERSION;
}

const char *bd_result_name(bd_result result) {
    switch (result) {
#define NAME(r)                                                                                                        \
    case r: return #r
        NAME(BD_OK);
        NAME(BD_ERR_INVALID_ARGUMENT);
        NAME(BD_ERR_UNSUPPORTED);
        NAME(BD_ERR_CANCELLED);
        NAME(BD_ERR_TIMEOUT);
        NAME(BD_ERR_OUT_OF_MEMORY);
        NAME(BD_ERR_OUT_OF_DEVICE_MEMORY);
        NAME(BD_ERR_FILE_NOT_FOUND);
        NAME(BD_ERR_FILE_READ);
        NAME(BD_ERR_FILE_WRITE);
        NAME(BD_ERR_FILE_FORMAT);
        NAME(BD_ERR_FILE_CORRUPT);
        NAME(BD_ERR_IMAGE_TOO_LARGE);
        NAME(BD_ERR_MODEL_UNSUPPORTED);
        NAME(BD_ERR_NO_VULKAN);
        NAME(BD_ERR_NO_DEVICE);
        NAME(BD_ERR_DEVICE_LOST);
        NAME(BD_ERR_DEVICE);
#undef NAME
    }
    return "BD_ERR_UNKNOWN";
}

bd_result bd_fail(bd_error *error, bd_result code, const char *format, ...) {
    if (error) {
        error->code = code;
        va_list arguments;
        va_start(arguments, format);
        bd_message_write(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return code;
}

bd_result bd_fail_as(bd_error *error, bd_result code) {
    if (error) {
        error->code = code;
    }
    return code;
}
