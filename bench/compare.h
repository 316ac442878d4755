/* SPDX-License-Identifier: MIT */
#ifndef BD_BENCH_COMPARE_H
#define BD_BENCH_COMPARE_H

#include "common.h"

bool bench_compare(bench *b);

#endif
