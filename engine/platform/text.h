/* SPDX-License-Identifier: MIT
 * Text whose case does not matter. */
#ifndef BD_TEXT_H
#define BD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Letters are ASCII's; no locale is asked. */
char bd_text_lower(char letter);
/* Whether the texts, or the first `most` bytes of them, differ by the case of letters at most. */
bool bd_text_same(const char *a, const char *b);
bool bd_text_same_first(const char *a, const char *b, size_t most);

#endif
