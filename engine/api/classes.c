/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/base.h"

/* M. Everingham et al., The PASCAL Visual Object Classes Challenge 2012. */
static const char *const pascal[] = {"background", "aeroplane", "bicycle",   "bird",   "boat",        "bottle",
                                     "bus",        "car",       "cat",       "chair",  "cow",         "diningtable",
                                     "dog",        "horse",     "motorbike", "person", "pottedplant", "sheep",
                                     "sofa",       "train",     "tvmonitor"};

/* B. Zhou et al., Scene Parsing through ADE20K Dataset, CVPR 2017: the benchmark's 150 classes, most frequent first. */
static const char *const ade20k[] = {"wall",
                                     "building",
                                     "sky",
                                     "floor",
                                     "tree",
                                     "ceiling",
                                     "road",
                                     "bed",
                                     "windowpane",
                                     "grass",
                                     "cabinet",
                                     "sidewalk",
                                     "person",
                                     "earth",
                                     "door",
                                     "table",
                                     "mountain",
                                     "plant",
                                     "curtain",
                                     "chair",
                                     "car",
                                     "water",
                                     "painting",
                                     "sofa",
                                     "shelf",
                                     "house",
                                     "sea",
                                     "mirror",
                                     "rug",
                                     "field",
                                     "armchair",
                                     "seat",
                                     "fence",
                                     "desk",
                                     "rock",
                                     "wardrobe",
                                     "lamp",
                                     "bathtub",
                                     "railing",
                                     "cushion",
                                     "base",
                                     "box",
                                     "column",
                                     "signboard",
                                     "chest of drawers",
                                     "counter",
                                     "sand",
                                     "sink",
                                     "skyscraper",
                                     "fireplace",
                                     "refrigerator",
                                     "grandstand",
                                     "path",
                                     "stairs",
                                     "runway",
                                     "case",
                                     "pool table",
                                     "pillow",
                                     "screen door",
                                     "stairway",
                                     "river",
                                     "bridge",
                                     "bookcase",
                                     "blind",
                                     "coffee table",
                                     "toilet",
                                     "flower",
                                     "book",
                                     "hill",
                                     "bench",
                                     "countertop",
                                     "stove",
                                     "palm",
                                     "kitchen island",
                                     "computer",
                                     "swivel chair",
                                     "boat",
                                     "bar",
                                     "arcade machine",
                                     "hovel",
                                     "bus",
                                     "towel",
                                     "light",
                                     "truck",
                                     "tower",
                                     "chandelier",
                                     "awning",
                                     "streetlight",
                                     "booth",
                                     "television",
                                     "airplane",
                                     "dirt track",
                                     "apparel",
                                     "pole",
                                     "land",
                                     "bannister",
                                     "escalator",
                                     "ottoman",
                                     "bottle",
                                     "buffet",
                                     "poster",
                                     "stage",
                                     "van",
                                     "ship",
                                     "fountain",
                                     "conveyer belt",
                                     "canopy",
                                     "washer",
                                     "plaything",
                                     "swimming pool",
                                     "stool",
                                     "barrel",
                                     "basket",
                                     "waterfall",
                                     "tent",
                                     "bag",
                                     "minibike",
                                     "cradle",
                                     "oven",
                                     "ball",
                                     "food",
                                     "step",
                                     "tank",
                                     "trade name",
                                     "microwave",
                                     "pot",
                                     "animal",
                                     "bicycle",
                                     "lake",
                                     "dishwasher",
                                     "screen",
                                     "blanket",
                                     "sculpture",
                                     "hood",
                                     "sconce",
                                     "vase",
                                     "traffic light",
                                     "tray",
                                     "ashcan",
                                     "fan",
                                     "pier",
                                     "crt screen",
                                     "plate",
                                     "monitor",
                                     "bulletin board",
                                     "shower",
                                     "radiator",
                                     "glass",
                                     "clock",
                                     "flag"};

/* M. Cordts et al., The Cityscapes Dataset, CVPR 2016: the 19 classes that are evaluated, by training id. */
static const char *const cityscapes[] = {
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation", "terrain",
    "sky",  "person",   "rider",    "car",  "truck", "bus",  "train",         "motorcycle",   "bicycle"};

const char *bd_pascal_class_name(uint32_t c) {
    return c < BD_COUNT(pascal) ? pascal[c] : NULL;
}

static const char *ade20k_name(uint32_t c, uint32_t count) {
    /* 151 classes, or the first few of them, begin with what is none of these; 150 do not. */
    if (count == BD_COUNT(ade20k)) {
        return c < count ? ade20k[c] : NULL;
    }
    return !c ? "background" : c <= BD_COUNT(ade20k) ? ade20k[c - 1] : NULL;
}

const char *bd_class_name(const char *set, uint32_t c, uint32_t count) {
    if (!strcmp(set, "voc")) {
        return bd_pascal_class_name(c);
    }
    if (!strcmp(set, "ade20k")) {
        return ade20k_name(c, count);
    }
    if (!strcmp(set, "cityscapes")) {
        return c < BD_COUNT(cityscapes) ? cityscapes[c] : NULL;
    }
    if (!strcmp(set, "person")) {
        return c == 0 ? "background" : c == 1 ? "person" : NULL;
    }
    return NULL;
}

const char *bd_class_set_guess(uint32_t count) {
    switch (count) {
    case 2: return "person";
    case 19: return "cityscapes";
    case 21: return "voc";
    case 32: /* MLPerf's: the 31 most frequent ones */
    case 150:
    case 151: return "ade20k";
    default: return NULL;
    }
}

void bd_pascal_color(uint32_t c, uint8_t *rgb) {
    rgb[0] = rgb[1] = rgb[2] = 0;
    for (uint32_t bit = 0; bit < 8; bit++) {
        for (uint32_t channel = 0; channel < 3; channel++) {
            rgb[channel] |= (uint8_t)((c >> (3 * bit + channel) & 1) << (7 - bit));
        }
    }
}
