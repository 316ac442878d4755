/* SPDX-License-Identifier: MIT */
#include "image/lab.h"

#include <math.h>
#include <string.h>

#include <lcms2.h>

void bd_lab_white_init(bd_lab_white *white, double x, double y) {
    static const double d50_x = 0.3457, d50_y = 0.3585, near = 0.0005;
    *white = (bd_lab_white){.adapts = false};
    /* All that is called white, from 1700 K upwards, lies well within. */
    if (!(x > 0.2 && x < 0.6 && y > 0.2 && y < 0.5 && x + y < 1.0) ||
        (fabs(x - d50_x) < near && fabs(y - d50_y) < near)) {
        return;
    }
    const cmsCIExyY chromaticity = {x, y, 1.0};
    cmsCIEXYZ xyz;
    cmsxyY2XYZ(&xyz, &chromaticity);
    white->adapts = true;
    for (int axis = 0; axis < 3; axis++) {
        const cmsCIEXYZ of = {axis == 0, axis == 1, axis == 2};
        cmsCIEXYZ to = {0};
        white->adapts = white->adapts && cmsAdaptToIlluminant(&to, &xyz, cmsD50_XYZ(), &of);
        memcpy(white->to_d50[axis], (const double[3]){to.X, to.Y, to.Z}, sizeof white->to_d50[axis]);
    }
    memcpy(white->xyz, (const double[3]){xyz.X, xyz.Y, xyz.Z}, sizeof white->xyz);
}

void bd_lab_adapt(const bd_lab_white *white, void *pixels, size_t count) {
    const cmsCIEXYZ of = {white->xyz[0], white->xyz[1], white->xyz[2]};
    const double(*m)[3] = white->to_d50;
    uint8_t *at = pixels;
    for (size_t i = 0; i < count && white->adapts; i++, at += 8) {
        cmsUInt16Number encoded[3];
        cmsCIELab lab;
        cmsCIEXYZ from;
        memcpy(encoded, at, sizeof encoded);
        cmsLabEncoded2Float(&lab, encoded);
        cmsLab2XYZ(&of, &from, &lab);
        const cmsCIEXYZ to = {m[0][0] * from.X + m[1][0] * from.Y + m[2][0] * from.Z,
                              m[0][1] * from.X + m[1][1] * from.Y + m[2][1] * from.Z,
                              m[0][2] * from.X + m[1][2] * from.Y + m[2][2] * from.Z};
        cmsXYZ2Lab(cmsD50_XYZ(), &lab, &to);
        cmsFloat2LabEncoded(encoded, &lab);
        memcpy(at, encoded, sizeof encoded);
    }
}
