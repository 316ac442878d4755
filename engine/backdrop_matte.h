/* SPDX-License-Identifier: MIT
 *
 * How a matte is made: bd_matte_params and its choices. A part of backdrop.h. */
#ifndef BACKDROP_MATTE_H
#define BACKDROP_MATTE_H

#include "backdrop_image.h"
#include "backdrop_key.h"
#include "backdrop_model.h"

/* A set of classes: bit c of word c/32. */
typedef struct bd_class_set {
    uint32_t words[8];
} bd_class_set;

/* Classes by their names (any case) or numbers in a model, with commas between; "all": each but class 0.
 *
 * set      written on success only.
 * Errors   BD_ERR_INVALID_ARGUMENT: there is no such class, and the message lists them.
 */
BD_API BD_CHECK bd_result bd_class_set_parse(const bd_model *model, const char *text, bd_class_set *set,
                                             bd_error *error);

/* How the network's coarse answer becomes a matte of the photo's size. */
typedef enum bd_matte_mode {
    BD_MATTE_REFINE = 0, /* guided by the photo's colours: three fast guided filters, each followed by levels */
    BD_MATTE_HARD = 1,   /* the class with the highest logit at the network's size, enlarged: the tutorial's mask */
    BD_MATTE_SOFT = 2,   /* probabilities at the network's size, interpolated */
    /* REFINE, then a closed-form solution, by what colours tell: in a band along the edge of the mask that the rule made
     * or, without it, where REFINE is in doubt. Meant for a session with the network at twice its size, too
     * (bd_session_params.closer), as the command has it: with the rule on, that network runs where bodies are thin, as
     * those of groups are, and no crop is looked at. So do bd_session_params.sizes where all of them are larger and
     * nothing is mirrored; else their looks are averaged as for the other kinds. */
    BD_MATTE_BEST = 3
} bd_matte_mode;

/* Which connected parts of the foreground stay. Parts are told apart in the coarse answer, before it is refined, where
 * it is at least 0.4, on a grid of at most 1024 nodes a side; what lies below goes with the part it is nearest to. */
typedef enum bd_keep {
    BD_KEEP_ALL = 0,     /* but for stray islands: island_share */
    BD_KEEP_LARGEST = 1, /* the one with the largest area; of equals the upper one, then the left one */
    BD_KEEP_POINT = 2    /* the one at (keep_x, keep_y) */
} bd_keep;

/* Whether what the network says is first made to be whole bodies, on the grid of its logits, by the log-odds o of the
 * foreground's classes: what is nearly sure keeps all that hangs together with it, what is worn or held and has a class of
 * its own joins, loose ends go, and sigmoid(2 (o + bias)) takes the softmax's place. */
typedef enum bd_rule {
    BD_RULE_ON = 0,
    BD_RULE_OFF = 1 /* the softmax as it is */
} bd_rule;

/* Whether the colours that a matte is guided by are blurred where the photo is noisy, so that its noise does not become
 * the matte's. The photo itself and what is made of it stay. */
typedef enum bd_guide_blur {
    BD_GUIDE_BLUR_AUTO = 0, /* by the noise that is measured; without any the matte is that of OFF, bit by bit */
    BD_GUIDE_BLUR_OFF = 1
} bd_guide_blur;

typedef struct bd_matte_params {
    size_t struct_size;
    bd_class_set classes; /* foreground; all zero: the class called "person", or class 15 */
    bd_matte_mode mode;
    /* (coarse_height, coarse_width) probabilities in 0..1 that take the network's place; NULL: the network. The middles
     * of the corner pixels lie on the middles of the photo's corner pixels ("align corners"). Borrowed until return. A
     * side has 1 to 16384 of them, or both have the photo's length; more are BD_ERR_IMAGE_TOO_LARGE. */
    const float *coarse;
    uint32_t coarse_width, coarse_height;
    bool wide;        /* the matte has BD_FORMAT_GRAY16 instead of BD_FORMAT_GRAY8 */
    bool want_coarse; /* bd_session_take_coarse gives what network and rule said, which can come back as coarse */
    bd_keep keep;
    uint32_t keep_x, keep_y; /* of BD_KEEP_POINT: a pixel of the photo */
    /* BD_KEEP_ALL: parts smaller than this share of the largest one's area are dropped, 0..1. 0: 0.1 for what the
     * network says, 0.01 with BD_RULE_OFF; nothing is dropped from probabilities of the caller's; negative: nothing. */
    float island_share;
    bool fill_holes; /* background that the foreground encloses becomes foreground, before the matte is refined */
    /* Moves the matte's edges outwards by this many photo pixels, or inwards where negative, by grey-scale dilation or
     * erosion with an octagon within 4 % of a circle. -1000..1000; fractions count, and soften an edge by about a
     * pixel. Inwards no pixel gains, outwards none loses. The photo's own border is no edge. */
    float grow_px;
    /* Then softens them: a hard edge rises from 5 to 95 % within this many photo pixels, give or take 5 %. 0..1000. */
    float feather_px;
    /* BD_FORMAT_GRAY8 of the photo's size: 0 is background, 255 foreground, anything between unknown. What it knows has
     * exactly that alpha (before grow_px and feather_px); the rest is solved, from coarse, or without that by the
     * colours of what is known: a trimap takes the network's place. For BD_MATTE_REFINE and _BEST, with BD_KEEP_ALL and
     * without fill_holes. NULL: none. Borrowed until return. */
    const bd_image *trimap;
    /* A matte by the colour of a uniform backdrop: see backdrop_key.h. */
    bd_key key;
    uint8_t key_color[3];
    float key_tolerance, key_softness, key_spill;
    bd_key_shadow key_shadow;
    bool key_with_network;
    bd_rule rule; /* of what the network says; without effect on coarse and trimap */
    bool biased;  /* bias is set; false: 0.5 where the class called "person" alone is foreground, else 0 */
    float bias;   /* -20..20, in log-odds: more makes the foreground larger */
    /* Of the rule: how often the network looks. 2: a second time, at the part of the photo that holds the subject, where
     * that shows it at least 1.2 times as large; the device decides. A photo of more than 2^25 / W rows, W the width of the
     * network's input, gets no second one. 1: once, and not with the larger network of bd_session_params.closer. 0: 2 on
     * GPUs, 1 on software devices, and 2 for BD_MATTE_BEST. */
    uint32_t looks;
    /* The finished matte, before grow_px and feather_px: clamp((alpha - level_low) / (level_high - level_low), 0, 1), each
     * 0..1; both equal: 1 from there on, else 0. Both 0: as it is. */
    float level_low, level_high;
    bd_guide_blur guide_blur; /* of BD_MATTE_REFINE and _BEST, but with a trimap alone */
} bd_matte_params;

#endif
