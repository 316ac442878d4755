/* SPDX-License-Identifier: MIT
 * What C lacks. */
#ifndef BD_MACROS_H
#define BD_MACROS_H

#define BD_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BD_MIN(a, b) ((a) < (b) ? (a) : (b))
#define BD_MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
