/* SPDX-License-Identifier: MIT */
#ifndef BD_BENCH_START_H
#define BD_BENCH_START_H

#include "common.h"

/* Starts this very command again and again; whether it is one of these, it finds by itself. */
bool bench_start(bench *b);

#endif
