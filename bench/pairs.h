/* SPDX-License-Identifier: MIT
 * Photos of one folder that have a mask of the same name, but for the ending, in another. */
#ifndef BD_BENCH_PAIRS_H
#define BD_BENCH_PAIRS_H

#include "common.h"

typedef struct pair_list {
    char **names; /* without endings; numbers in them count as numbers: 2 comes before 10 */
    uint32_t count;
} pair_list;

/* Prints how many photos have no mask. False: it says what failed, or that there are none. */
bool pairs_find(const char *photos, const char *masks, pair_list *list);
void pairs_finish(pair_list *list);
/* FOLDER/NAME with the first ending of a picture that is there, but not the path `other`. */
bool pairs_path(const char *folder, const char *name, const char *other, char path[BENCH_PATH]);

#endif
