/* SPDX-License-Identifier: MIT */
#include "photo/light_grid.h"

enum { MOST_STEP = 64 };

uint32_t bd_light_step(bd_size picture, uint32_t most_nodes, float wanted) {
    uint32_t longest = BD_MAX(picture.w, picture.h), step = 1;
    while (step < MOST_STEP && ((longest + step - 1) / step > most_nodes || 2.0f * (float)step <= wanted)) {
        step *= 2;
    }
    return step;
}

bd_size bd_in_steps(bd_size size, uint32_t step) {
    return (bd_size){(size.w + step - 1) / step, (size.h + step - 1) / step};
}
