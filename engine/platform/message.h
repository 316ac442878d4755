/* SPDX-License-Identifier: MIT
 * Messages: one line of UTF-8 in a text of fixed size, whatever hostile or long names they quote. */
#ifndef BD_MESSAGE_H
#define BD_MESSAGE_H

#include <stdarg.h>
#include <stddef.h>

/* Writes as vsnprintf does; arguments are not part of text. What has no room loses its middle: what is before the first
 * colon, which most often is a path ("/very/long/.../name.jpg"), else the message as a whole; the cause stays. */
void bd_message_write(char *text, size_t room, const char *format, va_list arguments);

/* A path, or a name, in less than room bytes: both its ends, cut between folders where that leaves enough. */
void bd_message_shorten_path(char *text, size_t room, const char *path);

/* What is no UTF-8, or a control character, becomes question marks. */
void bd_message_make_line(char *text);

/* Bytes of the whole character of UTF-8 that text begins with; 0: there is none. */
size_t bd_message_character(const char *text);

#endif
