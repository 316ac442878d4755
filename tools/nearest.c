/* SPDX-License-Identifier: MIT
 * What was probably meant. */
#include <string.h>

#include "nearest.h"

enum { LONGEST = 40 };

static unsigned least(unsigned a, unsigned b, unsigned c) {
    unsigned low = a < b ? a : b;
    return low < c ? low : c;
}

/* Levenshtein's distance; LONGEST for what is too long to be a slip. */
static unsigned distance(const char *a, size_t a_length, const char *b) {
    size_t b_length = strlen(b);
    unsigned row[LONGEST + 1];
    if (a_length >= LONGEST || b_length >= LONGEST) {
        return LONGEST;
    }
    for (unsigned k = 0; k <= b_length; k++) {
        row[k] = k;
    }
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned k = 1; k <= b_length; k++) {
            unsigned above = row[k];
            row[k] = least(above + 1, row[k - 1] + 1, diagonal + (a[i - 1] != b[k - 1]));
            diagonal = above;
        }
    }
    return row[b_length];
}

unsigned cli_slips(const char *text, size_t length, const char *name) {
    unsigned found = distance(text, length, name);
    /* The beginning of a name is as good as a slip. */
    return length >= 3 && !strncmp(text, name, length) ? 1 : found;
}
