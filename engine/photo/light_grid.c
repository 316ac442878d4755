/* SPDX-License-Identifier: MIT */
#include "photo/light_grid.h"

enum { MOST_SPACING = 64 };

uint32_t bd_light_spacing(bd_size picture, uint32_t most_nodes, float wanted) {
    uint32_t longest = BD_MAX(picture.w, picture.h), spacing = 1;
    while (spacing < MOST_SPACING &&
           ((longest + spacing - 1) / spacing > most_nodes || 2.0f * (float)spacing <= wanted)) {
        spacing *= 2;
    }
    return spacing;
}

bd_size bd_light_nodes(bd_size size, uint32_t spacing) {
    return (bd_size){(size.w + spacing - 1) / spacing, (size.h + spacing - 1) / spacing};
}
