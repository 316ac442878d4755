/* SPDX-License-Identifier: MIT
 * Which mattes are scored: what backdrop-bench matte's options say of modes, parameters and photos. */
#ifndef BD_BENCH_MATTE_OPTIONS_H
#define BD_BENCH_MATTE_OPTIONS_H

#include "common.h"

/* In the order of BENCH_MATTE_MODES. */
enum { BENCH_MATTE_HARD, BENCH_MATTE_SOFT, BENCH_MATTE_REFINE, BENCH_MATTE_BEST, BENCH_MATTE_COUNT };
#define BENCH_MATTE_MODES "hard|soft|refine|best"
/* In the order of bd_keep. */
#define BENCH_MATTE_KEEPS "all|largest"
#define BENCH_MATTE_RULES "on|off"

extern const char *const bench_matte_names[BENCH_MATTE_COUNT];
/* What a mode asks of the library: 16 bits, and what options say; hard is the tutorial's mask whatever they say. */
bd_matte_params bench_matte_params(const bench *b, int mode);
/* All where none was named. */
void bench_matte_wanted(const bench *b, bool wanted[BENCH_MATTE_COUNT]);
/* Whether --from and --every take photo number i of the sorted list. */
bool bench_matte_takes(const bench *b, uint32_t i);

#endif
