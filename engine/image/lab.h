/* SPDX-License-Identifier: MIT
 * CIE L*a*b* of a white point that is not D50. */
#ifndef BD_LAB_H
#define BD_LAB_H

#include "base/base.h"

/* From L*a*b* of one white point to that of D50, by Bradford's matrix. */
typedef struct bd_lab_white {
    double matrix[3][3]; /* of X, Y and Z as parts of the white's */
} bd_lab_white;

/* x and y of the white point. false: it is D50, or no white. */
bool bd_lab_white_init(bd_lab_white *white, double x, double y);
/* Pixels of L*, a*, b* as ICC's fourth version encodes them in 16 bits, and a fourth number, in place. */
void bd_lab_adapt(const bd_lab_white *white, void *pixels, size_t count);

#endif
