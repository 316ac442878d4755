/* SPDX-License-Identifier: MIT */
#include "base/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"

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

enum { ROOM = sizeof((bd_error *)0)->message };

/* Bytes of a whole character of UTF-8 at `text`; 0 when there is none. Source: RFC 3629, section 4. */
static size_t character(const char *text) {
    const unsigned char *c = (const unsigned char *)text;
    size_t length = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++) {
        if ((c[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool twice = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90); /* longer than it need be */
    return twice || (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf4 && c[1] > 0x8f) ? 0 : length;
}

/* One line of UTF-8, whatever hostile names it quotes and wherever it was cut off. */
static void make_line(char *text) {
    while (*text) {
        size_t length = character(text);
        if (!length || (length == 1 && ((unsigned char)*text < 0x20 || *text == 0x7f))) {
            *text = '?';
            length = 1;
        }
        text += length;
    }
}

/* Of a message that is too long, such as of a long path, both ends: the cause stands last. */
static void shorten(char message[ROOM], const char *format, va_list arguments) {
    enum { LONGEST = 8192, HEAD = 200, DOTS = 3, TAIL = ROOM - HEAD - DOTS - 1 };
    char whole[LONGEST];
    int length = vsnprintf(whole, sizeof whole, format, arguments);
    if (length >= ROOM) {
        const char *end = whole + BD_MIN(length, LONGEST - 1);
        (void)snprintf(message, ROOM, "%.*s...%s", HEAD, whole, end - TAIL);
    }
}

bd_result bd_fail(bd_error *error, bd_result code, const char *format, ...) {
    if (!error) {
        return code;
    }
    error->code = code;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (length < 0) {
        error->message[0] = '\0';
    } else if ((size_t)length >= sizeof error->message) {
        va_start(arguments, format);
        shorten(error->message, format, arguments);
        va_end(arguments);
    }
    make_line(error->message);
    return code;
}
