/* SPDX-License-Identifier: MIT
 * Time. */
#ifndef BD_CLOCK_H
#define BD_CLOCK_H

double bd_now_ms(void); /* monotonic */

#endif
