/* SPDX-License-Identifier: MIT */
#include "mask_sheet.h"
#include "canvas.h"
#include "common.h"

#include <stdlib.h>

enum { SIDE = 240, TILES = 4, ACROSS = 2, GAP = BENCH_GAP, ROW = SIDE + BENCH_CAPTION + GAP, COLUMN = SIDE + GAP };
/* What no photo has much of. */
static const uint8_t behind[3] = {40, 160, 70};

bool mask_sheet_make(uint32_t photos, mask_sheet *sheet) {
    uint32_t across = photos < ACROSS ? photos : ACROSS, rows = (photos + ACROSS - 1) / ACROSS;
    *sheet = (mask_sheet){.drawn = 0};
    return bench_canvas(across * (TILES * COLUMN + GAP) + GAP, rows * ROW + GAP, &sheet->canvas);
}

/* The photo's tile through the matte's onto the colour. */
static void compose(bd_image *canvas, uint32_t photo_x, uint32_t matte_x, uint32_t to_x, uint32_t y, uint32_t w,
                    uint32_t h) {
    for (uint32_t row = y; row < y + h; row++) {
        for (uint32_t x = 0; x < w; x++) {
            uint8_t *line = canvas->pixels + row * canvas->stride_bytes;
            int alpha = line[(size_t)(matte_x + x) * 4];
            for (size_t c = 0; c < 3; c++) {
                int own = line[(size_t)(photo_x + x) * 4 + c];
                line[(size_t)(to_x + x) * 4 + c] = (uint8_t)((own * alpha + behind[c] * (255 - alpha) + 127) / 255);
            }
        }
    }
}

void mask_sheet_add(mask_sheet *sheet, const bd_image *photo, const bd_image *mask, const bd_image *matte,
                    const char *caption) {
    uint32_t longest = photo->width > photo->height ? photo->width : photo->height;
    uint32_t w = (uint32_t)((uint64_t)photo->width * SIDE / longest);
    uint32_t h = (uint32_t)((uint64_t)photo->height * SIDE / longest);
    uint32_t left = GAP + sheet->drawn % ACROSS * (TILES * COLUMN + GAP), y = GAP + sheet->drawn / ACROSS * ROW;
    uint32_t x[TILES];
    w = w ? w : 1;
    h = h ? h : 1;
    for (uint32_t t = 0; t < TILES; t++) {
        x[t] = left + t * COLUMN;
    }
    bench_draw(&sheet->canvas, x[0], y, w, h, photo);
    bench_draw(&sheet->canvas, x[1], y, w, h, mask);
    bench_draw(&sheet->canvas, x[2], y, w, h, matte);
    compose(&sheet->canvas, x[0], x[2], x[3], y, w, h);
    bench_draw_text(&sheet->canvas, left, y + h + 4, caption);
    sheet->drawn++;
}

bool mask_sheet_write(const mask_sheet *sheet, const char *path) {
    bd_error error;
    return !bd_image_write(path, &sheet->canvas, NULL, &error) || bench_fail(&error);
}

void mask_sheet_finish(mask_sheet *sheet) {
    free(sheet->canvas.pixels);
    sheet->canvas.pixels = NULL;
}
