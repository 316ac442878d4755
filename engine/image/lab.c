/* SPDX-License-Identifier: MIT */
#include "image/lab.h"

#include <math.h>
#include <string.h>

static bd_lab_matrix multiply(const bd_lab_matrix *a, const bd_lab_matrix *b) {
    bd_lab_matrix product;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            product.at[i][k] = a->at[i][0] * b->at[0][k] + a->at[i][1] * b->at[1][k] + a->at[i][2] * b->at[2][k];
        }
    }
    return product;
}

static void transform(const bd_lab_matrix *matrix, const double from[3], double to[3]) {
    for (int i = 0; i < 3; i++) {
        to[i] = matrix->at[i][0] * from[0] + matrix->at[i][1] * from[1] + matrix->at[i][2] * from[2];
    }
}

void bd_lab_white_init(bd_lab_white *white, double x, double y) {
    static const double d50[3] = {0.9642, 1.0, 0.8249}, d50_x = 0.3457, d50_y = 0.3585, near = 0.0005;
    static const bd_lab_matrix to_cones = {
        {{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}};
    static const bd_lab_matrix from_cones = {
        {{0.9869929, -0.1470543, 0.1599627}, {0.4323053, 0.5183603, 0.0492912}, {-0.0085287, 0.0400428, 0.9684867}}};
    *white = (bd_lab_white){.adapts = false};
    /* All that is called white, from 1700 K upwards, lies well within. */
    if (!(x > 0.2 && x < 0.6 && y > 0.2 && y < 0.5 && x + y < 1.0) ||
        (fabs(x - d50_x) < near && fabs(y - d50_y) < near)) {
        return;
    }
    const double xyz[3] = {x / y, 1.0, (1.0 - x - y) / y};
    double cones[3], d50_cones[3];
    transform(&to_cones, xyz, cones);
    transform(&to_cones, d50, d50_cones);
    bd_lab_matrix scaled = to_cones;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            scaled.at[i][k] *= d50_cones[i] / cones[i];
        }
    }
    white->matrix = multiply(&from_cones, &scaled);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            white->matrix.at[i][k] *= xyz[k] / d50[i];
        }
    }
    white->adapts = true;
}

/* CIE 15, 8.2.1 */
static double root_of(double part) {
    return part > 216.0 / 24389.0 ? cbrt(part) : part * 841.0 / 108.0 + 16.0 / 116.0;
}

static double part_of(double root) {
    return root > 6.0 / 29.0 ? root * root * root : (root - 16.0 / 116.0) * 108.0 / 841.0;
}

static uint16_t encode(double value, double scale) {
    return (uint16_t)lrint(fmin(fmax(value * scale, 0.0), UINT16_MAX));
}

void bd_lab_adapt(const bd_lab_white *white, void *pixels, size_t count) {
    static const double of_lightness = 655.35, of_color = 257.0, zero = 128.0;
    uint8_t *at = pixels;
    for (size_t i = 0; i < count && white->adapts; i++, at += 8) {
        uint16_t lab[3];
        memcpy(lab, at, sizeof lab);
        const double middle = (lab[0] / of_lightness + 16.0) / 116.0;
        const double parts[3] = {part_of(middle + (lab[1] / of_color - zero) / 500.0), part_of(middle),
                                 part_of(middle - (lab[2] / of_color - zero) / 200.0)};
        double adapted[3];
        transform(&white->matrix, parts, adapted);
        const double x = root_of(adapted[0]), y = root_of(adapted[1]), z = root_of(adapted[2]);
        lab[0] = encode(116.0 * y - 16.0, of_lightness);
        lab[1] = encode(500.0 * (x - y) + zero, of_color);
        lab[2] = encode(200.0 * (y - z) + zero, of_color);
        memcpy(at, lab, sizeof lab);
    }
}
