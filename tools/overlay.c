/* SPDX-License-Identifier: MIT
 * The picture of `segment --overlay`: colours over the photo, and a legend in a strip below it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_easy_font.h>

#include "overlay.h"

/* In units of the font's pixel. */
enum { LINE = 14, SWATCH = 10, GAP = 4, MARGIN = 4, ENTRIES = 256, TEXT = 64 };

typedef struct entry {
    uint32_t label;
    char text[TEXT];
    uint32_t width; /* with swatch and gap, in units */
} entry;

typedef struct legend {
    entry entries[ENTRIES];
    uint32_t count;
    uint32_t unit_px; /* size of the font's pixel */
    uint32_t units;   /* width of a line */
    uint32_t lines;
} legend;

static void fill(bd_image *canvas, uint32_t x, uint32_t y, uint32_t w, uint32_t h, const uint8_t *rgb) {
    for (uint32_t row = y; row < y + h && row < canvas->height; row++) {
        uint8_t *pixel = canvas->pixels + row * canvas->stride_bytes + (size_t)x * 4;
        for (uint32_t column = x; column < x + w && column < canvas->width; column++, pixel += 4) {
            memcpy(pixel, rgb, 3);
            pixel[3] = 255;
        }
    }
}

static void draw_text(bd_image *canvas, uint32_t x, uint32_t y, uint32_t unit_px, char *text) {
    static const uint8_t white[3] = {255, 255, 255};
    struct vertex {
        float x, y, z;
        uint8_t color[4];
    } quads[4 * 40 * TEXT]; /* a character takes far fewer than 40 strokes */
    int count = stb_easy_font_print(0.0f, 0.0f, text, NULL, quads, (int)sizeof quads);
    for (int q = 0; q < count; q++) {
        const struct vertex *from = &quads[4 * q], *to = &quads[4 * q + 2];
        uint32_t x0 = (uint32_t)from->x, y0 = (uint32_t)from->y, x1 = (uint32_t)to->x, y1 = (uint32_t)to->y;
        fill(canvas, x + x0 * unit_px, y + y0 * unit_px, (x1 - x0) * unit_px, (y1 - y0) * unit_px, white);
    }
}

/* The classes that were found, with their shares; the font has ASCII only. */
static void list_entries(legend *to, const bd_segmentation *segmentation, const bd_model *model) {
    double total = (double)segmentation->labels.width * segmentation->labels.height;
    for (uint32_t c = 0; c < segmentation->class_count && c < ENTRIES; c++) {
        if (!segmentation->pixels_of_class[c]) {
            continue;
        }
        entry *made = &to->entries[to->count++];
        const char *name = bd_model_class_name(model, c);
        made->label = c;
        (void)snprintf(made->text, sizeof made->text, "%.40s %.1f%%", name ? name : "?",
                       100.0 * (double)segmentation->pixels_of_class[c] / total);
        for (char *t = made->text; *t; t++) {
            if (*t < ' ' || *t > '~') {
                *t = '?';
            }
        }
        made->width = SWATCH + GAP + (uint32_t)stb_easy_font_width(made->text);
    }
}

/* Breaks the entries into lines as wide as the photo, or as the widest entry where the photo is narrower. */
static void lay_out(legend *to, uint32_t photo_width) {
    to->unit_px = photo_width / 320 < 1 ? 1 : photo_width / 320 > 8 ? 8 : photo_width / 320;
    to->units = photo_width / to->unit_px;
    for (uint32_t i = 0; i < to->count; i++) {
        uint32_t width = to->entries[i].width + 2 * MARGIN;
        to->units = width > to->units ? width : to->units;
    }
    uint32_t x = MARGIN;
    to->lines = 1;
    for (uint32_t i = 0; i < to->count; i++) {
        if (x > MARGIN && x + to->entries[i].width + MARGIN > to->units) {
            to->lines++;
            x = MARGIN;
        }
        x += to->entries[i].width + 3 * GAP;
    }
}

static void draw_legend(const legend *from, bd_image *canvas, uint32_t top) {
    uint32_t x = MARGIN, y = top + MARGIN * from->unit_px, px = from->unit_px;
    for (uint32_t i = 0; i < from->count; i++) {
        entry item = from->entries[i];
        if (x > MARGIN && x + item.width + MARGIN > from->units) {
            x = MARGIN;
            y += LINE * px;
        }
        uint8_t rgb[3];
        static const uint8_t frame[3] = {160, 160, 160};
        bd_pascal_color(item.label, rgb);
        fill(canvas, x * px, y, SWATCH * px, SWATCH * px, frame);
        fill(canvas, (x + 1) * px, y + px, (SWATCH - 2) * px, (SWATCH - 2) * px, rgb);
        draw_text(canvas, (x + SWATCH + GAP) * px, y + 2 * px, px, item.text);
        x += item.width + 3 * GAP;
    }
}

/* Background keeps the photo's pixels; the other classes get half of their colour. */
static void blend(const bd_image *photo, const bd_image *labels, bd_image *canvas) {
    uint8_t colors[256][3];
    for (uint32_t c = 0; c < 256; c++) {
        bd_pascal_color(c, colors[c]);
    }
    for (uint32_t y = 0; y < photo->height; y++) {
        const uint8_t *from = photo->pixels + y * photo->stride_bytes;
        const uint8_t *label = labels->pixels + y * labels->stride_bytes;
        uint8_t *to = canvas->pixels + y * canvas->stride_bytes;
        for (uint32_t x = 0; x < photo->width; x++, from += 4, to += 4) {
            for (int i = 0; i < 3; i++) {
                to[i] = label[x] ? (uint8_t)((from[i] + colors[label[x]][i] + 1) / 2) : from[i];
            }
            to[3] = 255;
        }
    }
}

bool cli_overlay(const bd_image *photo, const bd_image *labels, const bd_segmentation *segmentation,
                 const bd_model *model, bd_image *result) {
    legend *shown = calloc(1, sizeof *shown);
    if (!shown) {
        return false;
    }
    list_entries(shown, segmentation, model);
    lay_out(shown, photo->width);
    bd_image canvas = {.width = photo->width,
                       .format = BD_FORMAT_RGBA8,
                       .profile = photo->profile,
                       .profile_bytes = photo->profile_bytes};
    uint32_t legend_width = shown->units * shown->unit_px;
    canvas.width = legend_width > photo->width ? legend_width : photo->width;
    canvas.height = photo->height + (shown->lines * LINE + MARGIN) * shown->unit_px;
    canvas.stride_bytes = (size_t)canvas.width * 4;
    canvas.pixels = calloc(canvas.height, canvas.stride_bytes);
    if (canvas.pixels) {
        static const uint8_t dark[3] = {32, 32, 32};
        fill(&canvas, 0, 0, canvas.width, canvas.height, dark);
        blend(photo, labels, &canvas);
        draw_legend(shown, &canvas, photo->height);
        *result = canvas;
    }
    free(shown);
    return canvas.pixels != NULL;
}
