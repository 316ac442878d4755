/* SPDX-License-Identifier: MIT */
#include "platform/text.h"

#include <stdint.h>

char bd_text_lower(char letter) {
    return (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

bool bd_text_same_first(const char *a, const char *b, size_t most) {
    for (size_t i = 0; i < most; i++) {
        if (bd_text_lower(a[i]) != bd_text_lower(b[i])) {
            return false;
        }
        if (!a[i]) {
            return true;
        }
    }
    return true;
}

bool bd_text_same(const char *a, const char *b) {
    return bd_text_same_first(a, b, SIZE_MAX);
}
