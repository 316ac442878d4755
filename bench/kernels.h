/* SPDX-License-Identifier: MIT */
#ifndef BD_BENCH_KERNELS_H
#define BD_BENCH_KERNELS_H

#include "common.h"

bool bench_kernels(bench *b);

#endif
