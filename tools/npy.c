/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "npy.h"

enum { LONGEST_SIDE = 1 << 14 };

bool cli_npy_is(const uint8_t *data, size_t bytes) {
    return bytes > 6 && !memcmp(data, "\x93NUMPY", 6);
}

/* The header is a Python dictionary; what is needed of it is found by its keys. */
static bool parse_npy(cli_npy *n) {
    const char *shape = strstr(n->header, "'shape'"), *type = strstr(n->header, "'descr'");
    if (!shape || !type || strstr(n->header, "'fortran_order': True")) {
        return false;
    }
    type = strchr(type + 7, '\'');
    shape = strchr(shape, '(');
    if (!type || !shape) {
        return false;
    }
    static const struct {
        const char *name;
        size_t bytes;
        bool floating;
        float most;
    } types[] = {{"<f4'", 4, true, 1},
                 {"<f8'", 8, true, 1},
                 {"|u1'", 1, false, 255},
                 {"<u2'", 2, false, 65535},
                 {"|b1'", 1, false, 1}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (!strncmp(type + 1, types[i].name, strlen(types[i].name))) {
            n->item_bytes = types[i].bytes;
            n->floating = types[i].floating;
            n->most = types[i].most;
        }
    }
    char *end;
    n->h = strtoul(shape + 1, &end, 10);
    if (*end != ',') {
        return false;
    }
    n->w = strtoul(end + 1, &end, 10);
    end += strspn(end, ", ");
    if (*end == '1') { /* (h, w, 1) is as good */
        end++;
    }
    end += strspn(end, ", ");
    return n->item_bytes && *end == ')' && n->h && n->w && n->h <= LONGEST_SIDE && n->w <= LONGEST_SIDE;
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

static float value_of(const cli_npy *n, const uint8_t *item) {
    uint64_t bits = 0;
    for (size_t i = 0; i < n->item_bytes; i++) {
        bits |= (uint64_t)item[i] << (8 * i);
    }
    if (!n->floating) {
        return (float)bits / n->most;
    }
    uint32_t narrow = (uint32_t)bits;
    float single;
    double wide;
    memcpy(&single, &narrow, sizeof single);
    memcpy(&wide, &bits, sizeof wide);
    return n->item_bytes == 4 ? single : (float)wide;
}

bool cli_npy_values(cli_npy *n, float *values) {
    uint8_t items[4096];
    size_t most = sizeof items / n->item_bytes, count;
    for (size_t left = (size_t)n->h * n->w; left; left -= count) {
        count = left < most ? left : most;
        if (!take(n, items, count * n->item_bytes)) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            *values++ = value_of(n, items + i * n->item_bytes);
        }
    }
    return true;
}
