/* SPDX-License-Identifier: MIT */
#ifndef BD_BENCH_MATTE_H
#define BD_BENCH_MATTE_H

#include "common.h"

/* In the order of matte.c. */
#define BENCH_MATTE_MODES "hard|soft|refine|best"
/* What a mask is made of in the network's place. */
#define BENCH_MATTE_SIMULATED "nothing|probabilities|logits"

bool bench_matte(bench *b);

#endif
