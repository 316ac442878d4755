/* SPDX-License-Identifier: MIT
 * A contact sheet of photos, their true masks, their mattes and the subject on a colour. */
#ifndef BD_BENCH_MASK_SHEET_H
#define BD_BENCH_MASK_SHEET_H

#include "backdrop.h"

typedef struct mask_sheet {
    bd_image canvas;
    uint32_t drawn; /* photos */
} mask_sheet;

/* Room for so many photos. False: out of memory. */
bool mask_sheet_make(uint32_t photos, mask_sheet *sheet);
/* mask and matte: GRAY16. */
void mask_sheet_add(mask_sheet *sheet, const bd_image *photo, const bd_image *mask, const bd_image *matte,
                    const char *caption);
bool mask_sheet_write(const mask_sheet *sheet, const char *path); /* prints what failed */
void mask_sheet_finish(mask_sheet *sheet);

#endif
