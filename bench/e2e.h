/* SPDX-License-Identifier: MIT */
#ifndef BD_BENCH_E2E_H
#define BD_BENCH_E2E_H

#include "common.h"

bool bench_e2e(bench *b);

#endif
