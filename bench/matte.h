/* SPDX-License-Identifier: MIT */
#ifndef BD_BENCH_MATTE_H
#define BD_BENCH_MATTE_H

#include "common.h"

/* What a mask is made of in the network's place. */
#define BENCH_MATTE_SIMULATED "nothing|probabilities|logits"

bool bench_matte(bench *b);

#endif
