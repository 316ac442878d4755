/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "npy.h"

enum { LONGEST_SIDE = 1 << 20, MOST_AXES = 8 };

bool cli_npy_is(const uint8_t *data, size_t bytes) {
    return bytes > 6 && !memcmp(data, "\x93NUMPY", 6);
}

/* ---- the header ---- */

/* It is a Python dictionary; what is needed of it is found by its keys. */
static const char *find_value(const cli_npy *n, const char *key) {
    const char *at = strstr(n->header, key);
    at = at ? at + strlen(key) : NULL;
    return at ? at + strspn(at, " :") : NULL;
}

/* Such as '<f4'. */
static bool parse_type(cli_npy *n, const char *text) {
    static const char kinds[] = "fuib", *const names[] = {"float", "uint", "int", "bool"};
    const size_t bytes = text ? strspn(text, "'<>|=") : 0;
    const char *kind = bytes && text[bytes] ? strchr(kinds, text[bytes]) : NULL;
    char *end = NULL;
    const unsigned long size = kind ? strtoul(text + bytes + 1, &end, 10) : 0;
    const unsigned long least = kind && *kind == 'f' ? 2 : 1, most = kind && *kind == 'b' ? 1 : 8;
    if (!size || *end != '\'' || size < least || size > most || (size & (size - 1))) {
        const int length = text ? (int)strcspn(text, ",}") : 0;
        (void)snprintf(n->holds, sizeof n->holds, "%.*s", length < 40 ? length : 40, text ? text : "");
        return false;
    }
    n->kind = *kind;
    n->item_bytes = size;
    n->big_endian = text[1] == '>';
    n->most = n->kind == 'f' || n->kind == 'b' ? 1 : n->kind == 'u' && size == 2 ? 65535 : 255;
    (void)snprintf(n->holds, sizeof n->holds, "%s", names[kind - kinds]);
    if (n->kind != 'b') {
        (void)snprintf(n->holds + strlen(n->holds), sizeof n->holds - strlen(n->holds), "%lu", 8 * size);
    }
    return true;
}

/* (h, w); axes of 1 around them are as good as none. */
static bool parse_shape(cli_npy *n, const char *text) {
    unsigned long axes[MOST_AXES];
    size_t first = 0, count = 0, used = strlen(n->holds);
    if (!text || *text != '(') {
        return false;
    }
    (void)snprintf(n->holds + used, sizeof n->holds - used, " of shape %.*s", (int)strcspn(text, ")") + 1, text);
    for (text++; *text != ')' && count < MOST_AXES; count++) {
        char *end;
        axes[count] = strtoul(text, &end, 10);
        if (end == text) {
            return false;
        }
        text = end + strspn(end, "L, "); /* the L is Python 2's */
    }
    while (count > 2 && axes[first] == 1) {
        first++;
        count--;
    }
    while (count > 2 && axes[first + count - 1] == 1) {
        count--;
    }
    if (*text != ')' || count != 2) {
        return false;
    }
    n->h = axes[first];
    n->w = axes[first + 1];
    return n->h && n->w && n->h <= LONGEST_SIDE && n->w <= LONGEST_SIDE;
}

static bool parse_npy(cli_npy *n) {
    const char *order = find_value(n, "'fortran_order'");
    bool known = parse_type(n, find_value(n, "'descr'"));
    n->by_columns = order && !strncmp(order, "True", 4);
    return parse_shape(n, find_value(n, "'shape'")) && known;
}

static bool take(cli_npy *n, void *to, size_t bytes) {
    if (n->file) {
        return fread(to, 1, bytes, n->file) == bytes;
    }
    if (n->left < bytes) {
        return false;
    }
    memcpy(to, n->data, bytes);
    n->data += bytes;
    n->left -= bytes;
    return true;
}

bool cli_npy_header(cli_npy *n) {
    uint8_t start[12];
    if (!take(n, start, 10) || !cli_npy_is(start, 10) || start[6] < 1 || start[6] > 3) {
        return false;
    }
    size_t length = (size_t)start[8] | (size_t)start[9] << 8;
    if (start[6] > 1) { /* four bytes of length from version 2 on */
        if (!take(n, start + 10, 2)) {
            return false;
        }
        length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    }
    return length < sizeof n->header && take(n, n->header, length) && parse_npy(n);
}

/* ---- the values ---- */

static double half_of(uint64_t bits) {
    const int exponent = (int)(bits >> 10 & 31u);
    const double fraction = (double)(bits & 1023u);
    const double size = exponent == 31 ? (fraction > 0 ? NAN : INFINITY)
                        : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                       : ldexp(fraction, -24);
    return bits >> 15 & 1u ? -size : size;
}

static double float_of(const cli_npy *n, uint64_t bits) {
    uint32_t narrow = (uint32_t)bits;
    float single;
    double wide;
    memcpy(&single, &narrow, sizeof single);
    memcpy(&wide, &bits, sizeof wide);
    return n->item_bytes == 2 ? half_of(bits) : n->item_bytes == 4 ? (double)single : wide;
}

static double number_of(const cli_npy *n, const uint8_t *item) {
    uint64_t bits = 0;
    for (size_t i = 0; i < n->item_bytes; i++) {
        bits |= (uint64_t)item[n->big_endian ? n->item_bytes - 1 - i : i] << (8 * i);
    }
    if (n->kind == 'f') {
        return float_of(n, bits);
    }
    if (n->kind == 'b') {
        return bits != 0;
    }
    const uint64_t sign = (uint64_t)1 << (8 * n->item_bytes - 1);
    const bool negative = n->kind == 'i' && bits & sign;
    return negative ? (double)(bits ^ sign) - (double)sign : (double)bits;
}

bool cli_npy_values(cli_npy *n, float *values) {
    uint8_t items[4096];
    const size_t total = (size_t)n->h * n->w, most = sizeof items / n->item_bytes;
    size_t at = 0, x = 0, y = 0;
    n->low = INFINITY;
    n->high = -INFINITY;
    while (at < total) {
        const size_t count = total - at < most ? total - at : most;
        if (!take(n, items, count * n->item_bytes)) {
            return false;
        }
        for (size_t i = 0; i < count; i++, at++) {
            const double number = number_of(n, items + i * n->item_bytes);
            n->low = number < n->low ? number : n->low;
            n->high = number > n->high ? number : n->high;
            n->not_a_number |= isnan(number) != 0;
            values[n->by_columns ? y * n->w + x : at] = (float)fmin(fmax(number / n->most, 0), 1);
            y = y + 1 < n->h ? y + 1 : 0;
            x += !y;
        }
    }
    return true;
}
