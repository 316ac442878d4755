/* SPDX-License-Identifier: MIT
 * backdrop-bench matte PHOTOS --masks MASKS: scores mattes of a folder of photos against binary masks of the same
 * names. */
#ifndef BD_BENCH_MASKS_H
#define BD_BENCH_MASKS_H

#include "common.h"

/* Whether only photos with masks can do what was asked; or, with masks, cannot. Says so. */
bool bench_masks_refuse(const bench *b);
bool bench_masks(bench *b);

#endif
