/* SPDX-License-Identifier: MIT
 *
 * Mattes by the colour of a uniform backdrop, a green screen or a white wall. A part of backdrop.h, which includes it.
 *
 * bd_matte_params.key makes such a matte, in the place of mode. The network is not asked, and a session without a model
 * can do it. Around each pixel the backdrop's light b and the subject's f are known from what surely is either; the
 * pixel's own light I is taken for (1 - a) b + p f, and alpha a follows by least squares, p near a. Where that leaves
 * much of I unexplained, a is that of Vlahos' colour difference, turned to the key's hue. b follows light and shade of
 * the backdrop that change within some eightieth of the photo's longest side. keep, fill_holes, grow_px and feather_px
 * do what they do to other mattes; island_share 0 drops nothing. Not with coarse or trimap.
 *
 * key_color         sRGB, of BD_KEY_COLOR.
 * key_tolerance     Oklab, where black is 1 away from white: distances from the ray of what light and shade make of the
 * key_softness      backdrop's colour. a is 0 up to key_tolerance, in 0..1 (0: 0.025), and full from key_tolerance +
 *                   key_softness on (0: 0.06). A grey key's ray is short: it tells shade from grey things less.
 * key_spill         bd_session_replace: the share of the key's hue that the subject loses, at most 1. Of light it is
 *                   what exceeds the other hues, of a green key's g - max(r, b), and luminance stays. Opaque pixels
 *                   change, too. 0: 1; negative: none. A grey key has no hue. The subject's colours under
 *                   semi-transparent pixels follow from b, whichever way bd_replace_params.foreground says; with
 *                   BD_FOREGROUND_OFF they stay mixed.
 * key_shadow        What becomes of the backdrop's shade.
 * key_with_network  The network is asked, too, and wins where it is sure: what lies a cell and a half of its grid off
 *                   all that it takes for foreground is background, what lies as deep inside is foreground, whatever
 *                   its colour. classes, keep, island_share and fill_holes are of its mask.
 *
 * Source   Smith, Blinn, Blue screen matting, SIGGRAPH 1996; Vlahos, US patent 3595987, 1971; Ottosson, Oklab, 2020. */
#ifndef BACKDROP_KEY_H
#define BACKDROP_KEY_H

#include <stdbool.h>
#include <stdint.h>

typedef enum bd_key {
    BD_KEY_OFF = 0,
    BD_KEY_COLOR = 1, /* key_color */
    BD_KEY_AUTO = 2   /* what most of the photo's border has, if 60 % of it do, or 45 % of a colour far from
                         grey; see bd_session_key */
} bd_key;

typedef enum bd_key_shadow {
    BD_KEY_SHADOW_DROP = 0, /* background */
    BD_KEY_SHADOW_KEEP = 1  /* black with an alpha of 1 - its light / (0.9 of the key's) */
} bd_key_shadow;

typedef struct bd_key_color {
    bool found;     /* one was looked for */
    uint8_t rgb[3]; /* sRGB */
    float share;    /* of the border, a fortieth of the photo's shorter side wide, that has it, Oklab's lightness within
                       0.1 */
} bd_key_color;

#endif
