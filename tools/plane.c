/* SPDX-License-Identifier: MIT
 * Planes of numbers in 0..1: pictures and NumPy's files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "mask_picture.h"
#include "plane.h"
#include "platform.h"

enum { LONGEST_SIDE = 1 << 14 };

typedef struct npy {
    FILE *file; /* NULL: what is left of data */
    const uint8_t *data;
    size_t left;
    char header[1024];
    unsigned long h, w;
    size_t item_bytes;
    bool floating;
    float most; /* of integers: what stands for 1 */
} npy;

static bool is_npy(const char *path) {
    size_t length = strlen(path);
    return length > 4 && !strcmp(path + length - 4, ".npy");
}

static const char magic[] = "\x93NUMPY";

/* The header is a Python dictionary; what is needed of it is found by its keys. */
static bool parse_npy(npy *n) {
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
    for (size_t i = 0; i < CLI_COUNT(types); i++) {
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

static bool take(npy *n, void *to, size_t bytes) {
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

static bool read_header(npy *n) {
    uint8_t start[12];
    if (!take(n, start, 10) || memcmp(start, magic, 6) != 0 || start[6] < 1 || start[6] > 3) {
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

static float value_of(const npy *n, const uint8_t *item) {
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

static bool read_npy(cli *run, const char *path, npy *n, cli_plane *plane) {
    bool done = read_header(n) ||
                cli_fail(run, CLI_NOT_AN_IMAGE,
                         "%s: not a NumPy file of (h, w) little-endian float32, float64, uint8, uint16 or bool", path);
    size_t count = n->h * n->w;
    uint8_t *bytes = done ? malloc(count * n->item_bytes + 1) : NULL;
    plane->values = done ? malloc((count + 1) * sizeof *plane->values) : NULL;
    if (done && (!bytes || !plane->values)) {
        done = cli_fail(run, CLI_OUT_OF_MEMORY, "%s: out of memory", path);
    }
    if (done && !take(n, bytes, count * n->item_bytes)) {
        done = cli_fail(run, CLI_NOT_AN_IMAGE, "%s: shorter than its header says", path);
    }
    for (size_t i = 0; i < count && done; i++) {
        plane->values[i] = value_of(n, bytes + i * n->item_bytes);
    }
    plane->w = (uint32_t)n->w;
    plane->h = (uint32_t)n->h;
    free(bytes);
    return done && (n->floating || cli_mask_settle(run, path, plane));
}

static bool read_npy_file(cli *run, const char *path, cli_plane *plane) {
    npy n = {.file = cli_open_file(path)};
    if (!n.file) {
        return cli_fail(run, CLI_UNREADABLE, "%s: cannot be read", path);
    }
    bool done = read_npy(run, path, &n, plane);
    (void)fclose(n.file);
    return done;
}

bool cli_plane_take(cli *run, const char *path, const bd_image *image, cli_plane *plane) {
    cli_plane_finish(plane);
    plane->w = image->width;
    plane->h = image->height;
    plane->values = malloc((size_t)image->width * image->height * sizeof *plane->values);
    for (size_t y = 0; y < image->height && plane->values; y++) {
        const uint8_t *row = image->pixels + y * image->stride_bytes;
        for (size_t x = 0; x < image->width; x++) {
            uint16_t level;
            memcpy(&level, row + 2 * x, sizeof level);
            plane->values[y * image->width + x] = (float)level / 65535.0f;
        }
    }
    return plane->values || cli_fail(run, CLI_OUT_OF_MEMORY, "%s: out of memory", path);
}

/* There is no name to tell by. */
static bool read_stdin(cli *run, cli_plane *plane) {
    static const char name[] = "standard input";
    uint8_t *data = NULL;
    size_t bytes = 0;
    if (!cli_read_stdin(run, &data, &bytes)) {
        return false;
    }
    bool numbers = bytes > 6 && !memcmp(data, magic, 6);
    npy n = {.data = data, .left = bytes};
    const cli_mask_source picture = {.path = name, .data = data, .bytes = bytes};
    bool done = numbers ? read_npy(run, name, &n, plane) : cli_mask_picture_read(run, &picture, plane);
    free(data);
    return done;
}

bool cli_read_plane(cli *run, const char *path, cli_plane *plane) {
    double started = cli_now_ms();
    *plane = (cli_plane){.values = NULL};
    const cli_mask_source picture = {.path = path};
    bool done = cli_is_dash(path) ? read_stdin(run, plane)
                : is_npy(path)    ? read_npy_file(run, path, plane)
                                  : cli_mask_picture_read(run, &picture, plane);
    cli_add_timing(run, "decode", started);
    return done;
}

void cli_plane_finish(cli_plane *plane) {
    free(plane->values);
    *plane = (cli_plane){.values = NULL};
}
