/* SPDX-License-Identifier: MIT */
#ifndef BD_BENCH_MIOU_H
#define BD_BENCH_MIOU_H

#include "common.h"

bool bench_miou(bench *b);

#endif
