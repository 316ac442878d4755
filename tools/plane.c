/* SPDX-License-Identifier: MIT
 * Planes of numbers in 0..1: pictures and NumPy's files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "mask_picture.h"
#include "npy.h"
#include "plane.h"
#include "platform.h"
#include "values.h"

static bool ends_so(const char *path, const char *ending) {
    size_t length = strlen(path);
    return length > strlen(ending) && !strcmp(path + length - strlen(ending), ending);
}

enum { MOST_CLASS = 20 }; /* of Pascal VOC: numbers up to that may be a label map's */

/* Rounding and resampling go a little beyond 0..1, which becomes 0 and 1. */
static bool check_range(cli *run, const char *path, const cli_npy *n) {
    const double slack = n->kind == 'f' ? 1e-3 : 0;
    if (n->not_a_number) {
        return cli_fail(run, CLI_NOT_AN_IMAGE, "%s: some of its numbers are NaN; a matte's are from 0 to 1", path);
    }
    if (n->low < -slack || n->high > n->most + slack) {
        const bool bytes = n->kind == 'f' && n->low >= 0 && n->high > MOST_CLASS && n->high <= 255;
        return cli_fail(run, CLI_NOT_AN_IMAGE, "%s: its numbers are from %g to %g; a matte's are from 0 to %g%s", path,
                        n->low + 0.0, n->high + 0.0, n->most, bytes ? ": divide by 255" : "");
    }
    return true;
}

static bool read_npy(cli *run, const char *path, cli_npy *n, cli_plane *plane) {
    uint64_t most = 0;
    if (!cli_npy_header(n)) {
        return cli_fail(run, CLI_NOT_AN_IMAGE,
                        "%s: %s%s; taken are (h, w), up to 1048576 each, of floats, integers or bool", path,
                        *n->holds ? "it has " : "not a NumPy file", n->holds);
    }
    if (!cli_value_pixels(run, &run->options.max_pixels, &most)) {
        return false;
    }
    if ((uint64_t)n->h * n->w > most) {
        return cli_fail(run, CLI_TOO_LARGE, "%s: %lux%lu numbers are too many: the limit is %llu; --max-pixels sets it",
                        path, n->w, n->h, (unsigned long long)most);
    }
    plane->values = malloc((size_t)n->h * n->w * sizeof *plane->values);
    plane->w = (uint32_t)n->w;
    plane->h = (uint32_t)n->h;
    if (!plane->values) {
        return cli_fail(run, CLI_OUT_OF_MEMORY, "%s: out of memory", path);
    }
    if (!cli_npy_values(n, plane->values)) {
        return cli_fail(run, CLI_NOT_AN_IMAGE, "%s: shorter than its header says", path);
    }
    return check_range(run, path, n) && (n->kind == 'f' || cli_mask_settle(run, path, plane));
}

static bool read_npy_file(cli *run, const char *path, cli_plane *plane) {
    cli_npy n = {.file = cli_open_file(path)};
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

/* No name tells what it is. */
static bool read_stream(cli *run, const char *path, cli_plane *plane) {
    const char *name = cli_input_name(path);
    uint8_t *data = NULL;
    size_t bytes = 0;
    if (!cli_read_stream(run, path, &data, &bytes)) {
        return false;
    }
    bool numbers = cli_npy_is(data, bytes);
    cli_npy n = {.data = data, .left = bytes};
    const cli_mask_source picture = {.path = name, .data = data, .bytes = bytes};
    bool done = numbers ? read_npy(run, name, &n, plane) : cli_mask_picture_read(run, &picture, plane);
    free(data);
    return done;
}

bool cli_read_plane(cli *run, const char *path, cli_plane *plane) {
    double started = cli_now_ms();
    *plane = (cli_plane){.values = NULL};
    const cli_mask_source picture = {.path = path};
    if (ends_so(path, ".npz")) {
        return cli_fail(run, CLI_NOT_AN_IMAGE, "%s: a .npz archive; give the .npy in it", path);
    }
    bool done = cli_is_stream(path)     ? read_stream(run, path, plane)
                : ends_so(path, ".npy") ? read_npy_file(run, path, plane)
                                        : cli_mask_picture_read(run, &picture, plane);
    cli_add_timing(run, "decode", started);
    return done;
}

void cli_plane_finish(cli_plane *plane) {
    free(plane->values);
    *plane = (cli_plane){.values = NULL};
}
