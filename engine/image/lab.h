/* SPDX-License-Identifier: MIT
 * CIE L*a*b* of a white point that is not D50. */
#ifndef BD_LAB_H
#define BD_LAB_H

#include "base/base.h"

/* From L*a*b* of one white point to that of D50, by Bradford's matrix. All zero: it is D50 already. */
typedef struct bd_lab_white {
    bool adapts;
    double xyz[3];
    double to_d50[3][3]; /* what X, Y and Z of 1 become */
} bd_lab_white;

/* x and y of the white point; one that is D50, or no white, is taken for D50. */
void bd_lab_white_init(bd_lab_white *white, double x, double y);
/* Pixels of L*, a*, b* as ICC's fourth version encodes them in 16 bits, and a fourth number, in place. */
void bd_lab_adapt(const bd_lab_white *white, void *pixels, size_t count);

#endif
