/* SPDX-License-Identifier: MIT
 *
 * How a background is replaced: bd_replace_params and its choices. A part of backdrop.h. */
#ifndef BACKDROP_REPLACE_H
#define BACKDROP_REPLACE_H

#include "backdrop_matte.h"

typedef enum bd_background {
    BD_BACKGROUND_PICTURE = 0,
    BD_BACKGROUND_COLOR = 1,
    BD_BACKGROUND_TRANSPARENT = 2,
    BD_BACKGROUND_BLUR = 3 /* the photo's own background, blurred; the result has the photo's alpha */
} bd_background;

/* Where light adds up. */
typedef enum bd_blend {
    BD_BLEND_LINEAR = 0, /* in light */
    BD_BLEND_SRGB = 1    /* in sRGB's numbers, as the tutorial does */
} bd_blend;

/* Where the subject's own colours under semi-transparent pixels come from, without the old background's light. Both
 * ways run at about a megapixel at most, and each photo pixel then explains its own colour. Opaque pixels stay as they
 * are. Source: Germer et al., Fast multi-level foreground estimation, arXiv 2006.14970; Forte and Pitie, Approximate
 * fast foreground colour estimation, ICIP 2021. */
typedef enum bd_foreground {
    BD_FOREGROUND_MULTILEVEL = 0, /* F and B that change little where alpha changes little */
    BD_FOREGROUND_BLUR = 1,       /* blur fusion, twice: quicker, less exact */
    BD_FOREGROUND_OFF = 2         /* the photo's colours stay */
} bd_foreground;

/* How far the subject's colours follow a background picture. Statistics of both in Oklab, of the subject weighted by
 * the matte, of the picture as a whole after fitting, give one affine map of all its colours, damped and bounded:
 * exposure by 0.9 to 1.06 of lightness, white balance (told by what is nearly grey) by 3 % of a cone response's cube
 * root, and for FULL contrast by 8 % and colourfulness by 12 %. Anything but OFF changes opaque pixels, too. Source:
 * Reinhard et al., Color transfer between images, 2001; Ottosson, Oklab, 2020. */
typedef enum bd_harmonize {
    BD_HARMONIZE_OFF = 0,
    BD_HARMONIZE_MEAN = 1, /* exposure and white balance */
    BD_HARMONIZE_FULL = 2  /* contrast and colourfulness, too */
} bd_harmonize;

typedef enum bd_fit { BD_FIT_COVER = 0, BD_FIT_CONTAIN = 1, BD_FIT_STRETCH = 2, BD_FIT_TILE = 3 } bd_fit;

typedef struct bd_replace_params {
    size_t struct_size;
    bd_class_set classes; /* foreground; all zero: the class called "person", or class 15 */
    bd_background background;
    bd_fit fit;
    uint8_t color[4];    /* BD_BACKGROUND_COLOR, and what BD_FIT_CONTAIN leaves free: straight RGBA */
    float blur_sigma_px; /* in photo pixels, at most 10000; BD_BACKGROUND_BLUR: > 0; BD_BACKGROUND_PICTURE: 0 leaves the
                            picture sharp, as classic does. Any sigma takes about as long. */
    bool classic; /* the tutorial, byte for byte: the result has the resized photo's size; fit, matte and what follows
                     are ignored */
    bool want_alpha;              /* bd_session_take_alpha gives the matte, too; not of classic */
    bool ignore_alpha;            /* the photo's alpha is not looked at, and counts as full */
    const bd_matte_params *matte; /* NULL: default; its classes win over those above when they are not all zero */
    bd_blend blend;
    bd_foreground foreground;
    bool placed;    /* place says where a background picture lies; false: in the middle, BD_FIT_TILE at the top left */
    float place[2]; /* x, y in 0 (left, top) .. 1: this point of the picture lies on the same point of the photo, so
                       that COVER keeps the part around it */
    bd_harmonize harmonize; /* of BD_BACKGROUND_PICTURE only */
    float light_wrap_px;    /* light of a background picture or colour that spills over the subject's edge, blurred by a
                               Gaussian of this many photo pixels, at most 1000; 0: none. Pixels that it reaches are not
                               the photo's any more. */
    bool keep_hidden; /* pixels of the result whose alpha is 0 keep the colours of the photo, or of the background;
                         false: they are 0, so that nothing of the old background is in it. classic keeps them. */
} bd_replace_params;

#endif
