/* SPDX-License-Identifier: MIT */
#ifndef BD_BENCH_SHEET_H
#define BD_BENCH_SHEET_H

#include "common.h"

/* In the order of the tiles of sheet.c. */
#define BENCH_TILES "photo|labels|hard|soft|refine|best|light|dark|checker|scene|classic|blur"

bool bench_sheet(bench *b);

#endif
