/* SPDX-License-Identifier: MIT
 * Words for the values of enums, as the command takes them: for settings that are text, and for menus. Each list calls
 * X(word, value) for all values, the usual one first:
 *
 *     #define ROW(word, value) {word, value},
 *     static const struct { const char *word; bd_fit fit; } fits[] = {BD_WORDS_FIT(ROW)};
 */
#ifndef BACKDROP_WORDS_H
#define BACKDROP_WORDS_H

#include "backdrop_key.h"
#include "backdrop_matte.h"
#include "backdrop_model.h"
#include "backdrop_replace.h"
#include "backdrop_session.h"

#define BD_WORDS_BACKGROUND(X)                                                                                         \
    X("picture", BD_BACKGROUND_PICTURE)                                                                                \
    X("color", BD_BACKGROUND_COLOR)                                                                                    \
    X("transparent", BD_BACKGROUND_TRANSPARENT)                                                                        \
    X("blur", BD_BACKGROUND_BLUR)
#define BD_WORDS_FIT(X)                                                                                                \
    X("cover", BD_FIT_COVER) X("contain", BD_FIT_CONTAIN) X("stretch", BD_FIT_STRETCH) X("tile", BD_FIT_TILE)
#define BD_WORDS_BLEND(X) X("linear", BD_BLEND_LINEAR) X("srgb", BD_BLEND_SRGB)
#define BD_WORDS_FOREGROUND(X)                                                                                         \
    X("multilevel", BD_FOREGROUND_MULTILEVEL) X("blur", BD_FOREGROUND_BLUR) X("off", BD_FOREGROUND_OFF)
#define BD_WORDS_HARMONIZE(X) X("off", BD_HARMONIZE_OFF) X("mean", BD_HARMONIZE_MEAN) X("full", BD_HARMONIZE_FULL)
#define BD_WORDS_MATTE(X)                                                                                              \
    X("refine", BD_MATTE_REFINE) X("hard", BD_MATTE_HARD) X("soft", BD_MATTE_SOFT) X("best", BD_MATTE_BEST)
#define BD_WORDS_RULE(X) X("on", BD_RULE_ON) X("off", BD_RULE_OFF)
#define BD_WORDS_GUIDE_BLUR(X) X("auto", BD_GUIDE_BLUR_AUTO) X("off", BD_GUIDE_BLUR_OFF)
/* But for BD_KEEP_POINT, which needs its point. */
#define BD_WORDS_KEEP(X) X("all", BD_KEEP_ALL) X("largest", BD_KEEP_LARGEST)
#define BD_WORDS_KEY_SHADOW(X) X("drop", BD_KEY_SHADOW_DROP) X("keep", BD_KEY_SHADOW_KEEP)
#define BD_WORDS_PRECISION(X)                                                                                          \
    X("auto", BD_PRECISION_AUTO)                                                                                       \
    X("fp32", BD_PRECISION_FP32)                                                                                       \
    X("fp16", BD_PRECISION_FP16)                                                                                       \
    X("fast16", BD_PRECISION_FAST16)
/* But for BD_INPUT_RANGE_GIVEN, which needs its numbers. */
#define BD_WORDS_INPUT_RANGE(X)                                                                                        \
    X("auto", BD_INPUT_RANGE_AUTO)                                                                                     \
    X("0..1", BD_INPUT_RANGE_0_1)                                                                                      \
    X("-1..1", BD_INPUT_RANGE_MINUS_1_1)                                                                               \
    X("0..255", BD_INPUT_RANGE_0_255)                                                                                  \
    X("imagenet", BD_INPUT_RANGE_IMAGENET)
#define BD_WORDS_CHANNELS(X) X("rgb", BD_CHANNELS_RGB) X("bgr", BD_CHANNELS_BGR)
#define BD_WORDS_QUANTISED(X) X("integer", BD_QUANTISED_INTEGER) X("float", BD_QUANTISED_FLOAT)

#endif
