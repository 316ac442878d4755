/* SPDX-License-Identifier: MIT
 * Colours from one ICC profile to another, by lcms2. Profiles are hostile: what lcms2 refuses becomes words. It
 * allocates by itself, past the caller's hooks. */
#include "image/color.h"

#include <stdio.h>
#include <string.h>

#include <lcms2.h>

#include "image/pixels.h"
#include "image/rows.h"

struct bd_color {
    bd_allocator allocator; /* zero: the C library's */
    cmsContext context;
    cmsHTRANSFORM transform;
    char said[160]; /* lcms2's first complaint */
};

enum { PROFILE_HEADER = 128, TAG_ENTRY = 12 };

/* ---- profiles ---- */

static void keep_complaint(cmsContext context, cmsUInt32Number code, const char *text) {
    bd_color *color = cmsGetContextUserData(context);
    (void)code;
    if (color && !color->said[0]) {
        (void)snprintf(color->said, sizeof color->said, "%s", text);
    }
}

static bool begin(bd_color *color) {
    color->context = cmsCreateContext(NULL, color);
    if (color->context) {
        cmsSetLogErrorHandlerTHR(color->context, keep_complaint);
    }
    return color->context != NULL;
}

static void end(bd_color *color) {
    if (color->transform) {
        cmsDeleteTransform(color->transform);
    }
    if (color->context) {
        cmsDeleteContext(color->context);
    }
}

static const char *complaint(const bd_color *color) {
    return color->said[0] ? color->said : "it cannot be used";
}

static uint32_t big_endian(const uint8_t *from) {
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

/* The bytes that are the profile, by its own header; 0: what a PNG may not hold (ICC.1:2022, 7.2 and 7.3). */
static size_t profile_length(const uint8_t *data, size_t bytes) {
    if (bytes < PROFILE_HEADER + 4 || big_endian(data) > bytes || big_endian(data) < PROFILE_HEADER + 4) {
        return 0;
    }
    size_t length = big_endian(data);
    uint32_t tags = big_endian(data + PROFILE_HEADER);
    if ((data[8] > 3 && length % 4) || big_endian(data + 64) >= 0xffff ||
        tags > (length - PROFILE_HEADER - 4) / TAG_ENTRY) {
        return 0;
    }
    for (uint32_t i = 0; i < tags; i++) {
        const uint8_t *tag = data + PROFILE_HEADER + 4 + (size_t)i * TAG_ENTRY;
        uint32_t at = big_endian(tag + 4), size = big_endian(tag + 8);
        if (at > length || size > length - at) {
            return 0;
        }
    }
    return length;
}

/* Conversions of floats (ICC.1:2010, 9.2.17 and after) may have any number of stages, all of them at one place of the
 * file: lcms2 takes hours for some kilobytes. Without them a profile's tables and curves say the same. */
static void drop_floats(cmsHPROFILE profile) {
    static const cmsTagSignature tags[] = {cmsSigDToB0Tag, cmsSigDToB1Tag, cmsSigDToB2Tag, cmsSigDToB3Tag,
                                           cmsSigBToD0Tag, cmsSigBToD1Tag, cmsSigBToD2Tag, cmsSigBToD3Tag};
    for (size_t i = 0; i < BD_COUNT(tags); i++) {
        (void)cmsWriteTag(profile, tags[i], NULL); /* fails where there is no such tag */
    }
}

/* NULL data: sRGB. NULL where it is no profile of a picture's colours. */
static cmsHPROFILE open_profile(const bd_color *color, const void *data, size_t bytes) {
    if (!data) {
        return cmsCreate_sRGBProfileTHR(color->context);
    }
    size_t length = profile_length(data, bytes);
    cmsHPROFILE profile = length ? cmsOpenProfileFromMemTHR(color->context, data, (cmsUInt32Number)length) : NULL;
    if (!profile) {
        return NULL;
    }
    drop_floats(profile);
    switch (cmsGetDeviceClass(profile)) {
    case cmsSigInputClass:
    case cmsSigDisplayClass:
    case cmsSigOutputClass:
    case cmsSigColorSpaceClass: return profile;
    default: cmsCloseProfile(profile); return NULL;
    }
}

static bool make_transform(bd_color *color, cmsHPROFILE from, cmsUInt32Number from_type, cmsHPROFILE to,
                           cmsUInt32Number to_type, cmsUInt32Number flags) {
    color->transform = cmsCreateTransformTHR(color->context, from, from_type, to, to_type, INTENT_RELATIVE_COLORIMETRIC,
                                             flags | cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOCACHE);
    return color->transform != NULL;
}

static bool can_convert(bd_color *color, cmsHPROFILE from, cmsUInt32Number type, cmsHPROFILE to) {
    bool can = make_transform(color, from, type, to, TYPE_RGB_16, cmsFLAGS_NOOPTIMIZE);
    if (can) {
        cmsDeleteTransform(color->transform);
        color->transform = NULL;
    }
    return can;
}

/* Of a grey profile only what it says of grey counts. Scanners' profiles may lead only one way: backgrounds could not
 * be given their colours. */
static bool meets_srgb(bd_color *color, cmsHPROFILE profile, bool gray) {
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR(color->context);
    bool can = srgb && can_convert(color, profile, gray ? TYPE_GRAY_16 : TYPE_RGB_16, srgb) &&
               (gray || can_convert(color, srgb, TYPE_RGB_16, profile));
    if (srgb) {
        cmsCloseProfile(srgb);
    }
    return can;
}

/* Gives the image what lcms2 makes of a profile, dated so that equal profiles are equal bytes. */
static bd_result keep_made(bd_color *color, cmsHPROFILE profile, bd_image *image, bd_error *error) {
    static const uint8_t date[12] = {2000 >> 8, 2000 & 255, 0, 1, 0, 1};
    enum { DATE_AT = 24 };
    cmsUInt32Number bytes = 0;
    if (!profile || !cmsSaveProfileToMem(profile, NULL, &bytes) || bytes < PROFILE_HEADER) {
        return BD_ERR_UNSUPPORTED;
    }
    uint8_t *data = bd_alloc(&color->allocator, bytes);
    if (!data) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory for a colour profile");
    }
    bd_result result = BD_ERR_UNSUPPORTED;
    if (cmsSaveProfileToMem(profile, data, &bytes)) {
        memcpy(data + DATE_AT, date, sizeof date);
        result = bd_image_set_profile(image, data, bytes, error);
    }
    bd_free(&color->allocator, data);
    return result;
}

static const cmsCIExyY d65 = {0.3127, 0.3290, 1.0};
static const cmsCIExyYTRIPLE rec709 = {{0.64, 0.33, 1.0}, {0.30, 0.60, 1.0}, {0.15, 0.06, 1.0}};

static bd_result keep_curve(bd_color *color, const cmsCIExyY *white, const cmsCIExyYTRIPLE *primaries,
                            cmsToneCurve *curve, bd_image *image, bd_error *error) {
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE made = curve ? cmsCreateRGBProfileTHR(color->context, white, primaries, curves) : NULL;
    bd_result result = keep_made(color, made, image, error);
    if (made) {
        cmsCloseProfile(made);
    }
    return result;
}

static bd_result keep_profile(bd_color *color, cmsHPROFILE profile, const void *data, size_t bytes, bool gray,
                              bd_image *image, bd_error *error) {
    switch (cmsGetColorSpace(profile)) {
    case cmsSigRgbData:
        return meets_srgb(color, profile, false) ? bd_image_set_profile(image, data, profile_length(data, bytes), error)
                                                 : BD_ERR_UNSUPPORTED;
    case cmsSigGrayData:
        /* The picture is RGB by now: the same curve on all three. */
        return gray && meets_srgb(color, profile, true)
                   ? keep_curve(color, &d65, &rec709, cmsReadTag(profile, cmsSigGrayTRCTag), image, error)
                   : BD_ERR_UNSUPPORTED;
    default: return BD_ERR_UNSUPPORTED;
    }
}

static bd_result with_hooks(const bd_image_source *source, bd_color *color, bd_error *error) {
    if (source->allocator) {
        color->allocator = *source->allocator;
    }
    return begin(color) ? BD_OK : bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", source->name);
}

/* UNSUPPORTED is no failure of a file's: the picture counts as sRGB then. */
static bd_result settle(const bd_image_source *source, const bd_color *color, bd_result result) {
    if (result != BD_ERR_UNSUPPORTED) {
        return result;
    }
    bd_image_warn(source, "%s: the colour profile is ignored: %s", source->name, complaint(color));
    return BD_OK;
}

bd_result bd_image_take_profile(const bd_image_source *source, const void *data, size_t bytes, bool gray,
                                bd_image *image, bd_error *error) {
    bd_color color = {.context = NULL};
    bd_result result = with_hooks(source, &color, error);
    if (result) {
        return result;
    }
    cmsHPROFILE profile = open_profile(&color, data, bytes);
    result = profile ? keep_profile(&color, profile, data, bytes, gray, image, error) : BD_ERR_UNSUPPORTED;
    if (profile) {
        cmsCloseProfile(profile);
    }
    result = settle(source, &color, result);
    end(&color);
    return result;
}

bd_result bd_image_check_profile(const bd_image *image, const char *name, bd_error *error) {
    bd_color color = {.context = NULL};
    if (!begin(&color)) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", name);
    }
    cmsHPROFILE profile = open_profile(&color, image->profile, image->profile_bytes);
    bd_result result = BD_OK;
    if (!profile || cmsGetColorSpace(profile) != cmsSigRgbData) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: the colour profile: %s", name, complaint(&color));
    }
    if (profile) {
        cmsCloseProfile(profile);
    }
    end(&color);
    return result;
}

bd_result bd_image_take_gamma(const bd_image_source *source, double gamma, const double *white_and_primaries,
                              bd_image *image, bd_error *error) {
    bd_color color = {.context = NULL};
    bd_result result = with_hooks(source, &color, error);
    if (result) {
        return result;
    }
    const double *p = white_and_primaries;
    cmsCIExyY white = d65;
    cmsCIExyYTRIPLE primaries = rec709;
    if (p) {
        white = (cmsCIExyY){p[0], p[1], 1.0};
        primaries = (cmsCIExyYTRIPLE){{p[2], p[3], 1.0}, {p[4], p[5], 1.0}, {p[6], p[7], 1.0}};
    }
    double srgb[5] = {2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045};
    cmsToneCurve *curve =
        gamma > 0.0 ? cmsBuildGamma(color.context, gamma) : cmsBuildParametricToneCurve(color.context, 4, srgb);
    result = settle(source, &color, keep_curve(&color, &white, &primaries, curve, image, error));
    if (curve) {
        cmsFreeToneCurve(curve);
    }
    end(&color);
    return result;
}

/* ---- conversion ---- */

static cmsUInt32Number type_of(bd_format format) {
    bool swapped = format == BD_FORMAT_BGRA8 || format == BD_FORMAT_BGRX8;
    return format == BD_FORMAT_RGBA16 ? TYPE_RGBA_16 : swapped ? TYPE_BGRA_8 : TYPE_RGBA_8;
}

/* Do all colours stay where they are, but for rounding to 8 bits? Two spellings of sRGB are common. */
static bool changes_nothing(const bd_color *color, bool from_deep, bool to_deep) {
    enum { STEPS = 9, COUNT = STEPS * STEPS * STEPS };
    uint8_t from[COUNT][4], to[COUNT][4];
    uint16_t deep_from[COUNT][4], deep_to[COUNT][4];
    for (int i = 0; i < COUNT; i++) {
        const int steps[4] = {i % STEPS, i / STEPS % STEPS, i / STEPS / STEPS, STEPS - 1};
        for (int c = 0; c < 4; c++) {
            from[i][c] = (uint8_t)(steps[c] * 255 / (STEPS - 1));
            deep_from[i][c] = (uint16_t)(from[i][c] * 257);
        }
    }
    cmsDoTransform(color->transform, from_deep ? (const void *)deep_from : from, to_deep ? (void *)deep_to : to, COUNT);
    for (int i = 0; i < COUNT; i++) {
        for (int c = 0; c < 3; c++) {
            int got = to_deep ? (deep_to[i][c] + 128) / 257 : to[i][c];
            if (from[i][c] > got + 1 || got > from[i][c] + 1) {
                return false;
            }
        }
    }
    return true;
}

/* Profiles of both sides to a transform; NULL data: sRGB. */
static bool connect(bd_color *color, const void *from, size_t from_bytes, cmsColorSpaceSignature from_space,
                    cmsUInt32Number from_type, const void *to, size_t to_bytes, cmsUInt32Number to_type,
                    cmsUInt32Number flags) {
    cmsHPROFILE a = open_profile(color, from, from_bytes);
    cmsHPROFILE b = open_profile(color, to, to_bytes);
    bool done = a && b && cmsGetColorSpace(a) == from_space && cmsGetColorSpace(b) == cmsSigRgbData &&
                make_transform(color, a, from_type, b, to_type, flags);
    if (a) {
        cmsCloseProfile(a);
    }
    if (b) {
        cmsCloseProfile(b);
    }
    return done;
}

static bd_color *make_color(const bd_allocator *allocator, bd_error *error) {
    bd_color *color = bd_alloc_zero(allocator, sizeof *color);
    if (color && allocator) {
        color->allocator = *allocator;
    }
    if (!color || !begin(color)) {
        (void)bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory for colours");
        bd_color_destroy(color);
        return NULL;
    }
    return color;
}

bd_result bd_color_create(const bd_allocator *allocator, const bd_image *from, const bd_image *to, bool deep,
                          bd_color **color, bd_error *error) {
    bool from_deep = from->format == BD_FORMAT_RGBA16;
    /* What lcms2 precalculates for 16 bits is a grid of colours, wrong by up to a tenth of the range. */
    cmsUInt32Number flags = cmsFLAGS_COPY_ALPHA | (deep || from_deep ? cmsFLAGS_NOOPTIMIZE : 0);
    *color = NULL;
    bool same =
        from->profile == to->profile || (from->profile && to->profile && from->profile_bytes == to->profile_bytes &&
                                         !memcmp(from->profile, to->profile, to->profile_bytes));
    if (same) {
        return BD_OK;
    }
    bd_color *made = make_color(allocator, error);
    if (!made) {
        return BD_ERR_OUT_OF_MEMORY;
    }
    bd_result result = BD_OK;
    if (!connect(made, from->profile, from->profile_bytes, cmsSigRgbData, type_of(from->format), to->profile,
                 to->profile_bytes, deep ? TYPE_RGBA_16 : TYPE_RGBA_8, flags)) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a picture's colour profile: %s", complaint(made));
    }
    if (result || changes_nothing(made, from_deep, deep)) {
        bd_color_destroy(made);
        return result;
    }
    *color = made;
    return BD_OK;
}

bd_result bd_color_create_cmyk(const bd_image_source *source, const void *data, size_t bytes, bool deep,
                               bd_color **color, bd_error *error) {
    *color = make_color(source->allocator, error);
    if (!*color) {
        return BD_ERR_OUT_OF_MEMORY;
    }
    if (!connect(*color, data, bytes, cmsSigCmykData, deep ? TYPE_CMYK_16_REV : TYPE_CMYK_8_REV, NULL, 0,
                 deep ? TYPE_RGBA_16 : TYPE_RGBA_8, 0)) {
        bd_image_warn(source, "%s: the colour profile is ignored: %s", source->name, complaint(*color));
        bd_color_destroy(*color);
        *color = NULL;
    }
    return BD_OK;
}

bd_result bd_color_create_lab(const bd_image_source *source, bd_color **color, bd_error *error) {
    const cmsUInt32Number type = COLORSPACE_SH(PT_Lab) | CHANNELS_SH(3) | EXTRA_SH(1) | BYTES_SH(2);
    *color = make_color(source->allocator, error);
    if (!*color) {
        return BD_ERR_OUT_OF_MEMORY;
    }
    cmsHPROFILE lab = cmsCreateLab4ProfileTHR((*color)->context, NULL);
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR((*color)->context);
    bool made =
        lab && srgb && make_transform(*color, lab, type, srgb, TYPE_RGBA_16, cmsFLAGS_COPY_ALPHA | cmsFLAGS_NOOPTIMIZE);
    if (lab) {
        cmsCloseProfile(lab);
    }
    if (srgb) {
        cmsCloseProfile(srgb);
    }
    if (!made) {
        bd_color_destroy(*color);
        *color = NULL;
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory for colours", source->name);
    }
    return BD_OK;
}

void bd_color_pixels(const bd_color *color, const void *from, void *to, size_t count) {
    cmsDoTransform(color->transform, from, to, (cmsUInt32Number)count);
}

/* (255-c, 255-m, 255-y, 255-k) to RGB, as Pillow. */
static void mix_inks(uint8_t *pixel, size_t count) {
    for (; count; count--, pixel += 4) {
        unsigned white = pixel[3];
        for (int c = 0; c < 3; c++) {
            unsigned product = (255u - pixel[c]) * white + 128;
            pixel[c] = (uint8_t)(white - ((product + (product >> 8)) >> 8));
        }
    }
}

static void mix_deep_inks(uint16_t *pixel, size_t count) {
    for (; count; count--, pixel += 4) {
        for (int c = 0; c < 3; c++) {
            pixel[c] = (uint16_t)(((uint32_t)pixel[c] * pixel[3] + 32767u) / 65535u);
        }
    }
}

void bd_color_inks(const bd_color *color, bool deep, void *pixels, size_t count) {
    if (color) {
        bd_color_pixels(color, pixels, pixels, count);
    } else if (deep) {
        mix_deep_inks(pixels, count);
    } else {
        mix_inks(pixels, count);
    }
    bd_row_fill_alpha(pixels, deep, count);
}

void bd_color_destroy(bd_color *color) {
    if (!color) {
        return;
    }
    end(color);
    bd_allocator allocator = color->allocator;
    bd_free(&allocator, color);
}
