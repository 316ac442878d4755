/* SPDX-License-Identifier: MIT */
#ifndef BD_BENCH_NETWORK_H
#define BD_BENCH_NETWORK_H

#include "common.h"

bool bench_network(bench *b);
/* One run for each line that comes in, for programs that take turns with this one. */
bool bench_serve(bench *b);

#endif
