/* SPDX-License-Identifier: MIT
 * Floats of 16 bits. */
#ifndef BD_HALF_H
#define BD_HALF_H

#include "backdrop.h"

float bd_half_to_float(uint16_t half);
uint16_t bd_half_from_float(float value); /* to nearest, ties to even; too large: infinity */

#endif
