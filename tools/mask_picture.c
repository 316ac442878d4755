/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "mask_picture.h"
#include "platform/text.h"
#include "progress.h"
#include "values.h"

enum { MOST_NAMES = 4, CLASSES = 256, VOID_CLASS = 255, FULL = 65535, LUMINANCE = -1 };

static bool decode(cli *run, const cli_mask_source *from, const bd_image_read_params *params, bd_image *image,
                   bd_error *error) {
    bd_image_read_params limited = *params;
    return cli_value_pixels(run, &run->options.max_pixels, &limited.max_pixels) &&
           !(from->data ? bd_image_decode(from->data, from->bytes, from->path, &limited, image, error)
                        : bd_image_read(from->path, &limited, image, error));
}

/* ---- pixels ---- */

static const uint8_t *row_of(const bd_image *image, size_t y) {
    return image->pixels + (ptrdiff_t)y * image->stride_bytes;
}

/* RGBA of 16 bits. */
static inline void pixel_at(const bd_image *image, const uint8_t *row, size_t x, uint16_t pixel[4]) {
    if (image->format == BD_FORMAT_RGBA16) {
        memcpy(pixel, row + 8 * x, 8);
        return;
    }
    for (size_t c = 0; c < 4; c++) {
        pixel[c] = (uint16_t)(row[4 * x + c] * 257u);
    }
}

/* Which class has the colour in Pascal VOC's map; -1: none. */
static int class_of(const uint16_t pixel[4]) {
    const uint8_t rgb[3] = {(uint8_t)(pixel[0] / 257), (uint8_t)(pixel[1] / 257), (uint8_t)(pixel[2] / 257)};
    uint32_t found = 0;
    uint8_t color[3];
    for (uint32_t bit = 0; bit < 8; bit++) {
        found |= (rgb[bit % 3] >> (7 - bit / 3) & 1u) << bit;
    }
    bd_pascal_color(found, color);
    return memcmp(color, rgb, sizeof color) ? -1 : (int)found;
}

typedef struct survey {
    bool gray, black;
    bool labels;      /* all colours are of Pascal VOC's map */
    size_t colourful; /* pixels that no grey has become by way of JPEG or a scanner */
} survey;

static survey look_at(const bd_image *picture) {
    enum { TINT = 48 * 257 };
    survey s = {.gray = true, .black = true, .labels = picture->format == BD_FORMAT_RGBA8};
    const size_t bytes = picture->format == BD_FORMAT_RGBA16 ? 8 : 4;
    bool tinted = false;
    for (size_t y = 0; y < picture->height; y++) {
        const uint8_t *row = row_of(picture, y);
        for (size_t x = 0; x < picture->width; x++) {
            if (x && !memcmp(row + bytes * x, row + bytes * (x - 1), bytes)) { /* as most are */
                s.colourful += tinted;
                continue;
            }
            uint16_t p[4];
            pixel_at(picture, row, x, p);
            s.black = s.black && !(p[0] | p[1] | p[2]);
            s.labels = s.labels && class_of(p) >= 0;
            int high = p[0] > p[1] ? p[0] : p[1], low = p[0] < p[1] ? p[0] : p[1];
            high = p[2] > high ? p[2] : high;
            low = p[2] < low ? p[2] : low;
            s.gray = s.gray && low == high;
            tinted = high - low > TINT;
            s.colourful += tinted;
        }
    }
    return s;
}

static bool make_plane(cli *run, const char *path, const bd_image *image, cli_plane *plane) {
    *plane = (cli_plane){.w = image->width, .h = image->height};
    const size_t count = (size_t)image->width * image->height;
    plane->values = count ? calloc(count, sizeof *plane->values) : NULL;
    return plane->values || cli_fail(run, CLI_OUT_OF_MEMORY, "%s: out of memory", path);
}

/* Rec. 709's luminance, as BD_FORMAT_GRAY16 has it. */
static uint16_t luminance(const uint16_t pixel[4]) {
    return (uint16_t)((pixel[0] * 13933u + pixel[1] * 46871u + pixel[2] * 4732u + 32896u) >> 16);
}

/* One of the four channels, or LUMINANCE. */
static bool take_channel(cli *run, const char *path, const bd_image *picture, int channel, cli_plane *plane) {
    if (!make_plane(run, path, picture, plane)) {
        return false;
    }
    float *to = plane->values;
    for (size_t y = 0; y < picture->height; y++) {
        const uint8_t *row = row_of(picture, y);
        for (size_t x = 0; x < picture->width; x++) {
            uint16_t pixel[4];
            pixel_at(picture, row, x, pixel);
            *to++ = (float)(channel == LUMINANCE ? luminance(pixel) : pixel[channel]) / (float)FULL;
        }
    }
    return true;
}

/* ---- masks of 0 and 1 ---- */

static void note_zero_one(cli *run, const char *path) {
    if (!run->options.quiet) {
        cli_note(run, "%s has only 0 and 1, which are taken for 0 and 255", path);
    }
}

bool cli_mask_settle(cli *run, const char *path, cli_plane *plane) {
    enum { MOST_INDEX = 20 }; /* Pascal VOC's */
    size_t count = (size_t)plane->w * plane->h, ones = 0, few = 0, full = 0, changes = 0;
    long unit = 0, highest = 0; /* 1 of 65535, or of 255 */
    for (size_t i = 0; i < count; i++) {
        const float value = plane->values[i];
        changes += i > 0 && (value < plane->values[i - 1] || value > plane->values[i - 1]);
        if (value <= 0.0f || value >= 1.0f) {
            full += value >= 1.0f;
            continue;
        }
        const long n = lroundf(value * (float)FULL), scale = n > MOST_INDEX ? 257 : 1;
        if (n % scale || n / scale > MOST_INDEX || (unit && unit != scale)) {
            return true;
        }
        unit = scale;
        few++;
        ones += n == scale;
        highest = n / scale > highest ? n / scale : highest;
    }
    const bool zero_one = few > 0 && few == ones && !full;
    /* Classes fill areas; noise near black, or a black that is none, is a matte's. */
    if (!zero_one && few > full && changes < few / 8 && (!full || few + full < count)) {
        return cli_fail(run, CLI_USAGE,
                        "%s: its numbers are classes up to %ld, no matte; make the foreground 255 and the rest 0, or "
                        "give the indexed PNG of segment --labels",
                        path, highest);
    }
    if (!zero_one) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        plane->values[i] = plane->values[i] > 0.0f ? 1.0f : 0.0f;
    }
    note_zero_one(run, path);
    return true;
}

/* Indices of a palette, whatever its colours. */
static bool is_zero_one(const bd_image *indices) {
    bool one = false;
    for (size_t y = 0; y < indices->height; y++) {
        const uint8_t *row = row_of(indices, y);
        for (size_t x = 0; x < indices->width; x++) {
            if (row[x] > 1) {
                return false;
            }
            one |= row[x] == 1;
        }
    }
    return one;
}

static bool take_zero_one(cli *run, const char *path, const bd_image *indices, cli_plane *plane) {
    if (!make_plane(run, path, indices, plane)) {
        return false;
    }
    float *to = plane->values;
    for (size_t y = 0; y < indices->height; y++) {
        const uint8_t *row = row_of(indices, y);
        for (size_t x = 0; x < indices->width; x++) {
            *to++ = row[x];
        }
    }
    note_zero_one(run, path);
    return true;
}

/* ---- label maps ---- */

/* Whose names the classes have: VOC's, unless --class-names says otherwise. NULL: none that are known by number alone. */
static const char *name_of(const cli *run, uint32_t c) {
    const char *set = run->options.names ? run->options.names : "voc";
    /* ADE20K's numbers begin with a background or do not. */
    return strcmp(set, "ade20k") != 0 ? bd_class_name(set, c, 0) : NULL;
}

static bool add_class(const cli *run, const char *text, size_t length, bool wanted[CLASSES]) {
    bool all = length == 3 && bd_text_same_first(text, "all", 3), found = all;
    bool number = length > 0 && length < 4 && strspn(text, "0123456789") >= length;
    unsigned long n = number ? strtoul(text, NULL, 10) : CLASSES;
    for (uint32_t c = 0; c < CLASSES; c++) {
        const char *name = name_of(run, c);
        bool named = name && strlen(name) == length && bd_text_same_first(name, text, length);
        wanted[c] |= named || c == n || (all && c > 0 && c != VOID_CLASS);
        found |= named || c == n;
    }
    return found;
}

/* --class, without a model. */
static bool parse_classes(cli *run, bool wanted[CLASSES]) {
    const char *text = cli_value_text(run, &run->options.classes);
    for (;;) {
        size_t length = strcspn(text, ",");
        if (!add_class(run, text, length, wanted)) {
            return cli_fail(run, CLI_USAGE, "--class: no class '%.*s' in a label map; give %s or numbers",
                            (int)(length < 40 ? length : 40), text,
                            name_of(run, 0) ? run->options.names ? run->options.names : "Pascal VOC's names" : "all");
        }
        if (!text[length]) {
            return true;
        }
        text += length + 1;
    }
}

/* "dog, 33": what there is but the background, most first. */
static void name_found(const cli *run, const size_t pixels[CLASSES], char *text, size_t room) {
    bool named[CLASSES] = {true};
    size_t used = 0;
    *text = '\0';
    for (int i = 0; i < MOST_NAMES; i++) {
        uint32_t best = 0;
        for (uint32_t c = 1; c < VOID_CLASS; c++) {
            best = !named[c] && pixels[c] > (best ? pixels[best] : 0) ? c : best;
        }
        if (!best) {
            break;
        }
        named[best] = true;
        char number[12];
        (void)snprintf(number, sizeof number, "%u", best);
        const char *name = name_of(run, best);
        used += (size_t)snprintf(text + used, room - used, "%s%s", used ? ", " : "", name ? name : number);
    }
}

static bool take_labels(cli *run, const char *path, const bd_image *picture, cli_plane *plane) {
    bool wanted[CLASSES] = {false}, any = false;
    size_t pixels[CLASSES] = {0};
    if (!parse_classes(run, wanted) || !make_plane(run, path, picture, plane)) {
        return false;
    }
    plane->labels = true;
    float *to = plane->values;
    for (size_t y = 0; y < picture->height; y++) {
        const uint8_t *row = row_of(picture, y);
        for (size_t x = 0; x < picture->width; x++) {
            uint16_t pixel[4];
            pixel_at(picture, row, x, pixel);
            const int c = class_of(pixel);
            pixels[c]++;
            any |= wanted[c];
            *to++ = wanted[c] ? 1.0f : 0.0f;
        }
    }
    const char *text = cli_value_text(run, &run->options.classes);
    char found[200];
    name_found(run, pixels, found, sizeof found);
    if (any && !run->options.quiet) {
        cli_note(run, "%s is a label map: %s is foreground", path, text);
    } else if (!run->options.quiet) {
        cli_note(run, "%s is a label map without %s; it has: %s; see --class", path, text,
                 *found ? found : "background");
    }
    return true;
}

/* A few of the map's colours are grey: only a palette tells the classes from levels. */
static bool is_indexed(const bd_image *picture, const bd_image *indices) {
    for (size_t y = 0; y < picture->height; y++) {
        const uint8_t *row = row_of(picture, y), *index = row_of(indices, y);
        for (size_t x = 0; x < picture->width; x++) {
            uint16_t pixel[4];
            pixel_at(picture, row, x, pixel);
            if (class_of(pixel) != index[x]) {
                return false;
            }
        }
    }
    return true;
}

/* ---- all of them ---- */

static bool take(cli *run, const cli_mask_source *from, const bd_image *picture, cli_plane *plane) {
    if (picture->has_alpha) {
        return take_channel(run, from->path, picture, 3, plane);
    }
    survey s = look_at(picture);
    const bd_image_read_params params = {.struct_size = sizeof params, .indices = true};
    bd_image indices = {0};
    bd_error none;
    bool doubtful = !s.gray || (s.labels && !s.black), zero_one = false;
    if (doubtful && decode(run, from, &params, &indices, &none)) {
        s.labels = s.labels && (!s.gray || is_indexed(picture, &indices));
        zero_one = !s.labels && !s.gray && is_zero_one(&indices) && take_zero_one(run, from->path, &indices, plane);
    } else {
        s.labels = s.labels && !s.gray;
    }
    bd_image_finish(&indices);
    if (zero_one) {
        return true;
    }
    if (s.labels) {
        return take_labels(run, from->path, picture, plane);
    }
    if (s.gray) {
        return take_channel(run, from->path, picture, 0, plane) && cli_mask_settle(run, from->path, plane);
    }
    if (s.colourful > (size_t)picture->width * picture->height / 1000) {
        return cli_fail(
            run, CLI_USAGE,
            "%s: a coloured picture, no matte: that is grey, a cut-out with alpha, or a label map in Pascal "
            "VOC's colours",
            from->path);
    }
    return take_channel(run, from->path, picture, LUMINANCE, plane);
}

bool cli_mask_picture_read(cli *run, const cli_mask_source *source, cli_plane *plane) {
    const bd_image_read_params params = {
        .struct_size = sizeof params, .ignore_orientation = true, .keep_depth = true, .strict = run->options.strict};
    bd_image picture = {0};
    bool done = (decode(run, source, &params, &picture, &run->error) || cli_failed_to_read(run)) &&
                take(run, source, &picture, plane);
    bd_image_finish(&picture);
    return done;
}
