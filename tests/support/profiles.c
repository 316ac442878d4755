/* SPDX-License-Identifier: MIT */
#include "support/profiles.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lcms2.h>

static const cmsCIExyY d65 = {0.3127, 0.3290, 1.0};

static bytes saved(cmsHPROFILE profile) {
    cmsUInt32Number size = 0;
    assert_non_null(profile);
    assert_true(cmsSaveProfileToMem(profile, NULL, &size));
    bytes made = {malloc(size), size};
    assert_non_null(made.data);
    assert_true(cmsSaveProfileToMem(profile, made.data, &size));
    cmsCloseProfile(profile);
    return made;
}

static bytes rgb_profile(const cmsCIExyYTRIPLE *primaries, cmsToneCurve *curve, size_t spare) {
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&d65, primaries, curves);
    if (spare) {
        uint8_t *nothing = calloc(1, spare);
        assert_non_null(nothing);
        assert_true(cmsWriteRawTag(profile, (cmsTagSignature)0x73706172, nothing, (cmsUInt32Number)spare));
        free(nothing);
    }
    cmsFreeToneCurve(curve);
    return saved(profile);
}

bytes swapped_profile(size_t spare) {
    static const cmsCIExyYTRIPLE swapped = {{0.30, 0.60, 1.0}, {0.64, 0.33, 1.0}, {0.15, 0.06, 1.0}};
    static const double srgb[5] = {2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045};
    return rgb_profile(&swapped, cmsBuildParametricToneCurve(NULL, 4, srgb), spare);
}

bytes gamma_profile(double gamma) {
    static const cmsCIExyYTRIPLE rec709 = {{0.64, 0.33, 1.0}, {0.30, 0.60, 1.0}, {0.15, 0.06, 1.0}};
    return rgb_profile(&rec709, cmsBuildGamma(NULL, gamma), 0);
}

bytes srgb_profile(void) {
    return saved(cmsCreate_sRGBProfile());
}

static void put_big_endian(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

bytes stages_profile(uint32_t count) {
    enum { HEAD = 16, MATRIX = 12 + 12 * 4 };
    const uint32_t at = HEAD + 8 * count, size = at + MATRIX;
    uint8_t *tag = calloc(1, size);
    assert_non_null(tag);
    memcpy(tag, "mpet\0\0\0\0\0\3\0\3", 12);
    put_big_endian(tag + 12, count);
    for (uint32_t i = 0; i < count; i++) {
        put_big_endian(tag + HEAD + 8 * (size_t)i, at);
        put_big_endian(tag + HEAD + 8 * (size_t)i + 4, MATRIX);
    }
    memcpy(tag + at, "matf\0\0\0\0\0\3\0\3", 12);
    for (int i = 0; i < 9; i += 4) {
        put_big_endian(tag + at + 12 + 4 * i, 0x3f800000); /* 1 */
    }
    cmsHPROFILE profile = cmsCreate_sRGBProfile();
    assert_true(cmsWriteRawTag(profile, cmsSigDToB1Tag, tag, size));
    assert_true(cmsWriteRawTag(profile, cmsSigBToD1Tag, tag, size));
    free(tag);
    return saved(profile);
}

bytes gray_profile(double gamma) {
    cmsToneCurve *curve = cmsBuildGamma(NULL, gamma);
    cmsHPROFILE profile = cmsCreateGrayProfile(cmsD50_xyY(), curve);
    cmsFreeToneCurve(curve);
    return saved(profile);
}

static cmsInt32Number mix_inks(const cmsUInt16Number in[], cmsUInt16Number out[], void *user) {
    (void)user;
    /* L*a*b* of version 2: L * 652.8, (a + 128) * 256. */
    out[0] = (cmsUInt16Number)(65280.0 * (1.0 - in[3] / 65535.0) * (1.0 - in[0] / 65535.0) + 0.5);
    out[1] = (cmsUInt16Number)(256.0 * (100.0 * in[1] / 65535.0 - 50.0 + 128.0) + 0.5);
    out[2] = (cmsUInt16Number)(256.0 * (100.0 * in[2] / 65535.0 - 50.0 + 128.0) + 0.5);
    return 1;
}

bytes ink_profile(void) {
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    assert_non_null(profile);
    cmsSetProfileVersion(profile, 2.1);
    cmsSetDeviceClass(profile, cmsSigOutputClass);
    cmsSetColorSpace(profile, cmsSigCmykData);
    cmsSetPCS(profile, cmsSigLabData);
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, 4, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 5, 4, 3, NULL);
    assert_true(cmsStageSampleCLut16bit(table, mix_inks, NULL, 0));
    assert_true(cmsPipelineInsertStage(pipeline, cmsAT_END, table));
    assert_true(cmsWriteTag(profile, cmsSigAToB0Tag, pipeline));
    cmsPipelineFree(pipeline);
    return saved(profile);
}

bytes abstract_profile(void) {
    return saved(cmsCreateBCHSWabstractProfile(9, 0.0, 1.0, 0.0, 1.0, 5000, 6000));
}

double to_light(double value) {
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

double to_srgb(double value) {
    return value <= 0.0031308 ? 12.92 * value : 1.055 * pow(value, 1.0 / 2.4) - 0.055;
}
