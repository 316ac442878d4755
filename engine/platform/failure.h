/* SPDX-License-Identifier: MIT
 * What the system says of a call that failed. */
#ifndef BD_FAILURE_H
#define BD_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

/* A number of errno or, on Windows, of GetLastError; 0: no failure. */
typedef uint32_t bd_failure;

typedef struct bd_failure_text {
    char text[256];
} bd_failure_text;

/* Whether it says that there is no such file. */
bool bd_failure_is_missing(bd_failure failure);
/* Whether it says that there is no room left for files. */
bool bd_failure_is_full(bd_failure failure);
/* In words, one line of UTF-8 in buffer, which is what is returned. */
const char *bd_failure_say(bd_failure failure, bd_failure_text *buffer);

#endif
