/* SPDX-License-Identifier: MIT */
#include "base/base.h"

const char *bd_pascal_class_name(uint32_t c) {
    static const char *const names[] = {"background", "aeroplane", "bicycle",   "bird",   "boat",        "bottle",
                                        "bus",        "car",       "cat",       "chair",  "cow",         "diningtable",
                                        "dog",        "horse",     "motorbike", "person", "pottedplant", "sheep",
                                        "sofa",       "train",     "tvmonitor"};
    return c < BD_COUNT(names) ? names[c] : NULL;
}

void bd_pascal_color(uint32_t c, uint8_t *rgb) {
    rgb[0] = rgb[1] = rgb[2] = 0;
    for (uint32_t bit = 0; bit < 8; bit++) {
        for (uint32_t channel = 0; channel < 3; channel++) {
            rgb[channel] |= (uint8_t)((c >> (3 * bit + channel) & 1) << (7 - bit));
        }
    }
}
