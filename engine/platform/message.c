/* SPDX-License-Identifier: MIT */
#include "platform/message.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "platform/path.h"

static const char dots[] = "...";
enum { DOTS = sizeof dots - 1, LONGEST = 8192 };

/* Source: RFC 3629, section 4. */
size_t bd_message_character(const char *text) {
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

/* C0, DEL and C1, which terminals take for orders. */
static bool is_control(const unsigned char *c, size_t length) {
    return length == 1 ? *c < 0x20 || *c == 0x7f : length == 2 && *c == 0xc2 && c[1] < 0xa0;
}

void bd_message_make_line(char *text) {
    while (*text) {
        size_t length = bd_message_character(text);
        if (!length || is_control((const unsigned char *)text, length)) {
            length = length ? length : 1;
            memset(text, '?', length);
        }
        text += length;
    }
}

/* Some libraries end what they say so. */
static void cut_end(char *text) {
    for (size_t length = strlen(text); length && strchr(" \r\n", text[length - 1]); length--) {
        text[length - 1] = '\0';
    }
}

static bool is_inside(char c) {
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Both ends of a text that is longer than room; neither cut goes through a character. The head is `head` bytes at most. */
static void join_ends(char *text, size_t room, const char *from, size_t head, size_t tail) {
    const char *end = from + strlen(from) - tail;
    for (int i = 0; i < 3 && head && is_inside(from[head]); i++) {
        head--;
    }
    for (int i = 0; i < 3 && is_inside(*end); i++) {
        end++;
    }
    (void)snprintf(text, room, "%.*s%s%s", (int)head, from, dots, end);
}

/* Where a part of a path that begins at `from` ends, or begins, with a folder: within a half of it. */
static size_t back_to_folder(const char *from, size_t length) {
    for (size_t i = length; i > length / 2; i--) {
        if (bd_path_is_separator(from[i - 1])) {
            return i;
        }
    }
    return length;
}

static size_t on_to_folder(const char *end, size_t length) {
    for (size_t i = length; i > length / 2; i--) {
        if (bd_path_is_separator(end[-(ptrdiff_t)i])) {
            return i;
        }
    }
    return length;
}

void bd_message_shorten_path(char *text, size_t room, const char *path) {
    size_t length = strlen(path);
    if (length < room) {
        memcpy(text, path, length + 1);
        return;
    }
    if (room < DOTS + 8) {
        (void)snprintf(text, room, "%s", dots);
        return;
    }
    size_t head = back_to_folder(path, (room - 1 - DOTS) / 3);
    size_t tail = on_to_folder(path + length, room - 1 - DOTS - (room - 1 - DOTS) / 3);
    join_ends(text, room, path, head, tail);
}

/* Of a message without a path, or of what follows one: the more of its end, for the cause stands last. */
static void shorten(char *text, size_t room, const char *from) {
    size_t length = strlen(from);
    if (length < room || room < DOTS + 8) {
        (void)snprintf(text, room, "%.*s", (int)(room ? room - 1 : 0), from);
    } else {
        size_t head = (room - 1 - DOTS) * 2 / 5;
        join_ends(text, room, from, head, room - 1 - DOTS - head);
    }
}

void bd_message_write(char *text, size_t room, const char *format, va_list arguments) {
    char whole[LONGEST];
    if (vsnprintf(whole, sizeof whole, format, arguments) < 0) {
        *whole = '\0';
    }
    cut_end(whole);
    size_t length = strlen(whole);
    char *colon = strstr(whole, ": ");
    if (length < room || !colon) {
        shorten(text, room, whole);
    } else {
        const size_t few = room / 2 < 100 ? room / 2 : 100; /* of a path, where all else is long, too */
        size_t path = (size_t)(colon - whole), rest = length - path, least = path < few ? path : few;
        *colon = '\0';
        bd_message_shorten_path(text, rest + least < room ? room - rest : least + 1, whole);
        size_t used = strlen(text);
        text[used++] = ':';
        shorten(text + used, room - used, colon + 1);
    }
    bd_message_make_line(text);
}
